//! Tells cargo how to link a kernel image, from the driver model in the workspace's metadata, what it
//! exports, from sample.def, and what it says about itself.

use std::{error::Error, fs};

/// The exports, once.
const DEFINITIONS: &str = "sample.def";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DEFINITIONS}");
    wdk_build::configure_wdk_binary_build()?;
    version_resource::embed()?;
    export_what_is_defined(&fs::read_to_string(DEFINITIONS)?);
    Ok(())
}

/// One argument for each line of the list, so that a name without a routine fails the link.
///
/// Not `/DEF`: rustc passes one of its own, and with two the last one wins. rustc exports the same routines, as `#[no_mangle]`,
/// which link.exe would tell as 4197 (exported twice) and 4104 (a PRIVATE name exported without that word).
fn export_what_is_defined(definitions: &str) {
    let lines = definitions
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "EXPORTS")
        .skip(1);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with(';')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        println!("cargo::rustc-cdylib-link-arg=/EXPORT:{}", words.join(","));
    }
    println!("cargo::rustc-cdylib-link-arg=/IGNORE:4197");
    println!("cargo::rustc-cdylib-link-arg=/IGNORE:4104");
}
