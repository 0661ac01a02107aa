//! See `lab_fuzz::parameters`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lab_fuzz::parameters::run(data));
