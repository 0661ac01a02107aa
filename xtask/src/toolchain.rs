//! The tools of the host: what is there is used, what is missing is installed where that is possible, else the commands are printed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{architecture::Architecture, command, files, link, place};

/// Debian packages and the program by which one sees that they are there.
const PACKAGES: &[(&str, &str)] = &[
    ("clang", "clang"),
    ("llvm", "llvm-lib"),
    ("llvm", "llvm-dlltool"),
    ("llvm", "llvm-rc"),
];

/// The Debian package with libclang, which bindgen loads.
const LIBCLANG_PACKAGE: &str = "libclang-dev";

/// A compiler of Debian with the sources of core, for hosts where rustup cannot fetch a target.
const DEBIAN_COMPILER: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

/// Without optimization `compiler_builtins` keeps references to functions of a C library, which a kernel image has not.
const OPTIMIZED_BUILTINS: &str = "profile.dev.package.compiler_builtins.opt-level=2";

/// What stands for the workspace's folder in symbols and messages.
pub const MAPPED_ROOT: &str = "/sample";

/// What stands there for cargo's folder with the sources of other crates.
const MAPPED_CARGO: &str = "/cargo";

/// What it takes to build a driver.
#[derive(Debug)]
pub struct Toolchain {
    libclang: PathBuf,
    linker: PathBuf,
    sysroot: PathBuf,
    builds_core: bool,
    architecture: &'static Architecture,
}

impl Toolchain {
    /// Finds the tools, and installs what is missing.
    ///
    /// # Errors
    ///
    /// When something is missing and cannot be installed; the text has the commands to run.
    pub fn find(architecture: &'static Architecture) -> Result<Self> {
        install_packages()?;
        let sysroot = PathBuf::from(command::output(
            Command::new("rustc").args(["--print", "sysroot"]),
        )?);
        let target = architecture.target;
        let builds_core = !has_target(&sysroot, target) && !add_target(&sysroot, target)?;
        Ok(Self {
            libclang: libclang().context("libclang was installed and is not found")?,
            linker: linker(&sysroot)?,
            sysroot,
            builds_core,
            architecture,
        })
    }

    /// The linker, which is called as link.exe is.
    pub fn linker(&self) -> Result<Command> {
        let mut linker = Command::new(link::in_between()?);
        self.pass_linker(&mut linker);
        Ok(linker)
    }

    /// What [`link`] has to know.
    fn pass_linker(&self, command: &mut Command) {
        command
            .env(link::LINKER, &self.linker)
            .env(link::SYSROOT, &self.sysroot);
    }

    /// Cargo with `subcommand`, and everything that a build for the drivers' target needs.
    ///
    /// # Errors
    ///
    /// When a link to a tool cannot be made.
    pub fn cargo(&self, subcommand: &str) -> Result<Command> {
        let mut cargo = if self.builds_core {
            debian_cargo()
        } else {
            command::cargo()
        };
        let target = self.architecture.target;
        let (variable, name) = (target.replace('-', "_"), target.replace('-', "_").to_uppercase());
        cargo
            .current_dir(&*place::ROOT)
            .args([subcommand, "--target", target])
            .args(["--config", &self.without_paths()])
            .env("WDKContentRoot", place::kit())
            .env("Version_Number", crate::kit::VERSION)
            .env("LIBCLANG_PATH", &self.libclang)
            .env(format!("CC_{variable}"), "clang")
            .env(format!("AR_{variable}"), "llvm-lib")
            .env(format!("CARGO_TARGET_{name}_LINKER"), link::in_between()?)
            // This would replace the flags in .cargo/config.toml.
            .env_remove(format!("CARGO_TARGET_{name}_RUSTFLAGS"))
            .env_remove("RUSTFLAGS");
        if self.builds_core {
            cargo.args(["-Zbuild-std=core,alloc", "--config", OPTIMIZED_BUILTINS]);
        }
        self.pass_linker(&mut cargo);
        Ok(cargo)
    }

    /// The setting of cargo that takes the folders of this machine out of panic messages, so that equal sources give equal images
    /// wherever they lie. It is added to the flags in .cargo/config.toml.
    fn without_paths(&self) -> String {
        let flags = [(&*place::ROOT, MAPPED_ROOT), (&cargo_home(), MAPPED_CARGO)].map(|(folder, name)| {
            format!("{:?}", format!("--remap-path-prefix={}={name}", folder.display()))
        });
        format!(
            "target.{}.rustflags=[{}]",
            self.architecture.target,
            flags.join(",")
        )
    }
}

/// Where cargo keeps the sources of other crates, and programs that it installed.
pub fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    std::env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

fn has_target(sysroot: &Path, target: &str) -> bool {
    sysroot.join("lib/rustlib").join(target).join("lib").is_dir()
}

/// Asks rustup for the target and says whether it is there now. Where rustup cannot, Debian's compiler builds core itself.
fn add_target(sysroot: &Path, target: &str) -> Result<bool> {
    if command::find("rustup").is_some() {
        command::stage(&format!("adding the target {target}"));
        let added = command::run(Command::new("rustup").args(["target", "add", target]));
        if added.is_ok() && has_target(sysroot, target) {
            return Ok(true);
        }
    }
    if !Path::new("/usr/bin/cargo").exists() || !has_debian_sources() {
        command::stage("rustup cannot add it; trying Debian's compiler");
        install(DEBIAN_COMPILER).with_context(|| {
            format!("the compiler has no core for {target}; run `rustup target add {target}`")
        })?;
    }
    Ok(false)
}

/// Whether Debian's compiler has the sources of core beside it.
fn has_debian_sources() -> bool {
    Path::new("/usr/lib/rustlib/src/rust/library/core").exists()
}

fn debian_cargo() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    // Building core is an unstable feature, which a stable compiler has under this variable.
    cargo
        .env("RUSTC", "/usr/bin/rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTUP_TOOLCHAIN");
    cargo
}

/// rust-lld takes its way of linking from its name.
fn linker(sysroot: &Path) -> Result<PathBuf> {
    let rustlib = sysroot.join("lib/rustlib");
    let hosts = fs::read_dir(&rustlib).with_context(|| format!("cannot list {}", rustlib.display()))?;
    let linker = hosts
        .filter_map(Result::ok)
        .map(|host| host.path().join("bin/rust-lld"))
        .find(|file| file.is_file())
        .with_context(|| {
            format!(
                "the compiler in {} has no rust-lld; use rustup's: https://rustup.rs",
                sysroot.display()
            )
        })?;
    let link = place::TARGET.join("tools").join(link::NAME);
    files::link(&linker, &link)?;
    files::link(sysroot, &place::ROOT.join(link::sysroot()))?;
    Ok(link)
}

/// The folder with libclang: what `LIBCLANG_PATH` says, else the newest one of Debian's folders.
fn libclang() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("LIBCLANG_PATH") {
        return Some(named.into());
    }
    let versions = fs::read_dir("/usr/lib")
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    versions
        .map(|folder| folder.join("lib"))
        .filter(|folder| has_libclang(folder))
        .max_by_key(|folder| llvm_version(folder))
}

fn has_libclang(folder: &Path) -> bool {
    let is_it =
        |name: &str| name.starts_with("libclang.so") || name.starts_with("libclang-") && name.contains(".so");
    fs::read_dir(folder).is_ok_and(|files| {
        files
            .filter_map(Result::ok)
            .any(|file| file.file_name().to_str().is_some_and(is_it))
    })
}

/// The number in `/usr/lib/llvm-14/lib`.
fn llvm_version(folder: &Path) -> u32 {
    let version = folder.to_str().and_then(|path| {
        path.strip_prefix("/usr/lib/llvm-")?
            .split('/')
            .next()?
            .parse()
            .ok()
    });
    version.unwrap_or(0)
}

fn install_packages() -> Result<()> {
    require(PACKAGES)?;
    if libclang().is_none() {
        install(&[LIBCLANG_PACKAGE])?;
    }
    Ok(())
}

/// Installs those of the Debian packages whose program PATH does not have.
///
/// # Errors
///
/// When one is missing and cannot be installed; the text has the commands to run.
pub fn require(packages: &[(&str, &str)]) -> Result<()> {
    let mut missing: Vec<&str> = packages
        .iter()
        .filter(|(_, program)| command::find(program).is_none())
        .map(|(package, _)| *package)
        .collect();
    missing.dedup();
    if missing.is_empty() {
        Ok(())
    } else {
        install(&missing)
    }
}

/// Installs Debian packages, as root or through a sudo that asks nothing.
///
/// # Errors
///
/// When that is not possible; the text has the commands to run.
pub fn install(packages: &[&str]) -> Result<()> {
    let commands = [
        "apt-get update".to_owned(),
        format!(
            "apt-get install -y --no-install-recommends {}",
            packages.join(" ")
        ),
    ];
    let by_hand = || {
        format!(
            "these packages are missing; run\n  sudo {}\n  sudo {}",
            commands[0], commands[1]
        )
    };
    let Some(prefix) = administrator() else {
        bail!(by_hand())
    };
    command::stage(&format!("installing {}", packages.join(", ")));
    for line in &commands {
        let mut words = prefix.iter().copied().chain(line.split(' '));
        let program = words.next().context("the command is empty")?;
        command::run(
            Command::new(program)
                .args(words)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdout(std::io::stderr()),
        )
        .with_context(by_hand)?;
    }
    Ok(())
}

/// The words before a command that make it run as root, or nothing where that is not possible.
fn administrator() -> Option<&'static [&'static str]> {
    command::find("apt-get")?;
    if command::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0") {
        return Some(&[]);
    }
    let allowed = command::output(Command::new("sudo").args(["-n", "true"])).is_ok();
    allowed.then_some(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_llvm_version_is_a_number() {
        assert_eq!(llvm_version(Path::new("/usr/lib/llvm-14/lib")), 14);
        assert!(
            llvm_version(Path::new("/usr/lib/llvm-9/lib")) < llvm_version(Path::new("/usr/lib/llvm-19/lib"))
        );
    }
}
