//! The figures: what is measured against what, what it must reach, and what bounds it.

use anyhow::Result;

use super::samples::{Samples, Spread};

/// What a ratio must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

impl Target {
    /// Whether the median reaches it.
    pub fn is_met(self, ratio: f64) -> bool {
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
        name: "version 2, array of 1",
        subject: "context",
        reference: "c-context",
        against: "C, rundown protection only",
        target: Some(Target::AtMost(1.05)),
        bound: "Two interlocked operations, as in C: one enters, one leaves and counts the call for SampleQueryStatistics along. The rest: the loop \
                is a routine of its own here (inlined, it was slower), and the registers saved for it are stored before an interlocked operation may end.",
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
        name: "query and release",
        subject: "query",
        reference: "table-1",
        against: "version 1 table",
        target: None,
        bound: "One IRP through the PDO's stack, the lookup in the framework, and a referenced device object. Paid once, not for each call.",
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

/// The numbers of values, as bench.c has them.
const COUNTS: &[usize] = &[1, 16, 1024, 65_536, 4_194_304];
/// From here on the protection around the loop does not count.
const LONG: usize = 1024;
/// From here on the values do not fit into the first caches.
const LARGE: usize = 65_536;

const PROTECTED: &str = "Below a block of 64 values both loops go one by one, and the interlocked operations around them weigh most: equal but for noise. From there on the \
                         check of a block and its doubling take vector registers (SSE2, the drivers' baseline).";
const LOOP: &str = "The C loop stops at the first overflow, so the compiler cannot take vector registers for it. The time of short arrays is that of \
                    the call's interlocked operations, which the loop alone has not.";
const MEMORY: &str = "A sweep reads and writes each value once. The array routine reads a block twice, the second time from the first cache.";

/// Callers, as bench.c has them.
const CALLERS: &[usize] = &[2, 4, 8];

/// What two callers of version 1 must reach together.
const SCALING: Target = Target::AtLeast(1.9);
const BUSY: &str = "Other work on the processors. Not judged against the target of 1.9: the C table, which shares nothing that is written \
                    either, did not reach it in this run.";

/// The tables that callers call through, as bench.c has them: 0 is the C provider's.
const TABLES: &[(u8, &str)] = &[
    (0, "one"),
    (1, "one"),
    (1, "separate"),
    (2, "one"),
    (2, "separate"),
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
    for (version, interfaces) in TABLES {
        for callers in CALLERS {
            figures.push(threads(samples, *version, interfaces, *callers)?);
        }
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

/// How much more is done together than by one caller. By the best twentieth of the slices: others use the processors too,
/// which only adds.
fn scaling(samples: &Samples, version: u8, interfaces: &str, callers: usize) -> Result<(f64, Spread)> {
    let name = format!("{version}-{interfaces}-{callers}");
    let one = samples.spread(&format!("alone-{name}"))?;
    let many = samples.spread(&format!("threads-{name}"))?;
    let (best, medians) = (one.best / many.best, one.median / many.median);
    let spread = Spread {
        best,
        low: medians.min(best),
        median: best,
        high: medians.max(best),
    };
    Ok((many.best, spread))
}

/// A target is for processors that are free: where the C provider's table does not reach it either, it says nothing.
fn threads(samples: &Samples, version: u8, interfaces: &str, callers: usize) -> Result<Figure> {
    let (value, ratio) = scaling(samples, version, interfaces, callers)?;
    let (_, allowed) = scaling(samples, 0, "one", callers)?;
    let wanted = (version == 1 && callers == 2).then_some(SCALING);
    let place = if interfaces == "one" {
        "one interface"
    } else {
        "separate ones"
    };
    let name = match version {
        0 => format!("C table, {callers} threads"),
        _ => format!("version {version}, {callers} threads on {place}"),
    };
    Ok(Figure {
        group: "Callers",
        name,
        value,
        unit: Unit::Nanoseconds,
        reference: "1 thread (throughput)".to_owned(),
        ratio,
        target: wanted.filter(|target| target.is_met(ratio.median) || target.is_met(allowed.median)),
        bound: match wanted {
            Some(target) if !target.is_met(ratio.median) && !target.is_met(allowed.median) => BUSY,
            _ => callers_bound(version, interfaces),
        },
    })
}

fn callers_bound(version: u8, interfaces: &str) -> &'static str {
    match (version, interfaces) {
        (1, _) => {
            "The number of processors that other work leaves: version 1 shares nothing that is written."
        }
        (_, "one") => {
            "One cache line: every call writes the state of the same rundown protection, and the line goes from processor to processor. One for each \
             processor (the kernel's cache-aware kind) would end that, for a line of memory for each processor and context; it is not done, as an \
             interface has one client as a rule."
        }
        _ => "The number of processors: each context has its own rundown protection.",
    }
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
    ])
}
