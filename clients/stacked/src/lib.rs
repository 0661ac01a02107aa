//! stacked.sys: a function driver that uses a direct-call interface of its own stack, if some filter there offers it.
#![no_std]

extern crate wdk_panic;

use direct_call::kmdf::{Client, Device, DeviceInit, WhileStarted};
use direct_call::{Failure, Interface, QueryError};
use sample_interface::{NtStatus, SAMPLE_INTERFACE};
use wdk_alloc::WdkAllocator;

#[global_allocator]
static GLOBAL_ALLOCATOR: WdkAllocator = WdkAllocator;

direct_call::driver! { tag: b"Stkd", add: add }

direct_call::bind! {
    /// Version 1, the only one that this driver knows.
    enum SampleInterface: unsafe table(SAMPLE_INTERFACE, InterfaceHeader),
        guid(SAMPLE_INTERFACE::GUID), version(SAMPLE_INTERFACE::VERSION);
}

/// Nothing is asked for here: filters above are added after this driver.
fn add(init: DeviceInit<'_>) -> Result<(), Failure> {
    init.while_started::<Doubler>();
    init.create(None).map(drop)
}

/// The interface, if some filter offers it; held while the device is started.
struct Doubler {
    _client: Option<Client<SampleInterface>>,
}

impl WhileStarted for Doubler {
    /// The whole stack exists by now. That nobody in it offers the interface is no failure; anything else is.
    fn start(device: Device<'_>) -> Result<Self, Failure> {
        let client = match Client::query(device) {
            Ok(client) => Some(client),
            Err(QueryError::Query(failure)) if failure.status() == NtStatus::STATUS_NOT_SUPPORTED.0 => None,
            Err(error) => {
                debug_print::println!("Stacked: no interface: {error}");
                return Err(error.failure());
            }
        };
        match &client {
            Some(client) => double_once(client)?,
            None => debug_print::println!("Stacked: nobody in the stack doubles"),
        }
        Ok(Self { _client: client })
    }
}

fn double_once(client: &Client<SampleInterface>) -> Result<(), Failure> {
    let mut value = 19;
    debug_print::println!(
        "Stacked: before is {value} (interface version {})",
        SampleInterface::VERSION
    );
    #[expect(unsafe_code, reason = "a call through a foreign table")]
    // SAFETY: the table was checked by `Client::query`, its reference is held by `client`; `value` is on the stack.
    let status = unsafe { (client.table().SampleDouble)(&raw mut value) };
    Failure::check(status.0)?;
    debug_print::println!("Stacked:  after is {value}");
    Ok(())
}
