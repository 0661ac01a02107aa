//! A queue of bytes that the drivers of a stack share.
#![no_std]

use direct_call::Failure;

direct_call::interface! {
    /// A queue of bytes. Every routine: IRQL <= DISPATCH_LEVEL, any number of threads.
    pub struct Fifo(FifoTable): unsafe guid("0f43b555-9f52-454f-8c5b-affaea04fd36"), version(1);

    /// What a provider of the queue does.
    pub trait FifoRoutines {
        /// Appends a byte. STATUS_ALLOTTED_SPACE_EXCEEDED when the queue is full.
        fn push(&self, value: u8);
        /// Takes the oldest byte. STATUS_NO_MORE_ENTRIES when there is none.
        fn pop(&self) -> u8;
        /// How many bytes fit.
        fn capacity() -> u32;
    }
}

/// `STATUS_ALLOTTED_SPACE_EXCEEDED`, ntstatus.h.
pub const FULL: Failure = Failure::new(0xC000_0099_u32.cast_signed());
/// `STATUS_NO_MORE_ENTRIES`, ntstatus.h: a warning, and no success.
pub const EMPTY: Failure = Failure::new(0x8000_001A_u32.cast_signed());
