//! Scalars, strings and lists (`ntdef.h`, `basetsd.h`, `guiddef.h`).

use core::ffi::c_void;
use core::fmt;

use super::NTSTATUS;

pub type PVOID = *mut c_void;
pub type BOOLEAN = u8;
pub type UCHAR = u8;
pub type CHAR = i8;
pub type CSHORT = i16;
pub type USHORT = u16;
pub type WCHAR = u16;
pub type LONG = i32;
pub type ULONG = u32;
pub type LONGLONG = i64;
pub type ULONGLONG = u64;
pub type ULONG_PTR = usize;
pub type SIZE_T = usize;
pub type HANDLE = *mut c_void;
pub type KIRQL = u8;
pub type KPROCESSOR_MODE = i8;
pub type KSPIN_LOCK = usize;
pub type ACCESS_MASK = u32;
/// A 64-bit time or size. Windows' union of halves has the same layout.
pub type LARGE_INTEGER = i64;
pub type PHYSICAL_ADDRESS = i64;

pub const TRUE: BOOLEAN = 1;
pub const FALSE: BOOLEAN = 0;

/// A counted UTF-16 string; lengths in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct UNICODE_STRING {
    pub Length: u16,
    pub MaximumLength: u16,
    pub Buffer: *mut u16,
}

/// A counted byte string; lengths in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ANSI_STRING {
    pub Length: u16,
    pub MaximumLength: u16,
    pub Buffer: *mut u8,
}

/// A link of a doubly linked ring, or its head.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LIST_ENTRY {
    pub Flink: *mut Self,
    pub Blink: *mut Self,
}

/// A link of a singly linked list, or its head.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SINGLE_LIST_ENTRY {
    pub Next: *mut Self,
}

/// A globally unique identifier.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GUID {
    pub Data1: u32,
    pub Data2: u16,
    pub Data3: u16,
    pub Data4: [u8; 8],
}

impl fmt::Display for GUID {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{:08X}-{:04X}-{:04X}-", self.Data1, self.Data2, self.Data3)?;
        for (index, byte) in self.Data4.iter().enumerate() {
            if index == 2 {
                f.write_str("-")?;
            }
            write!(f, "{byte:02X}")?;
        }
        f.write_str("}")
    }
}

impl core::str::FromStr for GUID {
    type Err = ();

    /// Reads `{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}`, braces optional.
    fn from_str(text: &str) -> Result<Self, ()> {
        let inner = text
            .strip_prefix('{')
            .map_or(Some(text), |rest| rest.strip_suffix('}'));
        let parts: Vec<&str> = inner.ok_or(())?.split('-').collect();
        let [first, second, third, fourth, fifth] = parts.as_slice() else {
            return Err(());
        };
        if [first, second, third, fourth, fifth].map(|part| part.len()) != [8, 4, 4, 4, 12] {
            return Err(());
        }
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(drop);
        let tail = (number(fourth)? << 48) | number(fifth)?;
        Ok(Self {
            Data1: u32::try_from(number(first)?).map_err(drop)?,
            Data2: u16::try_from(number(second)?).map_err(drop)?,
            Data3: u16::try_from(number(third)?).map_err(drop)?,
            Data4: tail.to_be_bytes(),
        })
    }
}

/// Name, root and flags with which an object is opened or created.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct OBJECT_ATTRIBUTES {
    pub Length: u32,
    pub RootDirectory: HANDLE,
    pub ObjectName: *mut UNICODE_STRING,
    pub Attributes: u32,
    pub SecurityDescriptor: PVOID,
    pub SecurityQualityOfService: PVOID,
}

/// Process and thread of a handle's owner.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CLIENT_ID {
    pub UniqueProcess: HANDLE,
    pub UniqueThread: HANDLE,
}

/// The outcome of a request. Windows overlays `Status` with a pointer of the same place.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IO_STATUS_BLOCK {
    pub Status: NTSTATUS,
    pub Information: usize,
}

impl Default for IO_STATUS_BLOCK {
    fn default() -> Self {
        Self {
            Status: NTSTATUS(0),
            Information: 0,
        }
    }
}

/// The header of every direct-call interface.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct INTERFACE {
    pub Size: u16,
    pub Version: u16,
    pub Context: PVOID,
    pub InterfaceReference: Option<unsafe extern "win64" fn(PVOID)>,
    pub InterfaceDereference: Option<unsafe extern "win64" fn(PVOID)>,
}
