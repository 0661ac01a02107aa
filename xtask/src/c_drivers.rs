//! The clients in C and C++: compiled by clang against the kit, linked by rust-lld with the import library of sample.sys.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use version_resource::VersionInfo;

use crate::{
    architecture::{Architecture, X64},
    build::Build,
    command, files, kit, place,
    toolchain::Toolchain,
};

/// The list of exports, which is the import library's source.
const DEFINITION: &str = "sample.def";

/// The import library of sample.sys.
const SAMPLE: &str = "sample.lib";

/// A driver of one source file.
struct CDriver {
    /// The image, without `.sys`.
    image: &'static str,
    source: &'static str,
    /// The language's standard, as clang names it.
    standard: &'static str,
    /// What the image's properties say.
    description: &'static str,
    /// The import libraries in the folder of the build.
    libraries: &'static [&'static str],
    model: Model,
}

/// What stands between the system and a driver's `DriverEntry`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Model {
    Wdm,
    /// The framework's stub, and the exports of sample.sys.
    Kmdf,
}

impl CDriver {
    /// The image's name without its folder.
    fn file_name(&self) -> &str {
        self.image.rsplit('/').next().unwrap_or(self.image)
    }

    fn version(&self, release: bool) -> VersionInfo<'_> {
        VersionInfo {
            image: self.file_name(),
            description: self.description,
            version: env!("CARGO_PKG_VERSION"),
            license: env!("CARGO_PKG_LICENSE"),
            debug: !release,
        }
    }
}

impl Model {
    const fn entry(self) -> &'static str {
        match self {
            Self::Wdm => "DriverEntry",
            Self::Kmdf => "FxDriverEntry",
        }
    }
}

const C_DRIVERS: &[CDriver] = &[
    CDriver {
        image: "helper-c",
        source: "clients/helper-c/helper.c",
        standard: "-std=c17",
        description: "A legacy driver in C that imports SampleDouble",
        libraries: &[SAMPLE],
        model: Model::Wdm,
    },
    CDriver {
        image: "legacy-c",
        source: "clients/legacy-c/legacy.c",
        standard: "-std=c17",
        description: "A legacy driver in C that asks the bus for its table",
        libraries: &[SAMPLE],
        model: Model::Wdm,
    },
    CDriver {
        image: "helper-cpp",
        source: "clients/helper-cpp/helper.cpp",
        standard: "-std=c++17",
        description: "A legacy driver in C++ that imports SampleDouble",
        libraries: &[SAMPLE],
        model: Model::Wdm,
    },
];

/// The names of the images, without `.sys`.
pub fn images() -> impl Iterator<Item = &'static str> {
    C_DRIVERS.iter().map(|driver| driver.image)
}

/// What `cargo xtask bench` measures with, in this order: the linker makes the first one's import library, which the second one needs.
const BENCH_DRIVERS: &[CDriver] = &[
    CDriver {
        image: "reference",
        source: "lab/bench/drivers/reference.c",
        standard: "-std=c17",
        description: "The routines of sample.sys in C",
        libraries: &[],
        model: Model::Wdm,
    },
    CDriver {
        image: "exports",
        source: "lab/bench/drivers/exports.c",
        standard: "-std=c17",
        description: "Times calls of the kernel's exports",
        libraries: &[],
        model: Model::Wdm,
    },
    CDriver {
        image: "c/sample",
        source: "lab/bench/drivers/sample.c",
        standard: "-std=c17",
        description: "sample.sys in C",
        libraries: &[],
        model: Model::Kmdf,
    },
    CDriver {
        image: "bench",
        source: "lab/bench/drivers/bench.c",
        standard: "-std=c17",
        description: "Times direct calls and what stands against them",
        libraries: &[SAMPLE, "reference.lib"],
        model: Model::Wdm,
    },
];

/// The client of `cargo xtask soak`.
const SOAK_DRIVER: CDriver = CDriver {
    image: "soak",
    source: "lab/tests/drivers/soak.c",
    standard: "-std=c17",
    description: "Holds tables of sample.sys and calls through them",
    libraries: &[],
    model: Model::Wdm,
};

/// The standards that the header is compiled in, by the test.
const HEADER_STANDARDS: &[(&str, &str)] = &[("c", "-std=c11"), ("c", "-std=c17"), ("c++", "-std=c++17")];

/// Makes sample.lib and the C drivers, where they are not there or their sources are newer.
///
/// # Errors
///
/// When a tool is missing or refuses a source.
pub fn build(build: Build) -> Result<()> {
    if cfg!(windows) {
        // The C drivers are built with clang and the lab's kit only.
        return import_library_of_windows(build);
    }
    let toolchain = Toolchain::find(build.architecture)?;
    let out = build.folder();
    files::make_folder(&out)?;
    import_library(build, &out.join(SAMPLE))?;
    C_DRIVERS
        .iter()
        .try_for_each(|driver| c_driver(&toolchain, build, driver))
}

/// Makes the drivers of the bench, where they are not there or their sources are newer. The others were built before.
///
/// # Errors
///
/// When a tool is missing or refuses a source.
pub fn build_bench(build: Build) -> Result<()> {
    let toolchain = Toolchain::find(build.architecture)?;
    BENCH_DRIVERS
        .iter()
        .try_for_each(|driver| c_driver(&toolchain, build, driver))
}

/// Makes the client of the soak, where it is not there or its source is newer.
///
/// # Errors
///
/// When a tool is missing or refuses the source.
pub fn build_soak(build: Build) -> Result<()> {
    c_driver(&Toolchain::find(build.architecture)?, build, &SOAK_DRIVER)
}

/// The import library. Some versions of LLVM's tool do not know PRIVATE, so those lines stay out of what it is given.
fn import_library(build: Build, library: &Path) -> Result<()> {
    let definition = files::read(&place::ROOT.join(DEFINITION))?;
    let public = build.tools().join(DEFINITION);
    let changed = files::write(&public, without_private(&definition).as_bytes())?;
    if !changed && library.exists() {
        return Ok(());
    }
    command::run(
        Command::new("llvm-dlltool")
            .args(["-m", build.architecture.dlltool, "-d"])
            .arg(&public)
            .arg("-l")
            .arg(library),
    )
}

/// The import library on Windows, where lib.exe knows PRIVATE and takes the list as it is.
///
/// # Errors
///
/// When lib.exe, which a developer prompt has, is missing or refuses the list.
pub fn import_library_of_windows(build: Build) -> Result<()> {
    let folder = build.folder();
    files::make_folder(&folder)?;
    command::run(
        Command::new("lib.exe")
            .arg("/NOLOGO")
            .arg(format!("/MACHINE:{}", build.architecture.kit))
            .arg(format!("/DEF:{}", place::ROOT.join(DEFINITION).display()))
            .arg(format!("/OUT:{}", folder.join(SAMPLE).display())),
    )
}

fn without_private(definition: &str) -> String {
    let public = definition
        .lines()
        .filter(|line| !line.split_whitespace().any(|word| word == "PRIVATE"));
    public.fold(String::new(), |text, line| text + line + "\n")
}

fn c_driver(toolchain: &Toolchain, build: Build, driver: &CDriver) -> Result<()> {
    let source = place::ROOT.join(driver.source);
    let image = build.folder().join(format!("{}.sys", driver.image));
    files::make_folder(image.parent().unwrap_or(&image))?;
    let script = build.tools().join(format!("{}.rc", driver.image));
    files::write(&script, driver.version(build.release).script()?.as_bytes())?;
    let header = place::ROOT.join(crate::header::HEADER);
    // The flags of compiler and linker are in xtask.
    let xtask = env::current_exe().context("xtask does not know its own path")?;
    let libraries: Vec<PathBuf> = driver
        .libraries
        .iter()
        .map(|name| build.folder().join(name))
        .collect();
    // A source's own headers lie beside it.
    let beside = files::list(source.parent().unwrap_or(&source))?;
    let made_of = [&header, &script, &xtask]
        .into_iter()
        .chain(&libraries)
        .chain(&beside);
    if is_newer(&image, made_of) {
        return Ok(());
    }
    command::stage(&format!("compiling {}", driver.source));
    let resource = script.with_extension("res");
    command::run(
        Command::new("llvm-rc")
            .arg("/no-preprocess")
            .arg("/fo")
            .arg(&resource)
            // A path that begins with /c or /d is an option to it: a checkout may lie below /check or /data.
            .arg("--")
            .arg(&script),
    )?;
    let object = script.with_extension("obj");
    command::run(
        compiler(build.architecture)
            .arg(driver.standard)
            .args(["-g", "-gcodeview", "-Xclang", "-cfguard", "-c"])
            .arg(driver.source)
            .arg("-o")
            .arg(place::in_root(&object)),
    )?;
    command::run(
        linker(toolchain, &image, driver.model.entry())?
            .arg(&object)
            .arg(&resource)
            .args(&libraries)
            .args(of_the_model(driver.model, build.architecture)?)
            .args(kit::kernel_libraries(build.architecture)),
    )
}

/// The libraries and the exports that a driver model brings along.
fn of_the_model(model: Model, architecture: &Architecture) -> Result<Vec<OsString>> {
    if model == Model::Wdm {
        return Ok(vec![]);
    }
    let definition = files::read(&place::ROOT.join(DEFINITION))?;
    let exports = definition.lines().skip_while(|line| *line != "EXPORTS").skip(1);
    let exports = exports.map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        OsString::from(format!("/EXPORT:{}", words.join(",")))
    });
    let libraries = kit::framework_libraries(architecture);
    Ok(exports
        .chain(libraries.into_iter().map(PathBuf::into_os_string))
        .collect())
}

/// The linker with what every image of a C driver wants; map and symbols lie beside the image.
///
/// # Errors
///
/// When the linker is not found.
pub fn linker(toolchain: &Toolchain, image: &Path, entry: &str) -> Result<Command> {
    let mut linker = toolchain.linker()?;
    linker
        .args([
            "/DRIVER",
            "/KERNEL",
            "/NODEFAULTLIB",
            "/SUBSYSTEM:NATIVE",
            "/NXCOMPAT",
            "/DYNAMICBASE",
            "/INTEGRITYCHECK",
            "/GUARD:CF",
            "/OPT:REF,ICF",
            "/DEBUG",
            // As rustc: the image names its symbols without their folder.
            "/PDBALTPATH:%_PDB%",
            "/Brepro",
        ])
        .arg(format!("/ENTRY:{entry}"))
        .arg(format!("/OUT:{}", image.display()))
        .arg(format!("/MAP:{}", image.with_extension("map").display()))
        .arg(format!("/PDB:{}", image.with_extension("pdb").display()));
    Ok(linker)
}

fn compiler(architecture: &Architecture) -> Command {
    let mut clang = kit::compiler(architecture);
    clang.args(["-Wextra", "-I", "include"]);
    clang
}

fn is_newer<'a>(made: &Path, mut sources: impl Iterator<Item = &'a PathBuf>) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let made = time(made);
    made.is_some() && sources.all(|source| time(source) <= made)
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
            compiler(X64)
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
