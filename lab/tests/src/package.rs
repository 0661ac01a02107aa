//! The signed driver packages that `cargo xtask package` made, and the tools that judge them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::variable;

/// A package to do wrong to: a copy, in a folder that goes with it.
#[derive(Debug)]
pub struct Package {
    name: String,
    folder: tempfile::TempDir,
}

impl Package {
    /// A copy of the package.
    ///
    /// # Errors
    ///
    /// When `cargo xtask test` did not say where the packages are, or there is none of this name.
    pub fn copy(name: &str) -> Result<Self> {
        let from = folder(name)?;
        let folder = tempfile::tempdir()?;
        for file in files(&from)? {
            fs::copy(&file, folder.path().join(file.file_name().unwrap_or_default()))?;
        }
        Ok(Self {
            name: name.to_owned(),
            folder,
        })
    }

    /// The file with the package's name and this ending.
    #[must_use]
    pub fn file(&self, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{}.{ending}", self.name))
    }

    /// Inverts a bit of the first place that has these bytes.
    ///
    /// # Errors
    ///
    /// When no place has them.
    pub fn damage(&self, ending: &str, place: &[u8]) -> Result<()> {
        let file = self.file(ending);
        let mut content = fs::read(&file)?;
        let at = content
            .windows(place.len())
            .position(|found| found == place)
            .with_context(|| format!("{} has no {place:?}", file.display()))?;
        content[at] ^= 1;
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))
    }

    /// What `cargo xtask verify` says.
    ///
    /// # Errors
    ///
    /// The error that it prints.
    pub fn verify(&self) -> Result<()> {
        self.verify_for(&authority()?)
    }

    /// What `cargo xtask verify` says to somebody who trusts another certificate.
    ///
    /// # Errors
    ///
    /// The error that it prints.
    pub fn verify_for(&self, authority: &Path) -> Result<()> {
        let mut xtask = Command::new(variable("LAB_XTASK")?);
        xtask
            .arg("verify")
            .arg(self.folder.path())
            .arg("--authority")
            .arg(authority);
        succeeds(&mut xtask)
    }

    /// What osslsigncode says of the image and its signature.
    ///
    /// # Errors
    ///
    /// What it prints.
    pub fn image_is_signed(&self) -> Result<()> {
        succeeds(osslsigncode()?.arg("-in").arg(self.file("sys")))
    }

    /// What osslsigncode says of the image and the catalog.
    ///
    /// # Errors
    ///
    /// What it prints.
    pub fn image_is_in_catalog(&self) -> Result<()> {
        let mut tool = osslsigncode()?;
        succeeds(
            tool.arg("-catalog")
                .arg(self.file("cat"))
                .arg("-in")
                .arg(self.file("sys")),
        )
    }
}

/// The names of all packages.
///
/// # Errors
///
/// When their folder cannot be read.
pub fn names() -> Result<Vec<String>> {
    let folders = fs::read_dir(variable("LAB_PACKAGES")?)?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    let packages = folders.filter(|folder| {
        files(folder).is_ok_and(|files| files.iter().any(|file| file.extension() == Some("inf".as_ref())))
    });
    Ok(packages
        .filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned()))
        .collect())
}

/// The folder of a package.
///
/// # Errors
///
/// When `cargo xtask test` did not say where the packages are.
pub fn folder(name: &str) -> Result<PathBuf> {
    Ok(variable("LAB_PACKAGES")?.join(name))
}

/// The files in a folder.
///
/// # Errors
///
/// When it cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let files = entries.filter_map(Result::ok).map(|entry| entry.path());
    Ok(files.filter(|file| file.is_file()).collect())
}

/// A certificate that signed nothing here.
///
/// # Errors
///
/// When openssl cannot make it.
pub fn other_certificate(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("other.pem");
    let mut openssl = Command::new("openssl");
    openssl
        .args([
            "req",
            "-x509",
            "-nodes",
            "-subj",
            "/CN=other",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .arg("-keyout")
        .arg(folder.join("other.key"))
        .arg("-out")
        .arg(&file);
    succeeds(&mut openssl)?;
    Ok(file)
}

fn authority() -> Result<PathBuf> {
    variable("LAB_CERTIFICATE")
}

fn osslsigncode() -> Result<Command> {
    let mut tool = Command::new("osslsigncode");
    tool.arg("verify").arg("-CAfile").arg(authority()?);
    Ok(tool)
}

fn succeeds(command: &mut Command) -> Result<()> {
    let ended = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        ended.status.success(),
        "{command:?} failed\n{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(())
}
