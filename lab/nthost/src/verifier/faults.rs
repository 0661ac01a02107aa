//! Faults as data: the calls that can fail for want of resources, and the one that shall.
//!
//! A fault point is an export and the stack of driver frames that calls it, up to the routine that the host called; each frame is
//! module and offset, so that a point is the same in every run of the same images. The gates of `exports` ask at each such call.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Serialize, Serializer};

use super::Owner;
use crate::abi::NTSTATUS;
use crate::ke::processor;
use crate::ldr;

/// Deeper stacks than this are cut, which no driver here comes near.
const MAX_FRAMES: usize = 64;

/// Names a fault point, in every process of one build of nthost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PointId(u64);

impl PointId {
    /// The identity of an export called by these frames (module and offset), nearest first.
    fn of(export: &str, frames: &[(String, usize)]) -> Self {
        let mut hasher = DefaultHasher::new();
        (export, frames).hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for PointId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for PointId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which call fails: one in a run, unless more are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// None; the points are listed.
    Nothing,
    /// The nth call of all that can fail, from 1.
    Nth(u64),
    /// The first call from this stack.
    Stack(PointId),
    /// Those that [`fail_nth`] is called for. Points are not listed: their stacks are not walked.
    OnDemand,
}

impl Plan {
    const fn hits(self, call: u64, id: PointId, first: bool) -> bool {
        match self {
            Self::Nothing | Self::OnDemand => false,
            Self::Nth(nth) => nth == call,
            Self::Stack(wanted) => first && wanted.0 == id.0,
        }
    }
}

/// A call that can fail, and where it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Its name.
    pub id: PointId,
    /// The export that is called.
    pub export: String,
    /// The frames with their symbols, nearest first.
    pub stack: Vec<String>,
    /// The number of its first call among all calls that can fail, from 1.
    pub first: u64,
    /// How often it was reached.
    pub calls: u64,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fails in {}", self.export, self.stack.join(" < "))
    }
}

/// How a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A device has a problem.
    Problem,
    /// The line of the script failed.
    Line,
    /// What a request was answered with.
    Answer,
    /// A device was not there until its bus started again.
    Missing,
    /// What the dispatch routine returned in which the call failed.
    Returned,
}

/// One thing that was seen of a fault.
#[derive(Clone, Debug, Serialize)]
pub struct Noticed {
    /// How it showed.
    pub kind: Kind,
    /// What: a status, a device.
    pub text: String,
}

impl fmt::Display for Noticed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

struct Faults {
    plan: Plan,
    calls: u64,
    points: BTreeMap<PointId, Point>,
    /// The call that failed, the last one of several.
    injected: Option<Point>,
    /// How many failed.
    injections: u64,
    /// It failed since somebody asked.
    news: bool,
    /// What was seen of it.
    noticed: Vec<Noticed>,
}

static WATCHED: AtomicBool = AtomicBool::new(false);
static ON_DEMAND: AtomicBool = AtomicBool::new(false);
/// How many calls there are left to the one that fails, with [`Plan::OnDemand`]; zero if none does.
static LEFT: AtomicU64 = AtomicU64::new(0);
static FAULTS: Mutex<Faults> = Mutex::new(Faults {
    plan: Plan::Nothing,
    calls: 0,
    points: BTreeMap::new(),
    injected: None,
    injections: 0,
    news: false,
    noticed: Vec::new(),
});

thread_local! {
    /// The call failed on this thread, and the dispatch routine around it has not returned.
    static IN_DISPATCH: Cell<bool> = const { Cell::new(false) };
}

fn with_faults<R>(f: impl FnOnce(&mut Faults) -> R) -> R {
    f(&mut FAULTS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Has the calls that can fail listed, and one of them fail. Before the first image is bound: gates are made then.
pub fn watch(plan: Plan) {
    with_faults(|faults| faults.plan = plan);
    ON_DEMAND.store(plan == Plan::OnDemand, Ordering::Relaxed);
    WATCHED.store(true, Ordering::Relaxed);
}

/// Whether [`fail_nth`] has an effect.
#[must_use]
pub fn on_demand() -> bool {
    ON_DEMAND.load(Ordering::Relaxed)
}

/// Lets the nth call from now on fail, from 1; zero calls that off.
pub fn fail_nth(nth: u64) {
    LEFT.store(nth, Ordering::Relaxed);
}

/// Counts a call; whether it is the one that [`fail_nth`] meant.
fn is_due() -> bool {
    let left = |left: u64| left.checked_sub(1);
    LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left) == Ok(1)
}

/// Whether the run watches faults.
#[must_use]
pub fn watched() -> bool {
    WATCHED.load(Ordering::Relaxed)
}

/// Whether the current call of an export is the one that fails.
#[must_use]
pub fn fails(export: &str) -> bool {
    let due = is_due();
    if on_demand() && !due {
        return false;
    }
    let addresses: Vec<usize> = ldr::unwind::frames(&processor::current().caller())
        .take(MAX_FRAMES)
        .collect();
    let frames: Vec<(String, usize)> = addresses.iter().filter_map(|address| frame(*address)).collect();
    let id = PointId::of(export, &frames);
    let stack = || {
        addresses
            .iter()
            .map(|address| Owner::at(*address).to_string())
            .collect()
    };
    let fails = with_faults(|faults| faults.note(id, export, due, stack));
    if fails {
        IN_DISPATCH.set(true);
    }
    fails
}

/// A dispatch routine has returned: the innermost one around the fault answers for it.
pub fn dispatched(status: NTSTATUS) {
    if IN_DISPATCH.take() {
        notice(Kind::Returned, &status.to_string());
    }
}

/// Module and offset of an address in an image.
fn frame(address: usize) -> Option<(String, usize)> {
    let image = ldr::image_at(address)?;
    Some((image.name.to_lowercase(), address - image.base()))
}

impl Faults {
    fn note(&mut self, id: PointId, export: &str, due: bool, stack: impl FnOnce() -> Vec<String>) -> bool {
        self.calls += 1;
        let point = self.points.entry(id).or_insert_with(|| Point {
            id,
            export: export.to_owned(),
            stack: stack(),
            first: self.calls,
            calls: 0,
        });
        point.calls += 1;
        let hit = due || self.plan.hits(self.calls, id, point.calls == 1);
        if hit {
            self.injected = Some(point.clone());
            self.injections += 1;
            self.news = true;
        }
        hit
    }
}

/// Every point seen so far, in the order of their first calls.
#[must_use]
pub fn points() -> Vec<Point> {
    let mut points: Vec<Point> = with_faults(|faults| faults.points.values().cloned().collect());
    points.sort_by_key(|point| point.first);
    points
}

/// The call that failed, if it was reached.
#[must_use]
pub fn injected() -> Option<Point> {
    with_faults(|faults| faults.injected.clone())
}

/// How many calls failed.
#[must_use]
pub fn injections() -> u64 {
    with_faults(|faults| faults.injections)
}

/// The call that failed since this was last asked.
#[must_use]
pub fn news() -> Option<Point> {
    with_faults(|faults| {
        std::mem::take(&mut faults.news)
            .then(|| faults.injected.clone())
            .flatten()
    })
}

/// Forgets that calls failed and what was seen of it: whoever let them fail looks at the outcome in another way.
pub fn forget() {
    with_faults(|faults| {
        faults.news = false;
        faults.noticed.clear();
    });
}

/// Adds to what was seen of the fault.
pub fn notice(kind: Kind, text: &str) {
    with_faults(|faults| {
        faults.noticed.push(Noticed {
            kind,
            text: text.to_owned(),
        });
    });
}

/// What was seen of the fault.
#[must_use]
pub fn noticed() -> Vec<Noticed> {
    with_faults(|faults| faults.noticed.clone())
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Faults, Plan, PointId};

    fn id(export: &str, frames: &[(&str, usize)]) -> PointId {
        let frames: Vec<(String, usize)> = frames
            .iter()
            .map(|(module, offset)| ((*module).to_owned(), *offset))
            .collect();
        PointId::of(export, &frames)
    }

    #[test]
    fn a_point_is_its_export_and_every_frame_in_order() {
        let point = id("IoCreateDevice", &[("wdfldr.sys", 0x10), ("sample.sys", 0x20)]);
        assert_eq!(
            point,
            id("IoCreateDevice", &[("wdfldr.sys", 0x10), ("sample.sys", 0x20)])
        );
        for other in [
            id("IoAllocateIrp", &[("wdfldr.sys", 0x10), ("sample.sys", 0x20)]),
            id("IoCreateDevice", &[("wdfldr.sys", 0x10), ("sample.sys", 0x24)]),
            id("IoCreateDevice", &[("wdfldr.sys", 0x10), ("child.sys", 0x20)]),
            id("IoCreateDevice", &[("sample.sys", 0x20), ("wdfldr.sys", 0x10)]),
            id("IoCreateDevice", &[("wdfldr.sys", 0x10)]),
        ] {
            assert_ne!(point, other);
        }
    }

    #[test]
    fn a_point_reads_back_from_its_name() {
        let point = id("IoCreateDevice", &[("sample.sys", 0x20)]);
        assert_eq!(point.to_string().parse(), Ok(point));
    }

    fn run(plan: Plan, calls: &[PointId]) -> Vec<bool> {
        let mut faults = Faults {
            plan,
            calls: 0,
            points: BTreeMap::new(),
            injected: None,
            injections: 0,
            news: false,
            noticed: Vec::new(),
        };
        calls
            .iter()
            .map(|id| faults.note(*id, "ExAllocatePool2", false, Vec::new))
            .collect()
    }

    #[test]
    fn one_call_fails_by_number_or_the_first_of_a_stack() {
        let (a, b) = (id("ExAllocatePool2", &[]), id("IoAllocateIrp", &[]));
        assert_eq!(run(Plan::Nth(2), &[a, a, b]), [false, true, false]);
        assert_eq!(run(Plan::Stack(b), &[a, b, b]), [false, true, false]);
        assert_eq!(run(Plan::Nothing, &[a, b]), [false, false]);
    }
}
