//! The keys and values, in memory for one run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Value;

#[derive(Clone, Debug, Default)]
struct Key {
    /// The last part of the path, as it was spelt.
    name: String,
    values: Vec<(String, Value)>,
}

/// Keys by their path in lower case.
static KEYS: Mutex<BTreeMap<String, Key>> = Mutex::new(BTreeMap::new());

fn with_keys<R>(f: impl FnOnce(&mut BTreeMap<String, Key>) -> R) -> R {
    f(&mut KEYS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The kernel's spelling of a path: `HKLM\X` is `\Registry\Machine\X`, `ControlSet001` is `CurrentControlSet`, no
/// backslash at the end, and none twice.
fn full_path(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('\\').filter(|part| !part.is_empty()).collect();
    match parts.first().map(|first| first.to_ascii_uppercase()).as_deref() {
        Some("HKLM" | "HKEY_LOCAL_MACHINE") => drop(parts.splice(0..1, ["Registry", "Machine"])),
        Some("HKU" | "HKEY_USERS") => drop(parts.splice(0..1, ["Registry", "User"])),
        Some("HKCU" | "HKEY_CURRENT_USER") => drop(parts.splice(0..1, ["Registry", "User", ".Default"])),
        Some("HKCR" | "HKEY_CLASSES_ROOT") => {
            drop(parts.splice(0..1, ["Registry", "Machine", "Software", "Classes"]));
        }
        _ => {}
    }
    for part in &mut parts {
        if part.eq_ignore_ascii_case("ControlSet001") {
            *part = "CurrentControlSet";
        }
    }
    parts.iter().fold(String::new(), |path, part| path + r"\" + part)
}

fn canonical(path: &str) -> String {
    full_path(path).to_lowercase()
}

/// Names are the same in any case, as the kernel folds it for every letter.
fn is_same(name: &str, other: &str) -> bool {
    name.to_lowercase() == other.to_lowercase()
}

/// Makes a key and those above it; false if it was there.
#[allow(clippy::must_use_candidate, reason = "called for its effect")]
pub fn ensure_key(path: &str) -> bool {
    let path = full_path(path);
    with_keys(|keys| {
        let mut made = false;
        for (end, _) in path.match_indices('\\').skip(1).chain([(path.len(), "")]) {
            let name = path[..end].rsplit('\\').next().unwrap_or_default().to_owned();
            let entry = keys.entry(path[..end].to_lowercase());
            made = matches!(entry, std::collections::btree_map::Entry::Vacant(_));
            entry.or_insert_with(|| Key {
                name,
                values: Vec::new(),
            });
        }
        made
    })
}

/// Whether there is such a key.
#[must_use]
pub fn exists(path: &str) -> bool {
    with_keys(|keys| keys.contains_key(&canonical(path)))
}

/// Removes a key with everything below it; false if there is none.
#[allow(clippy::must_use_candidate, reason = "called for its effect")]
pub fn delete_key(path: &str) -> bool {
    let path = canonical(path);
    let below = format!(r"{path}\");
    with_keys(|keys| {
        let found = keys.remove(&path).is_some();
        let rest = keys.range(below.clone()..).map(|(key, _)| key.clone());
        let gone: Vec<String> = rest.take_while(|key| key.starts_with(&below)).collect();
        for key in gone {
            keys.remove(&key);
        }
        found
    })
}

/// Sets a value, making the key if need be.
pub fn set(path: &str, name: &str, value: Value) {
    ensure_key(path);
    with_keys(|keys| {
        let Some(key) = keys.get_mut(&canonical(path)) else {
            return;
        };
        match key.values.iter_mut().find(|(known, _)| is_same(known, name)) {
            Some((_, slot)) => *slot = value,
            None => key.values.push((name.to_owned(), value)),
        }
    });
}

/// A value.
#[must_use]
pub fn query(path: &str, name: &str) -> Option<Value> {
    with_keys(|keys| {
        let values = &keys.get(&canonical(path))?.values;
        values
            .iter()
            .find(|(known, _)| is_same(known, name))
            .map(|(_, value)| value.clone())
    })
}

/// A value's text.
#[must_use]
pub fn text(path: &str, name: &str) -> Option<String> {
    query(path, name)?.as_text()
}

/// A value's number.
#[must_use]
pub fn dword(path: &str, name: &str) -> Option<u32> {
    query(path, name)?.as_dword()
}

/// A value's texts; none if it is missing.
#[must_use]
pub fn texts(path: &str, name: &str) -> Vec<String> {
    query(path, name).map_or_else(Vec::new, |value| value.texts())
}

/// Removes a value; false if there is none.
#[allow(clippy::must_use_candidate, reason = "called for its effect")]
pub fn delete_value(path: &str, name: &str) -> bool {
    with_keys(|keys| {
        let Some(key) = keys.get_mut(&canonical(path)) else {
            return false;
        };
        let before = key.values.len();
        key.values.retain(|(known, _)| !is_same(known, name));
        key.values.len() < before
    })
}

/// The values of a key, in the order in which they were made.
#[must_use]
pub fn values(path: &str) -> Vec<(String, Value)> {
    with_keys(|keys| {
        keys.get(&canonical(path))
            .map_or_else(Vec::new, |key| key.values.clone())
    })
}

/// The names of the keys directly below.
#[must_use]
pub fn subkeys(path: &str) -> Vec<String> {
    let below = format!(r"{}\", canonical(path));
    with_keys(|keys| {
        let children = keys
            .range(below.clone()..)
            .take_while(|(key, _)| key.starts_with(&below));
        children
            .filter(|(key, _)| !key[below.len()..].contains('\\'))
            .map(|(_, key)| key.name.clone())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Value, delete_key, dword, ensure_key, exists, full_path, query, set, subkeys};

    #[test]
    fn spellings_meet() {
        assert_eq!(
            full_path(r"HKLM\System\ControlSet001\X\"),
            r"\Registry\Machine\System\CurrentControlSet\X"
        );
        assert_eq!(full_path(r"\Registry\\Machine"), r"\Registry\Machine");
    }

    #[test]
    fn keys_and_values_come_and_go() {
        assert!(ensure_key(r"HKLM\HiveTest\A\B"));
        assert!(!ensure_key(r"hklm\hivetest\a\b"));
        set(r"HKLM\HiveTest\A", "Number", Value::dword(3));
        set(r"HKLM\HiveTest\A", "NUMBER", Value::dword(4));
        assert_eq!(dword(r"\REGISTRY\MACHINE\HIVETEST\A", "number"), Some(4));
        assert_eq!(subkeys(r"HKLM\HiveTest"), ["A"]);
        assert_eq!(subkeys(r"HKLM\HiveTest\A"), ["B"]);
        assert!(delete_key(r"HKLM\HiveTest\A"));
        assert!(exists(r"HKLM\HiveTest") && !exists(r"HKLM\HiveTest\A\B"));
        assert_eq!(query(r"HKLM\HiveTest\A", "Number"), None);
    }
}
