//! A declaration without a GUID.

direct_call::interface! {
    /// A queue.
    pub struct Fifo(FifoTable): version(1);

    /// What a provider does.
    pub trait FifoRoutines {
        /// A routine.
        fn push(&self, value: u8);
    }
}

fn main() {}
