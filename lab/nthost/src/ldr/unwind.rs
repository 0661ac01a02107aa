//! Walks the stack of driver code by the image's unwind data ("x64 exception handling" of the Windows documentation).
#![allow(unsafe_code, reason = "reads the calling thread's stack")]

use super::bytes::Bytes;
use super::error::Malformed;
use crate::ke::processor::{Caller, SAVED_REGISTERS};

/// Machine number of the stack pointer.
const RSP: usize = 4;
const UNW_FLAG_EHANDLER: u8 = 1;
const UNW_FLAG_UHANDLER: u8 = 2;
const UNW_FLAG_CHAININFO: u8 = 4;
/// A chain of unwind information longer than this is damaged.
const MAX_CHAIN: usize = 32;

/// The registers that unwinding needs: a frame's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Registers {
    /// The instruction pointer.
    pub rip: u64,
    /// The general registers by machine number.
    pub general: [u64; 16],
}

/// Reads stack memory; `None` outside of the stack.
pub trait Stack {
    /// The 64-bit value at `address`.
    fn read(&self, address: u64) -> Option<u64>;
}

/// The unwind data of the image that an instruction belongs to: offset of the instruction, image bytes, functions.
pub struct Unwinding<'a> {
    /// The image's bytes as mapped.
    pub image: &'a [u8],
    /// The function that the instruction belongs to; `None` for a leaf.
    pub function: Option<super::directories::Function>,
    /// The instruction's offset.
    pub offset: usize,
}

/// Where a function's language handler is, as offsets in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanguageHandler {
    /// It takes exceptions (`UNW_FLAG_EHANDLER`).
    pub exceptions: bool,
    /// It takes part in unwinding (`UNW_FLAG_UHANDLER`).
    pub unwinding: bool,
    /// The routine.
    pub routine: usize,
    /// Its own data.
    pub data: usize,
}

/// What `RtlVirtualUnwind` tells of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Unwound {
    /// The caller's frame.
    pub caller: Registers,
    /// The address by which handlers know the frame.
    pub establisher: u64,
    /// The handler, if the function has one and its prolog has run.
    pub handler: Option<LanguageHandler>,
}

/// Goes from a frame to its caller's.
pub fn step(data: &Unwinding<'_>, frame: &Registers, stack: &impl Stack) -> Option<Registers> {
    unwind(data, frame, stack, |_, _| ()).map(|unwound| unwound.caller)
}

/// Goes from a frame to its caller's, and tells what handlers need. `saved` gets the number of each XMM register that the function saved, and
/// the address.
pub fn unwind(
    data: &Unwinding<'_>,
    frame: &Registers,
    stack: &impl Stack,
    mut saved: impl FnMut(usize, u64),
) -> Option<Unwound> {
    let mut unwound = Unwound {
        caller: *frame,
        establisher: frame.general[RSP],
        handler: None,
    };
    if let Some(function) = data.function {
        let machine_frame = undo_prolog(data, function, &mut unwound, stack, &mut saved).ok()?;
        if machine_frame {
            return Some(unwound);
        }
    }
    let caller = &mut unwound.caller;
    caller.rip = stack.read(caller.general[RSP])?;
    caller.general[RSP] = caller.general[RSP].wrapping_add(8);
    Some(unwound)
}

/// Undoes a function's prolog. True when the frame was one that the processor pushed. Sums wrap around: registers hold what the driver has left in
/// them, and [`Stack::read`] has the last word.
fn undo_prolog(
    data: &Unwinding<'_>,
    function: super::directories::Function,
    unwound: &mut Unwound,
    stack: &impl Stack,
    saved: &mut impl FnMut(usize, u64),
) -> Result<bool, Malformed> {
    const PLACE: &str = "unwind information";
    let bytes = Bytes::new(data.image, "the image");
    let mut info = function.unwind;
    let mut within = data.offset.saturating_sub(function.begin);
    unwound.establisher = establisher(&bytes, info, within, &unwound.caller)?;
    for _ in 0..MAX_CHAIN {
        let flags = bytes.u8(info, PLACE)? >> 3;
        let prolog = usize::from(bytes.u8(info + 1, PLACE)?);
        let codes = usize::from(bytes.u8(info + 2, PLACE)?);
        let behind = info + 4 + codes.next_multiple_of(2) * 2;
        if undo_codes(&bytes, info, codes, within, &mut unwound.caller, stack, saved)? {
            return Ok(true);
        }
        if flags & UNW_FLAG_CHAININFO == 0 {
            if flags & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER) != 0 && within >= prolog {
                unwound.handler = Some(LanguageHandler {
                    exceptions: flags & UNW_FLAG_EHANDLER != 0,
                    unwinding: flags & UNW_FLAG_UHANDLER != 0,
                    routine: bytes.offset(behind, PLACE)?,
                    data: behind + 4,
                });
            }
            break;
        }
        info = bytes.offset(behind + 8, "chained unwind information")?;
        // The whole prolog of the function that the chain leads to has run.
        within = usize::MAX;
    }
    Ok(false)
}

/// The frame's address: the frame register's, once the prolog has set it, else the stack pointer.
fn establisher(
    bytes: &Bytes<'_>,
    info: usize,
    within: usize,
    registers: &Registers,
) -> Result<u64, Malformed> {
    const PLACE: &str = "unwind information";
    let frame_byte = bytes.u8(info + 3, PLACE)?;
    let register = usize::from(frame_byte & 15);
    let chained = (bytes.u8(info, PLACE)? >> 3) & UNW_FLAG_CHAININFO != 0;
    if register == 0 || (within < usize::from(bytes.u8(info + 1, PLACE)?) && !chained) {
        return Ok(registers.general[RSP]);
    }
    Ok(registers.general[register].wrapping_sub(u64::from(frame_byte >> 4) * 16))
}

fn undo_codes(
    bytes: &Bytes<'_>,
    info: usize,
    count: usize,
    within: usize,
    registers: &mut Registers,
    stack: &impl Stack,
    saved: &mut impl FnMut(usize, u64),
) -> Result<bool, Malformed> {
    const PLACE: &str = "unwind codes";
    let frame_byte = bytes.u8(info + 3, PLACE)?;
    let (frame_register, frame_offset) = (usize::from(frame_byte & 15), u64::from(frame_byte >> 4) * 16);
    let frame = if frame_register == 0 {
        registers.general[RSP]
    } else {
        registers.general[frame_register].wrapping_sub(frame_offset)
    };
    let mut index = 0;
    while index < count {
        let at = info + 4 + index * 2;
        let prolog_offset = usize::from(bytes.u8(at, PLACE)?);
        let operation = bytes.u8(at + 1, PLACE)?;
        let (kind, argument) = (operation & 15, usize::from(operation >> 4));
        index += slots(kind, argument);
        if prolog_offset > within {
            continue;
        }
        let small = || bytes.u16(at + 2, PLACE).map(u64::from);
        let large = || bytes.u32(at + 2, PLACE).map(u64::from);
        let read = |address| {
            stack
                .read(address)
                .ok_or_else(|| Malformed::new("stack", "the frame lies outside"))
        };
        let rsp = registers.general[RSP];
        match kind {
            0 => {
                registers.general[argument] = read(rsp)?;
                registers.general[RSP] = rsp.wrapping_add(8);
            }
            1 if argument == 0 => registers.general[RSP] = rsp.wrapping_add(small()? * 8),
            1 => registers.general[RSP] = rsp.wrapping_add(large()?),
            2 => registers.general[RSP] = rsp.wrapping_add(argument as u64 * 8 + 8),
            3 => registers.general[RSP] = frame,
            4 => registers.general[argument] = read(frame.wrapping_add(small()? * 8))?,
            5 => registers.general[argument] = read(frame.wrapping_add(large()?))?,
            8 => saved(argument, frame.wrapping_add(small()? * 16)),
            9 => saved(argument, frame.wrapping_add(large()?)),
            10 => {
                let base = rsp.wrapping_add(if argument == 1 { 8 } else { 0 });
                registers.rip = read(base)?;
                registers.general[RSP] = read(base.wrapping_add(24))?;
                return Ok(true);
            }
            // Epilog descriptions do not move the stack pointer.
            _ => {}
        }
    }
    Ok(false)
}

/// How many 16-bit slots an unwind code takes.
const fn slots(kind: u8, argument: usize) -> usize {
    match kind {
        1 if argument == 0 => 2,
        1 | 5 | 7 | 9 => 3,
        4 | 6 | 8 => 2,
        _ => 1,
    }
}

/// The calling thread's stack.
pub struct OwnStack {
    low: u64,
    high: u64,
}

impl OwnStack {
    /// The extent of the calling thread's stack.
    #[must_use]
    pub fn current() -> Self {
        thread_local! {
            static EXTENT: (u64, u64) = extent();
        }
        let (low, high) = EXTENT.with(|extent| *extent);
        Self { low, high }
    }
}

impl OwnStack {
    /// Whether an address lies in the stack.
    #[must_use]
    pub const fn contains(&self, address: u64) -> bool {
        address >= self.low && address < self.high
    }

    /// The address behind the stack; zero if the system does not say.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.high
    }

    /// Whether an address that faulted lies where a stack that grew too far ends: right below it, or in its last page.
    #[must_use]
    pub const fn is_overflow(&self, address: u64) -> bool {
        const GUARD: u64 = 0x1_0000;
        const LAST_PAGE: u64 = 0x1000;
        self.low > GUARD && address >= self.low - GUARD && address < self.low + LAST_PAGE
    }
}

impl Stack for OwnStack {
    fn read(&self, address: u64) -> Option<u64> {
        if address < self.low || address.checked_add(8)? > self.high || !address.is_multiple_of(8) {
            return None;
        }
        // SAFETY: the aligned word lies in the calling thread's own stack (checked above), which is mapped down to
        // the current frame, and the frames walked lie above it.
        Some(unsafe {
            std::ptr::with_exposed_provenance::<u64>(usize::try_from(address).ok()?).read_volatile()
        })
    }
}

/// Lowest and highest address of the calling thread's stack; both zero if the system does not say.
fn extent() -> (u64, u64) {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut base, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: pthread_self has no preconditions.
    let own = unsafe { libc::pthread_self() };
    // SAFETY: the attributes are written by the call before they are read, and only read on success.
    if unsafe { libc::pthread_getattr_np(own, attributes.as_mut_ptr()) } != 0 {
        return (0, 0);
    }
    // SAFETY: pthread_getattr_np succeeded, so the attributes are initialized; both results are written to locals.
    let result = unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut base, &raw mut size) };
    // SAFETY: the attributes were initialized above and are not used again.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if result == 0 {
        (base as u64, base as u64 + size as u64)
    } else {
        (0, 0)
    }
}

/// The return addresses of the driver frames under an export call, nearest first. Ends at the first frame that lies
/// in no image.
pub fn frames(caller: &Caller) -> impl Iterator<Item = usize> + use<> {
    frames_on(caller, OwnStack::current())
}

/// [`frames`] of a caller whose stack is this one.
pub fn frames_on<S: Stack>(caller: &Caller, stack: S) -> impl Iterator<Item = usize> + use<S> {
    let mut registers = Registers::default();
    registers.general[RSP] = caller.rsp;
    for (number, value) in SAVED_REGISTERS.iter().zip(caller.registers) {
        registers.general[usize::from(*number)] = value;
    }
    // The export's own entry counts as a leaf: its return address is on top.
    let first = stack.read(caller.rsp).map(|rip| {
        registers.rip = rip;
        registers.general[RSP] += 8;
        registers
    });
    walk(first, stack)
}

/// The instruction pointers of the frames from `first` on, as long as they lie in images. A caller's frame is the higher one: damaged
/// unwind data do not send the walk round in a circle.
pub fn walk(first: Option<Registers>, stack: impl Stack) -> impl Iterator<Item = usize> {
    let mut frame = first;
    std::iter::from_fn(move || {
        let current = frame?;
        let address = usize::try_from(current.rip).ok()?;
        let image = super::image_at(address)?;
        frame = step(&image.unwinding(address), &current, &stack)
            .filter(|caller| caller.general[RSP] > current.general[RSP]);
        Some(address)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::directories::Function;
    use super::{RSP, Registers, Stack, Unwinding, step};

    struct Words(HashMap<u64, u64>);

    impl Stack for Words {
        fn read(&self, address: u64) -> Option<u64> {
            self.0.get(&address).copied()
        }
    }

    const RBP: usize = 5;

    fn image_with(info: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 0x100];
        image[0x80..0x80 + info.len()].copy_from_slice(info);
        image
    }

    fn after(info: &[u8], rsp: u64, rbp: u64, stack: &[(u64, u64)]) -> Option<Registers> {
        let image = image_with(info);
        let function = Some(Function {
            begin: 0x10,
            end: 0x60,
            unwind: 0x80,
            entry: 0,
        });
        let mut frame = Registers {
            rip: 0x40,
            ..Registers::default()
        };
        frame.general[RSP] = rsp;
        frame.general[RBP] = rbp;
        step(
            &Unwinding {
                image: &image,
                function,
                offset: 0x40,
            },
            &frame,
            &Words(stack.iter().copied().collect()),
        )
    }

    #[test]
    fn undoes_a_push_and_an_allocation() {
        // push rbp; sub rsp, 0x20.
        let next = after(
            &[1, 5, 2, 0, 5, 0x32, 1, 0x50],
            0x1000,
            1,
            &[(0x1020, 77), (0x1028, 0xABCD)],
        );
        let next = next.expect("the frame is well formed");
        assert_eq!(
            (next.rip, next.general[RSP], next.general[RBP]),
            (0xABCD, 0x1030, 77)
        );
    }

    #[test]
    fn uses_the_frame_register() {
        // push rbp; sub rsp, 0x40; lea rbp, [rsp + 0x20], and rsp moved by an alloca since.
        let info = [1, 10, 3, 0x25, 10, 0x03, 5, 0x72, 1, 0x50];
        let next =
            after(&info, 0x0800, 0x1020, &[(0x1040, 9), (0x1048, 0x1234)]).expect("the frame is well formed");
        assert_eq!((next.rip, next.general[RBP]), (0x1234, 9));
    }

    #[test]
    fn a_frame_may_end_where_memory_does() {
        // Found by `cargo xtask fuzz loader`: sub rsp, 0x28; push rbp.
        let info = [1, 5, 2, 0, 5, 0x42, 1, 0x50];
        let top = u64::MAX - 7;
        assert!(after(&info, top, top, &[]).is_none(), "nothing lies there");
        let next = after(&info, top, top, &[(0x20, 9), (0x28, 0x1234)]);
        assert_eq!(
            next.map(|next| (next.rip, next.general[RSP])),
            Some((0x1234, 0x30))
        );
    }

    #[test]
    fn ends_at_damaged_data() {
        assert!(
            after(&[1, 5, 200, 0, 1, 0x50], 0x1000, 0, &[]).is_none(),
            "the pushed register is not on the stack"
        );
    }
}
