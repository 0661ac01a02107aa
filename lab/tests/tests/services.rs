//! Services, and kernel DLLs that come with their importers.

use anyhow::Result;
use lab_tests::{
    Build, Lab,
    c_driver::{ANSWERING, ASKING, CDriver, QUIET},
    exit,
};

/// What a kernel DLL exports.
const DLL_EXPORTS: &[&str] = &["DllInitialize,PRIVATE", "DllUnload,PRIVATE", "Answer"];

fn create(name: &str) -> String {
    format!("sc create {name} binPath= {name}.sys type= kernel")
}

/// A lab with the kernel DLL dll.sys, and the drivers one.sys and two.sys that import from it.
fn lab(defines: &[&str]) -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    lab.import_library("dll", &["Answer"])?;
    lab.compile(&CDriver {
        name: "dll",
        source: ANSWERING,
        defines,
        exports: DLL_EXPORTS,
        libraries: &[],
    })?;
    for name in ["one", "two"] {
        lab.compile(&CDriver {
            name,
            source: ASKING,
            defines: &[],
            exports: &[],
            libraries: &["dll"],
        })?;
    }
    Ok(lab)
}

#[test]
fn a_dll_comes_with_the_first_importer_and_goes_with_the_last() -> Result<()> {
    let run = lab(&[])?.run(&[
        &create("one"),
        &create("two"),
        "net start one",
        "net start two",
        "net stop one",
        "net stop two",
        // The DLL is gone, so it comes anew.
        "net start two",
        "net stop two",
    ])?;
    run.passes()?;
    let service = r"\REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\dll";
    run.says_in_order(&[
        &format!("dll: DllInitialize({service})"),
        "one: the answer is 42",
        "The one service was started successfully.",
        "two: the answer is 42",
        "one: DriverUnload",
        "two: DriverUnload",
        "dll: DllUnload",
        "dll: DllInitialize(",
        "two: DriverUnload",
        "dll: DllUnload",
    ])?;
    assert_eq!(
        (run.count("dll: DllInitialize("), run.count("dll: DllUnload")),
        (2, 2)
    );
    run.never_says("dll: DriverEntry")
}

#[test]
fn an_image_may_be_driver_and_dll_at_once() -> Result<()> {
    let lab = lab(&[])?;
    let all = [create("one"), create("dll")];
    for (first, second) in [("one", "dll"), ("dll", "one")] {
        for (third, last) in [("one", "dll"), ("dll", "one")] {
            let lines = [
                format!("net start {first}"),
                format!("net start {second}"),
                format!("net stop {third}"),
                format!("net stop {last}"),
            ];
            let lines: Vec<&str> = all.iter().chain(&lines).map(String::as_str).collect();
            let run = lab.run(&lines)?;
            run.passes()?;
            run.says("one: the answer is 42")?;
            assert_eq!(
                (run.count("dll: DriverEntry"), run.count("dll: DriverUnload")),
                (1, 1)
            );
            assert_eq!(run.count("dll: DllInitialize("), run.count("dll: DllUnload"));
        }
    }
    Ok(())
}

#[test]
fn a_failing_dll_initialize_refuses_the_importer() -> Result<()> {
    let run = lab(&["-DINITIALIZE=STATUS_DLL_INIT_FAILED"])?.run(&[
        &create("one"),
        "net start one",
        "sc query one",
        "expect STOPPED",
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("System error 1114 has occurred.")?;
    run.says("dll.sys: DllInitialize: the routine refused the load (STATUS_DLL_INIT_FAILED")?;
    run.never_says("the answer is")?;
    run.never_says("dll: DllUnload")
}

#[test]
fn a_dll_that_refuses_to_unload_stays() -> Result<()> {
    let run = lab(&["-DUNLOAD=STATUS_UNSUCCESSFUL"])?.run(&[
        &create("one"),
        "net start one",
        "net stop one",
        "net start one",
        "net stop one",
        // Had the image gone with the second importer, it would come anew.
        "net start one",
        "net stop one",
    ])?;
    run.passes()?;
    assert_eq!(
        (run.count("dll: DllInitialize("), run.count("dll: DllUnload")),
        (1, 1)
    );
    assert_eq!(run.count("one: the answer is 42"), 3);
    Ok(())
}

#[test]
fn imports_by_ordinal_and_through_a_forwarder_reach_the_routine() -> Result<()> {
    let lab = lab(&[])?;
    // Ordinals are numbered in the order of the names: Answer is the first.
    lab.import_library("dll", &["Answer @1 NONAME"])?;
    let asking = |name, libraries| CDriver {
        name,
        source: ASKING,
        defines: &[],
        exports: &[],
        libraries,
    };
    lab.compile(&asking("ordinal", &["dll"]))?;
    lab.compile(&CDriver {
        name: "forward",
        source: QUIET,
        defines: &[],
        exports: &["Answer=dll.Answer"],
        libraries: &[],
    })?;
    lab.import_library("forward", &["Answer"])?;
    lab.compile(&asking("asking", &["forward"]))?;
    for name in ["ordinal", "asking"] {
        let (start, stop) = (format!("net start {name}"), format!("net stop {name}"));
        let run = lab.run(&[&create(name), &start, &stop])?;
        run.passes()?;
        run.says_in_order(&[
            "dll: DllInitialize(",
            &format!("{name}: the answer is 42"),
            "dll: DllUnload",
        ])?;
    }
    Ok(())
}

#[test]
fn imports_in_a_circle_are_refused_with_the_circle() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    for (name, other) in [("left", "right"), ("right", "left")] {
        lab.import_library(other, &["Answer"])?;
        lab.compile(&CDriver {
            name,
            source: "#include <ntddk.h>\n\
                     __declspec(dllimport) int Answer(void);\n\
                     int Other(void) { return 1; }\n\
                     NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)\n\
                     { UNREFERENCED_PARAMETER(Driver); UNREFERENCED_PARAMETER(Path); return Answer(); }\n",
            defines: &[],
            exports: &["Answer=Other"],
            libraries: &[other],
        })?;
    }
    let run = lab.run(&[
        &create("left"),
        "net start left",
        "sc query left",
        "expect STOPPED",
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("System error 2001 has occurred.")?;
    run.says("left.sys -> right.sys -> left.sys")
}

#[test]
fn what_is_missing_is_named_and_the_script_goes_on() -> Result<()> {
    let lab = lab(&[])?;
    std::fs::remove_file(lab.path("dll.sys"))?;
    lab.compile(&CDriver {
        name: "dll2",
        source: QUIET,
        defines: &[],
        exports: &[],
        libraries: &[],
    })?;
    lab.import_library("dll2", &["Answer"])?;
    lab.compile(&CDriver {
        name: "three",
        source: ASKING,
        defines: &[],
        exports: &[],
        libraries: &["dll2"],
    })?;
    let run = lab.run(&[
        "net start nobody",
        "net stop nobody",
        "sc query nobody",
        &create("absent"),
        "net start absent",
        &create("one"),
        "net start one",
        &create("three"),
        "net start three",
        "sc delete three",
        "net start three",
        "sc query one",
        "expect STOPPED",
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says_in_order(&[
        "NET HELPMSG 2185",
        "NET HELPMSG 2185",
        "OpenService FAILED 1060",
        "System error 2 has occurred",
        "absent.sys",
        "System error 126 has occurred",
        "dll.sys",
        "System error 127 has occurred",
        "Answer",
        "[SC] DeleteService SUCCESS",
        "NET HELPMSG 2185",
        "SERVICE_NAME: one",
    ])
}

#[test]
fn what_the_state_of_a_service_forbids_has_the_numbers_of_windows() -> Result<()> {
    let lab = lab(&[])?;
    lab.compile(&CDriver {
        name: "stays",
        source: "#include <ntddk.h>\n\
                 NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)\n\
                 { UNREFERENCED_PARAMETER(Driver); UNREFERENCED_PARAMETER(Path); return STATUS_SUCCESS; }\n",
        defines: &[],
        exports: &[],
        libraries: &[],
    })?;
    let run = lab.run(&[
        &create("one"),
        "expect-error sc create one binPath= one.sys type= kernel",
        "expect 1073",
        "expect-error net stop one",
        "expect 3521",
        "expect-error sc stop one",
        "expect 1062",
        "net start one",
        "expect-error net start one",
        "expect 2182",
        "expect-error sc start one",
        "expect 1056",
        "sc query",
        "expect \"SERVICE_NAME: one\"",
        "sc delete one",
        "expect-error sc delete one",
        "expect 1072",
        "net stop one",
        "expect-error sc query one",
        "expect 1060",
        &create("stays"),
        "net start stays",
        "expect-error net stop stays",
        "expect 2191",
        "expect-error sc stop stays",
        "expect 1052",
        "sc query stays",
        "expect NOT_STOPPABLE",
    ])?;
    run.says("has no DriverUnload")?;
    run.passes()
}
