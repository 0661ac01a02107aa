//! The core under loom: what callers, removal and the last dereference can do to each other.
//!
//! Loom runs a model once for each order that its threads' atomic operations can come in, and for each value that the memory orderings
//! let a load see. Where a model has a bound, it is on preemptions: how often a thread is stopped although it could go on. Bounds
//! and times are in docs/models.md.
//!
//! What stands for memory is a cell of loom's: reading it says "I use this", writing it "nobody else does any more", and the model fails
//! where the orderings let the two meet.
#![cfg(not(miri))]
#![allow(unsafe_code, reason = "loom's cells are shared between threads")]

use core::sync::atomic::Ordering;

use direct_call::atomic::Atomic64;
use direct_call::references::{Left, References};
use direct_call::rundown::{Rundown, Sleeper};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicU64};
use loom::sync::{Arc, Notify};
use loom::thread::{self, JoinHandle};

/// Loom's cell in the place of the core's.
struct Cell(AtomicU64);

impl Atomic64 for Cell {
    fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }

    fn load(&self, order: Ordering) -> u64 {
        self.0.load(order)
    }

    fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange_weak(current, new, success, failure)
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_add(value, order)
    }
}

/// A `NotificationEvent`. Loom's `Notify` wakes up without a reason at times; the flag says when there is one.
struct Event {
    signaled: AtomicBool,
    notify: Notify,
}

impl Event {
    fn new() -> Self {
        Self {
            signaled: AtomicBool::new(false),
            notify: Notify::new(),
        }
    }
}

impl Sleeper for Event {
    fn sleep(&self) {
        while !self.signaled.load(Ordering::Acquire) {
            self.notify.wait();
        }
    }

    fn wake(&self) {
        self.signaled.store(true, Ordering::Release);
        self.notify.notify();
    }
}

/// What `direct_call::counted` keeps behind a table, with the steps of its routines.
struct Context {
    references: References<Cell>,
    rundown: Rundown<Event, Cell>,
    /// The device, which calls inside use and which is gone after the removal.
    device: UnsafeCell<()>,
    /// The memory of the context itself.
    memory: UnsafeCell<()>,
}

// SAFETY: loom finds every access to the cells that is not ordered, which is what the models are for.
unsafe impl Sync for Context {}
// SAFETY: as for Sync.
unsafe impl Send for Context {}

impl Context {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            references: References::new(),
            rundown: Rundown::new(Event::new()),
            device: UnsafeCell::new(()),
            memory: UnsafeCell::new(()),
        })
    }

    /// A routine that needs the device; whether it was there. The call is counted.
    fn call(&self) -> bool {
        let Ok(mut call) = self.rundown.enter() else {
            return false;
        };
        self.device.with(|_| ());
        call.count();
        true
    }

    /// The removal of the device, without the context.
    fn remove(&self) {
        self.rundown.remove();
        self.device.with_mut(|_| ());
    }

    /// `InterfaceDereference`; whether it freed the context.
    fn dereference(&self) -> bool {
        self.memory.with(|_| ());
        self.free_if(
            self.references
                .release()
                .expect("each client gives back what it took"),
        )
    }

    /// The end of the owner; whether it freed the context.
    fn drop_owner(&self) -> bool {
        self.remove();
        self.memory.with(|_| ());
        self.free_if(self.references.drop_owner())
    }

    fn free_if(&self, left: Left) -> bool {
        let free = left == Left::Nothing;
        if free {
            self.memory.with_mut(|_| ());
        }
        free
    }
}

/// Every order, or every one with at most so many preemptions. Prints how many there are.
fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let orders = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&orders);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    println!("{} orders", orders.load(Ordering::Relaxed));
}

/// What all of the threads say, in their order.
fn join<T, const N: usize>(threads: [JoinHandle<T>; N]) -> [T; N] {
    threads.map(|thread| thread.join().expect("the thread does not panic"))
}

/// So many clients, each with a reference, in threads of their own.
fn clients<T: 'static, const N: usize>(
    context: &Arc<Context>,
    client: impl Fn(&Context) -> T + Copy + 'static,
) -> [JoinHandle<T>; N] {
    core::array::from_fn(|_| {
        context.references.acquire();
        let context = Arc::clone(context);
        thread::spawn(move || client(&context))
    })
}

/// The owner and `CLIENTS` clients let go at once.
fn exactly_one_frees<const CLIENTS: usize>() {
    let context = Context::new();
    let clients: [_; CLIENTS] = clients(&context, Context::dereference);
    let freed = context.free_if(context.references.drop_owner());
    assert_eq!(
        usize::from(freed) + join(clients).map(usize::from).iter().sum::<usize>(),
        1
    );
}

#[test]
fn exactly_one_frees_of_an_owner_and_two_clients() {
    check(None, exactly_one_frees::<2>);
}

#[test]
fn exactly_one_frees_of_an_owner_and_three_clients() {
    check(Some(2), exactly_one_frees::<3>);
}

/// A client passes a second reference on and gives its own back, while the owner goes.
#[test]
fn a_reference_that_is_passed_on_keeps_the_context() {
    check(None, || {
        let context = Context::new();
        context.references.acquire();
        let first = thread::spawn({
            let context = Arc::clone(&context);
            move || {
                context.references.acquire();
                let second = thread::spawn({
                    let context = Arc::clone(&context);
                    move || context.dereference()
                });
                let freed = context.dereference();
                [freed, second.join().expect("the thread does not panic")]
            }
        });
        let owner = context.free_if(context.references.drop_owner());
        let [freed] = join([first]);
        assert_eq!(
            [freed[0], freed[1], owner].map(usize::from).iter().sum::<usize>(),
            1
        );
    });
}

/// `CALLERS` callers and a removal. A call that got in has the device until it leaves, and the removal returns.
fn removal_waits<const CALLERS: usize>() {
    let context = Context::new();
    let callers: [_; CALLERS] = clients(&context, Context::call);
    context.remove();
    assert!(!context.call(), "nobody enters after the removal");
    let calls = join(callers).into_iter().filter(|entered| *entered).count();
    assert_eq!(context.rundown.counted(), calls as u64);
}

#[test]
fn removal_waits_for_one_caller() {
    check(None, removal_waits::<1>);
}

#[test]
fn removal_waits_for_two_callers() {
    check(Some(4), removal_waits::<2>);
}

#[test]
fn removal_waits_for_three_callers() {
    check(Some(2), removal_waits::<3>);
}

/// The whole life: `CLIENTS` clients call and let go, while the owner removes the device and lets go.
fn life<const CLIENTS: usize>() {
    let context = Context::new();
    let clients: [_; CLIENTS] = clients(&context, |context| {
        context.call();
        context.dereference()
    });
    let freed = context.drop_owner();
    assert_eq!(
        usize::from(freed) + join(clients).map(usize::from).iter().sum::<usize>(),
        1
    );
}

#[test]
fn a_context_outlives_removal_and_one_client() {
    check(None, life::<1>);
}

#[test]
fn a_context_outlives_removal_and_two_clients() {
    check(Some(3), life::<2>);
}
