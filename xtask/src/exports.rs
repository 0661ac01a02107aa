//! The task `exports`: the export and import tables of an image in the form of dumpbin, and what must not be in a kernel image.

use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use object::{
    LittleEndian as LE,
    pe::{IMAGE_SUBSYSTEM_NATIVE, ImageNtHeaders64},
    read::pe::{ExportTarget, ImageOptionalHeader, ImageThunkData, Import, PeFile64},
};

use crate::{files, place};

/// Modules of user mode: a kernel image that imports from one does not load.
const USER_MODE: &[&str] = &[
    "kernel32",
    "kernelbase",
    "ntdll",
    "user32",
    "advapi32",
    "ucrtbase",
    "msvcrt",
    "vcruntime",
    "api-ms-",
];

/// Exports that no definition file lists, and why they are there. rustc exports every symbol of a library that has a fixed name.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "DriverEntry",
        "the entry point, which the framework's stub or the linker finds by this name",
    ),
    ("_fltused", "wdk-sys: the linker's mark of floating point"),
    (
        "__CxxFrameHandler3",
        "wdk-sys: a name that precompiled core refers to",
    ),
    (
        "__CxxFrameHandler4",
        "wdk-sys: a name that precompiled core refers to",
    ),
    (
        "__GSHandlerCheck_EH4",
        "wdk-sys: a name that precompiled core refers to",
    ),
    (
        "WdfCallCounts",
        "wdfldr: the lab reads the counts of the framework's functions",
    ),
    (
        "WdfCallNames",
        "wdfldr: the lab reads the names of the framework's functions",
    ),
    (
        "WdfFunctionCount",
        "wdfldr: keeps a client's entry stub out of the framework's own image",
    ),
];

/// The definition files whose lists are allowed.
const DEFINITIONS: &[&str] = &["sample.def", "lab/wdk/lib/WdfLdr.def"];

/// An image's tables.
#[derive(Debug, Default)]
struct Tables {
    native: bool,
    /// The name in the export directory, its characteristics, time stamp and ordinal base.
    directory: Option<(String, u32, u32, u32)>,
    /// Ordinal, hint, place and name of each export.
    exports: Vec<(u32, usize, String, String)>,
    /// Modules, and what is imported from each.
    imports: Vec<(String, Vec<String>)>,
}

/// Prints the tables of an image.
///
/// # Errors
///
/// When the file is no x64 PE image, or has something that must not be there: the text lists it.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let [file] = arguments else {
        bail!("usage: cargo xtask exports FILE.sys")
    };
    let tables = read(Path::new(file))?;
    print!("{}", render(file, &tables));
    let wrong = objections(&tables, &allowed()?);
    if wrong.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "{file} has what must not be in a kernel image:\n  {}",
        wrong.join("\n  ")
    )
}

/// Checks images without printing them.
///
/// # Errors
///
/// As [`run`].
pub fn check(folder: &Path) -> Result<()> {
    let allowed = allowed()?;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "sys") {
            let wrong = objections(&read(&file)?, &allowed);
            if !wrong.is_empty() {
                bail!("{}:\n  {}", file.display(), wrong.join("\n  "));
            }
        }
    }
    Ok(())
}

/// The names of the definition files.
fn allowed() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for definition in DEFINITIONS {
        let text = files::read(&place::ROOT.join(definition))?;
        let (_, list) = text
            .split_once("EXPORTS")
            .with_context(|| format!("{definition} has no EXPORTS"))?;
        names.extend(
            list.lines()
                .filter_map(|line| Some(line.split_whitespace().next()?.to_owned())),
        );
    }
    Ok(names)
}

fn read(file: &Path) -> Result<Tables> {
    let data = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&data).with_context(|| format!("{} is no x64 PE image", file.display()))
}

fn parse(data: &[u8]) -> Result<Tables> {
    let image = PeFile64::parse(data)?;
    let subsystem = image.nt_headers().optional_header.subsystem();
    let mut tables = Tables {
        native: subsystem == IMAGE_SUBSYSTEM_NATIVE,
        ..Tables::default()
    };
    read_exports(&image, &mut tables)?;
    read_imports(&image, &mut tables)?;
    Ok(tables)
}

fn read_exports(image: &PeFile64<'_>, tables: &mut Tables) -> Result<()> {
    let Some(table) = image.export_table()? else {
        return Ok(());
    };
    let directory = table.directory();
    let name = text(table.name_from_pointer(directory.name.get(LE))?);
    let base = directory.base.get(LE);
    tables.directory = Some((
        name,
        directory.characteristics.get(LE),
        directory.time_date_stamp.get(LE),
        base,
    ));
    for (hint, export) in table
        .exports()?
        .iter()
        .filter(|export| export.name.is_some())
        .enumerate()
    {
        let place = match export.target {
            ExportTarget::Address(address) => format!("{address:08X}"),
            _ => String::from("forward "),
        };
        tables
            .exports
            .push((export.ordinal, hint, place, text(export.name.unwrap_or_default())));
    }
    Ok(())
}

fn read_imports(image: &PeFile64<'_>, tables: &mut Tables) -> Result<()> {
    let Some(table) = image.import_table()? else {
        return Ok(());
    };
    let mut descriptors = table.descriptors()?;
    while let Some(descriptor) = descriptors.next()? {
        let module = text(table.name(descriptor.name.get(LE))?);
        let mut thunks = table.thunks(descriptor.original_first_thunk.get(LE))?;
        let mut names = Vec::new();
        while let Some(thunk) = thunks.next::<ImageNtHeaders64>()? {
            names.push(match table.import::<ImageNtHeaders64>(thunk)? {
                Import::Ordinal(ordinal) => format!("ordinal {ordinal}"),
                Import::Name(hint, name) => format!("{hint:4X} {}", text(name)),
            });
            debug_assert!(thunk.raw() != 0, "the iterator ends at the null thunk");
        }
        tables.imports.push((module, names));
    }
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The tables as dumpbin prints them.
fn render(file: &str, tables: &Tables) -> String {
    let mut out = format!("Dump of file {file}\n");
    let subsystem = if tables.native { "native" } else { "not native" };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n  subsystem: {subsystem}");
    if let Some((name, characteristics, stamp, base)) = &tables.directory {
        let count = tables.exports.len();
        let _ = write!(
            out,
            "\n  Section contains the following exports for {name}\n\n    {characteristics:08X} characteristics\n    {stamp:08X} time date stamp\n        \
             0.00 version\n    {base:8} ordinal base\n    {count:8} number of functions\n    {count:8} number of names\n\n    ordinal hint RVA      name\n\n"
        );
        for (ordinal, hint, place, name) in &tables.exports {
            let _ = writeln!(out, "    {ordinal:7} {hint:4X} {place} {name}");
        }
    }
    let _ = writeln!(out, "\n  Section contains the following imports:");
    for (module, names) in &tables.imports {
        let _ = writeln!(out, "\n    {module}");
        for name in names {
            let _ = writeln!(out, "        {name}");
        }
    }
    out
}

/// What must not be there.
fn objections(tables: &Tables, allowed: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if !tables.native {
        wrong.push(String::from("the subsystem is not native"));
    }
    for (module, _) in &tables.imports {
        let lower = module.to_lowercase();
        if USER_MODE.iter().any(|user| lower.starts_with(user)) {
            wrong.push(format!("imports from {module}, which is a module of user mode"));
        }
    }
    for (.., name) in &tables.exports {
        let known = allowed.contains(name) || EXPLAINED.iter().any(|(explained, _)| explained == name);
        if !known {
            wrong.push(format!(
                "exports {name}, which no definition file lists and nothing explains"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{Tables, objections, parse, render};

    fn tables() -> Tables {
        Tables {
            native: true,
            directory: Some((String::from("x.sys"), 0, 0x1234, 1)),
            exports: vec![(1, 0, String::from("00001000"), String::from("Routine"))],
            imports: vec![(String::from("ntoskrnl.exe"), vec![String::from("   0 DbgPrint")])],
        }
    }

    #[test]
    fn what_is_listed_or_explained_is_allowed() {
        assert!(objections(&tables(), &[String::from("Routine")]).is_empty());
        let mut explained = tables();
        explained.exports[0].3 = String::from("DriverEntry");
        assert!(objections(&explained, &[]).is_empty());
    }

    #[test]
    fn what_must_not_be_there_is_named() {
        let mut wrong = tables();
        wrong.native = false;
        wrong.imports[0].0 = String::from("KERNEL32.dll");
        let said = objections(&wrong, &[]).join("\n");
        for part in ["subsystem", "KERNEL32.dll", "Routine"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }

    #[test]
    fn the_form_is_that_of_dumpbin() {
        let text = render("x.sys", &tables());
        assert!(
            text.contains("    ordinal hint RVA      name\n\n          1    0 00001000 Routine\n"),
            "{text}"
        );
        assert!(
            text.contains(
                "  Section contains the following exports for x.sys\n\n    00000000 characteristics\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn what_is_no_image_is_refused() {
        assert!(parse(b"MZ").is_err());
        assert!(parse(&[0; 4096]).is_err());
    }
}
