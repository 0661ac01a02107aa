//! The clients in C and C++: compiled by clang against the kit, linked by rust-lld with the import library of sample.sys.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{command, files, kit, place, toolchain::Toolchain};

/// The list of exports, which is the import library's source.
const DEFINITION: &str = "sample.def";

/// A driver of one source file.
struct CDriver {
    /// The image, without `.sys`.
    image: &'static str,
    source: &'static str,
    /// The language's standard, as clang names it.
    standard: &'static str,
}

const C_DRIVERS: &[CDriver] = &[
    CDriver {
        image: "helper-c",
        source: "clients/helper-c/helper.c",
        standard: "-std=c17",
    },
    CDriver {
        image: "helper-cpp",
        source: "clients/helper-cpp/helper.cpp",
        standard: "-std=c++17",
    },
];

/// The standards that the header is compiled in, by the test.
const HEADER_STANDARDS: &[(&str, &str)] = &[("c", "-std=c11"), ("c", "-std=c17"), ("c++", "-std=c++17")];

/// Makes sample.lib and the C drivers of a profile, where they are not there or their sources are newer.
///
/// # Errors
///
/// When a tool is missing or refuses a source.
pub fn build(toolchain: &Toolchain, profile: &str) -> Result<()> {
    let out = place::drivers(profile);
    files::make_folder(&out)?;
    let library = out.join("sample.lib");
    import_library(&library)?;
    C_DRIVERS
        .iter()
        .try_for_each(|driver| c_driver(toolchain, driver, &out, &library))
}

/// The import library. LLVM's tool knows no PRIVATE, so those lines stay out of what it is given.
fn import_library(library: &Path) -> Result<()> {
    let definition = files::read(&place::ROOT.join(DEFINITION))?;
    let public = place::TARGET.join("tools").join(DEFINITION);
    let changed = files::write(&public, without_private(&definition).as_bytes())?;
    if !changed && library.exists() {
        return Ok(());
    }
    command::run(
        Command::new("llvm-dlltool")
            .args(["-m", "i386:x86-64", "-d"])
            .arg(&public)
            .arg("-l")
            .arg(library),
    )
}

fn without_private(definition: &str) -> String {
    let public = definition
        .lines()
        .filter(|line| !line.split_whitespace().any(|word| word == "PRIVATE"));
    public.fold(String::new(), |text, line| text + line + "\n")
}

fn c_driver(toolchain: &Toolchain, driver: &CDriver, out: &Path, library: &Path) -> Result<()> {
    let source = place::ROOT.join(driver.source);
    let image = out.join(format!("{}.sys", driver.image));
    let header = place::ROOT.join(crate::header::HEADER);
    if is_newer(&image, &[&source, &header, library]) {
        return Ok(());
    }
    command::stage(&format!("compiling {}", driver.source));
    let object = place::TARGET.join("tools").join(format!("{}.obj", driver.image));
    command::run(
        compiler()
            .arg(driver.standard)
            .arg("-c")
            .arg(&source)
            .arg("-o")
            .arg(&object),
    )?;
    command::run(
        toolchain
            .linker()
            .args([
                "/DRIVER",
                "/KERNEL",
                "/NODEFAULTLIB",
                "/SUBSYSTEM:NATIVE",
                "/ENTRY:DriverEntry",
                "/NXCOMPAT",
                "/DYNAMICBASE",
            ])
            .arg(format!("/OUT:{}", image.display()))
            .arg(format!("/MAP:{}", image.with_extension("map").display()))
            .arg(&object)
            .arg(library)
            .args(kit::kernel_libraries()),
    )
}

fn compiler() -> Command {
    let mut clang = kit::compiler();
    clang
        .args(["-Wextra", "-mno-red-zone", "-I"])
        .arg(place::ROOT.join("include"));
    clang
}

fn is_newer(made: &Path, sources: &[&Path]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = time(made);
    made.is_some() && sources.iter().all(|source| time(source) <= made)
}

/// Compiles the header alone in every language that it is for.
///
/// # Errors
///
/// When clang refuses it.
pub fn check_header() -> Result<()> {
    let source = place::TARGET.join("tools/header.c");
    files::write(
        &source,
        b"#include <ntddk.h>\n#include <initguid.h>\n#include \"sample.h\"\n#include \"sample.h\"\n",
    )?;
    for (language, standard) in HEADER_STANDARDS {
        command::run(
            compiler()
                .args(["-fsyntax-only", "-x", language, standard])
                .arg(&source),
        )
        .with_context(|| format!("{} does not compile as {standard}", crate::header::HEADER))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn private_exports_stay_out_of_the_library() {
        let definition = "LIBRARY x.sys\nEXPORTS\n    DllUnload PRIVATE\n    Routine\n";
        assert_eq!(
            super::without_private(definition),
            "LIBRARY x.sys\nEXPORTS\n    Routine\n"
        );
    }
}
