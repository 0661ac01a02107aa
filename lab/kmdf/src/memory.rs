//! WDFMEMORY: a buffer with a handle.
#![allow(unsafe_code, reason = "copies between buffers of the driver")]

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
    ptr::NonNull,
};

use wdk_sys::{
    NTSTATUS, POOL_TYPE, PVOID, PWDF_OBJECT_ATTRIBUTES, STATUS_ACCESS_VIOLATION, STATUS_BUFFER_TOO_SMALL,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_BUFFER_SIZE, STATUS_INVALID_PARAMETER, ULONG, WDFMEMORY,
    WDFMEMORY_OFFSET,
};

use crate::{
    ddi::Call,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    pool::{self, Tag},
    wdm::{
        bugcheck::Violation,
        mdl::{self, OwnMdl},
    },
};

/// What a WDFMEMORY stands for.
#[repr(C)]
pub struct Memory {
    header: Header,
    buffer: Cell<*mut u8>,
    size: Cell<usize>,
    origin: Origin,
    /// The locked pages of the buffer, when they are the object's.
    pages: RefCell<Option<OwnMdl>>,
}

/// Where a buffer comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The object's own, with this tag.
    Own(ULONG),
    /// The driver's.
    Driver,
    /// A request's, to be read and written.
    Request,
    /// A request's, of which the sender wants to have nothing written.
    ReadOnly,
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
        if let (Origin::Own(tag), Some(buffer)) = (self.origin, NonNull::new(self.buffer.get())) {
            pool::free(buffer, Tag(tag));
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
        origin: Origin::Own(tag.0),
        pages: RefCell::new(None),
    };
    create(memory, attributes, call.parent(attributes, None))
}

/// A handle for a buffer of a request's sender, which the driver may not write where it is the input.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn of_request(
    call: &Call,
    request: Obj<Header>,
    (buffer, size): (*mut c_void, usize),
    read_only: bool,
) -> Outcome<Obj<Memory>> {
    let origin = if read_only {
        Origin::ReadOnly
    } else {
        Origin::Request
    };
    over(call, &Attributes::NONE, Some(request), (buffer, size), origin)
}

fn over(
    call: &Call,
    attributes: &Attributes,
    parent: Option<Obj<Header>>,
    (buffer, size): (*mut c_void, usize),
    origin: Origin,
) -> Outcome<Obj<Memory>> {
    let memory = Memory {
        header: Header::new::<Memory>(call.client),
        buffer: Cell::new(buffer.cast()),
        size: Cell::new(size),
        origin,
        pages: RefCell::new(None),
    };
    create(memory, attributes, parent)
}

/// A handle for locked pages of a request's sender, which are let go with the request.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn locked(
    call: &Call,
    request: Obj<Header>,
    pages: OwnMdl,
    size: usize,
    read_only: bool,
) -> Outcome<Obj<Memory>> {
    let start = mdl::mapped(pages.pointer());
    if start.is_null() {
        return fail(STATUS_INSUFFICIENT_RESOURCES);
    }
    let object = of_request(call, request, (start, size), read_only)?;
    object.set_deletable(false);
    object.pages.replace(Some(pages));
    Ok(object)
}

const fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: The callers checked the framework's buffer for this length; the driver says that its own has it
    // too.
    unsafe { ptr::copy(from, to, bytes) }
}

/// The place in the memory where a copy begins; one of no bytes, or one that does not fit, is refused.
fn inside(memory: Obj<Memory>, offset: usize, bytes: usize, refusal: NTSTATUS) -> Outcome<*mut u8> {
    if bytes == 0 {
        return fail(STATUS_INVALID_PARAMETER);
    }
    match offset.checked_add(bytes) {
        Some(end) if end <= memory.size() => Ok(memory.buffer().wrapping_add(offset)),
        _ => fail(refusal),
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
        memory.not_null(call);
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        memory.put(ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let object = allocate(call, &attributes, (tag != 0).then_some(Tag(tag)), size)?;
        memory.put(object.handle());
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
        let buffer = buffer.not_null(call).pointer();
        memory.not_null(call).put(ptr::null_mut());
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let parent = call.parent(&attributes, None);
        let object = over(call, &attributes, parent, (buffer, size), Origin::Driver)?;
        memory.put(object.handle());
        Ok(())
    }

    /// The buffer and its length.
    fn WdfMemoryGetBuffer: PFN_WDFMEMORYGETBUFFER(call, memory: WDFMEMORY, size: *mut usize) -> PVOID {
        let memory = memory.object(call);
        size.put(memory.size());
        memory.buffer().cast()
    }

    /// Gives a handle of a preallocated buffer another one; any other handle ends the run.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`.
    fn WdfMemoryAssignBuffer: PFN_WDFMEMORYASSIGNBUFFER(
        call, memory: WDFMEMORY, buffer: PVOID, size: usize,
    ) -> NTSTATUS {
        let (handle, memory) = (memory.pointer().addr(), memory.object(call));
        if memory.origin != Origin::Driver {
            call.violation(Violation::InvalidHandle, handle);
        }
        let buffer = buffer.not_null(call).pointer();
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        memory.buffer.set(buffer.cast());
        memory.size.set(size);
        Ok(())
    }

    /// Copies out of the memory.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no bytes), `STATUS_BUFFER_TOO_SMALL`.
    fn WdfMemoryCopyToBuffer: PFN_WDFMEMORYCOPYTOBUFFER(
        call, memory: WDFMEMORY, offset: usize, buffer: PVOID, bytes: usize,
    ) -> NTSTATUS {
        let (memory, to) = (memory.object(call), buffer.not_null(call).pointer());
        copy(inside(memory, offset, bytes, STATUS_BUFFER_TOO_SMALL)?, to.cast(), bytes);
        Ok(())
    }

    /// Copies into the memory.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no bytes), `STATUS_ACCESS_VIOLATION` (a sender's input), `STATUS_INVALID_BUFFER_SIZE`.
    fn WdfMemoryCopyFromBuffer: PFN_WDFMEMORYCOPYFROMBUFFER(
        call, memory: WDFMEMORY, offset: usize, buffer: PVOID, bytes: usize,
    ) -> NTSTATUS {
        let (memory, from) = (memory.object(call), buffer.not_null(call).pointer());
        let place = inside(memory, offset, bytes, STATUS_INVALID_BUFFER_SIZE);
        if bytes != 0 && memory.origin == Origin::ReadOnly {
            return fail(STATUS_ACCESS_VIOLATION);
        }
        copy(from.cast(), place?, bytes);
        Ok(())
    }
}
