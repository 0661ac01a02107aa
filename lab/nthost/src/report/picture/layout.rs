//! What stands where, in pixels: a column for each depth of the tree, a card for each device, a row for each device object.

use crate::report::tree::{Device, Interface, Layer};

pub(super) const MARGIN: usize = 16;
pub(super) const PADDING: usize = 12;
const COLUMN_GAP: usize = 44;
const CARD_GAP: usize = 18;
/// Above the rows: description and instance ID, or the instance ID alone.
const HEADER: usize = 44;
const SHORT_HEADER: usize = 26;
pub(super) const ROW: usize = 26;
const ROW_GAP: usize = 4;
/// Right of the rows, for the arrow of each interface.
pub(super) const ARROW_GAP: usize = 14;
/// Below the rows, for each interface: who holds it, and its GUID.
pub(super) const NOTE: usize = 34;
/// Below the cards.
const LEGEND: usize = 34;
const LEGEND_WIDTH: usize = 424;

/// A card, which is a device.
pub(super) struct Card<'a> {
    pub(super) device: &'a Device,
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    /// The card of the bus that it is on.
    pub(super) parent: Option<usize>,
}

/// Every card, parents first, and the size of the picture.
pub(super) struct Layout<'a> {
    pub(super) cards: Vec<Card<'a>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<'a> Layout<'a> {
    pub(super) fn of(tree: &'a Device) -> Self {
        let mut widths = Vec::new();
        measure(tree, 0, &mut widths);
        let columns = widths.iter().map(|width| width + COLUMN_GAP).sum::<usize>() - COLUMN_GAP;
        let mut layout = Self {
            cards: Vec::new(),
            width: LEGEND_WIDTH.max(columns) + 2 * MARGIN,
            height: height_of_tree(tree) + 2 * MARGIN + LEGEND,
        };
        layout.place(tree, None, MARGIN, MARGIN, &widths);
        layout
    }

    /// Places a device beside the middle of its children, whose cards stand one below the other.
    fn place(&mut self, device: &'a Device, parent: Option<usize>, x: usize, top: usize, widths: &[usize]) {
        let Some((width, widths)) = widths.split_first() else {
            return;
        };
        let index = self.cards.len();
        self.cards.push(Card {
            device,
            x,
            y: top + (height_of_tree(device) - height(device)) / 2,
            width: *width,
            parent,
        });
        let mut below = top + height_of_tree(device).saturating_sub(height_of_children(device)) / 2;
        for child in &device.children {
            self.place(child, Some(index), x + width + COLUMN_GAP, below, widths);
            below += height_of_tree(child) + CARD_GAP;
        }
    }
}

impl Card<'_> {
    pub(super) const fn height(&self) -> usize {
        height(self.device)
    }

    /// The top of a row.
    pub(super) const fn row(&self, index: usize) -> usize {
        self.y + header(self.device) + index * (ROW + ROW_GAP)
    }

    pub(super) fn row_width(&self) -> usize {
        self.width - 2 * PADDING - arrows(self.device) * ARROW_GAP
    }

    /// The top of what is told of an interface.
    pub(super) const fn note(&self, index: usize) -> usize {
        self.row(self.device.stack.len()) + index * NOTE
    }

    /// Where the line to the children begins: the function driver makes them.
    pub(super) fn outlet(&self) -> usize {
        let function = self
            .device
            .stack
            .iter()
            .position(|layer| layer.role == "function");
        function.map_or_else(|| self.y + self.height() / 2, |index| self.row(index) + ROW / 2)
    }

    /// Where the line from the bus ends: at the PDO.
    pub(super) fn inlet(&self) -> (usize, usize) {
        let bottom = self.device.stack.len().checked_sub(1);
        bottom.map_or_else(
            || (self.x, self.y + self.height() / 2),
            |index| (self.x + PADDING, self.row(index) + ROW / 2),
        )
    }
}

/// The part that a driver plays, with its service where that has another name than the image.
pub(super) fn part(layer: &Layer) -> String {
    let service = layer.service_of_another_name();
    service.map_or_else(
        || layer.role.to_owned(),
        |service| format!("{service}, {}", layer.role),
    )
}

/// Who holds what of whom; the GUID stands below.
pub(super) fn held(interface: &Interface) -> String {
    format!(
        "{} holds an interface of {}",
        interface.client, interface.provider
    )
}

/// The rows of the holder and of the provider of an interface, if both are in the stack.
pub(super) fn ends(device: &Device, interface: &Interface) -> Option<(usize, usize)> {
    let find = |image: &str| {
        let mut rows = device.stack.iter();
        rows.position(|layer| layer.name().eq_ignore_ascii_case(image))
    };
    Some((find(&interface.client)?, find(&interface.provider)?))
}

/// How many interfaces have both ends in the stack.
fn arrows(device: &Device) -> usize {
    let interfaces = device.interfaces.iter();
    interfaces
        .filter(|interface| ends(device, interface).is_some())
        .count()
}

const fn header(device: &Device) -> usize {
    if device.description.is_empty() {
        SHORT_HEADER
    } else {
        HEADER
    }
}

const fn height(device: &Device) -> usize {
    let rows = device.stack.len() * (ROW + ROW_GAP);
    header(device) + rows + device.interfaces.len() * NOTE + PADDING - ROW_GAP
}

fn height_of_tree(device: &Device) -> usize {
    height(device).max(height_of_children(device))
}

fn height_of_children(device: &Device) -> usize {
    let heights = device
        .children
        .iter()
        .map(|child| height_of_tree(child) + CARD_GAP);
    heights.sum::<usize>().saturating_sub(CARD_GAP)
}

/// The width of each column, from the widest card in it.
fn measure(device: &Device, depth: usize, widths: &mut Vec<usize>) {
    if widths.len() == depth {
        widths.push(0);
    }
    widths[depth] = widths[depth].max(width(device));
    for child in &device.children {
        measure(child, depth + 1, widths);
    }
}

/// Widths of a character, in tenths of a pixel, rounded up: no font is at hand here, and none is the same everywhere.
const MONOSPACE: usize = 67;
const SMALL_MONOSPACE: usize = 62;
const BOLD: usize = 78;
const SMALL: usize = 63;

fn width(device: &Device) -> usize {
    let text = |text: &str, character: usize| (text.chars().count() * character).div_ceil(10);
    let head = text(&device.instance_id, MONOSPACE)
        .max(text(&device.description, BOLD) + text(device.status, SMALL));
    let rows = device.stack.iter().map(|layer| {
        text(layer.name(), BOLD) + text(&part(layer), SMALL) + 3 * PADDING + arrows(device) * ARROW_GAP
    });
    let notes = device
        .interfaces
        .iter()
        .map(|interface| text(&interface.guid, SMALL_MONOSPACE));
    let widest = rows.chain(notes).max().unwrap_or(0).max(head);
    widest + 2 * PADDING
}
