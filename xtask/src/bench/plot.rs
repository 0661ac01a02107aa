//! The figures as a picture: a bar for each ratio, on a logarithmic scale.

use svg::{
    Document,
    node::element::{Group, Line, Rectangle, Style, Text, Title},
};

use super::{figures::Figure, table};

/// Colours for light and dark pages.
const STYLE: &str = "
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.group { font-weight: 600; }
.small { font-size: 11px; fill: #59636e; }
.bar { fill: #54aeff; }
.missed { fill: #cf222e; }
.met { fill: #2da44e; }
.grid { stroke: #d1d9e0; }
.one { stroke: #59636e; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.small { fill: #9198a1; }
.grid { stroke: #3d444d; }
.one { stroke: #9198a1; }
}
";

/// Where the bars begin, how wide a factor of ten is, and what is right of them.
const LEFT: f64 = 420.0;
const DECADE: f64 = 80.0;
const RIGHT: f64 = 60.0;
/// The height of a line.
const LINE: f64 = 20.0;
/// The powers of ten at the ends of the scale.
const FIRST: i32 = -1;
const LAST: i32 = 6;

/// The plot.
pub fn render(figures: &[Figure]) -> String {
    let mut rows = Group::new();
    let mut y = LINE * 2.0;
    let mut group = "";
    for figure in figures {
        if figure.group != group {
            group = figure.group;
            y += LINE * 0.5;
            rows = rows.add(text(group, 8.0, y, "group"));
            y += LINE;
        }
        rows = rows.add(row(figure, y));
        y += LINE;
    }
    let width = place(10_f64.powi(LAST)) + RIGHT;
    let document = Document::new()
        .set("viewBox", (0, 0, width, y))
        .set("width", width)
        .set("height", y)
        .set("role", "img")
        .add(Title::new(
            "Each figure as a ratio to its reference, on a logarithmic scale",
        ))
        .add(Style::new(STYLE))
        .add(scale(y))
        .add(rows);
    format!("{document}\n")
}

/// Where a ratio is on the scale.
fn place(ratio: f64) -> f64 {
    let power = ratio.log10().clamp(f64::from(FIRST), f64::from(LAST));
    DECADE.mul_add(power - f64::from(FIRST), LEFT)
}

fn scale(bottom: f64) -> Group {
    let mut group = Group::new();
    for power in FIRST..=LAST {
        let x = place(10_f64.powi(power));
        let class = if power == 0 { "one" } else { "grid" };
        let line = Line::new()
            .set("x1", x)
            .set("x2", x)
            .set("y1", LINE * 1.2)
            .set("y2", bottom)
            .set("class", class);
        let label =
            text(&10_f64.powi(power).to_string(), x, LINE * 0.9, "small").set("text-anchor", "middle");
        group = group.add(line).add(label);
    }
    group
}

/// A bar from 1 to the ratio, with its name before it and its number behind.
fn row(figure: &Figure, y: f64) -> Group {
    let (one, end) = (place(1.0), place(figure.ratio.median));
    let class = match figure.target {
        Some(target) if target.is_met(figure.ratio.median) => "met",
        Some(_) => "missed",
        None => "bar",
    };
    let bar = Rectangle::new()
        .set("x", one.min(end))
        .set("y", LINE.mul_add(-0.65, y))
        .set("width", (end - one).abs().max(1.0))
        .set("height", LINE * 0.7)
        .set("class", class);
    let name = format!("{} / {}", figure.name, figure.reference);
    Group::new()
        .add(Title::new(table::verdict(figure)))
        .add(text(&name, 8.0, y, "small"))
        .add(bar)
        .add(text(
            &table::ratio(figure.ratio.median),
            one.max(end) + 4.0,
            y,
            "small",
        ))
}

fn text(content: &str, x: f64, y: f64, class: &str) -> Text {
    Text::new(content).set("x", x).set("y", y).set("class", class)
}
