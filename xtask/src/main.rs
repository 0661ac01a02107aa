//! The task runner of this repository: `cargo xtask TASK`.
//!
//! Parts: [`toolchain`] (what the host has), [`kit`] and [`host_port`] (what the official crates expect of it), [`drivers`] (the
//! images), [`package`] (their packages), and the tasks themselves. Not here: packaging on Windows, which the official makefile does.

mod architecture;
mod bench;
mod build;
mod c_drivers;
mod cargo_tool;
mod cc;
mod ci;
mod command;
mod deny;
mod drivers;
mod exports;
mod faults;
mod files;
mod fuzz;
mod header;
mod host_port;
mod infverif;
mod inx;
mod kit;
mod lab;
mod link;
mod miri;
mod mutants;
mod nightly;
mod package;
mod panics;
mod place;
mod protections;
mod soak;
mod test;
mod toolchain;
mod verifier_rules;
mod wdf_functions;
mod wine;
mod workspace;

use std::process::ExitCode;

/// A task takes the rest of the command line and gives the exit code of xtask.
type Run = fn(&[String]) -> anyhow::Result<ExitCode>;

/// Name, function and help of each task.
const TASKS: &[(&str, Run, &str)] = &[
    (
        "build",
        drivers::build,
        "builds the drivers into target/drivers/PROFILE [--release] [--arch aarch64], or those of a --workspace FOLDER",
    ),
    (
        "check",
        drivers::check,
        "checks drivers without linking [--clippy] [--release] [--arch aarch64] [-p PACKAGE]…",
    ),
    (
        "cc",
        cc::run,
        "builds a C or C++ driver of somebody else against the kit: --out NAME.sys [-I DIR]… [-D NAME]… [--inx FILE] SOURCE…",
    ),
    (
        "demo",
        lab::demo,
        "builds, and runs the main scenario in the lab [--release] [--json FILE] [--svg FILE] [--timing]",
    ),
    (
        "picture",
        lab::picture,
        "runs the demo and writes its device tree to docs/demo.svg",
    ),
    (
        "lab",
        lab::lab,
        "gives the lab's prompt, or runs a script [--release] [SCRIPT] [--json FILE] …, or a driver: run --inf FILE --device ID [--ioctl …]…",
    ),
    (
        "install",
        lab::install,
        "installs the lab as one program, `lab`, that needs no other file [--to DIR]",
    ),
    (
        "faults",
        faults::run,
        "lets each call of the drivers that can fail fail, one in a run [--release] [--limit N] [SCRIPT]…",
    ),
    (
        "soak",
        soak::run,
        "runs random operations in the lab [--minutes N | --operations N] [--seed N] [--threads N]",
    ),
    (
        "deny",
        deny::run,
        "checks licences, sources and advisories of the dependencies with cargo-deny, which it installs [--advisories]",
    ),
    ("test", test::test, "runs every test [FILTER]"),
    (
        "miri",
        miri::run,
        "runs the tests of the host crates in Miri [FILTER]",
    ),
    (
        "fuzz",
        fuzz::run,
        "gives the lab's readers and the drivers any bytes [TARGET] [--minutes N]",
    ),
    (
        "mutants",
        mutants::run,
        "changes the crates of the drivers in one place at a time, and has their tests notice",
    ),
    (
        "bench",
        bench::run,
        "times direct calls and what stands against them, in the lab [--page]; counts instructions [--check | --baseline]",
    ),
    (
        "package",
        package::run,
        "makes signed driver packages in target/package [--arch aarch64]",
    ),
    (
        "verify",
        package::check,
        "checks a package's signatures and catalog: FOLDER [--authority FILE.pem]",
    ),
    (
        "exports",
        exports::run,
        "prints exports and imports of an image, and what must not be there: FILE.sys",
    ),
    (
        "header",
        header::run,
        "writes include/sample.h from the contract crate",
    ),
    (
        "wdf-functions",
        wdf_functions::run,
        "writes docs/wdf-functions.md from the runtime's table",
    ),
    (
        "verifier-rules",
        verifier_rules::run,
        "writes docs/verifier-rules.md from the list of nthost",
    ),
    (
        "infverif",
        infverif::run,
        "checks INF files as InfVerif would [FILE]… [/w | /u | /k]",
    ),
    (
        "inf-rules",
        infverif::write_page,
        "writes docs/inf-rules.md from the rules of infverif",
    ),
    ("wine", wine::run, "runs the helper drivers in Wine's kernel"),
    (
        "ci",
        ci::ci,
        "runs what CI runs: format, lints, Miri, fuzzing, test",
    ),
];

/// The exit code of a wrong command line, as cargo and clap have it.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    if link::is_wanted() {
        return link::link().unwrap_or_else(|error| failed(&error));
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        eprint!("{}", usage());
        return ExitCode::from(USAGE_ERROR);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    }
    let Some((_, run, _)) = TASKS.iter().find(|(task, ..)| task == name) else {
        eprint!("error: no task is called `{name}`\n\n{}", usage());
        return ExitCode::from(USAGE_ERROR);
    };
    run(rest).unwrap_or_else(|error| failed(&error))
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// The list of tasks.
fn usage() -> String {
    let tasks: Vec<String> = TASKS
        .iter()
        .map(|(name, _, help)| format!("  {name:<6} {help}\n"))
        .collect();
    format!("usage: cargo xtask TASK [ARGUMENT]…\n\n{}", tasks.concat())
}
