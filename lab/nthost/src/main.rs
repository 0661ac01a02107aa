//! The command line of nthost.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use nthost::shell::{self, RunPlan, Session};
use nthost::verifier::faults::{self, Plan, PointId};
use nthost::verifier::{environment_error, rules};
use nthost::{ke, ldr, report};

/// The time limit of a script, unless the command line has another; a prompt has none.
const SCRIPT_LIMIT: u64 = 120;

const EXIT_CODES: &str = "Exit codes: 0 pass, 1 fail, 2 wrong command line, 3 leak, 4 bugcheck, 5 timeout, 6 unsupported, \
                          7 environment error (script, INF or file), 8 lab defect";

fn command_line() -> Command {
    Command::new("nthost")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A Windows kernel for drivers, in a Linux process")
        .after_help(EXIT_CODES)
        .arg(
            Arg::new("drivers")
                .long("drivers")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .action(ArgAction::Append)
                .global(true)
                .help("A folder with drivers and INF files; may be given more than once"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help("Write the report as data"),
        )
        .arg(
            Arg::new("svg")
                .long("svg")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help("Write a picture of the largest device tree"),
        )
        .arg(
            Arg::new("time-limit")
                .long("time-limit")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64))
                .global(true)
                .help("End the run with outcome timeout after this many seconds"),
        )
        .arg(
            Arg::new("junit")
                .long("junit")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .global(true)
                .help("Write the lines of the run as test cases, in JUnit's form"),
        )
        .arg(
            Arg::new("timing")
                .long("timing")
                .action(ArgAction::SetTrue)
                .help("Print the time from the start to the end of the first DriverEntry, and what each line of a script takes"),
        )
        .arg(
            Arg::new("list-faults")
                .long("list-faults")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the calls that can fail for want of resources, with their stacks, as data"),
        )
        .arg(
            Arg::new("fail-stack")
                .long("fail-stack")
                .value_name("ID")
                .value_parser(|id: &str| id.parse::<PointId>())
                .help("Let the first call from this stack of --list-faults fail"),
        )
        .arg(
            Arg::new("fail-nth")
                .long("fail-nth")
                .value_name("N")
                .value_parser(value_parser!(u64).range(1..))
                .conflicts_with("fail-stack")
                .help("Let the Nth of all calls that can fail, fail"),
        )
        .arg(
            Arg::new("faults-on-demand")
                .long("faults-on-demand")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["fail-stack", "fail-nth", "list-faults"])
                .help("Let the commands `fail-nth` and `soak` choose calls that fail"),
        )
        .arg(
            Arg::new("rules")
                .long("rules")
                .action(ArgAction::SetTrue)
                .help("Print the rules that drivers are held to, as docs/verifier-rules.md has them"),
        )
        .arg(
            Arg::new("script")
                .value_name("SCRIPT")
                .value_parser(value_parser!(PathBuf))
                .help("Without one there is a prompt"),
        )
        .subcommand(run_command())
}

/// The options of `run` that are requests, in the order of the command line.
const REQUESTS: [(&str, &str, &str); 4] = [
    (
        "ioctl",
        "CODE [BYTES] [/out LENGTH]",
        "Send a device control request",
    ),
    ("read", "LENGTH [/offset NUMBER]", "Send a read request"),
    ("write", "BYTES [/offset NUMBER]", "Send a write request"),
    (
        "expect",
        "TEXT",
        "Fail unless the last request's answer has the text",
    ),
];

fn run_command() -> Command {
    let option = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let many = |name, value, help| option(name, value, help).action(ArgAction::Append);
    Command::new("run")
        .about("Install a driver, start its devices, ask them, start them again, remove them, and give the verdict")
        .arg(many("inf", "FILE.inf", "A driver package; its files lie beside it. May be given more than once"))
        .arg(many("device", "HARDWARE-ID", "A device to make, such as root\\Echo"))
        .arg(option("service", "FILE.sys", "A driver without a package, to run as a service").conflicts_with("inf"))
        .arg(option("target", "NAME", "What requests go to: an instance ID or a name; the last device unless given"))
        .args(REQUESTS.map(|(name, value, help)| many(name, value, help).allow_hyphen_values(true)))
        .arg_required_else_help(true)
}

/// What `run` is asked to do.
fn plan(matches: &ArgMatches) -> RunPlan {
    let texts = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned();
    let mut requests: Vec<(usize, String)> = REQUESTS
        .iter()
        .flat_map(|(name, ..)| {
            let places = matches.indices_of(name).into_iter().flatten();
            places.zip(texts(name).map(move |text| format!("{name} {text}")))
        })
        .collect();
    requests.sort();
    RunPlan {
        packages: texts("inf").collect(),
        devices: texts("device").collect(),
        service: texts("service").next(),
        target: texts("target").next(),
        requests: requests.into_iter().map(|(_, request)| request).collect(),
    }
}

fn main() {
    report::start();
    std::panic::set_hook(Box::new(ke::fault::panicked));
    let arguments = command_line().get_matches();
    if arguments.get_flag("rules") {
        print!("{}", rules::page());
        return;
    }
    ke::thread::attach("main");
    if let Err(error) = ke::fault::install() {
        environment_error(&format!("signal handlers cannot be installed: {error}"));
    }
    let script = arguments.get_one::<PathBuf>("script");
    let plan = arguments.subcommand_matches("run").map(plan);
    start_watchdog(&arguments, script.is_some() || plan.is_some());
    if arguments.get_flag("timing") {
        report::show_timing();
    }
    if let Some(file) = arguments.get_one::<PathBuf>("json") {
        report::write_json_to(file.clone());
    }
    if let Some(file) = arguments.get_one::<PathBuf>("junit") {
        report::write_junit_to(file.clone());
    }
    if let Some(file) = arguments.get_one::<PathBuf>("svg") {
        report::write_svg_to(file.clone());
    }
    watch_faults(&arguments);
    let drivers: Vec<PathBuf> = arguments
        .get_many("drivers")
        .unwrap_or_default()
        .cloned()
        .collect();
    for folder in &drivers {
        ldr::add_search_path(folder);
    }
    let mut session = Session::new(drivers);
    match (script, plan) {
        (_, Some(plan)) => shell::run_plan(&mut session, &plan),
        (Some(script), None) => shell::run_script(&mut session, script),
        (None, None) => shell::prompt(&mut session),
    }
    shell::finish(session)
}

fn watch_faults(arguments: &ArgMatches) {
    let file = arguments.get_one::<PathBuf>("list-faults");
    let nth = arguments.get_one("fail-nth").copied().map(Plan::Nth);
    let stack = arguments.get_one("fail-stack").copied().map(Plan::Stack);
    let on_demand = arguments.get_flag("faults-on-demand").then_some(Plan::OnDemand);
    let plan = nth.or(stack).or(on_demand);
    if let Some(file) = file {
        report::write_faults_to(file.clone());
    }
    if plan.is_some() || file.is_some() {
        faults::watch(plan.unwrap_or(Plan::Nothing));
    }
}

fn start_watchdog(arguments: &ArgMatches, has_script: bool) {
    let limit = arguments
        .get_one::<u64>("time-limit")
        .copied()
        .or_else(|| has_script.then_some(SCRIPT_LIMIT));
    if let Some(limit) = limit {
        ke::watchdog::start(Duration::from_secs(limit));
    }
}

#[cfg(test)]
mod tests {
    use super::{command_line, plan};

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
    }

    #[test]
    fn requests_keep_the_order_of_the_command_line() {
        let line =
            "nthost run --inf x.inf --write text:a --ioctl 4 --write text:b --expect 61 --json out.json";
        let matches = command_line().get_matches_from(line.split(' '));
        let (_, run) = matches.subcommand().expect("run is a subcommand");
        let plan = plan(run);
        assert_eq!(
            plan.requests,
            ["write text:a", "ioctl 4", "write text:b", "expect 61"]
        );
        assert_eq!(plan.packages, ["x.inf"]);
    }
}
