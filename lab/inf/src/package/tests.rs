use std::path::Path;

use super::{Directory, Package, Place, Side, Target};
use crate::{Inf, InfError};

const GOOD: &str = r#"
[Version]
Signature = "$Windows NT$"
Class = System
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}
Provider = %Us%
DriverVer = 11/21/2026,1.0.0.0
[Manufacturer]
%Us% = Models, NTamd64.10.0...16299
[Models.NTamd64.10.0...16299]
%Device% = Install, root\Thing, root\AnyThing
[Install.NT]
CopyFiles = Drivers
[Drivers]
helper.sys, help.sys
[Install.NT.Services]
AddService = thing, 0x2, Thing_Service
[Install.NT.HW]
AddReg = Thing_HW
[Thing_HW]
HKR,,DeviceCharacteristics,0x10001,0x100
[Thing_Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\sub\thing.sys
AddReg = Thing_Parameters
[Thing_Parameters]
HKR,Parameters,Count,0x00010001,3
[SourceDisksNames]
1 = Disk,,,sub
[SourceDisksFiles]
thing.sys = 1
help.sys = 1, deeper
[DestinationDirs]
DefaultDestDir = 13
Drivers = 12
[Strings]
Us = "Us"
Device = "A thing"
"#;

fn drivers(path: &str) -> Target {
    Target {
        directory: Directory::Drivers,
        path: path.to_owned(),
    }
}

fn package(text: &str) -> Result<Package, InfError> {
    Package::of(&Inf::parse(Path::new("x.inf"), text.as_bytes())?)
}

#[test]
fn a_package_is_read_with_its_models_services_and_registry() {
    let package = package(GOOD).unwrap();
    assert_eq!(
        (package.provider.as_str(), package.class.as_str()),
        ("Us", "System")
    );
    let [model] = package.models.as_slice() else {
        panic!("one model")
    };
    assert_eq!(model.ids, [r"root\Thing", r"root\AnyThing"]);
    let install = &model.install;
    assert_eq!(install.service(), Some("thing"));
    assert_eq!(install.services[0].registry[0].name, "Count");
    assert_eq!(install.hardware[0].flags, 0x10001);
    assert!(install.wdf.is_empty());
    assert_eq!(package.warnings, []);
}

#[test]
fn files_go_from_the_folder_of_the_inf_into_the_store_and_from_there() {
    let package = package(GOOD).unwrap();
    let sources: Vec<_> = package
        .sources
        .iter()
        .map(|source| source.path.display().to_string())
        .collect();
    assert_eq!(sources, ["sub/thing.sys", "sub/deeper/help.sys"]);
    let install = &package.models[0].install;
    let copied = &install.files[0];
    assert_eq!(
        (copied.source.as_str(), &copied.target),
        ("help.sys", &drivers("helper.sys"))
    );
    assert_eq!(install.services[0].binary.directory, Directory::Store);
}

#[test]
fn what_is_missing_is_named() {
    for (cut, with, reason) in [
        ("[Version]", "[Versio]", "there is no [Version] section"),
        (
            "$Windows NT$",
            "Linux",
            "Signature is \"Linux\" and must be \"$Windows NT$\"",
        ),
        (
            "[Models.NTamd64.10.0...16299]",
            "[Other]",
            "there is no models section [Models.NTamd64.10.0...16299]",
        ),
        ("[Install.NT]\n", "[X]\n", "there is no install section [Install]"),
        (
            "[Thing_Service]",
            "[Service]",
            "there is no service-install section [Thing_Service]",
        ),
        ("0x2, Thing", "two, Thing", "\"two\" is no number"),
        ("[Thing_HW]", "[X]", "there is no AddReg section [Thing_HW]"),
    ] {
        assert_eq!(package(&GOOD.replacen(cut, with, 1)).unwrap_err().reason, reason);
    }
}

#[test]
fn two_function_drivers_are_refused_with_the_second_line() {
    let text = GOOD.replace(
        "AddService = thing",
        "AddService = other, 0x2, Thing_Service\nAddService = thing",
    );
    let error = package(&text).unwrap_err();
    assert_eq!(
        error.reason,
        "a second AddService has the flag SPSVCINST_ASSOCSERVICE (0x2)"
    );
}

/// [`GOOD`] as an extension INF with one filter.
fn extension() -> String {
    GOOD.replace("Class = System", "Class = Extension\nExtensionId = {0F1E}")
        .replace(
            "{4d36e97d-e325-11ce-bfc1-08002be10318}",
            "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}",
        )
        .replace("thing, 0x2, Thing_Service", "thing,, Thing_Service")
        + "[Install.NT.Filters]\nAddFilter = thing,, Place\n[Place]\nFilterPosition = Lower\n"
}

#[test]
fn an_extension_has_its_id_and_its_filters() {
    let package = package(&extension()).unwrap();
    assert_eq!(package.extension_id.as_deref(), Some("{0f1e}"));
    let model = &package.models[0];
    assert_eq!((model.install.service(), model.install.services.len()), (None, 1));
    let filter = &model.install.filters[0];
    assert_eq!(
        (filter.service.as_str(), &filter.place),
        ("thing", &Place::Position(Side::Lower))
    );
    let level = extension().replace("FilterPosition = Lower", "FilterLevel = Encryption");
    let level = self::package(&level).unwrap().models[0].install.filters[0]
        .place
        .clone();
    assert_eq!(level, Place::Level(String::from("Encryption")));
}

#[test]
fn what_is_wrong_with_an_extension_or_filter_is_named() {
    for (cut, with, reason) in [
        (
            "ExtensionId = {0F1E}",
            "",
            "the class Extension needs an ExtensionId",
        ),
        (
            "thing,, Thing_Service",
            "thing,0x2,Thing_Service",
            "an extension INF has no function driver: SPSVCINST_ASSOCSERVICE (0x2) is for base packages",
        ),
        ("thing,, Place", ",, Place", "AddFilter names no service"),
        (
            "thing,, Place",
            "thing,2,Place",
            "the flags of AddFilter are \"2\" and must be 0",
        ),
        ("[Place]", "[There]", "there is no filter-install section [Place]"),
        (
            "= Lower",
            "= Below",
            "FilterPosition is \"below\" and must be Upper or Lower",
        ),
        (
            "FilterPosition = Lower",
            "",
            "[Place] has neither FilterLevel nor FilterPosition",
        ),
        (
            "FilterPosition = Lower",
            "FilterPosition = Lower\nFilterLevel = A",
            "[Place] has both FilterLevel and FilterPosition",
        ),
        (
            "97454ca4cb57",
            "97454ca4cb58",
            "Class is \"Extension\" and ClassGuid \"{e2f84ce7-8efa-411c-aa69-97454ca4cb58}\", but the class Extension has \
             {e2f84ce7-8efa-411c-aa69-97454ca4cb57}",
        ),
    ] {
        assert_eq!(
            package(&extension().replacen(cut, with, 1)).unwrap_err().reason,
            reason
        );
    }
}

#[test]
fn what_is_wrong_with_files_is_named() {
    for (cut, with, reason) in [
        (
            "1 = Disk",
            "2 = Disk",
            "thing.sys is on disk \"1\", which is not in [SourceDisksNames]",
        ),
        (
            "help.sys = 1",
            "other.sys = 1",
            "CopyFiles names help.sys, which is not in [SourceDisksFiles]",
        ),
        ("[Drivers]\n", "[X]\n", "there is no file-list section [Drivers]"),
        (
            "Drivers = 12",
            "Drivers = 11",
            "the directory %11% is not modelled; there are 12 (System32\\drivers) and 13 (the driver store)",
        ),
        (
            "Drivers = 12",
            "",
            "help.sys goes to helper.sys in the driver store (dirid 13), where a file stays as it came: sub\\deeper\\help.sys",
        ),
        (
            "%13%\\sub",
            "%13%\\elsewhere",
            "ServiceBinary names elsewhere\\thing.sys in the driver store (dirid 13), which is not in [SourceDisksFiles]",
        ),
        (
            "%13%\\sub",
            "C:",
            "ServiceBinary is \"C:\\\\thing.sys\" and must be such as %13%\\name.sys",
        ),
        (
            "1, deeper",
            "1, ..",
            "help.sys does not lie in the folder of the INF or below",
        ),
        ("StartType = 3", "", "[Thing_Service] has no StartType"),
        (
            "NTamd64.10.0...16299]",
            "NTx86]",
            "there is no models section [Models.NTamd64.10.0...16299]",
        ),
        (
            "NTamd64.10.0...16299\n",
            "NTx86\n",
            "the INF does not contain a model for this platform (NTamd64)",
        ),
        (
            "[Manufacturer]",
            "[X]",
            "there is neither a [Manufacturer] section nor a [DefaultInstall.NTamd64] section",
        ),
    ] {
        assert_eq!(package(&GOOD.replacen(cut, with, 1)).unwrap_err().reason, reason);
    }
}

#[test]
fn the_models_of_the_highest_version_for_this_machine_count() {
    let text = GOOD.replace(
        "Models, NTamd64.10.0...16299",
        "Models, NTx86, NT, NTamd64.10.0...22000, NTamd64.10.0...16299",
    ) + "[Models.NTamd64.10.0...22000]\n\"New\" = Install, root\\New\n";
    assert_eq!(package(&text).unwrap().models[0].description, "New");
}

#[test]
fn what_windows_ignores_is_a_warning_with_its_line() {
    let text = GOOD.replace(
        "CopyFiles = Drivers",
        "CopyFiles = Drivers\nCopyFile = x\nInclude = machine.inf",
    ) + "[Install.NT.Wdf]\nKmdfService = other, Wdf\n[Wdf]\nKmdfLibraryVersion = 1.33\n";
    let warnings = package(&text).unwrap().warnings;
    let texts: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "x.inf:14: CopyFile in [Install.NT] is no directive of that section, and Windows ignores it",
            "x.inf:15: Include in [Install.NT] is not modelled",
            "x.inf:46: KmdfService in [Install.NT.Wdf] names other, which no AddService installs"
        ]
    );
}

const PRIMITIVE: &str = r#"[Version]
Signature = "$Windows NT$"
Class = System
ClassGuid = {4d36e97d-e325-11ce-bfc1-08002be10318}
Provider = Us
[SourceDisksNames]
1 = Disk
[SourceDisksFiles]
thing.sys = 1
[DestinationDirs]
DefaultDestDir = 12
[DefaultInstall.NTamd64]
CopyFiles = @thing.sys
[DefaultInstall.NTamd64.Services]
AddService = thing,, Service
[Service]
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %12%\thing.sys
[DefaultUninstall.NTamd64]
LegacyUninstall = 1
"#;

#[test]
fn a_primitive_package_has_files_and_services_and_no_models() {
    let package = package(PRIMITIVE).unwrap();
    assert!(package.models.is_empty());
    let install = package.primitive.unwrap();
    assert_eq!(install.files[0].target, drivers("thing.sys"));
    assert_eq!(install.services[0].binary, drivers("thing.sys"));
}

#[test]
fn what_is_wrong_with_a_primitive_package_is_named() {
    for (cut, with, reason) in [
        (
            "[DefaultInstall.NTamd64]",
            "[DefaultInstall]",
            "[DefaultInstall] needs the decoration of its platform: [DefaultInstall.NTamd64]",
        ),
        (
            "[DefaultInstall.NTamd64]",
            "[DefaultInstall.NTx86]",
            "the INF does not contain a [DefaultInstall] for this platform (NTamd64)",
        ),
        (
            "LegacyUninstall = 1",
            "",
            "a primitive package has no [DefaultUninstall], unless that says LegacyUninstall = 1",
        ),
        (
            "[SourceDisksNames]",
            "[Manufacturer]\n[SourceDisksNames]",
            "a package with [DefaultInstall.NTamd64] is a primitive one and has no [Manufacturer]",
        ),
        (
            "thing,, Service",
            "thing, 2, Service",
            "a primitive package has no function driver: SPSVCINST_ASSOCSERVICE (0x2) is for devices",
        ),
    ] {
        assert_eq!(
            package(&PRIMITIVE.replacen(cut, with, 1)).unwrap_err().reason,
            reason
        );
    }
}

#[test]
fn a_hundred_thousand_lines_are_read_in_no_time() {
    let many = (0..100_000).fold(GOOD.to_owned(), |text, at| text + &format!("key{at} = value\n"));
    let start = std::time::Instant::now();
    assert!(package(&many).is_ok());
    assert!(
        start.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn an_empty_file_has_no_version() {
    assert_eq!(package("").unwrap_err().reason, "there is no [Version] section");
}

#[test]
fn whatever_is_cut_out_or_exchanged_gives_a_package_or_an_error() {
    let texts = [GOOD.to_owned(), extension(), PRIMITIVE.to_owned()];
    for text in &texts {
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let mut without = lines.clone();
            without.remove(at);
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            let mut exchanged = lines.clone();
            exchanged.swap(at, (at * 7 + 3) % lines.len());
            for variant in [without, twice, exchanged] {
                let _either = package(&variant.join("\n"));
            }
        }
        for end in text.char_indices().map(|(end, _)| end) {
            let _either = package(&text[..end]);
        }
    }
}
