//! The test certificate: made once for a checkout, below the target folder, never committed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use x509_cert::{Certificate, der::Decode};

use crate::{command, files, place};

/// What openssl is told. Windows wants the extended key usage of code signing; the name says that nobody should trust it further.
const REQUEST: &str = "[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = Sample driver project (test signing)
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
";

/// Windows' kernel takes RSA for signatures of drivers.
const KEY: &str = "rsa:3072";

/// Ten years, as nothing here renews it.
const DAYS: &str = "3650";

/// The certificate as it is imported on a test machine.
pub const EXPORTED: &str = "sample-test.cer";

/// Certificate and key of this checkout.
#[derive(Debug)]
pub struct TestCertificate {
    folder: PathBuf,
}

impl TestCertificate {
    /// Finds the certificate, and makes it the first time.
    ///
    /// # Errors
    ///
    /// When openssl fails.
    pub fn find() -> Result<Self> {
        let found = Self {
            folder: place::TARGET.join("certificate"),
        };
        if !found.exported().exists() {
            found.make()?;
        }
        Ok(found)
    }

    /// The certificate as text.
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    /// The private key.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// The certificate as DER, which Windows imports.
    pub fn exported(&self) -> PathBuf {
        self.folder.join(EXPORTED)
    }

    /// The first second of the certificate's validity, from 1970. Everything is signed as of then, so that packaging twice gives
    /// the same bytes.
    ///
    /// # Errors
    ///
    /// When the file is no certificate.
    pub fn signing_time(&self) -> Result<std::time::Duration> {
        let file = self.exported();
        let certificate = Certificate::from_der(&files::read_bytes(&file)?).with_context(|| {
            format!(
                "{} is no certificate; remove the folder to have a new one made",
                file.display()
            )
        })?;
        Ok(certificate.tbs_certificate.validity.not_before.to_unix_duration())
    }

    fn make(&self) -> Result<()> {
        command::stage(&format!("making a test certificate in {}", self.folder.display()));
        let request = self.folder.join("request.cnf");
        files::write(&request, REQUEST.as_bytes())?;
        openssl(
            &["req", "-x509", "-sha256", "-nodes", "-newkey", KEY, "-days", DAYS],
            &[
                ("-config", &request),
                ("-keyout", &self.key()),
                ("-out", &self.certificate()),
            ],
        )?;
        openssl(
            &["x509", "-outform", "der"],
            &[("-in", &self.certificate()), ("-out", &self.exported())],
        )
    }
}

fn openssl(words: &[&str], files: &[(&str, &Path)]) -> Result<()> {
    let mut openssl = Command::new("openssl");
    openssl.args(words);
    for (option, file) in files {
        openssl.arg(option).arg(file);
    }
    command::output(&mut openssl).map(drop)
}
