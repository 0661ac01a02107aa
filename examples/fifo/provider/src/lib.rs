//! fifo.sys: the function driver of `root\Fifo`, which offers a queue of bytes to its stack.
#![no_std]

extern crate wdk_panic;

use core::sync::atomic::{AtomicU64, Ordering};

use direct_call::Failure;
use direct_call::kmdf::DeviceInit;
use fifo_interface::{EMPTY, FULL, Fifo, FifoRoutines};
use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;

direct_call::driver! { tag: b"Fifo", add: add }

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.create(None)?.provide(Queue::default())?.offer::<Fifo>()
}

/// One word, so that no lock is needed: the oldest byte is the lowest, the highest is how many there are.
#[derive(Default)]
struct Queue(AtomicU64);

const CAPACITY: u8 = 7;
const ONE: u64 = 1 << LENGTH;
const LENGTH: u32 = u8::BITS * CAPACITY as u32;

impl Queue {
    fn update(&self, change: impl FnMut(u64) -> Option<u64>) -> Option<u64> {
        let Self(word) = self;
        word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, change)
            .ok()
    }
}

impl FifoRoutines for Queue {
    fn push(&self, value: u8) -> Result<(), Failure> {
        let appended = |word: u64| {
            let length = word >> LENGTH;
            (length < CAPACITY.into()).then(|| word + (u64::from(value) << (length * 8)) + ONE)
        };
        self.update(appended).map(drop).ok_or(FULL)
    }

    fn pop(&self) -> Result<u8, Failure> {
        let taken = |word: u64| (word >= ONE).then(|| ((word % ONE) >> u8::BITS) + (word / ONE - 1) * ONE);
        let [oldest, ..] = self.update(taken).ok_or(EMPTY)?.to_le_bytes();
        Ok(oldest)
    }

    fn capacity() -> Result<u32, Failure> {
        Ok(CAPACITY.into())
    }
}
