//! The interface of a child, and the events of the child's removal.
#![allow(unsafe_code, reason = "callbacks, and a slot that the lock guards")]

use core::sync::atomic::Ordering;

use direct_call::Failure;
use direct_call::kmdf::{Client, Target, TargetEvents};
use wdk_sys::{NTSTATUS, STATUS_SUCCESS, UNICODE_STRING, WDFIOTARGET};

use crate::context::RemoteContext;

/// What the first call doubles.
const FIRST_VALUE: i32 = 19;

const EVENTS: TargetEvents = TargetEvents {
    query_remove: Some(evt_query_remove),
    remove_canceled: Some(evt_remove_canceled),
    remove_complete: Some(evt_remove_complete),
};

/// Opens the child with this name and takes its interface; whether no other child is wanted.
pub fn take(context: &RemoteContext, link: UNICODE_STRING) -> bool {
    let taken = {
        let _held = context.lock.hold();
        if context.leaving.load(Ordering::Relaxed) || context.engaged.load(Ordering::Relaxed) {
            return true;
        }
        let taken = context.target().open(link, EVENTS).and_then(|()| fill(context));
        context.engaged.store(taken.is_ok(), Ordering::Relaxed);
        taken
    };
    if let Err(failure) = taken {
        debug_print::println!("Remote: no interface: {failure}");
        context.target().close();
    }
    taken.is_ok()
}

/// Gives the interface back, and has nobody take it any more.
pub fn leave(context: &RemoteContext) {
    let _held = context.lock.hold();
    context.leaving.store(true, Ordering::Relaxed);
    empty(context);
}

/// Asks the open target, and tries the interface out. The lock is held.
fn fill(context: &RemoteContext) -> Result<(), Failure> {
    let doubler = Client::query_target(context.target()).map_err(|error| {
        debug_print::println!("Remote: {error}");
        error.failure()
    })?;
    debug_print::println!("Remote: before is {FIRST_VALUE}");
    let after = RemoteContext::double(&doubler, FIRST_VALUE)?;
    debug_print::println!("Remote:  after is {after}");
    // SAFETY: the lock is held, and the gate is closed, so no request looks at the slot.
    unsafe { context.doubler.put(doubler) };
    context.gate.open();
    Ok(())
}

/// Gives the interface back, if there is one, when the last request is out of it. The lock is held.
fn empty(context: &RemoteContext) {
    context.gate.close();
    // SAFETY: the lock is held, and the gate is closed, so no request looks at the slot.
    if let Some(doubler) = unsafe { context.doubler.take() } {
        drop(doubler);
        debug_print::println!("Remote: gave the interface back");
    }
}

/// `EvtIoTargetQueryRemove`.
unsafe extern "C" fn evt_query_remove(target: WDFIOTARGET) -> NTSTATUS {
    // SAFETY: the device or object that `EvtQueryRemove` is about: it exists until the callback returns.
    on_event(unsafe { Target::from_raw(target) }, |context, target| {
        empty(context);
        target.close_for_query_remove();
        debug_print::println!("Remote: the child may go");
    });
    STATUS_SUCCESS
}

/// `EvtIoTargetRemoveCanceled`.
unsafe extern "C" fn evt_remove_canceled(target: WDFIOTARGET) {
    // SAFETY: the device or object that `EvtRemoveCanceled` is about: it exists until the callback returns.
    on_event(unsafe { Target::from_raw(target) }, |context, target| {
        if context.leaving.load(Ordering::Relaxed) {
            return;
        }
        debug_print::println!("Remote: the child stays");
        if let Err(failure) = target.reopen().and_then(|()| fill(context)) {
            debug_print::println!("Remote: cannot use the child again: {failure}");
            disengage(context, target);
        }
    });
}

/// `EvtIoTargetRemoveComplete`: after a surprise removal the interface is still here.
unsafe extern "C" fn evt_remove_complete(target: WDFIOTARGET) {
    // SAFETY: the device or object that `EvtRemoveComplete` is about: it exists until the callback returns.
    on_event(unsafe { Target::from_raw(target) }, |context, target| {
        empty(context);
        disengage(context, target);
        debug_print::println!("Remote: the child is gone");
    });
}

/// In an event, and so with the lock held: the next child may have the target.
fn disengage(context: &RemoteContext, target: Target<'_>) {
    target.close();
    context.engaged.store(false, Ordering::Relaxed);
}

/// With the lock held: an event and what takes the interface do not mix.
fn on_event(target: Target<'_>, event: impl FnOnce(&RemoteContext, Target<'_>)) {
    if let Some(context) = target.device().context::<RemoteContext>() {
        let _held = context.lock.hold();
        event(context, target);
    }
}
