//! The task `cc`: a driver in C or C++ that somebody else wrote, compiled and linked against the kit as its Visual Studio project would.
//!
//! Parts: `overlay` (headers are found whatever the case of their names), `trace` (the files that tracewpp makes on Windows). Not here:
//! resources, message files and MOF files, which have compilers of their own in the Windows kits.

mod overlay;
mod trace;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command as Clap};

use crate::{
    architecture::X64, build::Build, c_drivers, command, files, kit, package::sources, toolchain::Toolchain,
};

/// What the compiler takes as Microsoft's does: its extensions of C, folders in `#include` with either slash, and buffer checks in functions that
/// have an array on the stack (/GS). Warnings are the author's business. So are declarations that differ in the types of handles.
const DIALECT: &[&str] = &[
    "-fms-extensions",
    "-fms-compatibility",
    "-fstack-protector",
    "-DLAB_LOOSE_HANDLES",
    "-w",
];

/// A checked build: assertions and `KdPrint` are in it.
const CHECKED: &[&str] = &["-DDBG=1", "-O0"];
const FREE: &[&str] = &["-DDBG=0"];

/// A driver to build.
struct Request {
    sources: Vec<PathBuf>,
    includes: Vec<PathBuf>,
    defines: Vec<String>,
    traces: Vec<String>,
    inx: Option<PathBuf>,
    out: PathBuf,
    framework: bool,
    /// Symbols for gdb instead of those for Windows' debuggers.
    dwarf: bool,
    build: Build,
}

/// The task `cc`.
///
/// # Errors
///
/// When a tool is missing, or the driver does not compile or link.
pub fn run(line: &[String]) -> Result<ExitCode> {
    let request = Request::of(&arguments().get_matches_from(command::words("cc", line)))?;
    let toolchain = Toolchain::find(X64)?;
    kit::assemble(X64)?;
    request.build(&toolchain)?;
    eprintln!("xtask: the driver is {}", request.out.display());
    Ok(ExitCode::SUCCESS)
}

fn arguments() -> Clap {
    let many = |name: &'static str| Arg::new(name).action(ArgAction::Append);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Clap::new("cc")
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("NAME.sys")
                .required(true)
                .help("The image; symbols and map lie beside it"),
        )
        .arg(
            many("include")
                .short('I')
                .value_name("DIR")
                .help("A folder with headers"),
        )
        .arg(
            many("define")
                .short('D')
                .value_name("NAME[=VALUE]")
                .help("A macro"),
        )
        .arg(
            many("trace")
                .long("trace")
                .value_name("FUNCTION(…)")
                .help("A trace function, as WppTraceFunction has it; calls of it do nothing"),
        )
        .arg(
            Arg::new("inx")
                .long("inx")
                .value_name("FILE")
                .help("The source of the INF file, which is stamped beside the image"),
        )
        .arg(flag("wdm").help("A driver without the framework"))
        .arg(flag("dwarf").help("Symbols in the image, for gdb, instead of those for Windows' debuggers"))
        .arg(flag("release").help("A free build; without it a checked one (DBG=1, not optimized)"))
        .arg(
            many("source")
                .value_name("SOURCE")
                .required(true)
                .help("C and C++ sources"),
        )
}

impl Request {
    fn of(matches: &ArgMatches) -> Result<Self> {
        let texts = |name| matches.get_many::<String>(name).into_iter().flatten().cloned();
        let path = |text: String| std::path::absolute(text).context("the current folder is gone");
        let one = |name| texts(name).next().map(path).transpose();
        Ok(Self {
            sources: texts("source").map(path).collect::<Result<_>>()?,
            includes: texts("include").map(path).collect::<Result<_>>()?,
            defines: texts("define").collect(),
            traces: texts("trace").collect(),
            inx: one("inx")?,
            out: one("out")?.context("clap lets nobody leave out --out")?,
            framework: !matches.get_flag("wdm"),
            dwarf: matches.get_flag("dwarf"),
            build: if matches.get_flag("release") {
                Build::RELEASE
            } else {
                Build::DEBUG
            },
        })
    }

    fn build(&self, toolchain: &Toolchain) -> Result<()> {
        let made = self.out.with_extension("made");
        let mut folders: Vec<PathBuf> = self
            .sources
            .iter()
            .filter_map(|source| source.parent())
            .map(PathBuf::from)
            .collect();
        folders.extend_from_slice(&self.includes);
        folders.dedup();
        trace::write_headers(&made, &self.sources, &folders, &self.traces)?;
        let overlay = made.join("overlay.json");
        let seen: Vec<PathBuf> = folders.iter().cloned().chain(kit::include_folders()).collect();
        files::write(&overlay, overlay::of(&seen)?.as_bytes())?;
        let objects: Vec<PathBuf> = self
            .sources
            .iter()
            .map(|source| self.compile(source, &made, &overlay, &folders))
            .collect::<Result<_>>()?;
        self.link(toolchain, &objects)?;
        self.stamp()
    }

    fn compile(&self, source: &Path, made: &Path, overlay: &Path, folders: &[PathBuf]) -> Result<PathBuf> {
        let name = source.file_name().context("a source has no name")?;
        let object = made.join(name).with_extension("obj");
        let mut clang = kit::plain_compiler(X64);
        clang
            .args(DIALECT)
            .args(if self.build.release { FREE } else { CHECKED });
        clang
            .arg(if self.dwarf { "-gdwarf-4" } else { "-gcodeview" })
            .args(["-g", "-Xclang", "-cfguard", "-ivfsoverlay"])
            .arg(overlay)
            .arg("-I")
            .arg(made);
        for folder in folders {
            clang.arg("-I").arg(folder);
        }
        clang.args(self.defines.iter().map(|define| format!("-D{define}")));
        command::stage(&format!("compiling {}", source.display()));
        command::run(clang.arg("-c").arg(source).arg("-o").arg(&object))?;
        Ok(object)
    }

    fn link(&self, toolchain: &Toolchain, objects: &[PathBuf]) -> Result<()> {
        let (entry, framework) = if self.framework {
            ("FxDriverEntry", kit::framework_libraries(X64))
        } else {
            ("DriverEntry", Vec::new())
        };
        let mut linker = c_drivers::linker(toolchain, &self.out, entry)?;
        command::run(
            linker
                .args(self.dwarf.then_some("/DEBUG:DWARF"))
                .args(objects)
                .args(framework)
                .args(kit::kernel_libraries(X64)),
        )
    }

    /// The INF file has the name of its source and lies beside the image.
    fn stamp(&self) -> Result<()> {
        let Some(inx) = &self.inx else {
            return Ok(());
        };
        let name = inx
            .file_stem()
            .and_then(|name| name.to_str())
            .context("the INX file has no name")?;
        ensure!(inx.is_file(), "there is no {}", inx.display());
        let text = sources::stamped(inx, name, self.build)?;
        files::write(
            &self.out.with_file_name(name).with_extension("inf"),
            text.as_bytes(),
        )?;
        Ok(())
    }
}
