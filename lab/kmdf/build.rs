//! Links the image and generates the numbering of the framework's functions from the ABI data.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

/// Names and table indexes of all KMDF 1.33 functions.
const FUNCTIONS: &str = "../abi/data/kmdf_1_33_functions.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FUNCTIONS}");
    wdk_build::configure_wdk_binary_build()?;
    // The last /ENTRY wins: this image is the framework, so the stub that binds to one must not start it.
    println!("cargo::rustc-cdylib-link-arg=/ENTRY:DriverEntry");
    println!("cargo::rustc-cdylib-link-arg=/IGNORE:4216");
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

/// One constant for each index, the names in order, and a stub for each slot.
fn render(names: &[(u64, &str)]) -> Result<String, std::fmt::Error> {
    let count = names.len();
    let mut source = String::from("/// The index of each function in the table.\npub mod index {\n");
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
