//! The packages that `cargo xtask package` made: signed, in their catalogs, of reproducible images, and what a changed byte does.

use std::fs;

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab,
    package::{self, Package},
    script::START,
};
use object::{
    LittleEndian as LE,
    pe::{IMAGE_DEBUG_TYPE_REPRO, ImageDebugDirectory},
    read::{Object as _, ObjectSection as _, pe::PeFile64},
    slice_from_all_bytes,
};

/// `dwSignature` of `VS_FIXEDFILEINFO`, verrsrc.h.
const VERSION_SIGNATURE: [u8; 4] = 0xfeef_04bd_u32.to_le_bytes();
/// `VFT_DRV` and `VFT2_DRV_SYSTEM` of verrsrc.h.
const SYSTEM_DRIVER: (u32, u32) = (0x3, 0x7);

/// What a package says when it does not verify.
fn refusal(result: Result<()>) -> Result<String> {
    match result {
        Ok(()) => anyhow::bail!("the package verifies"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn every_package_verifies_with_its_images() -> Result<()> {
    let names = package::names()?;
    ensure!(
        names.iter().any(|name| name == "sample") && names.len() > 1,
        "the packages are {names:?}"
    );
    for name in names {
        let package = Package::copy(&name)?;
        package.verify()?;
        if package.file("sys").exists() {
            package.image_is_signed()?;
            package.image_is_in_catalog()?;
        }
    }
    Ok(())
}

#[test]
fn a_changed_byte_in_the_image_breaks_signature_and_catalog() -> Result<()> {
    // In the header, in the code's constants, in the resources.
    for place in [
        b"This program".to_vec(),
        b"ChildCount".to_vec(),
        utf16("VS_VERSION_INFO"),
    ] {
        let package = Package::copy("sample")?;
        package.damage("sys", &place)?;
        ensure!(package.image_is_signed().is_err(), "the signature still verifies");
        ensure!(
            package.image_is_in_catalog().is_err(),
            "the catalog still has the image"
        );
        ensure!(refusal(package.verify())?.contains("sample.sys"));
    }
    Ok(())
}

#[test]
fn a_changed_byte_in_the_inf_file_breaks_the_package() -> Result<()> {
    let package = Package::copy("sample")?;
    package.damage("inf", b"Sample direct-call bus")?;
    let refusal = refusal(package.verify())?;
    ensure!(
        refusal.contains("does not have the file") && refusal.contains("sample.inf"),
        "{refusal}"
    );
    Ok(())
}

#[test]
fn a_changed_byte_in_the_catalog_breaks_its_signature() -> Result<()> {
    let package = Package::copy("sample")?;
    package.damage("cat", &utf16("root\\samplebus"))?;
    ensure!(
        package.image_is_in_catalog().is_err(),
        "the catalog still verifies"
    );
    let refusal = refusal(package.verify())?;
    ensure!(refusal.contains("sample.cat does not verify"), "{refusal}");
    Ok(())
}

#[test]
fn an_image_with_a_good_signature_that_the_catalog_does_not_have_is_refused() -> Result<()> {
    let package = Package::copy("sample")?;
    fs::copy(Package::copy("child")?.file("sys"), package.file("sys"))?;
    package.image_is_signed()?;
    ensure!(
        package.image_is_in_catalog().is_err(),
        "the catalog has another image"
    );
    let refusal = refusal(package.verify())?;
    ensure!(
        refusal.contains("does not have the file") && refusal.contains("sample.sys"),
        "{refusal}"
    );
    Ok(())
}

#[test]
fn a_missing_file_is_named() -> Result<()> {
    let package = Package::copy("child")?;
    fs::remove_file(package.file("sys"))?;
    ensure!(refusal(package.verify())?.contains("child.sys"));
    Ok(())
}

#[test]
fn a_package_means_nothing_to_who_trusts_another_certificate() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let other = package::other_certificate(folder.path())?;
    let refusal = refusal(Package::copy("child")?.verify_for(&other))?;
    ensure!(refusal.contains("does not verify"), "{refusal}");
    Ok(())
}

#[test]
fn an_installed_package_works_as_it_was_made() -> Result<()> {
    let lab = Lab::new(Build::Release)?;
    for name in ["sample", "child"] {
        let package = Package::copy(name)?;
        for ending in ["inf", "sys", "cat"] {
            lab.write(&format!("{name}.{ending}"), &fs::read(package.file(ending))?)?;
        }
    }
    let run = lab.run(&START)?;
    run.passes()
}

#[test]
fn every_image_says_that_it_is_a_system_driver_of_this_version() -> Result<()> {
    for name in package::names()? {
        for file in package::files(&package::folder(&name)?)? {
            if file.extension() != Some("sys".as_ref()) {
                continue;
            }
            let content = fs::read(&file)?;
            let image = PeFile64::parse(&*content)?;
            let section = image
                .section_by_name(".rsrc")
                .with_context(|| format!("{} has no resources", file.display()))?;
            let resources = section.data()?;
            let at = resources
                .windows(VERSION_SIGNATURE.len())
                .position(|found| found == VERSION_SIGNATURE)
                .with_context(|| format!("{} has no version resource", file.display()))?;
            // The members of VS_FIXEDFILEINFO in their order.
            let member = |index: usize| {
                let bytes = resources
                    .get(at + 4 * index..)
                    .and_then(|rest| rest.first_chunk());
                bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
            };
            assert_eq!((member(9), member(10)), SYSTEM_DRIVER, "{}", file.display());
            // The crates of the workspace have one version.
            assert_eq!(
                (member(2), member(3)),
                version(env!("CARGO_PKG_VERSION"))?,
                "{}",
                file.display()
            );
        }
    }
    Ok(())
}

/// `dwFileVersionMS` and `dwFileVersionLS` of three numbers.
fn version(text: &str) -> Result<(u32, u32)> {
    let numbers: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>()?;
    let [major, minor, patch] = numbers[..] else {
        anyhow::bail!("{text} is not three numbers");
    };
    Ok((major << 16 | minor, patch << 16))
}

#[test]
fn neither_an_image_nor_its_symbols_name_a_folder_of_this_machine() -> Result<()> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/").replace("lab/tests/", "");
    let home = std::env::var("HOME").context("HOME is not set")? + "/";
    for name in package::names()? {
        for file in package::files(&package::folder(&name)?)? {
            let content = fs::read(&file)?;
            for folder in [&workspace, &home] {
                ensure!(
                    !content
                        .windows(folder.len())
                        .any(|found| found == folder.as_bytes()),
                    "{} names the folder {folder}",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn images_have_a_hash_where_the_time_would_be_and_name_their_symbols() -> Result<()> {
    for name in package::names()? {
        for symbols in package::files(&package::folder(&name)?)? {
            if symbols.extension() != Some("pdb".as_ref()) {
                continue;
            }
            let content = fs::read(symbols.with_extension("sys"))?;
            let image = PeFile64::parse(&*content)?;
            ensure!(
                has_repro_entry(&image, &content)?,
                "{} has a time",
                symbols.display()
            );
            let info = image
                .pdb_info()?
                .with_context(|| format!("{} has no symbols", symbols.display()))?;
            assert_eq!(
                Some(info.path()),
                symbols.file_name().map(std::ffi::OsStr::as_encoded_bytes)
            );
            let guid = info.guid();
            ensure!(
                fs::read(&symbols)?.windows(guid.len()).any(|found| found == guid),
                "{} are the symbols of another image",
                symbols.display()
            );
        }
    }
    Ok(())
}

/// `/Brepro` leaves an entry in the debug directory.
fn has_repro_entry(image: &PeFile64<'_>, content: &[u8]) -> Result<bool> {
    let Some(directory) = image.data_directory(object::pe::IMAGE_DIRECTORY_ENTRY_DEBUG) else {
        return Ok(false);
    };
    let data = directory.data(content, &image.section_table())?;
    let entries: &[ImageDebugDirectory] =
        slice_from_all_bytes(data).map_err(|()| anyhow::anyhow!("the debug directory is cut"))?;
    Ok(entries
        .iter()
        .any(|entry| entry.typ.get(LE) == IMAGE_DEBUG_TYPE_REPRO))
}
