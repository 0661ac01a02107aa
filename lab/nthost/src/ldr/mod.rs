//! The loader: maps images, binds their imports, names addresses in them.
//!
//! Headers and tables are read by safe code that believes nothing it has not compared with the bytes there are;
//! `mapping` holds the memory and `unwind` reads stacks.

mod bind;
mod bytes;
mod contents;
mod debugger;
mod directories;
mod dll;
mod error;
pub mod files;
mod framework;
mod headers;
mod image;
mod load_config;
mod mapping;
mod registry;
mod symbols;
#[cfg(test)]
mod tests;
pub mod unwind;

pub use bind::{load, unload};
pub use contents::{Contents, imported_modules};
pub use error::{LoadError, Malformed};
pub use image::Image;
pub use mapping::{Mapping, Protection};
pub use registry::{ImageRef, Location, add_search_path, find, image_at, is_in, loaded, set_unload_hook};
