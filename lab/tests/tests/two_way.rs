//! A two-way interface in a stack: the framework hands the client's table to the provider, which calls back.

use anyhow::{Result, ensure};
use lab_tests::{Build, Lab, inf};

const ADD_PROVIDER: &str = "pnputil /add-driver alarm.inf /install";
const ADD_CLIENT: &str = "pnputil /add-driver alarm-client.inf /install";
const PLUG: &str = r"devgen /add /hardwareid root\Alarm";
const REMOVE: &str = r"pnputil /remove-device ROOT\ALARM\0000";
const CALLED_BACK: [&str; 2] = [
    "AlarmClient: 7 reported, 0 heard",
    "AlarmClient: 12 reported, 12 heard",
];

/// A lab with the packages of provider and client.
fn lab(build: Build) -> Result<Lab> {
    let lab = Lab::new(build)?;
    lab.write("alarm.inf", inf::base("alarm", r"root\Alarm", "").as_bytes())?;
    let client = inf::extension("alarm-client", r"root\Alarm", "FilterPosition = Upper");
    lab.write("alarm-client.inf", client.as_bytes())?;
    Ok(lab)
}

#[test]
fn the_provider_calls_its_client_back_and_nothing_is_left() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        let restart = r"pnputil /restart-device ROOT\ALARM\0000";
        let run = lab(build)?.run(&[ADD_PROVIDER, ADD_CLIENT, PLUG, restart, REMOVE])?;
        run.passes()?;
        run.says_in_order(&[&CALLED_BACK[..], &CALLED_BACK, &["silenced: Ok(())"]].concat())?;
    }
    Ok(())
}

#[test]
fn a_client_without_a_table_of_its_own_is_refused() -> Result<()> {
    let ask = |size, version| {
        format!("query-interface ROOT\\ALARM\\0000 {{A3E85B07-1C4D-4F92-8B76-2E90D5C71FA8}} {size} {version}")
    };
    // 88 bytes: header, two routines, and the client's header and one routine.
    let run = lab(Build::Debug)?.run(&[
        ADD_PROVIDER,
        PLUG,
        &ask(88, 1),
        "expect STATUS_INVALID_BUFFER_SIZE",
        &ask(87, 1),
        "expect STATUS_NOT_SUPPORTED",
        &ask(88, 0),
        "expect STATUS_NOT_SUPPORTED",
    ])?;
    run.passes()
}

#[test]
fn a_provider_may_refuse_a_second_client() -> Result<()> {
    let lab = lab(Build::Debug)?;
    let image = lab.read("alarm-client.sys")?;
    lab.write("second.sys", &image)?;
    let second = inf::extension("second", r"root\Alarm", "FilterPosition = Upper");
    lab.write("second.inf", second.as_bytes())?;
    let run = lab.run(&[
        ADD_PROVIDER,
        ADD_CLIENT,
        "pnputil /add-driver second.inf /install",
        PLUG,
    ])?;
    run.says("AlarmClient: no alarm: the query failed with NTSTATUS 0x80000011")?;
    let started = run.count(CALLED_BACK[1]);
    ensure!(started == 1, "{started} clients have the alarm:\n{}", run.output);
    run.says("verifier: ")?;
    run.says(", 0 held")
}
