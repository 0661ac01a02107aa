//! The figures as the terminal shows them.

use std::fmt::Write as _;

use super::figures::{Figure, Target, Unit};

/// A table, with a line above each group.
pub fn render(figures: &[Figure]) -> String {
    let mut text = String::new();
    let mut group = "";
    for figure in figures {
        if figure.group != group {
            group = figure.group;
            // Writing to a string does not fail.
            let _ = writeln!(text, "\n{group}");
        }
        let _ = writeln!(
            text,
            "  {:<42} {:>10}x {:<26} {:>20} {:>10}  {}",
            figure.name,
            ratio(figure.ratio.median),
            figure.reference,
            format!("({} to {})", ratio(figure.ratio.low), ratio(figure.ratio.high)),
            value(figure),
            verdict(figure)
        );
    }
    text
}

/// A ratio with as many digits as say something.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

/// A time or a size, with its unit.
pub fn value(figure: &Figure) -> String {
    match (figure.unit, figure.value) {
        (Unit::Bytes, bytes) => format!("{:.1} MiB", bytes / f64::from(1 << 20)),
        (_, long) if long >= 1e6 => format!("{:.2} ms", long / 1e6),
        (_, middle) if middle >= 1e3 => format!("{:.2} µs", middle / 1e3),
        (_, short) => format!("{short:.2} ns"),
    }
}

/// The target and whether it is met; nothing where there is none.
pub fn verdict(figure: &Figure) -> String {
    let Some(target) = figure.target else {
        return String::new();
    };
    let (word, limit) = match target {
        Target::AtMost(limit) => ("at most", limit),
        Target::AtLeast(limit) => ("at least", limit),
    };
    let met = if target.is_met(figure.ratio.median) {
        "met"
    } else {
        "missed"
    };
    format!("{met}: {word} {limit}")
}
