//! A client in another stack: remote.sys takes the interface of a child through a remote I/O target, and follows the child's removal.

use anyhow::Result;
use lab_tests::{
    Build, Lab, Run,
    c_driver::{CDriver, TARGETING, WATCHING},
    exit, inf,
    script::{FIRST_CHILD, PLUG_BUS, PULL_BUS, PULL_FIRST_CHILD, REMOVE_BUS, SECOND_CHILD, ioctl, started},
};
use sample_interface::IOCTL_CHILD_DOUBLE;

const REMOTE: &str = r"ROOT\SAMPLEREMOTE\0000";
const ADD_REMOTE: &str = "pnputil /add-driver remote.inf /install";
const PLUG_REMOTE: &str = r"devgen /add /hardwareid root\SampleRemote";
const TAKEN: [&str; 3] = ["Remote: before is 19", "SampleDouble: 19", "Remote:  after is 38"];
const RELEASED: [&str; 2] = ["Remote: gave the interface back", "Remote: the child may go"];

/// The bus, its children and the client are there; then these lines.
fn with_remote(lines: &[&str]) -> Result<Run> {
    Lab::new(Build::Debug)?.run(&started(&[&[ADD_REMOTE, PLUG_REMOTE], lines].concat()))
}

/// Has the client double 21, and expects this.
fn doubles(expected: &str) -> [String; 2] {
    [
        ioctl(REMOTE, IOCTL_CHILD_DOUBLE, &21_i32.to_le_bytes(), 4),
        format!("expect \"{expected}\""),
    ]
}

fn works() -> [String; 2] {
    doubles("STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00")
}

fn has_nothing() -> [String; 2] {
    doubles("STATUS_DEVICE_NOT_READY")
}

fn lines<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

/// The lines of both, which own their text.
fn texts(lines: &[String; 2]) -> [&str; 2] {
    [&lines[0], &lines[1]]
}

fn disable(device: &str) -> String {
    format!("pnputil /disable-device {device}")
}

fn enable(device: &str) -> String {
    format!("pnputil /enable-device {device}")
}

fn remove(device: &str) -> String {
    format!("pnputil /remove-device {device}")
}

#[test]
fn the_client_finds_children_that_are_there_and_children_that_come() -> Result<()> {
    let (works, nothing) = (works(), has_nothing());
    let run = with_remote(&texts(&works))?;
    run.passes()?;
    run.says_in_order(&TAKEN)?;
    let start = started(&[]);
    let install = &start[..2];
    let lines = lines(&[
        install,
        &[ADD_REMOTE, PLUG_REMOTE],
        &texts(&nothing),
        &[PLUG_BUS],
        &texts(&works),
    ]);
    Lab::new(Build::Debug)?.run(&lines)?.passes()
}

#[test]
fn an_orderly_removal_waits_for_the_client() -> Result<()> {
    let (works, nothing) = (works(), has_nothing());
    let remove_second = remove(SECOND_CHILD);
    let run = with_remote(&lines(&[
        &[&remove_second],
        &texts(&works),
        &[REMOVE_BUS],
        &texts(&nothing),
    ]))?;
    run.passes()?;
    run.says_in_order(
        &[
            &TAKEN[..],
            &RELEASED,
            &["Remote: the child is gone", "Device removed"],
        ]
        .concat(),
    )
}

#[test]
fn the_client_takes_the_interface_of_the_next_child_when_its_own_is_gone() -> Result<()> {
    let (works, remove_first) = (works(), remove(FIRST_CHILD));
    let run = with_remote(&lines(&[&[&remove_first], &texts(&works)]))?;
    run.passes()?;
    run.says_in_order(&[&TAKEN[..], &RELEASED, &["Remote: the child is gone"], &TAKEN].concat())
}

#[test]
fn a_removal_that_an_open_file_vetoes_leaves_the_client_with_a_working_interface() -> Result<()> {
    let works = works();
    let held = format!("open held {FIRST_CHILD}");
    let refused = format!("expect-error {}", remove(FIRST_CHILD));
    let run = with_remote(&lines(&[
        &[&held, &refused, "expect PNP_VetoOutstandingOpen"],
        &texts(&works),
        &["close held", REMOVE_BUS],
    ]))?;
    run.passes()?;
    run.says_in_order(&[&TAKEN[..], &RELEASED, &["Remote: the child stays"], &TAKEN].concat())
}

#[test]
fn a_surprise_removal_ends_in_a_release() -> Result<()> {
    for pull in [PULL_FIRST_CHILD, PULL_BUS] {
        let nothing = has_nothing();
        let pull_second = format!("surprise-remove {SECOND_CHILD}");
        let also = if pull == PULL_BUS { "log" } else { &pull_second };
        let run = with_remote(&lines(&[&[pull, also], &texts(&nothing), &[PLUG_BUS]]))?;
        run.passes()?;
        run.says_in_order(&[
            "Remote: gave the interface back",
            "Remote: the child is gone",
            TAKEN[2],
        ])?;
        run.never_says("Remote: the child may go")?;
    }
    Ok(())
}

#[test]
fn disabled_children_take_the_interface_along_and_bring_it_back() -> Result<()> {
    let (works, nothing) = (works(), has_nothing());
    let [off, off_too, on] = [disable(FIRST_CHILD), disable(SECOND_CHILD), enable(SECOND_CHILD)];
    let run = with_remote(&lines(&[
        &[&off],
        &texts(&works),
        &[&off_too],
        &texts(&nothing),
        &[&on],
        &texts(&works),
    ]))?;
    run.passes()
}

#[test]
fn the_client_may_go_first_and_come_back() -> Result<()> {
    let works = works();
    let [off, on, gone] = [disable(REMOTE), enable(REMOTE), remove(REMOTE)];
    let run = with_remote(&lines(&[&[&off, &on], &texts(&works), &[&gone, REMOVE_BUS]]))?;
    run.passes()?;
    run.says_in_order(&[&TAKEN[..], &["Remote: gave the interface back"], &TAKEN].concat())?;
    let pull = format!("surprise-remove {REMOTE}");
    with_remote(&[&pull, PULL_BUS])?.passes()
}

/// A lab with watching.sys, which is started behind these lines.
fn watched(defines: &[&str], before: &[&str], after: &[&str]) -> Result<Run> {
    let lab = Lab::new(Build::Debug)?;
    let source = CDriver {
        name: "watching",
        source: WATCHING,
        defines,
        exports: &[],
        libraries: &[],
    };
    lab.compile(&source)?;
    lab.layer("above", &[])?;
    let extension = inf::extension("above", r"SAMPLEBUS\Doubler", "FilterPosition = Upper");
    lab.write("above.inf", extension.as_bytes())?;
    let start = [
        "sc create watching binPath= watching.sys type= kernel",
        "net start watching",
    ];
    lab.run(&started(&[before, &start, after].concat()))
}

#[test]
fn registered_drivers_are_asked_before_the_devices_drivers_and_told_before_they_go() -> Result<()> {
    let add_above = "pnputil /add-driver above.inf /install";
    let remove = remove(FIRST_CHILD);
    let run = watched(&["-DCLOSES"], &[add_above], &[&remove, "net stop watching"])?;
    run.passes()?;
    run.says_in_order(&[
        "watching: arrival of",
        "watching: query-remove",
        "above: QUERY_REMOVE_DEVICE",
        "watching: remove-complete",
        "above: REMOVE_DEVICE",
        "watching: removal of",
    ])
}

#[test]
fn a_registered_driver_may_veto_and_those_asked_before_it_are_told() -> Result<()> {
    let (works, refused) = (works(), format!("expect-error {}", remove(FIRST_CHILD)));
    let run = watched(
        &["-DANSWER=STATUS_UNSUCCESSFUL"],
        &[ADD_REMOTE, PLUG_REMOTE],
        &lines(&[
            &[
                &refused,
                "expect \"the driver watching refused GUID_TARGET_DEVICE_QUERY_REMOVE: STATUS_UNSUCCESSFUL\"",
            ],
            &texts(&works),
            &["net stop watching"],
        ]),
    )?;
    run.passes()?;
    run.says_in_order(
        &[
            &RELEASED[..],
            &["watching: query-remove", "Remote: the child stays"],
        ]
        .concat(),
    )?;
    run.never_says("watching: remove-cancelled")
}

#[test]
fn a_driver_that_keeps_its_file_open_vetoes_and_is_told_so() -> Result<()> {
    let refused = format!("expect-error {}", remove(FIRST_CHILD));
    let run = watched(
        &[],
        &[],
        &[
            &refused,
            "expect PNP_VetoOutstandingOpen",
            PULL_FIRST_CHILD,
            "net stop watching",
        ],
    )?;
    run.passes()?;
    run.says_in_order(&[
        "watching: query-remove",
        "watching: remove-cancelled",
        "watching: remove-complete",
    ])
}

#[test]
fn a_registration_that_is_left_over_is_a_leak_with_an_owner() -> Result<()> {
    let run = watched(&["-DSTAYS"], &[], &["net stop watching"])?;
    run.ends(exit::LEAK, "verdict: leak")?;
    run.says("registration for notifications about device object")?;
    run.says("watching.sys")
}

#[test]
fn a_target_without_callbacks_closes_for_a_removal_and_opens_when_it_is_called_off() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    lab.compile_kmdf(&CDriver {
        name: "targeting",
        source: TARGETING,
        defines: &["-DKMDF_VERSION_MAJOR=1", "-DKMDF_VERSION_MINOR=33"],
        exports: &[],
        libraries: &[],
    })?;
    let double = ioctl(r"\Device\targeting", 0x22_2000, &21_i32.to_le_bytes(), 4);
    let close = ioctl(r"\Device\targeting", 0x22_2004, &[], 0);
    let reopen = ioctl(r"\Device\targeting", 0x22_2008, &[], 0);
    let held = format!("open held {FIRST_CHILD}");
    let refused = format!("expect-error {}", remove(FIRST_CHILD));
    let run = lab.run(&started(&[
        "sc create targeting binPath= targeting.sys type= kernel",
        "net start targeting",
        &double,
        "expect \"4 bytes: 2A 00 00 00\"",
        &close,
        &double,
        "expect STATUS_INVALID_DEVICE_STATE",
        &reopen,
        &held,
        &refused,
        "expect PNP_VetoOutstandingOpen",
        &double,
        "expect \"4 bytes: 2A 00 00 00\"",
        "close held",
        &remove(FIRST_CHILD),
        &double,
        "expect STATUS_INVALID_DEVICE_STATE",
        "net stop targeting",
    ]))?;
    run.passes()?;
    // WdfIoTargetStarted is 1 and WdfIoTargetClosed is 4, wdfiotarget.h.
    run.says_in_order(&[
        "targeting: to reopen: 0xc0000010",
        "targeting: to open twice: 0xc0000184",
        "targeting: state 1, file 1, PDO 1",
        "targeting: state 4, file 0, PDO 0",
        "targeting: state 1, file 1, PDO 1",
        "targeting: state 4, file 0, PDO 0",
    ])
}
