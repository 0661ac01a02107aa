//! The kernel DLL: loaded with its first importer, unloaded with its last, beside its life as a Plug and Play driver.

use anyhow::{Context, Result, ensure};
use lab_tests::{
    Build, Lab, exit,
    script::{ADD_BUS, ADD_CHILD, FIRST_CHILD, PLUG_BUS, REMOVE_BUS, ioctl, query_interface},
};
use sample_interface::{GUID_SAMPLE_INTERFACE, IOCTL_CHILD_DOUBLE};

/// The list of exports, once.
const DEFINITIONS: &str = include_str!("../../../sample.def");

/// What the classic's log has, in order.
const CLASSIC: [&str; 7] = [
    "SAMPLE: DllInitialize(",
    "HELPER.SYS: entering DriverEntry",
    "before is 19",
    "SampleDouble: 19",
    "after is 38",
    "HELPER.SYS: unloading",
    "SAMPLE: DllUnload",
];

fn create(helper: &str) -> String {
    format!("sc create {helper} binPath= {helper}.sys type= kernel")
}

#[test]
fn each_helper_reads_like_the_classic() -> Result<()> {
    for helper in ["helper-c", "helper", "helper-cpp"] {
        let lines = [
            create(helper),
            format!("net start {helper}"),
            format!("net stop {helper}"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let run = Lab::new(Build::Debug)?.run(&lines)?;
        run.passes().context(helper)?;
        run.says_in_order(&CLASSIC)?;
        Lab::new(Build::Release)?.run(&lines)?.passes().context(helper)?;
    }
    Ok(())
}

#[test]
fn an_image_with_two_importers_stays_until_both_are_gone() -> Result<()> {
    let (first, second) = (create("helper-c"), create("helper"));
    let run = Lab::new(Build::Debug)?.run(&[
        &first,
        &second,
        "net start helper-c",
        "net start helper",
        "net stop helper-c",
        "net stop helper",
    ])?;
    run.passes()?;
    run.says_in_order(&["DllInitialize(", "unloading", "unloading", "SAMPLE: DllUnload"])?;
    ensure!(
        run.count("DllInitialize(") == 1 && run.count("SAMPLE: DllUnload") == 1,
        "{}",
        run.output
    );
    Ok(())
}

#[test]
fn a_dll_that_becomes_a_driver_survives_the_last_importer() -> Result<()> {
    let helper = create("helper-c");
    let call = ioctl(FIRST_CHILD, IOCTL_CHILD_DOUBLE, &21_i32.to_le_bytes(), 4);
    let run = Lab::new(Build::Debug)?.run(&[
        &helper,
        "net start helper-c",
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        "net stop helper-c",
        &call,
        REMOVE_BUS,
    ])?;
    run.passes()?;
    run.says("STATUS_SUCCESS (0x00000000), 4 bytes: 2A 00 00 00")
}

#[test]
fn a_driver_that_becomes_a_dll_survives_its_last_device() -> Result<()> {
    let helper = create("helper-c");
    let run = Lab::new(Build::Debug)?.run(&[
        ADD_BUS,
        ADD_CHILD,
        PLUG_BUS,
        &helper,
        "net start helper-c",
        REMOVE_BUS,
        "net stop helper-c",
        "net start helper-c",
        "net stop helper-c",
    ])?;
    run.passes()?;
    run.says_in_order(&["before is 19", "before is 19", "before is 19", "before is 19"])
}

#[test]
fn the_table_and_the_export_are_one_routine() -> Result<()> {
    let query = query_interface(FIRST_CHILD, GUID_SAMPLE_INTERFACE, 40, 1);
    let run = Lab::new(Build::Debug)?.run(&[ADD_BUS, ADD_CHILD, PLUG_BUS, &query])?;
    run.passes()?;
    let offset = exported_offset(&Lab::new(Build::Debug)?.read("sample.sys")?)?;
    run.says(&format!("entry 0: sample.sys+{offset:#x} (SampleDouble)"))
}

/// Where the image's export directory says that `SampleDouble` is.
fn exported_offset(image: &[u8]) -> Result<u32> {
    let exports = exports(image)?;
    let export = exports.iter().find(|(name, _)| name == "SampleDouble");
    export
        .map(|(_, offset)| *offset)
        .context("sample.sys does not export SampleDouble")
}

/// Name and offset of each export.
fn exports(image: &[u8]) -> Result<Vec<(String, u32)>> {
    use object::read::pe::{ExportTarget, PeFile64};
    let file = PeFile64::parse(image)?;
    let table = file.export_table()?.context("the image has no exports")?;
    let named = table.exports()?.into_iter().filter_map(|export| {
        let ExportTarget::Address(offset) = export.target else {
            return None;
        };
        Some((String::from_utf8_lossy(export.name?).into_owned(), offset))
    });
    Ok(named.collect())
}

/// The lines of sample.def after EXPORTS: the name, and whether it is PRIVATE.
fn defined() -> Vec<(&'static str, bool)> {
    let (_, list) = DEFINITIONS.split_once("EXPORTS").unwrap_or_default();
    list.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.any(|word| word == "PRIVATE")))
        })
        .collect()
}

#[test]
fn the_image_exports_every_name_of_the_definition_file() -> Result<()> {
    for build in [Build::Debug, Build::Release] {
        let exports = exports(&Lab::new(build)?.read("sample.sys")?)?;
        for (name, _) in defined() {
            ensure!(
                exports.iter().any(|(exported, _)| exported == name),
                "sample.sys ({build:?}) does not export {name}"
            );
        }
    }
    Ok(())
}

#[test]
fn the_import_library_has_the_public_names_of_sample_sys_only() -> Result<()> {
    let public: Vec<(String, String)> = defined()
        .into_iter()
        .filter(|(_, private)| !private)
        .map(|(name, _)| (String::from("sample.sys"), name.to_owned()))
        .collect();
    for build in [Build::Debug, Build::Release] {
        ensure!(imported(&Lab::new(build)?.read("sample.lib")?)? == public);
    }
    Ok(())
}

/// Module and name of each import that a library offers. Its other members are the parts of the import directory.
fn imported(library: &[u8]) -> Result<Vec<(String, String)>> {
    use object::read::{archive::ArchiveFile, coff::ImportFile};
    let mut names = Vec::new();
    for member in ArchiveFile::parse(library)?.members() {
        if let Ok(import) = ImportFile::parse(member?.data(library)?) {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            names.push((text(import.dll()), text(import.symbol())));
        }
    }
    Ok(names)
}

#[test]
fn a_helper_in_rust_needs_no_framework() -> Result<()> {
    use object::read::pe::PeFile64;
    let image = Lab::new(Build::Debug)?.read("helper.sys")?;
    let file = PeFile64::parse(&*image)?;
    let table = file.import_table()?.context("helper.sys imports nothing")?;
    let mut descriptors = table.descriptors()?;
    let mut modules = Vec::new();
    while let Some(descriptor) = descriptors.next()? {
        let name = table.name(descriptor.name.get(object::LittleEndian))?;
        modules.push(String::from_utf8_lossy(name).to_lowercase());
    }
    ensure!(modules == ["ntoskrnl.exe", "sample.sys"], "{modules:?}");
    Ok(())
}

#[test]
fn what_cannot_start_says_why_and_the_script_goes_on() -> Result<()> {
    let lab = Lab::new(Build::Debug)?;
    std::fs::remove_file(lab.path("sample.sys"))?;
    let helper = create("helper-c");
    let run = lab.run(&[
        "net start nobody",
        "sc create gone binPath= gone.sys type= kernel",
        "net start gone",
        &helper,
        "net start helper-c",
        "sc query helper-c",
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says_in_order(&[
        "2185",
        "System error 2 has occurred",
        "sample.sys",
        "STATE              : 1  STOPPED",
    ])
}
