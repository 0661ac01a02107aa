//! `AddFilter`: filters that a package puts into a device's stack ("INF `AddFilter` directive", Windows 10 1903 and later).

use super::registry::number;
use crate::{Directive, Inf, InfError};

/// On which side of the function driver a filter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above it.
    Upper,
    /// Below it.
    Lower,
}

/// Where a filter asks to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `FilterPosition`: somewhere on this side.
    Position(Side),
    /// `FilterLevel`: at a level that the device's base package defines.
    Level(String),
}

/// A filter that the package puts into the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The line of the `AddFilter`.
    pub line: usize,
    /// Its service, of this package or installed by another.
    pub service: String,
    /// Where it asks to stand.
    pub place: Place,
}

/// Reads the `.Filters` section of an install section.
pub(super) fn filters(inf: &Inf, install: &str) -> Result<Vec<Filter>, InfError> {
    inf.directives(&format!("{install}.Filters"), "AddFilter")
        .map(|line| filter(inf, line))
        .collect()
}

fn filter(inf: &Inf, line: &Directive) -> Result<Filter, InfError> {
    let (service, section) = (line.value(0), line.value(2));
    if service.is_empty() {
        return Err(inf.error(line.line, "AddFilter names no service"));
    }
    if number(line.value(1)) != Some(0) {
        let reason = format!("the flags of AddFilter are {:?} and must be 0", line.value(1));
        return Err(inf.error(line.line, reason));
    }
    if inf.section(section).is_none() {
        let reason = format!("there is no filter-install section [{section}]");
        return Err(inf.error(line.line, reason));
    }
    Ok(Filter {
        line: line.line,
        service: service.to_owned(),
        place: place(inf, line.line, section)?,
    })
}

/// A filter-install section has either `FilterLevel` or `FilterPosition`.
fn place(inf: &Inf, line: usize, section: &str) -> Result<Place, InfError> {
    let one = |key| inf.directives(section, key).next();
    match (one("FilterLevel"), one("FilterPosition")) {
        (Some(level), None) if level.value(0).is_empty() => {
            Err(inf.error(level.line, "FilterLevel names no level"))
        }
        (Some(level), None) => Ok(Place::Level(level.value(0).to_owned())),
        (None, Some(position)) => side(inf, position).map(Place::Position),
        (Some(_), Some(second)) => Err(inf.error(
            second.line,
            format!("[{section}] has both FilterLevel and FilterPosition"),
        )),
        (None, None) => Err(inf.error(
            line,
            format!("[{section}] has neither FilterLevel nor FilterPosition"),
        )),
    }
}

fn side(inf: &Inf, position: &Directive) -> Result<Side, InfError> {
    match position.value(0).to_lowercase().as_str() {
        "upper" => Ok(Side::Upper),
        "lower" => Ok(Side::Lower),
        other => Err(inf.error(
            position.line,
            format!("FilterPosition is {other:?} and must be Upper or Lower"),
        )),
    }
}
