//! The pool, every block of it special: guard pages before and behind, inaccessible after it was freed, its maker known.

use core::ffi::c_void;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pages::Pages;
use crate::abi::{APC_LEVEL, DISPATCH_LEVEL};
use crate::ex;
use crate::ke::{self, irql};
use crate::verifier::rules::{self, Rule};
use crate::verifier::{self, Leak, Owner};

/// How many freed blocks stay reserved, so that a use of one is recognized.
const QUARANTINE: usize = 8192;
/// More than any driver asks for in earnest; larger requests fail as they would for want of memory.
const MAX_SIZE: usize = 1 << 30;

/// Which memory a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May be touched at any IRQL.
    NonPaged,
    /// The same, and code may run there.
    NonPagedExecute,
    /// May be touched below `DISPATCH_LEVEL`.
    Paged,
    /// The body of a kernel object: counted by `ob`, not by the pool's audit.
    Object,
    /// An IRP: counted by `io`.
    Irp,
}

/// Four characters that name a block's purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u32);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for byte in self.0.to_le_bytes() {
            write!(
                f,
                "{}",
                if byte.is_ascii_graphic() || byte == b' ' {
                    char::from(byte)
                } else {
                    '.'
                }
            )?;
        }
        f.write_str("'")
    }
}

/// The tag of what the host allocates for itself.
pub const HOST_TAG: Tag = Tag(u32::from_le_bytes(*b"Host"));

/// What to allocate.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Which memory.
    pub kind: Kind,
    /// How many bytes.
    pub size: usize,
    /// The tag.
    pub tag: Tag,
    /// Zeroed, or filled with a pattern that is not zero.
    pub zeroed: bool,
    /// Whose it is.
    pub owner: Owner,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    pages: Pages,
    request: Request,
    freed: Option<Owner>,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = match self.request.kind {
            Kind::Object => return write!(f, "kernel object's body, {} bytes", self.request.size),
            Kind::Irp => return write!(f, "request packet (IRP) of {} bytes", self.request.size),
            Kind::Paged => "paged pool block",
            Kind::NonPaged | Kind::NonPagedExecute => "nonpaged pool block",
        };
        write!(
            f,
            "{memory}, tag {}, {} bytes",
            self.request.tag, self.request.size
        )
    }
}

/// Counters for the report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    /// Blocks that drivers allocated.
    pub allocations: u64,
    /// Blocks that drivers freed.
    pub frees: u64,
    /// Bytes in drivers' blocks now.
    pub bytes: u64,
    /// The most bytes there ever were.
    pub peak_bytes: u64,
}

#[derive(Default)]
struct Pool {
    live: BTreeMap<usize, Block>,
    freed: VecDeque<Block>,
    statistics: Statistics,
}

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Pool>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_pool<R>(f: impl FnOnce(&mut Pool) -> R) -> R {
    f(lock().get_or_insert_with(|| {
        verifier::register_auditor(leaks);
        Pool::default()
    }))
}

/// Allocates a block; null without memory.
///
/// # IRQL
///
/// `DISPATCH_LEVEL` at most, `APC_LEVEL` for paged memory: else the run ends in
/// `DRIVER_VERIFIER_DETECTED_VIOLATION`.
#[must_use]
pub fn allocate(request: Request) -> *mut c_void {
    check_irql("allocates", request.kind, request.owner, rules::ALLOCATION_IRQL);
    if request.size > MAX_SIZE {
        return std::ptr::null_mut();
    }
    let execute = request.kind == Kind::NonPagedExecute;
    let Some(pages) = Pages::new(request.size, request.zeroed, execute) else {
        return std::ptr::null_mut();
    };
    with_pool(|pool| {
        pool.live.insert(
            pages.address(),
            Block {
                pages,
                request,
                freed: None,
            },
        );
        pool.count_allocation(request);
    });
    std::ptr::with_exposed_provenance_mut(pages.address())
}

/// Zeroed nonpaged memory of the host's own; null without memory.
#[must_use]
pub fn allocate_host(size: usize) -> *mut c_void {
    allocate(Request {
        kind: Kind::NonPaged,
        size,
        tag: HOST_TAG,
        zeroed: true,
        owner: Owner::HOST,
    })
}

/// Frees a block. A tag of `None` frees whatever tag the block has. What is no block, was freed before, has another
/// tag or a damaged fence ends the run.
pub fn free(block: *mut c_void, tag: Option<Tag>, by: Owner) {
    let address = block.addr();
    let Some(found) = with_pool(|pool| pool.live.get(&address).copied()) else {
        bad_free(address, by)
    };
    check_irql("frees", found.request.kind, by, rules::FREE_IRQL);
    if let Some(tag) = tag.filter(|tag| *tag != found.request.tag) {
        let what = format!("frees with tag {tag} what has another: {found}");
        verifier::broken_with(rules::WRONG_TAG, &what, by, &notes(&found));
    }
    if let Some(damaged) = found.pages.damage() {
        let what = format!("something wrote {}", place(&found, damaged));
        let rule = found.rule_of(damaged, rules::POOL_DAMAGE);
        verifier::broken_with(rule, &what, by, &notes(&found));
    }
    check_pending(&found, by);
    verifier::locks::forget(&found.range());
    found.pages.revoke();
    with_pool(|pool| {
        pool.retire(Block {
            freed: Some(by),
            ..found
        });
    });
}

/// The size that a live block was allocated with.
#[must_use]
pub fn size_of(block: *mut c_void) -> Option<usize> {
    with_pool(|pool| pool.live.get(&block.addr()).map(|block| block.request.size))
}

/// The counters.
#[must_use]
pub fn statistics() -> Statistics {
    with_pool(|pool| pool.statistics)
}

/// The drivers' blocks that are not freed.
#[must_use]
pub fn leaks() -> Vec<Leak> {
    with_pool(|pool| {
        let blocks = pool.live.values().filter(|block| is_drivers(block.request));
        blocks
            .map(|block| Leak {
                rule: rules::POOL_LEAK,
                what: block.to_string(),
                owner: block.request.owner,
            })
            .collect()
    })
}

/// Whether the address lies in a driver's live block.
#[must_use]
pub fn is_in_drivers_block(address: usize) -> bool {
    with_pool(|pool| {
        let mut blocks = pool.live.values();
        blocks.any(|block| is_drivers(block.request) && block.pages.covers(address))
    })
}

/// Explains a fault at an address that belongs to a block: the rule, what happened, and notes.
#[must_use]
pub fn explain(address: usize) -> Option<(&'static Rule, String, Vec<String>)> {
    // The faulting thread may hold the lock itself.
    let guard = POOL.try_lock().ok()?;
    let pool = guard.as_ref()?;
    let covers = |block: &&Block| block.pages.covers(address);
    if let Some(block) = pool.live.values().find(covers) {
        let what = place(block, address);
        return Some((block.rule_of(address, rules::POOL_OVERRUN), what, notes(block)));
    }
    let block = pool.freed.iter().rev().find(covers)?;
    let what = format!("{}, which was freed", place(block, address));
    let rule = match block.request.kind {
        Kind::Irp => rules::IRP_TOUCHED,
        _ => rules::USE_AFTER_FREE,
    };
    Some((rule, what, notes(block)))
}

impl Block {
    const fn range(&self) -> Range<usize> {
        self.pages.address()..self.pages.address() + self.pages.size()
    }

    /// The rule that an access outside of the block breaks; `behind` is that for one behind a block of pool.
    const fn rule_of(&self, address: usize, behind: &'static Rule) -> &'static Rule {
        match self.request.kind {
            Kind::Irp => rules::WRONG_STACK_LOCATION,
            _ if address < self.pages.address() => rules::POOL_UNDERRUN,
            _ => behind,
        }
    }
}

impl Pool {
    fn count_allocation(&mut self, request: Request) {
        if is_drivers(request) {
            let counters = &mut self.statistics;
            counters.allocations += 1;
            counters.bytes += request.size as u64;
            counters.peak_bytes = counters.peak_bytes.max(counters.bytes);
        }
    }

    fn retire(&mut self, block: Block) {
        self.live.remove(&block.pages.address());
        if is_drivers(block.request) {
            self.statistics.frees += 1;
            self.statistics.bytes -= block.request.size as u64;
        }
        self.freed.push_back(block);
        if self.freed.len() > QUARANTINE
            && let Some(oldest) = self.freed.pop_front()
        {
            oldest.pages.give_back();
        }
    }
}

const fn is_drivers(request: Request) -> bool {
    !matches!(request.kind, Kind::Object | Kind::Irp) && !request.owner.is_host()
}

fn check_irql(verb: &str, kind: Kind, owner: Owner, rule: &'static Rule) {
    let (highest, memory) = match kind {
        Kind::Paged => (APC_LEVEL, "paged"),
        Kind::NonPaged | Kind::NonPagedExecute | Kind::Object | Kind::Irp => (DISPATCH_LEVEL, "nonpaged"),
    };
    let level = irql::current();
    if level > highest {
        let what = format!("{verb} {memory} memory at IRQL {level}");
        verifier::broken(rule, &what, owner);
    }
}

/// A timer or DPC that is still set in freed memory fires into it later, and the system's list of resources leads into it: said now,
/// while it is known who frees it.
fn check_pending(block: &Block, by: Owner) {
    let range = block.range();
    if ex::resource::active_in(&range).is_some() {
        let what = format!("frees a {block} with a resource in it that was not deleted");
        verifier::broken_with(rules::ACTIVE_RESOURCE_FREED, &what, by, &notes(block));
    }
    if ke::timer::pending_in(&range)
        .or_else(|| ke::dpc::pending_in(&range))
        .is_some()
    {
        let what = format!("frees a {block} with a timer or DPC in it that is still set");
        verifier::broken_with(rules::ACTIVE_TIMER_FREED, &what, by, &notes(block));
    }
}

fn bad_free(address: usize, by: Owner) -> ! {
    let before = with_pool(|pool| {
        pool.freed
            .iter()
            .rev()
            .find(|block| block.pages.address() == address)
            .copied()
    });
    let Some(block) = before else {
        let what = format!("frees {address:#x}, which is no pool block");
        verifier::broken(rules::FREE_OF_NO_BLOCK, &what, by)
    };
    let what = format!("frees for the second time a {block}");
    verifier::broken_with(rules::DOUBLE_FREE, &what, by, &notes(&block))
}

/// Where an address lies seen from a block whose pages cover it.
fn place(block: &Block, address: usize) -> String {
    let (start, end) = (block.pages.address(), block.pages.address() + block.pages.size());
    if address < start {
        format!("{} bytes before the start of a {block}", start - address)
    } else if address < end {
        format!("{} bytes into a {block}", address - start)
    } else {
        format!("{} bytes beyond the end of a {block}", address - end)
    }
}

fn notes(block: &Block) -> Vec<String> {
    let mut notes = vec![format!("allocated by {}", block.request.owner)];
    notes.extend(block.freed.map(|owner| format!("freed by {owner}")));
    notes
}

#[cfg(test)]
mod tests {
    use super::{Kind, Owner, Request, Tag, allocate, explain, free, leaks, size_of};
    use crate::verifier::rules;

    const TAG: Tag = Tag(u32::from_le_bytes(*b"Test"));

    fn request(size: usize, zeroed: bool, owner: Owner) -> Request {
        Request {
            kind: Kind::NonPaged,
            size,
            tag: TAG,
            zeroed,
            owner,
        }
    }

    #[test]
    fn small_blocks_end_at_the_guard_page_and_large_ones_begin_at_a_page() {
        let small = allocate(request(40, true, Owner::HOST));
        assert_eq!((small.addr() + 48) % 4096, 0);
        assert_eq!(size_of(small), Some(40));
        let large = allocate(request(5000, true, Owner::HOST));
        assert_eq!(large.addr() % 4096, 0);
        free(small, Some(TAG), Owner::HOST);
        free(large, None, Owner::HOST);
        assert_eq!(size_of(small), None);
    }

    #[test]
    fn a_freed_block_and_a_guard_page_are_explained() {
        let block = allocate(request(64, false, Owner::HOST));
        let (rule, what, _) = explain(block.addr() + 64).expect("the guard page belongs to the block");
        assert_eq!(rule.name, rules::POOL_OVERRUN.name);
        assert_eq!(
            what,
            "0 bytes beyond the end of a nonpaged pool block, tag 'Test', 64 bytes"
        );
        free(block, None, Owner::HOST);
        let (rule, ..) = explain(block.addr()).expect("the block is in quarantine");
        assert_eq!(rule.name, rules::USE_AFTER_FREE.name);
    }

    #[test]
    fn the_page_before_a_block_of_a_page_is_a_guard_page() {
        let block = allocate(request(4096, true, Owner::HOST));
        let (rule, what, _) = explain(block.addr() - 8).expect("the guard page belongs to the block");
        assert_eq!(rule.name, rules::POOL_UNDERRUN.name);
        assert!(
            what.starts_with("8 bytes before the start of a nonpaged pool block"),
            "{what}"
        );
        free(block, None, Owner::HOST);
    }

    #[test]
    fn only_what_drivers_own_is_a_leak() {
        let drivers = allocate(request(8, true, Owner::at(0x1234)));
        let hosts = allocate(request(9, true, Owner::HOST));
        let sizes: Vec<String> = leaks().into_iter().map(|leak| leak.what).collect();
        assert!(
            sizes.iter().any(|what| what.ends_with(" 8 bytes"))
                && !sizes.iter().any(|what| what.ends_with(" 9 bytes"))
        );
        free(drivers, None, Owner::HOST);
        free(hosts, None, Owner::HOST);
    }

    #[test]
    fn impossible_sizes_give_null() {
        assert!(allocate(request(usize::MAX, true, Owner::HOST)).is_null());
    }
}
