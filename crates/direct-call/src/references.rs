//! How long a context lives: while its owner lives, or a reference is held.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::atomic::{Atomic64, update};

/// Set while the owner, the device, is alive.
const OWNER: u64 = 1 << 63;
/// The bits that count references. A driver that leaks one reference each nanosecond fills them in 146 years.
const COUNT: u64 = OWNER - 1;

/// References held by clients, and whether the owner is still there. Lock-free.
#[derive(Debug)]
pub struct References<A = AtomicU64>(A);

/// What is left after an owner or a reference went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Left {
    /// Somebody still needs the context.
    Alive,
    /// Nobody does: whoever gets this answer, and nobody else, frees the memory.
    Nothing,
}

/// More references were given back than had been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyReleases;

impl<A: Atomic64> References<A> {
    /// An owner, and no reference.
    #[must_use]
    pub fn new() -> Self {
        Self(A::new(OWNER))
    }

    /// Takes a reference. The caller knows that the context is alive: it is the owner's thread, or holds a
    /// reference.
    pub fn acquire(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Gives a reference back.
    ///
    /// # Errors
    ///
    /// [`TooManyReleases`] when none is held; nothing changes then.
    pub fn release(&self) -> Result<Left, TooManyReleases> {
        update(
            &self.0,
            |state| if state & COUNT == 0 { None } else { Some(state - 1) },
        )
        .map(|before| Left::of(before - 1))
        .ok_or(TooManyReleases)
    }

    /// The owner goes. At most once in the life of a context; a second call answers [`Left::Alive`].
    pub fn drop_owner(&self) -> Left {
        update(&self.0, |state| {
            if state & OWNER == 0 {
                None
            } else {
                Some(state & COUNT)
            }
        })
        .map_or(Left::Alive, |before| Left::of(before & COUNT))
    }

    /// The references held at this moment; already history when the caller reads it.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.0.load(Ordering::Relaxed) & COUNT
    }
}

impl<A: Atomic64> Default for References<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl Left {
    const fn of(state: u64) -> Self {
        if state == 0 { Self::Nothing } else { Self::Alive }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::{Left, References, TooManyReleases};

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Acquire,
        Release,
        DropOwner,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        prop::collection::vec(
            prop_oneof![Just(Step::Acquire), Just(Step::Release), Just(Step::DropOwner)],
            0..64,
        )
    }

    proptest! {
        /// Against a plain count and a flag.
        #[test]
        fn agrees_with_a_plain_count(steps in steps()) {
            let references: References = References::new();
            let (mut count, mut owner) = (0_u64, true);
            for step in steps {
                match step {
                    Step::Acquire => {
                        references.acquire();
                        count += 1;
                    }
                    Step::Release if count == 0 => {
                        prop_assert_eq!(references.release(), Err(TooManyReleases));
                    }
                    Step::Release => {
                        count -= 1;
                        let left = if count == 0 && !owner { Left::Nothing } else { Left::Alive };
                        prop_assert_eq!(references.release(), Ok(left));
                    }
                    Step::DropOwner => {
                        let left = if owner && count == 0 { Left::Nothing } else { Left::Alive };
                        owner = false;
                        prop_assert_eq!(references.drop_owner(), left);
                    }
                }
                prop_assert_eq!(references.held(), count);
                if count == 0 && !owner {
                    break; // freed; nobody may look again
                }
            }
        }
    }

    #[test]
    fn only_the_first_owner_goes() {
        let references = References::<core::sync::atomic::AtomicU64>::default();
        references.acquire();
        assert_eq!(references.drop_owner(), Left::Alive);
        assert_eq!(references.drop_owner(), Left::Alive);
        assert_eq!(references.release(), Ok(Left::Nothing));
        assert_eq!(
            references.drop_owner(),
            Left::Alive,
            "somebody has freed it already"
        );
    }
}
