//! The task `wdf-functions`: docs/wdf-functions.md, which says for each of the framework's functions whether the lab's runtime has it, where, or
//! why not.
//!
//! The source is the table of `lab/kmdf`: a name in its `implemented!` list is a filled slot, every other slot stops the run by name, and
//! [`REFUSED`] has the reason.

use std::{collections::BTreeMap, fmt::Write as _, fs, process::ExitCode};

use anyhow::{Context, Result, ensure};

use crate::{files, place};

const TABLE: &str = "lab/kmdf/src/table.rs";
const PAGE: &str = "docs/wdf-functions.md";

/// Why a family of functions is refused: the beginning of the names, and the reason. The first that fits counts.
const REFUSED: &[(&str, &str)] = &[
    ("WdfUsb", "hardware: USB"),
    ("WdfDma", "hardware: DMA"),
    ("WdfCommonBuffer", "hardware: DMA"),
    ("WdfInterrupt", "hardware: interrupts"),
    (
        "WdfCx",
        "class extensions: the lab has none, so nobody can call it with what it needs",
    ),
    (
        "WdfCompanionTarget",
        "companions: no device has one, so nobody has its handle",
    ),
    (
        "WdfGetTriageInfo",
        "for the kernel debugger's extensions, which read the framework's own structures",
    ),
    (
        "WdfIoQueueAssignForwardProgressPolicy",
        "reserved requests for low memory",
    ),
    (
        "WdfDeviceInitRegister",
        "the framework's state machines are modelled by what drivers see of them, not state by state",
    ),
    (
        "WdfDeviceMiniportCreate",
        "miniports: the lab has no port driver that one would be below",
    ),
    (
        "WdfDriverMiniportUnload",
        "miniports: the lab has no port driver that one would be below",
    ),
    ("WdfPdoRequestEject", "ejection is not modelled"),
    ("WdfChildListRequestChildEject", "ejection is not modelled"),
];

/// Writes the page.
///
/// # Errors
///
/// When the table cannot be read or lists a name that KMDF 1.33 does not have, or a function is refused without a reason.
pub fn run(_: &[String]) -> Result<ExitCode> {
    files::write(&place::ROOT.join(PAGE), render()?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn render() -> Result<String> {
    let source =
        fs::read_to_string(place::ROOT.join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    page(&implemented(&source)?, &lab_abi::kmdf_functions())
}

/// The names in the `implemented!` list, each with its module.
fn implemented(source: &str) -> Result<BTreeMap<&str, &str>> {
    let (_, list) = source
        .split_once("\nimplemented! {")
        .with_context(|| format!("{TABLE} has no implemented! list"))?;
    let (list, _) = list
        .split_once("\n}")
        .with_context(|| format!("the implemented! list of {TABLE} does not end"))?;
    let (mut module, mut names) = ("", BTreeMap::new());
    let code = list
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    for word in code.flat_map(str::split_whitespace) {
        if let Some(path) = word.strip_prefix("crate::") {
            module = path;
        } else if word.starts_with("Wdf") {
            names.insert(word, module);
        }
    }
    Ok(names)
}

/// Why a function is refused.
fn reason(name: &str) -> Result<&'static str> {
    let known = REFUSED.iter().find(|(family, _)| name.starts_with(family));
    known
        .map(|(_, reason)| *reason)
        .with_context(|| format!("{name} is refused, and no reason is given in xtask/src/wdf_functions.rs"))
}

fn page(implemented: &BTreeMap<&str, &str>, functions: &[String]) -> Result<String> {
    let unknown: Vec<_> = implemented
        .keys()
        .filter(|name| !functions.iter().any(|known| known == *name))
        .collect();
    ensure!(
        unknown.is_empty(),
        "{TABLE} lists what KMDF 1.33 does not have: {unknown:?}"
    );
    let mut page = format!(
        "# KMDF functions in the lab\n\n\
         {} of the {} functions of KMDF 1.33 are done; a call of any other is refused: the run ends with its name and outcome `unsupported`.\n\
         `tests/kmdf.rs` in [lab/tests](../lab/tests) has a conformance test for each group, with the framework's published sources as the\n\
         expectation. Written by `cargo xtask wdf-functions`; the test compares it with [the table](../{TABLE}).\n\n\
         | index | function | in the lab | module, or why not |\n| ---: | --- | --- | --- |\n",
        implemented.len(),
        functions.len(),
    );
    for (index, name) in functions.iter().enumerate() {
        match implemented.get(name.as_str()) {
            Some(module) => writeln!(page, "| {index} | {name} | done | `{module}` |")?,
            None => writeln!(page, "| {index} | {name} | refused | {} |", reason(name)?)?,
        }
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
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            [("WdfOne", "a"), ("WdfTwo", "a")]
        );
    }

    #[test]
    fn a_name_that_kmdf_does_not_have_is_refused() {
        assert!(page(&[("WdfTypo", "a")].into(), &["WdfOne".to_owned()]).is_err());
    }

    #[test]
    fn a_function_without_a_reason_is_refused() {
        assert!(page(&[].into(), &["WdfOne".to_owned()]).is_err());
    }
}
