//! One reference given to two.

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

fn give_away_twice(fifo: Fifo) -> (Fifo, Fifo) {
    (fifo, fifo)
}

fn main() {}
