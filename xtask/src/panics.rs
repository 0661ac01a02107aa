//! No panic in what ships: the symbols of a release image have nothing of the panic machinery.
//!
//! `unwrap`, `expect`, indexing, checked arithmetic, a second borrow and the like each refer to a routine of `core`, and every such routine
//! ends in the panic handler. The linker drops what nothing refers to, so an image without any of them has no instruction that can panic.
//! `debug_print::println!` and `direct_call::call_wdf!` are there because the routines of the wdk crates in their place bring bounds checks.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// The images that ship or that show how to use what ships.
const IMAGES: &[&str] = &["sample", "child", "stacked", "remote", "helper", "fifo"];

/// What the name of a routine that panics has in it, mangled: the handler, of `core::panicking`, or `unwrap_failed`, `slice_index_fail` and so on.
const MARKS: &[&str] = &["rust_begin_unwind", "4core9panicking"];

/// The same of routines in other modules of `core` and `alloc`.
const ENDINGS: &[&str] = &[
    "_failed",
    "_fail",
    "panic_already",
    "handle_alloc_error",
    "capacity_overflow",
];

/// Looks at the maps of the images in a folder.
///
/// # Errors
///
/// When a map cannot be read, or names a routine that panics.
pub fn check(folder: &Path) -> Result<()> {
    for image in IMAGES {
        let file = folder.join(format!("{image}.map"));
        let map = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = panicking(&map);
        ensure!(
            found.is_empty(),
            "{image}.sys can panic; in {}:\n  {}",
            file.display(),
            found.join("\n  ")
        );
    }
    Ok(())
}

/// The routines that panic.
fn panicking(map: &str) -> Vec<&str> {
    map.lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .filter(|name| panics(name))
        .collect()
}

fn panics(name: &str) -> bool {
    let of_library = name.contains("4core") || name.contains("5alloc");
    MARKS.iter().any(|mark| name.contains(mark))
        || of_library && ENDINGS.iter().any(|mark| name.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::panicking;

    #[test]
    fn every_routine_of_the_library_that_panics_is_found_and_nothing_else() {
        let map = "\
 0001:00000d10       _RNvCs1jKpV8fJ2Q_7___rustc17rust_begin_unwind 0000000180001d10     helper.o
 0001:00000d40       _RNvNtCs8icZUrvfcq9_4core9panicking9panic_fmt 0000000180001d40     helper.o
 0001:00000d50       _RNvNtNtCs8icZUrvfcq9_4core5slice5index16slice_index_fail 0000000180001d50     helper.o
 0001:00000d80       _RNvNtCs8icZUrvfcq9_4core6option13unwrap_failed 0000000180001d80     helper.o
 0001:00000d90       _RNvNtCs8icZUrvfcq9_5alloc5alloc18handle_alloc_error 0000000180001d90     helper.o
 0001:00000da0       _ZN6sample8on_failed17h1E 0000000180001da0     helper.o
 0001:00000db0       _RNvNtCs8icZUrvfcq9_4core3fmt5write 0000000180001db0     helper.o
";
        let found = panicking(map);
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(found.iter().all(|name| map.find(name) < map.find("on_failed")));
    }
}
