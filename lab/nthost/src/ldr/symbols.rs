//! Symbols from the `.map` file that the linker wrote beside the image.

use std::path::Path;

/// Symbols of one image, by offset.
#[derive(Debug, Default)]
pub struct Symbols {
    sorted: Vec<(usize, String)>,
}

impl Symbols {
    /// Reads the map file beside `image`, and adds `exports`. Without a map file there are only the exports.
    pub fn read<'a>(image: &Path, exports: impl Iterator<Item = (&'a str, usize)>) -> Self {
        let text = std::fs::read(image.with_extension("map")).unwrap_or_default();
        let mut symbols = Self::parse(&String::from_utf8_lossy(&text));
        symbols
            .sorted
            .extend(exports.map(|(name, offset)| (offset, name.to_owned())));
        symbols.sorted.sort();
        symbols.sorted.dedup_by_key(|(offset, _)| *offset);
        symbols
    }

    /// Reads the lines `0001:00000000  symbol  0000000140001000  object` of a map file.
    pub fn parse(text: &str) -> Self {
        let mut base = 0;
        let mut sorted = Vec::new();
        for line in text.lines() {
            if let Some(value) = line.trim().strip_prefix("Preferred load address is ") {
                base = usize::from_str_radix(value.trim(), 16).unwrap_or(0);
            }
            let mut words = line.split_whitespace();
            let (Some(place), Some(name), Some(address)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let is_place = place.split_once(':').is_some_and(|(section, offset)| {
                section.len() == 4
                    && offset.len() == 8
                    && place.bytes().all(|b| b == b':' || b.is_ascii_hexdigit())
            });
            let Ok(address) = usize::from_str_radix(address, 16) else {
                continue;
            };
            // A name with a dollar sign is a label that the compiler made inside of a function.
            if is_place && address > base && !name.starts_with('$') {
                sorted.push((address - base, format!("{:#}", rustc_demangle::demangle(name))));
            }
        }
        sorted.sort();
        Self { sorted }
    }

    /// The symbol that begins at or before `offset`, and the distance from it.
    pub fn nearest(&self, offset: usize) -> Option<(&str, usize)> {
        let index = self
            .sorted
            .partition_point(|(start, _)| *start <= offset)
            .checked_sub(1)?;
        let (start, name) = self.sorted.get(index)?;
        Some((name, offset - start))
    }
}

#[cfg(test)]
mod tests {
    use super::Symbols;

    const MAP: &str = " Timestamp is 0 (repro mode)\n\n Preferred load address is 0000000140000000\n\n Start  Length Name Class\n \
        0001:00000000 00000d10H .text  CODE\n\n  Address  Publics by Value  Rva+Base  Lib:Object\n\n \
        0001:00000010       _ZN6sample3bus6create17h0123456789abcdefE 0000000140001010     a.o\n \
        0001:00000100       DriverEntry 0000000140001100     b.o\n";

    #[test]
    fn names_the_symbol_before_an_offset() {
        let symbols = Symbols::parse(MAP);
        assert_eq!(symbols.nearest(0x1020), Some(("sample::bus::create", 0x10)));
        assert_eq!(symbols.nearest(0x1100), Some(("DriverEntry", 0)));
        assert_eq!(symbols.nearest(0x1000), None);
    }
}
