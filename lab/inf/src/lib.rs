//! Setup information files: reading them, and what they say about a driver package.
//!
//! Read: sections, directives, quoted strings, continuation lines, `%strkey%` tokens, UTF-8 and UTF-16 with a byte order mark.
//! Understood: `[Version]` with extension INFs, `[Manufacturer]`, models with their target decoration, `DDInstall` with `.Services`,
//! `.Filters`, `.HW` and `.Wdf`, `DefaultInstall` of primitive packages, service-install and filter-install sections, `AddReg`, `CopyFiles`
//! with `SourceDisksNames`, `SourceDisksFiles` and `DestinationDirs` for System32\drivers and the driver store.
//!
//! Not modelled, and told as warnings of a [`Package`]: `Include` and `Needs`, deleting and renaming, `Interfaces`, components, co-installers
//! and the rest of what Windows reads; and what Windows itself ignores. Other directories are refused, and so is an INF that has nothing for
//! amd64.
#![forbid(unsafe_code)]

mod package;
mod parse;
pub mod verify;

pub use package::{
    CopiedFile, Directory, Filter, Install, Model, Package, Place, RegistryEntry, Service, Side, SourceFile,
    Target, Wdf, number,
};
pub use parse::{Directive, Encoding, Inf, InfError, Section, Undefined};
