//! The registry: a run of operations against a map of names, and values of any type and bytes shown and read.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use nthost::cm::{self, Value};

/// What happens to a key or one of its values.
#[derive(Arbitrary, Debug)]
enum Operation {
    Set(Key, String, u32, Vec<u8>),
    DeleteValue(Key, String),
    DeleteKey(Key),
}

/// One of a few keys, some below others, in one of their spellings.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Key {
    path: Path,
    spelling: Spelling,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Path {
    Top,
    Middle,
    Bottom,
    Beside,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Spelling {
    Kernel,
    Short,
    Doubled,
}

impl Path {
    /// Below the key of this target.
    const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Top => &["A"],
            Self::Middle => &["A", "B"],
            Self::Bottom => &["A", "B", "C"],
            Self::Beside => &["AB"],
        }
    }

    fn is_at_or_below(self, other: Self) -> bool {
        self.parts().starts_with(other.parts())
    }
}

impl Key {
    fn text(self) -> String {
        let (root, separator) = match self.spelling {
            Spelling::Kernel => (r"\Registry\Machine\Fuzz\", r"\"),
            Spelling::Short => (r"hklm\FUZZ\", r"\"),
            Spelling::Doubled => (r"HKEY_LOCAL_MACHINE\\Fuzz\\", r"\\"),
        };
        root.to_owned() + &self.path.parts().join(separator)
    }
}

/// The values that there must be. Their names differ in more than the case of ASCII letters.
type Model = BTreeMap<(Path, String), Value>;

/// See the module.
///
/// # Panics
///
/// When the registry has another value than was set, or one that was not.
pub fn run(data: &[u8]) {
    let operations: Vec<Operation> = crate::input(data).unwrap_or_default();
    let mut model = Model::new();
    for operation in operations {
        apply(&mut model, operation);
    }
    for ((path, name), value) in &model {
        let key = Key {
            path: *path,
            spelling: Spelling::Short,
        };
        assert_eq!(cm::query(&key.text(), name).as_ref(), Some(value));
    }
    for path in [Path::Top, Path::Middle, Path::Bottom, Path::Beside] {
        let key = Key {
            path,
            spelling: Spelling::Doubled,
        };
        let expected = model.keys().filter(|(known, _)| *known == path).count();
        assert_eq!(cm::values(&key.text()).len(), expected, "the values of {path:?}");
    }
    cm::delete_key(r"HKLM\Fuzz");
}

fn apply(model: &mut Model, operation: Operation) {
    match operation {
        Operation::Set(key, name, kind, data) => {
            let value = Value { kind, data };
            read(&value);
            cm::set(&key.text(), &name, value.clone());
            model.insert((key.path, name.to_ascii_lowercase()), value);
        }
        Operation::DeleteValue(key, name) => {
            let was_there = model.remove(&(key.path, name.to_ascii_lowercase())).is_some();
            assert_eq!(cm::delete_value(&key.text(), &name), was_there);
        }
        Operation::DeleteKey(key) => {
            let exists = cm::exists(&key.text());
            assert_eq!(cm::delete_key(&key.text()), exists);
            model.retain(|(path, _), _| !path.is_at_or_below(key.path));
        }
    }
}

/// Every way to read a value. A string that has no NUL in it reads as it was written.
fn read(value: &Value) {
    let _shown = format!("{} {value}", value.kind_name());
    let texts = value.texts();
    assert_eq!(
        value.as_text().unwrap_or_default(),
        texts.first().cloned().unwrap_or_default()
    );
    let rewritten = Value::strings(texts.iter().map(String::as_str));
    assert_eq!(rewritten.texts(), texts);
    assert!(value.as_dword().is_none() || value.data.len() == size_of::<u32>());
}
