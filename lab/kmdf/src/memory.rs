//! WDFMEMORY: a buffer with a handle.
#![allow(unsafe_code, reason = "copies between buffers of the driver")]

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
    ptr::NonNull,
};

use wdk_sys::{
    POOL_TYPE, PVOID, PWDF_OBJECT_ATTRIBUTES, STATUS_BUFFER_TOO_SMALL, STATUS_INSUFFICIENT_RESOURCES,
    STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_PARAMETER, ULONG, WDFMEMORY, WDFMEMORY_OFFSET,
};

use crate::{
    ddi::{Call, Claimed},
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    pool::{self, Tag},
    wdm::mdl::{self, OwnMdl},
};

/// What a WDFMEMORY stands for.
#[repr(C)]
pub struct Memory {
    header: Header,
    buffer: Cell<*mut u8>,
    size: Cell<usize>,
    /// The tag of the buffer, when the object owns it.
    owned: Option<Tag>,
    /// The locked pages of the buffer, when they are the object's.
    pages: RefCell<Option<OwnMdl>>,
}

framework! {
    Memory: Memory {
        fn dispose(this: Obj<Self>) {
            this.pages.replace(None);
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let (Some(tag), Some(buffer)) = (self.owned, NonNull::new(self.buffer.get())) {
            pool::free(buffer, tag);
        }
    }
}

impl Obj<Memory> {
    /// The buffer.
    pub fn buffer(self) -> *mut u8 {
        self.buffer.get()
    }

    /// Its length in bytes.
    pub fn size(self) -> usize {
        self.size.get()
    }

    /// Fills it from the start with bytes, as many as there is room for.
    pub fn fill(self, bytes: &[u8]) {
        copy(bytes.as_ptr(), self.buffer(), bytes.len().min(self.size()));
    }

    /// The part that an offset names, all of it without one.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`.
    pub fn part(self, offset: Option<WDFMEMORY_OFFSET>) -> Outcome<(*mut u8, usize)> {
        let Some(offset) = offset else {
            return Ok((self.buffer(), self.size()));
        };
        let start = offset.BufferOffset;
        let Some(rest) = self.size().checked_sub(start) else {
            return fail(STATUS_INVALID_PARAMETER);
        };
        let length = match offset.BufferLength {
            0 => rest,
            length if length <= rest => length,
            _ => return fail(STATUS_INVALID_PARAMETER),
        };
        Ok((self.buffer().wrapping_add(start), length))
    }
}

/// Memory of its own. A tag of none is the client's.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn allocate(call: &Call, attributes: &Attributes, tag: Option<Tag>, size: usize) -> Outcome<Obj<Memory>> {
    let tag = tag.unwrap_or_else(|| call.client.tag());
    let buffer = pool::allocate(tag, size)?.as_ptr();
    let memory = Memory {
        header: Header::new::<Memory>(call.client),
        buffer: Cell::new(buffer),
        size: Cell::new(size),
        owned: Some(tag),
        pages: RefCell::new(None),
    };
    create(memory, attributes, call.parent(attributes, None))
}

/// A handle for a buffer of somebody else.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn over(
    call: &Call,
    attributes: &Attributes,
    parent: Option<Obj<Header>>,
    buffer: *mut c_void,
    size: usize,
) -> Outcome<Obj<Memory>> {
    let memory = Memory {
        header: Header::new::<Memory>(call.client),
        buffer: Cell::new(buffer.cast()),
        size: Cell::new(size),
        owned: None,
        pages: RefCell::new(None),
    };
    create(memory, attributes, parent)
}

/// A handle for locked pages of a request's sender, which are let go with the request.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn locked(call: &Call, request: Obj<Header>, pages: OwnMdl, size: usize) -> Outcome<Obj<Memory>> {
    let start = mdl::mapped(pages.pointer());
    if start.is_null() {
        return fail(STATUS_INSUFFICIENT_RESOURCES);
    }
    let object = over(call, &Attributes::NONE, Some(request), start, size)?;
    object.set_deletable(false);
    object.pages.replace(Some(pages));
    Ok(object)
}

const fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: The callers checked the framework's buffer for this length; the driver says that its own has it
    // too.
    unsafe { ptr::copy(from, to, bytes) }
}

/// The place in the memory where a copy begins, when it fits.
fn inside(memory: Obj<Memory>, offset: usize, bytes: usize) -> Outcome<*mut u8> {
    match offset.checked_add(bytes) {
        Some(end) if end <= memory.size() => Ok(memory.buffer().wrapping_add(offset)),
        _ => fail(STATUS_BUFFER_TOO_SMALL),
    }
}

ddi! {
    /// Creates memory with a buffer.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INVALID_PARAMETER` (no bytes), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfMemoryCreate: PFN_WDFMEMORYCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, _pool: POOL_TYPE, tag: ULONG, size: usize,
        memory: *mut WDFMEMORY, buffer: *mut PVOID,
    ) -> NTSTATUS {
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let object = allocate(call, &attributes, (tag != 0).then_some(Tag(tag)), size)?;
        memory.not_null(call).put(object.handle());
        buffer.put(object.buffer().cast());
        Ok(())
    }

    /// Creates a handle for a buffer of the driver.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INVALID_PARAMETER` (no bytes), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfMemoryCreatePreallocated: PFN_WDFMEMORYCREATEPREALLOCATED(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, buffer: PVOID, size: usize, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let buffer = buffer.not_null(call).pointer();
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let object = over(call, &attributes, call.parent(&attributes, None), buffer, size)?;
        memory.not_null(call).put(object.handle());
        Ok(())
    }

    /// The buffer and its length.
    fn WdfMemoryGetBuffer: PFN_WDFMEMORYGETBUFFER(call, memory: WDFMEMORY, size: *mut usize) -> PVOID {
        let memory = memory.object(call);
        size.put(memory.size());
        memory.buffer().cast()
    }

    /// Gives a handle of a preallocated buffer another one.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`.
    fn WdfMemoryAssignBuffer: PFN_WDFMEMORYASSIGNBUFFER(
        call, memory: WDFMEMORY, buffer: PVOID, size: usize,
    ) -> NTSTATUS {
        let memory = memory.object(call);
        if size == 0 || memory.owned.is_some() {
            return fail(STATUS_INVALID_PARAMETER);
        }
        memory.buffer.set(buffer.not_null(call).pointer().cast());
        memory.size.set(size);
        Ok(())
    }

    /// Copies out of the memory.
    ///
    /// # Errors
    /// `STATUS_INVALID_BUFFER_SIZE` (no bytes), `STATUS_BUFFER_TOO_SMALL`.
    fn WdfMemoryCopyToBuffer: PFN_WDFMEMORYCOPYTOBUFFER(
        call, memory: WDFMEMORY, offset: usize, buffer: PVOID, bytes: usize,
    ) -> NTSTATUS {
        copy_checked(memory.object(call), offset, bytes, |place| copy(place, buffer.not_null(call).pointer().cast(), bytes))
    }

    /// Copies into the memory.
    ///
    /// # Errors
    /// `STATUS_INVALID_BUFFER_SIZE` (no bytes), `STATUS_BUFFER_TOO_SMALL`.
    fn WdfMemoryCopyFromBuffer: PFN_WDFMEMORYCOPYFROMBUFFER(
        call, memory: WDFMEMORY, offset: usize, buffer: PVOID, bytes: usize,
    ) -> NTSTATUS {
        let from: Claimed<c_void> = buffer.not_null(call);
        copy_checked(memory.object(call), offset, bytes, |place| copy(from.pointer().cast(), place, bytes))
    }
}

fn copy_checked(memory: Obj<Memory>, offset: usize, bytes: usize, action: impl FnOnce(*mut u8)) -> Outcome {
    if bytes == 0 {
        return fail(STATUS_INVALID_BUFFER_SIZE);
    }
    action(inside(memory, offset, bytes)?);
    Ok(())
}
