//! The certificate trust list that a catalog is, as ASN.1.
//!
//! Sources: the object identifiers and member types of mscat.h and wintrust.h, "Windows Authenticode Portable Executable Signature
//! Format", and, for what neither says, the bytes that makecat writes with `CatalogVersion=2` and `HashAlgorithms=SHA256`.

use der::{
    Any, Decode, Encode, Sequence, Tag, TagNumber,
    asn1::{BitString, BmpString, Null, ObjectIdentifier, OctetString, SetOfVec, UtcTime},
};
use x509_cert::{attr::Attribute, ext::Extension, spki::AlgorithmIdentifierOwned};

/// `szOID_CTL` of wincrypt.h: the content of a catalog's signed message.
pub const CTL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.1");
/// `szOID_CATALOG_LIST` of mscat.h: the trust list is a catalog.
pub const CATALOG_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.1");
/// `szOID_CATALOG_LIST_MEMBER2` of mscat.h: its members go by SHA-256.
pub const CATALOG_LIST_MEMBER2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.3");
/// `CAT_NAMEVALUE_OBJID` of mscat.h.
pub const NAME_VALUE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.1");
/// `CAT_MEMBERINFO2_OBJID` of mscat.h.
pub const MEMBER_INFO2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.3");
/// `SPC_INDIRECT_DATA_OBJID` of wintrust.h.
pub const INDIRECT_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.4");
/// `SPC_PE_IMAGE_DATA_OBJID` of wintrust.h.
pub const PE_IMAGE_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
/// `SPC_CAB_DATA_OBJID` of wintrust.h, which stands for every file without a format of its own.
pub const CAB_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.25");
/// SHA-256, `szOID_NIST_sha256` of wincrypt.h.
pub const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// The flags of a name and value that makecat and the drivers' catalogs have: `CRYPTCAT_ATTR_AUTHENTICATED`,
/// `CRYPTCAT_ATTR_DATAASCII` and `CRYPTCAT_ATTR_NAMEASCII` of mscat.h.
const FLAGS: u32 = 0x1000_0000 | 0x0001_0000 | 0x1;

/// `fIncludeResources`, `fIncludeDebugInfo` and `fIncludeImportAddressTable` of the Authenticode format, as every signer sets them: 101.
const PE_FLAGS: (u8, [u8; 1]) = (5, [0b1010_0000]);

/// The member types of `CAT_MEMBERINFO2`, the numbers of its choice.
pub const MEMBER_IMAGE: TagNumber = TagNumber::N0;
/// A file without a format of its own.
pub const MEMBER_FLAT: TagNumber = TagNumber::N2;

/// The trust list.
#[derive(Clone, Debug, Sequence)]
pub struct TrustList {
    pub usage: Vec<ObjectIdentifier>,
    pub identifier: OctetString,
    pub this_update: UtcTime,
    pub member_kind: AlgorithmIdentifierOwned,
    pub members: Vec<Member>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub extensions: Option<Vec<Extension>>,
}

/// A file, under one of its hashes.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub struct Member {
    pub tag: OctetString,
    pub attributes: SetOfVec<Attribute>,
}

/// A name and a text.
#[derive(Clone, Debug, Sequence)]
pub struct NameValue {
    pub name: BmpString,
    pub flags: u32,
    pub value: OctetString,
}

/// The data of an image: what its hash covers, and an empty link.
#[derive(Sequence)]
struct PeImageData {
    flags: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    file: Any,
}

impl NameValue {
    /// A name and a text, which is stored as a UTF-16 string with its terminator.
    ///
    /// # Errors
    ///
    /// When the name has a character outside of UCS-2.
    pub fn new(name: &str, value: &str) -> der::Result<Self> {
        let units = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
        Ok(Self {
            name: BmpString::from_utf8(name)?,
            flags: FLAGS,
            value: OctetString::new(units.collect::<Vec<u8>>())?,
        })
    }
}

/// An attribute of one value.
///
/// # Errors
///
/// When the value is too long for DER.
pub fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> der::Result<Attribute> {
    Ok(Attribute {
        oid,
        values: SetOfVec::try_from(vec![Any::from_der(&value.to_der()?)?])?,
    })
}

/// The value of `CAT_MEMBERINFO2`: which type of member it is, and nothing else.
///
/// # Errors
///
/// None that a caller can cause.
pub fn member_info(number: TagNumber) -> der::Result<Any> {
    context(number, false, Vec::new())
}

/// `SpcPeImageData` without page hashes.
///
/// # Errors
///
/// None that a caller can cause.
pub fn pe_image_data() -> der::Result<Any> {
    let (unused, flags) = PE_FLAGS;
    let data = PeImageData {
        flags: BitString::new(unused, flags)?,
        file: empty_link()?,
    };
    Any::from_der(&data.to_der()?)
}

/// `SpcLink` with an empty file name: `file [2] EXPLICIT SpcString`, `unicode [0] IMPLICIT BMPString`.
///
/// # Errors
///
/// None that a caller can cause.
pub fn empty_link() -> der::Result<Any> {
    let name = context(TagNumber::N0, false, Vec::new())?;
    context(TagNumber::N2, true, name.to_der()?)
}

fn context(number: TagNumber, constructed: bool, content: Vec<u8>) -> der::Result<Any> {
    Any::new(Tag::ContextSpecific { constructed, number }, content)
}

/// The parameters of an algorithm that has none.
pub fn without_parameters(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Null.into()),
    }
}
