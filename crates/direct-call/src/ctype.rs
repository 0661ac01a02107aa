//! What may cross a direct-call interface, and how C calls it.
#![allow(unsafe_code, reason = "implementing these traits is a promise about memory")]

use core::ffi::c_void;
use core::fmt;

/// The name of a type in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CName {
    name: &'static str,
    constant: bool,
    stars: u8,
}

impl CName {
    /// A type that is no pointer, such as `ULONG`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            constant: false,
            stars: 0,
        }
    }

    /// A pointer to this.
    #[must_use]
    pub const fn pointer(self) -> Self {
        Self {
            stars: self.stars + 1,
            ..self
        }
    }

    /// The same, not to be written through the last pointer.
    #[must_use]
    pub const fn constant(self) -> Self {
        Self {
            constant: true,
            ..self
        }
    }
}

/// With a space behind it where C wants one before a parameter's name.
impl fmt::Display for CName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} ", if self.constant { "const " } else { "" }, self.name)?;
        (0..self.stars).try_for_each(|_| f.write_str("*"))
    }
}

/// A type that C has too, with the same layout: what a routine of a table may take.
///
/// # Safety
///
/// The type is `repr(C)`, `repr(transparent)` or a primitive; the C type of this name has its layout and is passed in the same way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no C form that could cross a direct-call interface",
    label = "no type that a C compiler knows",
    note = "take an integer (`u8` for a BOOLEAN), or in an `unsafe fn` a raw pointer to one",
    note = "for a `repr(C)` structure, implement `direct_call::CType`"
)]
pub unsafe trait CType: Copy + 'static {
    /// How C calls it.
    const C_NAME: CName;
}

/// A [`CType`] that says nothing about memory: what a routine may take, and return, that is no `unsafe fn`.
///
/// # Safety
///
/// Every bit pattern is a value, all zero bytes included.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plain value, which is all that a safe routine takes and returns",
    label = "not a plain value",
    note = "take an integer (`u8` for a BOOLEAN); a routine that takes a raw pointer is an `unsafe fn`",
    note = "for a `repr(C)` structure of integers, implement `direct_call::CType` and `direct_call::CValue`"
)]
pub unsafe trait CValue: CType {}

/// The integers, with the names of basetsd.h and ntdef.h.
macro_rules! integers {
    ($($integer:ty: $name:literal),* $(,)?) => {
        $(
            // SAFETY: a primitive, of which the C type is the same on every 64-bit Windows.
            unsafe impl CType for $integer {
                const C_NAME: CName = CName::new($name);
            }
            // SAFETY: an integer.
            unsafe impl CValue for $integer {}
        )*
    };
}

integers! {
    i8: "INT8", u8: "UCHAR", i16: "SHORT", u16: "USHORT", i32: "LONG", u32: "ULONG", i64: "LONGLONG", u64: "ULONGLONG",
    isize: "SSIZE_T", usize: "SIZE_T",
}

// SAFETY: a pointer to a type that C has.
unsafe impl<T: CType> CType for *mut T {
    const C_NAME: CName = T::C_NAME.pointer();
}

// SAFETY: a pointer to a type that C has.
unsafe impl<T: CType> CType for *const T {
    const C_NAME: CName = T::C_NAME.constant().pointer();
}

// SAFETY: PVOID.
unsafe impl CType for *mut c_void {
    const C_NAME: CName = CName::new("VOID").pointer();
}

// SAFETY: a pointer to what must not be written.
unsafe impl CType for *const c_void {
    const C_NAME: CName = CName::new("VOID").constant().pointer();
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::ffi::c_void;

    use super::CType;

    #[test]
    fn names_are_written_as_c_wants_them_before_a_parameter() {
        assert_eq!(<u32 as CType>::C_NAME.to_string(), "ULONG ");
        assert_eq!(<*mut i32 as CType>::C_NAME.to_string(), "LONG *");
        assert_eq!(<*const u8 as CType>::C_NAME.to_string(), "const UCHAR *");
        assert_eq!(<*mut *mut c_void as CType>::C_NAME.to_string(), "VOID **");
    }
}
