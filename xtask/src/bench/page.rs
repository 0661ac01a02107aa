//! docs/performance.md.

use std::fmt::Write as _;

use super::{Report, figures::Figure, table};

/// The page of one run.
pub fn render(report: &Report) -> String {
    let mut text = head(report);
    let mut group = "";
    for figure in &report.figures {
        if figure.group != group {
            if group == QUERIES {
                text += &queries(report);
            }
            group = figure.group;
            text += &heading(group);
        }
        text += &row(figure);
    }
    text + &sizes(report)
}

/// The release image's size may be this many times that of the one in C.
const SIZE_TARGET: f64 = 1.25;

fn head(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "# Performance\n\n\
         Written by `cargo xtask bench --page`: release images in the lab, in kernel code, each subject and its reference in turns of the same run, \
         in five runs with the images at other addresses. A ratio \
         is the median of the ratios of the rounds; in brackets the quartiles. Times are of this machine, in its time-stamp counter's clock.\n\n\
         {}, {} processors, Linux {}; {}; commit {}, {}, {}. Load (`/proc/loadavg`) before `{}`, after `{}`: other work ran beside it where that is \
         above {}.\n\n\
         ![Each figure as a ratio to its reference](performance.svg)\n",
        machine.processor,
        machine.processors,
        machine.system,
        machine.date,
        machine.commit,
        machine.compiler,
        machine.c_compiler,
        machine.load[0],
        machine.load[1],
        machine.processors,
    )
}

/// The group of figures behind which the counts stand.
const QUERIES: &str = "Query and release";

/// What stands above each table, if there is something to say.
const REMARKS: &[(&str, &str)] = &[
    (
        "One SampleDouble",
        "The C provider is `lab/bench/drivers/reference.c`: the same table, compiled by clang -O2, in an image of its own. The requests go to a device of \
         the bench's own, a WDM driver in C, as sample.sys offers no request that doubles.",
    ),
    (
        "Array doubling",
        "Through version 2. The C routine has the same arguments and protects its context as sample.sys does; the C loop is what is inside of it, alone. \
         The largest array has 16 MiB.",
    ),
    (
        "Callers",
        "The ratio is throughput: how many more calls are made together than by one thread alone just before, in slices of 100,000 (10,000 with a \
         context) calls for each thread. Every round has every row. More threads than processors share these.",
    ),
    (
        "Children",
        "The bus with its limit lifted (`lab/bench/crowd`) and child.sys on each child, which takes the interface. Each figure is that of one child: of all, \
         less what a bus without children takes. Times are of processors, not of the clock.",
    ),
];

fn heading(group: &str) -> String {
    let remark = REMARKS
        .iter()
        .find(|(name, _)| *name == group)
        .map_or_else(String::new, |(_, remark)| format!("{remark}\n\n"));
    format!(
        "\n## {group}\n\n{remark}| what | ratio | to | time or size | target | bounded by |\n| --- | --- | --- | --- | --- | --- |\n"
    )
}

fn row(figure: &Figure) -> String {
    format!(
        "| {} | {} ({} to {}) | {} | {} | {} | {} |\n",
        figure.name,
        table::ratio(figure.ratio.median),
        table::ratio(figure.ratio.low),
        table::ratio(figure.ratio.high),
        figure.reference,
        table::value(figure),
        table::verdict(figure),
        figure.bound
    )
}

/// What the lab counts beside time.
fn queries(report: &Report) -> String {
    let mut text = String::from(
        "\nCounted by the lab, per query with its release; a client's own IRP is one of them.\n\n\
         | asked | IRPs | calls of drivers | blocks of pool |\n| --- | --- | --- | --- |\n",
    );
    for query in &report.queries {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            query.name, query.irps, query.calls, query.allocations
        );
    }
    text
}

fn sizes(report: &Report) -> String {
    let (ours, of_c) = (&report.image, &report.image_of_c);
    let ratio = f64::from(ours.part("file")) / f64::from(of_c.part("file"));
    let mut text = format!(
        "\n## The image\n\nRelease sample.sys, and `lab/bench/drivers/sample.c`: the same bus, filter and kernel DLL in C, by clang -O2, with which the \
         demo runs too. The file is {ratio:.2} times as large (the target is at most {SIZE_TARGET}; what is above is itemised below). Sections by what is used of \
         them; in the file each is rounded up to 512 bytes.\n\n\
         | part | in Rust | in C |\n| --- | --- | --- |\n"
    );
    for (name, bytes) in &ours.parts {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {name} | {bytes} | {} |", of_c.part(name));
    }
    for (name, ours, of_c) in [
        ("relocations (number)", ours.relocations, of_c.relocations),
        ("imports (number)", ours.imports, of_c.imports),
    ] {
        let _ = writeln!(text, "| {name} | {ours} | {of_c} |");
    }
    text + &code(report)
}

/// Whose the code of the image is.
fn code(report: &Report) -> String {
    let mut text = String::from(
        "\nIts code, by whose it is (in C all but the stub is the driver's own):\n\n| code of | bytes |\n| --- | --- |\n",
    );
    for (owner, bytes) in &report.image.code {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {owner} | {bytes} |");
    }
    text
}
