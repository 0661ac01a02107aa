//! Tells cargo how to link a kernel image, from the driver model in the workspace's metadata, and what the image says about itself.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    wdk_build::configure_wdk_binary_build()?;
    Ok(version_resource::embed()?)
}
