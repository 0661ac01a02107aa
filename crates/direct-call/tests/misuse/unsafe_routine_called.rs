//! A routine with a pointer, called without a promise.

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

fn call(fifo: &Fifo) {
    let _ = fifo.push_all(std::ptr::null(), 1);
}

fn main() {}
