//! The registry against a simple model: keys in keys, values in the order in which they were made.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Value, delete_key, delete_value, ensure_key, exists, query, set, subkeys, values};

/// Where the cases have their keys.
const ROOT: &str = r"HKLM\RegistryModel";
/// The same key, spelt otherwise.
const SPELLINGS: [&str; 4] = [
    ROOT,
    r"hklm\registrymodel\",
    r"\Registry\Machine\REGISTRYMODEL",
    r"HKEY_LOCAL_MACHINE\\RegistryModel",
];
/// Names of keys and values; some differ in nothing but their case.
const NAMES: [&str; 6] = ["a", "A", "b", "ab", "ä", "Ä"];

/// A key of the model: its name as it was spelt first, below its name in one case.
#[derive(Clone, Debug, Default)]
struct Key {
    name: String,
    values: Vec<(String, Value)>,
    keys: BTreeMap<String, Self>,
}

fn folded(name: &str) -> String {
    name.to_uppercase()
}

impl Key {
    fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |key, name| key.keys.get(&folded(name)))
    }

    fn find_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        path.iter()
            .try_fold(self, |key, name| key.keys.get_mut(&folded(name)))
    }

    /// Makes a key and those above it.
    fn make(&mut self, path: &[&str]) -> (&mut Self, bool) {
        let mut made = false;
        let key = path.iter().fold(self, |key, name| {
            key.keys.entry(folded(name)).or_insert_with(|| {
                made = true;
                Self {
                    name: (*name).to_owned(),
                    ..Self::default()
                }
            })
        });
        (key, made)
    }

    fn delete(&mut self, path: &[&str]) -> bool {
        let Some((name, above)) = path.split_last() else {
            return false;
        };
        let above = self.find_mut(above);
        above.is_some_and(|key| key.keys.remove(&folded(name)).is_some())
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.values
            .iter()
            .position(|(known, _)| folded(known) == folded(name))
    }

    fn set(&mut self, name: &str, value: Value) {
        match self.position(name) {
            Some(place) => self.values[place].1 = value,
            None => self.values.push((name.to_owned(), value)),
        }
    }

    fn delete_value(&mut self, name: &str) -> bool {
        let place = self.position(name);
        place.map(|place| self.values.remove(place)).is_some()
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Make,
    Delete,
    Set(&'static str, u32),
    DeleteValue(&'static str),
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let name = || prop::sample::select(&NAMES);
    prop_oneof![
        Just(Operation::Make),
        Just(Operation::Delete),
        (name(), 0..4_u32).prop_map(|(name, number)| Operation::Set(name, number)),
        name().prop_map(Operation::DeleteValue),
    ]
}

/// Does the same to the registry and to the model. Both say the same about what changed.
fn apply(model: &mut Key, path: &str, names: &[&str], operation: &Operation) -> Result<(), TestCaseError> {
    match operation {
        Operation::Make => prop_assert_eq!(ensure_key(path), model.make(names).1),
        Operation::Delete => prop_assert_eq!(delete_key(path), model.delete(names)),
        Operation::Set(name, number) => {
            set(path, name, Value::dword(*number));
            model.make(names).0.set(name, Value::dword(*number));
        }
        Operation::DeleteValue(name) => {
            let key = model.find_mut(names);
            prop_assert_eq!(
                delete_value(path, name),
                key.is_some_and(|key| key.delete_value(name))
            );
        }
    }
    Ok(())
}

/// A key and everything below it is what the model says.
fn compare(path: &str, model: &Key) -> Result<(), TestCaseError> {
    prop_assert!(exists(path));
    prop_assert_eq!(values(path), model.values.clone());
    for (name, value) in &model.values {
        prop_assert_eq!(query(path, &name.to_uppercase()), Some(value.clone()));
    }
    let mut found = subkeys(path);
    found.sort();
    let mut wanted: Vec<String> = model.keys.values().map(|key| key.name.clone()).collect();
    wanted.sort();
    prop_assert_eq!(found, wanted);
    for key in model.keys.values() {
        compare(&format!(r"{path}\{}", key.name), key)?;
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_registry_is_what_the_model_says(
        steps in prop::collection::vec(
            (0..SPELLINGS.len(), prop::collection::vec(prop::sample::select(&NAMES), 1..4), any_operation()),
            1..60,
        ),
    ) {
        delete_key(ROOT);
        ensure_key(ROOT);
        let mut model = Key::default();
        for (spelling, names, operation) in steps {
            let path = format!(r"{}\{}", SPELLINGS[spelling], names.join("\\"));
            apply(&mut model, &path, &names, &operation)?;
            prop_assert_eq!(exists(&path), model.find(&names).is_some());
            compare(ROOT, &model)?;
        }
    }
}
