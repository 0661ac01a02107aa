//! Who signs: osslsigncode with this checkout's certificate, or on Windows the kit's own tools with the certificate that the driver
//! makefile made.

use std::{ffi::OsStr, path::Path, process::Command};

use anyhow::Result;
use lab_inf::Inf;

use super::{
    TOOLS,
    catalog::Contents,
    certificate::{self, TestCertificate},
    signature, sources,
};
use crate::{architecture::X64, build::Build, command, files, toolchain};

/// The certificate store and the certificate of wdk-build's rust-driver-makefile.toml, task generate-certificate.
const KIT_STORE: [&str; 4] = ["/s", "WDRTestCertStore", "/n", "WDRLocalTestCert"];

/// Makes signatures and catalogs.
pub enum Signer {
    /// With a certificate of our own.
    Own(TestCertificate),
    /// With signtool, inf2cat and infverif, which a developer prompt or cargo-make has in PATH.
    Kit,
}

impl Signer {
    /// The signer of this host.
    ///
    /// # Errors
    ///
    /// When a tool is missing and cannot be installed, or the certificate not made.
    pub fn find() -> Result<Self> {
        if cfg!(windows) {
            return Ok(Self::Kit);
        }
        toolchain::require(TOOLS)?;
        Ok(Self::Own(TestCertificate::find()?))
    }

    /// Puts the certificate where a test machine's administrator finds it. The driver makefile has exported the kit's already.
    ///
    /// # Errors
    ///
    /// When it cannot be copied.
    pub fn export(&self, folder: &Path) -> Result<()> {
        if let Self::Own(certificate) = self {
            files::copy(&certificate.exported(), &folder.join(certificate::EXPORTED))?;
        }
        Ok(())
    }

    /// Copies an image and signs the copy.
    ///
    /// # Errors
    ///
    /// When a tool fails.
    pub fn sign_image(&self, image: &Path, signed: &Path) -> Result<()> {
        match self {
            Self::Own(certificate) => signature::sign_image(image, signed, certificate),
            Self::Kit => {
                files::copy(image, signed)?;
                kit_sign(signed)
            }
        }
    }

    /// Makes the catalog of a package's folder, which has all its files, and signs it.
    ///
    /// # Errors
    ///
    /// When a file is missing or a tool fails.
    pub fn catalog(&self, folder: &Path, inf: &Inf, build: Build) -> Result<()> {
        let name = inf.file.with_extension("cat");
        match self {
            Self::Own(certificate) => {
                let unsigned = build.tools().join(name.file_name().unwrap_or_default());
                files::write(&unsigned, &unsigned_catalog(folder, inf, build, certificate)?)?;
                signature::sign_catalog(&unsigned, &name, certificate)
            }
            Self::Kit => {
                kit_catalog(folder, build)?;
                kit_sign(&name)?;
                kit_verify(&inf.file)
            }
        }
    }
}

fn unsigned_catalog(
    folder: &Path,
    inf: &Inf,
    build: Build,
    certificate: &TestCertificate,
) -> Result<Vec<u8>> {
    let installed = sources::listed_files(inf)
        .into_iter()
        .map(|name| folder.join(name));
    let mut contents = Vec::new();
    for file in installed.chain([inf.file.clone()]) {
        let name = file.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
        contents.push((name.into_owned(), files::read_bytes(&file)?));
    }
    Contents {
        files: &contents,
        device_ids: &inf.device_ids(),
        architecture: build.architecture.inf,
        time: certificate.signing_time()?,
    }
    .unsigned()
}

/// As the makefile's tasks inf2cat, signtool-sign and infverif. Not run here: there is no Windows machine.
fn kit_catalog(folder: &Path, build: Build) -> Result<()> {
    let windows = if build.architecture == X64 {
        "10_x64"
    } else {
        "Server10_arm64"
    };
    let mut tool = Command::new("inf2cat");
    command::run(
        tool.arg(format!("/driver:{}", folder.display()))
            .arg(format!("/os:{windows}"))
            .arg("/uselocaltime"),
    )
}

fn kit_sign(file: &Path) -> Result<()> {
    let mut tool = Command::new("signtool");
    command::run(tool.args(["sign", "/fd", "SHA256"]).args(KIT_STORE).arg(file))
}

/// `/w` is the mode of Windows Drivers, which includes the rules for isolated packages.
fn kit_verify(inf: &Path) -> Result<()> {
    command::run(Command::new("infverif").args(["/v", "/w"]).arg(inf))
}
