//! `printf` as the kernel does it.
//!
//! `%s %S %ws %hs %wZ %Z %d %i %u %x %X %o %p %c %C %%` with flags, width, precision
//! and the sizes `h l ll w I I32 I64 z t j`. Floating point is not available in the kernel and not here.
#![allow(unsafe_code, reason = "reads the arguments that a driver gave")]

use core::ffi::{CStr, c_char};

use crate::abi::{ANSI_STRING, UNICODE_STRING};
use crate::rtl::unicode;

/// The arguments of a variadic call: 64-bit slots in memory, as the Windows x64 calling convention has them.
#[derive(Debug)]
pub struct Arguments {
    next: *const u64,
}

impl Arguments {
    /// The slots from `first` on.
    ///
    /// # Safety
    ///
    /// As many slots are readable as the format asks for.
    #[must_use]
    pub const unsafe fn new(first: *const u64) -> Self {
        Self { next: first }
    }

    const fn take(&mut self) -> u64 {
        // SAFETY: the maker of this value promised a slot for each conversion of the format.
        let value = unsafe { self.next.read() };
        self.next = self.next.wrapping_add(1);
        value
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Size {
    #[default]
    Int,
    Byte,
    Short,
    Long,
    Wide,
    Quad,
}

#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each flag of printf")]
struct Specification {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    size: Size,
}

/// More padding than this is a damaged format.
const MAX_FIELD: usize = 4096;

/// Formats `format`, a conversion that is not known staying as it stands.
#[must_use]
pub fn format(format: &str, arguments: &mut Arguments) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        let from_percent = &rest[start..];
        let mut parser = Parser {
            rest: &from_percent[1..],
            arguments,
        };
        let specification = parser.specification();
        let Some(conversion) = parser.rest.chars().next() else {
            out.push_str(from_percent);
            return out;
        };
        let after = &parser.rest[conversion.len_utf8()..];
        match convert(conversion, &specification, arguments) {
            Some(text) => out.push_str(&text),
            None => out.push_str(&from_percent[..from_percent.len() - after.len()]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

struct Parser<'a, 'b> {
    rest: &'a str,
    arguments: &'b mut Arguments,
}

impl Parser<'_, '_> {
    fn eat(&mut self, prefix: &str) -> bool {
        self.rest
            .strip_prefix(prefix)
            .map(|rest| self.rest = rest)
            .is_some()
    }

    fn specification(&mut self) -> Specification {
        let mut result = Specification::default();
        loop {
            match () {
                () if self.eat("-") => result.left = true,
                () if self.eat("+") => result.plus = true,
                () if self.eat(" ") => result.space = true,
                () if self.eat("#") => result.alternate = true,
                () if self.eat("0") => result.zero = true,
                () => break,
            }
        }
        let width = self.number();
        // A negative width from an argument means left-justified.
        result.left |= width.is_some_and(|width| width < 0);
        result.width = width
            .map_or(0, |width| width.unsigned_abs() as usize)
            .min(MAX_FIELD);
        if self.eat(".") {
            let precision = self.number().unwrap_or(0);
            result.precision = usize::try_from(precision)
                .ok()
                .map(|precision| precision.min(MAX_FIELD));
        }
        result.size = self.size();
        result
    }

    fn number(&mut self) -> Option<i32> {
        if self.eat("*") {
            return Some(low_i32(self.arguments.take()));
        }
        let end = self
            .rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!digits.is_empty()).then(|| digits.parse().unwrap_or(i32::MAX))
    }

    fn size(&mut self) -> Size {
        const SIZES: [(&str, Size); 11] = [
            ("I64", Size::Quad),
            ("I32", Size::Int),
            ("I", Size::Quad),
            ("ll", Size::Quad),
            ("l", Size::Long),
            ("hh", Size::Byte),
            ("h", Size::Short),
            ("w", Size::Wide),
            ("z", Size::Quad),
            ("t", Size::Quad),
            ("j", Size::Quad),
        ];
        SIZES
            .iter()
            .find(|(prefix, _)| self.eat(prefix))
            .map_or(Size::Int, |(_, size)| *size)
    }
}

fn convert(conversion: char, spec: &Specification, arguments: &mut Arguments) -> Option<String> {
    let is_wide = matches!(spec.size, Size::Long | Size::Wide);
    Some(match conversion {
        '%' => String::from("%"),
        'd' | 'i' => signed(spec, sign_extend(spec.size, arguments.take())),
        'u' => number(spec, "", &truncate(spec.size, arguments.take()).to_string()),
        'x' => radix(
            spec,
            "0x",
            &format!("{:x}", truncate(spec.size, arguments.take())),
        ),
        'X' => radix(
            spec,
            "0X",
            &format!("{:X}", truncate(spec.size, arguments.take())),
        ),
        'o' => radix(spec, "0", &format!("{:o}", truncate(spec.size, arguments.take()))),
        'p' => pad(spec, &format!("{:016X}", arguments.take())),
        'c' | 'C' => pad(spec, &character(conversion == 'C' || is_wide, arguments.take())),
        's' => pad(spec, &string(is_wide, spec, arguments.take())),
        'S' => pad(spec, &string(spec.size != Size::Short, spec, arguments.take())),
        'Z' => pad(spec, &counted(is_wide, arguments.take())),
        _ => return None,
    })
}

const fn low_i32(value: u64) -> i32 {
    ((value & 0xFFFF_FFFF) as u32).cast_signed()
}

const fn truncate(size: Size, value: u64) -> u64 {
    match size {
        Size::Byte => value & 0xFF,
        Size::Short => value & 0xFFFF,
        Size::Int | Size::Long | Size::Wide => value & 0xFFFF_FFFF,
        Size::Quad => value,
    }
}

const fn sign_extend(size: Size, value: u64) -> i64 {
    match size {
        Size::Byte => ((value & 0xFF) as u8).cast_signed() as i64,
        Size::Short => ((value & 0xFFFF) as u16).cast_signed() as i64,
        Size::Int | Size::Long | Size::Wide => low_i32(value) as i64,
        Size::Quad => value.cast_signed(),
    }
}

fn signed(spec: &Specification, value: i64) -> String {
    let sign = match value {
        ..0 => "-",
        _ if spec.plus => "+",
        _ if spec.space => " ",
        _ => "",
    };
    number(spec, sign, &value.unsigned_abs().to_string())
}

fn radix(spec: &Specification, prefix: &str, digits: &str) -> String {
    number(
        spec,
        if spec.alternate && digits != "0" {
            prefix
        } else {
            ""
        },
        digits,
    )
}

fn number(spec: &Specification, prefix: &str, digits: &str) -> String {
    let minimum = match spec.precision {
        Some(precision) => precision,
        None if spec.zero && !spec.left => spec.width.saturating_sub(prefix.len()),
        None => 1,
    };
    pad(spec, &format!("{prefix}{digits:0>minimum$}"))
}

fn pad(spec: &Specification, text: &str) -> String {
    let width = spec.width;
    if spec.left {
        format!("{text:<width$}")
    } else {
        format!("{text:>width$}")
    }
}

fn character(wide: bool, value: u64) -> String {
    let code = if wide { value & 0xFFFF } else { value & 0xFF };
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
        .to_string()
}

fn string(wide: bool, spec: &Specification, value: u64) -> String {
    let Some(address) = usize::try_from(value).ok().filter(|address| *address != 0) else {
        return String::from("(null)");
    };
    let limit = spec.precision.unwrap_or(usize::MAX);
    if wide {
        let units: *const u16 = std::ptr::with_exposed_provenance(address);
        // SAFETY: the driver passed a string for %ws: readable up to its NUL or the precision.
        let count = (0..limit)
            .find(|index| unsafe { units.wrapping_add(*index).read_unaligned() } == 0)
            .unwrap_or(limit);
        // SAFETY: the units before `count` were just read.
        return unsafe { unicode::units_text(units, count) };
    }
    let bytes: *const c_char = std::ptr::with_exposed_provenance(address);
    if spec.precision.is_none() {
        // SAFETY: the driver passed a string for %s: readable up to its NUL.
        return unsafe { CStr::from_ptr(bytes) }.to_string_lossy().into_owned();
    }
    // SAFETY: with a precision the string is readable up to its NUL or that many bytes.
    let read = |index: usize| unsafe { bytes.wrapping_add(index).read() }.cast_unsigned();
    let collected: Vec<u8> = (0..limit).map(read).take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&collected).into_owned()
}

fn counted(wide: bool, value: u64) -> String {
    let Ok(address) = usize::try_from(value) else {
        return String::new();
    };
    if wide {
        // SAFETY: the driver passed a PUNICODE_STRING or null for %wZ.
        return unsafe { unicode::text(std::ptr::with_exposed_provenance::<UNICODE_STRING>(address)) };
    }
    // SAFETY: the driver passed a PANSI_STRING or null for %Z.
    let Some(text) = (unsafe { std::ptr::with_exposed_provenance::<ANSI_STRING>(address).as_ref() }) else {
        return String::from("(null)");
    };
    if text.Buffer.is_null() {
        return String::new();
    }
    // SAFETY: the string's buffer has Length readable bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.Buffer, usize::from(text.Length)) };
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Arguments, format};
    use crate::rtl::unicode::Unicode;

    fn formatted(text: &str, values: &[u64]) -> String {
        // SAFETY: each test gives as many values as its format takes.
        format(text, &mut unsafe { Arguments::new(values.as_ptr()) })
    }

    #[test]
    fn numbers() {
        assert_eq!(formatted("%d %i", &[0xFFFF_FFFF, 19]), "-1 19");
        assert_eq!(
            formatted("%5d|%-5d|%05d|%+d", &[7, 7, 7, 7]),
            "    7|7    |00007|+7"
        );
        assert_eq!(
            formatted("%x %X %#x %08lX", &[255, 255, 255, 0xC000_00BB]),
            "ff FF 0xff C00000BB"
        );
        assert_eq!(
            formatted("%I64x %lld %u", &[u64::MAX, u64::MAX, u64::MAX]),
            "ffffffffffffffff -1 4294967295"
        );
        assert_eq!(formatted("%.3d %*d", &[5, 4, 6]), "005    6");
        assert_eq!(formatted("%hd %hhu", &[0x1_FFFF, 0x1FF]), "-1 255");
    }

    #[test]
    fn strings() {
        let narrow = c"narrow".as_ptr() as u64;
        let mut wide = Unicode::new("wide");
        let units = wide.units().as_ptr() as u64;
        assert_eq!(
            formatted("%s|%8s|%-8s|%.3s", &[narrow; 4]),
            "narrow|  narrow|narrow  |nar"
        );
        assert_eq!(
            formatted("%ws %S %ls %wZ", &[units, units, units, wide.as_mut_ptr() as u64]),
            "wide wide wide wide"
        );
        assert_eq!(formatted("%s %c%%", &[0, u64::from(b'x')]), "(null) x%");
    }

    #[test]
    fn pointers_and_what_is_not_known() {
        assert_eq!(formatted("%p", &[0xABCD]), "000000000000ABCD");
        assert_eq!(formatted("100%", &[]), "100%");
        assert_eq!(formatted("%f", &[1]), "%f");
    }
}
