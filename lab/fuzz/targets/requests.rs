//! See `lab_fuzz::requests`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lab_fuzz::requests::run(data));
