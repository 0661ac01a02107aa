//! The counted context of an interface: memory of its own that outlives the device.
//!
//! A client's copy of the table points at provider code and at this context. Two things must therefore last
//! as long as a reference: the memory, which the count looks after, and the code, which a pinned object looks
//! after (a referenced device object holds its driver object, and the image goes with that).
//!
//! Each reference pins the object once more, so the object is pinned from the first reference to the last.
//! One pin for all references would be a hole: after the last but one client has decremented the count, the
//! last one can let go of the only pin while the other thread is still on its way out of the dereference
//! routine, in an image that is no longer there. With a pin of its own, each thread lets go of it only as it
//! leaves; see [`dereference`].
#![allow(
    unsafe_code,
    reason = "the lifetime of the context is counted by hand, as its users are foreign drivers"
)]

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::ffi::c_void;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::{self, NonNull};

use crate::references::{Left, References};
use crate::rundown::{Call, Removed, Rundown, Sleeper};

/// An object that keeps the provider's code mapped while it is referenced: a device object in drivers.
pub trait Pin: Copy {
    /// Takes a reference on the object. IRQL <= `DISPATCH_LEVEL`.
    fn pin(self);
}

/// The context behind a table.
#[derive(Debug)]
#[repr(C)]
struct Counted<O, S, T> {
    /// First, so that who does not know `T` finds it.
    head: Head<O, S>,
    data: T,
}

/// What a context begins with, whatever data the provider keeps in it.
#[derive(Debug)]
struct Head<O, S> {
    references: References,
    rundown: Rundown<S>,
    object: O,
    /// Frees the whole context.
    free: unsafe fn(NonNull<Self>),
}

/// The device's hold on the context. Dropping it marks the interface as removed, waits for calls in progress,
/// and frees the memory if no client holds a reference.
#[derive(Debug)]
pub struct Owner<O: Pin, S: Sleeper, T>(NonNull<Counted<O, S, T>>);

// SAFETY: the context is only reached through its atomics, through `Sleeper` and `T`, which are shared between
// threads, and by copying `object`; the bounds say that this, and dropping `T`, may happen on any thread.
unsafe impl<O: Pin + Send + Sync, S: Sleeper + Send + Sync, T: Send + Sync> Send for Owner<O, S, T> {}
// SAFETY: as for Send; a shared owner only reads.
unsafe impl<O: Pin + Send + Sync, S: Sleeper + Send + Sync, T: Send + Sync> Sync for Owner<O, S, T> {}

impl<O: Pin, S: Sleeper, T> Owner<O, S, T> {
    /// A context without references in memory from the global allocator, nonpaged in drivers; `None` when
    /// there is none. `data` is what the routines of the table share; it is dropped with the context.
    #[must_use]
    pub fn new(object: O, sleeper: S, data: T) -> Option<Self> {
        let layout = const {
            assert!(size_of::<Counted<O, S, T>>() > 0);
            Layout::new::<Counted<O, S, T>>()
        };
        // SAFETY: the size is not 0, asserted above.
        let memory = unsafe { alloc(layout) };
        let context = NonNull::new(memory)?.cast();
        let head = Head {
            references: References::new(),
            rundown: Rundown::new(sleeper),
            object,
            free: free::<O, S, T>,
        };
        // SAFETY: fresh memory of the right size and alignment, from `layout`.
        unsafe { context.write(Counted { head, data }) };
        let owner = Self(context);
        owner.counted().head.rundown.prepare();
        Some(owner)
    }

    /// What goes into the `Context` of the header.
    #[must_use]
    pub const fn context(&self) -> *mut c_void {
        self.0.as_ptr().cast()
    }

    /// References that clients hold at this moment.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.counted().head.references.held()
    }

    /// What the routines of the table share.
    #[must_use]
    pub const fn data(&self) -> &T {
        &self.counted().data
    }

    /// Gives the ownership to a raw pointer, for a device's context space.
    #[must_use]
    pub fn into_raw(self) -> NonNull<c_void> {
        ManuallyDrop::new(self).0.cast()
    }

    /// Takes the ownership back.
    ///
    /// # Safety
    ///
    /// `raw` comes from [`Owner::into_raw`] of the same type, and is turned back once.
    #[must_use]
    pub const unsafe fn from_raw(raw: NonNull<c_void>) -> Self {
        Self(raw.cast())
    }

    const fn counted(&self) -> &Counted<O, S, T> {
        // SAFETY: written in `new`, and alive while the owner has not been dropped.
        unsafe { self.0.as_ref() }
    }
}

impl<O: Pin, S: Sleeper, T> Drop for Owner<O, S, T> {
    fn drop(&mut self) {
        self.counted().head.rundown.remove();
        if self.counted().head.references.drop_owner() == Left::Nothing {
            // SAFETY: `Nothing` is answered once, and says that no client is left.
            unsafe { free::<O, S, T>(self.0.cast()) };
        }
    }
}

/// The body of `InterfaceReference`: takes one more reference. Lock-free, IRQL <= `DISPATCH_LEVEL`.
///
/// # Safety
///
/// `context` is [`Owner::context`] of an owner of the same `O` and `S`, which is alive, or the caller holds a
/// reference.
pub unsafe fn reference<O: Pin, S: Sleeper>(context: *mut c_void) {
    // SAFETY: alive by the caller's promise.
    let head = unsafe { &*context.cast::<Head<O, S>>() };
    head.object.pin();
    head.references.acquire();
}

/// The body of `InterfaceDereference`: gives a reference back, and returns the object from which the caller
/// must now take one pin away. Lock-free, IRQL <= `DISPATCH_LEVEL`.
///
/// Taking the pin away must be the last thing that the provider's code does, because the code may go with it:
/// by a jump, not a call. `None` means that no reference was held, a client's mistake: nothing is to be done
/// then.
///
/// # Safety
///
/// `context` is [`Owner::context`] of an owner of the same `O` and `S`, and the caller gives up a reference that it
/// holds, or the owner is alive.
pub unsafe fn dereference<O: Pin, S: Sleeper>(context: *mut c_void) -> Option<O> {
    let context = NonNull::new(context.cast::<Head<O, S>>())?;
    // SAFETY: alive by the caller's promise, until the release below.
    let head = unsafe { context.as_ref() };
    let (object, free) = (head.object, head.free);
    if head.references.release().ok()? == Left::Nothing {
        // SAFETY: `Nothing` is answered once, and says that the owner has gone and no other client is left; the context's own
        // routine, from `Owner::new`.
        unsafe { free(context) };
    }
    Some(object)
}

/// A call in progress that needs the device: removal waits while it lives. Dereferences to the provider's data.
#[derive(Debug)]
pub struct Inside<'a, O: Pin, S: Sleeper, T> {
    counted: &'a Counted<O, S, T>,
    /// Held for its drop.
    call: Call<'a, S>,
}

impl<O: Pin, S: Sleeper, T> Inside<'_, O, S, T> {
    /// References that clients hold at this moment.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.counted.head.references.held()
    }

    /// Has [`Inside::counted_calls`] count this call when it ends. It costs nothing: leaving counts along.
    pub const fn count_call(&mut self) {
        self.call.count();
    }

    /// Calls that were to be counted and have ended.
    #[must_use]
    pub fn counted_calls(&self) -> u64 {
        self.counted.head.rundown.counted()
    }
}

impl<O: Pin, S: Sleeper, T> Deref for Inside<'_, O, S, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.counted.data
    }
}

/// Begins a call that needs the device behind `context`: for the routines of a table that take the context.
///
/// # Errors
///
/// [`Removed`] when the device is gone.
///
/// # Safety
///
/// `context` is [`Owner::context`] of an owner of the same types, and the caller holds a reference, or the owner is alive, for
/// as long as the returned guard lives.
pub unsafe fn enter<'a, O: Pin, S: Sleeper, T>(context: *mut c_void) -> Result<Inside<'a, O, S, T>, Removed> {
    // SAFETY: alive by the caller's promise.
    let counted = unsafe { &*context.cast::<Counted<O, S, T>>() };
    let call = counted.head.rundown.enter()?;
    Ok(Inside { counted, call })
}

/// # Safety
///
/// `context` was made by `Owner::new` of these types, nobody uses it any more, and it is freed once.
unsafe fn free<O: Pin, S: Sleeper, T>(context: NonNull<Head<O, S>>) {
    let context = context.cast::<Counted<O, S, T>>();
    // SAFETY: initialised in `Owner::new`, and unused by the caller's promise.
    unsafe { ptr::drop_in_place(context.as_ptr()) };
    // SAFETY: allocated in `Owner::new` with this very layout.
    unsafe { dealloc(context.as_ptr().cast(), Layout::new::<Counted<O, S, T>>()) };
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::ffi::c_void;
    use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
    use std::sync::Arc;
    use std::thread;

    use proptest::prelude::*;

    use super::{Owner, Pin, dereference, enter, reference};
    use crate::rundown::Sleeper;

    /// One for each device of a test, so that Miri's leak check sees the contexts only.
    static PINS: [AtomicI64; 256] = [const { AtomicI64::new(0) }; 256];
    /// The next of [`PINS`] to use.
    static NEXT: AtomicUsize = AtomicUsize::new(0);

    /// A device object, as far as the count goes.
    #[derive(Clone, Copy, Debug)]
    struct Device(&'static AtomicI64);

    impl Device {
        fn new() -> Self {
            Self(&PINS[NEXT.fetch_add(1, Ordering::Relaxed)])
        }
        fn pins(self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Pin for Device {
        fn pin(self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often a context was prepared, of the one test that asks.
    static PREPARED: AtomicUsize = AtomicUsize::new(0);

    /// Counts.
    #[derive(Debug)]
    struct Prepares;

    impl Sleeper for Prepares {
        fn prepare(&self) {
            PREPARED.fetch_add(1, Ordering::Relaxed);
        }
        fn sleep(&self) {}
        fn wake(&self) {}
    }

    #[derive(Debug)]
    struct NeverSleeps;

    impl Sleeper for NeverSleeps {
        fn sleep(&self) {
            panic!("no call is in progress");
        }
        fn wake(&self) {}
    }

    fn take(context: *mut c_void) {
        // SAFETY: each test keeps its owner, or a reference, over this call.
        unsafe { reference::<Device, NeverSleeps>(context) }
    }

    /// What the assembly entry does in drivers.
    fn give_back(context: *mut c_void) -> bool {
        // SAFETY: each test keeps its owner alive, or gives back what it took.
        let unpin = unsafe { dereference::<Device, NeverSleeps>(context) };
        unpin.is_some_and(|device| device.0.fetch_sub(1, Ordering::Relaxed) > 0)
    }

    /// A reference that a thread takes along.
    struct Reference(*mut c_void);

    // SAFETY: reference and dereference may be called on any thread.
    unsafe impl Send for Reference {}

    impl Reference {
        fn give_back(self) -> bool {
            give_back(self.0)
        }
    }

    #[test]
    fn a_reference_outlives_the_owner() {
        let device = Device::new();
        let owner = Owner::new(device, NeverSleeps, ()).expect("the test machine has memory");
        let context = owner.context();
        take(context);
        assert_eq!((owner.held(), device.pins()), (1, 1));
        // SAFETY: the owner is alive.
        assert!(unsafe { enter::<Device, NeverSleeps, ()>(context) }.is_ok());
        drop(owner);
        // SAFETY: a reference is held.
        assert!(unsafe { enter::<Device, NeverSleeps, ()>(context) }.is_err());
        assert_eq!(device.pins(), 1);
        assert!(give_back(context));
        assert_eq!(device.pins(), 0);
    }

    #[test]
    fn data_is_reached_inside_and_dropped_with_the_context() {
        let data = Arc::new(19);
        let owner =
            Owner::new(Device::new(), NeverSleeps, Arc::clone(&data)).expect("the test machine has memory");
        let context = owner.context();
        take(context);
        // SAFETY: the owner is alive.
        let inside =
            unsafe { enter::<Device, NeverSleeps, Arc<i32>>(context) }.expect("nothing is removed yet");
        assert_eq!((**inside, inside.held()), (19, 1));
        drop(inside);
        drop(owner);
        assert_eq!(Arc::strong_count(&data), 2);
        assert!(give_back(context));
        assert_eq!(Arc::strong_count(&data), 1);
    }

    #[test]
    fn the_sleeper_is_prepared_once() {
        drop(Owner::new(Device::new(), Prepares, ()).expect("the test machine has memory"));
        assert_eq!(PREPARED.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_call_that_asks_for_it_is_counted_when_it_ends() {
        let owner = Owner::new(Device::new(), NeverSleeps, 19).expect("the test machine has memory");
        assert_eq!(*owner.data(), 19);
        for ended in 0..3 {
            // SAFETY: the owner is alive.
            let inside = unsafe { enter::<Device, NeverSleeps, i32>(owner.context()) };
            let mut inside = inside.expect("nothing is removed yet");
            inside.count_call();
            assert_eq!((inside.counted_calls(), inside.held()), (ended, 0));
        }
    }

    #[test]
    fn one_dereference_too_many_is_ignored_while_the_owner_lives() {
        let device = Device::new();
        let owner = Owner::new(device, NeverSleeps, ()).expect("the test machine has memory");
        assert!(!give_back(owner.context()));
        assert_eq!(device.pins(), 0);
    }

    #[test]
    fn ownership_survives_the_raw_form() {
        let owner = Owner::new(Device::new(), NeverSleeps, ()).expect("the test machine has memory");
        let raw = owner.into_raw();
        // SAFETY: from the line above, turned back once.
        drop(unsafe { Owner::<Device, NeverSleeps, ()>::from_raw(raw) });
    }

    #[test]
    fn threads_leave_in_any_order() {
        let device = Device::new();
        let owner = Owner::new(device, NeverSleeps, ()).expect("the test machine has memory");
        let clients: [_; 3] = core::array::from_fn(|_| {
            take(owner.context());
            let reference = Reference(owner.context());
            thread::spawn(move || reference.give_back())
        });
        drop(owner);
        assert!(
            clients
                .into_iter()
                .all(|client| client.join().expect("the client does not panic"))
        );
        assert_eq!(device.pins(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]
        /// The object is pinned as often as references are held, whatever the order.
        #[test]
        fn pins_are_references(steps in prop::collection::vec(any::<bool>(), 0..32)) {
            let device = Device::new();
            let owner = Owner::new(device, NeverSleeps, ()).expect("the test machine has memory");
            let mut held = 0_i64;
            for acquire in steps {
                if acquire {
                    take(owner.context());
                    held += 1;
                } else if give_back(owner.context()) {
                    held -= 1;
                }
                prop_assert_eq!(device.pins(), held);
            }
            let context = owner.context();
            drop(owner);
            for _ in 0..held {
                give_back(context);
            }
            prop_assert_eq!(device.pins(), 0);
        }
    }
}
