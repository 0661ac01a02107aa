//! What is told of an exception: `EXCEPTION_RECORD`, `CONTEXT` (x64) and `DISPATCHER_CONTEXT` of `winnt.h`.

use core::mem::offset_of;

use super::{NTSTATUS, PVOID};

/// How many parameters an exception can have (`EXCEPTION_MAXIMUM_PARAMETERS`).
pub const EXCEPTION_MAXIMUM_PARAMETERS: usize = 15;

/// Flags of an exception record.
pub const EXCEPTION_NONCONTINUABLE: u32 = 0x01;
pub const EXCEPTION_UNWINDING: u32 = 0x02;
pub const EXCEPTION_EXIT_UNWIND: u32 = 0x04;
pub const EXCEPTION_TARGET_UNWIND: u32 = 0x20;

/// `CONTEXT_FULL` for x64: control, integer and floating-point registers.
pub const CONTEXT_FULL: u32 = 0x0010_000B;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EXCEPTION_RECORD {
    pub ExceptionCode: NTSTATUS,
    pub ExceptionFlags: u32,
    pub ExceptionRecord: *mut Self,
    pub ExceptionAddress: PVOID,
    pub NumberParameters: u32,
    pub ExceptionInformation: [usize; EXCEPTION_MAXIMUM_PARAMETERS],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct EXCEPTION_POINTERS {
    pub ExceptionRecord: *mut EXCEPTION_RECORD,
    pub ContextRecord: *mut CONTEXT,
}

/// The registers. `General` is `Rax` to `R15`, which stand in the order of their machine numbers.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug)]
pub struct CONTEXT {
    pub Home: [u64; 6],
    pub ContextFlags: u32,
    pub MxCsr: u32,
    pub Segments: [u16; 6],
    pub EFlags: u32,
    pub Debug: [u64; 6],
    pub General: [u64; 16],
    pub Rip: u64,
    pub FloatHeader: [u8; 160],
    pub Xmm: [u128; 16],
    pub FloatRest: [u8; 96],
    pub VectorRegister: [u128; 26],
    pub Control: [u64; 6],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DISPATCHER_CONTEXT {
    pub ControlPc: u64,
    pub ImageBase: u64,
    pub FunctionEntry: PVOID,
    pub EstablisherFrame: u64,
    pub TargetIp: u64,
    pub ContextRecord: *mut CONTEXT,
    pub LanguageHandler: PVOID,
    pub HandlerData: PVOID,
    pub HistoryTable: PVOID,
    pub ScopeIndex: u32,
    pub Fill0: u32,
}

const _: () = {
    assert!(size_of::<EXCEPTION_RECORD>() == 0x98);
    assert!(offset_of!(EXCEPTION_RECORD, ExceptionInformation) == 0x20);
    assert!(size_of::<CONTEXT>() == 0x4D0);
    assert!(offset_of!(CONTEXT, General) == 0x78);
    assert!(offset_of!(CONTEXT, Rip) == 0xF8);
    assert!(offset_of!(CONTEXT, Xmm) == 0x1A0);
    assert!(offset_of!(CONTEXT, VectorRegister) == 0x300);
    assert!(offset_of!(DISPATCHER_CONTEXT, ScopeIndex) == 0x48);
    assert!(size_of::<DISPATCHER_CONTEXT>() == 0x50);
};
