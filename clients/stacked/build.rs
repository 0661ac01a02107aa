//! Tells cargo how to link a kernel image, from the driver model in the workspace's metadata.

fn main() -> Result<(), wdk_build::ConfigError> {
    wdk_build::configure_wdk_binary_build()
}
