//! alarm.sys: a function driver that offers an alarm to one client in its stack.
#![no_std]

extern crate wdk_panic;

use alarm_interface::{Alarm, AlarmRoutines, Bell};
use direct_call::kmdf::{DeviceInit, SpinLock};
use direct_call::{Connect, Failure};
use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;

direct_call::driver! { tag: b"Alrm", add: add }

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.create(None)?
        .provide(Siren::default())?
        .offer_two_way::<Alarm>()
}

/// The highest level without an alarm.
const LIMIT: u32 = 10;

/// `STATUS_DEVICE_BUSY`, ntstatus.h.
const BUSY: Failure = Failure::new(0x8000_0011_u32.cast_signed());

/// The bell of the one client, if there is one.
#[derive(Default)]
struct Siren(SpinLock<Option<Bell>>);

impl Connect<Alarm> for Siren {
    fn connect(&self, bell: Bell) -> Result<(), Failure> {
        let mut connected = self.0.lock();
        if connected.is_some() {
            return Err(BUSY);
        }
        *connected = Some(bell);
        Ok(())
    }
}

impl AlarmRoutines for Siren {
    /// The bell rings outside the lock: a client may do anything in it.
    fn report(&self, level: u32) -> Result<(), Failure> {
        let bell = self.0.lock().clone().filter(|_| level > LIMIT);
        bell.map_or(Ok(()), |bell| bell.ring(level))
    }

    fn silence(&self) -> Result<(), Failure> {
        let bell = self.0.lock().take();
        drop(bell);
        Ok(())
    }
}
