//! The clients in C and C++: what a developer without Rust builds, with clang, the kit, `include/sample.h` and `sample.lib`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{command, files, kit, place, toolchain::Toolchain};

/// The list of exports, and the import library that is made of it.
const DEFINITIONS: &str = "sample.def";
const IMPORT_LIBRARY: &str = "sample.lib";

/// A driver of one source file.
struct Client {
    /// The image without `.sys`, and the folder below `clients`.
    name: &'static str,
    source: &'static str,
    flags: &'static [&'static str],
}

const CLIENTS: &[Client] = &[
    Client {
        name: "helper-c",
        source: "helper.c",
        flags: &["-std=c11"],
    },
    Client {
        name: "helper-cpp",
        source: "helper.cpp",
        flags: &["-std=c++17", "-fno-exceptions", "-fno-rtti"],
    },
];

/// How the WDK links a WDM driver.
const LINK_ARGUMENTS: &[&str] = &[
    "/nologo",
    "/DRIVER",
    "/NODEFAULTLIB",
    "/SUBSYSTEM:NATIVE",
    "/KERNEL",
    "/ENTRY:DriverEntry",
    "/NXCOMPAT",
    "/DYNAMICBASE",
    "/MAPINFO:EXPORTS",
    "/OPT:REF,ICF",
    "/INTEGRITYCHECK",
    "/MANIFEST:NO",
    "ntoskrnl.lib",
    IMPORT_LIBRARY,
];

/// Whether a package is built here and not by cargo.
pub fn has(package: &str) -> bool {
    CLIENTS.iter().any(|client| client.name == package)
}

/// Makes `sample.lib` from `sample.def`. llvm-dlltool leaves the PRIVATE names out; a test looks.
///
/// # Errors
///
/// When llvm-dlltool refuses the list.
pub fn import_library(out: &Path) -> Result<()> {
    files::make_folder(out)?;
    command::run(
        Command::new("llvm-dlltool")
            .args(["-m", "i386:x86-64", "-d"])
            .arg(place::ROOT.join(DEFINITIONS))
            .arg("-l")
            .arg(out.join(IMPORT_LIBRARY)),
    )
}

/// Builds the clients, all of them if `packages` is empty, into `out`, where the import library is.
///
/// # Errors
///
/// When one does not compile or link.
pub fn build(toolchain: &Toolchain, out: &Path, packages: &[String]) -> Result<()> {
    CLIENTS
        .iter()
        .filter(|client| packages.is_empty() || packages.iter().any(|name| name == client.name))
        .try_for_each(|client| build_client(toolchain, out, client))
}

fn build_client(toolchain: &Toolchain, out: &Path, client: &Client) -> Result<()> {
    let folder = place::ROOT.join("clients").join(client.name);
    let objects = place::TARGET.join("clients");
    files::make_folder(&objects)?;
    let object = objects.join(format!("{}.obj", client.name));
    command::run(
        kit::compiler()
            .args(client.flags)
            .args(["-Wextra", "-I"])
            .arg(place::ROOT.join("include"))
            .arg("-c")
            .arg(folder.join(client.source))
            .arg("-o")
            .arg(&object),
    )?;
    command::run(
        Command::new(toolchain.linker())
            .args(LINK_ARGUMENTS)
            .arg(format!("/LIBPATH:{}", kit::system_libraries().display()))
            .arg(format!("/LIBPATH:{}", out.display()))
            .arg(format!(
                "/MAP:{}",
                out.join(client.name).with_extension("map").display()
            ))
            .arg(format!(
                "/OUT:{}",
                out.join(client.name).with_extension("sys").display()
            ))
            .arg(&object),
    )
}
