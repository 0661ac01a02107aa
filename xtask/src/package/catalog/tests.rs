use std::time::Duration;

use anyhow::Result;
use der::{Decode, Encode};

use super::{Catalog, Contents, NameValue};

fn catalog(architecture: &str) -> Result<Vec<u8>> {
    Contents {
        files: &[
            ("x.inf".to_owned(), b"one".to_vec()),
            ("x.txt".to_owned(), b"two".to_vec()),
        ],
        device_ids: &[r"root\x".to_owned(), r"root\y".to_owned()],
        architecture,
        time: Duration::from_hours(24),
    }
    .unsigned()
}

#[test]
fn a_catalog_has_the_files_that_it_was_made_of_and_no_other() -> Result<()> {
    let catalog = Catalog::read(&catalog("amd64")?)?;
    assert!(catalog.has(b"one")? && catalog.has(b"two")?);
    assert!(!catalog.has(b"three")?);
    Ok(())
}

#[test]
fn a_tag_without_the_hash_in_its_data_is_not_enough() -> Result<()> {
    let mut catalog = Catalog::read(&catalog("amd64")?)?;
    for member in &mut catalog.0.members {
        member.attributes = der::asn1::SetOfVec::new();
    }
    assert!(!catalog.has(b"one")?);
    Ok(())
}

#[test]
fn members_stand_in_the_order_of_their_tags_under_both_hashes() -> Result<()> {
    let catalog = Catalog::read(&catalog("amd64")?)?;
    let tags: Vec<&[u8]> = catalog
        .0
        .members
        .iter()
        .map(|member| member.tag.as_bytes())
        .collect();
    assert!(tags.is_sorted());
    let lengths = |length| tags.iter().filter(|tag| tag.len() == length).count();
    assert_eq!((lengths(32), lengths(20)), (2, 2));
    Ok(())
}

#[test]
fn equal_contents_give_equal_bytes() -> Result<()> {
    assert_eq!(catalog("arm64")?, catalog("arm64")?);
    assert_ne!(catalog("arm64")?, catalog("amd64")?);
    Ok(())
}

#[test]
fn the_catalog_names_windows_and_every_device() -> Result<()> {
    let catalog = Catalog::read(&catalog("amd64")?)?;
    let mut texts = Vec::new();
    for extension in catalog.0.extensions.unwrap_or_default() {
        let pair = NameValue::from_der(extension.extn_value.as_bytes())?;
        let units: Vec<u16> = pair
            .value
            .as_bytes()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|unit| u16::from_le_bytes(*unit))
            .collect();
        texts.push((pair.name.to_string(), String::from_utf16(&units)?));
    }
    let expected = [
        ("OS", "_v100_X64\0"),
        ("HWID1", "root\\x\0"),
        ("HWID2", "root\\y\0"),
    ];
    assert_eq!(
        texts,
        expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
    Ok(())
}

#[test]
fn a_message_that_holds_no_catalog_is_refused() -> Result<()> {
    assert!(Catalog::read(b"").is_err());
    assert!(Catalog::read(&der::asn1::Null.to_der()?).is_err());
    Ok(())
}

/// The type of the member, the third of its choice, and the empty link of its hash, as makecat writes them.
#[test]
fn a_flat_file_is_marked_as_one() -> Result<()> {
    let member = &super::members_of("f", b"one")?[0];
    let bytes = member.to_der()?;
    let link = [0xa2, 0x02, 0x80, 0x00];
    let info = [0x31, 0x02, 0x82, 0x00];
    assert!(bytes.windows(link.len()).any(|found| found == link));
    assert!(bytes.windows(info.len()).any(|found| found == info));
    Ok(())
}
