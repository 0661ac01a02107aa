//! For each rule an INF that breaks it, made by one edit of one that breaks none.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::{Finding, Mode, Severity, rules, verify_bytes};

/// A bus package with everything that the rules look at.
const DEVICE: &str = include_str!("tests/device.inf");
/// An extension INF with a filter.
const EXTENSION: &str = include_str!("tests/extension.inf");
/// A primitive driver.
const PRIMITIVE: &str = include_str!("tests/primitive.inf");
/// A universal package: DIRID 12.
const UNIVERSAL: &str = include_str!("tests/universal.inf");

/// Rule, base, the text that is replaced, and by what.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("syntax", DEVICE, "[Manufacturer]", "[Manufacturer"),
    ("encoding", DEVICE, "A thing", "Ein D\u{fc}ng"),
    ("undefined-string", DEVICE, "%Device% = Thing", "%Gadget% = Thing"),
    ("duplicate-entry", DEVICE, "[Strings]", "[Strings]\nDisk = \"Other\""),
    ("strings-differ", DEVICE, "[Strings]", "[Strings.0407]\nDisk = \"x\"\n[Strings]"),
    ("section-twice", DEVICE, "[Strings]", "[Thing_HW]\n[Strings]"),
    ("unstamped-arch", DEVICE, "Thing.NT.HW]", "Thing.NT$ARCH$.HW]"),
    ("unstamped-version", DEVICE, "1.33", "$KMDFVERSION$"),
    ("signature", DEVICE, "$Windows NT$", "Linux"),
    ("version-directive", DEVICE, "Provider = %Us%\n", ""),
    ("catalog-missing", DEVICE, "CatalogFile = thing.cat\n", ""),
    ("catalog-name", DEVICE, "CatalogFile = thing.cat", "CatalogFile = thing"),
    ("catalog-listed", DEVICE, "thing.sys = 1", "thing.sys = 1\nthing.cat = 1"),
    ("class-guid-form", DEVICE, "{4d36e97d-e325", "{4d36e97d+e325"),
    ("class-name", DEVICE, "Class = System", "Class = Keyboard"),
    ("class-guid", DEVICE, "{4d36e97d-e325", "{00000000-e325"),
    ("class-reserved", DEVICE, SYSTEM, "Class = Sample\nClassGuid = {78A1C341-4539-11d3-B88D-00C04FAD5171}"),
    ("class-long", DEVICE, "Class = System", "Class = AnythingThatHasMoreThanThirtyOneCharacters"),
    ("class-install", DEVICE, "[Strings]", "[ClassInstall32]\nAddReg = Thing_HW\n[Strings]"),
    ("provider-microsoft", DEVICE, "Us = \"Us\"", "Us = \"Microsoft\""),
    ("driver-version", DEVICE, "2026,1.0.0.0", "2026,1.0.0"),
    ("driver-version", DEVICE, "2026,1.0.0.0", "2026,0.0.0.0"),
    ("driver-version", DEVICE, "2026,1.0.0.0", "2026,1.0.0.70000"),
    ("driver-date", DEVICE, "11/21/2026", "21/11/2026"),
    ("driver-date", DEVICE, "11/21/2026", "1/1/26"),
    ("pnp-lockdown", DEVICE, "PnpLockdown = 1\n", ""),
    ("extension-id-missing", EXTENSION, "ExtensionId = {12345678-1234-1234-1234-123456789abc}\n", ""),
    ("extension-id", EXTENSION, "{12345678-1234", "{12345678"),
    ("section-not-found", DEVICE, "AddReg = Thing_HW", "AddReg = Other_HW"),
    ("section-not-found", DEVICE, "[Models.NTamd64", "[Other.NTamd64"),
    ("section-name-missing", DEVICE, "KmdfService = thing, Thing_wdf", "KmdfService = thing"),
    ("value-missing", DEVICE, "CopyFiles = Thing_Files", "CopyFiles ="),
    ("section-shared", DEVICE, "CopyFiles = Thing_Files", "CopyFiles = Thing_Files\nAddProperty = One\nAddPowerSetting = One\n[One]"),
    ("section-kind", DEVICE, "AddReg = Thing_HW", "AddReg = Thing_HW, Thing_Files"),
    ("unknown-directive", DEVICE, "CopyFiles =", "CopyFile ="),
    ("unknown-directive", DEVICE, "DisplayName =", "Displayname2 ="),
    ("directive-twice", DEVICE, "StartType = 3", "StartType = 3\nStartType = 0"),
    ("section-unused", DEVICE, "[Strings]", "[Forgotten]\nHKR,,a,,b\n[Strings]"),
    ("legacy-section", DEVICE, "[Strings]", "[Thing.NT.CoInstallers]\nCopyFiles = x\n[Strings]"),
    ("legacy-directive", DEVICE, "CopyFiles = Thing_Files", "CopyFiles = Thing_Files\nRegisterDlls = x"),
    ("not-additive", DEVICE, "CopyFiles = Thing_Files", "CopyFiles = Thing_Files\nDelFiles = x"),
    ("needs-without-include", DEVICE, "CopyFiles = Thing_Files", "CopyFiles = Thing_Files\nNeeds = Other.NT"),
    ("models-name", DEVICE, "%Us% = Models,", "%Us% = ,"),
    ("target-decoration", DEVICE, "NTamd64.10.0...16299\n\n", "NTmips\n\n"),
    ("target-build", DEVICE, "16299", "14000"),
    ("target-product", DEVICE, "10.0...16299", "10.0.1..16299"),
    ("target-architecture", DEVICE, "NTamd64", "NT"),
    ("install-name", DEVICE, "%Device% = Thing, root\\Thing", "%Device% = ,root\\Thing"),
    ("install-not-found", DEVICE, "%Device% = Thing,", "%Device% = Other,"),
    ("no-hardware-id", DEVICE, "%Device% = Thing, root\\Thing", "%Device% = Thing"),
    ("device-and-primitive", DEVICE, "[Strings]", "[DefaultInstall.NTamd64]\n[Strings]"),
    ("nothing-installed", DEVICE, "[Manufacturer]", "[Maker]"),
    ("no-service", DEVICE, "AddService = thing, 0x2,", "AddService = thing,,"),
    ("no-service", DEVICE, "[Thing.NT.Services]", "[Thing.Services]"),
    ("os-version", DEVICE, "16299", "15063"),
    ("os-version", EXTENSION, "18362", "17763"),
    ("primitive-architecture", PRIMITIVE, "[DefaultInstall.NTamd64", "[DefaultInstall"),
    ("primitive-uninstall", PRIMITIVE, "LegacyUninstall = 1\n", ""),
    ("source-missing", DEVICE, "[Thing_Files]\n", "[Thing_Files]\nother.sys\n"),
    ("source-missing", PRIMITIVE, "CopyFiles = @tool.sys", "CopyFiles = @other.sys"),
    ("source-unused", DEVICE, "thing.sys = 1", "thing.sys = 1\nother.sys = 1"),
    ("disk-id", DEVICE, "thing.sys = 1", "thing.sys = one"),
    ("disk-missing", DEVICE, "thing.sys = 1", "thing.sys = 2"),
    ("source-compressed", DEVICE, "thing.sys = 1", "thing.sys = 1\nthing.sy_ = 1"),
    ("destination-missing", DEVICE, "DefaultDestDir = 13\n", ""),
    ("destination-dirid", DEVICE, "DefaultDestDir = 13", "DefaultDestDir = drivers"),
    ("destination-not-isolated", DEVICE, "DefaultDestDir = 13", "DefaultDestDir = 12"),
    ("destination-not-system", UNIVERSAL, "DefaultDestDir = 12", "DefaultDestDir = 24"),
    ("destination-not-system", UNIVERSAL, "DefaultDestDir = 12", "DefaultDestDir = 10"),
    ("store-rename", DEVICE, "[Thing_Files]\nthing.sys", "[Thing_Files]\nother.sys, thing.sys"),
    ("store-rename", DEVICE, "thing.sys = 1", "thing.sys = 1, x64"),
    ("destination-twice", UNIVERSAL, "[Thing_Files]\n", "[Thing_Files]\none.sys, two.sys\n"),
    ("copy-inf", DEVICE, "CopyFiles = Thing_Files", "CopyFiles = Thing_Files\nCopyINF = x.sys"),
    ("two-function-drivers", DEVICE, "AddService = thing,", "AddService = other, 2, Thing_Service\nAddService = thing,"),
    ("service-not-found", DEVICE, "[Thing_Service]", "[Service]"),
    ("service-directive", DEVICE, "ErrorControl = 1\n", ""),
    ("service-value", DEVICE, "StartType = 3", "StartType = 5"),
    ("service-value", DEVICE, "ServiceType = 1", "ServiceType = kernel"),
    ("directive-flags", DEVICE, "AddService = thing, 0x2", "AddService = thing, 0x80000002"),
    ("directive-flags", EXTENSION, "AddFilter = filter,,", "AddFilter = filter,1,"),
    ("service-disabled", DEVICE, "StartType = 3", "StartType = 4"),
    ("service-start", DEVICE, "StartType = 3", "StartType = 2"),
    ("service-unnamed", DEVICE, "AddService = thing,", "AddService = ,"),
    ("service-name", DEVICE, "AddService = thing, 0x2", "AddService = ,"),
    ("binary-path", DEVICE, "%13%\\thing.sys", "thing.sys"),
    ("binary-not-copied", DEVICE, "%13%\\thing.sys", "%13%\\other.sys"),
    ("binary-not-copied", DEVICE, "%13%\\thing.sys", "%12%\\thing.sys"),
    ("event-log", DEVICE, "Thing_Service\n", "Thing_Service, Log, Mine\n[Log]\nAddReg = Thing_HW\n"),
    ("extension-function-driver", EXTENSION, "AddService = filter,,", "AddService = filter, 2,"),
    ("wdf-section", DEVICE, "[Thing.NT.Wdf]", "[Thing.Wdf]"),
    ("wdf-service", DEVICE, "KmdfService = thing", "KmdfService = other"),
    ("wdf-version-missing", DEVICE, "KmdfLibraryVersion = 1.33\n", ""),
    ("wdf-version", DEVICE, "KmdfLibraryVersion = 1.33", "KmdfLibraryVersion = 33"),
    ("registry-root", DEVICE, "HKR,, Security", "HKXX,, Security"),
    ("key-not-isolated", DEVICE, "HKR,, Security", "HKLM, Software\\Us\nHKR,, Security"),
    ("value-not-isolated", DEVICE, "HKR,, Security", "HKLM, Software\\Us, Security"),
    ("key-not-relative", UNIVERSAL, "HKCR, Thing", "HKLM, Software\\Us"),
    ("control-set", DEVICE, "HKR,, Security", "HKLM, System\\ControlSet001\\Services\\x, Security"),
    ("service-parameters", DEVICE, "HKR, Parameters, Count", "HKR,, Count"),
    ("co-installer", DEVICE, "HKR,, Security", "HKR,, CoInstallers32"),
    ("multi-string-append", DEVICE, "[Thing_HW]", "[Thing_HW]\nHKR,, List, 0x00010008, one"),
    ("append-type", DEVICE, "[Thing_HW]", "[Thing_HW]\nHKR,, List, 8, one"),
    ("registry-delete", DEVICE, "[Thing_HW]", "[Thing_HW]\nHKR,, List, 4"),
    ("registry-number", DEVICE, "0x10001, 0x100", "0x10001, many"),
    ("registry-number", DEVICE, "0x10001, 0x100", "REG_DWORD, 0x100"),
    ("registry-binary", DEVICE, "[Thing_HW]", "[Thing_HW]\nHKR,, Bytes, 1, 0A, 100"),
    ("filter-by-registry", DEVICE, "[Thing_HW]", "[Thing_HW]\nHKR,, UpperFilters, 0x10000, x"),
    ("extension-filter", EXTENSION, "[Filter_HW]", "[Filter_HW]\nHKR,, LowerFilters, 0x10000, x"),
    ("filter-both", EXTENSION, "FilterPosition = Upper", "FilterLevel = A\nFilterPosition = Upper"),
    ("filter-neither", EXTENSION, "FilterPosition = Upper\n", ""),
    ("filter-position", EXTENSION, "FilterPosition = Upper", "FilterPosition = Top"),
    ("filter-service", EXTENSION, "AddFilter = filter", "AddFilter = other"),
    ("extension-levels", EXTENSION, "[Filter_HW]", "[Filter_HW]\nHKR,, UpperFilterLevels, 0x10000, x"),
];

/// The class of the bus package.
const SYSTEM: &str = "Class = System\nClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}";

/// What a base is held to.
fn mode(base: &str) -> Mode {
    if base == UNIVERSAL {
        Mode::Universal
    } else {
        Mode::Windows
    }
}

fn findings(text: &str, mode: Mode) -> Vec<Finding> {
    verify_bytes(Path::new("x.inf"), text.as_bytes(), Some(mode))
}

fn edited((rule, base, cut, with): &Case) -> String {
    assert!(base.contains(cut), "{rule}: the base has no {cut:?}");
    base.replace(cut, with)
}

#[test]
fn the_bases_break_no_rule() {
    for base in [DEVICE, EXTENSION, PRIMITIVE, UNIVERSAL] {
        let found: Vec<_> = findings(base, mode(base))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn each_edit_breaks_its_rule_with_the_rules_weight() {
    for case in CASES {
        let (rule, base, ..) = case;
        let mode = mode(base);
        let found = findings(&edited(case), mode);
        let Some(finding) = found.iter().find(|finding| finding.rule.id == *rule) else {
            panic!("{rule} is not among {found:#?}");
        };
        assert_eq!(Some(finding.severity), finding.rule.severity(mode), "{rule}");
    }
}

#[test]
fn every_rule_has_an_edit_that_breaks_it() {
    let without: Vec<_> = rules::ALL
        .iter()
        .filter(|rule| !CASES.iter().any(|(id, ..)| *id == rule.id))
        .map(|rule| rule.id)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn findings_read_as_expected() {
    let mut text = String::new();
    for case in CASES {
        let (rule, _, cut, with) = case;
        writeln!(text, "{rule}: {cut:?} becomes {with:?}").unwrap();
        for finding in findings(&edited(case), mode(case.1)) {
            writeln!(text, "  {finding}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_windows_only_warns_of_is_no_error() {
    let text = DEVICE.replace("[Strings]", "[Forgotten]\n[Strings]");
    let found = findings(&text, Mode::Windows);
    assert!(found.iter().all(|finding| finding.severity == Severity::Warning));
}

#[test]
fn isolation_is_asked_for_with_w_only() {
    let text = DEVICE.replace("= 13", "= 12").replace("%13%", "%12%");
    assert!(findings(&text, Mode::Universal).is_empty());
    assert!(!findings(&text, Mode::Windows).is_empty());
    let rules = |mode| verify_bytes(Path::new("x.inf"), text.as_bytes(), mode).len();
    assert_eq!(rules(None), 0, "the INF is universal by its destination");
}

#[test]
fn bad_files_are_findings_too() {
    for (bytes, rule, line) in [
        (&b""[..], "signature", 0),
        (b"[Version]\nx = \xFF\n", "encoding", 2),
        (b"[Version]\n\n= 1\n", "syntax", 3),
    ] {
        let found = verify_bytes(Path::new("x.inf"), bytes, None);
        assert!(
            found
                .iter()
                .any(|finding| (finding.rule.id, finding.line) == (rule, line)),
            "{found:#?}"
        );
    }
}

#[test]
fn a_large_file_is_checked() {
    let entries: String = (0..50_000).fold(String::new(), |mut text, number| {
        writeln!(text, "HKR,, Value{number},, x\n[Section{number}]").unwrap();
        text
    });
    let text = DEVICE.replace("[Strings]", &format!("[Forgotten]\n{entries}\n[Strings]"));
    assert_eq!(findings(&text, Mode::Windows).len(), 50_001);
}

proptest! {
    #[test]
    fn no_change_of_a_base_makes_it_panic(
        which in 0..4_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..30_usize, "[\\[\\]\"%,;=\\.\n aN1]{0,3}"), 1..8),
    ) {
        let mut text = [DEVICE, EXTENSION, PRIMITIVE, UNIVERSAL][which].to_owned();
        for (at, length, with) in edits {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.replace_range(at..end, &with);
        }
        let _ = findings(&text, Mode::Windows);
    }
}
