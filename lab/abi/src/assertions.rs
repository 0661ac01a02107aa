//! The data as assertions, for C and for Rust.

use std::fmt::Write as _;

use crate::data::{Abi, Field, Layout, kmdf_functions};

/// A C file that includes the headers of `lab/wdk` and asserts every size, alignment, offset, value and function index of the data.
#[must_use]
pub fn c_layout_asserts() -> String {
    let abi = Abi::load();
    let mut file = String::from(
        "#include <ntifs.h>\n#include <ntddk.h>\n#include <ntstrsafe.h>\n#include <wdf.h>\n#include \"wdfldr.h\"\n\
         #ifdef __cplusplus\n#define ALIGN_OF(type) alignof(type)\n#define C_ASSERT_NAMED(e, what) static_assert(e, what);\n\
         #else\n#define ALIGN_OF(type) _Alignof(type)\n#define C_ASSERT_NAMED(e, what) _Static_assert(e, what);\n#endif\n",
    );
    for (name, layout) in &abi.layouts {
        c_structure(&mut file, name, layout);
    }
    for (name, value) in &abi.values {
        // Some values are unsigned 32-bit: compared as such.
        c_assert(
            &mut file,
            &format!("(unsigned)({name}) == (unsigned)({value}LL)"),
            name,
        );
    }
    for (index, name) in kmdf_functions().iter().enumerate() {
        c_assert(&mut file, &format!("{name}TableIndex == {index}"), name);
    }
    file
}

fn c_structure(file: &mut String, name: &str, layout: &Layout) {
    c_assert(
        file,
        &format!("sizeof({name}) == {}", layout.size),
        &format!("size of {name}"),
    );
    c_assert(
        file,
        &format!("ALIGN_OF({name}) == {}", layout.align),
        &format!("alignment of {name}"),
    );
    for field in layout.windows_fields().filter(|field| field.bit_width.is_none()) {
        let condition = format!("__builtin_offsetof({name}, {}) == {}", field.name, field.offset);
        c_assert(file, &condition, &format!("offset of {name}.{}", field.name));
        if let Some(size) = field.size {
            let condition = format!("sizeof((({name} *)0)->{}) == {size}", field.name);
            c_assert(file, &condition, &format!("size of {name}.{}", field.name));
        }
    }
}

fn c_assert(file: &mut String, condition: &str, what: &str) {
    writeln!(file, "C_ASSERT_NAMED({condition}, \"{what}\")").expect("writing to a String cannot fail");
}

/// The enumeration of `wdffuncenum.h` that gives every function of KMDF 1.33 its index.
#[must_use]
pub fn wdffuncenum() -> String {
    let functions = kmdf_functions();
    let mut text = String::from("typedef enum _WDFFUNCENUM {\n");
    for (index, name) in functions.iter().enumerate() {
        writeln!(text, "    {name}TableIndex = {index},").expect("writing to a String cannot fail");
    }
    write!(
        text,
        "    WdfFunctionTableNumEntries = {},\n}} WDFFUNCENUM;\n",
        functions.len()
    )
    .expect("writing to a String cannot fail");
    text
}

/// Rust items that assert size, alignment and the offset of every plain field for the named structures, which are in scope
/// under their Windows names with their Windows field names.
///
/// `absent` lists fields, as `STRUCTURE.Field`, that a declaration leaves out or overlays.
///
/// # Panics
/// A name is not in the data.
#[must_use]
pub fn rust_layout_asserts(names: &[&str], absent: &[&str]) -> String {
    let abi = Abi::load();
    let mut items = String::new();
    for name in names {
        let layout = abi
            .layouts
            .get(*name)
            .unwrap_or_else(|| panic!("{name} is not in layouts.json"));
        rust_structure(&mut items, name, layout, absent);
    }
    items
}

fn rust_structure(items: &mut String, name: &str, layout: &Layout, absent: &[&str]) {
    let Layout { size, align, .. } = layout;
    rust_assert(items, &format!("::core::mem::size_of::<{name}>() == {size}"));
    rust_assert(items, &format!("::core::mem::align_of::<{name}>() == {align}"));
    let plain = |field: &&Field| {
        field.bit_width.is_none()
            && !field.name.contains('.')
            && !absent.contains(&format!("{name}.{}", field.name).as_str())
    };
    for field in layout.fields.iter().filter(plain) {
        rust_assert(
            items,
            &format!(
                "::core::mem::offset_of!({name}, {}) == {}",
                field.name, field.offset
            ),
        );
    }
}

fn rust_assert(items: &mut String, condition: &str) {
    writeln!(items, "const _: () = assert!({condition});").expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::{c_layout_asserts, rust_layout_asserts, wdffuncenum};

    #[test]
    fn the_c_file_asserts_structures_values_and_indexes() {
        let file = c_layout_asserts();
        for line in [
            "C_ASSERT_NAMED(sizeof(IRP) == 208, \"size of IRP\")",
            "C_ASSERT_NAMED(__builtin_offsetof(IRP, AssociatedIrp.SystemBuffer) == 24, \"offset of IRP.AssociatedIrp.SystemBuffer\")",
            "C_ASSERT_NAMED(sizeof(((KDPC *)0)->DpcListEntry) == 8, \"size of KDPC.DpcListEntry\")",
            "C_ASSERT_NAMED(WdfDriverCreateTableIndex == 116, \"WdfDriverCreate\")",
        ] {
            assert!(file.lines().any(|found| found == line), "missing: {line}");
        }
    }

    #[test]
    fn rust_asserts_leave_out_what_is_absent_and_nothing_else() {
        let all = rust_layout_asserts(&["UNICODE_STRING"], &[]);
        assert_eq!(all.lines().count(), 5);
        let fewer = rust_layout_asserts(&["UNICODE_STRING"], &["UNICODE_STRING.Buffer"]);
        assert_eq!(fewer.lines().count(), 4);
        assert!(!fewer.contains("Buffer"));
    }

    #[test]
    fn the_committed_header_has_the_indexes_of_the_data() {
        let header = include_str!("../../wdk/include/wdf/kmdf/1.33/wdffuncenum.h");
        assert!(
            header.contains(&wdffuncenum()),
            "lab/wdk's wdffuncenum.h differs from the data: paste what wdffuncenum() renders"
        );
    }
}
