//! The figures as JSON.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Report,
    figures::{Figure, Target, Unit},
    queries::Query,
    sizes::Image,
};

/// Machine, clock, figures and the image's sections.
///
/// # Errors
///
/// When a value cannot be written as JSON.
pub fn render(report: &Report) -> Result<String> {
    let machine = &report.machine;
    let data = json!({
        "machine": {
            "processor": machine.processor,
            "processors": machine.processors,
            "system": machine.system,
            "date": machine.date,
            "commit": machine.commit,
            "compiler": machine.compiler,
            "c_compiler": machine.c_compiler,
            "load_before": machine.load[0],
            "load_after": machine.load[1],
        },
        "ticks_per_nanosecond": report.clock,
        "figures": report.figures.iter().map(figure).collect::<Vec<_>>(),
        "queries": report.queries.iter().map(query).collect::<Vec<_>>(),
        "sample_sys": image(&report.image),
        "sample_sys_in_c": image(&report.image_of_c),
    });
    let text = serde_json::to_string_pretty(&data).context("the figures cannot be written as JSON")?;
    Ok(text + "\n")
}

fn query(query: &Query) -> Value {
    json!({
        "asked": query.name,
        "irps": query.irps,
        "driver_calls": query.calls,
        "pool_allocations": query.allocations,
    })
}

fn image(image: &Image) -> Value {
    json!({
        "bytes": image.parts.iter().map(|(name, bytes)| json!({ "part": name, "bytes": bytes })).collect::<Vec<_>>(),
        "relocations": image.relocations,
        "imports": image.imports,
        "code": image.code,
    })
}

fn figure(figure: &Figure) -> Value {
    json!({
        "group": figure.group,
        "name": figure.name,
        "value": figure.value,
        "unit": match figure.unit { Unit::Nanoseconds => "ns", Unit::Bytes => "bytes" },
        "reference": figure.reference,
        "ratio": figure.ratio.median,
        "ratio_low": figure.ratio.low,
        "ratio_high": figure.ratio.high,
        "target": figure.target.map(|target| match target {
            Target::AtMost(limit) => json!({ "at_most": limit }),
            Target::AtLeast(limit) => json!({ "at_least": limit }),
        }),
        "met": figure.target.map(|target| target.is_met(figure.ratio.median)),
        "bound": figure.bound,
    })
}
