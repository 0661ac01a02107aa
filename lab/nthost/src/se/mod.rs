//! The security reference monitor: who may do what to a device.
//!
//! Not modelled: owners, audit, integrity levels, restricted tokens, privileges (an administrator may always take a device over on Windows),
//! and a security descriptor in any form but SDDL.

mod sddl;

use sddl::Sid;
pub use sddl::{Descriptor, SddlError};

use crate::abi::{
    FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE, GENERIC_ALL,
    GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE,
};

/// Whose token a process of user mode has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// A service that runs as `LocalSystem`.
    System,
    /// Somebody in the group of administrators, elevated.
    #[default]
    Administrator,
    /// Somebody who is logged on and in no group but that of all users.
    User,
}

impl Subject {
    /// The subject that a word of a command names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "system" => Some(Self::System),
            "administrator" => Some(Self::Administrator),
            "user" => Some(Self::User),
            _ => None,
        }
    }

    /// Whether the token has a SID.
    const fn has(self, sid: Sid) -> bool {
        match sid {
            Sid::World | Sid::AuthenticatedUsers => true,
            Sid::System => matches!(self, Self::System),
            Sid::Administrators => matches!(self, Self::System | Self::Administrator),
            Sid::Users | Sid::InteractiveUsers => matches!(self, Self::Administrator | Self::User),
            Sid::SomebodyElse => false,
        }
    }
}

/// What an open was granted: an `ACCESS_MASK` without generic rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted(u32);

impl Granted {
    /// What kernel mode gets, which nobody checks.
    pub const EVERYTHING: Self = Self(FILE_ALL_ACCESS);

    /// What a driver lets somebody have whom the system does not check.
    #[must_use]
    pub const fn of(desired: u32) -> Self {
        Self(specific(desired))
    }

    /// Whether these rights are among what was granted.
    #[must_use]
    pub const fn covers(self, rights: u32) -> bool {
        self.0 & rights == rights
    }
}

/// Checks the access that a subject asks for; `None` when it is denied. As in Windows, the entries count in their order, and a right that is
/// neither allowed nor denied is denied.
#[must_use]
pub fn check(descriptor: &Descriptor, subject: Subject, desired: u32) -> Option<Granted> {
    let desired = specific(desired);
    let mut missing = desired;
    for entry in descriptor.entries().filter(|entry| subject.has(entry.sid)) {
        let rights = specific(entry.rights);
        if !entry.allows && rights & missing != 0 {
            return None;
        }
        missing &= !rights;
    }
    (missing == 0).then_some(Granted(desired))
}

/// Generic rights in terms of a file's: `IoGetFileObjectGenericMapping`.
const fn specific(rights: u32) -> u32 {
    let mut specific = rights & !(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if rights & GENERIC_READ != 0 {
        specific |= FILE_GENERIC_READ;
    }
    if rights & GENERIC_WRITE != 0 {
        specific |= FILE_GENERIC_WRITE;
    }
    if rights & GENERIC_EXECUTE != 0 {
        specific |= FILE_GENERIC_EXECUTE;
    }
    if rights & GENERIC_ALL != 0 {
        specific |= FILE_ALL_ACCESS;
    }
    specific
}

#[cfg(test)]
mod tests {
    use super::{Descriptor, GENERIC_READ, GENERIC_WRITE, Subject, check};

    const RIGHTS: [u32; 3] = [0, GENERIC_READ, GENERIC_READ | GENERIC_WRITE];

    fn granted(text: &str, subject: Subject) -> [bool; 3] {
        let descriptor = Descriptor::parse(text).expect("the test's own text");
        RIGHTS.map(|rights| check(&descriptor, subject, rights).is_some())
    }

    #[test]
    fn administrators_only_means_no_user() {
        let text = "D:P(A;;GA;;;SY)(A;;GA;;;BA)";
        assert_eq!(granted(text, Subject::System), [true; 3]);
        assert_eq!(granted(text, Subject::Administrator), [true; 3]);
        assert_eq!(granted(text, Subject::User), [true, false, false]);
    }

    #[test]
    fn rights_add_up_over_the_entries_of_a_subject() {
        assert_eq!(granted("D:P(A;;GR;;;WD)", Subject::User), [true, true, false]);
        assert_eq!(granted("D:P(A;;GR;;;WD)(A;;GW;;;BU)", Subject::User), [true; 3]);
        assert_eq!(granted("D:P(A;;FRFW;;;AU)", Subject::User), [true; 3]);
    }

    #[test]
    fn a_denial_counts_where_it_stands() {
        assert_eq!(
            granted("D:P(D;;0x2;;;BU)(A;;GA;;;WD)", Subject::User),
            [true, true, false]
        );
        assert_eq!(granted("D:P(A;;GA;;;WD)(D;;0x2;;;BU)", Subject::User), [true; 3]);
    }

    #[test]
    fn an_empty_list_lets_nobody_in() {
        assert_eq!(granted("D:P", Subject::System), [true, false, false]);
    }
}
