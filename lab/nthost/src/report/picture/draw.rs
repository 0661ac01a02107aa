//! The elements of the picture.

use svg::Document;
use svg::node::element::{Circle, Description, Group, Path, Rectangle, Style, Text, Title};

use super::layout::{ARROW_GAP, Card, Layout, MARGIN, PADDING, ROW, ends, held, part};
use crate::report::tree::{Interface, Layer};

/// Colours for light and dark pages. Cards are opaque, so that they can be read on any page.
const STYLE: &str = "
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.name { font-weight: 600; }
.id { font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #59636e; }
.guid { font: 10px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #59636e; }
.small { font-size: 11px; fill: #59636e; }
.problem { font-size: 11px; fill: #cf222e; }
.legend { font-size: 11px; fill: #7d8590; }
.card { fill: #ffffff; stroke: #d1d9e0; }
.function { fill: #ddf4ff; stroke: #54aeff; }
.filter { fill: #fff8c5; stroke: #d4a72c; }
.bus { fill: #f6f8fa; stroke: #d1d9e0; }
.line { fill: none; stroke: #8b949e; stroke-width: 1.5; }
.dot { fill: #8b949e; }
.arrow { fill: none; stroke: #8250df; stroke-width: 1.5; }
.head { fill: #8250df; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.id, .guid, .small { fill: #9198a1; }
.problem { fill: #f85149; }
.card { fill: #151b23; stroke: #3d444d; }
.function { fill: #0c2d6b; stroke: #388bfd; }
.filter { fill: #3b2300; stroke: #9e6a03; }
.bus { fill: #212830; stroke: #3d444d; }
.arrow { stroke: #ab7df8; }
.head { fill: #ab7df8; }
}
";

/// The radius of corners.
const CORNER: usize = 6;
/// Half the height of an arrow's head.
const HEAD: usize = 4;

pub(super) fn document(layout: &Layout<'_>, description: &str) -> Document {
    let mut document = Document::new()
        .set("viewBox", (0, 0, layout.width, layout.height))
        .set("width", layout.width)
        .set("height", layout.height)
        .set("role", "img")
        .set("aria-labelledby", "title description")
        .add(Title::new("Device tree").set("id", "title"))
        .add(
            Description::new()
                .set("id", "description")
                .add(svg::node::Text::new(description)),
        )
        .add(Style::new(STYLE));
    for card in &layout.cards {
        document = document.add(device(card));
    }
    for card in &layout.cards {
        if let Some(parent) = card.parent {
            document = document.add(connection(&layout.cards[parent], card));
        }
    }
    document.add(legend(layout))
}

fn device(card: &Card<'_>) -> Group {
    let device = card.device;
    let x = card.x + PADDING;
    let frame = rectangle(card.x, card.y, card.width, card.height(), "card");
    let mut group = Group::new().add(frame.set("rx", CORNER + 2));
    let mut line = card.y + if device.description.is_empty() { 21 } else { 18 };
    if !device.description.is_empty() {
        group = group.add(text(&device.description, x, line, "name"));
        if device.status != "Started" {
            group = group.add(at_end(text(
                device.status,
                card.x + card.width - PADDING,
                line,
                "problem",
            )));
        }
        line += 17;
    }
    group = group.add(text(&device.instance_id, x, line, "id"));
    for (index, layer) in device.stack.iter().enumerate() {
        group = group.add(row(card, index, layer));
    }
    let mut arrows = 0;
    for (index, interface) in device.interfaces.iter().enumerate() {
        if let Some((from, to)) = ends(device, interface) {
            group = group.add(arrow(card, from, to, arrows));
            arrows += 1;
        }
        group = group.add(note(card, index, interface));
    }
    group
}

/// A device object: its driver, and the part that it plays.
fn row(card: &Card<'_>, index: usize, layer: &Layer) -> Group {
    let class = match layer.role {
        "function" => "function",
        "bus" => "bus",
        _ => "filter",
    };
    let (x, y) = (card.x + PADDING, card.row(index));
    let hint = format!("{}, service {}", layer.device_object, layer.service);
    Group::new()
        .add(Title::new(hint))
        .add(rectangle(x, y, card.row_width(), ROW, class))
        .add(text(layer.name(), x + 10, y + 17, "name"))
        .add(at_end(text(
            &part(layer),
            x + card.row_width() - 10,
            y + 17,
            "small",
        )))
}

/// From the row of the driver that holds an interface to the row of the one that provides it, right of the rows.
fn arrow(card: &Card<'_>, from: usize, to: usize, lane: usize) -> Group {
    let start = card.x + PADDING + card.row_width();
    let turn = start + (lane + 1) * ARROW_GAP - 2;
    let (from, to) = (card.row(from) + ROW / 2, card.row(to) + ROW / 2);
    let path = format!(
        "M{start} {from}{}",
        elbow((start, from), turn, (start + HEAD, to))
    );
    let head = format!("M{start} {to}l{} -{HEAD}v{}z", 2 * HEAD - 1, 2 * HEAD);
    Group::new()
        .add(Path::new().set("class", "arrow").set("d", path))
        .add(Path::new().set("class", "head").set("d", head))
}

fn note(card: &Card<'_>, index: usize, interface: &Interface) -> Group {
    let (x, y) = (card.x + PADDING, card.note(index));
    Group::new()
        .add(text(&held(interface), x, y + 14, "small"))
        .add(text(&interface.guid, x, y + 28, "guid"))
}

/// From the driver that makes the device to the device's PDO.
fn connection(parent: &Card<'_>, child: &Card<'_>) -> Group {
    let from = (parent.x + parent.width, parent.outlet());
    let to = child.inlet();
    let turn = usize::midpoint(from.0, child.x);
    let path = format!("M{} {}{}", from.0, from.1, elbow(from, turn, to));
    let dot = Circle::new()
        .set("class", "dot")
        .set("cx", to.0)
        .set("cy", to.1)
        .set("r", 3);
    Group::new()
        .add(Path::new().set("class", "line").set("d", path))
        .add(dot)
}

/// Across to `turn`, up or down, across to the end, with round corners.
fn elbow((x, y): (usize, usize), turn: usize, (end, to): (usize, usize)) -> String {
    let radius = CORNER.min(y.abs_diff(to) / 2);
    let down = if to >= y {
        (y + radius, to - radius)
    } else {
        (y - radius, to + radius)
    };
    let before = if turn >= x { turn - radius } else { turn + radius };
    let after = if end >= turn { turn + radius } else { turn - radius };
    format!(
        "H{before}Q{turn} {y} {turn} {}V{}Q{turn} {to} {after} {to}H{end}",
        down.0, down.1
    )
}

fn legend(layout: &Layout<'_>) -> Group {
    let y = layout.height - MARGIN;
    let mut x = MARGIN;
    let mut group = Group::new();
    for (class, what, width) in [
        ("function", "function driver", 108),
        ("filter", "filter", 60),
        ("bus", "bus: the PDO", 96),
    ] {
        group = group
            .add(rectangle(x, y - 10, 12, 12, class).set("rx", 3))
            .add(text(what, x + 18, y, "legend"));
        x += width + 18;
    }
    let arrow = format!("M{x} {}h16", y - 4);
    let head = format!("M{} {}l-7 -{HEAD}v{}z", x + 20, y - 4, 2 * HEAD);
    group
        .add(Path::new().set("class", "arrow").set("d", arrow))
        .add(Path::new().set("class", "head").set("d", head))
        .add(text("open interface", x + 26, y, "legend"))
}

fn rectangle(x: usize, y: usize, width: usize, height: usize, class: &str) -> Rectangle {
    Rectangle::new()
        .set("class", class)
        .set("x", x)
        .set("y", y)
        .set("width", width)
        .set("height", height)
        .set("rx", CORNER)
}

fn text(content: &str, x: usize, y: usize, class: &str) -> Text {
    Text::new(content).set("class", class).set("x", x).set("y", y)
}

/// Ends where it would begin.
fn at_end(text: Text) -> Text {
    text.set("text-anchor", "end")
}
