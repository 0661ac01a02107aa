//! GUIDs from their text, at compile time.

use guid_create::GUID;

/// A GUID from the usual text, `6b29fc40-ca47-1067-b31d-00dd010662da`.
///
/// # Panics
///
/// For any other text; in a constant, that is an error at compile time.
#[must_use]
pub const fn guid(text: &str) -> GUID {
    let text = text.as_bytes();
    assert!(text.len() == 36, "{}", WANTED);
    let mut bytes = [0; 16];
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        if matches!(from, 8 | 13 | 18 | 23) {
            assert!(text[from] == b'-', "{}", WANTED);
            from += 1;
        } else {
            bytes[to] = digit(text[from]) << 4 | digit(text[from + 1]);
            (from, to) = (from + 2, to + 1);
        }
    }
    GUID::build_from_slice(&bytes)
}

const WANTED: &str = "a GUID is 32 hexadecimal digits in groups of 8-4-4-4-12";

const fn digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => panic!("{}", WANTED),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::{GUID, guid};

    proptest! {
        #[test]
        fn text_comes_back(bytes: [u8; 16]) {
            let value = GUID::build_from_slice(&bytes);
            prop_assert_eq!(guid(&value.to_string()), value);
            prop_assert_eq!(guid(&value.to_string().to_lowercase()), value);
        }
    }

    #[test]
    fn any_other_text_is_refused() {
        for text in [
            "",
            "6b29fc40-ca47-1067-b31d-00dd010662d",
            "6b29fc40-ca47-1067-b31d-00dd010662daa",
            "6b29fc40xca47-1067-b31d-00dd010662da",
            "6b29fc4--ca47-1067-b31d-00dd010662da",
            "6b29fc40-ca47-1067-b31d-00dd010662dg",
        ] {
            assert!(std::panic::catch_unwind(|| guid(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn components_are_where_the_wdk_has_them() {
        let value = guid("6b29fc40-ca47-1067-b31d-00dd010662da");
        assert_eq!(
            (value.data1(), value.data2(), value.data3()),
            (0x6b29_fc40, 0xca47, 0x1067)
        );
        assert_eq!(value.data4(), [0xb3, 0x1d, 0x00, 0xdd, 0x01, 0x06, 0x62, 0xda]);
    }
}
