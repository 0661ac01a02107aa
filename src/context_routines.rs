//! The routines of version 2 that take the context, and what they count.
#![allow(unsafe_code, reason = "called by drivers in any language, through a table")]

use core::ffi::c_void;
use core::slice;
use core::sync::atomic::{AtomicU64, Ordering};

use direct_call::kmdf::Provider;
use sample_interface::{MANY, NtStatus, SAMPLE_STATISTICS, double_few, double_many};

use crate::claimed::{Claimed, status_of};

/// What a device counts; in the counted context, which outlives the device. The calls themselves are counted by the context.
#[derive(Default)]
pub struct Calls {
    failures: AtomicU64,
}

/// `SampleDoubleArray`; see [`SAMPLE_INTERFACE_2`](sample_interface::SAMPLE_INTERFACE_2) for arguments and statuses.
///
/// # IRQL
///
/// <= `DISPATCH_LEVEL`; reentrant.
///
/// # Safety
///
/// `Context` is that of the table, on which the caller holds a reference. `Values` is null, or valid for `Count` values, and
/// `Done` is null, or valid for writing; both resident at the caller's IRQL, and not overlapping.
#[expect(non_snake_case, reason = "the names of the contract")]
pub unsafe extern "system" fn SampleDoubleArray(
    Context: *mut c_void,
    Values: *mut i32,
    Count: usize,
    Done: *mut usize,
) -> NtStatus {
    if Count < MANY {
        // SAFETY: the caller's promises.
        unsafe { double_array(Context, Values, Count, Done, double_few) }
    } else {
        // SAFETY: the caller's promises.
        unsafe { double_large_array(Context, Values, Count, Done) }
    }
}

/// [`SampleDoubleArray`] for what takes vector registers. Apart, as it takes other registers too, and a routine saves what any of its paths
/// needs: before an interlocked operation ends, which waits for those stores.
///
/// # Safety
///
/// That of [`SampleDoubleArray`].
#[inline(never)]
unsafe extern "system" fn double_large_array(
    context: *mut c_void,
    values: *mut i32,
    count: usize,
    done: *mut usize,
) -> NtStatus {
    // SAFETY: the caller's promises.
    unsafe { double_array(context, values, count, done, double_many) }
}

/// [`SampleDoubleArray`] by a loop of the contract's.
///
/// # Safety
///
/// That of [`SampleDoubleArray`].
#[expect(
    clippy::inline_always,
    reason = "each of the two callers is to have its own loop inside, and the registers that it needs"
)]
#[inline(always)]
unsafe fn double_array(
    context: *mut c_void,
    values: *mut i32,
    count: usize,
    done: *mut usize,
    double: fn(&mut [i32]) -> usize,
) -> NtStatus {
    // SAFETY: a context that `interfaces` published with `Calls`, on which the caller holds a reference.
    let mut counted = match unsafe { Provider::<Calls>::enter(context) } {
        Ok(counted) => counted,
        Err(removed) => return NtStatus(removed.status()),
    };
    counted.count_call();
    let outcome = Array::claimed(values, count, done).and_then(|array| {
        // SAFETY: the caller's promise for both pointers, which are not null where they are used, and aligned.
        unsafe { array.double(double) }
    });
    if outcome.is_err() {
        counted.failures.fetch_add(1, Ordering::Relaxed);
    }
    status_of(outcome)
}

/// The arguments of `SampleDoubleArray`, checked as far as they can be.
struct Array {
    /// Null only where there are no values.
    values: *mut i32,
    count: usize,
    done: Claimed<usize>,
}

impl Array {
    fn claimed(values: *mut i32, count: usize, done: *mut usize) -> Result<Self, NtStatus> {
        let done = Claimed::new(done)?;
        if count != 0 {
            Claimed::new(values)?;
        }
        // A slice has no more bytes than an isize counts.
        if count > isize::MAX.unsigned_abs() / size_of::<i32>() {
            return Err(NtStatus::STATUS_INVALID_PARAMETER);
        }
        Ok(Self { values, count, done })
    }

    /// # Safety
    ///
    /// The pointers are valid for what they were claimed for.
    unsafe fn double(self, double: fn(&mut [i32]) -> usize) -> Result<(), NtStatus> {
        let values = if self.count == 0 {
            &mut []
        } else {
            // SAFETY: not null and aligned, by `claimed`; valid for `count` values by the caller's promise.
            unsafe { slice::from_raw_parts_mut(self.values, self.count) }
        };
        let done = double(values);
        // SAFETY: not null and aligned, by `Claimed`; writable by the caller's promise.
        unsafe { self.done.pointer().write(done) };
        if done == self.count {
            Ok(())
        } else {
            Err(NtStatus::STATUS_INTEGER_OVERFLOW)
        }
    }
}

/// `SampleQueryStatistics`; see [`SAMPLE_INTERFACE_2`](sample_interface::SAMPLE_INTERFACE_2) for arguments and statuses.
///
/// # IRQL
///
/// <= `DISPATCH_LEVEL`; reentrant.
///
/// # Safety
///
/// `Context` is that of the table, on which the caller holds a reference. `Statistics` is null, or writable for `Length` bytes that
/// are resident at the caller's IRQL.
#[expect(non_snake_case, reason = "the names of the contract")]
pub unsafe extern "system" fn SampleQueryStatistics(
    Context: *mut c_void,
    Statistics: *mut SAMPLE_STATISTICS,
    Length: u32,
) -> NtStatus {
    // SAFETY: a context that `interfaces` published with `Calls`, on which the caller holds a reference.
    let counted = match unsafe { Provider::<Calls>::enter(Context) } {
        Ok(counted) => counted,
        Err(removed) => return NtStatus(removed.status()),
    };
    status_of(room_for_statistics(Statistics, Length).map(|statistics| {
        let value = SAMPLE_STATISTICS {
            Calls: counted.counted_calls(),
            Failures: counted.failures.load(Ordering::Relaxed),
            References: counted.held(),
        };
        // SAFETY: not null and aligned, by `Claimed`, and long enough; writable by the caller's promise.
        unsafe { statistics.pointer().write(value) };
    }))
}

fn room_for_statistics(
    statistics: *mut SAMPLE_STATISTICS,
    length: u32,
) -> Result<Claimed<SAMPLE_STATISTICS>, NtStatus> {
    let statistics = Claimed::new(statistics)?;
    if (length as usize) < size_of::<SAMPLE_STATISTICS>() {
        return Err(NtStatus::STATUS_BUFFER_TOO_SMALL);
    }
    Ok(statistics)
}
