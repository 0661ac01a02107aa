//! The tasks `package` and `verify`: driver packages that a Windows machine in test mode installs, and their check.

mod catalog;
mod certificate;
mod digest;
mod signature;
mod signer;
pub mod sources;
mod trust_list;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::Arg;

use crate::{
    architecture::{ARM64, X64},
    build::Build,
    command, drivers, files, place, toolchain,
};
use catalog::Catalog;
use certificate::TestCertificate;
use signer::Signer;
use sources::{PACKAGES, Package};

/// Debian packages and the program by which one sees that they are there.
const TOOLS: &[(&str, &str)] = &[("osslsigncode", "osslsigncode"), ("openssl", "openssl")];

/// The task `package`: always the release build.
///
/// # Errors
///
/// When a driver does not build, or a package cannot be made of it.
pub fn run(line: &[String]) -> Result<ExitCode> {
    let matches = clap::Command::new("package")
        .arg(drivers::architecture_argument())
        .get_matches_from(command::words("package", line));
    let build = Build {
        architecture: drivers::chosen_architecture(&matches)?,
        ..Build::RELEASE
    };
    drivers::build_all(build)?;
    make_all(build)?;
    eprintln!("xtask: the packages are in {}", folder(build).display());
    Ok(ExitCode::SUCCESS)
}

/// The task `verify`.
///
/// # Errors
///
/// When something of the package does not verify.
pub fn check(line: &[String]) -> Result<ExitCode> {
    let matches = clap::Command::new("verify")
        .arg(Arg::new("folder").required(true).help("The package's folder"))
        .arg(
            Arg::new("authority")
                .long("authority")
                .help("The PEM file of the certificate to trust; this checkout's, if not given"),
        )
        .get_matches_from(command::words("verify", line));
    toolchain::require(TOOLS)?;
    let folder = matches
        .get_one::<String>("folder")
        .context("no folder is named")?;
    let authority = match matches.get_one::<String>("authority") {
        Some(file) => PathBuf::from(file),
        None => authority()?,
    };
    verify(Path::new(folder), &authority)?;
    println!("verify: {folder}: the signatures are good, and the catalog has every file");
    Ok(ExitCode::SUCCESS)
}

/// Where the packages lie. The lab's machine has no folder of its own.
pub fn folder(build: Build) -> PathBuf {
    let packages = place::TARGET.join("package");
    if build.architecture == X64 {
        packages
    } else {
        packages.join(build.architecture.rust)
    }
}

/// Makes every package of what was built.
///
/// # Errors
///
/// When a file that an INF file lists was not built, or signing fails.
pub fn make_all(build: Build) -> Result<()> {
    let signer = Signer::find()?;
    remove_forgotten(&folder(build))?;
    for package in PACKAGES {
        make(package, build, &signer).with_context(|| format!("cannot make the package {}", package.name))?;
    }
    signer.export(&folder(build))
}

/// A package that is no longer made must not be taken for one that is. The other machine's folder lies here too.
fn remove_forgotten(packages: &Path) -> Result<()> {
    if !packages.exists() {
        return Ok(());
    }
    for found in files::list(packages)?.iter().filter(|found| found.is_dir()) {
        let is_made = PACKAGES.iter().any(|package| found.ends_with(package.name));
        if !is_made && !found.ends_with(ARM64.rust) {
            files::remove(found)?;
        }
    }
    Ok(())
}

/// Makes every package twice and compares: the second time nothing may change, signatures and catalogs included.
///
/// # Errors
///
/// When a package cannot be made, or a file differs.
pub fn check_repeatable(build: Build) -> Result<()> {
    make_all(build)?;
    let first = contents(build)?;
    make_all(build)?;
    let second = contents(build)?;
    for (one, other) in first.iter().zip(&second) {
        ensure!(one == other, "made twice, {} is not the same", one.0.display());
    }
    ensure!(
        first.len() == second.len(),
        "made twice, the packages have other files"
    );
    Ok(())
}

/// Every file of every package.
fn contents(build: Build) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut contents = Vec::new();
    for package in PACKAGES {
        for file in files::list(&folder(build).join(package.name))? {
            let content = files::read_bytes(&file)?;
            contents.push((file, content));
        }
    }
    Ok(contents)
}

/// The certificate of this checkout, for who verifies.
///
/// # Errors
///
/// When it is not there and cannot be made.
pub fn authority() -> Result<PathBuf> {
    Ok(TestCertificate::find()?.certificate())
}

/// Images are signed before the catalog hashes them; that changes nothing of the hash, and everything of what one copies too early.
fn make(package: &Package, build: Build, signer: &Signer) -> Result<()> {
    let folder = folder(build).join(package.name);
    if folder.exists() {
        files::remove(&folder)?;
    }
    // Lines end as a Windows editor would end them.
    let text = package.inf(build)?.replace('\n', "\r\n");
    files::write(&folder.join(format!("{}.inf", package.name)), text.as_bytes())?;
    let inf = sources::inf_of(&folder)?;
    let listed = sources::listed_files(&inf);
    for name in listed
        .iter()
        .map(String::as_str)
        .chain(package.extras.iter().copied())
    {
        add_file(name, &folder, build, signer)?;
    }
    signer.catalog(&folder, &inf, build)
}

/// Copies a file, and an image signed and with its symbols.
fn add_file(name: &str, folder: &Path, build: Build, signer: &Signer) -> Result<()> {
    let (from, to) = (sources::origin(name, build), folder.join(name));
    ensure!(
        from.exists(),
        "the INF file lists {name}, which is not at {}",
        from.display()
    );
    if to.exists() {
        return Ok(());
    }
    if from.extension().is_some_and(|ending| ending == "sys") {
        signer.sign_image(&from, &to)?;
        files::copy(&from.with_extension("pdb"), &to.with_extension("pdb"))?;
    } else {
        files::copy(&from, &to)?;
    }
    Ok(())
}

/// Checks a package as Windows does before it installs it: the catalog's signature, each image's own, and each file's hash.
///
/// # Errors
///
/// The first thing that is wrong, with the file.
pub fn verify(folder: &Path, authority: &Path) -> Result<()> {
    let inf = sources::inf_of(folder)?;
    let catalog_name = inf
        .value("Version", "CatalogFile")
        .with_context(|| format!("{} has no CatalogFile in [Version]", inf.file.display()))?;
    let catalog = folder.join(catalog_name);
    signature::verify(&catalog, authority)?;
    let list = Catalog::read(&files::read_bytes(&catalog)?)?;
    let installed = sources::listed_files(&inf)
        .into_iter()
        .map(|name| folder.join(name));
    for file in installed.chain([inf.file.clone()]) {
        ensure!(
            list.has(&files::read_bytes(&file)?)?,
            "the catalog {} does not have the file {} as it is; package it again",
            catalog.display(),
            file.display()
        );
        if file.extension().is_some_and(|ending| ending == "sys") {
            signature::verify(&file, authority)?;
            signature::verify_in_catalog(&file, &catalog, authority)?;
        }
    }
    Ok(())
}
