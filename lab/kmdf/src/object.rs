//! What every handle stands for: an object with a parent, references, contexts and an orderly end.
//!
//! Deleting an object disposes of its children first, lowest first, then of itself (its own tear-down, then
//! the driver's `EvtCleanupCallback`); after that the children and the object lose their creation reference.
//! The last reference calls `EvtDestroyCallback` and frees the memory. A context outlives the cleanup of
//! everything below it.
#![allow(unsafe_code, reason = "objects live in pool and are reached through handles")]

use core::{
    cell::Cell,
    ffi::c_void,
    marker::PhantomData,
    mem,
    ops::Deref,
    ptr,
    ptr::NonNull,
    sync::atomic::{AtomicU32, Ordering},
};

use wdk_sys::WDFOBJECT;

pub use self::{
    attributes::{Attributes, Parent},
    context::ContextList,
};
use crate::{
    client::Client,
    ddi::Call,
    failure::Outcome,
    pool,
    wdm::bugcheck::{Violation, violation},
};

pub mod api;
mod attributes;
mod context;

/// Marks a living object.
const MAGIC: u32 = u32::from_le_bytes(*b"WdfO");

/// The kinds of objects, as far as a handle's check needs them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Driver,
    Device,
    Queue,
    Request,
    FileObject,
    Dpc,
    Timer,
    WorkItem,
    WaitLock,
    SpinLock,
    Memory,
    IoTarget,
    Key,
    Lookaside,
    String,
    Collection,
    ChildList,
    ResourceList,
    Requirements,
    Alternative,
    WmiProvider,
    WmiInstance,
    General,
}

/// A structure that begins with a [`Header`].
///
/// # Safety
/// The structure is `repr(C)`, its first field is the header that [`Header::new`] made for this very type.
pub unsafe trait Framework: Sized {
    /// The kind that a handle of this object has.
    const KIND: Kind;
    /// Whether the driver may delete the object itself.
    const DELETABLE: bool = true;

    /// Tears the object down before the driver's cleanup callback; nobody new finds it afterwards.
    fn dispose(_this: Obj<Self>) {}
}

/// What the client's tree lock guards: the links between its objects.
pub struct Tree;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Alive,
    Disposed,
    Deleted,
}

/// What all objects share.
#[repr(C)]
pub struct Header {
    magic: Cell<u32>,
    references: AtomicU32,
    kind: Kind,
    state: Cell<State>,
    deletable: Cell<bool>,
    /// Whose object it is.
    pub client: Client,
    parent: Cell<Option<Obj<Self>>>,
    first_child: Cell<Option<Obj<Self>>>,
    /// The children before and after it of the same parent.
    previous: Cell<Option<Obj<Self>>>,
    sibling: Cell<Option<Obj<Self>>>,
    contexts: ContextList,
    dispose: fn(Obj<Self>),
    drop: fn(Obj<Self>),
}

// SAFETY: The header is the object; used where the kind does not matter.
unsafe impl Framework for Header {
    const KIND: Kind = Kind::General;
}

impl Header {
    /// The header of a `T` that is about to be created.
    pub fn new<T: Framework>(client: Client) -> Self {
        Self {
            magic: Cell::new(MAGIC),
            references: AtomicU32::new(1),
            kind: T::KIND,
            state: Cell::new(State::Alive),
            deletable: Cell::new(T::DELETABLE),
            client,
            parent: Cell::new(None),
            first_child: Cell::new(None),
            previous: Cell::new(None),
            sibling: Cell::new(None),
            contexts: ContextList::new(),
            dispose: |object| T::dispose(object.cast()),
            drop: |object| {
                // SAFETY: `destroy` calls this once, for the object that `create` wrote as a `T`.
                unsafe { ptr::drop_in_place(object.cast::<T>().pointer()) }
            },
        }
    }
}

/// A framework object that somebody keeps alive: the driver through its handle during a call, or a reference
/// of ours.
pub struct Obj<T>(NonNull<T>, PhantomData<Cell<T>>);

impl<T> Clone for Obj<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Obj<T> {}

impl<T> PartialEq for Obj<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Deref for Obj<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: Made by `create` or checked by `from_handle`; whoever holds this keeps the object as the
        // type says. All fields that change are cells, atomics or behind locks.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Obj<T> {
    const fn cast<U>(self) -> Obj<U> {
        Obj(self.0.cast(), PhantomData)
    }

    /// The address, for storing it where only an address fits.
    pub const fn pointer(self) -> *mut T {
        self.0.as_ptr()
    }

    /// The object at an address that [`Self::pointer`] gave, `None` for null.
    pub const fn from_pointer(pointer: *mut T) -> Option<Self> {
        match NonNull::new(pointer) {
            Some(pointer) => Some(Self(pointer, PhantomData)),
            None => None,
        }
    }
}

impl<T: Framework> Obj<T> {
    /// The part that all objects share.
    pub const fn header(self) -> Obj<Header> {
        self.cast()
    }

    /// The handle: not the address, so that a driver that looks inside faults at once.
    pub fn handle<H>(self) -> *mut H {
        ptr::without_provenance_mut(!self.0.addr().get())
    }

    /// Takes a reference.
    pub fn reference(self) -> Self {
        self.header().references.fetch_add(1, Ordering::Relaxed);
        self
    }

    /// Gives a reference back; the last one destroys the object.
    pub fn release(self) {
        let header = self.header();
        if header.references.fetch_sub(1, Ordering::AcqRel) == 1 {
            header.destroy();
        }
    }

    /// Deletes the object.
    pub fn delete(self) {
        let header = self.header();
        header.unlink();
        header.dispose_tree();
        header.drop_tree();
    }

    /// Disposes of children and contexts before the object is deleted, as for a request whose IRP is about to
    /// go.
    pub fn dispose_early(self) {
        self.header().dispose_tree();
    }

    /// Says that from now on the driver may or may not delete it.
    pub fn set_deletable(self, deletable: bool) {
        self.header().deletable.set(deletable);
    }
}

impl Obj<Header> {
    /// The object behind a handle, `None` when the value cannot be one. A handle of freed memory faults here,
    /// where the verifier of the host says whose memory it was.
    pub fn from_handle(handle: WDFOBJECT) -> Option<Self> {
        let address = !(handle as usize);
        // A null handle, a plain address of a driver and a small number all decode to what no pool block can
        // be.
        if handle.is_null() || !address.is_multiple_of(mem::align_of::<Header>()) || address >> 47 != 0 {
            return None;
        }
        let object = Self(
            NonNull::new(ptr::with_exposed_provenance_mut(address))?,
            PhantomData,
        );
        (object.magic.get() == MAGIC).then_some(object)
    }

    /// The object as one of this kind; the run ends when it is of another.
    pub fn narrow<T: Framework>(self, call: &Call) -> Obj<T> {
        match self.try_narrow() {
            Some(object) => object,
            None => call.violation(Violation::InvalidHandle, self.handle::<c_void>() as usize),
        }
    }

    /// The object as one of this kind.
    pub fn try_narrow<T: Framework>(self) -> Option<Obj<T>> {
        (self.kind == T::KIND || T::KIND == Kind::General).then(|| self.cast())
    }

    fn dispose_tree(self) {
        // A cleanup callback may delete other objects of the tree, so the next child is looked for each time.
        while let Some(child) = self.living_child() {
            child.dispose_tree();
            child.release();
        }
        if self.state.get() == State::Alive {
            self.state.set(State::Disposed);
            (self.dispose)(self);
            self.contexts.cleanup(self);
        }
    }

    /// Whether nobody has begun to delete it.
    fn is_alive(self) -> bool {
        self.state.get() == State::Alive
    }

    /// A child that has not been disposed of, with a reference.
    fn living_child(self) -> Option<Self> {
        let _tree = self.client.tree.lock();
        let mut next = self.first_child.get();
        while let Some(child) = next {
            if child.state.get() == State::Alive {
                return Some(child.reference());
            }
            next = child.sibling.get();
        }
        None
    }

    fn drop_tree(self) {
        while let Some(child) = self.first_child.get() {
            child.unlink();
            child.dispose_tree();
            child.drop_tree();
        }
        if self.state.replace(State::Deleted) != State::Deleted {
            self.release();
        }
    }

    fn destroy(self) {
        self.contexts.destroy(self);
        self.magic.set(0);
        let tag = self.client.tag();
        (self.drop)(self);
        pool::free(self.0.cast(), tag);
    }

    fn link(self, parent: Self) {
        let _tree = self.client.tree.lock();
        let next = parent.first_child.replace(Some(self));
        self.sibling.set(next);
        self.parent.set(Some(parent));
        if let Some(next) = next {
            next.previous.set(Some(self));
        }
    }

    fn unlink(self) {
        let _tree = self.client.tree.lock();
        let Some(parent) = self.parent.take() else { return };
        let (previous, next) = (self.previous.take(), self.sibling.take());
        match previous {
            Some(previous) => previous.sibling.set(next),
            None => parent.first_child.set(next),
        }
        if let Some(next) = next {
            next.previous.set(previous);
        }
    }

    /// The object as a reference that lives as long as the tree is locked.
    const fn get<'a>(this: Self) -> &'a Header {
        // SAFETY: The object hangs in the tree, whose lock the caller holds.
        unsafe { this.0.as_ref() }
    }

    /// The contexts of the object.
    pub fn contexts(&self) -> &ContextList {
        &self.contexts
    }

    /// The object that this one hangs under.
    pub fn parent(self) -> Option<Self> {
        self.parent.get()
    }

    /// Whether the driver may delete it.
    pub fn is_deletable(self) -> bool {
        self.deletable.get()
    }
}

/// Creates an object: memory, contexts, callbacks, place in the tree.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn create<T: Framework>(
    value: T,
    attributes: &Attributes,
    parent: Option<Obj<Header>>,
) -> Outcome<Obj<T>> {
    let object = place(value)?;
    let header = object.header();
    if let Err(failure) = header.contexts.add(header, attributes) {
        object.release();
        return Err(failure);
    }
    if let Some(parent) = parent {
        header.link(parent);
    }
    Ok(object)
}

fn place<T: Framework>(value: T) -> Outcome<Obj<T>> {
    // The header is the first field of every framework object.
    let client = Obj::<Header>::get(Obj(NonNull::from(&value).cast(), PhantomData)).client;
    let block = pool::allocate(client.tag(), mem::size_of::<T>())?.cast::<T>();
    if !block
        .expose_provenance()
        .get()
        .is_multiple_of(mem::align_of::<T>())
    {
        violation(Violation::Internal, c"object", block.as_ptr() as usize);
    }
    // SAFETY: A fresh block of this size and, as just checked, alignment.
    unsafe { block.write(value) };
    Ok(Obj(block, PhantomData))
}
