use std::path::Path;

use super::{Package, Place, Side};
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
[Install.NT.Services]
AddService = thing, 0x2, Thing_Service
[Install.NT.HW]
AddReg = Thing_HW
[Thing_HW]
HKR,,DeviceCharacteristics,0x10001,0x100
[Thing_Service]
ServiceBinary = %13%\thing.sys
AddReg = Thing_Parameters
[Thing_Parameters]
HKR,Parameters,Count,0x00010001,3
[Strings]
Us = "Us"
Device = "A thing"
"#;

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
    assert_eq!(model.service.as_deref(), Some("thing"));
    assert!(!model.has_wdf_section);
    assert_eq!(
        (
            model.services[0].binary.as_str(),
            model.services[0].registry[0].name.as_str()
        ),
        ("thing.sys", "Count")
    );
    assert_eq!(model.hardware[0].flags, 0x10001);
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
        ("[Install.NT]\n", "", "there is no install section [Install]"),
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
    assert_eq!((model.service.as_deref(), model.services.len()), (None, 1));
    let filter = &model.filters[0];
    assert_eq!(
        (filter.service.as_str(), &filter.place),
        ("thing", &Place::Position(Side::Lower))
    );
    let level = extension().replace("FilterPosition = Lower", "FilterLevel = Encryption");
    let level = self::package(&level).unwrap().models[0].filters[0].place.clone();
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
