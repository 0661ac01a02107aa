//! What a provider gives out, and what a client accepts.

use core::ffi::c_void;
use core::fmt;
use core::mem::{align_of, offset_of, size_of};

use guid_create::GUID;

/// The header of every direct-call interface: `INTERFACE`, wdm.h.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Header {
    /// `Size`: of the whole table in bytes, this header included.
    pub size: u16,
    /// `Version`: of the provider's choice.
    pub version: u16,
    /// `Context`: the provider's; clients pass it back and never look into it.
    pub context: *mut c_void,
    /// `InterfaceReference`.
    pub reference: Option<unsafe extern "system" fn(*mut c_void)>,
    /// `InterfaceDereference`.
    pub dereference: Option<unsafe extern "system" fn(*mut c_void)>,
}

// INTERFACE, wdm.h, on every 64-bit target.
const _: () = {
    assert!(size_of::<Header>() == 32);
    assert!(align_of::<Header>() == 8);
    assert!(offset_of!(Header, size) == 0);
    assert!(offset_of!(Header, version) == 2);
    assert!(offset_of!(Header, context) == 8);
    assert!(offset_of!(Header, reference) == 16);
    assert!(offset_of!(Header, dereference) == 24);
};

/// Binds a table type to the GUID and the version that stand for it.
///
/// # Safety
///
/// Whoever answers to `GUID` at `VERSION` fills a `Table`: a wrong GUID, or a version with another layout,
/// turns a foreign driver's bytes into function pointers of the wrong type. `Table` is `repr(C)` and consists
/// of the `INTERFACE` header and, after it, of function pointers only, and at the end perhaps of one more such table
/// ([`TwoWay`](crate::TwoWay)).
///
/// [`interface!`](crate::interface) and [`bind!`](crate::bind) implement it.
#[expect(
    unsafe_code,
    reason = "implementing it is a promise that the compiler cannot check"
)]
pub unsafe trait Interface {
    /// The table, header first.
    type Table: Copy + 'static;
    /// What the query names.
    const GUID: GUID;
    /// The version of `Table`.
    const VERSION: u16;

    /// `size_of::<Self::Table>()`, as the header carries it. Refuses to compile for a table that cannot be
    /// one.
    const SIZE: u16 = {
        let size = size_of::<Self::Table>();
        assert!(
            size >= size_of::<Header>(),
            "the table is shorter than the INTERFACE header that it begins with"
        );
        assert!(
            size <= u16::MAX as usize,
            "the table has more than 65535 bytes, which is all that the header's Size can say"
        );
        assert!(
            size.is_multiple_of(ENTRY) && align_of::<Self::Table>() == align_of::<Header>(),
            "the table has something in it that is no pointer"
        );
        #[expect(clippy::cast_possible_truncation, reason = "asserted in the line above")]
        {
            size as u16
        }
    };

    /// How many routines follow the header: all there is, but for the client's part of a two-way interface.
    const ROUTINES: usize = (Self::SIZE as usize - size_of::<Header>()) / ENTRY;
}

/// Size of one entry of a table, a function pointer.
pub const ENTRY: usize = size_of::<usize>();

/// Why a query did not give a usable interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The query itself failed with this NTSTATUS; `STATUS_NOT_SUPPORTED` means that nobody in the stack
    /// answers to the GUID with a table that fits.
    Query(crate::Failure),
    /// The provider filled fewer bytes than the table has.
    Size {
        /// The least size that the client can use.
        needed: u16,
        /// The size in the header.
        given: u16,
    },
    /// The provider's table has another version.
    Version {
        /// The version that the client was written for.
        needed: u16,
        /// The version in the header.
        given: u16,
    },
    /// `InterfaceReference` or `InterfaceDereference` is NULL.
    Uncounted,
    /// The entry with this number, from 0 after the header, is NULL.
    NullEntry(usize),
}

impl QueryError {
    /// The NTSTATUS that a driver passes on: that of the query, else `STATUS_REVISION_MISMATCH` for a version
    /// and `STATUS_INVALID_BUFFER_SIZE` for a size; a table with holes is `STATUS_UNSUCCESSFUL`.
    #[must_use]
    pub const fn failure(self) -> crate::Failure {
        const STATUS_REVISION_MISMATCH: i32 = 0xC000_0059_u32.cast_signed(); // ntstatus.h
        const STATUS_INVALID_BUFFER_SIZE: i32 = 0xC000_0206_u32.cast_signed(); // ntstatus.h
        match self {
            Self::Query(failure) => failure,
            Self::Size { .. } => crate::Failure::new(STATUS_INVALID_BUFFER_SIZE),
            Self::Version { .. } => crate::Failure::new(STATUS_REVISION_MISMATCH),
            Self::Uncounted | Self::NullEntry(_) => crate::Failure::UNSUCCESSFUL,
        }
    }

    /// The check that failed, in words without figures, for a driver's log.
    #[must_use]
    pub const fn reason(self) -> &'static core::ffi::CStr {
        match self {
            Self::Query(_) => c"the query failed",
            Self::Size { .. } => c"the provider's table has another size",
            Self::Version { .. } => c"the provider's table has another version",
            Self::Uncounted => c"a reference routine is NULL",
            Self::NullEntry(_) => c"an entry of the table is NULL",
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(failure) => write!(f, "the query failed with {failure}"),
            Self::Size { needed, given } => write!(f, "the table has {given} bytes, not {needed}"),
            Self::Version { needed, given } => write!(f, "the table has version {given}, not {needed}"),
            Self::Uncounted => f.write_str("a reference routine of the table is NULL"),
            Self::NullEntry(entry) => write!(f, "entry {entry} of the table is NULL"),
        }
    }
}

impl core::error::Error for QueryError {}

/// What a query asks for, or a provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of the table, header included.
    pub size: u16,
    /// Version of the table.
    pub version: u16,
}

impl Extent {
    /// That of an interface's table.
    #[must_use]
    pub const fn of<I: Interface>() -> Self {
        Self {
            size: I::SIZE,
            version: I::VERSION,
        }
    }

    /// Whether a table with this header is the very one: an older or newer one has other entries.
    pub(crate) const fn compare(self, header: &Header) -> Result<(), QueryError> {
        if header.size != self.size {
            return Err(QueryError::Size {
                needed: self.size,
                given: header.size,
            });
        }
        if header.version != self.version {
            return Err(QueryError::Version {
                needed: self.version,
                given: header.version,
            });
        }
        Ok(())
    }
}

/// Whether a framework hands a table of the extent `provided` to a client that asks for `requested`: the rule
/// of KMDF, which takes a request that is at least as large and as new.
#[must_use]
pub const fn provider_accepts(provided: Extent, requested: Extent) -> bool {
    provided.size <= requested.size && provided.version <= requested.version
}

/// The client's checks after a successful query: size, version, reference routines, entries, in this order.
/// `entries` are the words after the header.
///
/// Size and version must be the very ones: KMDF satisfies a newer client from an older provider, and such a
/// client would call entries that were never filled.
///
/// # Errors
///
/// The first check that fails.
pub fn client_accepts(header: &Header, entries: &[usize], needed: Extent) -> Result<(), QueryError> {
    needed.compare(header)?;
    if header.reference.is_none() || header.dereference.is_none() {
        return Err(QueryError::Uncounted);
    }
    entries
        .iter()
        .position(|&entry| entry == 0)
        .map_or(Ok(()), |entry| Err(QueryError::NullEntry(entry)))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::ffi::c_void;
    use core::ptr;

    use proptest::prelude::*;

    use super::{Extent, Header, QueryError, client_accepts, provider_accepts};
    use crate::Failure;

    extern "system" fn nothing(_context: *mut c_void) {}

    const NEEDED: Extent = Extent { size: 48, version: 2 };

    fn header(size: u16, version: u16) -> Header {
        let nothing: unsafe extern "system" fn(*mut c_void) = nothing;
        Header {
            size,
            version,
            context: ptr::null_mut(),
            reference: Some(nothing),
            dereference: Some(nothing),
        }
    }

    #[test]
    fn each_check_names_itself() {
        let full = [1, 1];
        assert_eq!(client_accepts(&header(48, 2), &full, NEEDED), Ok(()));
        assert_eq!(
            client_accepts(&header(40, 2), &full, NEEDED),
            Err(QueryError::Size {
                needed: 48,
                given: 40
            })
        );
        assert_eq!(
            client_accepts(&header(48, 1), &full, NEEDED),
            Err(QueryError::Version { needed: 2, given: 1 })
        );
        let uncounted = Header {
            dereference: None,
            ..header(48, 2)
        };
        assert_eq!(
            client_accepts(&uncounted, &full, NEEDED),
            Err(QueryError::Uncounted)
        );
        assert_eq!(
            client_accepts(&header(48, 2), &[1, 0], NEEDED),
            Err(QueryError::NullEntry(1))
        );
    }

    #[test]
    fn each_error_has_its_status_and_its_words() {
        let (needed, given) = (2, 1);
        for (error, status, reason, text) in [
            (
                QueryError::Query(Failure::DEVICE_REMOVED),
                0xC000_02B6_u32,
                c"the query failed",
                "the query failed with NTSTATUS 0xc00002b6",
            ),
            (
                QueryError::Size { needed, given },
                0xC000_0206,
                c"the provider's table has another size",
                "the table has 1 bytes, not 2",
            ),
            (
                QueryError::Version { needed, given },
                0xC000_0059,
                c"the provider's table has another version",
                "the table has version 1, not 2",
            ),
            (
                QueryError::Uncounted,
                0xC000_0001,
                c"a reference routine is NULL",
                "a reference routine of the table is NULL",
            ),
            (
                QueryError::NullEntry(7),
                0xC000_0001,
                c"an entry of the table is NULL",
                "entry 7 of the table is NULL",
            ),
        ] {
            assert_eq!(error.failure().status().cast_unsigned(), status);
            assert_eq!((error.reason(), &*error.to_string()), (reason, text));
        }
    }

    #[test]
    fn a_framework_takes_a_request_that_is_as_large_and_as_new() {
        let extent = |size, version| Extent { size, version };
        for (requested, accepted) in [
            (extent(48, 2), true),
            (extent(56, 2), true),
            (extent(48, 3), true),
            (extent(40, 2), false),
            (extent(48, 1), false),
            (extent(40, 3), false),
            (extent(56, 1), false),
        ] {
            assert_eq!(provider_accepts(NEEDED, requested), accepted, "{requested:?}");
        }
    }

    #[test]
    fn a_missing_reference_routine_is_enough() {
        for (reference, dereference) in [(true, false), (false, true), (false, false)] {
            let full = header(48, 2);
            let holes = Header {
                reference: full.reference.filter(|_| reference),
                dereference: full.dereference.filter(|_| dereference),
                ..full
            };
            assert_eq!(client_accepts(&holes, &[1], NEEDED), Err(QueryError::Uncounted));
        }
    }

    proptest! {
        /// A client that asks for what it checks accepts a provider exactly when they agree.
        #[test]
        fn both_rules_together_mean_equality(size in 32_u16..64, version in 0_u16..4) {
            let provided = Extent { size, version };
            let both = provider_accepts(provided, NEEDED)
                && client_accepts(&header(size, version), &[1], NEEDED).is_ok();
            prop_assert_eq!(both, provided == NEEDED);
        }

        #[test]
        fn every_error_is_a_failure(needed: u16, given: u16, entry: usize) {
            for error in [
                QueryError::Size { needed, given },
                QueryError::Version { needed, given },
                QueryError::Uncounted,
                QueryError::NullEntry(entry),
            ] {
                prop_assert!(error.failure().status() < 0);
            }
        }
    }
}
