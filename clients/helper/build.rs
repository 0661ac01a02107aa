//! Links a legacy driver in a workspace whose driver model is KMDF.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    wdk_build::configure_wdk_binary_build()?;
    // wdk-build knows one driver model for the whole workspace. The last /ENTRY wins: this driver binds to no framework.
    println!("cargo::rustc-cdylib-link-arg=/ENTRY:DriverEntry");
    println!("cargo::rustc-cdylib-link-arg=/IGNORE:4216");
    Ok(version_resource::embed()?)
}
