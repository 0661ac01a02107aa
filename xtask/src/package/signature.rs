//! Authenticode signatures, made and checked by osslsigncode.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::certificate::TestCertificate;
use crate::command;

/// Signs an image with page hashes, as Windows checks it when it maps pages.
///
/// # Errors
///
/// When osslsigncode fails.
pub fn sign_image(image: &Path, signed: &Path, with: &TestCertificate) -> Result<()> {
    sign(&["-ph"], image, signed, with)
}

/// Signs a catalog.
///
/// # Errors
///
/// When osslsigncode fails.
pub fn sign_catalog(catalog: &Path, signed: &Path, with: &TestCertificate) -> Result<()> {
    sign(&[], catalog, signed, with)
}

fn sign(options: &[&str], file: &Path, signed: &Path, with: &TestCertificate) -> Result<()> {
    // osslsigncode writes over no file.
    let _ = fs::remove_file(signed);
    let mut tool = Command::new("osslsigncode");
    tool.args(["sign", "-h", "sha256"])
        .args(options)
        .args(["-time", &with.signing_time()?.as_secs().to_string()])
        .arg("-certs")
        .arg(with.certificate())
        .arg("-key")
        .arg(with.key())
        .arg("-in")
        .arg(file)
        .arg("-out")
        .arg(signed);
    command::output(&mut tool).with_context(|| format!("cannot sign {}", file.display()))?;
    Ok(())
}

/// Checks the signature in an image or a catalog against the certificates of `authority`, a PEM file.
///
/// # Errors
///
/// When the signature is missing, broken, or by somebody else.
pub fn verify(file: &Path, authority: &Path) -> Result<()> {
    check(file, authority, None)
        .with_context(|| format!("the signature of {} does not verify", file.display()))
}

/// Checks that a signed catalog lists an image with the hash that it has.
///
/// # Errors
///
/// When it does not, or the catalog's signature does not verify.
pub fn verify_in_catalog(image: &Path, catalog: &Path, authority: &Path) -> Result<()> {
    check(image, authority, Some(catalog)).with_context(|| {
        format!(
            "the image {} does not verify against the catalog {}",
            image.display(),
            catalog.display()
        )
    })
}

fn check(file: &Path, authority: &Path, catalog: Option<&Path>) -> Result<()> {
    let mut tool = Command::new("osslsigncode");
    tool.arg("verify").arg("-CAfile").arg(authority);
    if let Some(catalog) = catalog {
        tool.arg("-catalog").arg(catalog);
    }
    command::output(tool.arg("-in").arg(file)).map(drop)
}
