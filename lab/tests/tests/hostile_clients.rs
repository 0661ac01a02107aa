//! Clients that break the contract. Where the driver can know, it answers with a status and its own state stays right; where it cannot, the
//! client is caught and named, and docs/threat-model.md has it as the client's obligation.
//!
//! Sizes, versions, NULL and most misaligned arguments are in contract.rs, calls after the removal too; the requests in requests.rs and legacy.rs.

use anyhow::{Result, ensure};
use lab_tests::{
    Build, Lab, Run,
    c_driver::{ABUSING, CDriver, KEEPING},
    exit, inf,
    script::{ADD_BUS, FIRST_CHILD, PLUG_BUS, REMOVE_BUS, ioctl, query_interface, set_child_count, started},
};
use sample_interface::{GUID_SAMPLE_INTERFACE_2, IOCTL_SAMPLE_BUS_UNPLUG};

const BUS: &str = r"ROOT\SAMPLEBUS\0000";
const BUGCHECK: &str = "verdict: bugcheck";

/// A bus with one child, whose function driver does one thing wrong; then these lines.
fn abused_in(build: Build, case: &str, lines: &[&str]) -> Result<Run> {
    let lab = Lab::new(build)?;
    lab.compile(&CDriver {
        name: "abusing",
        source: ABUSING,
        defines: &[&format!("-D{case}")],
        exports: &[],
        libraries: &[],
    })?;
    lab.write(
        "abusing.inf",
        inf::base("abusing", r"SAMPLEBUS\Doubler", "").as_bytes(),
    )?;
    let one_child = set_child_count(1);
    let setup = [
        ADD_BUS,
        "pnputil /add-driver abusing.inf /install",
        &one_child,
        PLUG_BUS,
    ];
    lab.run(&setup.into_iter().chain(lines.iter().copied()).collect::<Vec<_>>())
}

fn abused(case: &str, lines: &[&str]) -> Result<Run> {
    abused_in(Build::Release, case, lines)
}

/// A driver outside of the stacks that keeps a table it took from the bus by a request; then these lines.
fn kept(defines: &[&str], lines: &[&str]) -> Result<Run> {
    let lab = Lab::new(Build::Release)?;
    lab.compile(&CDriver {
        name: "keeping",
        source: KEEPING,
        defines,
        exports: &[],
        libraries: &[],
    })?;
    let setup = [
        "sc create keeping binPath= keeping.sys type= kernel",
        "net start keeping",
    ];
    lab.run(&started(
        &setup.into_iter().chain(lines.iter().copied()).collect::<Vec<_>>(),
    ))
}

/// Pulls the only child out.
fn unplug() -> String {
    ioctl(BUS, IOCTL_SAMPLE_BUS_UNPLUG, &1_u32.to_le_bytes(), 0)
}

#[test]
fn a_device_that_is_not_started_hands_out_a_table_that_works() -> Result<()> {
    let run = abused("NOT_STARTED", &[REMOVE_BUS])?;
    run.passes()?;
    run.says_in_order(&[
        "abusing: query before the start: 00000000",
        "abusing: call before the start: 00000000",
    ])
}

#[test]
fn a_disabled_device_hands_out_its_table_and_takes_it_back() -> Result<()> {
    let disable = format!("pnputil /disable-device {FIRST_CHILD}");
    let query = query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE_2, 56, 2);
    let run = Lab::new(Build::Release)?.run(&started(&[
        &disable,
        &query,
        "expect \"STATUS_SUCCESS (0x00000000), size 56, version 2\"",
        REMOVE_BUS,
    ]))?;
    run.passes()
}

#[test]
fn queries_while_a_child_is_pulled_out_and_removed_get_a_table_that_works_or_says_removed() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        let run = abused_in(
            build,
            "QUERY_DURING_REMOVAL",
            &[&unplug(), "pnputil /scan-devices", REMOVE_BUS],
        )?;
        run.passes()?;
        // The devices below learn of either step after the driver that asks.
        run.says_in_order(&[
            "abusing: query of a pulled device: 00000000",
            "abusing: call of a pulled device: 00000000",
            "abusing: some doubled, ",
            ", 0 strange",
            "abusing: query at the removal: 00000000",
            "abusing: call at the removal: 00000000",
        ])?;
    }
    Ok(())
}

#[test]
fn hundreds_of_thousands_of_references_from_four_threads_are_counted() -> Result<()> {
    let run = abused("THOUSANDS_OF_REFERENCES", &[REMOVE_BUS])?;
    run.passes()?;
    run.says_in_order(&[
        "abusing: 00000000, 400001 references",
        "abusing: 00000000, 1 references",
    ])
}

#[test]
fn every_routine_of_every_table_works_at_dispatch_level() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        let run = abused_in(build, "RAISED=DISPATCH_LEVEL", &[REMOVE_BUS])?;
        run.passes()?;
        run.says(
            "abusing: raised: 00000000 00000000 00000000 00000000 00000000 00000000, value 42, 1 children",
        )?;
    }
    Ok(())
}

#[test]
fn a_call_above_dispatch_level_is_caught() -> Result<()> {
    let run = abused("RAISED=HIGH_LEVEL", &[])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "0xA IRQL_NOT_LESS_OR_EQUAL",
        "was called at IRQL 15, and its highest is 2",
        "irql: 15",
    ])
}

#[test]
fn a_query_at_dispatch_level_is_charged_to_whoever_asks() -> Result<()> {
    let run = abused("QUERY_RAISED", &[])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "0xA IRQL_NOT_LESS_OR_EQUAL",
        "was called at IRQL 2, and its highest is 0",
        "where: abusing.sys",
    ])
}

#[test]
fn a_misaligned_pointer_is_refused_where_the_contract_says_so_and_harms_nothing_elsewhere() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        let run = abused_in(build, "WRONG_POINTERS", &[REMOVE_BUS])?;
        run.passes()?;
        run.says_in_order(&[
            "abusing: double misaligned: 00000000",
            "abusing: value 42, all bytes 42",
            "abusing: count misaligned: 80000002",
            "abusing: counts 77 77",
        ])?;
    }
    Ok(())
}

#[test]
fn a_pointer_to_freed_memory_is_caught_with_who_freed_it_and_who_called() -> Result<()> {
    let run = abused("FREED_POINTER", &[])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "rule: use-after-free",
        "(SampleDouble",
        "freed by abusing.sys",
        "called from abusing.sys",
    ])
}

#[test]
fn a_reference_that_is_given_back_once_too_often_is_charged_to_the_client() -> Result<()> {
    let run = abused("TOO_OFTEN", &[])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "0x18 REFERENCE_BY_POINTER",
        "holds no reference to any more",
        "where: abusing.sys",
        "the provider is sample.sys",
    ])
}

#[test]
fn references_given_back_too_often_that_nobody_watches_leave_the_count_right() -> Result<()> {
    let run = kept(&["-DTOO_OFTEN"], &["net stop keeping", REMOVE_BUS])?;
    run.passes()?;
    let ones = run.count("keeping: 00000000, 1 references");
    ensure!(ones == 2, "one reference, before and after:\n{}", run.output);
    Ok(())
}

#[test]
fn a_call_without_a_reference_after_the_removal_is_caught_with_who_gave_it_back() -> Result<()> {
    let run = abused("CALL_AFTER_DEREFERENCE", &[&unplug(), "pnputil /scan-devices"])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "rule: use-after-free",
        "SampleDoubleArray",
        "freed by sample.sys",
        "called from abusing.sys",
    ])
}

#[test]
fn a_call_without_a_reference_into_an_image_that_is_gone_is_caught_with_the_caller() -> Result<()> {
    let run = kept(&["-DUSE_AFTER_UNLOAD"], &[REMOVE_BUS, "net stop keeping"])?;
    run.ends(exit::BUGCHECK, BUGCHECK)?;
    run.says_in_order(&[
        "0xCE DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS",
        "(SampleDouble)",
        "where: keeping.sys",
    ])
}
