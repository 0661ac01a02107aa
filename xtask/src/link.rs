//! The linker that cargo is given: lld-link, called so that nothing it writes depends on where this checkout lies.
//!
//! The symbol file holds the linker's folder and command line, its hash names it in the image, and /Brepro hashes the image. So equal
//! sources give equal images only if the command line is equal too: every path in it is made relative to the workspace, and the temporary
//! folder of rustc, which has a random name, is reached through a link with a fixed one. lld has no option for either.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};

use crate::{command, files, place, toolchain};

/// The name under which xtask is the linker. rustc takes the linker's kind from it.
pub const NAME: &str = "lld-link";

/// The variable with the path of the linker that does the work.
pub const LINKER: &str = "XTASK_LINKER";

/// The variable with the folder of the compiler, whose libraries are linked.
pub const SYSROOT: &str = "XTASK_SYSROOT";

/// rustc's temporary folders are called so, with six more characters.
const TEMPORARY: &str = "rustc";

/// xtask itself, under the linker's name.
///
/// # Errors
///
/// When the link to it cannot be made.
pub fn in_between() -> Result<PathBuf> {
    let link = place::TARGET.join("tools/xtask").join(NAME);
    let xtask = env::current_exe().context("xtask does not know its own path")?;
    files::link(&xtask, &link)?;
    Ok(link)
}

/// The link to the compiler's folder, as a path in the workspace.
pub fn sysroot() -> PathBuf {
    place::in_root(&place::TARGET).join("tools/sysroot")
}

/// Whether xtask was started as the linker.
pub fn is_wanted() -> bool {
    env::args_os()
        .next()
        .is_some_and(|name| Path::new(&name).file_stem() == Some(NAME.as_ref()))
        && env::var_os(LINKER).is_some()
}

/// Links.
///
/// # Errors
///
/// When the linker cannot be started, or a link to a folder not made.
pub fn link() -> Result<ExitCode> {
    let linker = env::var_os(LINKER).with_context(|| format!("{LINKER} is not set"))?;
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let alias = alias_of_temporary(&mut arguments)?;
    let compiler = env::var(SYSROOT).with_context(|| format!("{SYSROOT} is not set"))?;
    let root = format!("{}/", place::ROOT.display());
    for argument in &mut arguments {
        *argument = argument
            .replace(&compiler, &sysroot().display().to_string())
            .replace(&root, "");
    }
    let result = command::exit_code(
        // By its relative path: the symbol file has this too.
        Command::new(place::in_root(Path::new(&linker)))
            .current_dir(&*place::ROOT)
            .args(arguments)
            .arg(format!("/PDBSOURCEPATH:{}", toolchain::MAPPED_ROOT)),
    );
    if let Some(alias) = alias {
        let _ = fs::remove_file(alias);
    }
    result
}

/// Replaces rustc's temporary folder in the arguments by a link beside the output.
fn alias_of_temporary(arguments: &mut [String]) -> Result<Option<PathBuf>> {
    let Some(folder) = arguments.iter().find_map(|argument| temporary_folder(argument)) else {
        return Ok(None);
    };
    let output = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("/OUT:"));
    let alias = Path::new(output.context("the linker was given no /OUT")?).with_extension("link");
    let _ = fs::remove_file(&alias);
    files::link(Path::new(&folder), &alias)?;
    let (from, to) = (folder, alias.display().to_string());
    for argument in arguments {
        *argument = argument.replace(&from, &to);
    }
    Ok(Some(alias))
}

/// The part of an argument that is rustc's temporary folder.
fn temporary_folder(argument: &str) -> Option<String> {
    let path = &argument[argument.find('/')?..];
    // Options begin with a slash too, and end with a colon.
    let path = path.find(":/").map_or(path, |colon| &path[colon + 1..]);
    let folder = Path::new(path).ancestors().skip(1).find(|folder| {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name.strip_prefix(TEMPORARY)
            .is_some_and(|random| random.len() == 6)
    });
    folder.map(|folder| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::temporary_folder;

    #[test]
    fn the_temporary_folder_is_found_in_options_and_paths() {
        for argument in [
            "/DEF:/t/deps/rustcAb12Cd/lib.def",
            "/t/deps/rustcAb12Cd/symbols.o",
        ] {
            assert_eq!(temporary_folder(argument).as_deref(), Some("/t/deps/rustcAb12Cd"));
        }
        for argument in [
            "/DEF:/t/rustc/lib.def",
            "/NOLOGO",
            "x.lib",
            "/OUT:/t/deps/rustcdriver.dll",
        ] {
            assert_eq!(temporary_folder(argument), None, "{argument}");
        }
    }
}
