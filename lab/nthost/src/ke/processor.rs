//! The block that each thread reaches through GS, as code on Windows reaches its processor's.
//!
//! The gates of `exports` store the caller's stack pointer and nonvolatile registers here before they jump, so that
//! an export can be told who calls it.
#![allow(
    unsafe_code,
    reason = "sets the GS base and reads what machine code stored in the block"
)]

use core::cell::Cell;
use core::mem::offset_of;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// `arch_prctl` operation of `asm/prctl.h`: sets the GS base of the calling thread.
const ARCH_SET_GS: i32 = 0x1001;

/// The order in which a gate stores the nonvolatile registers, by their machine numbers: rbx, rbp, rsi, rdi, r12-r15.
pub const SAVED_REGISTERS: [u8; 8] = [3, 5, 6, 7, 12, 13, 14, 15];

/// What a gate saw when driver code called an export.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller {
    /// The stack pointer at the export's entry: the return address lies there. Zero outside of driver code.
    pub rsp: u64,
    /// The nonvolatile registers, in the order of [`SAVED_REGISTERS`].
    pub registers: [u64; 8],
    /// Which export: an index into the registry's gates.
    pub export: u32,
}

/// In the place of what is not modelled of a KPCR: no number, and as an address one that faults.
const NOT_MODELLED: u64 = 0xDEAD_4B50_4352_DEAD;
/// Offsets in KPCR: `Self`, `CurrentPrcb`, `Prcb` with `MxCsr` and `LegacyNumber`, and the word with `Prcb.Number` in its upper half.
const SELF: usize = 0x18;
const CURRENT_PRCB: usize = 0x20;
const PRCB: usize = 0x180;
const PRCB_NUMBER: usize = 0x1A0;
/// Words before and behind `Prcb.CurrentThread`, in a KPCR that takes a page.
const BEFORE_THREAD: usize = 0x188 / 8;
const BEHIND_THREAD: usize = 0x1000 / 8 - BEFORE_THREAD - 1;

/// One thread's block: first what driver code reads of the processor's KPCR, then what gates write.
#[repr(C)]
pub struct Processor {
    control_region: [AtomicU64; BEFORE_THREAD],
    /// `KPCR.Prcb.CurrentThread`, which the WDK's headers read at GS:0x188.
    pub thread: AtomicUsize,
    control_block: [AtomicU64; BEHIND_THREAD],
    caller_rsp: AtomicU64,
    registers: [AtomicU64; 8],
    export: AtomicU32,
    irql: AtomicU8,
    /// Depth of calls into driver code.
    pub depth: AtomicU32,
    /// The routine of a driver's that the innermost of them is; zero in none.
    pub routine: AtomicUsize,
}

/// An offset as gates write it.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the block is smaller than two pages"
)]
const fn displacement(offset: usize) -> u32 {
    offset as u32
}

/// Offset from GS of the slot for the caller's stack pointer.
pub const CALLER_RSP: u32 = displacement(offset_of!(Processor, caller_rsp));
/// Offset from GS of the first saved register.
pub const REGISTERS: u32 = displacement(offset_of!(Processor, registers));
/// Offset from GS of the export's index.
pub const EXPORT: u32 = displacement(offset_of!(Processor, export));
/// Offset from GS of the current IRQL.
pub const IRQL: u32 = displacement(offset_of!(Processor, irql));

const _: () = assert!(
    offset_of!(Processor, thread) == 0x188,
    "the WDK reads the current thread at GS:0x188"
);

thread_local! {
    static CURRENT: Cell<Option<&'static Processor>> = const { Cell::new(None) };
}

/// The calling thread's block, made at the first call.
#[must_use]
pub fn current() -> &'static Processor {
    CURRENT.with(|slot| {
        slot.get().unwrap_or_else(|| {
            let block = Processor::attach();
            slot.set(Some(block));
            block
        })
    })
}

impl Processor {
    fn attach() -> &'static Self {
        let block: &'static Self = Box::leak(Box::new(Self {
            control_region: [const { AtomicU64::new(NOT_MODELLED) }; BEFORE_THREAD],
            thread: AtomicUsize::new(0),
            control_block: [const { AtomicU64::new(NOT_MODELLED) }; BEHIND_THREAD],
            caller_rsp: AtomicU64::new(0),
            registers: [const { AtomicU64::new(0) }; 8],
            export: AtomicU32::new(0),
            irql: AtomicU8::new(0),
            depth: AtomicU32::new(0),
            routine: AtomicUsize::new(0),
        }));
        block.describe_processor();
        // SAFETY: the block is never freed, and nothing else in a Linux x86-64 process uses the GS base.
        let result = unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_SET_GS, std::ptr::from_ref(block)) };
        assert_eq!(
            result, 0,
            "arch_prctl(ARCH_SET_GS) is available on every x86-64 Linux"
        );
        block
    }

    /// Fills in what is modelled of the KPCR: the addresses of itself and of its KPRCB, and a processor with the number 0.
    fn describe_processor(&self) {
        /// MXCSR with every exception masked.
        const MXCSR: u64 = 0x1F80;
        let own = std::ptr::from_ref(self).expose_provenance() as u64;
        let set = |offset: usize, value| self.control_region[offset / 8].store(value, Ordering::Relaxed);
        set(SELF, own);
        set(CURRENT_PRCB, own + PRCB as u64);
        set(PRCB, MXCSR);
        self.control_block[(PRCB_NUMBER - 0x190) / 8].store(0, Ordering::Relaxed);
    }

    /// The current IRQL.
    pub fn irql(&self) -> u8 {
        self.irql.load(Ordering::Relaxed)
    }

    /// Sets the IRQL and returns the one before.
    pub fn set_irql(&self, level: u8) -> u8 {
        self.irql.swap(level, Ordering::Relaxed)
    }

    /// What the last gate stored.
    pub fn caller(&self) -> Caller {
        let mut registers = [0; 8];
        for (value, slot) in registers.iter_mut().zip(&self.registers) {
            *value = slot.load(Ordering::Relaxed);
        }
        Caller {
            rsp: self.caller_rsp.load(Ordering::Relaxed),
            registers,
            export: self.export.load(Ordering::Relaxed),
        }
    }

    /// The instruction behind the call of the current export; zero outside of driver code.
    pub fn return_address(&self) -> usize {
        let rsp = usize::try_from(self.caller_rsp.load(Ordering::Relaxed)).unwrap_or(0);
        if rsp == 0 {
            return 0;
        }
        // SAFETY: a gate stored the stack pointer of a call that has not returned, so the return address lies there.
        unsafe { std::ptr::with_exposed_provenance::<usize>(rsp).read() }
    }

    /// Puts back what [`Self::caller`] returned.
    pub fn set_caller(&self, caller: Caller) {
        self.caller_rsp.store(caller.rsp, Ordering::Relaxed);
        for (value, slot) in caller.registers.iter().zip(&self.registers) {
            slot.store(*value, Ordering::Relaxed);
        }
        self.export.store(caller.export, Ordering::Relaxed);
    }
}
