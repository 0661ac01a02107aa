//! Taking a driver's registers where it calls an export, and giving control back with others.
#![allow(unsafe_code, reason = "machine code")]

use core::mem::offset_of;

use crate::abi::CONTEXT;

/// Offsets of the registers in a `CONTEXT`.
pub(super) const GENERAL: usize = offset_of!(CONTEXT, General);
pub(super) const RIP: usize = offset_of!(CONTEXT, Rip);
pub(super) const XMM: usize = offset_of!(CONTEXT, Xmm);
pub(super) const MXCSR: usize = offset_of!(CONTEXT, MxCsr);
pub(super) const SIZE: usize = size_of::<CONTEXT>();

/// Calls the routine in R11 with the first three arguments as they are, and as fourth the caller's registers as they are behind the call.
///
/// # Safety
/// R11 holds a routine of the calling convention that takes that.
#[unsafe(naked)]
pub(super) unsafe extern "win64" fn with_registers() {
    core::arch::naked_asm!(
        // Room for the registers and four arguments; it leaves the stack pointer aligned.
        "sub rsp, {size} + 0x28",
        "mov [rsp + 0x20 + {general}], rax",
        "mov [rsp + 0x20 + {general} + 0x08], rcx",
        "mov [rsp + 0x20 + {general} + 0x10], rdx",
        "mov [rsp + 0x20 + {general} + 0x18], rbx",
        "mov [rsp + 0x20 + {general} + 0x28], rbp",
        "mov [rsp + 0x20 + {general} + 0x30], rsi",
        "mov [rsp + 0x20 + {general} + 0x38], rdi",
        "mov [rsp + 0x20 + {general} + 0x40], r8",
        "mov [rsp + 0x20 + {general} + 0x48], r9",
        "mov [rsp + 0x20 + {general} + 0x50], r10",
        "mov [rsp + 0x20 + {general} + 0x58], r11",
        "mov [rsp + 0x20 + {general} + 0x60], r12",
        "mov [rsp + 0x20 + {general} + 0x68], r13",
        "mov [rsp + 0x20 + {general} + 0x70], r14",
        "mov [rsp + 0x20 + {general} + 0x78], r15",
        "lea rax, [rsp + {size} + 0x30]",
        "mov [rsp + 0x20 + {general} + 0x20], rax",
        "mov rax, [rsp + {size} + 0x28]",
        "mov [rsp + 0x20 + {rip}], rax",
        "movaps [rsp + 0x20 + {xmm}], xmm0",
        "movaps [rsp + 0x20 + {xmm} + 0x10], xmm1",
        "movaps [rsp + 0x20 + {xmm} + 0x20], xmm2",
        "movaps [rsp + 0x20 + {xmm} + 0x30], xmm3",
        "movaps [rsp + 0x20 + {xmm} + 0x40], xmm4",
        "movaps [rsp + 0x20 + {xmm} + 0x50], xmm5",
        "movaps [rsp + 0x20 + {xmm} + 0x60], xmm6",
        "movaps [rsp + 0x20 + {xmm} + 0x70], xmm7",
        "movaps [rsp + 0x20 + {xmm} + 0x80], xmm8",
        "movaps [rsp + 0x20 + {xmm} + 0x90], xmm9",
        "movaps [rsp + 0x20 + {xmm} + 0xA0], xmm10",
        "movaps [rsp + 0x20 + {xmm} + 0xB0], xmm11",
        "movaps [rsp + 0x20 + {xmm} + 0xC0], xmm12",
        "movaps [rsp + 0x20 + {xmm} + 0xD0], xmm13",
        "movaps [rsp + 0x20 + {xmm} + 0xE0], xmm14",
        "movaps [rsp + 0x20 + {xmm} + 0xF0], xmm15",
        "stmxcsr [rsp + 0x20 + {mxcsr}]",
        "lea r9, [rsp + 0x20]",
        "call r11",
        "add rsp, {size} + 0x28",
        "ret",
        size = const SIZE,
        general = const GENERAL,
        rip = const RIP,
        xmm = const XMM,
        mxcsr = const MXCSR,
    )
}

/// Goes on with other registers: the frames below that stack pointer are gone.
///
/// # Safety
/// The registers are those of driver code that may go on so.
#[unsafe(naked)]
pub unsafe extern "win64" fn resume(context: &CONTEXT) -> ! {
    core::arch::naked_asm!(
        // The address lies below the stack pointer, where driver code keeps nothing, and is returned to.
        "mov rax, [rcx + {general} + 0x20]",
        "mov rdx, [rcx + {rip}]",
        "lea rax, [rax - 8]",
        "mov [rax], rdx",
        "mov r11, rax",
        "ldmxcsr [rcx + {mxcsr}]",
        "movaps xmm0, [rcx + {xmm}]",
        "movaps xmm1, [rcx + {xmm} + 0x10]",
        "movaps xmm2, [rcx + {xmm} + 0x20]",
        "movaps xmm3, [rcx + {xmm} + 0x30]",
        "movaps xmm4, [rcx + {xmm} + 0x40]",
        "movaps xmm5, [rcx + {xmm} + 0x50]",
        "movaps xmm6, [rcx + {xmm} + 0x60]",
        "movaps xmm7, [rcx + {xmm} + 0x70]",
        "movaps xmm8, [rcx + {xmm} + 0x80]",
        "movaps xmm9, [rcx + {xmm} + 0x90]",
        "movaps xmm10, [rcx + {xmm} + 0xA0]",
        "movaps xmm11, [rcx + {xmm} + 0xB0]",
        "movaps xmm12, [rcx + {xmm} + 0xC0]",
        "movaps xmm13, [rcx + {xmm} + 0xD0]",
        "movaps xmm14, [rcx + {xmm} + 0xE0]",
        "movaps xmm15, [rcx + {xmm} + 0xF0]",
        "mov rdx, [rcx + {general} + 0x10]",
        "mov rbx, [rcx + {general} + 0x18]",
        "mov rbp, [rcx + {general} + 0x28]",
        "mov rsi, [rcx + {general} + 0x30]",
        "mov rdi, [rcx + {general} + 0x38]",
        "mov r8, [rcx + {general} + 0x40]",
        "mov r9, [rcx + {general} + 0x48]",
        "mov r10, [rcx + {general} + 0x50]",
        "mov r12, [rcx + {general} + 0x60]",
        "mov r13, [rcx + {general} + 0x68]",
        "mov r14, [rcx + {general} + 0x70]",
        "mov r15, [rcx + {general} + 0x78]",
        "mov rax, [rcx + {general}]",
        "mov rsp, r11",
        "mov r11, [rcx + {general} + 0x58]",
        "mov rcx, [rcx + {general} + 0x08]",
        "ret",
        general = const GENERAL,
        rip = const RIP,
        xmm = const XMM,
        mxcsr = const MXCSR,
    )
}
