//! Links the image as plain WDM. The workspace's driver model is KMDF (wdk-build wants one for all), so what `wdk_build` would pass
//! has the framework's entry stub in it; this driver has no framework, and its entry point is `DriverEntry`.

/// The linker's arguments. 4257 and 4216: rustc knows neither /KERNEL nor an entry point that is not exported.
const LINK_ARGUMENTS: [&str; 14] = [
    "/DRIVER",
    "/NODEFAULTLIB",
    "/SUBSYSTEM:NATIVE",
    "/KERNEL",
    "/ENTRY:DriverEntry",
    "/IGNORE:4257",
    "/IGNORE:4216",
    "/NXCOMPAT",
    "/DYNAMICBASE",
    "/MAP",
    "/MAPINFO:EXPORTS",
    "/OPT:REF,ICF",
    "/INTEGRITYCHECK",
    "/MANIFEST:NO",
];

fn main() -> Result<(), wdk_build::ConfigError> {
    println!("cargo::rerun-if-changed=build.rs");
    for path in wdk_build::Config::from_env_auto()?.library_paths()? {
        println!("cargo::rustc-link-search={}", path.display());
    }
    for argument in LINK_ARGUMENTS {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    Ok(())
}
