//! The task `exports`: the export and import tables of an image in the form of dumpbin, and what must not be in a kernel image.

use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use object::{
    LittleEndian as LE,
    pe::{IMAGE_SUBSYSTEM_NATIVE, ImageNtHeaders64},
    read::pe::{ExportTarget, ImageOptionalHeader, ImageThunkData, Import, PeFile64},
};

use crate::{build::Build, drivers, files, place, protections};

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

/// Exports that no definition file lists, and why any image of ours may have them. rustc exports every symbol of a library that
/// has a fixed name.
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
];

/// What one image may export beyond [`EXPLAINED`].
struct Definition {
    /// The name of the export directory, without its extension.
    image: &'static str,
    /// The definition file with the list.
    file: &'static str,
    /// Exports that the list leaves out, and why.
    explained: &'static [(&'static str, &'static str)],
}

const DEFINITIONS: &[Definition] = &[
    Definition {
        image: "sample",
        file: "sample.def",
        explained: &[],
    },
    Definition {
        image: "wdfldr",
        file: "lab/wdk/lib/WdfLdr.def",
        explained: &[
            (
                "WdfCallCounts",
                "the lab reads the counts of the framework's functions",
            ),
            (
                "WdfCallNames",
                "the lab reads the names of the framework's functions",
            ),
            (
                "WdfFunctionCount",
                "keeps a client's entry stub out of the framework's own image",
            ),
        ],
    },
];

/// An image's tables.
#[derive(Debug, Default)]
struct Tables {
    native: bool,
    /// Protections that the image does not ask for.
    unprotected: Vec<String>,
    directory: Option<Directory>,
    exports: Vec<Export>,
    /// Modules, and what is imported from each.
    imports: Vec<(String, Vec<String>)>,
}

/// The head of the export table.
#[derive(Clone, Debug, Default)]
struct Directory {
    name: String,
    characteristics: u32,
    stamp: u32,
    version: (u16, u16),
    base: u32,
    functions: u32,
    names: u32,
}

/// A line of the export table.
#[derive(Clone, Debug)]
struct Export {
    ordinal: u32,
    /// The place in the table of names, and the name, unless the export has a number only.
    name: Option<(usize, String)>,
    /// Where it is, or the forwarder's text.
    place: Result<u32, String>,
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
    let wrong = objections(&tables, &allowed(&tables)?);
    if wrong.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "{file} has what must not be in a kernel image:\n  {}",
        wrong.join("\n  ")
    )
}

/// Checks the images of a build without printing them.
///
/// # Errors
///
/// As [`run`].
pub fn check(build: Build) -> Result<()> {
    for image in drivers::images(build) {
        let file = build.folder().join(format!("{image}.sys"));
        let tables = read(&file)?;
        let wrong = objections(&tables, &allowed(&tables)?);
        if !wrong.is_empty() {
            bail!("{}:\n  {}", file.display(), wrong.join("\n  "));
        }
    }
    Ok(())
}

/// What the image may export, by its own definition file.
fn allowed(tables: &Tables) -> Result<Vec<String>> {
    let Some(Definition { file, explained, .. }) = definition(tables) else {
        return Ok(Vec::new());
    };
    let text = files::read(&place::ROOT.join(file))?;
    let (_, list) = text
        .split_once("EXPORTS")
        .with_context(|| format!("{file} has no EXPORTS"))?;
    let listed = list.lines().filter_map(|line| line.split_whitespace().next());
    let explained = explained.iter().map(|(name, _)| *name);
    Ok(listed.chain(explained).map(str::to_owned).collect())
}

fn definition(tables: &Tables) -> Option<&'static Definition> {
    let (image, _) = tables.directory.as_ref()?.name.rsplit_once('.')?;
    DEFINITIONS
        .iter()
        .find(|definition| definition.image.eq_ignore_ascii_case(image))
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
        unprotected: protections::objections(&image),
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
    tables.directory = Some(Directory {
        name: text(table.name_from_pointer(directory.name.get(LE))?),
        characteristics: directory.characteristics.get(LE),
        stamp: directory.time_date_stamp.get(LE),
        version: (directory.major_version.get(LE), directory.minor_version.get(LE)),
        base: directory.base.get(LE),
        functions: directory.number_of_functions.get(LE),
        names: directory.number_of_names.get(LE),
    });
    // A hint is the place in the table of names.
    let hints: Vec<u16> = table.name_iter().map(|(_, index)| index).collect();
    for export in table.exports()? {
        let index = export.ordinal - directory.base.get(LE);
        let hint = hints.iter().position(|named| u32::from(*named) == index);
        tables.exports.push(Export {
            ordinal: export.ordinal,
            name: hint.zip(export.name.map(text)),
            place: match export.target {
                ExportTarget::Address(address) => Ok(address),
                ExportTarget::ForwardByName(module, name) => Err(format!("{}.{}", text(module), text(name))),
                ExportTarget::ForwardByOrdinal(module, ordinal) => {
                    Err(format!("{}.#{ordinal}", text(module)))
                }
            },
        });
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
    if let Some(directory) = &tables.directory {
        render_exports(&mut out, directory, &tables.exports);
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

fn render_exports(out: &mut String, directory: &Directory, exports: &[Export]) {
    let Directory {
        name,
        characteristics,
        stamp,
        version: (major, minor),
        base,
        functions,
        names,
    } = directory;
    let _ = write!(
        out,
        "\n  Section contains the following exports for {name}\n\n    {characteristics:08X} characteristics\n    {stamp:08X} time date stamp\n    \
         {major:4}.{minor:02} version\n    {base:8} ordinal base\n    {functions:8} number of functions\n    {names:8} number of names\n\n    \
         ordinal hint RVA      name\n\n"
    );
    for export in exports {
        let (hint, name) = export.name.as_ref().map_or_else(
            || (String::new(), "[NONAME]"),
            |(hint, name)| (format!("{hint:X}"), name),
        );
        let _ = match &export.place {
            Ok(address) => writeln!(out, "    {:7} {hint:>4} {address:08X} {name}", export.ordinal),
            Err(to) => writeln!(
                out,
                "    {:7} {hint:>4}          {name} (forwarded to {to})",
                export.ordinal
            ),
        };
    }
}

/// What must not be there.
fn objections(tables: &Tables, allowed: &[String]) -> Vec<String> {
    let mut wrong = tables.unprotected.clone();
    if !tables.native {
        wrong.push(String::from("the subsystem is not native"));
    }
    for (module, _) in &tables.imports {
        let lower = module.to_lowercase();
        if USER_MODE.iter().any(|user| lower.starts_with(user)) {
            wrong.push(format!("imports from {module}, which is a module of user mode"));
        }
    }
    for export in &tables.exports {
        let Some((_, name)) = &export.name else {
            wrong.push(format!(
                "exports ordinal {} without a name, which no definition file lists",
                export.ordinal
            ));
            continue;
        };
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
    use super::{Directory, Export, Tables, allowed, objections, parse, render};

    fn tables() -> Tables {
        Tables {
            native: true,
            unprotected: Vec::new(),
            directory: Some(Directory {
                name: String::from("x.sys"),
                stamp: 0x1234,
                base: 1,
                functions: 1,
                names: 1,
                ..Directory::default()
            }),
            exports: vec![Export {
                ordinal: 1,
                name: Some((0, String::from("Routine"))),
                place: Ok(0x1000),
            }],
            imports: vec![(String::from("ntoskrnl.exe"), vec![String::from("   0 DbgPrint")])],
        }
    }

    #[test]
    fn what_is_listed_or_explained_is_allowed() {
        assert!(objections(&tables(), &[String::from("Routine")]).is_empty());
        let mut explained = tables();
        explained.exports[0].name = Some((0, String::from("DriverEntry")));
        assert!(objections(&explained, &[]).is_empty());
    }

    #[test]
    fn an_image_has_the_list_of_its_own_definition_file_only() {
        let mut named = tables();
        for (image, own, others) in [
            ("sample.dll", "DllUnload", "WdfCallCounts"),
            ("wdfldr.dll", "WdfCallCounts", "DllUnload"),
        ] {
            named.directory = Some(Directory {
                name: String::from(image),
                ..Directory::default()
            });
            let allowed = allowed(&named).expect("the definition file is readable");
            assert!(allowed.iter().any(|name| name == own), "{image} has no {own}");
            assert!(!allowed.iter().any(|name| name == others), "{image} has {others}");
        }
        assert!(allowed(&tables()).expect("no file is read").is_empty());
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
    fn exports_without_a_name_and_forwarders_are_shown() {
        let mut tables = tables();
        tables.exports.push(Export {
            ordinal: 7,
            name: None,
            place: Err(String::from("other.Routine")),
        });
        let text = render("x.sys", &tables);
        assert!(
            text.contains("          7               [NONAME] (forwarded to other.Routine)\n"),
            "{text}"
        );
        let said = objections(&tables, &[String::from("Routine")]);
        assert_eq!(
            said,
            ["exports ordinal 7 without a name, which no definition file lists"]
        );
    }

    #[test]
    fn what_is_no_image_is_refused() {
        assert!(parse(b"MZ").is_err());
        assert!(parse(&[0; 4096]).is_err());
    }
}
