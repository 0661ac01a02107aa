//! wdfldr.sys, where the program was built with it: then it needs no file beside it.

use std::path::PathBuf;

use super::files;

/// The module's name.
const NAME: &str = "wdfldr.sys";

/// The image; empty in a program that looks for it in the folders of `--drivers`.
static IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/wdfldr.sys"));

/// The file for a module that is nowhere else, if the program carries it.
pub(super) fn carried(module: &str) -> Option<PathBuf> {
    if !is_framework(module) || IMAGE.is_empty() {
        return None;
    }
    let path = format!(r"{}\{NAME}", files::DRIVERS);
    files::store(&path, IMAGE.into(), PathBuf::from(NAME));
    Some(PathBuf::from(path))
}

/// What to do about a module that is not found.
pub(super) const fn remedy(module: &str) -> &'static str {
    if is_framework(module) {
        "; it is the lab's KMDF runtime: `cargo xtask build -p wdfldr` makes it, `--drivers DIR` says where it is, and the program that `cargo xtask install` makes carries it"
    } else {
        ""
    }
}

const fn is_framework(module: &str) -> bool {
    module.eq_ignore_ascii_case(NAME)
}
