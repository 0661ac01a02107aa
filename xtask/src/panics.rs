//! No panic that the project's code could make: the symbols of an image's panic machinery are the ones that the official crates bring.
//!
//! `unwrap`, `expect`, checked arithmetic, a second borrow and the like each leave a routine of `core` of their own in the image's map. What
//! remains is indexing, in two places of Microsoft's crates: `call_unsafe_wdf_function_binding!` of wdk-sys indexes the framework's
//! function table (inlined into every caller), and `wdk::println!` cuts text into its buffer. Both are bounds checks of theirs which
//! hold; so an index in the project's own code that can panic is not told apart from them here.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// The images that ship or that show how to use what ships.
const IMAGES: &[&str] = &["sample", "child", "stacked", "helper"];

/// What the name of a routine that begins a panic has in it, mangled: of `core::panicking`, or `unwrap_failed`, `slice_index_fail` and so on.
const MARKS: &[&str] = &["4core9panicking", "_failed", "_fail", "panic_already"];

/// The routines of the two places above, and what they end in.
const KNOWN: &[&str] = &["9panic_fmt", "18panic_bounds_check", "16slice_index_fail"];

/// Looks at the maps of the images in a folder.
///
/// # Errors
///
/// When a map cannot be read, or names a routine that none of the known places needs.
pub fn check(folder: &Path) -> Result<()> {
    for image in IMAGES {
        let file = folder.join(format!("{image}.map"));
        let map = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = unknown(&map);
        ensure!(
            found.is_empty(),
            "{image}.sys can panic where it could not before; in {}:\n  {}",
            file.display(),
            found.join("\n  ")
        );
    }
    Ok(())
}

/// The routines that begin a panic and are not known.
fn unknown(map: &str) -> Vec<&str> {
    let names = map.lines().filter_map(|line| line.split_whitespace().nth(1));
    names
        .filter(|name| name.contains("4core") && MARKS.iter().any(|mark| name.contains(mark)))
        .filter(|name| !KNOWN.iter().any(|known| name.ends_with(known)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn an_unwrap_is_found_and_a_bounds_check_is_known() {
        let map = "\
 0001:00000d40       _RNvNtCs8icZUrvfcq9_4core9panicking9panic_fmt 0000000180001d40     helper.o
 0001:00000d67       _RNvNtCs8icZUrvfcq9_4core9panicking18panic_bounds_check 0000000180001d67     helper.o
 0001:00000d50       _RNvNtNtCs8icZUrvfcq9_4core5slice5index16slice_index_fail 0000000180001d50     helper.o
 0001:00000d80       _RNvNtCs8icZUrvfcq9_4core6option13unwrap_failed 0000000180001d80     helper.o
 0001:00000d90       _RNvNtNtCs8icZUrvfcq9_4core9panicking11panic_const24panic_const_add_overflow 0000000180001d90     helper.o
 0001:00000da0       _ZN6sample8on_failed17h1E 0000000180001da0     helper.o
";
        assert_eq!(
            unknown(map),
            [
                "_RNvNtCs8icZUrvfcq9_4core6option13unwrap_failed",
                "_RNvNtNtCs8icZUrvfcq9_4core9panicking11panic_const24panic_const_add_overflow",
            ]
        );
    }
}
