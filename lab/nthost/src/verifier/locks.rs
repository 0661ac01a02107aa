//! The locks that threads hold, and the order in which they take them.
//!
//! Whoever takes a lock while holding another one says that the second comes behind the first. When a lock would come behind itself
//! that way, two threads can wait for each other, whether or not they do so in this run.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{AddressMap, Owner, broken_with, owner, rules};
use crate::ke::processor;
use crate::ldr::{self, unwind::OwnStack};

/// What a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `KSPIN_LOCK` and `EX_SPIN_LOCK`: not to be held when a routine returns.
    Spin,
    /// The cancel spin lock.
    Cancel,
    /// `FAST_MUTEX` and `KGUARDED_MUTEX`.
    FastMutex,
    /// `KMUTEX`: may be taken again by its holder.
    Mutant,
    /// `ERESOURCE`: may be taken again by its holder.
    Resource,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spin => "spin lock",
            Self::Cancel => "cancel spin lock",
            Self::FastMutex => "fast mutex",
            Self::Mutant => "mutex",
            Self::Resource => "resource",
        })
    }
}

/// A lock that a thread holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    lock: usize,
    kind: Kind,
    /// How deep in calls from the host into drivers it was taken.
    depth: u32,
    /// The instruction behind the call that took it.
    place: usize,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} at {}", self.kind, place_of(self.lock))
    }
}

/// Where a lock is: a variable of an image, or an address.
fn place_of(lock: usize) -> String {
    ldr::find(lock).map_or_else(|| format!("{lock:#x}"), |variable| variable.to_string())
}

thread_local! {
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// Where a lock was taken while another one was held.
#[derive(Clone, Copy)]
struct Taken {
    first: Owner,
    second: Owner,
}

/// For each lock, those that were taken behind it.
#[derive(Default)]
struct Order(AddressMap<AddressMap<Taken>>);

static ORDER: Mutex<Option<Order>> = Mutex::new(None);
static IS_ORDERED: AtomicBool = AtomicBool::new(false);

fn with_order<R>(f: impl FnOnce(&mut Order) -> R) -> R {
    f(ORDER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(Order::default))
}

/// The thread is about to wait for a lock. A lock that others took in the opposite order ends the run in [`rules::LOCK_ORDER`].
pub fn acquiring(lock: usize, kind: Kind) {
    HELD.with_borrow(|held| {
        if held.is_empty() || held.iter().any(|known| known.lock == lock) {
            return;
        }
        // What lies on a stack is another lock in the next call.
        let stack = OwnStack::current();
        if !stack.contains(lock as u64) {
            let lasting = held.iter().filter(|first| !stack.contains(first.lock as u64));
            lasting.for_each(|first| check_order(first, lock, kind));
        }
    });
}

fn check_order(first: &Held, lock: usize, kind: Kind) {
    IS_ORDERED.store(true, Ordering::Relaxed);
    let wrong = with_order(|order| {
        if order.behind(first.lock, lock).is_some() {
            return None;
        }
        let taken = Taken {
            first: Owner::at(first.place),
            second: owner(),
        };
        let chain = order.chain(lock, first.lock);
        if chain.is_empty() {
            order.0.entry(first.lock).or_default().insert(lock, taken);
        }
        (!chain.is_empty()).then_some((taken, chain))
    });
    let Some((taken, chain)) = wrong else { return };
    let what = format!(
        "takes the {kind} at {} while it holds {first}, and elsewhere the order is the opposite",
        place_of(lock)
    );
    let mut notes = vec![format!("here {first} was taken at {}", taken.first)];
    notes.extend(chain.iter().map(|(from, to, taken)| {
        format!(
            "elsewhere the lock at {} was taken at {}, then the one at {} at {}",
            place_of(*from),
            taken.first,
            place_of(*to),
            taken.second
        )
    }));
    broken_with(rules::LOCK_ORDER, &what, taken.second, &notes)
}

impl Order {
    fn behind(&self, first: usize, second: usize) -> Option<Taken> {
        self.0.get(&first)?.get(&second).copied()
    }

    /// The steps that lead from one lock to another; none if nothing does.
    fn chain(&self, from: usize, to: usize) -> Vec<(usize, usize, Taken)> {
        let mut reached: AddressMap<(usize, Taken)> = AddressMap::default();
        let mut next = vec![from];
        while let Some(lock) = next.pop() {
            for (behind, taken) in self.0.get(&lock).into_iter().flatten() {
                if *behind != from && !reached.contains_key(behind) {
                    reached.insert(*behind, (lock, *taken));
                    next.push(*behind);
                }
            }
        }
        let mut steps = Vec::new();
        let mut end = to;
        while let Some((before, taken)) = reached.get(&end) {
            steps.insert(0, (*before, end, *taken));
            end = *before;
        }
        steps
    }
}

/// The thread has got a lock.
pub fn acquired(lock: usize, kind: Kind) {
    let processor = processor::current();
    let taken = Held {
        lock,
        kind,
        depth: processor.depth.load(Ordering::Relaxed),
        place: processor.return_address(),
    };
    HELD.with_borrow_mut(|held| held.push(taken));
}

/// The thread has released a lock.
pub fn released(lock: usize) {
    HELD.with_borrow_mut(|held| {
        if let Some(index) = held.iter().rposition(|known| known.lock == lock) {
            held.remove(index);
        }
    });
}

/// A lock is made anew at this address: what was there before has no order any more.
pub fn initialized(lock: usize) {
    forget(&(lock..lock + 1));
}

/// The memory of locks goes.
pub fn forget(range: &Range<usize>) {
    if !IS_ORDERED.load(Ordering::Relaxed) {
        return;
    }
    with_order(|order| {
        order.0.retain(|lock, behind| {
            behind.retain(|lock, _| !range.contains(lock));
            !range.contains(lock) && !behind.is_empty()
        });
    });
}

/// A routine of a driver's has returned to the host, `depth` calls deep, and may hold no spin lock that it took.
pub fn check_return(what: &str, routine: usize, depth: u32) {
    HELD.with_borrow(|held| {
        let mut left = held.iter().rev().take_while(|lock| lock.depth > depth);
        if let Some(lock) = left.find(|lock| matches!(lock.kind, Kind::Spin | Kind::Cancel)) {
            still_held(what, routine, lock);
        }
    });
}

/// A routine that was called with a lock held, to release it, has returned.
pub fn check_released(what: &str, routine: usize, lock: usize) {
    HELD.with_borrow(|held| {
        if let Some(lock) = held.iter().find(|known| known.lock == lock) {
            still_held(what, routine, lock);
        }
    });
}

fn still_held(what: &str, routine: usize, lock: &Held) -> ! {
    let rule = match lock.kind {
        Kind::Cancel => rules::CANCEL_LOCK_HELD,
        _ => rules::SPIN_LOCK_HELD,
    };
    let text = format!("{what} returned and left {lock} taken");
    let note = format!("the lock was taken at {}", Owner::at(lock.place));
    broken_with(rule, &text, Owner::at(routine), &[note])
}

/// A driver's thread ends, and may hold no mutex.
pub fn check_end(of: Owner) {
    HELD.with_borrow(|held| {
        if let Some(lock) = held.iter().find(|lock| lock.kind == Kind::Mutant) {
            let text = format!("a system thread ended and left {lock} taken");
            let note = format!("the thread was made by {of}");
            broken_with(rules::MUTANT_HELD, &text, Owner::at(lock.place), &[note]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{Order, Owner, Taken};

    fn order(pairs: &[(usize, usize)]) -> Order {
        let taken = Taken {
            first: Owner::HOST,
            second: Owner::HOST,
        };
        let mut order = Order::default();
        for (first, second) in pairs {
            order.0.entry(*first).or_default().insert(*second, taken);
        }
        order
    }

    fn steps(order: &Order, from: usize, to: usize) -> Vec<(usize, usize)> {
        let chain = order.chain(from, to);
        chain.iter().map(|(from, to, _)| (*from, *to)).collect()
    }

    #[test]
    fn a_chain_leads_through_other_locks_and_ends() {
        let order = order(&[(1, 2), (2, 3), (3, 2), (2, 4)]);
        assert_eq!(steps(&order, 1, 4), [(1, 2), (2, 4)]);
        assert_eq!(steps(&order, 3, 4), [(3, 2), (2, 4)]);
        assert_eq!(steps(&order, 4, 1), []);
        assert_eq!(steps(&order, 2, 1), []);
    }
}
