//! Tables by address, which every call of a driver asks: their keys need no protection against collisions on purpose.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by address.
pub type AddressMap<V> = HashMap<usize, V, BuildHasherDefault<AddressHasher>>;

/// Multiplies an address, so that its upper bits reach the whole hash (Knuth, multiplicative hashing).
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressHasher(u64);

/// 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64).wrapping_mul(FACTOR);
        // The table takes the lowest bits and the highest: what the product has at the top goes to the bottom too.
        self.0 = mixed ^ (mixed >> 32);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::Hasher;

    use super::AddressHasher;

    #[test]
    fn addresses_of_pages_fall_into_different_places() {
        let place = |page: usize| {
            let mut hasher = AddressHasher::default();
            hasher.write_usize(0x7F00_0000_0000 + page * 4096);
            hasher.finish() & 1023
        };
        let places: BTreeSet<u64> = (0..1024).map(place).collect();
        assert!(places.len() > 512, "{} of 1024", places.len());
    }
}
