//! The exports that allocate and free pool.
#![allow(unsafe_code, reason = "exports in the Windows calling convention")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use crate::abi::{
    POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED_EXECUTE, POOL_FLAG_PAGED, POOL_FLAG_RAISE_ON_FAILURE,
    POOL_FLAG_UNINITIALIZED, PVOID,
};
use crate::mm::pool::{self, Kind, Request, Tag};
use crate::verifier::{self, rules};

crate::exports! {
    ExAllocatePool2 <= DISPATCH_LEVEL or NULL;
    ExAllocatePool3 <= DISPATCH_LEVEL or NULL;
    ExAllocatePool <= DISPATCH_LEVEL or NULL;
    ExAllocatePoolWithTag <= DISPATCH_LEVEL or NULL;
    ExAllocatePoolWithQuotaTag <= DISPATCH_LEVEL;
    ExAllocatePoolZero <= DISPATCH_LEVEL or NULL;
    ExAllocatePoolUninitialized <= DISPATCH_LEVEL or NULL;
    ExFreePool <= DISPATCH_LEVEL;
    ExFreePoolWithTag <= DISPATCH_LEVEL;
    ExFreePool2 <= DISPATCH_LEVEL;
}

/// The tag of blocks for which the driver gave none.
const NO_TAG: u32 = u32::from_le_bytes(*b"None");
/// In a tag passed to a free: the block is protected against other frees.
const PROTECTED_POOL: u32 = 0x8000_0000;
/// Flags above these 32 bits are optional: ignored when they are not known.
const OPTIONAL_FLAGS: u64 = 0xFFFF_FFFF_0000_0000;

/// Allocates for the calling driver.
fn allocate(kind: Kind, size: usize, tag: u32, zeroed: bool) -> PVOID {
    let owner = verifier::owner();
    if size == 0 {
        let what = format!("allocates a pool block of zero bytes, tag {}", Tag(tag));
        verifier::broken(rules::ZERO_ALLOCATION, &what, owner);
    }
    pool::allocate(Request {
        kind,
        size,
        tag: Tag(tag),
        zeroed,
        owner,
    })
}

/// The memory of a `POOL_FLAGS` value: exactly one of the three, and no required flag that is not known.
const fn kind_of_flags(flags: u64) -> Option<Kind> {
    const KINDS: u64 = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    /// `USE_QUOTA`, `UNINITIALIZED`, `SESSION`, `CACHE_ALIGNED`, the reserved one and `RAISE_ON_FAILURE`.
    const OTHERS: u64 = 0x3F;
    if flags & !(KINDS | OTHERS | OPTIONAL_FLAGS) != 0 {
        return None;
    }
    match flags & KINDS {
        POOL_FLAG_NON_PAGED => Some(Kind::NonPaged),
        POOL_FLAG_NON_PAGED_EXECUTE => Some(Kind::NonPagedExecute),
        POOL_FLAG_PAGED => Some(Kind::Paged),
        _ => None,
    }
}

/// The memory of a `POOL_TYPE` value.
const fn kind_of_type(pool_type: u32) -> Kind {
    /// `PagedPool` is the low bit; `POOL_NX_ALLOCATION`, as in `NonPagedPoolNx`.
    const PAGED: u32 = 1;
    const NX: u32 = 512;
    if pool_type & PAGED != 0 {
        Kind::Paged
    } else if pool_type & NX != 0 {
        Kind::NonPaged
    } else {
        Kind::NonPagedExecute
    }
}

unsafe extern "win64" fn ExAllocatePool2(flags: u64, size: usize, tag: u32) -> PVOID {
    let Some(kind) = kind_of_flags(flags) else {
        return std::ptr::null_mut();
    };
    let block = allocate(kind, size, tag, flags & POOL_FLAG_UNINITIALIZED == 0);
    if block.is_null() && flags & POOL_FLAG_RAISE_ON_FAILURE != 0 {
        verifier::unsupported(
            "ExAllocatePool2 with POOL_FLAG_RAISE_ON_FAILURE and no memory: exceptions are not modelled",
        );
    }
    block
}

unsafe extern "win64" fn ExAllocatePool3(
    flags: u64,
    size: usize,
    tag: u32,
    _parameters: PVOID,
    count: u32,
) -> PVOID {
    if count != 0 {
        verifier::unsupported("ExAllocatePool3 with extended parameters");
    }
    let Some(kind) = kind_of_flags(flags) else {
        return std::ptr::null_mut();
    };
    allocate(kind, size, tag, flags & POOL_FLAG_UNINITIALIZED == 0)
}

unsafe extern "win64" fn ExAllocatePool(pool_type: u32, size: usize) -> PVOID {
    allocate(kind_of_type(pool_type), size, NO_TAG, false)
}

unsafe extern "win64" fn ExAllocatePoolWithTag(pool_type: u32, size: usize, tag: u32) -> PVOID {
    allocate(kind_of_type(pool_type), size, tag, false)
}

unsafe extern "win64" fn ExAllocatePoolWithQuotaTag(pool_type: u32, size: usize, tag: u32) -> PVOID {
    allocate(kind_of_type(pool_type), size, tag, false)
}

unsafe extern "win64" fn ExAllocatePoolZero(pool_type: u32, size: usize, tag: u32) -> PVOID {
    allocate(kind_of_type(pool_type), size, tag, true)
}

unsafe extern "win64" fn ExAllocatePoolUninitialized(pool_type: u32, size: usize, tag: u32) -> PVOID {
    allocate(kind_of_type(pool_type), size, tag, false)
}

unsafe extern "win64" fn ExFreePool(block: PVOID) {
    pool::free(block, None, verifier::owner());
}

unsafe extern "win64" fn ExFreePoolWithTag(block: PVOID, tag: u32) {
    let tag = tag & !PROTECTED_POOL;
    pool::free(block, (tag != 0).then_some(Tag(tag)), verifier::owner());
}

unsafe extern "win64" fn ExFreePool2(block: PVOID, tag: u32, _parameters: PVOID, count: u32) {
    if count != 0 {
        verifier::unsupported("ExFreePool2 with extended parameters");
    }
    pool::free(block, (tag != 0).then_some(Tag(tag)), verifier::owner());
}

#[cfg(test)]
mod tests {
    use super::{Kind, kind_of_flags, kind_of_type};

    #[test]
    fn pool_flags_name_exactly_one_memory() {
        assert_eq!(kind_of_flags(0x40), Some(Kind::NonPaged));
        assert_eq!(kind_of_flags(0x102), Some(Kind::Paged));
        assert_eq!(kind_of_flags(0x140), None);
        assert_eq!(kind_of_flags(0), None);
        assert_eq!(kind_of_flags(0x1040), None, "an unknown required flag");
        assert_eq!(
            kind_of_flags(0x1_0000_0040),
            Some(Kind::NonPaged),
            "an unknown optional flag"
        );
    }

    #[test]
    fn pool_types() {
        assert_eq!(kind_of_type(0), Kind::NonPagedExecute);
        assert_eq!(kind_of_type(1), Kind::Paged);
        assert_eq!(kind_of_type(512), Kind::NonPaged);
    }
}
