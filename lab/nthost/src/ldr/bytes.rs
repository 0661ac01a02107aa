//! Checked little-endian reads from an image's bytes: nothing an image says is believed before it was compared with
//! the bytes there are.

use super::error::Malformed;

/// Bytes of an image, by file offset or by relative virtual address.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    data: &'a [u8],
    /// What the bytes are, for complaints: `"the file"`, `"the image"`.
    what: &'static str,
}

impl<'a> Bytes<'a> {
    /// Wraps `data`; `what` names it in complaints.
    pub const fn new(data: &'a [u8], what: &'static str) -> Self {
        Self { data, what }
    }

    /// `size` bytes at `offset`. `place` says for what.
    pub fn slice(&self, offset: usize, size: usize, place: &str) -> Result<&'a [u8], Malformed> {
        let end = offset.checked_add(size);
        end.and_then(|end| self.data.get(offset..end)).ok_or_else(|| {
            let reason = format!(
                "{size:#x} bytes at {offset:#x} do not lie in {}, which has {:#x} bytes",
                self.what,
                self.data.len()
            );
            Malformed::new(place, reason)
        })
    }

    fn array<const N: usize>(&self, offset: usize, place: &str) -> Result<[u8; N], Malformed> {
        let mut value = [0; N];
        value.copy_from_slice(self.slice(offset, N, place)?);
        Ok(value)
    }

    /// The byte at `offset`.
    pub fn u8(&self, offset: usize, place: &str) -> Result<u8, Malformed> {
        Ok(u8::from_le_bytes(self.array(offset, place)?))
    }

    /// The 16-bit value at `offset`.
    pub fn u16(&self, offset: usize, place: &str) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array(offset, place)?))
    }

    /// The 32-bit value at `offset`.
    pub fn u32(&self, offset: usize, place: &str) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array(offset, place)?))
    }

    /// The 32-bit value at `offset`, as a size or an offset.
    pub fn offset(&self, offset: usize, place: &str) -> Result<usize, Malformed> {
        Ok(self.u32(offset, place)? as usize)
    }

    /// The 64-bit value at `offset`.
    pub fn u64(&self, offset: usize, place: &str) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array(offset, place)?))
    }

    /// The NUL-terminated ASCII string at `offset`.
    pub fn string(&self, offset: usize, place: &str) -> Result<&'a str, Malformed> {
        /// Longer than any name a linker writes.
        const MAX: usize = 4096;
        let rest = self.data.get(offset..).unwrap_or_default();
        let window = &rest[..rest.len().min(MAX)];
        let end = window.iter().position(|byte| *byte == 0);
        end.and_then(|end| std::str::from_utf8(&window[..end]).ok())
            .filter(|text| text.is_ascii())
            .ok_or_else(|| {
                Malformed::new(
                    place,
                    format!(
                        "the bytes at {offset:#x} of {} are no terminated ASCII name",
                        self.what
                    ),
                )
            })
    }
}
