//! The version resource of a driver image.
//!
//! Source of layout and values: "VERSIONINFO resource" of the Windows documentation.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};

/// `VS_VERSION_INFO` of verrsrc.h: the name of every version resource.
const VS_VERSION_INFO: u32 = 1;
/// `VS_FFI_FILEFLAGSMASK` of verrsrc.h.
const VS_FFI_FILEFLAGSMASK: u32 = 0x3f;
/// `VS_FF_DEBUG` of verrsrc.h: the image has debugging aids compiled in.
const VS_FF_DEBUG: u32 = 0x1;
/// `VOS_NT_WINDOWS32` of verrsrc.h.
const VOS_NT_WINDOWS32: u32 = 0x0004_0004;
/// `VFT_DRV` of verrsrc.h.
const VFT_DRV: u32 = 0x3;
/// `VFT2_DRV_SYSTEM` of verrsrc.h.
const VFT2_DRV_SYSTEM: u32 = 0x7;
/// U.S. English, and UTF-16, in which the resource compiler stores the strings.
const LANGUAGE_AND_CODE_PAGE: (u16, u16) = (0x0409, 0x04b0);

/// What an image says about itself.
#[derive(Clone, Copy, Debug)]
pub struct VersionInfo<'a> {
    /// The image without `.sys`.
    pub image: &'a str,
    /// One line for the file's properties.
    pub description: &'a str,
    /// Three numbers, as in Cargo.toml.
    pub version: &'a str,
    /// The licence, as in Cargo.toml.
    pub license: &'a str,
    /// Whether the image has debugging aids.
    pub debug: bool,
}

impl VersionInfo<'_> {
    /// The resource script. It includes no header, so that a resource compiler needs no kit.
    ///
    /// # Errors
    ///
    /// When the version is not three numbers below 65,536, or a text cannot stand in a string of a script.
    pub fn script(&self) -> Result<String> {
        let numbers = self.numbers()?;
        let (language, code_page) = LANGUAGE_AND_CODE_PAGE;
        let flags = if self.debug { VS_FF_DEBUG } else { 0 };
        let mut script = format!(
            "{VS_VERSION_INFO} VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\n\
             FILEFLAGSMASK {VS_FFI_FILEFLAGSMASK:#x}\nFILEFLAGS {flags:#x}\nFILEOS {VOS_NT_WINDOWS32:#x}\n\
             FILETYPE {VFT_DRV:#x}\nFILESUBTYPE {VFT2_DRV_SYSTEM:#x}\n\
             BEGIN\nBLOCK \"StringFileInfo\"\nBEGIN\nBLOCK \"{language:04x}{code_page:04x}\"\nBEGIN\n"
        );
        for (name, value) in self.strings() {
            ensure!(
                value.chars().all(|letter| letter.is_ascii()
                    && !letter.is_ascii_control()
                    && !"\"\\".contains(letter)),
                "the {name} {value:?} has a character that a resource string cannot have; use plain ASCII"
            );
            writeln!(script, "VALUE \"{name}\", \"{value}\"")?;
        }
        writeln!(
            script,
            "END\nEND\nBLOCK \"VarFileInfo\"\nBEGIN\nVALUE \"Translation\", {language:#06x}, {code_page}\nEND\nEND"
        )?;
        Ok(script)
    }

    fn strings(&self) -> [(&'static str, String); 8] {
        [
            ("CompanyName", "Sample driver project".to_owned()),
            ("FileDescription", self.description.to_owned()),
            ("FileVersion", self.version.to_owned()),
            ("InternalName", self.image.to_owned()),
            ("LegalCopyright", self.license.to_owned()),
            ("OriginalFilename", format!("{}.sys", self.image)),
            ("ProductName", "Sample direct-call drivers".to_owned()),
            ("ProductVersion", self.version.to_owned()),
        ]
    }

    /// The version as four numbers; the fourth, which Cargo does not have, is 0.
    fn numbers(&self) -> Result<String> {
        let numbers: Vec<u16> = self
            .version
            .split('.')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .with_context(|| format!("the version {:?} is not three numbers below 65,536", self.version))?;
        ensure!(
            numbers.len() == 3,
            "the version {:?} is not three numbers",
            self.version
        );
        Ok(format!("{},{},{},0", numbers[0], numbers[1], numbers[2]))
    }
}

/// For a build script: compiles the resource of the package that is being built, and links it to its library.
///
/// # Errors
///
/// When cargo did not start the caller, the manifest has a text that [`VersionInfo::script`] refuses, or the resource compiler fails.
pub fn embed() -> Result<()> {
    let name = cargo("CARGO_PKG_NAME")?;
    let script = VersionInfo {
        image: &name,
        description: &cargo("CARGO_PKG_DESCRIPTION")?,
        version: &cargo("CARGO_PKG_VERSION")?,
        license: &cargo("CARGO_PKG_LICENSE")?,
        debug: cargo("PROFILE")? == "debug",
    }
    .script()?;
    let file = PathBuf::from(cargo("OUT_DIR")?).join(format!("{name}.rc"));
    fs::write(&file, script).with_context(|| format!("cannot write {}", file.display()))?;
    embed_resource::compile_for_cdylib(&file, embed_resource::NONE)
        .manifest_required()
        .with_context(|| format!("cannot compile {}", file.display()))
}

fn cargo(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set; a build script calls this"))
}

#[cfg(test)]
mod tests {
    use super::VersionInfo;

    const INFO: VersionInfo<'_> = VersionInfo {
        image: "x",
        description: "An x",
        version: "1.2.3",
        license: "MIT",
        debug: true,
    };

    #[test]
    fn a_driver_says_its_type_its_version_and_its_name() {
        let script = INFO.script().unwrap();
        for line in [
            "FILEVERSION 1,2,3,0",
            "FILEFLAGS 0x1",
            "FILETYPE 0x3",
            "FILESUBTYPE 0x7",
            "VALUE \"OriginalFilename\", \"x.sys\"",
        ] {
            assert!(script.lines().any(|found| found == line), "{line} in {script}");
        }
    }

    #[test]
    fn a_version_that_a_resource_cannot_have_is_refused() {
        for version in ["1.2", "1.2.3.4", "1.2.65536", "1.2.3-rc"] {
            assert!(VersionInfo { version, ..INFO }.script().is_err(), "{version}");
        }
    }

    #[test]
    fn a_text_that_would_end_the_string_is_refused() {
        assert!(
            VersionInfo {
                description: "a \"b\"",
                ..INFO
            }
            .script()
            .is_err()
        );
    }
}
