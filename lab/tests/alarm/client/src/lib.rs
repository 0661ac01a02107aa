//! alarm-client.sys: a filter that has itself called back by the alarm below it.
#![no_std]

extern crate wdk_panic;

use core::sync::atomic::{AtomicU32, Ordering};

use alarm_interface::{Alarm, Bell, BellRoutines};
use direct_call::Failure;
use direct_call::kmdf::{Device, DeviceInit, WhileStarted};
use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;

direct_call::driver! { tag: b"AlrC", add: add }

/// The filter offers its bell to its stack too, where nobody asks for it: the alarm gets it with the query.
fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_filter();
    init.while_started::<Client>();
    init.create(None)?.provide(Ear::default())?.offer::<Bell>()
}

/// What the bell rings for.
#[derive(Default)]
struct Ear(AtomicU32);

impl BellRoutines for Ear {
    fn ring(&self, level: u32) -> Result<(), Failure> {
        self.0.store(level, Ordering::Relaxed);
        Ok(())
    }
}

/// What the device holds while it is started.
struct Client(Alarm);

impl WhileStarted for Client {
    fn start(device: Device<'_>) -> Result<Self, Failure> {
        let ear = device.provider::<Ear>().ok_or(Failure::UNSUCCESSFUL)?;
        let alarm = Alarm::query(device, ear).map_err(|error| {
            wdk::println!("AlarmClient: no alarm: {error}");
            error.failure()
        })?;
        for level in [7, 12] {
            alarm.report(level)?;
            wdk::println!(
                "AlarmClient: {level} reported, {} heard",
                ear.data().0.load(Ordering::Relaxed)
            );
        }
        Ok(Self(alarm))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let silenced = self.0.silence();
        wdk::println!("AlarmClient: silenced: {silenced:?}");
    }
}
