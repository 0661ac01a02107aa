//! See `lab_fuzz::loader`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lab_fuzz::loader::run(data));
