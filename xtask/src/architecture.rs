//! The machines that drivers are built for, with the name that each tool has for them.

use anyhow::{Context, Result};

/// A machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Architecture {
    /// As rustc has it, and as `--arch` takes it.
    pub rust: &'static str,
    /// The target of the drivers, for rustc and clang.
    pub target: &'static str,
    /// As INF files have it.
    pub inf: &'static str,
    /// As the folders of a Windows kit have it.
    pub kit: &'static str,
    /// As llvm-dlltool has it.
    pub dlltool: &'static str,
    /// What clang compiles kernel-mode sources with: the definitions are those of the kit's `WindowsDriver.*.props`.
    pub flags: &'static [&'static str],
    /// The machine in the image's file header.
    pub machine: u16,
}

/// Where the lab runs the drivers.
pub const X64: &Architecture = &Architecture {
    rust: "x86_64",
    target: "x86_64-pc-windows-msvc",
    inf: "amd64",
    kit: "x64",
    dlltool: "i386:x86-64",
    flags: &["-D_WIN64", "-D_AMD64_", "-DAMD64", "-mno-red-zone"],
    machine: object::pe::IMAGE_FILE_MACHINE_AMD64,
};

/// Compiled and linked only: nothing here runs it.
pub const ARM64: &Architecture = &Architecture {
    rust: "aarch64",
    target: "aarch64-pc-windows-msvc",
    inf: "arm64",
    kit: "ARM64",
    dlltool: "arm64",
    flags: &["-D_WIN64", "-D_ARM64_", "-DARM64"],
    machine: object::pe::IMAGE_FILE_MACHINE_ARM64,
};

impl Architecture {
    /// The machine with a name of [`Architecture::rust`], [`Architecture::inf`] or [`Architecture::target`].
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn named(name: &str) -> Result<&'static Self> {
        [X64, ARM64]
            .into_iter()
            .find(|machine| [machine.rust, machine.inf, machine.target].contains(&name))
            .with_context(|| format!("the drivers are not built for {name}; take x86_64 or aarch64"))
    }
}

#[cfg(test)]
mod tests {
    use super::{ARM64, Architecture, X64};

    #[test]
    fn a_machine_goes_by_the_name_of_each_tool() {
        for (name, machine) in [
            ("amd64", X64),
            ("x86_64-pc-windows-msvc", X64),
            ("aarch64", ARM64),
        ] {
            assert_eq!(Architecture::named(name).unwrap(), machine);
        }
        assert!(Architecture::named("i686").is_err());
    }
}
