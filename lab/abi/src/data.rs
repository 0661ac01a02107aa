//! The JSON of `data/`, parsed.

use std::collections::BTreeMap;

use serde::Deserialize;

const LAYOUTS: &str = include_str!("../data/layouts.json");
const ENUMS: &str = include_str!("../data/enums.json");
const FUNCTIONS: &str = include_str!("../data/kmdf_1_33_functions.json");

/// A structure: bytes, and where its fields lie.
#[derive(Deserialize, Debug, Clone)]
pub struct Layout {
    /// Bytes of the whole.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// The fields, nested ones by their path (`AssociatedIrp.SystemBuffer`).
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Fields that Windows declares and the headers that were measured do not; where a name is in both, this one is right.
    #[serde(default, rename = "windows_fields_not_in_mingw")]
    pub newer: Vec<Field>,
}

impl Layout {
    /// The fields as Windows declares them: the newer ones in the place of those they correct.
    pub fn windows_fields(&self) -> impl Iterator<Item = &Field> {
        let corrected = |field: &&Field| self.newer.iter().all(|newer| newer.name != field.name);
        self.fields.iter().filter(corrected).chain(&self.newer)
    }
}

/// A field of a structure.
#[derive(Deserialize, Debug, Clone)]
pub struct Field {
    /// Its name, or path.
    pub name: String,
    /// Bytes from the start of the structure.
    pub offset: usize,
    /// Bytes of the field; none for a bit field.
    #[serde(default)]
    pub size: Option<usize>,
    /// Bits, for a bit field.
    #[serde(default)]
    pub bit_width: Option<u32>,
}

#[derive(Deserialize)]
struct Layouts {
    wdf: BTreeMap<String, Layout>,
    wdf_other: BTreeMap<String, Layout>,
    loader: BTreeMap<String, Layout>,
    wdm: BTreeMap<String, Layout>,
    scalars: BTreeMap<String, Layout>,
}

#[derive(Deserialize)]
struct Enums {
    wdf: BTreeMap<String, BTreeMap<String, i64>>,
    wdm: BTreeMap<String, BTreeMap<String, i64>>,
    macros: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Functions {
    functions: BTreeMap<String, u32>,
}

/// Everything of `data/`.
#[derive(Debug)]
pub struct Abi {
    /// Structures and scalar types by name.
    pub layouts: BTreeMap<String, Layout>,
    /// Enumerators and macros by name, with their values.
    pub values: BTreeMap<String, i64>,
}

impl Abi {
    /// Reads the embedded data.
    ///
    /// # Panics
    /// The data in the repository is not what this crate's tests have seen.
    #[must_use]
    pub fn load() -> Self {
        let layouts: Layouts = serde_json::from_str(LAYOUTS).expect("layouts.json has the fields of Layouts");
        let enums: Enums = serde_json::from_str(ENUMS).expect("enums.json has the fields of Enums");
        let Layouts {
            wdf,
            wdf_other,
            loader,
            wdm,
            scalars,
        } = layouts;
        let values = enums
            .wdf
            .into_values()
            .chain(enums.wdm.into_values())
            .flatten()
            .chain(enums.macros)
            .collect();
        Self {
            layouts: [wdf, wdf_other, loader, wdm, scalars]
                .into_iter()
                .flatten()
                .collect(),
            values,
        }
    }
}

/// The 458 functions of KMDF 1.33 in the order of the table: each function's index is its place.
///
/// # Panics
/// The data in the repository is not what this crate's tests have seen.
#[must_use]
pub fn kmdf_functions() -> Vec<String> {
    let Functions { functions } =
        serde_json::from_str(FUNCTIONS).expect("the function table has a map of functions");
    let mut table: Vec<_> = functions.into_iter().collect();
    table.sort_by_key(|(_, index)| *index);
    table.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{Abi, kmdf_functions};

    #[test]
    fn the_table_has_458_functions_at_their_published_places() {
        let table = kmdf_functions();
        assert_eq!(table.len(), 458);
        for (name, index) in [
            ("WdfDriverCreate", 116),
            ("WdfDeviceCreate", 75),
            ("WdfDeviceAddQueryInterface", 228),
        ] {
            assert_eq!(table[index], name);
        }
    }

    #[test]
    fn the_layouts_of_windows_are_there_not_those_of_mingw() {
        let abi = Abi::load();
        assert_eq!(
            (
                abi.layouts["DEVICE_OBJECT"].size,
                abi.layouts["DEVICE_OBJECT"].align
            ),
            (336, 16)
        );
        assert_eq!(abi.values["IRP_MN_QUERY_INTERFACE"], 8);
    }
}
