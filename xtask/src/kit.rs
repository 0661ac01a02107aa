//! `lab/wdk` assembled into the folder layout of a Windows kit, where wdk-build looks for it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{command, files, place};

/// The version that the kit gives itself: the one of Windows 11 24H2.
pub const VERSION: &str = "10.0.26100.0";

/// The framework's version, as wdk-build and INF files spell it.
pub const FRAMEWORK: &str = "1.33";

/// The import libraries: the `.def` file in `lab/wdk/lib` and whether it belongs to the framework.
const IMPORT_LIBRARIES: &[(&str, bool)] = &[
    ("ntoskrnl", false),
    ("hal", false),
    ("wmilib", false),
    ("WdfLdr", true),
];

/// The libraries that are code: the C file in `lab/wdk/src` and whether it belongs to the framework.
const CODE_LIBRARIES: &[(&str, bool)] = &[("WdfDriverEntry", true), ("BufferOverflowFastFailK", false)];

/// The kernel-mode flags of a C file, with the driver model of the root Cargo.toml.
pub const C_FLAGS: &[&str] = &[
    "--target=x86_64-pc-windows-msvc",
    "-ffreestanding",
    "-O2",
    "-Wall",
    "-Werror",
    "-D_KERNEL_MODE",
    "-D_WIN64",
    "-D_AMD64_",
    "-DAMD64",
    "-DKMDF_VERSION_MAJOR=1",
    "-DKMDF_VERSION_MINOR=33",
    "-DKMDF_MINIMUM_VERSION_REQUIRED=31",
];

/// Assembles the kit, or brings it up to date.
///
/// # Errors
///
/// When a file cannot be copied, or clang or llvm refuse one.
pub fn assemble() -> Result<()> {
    let (source, kit) = (place::ROOT.join("lab/wdk"), place::kit());
    let includes = kit.join("Include").join(VERSION);
    let mut changed = false;
    for (from, to) in [
        (source.join("include/km"), includes.join("km")),
        (source.join("include/shared"), includes.join("shared")),
        (source.join("include/wdf"), kit.join("Include/wdf")),
        (source.join("src"), kit.join("src")),
    ] {
        changed |= files::mirror(&from, &to)?;
    }
    for (name, framework) in IMPORT_LIBRARIES {
        import_library(&source.join("lib"), name, &library_folder(*framework))?;
    }
    for (name, framework) in CODE_LIBRARIES {
        code_library(name, &library_folder(*framework), changed)?;
    }
    Ok(())
}

/// The folders that a C file of a KMDF driver includes from.
pub fn include_folders() -> Vec<PathBuf> {
    let includes = place::kit().join("Include");
    let system = includes.join(VERSION);
    vec![
        system.join("km/crt"),
        system.join("km"),
        system.join("shared"),
        includes.join("wdf/kmdf").join(FRAMEWORK),
    ]
}

/// What a plain kernel image is linked with.
pub fn kernel_libraries() -> Vec<PathBuf> {
    let names = ["ntoskrnl", "hal", "BufferOverflowFastFailK"];
    names
        .map(|name| library_folder(false).join(format!("{name}.lib")))
        .into()
}

fn library_folder(framework: bool) -> PathBuf {
    let libraries = place::kit().join("Lib");
    if framework {
        libraries.join("wdf/kmdf/x64").join(FRAMEWORK)
    } else {
        libraries.join(VERSION).join("km/x64")
    }
}

fn import_library(definitions: &Path, name: &str, folder: &Path) -> Result<()> {
    let definition = folder.join(format!("{name}.def"));
    let library = folder.join(format!("{name}.lib"));
    let changed = files::copy(&definitions.join(format!("{name}.def")), &definition)?;
    if !changed && library.exists() {
        return Ok(());
    }
    command::stage(&format!("making the import library {name}.lib"));
    let mut tool = Command::new("llvm-dlltool");
    discard_on_failure(
        tool.args(["-m", "i386:x86-64", "-d"])
            .arg(&definition)
            .arg("-l")
            .arg(&library),
        &definition,
    )
}

fn code_library(name: &str, folder: &Path, changed: bool) -> Result<()> {
    let library = folder.join(format!("{name}.lib"));
    if !changed && library.exists() {
        return Ok(());
    }
    command::stage(&format!("compiling {name}.lib"));
    files::make_folder(folder)?;
    let object = folder.join(format!("{name}.obj"));
    // A failure must not leave the old library behind as if it were current.
    let _ = std::fs::remove_file(&library);
    let source = place::kit().join("src").join(format!("{name}.c"));
    // A section for each function and variable: an image that binds to no framework keeps none of the entry stub.
    let mut clang = compiler();
    clang.args(["-ffunction-sections", "-fdata-sections", "-c"]);
    command::run(clang.arg(source).arg("-o").arg(&object))?;
    command::run(
        Command::new("llvm-lib")
            .arg("/nologo")
            .arg(format!("/out:{}", library.display()))
            .arg(&object),
    )
}

/// Clang with flags and folders for a C file that includes the kit's headers.
pub fn compiler() -> Command {
    let mut clang = Command::new("clang");
    clang.args(C_FLAGS);
    for folder in include_folders() {
        clang.arg("-I").arg(folder);
    }
    clang
}

/// Runs a command that makes something of `source`, and forgets the source when it fails so that the next run tries again.
fn discard_on_failure(command: &mut Command, source: &Path) -> Result<()> {
    command::run(command).inspect_err(|_| {
        let _ = std::fs::remove_file(source);
    })
}
