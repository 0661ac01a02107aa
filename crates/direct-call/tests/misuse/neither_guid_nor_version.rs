//! A declaration without a GUID and a version.

direct_call::interface! {
    /// A queue.
    pub struct Fifo(FifoTable);

    /// What a provider does.
    pub trait FifoRoutines {
        /// A routine.
        fn push(&self, value: u8);
    }
}

fn main() {}
