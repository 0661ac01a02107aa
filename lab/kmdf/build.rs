//! Links the image with its version resource, and generates the numbering of the framework's functions from the ABI data.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

/// Names and table indexes of all KMDF 1.33 functions.
const FUNCTIONS: &str = "../abi/data/kmdf_1_33_functions.json";

/// The linker's arguments. 4257 and 4216: rustc knows neither /KERNEL nor an entry point that is not
/// exported.
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

/// The beginning of the list of indexes; most are of functions that are not implemented.
const INDEX_MODULE: &str = "/// The index of each function in the table.
#[allow(dead_code, reason = \"the list is complete, the framework is not\")]
#[allow(non_upper_case_globals, reason = \"the names are the framework's\")]
pub mod index {
";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    link_arguments()?;
    version_resource::embed()?;
    let data: serde_json::Value = serde_json::from_str(&fs::read_to_string(FUNCTIONS)?)?;
    let functions = data["functions"]
        .as_object()
        .ok_or("the function list is no object")?;
    let mut names: Vec<(u64, &str)> = Vec::new();
    for (name, index) in functions {
        names.push((index.as_u64().ok_or("a function index is no number")?, name));
    }
    names.sort_unstable();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("functions.rs"), render(&names)?)?;
    Ok(())
}

/// What `wdk_build` passes for a kernel image, with an entry point of our own: this image is the framework,
/// so the stub that binds a driver to one must not be linked in.
fn link_arguments() -> Result<(), Box<dyn Error>> {
    for path in wdk_build::Config::from_env_auto()?.library_paths()? {
        println!("cargo::rustc-link-search={}", path.display());
    }
    for argument in LINK_ARGUMENTS {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
    Ok(())
}

/// One constant for each index, the names in order, and a stub for each slot.
fn render(names: &[(u64, &str)]) -> Result<String, std::fmt::Error> {
    let count = names.len();
    let mut source = String::from(INDEX_MODULE);
    for (index, name) in names {
        writeln!(source, "    pub const {name}: usize = {index};")?;
    }
    writeln!(
        source,
        "}}\n\n/// How many functions KMDF 1.33 has.\npub const COUNT: usize = {count};\n"
    )?;
    writeln!(
        source,
        "/// The name of each function, by index.\npub static NAMES: [&core::ffi::CStr; COUNT] = ["
    )?;
    for (_, name) in names {
        writeln!(source, "    c\"{name}\",")?;
    }
    writeln!(
        source,
        "];\n\n/// A stub for each function that stops the run by name.\nconst STUBS: [Slot; COUNT] = ["
    )?;
    for (index, _) in names {
        writeln!(source, "    Slot(stub::<{index}> as *const ()),")?;
    }
    source.push_str("];\n");
    Ok(source)
}
