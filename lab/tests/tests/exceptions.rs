//! Exceptions in C drivers: what `__try` catches, and what ends the run all the same; and what compilers write into drivers themselves.

use anyhow::Result;
use lab_tests::{
    Build, Lab, Run,
    c_driver::{CDriver, EXCEPTIONS, INLINE},
};

/// The exit code of a bugcheck.
const BUGCHECK: i32 = 4;

fn run(name: &str, source: &str, defines: &[&str]) -> Result<Run> {
    let lab = Lab::new(Build::Debug)?;
    lab.compile(&CDriver {
        name,
        source,
        defines,
        exports: &[],
        libraries: &[],
    })?;
    lab.run(&[
        &format!("sc create {name} binPath= {name}.sys type= kernel"),
        &format!("net start {name}"),
        &format!("net stop {name}"),
    ])
}

#[test]
fn handlers_see_what_was_raised_in_the_order_of_their_frames() -> Result<()> {
    for optimization in ["-O2", "-O0"] {
        let run = run("seh", EXCEPTIONS, &[optimization])?;
        run.passes()?;
        let said: Vec<&str> = run
            .output
            .lines()
            .filter(|line| line.starts_with("seh: "))
            .collect();
        insta::assert_snapshot!("exceptions", said.join("\n"));
    }
    Ok(())
}

#[test]
fn what_no_handler_takes_is_a_bugcheck_at_its_place() -> Result<()> {
    for (case, what) in [
        (
            1,
            "raises STATUS_DATA_ERROR (0xC000003E), and no handler takes it",
        ),
        (2, "reads from 0x0, where nothing is"),
    ] {
        let run = run("seh", EXCEPTIONS, &[&format!("-DUNHANDLED={case}"), "-O1"])?;
        run.ends(BUGCHECK, "verdict: bugcheck")?;
        run.says_in_order(&[
            "0x7E SYSTEM_THREAD_EXCEPTION_NOT_HANDLED",
            what,
            "where: seh.sys+",
        ])?;
    }
    Ok(())
}

#[test]
fn faults_that_windows_stops_at_do_not_reach_a_handler() -> Result<()> {
    for (case, code) in [
        (3, "0xD5 DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"),
        (4, "0xD1 DRIVER_IRQL_NOT_LESS_OR_EQUAL"),
    ] {
        let run = run("seh", EXCEPTIONS, &[&format!("-DUNHANDLED={case}")])?;
        run.ends(BUGCHECK, "verdict: bugcheck")?;
        run.says(code)?;
        run.never_says("the wrong handler")?;
    }
    Ok(())
}

#[test]
fn what_compilers_write_inline_works() -> Result<()> {
    for defines in [
        ["-O2", "-fstack-protector-strong"],
        ["-O0", "-fstack-protector-strong"],
    ] {
        let run = run("inline", INLINE, &defines)?;
        run.passes()?;
        run.says_in_order(&[
            "inline: cr8: 0, then 2, which KeGetCurrentIrql calls 2",
            "inline: cr8: 0 again",
            "inline: gs: the block at +0x180, processor 0 of 1, the thread is the current one",
            "inline: cookie: its own",
            "inline: frame: 12288",
            "inline: half of 25: 125 tenths",
        ])?;
    }
    Ok(())
}

#[test]
fn an_overrun_of_an_array_on_the_stack_is_found_by_its_cookie() -> Result<()> {
    let run = run(
        "inline",
        INLINE,
        &["-O2", "-fstack-protector-strong", "-DOVERRUN"],
    )?;
    run.ends(BUGCHECK, "verdict: bugcheck")?;
    run.says_in_order(&["0x139 KERNEL_SECURITY_CHECK_FAILURE", "__fastfail(2)"])
}
