//! WDFLOOKASIDE: memory objects of one size. Each gets fresh pool, so that an overrun meets the guard page of
//! the host.

use wdk_sys::{POOL_TYPE, PWDF_OBJECT_ATTRIBUTES, STATUS_INVALID_PARAMETER, ULONG, WDFLOOKASIDE, WDFMEMORY};

use crate::{
    failure::fail,
    memory,
    object::{Attributes, Header, Parent, create},
    pool::Tag,
};

/// What a WDFLOOKASIDE stands for.
#[repr(C)]
pub struct Lookaside {
    header: Header,
    size: usize,
    tag: Option<Tag>,
    memory: Attributes,
}

framework! {
    Lookaside: Lookaside
}

ddi! {
    /// Creates a list.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INVALID_PARAMETER` (no bytes), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfLookasideListCreate: PFN_WDFLOOKASIDELISTCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, size: usize, _pool: POOL_TYPE,
        memory: PWDF_OBJECT_ATTRIBUTES, tag: ULONG, lookaside: *mut WDFLOOKASIDE,
    ) -> NTSTATUS {
        lookaside.not_null(call).put(core::ptr::null_mut());
        if size == 0 {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let memory = Attributes::of(call, memory, Parent::Allowed)?;
        let header = Header::new::<Lookaside>(call.client);
        let object = Lookaside { header, size, tag: (tag != 0).then_some(Tag(tag)), memory };
        let object = create(object, &attributes, call.parent(&attributes, None))?;
        lookaside.put(object.handle());
        Ok(())
    }

    /// Creates memory of the list's size.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfMemoryCreateFromLookaside: PFN_WDFMEMORYCREATEFROMLOOKASIDE(
        call, lookaside: WDFLOOKASIDE, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        let list = lookaside.object(call);
        memory.not_null(call).put(core::ptr::null_mut());
        let object = memory::allocate(call, &list.memory, list.tag, list.size)?;
        memory.put(object.handle());
        Ok(())
    }
}
