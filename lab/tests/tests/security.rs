//! Who may open what, which requests a handle is good for, and what requests give away.

use anyhow::Result;
use lab_tests::{
    Build, Lab, Run,
    c_driver::{ANSWERING_REQUESTS, CDriver, TARGETING},
    exit,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, ioctl, started},
};
use sample_interface::{
    GUID_DEVINTERFACE_SAMPLE_BUS, IOCTL_CHILD_DOUBLE, IOCTL_CHILD_QUERY_STATISTICS, IOCTL_SAMPLE_BUS_PLUG_IN,
};

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const DEVICE: &str = r"\Device\Answering";
const DENIED: &str = "expect STATUS_ACCESS_DENIED";

// CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, …), by the access that it takes.
const ANY: u32 = 0x0022_2000;
const READ: u32 = 0x0022_6000;
const WRITE: u32 = 0x0022_A000;
const READ_WRITE: u32 = 0x0022_E000;

// What takes the place of METHOD_BUFFERED in a code.
const METHOD_OUT_DIRECT: u32 = 2;
const METHOD_NEITHER: u32 = 3;

/// A legacy driver with a device that answers, then these lines.
fn answering(defines: &[&str], lines: &[&str]) -> Result<Run> {
    let lab = Lab::new(Build::Release)?;
    lab.compile(&CDriver {
        name: "answering",
        source: ANSWERING_REQUESTS,
        defines,
        exports: &[],
        libraries: &[],
    })?;
    lab.run(
        &service("answering", lines)
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    )
}

/// The service of a driver started, these lines, and the service stopped.
fn service(name: &str, lines: &[&str]) -> Vec<String> {
    let start = [
        format!("sc create {name} binPath= {name}.sys type= kernel"),
        format!("net start {name}"),
    ];
    let lines = lines.iter().map(|line| (*line).to_owned());
    start
        .into_iter()
        .chain(lines)
        .chain([format!("net stop {name}")])
        .collect()
}

/// A request to the device that answers, with the words behind it.
fn asked(code: u32, more: &str) -> String {
    format!("{} {more}", ioctl(DEVICE, code, &[], 16))
}

/// An open that works, closed again, or one that is denied.
fn open(target: &str, more: &str, works: bool) -> Vec<String> {
    let open = format!("open it {target} {more}");
    if works {
        vec![open, "close it".to_owned()]
    } else {
        vec![format!("expect-error {open}"), DENIED.to_owned()]
    }
}

fn lines(parts: &[Vec<String>]) -> Vec<String> {
    parts.concat()
}

fn as_str(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

#[test]
fn system_and_administrators_open_our_devices_and_a_user_does_not() -> Result<()> {
    let below = format!(r"\??\ROOT#SAMPLEBUS#0000#{{{GUID_DEVINTERFACE_SAMPLE_BUS}}}\name");
    let parts: Vec<Vec<String>> = [BUS, FIRST_CHILD, &below]
        .iter()
        .flat_map(|device| {
            [
                open(device, "/as system", true),
                open(device, "/as administrator", true),
                open(device, "", true),
                open(device, "/as user", false),
                open(device, "/as user /access read", false),
                open(device, "/as user /access write", false),
            ]
        })
        .collect();
    Lab::new(Build::Release)?
        .run(&started(&as_str(&lines(&parts))))?
        .passes()
}

#[test]
fn a_handle_is_good_for_the_requests_whose_access_it_has() -> Result<()> {
    let allowed = [
        ("none", [true, false, false, false]),
        ("read", [true, true, false, false]),
        ("write", [true, false, true, false]),
        ("readwrite", [true; 4]),
    ];
    let mut script = Vec::new();
    for (access, works) in allowed {
        for (code, works) in [ANY, READ, WRITE, READ_WRITE].into_iter().zip(works) {
            script.push(asked(code, &format!("/as user /access {access}")));
            let answer = if works {
                "STATUS_SUCCESS"
            } else {
                "STATUS_ACCESS_DENIED"
            };
            script.push(format!("expect {answer}"));
        }
    }
    answering(&[], &as_str(&script))?.passes()
}

#[test]
fn our_requests_take_the_access_that_they_use() -> Result<()> {
    let double = ioctl(FIRST_CHILD, IOCTL_CHILD_DOUBLE, &[1, 0, 0, 0], 4);
    let statistics = ioctl(FIRST_CHILD, IOCTL_CHILD_QUERY_STATISTICS, &[], 24);
    let plug_in = ioctl(BUS, IOCTL_SAMPLE_BUS_PLUG_IN, &[9, 0, 0, 0], 0);
    let cases = [
        (&double, "read", false),
        (&double, "write", false),
        (&double, "readwrite", true),
        (&statistics, "write", false),
        (&statistics, "read", true),
        (&plug_in, "read", false),
        (&plug_in, "write", true),
    ];
    let script: Vec<String> = cases
        .iter()
        .flat_map(|(request, access, works)| {
            let answer = if *works {
                "STATUS_SUCCESS"
            } else {
                "STATUS_ACCESS_DENIED"
            };
            [format!("{request} /access {access}"), format!("expect {answer}")]
        })
        .collect();
    Lab::new(Build::Release)?
        .run(&started(&as_str(&script)))?
        .passes()
}

#[test]
fn the_descriptor_of_a_package_decides_who_opens_the_device() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    let inf = String::from_utf8(lab.read("child.inf")?)?;
    let wider = inf.replace("(A;;GA;;;BA)", "(A;;GA;;;BA)(A;;GR;;;BU)");
    lab.write("child.inf", wider.as_bytes())?;
    let script = [
        vec![ADD_BUS.to_owned(), ADD_CHILD.to_owned(), PLUG_BUS.to_owned()],
        open(FIRST_CHILD, "/as user /access read", true),
        open(FIRST_CHILD, "/as user", false),
        open(BUS, "/as user /access read", false),
    ];
    lab.run(&as_str(&lines(&script)))?.passes()
}

#[test]
fn the_descriptor_of_a_driver_decides_who_opens_its_device() -> Result<()> {
    // The system's default, for a driver that gives none.
    answering(&[], &as_str(&open(DEVICE, "/as user", true)))?.passes()?;
    let script = lines(&[
        open(DEVICE, "/as user /access read", true),
        open(DEVICE, "/as user", false),
        open(DEVICE, "/as administrator", false),
        open(DEVICE, "/as system", true),
    ]);
    answering(&[r#"-DSDDL=L"D:P(A;;GA;;;SY)(A;;GR;;;WD)""#], &as_str(&script))?.passes()?;
    let nobody = lines(&[
        open(DEVICE, "/as system", false),
        open(DEVICE, "/as administrator", false),
    ]);
    answering(&[r#"-DSDDL=L"D:P""#], &as_str(&nobody))?.passes()
}

#[test]
fn the_descriptor_of_a_control_device_decides_who_opens_it() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    lab.compile_kmdf(&CDriver {
        name: "targeting",
        source: TARGETING,
        defines: &["-DKMDF_VERSION_MAJOR=1", "-DKMDF_VERSION_MINOR=33"],
        exports: &[],
        libraries: &[],
    })?;
    let device = r"\Device\targeting";
    let script = lines(&[open(device, "/as user", false), open(device, "", true)]);
    lab.run(&started(&as_str(&service("targeting", &as_str(&script)))))?
        .passes()
}

#[test]
fn a_name_below_a_device_is_checked_only_where_the_device_asks_for_it() -> Result<()> {
    let below = format!(r"{DEVICE}\name");
    for (characteristics, checked) in [("0", false), ("FILE_DEVICE_SECURE_OPEN", true)] {
        let defines = [
            r#"-DSDDL=L"D:P(A;;GA;;;BA)""#.to_owned(),
            format!("-DCHARACTERISTICS={characteristics}"),
        ];
        let script = lines(&[
            open(DEVICE, "/as user", false),
            open(&below, "/as user", !checked),
            open(&below, "", true),
        ]);
        answering(&defines.each_ref().map(String::as_str), &as_str(&script))?.passes()?;
    }
    Ok(())
}

#[test]
fn a_descriptor_that_is_not_modelled_is_named() -> Result<()> {
    let run = answering(&[r#"-DSDDL=L"D:P(A;;GA;;;S-1-5-21-1-2-3-4)""#], &[])?;
    run.ends(exit::UNSUPPORTED, "verdict: unsupported")?;
    run.says("S-1-5-21-1-2-3-4")
}

#[test]
fn an_address_of_the_kernel_in_an_answer_to_user_mode_is_caught() -> Result<()> {
    // Of pool, of a block's inside, of the image, of an object, of a stack.
    for answer in ["Pool", "Pool+17", "Control", "Device", "&length"] {
        let answer = format!("-DANSWER=(ULONGLONG){answer}");
        for method in [0, METHOD_OUT_DIRECT, METHOD_NEITHER] {
            let run = answering(&[&answer], &[&asked(ANY | method, "")])?;
            run.ends(exit::BUGCHECK, "verdict: bugcheck")?;
            run.says_in_order(&[
                "0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION",
                "a request of user mode ends with the kernel address",
                "in byte 8 of its output",
                "where: answering.sys",
            ])?;
        }
    }
    let run = answering(&["-DINFORMATION=Pool"], &[&asked(ANY, "")])?;
    run.ends(exit::BUGCHECK, "verdict: bugcheck")?;
    run.says("in its Information")
}

#[test]
fn numbers_that_are_no_addresses_go_out_to_user_mode() -> Result<()> {
    for answer in [
        "0",
        "16",
        "(ULONGLONG)-1",
        "0x0000001400000013",
        "0x7fffffffffffffff",
    ] {
        for method in [0, METHOD_OUT_DIRECT, METHOD_NEITHER] {
            let run = answering(
                &[&format!("-DANSWER={answer}")],
                &[&asked(ANY | method, ""), "expect STATUS_SUCCESS"],
            )?;
            run.passes()?;
        }
    }
    Ok(())
}
