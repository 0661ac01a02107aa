//! Time, processors and the end.
#![allow(unsafe_code, reason = "exports write drivers' memory")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use std::time::Duration;

use crate::ke::time;
use crate::verifier::{self, BugCheck, Owner, rules};

// Time.

pub(super) unsafe extern "win64" fn KeQueryPerformanceCounter(frequency: *mut i64) -> i64 {
    // SAFETY: `frequency` is null or the driver's storage for the frequency.
    if let Some(place) = unsafe { frequency.as_mut() } {
        *place = time::UNITS_PER_SECOND;
    }
    time::interrupt_time()
}

pub(super) unsafe extern "win64" fn KeQuerySystemTimePrecise(now: *mut i64) {
    // SAFETY: `now` is the driver's storage for the system time.
    unsafe { now.write(time::system_time()) };
}

pub(super) unsafe extern "win64" fn KeQueryInterruptTime() -> u64 {
    time::interrupt_time().unsigned_abs()
}

pub(super) unsafe extern "win64" fn KeQueryUnbiasedInterruptTime() -> u64 {
    time::interrupt_time().unsigned_abs()
}

pub(super) unsafe extern "win64" fn KeQueryInterruptTimePrecise(counter: *mut u64) -> u64 {
    let now = time::interrupt_time().unsigned_abs();
    // SAFETY: `counter` is the driver's storage for the performance counter.
    unsafe { counter.write(now) };
    now
}

pub(super) const unsafe extern "win64" fn KeQueryTimeIncrement() -> u32 {
    /// A clock tick of 15.625 ms.
    const INCREMENT: u32 = 156_250;
    INCREMENT
}

pub(super) unsafe extern "win64" fn KeStallExecutionProcessor(microseconds: u32) {
    std::thread::sleep(Duration::from_micros(u64::from(microseconds)));
}

// Processors: the host shows one.

pub(super) const unsafe extern "win64" fn KeQueryActiveProcessorCount(affinity: *mut usize) -> u32 {
    // SAFETY: `affinity` is null or the driver's storage for the processor mask.
    if let Some(place) = unsafe { affinity.as_mut() } {
        *place = 1;
    }
    1
}

pub(super) const unsafe extern "win64" fn KeQueryActiveProcessorCountEx(_group: u16) -> u32 {
    1
}

pub(super) const unsafe extern "win64" fn KeQueryMaximumProcessorCountEx(_group: u16) -> u32 {
    1
}

/// `PROCESSOR_NUMBER`.
#[repr(C)]
pub(super) struct ProcessorNumber {
    group: u16,
    number: u8,
    reserved: u8,
}

pub(super) const unsafe extern "win64" fn KeGetCurrentProcessorNumberEx(number: *mut ProcessorNumber) -> u32 {
    // SAFETY: `number` is null or the driver's storage for a PROCESSOR_NUMBER.
    if let Some(place) = unsafe { number.as_mut() } {
        *place = ProcessorNumber {
            group: 0,
            number: 0,
            reserved: 0,
        };
    }
    0
}

// The end.

pub(super) unsafe extern "win64" fn KeBugCheck(code: u32) -> ! {
    stop(code, [0; 4])
}

pub(super) unsafe extern "win64" fn KeBugCheckEx(
    code: u32,
    one: usize,
    two: usize,
    three: usize,
    four: usize,
) -> ! {
    stop(code, [one, two, three, four])
}

fn stop(code: u32, parameters: [usize; 4]) -> ! {
    let notes: Vec<String> = parameters
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let place = Owner::at(*value)
                .location()
                .map_or_else(String::new, |location| format!(" ({location})"));
            format!("parameter {}: {value:#x}{place}", index + 1)
        })
        .collect();
    let what = "the driver called KeBugCheckEx";
    if let Some(rule) = rules::of_framework(code, parameters[0]) {
        verifier::broken_with(rule, what, verifier::owner(), &notes);
    }
    verifier::stopped_by_driver(BugCheck(code), what, &notes)
}
