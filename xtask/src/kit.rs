//! `lab/wdk` assembled into the folder layout of a Windows kit, where wdk-build looks for it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{
    architecture::{ARM64, Architecture},
    command, files, place, toolchain,
};

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
const CODE_LIBRARIES: &[(&str, bool)] = &[
    ("WdfDriverEntry", true),
    ("BufferOverflowFastFailK", false),
    ("libcntpr", false),
];

/// The library of compiler helpers that wdk-build links on ARM64. The compilers here call none of them, so it is empty.
const ARM64_HELPERS: &str = "arm64rt";

/// A library file that is nothing but its signature, `IMAGE_ARCHIVE_START` of winnt.h.
const EMPTY_ARCHIVE: &[u8] = b"!<arch>\n";

/// The kernel-mode flags of a C file on every machine, with the driver model of the root Cargo.toml.
const C_FLAGS: &[&str] = &[
    "-ffreestanding",
    // Microsoft's compiler describes every frame for unwinding; clang does not when it is freestanding.
    "-funwind-tables",
    // What nothing refers to stays out of the image: a WDM driver gets no framework binding from WdfDriverEntry.lib.
    "-ffunction-sections",
    "-fdata-sections",
    "-O2",
    "-D_KERNEL_MODE",
    "-DKMDF_VERSION_MAJOR=1",
    "-DKMDF_VERSION_MINOR=33",
    "-DKMDF_MINIMUM_VERSION_REQUIRED=31",
];

/// Assembles the kit, or brings it up to date.
///
/// # Errors
///
/// When a file cannot be copied, or clang or llvm refuse one.
pub fn assemble(architecture: &Architecture) -> Result<()> {
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
    let libraries = kit.join("Lib");
    if changed && libraries.exists() {
        // Those of every machine were made of the old headers.
        files::remove(&libraries)?;
    }
    for (name, framework) in IMPORT_LIBRARIES {
        import_library(&source.join("lib"), name, architecture, *framework)?;
    }
    for (name, framework) in CODE_LIBRARIES {
        code_library(name, architecture, *framework)?;
    }
    if *architecture == *ARM64 {
        empty_library(&library_folder(architecture, false).join(format!("{ARM64_HELPERS}.lib")))?;
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
pub fn kernel_libraries(architecture: &Architecture) -> Vec<PathBuf> {
    let names = ["ntoskrnl", "hal", "wmilib", "BufferOverflowFastFailK", "libcntpr"];
    names
        .map(|name| library_folder(architecture, false).join(format!("{name}.lib")))
        .into()
}

/// What a KMDF driver is linked with beside that: its entry point and the framework's loader.
pub fn framework_libraries(architecture: &Architecture) -> Vec<PathBuf> {
    let folder = library_folder(architecture, true);
    ["WdfDriverEntry.lib", "WdfLdr.lib"]
        .map(|name| folder.join(name))
        .into()
}

fn library_folder(architecture: &Architecture, framework: bool) -> PathBuf {
    let libraries = place::kit().join("Lib");
    if framework {
        libraries.join("wdf/kmdf").join(architecture.kit).join(FRAMEWORK)
    } else {
        libraries.join(VERSION).join("km").join(architecture.kit)
    }
}

fn import_library(
    definitions: &Path,
    name: &str,
    architecture: &Architecture,
    framework: bool,
) -> Result<()> {
    let folder = library_folder(architecture, framework);
    let definition = folder.join(format!("{name}.def"));
    let library = folder.join(format!("{name}.lib"));
    let changed = files::copy(&definitions.join(format!("{name}.def")), &definition)?;
    if !changed && library.exists() {
        return Ok(());
    }
    command::stage(&format!("making the import library {name}.lib"));
    let mut tool = Command::new("llvm-dlltool");
    discard_on_failure(
        tool.args(["-m", architecture.dlltool, "-d"])
            .arg(&definition)
            .arg("-l")
            .arg(&library),
        &definition,
    )
}

fn code_library(name: &str, architecture: &Architecture, framework: bool) -> Result<()> {
    let folder = library_folder(architecture, framework);
    let library = folder.join(format!("{name}.lib"));
    if library.exists() {
        return Ok(());
    }
    command::stage(&format!("compiling {name}.lib"));
    files::make_folder(&folder)?;
    let object = format!("{name}.obj");
    let source = place::kit().join("src").join(format!("{name}.c"));
    // A section for each function and variable: an image that binds to no framework keeps none of the entry stub.
    let mut clang = compiler(architecture);
    clang.args(["-ffunction-sections", "-fdata-sections", "-c"]);
    command::run(clang.arg(source).arg("-o").arg(folder.join(&object)))?;
    // In the folder: the library keeps the name of the object as it was given.
    command::run(
        Command::new("llvm-lib")
            .current_dir(&folder)
            .arg("/nologo")
            .arg(format!("/out:{}", library.display()))
            .arg(&object),
    )
}

/// A library without members; llvm-lib makes none of no input.
fn empty_library(library: &Path) -> Result<()> {
    files::write(library, EMPTY_ARCHIVE).map(drop)
}

/// Clang with flags and folders for a C file of ours that includes the kit's headers.
pub fn compiler(architecture: &Architecture) -> Command {
    let mut clang = plain_compiler(architecture);
    clang.args(["-Wall", "-Werror"]);
    clang
}

/// The same for anybody's C file.
pub fn plain_compiler(architecture: &Architecture) -> Command {
    let mut clang = Command::new("clang");
    // Symbols name the folder and the command line; neither may depend on where this checkout lies.
    clang
        .current_dir(&*place::ROOT)
        .arg(format!("-ffile-compilation-dir={}", toolchain::MAPPED_ROOT))
        .arg(format!("--target={}", architecture.target))
        .args(architecture.flags)
        .args(C_FLAGS);
    for folder in include_folders() {
        clang.arg("-I").arg(place::in_root(&folder));
    }
    clang
}

/// Runs a command that makes something of `source`, and forgets the source when it fails so that the next run tries again.
fn discard_on_failure(command: &mut Command, source: &Path) -> Result<()> {
    command::run(command).inspect_err(|_| {
        let _ = std::fs::remove_file(source);
    })
}
