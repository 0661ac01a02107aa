//! WDFCOLLECTION: objects in an order, each with a reference.

use core::ptr;

use wdk_sys::{PWDF_OBJECT_ATTRIBUTES, STATUS_SUCCESS, ULONG, WDFCOLLECTION, WDFOBJECT};

use crate::{
    failure::Outcome,
    object::{Attributes, Header, Obj, Parent, create},
    pool::Array,
    wdm::{bugcheck::Violation, sync::SpinLock},
};

/// What a WDFCOLLECTION stands for.
#[repr(C)]
pub struct Collection {
    header: Header,
    items: SpinLock<Array<Obj<Header>>>,
}

framework! {
    Collection: Collection {
        fn dispose(this: Obj<Self>) {
            this.clear();
        }
    }
}

impl Obj<Collection> {
    fn clear(self) {
        while let Some(item) = { self.items.lock().remove(0) } {
            item.release();
        }
    }

    /// The object at this place.
    pub fn item(self, at: usize) -> Option<Obj<Header>> {
        self.items.lock().as_slice().get(at).copied()
    }

    /// Appends an object.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn add(self, item: Obj<Header>) -> Outcome {
        self.items.lock().push(item)?;
        item.reference();
        Ok(())
    }

    fn len(self) -> usize {
        self.items.lock().as_slice().len()
    }
}

fn handle(item: Option<Obj<Header>>) -> WDFOBJECT {
    item.map_or(ptr::null_mut(), Obj::handle)
}

ddi! {
    /// Creates a collection.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfCollectionCreate: PFN_WDFCOLLECTIONCREATE(
        call, attributes: PWDF_OBJECT_ATTRIBUTES, collection: *mut WDFCOLLECTION,
    ) -> NTSTATUS {
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let items = SpinLock::new(Array::new(call.client.tag()));
        let object = Collection { header: Header::new::<Collection>(call.client), items };
        let object = create(object, &attributes, call.parent(&attributes, None))?;
        collection.not_null(call).put(object.handle());
        Ok(())
    }

    /// How many objects there are.
    fn WdfCollectionGetCount: PFN_WDFCOLLECTIONGETCOUNT(call, collection: WDFCOLLECTION) -> ULONG {
        ULONG::try_from(collection.object(call).len()).unwrap_or(ULONG::MAX)
    }

    /// Appends an object.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfCollectionAdd: PFN_WDFCOLLECTIONADD(call, collection: WDFCOLLECTION, item: WDFOBJECT) -> i32 {
        match collection.object(call).add(item.any(call)) {
            Ok(()) => STATUS_SUCCESS,
            Err(failure) => failure.status(),
        }
    }

    /// Takes an object out; one that is not there ends the run.
    fn WdfCollectionRemove: PFN_WDFCOLLECTIONREMOVE(call, collection: WDFCOLLECTION, item: WDFOBJECT) {
        let (collection, item) = (collection.object(call), item.any(call));
        let removed = collection.items.lock().remove_where(|other| *other == item);
        match removed {
            Some(item) => item.release(),
            None => call.violation(Violation::Fatal, 0),
        }
    }

    /// Takes the object at this place out; a place behind the end ends the run.
    fn WdfCollectionRemoveItem: PFN_WDFCOLLECTIONREMOVEITEM(call, collection: WDFCOLLECTION, at: ULONG) {
        let removed = collection.object(call).items.lock().remove(at as usize);
        match removed {
            Some(item) => item.release(),
            None => call.violation(Violation::Fatal, at as usize),
        }
    }

    /// The object at this place, null behind the end.
    fn WdfCollectionGetItem: PFN_WDFCOLLECTIONGETITEM(
        call, collection: WDFCOLLECTION, at: ULONG,
    ) -> WDFOBJECT {
        handle(collection.object(call).item(at as usize))
    }

    /// The first object, null when there is none.
    fn WdfCollectionGetFirstItem: PFN_WDFCOLLECTIONGETFIRSTITEM(
        call, collection: WDFCOLLECTION,
    ) -> WDFOBJECT {
        handle(collection.object(call).item(0))
    }

    /// The last object, null when there is none.
    fn WdfCollectionGetLastItem: PFN_WDFCOLLECTIONGETLASTITEM(call, collection: WDFCOLLECTION) -> WDFOBJECT {
        let collection = collection.object(call);
        handle(collection.len().checked_sub(1).and_then(|at| collection.item(at)))
    }
}
