//! A lab in this process: the release images of sample.sys and child.sys, and a bus that is started.

use std::path::PathBuf;
use std::sync::OnceLock;

use nthost::abi::{GENERIC_READ, GENERIC_WRITE};
use nthost::pnp::{self, Node};
use nthost::se::Subject;
use nthost::shell::{Session, run_line};
use nthost::verifier::{self, Outcome};
use nthost::{io, ke, ldr};

/// The hardware ID of sample.inf.
const BUS: &str = r"root\SampleBus";
/// How many children a bus has after its installation: `ChildCount` of sample.inf.
pub const CHILDREN: usize = 2;

/// The devices of the lab, by their instance IDs.
struct Buses {
    /// Always runs, so that the images stay loaded.
    first: String,
    /// Restarted with other parameters.
    spare: String,
}

static LAB: OnceLock<Buses> = OnceLock::new();

/// The bus, started with its children. The first call starts the lab on the calling thread, which must make all other calls too.
///
/// # Panics
///
/// When the drivers are not there, or do not start.
pub fn bus() -> Node {
    find(&LAB.get_or_init(start).first)
}

/// Another bus, stopped and started again, or refused now. To be called after [`bus`].
///
/// # Panics
///
/// When the lab was not started.
pub fn restarted_bus() -> Node {
    let lab = LAB.get().expect("`bus` starts the lab");
    let id = find(&lab.spare).id;
    pnp::run(move || pnp::restart(id)).expect("nobody has it open");
    pnp::settle();
    find(&lab.spare)
}

fn find(instance: &str) -> Node {
    pnp::find_instance(instance).expect("nobody removes a bus")
}

fn start() -> Buses {
    // Before the lab's own, which ends the process without libFuzzer hearing of it.
    verifier::set_end_hook(end);
    ke::thread::attach("main");
    ke::fault::install().expect("the process may handle its signals");
    let drivers = PathBuf::from(
        std::env::var_os("LAB_DRIVERS_RELEASE").expect("`cargo xtask` says where the release drivers are"),
    );
    ldr::add_search_path(&drivers);
    let mut session = Session::new(vec![drivers]);
    for package in ["sample.inf", "child.inf"] {
        run_line(&mut session, &format!("pnputil /add-driver {package} /install"));
    }
    let (first, spare) = (add_bus(), add_bus());
    let node = find(&first);
    assert_eq!(
        pnp::children_of(node.id).len(),
        CHILDREN,
        "the bus starts: {:?}",
        node.problem
    );
    Buses { first, spare }
}

/// What a bugcheck, or whatever else ends a run, is to libFuzzer: a crash.
fn end(outcome: Outcome, report: &str) {
    eprintln!("{report}\nverdict: {outcome}");
    std::process::abort();
}

/// Makes a bus, and waits until it and its children run. Returns its instance ID.
fn add_bus() -> String {
    let instance = pnp::run(|| pnp::add_root_device(BUS));
    pnp::settle();
    instance
}

/// Opens a device's interface, as a program of an administrator does.
///
/// # Panics
///
/// When the device does not run.
#[must_use]
pub fn open(node: &Node) -> io::File {
    let link = node
        .pdo
        .and_then(io::enabled_link)
        .expect("the device runs and has an interface");
    io::open(&link, Subject::default(), GENERIC_READ | GENERIC_WRITE)
        .expect("the lab opens any enabled interface")
}
