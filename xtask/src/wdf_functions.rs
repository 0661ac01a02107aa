//! The task `wdf-functions`: docs/wdf-functions.md, which says for each of the framework's functions whether the lab's runtime has it.
//!
//! The source is the table of `lab/kmdf`: a name in its `implemented!` list is a filled slot, every other slot stops the run by name.

use std::{collections::BTreeSet, fmt::Write as _, fs, process::ExitCode};

use anyhow::{Context, Result, ensure};

use crate::{files, place};

const TABLE: &str = "lab/kmdf/src/table.rs";
const PAGE: &str = "docs/wdf-functions.md";

/// Writes the page.
///
/// # Errors
///
/// When the table cannot be read or lists a name that KMDF 1.33 does not have.
pub fn run(_: &[String]) -> Result<ExitCode> {
    files::write(&place::ROOT.join(PAGE), render()?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn render() -> Result<String> {
    let source =
        fs::read_to_string(place::ROOT.join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    page(&implemented(&source)?, &lab_abi::kmdf_functions())
}

/// The names in the `implemented!` list.
fn implemented(source: &str) -> Result<BTreeSet<&str>> {
    let (_, list) = source
        .split_once("\nimplemented! {")
        .with_context(|| format!("{TABLE} has no implemented! list"))?;
    let (list, _) = list
        .split_once("\n}")
        .with_context(|| format!("the implemented! list of {TABLE} does not end"))?;
    let code = list
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let words = code.flat_map(|line| line.split(|end: char| !end.is_ascii_alphanumeric()));
    Ok(words.filter(|word| word.starts_with("Wdf")).collect())
}

fn page(implemented: &BTreeSet<&str>, functions: &[String]) -> Result<String> {
    let unknown: Vec<_> = implemented
        .iter()
        .filter(|name| !functions.iter().any(|known| known == *name))
        .collect();
    ensure!(
        unknown.is_empty(),
        "{TABLE} lists what KMDF 1.33 does not have: {unknown:?}"
    );
    let mut page = format!(
        "# KMDF functions in the lab\n\n\
         {} of the {} functions of KMDF 1.33 are there. A call of any other ends the run with its name and outcome `unsupported`.\n\
         Written by `cargo xtask wdf-functions`; the test compares it with [the table](../{TABLE}).\n\n\
         | index | function | in the lab |\n| ---: | --- | --- |\n",
        implemented.len(),
        functions.len(),
    );
    for (index, name) in functions.iter().enumerate() {
        let state = if implemented.contains(name.as_str()) {
            "yes"
        } else {
            "no, stops the run"
        };
        writeln!(page, "| {index} | {name} | {state} |")?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{PAGE, implemented, page, render};
    use crate::place;

    #[test]
    fn the_page_is_that_of_the_table() {
        let page = fs::read_to_string(place::ROOT.join(PAGE)).expect("the page is in the repository");
        let same = page == render().expect("the table can be read");
        assert!(same, "{PAGE} is old: run `cargo xtask wdf-functions`");
    }

    #[test]
    fn names_are_found_in_the_list_only() {
        let source = "WdfNotThis\nimplemented! {\n    crate::a {\n        WdfOne WdfTwo // WdfNo\n    }\n}\nWdfNorThis";
        let names = implemented(source).expect("the list is there");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["WdfOne", "WdfTwo"]);
    }

    #[test]
    fn a_name_that_kmdf_does_not_have_is_refused() {
        assert!(page(&["WdfTypo"].into(), &["WdfOne".to_owned()]).is_err());
    }
}
