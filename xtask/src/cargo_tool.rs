//! Tools from crates.io that cargo finds as subcommands: each in one version, in target/tools.

use std::{env, process::Command};

use anyhow::{Context, Result};

use crate::{command, place};

/// A tool: its package, and the version that the tasks were written for.
#[derive(Clone, Copy, Debug)]
pub struct CargoTool {
    /// The package, which is the program's name too.
    pub package: &'static str,
    /// The exact version.
    pub version: &'static str,
}

impl CargoTool {
    /// Installs the tool where it is missing or of another version, and has `cargo` find it.
    ///
    /// # Errors
    ///
    /// When it cannot be installed; the text has the line to run.
    pub fn provide(self, cargo: &mut Command) -> Result<()> {
        if !self.is_there() {
            self.install()?;
        }
        let folder = place::TARGET.join("tools/bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(folder).chain(env::split_paths(&path));
        cargo.env("PATH", env::join_paths(paths)?);
        Ok(())
    }

    fn is_there(self) -> bool {
        let program = place::TARGET.join("tools/bin").join(self.package);
        // A subcommand of cargo expects its own name first.
        let subcommand = self.package.trim_start_matches("cargo-");
        command::output(Command::new(program).args([subcommand, "--version"]))
            .is_ok_and(|line| line.split_whitespace().any(|word| word == self.version))
    }

    /// Without optimization, which takes half of the time: these programs only start others.
    fn install(self) -> Result<()> {
        command::stage(&format!("installing {} {}", self.package, self.version));
        let mut cargo = command::cargo();
        cargo
            .args(["install", "--locked", "--debug", "--force"])
            .arg("--root")
            .arg(place::TARGET.join("tools"))
            .args(["--version", self.version, self.package]);
        command::run(&mut cargo)
            .with_context(|| format!("{} comes from crates.io, by cargo install", self.package))
    }
}
