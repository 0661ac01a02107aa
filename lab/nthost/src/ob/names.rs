//! The namespace: `\Device\X`, `\Driver\X`, and symbolic links in `\??` (which `\DosDevices` stands for).

use core::ffi::c_void;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::try_reference;

/// How many links may lead to one another.
const MAX_LINKS: usize = 16;

#[derive(Clone, Debug)]
enum Entry {
    Object(usize),
    Link(String),
}

struct Names {
    /// Entries by their path in lower case; the original spelling beside.
    entries: BTreeMap<String, (String, Entry)>,
    /// The paths of an object.
    of_object: BTreeSet<(usize, String)>,
}

impl Names {
    fn remove(&mut self, key: &str) -> bool {
        let removed = self.entries.remove(key);
        if let Some((_, Entry::Object(body))) = &removed {
            self.of_object.remove(&(*body, key.to_owned()));
        }
        removed.is_some()
    }
}

static NAMES: Mutex<Names> = Mutex::new(Names {
    entries: BTreeMap::new(),
    of_object: BTreeSet::new(),
});

fn with_names<R>(f: impl FnOnce(&mut Names) -> R) -> R {
    f(&mut NAMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The path as it is kept: `\DosDevices\X`, `\GLOBAL??\X` and `\\.\X` are `\??\X`.
fn canonical(path: &str) -> String {
    const ALIASES: [&str; 4] = [r"\dosdevices\", r"\global??\", r"\\.\", r"\\?\"];
    let lower = path.to_lowercase();
    let alias = ALIASES.iter().find_map(|alias| lower.strip_prefix(alias));
    alias.map_or_else(|| lower.clone(), |rest| format!(r"\??\{rest}"))
}

fn add(path: &str, entry: Entry) -> bool {
    let key = canonical(path);
    with_names(|names| {
        if names.entries.contains_key(&key) {
            return false;
        }
        if let Entry::Object(body) = entry {
            names.of_object.insert((body, key.clone()));
        }
        names.entries.insert(key, (path.to_owned(), entry));
        true
    })
}

/// Gives an object a name; false if the name is taken. The name holds no reference: [`remove`] it before the object
/// goes.
#[must_use]
pub fn insert(path: &str, body: *mut c_void) -> bool {
    add(path, Entry::Object(body.expose_provenance()))
}

/// Makes a symbolic link; false if the name is taken.
#[must_use]
pub fn link(path: &str, target: &str) -> bool {
    add(path, Entry::Link(target.to_owned()))
}

/// Removes a name or a link; false if there is none.
#[must_use]
pub fn remove(path: &str) -> bool {
    with_names(|names| names.remove(&canonical(path)))
}

/// Removes the names of an object.
pub fn remove_object(body: *mut c_void) {
    with_names(|names| {
        let own = names.of_object.range((body.addr(), String::new())..);
        let own = own.take_while(|(known, _)| *known == body.addr());
        let own: Vec<String> = own.map(|(_, key)| key.clone()).collect();
        for key in own {
            names.remove(&key);
        }
    });
}

/// The object that a path leads to, with a reference added, and the rest of the path behind its name (`\file` of
/// `\Device\X\file`).
#[must_use]
pub fn lookup(path: &str) -> Option<(*mut c_void, String)> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let (entry, rest) = longest_prefix(&path)?;
        match entry {
            Entry::Object(address) => {
                let body = std::ptr::with_exposed_provenance_mut(address);
                return try_reference(body).then_some((body, rest));
            }
            Entry::Link(target) => path = target + &rest,
        }
    }
    None
}

/// The names directly under a directory (`\Device\`), as they were spelt.
#[must_use]
pub fn list(directory: &str) -> Vec<String> {
    let prefix = canonical(directory);
    with_names(|names| {
        let entries = names.entries.range(prefix.clone()..);
        entries
            .take_while(|(key, _)| key.starts_with(&prefix))
            .map(|(_, (spelt, _))| spelt.clone())
            .collect()
    })
}

/// The entry whose name is the path or a prefix of it that ends before a backslash, and the rest.
fn longest_prefix(path: &str) -> Option<(Entry, String)> {
    let key = canonical(path);
    with_names(|names| {
        let mut end = key.len();
        loop {
            if let Some((_, entry)) = names.entries.get(&key[..end]) {
                // The rest in its own spelling: both spellings have it at the same distance from the end.
                let rest_length = key.len() - end;
                let rest = path
                    .len()
                    .checked_sub(rest_length)
                    .and_then(|start| path.get(start..));
                return Some((entry.clone(), rest.unwrap_or_else(|| &key[end..]).to_owned()));
            }
            end = key[..end].rfind('\\').filter(|end| *end > 0)?;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::{ObjectKind, create, dereference};
    use super::{insert, link, lookup, remove, remove_object};

    #[test]
    fn links_lead_to_objects_in_any_case() {
        let body = create(ObjectKind::Device, 16, |_| ());
        assert!(insert(r"\Device\NamesTest", body));
        assert!(
            !insert(r"\device\namestest", body),
            "the name is taken in any case"
        );
        assert!(link(r"\DosDevices\NamesTest", r"\Device\NamesTest"));
        let (found, rest) = lookup(r"\??\NAMESTEST\Some\File").expect("the link leads to the object");
        assert_eq!((found, rest.as_str()), (body, r"\Some\File"));
        dereference(found);
        assert!(lookup(r"\Device\NamesTestX").is_none());
        assert!(remove(r"\GLOBAL??\NamesTest"));
        remove_object(body);
        assert!(lookup(r"\Device\NamesTest").is_none());
        dereference(body);
    }

    #[test]
    fn links_in_a_circle_lead_nowhere() {
        assert!(link(r"\??\CircleA", r"\??\CircleB"));
        assert!(link(r"\??\CircleB", r"\??\CircleA"));
        assert!(lookup(r"\??\CircleA").is_none());
    }
}
