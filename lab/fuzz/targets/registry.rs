//! See `lab_fuzz::registry`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| lab_fuzz::registry::run(data));
