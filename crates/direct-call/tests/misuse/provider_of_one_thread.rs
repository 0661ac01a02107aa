//! A provider whose data is for one thread.

direct_call::interface! {
    /// A queue.
    pub struct Fifo(FifoTable): unsafe guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);

    /// What a provider does.
    pub trait FifoRoutines {
        /// Appends a byte.
        fn push(&self, value: u8);
        /// Takes the oldest byte.
        fn pop(&self) -> u8;
        /// Appends bytes.
        unsafe fn push_all(&self, values: *const u8, count: usize);
    }
}

struct Queue(std::cell::Cell<u8>);

impl FifoRoutines for Queue {
    fn push(&self, value: u8) -> Result<(), direct_call::Failure> {
        self.0.set(value);
        Ok(())
    }
    fn pop(&self) -> Result<u8, direct_call::Failure> {
        Ok(self.0.get())
    }
    unsafe fn push_all(&self, _values: *const u8, _count: usize) -> Result<(), direct_call::Failure> {
        Ok(())
    }
}

fn offer<I: direct_call::interface::ProvidedBy<Queue>>() {}

fn main() {
    offer::<Fifo>();
}
