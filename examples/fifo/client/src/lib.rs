//! fifoclient.sys: an upper filter that uses the queue of the function driver below it.
#![no_std]

extern crate wdk_panic;

use direct_call::Failure;
use direct_call::kmdf::{Device, DeviceInit, WhileStarted};
use fifo_interface::Fifo;
use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;

direct_call::driver! { tag: b"FifC", add: add }

fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.set_filter();
    init.while_started::<Client>();
    init.create(None).map(drop)
}

/// What the device holds while it is started.
struct Client(Fifo);

impl WhileStarted for Client {
    fn start(device: Device<'_>) -> Result<Self, Failure> {
        let fifo = Fifo::query(device).map_err(|error| {
            wdk::println!("FifoClient: no queue: {error}");
            error.failure()
        })?;
        (1..=3).try_for_each(|value| fifo.push(value))?;
        wdk::println!(
            "FifoClient: 3 of {} bytes pushed, {} is the oldest",
            fifo.capacity()?,
            fifo.pop()?
        );
        Ok(Self(fifo))
    }
}

/// The owner of the interface is dropped after this, and gives its reference back.
impl Drop for Client {
    fn drop(&mut self) {
        while let Ok(value) = self.0.pop() {
            wdk::println!("FifoClient: {value} was left");
        }
    }
}
