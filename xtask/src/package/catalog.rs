//! Catalogs: the hashes of a package's files, as Windows looks them up.
//!
//! The form is the one of makecat's version 2, for Windows 8 and later: each file stands in it under its SHA-256 hash, with name and hash,
//! and under its SHA-1 hash, with neither, for callers that look it up by that. Names and values are those of `Inf2Cat`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use authenticode::{DigestInfo, SpcAttributeTypeAndOptionalValue, SpcIndirectDataContent};
use cms::{
    cert::x509::ext::Extension,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{EncapsulatedContentInfo, SignedData, SignerInfos},
};
use der::{
    Any, DateTime, Decode, Encode,
    asn1::{OctetString, SetOfVec, UtcTime},
    oid::db::rfc5911::ID_SIGNED_DATA,
};
use sha2::{Digest, Sha256};

use super::{
    digest::{Hashes, Kind},
    trust_list::{self, Member, NameValue, TrustList},
};

/// How a catalog spells the version of Windows that a file is for: platform 2 (NT), Windows 10 and later.
const OS_ATTRIBUTE: &str = "2:10.0";

/// The catalog's identifier has the length of a GUID.
const IDENTIFIER_LENGTH: usize = 16;

/// What goes into a catalog.
#[derive(Debug)]
pub struct Contents<'a> {
    /// Name and content of each file.
    pub files: &'a [(String, Vec<u8>)],
    /// Hardware and compatible IDs.
    pub device_ids: &'a [String],
    /// As INF files name it.
    pub architecture: &'a str,
    /// When the catalog was made, from 1970.
    pub time: Duration,
}

impl Contents<'_> {
    /// The catalog as a signed message without a signer, which is what a signing tool takes.
    ///
    /// # Errors
    ///
    /// When a name cannot be stored, or the time is not between 1970 and 2049.
    pub fn unsigned(&self) -> Result<Vec<u8>> {
        let list = self.trust_list()?;
        let message = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::new(),
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: trust_list::CTL,
                econtent: Some(Any::encode_from(&list)?),
            },
            certificates: None,
            crls: None,
            signer_infos: SignerInfos(SetOfVec::new()),
        };
        let info = ContentInfo {
            content_type: ID_SIGNED_DATA,
            content: Any::encode_from(&message)?,
        };
        Ok(info.to_der()?)
    }

    fn trust_list(&self) -> Result<TrustList> {
        let mut members = Vec::new();
        for (name, content) in self.files {
            members
                .extend(members_of(name, content).with_context(|| format!("cannot list the file {name}"))?);
        }
        // By tag, as Windows writes and searches them. Equal files are one member.
        members.sort_by(|one: &Member, other| one.tag.as_bytes().cmp(other.tag.as_bytes()));
        members.dedup_by(|one, other| one.tag == other.tag);
        let identifier = Sha256::digest(members.to_der()?);
        let time = DateTime::from_unix_duration(self.time)?;
        Ok(TrustList {
            usage: vec![trust_list::CATALOG_LIST],
            identifier: OctetString::new(&identifier[..IDENTIFIER_LENGTH])?,
            this_update: UtcTime::from_date_time(time)?,
            member_kind: trust_list::without_parameters(trust_list::CATALOG_LIST_MEMBER2),
            members,
            extensions: Some(self.extensions()?),
        })
    }

    /// The version of Windows, and the devices.
    fn extensions(&self) -> Result<Vec<Extension>> {
        let windows = match self.architecture {
            "amd64" => "_v100_X64",
            "arm64" => "_v100_ARM64",
            other => bail!("catalogs have no name for Windows on {other}"),
        };
        let devices = self
            .device_ids
            .iter()
            .enumerate()
            .map(|(index, id)| (format!("HWID{}", index + 1), id.as_str()));
        std::iter::once(("OS".to_owned(), windows))
            .chain(devices)
            .map(|(name, value)| extension(&name, value))
            .collect()
    }
}

fn extension(name: &str, value: &str) -> Result<Extension> {
    Ok(Extension {
        extn_id: trust_list::NAME_VALUE,
        critical: false,
        extn_value: OctetString::new(NameValue::new(name, value)?.to_der()?)?,
    })
}

/// A file under its two hashes.
fn members_of(name: &str, content: &[u8]) -> der::Result<[Member; 2]> {
    let hashes = Hashes::of(content);
    let (number, data) = match hashes.kind {
        Kind::Image => (
            trust_list::MEMBER_IMAGE,
            (trust_list::PE_IMAGE_DATA, trust_list::pe_image_data()?),
        ),
        Kind::Flat => (
            trust_list::MEMBER_FLAT,
            (trust_list::CAB_DATA, trust_list::empty_link()?),
        ),
    };
    let info = trust_list::attribute(trust_list::MEMBER_INFO2, &trust_list::member_info(number)?)?;
    let named = |name, value| trust_list::attribute(trust_list::NAME_VALUE, &NameValue::new(name, value)?);
    let hash = trust_list::attribute(trust_list::INDIRECT_DATA, &indirect_data(data, &hashes.sha256)?)?;
    Ok([
        Member {
            tag: OctetString::new(hashes.sha256)?,
            attributes: vec![
                info.clone(),
                named("File", name)?,
                named("OSAttr", OS_ATTRIBUTE)?,
                hash,
            ]
            .try_into()?,
        },
        Member {
            tag: OctetString::new(hashes.sha1)?,
            attributes: vec![info].try_into()?,
        },
    ])
}

fn indirect_data(
    (value_type, value): (der::asn1::ObjectIdentifier, Any),
    sha256: &[u8],
) -> der::Result<SpcIndirectDataContent> {
    Ok(SpcIndirectDataContent {
        data: SpcAttributeTypeAndOptionalValue { value_type, value },
        message_digest: DigestInfo {
            digest_algorithm: trust_list::without_parameters(trust_list::SHA256),
            digest: OctetString::new(sha256)?,
        },
    })
}

/// A catalog that was read. Its signature is not checked here.
#[derive(Debug)]
pub struct Catalog(TrustList);

impl Catalog {
    /// Reads a catalog, signed or not.
    ///
    /// # Errors
    ///
    /// When the bytes are no message with a catalog in it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let message: SignedData = ContentInfo::from_der(bytes)
            .and_then(|info| info.content.decode_as())
            .context("the catalog is no signed message")?;
        let content = message.encap_content_info;
        if content.econtent_type != trust_list::CTL {
            bail!(
                "the signed message holds {}, not a trust list",
                content.econtent_type
            );
        }
        let list = content.econtent.context("the signed message is empty")?;
        Ok(Self(list.decode_as().context("the catalog holds no trust list")?))
    }

    /// Whether the catalog has the file's hash, both as the member's tag and in its signed data.
    ///
    /// # Errors
    ///
    /// When an attribute of the member is not what its identifier says.
    pub fn has(&self, content: &[u8]) -> Result<bool> {
        let sha256 = Hashes::of(content).sha256;
        let Some(member) = self
            .0
            .members
            .iter()
            .find(|member| member.tag.as_bytes() == sha256)
        else {
            return Ok(false);
        };
        let hashes = member
            .attributes
            .iter()
            .filter(|attribute| attribute.oid == trust_list::INDIRECT_DATA)
            .flat_map(|attribute| attribute.values.iter());
        for hash in hashes {
            let data: SpcIndirectDataContent = hash.decode_as().context("a member's hash cannot be read")?;
            if data.message_digest.digest.as_bytes() == sha256 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
