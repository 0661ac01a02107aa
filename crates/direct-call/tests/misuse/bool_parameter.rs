//! A type that C has in another form.

direct_call::interface! {
    /// A queue.
    pub struct Fifo(FifoTable): unsafe guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);

    /// What a provider does.
    pub trait FifoRoutines {
        /// A routine.
        fn push(&self, urgent: bool);
    }
}

fn main() {}
