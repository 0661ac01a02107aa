//! A two-way interface: an alarm, and the bell that its client brings.
#![no_std]

direct_call::interface! {
    /// What a client of an alarm offers to it. IRQL <= DISPATCH_LEVEL.
    pub struct Bell(BellTable): unsafe guid("0f9c2d61-7b3a-4e58-9d04-c61a8e27f5b3"), version(1);

    /// What a client of an alarm does.
    pub trait BellRoutines {
        /// The level is too high.
        fn ring(&self, level: u32);
    }
}

direct_call::interface! {
    /// Calls back when the level is too high. IRQL <= DISPATCH_LEVEL.
    pub struct Alarm(AlarmTable): unsafe guid("a3e85b07-1c4d-4f92-8b76-2e90d5c71fa8"), version(1), callbacks(Bell);

    /// What an alarm does.
    pub trait AlarmRoutines {
        /// Says what the level is now. The status of the client, if its bell rang.
        fn report(&self, level: u32);
        /// Lets go of the client's bell.
        fn silence(&self);
    }
}
