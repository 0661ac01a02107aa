//! Images made by hand: sound ones, broken ones, hostile ones.
#![allow(unsafe_code, reason = "runs the code of the images")]

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::headers::Headers;
use super::{ImageRef, LoadError, find, load, unload};
use crate::abi::{
    NTSTATUS, STATUS_DLL_NOT_FOUND, STATUS_ENTRYPOINT_NOT_FOUND, STATUS_INVALID_IMAGE_FORMAT,
    STATUS_NO_SUCH_FILE, STATUS_ORDINAL_NOT_FOUND,
};
use crate::ke;
use crate::mm::pool;

const TEXT: u32 = 0x1000;
const DATA: u32 = 0x2000;
const RELOC: u32 = 0x3000;
const SIZE: u32 = 0x4000;
const FILE_ALIGNMENT: u32 = 0x200;
const BASE: u64 = 0x1_4000_0000;
const NT: usize = 0x80;
const OPTIONAL: usize = NT + 24;
const SECTIONS: usize = OPTIONAL + 240;
/// Where the builder puts the import address table, the pointer to be relocated, the exports.
const IAT: u32 = DATA + 0x100;
const POINTER: u32 = DATA + 0x180;

/// A driver image of three sections.
struct Builder {
    module: &'static str,
    /// A name, or an ordinal behind `#`.
    symbol: &'static str,
    code: Vec<u8>,
    /// Name and either an offset or a forwarder.
    export: Option<(&'static str, Result<u32, &'static str>)>,
}

/// `sub rsp, 0x28; call [iat]; add rsp, 0x28; ret`
fn call_import() -> Vec<u8> {
    let mut code = vec![0x48, 0x83, 0xEC, 0x28, 0xFF, 0x15];
    code.extend((IAT - (TEXT + 10)).to_le_bytes());
    code.extend([0x48, 0x83, 0xC4, 0x28, 0xC3]);
    code
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            module: "NTOSKRNL.exe",
            symbol: "KeGetCurrentIrql",
            code: call_import(),
            export: None,
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

impl Builder {
    fn build(&self) -> Vec<u8> {
        let mut file = vec![0; 0x400 + 3 * 0x200];
        put(&mut file, 0, b"MZ");
        put(&mut file, 0x3C, &0x80u32.to_le_bytes());
        put(&mut file, NT, b"PE\0\0");
        put(&mut file, NT + 4, &0x8664u16.to_le_bytes());
        put(&mut file, NT + 6, &3u16.to_le_bytes());
        put(&mut file, NT + 20, &240u16.to_le_bytes());
        put(&mut file, NT + 22, &0x22u16.to_le_bytes());
        put(&mut file, OPTIONAL, &0x20Bu16.to_le_bytes());
        put(&mut file, OPTIONAL + 16, &TEXT.to_le_bytes());
        put(&mut file, OPTIONAL + 24, &BASE.to_le_bytes());
        put(&mut file, OPTIONAL + 32, &0x1000u32.to_le_bytes());
        put(&mut file, OPTIONAL + 36, &FILE_ALIGNMENT.to_le_bytes());
        put(&mut file, OPTIONAL + 56, &SIZE.to_le_bytes());
        put(&mut file, OPTIONAL + 60, &0x400u32.to_le_bytes());
        put(&mut file, OPTIONAL + 68, &1u16.to_le_bytes());
        put(&mut file, OPTIONAL + 108, &16u32.to_le_bytes());
        directory(&mut file, 1, DATA, 40);
        directory(&mut file, 5, RELOC, 12);
        section(&mut file, 0, *b".text\0\0\0", TEXT, 0x400, 0x6000_0020);
        section(&mut file, 1, *b".data\0\0\0", DATA, 0x600, 0xC000_0040);
        section(&mut file, 2, *b".reloc\0\0", RELOC, 0x800, 0x4200_0040);
        put(&mut file, 0x400, &self.code);
        self.imports(&mut file[0x600..0x800]);
        self.exports(&mut file);
        // The pointer in the data section, and the block that relocates it.
        put(
            &mut file,
            0x600 + (POINTER - DATA) as usize,
            &(BASE + u64::from(TEXT)).to_le_bytes(),
        );
        put(&mut file, 0x800, &DATA.to_le_bytes());
        put(&mut file, 0x804, &12u32.to_le_bytes());
        put(&mut file, 0x808, &(0xA000 | (POINTER - DATA)).to_le_bytes()[..2]);
        file
    }

    fn imports(&self, data: &mut [u8]) {
        let name_at = DATA + 0x60;
        put(data, 0, &(DATA + 0x40).to_le_bytes());
        put(data, 12, &name_at.to_le_bytes());
        put(data, 16, &IAT.to_le_bytes());
        let by_name = u64::from(DATA + 0x80);
        let ordinal = |number: &str| (1 << 63) | number.parse::<u64>().expect("a number follows the #");
        let entry = self.symbol.strip_prefix('#').map_or(by_name, ordinal);
        put(data, 0x40, &entry.to_le_bytes());
        put(data, 0x100, &entry.to_le_bytes());
        put(data, 0x60, self.module.as_bytes());
        put(data, 0x82, self.symbol.as_bytes());
    }

    fn exports(&self, file: &mut [u8]) {
        let Some((name, target)) = self.export else { return };
        directory(file, 0, DATA + 0x190, 0x70);
        let data = &mut file[0x600..0x800];
        let offset = match target {
            Ok(offset) => offset,
            Err(forwarder) => {
                put(data, 0x1E0, forwarder.as_bytes());
                DATA + 0x1E0
            }
        };
        put(data, 0x190 + 16, &1u32.to_le_bytes());
        put(data, 0x190 + 20, &1u32.to_le_bytes());
        put(data, 0x190 + 24, &1u32.to_le_bytes());
        put(data, 0x190 + 28, &(DATA + 0x1B8).to_le_bytes());
        put(data, 0x190 + 32, &(DATA + 0x1BC).to_le_bytes());
        put(data, 0x190 + 36, &(DATA + 0x1C0).to_le_bytes());
        put(data, 0x1B8, &offset.to_le_bytes());
        put(data, 0x1BC, &(DATA + 0x1C4).to_le_bytes());
        put(data, 0x1C4, name.as_bytes());
    }
}

fn directory(file: &mut [u8], index: usize, address: u32, size: u32) {
    put(file, OPTIONAL + 112 + index * 8, &address.to_le_bytes());
    put(file, OPTIONAL + 116 + index * 8, &size.to_le_bytes());
}

fn section(file: &mut [u8], index: usize, name: [u8; 8], address: u32, raw: u32, flags: u32) {
    let at = SECTIONS + index * 40;
    put(file, at, &name);
    put(file, at + 8, &0x1000u32.to_le_bytes());
    put(file, at + 12, &address.to_le_bytes());
    put(file, at + 16, &0x200u32.to_le_bytes());
    put(file, at + 20, &raw.to_le_bytes());
    put(file, at + 36, &flags.to_le_bytes());
}

/// A directory of the test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nthost-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary directory is writable");
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("the test's folder is writable");
        path
    }

    fn load(&self, name: &str, bytes: &[u8]) -> Result<ImageRef, LoadError> {
        let path = self.write(name, bytes);
        load(&path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Calls the entry point with three numbers.
fn run(image: &ImageRef, one: usize, two: usize, three: usize) -> usize {
    let entry = image.entry().expect("the builder sets an entry point");
    // SAFETY: the builder's code takes up to three numbers and returns one.
    let code: extern "win64" fn(usize, usize, usize) -> usize =
        unsafe { std::mem::transmute(std::ptr::with_exposed_provenance::<()>(entry)) };
    ke::call("the test's entry", entry, || code(one, two, three))
}

fn status_of(result: Result<ImageRef, LoadError>) -> NTSTATUS {
    result.expect_err("the image must be refused").status
}

#[test]
fn a_sound_image_runs_and_calls_the_host() {
    let folder = Folder::new("runs");
    let image = folder
        .load("runs.sys", &Builder::default().build())
        .expect("the image is sound");
    ke::irql::at_dispatch(|| assert_eq!(run(&image, 0, 0, 0) & 0xFF, 2));
    let pointer: *const u64 = std::ptr::with_exposed_provenance(image.base() + POINTER as usize);
    // SAFETY: the place lies in the image's data section.
    let relocated = unsafe { pointer.read() };
    assert_eq!(
        relocated,
        (image.base() + TEXT as usize) as u64,
        "the pointer was relocated"
    );
    let entry = image.entry().expect("the builder sets an entry point");
    unload(image);
    let location = find(entry).expect("the image stays known");
    assert_eq!(location.to_string(), "unloaded image runs.sys+0x1000");
}

#[test]
fn what_an_image_allocates_belongs_to_it() {
    const NON_PAGED: usize = 0x40;
    let folder = Folder::new("owner");
    let builder = Builder {
        symbol: "ExAllocatePool2",
        ..Builder::default()
    };
    let image = folder
        .load("owner.sys", &builder.build())
        .expect("the image is sound");
    let block = run(&image, NON_PAGED, 24, 0x6B6C_6C61);
    let leaks: Vec<String> = pool::leaks().iter().map(ToString::to_string).collect();
    let expected = "leak: nonpaged pool block, tag 'allk', 24 bytes, of owner.sys+0x100a [pool-leak: ";
    assert!(leaks.iter().any(|leak| leak.starts_with(expected)), "{leaks:?}");
    pool::free(
        std::ptr::with_exposed_provenance_mut(block),
        None,
        crate::verifier::Owner::HOST,
    );
    unload(image);
}

#[test]
fn loads_are_counted() {
    let folder = Folder::new("counted");
    let first = folder
        .load("counted.sys", &Builder::default().build())
        .expect("the image is sound");
    let second = load(&first.path).expect("the image is loaded already");
    assert!(first == second);
    unload(second);
    assert!(!first.is_unloaded());
    unload(first.clone());
    assert!(first.is_unloaded());
}

#[test]
fn images_import_from_each_other_and_through_forwarders() {
    let folder = Folder::new("imports");
    // mov eax, 42; ret
    let library = Builder {
        code: vec![0xB8, 42, 0, 0, 0, 0xC3],
        export: Some(("Answer", Ok(TEXT))),
        ..Builder::default()
    };
    folder.write("Library.SYS", &library.build());
    let forwarding = Builder {
        export: Some(("Ask", Err("Library.Answer"))),
        ..Builder::default()
    };
    folder.write("forward.sys", &forwarding.build());
    let user = Builder {
        module: "FORWARD.sys",
        symbol: "Ask",
        ..Builder::default()
    };
    let image = folder
        .load("user.sys", &user.build())
        .expect("the image and its imports are sound");
    assert_eq!(run(&image, 0, 0, 0), 42);
    let forward = image.dependencies.lock().expect("nothing panicked")[0].clone();
    let library = forward.dependencies.lock().expect("nothing panicked")[0].clone();
    assert_eq!(library.name, "Library.SYS");
    assert_eq!(library.references.load(Ordering::SeqCst), 1);
    unload(image);
    assert!(forward.is_unloaded() && library.is_unloaded());
    let by_ordinal = Builder {
        module: "library.sys",
        symbol: "#1",
        ..Builder::default()
    };
    let image = folder
        .load("ordinal.sys", &by_ordinal.build())
        .expect("the ordinal exists");
    assert_eq!(run(&image, 0, 0, 0), 42);
    unload(image);
}

#[test]
fn missing_imports_are_named() {
    let folder = Folder::new("missing");
    let cases = [
        ("nowhere.sys", "Thing", STATUS_DLL_NOT_FOUND),
        ("ntoskrnl.exe", "NoSuchExportAtAll", STATUS_ENTRYPOINT_NOT_FOUND),
        ("ntoskrnl.exe", "#7", STATUS_ORDINAL_NOT_FOUND),
    ];
    for (module, symbol, status) in cases {
        let error = folder.load(
            "missing.sys",
            &Builder {
                module,
                symbol,
                ..Builder::default()
            }
            .build(),
        );
        let error = error.expect_err("the import does not exist");
        assert_eq!(error.status, status);
        let text = error.to_string();
        assert!(
            text.contains("missing.sys") && text.contains(module) && text.contains(symbol),
            "{text}"
        );
    }
    let known = Builder {
        symbol: "IoCreateController",
        ..Builder::default()
    };
    let image = folder
        .load("known.sys", &known.build())
        .expect("an export that is not modelled is bound");
    unload(image);
}

#[test]
fn what_is_no_native_x64_image_is_refused_with_the_place() {
    let folder = Folder::new("refused");
    let change = |at: usize, value: &[u8]| {
        let mut file = Builder::default().build();
        put(&mut file, at, value);
        folder
            .load("refused.sys", &file)
            .expect_err("the image must be refused")
    };
    let cases = [
        (change(0, b"XX"), "DOS header"),
        (change(NT, b"NE"), "NT headers"),
        (change(0x3C, &[0xFF; 4]), "e_lfanew"),
        (change(NT + 4, &0x14Cu16.to_le_bytes()), "Machine"),
        (change(OPTIONAL + 68, &2u16.to_le_bytes()), "Subsystem"),
        (change(OPTIONAL + 16, &DATA.to_le_bytes()), "AddressOfEntryPoint"),
        (
            change(OPTIONAL + 56, &0xFFFF_FFFFu32.to_le_bytes()),
            "SizeOfImage",
        ),
        (
            change(SECTIONS + 16, &0x7FFF_FFFFu32.to_le_bytes()),
            "section 0 (.text)",
        ),
        (
            change(SECTIONS + 40 + 12, &TEXT.to_le_bytes()),
            "section 1 (.data)",
        ),
        (
            change(OPTIONAL + 112 + 8, &0x7FFF_FFFFu32.to_le_bytes()),
            "data directory 1",
        ),
        (change(0x804, &0xFFFFu32.to_le_bytes()), "relocations"),
        (change(0x808, &0x3180u16.to_le_bytes()), "relocations"),
    ];
    for (error, place) in cases {
        assert_eq!(error.status, STATUS_INVALID_IMAGE_FORMAT, "{error}");
        assert_eq!(error.place, place, "{error}");
    }
    assert_eq!(status_of(load(&folder.0.join("absent.sys"))), STATUS_NO_SUCH_FILE);
    assert_eq!(
        status_of(folder.load("empty.sys", b"")),
        STATUS_INVALID_IMAGE_FORMAT
    );
}

#[test]
fn every_truncation_is_refused() {
    let file = Builder::default().build();
    for length in 0..file.len() {
        assert!(
            Headers::read(&file[..length]).is_err(),
            "{length} bytes of {}",
            file.len()
        );
    }
    assert!(Headers::read(&file).is_ok());
}

#[test]
fn changed_bytes_never_crash_the_loader() {
    let folder = Folder::new("changed");
    let file = Builder {
        export: Some(("Answer", Ok(TEXT))),
        ..Builder::default()
    }
    .build();
    // A linear congruential sequence: the same changes at each run.
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits fit") % limit
    };
    for round in 0..4000 {
        let mut changed = file.clone();
        for _ in 0..=random(3) {
            // The headers, the import and export tables, the relocations.
            let area = [0x3C..0x200, 0x600..0x800, 0x800..0x810][random(3)].clone();
            changed[area.start + random(area.len())] = [0, 1, 0x7F, 0x80, 0xFF][random(5)];
        }
        if let Ok(image) = folder.load(&format!("changed{round}.sys"), &changed) {
            unload(image);
        }
    }
}
