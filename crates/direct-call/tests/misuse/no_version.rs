//! A declaration without a version.

direct_call::interface! {
    /// A queue.
    pub struct Fifo(FifoTable): unsafe guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30");

    /// What a provider does.
    pub trait FifoRoutines {
        /// A routine.
        fn push(&self, value: u8);
    }
}

fn main() {}
