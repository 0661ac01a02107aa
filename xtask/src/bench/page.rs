//! docs/performance.md.

use std::fmt::Write as _;

use super::{Report, figures::Figure, table};

/// The page of one run.
pub fn render(report: &Report) -> String {
    let mut text = head(report);
    let mut group = "";
    for figure in &report.figures {
        if figure.group != group {
            group = figure.group;
            text += &heading(group);
        }
        text += &row(figure);
    }
    text + &sizes(report)
}

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
        "The ratio is throughput: how many more calls are made together than by one thread alone in the same round, by the best twentieth of 1005 slices of 100,000 \
         (version 1) or 10,000 calls for each caller; the other figure in brackets is by medians, in which other work on the machine shows. More threads than processors share these.",
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

fn sizes(report: &Report) -> String {
    let mut text = String::from(
        "\n## The image\n\nRelease sample.sys, in bytes of the file. A C driver of the same function to compare it with does not exist yet.\n\n\
         | part | bytes |\n| --- | --- |\n",
    );
    for section in &report.sections {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} | {} |", section.name, section.bytes);
    }
    text
}
