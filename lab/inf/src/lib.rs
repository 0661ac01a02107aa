//! Setup information files: reading them, and what they say about a driver package.
//!
//! Read: sections, directives, quoted strings, continuation lines, `%strkey%` tokens, UTF-8 and UTF-16 with a byte order mark.
//! Understood: `[Version]` with extension INFs, `[Manufacturer]`, models with their target decoration, `DDInstall` with `.Services`,
//! `.Filters`, `.HW` and `.Wdf`, service-install and filter-install sections, `AddReg`. Not modelled: `CopyFiles` (a package's files lie beside its INF), `Include` and
//! `Needs`, co-installers, `Interfaces`, and everything for other architectures than amd64.

mod package;
mod parse;
pub mod verify;

pub use package::{
    CopiedFile, Directory, Filter, Install, Model, Package, Place, RegistryEntry, Service, Side, SourceFile,
    Target, Wdf, number,
};
pub use parse::{Directive, Encoding, Inf, InfError, Section, Undefined};
