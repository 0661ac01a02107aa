//! Gates: the few instructions between a driver's call and an export.
//!
//! A gate stores the caller's stack pointer and nonvolatile registers in the thread's processor block, counts the
//! call, compares the IRQL with the export's maximum, and jumps to the export with every argument untouched. Where the run watches
//! faults, the gate of an export that can fail asks first, and returns the failure instead if this call is the one.
#![allow(unsafe_code, reason = "writes machine code")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Export, Failure};
use crate::abi::HIGH_LEVEL;
use crate::ke::{irql, processor};
use crate::verifier::{self, faults, rules};

/// Room for one gate.
const GATE_SIZE: usize = 256;
/// Gates in one arena.
const ARENA_GATES: usize = 2048;

/// Where a gate leads, and on what terms.
#[derive(Clone, Copy)]
struct Way {
    target: usize,
    max_irql: u8,
    /// Goes into the second argument.
    second: Option<usize>,
    /// What the gate returns for a call that is to fail.
    failure: Option<Failure>,
}

impl Way {
    /// The way to code that may be called at any IRQL and cannot fail.
    const fn to(target: usize) -> Self {
        Self {
            target,
            max_irql: HIGH_LEVEL,
            second: None,
            failure: None,
        }
    }
}

/// What stands behind a gate.
struct Behind {
    name: String,
    max_irql: u8,
    calls: &'static AtomicU64,
    /// The name for a report, when the host does not have the export: image, module and symbol.
    not_modelled: Option<String>,
}

/// Gate memory, mapped twice: once to write and once to run.
struct Arena {
    write: usize,
    run: usize,
}

#[derive(Default)]
struct Gates {
    /// As many as the gates so far need: those of interfaces of images that were loaded again come on top.
    arenas: Vec<Arena>,
    behind: Vec<Behind>,
    by_name: HashMap<String, usize>,
}

static GATES: Mutex<Option<Gates>> = Mutex::new(None);

fn with_gates<R>(f: impl FnOnce(&mut Gates) -> R) -> R {
    f(GATES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get_or_insert_with(Gates::default))
}

/// The address that an import of this export is bound to; for data the data itself.
#[must_use]
pub fn gate(export: &'static Export) -> usize {
    let target = export.address.expose_provenance();
    let Some(max_irql) = export.max_irql else {
        return target;
    };
    let way = Way {
        max_irql,
        failure: export.failure.filter(|_| faults::watched()),
        ..Way::to(target)
    };
    with_gates(|gates| gates.make(export.name, way, None))
}

/// The address that an import is bound to when the host does not have the export: calling it ends the run with
/// outcome `unsupported` and names image, module and symbol.
#[must_use]
pub fn unsupported_gate(image: &str, module: &str, name: &str) -> usize {
    let text = format!("{image} calls {module}!{name}, which the lab does not model");
    let key = format!("{image}!{name}");
    let target = (stop_unsupported as unsafe extern "win64" fn() -> !) as *const ();
    with_gates(|gates| gates.make(&key, Way::to(target.expose_provenance()), Some(text)))
}

/// Code of the calling convention of an export that takes one argument: it calls `target` with that argument first and
/// `second` behind it. Each name is made once.
#[must_use]
pub fn thunk(name: &str, target: *const (), second: usize) -> usize {
    let way = Way {
        second: Some(second),
        ..Way::to(target.expose_provenance())
    };
    with_gates(|gates| gates.make(name, way, None))
}

/// The name of the export that a gate index stands for.
#[must_use]
pub fn gate_name(index: u32) -> String {
    with_gates(|gates| {
        gates
            .behind
            .get(index as usize)
            .map_or_else(String::new, |behind| behind.name.clone())
    })
}

/// How often drivers called each export, by name.
#[must_use]
pub fn call_counts() -> Vec<(String, u64)> {
    let mut counts: Vec<_> = with_gates(|gates| {
        let counted = gates
            .behind
            .iter()
            .map(|behind| (behind.name.clone(), behind.calls.load(Ordering::Relaxed)));
        counted.filter(|(_, calls)| *calls > 0).collect()
    });
    counts.sort();
    counts
}

impl Gates {
    fn make(&mut self, name: &str, way: Way, not_modelled: Option<String>) -> usize {
        let index = self.by_name.get(name).copied().unwrap_or_else(|| {
            let index = self.behind.len();
            let calls = Box::leak(Box::new(AtomicU64::new(0)));
            self.behind.push(Behind {
                name: name.to_owned(),
                max_irql: way.max_irql,
                calls,
                not_modelled,
            });
            self.by_name.insert(name.to_owned(), index);
            let code = assemble(index, calls, way);
            if self.arenas.len() * ARENA_GATES == index {
                self.arenas.push(Arena::new());
            }
            self.arenas[index / ARENA_GATES].write(index % ARENA_GATES, &code);
            index
        });
        self.arenas[index / ARENA_GATES].run + index % ARENA_GATES * GATE_SIZE
    }
}

impl Arena {
    fn new() -> Self {
        let size = GATE_SIZE * ARENA_GATES;
        // SAFETY: the name is a terminated string; the call makes a new descriptor.
        let file = unsafe { libc::memfd_create(c"gates".as_ptr(), libc::MFD_CLOEXEC) };
        // SAFETY: the descriptor is the one just made.
        let sized = unsafe { libc::ftruncate(file, size.try_into().unwrap_or(i64::MAX)) };
        let write = map(file, size, libc::PROT_READ | libc::PROT_WRITE);
        let run = map(file, size, libc::PROT_READ | libc::PROT_EXEC);
        match (sized, write, run) {
            (0, Some(write), Some(run)) => Self { write, run },
            _ => verifier::environment_error("the system gives no memory for gates (memfd_create, mmap)"),
        }
    }

    fn write(&self, index: usize, code: &[u8]) {
        assert!(
            code.len() <= GATE_SIZE && index < ARENA_GATES,
            "a gate fits into its place"
        );
        let target = std::ptr::with_exposed_provenance_mut::<u8>(self.write + index * GATE_SIZE);
        // SAFETY: the place lies in the writable view (asserted), and no import is bound to it yet.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), target, code.len()) };
    }
}

fn map(file: i32, size: usize, protection: i32) -> Option<usize> {
    // SAFETY: a new mapping at an address that the system chooses touches nothing that exists.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, libc::MAP_SHARED, file, 0) };
    (address != libc::MAP_FAILED).then(|| address.expose_provenance())
}

/// The gate's instructions.
fn assemble(index: usize, calls: &'static AtomicU64, way: Way) -> Vec<u8> {
    /// Machine number of the stack pointer.
    const RSP: u8 = 4;
    /// The length of what `load_r11` and `jmp r11` take.
    const JUMP: u8 = 13;
    let mut code = Vec::with_capacity(GATE_SIZE);
    // mov gs:[slot], register
    let mut store = |register: u8, slot: u32| {
        let rex = if register >= 8 { 0x4C } else { 0x48 };
        code.extend([0x65, rex, 0x89, 0x04 | ((register & 7) << 3), 0x25]);
        code.extend(slot.to_le_bytes());
    };
    store(RSP, processor::CALLER_RSP);
    for (place, register) in (0u32..).zip(processor::SAVED_REGISTERS) {
        store(register, processor::REGISTERS + place * 8);
    }
    // mov dword gs:[export], index
    code.extend([0x65, 0xC7, 0x04, 0x25]);
    code.extend(processor::EXPORT.to_le_bytes());
    code.extend(u32::try_from(index).unwrap_or(u32::MAX).to_le_bytes());
    // mov r10, calls; lock inc qword [r10]
    code.extend([0x49, 0xBA]);
    code.extend((std::ptr::from_ref(calls) as u64).to_le_bytes());
    code.extend([0xF0, 0x49, 0xFF, 0x02]);
    if let Some(second) = way.second {
        // mov rdx, second
        code.extend([0x48, 0xBA]);
        code.extend((second as u64).to_le_bytes());
    }
    // cmp byte gs:[irql], max_irql; jbe over the jump below
    code.extend([0x65, 0x80, 0x3C, 0x25]);
    code.extend(processor::IRQL.to_le_bytes());
    code.extend([way.max_irql, 0x76, JUMP]);
    jump(
        &mut code,
        ((stop_irql as unsafe extern "win64" fn() -> !) as *const ()).expose_provenance(),
    );
    if let Some(failure) = way.failure {
        ask(&mut code, failure);
    }
    jump(&mut code, way.target);
    code
}

/// Asks whether this call fails, with the arguments saved around the question, and returns the failure if so.
fn ask(code: &mut Vec<u8>, failure: Failure) {
    /// The length of what loads the failure and returns.
    const RETURN: u8 = 11;
    // push rcx; push rdx; push r8; push r9; sub rsp, 28h: room for four arguments, and 16 bytes of alignment.
    code.extend([0x51, 0x52, 0x41, 0x50, 0x41, 0x51, 0x48, 0x83, 0xEC, 0x28]);
    load_r11(
        code,
        ((call_fails as unsafe extern "win64" fn() -> bool) as *const ()).expose_provenance(),
    );
    // call r11; add rsp, 28h; pop r9; pop r8; pop rdx; pop rcx
    code.extend([
        0x41, 0xFF, 0xD3, 0x48, 0x83, 0xC4, 0x28, 0x41, 0x59, 0x41, 0x58, 0x5A, 0x59,
    ]);
    // test al, al; je over the return; mov rax, failure; ret
    code.extend([0x84, 0xC0, 0x74, RETURN, 0x48, 0xB8]);
    code.extend(failure.value().to_le_bytes());
    code.push(0xC3);
}

/// mov r11, target; jmp r11
fn jump(code: &mut Vec<u8>, target: usize) {
    load_r11(code, target);
    code.extend([0x41, 0xFF, 0xE3]);
}

/// mov r11, target
fn load_r11(code: &mut Vec<u8>, target: usize) {
    code.extend([0x49, 0xBB]);
    code.extend((target as u64).to_le_bytes());
}

/// What the gate of an export that can fail asks.
unsafe extern "win64" fn call_fails() -> bool {
    let export = gate_name(processor::current().caller().export);
    faults::fails(&export)
}

/// Where a gate goes when the IRQL is above the export's maximum.
unsafe extern "win64" fn stop_irql() -> ! {
    let index = processor::current().caller().export as usize;
    let (name, max) = with_gates(|gates| (gates.behind[index].name.clone(), gates.behind[index].max_irql));
    let what = format!(
        "{name} was called at IRQL {}, and its highest is {max}",
        irql::current()
    );
    verifier::broken(rules::IRQL_TOO_HIGH, &what, verifier::owner());
}

/// Where a gate goes when the host does not have the export.
unsafe extern "win64" fn stop_unsupported() -> ! {
    let index = processor::current().caller().export as usize;
    let text = with_gates(|gates| gates.behind[index].not_modelled.clone());
    verifier::unsupported(&text.unwrap_or_default());
}
