//! References to direct-call interfaces: who holds how many.
//!
//! When a driver's query succeeded, the two reference routines in its table are replaced by thunks that count and call
//! through. So a reference that is left over, or given back once too often, is charged to the client.
#![allow(
    unsafe_code,
    reason = "changes the table in a driver's memory and calls through it"
)]
#![allow(
    clippy::fn_to_numeric_cast,
    reason = "routines are compared and kept as addresses"
)]

use core::ffi::c_void;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Leak, Owner, broken_with, owner, register_auditor, rules};
use crate::abi::{GUID, INTERFACE};
use crate::{exports, ke};

type Routine = unsafe extern "win64" fn(*mut c_void);

/// A client and the routines of the provider that it got.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pair {
    client: String,
    reference: usize,
    dereference: usize,
}

/// What one client holds of one context.
struct Held {
    count: u64,
    guid: GUID,
    client: Owner,
    /// The addresses of the PDOs of the stacks that it asked.
    asked: Vec<usize>,
}

/// An interface of which a client holds references.
#[derive(Clone, Debug)]
pub struct Open {
    /// Which interface.
    pub guid: GUID,
    /// The image of the client.
    pub client: String,
    /// The image of the provider's reference routine.
    pub provider: String,
    /// How many references.
    pub references: u64,
    /// The addresses of the PDOs of the stacks that the client asked.
    pub asked: Vec<usize>,
}

#[derive(Default)]
struct Records {
    pairs: Vec<Pair>,
    held: HashMap<(usize, usize), Held>,
    /// Thunk addresses and the pair each belongs to.
    thunks: HashMap<usize, usize>,
    taken: u64,
}

static RECORDS: Mutex<Option<Records>> = Mutex::new(None);

fn with_records<R>(f: impl FnOnce(&mut Records) -> R) -> R {
    f(RECORDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(|| {
            register_auditor(leaks);
            Records::default()
        }))
}

/// Takes note that `client` got `interface` for `guid`, with one reference, and puts the thunks into the table. `asked` is the
/// address of the PDO of the stack that the query was sent to.
///
/// A table that has thunks already, because the query went through another one, now counts for `client`.
///
/// # Safety
///
/// `interface` is null or points to the table that the provider filled in.
pub unsafe fn on_query_interface_completed(
    guid: &GUID,
    interface: *mut INTERFACE,
    client: Owner,
    asked: usize,
) {
    // SAFETY: `interface` is null or the table that the provider filled in (`# Safety`); `as_mut` checks for
    // null.
    let Some(table) = (unsafe { interface.as_mut() }) else {
        return;
    };
    let (Some(reference), Some(dereference)) = (table.InterfaceReference, table.InterfaceDereference) else {
        return;
    };
    let context = table.Context.expose_provenance();
    let index = with_records(|records| {
        let (reference, dereference) = records.take_over(reference as usize, dereference as usize, context);
        let index = records.index_of(Pair {
            client: client.image(),
            reference,
            dereference,
        });
        let held = records.held.entry((index, context)).or_insert(Held {
            count: 0,
            guid: *guid,
            client,
            asked: Vec::new(),
        });
        held.count += 1;
        if !held.asked.contains(&asked) {
            held.asked.push(asked);
        }
        records.taken += 1;
        index
    });
    let (reference, dereference) = thunks(index);
    table.InterfaceReference = Some(reference);
    table.InterfaceDereference = Some(dereference);
}

/// How many references clients took by queries.
#[must_use]
pub fn references_taken() -> u64 {
    with_records(|records| records.taken)
}

/// How many references clients hold now.
#[must_use]
pub fn references_held() -> u64 {
    with_records(|records| records.held.values().map(|held| held.count).sum())
}

/// The interfaces that drivers hold now.
#[must_use]
pub fn open() -> Vec<Open> {
    with_records(|records| {
        let held = records
            .held
            .iter()
            .filter(|(_, held)| held.count > 0 && !held.client.is_host());
        let open = held.map(|((pair, _), held)| Open {
            guid: held.guid,
            client: records.pairs[*pair].client.clone(),
            provider: Owner::at(records.pairs[*pair].reference).image(),
            references: held.count,
            asked: held.asked.clone(),
        });
        open.collect()
    })
}

impl Records {
    fn index_of(&mut self, pair: Pair) -> usize {
        self.pairs
            .iter()
            .position(|known| *known == pair)
            .unwrap_or_else(|| {
                self.pairs.push(pair);
                self.pairs.len() - 1
            })
    }

    /// The provider's own routines. For thunks of an inner query, whose reference moves to the outer client.
    fn take_over(&mut self, reference: usize, dereference: usize, context: usize) -> (usize, usize) {
        let Some(inner) = self.thunks.get(&reference).copied() else {
            return (reference, dereference);
        };
        if let Some(held) = self.held.get_mut(&(inner, context)) {
            held.count = held.count.saturating_sub(1);
        }
        let pair = &self.pairs[inner];
        (pair.reference, pair.dereference)
    }
}

/// The thunks of a pair.
fn thunks(index: usize) -> (Routine, Routine) {
    let make = |what: &str, target: unsafe extern "win64" fn(*mut c_void, usize)| {
        let client = with_records(|records| records.pairs[index].client.clone());
        let address = exports::thunk(
            &format!("{what} of {client} ({index})"),
            target as *const (),
            index,
        );
        with_records(|records| records.thunks.insert(address, index));
        // SAFETY: the thunk was made with this signature: one argument, nothing returned.
        unsafe { std::mem::transmute::<*const (), Routine>(std::ptr::with_exposed_provenance(address)) }
    };
    (
        make("InterfaceReference", reference),
        make("InterfaceDereference", dereference),
    )
}

/// The routine at an address that a provider put into its table.
fn routine(address: usize) -> Routine {
    // SAFETY: the address came from a table's InterfaceReference or InterfaceDereference.
    unsafe { std::mem::transmute::<*const (), Routine>(std::ptr::with_exposed_provenance(address)) }
}

unsafe extern "win64" fn reference(context: *mut c_void, index: usize) {
    let key = (index, context.addr());
    let target = with_records(|records| {
        let held = records.held.get_mut(&key).filter(|held| held.count > 0)?;
        held.count += 1;
        Some(records.pairs[index].reference)
    });
    let Some(target) = target else {
        not_held("references", index)
    };
    // SAFETY: the provider's routine, called with the context of its table.
    ke::call("InterfaceReference", target, || unsafe {
        routine(target)(context);
    });
}

unsafe extern "win64" fn dereference(context: *mut c_void, index: usize) {
    let key = (index, context.addr());
    let target = with_records(|records| {
        let held = records.held.get_mut(&key)?;
        held.count = held.count.checked_sub(1)?;
        Some(records.pairs[index].dereference)
    });
    let Some(target) = target else {
        not_held("dereferences", index)
    };
    // SAFETY: the provider's routine, called with the context of its table.
    ke::call("InterfaceDereference", target, || unsafe {
        routine(target)(context);
    });
}

fn not_held(verb: &str, index: usize) -> ! {
    let provider = with_records(|records| records.pairs.get(index).map(|pair| pair.reference));
    let what = format!("{verb} an interface that it holds no reference to any more");
    let note = provider.map(|provider| format!("the provider is {}", Owner::at(provider)));
    broken_with(rules::INTERFACE_NOT_HELD, &what, owner(), note.as_slice())
}

fn leaks() -> Vec<Leak> {
    with_records(|records| {
        let left = records
            .held
            .values()
            .filter(|held| held.count > 0 && !held.client.is_host());
        left.map(|held| Leak {
            rule: rules::INTERFACE_LEFT,
            what: format!("interface reference, {} of {}", held.count, held.guid),
            owner: held.client,
        })
        .collect()
    })
}

#[cfg(test)]
mod tests {
    use core::ffi::c_void;
    use std::sync::atomic::{AtomicI32, Ordering};

    use super::{on_query_interface_completed, with_records};
    use crate::abi::{GUID, INTERFACE};
    use crate::verifier::Owner;

    static COUNT: AtomicI32 = AtomicI32::new(1);

    unsafe extern "win64" fn up(_: *mut c_void) {
        COUNT.fetch_add(1, Ordering::SeqCst);
    }

    unsafe extern "win64" fn down(_: *mut c_void) {
        COUNT.fetch_sub(1, Ordering::SeqCst);
    }

    #[test]
    fn thunks_count_and_call_through() {
        crate::ke::thread::attach("test");
        let mut table = INTERFACE {
            Size: 32,
            Version: 1,
            Context: std::ptr::without_provenance_mut(0x7777),
            InterfaceReference: Some(up),
            InterfaceDereference: Some(down),
        };
        // SAFETY: the table is a local that was filled in above.
        unsafe { on_query_interface_completed(&GUID::default(), &raw mut table, Owner::at(0x10), 0x20) };
        // A second query that passed through the first one's thunks still counts one reference.
        // SAFETY: `table` is still the same local, now with thunks in its reference functions.
        unsafe { on_query_interface_completed(&GUID::default(), &raw mut table, Owner::at(0x10), 0x20) };
        let held = || {
            with_records(|r| {
                r.held
                    .iter()
                    .filter(|(key, _)| key.1 == 0x7777)
                    .map(|(_, h)| h.count)
                    .sum::<u64>()
            })
        };
        assert_eq!(held(), 1);
        let (reference, dereference) = (table.InterfaceReference, table.InterfaceDereference);
        // SAFETY: the thunk calls `up` with the context of the table.
        unsafe { reference.expect("set above")(table.Context) };
        assert_eq!((COUNT.load(Ordering::SeqCst), held()), (2, 2));
        for _ in 0..2 {
            // SAFETY: the thunk calls `down` with the context of the table.
            unsafe { dereference.expect("set above")(table.Context) };
        }
        assert_eq!((COUNT.load(Ordering::SeqCst), held()), (0, 0));
    }
}
