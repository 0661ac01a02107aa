//! The figures: what is measured against what, what it must reach, and what bounds it.

use anyhow::Result;

use super::{
    crowd,
    samples::{Samples, Spread},
};

/// What a ratio must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    /// Whether the median reaches it, in the two digits that are shown: the third is noise.
    pub fn is_met(self, ratio: f64) -> bool {
        let ratio = (ratio * 100.0).round() / 100.0;
        match self {
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct Figure {
    pub group: &'static str,
    pub name: String,
    /// The subject's median: nanoseconds, or bytes.
    pub value: f64,
    pub unit: Unit,
    pub reference: String,
    pub ratio: Spread,
    pub target: Option<Target>,
    /// What it is that takes the time.
    pub bound: &'static str,
}

/// What a value is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanoseconds,
    Bytes,
}

/// A subject against a reference, by the names in the samples.
struct Pair {
    name: &'static str,
    subject: &'static str,
    reference: &'static str,
    /// How the reference reads.
    against: &'static str,
    target: Option<Target>,
    bound: &'static str,
}

const CALLS: &[Pair] = &[
    Pair {
        name: "inlined loop",
        subject: "inline",
        reference: "c-table",
        against: "C table",
        target: None,
        bound: "The floor: a load, an addition, the check and a store.",
    },
    Pair {
        name: "version 1 table",
        subject: "table-1",
        reference: "c-table",
        against: "C table",
        target: Some(Target::AtMost(1.05)),
        bound: "An indirect call and a return around those. The code checks for NULL and overflow, as the C provider's does.",
    },
    Pair {
        name: "static import",
        subject: "import",
        reference: "c-import",
        against: "C import",
        target: Some(Target::AtMost(1.05)),
        bound: "The same routine, through the slot of the import table.",
    },
    Pair {
        name: "version 2 table, SampleDouble",
        subject: "table-2",
        reference: "c-table",
        against: "C table",
        target: Some(Target::AtMost(1.05)),
        bound: "As version 1: the routine without a context is the same.",
    },
    Pair {
        name: "rundown protection alone, in C",
        subject: "protection",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "Two interlocked operations on one line of memory, around nothing: one enters, one leaves and counts the call.",
    },
    Pair {
        name: "version 2, array of 1",
        subject: "context",
        reference: "table-1+protection",
        against: "version 1 table + protection",
        target: Some(Target::AtMost(1.05)),
        bound: "The same two interlocked operations. An interlocked operation waits for the stores before it, so the routine for few values saves one \
                register only.",
    },
    Pair {
        name: "version 2, array of 1",
        subject: "context",
        reference: "c-context",
        against: "C routine",
        target: Some(Target::AtMost(1.05)),
        bound: "As in C: the C routine has the same arguments, checks and protection, and wakes a remover that waits.",
    },
    Pair {
        name: "internal device control",
        subject: "internal",
        reference: "table-1",
        against: "version 1 table",
        target: Some(Target::AtLeast(100.0)),
        bound: "The lab's IRP and its buffer are pool blocks on guarded pages of their own, mapped for each request: most of this is the lab's. \
                Windows takes them from lookaside lists.",
    },
    Pair {
        name: "internal device control, IRP reused",
        subject: "reused",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "The cheapest that the path can be: no allocation, nobody waits, a WDM driver without a framework. What is left are the host's checks \
                of each IRP.",
    },
    Pair {
        name: "IOCTL from user mode",
        subject: "ioctl",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "As an internal request, from the lab's shell. The lab has no user mode: on Windows the change of mode comes on top.",
    },
    Pair {
        name: "call of a host's export",
        subject: "host-export",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "The lab's gate around each export: it counts the call and checks the IRQL. KeClearEvent takes a lock of the dispatcher inside.",
    },
];

/// A query and the release of what it gave, by who answers.
const QUERIES: &[Pair] = &[
    Pair {
        name: "a child's PDO",
        subject: "query-pdo",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "The lab's IRP, on pages of its own, most of all; then the framework's search for the GUID, and the device object's reference.",
    },
    Pair {
        name: "a filter",
        subject: "query-filter",
        reference: "query-pdo",
        against: "a child's PDO",
        target: None,
        bound: "Two drivers more: the filter sends the IRP down first, for something below may answer, and waits.",
    },
    Pair {
        name: "the bus's FDO",
        subject: "query-fdo",
        reference: "query-pdo",
        against: "a child's PDO",
        target: None,
        bound: "As for a PDO, and the framework passes the IRP down after it has answered.",
    },
    Pair {
        name: "the bus, through a child's PDO",
        subject: "query-parent",
        reference: "query-fdo",
        against: "the bus's FDO",
        target: None,
        bound: "Two IRPs: the framework sends one of its own to the top of the parent's stack.",
    },
];

/// The numbers of values, as bench.c has them.
const COUNTS: &[usize] = &[1, 16, 1024, 65_536, 4_194_304];
/// From here on the protection around the loop does not count.
const LONG: usize = 1024;
/// From here on the values do not fit into the first caches.
const LARGE: usize = 65_536;

const PROTECTED: &str = "Fewer than 8 values are doubled one by one, as in C, and what weighs are the interlocked operations around them. From 8 on \
                         the check of a block and its doubling take vector registers (SSE2, the drivers' baseline).";
const LOOP: &str = "The C loop stops at the first overflow, so the compiler cannot take vector registers for it. The time of short arrays is that of \
                    the call's interlocked operations, which the loop alone has not.";
const MEMORY: &str = "A sweep reads and writes each value once. The array routine reads a block twice, the second time from the first cache.";

/// Callers, as callers.h has them.
const CALLERS: &[usize] = &[2, 4, 8];

/// What two callers of version 1 must reach together, and what of that which callers of the C table reach in the same rounds.
const SCALING: Target = Target::AtLeast(1.9);
const SCALING_OF_C: Target = Target::AtLeast(0.95);

/// The cost of a child that does not grow with their number; what is above is caches.
const FLAT: Target = Target::AtMost(1.25);

/// What callers call together.
struct Shared {
    name: &'static str,
    /// As callers.h has it.
    loops: &'static str,
    bound: &'static str,
}

const ONE_LINE: &str = "One cache line: every call writes the state of the same rundown protection, and the line goes from processor to processor. One for \
                        each processor (the kernel's cache-aware kind) would end that, for a line of memory for each processor and context; it is not \
                        done, as an interface has one client as a rule.";

const SHARED: &[Shared] = &[
    Shared {
        name: "registers only",
        loops: "processors",
        bound: "The processors: additions, no memory, no call. What this does not reach, no code reaches here: threads share a core, or other work and the \
                machine below take their time.",
    },
    Shared {
        name: "C table",
        loops: "c",
        bound: "As registers only: nothing is written that is shared.",
    },
    Shared {
        name: "version 1, one interface",
        loops: "1-one",
        bound: "As the C table: nothing is written that is shared.",
    },
    Shared {
        name: "version 1, separate ones",
        loops: "1-separate",
        bound: "As the C table: nothing is written that is shared.",
    },
    Shared {
        name: "C routine with a context",
        loops: "c-context",
        bound: ONE_LINE,
    },
    Shared {
        name: "version 2, one interface",
        loops: "2-one",
        bound: ONE_LINE,
    },
    Shared {
        name: "version 2, separate ones",
        loops: "2-separate",
        bound: "The processors: each context has its own rundown protection, in a block of pool of its own.",
    },
];

/// Every figure.
///
/// # Errors
///
/// When something was not measured.
pub fn all(samples: &Samples) -> Result<Vec<Figure>> {
    let mut figures = vec![];
    for pair in CALLS {
        figures.push(against(samples, "One SampleDouble", pair)?);
    }
    for count in COUNTS {
        arrays(samples, *count, &mut figures)?;
    }
    for pair in QUERIES {
        figures.push(against(samples, "Query and release", pair)?);
    }
    for callers in CALLERS {
        for shared in SHARED {
            figures.push(threads(samples, shared, *callers)?);
        }
        figures.push(against_c(samples, *callers)?);
    }
    for children in crowd::SIZES {
        figures.extend(crowd(samples, *children)?);
    }
    figures.extend(lab(samples)?);
    Ok(figures)
}

fn against(samples: &Samples, group: &'static str, pair: &Pair) -> Result<Figure> {
    Ok(Figure {
        group,
        name: pair.name.to_owned(),
        value: samples.spread(pair.subject)?.median,
        unit: Unit::Nanoseconds,
        reference: pair.against.to_owned(),
        ratio: samples.ratio(pair.subject, pair.reference)?,
        target: pair.target,
        bound: pair.bound,
    })
}

/// One number of values against the C provider's routine, the loop alone, and memory.
fn arrays(samples: &Samples, count: usize, figures: &mut Vec<Figure>) -> Result<()> {
    let subject = format!("array-{count}");
    let mut add = |reference: &str, against: &str, target, bound| -> Result<()> {
        figures.push(Figure {
            group: "Array doubling",
            name: format!("{count} values"),
            value: samples.spread(&subject)?.median,
            unit: Unit::Nanoseconds,
            reference: against.to_owned(),
            ratio: samples.ratio(&subject, &format!("{reference}-{count}"))?,
            target,
            bound,
        });
        Ok(())
    };
    add("c-array", "C routine", Some(Target::AtMost(1.0)), PROTECTED)?;
    let loop_target = (count >= LONG).then_some(Target::AtMost(1.0));
    add("c-loop", "C loop", loop_target, LOOP)?;
    if count >= LARGE {
        add("sweep", "memory sweep", None, MEMORY)?;
    }
    Ok(())
}

/// How much more is done together than by one caller, round by round. A target of 1.9 is for processors that give it: where registers alone do
/// not reach it in the same run, nothing is judged, and [`against_c`] says what there is to say.
fn threads(samples: &Samples, shared: &Shared, callers: usize) -> Result<Figure> {
    let scaling = |loops: &str| {
        samples.ratio(
            &format!("alone-{loops}-{callers}"),
            &format!("threads-{loops}-{callers}"),
        )
    };
    let ratio = scaling(shared.loops)?;
    let wanted = (shared.loops == "1-one" && callers == 2).then_some(SCALING);
    let possible = SCALING.is_met(scaling("processors")?.median);
    Ok(Figure {
        group: "Callers",
        name: format!("{}, {callers} threads", shared.name),
        value: samples
            .spread(&format!("threads-{}-{callers}", shared.loops))?
            .median,
        unit: Unit::Nanoseconds,
        reference: "1 thread (throughput)".to_owned(),
        ratio,
        target: wanted.filter(|target| possible || target.is_met(ratio.median)),
        bound: shared.bound,
    })
}

/// Version 1 against the C table, where as many threads call each in the same rounds.
fn against_c(samples: &Samples, callers: usize) -> Result<Figure> {
    let (subject, reference) = (format!("threads-1-one-{callers}"), format!("threads-c-{callers}"));
    Ok(Figure {
        group: "Callers",
        name: format!("version 1, one interface, {callers} threads"),
        value: samples.spread(&subject)?.median,
        unit: Unit::Nanoseconds,
        reference: format!("C table, {callers} threads (throughput)"),
        // Throughputs: the reference's time is on top.
        ratio: samples.ratio(&reference, &subject)?,
        target: (callers == 2).then_some(SCALING_OF_C),
        bound: "The same: whatever the machine takes from one, it takes from the other.",
    })
}

/// What a child costs among so many, against one of 64.
fn crowd(samples: &Samples, children: u32) -> Result<Vec<Figure>> {
    let figure = |what: &str, kind: &str, unit, bound| -> Result<Figure> {
        let subject = format!("crowd-{kind}-{children}");
        Ok(Figure {
            group: "Children",
            name: format!("{what}, one of {children}"),
            value: samples.spread(&subject)?.median,
            unit,
            reference: "one of 64".to_owned(),
            ratio: samples.ratio(&subject, &format!("crowd-{kind}-64"))?,
            target: (children > 64).then_some(FLAT),
            bound,
        })
    };
    Ok(vec![
        figure(
            "found, started, interface taken",
            "start",
            Unit::Nanoseconds,
            "Some thirty requests to the child's stack, and the lab's pages for each block of pool. The first child loads child.sys.",
        )?,
        figure(
            "removed",
            "removal",
            Unit::Nanoseconds,
            "As many blocks of pool are made inaccessible, and stay reserved for a while.",
        )?,
        figure(
            "memory",
            "memory",
            Unit::Bytes,
            "A page for each block of pool, however small.",
        )?,
    ])
}

fn lab(samples: &Samples) -> Result<Vec<Figure>> {
    let figure = |name: &str, subject, reference, against: &str, unit, bound| -> Result<Figure> {
        Ok(Figure {
            group: "The lab",
            name: name.to_owned(),
            value: samples.spread(subject)?.median,
            unit,
            reference: against.to_owned(),
            ratio: samples.ratio(subject, reference)?,
            target: None,
            bound,
        })
    };
    let (time, bytes) = (Unit::Nanoseconds, Unit::Bytes);
    Ok(vec![
        figure(
            "time to the end of the first DriverEntry",
            "first-entry",
            "start",
            "nthost --version",
            time,
            "Reading and mapping the images, the framework's first.",
        )?,
        figure(
            "the whole demo",
            "demo",
            "start",
            "nthost --version",
            time,
            "The system calls that map and guard pages: one page at least for each pool block.",
        )?,
        figure(
            "memory at rest, bus and children started",
            "memory-bus",
            "memory-prompt",
            "empty prompt",
            bytes,
            "The images, and guarded pages for pool blocks.",
        )?,
        figure(
            "from the command to a legacy driver's DriverEntry",
            "lab-entry",
            "wine-entry",
            "Wine, whose server runs already",
            time,
            "The start of a process. Wine starts one for the command and one for the driver.",
        )?,
        figure(
            "memory at rest, a legacy driver started",
            "memory-legacy",
            "wine-memory",
            "all processes of Wine",
            bytes,
            "One process, against Wine's server, service controller and driver's host.",
        )?,
        figure(
            "KeClearEvent",
            "lab-export-event",
            "wine-export-event",
            "Wine",
            time,
            "The gate that counts each call and checks its IRQL, and the dispatcher's lock.",
        )?,
        figure(
            "KeAcquireSpinLockRaiseToDpc and KeReleaseSpinLock",
            "lab-export-lock",
            "wine-export-lock",
            "Wine",
            time,
            "The gate, twice; the lab knows who holds which lock.",
        )?,
        figure(
            "ExAllocatePoolWithTag and ExFreePoolWithTag",
            "lab-export-pool",
            "wine-export-pool",
            "Wine",
            time,
            "A guarded page for each block, which takes the system two calls and a page fault; Wine takes blocks from a heap and checks nothing.",
        )?,
    ])
}
