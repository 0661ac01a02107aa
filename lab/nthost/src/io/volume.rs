//! Files that drivers open below `\SystemRoot`: the ones in memory that packages brought, and those that drivers make.
//!
//! Not modelled: directories as files, sharing, attributes, and requests that do not wait for their end.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::abi::{
    ACCESS_MASK, GENERIC_ALL, GENERIC_READ, GENERIC_WRITE, HANDLE, IO_STATUS_BLOCK, NTSTATUS,
    STATUS_ACCESS_DENIED, STATUS_END_OF_FILE, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_HANDLE,
    STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_PATH_NOT_FOUND, STATUS_SUCCESS,
};
use crate::ldr::files;
use crate::ob::{self, ObjectKind, handles};
use crate::verifier;

crate::exports! {
    ZwReadFile <= PASSIVE_LEVEL;
    ZwWriteFile <= PASSIVE_LEVEL;
    ZwQueryInformationFile <= PASSIVE_LEVEL;
    ZwSetInformationFile <= PASSIVE_LEVEL;
}

/// Access rights of ntifs.h.
const FILE_READ_DATA: ACCESS_MASK = 0x1;
const FILE_WRITE_DATA: ACCESS_MASK = 0x2;
const FILE_APPEND_DATA: ACCESS_MASK = 0x4;
/// Options of an open.
const FILE_DIRECTORY_FILE: u32 = 0x1;
/// `FILE_SYNCHRONOUS_IO_ALERT` and `FILE_SYNCHRONOUS_IO_NONALERT`.
const SYNCHRONOUS: u32 = 0x30;
/// Byte offsets that stand for the file's pointer and for its end.
const FILE_USE_FILE_POINTER_POSITION: i64 = -2;
const FILE_WRITE_TO_END_OF_FILE: i64 = -1;
/// Values of `FILE_INFORMATION_CLASS`.
const FILE_STANDARD_INFORMATION: i32 = 5;
const FILE_POSITION_INFORMATION: i32 = 14;
const FILE_END_OF_FILE_INFORMATION: i32 = 20;
/// The directory for what is temporary, which is always there.
const TEMPORARY: &str = r"\SystemRoot\Temp";

/// What an open does with a file that is there, and without one: the disposition of `ZwCreateFile`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disposition(pub(super) u32);

impl Disposition {
    pub(super) const FILE_OPEN: Self = Self(1);

    /// `Information` of the open, and whether the file is empty afterwards.
    const fn apply(self, exists: bool) -> Result<(usize, bool), NTSTATUS> {
        const SUPERSEDED: usize = 0;
        const OPENED: usize = 1;
        const CREATED: usize = 2;
        const OVERWRITTEN: usize = 3;
        match (self.0, exists) {
            (0, true) => Ok((SUPERSEDED, true)),
            (1 | 3, true) => Ok((OPENED, false)),
            (4 | 5, true) => Ok((OVERWRITTEN, true)),
            (0 | 2 | 3 | 5, false) => Ok((CREATED, true)),
            (2, true) => Err(STATUS_OBJECT_NAME_COLLISION),
            (1 | 4, false) => Err(STATUS_OBJECT_NAME_NOT_FOUND),
            _ => Err(STATUS_INVALID_PARAMETER),
        }
    }
}

/// An open file.
struct Open {
    path: PathBuf,
    access: ACCESS_MASK,
    position: usize,
}

static OPEN: Mutex<BTreeMap<usize, Open>> = Mutex::new(BTreeMap::new());

fn with_open<R>(f: impl FnOnce(&mut BTreeMap<usize, Open>) -> R) -> R {
    f(&mut OPEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether a name is that of a file here rather than of a device.
pub(super) fn has(name: &str) -> bool {
    files::is_windows(&files::locate(name))
}

/// Opens or makes a file. The handle, and `Information` of the open.
///
/// # Errors
/// What `ZwCreateFile` returns.
pub(super) fn open(
    name: &str,
    access: ACCESS_MASK,
    disposition: Disposition,
    options: u32,
) -> Result<(HANDLE, usize), NTSTATUS> {
    if options & FILE_DIRECTORY_FILE != 0 {
        verifier::unsupported("opening a directory");
    }
    if options & SYNCHRONOUS == 0 {
        verifier::unsupported("opening a file for requests that do not wait for their end");
    }
    let path = files::locate(name);
    let exists = files::read(&path).is_ok();
    let folder = files::folder(&path);
    if !exists && !files::is_same(&folder, Path::new(TEMPORARY)) && !files::has_folder(&folder) {
        return Err(STATUS_OBJECT_PATH_NOT_FOUND);
    }
    let (information, empty) = disposition.apply(exists)?;
    if empty {
        store(&path, Vec::new());
    }
    let body = ob::create_for(
        verifier::owner(),
        ObjectKind::StoredFile,
        size_of::<usize>(),
        deleted,
    );
    if body.is_null() {
        verifier::environment_error("the system gives no memory for a file");
    }
    ob::set_description(body, &path.display().to_string());
    let open = Open {
        path,
        access,
        position: 0,
    };
    with_open(|files| files.insert(body.expose_provenance(), open));
    let handle = handles::insert(body, None);
    ob::dereference(body);
    Ok((handle, information))
}

fn deleted(body: *mut c_void) {
    with_open(|files| files.remove(&body.addr()));
}

fn store(path: &Path, content: Vec<u8>) {
    files::store(&path.to_string_lossy(), content.into(), path.to_owned());
}

/// Does something with the file of a handle and its content.
fn with_file(
    handle: HANDLE,
    f: impl FnOnce(&mut Open, Vec<u8>) -> Result<usize, NTSTATUS>,
) -> Result<usize, NTSTATUS> {
    let body = handles::object(handle).ok_or(STATUS_INVALID_HANDLE)?;
    if !ob::is_object(body, ObjectKind::StoredFile) {
        verifier::unsupported("a request of ZwReadFile's kind through the handle of a device");
    }
    with_open(|files| {
        let open = files.get_mut(&body.addr()).ok_or(STATUS_INVALID_HANDLE)?;
        let content = files::read(&open.path).map_err(|_| STATUS_OBJECT_NAME_NOT_FOUND)?;
        f(open, content.to_vec())
    })
}

/// Fills the status block in, and returns its status.
///
/// # Safety
/// `block` is a place for a status block.
unsafe fn end(result: Result<usize, NTSTATUS>, block: *mut IO_STATUS_BLOCK) -> NTSTATUS {
    let end = IO_STATUS_BLOCK {
        Status: result.err().unwrap_or(STATUS_SUCCESS),
        Information: result.unwrap_or(0),
    };
    // SAFETY: the caller's promise.
    unsafe { block.write(end) };
    end.Status
}

/// The byte offset that a driver gives; none for the file's own pointer.
///
/// # Safety
/// `offset` is null or a number.
unsafe fn given(offset: *const i64) -> Option<i64> {
    // SAFETY: the caller's promise.
    let offset = unsafe { offset.as_ref() }.copied();
    offset.filter(|offset| *offset != FILE_USE_FILE_POINTER_POSITION)
}

fn refuse_asynchronous(event: HANDLE, routine: *const c_void) {
    if !event.is_null() || !routine.is_null() {
        verifier::unsupported("a file request with an event or an APC routine");
    }
}

unsafe extern "win64" fn ZwReadFile(
    handle: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    _context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *mut u8,
    length: u32,
    offset: *const i64,
    _key: *const u32,
) -> NTSTATUS {
    refuse_asynchronous(event, routine);
    // SAFETY: the driver gives null or an offset.
    let offset = unsafe { given(offset) };
    let result = with_file(handle, |open, content| {
        if open.access & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL) == 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let at = offset.map_or(Ok(open.position), position)?;
        let rest = content.get(at..).filter(|rest| !rest.is_empty());
        let rest = rest.ok_or(STATUS_END_OF_FILE)?;
        let count = rest.len().min(length as usize);
        // SAFETY: the driver gives a buffer of `length` bytes.
        unsafe { buffer.copy_from(rest.as_ptr(), count) };
        open.position = at + count;
        Ok(count)
    });
    // SAFETY: the driver gives a status block.
    unsafe { end(result, block) }
}

unsafe extern "win64" fn ZwWriteFile(
    handle: HANDLE,
    event: HANDLE,
    routine: *const c_void,
    _context: *const c_void,
    block: *mut IO_STATUS_BLOCK,
    buffer: *const u8,
    length: u32,
    offset: *const i64,
    _key: *const u32,
) -> NTSTATUS {
    refuse_asynchronous(event, routine);
    // SAFETY: the driver gives null or an offset.
    let offset = unsafe { given(offset) };
    let bytes = if length == 0 {
        &[][..]
    } else {
        // SAFETY: the driver gives `length` bytes.
        unsafe { core::slice::from_raw_parts(buffer, length as usize) }
    };
    let result = with_file(handle, |open, mut content| {
        let rights = FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE | GENERIC_ALL;
        if open.access & rights == 0 {
            return Err(STATUS_ACCESS_DENIED);
        }
        let at = match offset {
            None => open.position,
            Some(FILE_WRITE_TO_END_OF_FILE) => content.len(),
            Some(offset) => position(offset)?,
        };
        content.resize(content.len().max(at + bytes.len()), 0);
        content[at..at + bytes.len()].copy_from_slice(bytes);
        store(&open.path, content);
        open.position = at + bytes.len();
        Ok(bytes.len())
    });
    // SAFETY: the driver gives a status block.
    unsafe { end(result, block) }
}

/// An offset that the lab has memory for.
fn position(offset: i64) -> Result<usize, NTSTATUS> {
    /// Far above what a driver logs, far below what this machine has.
    const LIMIT: usize = 1 << 30;
    let offset = usize::try_from(offset).ok();
    offset
        .filter(|offset| *offset < LIMIT)
        .ok_or(STATUS_INVALID_PARAMETER)
}

/// `FILE_STANDARD_INFORMATION`.
#[repr(C)]
struct StandardInformation {
    allocation_size: i64,
    end_of_file: i64,
    number_of_links: u32,
    delete_pending: u8,
    directory: u8,
}

unsafe extern "win64" fn ZwQueryInformationFile(
    handle: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    information: *mut c_void,
    length: u32,
    class: i32,
) -> NTSTATUS {
    let result = with_file(handle, |open, content| {
        let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
        match class {
            FILE_STANDARD_INFORMATION if length as usize >= size_of::<StandardInformation>() => {
                let value = StandardInformation {
                    allocation_size: size,
                    end_of_file: size,
                    number_of_links: 1,
                    delete_pending: 0,
                    directory: 0,
                };
                // SAFETY: the driver gives `length` bytes, which are enough.
                unsafe { information.cast::<StandardInformation>().write_unaligned(value) };
                Ok(size_of::<StandardInformation>())
            }
            FILE_POSITION_INFORMATION if length as usize >= size_of::<i64>() => {
                let value = i64::try_from(open.position).unwrap_or(i64::MAX);
                // SAFETY: the driver gives `length` bytes, which are enough.
                unsafe { information.cast::<i64>().write_unaligned(value) };
                Ok(size_of::<i64>())
            }
            FILE_STANDARD_INFORMATION | FILE_POSITION_INFORMATION => Err(STATUS_INFO_LENGTH_MISMATCH),
            other => verifier::unsupported(&format!("ZwQueryInformationFile for class {other}")),
        }
    });
    // SAFETY: the driver gives a status block.
    unsafe { end(result, block) }
}

unsafe extern "win64" fn ZwSetInformationFile(
    handle: HANDLE,
    block: *mut IO_STATUS_BLOCK,
    information: *const c_void,
    length: u32,
    class: i32,
) -> NTSTATUS {
    let result = with_file(handle, |open, mut content| {
        if !matches!(class, FILE_POSITION_INFORMATION | FILE_END_OF_FILE_INFORMATION) {
            verifier::unsupported(&format!("ZwSetInformationFile for class {class}"));
        }
        if (length as usize) < size_of::<i64>() {
            return Err(STATUS_INFO_LENGTH_MISMATCH);
        }
        // SAFETY: the driver gives `length` bytes, which hold an offset.
        let value = position(unsafe { information.cast::<i64>().read_unaligned() })?;
        if class == FILE_POSITION_INFORMATION {
            open.position = value;
        } else {
            content.resize(value, 0);
            store(&open.path, content);
        }
        Ok(0)
    });
    // SAFETY: the driver gives a status block.
    unsafe { end(result, block) }
}

#[cfg(test)]
mod tests {
    use super::{Disposition, has};
    use crate::abi::{STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_NAME_NOT_FOUND};

    #[test]
    fn a_disposition_says_what_becomes_of_a_file() {
        assert_eq!(
            Disposition::FILE_OPEN.apply(false),
            Err(STATUS_OBJECT_NAME_NOT_FOUND)
        );
        assert_eq!(Disposition(2).apply(true), Err(STATUS_OBJECT_NAME_COLLISION));
        assert_eq!(Disposition(3).apply(true), Ok((1, false)));
        assert_eq!(Disposition(5).apply(false), Ok((2, true)));
        assert!(Disposition(6).apply(true).is_err());
    }

    #[test]
    fn only_names_below_the_system_root_are_files() {
        assert!(has(r"\SystemRoot\Temp\a.log"));
        assert!(has(r"\??\C:\Windows\Temp\a.log"));
        assert!(!has(r"\Device\A"));
    }
}
