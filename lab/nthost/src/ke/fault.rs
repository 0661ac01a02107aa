//! Faults: what the processor refuses in driver code becomes a bugcheck that names the code.
//!
//! Those for which Windows asks the handlers of `__try` first go to `exception`.
//!
//! Two instructions that drivers may use and a process may not are carried out here instead: reading and writing CR8,
//! which is how a C compiler gets and sets the IRQL.
#![allow(unsafe_code, reason = "signal handlers")]

use core::ffi::c_void;
use std::cell::Cell;
use std::io;
use std::panic::PanicHookInfo;

use super::{exception, irql, processor};
use crate::abi::{
    DISPATCH_LEVEL, NTSTATUS, STATUS_ACCESS_VIOLATION, STATUS_BREAKPOINT, STATUS_ILLEGAL_INSTRUCTION,
    STATUS_INTEGER_DIVIDE_BY_ZERO, STATUS_PRIVILEGED_INSTRUCTION,
};
use crate::exports;
use crate::ldr::{self, unwind};
use crate::mm::pool;
use crate::verifier::rules::{self, Rule};
use crate::verifier::{self, Outcome, Owner};

/// The alternate stack: the report reads map files and formats.
const ALTERNATE_STACK: usize = 256 << 10;
const SIGNALS: [i32; 5] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
    libc::SIGTRAP,
];
/// Bits of the page fault's error code.
const PF_WRITE: i64 = 2;
const PF_FETCH: i64 = 16;
/// Vector of a general protection fault.
const TRAP_GENERAL_PROTECTION: i64 = 13;
/// Where Windows shows times and versions to all code, in the kernel's half of the address space.
const SHARED_DATA: usize = 0xFFFF_F780_0000_0000;
const SHARED_PAGE_OFFSET: usize = 0xFFF;
/// `int 0x2C`, a failed assertion.
const ASSERT: [u8; 2] = [0xCD, 0x2C];
/// Machine numbers.
const RCX: usize = 1;
const RSP: usize = 4;
/// Addresses below this are null pointers with an offset.
const NULL_AREA: usize = 0x1_0000;

/// Where `ucontext` keeps the general registers, by machine number.
const REGISTERS: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// Installs the handlers. Once, at the start.
///
/// # Errors
///
/// The system's error.
pub fn install() -> io::Result<()> {
    SIGNALS
        .into_iter()
        .try_for_each(|signal| install_handler(signal, handle))
}

/// What `SA_SIGINFO` asks for.
type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void);

/// Has a signal handled, on the thread's alternate stack.
pub(super) fn install_handler(signal: i32, handler: Handler) -> io::Result<()> {
    // SAFETY: all-zero bytes are a valid sigaction, filled in below.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER | libc::SA_RESTART;
    // SAFETY: the handler has the signature that SA_SIGINFO asks for.
    match unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The registers that unwinding needs, from those of an interrupted thread.
pub(super) fn frame(registers: &[i64; 23]) -> unwind::Registers {
    let get = |register: i32| registers[register.unsigned_abs() as usize].cast_unsigned();
    unwind::Registers {
        rip: get(libc::REG_RIP),
        general: REGISTERS.map(get),
    }
}

/// Gives the calling thread an alternate signal stack, so that an overflow of its own can be reported.
///
/// # Panics
///
/// When the system refuses the stack.
pub fn use_alternate_stack() {
    thread_local! {
        static DONE: Cell<bool> = const { Cell::new(false) };
    }
    if DONE.replace(true) {
        return;
    }
    let memory = Box::leak(vec![0u8; ALTERNATE_STACK].into_boxed_slice());
    let stack = libc::stack_t {
        ss_sp: memory.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: memory.len(),
    };
    // SAFETY: the memory is never freed and used for nothing else.
    let result = unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
    assert_eq!(result, 0, "sigaltstack takes a stack of 256 KiB");
}

/// The registers of interrupted code.
pub(super) struct Context<'a> {
    machine: &'a mut libc::mcontext_t,
}

impl Context<'_> {
    const fn get(&self, register: i32) -> u64 {
        self.machine.gregs[register.unsigned_abs() as usize].cast_unsigned()
    }

    pub(super) fn rip(&self) -> usize {
        usize::try_from(self.get(libc::REG_RIP)).unwrap_or(usize::MAX)
    }

    pub(super) const fn stack_pointer(&self) -> u64 {
        self.get(libc::REG_RSP)
    }

    const fn set(&mut self, register: i32, value: u64) {
        self.machine.gregs[register.unsigned_abs() as usize] = value.cast_signed();
    }

    /// Sends the thread to a routine with one argument, whose frame begins right below that.
    pub(super) const fn go_to(&mut self, routine: u64, argument: u64) {
        /// The return address, which is never used, and room for four arguments.
        const FRAME: u64 = 8 + 32;
        self.set(libc::REG_RIP, routine);
        self.set(libc::REG_RCX, argument);
        self.set(libc::REG_RSP, argument - FRAME);
    }

    pub(super) fn frame(&self) -> unwind::Registers {
        frame(&self.machine.gregs)
    }

    /// The XMM registers; zero where the system saved none.
    pub(super) fn xmm(&self) -> [u128; 16] {
        // SAFETY: the system gives null or the state that it saved beside the context, valid until the handler returns.
        let Some(state) = (unsafe { self.machine.fpregs.as_ref() }) else {
            return [0; 16];
        };
        state._xmm.map(|register| {
            let [one, two, three, four] = register.element.map(u128::from);
            one | two << 32 | three << 64 | four << 96
        })
    }
}

/// A fault as it is reported.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    signal: i32,
    pub(super) address: usize,
    registers: unwind::Registers,
    trap: i64,
    error: i64,
    /// What the thread's last gate had stored.
    pub(super) caller: processor::Caller,
}

/// What the processor refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Division,
    Illegal,
    Breakpoint,
    /// `int 0x2C`.
    Assertion,
    /// A general protection fault otherwise.
    Protection,
    /// A page fault: 0 for a read, 1 for a write, 8 for an instruction, as `ExceptionInformation` has it.
    Page(usize),
}

impl Fault {
    fn new(signal: i32, address: usize, context: &Context<'_>) -> Self {
        Self {
            signal,
            address,
            registers: context.frame(),
            trap: context.machine.gregs[libc::REG_TRAPNO as usize],
            error: context.machine.gregs[libc::REG_ERR as usize],
            caller: processor::current().caller(),
        }
    }

    fn rip(&self) -> usize {
        usize::try_from(self.registers.rip).unwrap_or(usize::MAX)
    }

    pub(super) fn kind(&self) -> Kind {
        match self.signal {
            libc::SIGFPE => Kind::Division,
            libc::SIGILL => Kind::Illegal,
            libc::SIGTRAP => Kind::Breakpoint,
            _ if self.trap == TRAP_GENERAL_PROTECTION => match code_at(self.rip()) {
                Some(ASSERT) => Kind::Assertion,
                _ => Kind::Protection,
            },
            _ if self.error & PF_FETCH != 0 => Kind::Page(8),
            _ => Kind::Page(usize::from(self.error & PF_WRITE != 0)),
        }
    }
}

/// A panic is a defect of the lab, but for the one that a checked build of it makes of a NULL pointer that a driver passed.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    const NULL_DEREFERENCE: &str = "null pointer dereference occurred";
    let (text, caller) = (panic.to_string(), processor::current().caller());
    if caller.rsp == 0 || !text.contains(NULL_DEREFERENCE) {
        verifier::lab_defect(&text);
    }
    let note = format!("while the lab carried out {}", exports::gate_name(caller.export));
    verifier::broken_with(
        rules::NULL_POINTER,
        "passes a NULL pointer",
        verifier::owner(),
        &[note],
    );
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the third argument is the interrupted ucontext, valid until the handler returns.
    let machine = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext };
    let mut context = Context { machine };
    if signal == libc::SIGSEGV && emulate(&mut context) {
        return;
    }
    // SAFETY: the second argument is the signal's information.
    let info = unsafe { info.read() };
    // SAFETY: the signals handled here carry an address.
    let address = unsafe { info.si_addr() }.addr();
    let fault = Fault::new(signal, address, &context);
    if !exception::divert(&fault, &mut context) {
        report(&fault);
    }
}

/// Carries out an access to CR8. True if that is what the fault was about.
fn emulate(context: &mut Context<'_>) -> bool {
    const REX_R: u8 = 0x44;
    const REX_W_AND_B: u8 = 0x09;
    const MOV_FROM_CR: u8 = 0x20;
    const MOV_TO_CR: u8 = 0x22;
    let Some([rex, 0x0F, operation, modrm]) = code_at(context.rip()) else {
        return false;
    };
    let is_cr8 = rex & !REX_W_AND_B == REX_R && modrm & 0xF8 == 0xC0;
    let register = REGISTERS[usize::from((modrm & 7) | ((rex & 1) << 3))];
    match operation {
        MOV_FROM_CR if is_cr8 => context.set(register, u64::from(irql::current())),
        MOV_TO_CR if is_cr8 => {
            processor::current().set_irql((context.get(register) & 15) as u8);
        }
        _ => return false,
    }
    context.set(libc::REG_RIP, context.get(libc::REG_RIP) + 4);
    true
}

/// The bytes of driver code at `address`.
fn code_at<const N: usize>(address: usize) -> Option<[u8; N]> {
    ldr::image_at(address)
        .filter(|image| !image.is_unloaded())?
        .bytes_at(address)
}

/// Whether the address lies where Windows shows times and versions.
pub(super) const fn is_shared_data(address: usize) -> bool {
    address & !SHARED_PAGE_OFFSET == SHARED_DATA
}

/// Ends the run with the report of a fault.
pub(super) fn report(fault: &Fault) -> ! {
    let (rip, address) = (fault.rip(), fault.address);
    let (rule, what, mut notes) = explain(fault);
    if is_shared_data(address) {
        let text = format!(
            "unsupported: {} reads KUSER_SHARED_DATA at {address:#x}",
            Owner::at(rip)
        );
        verifier::end(Outcome::Unsupported, &text);
    }
    if ldr::image_at(rip).is_some() || rip < NULL_AREA {
        processor::current().set_caller(processor::Caller::default());
        let mut frames = driver_frames(fault);
        let at = frames.next().map_or_else(|| Owner::at(rip), Owner::at);
        notes.extend(
            frames
                .take(16)
                .map(|frame| format!("called from {}", Owner::at(frame))),
        );
        verifier::broken_with(rule, &what, at, &notes);
    }
    let caller = processor::current().caller();
    if caller.rsp == 0 && !is_of_driver(address) {
        let signal = fault.signal;
        verifier::lab_defect(&format!(
            "signal {signal} at {rip:#x} in the host, address {address:#x}"
        ));
    }
    if caller.rsp != 0 {
        notes.push(format!(
            "while the lab carried out {}",
            exports::gate_name(caller.export)
        ));
    }
    verifier::broken_with(rule, &what, verifier::owner(), &notes)
}

/// The frames at a fault, the faulting one first. A jump to where no code is left its caller's return address on top
/// of the stack: then the caller is the first.
fn driver_frames(fault: &Fault) -> impl Iterator<Item = usize> + use<> {
    let mut frame = fault.registers;
    let stack = unwind::OwnStack::current();
    let is_code = ldr::image_at(fault.rip()).is_some_and(|image| !image.is_unloaded());
    if !is_code && let Some(caller) = unwind::Stack::read(&stack, frame.general[RSP]) {
        frame.rip = caller;
        frame.general[RSP] += 8;
    }
    unwind::walk(Some(frame), stack)
}

fn is_of_driver(address: usize) -> bool {
    pool::explain(address).is_some() || ldr::image_at(address).is_some()
}

/// The rule that was broken, what happened, and notes.
type Explained = (&'static Rule, String, Vec<String>);

fn explain(fault: &Fault) -> Explained {
    let exception = |rule: &'static Rule, status: NTSTATUS, what: &str| {
        (rule, format!("{what}, exception {status}"), Vec::new())
    };
    match fault.kind() {
        Kind::Division => exception(
            rules::DIVISION,
            STATUS_INTEGER_DIVIDE_BY_ZERO,
            "an integer division failed",
        ),
        Kind::Illegal => exception(
            rules::ILLEGAL_INSTRUCTION,
            STATUS_ILLEGAL_INSTRUCTION,
            "an illegal instruction (ud2 ends a path that must not be reached)",
        ),
        Kind::Breakpoint => exception(
            rules::BREAKPOINT,
            STATUS_BREAKPOINT,
            "a breakpoint was hit and no debugger is there",
        ),
        Kind::Assertion => (rules::ASSERTION, String::from("an assertion failed"), Vec::new()),
        Kind::Protection => explain_protection(fault),
        Kind::Page(_) => explain_page(fault),
    }
}

fn explain_protection(fault: &Fault) -> Explained {
    /// `int 0x29`, `__fastfail`: the code is in ecx.
    const FAST_FAIL: [u8; 2] = [0xCD, 0x29];
    if code_at(fault.rip()) == Some(FAST_FAIL) {
        let what = format!("__fastfail({})", fault.registers.general[RCX] & 0xFFFF_FFFF);
        return (rules::FAST_FAIL, what, Vec::new());
    }
    let what = format!(
        "an instruction that a process may not execute, or an address that cannot exist ({STATUS_PRIVILEGED_INSTRUCTION})"
    );
    (rules::PRIVILEGED_INSTRUCTION, what, Vec::new())
}

fn explain_page(fault: &Fault) -> Explained {
    let (address, error) = (fault.address, fault.error);
    let verb = match () {
        () if error & PF_FETCH != 0 => "executes at",
        () if error & PF_WRITE != 0 => "writes to",
        () => "reads from",
    };
    if let Some((rule, what, notes)) = pool::explain(address) {
        return (rule, format!("{verb} {address:#x}: {what}"), notes);
    }
    if unwind::OwnStack::current().is_overflow(address as u64) {
        let what = String::from("the stack is used up (EXCEPTION_DOUBLE_FAULT)");
        return (rules::STACK_OVERFLOW, what, Vec::new());
    }
    if let Some(location) = ldr::find(address) {
        let rule = match (location.unloaded, error & PF_FETCH != 0) {
            (true, _) => rules::RUNS_UNLOADED,
            (false, true) => rules::DATA_EXECUTED,
            (false, false) => rules::READ_ONLY_WRITTEN,
        };
        return (rule, format!("{verb} {location}"), Vec::new());
    }
    let rule = match () {
        () if irql::current() >= DISPATCH_LEVEL => rules::BAD_POINTER_AT_DISPATCH,
        () if address < NULL_AREA => rules::NULL_POINTER,
        () => rules::BAD_POINTER,
    };
    (
        rule,
        format!("{verb} {address:#x}, where nothing is ({STATUS_ACCESS_VIOLATION})"),
        Vec::new(),
    )
}
