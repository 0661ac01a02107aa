//! The PE loader: any file is read or refused, and a stack that its unwind data describe can be walked. Nothing is mapped or run.

use nthost::ldr::Contents;
use nthost::ldr::unwind::{self, Registers, Stack};

/// Where the image would lie: not where any linker puts one, so that relocations are applied.
const BASE: u64 = 0x7F12_3456_0000;
/// How many functions are unwound: each has its own codes, and one is as good as the next.
const FUNCTIONS: usize = 64;

/// A stack on which each word holds its own address.
struct Anything;

impl Stack for Anything {
    fn read(&self, address: u64) -> Option<u64> {
        Some(address)
    }
}

/// See the module.
pub fn run(data: &[u8]) {
    let Ok(contents) = Contents::read(data, BASE) else {
        return;
    };
    for offset in contents.function_starts().take(FUNCTIONS) {
        let frame = Registers {
            rip: BASE.wrapping_add(offset as u64),
            general: [u64::MAX - 7; 16],
        };
        // Where the frame ends is up to the image.
        let _caller = unwind::step(&contents.unwinding(offset + 1), &frame, &Anything);
    }
}
