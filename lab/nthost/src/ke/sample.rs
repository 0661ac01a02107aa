//! Where another thread is: it is interrupted, and leaves its registers and the top of its stack behind.
//!
//! Whoever asks walks the copy afterwards, so that the signal's handler takes no lock and allocates nothing.
#![allow(unsafe_code, reason = "a signal handler that copies registers and stack")]

use core::ffi::c_void;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::fault;
use super::processor::{self, Caller};
use crate::ldr::{self, unwind};

/// The signal that asks.
const SIGNAL: i32 = libc::SIGUSR2;
/// How many words of a stack are copied: the frames of the host above those of a driver are smaller.
const WORDS: usize = 32 << 10;
/// How long a thread may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// Machine number of the stack pointer.
const RSP: usize = 4;

/// What a thread left behind.
#[derive(Clone, Debug)]
pub struct Sample {
    registers: unwind::Registers,
    caller: Caller,
    base: u64,
    words: Vec<u64>,
}

/// The place where the interrupted thread writes. It belongs to the handler from `REQUEST` to `ANSWERED`, else to [`take`].
struct Slot(UnsafeCell<Written>);

struct Written {
    registers: unwind::Registers,
    caller: Caller,
    count: usize,
    words: [u64; WORDS],
}

// SAFETY: `REQUEST` and `ANSWERED` hand the slot from the one thread to the other.
unsafe impl Sync for Slot {}

static SLOT: Slot = Slot(UnsafeCell::new(Written {
    registers: unwind::Registers {
        rip: 0,
        general: [0; 16],
    },
    caller: Caller {
        rsp: 0,
        registers: [0; 8],
        export: 0,
    },
    count: 0,
    words: [0; WORDS],
}));
/// The end of the stack of the thread that is asked; zero when nobody is.
static REQUEST: AtomicU64 = AtomicU64::new(0);
static ANSWERED: AtomicBool = AtomicBool::new(false);
static TAKING: Mutex<()> = Mutex::new(());

/// Interrupts a thread of this process, whose stack ends at `stack_end`. `None` for the calling thread, and for one that does not answer.
pub fn take(thread: libc::pid_t, stack_end: u64) -> Option<Sample> {
    let _guard = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: gettid has no preconditions.
    if stack_end == 0 || thread == unsafe { libc::gettid() } {
        return None;
    }
    fault::install_handler(SIGNAL, answer).ok()?;
    ANSWERED.store(false, Ordering::SeqCst);
    REQUEST.store(stack_end, Ordering::SeqCst);
    // SAFETY: getpid has no preconditions.
    let process = unsafe { libc::getpid() };
    // SAFETY: the signal has a handler, and a thread that has ended is an error that is looked at.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, SIGNAL) } == 0;
    let end = Instant::now() + PATIENCE;
    while sent && !ANSWERED.load(Ordering::SeqCst) {
        if Instant::now() > end {
            // A late answer finds no request and writes nothing.
            let late = REQUEST.swap(0, Ordering::SeqCst) == 0;
            if !late {
                return None;
            }
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    // SAFETY: the handler has finished with the slot, and `TAKING` is held.
    sent.then(|| unsafe { &*SLOT.0.get() }.sample())
}

extern "C" fn answer(_signal: i32, _info: *mut libc::siginfo_t, context: *mut c_void) {
    let stack_end = REQUEST.swap(0, Ordering::SeqCst);
    if stack_end == 0 {
        return;
    }
    // SAFETY: with SA_SIGINFO the third argument is the interrupted ucontext, valid until the handler returns.
    let registers = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    // SAFETY: the swap above took the request, so the slot is this handler's until it answers.
    let written = unsafe { &mut *SLOT.0.get() };
    written.registers = fault::frame(registers);
    written.caller = processor::current().caller();
    let base = written.registers.general[RSP];
    let words = (stack_end.saturating_sub(base) / 8).min(WORDS as u64);
    written.count = usize::try_from(words).unwrap_or(0);
    let from = std::ptr::with_exposed_provenance::<u64>(usize::try_from(base).unwrap_or(0));
    for (index, word) in written.words[..written.count].iter_mut().enumerate() {
        // SAFETY: the words lie between the interrupted stack pointer and the end of the thread's stack.
        *word = unsafe { from.wrapping_add(index).read_unaligned() };
    }
    ANSWERED.store(true, Ordering::SeqCst);
}

impl Written {
    fn sample(&self) -> Sample {
        Sample {
            registers: self.registers,
            caller: self.caller,
            base: self.registers.general[RSP],
            words: self.words[..self.count].to_vec(),
        }
    }
}

impl unwind::Stack for &Sample {
    fn read(&self, address: u64) -> Option<u64> {
        let offset = address.checked_sub(self.base)?;
        let index = usize::try_from(offset / 8).ok()?;
        offset
            .is_multiple_of(8)
            .then(|| self.words.get(index).copied())
            .flatten()
    }
}

impl Sample {
    fn rip(&self) -> usize {
        usize::try_from(self.registers.rip).unwrap_or(0)
    }

    /// Whether the thread is in driver code, not in an export that driver code called.
    #[must_use]
    pub fn is_in_image(&self) -> bool {
        ldr::image_at(self.rip()).is_some()
    }

    /// Where the thread is in driver code, the innermost frame first.
    #[must_use]
    pub fn frames(&self) -> Vec<usize> {
        if self.is_in_image() {
            unwind::walk(Some(self.registers), self).collect()
        } else {
            unwind::frames_on(&self.caller, self).collect()
        }
    }
}
