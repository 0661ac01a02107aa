//! Stamping an INX file, as stampinf does: it becomes an INF file for one architecture, framework version and driver version.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

/// What is put into an INX file.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// For `$ARCH$`: the architecture as INF files name it.
    pub architecture: &'a str,
    /// For `$KMDFVERSION$`.
    pub framework: &'a str,
    /// For `DriverVer`: month/day/year.
    pub date: &'a str,
    /// For `DriverVer`: four numbers.
    pub version: &'a str,
    /// For `CatalogFile`: a file name.
    pub catalog: &'a str,
}

/// The INF text of an INX text. What its Version section lacks of `DriverVer` and `CatalogFile` is added.
///
/// # Errors
///
/// When the text has no Version section, or a variable that is not known.
pub fn stamp(text: &str, with: Stamp<'_>) -> Result<String> {
    let mut inf = String::with_capacity(text.len());
    let mut in_version = false;
    // Where the lines of [Version] begin.
    let mut head = None;
    let values = [
        ("DriverVer", format!("{},{}", with.date, with.version)),
        ("CatalogFile", with.catalog.to_owned()),
    ];
    let mut stamped = [false; 2];
    for (index, line) in text.lines().enumerate() {
        let line = line
            .replace("$ARCH$", with.architecture)
            .replace("$KMDFVERSION$", with.framework);
        check_variables(&line, index + 1)?;
        let code = code(&line).trim();
        if code.starts_with('[') {
            in_version = code.eq_ignore_ascii_case("[version]");
        }
        let found = values
            .iter()
            .position(|(name, _)| in_version && directive(code).eq_ignore_ascii_case(name));
        if let Some((at, (name, value))) = found.and_then(|at| Some((at, values.get(at)?))) {
            writeln!(inf, "{name:<11} = {value}")?;
            stamped[at] = true;
        } else {
            writeln!(inf, "{line}")?;
        }
        if in_version {
            head.get_or_insert(inf.len());
        }
    }
    let missing = values.iter().zip(stamped).filter(|(_, stamped)| !stamped);
    let missing: Vec<String> = missing
        .map(|((name, value), _)| format!("{name:<11} = {value}\n"))
        .collect();
    if !missing.is_empty() {
        let head = head.context("the text has no section [Version]")?;
        inf.insert_str(head, &missing.concat());
    }
    Ok(inf)
}

/// The part of a line before its comment. A semicolon in quotes begins none.
fn code(line: &str) -> &str {
    let mut quoted = false;
    for (at, character) in line.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ';' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

fn directive(code: &str) -> &str {
    code.split('=').next().unwrap_or_default().trim()
}

/// `$WINDOWS NT$` is the one text between dollar signs that stays.
fn check_variables(line: &str, number: usize) -> Result<()> {
    for name in code(line).split('$').skip(1).step_by(2) {
        if !matches!(name.to_ascii_uppercase().as_str(), "WINDOWS NT" | "CHICAGO") {
            bail!("line {number}: the variable ${name}$ is not one of $ARCH$ and $KMDFVERSION$");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp<'_> = Stamp {
        architecture: "amd64",
        framework: "1.33",
        date: "01/02/2026",
        version: "0.1.0.0",
        catalog: "x.cat",
    };

    #[test]
    fn variables_and_version_are_stamped() -> Result<()> {
        let inx = "[Version] ; head\nSignature = \"$WINDOWS NT$\"\nDriverVer = ; later\nCatalogFile = ; later\n[M]\nA = B,NT$ARCH$\nK = $KMDFVERSION$\n";
        let inf = "[Version] ; head\nSignature = \"$WINDOWS NT$\"\nDriverVer   = 01/02/2026,0.1.0.0\nCatalogFile = x.cat\n[M]\nA = B,NTamd64\nK = 1.33\n";
        assert_eq!(stamp(inx, STAMP)?, inf);
        Ok(())
    }

    #[test]
    fn comments_may_name_anything() -> Result<()> {
        let inx = "; $OTHER$ DriverVer\n[version]\nDriverVer=\ncatalogfile=\nText = \";\" ; $X$\n";
        assert!(stamp(inx, STAMP)?.contains("Text = \";\" ; $X$"));
        Ok(())
    }

    #[test]
    fn an_unknown_variable_is_refused_with_its_line() {
        let refused = stamp("[Version]\nDriverVer=\nA = $OTHER$\n", STAMP).map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err("line 3: the variable $OTHER$ is not one of $ARCH$ and $KMDFVERSION$".to_owned())
        );
    }

    #[test]
    fn what_the_version_section_lacks_is_added_to_it() -> Result<()> {
        let inx = "[Version]\nSignature = \"$Windows NT$\"\n[Other]\nDriverVer=kept\n";
        let inf = "[Version]\nDriverVer   = 01/02/2026,0.1.0.0\nCatalogFile = x.cat\nSignature = \"$Windows NT$\"\n[Other]\nDriverVer=kept\n";
        assert_eq!(stamp(inx, STAMP)?, inf);
        Ok(())
    }

    #[test]
    fn a_text_without_a_version_section_is_refused() {
        assert!(stamp("[Other]\nDriverVer=\n", STAMP).is_err());
    }
}
