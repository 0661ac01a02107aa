//! Registry values and their forms.

use std::fmt;

use crate::abi::{REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_NONE, REG_QWORD, REG_SZ};

/// A value: its `REG_…` type and its bytes, as a driver reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The type: `REG_SZ`, `REG_DWORD`, …
    pub kind: u32,
    /// The data.
    pub data: Vec<u8>,
}

/// The UTF-16 bytes of a text, without a NUL.
fn utf16(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes)
}

/// The bytes of a NUL unit.
const NUL: [u8; 2] = [0, 0];

impl Value {
    /// A `REG_SZ`.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self {
            kind: REG_SZ,
            data: utf16(text).chain(NUL).collect(),
        }
    }

    /// A `REG_EXPAND_SZ`.
    #[must_use]
    pub fn expandable(text: &str) -> Self {
        Self {
            kind: REG_EXPAND_SZ,
            ..Self::string(text)
        }
    }

    /// A `REG_MULTI_SZ`.
    #[must_use]
    pub fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut data: Vec<u8> = texts
            .into_iter()
            .flat_map(|text| utf16(text).chain(NUL))
            .collect();
        data.extend(NUL);
        Self {
            kind: REG_MULTI_SZ,
            data,
        }
    }

    /// A `REG_DWORD`.
    #[must_use]
    pub fn dword(number: u32) -> Self {
        Self {
            kind: REG_DWORD,
            data: number.to_le_bytes().to_vec(),
        }
    }

    /// A `REG_QWORD`.
    #[must_use]
    pub fn qword(number: u64) -> Self {
        Self {
            kind: REG_QWORD,
            data: number.to_le_bytes().to_vec(),
        }
    }

    /// A `REG_BINARY`.
    #[must_use]
    pub const fn binary(data: Vec<u8>) -> Self {
        Self {
            kind: REG_BINARY,
            data,
        }
    }

    /// The number of a `REG_DWORD`.
    #[must_use]
    pub fn as_dword(&self) -> Option<u32> {
        let bytes: [u8; 4] = self.data.as_slice().try_into().ok()?;
        (self.kind == REG_DWORD).then(|| u32::from_le_bytes(bytes))
    }

    /// The text of a `REG_SZ` or `REG_EXPAND_SZ`, or the first of a `REG_MULTI_SZ`.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self.kind {
            REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ => {
                Some(self.texts().into_iter().next().unwrap_or_default())
            }
            _ => None,
        }
    }

    /// The texts of a `REG_MULTI_SZ`; one for another string; none for what is no string.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        if !matches!(self.kind, REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ) {
            return Vec::new();
        }
        let units: Vec<u16> = self
            .data
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let texts = units.split(|unit| *unit == 0).map(String::from_utf16_lossy);
        texts.take_while(|text| !text.is_empty()).collect()
    }

    /// The name of the type.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            REG_NONE => "REG_NONE",
            REG_SZ => "REG_SZ",
            REG_EXPAND_SZ => "REG_EXPAND_SZ",
            REG_BINARY => "REG_BINARY",
            REG_DWORD => "REG_DWORD",
            REG_MULTI_SZ => "REG_MULTI_SZ",
            REG_QWORD => "REG_QWORD",
            _ => "(a type the lab has no name for)",
        }
    }
}

impl fmt::Display for Value {
    /// As `reg query` shows data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            REG_SZ | REG_EXPAND_SZ | REG_MULTI_SZ => f.write_str(&self.texts().join(r"\0")),
            REG_DWORD | REG_QWORD => {
                let number = self
                    .data
                    .iter()
                    .rev()
                    .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
                write!(f, "{number:#x}")
            }
            _ => self.data.iter().try_for_each(|byte| write!(f, "{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn strings_survive() {
        assert_eq!(Value::string("abc").as_text().as_deref(), Some("abc"));
        assert_eq!(Value::string("abc").data.len(), 8);
        assert_eq!(Value::strings(["a", "bc"]).texts(), ["a", "bc"]);
        assert_eq!(Value::strings([]).data, [0, 0]);
        assert_eq!(Value::dword(7).as_dword(), Some(7));
        assert_eq!(Value::string("7").as_dword(), None);
    }
}
