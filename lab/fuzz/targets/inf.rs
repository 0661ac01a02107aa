//! See `lab_fuzz::inf`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lab_fuzz::inf::run(data));
