//! Security descriptors in the language that INF files and drivers write them in.
//!
//! The subset of "SDDL for Device Objects", and denials and a file's own rights beside it ("ACE Strings"). What else SDDL has is an error that
//! names it.

use crate::abi::{
    DELETE, FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE, GENERIC_ALL,
    GENERIC_EXECUTE, GENERIC_READ, GENERIC_WRITE, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};

/// Who an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sid {
    System,
    Administrators,
    World,
    AuthenticatedUsers,
    Users,
    InteractiveUsers,
    /// A SID that the documentation names and that none of the lab's subjects has.
    SomebodyElse,
}

const SIDS: &[(&str, Sid)] = &[
    ("SY", Sid::System),
    ("BA", Sid::Administrators),
    ("WD", Sid::World),
    ("AU", Sid::AuthenticatedUsers),
    ("BU", Sid::Users),
    ("IU", Sid::InteractiveUsers),
    ("LS", Sid::SomebodyElse),
    ("NS", Sid::SomebodyElse),
    ("BG", Sid::SomebodyElse),
    ("AN", Sid::SomebodyElse),
    ("NU", Sid::SomebodyElse),
    ("RC", Sid::SomebodyElse),
    ("UD", Sid::SomebodyElse),
];

const RIGHTS: &[(&str, u32)] = &[
    ("GA", GENERIC_ALL),
    ("GR", GENERIC_READ),
    ("GW", GENERIC_WRITE),
    ("GX", GENERIC_EXECUTE),
    ("RC", READ_CONTROL),
    ("SD", DELETE),
    ("WD", WRITE_DAC),
    ("WO", WRITE_OWNER),
    ("FA", FILE_ALL_ACCESS),
    ("FR", FILE_GENERIC_READ),
    ("FW", FILE_GENERIC_WRITE),
    ("FX", FILE_GENERIC_EXECUTE),
];

/// An access control entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) allows: bool,
    pub(super) rights: u32,
    pub(super) sid: Sid,
}

/// A security descriptor: its access control list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor(Vec<Entry>);

/// Why a text is no security descriptor that the lab knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the security descriptor {text:?} has {what}")]
pub struct SddlError {
    text: String,
    what: String,
}

impl Descriptor {
    /// Reads a descriptor.
    ///
    /// # Errors
    ///
    /// For a text that is wrong, or has what is not modelled: an owner, a group, audit entries, inheritance, objects, other SIDs.
    pub fn parse(text: &str) -> Result<Self, SddlError> {
        entries(text).map(Self).map_err(|what| SddlError {
            text: text.to_owned(),
            what,
        })
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let list = text
        .strip_prefix("D:")
        .ok_or("something before its access control list (`D:`), or has none")?;
    let (flags, list) = list.split_at(list.find('(').unwrap_or(list.len()));
    if !matches!(flags, "" | "P") {
        return Err(format!("the flags {flags:?}; only P is modelled"));
    }
    let Some(list) = list.strip_prefix('(') else {
        return Ok(Vec::new());
    };
    let list = list.strip_suffix(')').ok_or("an entry that does not end")?;
    list.split(")(").map(entry).collect()
}

fn entry(text: &str) -> Result<Entry, String> {
    let fields: Vec<&str> = text.split(';').collect();
    let [kind, "", rights_text, "", "", sid] = fields[..] else {
        return Err(format!(
            "the entry ({text}); only (TYPE;;RIGHTS;;;SID) is modelled"
        ));
    };
    let allows = match kind {
        "A" => true,
        "D" => false,
        _ => return Err(format!("an entry of type {kind:?}; only A and D are modelled")),
    };
    let sid = SIDS.iter().find(|(name, _)| *name == sid).map(|(_, sid)| *sid);
    Ok(Entry {
        allows,
        rights: rights(rights_text)
            .ok_or_else(|| format!("the rights {rights_text:?}, which are not known"))?,
        sid: sid.ok_or_else(|| format!("the entry ({text}), whose SID is not known"))?,
    })
}

/// A number, or codes of two letters.
fn rights(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    }
    text.as_bytes().chunks(2).try_fold(0, |all, code| {
        let (_, rights) = RIGHTS.iter().find(|(name, _)| name.as_bytes() == code)?;
        Some(all | rights)
    })
}

#[cfg(test)]
mod tests {
    use super::{Descriptor, Entry, GENERIC_ALL, GENERIC_READ, GENERIC_WRITE, Sid};

    fn parsed(text: &str) -> Vec<Entry> {
        let descriptor = Descriptor::parse(text).expect("the text is in the subset");
        descriptor.entries().copied().collect()
    }

    #[test]
    fn entries_are_read_in_their_order() {
        let entry = |allows, rights, sid| Entry { allows, rights, sid };
        assert_eq!(
            parsed("D:P(A;;GA;;;SY)(D;;GRGW;;;BU)(A;;0x12;;;WD)"),
            [
                entry(true, GENERIC_ALL, Sid::System),
                entry(false, GENERIC_READ | GENERIC_WRITE, Sid::Users),
                entry(true, 0x12, Sid::World),
            ]
        );
        assert_eq!(parsed("D:P"), []);
        assert_eq!(parsed("D:(A;;;;;NU)"), [entry(true, 0, Sid::SomebodyElse)]);
    }

    #[test]
    fn what_is_not_modelled_is_named() {
        for (text, named) in [
            ("", "D:"),
            ("O:BAD:P", "D:"),
            ("D:AI(A;;GA;;;SY)", "AI"),
            ("D:P(A;;GA;;;SY", "does not end"),
            ("D:P(A;OICI;GA;;;SY)", "OICI"),
            ("D:P(AU;;GA;;;SY)", "\"AU\""),
            ("D:P(A;;GAX;;;SY)", "GAX"),
            ("D:P(A;;0xG;;;SY)", "0xG"),
            ("D:P(A;;GA;;;S-1-5-21-1-2-3)", "S-1-5-21-1-2-3"),
            ("D:P(A;;GA;;;SY)S:(ML;;NW;;;LW)", "ML"),
            ("D:P(A;;GA;;;SY) ", "does not end"),
        ] {
            let error = Descriptor::parse(text).expect_err(text).to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
