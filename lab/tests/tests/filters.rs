//! Stacks: lower filters, function driver and upper filters in order, whoever put the filters there.

use anyhow::{Result, ensure};
use lab_tests::{
    Build, Lab, exit, inf,
    script::{FIRST_CHILD, REMOVE_BUS, SECOND_CHILD, TREE, started},
};

const ID: &str = r"root\Stack";
const DEVICE: &str = r"ROOT\STACK\0000";
const PLUG: &str = r"devgen /add /hardwareid root\Stack";
const ADD_BASE: &str = "pnputil /add-driver base.inf /install";
const ADD_UPPER: &str = "pnputil /add-driver upper.inf /install";
const ADD_LOWER: &str = "pnputil /add-driver lower.inf /install";
const REMOVE: &str = r"pnputil /remove-device ROOT\STACK\0000";
const WHOLE_STACK: &str = "drivers: upper.sys [upper filter] > base.sys > lower.sys [lower filter] (oem0.inf, oem1.inf, oem2.inf)  Started";
const BASE_ALONE: &str = "driver: base.sys (oem0.inf)  Started";

/// A function driver, an upper and a lower filter; base.inf knows nothing of the filters.
fn lab() -> Result<Lab> {
    let lab = Lab::new(Build::Debug)?;
    for name in ["base", "upper", "lower"] {
        lab.layer(name, &[])?;
    }
    lab.write("base.inf", inf::base("base", ID, "").as_bytes())?;
    for (name, place) in [
        ("upper", "FilterPosition = Upper"),
        ("lower", "FilterPosition = Lower"),
    ] {
        lab.write(&format!("{name}.inf"), inf::extension(name, ID, place).as_bytes())?;
    }
    Ok(lab)
}

fn expect(text: &str) -> String {
    format!("expect \"{text}\"")
}

#[test]
fn a_stack_is_loaded_and_built_from_the_bottom_up_and_asked_from_the_top() -> Result<()> {
    let run = lab()?.run(&[
        ADD_BASE,
        "pnputil /add-driver upper.inf",
        "pnputil /add-driver lower.inf",
        PLUG,
        TREE,
        &expect(WHOLE_STACK),
        REMOVE,
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "lower: DriverEntry",
        "base: DriverEntry",
        "upper: DriverEntry",
        "lower: AddDevice",
        "base: AddDevice",
        "upper: AddDevice",
        "upper: START_DEVICE",
        "base: START_DEVICE",
        "lower: START_DEVICE",
        "upper: QUERY_REMOVE_DEVICE",
        "base: QUERY_REMOVE_DEVICE",
        "lower: QUERY_REMOVE_DEVICE",
        "upper: REMOVE_DEVICE",
        "base: REMOVE_DEVICE",
        "lower: REMOVE_DEVICE",
        "lower: DriverUnload",
        "base: DriverUnload",
        "upper: DriverUnload",
    ])
}

#[test]
fn an_extension_that_comes_later_restarts_the_device_with_its_filter() -> Result<()> {
    let run = lab()?.run(&[
        ADD_BASE,
        PLUG,
        TREE,
        &expect(BASE_ALONE),
        ADD_UPPER,
        &expect(&format!("Driver package installed on device: {DEVICE}")),
        ADD_LOWER,
        TREE,
        &expect(WHOLE_STACK),
        ADD_LOWER,
        &expect(&format!("Driver package is up-to-date on device: {DEVICE}")),
        &format!("pnputil /enum-devices /instanceid {DEVICE} /drivers"),
        "expect \"Extension Driver Names:     oem1.inf\"",
        "expect \"Best Ranked / Installed\"",
        "expect /not Outranked",
    ])?;
    run.passes()?;
    ensure!(
        run.count("base: DriverEntry") == 3,
        "each extension restarts the device\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn what_an_administrator_does_reaches_every_driver_of_the_stack() -> Result<()> {
    let run = lab()?.run(&[
        ADD_BASE,
        ADD_UPPER,
        ADD_LOWER,
        PLUG,
        &format!("pnputil /disable-device {DEVICE}"),
        TREE,
        "expect \"driver: base.sys (oem0.inf, oem1.inf, oem2.inf)  Disabled 22\"",
        &format!("pnputil /enable-device {DEVICE}"),
        TREE,
        &expect(WHOLE_STACK),
        &format!("pnputil /restart-device {DEVICE}"),
        TREE,
        &expect(WHOLE_STACK),
        REMOVE,
        PLUG,
        TREE,
        &expect(WHOLE_STACK),
        r"surprise-remove ROOT\STACK\0000",
    ])?;
    run.passes()?;
    for name in ["lower", "base", "upper"] {
        for what in ["DriverEntry", "AddDevice", "START_DEVICE", "DriverUnload"] {
            let times = run.count(&format!("{name}: {what}"));
            ensure!(times == 4, "{name}: {what} {times} times\n{}", run.output);
        }
    }
    Ok(())
}

#[test]
fn deleting_an_extension_takes_its_filter_out_of_the_stack() -> Result<()> {
    let run = lab()?.run(&[
        ADD_BASE,
        ADD_UPPER,
        PLUG,
        "expect-error pnputil /delete-driver oem1.inf",
        "expect \"presently installed using the specified INF\"",
        TREE,
        "expect \"upper.sys [upper filter] > base.sys (oem0.inf, oem1.inf)  Started\"",
        "pnputil /delete-driver oem1.inf /uninstall",
        TREE,
        &expect(BASE_ALONE),
        "pnputil /enum-drivers",
        "expect /not oem1.inf",
    ])?;
    run.passes()?;
    run.says_in_order(&["upper: DriverUnload", "base: DriverEntry", "base: START_DEVICE"])
}

#[test]
fn a_device_without_a_base_package_has_no_driver_whatever_extensions_there_are() -> Result<()> {
    let run = lab()?.run(&[
        ADD_UPPER,
        PLUG,
        TREE,
        "expect \"driver: (no driver)  Problem 28\"",
        "pnputil /add-driver base.inf /install",
        TREE,
        "expect \"upper.sys [upper filter] > base.sys (oem1.inf, oem0.inf)  Started\"",
        "pnputil /delete-driver oem1.inf /uninstall",
        TREE,
        "expect \"driver: (no driver)  Problem 28\"",
    ])?;
    run.passes()
}

#[test]
fn lists_of_filters_in_the_hardware_section_count() -> Result<()> {
    let lab = lab()?;
    let filters = "[Install.NT.HW]\nAddReg = Filters\n[Filters]\n\
                   HKR,,UpperFilters,0x00010000,upper\nHKR,,LowerFilters,0x00010000,lower\n\
                   [Install.NT.Services]\nAddService = upper,,Service_upper\nAddService = lower,,Service_lower\n";
    let services = [
        inf::service("upper"),
        inf::service("lower"),
        inf::more_files(&["upper", "lower"]),
    ]
    .concat();
    let text = inf::base("base", ID, &[filters, &services].concat());
    lab.write("legacy.inf", text.as_bytes())?;
    let run = lab.run(&[
        "pnputil /add-driver legacy.inf /install",
        PLUG,
        TREE,
        "expect \"drivers: upper.sys [upper filter] > base.sys > lower.sys [lower filter] (oem0.inf)  Started\"",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Enum\ROOT\STACK\0000 /v UpperFilters",
        "expect upper",
    ])?;
    run.passes()
}

#[test]
fn filters_stand_in_the_order_of_the_levels_that_the_base_package_defines() -> Result<()> {
    let lab = lab()?;
    let levels = "[Install.NT.HW]\nAddReg = Levels\n[Levels]\n\
                  HKR,,UpperFilterLevels,0x00010000,First,Second\nHKR,,UpperFilterDefaultLevel,,First\n";
    lab.write("base.inf", inf::base("base", ID, levels).as_bytes())?;
    for (name, level) in [("second", "Second"), ("nowhere", "Third")] {
        lab.layer(name, &[])?;
        let place = format!("FilterLevel = {level}");
        lab.write(
            &format!("{name}.inf"),
            inf::extension(name, ID, &place).as_bytes(),
        )?;
    }
    let run = lab.run(&[
        "pnputil /add-driver second.inf",
        "pnputil /add-driver nowhere.inf",
        ADD_UPPER,
        ADD_BASE,
        PLUG,
        TREE,
        "expect \"drivers: second.sys [upper filter] > upper.sys [upper filter] > base.sys (\"",
    ])?;
    run.passes()?;
    run.says("has no filter level Third, so nowhere is not in its stack")
}

#[test]
fn a_filter_that_refuses_its_device_fails_it() -> Result<()> {
    let lab = lab()?;
    lab.layer("upper", &["-DADD=STATUS_UNSUCCESSFUL"])?;
    let run = lab.run(&[
        ADD_BASE,
        ADD_UPPER,
        ADD_LOWER,
        PLUG,
        TREE,
        "expect \"Problem 31 CM_PROB_FAILED_ADD\"",
        "pnputil /delete-driver oem1.inf /uninstall",
        TREE,
        "expect \"drivers: base.sys > lower.sys [lower filter] (oem0.inf, oem2.inf)  Started\"",
    ])?;
    run.passes()?;
    run.says_in_order(&[
        "upper: AddDevice",
        "base: REMOVE_DEVICE",
        "lower: REMOVE_DEVICE",
        "lower: DriverUnload",
        "base: DriverUnload",
        "upper: DriverUnload",
    ])
}

#[test]
fn a_filter_whose_image_does_not_load_fails_the_device_before_any_adddevice() -> Result<()> {
    let lab = lab()?;
    let run = lab.run(&[
        ADD_BASE,
        "reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e97d-e325-11ce-bfc1-08002be10318} /v UpperFilters /t REG_MULTI_SZ /d nobody /f",
        PLUG,
    ])?;
    run.ends(exit::ENVIRONMENT, "verdict: environment error")?;
    run.says("the service nobody is not installed")?;
    run.says("base: DriverUnload")?;
    run.never_says("base: AddDevice")
}

#[test]
fn a_filter_that_attaches_nothing_is_no_part_of_the_stack_and_goes_with_it() -> Result<()> {
    let lab = lab()?;
    lab.layer("upper", &["-DDETACHED"])?;
    let run = lab.run(&[
        ADD_BASE,
        ADD_UPPER,
        PLUG,
        TREE,
        "expect \"driver: base.sys (oem0.inf, oem1.inf)  Started\"",
        REMOVE,
    ])?;
    run.passes()?;
    run.says_in_order(&["base: DriverUnload", "upper: DriverUnload"])
}

#[test]
fn the_stack_of_a_kmdf_driver_on_a_kmdf_bus_takes_filters_on_both_sides() -> Result<()> {
    let lab = lab()?;
    for (name, place) in [("upper", "Upper"), ("lower", "Lower")] {
        let text = inf::extension(name, r"SAMPLEBUS\Doubler", &format!("FilterPosition = {place}"));
        lab.write(&format!("{name}.inf"), text.as_bytes())?;
    }
    let whole = expect("drivers: upper.sys [upper filter] > child.sys > lower.sys [lower filter] (");
    let run = lab.run(&started(&[
        ADD_UPPER,
        ADD_LOWER,
        TREE,
        &whole,
        &format!("pnputil /disable-device {FIRST_CHILD}"),
        &format!("pnputil /enable-device {FIRST_CHILD}"),
        &format!("pnputil /restart-device {SECOND_CHILD}"),
        TREE,
        &whole,
        "expect /not Problem",
        &format!("surprise-remove {SECOND_CHILD}"),
        "pnputil /delete-driver oem2.inf /uninstall",
        TREE,
        "expect \"drivers: child.sys > lower.sys [lower filter] (oem1.inf, oem3.inf)  Started\"",
        REMOVE_BUS,
    ]))?;
    run.passes()?;
    ensure!(
        run.count("after is 38") >= 8,
        "each start asks through the filters\n{}",
        run.output
    );
    Ok(())
}

#[test]
fn the_report_has_the_stack_as_data() -> Result<()> {
    let run = lab()?.run(&[ADD_BASE, ADD_UPPER, ADD_LOWER, PLUG, TREE])?;
    let device = &run.report()?["device_tree"]["children"][0];
    let layers = device["stack"].as_array().map_or(&[] as &[_], Vec::as_slice);
    let shown: Vec<_> = layers
        .iter()
        .map(|layer| (layer["role"].as_str(), layer["driver"].as_str()))
        .collect();
    let wanted = [
        (Some("upper filter"), Some("upper.sys")),
        (Some("function"), Some("base.sys")),
        (Some("lower filter"), Some("lower.sys")),
        (Some("bus"), None),
    ];
    ensure!(shown == wanted, "{device:#}");
    Ok(())
}
