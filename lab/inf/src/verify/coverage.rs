//! The page docs/inf-rules.md: each rule, and what `InfVerif` checks and this does not.

use std::fmt::Write as _;

use super::rule::{Mode, Rule, Severity, Source};
use super::rules;

/// Numbers of `InfVerif` that no rule has: what they are about, and why.
const NOT_COVERED: &[(&str, &[u16], &str)] = &[
    (
        "the command line: a missing file, the provider that `/provider` names, the summary of skipped checks",
        &[1000, 1210, 1299],
        "not about an INF",
    ),
    (
        "keys, paths and values of directives in general",
        &[1013, 1015, 1016, 1078, 1080, 1082, 1085, 1086, 1201, 1229, 1260],
        "which directives they are for is not documented",
    ),
    (
        "reserved names of services and filter levels, unique service names",
        &[1017, 1020, 1021, 1022, 1293],
        "the names are not documented",
    ),
    ("a second GUID of a directive", &[1019], "no rule yet"),
    (
        "descriptors, directives and flags that do not go with DIRID 13",
        &[1101, 1102, 1103],
        "which they are is not documented",
    ),
    (
        "device software, components, COM classes, event channels, WMI",
        &[1141, 1142, 1144, 1150, 1160, 1180, 1181, 1182, 1256, 1325],
        "the lab installs none of these",
    ),
    (
        "`Include` and `Needs`: INF files of Windows",
        &[
            1202, 1220, 1310, 1311, 1312, 1313, 1314, 1316, 1317, 1318, 1319, 2008,
        ],
        "those files are not here",
    ),
    (
        "directives for INF files of Microsoft only",
        &[1207, 1208],
        "which they are is not documented",
    ),
    (
        "registry: keys, types and names with a meaning to Windows, paths in data",
        &[
            1223, 1225, 1226, 1257, 1258, 1262, 1263, 1264, 1266, 1292, 1326, 1328, 1430, 1431,
        ],
        "no rule yet; for some the names and types are not documented",
    ),
    (
        "directory identifiers that the INF defines or that are withdrawn",
        &[1241, 1242, 1340, 1341],
        "which are withdrawn is not documented",
    ),
    ("`FeatureScore`, `DeviceInstall32`", &[1245, 1270], "no rule yet"),
    (
        "services: settings that do not go together, quoting of paths",
        &[1252, 1254],
        "which they are is not documented",
    ),
    (
        "other legacy operations",
        &[1302, 1307, 1450, 2004, 2009],
        "the ones documented have the rules legacy-directive and not-additive",
    ),
    (
        "the same key, value or service set differently by two install sections",
        &[1331, 1332, 1333],
        "no rule yet",
    ),
    (
        "directives that an extension INF may not have",
        &[1382],
        "which they are is not documented",
    ),
    ("UMDF", &[1400, 1401, 1402], "the lab has no UMDF"),
    (
        "other reasons why an INF is not primitive",
        &[1420, 1423],
        "the ones documented have the rules primitive-architecture and device-and-primitive",
    ),
    (
        "shims: old patterns that Windows replaces",
        &[2090, 2091, 2092, 2093],
        "they are not documented",
    ),
    (
        "network, display, camera and audio drivers",
        &[
            2400, 2402, 2403, 2405, 2411, 2412, 2413, 2414, 2415, 2416, 2417, 2418, 2419, 2420, 2500, 2501,
            2600, 2601, 2602, 2603, 2650, 2651, 2652, 2660, 2661, 2662, 2663,
        ],
        "for those classes only",
    ),
];

const LEARN: &str = "https://learn.microsoft.com/windows-hardware/drivers/";

/// The page, as Markdown.
#[must_use]
pub fn page() -> String {
    let numbered = rules::ALL.iter().filter_map(number).count();
    let missing: usize = NOT_COVERED.iter().map(|(_, numbers, _)| numbers.len()).sum();
    let mut page = format!(
        "# INF rules\n\n\
         What `cargo xtask infverif` checks: {} rules, {numbered} of them with the number that `InfVerif` has for them. \
         `InfVerif` itself did not run here; numbers and weights are those of its documentation (WDK 10.0.26200), and {missing} of its numbers \
         are not covered.\n\
         Written by `cargo xtask inf-rules`; the test compares it with lab/inf/src/verify/rules.rs.\n\n\
         | rule | InfVerif or source | /w | /u | what breaks it |\n| --- | --- | --- | --- | --- |\n",
        rules::ALL.len(),
    );
    for rule in rules::ALL {
        let weight = |mode| rule.severity(mode).map_or("", word);
        let (windows, universal) = (weight(Mode::Windows), weight(Mode::Universal));
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "| {} | {} | {windows} | {universal} |{} |",
            rule.id,
            source(rule),
            rule.text
        );
    }
    page += "\n## Not covered\n\n| what | InfVerif | why |\n| --- | --- | --- |\n";
    for (what, numbers, why) in NOT_COVERED {
        let numbers: Vec<_> = numbers.iter().map(u16::to_string).collect();
        let _ = writeln!(page, "| {what} | {} | {why} |", numbers.join(", "));
    }
    page
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

const fn number(rule: &Rule) -> Option<u16> {
    match rule.source {
        Source::InfVerif(number) => Some(number),
        Source::Page(_) => None,
    }
}

fn source(rule: &Rule) -> String {
    match rule.source {
        Source::InfVerif(number) => {
            format!("[{number}]({LEARN}devtest/inf-validation-errors-and-warnings#{number})")
        }
        Source::Page(page) => {
            let name = page.rsplit('/').next().unwrap_or(page);
            format!("[{name}]({LEARN}{page})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NOT_COVERED, number, rules};

    /// The page "INF Validation Errors and Warnings" has so many numbers.
    const DOCUMENTED: usize = 202;

    #[test]
    fn every_number_of_the_documentation_stands_in_one_of_the_tables() {
        let covered = rules::ALL.iter().filter_map(number);
        let missing = NOT_COVERED.iter().flat_map(|(_, numbers, _)| *numbers).copied();
        let mut numbers: Vec<_> = covered.chain(missing).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
        assert_eq!(numbers.len(), DOCUMENTED);
    }
}
