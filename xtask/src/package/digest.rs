//! The hash by which a catalog knows a file: of an image the one that Authenticode signs, of any other file that of its bytes.

use authenticode::authenticode_digest;
use object::read::pe::PeFile64;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What kind of file a catalog takes a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A portable executable. Signing it changes its bytes, not its hash.
    Image,
    /// Any other file.
    Flat,
}

/// The hashes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    pub kind: Kind,
    pub sha1: Vec<u8>,
    pub sha256: Vec<u8>,
}

impl Hashes {
    /// Hashes a file's content. What is no complete 64-bit image is hashed as it is.
    pub fn of(content: &[u8]) -> Self {
        image(content).unwrap_or_else(|| Self {
            kind: Kind::Flat,
            sha1: Sha1::digest(content).to_vec(),
            sha256: Sha256::digest(content).to_vec(),
        })
    }
}

fn image(content: &[u8]) -> Option<Hashes> {
    let image = PeFile64::parse(content).ok()?;
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    authenticode_digest(&image, &mut sha1).ok()?;
    authenticode_digest(&image, &mut sha256).ok()?;
    Some(Hashes {
        kind: Kind::Image,
        sha1: sha1.finalize().to_vec(),
        sha256: sha256.finalize().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Hashes, Kind};

    #[test]
    fn a_text_has_the_hash_of_its_bytes() {
        let hashes = Hashes::of(b"abc");
        assert_eq!(hashes.kind, Kind::Flat);
        // The example of FIPS 180-4.
        assert_eq!(hashes.sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(hashes.sha1[..4], [0xa9, 0x99, 0x3e, 0x36]);
    }

    #[test]
    fn a_truncated_image_is_a_flat_file() {
        assert_eq!(Hashes::of(b"MZ").kind, Kind::Flat);
    }
}
