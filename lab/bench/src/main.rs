//! The parts of the drivers that run on the host, each in a loop: `lab-bench CORE TURNS`. `cargo xtask bench --check` counts the
//! instructions of two runs and takes the difference, so that start and end of the program do not count.

use std::{ffi::c_void, hint::black_box, process::ExitCode};

use direct_call::{
    negotiation::{Extent, Header, client_accepts, provider_accepts},
    references::References,
    rundown::{Rundown, Sleeper},
};
use sample_interface::double_values;

/// A loop of so many turns.
type Core = fn(usize);

/// Name and loop of each core.
const CORES: &[(&str, Core)] = &[
    ("double_values_1", |turns| double::<1>(turns)),
    ("double_values_7", |turns| double::<7>(turns)),
    ("double_values_16", |turns| double::<16>(turns)),
    ("double_values_1024", |turns| double::<1024>(turns)),
    ("references", references),
    ("rundown", rundown),
    ("negotiation", negotiation),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, turns] = arguments.as_slice() else {
        return list();
    };
    let core = CORES.iter().find(|(core, _)| core == name);
    let (Some((_, run)), Ok(turns)) = (core, turns.parse()) else {
        eprintln!("lab-bench: `{name} {turns}` is no core with a number of turns");
        return ExitCode::FAILURE;
    };
    run(turns);
    ExitCode::SUCCESS
}

/// The names, one a line, for who runs them.
fn list() -> ExitCode {
    for (name, _) in CORES {
        println!("{name}");
    }
    ExitCode::SUCCESS
}

fn double<const COUNT: usize>(turns: usize) {
    let mut values = [0; COUNT];
    for _ in 0..turns {
        black_box(double_values(black_box(&mut values)));
    }
}

fn references(turns: usize) {
    let references: References = References::new();
    for _ in 0..turns {
        black_box(&references).acquire();
        let _ = black_box(black_box(&references).release());
    }
}

/// Nobody removes anything.
struct Awake;

impl Sleeper for Awake {
    fn sleep(&self) {}
    fn wake(&self) {}
}

fn rundown(turns: usize) {
    let rundown: Rundown<_> = Rundown::new(Awake);
    for _ in 0..turns {
        let _ = black_box(black_box(&rundown).enter());
    }
}

const extern "system" fn nothing(_context: *mut c_void) {}

fn negotiation(turns: usize) {
    const NEEDED: Extent = Extent { size: 56, version: 2 };
    let nothing: unsafe extern "system" fn(*mut c_void) = nothing;
    let header = Header {
        size: NEEDED.size,
        version: NEEDED.version,
        context: std::ptr::null_mut(),
        reference: Some(nothing),
        dereference: Some(nothing),
    };
    for _ in 0..turns {
        black_box(provider_accepts(black_box(NEEDED), black_box(NEEDED)));
        let _ = black_box(client_accepts(
            black_box(&header),
            black_box(&[1, 1, 1]),
            black_box(NEEDED),
        ));
    }
}
