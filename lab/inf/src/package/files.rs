//! The files of a package: what comes into the driver store, and what is copied out of it.

use std::path::PathBuf;

use super::PLATFORM_DISKS;
use super::registry::number;
use crate::{Directive, Inf, InfError};

/// A directory of Windows that packages put files into; the dirids of setupapi.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directory {
    /// `DIRID_DRIVERS`, 12: System32\drivers.
    Drivers,
    /// 13: the package's own folder in the driver store, where a file stays.
    Store,
}

/// `DIRID_WINDOWS`, `DIRID_SYSTEM` and `DIRID_DRIVERS` of setupapi.h; 13 has no name there ("Using Dirids").
const DIRID_WINDOWS: u32 = 10;
const DIRID_SYSTEM: u32 = 11;
const DIRID_DRIVERS: u32 = 12;
const DIRID_STORE: u32 = 13;

/// A place on the machine: a directory and the path below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The directory.
    pub directory: Directory,
    /// The path below it: `sample.sys`.
    pub path: String,
}

/// A file that the package brings into the driver store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The line of `[SourceDisksFiles]`.
    pub line: usize,
    /// The name.
    pub name: String,
    /// Where it lies, from the folder of the INF.
    pub path: PathBuf,
}

/// A file that an install section copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedFile {
    /// The line that names it.
    pub line: usize,
    /// The name in `[SourceDisksFiles]`.
    pub source: String,
    /// Where it goes.
    pub target: Target,
}

/// Every file that the package brings into the driver store.
pub(super) fn sources(inf: &Inf) -> Result<Vec<SourceFile>, InfError> {
    let sections = PLATFORM_DISKS.map(|suffix| format!("SourceDisksFiles{suffix}"));
    let lines = sections
        .iter()
        .filter_map(|name| inf.section(name))
        .flat_map(|section| &section.directives);
    let mut files: Vec<SourceFile> = Vec::new();
    for line in lines {
        let file = source(inf, line)?;
        if !files
            .iter()
            .any(|known| known.name.eq_ignore_ascii_case(&file.name))
        {
            files.push(file);
        }
    }
    Ok(files)
}

fn source(inf: &Inf, line: &Directive) -> Result<SourceFile, InfError> {
    let name = line.key.clone().ok_or_else(|| {
        inf.error(
            line.line,
            "[SourceDisksFiles] wants a file, =, and the number of its disk",
        )
    })?;
    let disk = PLATFORM_DISKS.iter().find_map(|suffix| {
        inf.directives(&format!("SourceDisksNames{suffix}"), line.value(0))
            .next()
    });
    let disk = disk.ok_or_else(|| {
        let reason = format!(
            "{name} is on disk {:?}, which is not in [SourceDisksNames]",
            line.value(0)
        );
        inf.error(line.line, reason)
    })?;
    let folders = [disk.value(3), line.value(1)];
    let path = folders
        .iter()
        .flat_map(|folder| folder.split('\\'))
        .filter(|part| !part.is_empty())
        .chain([name.as_str()]);
    if path.clone().any(|part| part == ".." || part.contains('/')) {
        return Err(inf.error(
            line.line,
            format!("{name} does not lie in the folder of the INF or below"),
        ));
    }
    Ok(SourceFile {
        line: line.line,
        path: path.collect(),
        name,
    })
}

/// The files that an install section copies.
pub(super) fn copied(inf: &Inf, install: &str, sources: &[SourceFile]) -> Result<Vec<CopiedFile>, InfError> {
    let mut files = Vec::new();
    for line in inf.directives(install, "CopyFiles") {
        for list in line.values.iter().filter(|list| !list.is_empty()) {
            if let Some(name) = list.strip_prefix('@') {
                files.push(copied_file(
                    inf,
                    line.line,
                    "DefaultDestDir",
                    [name, ""],
                    sources,
                )?);
                continue;
            }
            let section = inf
                .section(list)
                .ok_or_else(|| inf.error(line.line, format!("there is no file-list section [{list}]")))?;
            for file in &section.directives {
                let names = [file.value(0), file.value(1)];
                files.push(copied_file(inf, file.line, list, names, sources)?);
            }
        }
    }
    Ok(files)
}

/// A line of a file-list section: the name to be, and the source's name if that is another.
fn copied_file(
    inf: &Inf,
    line: usize,
    list: &str,
    [name, source]: [&str; 2],
    sources: &[SourceFile],
) -> Result<CopiedFile, InfError> {
    let source = if source.is_empty() { name } else { source };
    let known = sources
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(source));
    let known = known.ok_or_else(|| {
        inf.error(
            line,
            format!("CopyFiles names {source}, which is not in [SourceDisksFiles]"),
        )
    })?;
    let (directory, below) = destination(inf, line, list)?;
    let path = join(&below, name);
    if directory == Directory::Store && !path.eq_ignore_ascii_case(&store_path(known)) {
        let reason = format!(
            "{source} goes to {path} in the driver store (dirid 13), where a file stays as it came: {}",
            store_path(known)
        );
        return Err(inf.error(line, reason));
    }
    Ok(CopiedFile {
        line,
        source: known.name.clone(),
        target: Target { directory, path },
    })
}

/// The path of a source below its package's folder, as Windows writes it.
pub(super) fn store_path(source: &SourceFile) -> String {
    let parts: Vec<_> = source.path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("\\")
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{}\\{name}", folder.trim_matches('\\'))
    }
}

/// `[DestinationDirs]`: where the files of a list go.
fn destination(inf: &Inf, line: usize, list: &str) -> Result<(Directory, String), InfError> {
    let entry = |key| inf.directives("DestinationDirs", key).next();
    let entry = entry(list).or_else(|| entry("DefaultDestDir")).ok_or_else(|| {
        inf.error(
            line,
            format!("[DestinationDirs] has neither {list} nor DefaultDestDir"),
        )
    })?;
    directory(inf, entry.line, entry.value(0), entry.value(1))
}

/// A directory by its dirid and what is below it.
fn directory(inf: &Inf, line: usize, dirid: &str, below: &str) -> Result<(Directory, String), InfError> {
    let below = below.trim_matches('\\');
    let is = |path: &str| below.eq_ignore_ascii_case(path);
    match number(dirid) {
        Some(DIRID_DRIVERS) => Ok((Directory::Drivers, below.to_owned())),
        Some(DIRID_STORE) => Ok((Directory::Store, below.to_owned())),
        Some(DIRID_SYSTEM) if is("drivers") => Ok((Directory::Drivers, String::new())),
        Some(DIRID_WINDOWS) if is(r"System32\drivers") => Ok((Directory::Drivers, String::new())),
        _ => {
            let reason = format!(
                "the directory {} is not modelled; there are 12 (System32\\drivers) and 13 (the driver store)",
                [&format!("%{dirid}%"), below].join("\\").trim_end_matches('\\')
            );
            Err(inf.error(line, reason))
        }
    }
}

/// `ServiceBinary`: a dirid in percent signs, and the path below it.
pub(super) fn binary(inf: &Inf, line: &Directive) -> Result<Target, InfError> {
    let text = line.value(0);
    let split = text.strip_prefix('%').and_then(|rest| rest.split_once("%\\"));
    let (dirid, path) = split
        .filter(|(dirid, path)| number(dirid).is_some() && !path.is_empty())
        .ok_or_else(|| {
            let reason = format!("ServiceBinary is {text:?} and must be such as %13%\\name.sys");
            inf.error(line.line, reason)
        })?;
    let (folder, name) = path.rsplit_once('\\').unwrap_or(("", path));
    let (directory, below) = directory(inf, line.line, dirid, folder)?;
    Ok(Target {
        directory,
        path: join(&below, name),
    })
}
