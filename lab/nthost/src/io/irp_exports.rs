//! The exports for IRPs, and those of the power manager that send one.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use core::ffi::c_void;

use super::cancel;
use super::device::Device;
use super::file::{self, Buffered};
use super::irp::{self, Irp};
use crate::abi::{
    DEVICE_OBJECT, IO_STACK_LOCATION, IO_STATUS_BLOCK, IOSL_DEVICE_IO_CONTROL, IOSL_POWER, IRP,
    IRP_MJ_DEVICE_CONTROL, IRP_MJ_INTERNAL_DEVICE_CONTROL, IRP_MJ_PNP, IRP_MJ_POWER, IRP_MN_SET_POWER,
    KEVENT, KIRQL, METHOD_BUFFERED, NTSTATUS, POINTER_ALIGNED, POWER_STATE, PVOID, PowerActionNone,
    REQUEST_POWER_COMPLETE, STATUS_INSUFFICIENT_RESOURCES, STATUS_NOT_SUPPORTED, STATUS_PENDING,
};
use crate::ke;
use crate::verifier::{self, rules};

crate::exports! {
    IoAllocateIrp <= DISPATCH_LEVEL or NULL;
    IoFreeIrp <= DISPATCH_LEVEL;
    IoReuseIrp <= DISPATCH_LEVEL;
    IofCallDriver <= DISPATCH_LEVEL;
    IofCompleteRequest <= DISPATCH_LEVEL;
    IoBuildDeviceIoControlRequest <= PASSIVE_LEVEL or NULL;
    IoBuildSynchronousFsdRequest <= PASSIVE_LEVEL or NULL;
    IoCancelIrp <= DISPATCH_LEVEL;
    IoAcquireCancelSpinLock <= DISPATCH_LEVEL;
    IoReleaseCancelSpinLock <= DISPATCH_LEVEL;
    IoForwardIrpSynchronously <= PASSIVE_LEVEL;
    IoSynchronousCallDriver <= PASSIVE_LEVEL;
    PoCallDriver <= DISPATCH_LEVEL;
    PoStartNextPowerIrp <= DISPATCH_LEVEL;
    PoSetPowerState <= DISPATCH_LEVEL;
    PoRequestPowerIrp <= DISPATCH_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
}

type DevicePointer = *mut DEVICE_OBJECT;

fn pointer(irp: Option<Irp>) -> *mut IRP {
    irp.map_or(core::ptr::null_mut(), Irp::as_ptr)
}

unsafe extern "win64" fn IoAllocateIrp(stack_size: i8, _charge_quota: u8) -> *mut IRP {
    pointer(Irp::allocate(stack_size, None))
}

unsafe extern "win64" fn IoFreeIrp(irp: *mut IRP) {
    let irp = Irp::of_driver(irp, "frees");
    if irp.has_finish() {
        let what = format!("frees {irp:?}, which it did not allocate");
        verifier::broken(rules::IRP_OF_OTHERS_FREED, &what, verifier::owner());
    }
    irp.free();
}

unsafe extern "win64" fn IoReuseIrp(irp: *mut IRP, status: NTSTATUS) {
    let irp = Irp::of_driver(irp, "reuses");
    let stack_size = irp.read().StackCount;
    for number in 1..=stack_size {
        irp.update_location(number, |location| {
            // SAFETY: all-zero bytes are a valid stack location: integers, null pointers, no routine.
            *location = unsafe { core::mem::zeroed::<IO_STACK_LOCATION>() };
        });
    }
    // SAFETY: all-zero bytes are a valid packet, as a fresh allocation has them.
    irp.update(|fields| *fields = unsafe { core::mem::zeroed::<IRP>() });
    irp.initialize(stack_size);
    irp.update(|fields| fields.IoStatus.Status = status);
}

unsafe extern "win64" fn IofCallDriver(device: DevicePointer, irp: *mut IRP) -> NTSTATUS {
    irp::call_driver(Device::of_driver(device), Irp::of_driver(irp, "sends"))
}

unsafe extern "win64" fn PoCallDriver(device: DevicePointer, irp: *mut IRP) -> NTSTATUS {
    irp::call_driver(Device::of_driver(device), Irp::of_driver(irp, "sends"))
}

/// The packet's own power manager has nothing to start: Windows ignores the call since Vista.
const unsafe extern "win64" fn PoStartNextPowerIrp(_irp: *mut IRP) {}

unsafe extern "win64" fn IofCompleteRequest(irp: *mut IRP, _boost: i8) {
    irp::complete(Irp::of_driver(irp, "completes"));
}

unsafe extern "win64" fn IoBuildDeviceIoControlRequest(
    code: u32,
    device: DevicePointer,
    input: *const c_void,
    input_length: u32,
    output: *mut c_void,
    output_length: u32,
    internal: u8,
    event: *mut KEVENT,
    status_block: *mut IO_STATUS_BLOCK,
) -> *mut IRP {
    if code & 3 != METHOD_BUFFERED {
        verifier::unsupported(&format!(
            "IoBuildDeviceIoControlRequest with another method than METHOD_BUFFERED (code {code:#x})"
        ));
    }
    // SAFETY: the driver promises both buffers until the request ends.
    let buffers = unsafe { Buffered::new(input, input_length as usize, output, output_length as usize) };
    let setup = |_: Irp, location: &mut IO_STACK_LOCATION| {
        location.MajorFunction = if internal == 0 {
            IRP_MJ_DEVICE_CONTROL
        } else {
            IRP_MJ_INTERNAL_DEVICE_CONTROL
        };
        location.Parameters.DeviceIoControl = IOSL_DEVICE_IO_CONTROL {
            OutputBufferLength: output_length,
            InputBufferLength: POINTER_ALIGNED(input_length),
            IoControlCode: POINTER_ALIGNED(code),
            Type3InputBuffer: core::ptr::null_mut(),
        };
    };
    pointer(file::build(
        Device::of_driver(device),
        setup,
        Some(buffers),
        event,
        status_block,
    ))
}

unsafe extern "win64" fn IoBuildSynchronousFsdRequest(
    major: u32,
    device: DevicePointer,
    _buffer: *mut c_void,
    length: u32,
    _offset: *const i64,
    event: *mut KEVENT,
    status_block: *mut IO_STATUS_BLOCK,
) -> *mut IRP {
    if length != 0 || major != u32::from(IRP_MJ_PNP) {
        verifier::unsupported(&format!(
            "IoBuildSynchronousFsdRequest for major function {major} with {length} bytes"
        ));
    }
    let setup = |irp: Irp, location: &mut IO_STACK_LOCATION| {
        irp.update(|fields| fields.IoStatus.Status = STATUS_NOT_SUPPORTED);
        location.MajorFunction = IRP_MJ_PNP;
    };
    pointer(file::build(
        Device::of_driver(device),
        setup,
        None,
        event,
        status_block,
    ))
}

unsafe extern "win64" fn IoCancelIrp(irp: *mut IRP) -> u8 {
    u8::from(cancel::cancel(irp))
}

unsafe extern "win64" fn IoAcquireCancelSpinLock(irql: *mut KIRQL) {
    let before = cancel::acquire();
    // SAFETY: the driver gives a place for the level.
    unsafe { irql.write(before) };
}

unsafe extern "win64" fn IoReleaseCancelSpinLock(irql: KIRQL) {
    cancel::release(irql);
}

/// `IoForwardIrpSynchronously`: false where the stack has no location for the lower driver.
unsafe extern "win64" fn IoForwardIrpSynchronously(device: DevicePointer, irp: *mut IRP) -> u8 {
    let irp = Irp::of_driver(irp, "forwards");
    let number = irp.read().CurrentLocation;
    if number <= 1 {
        return 0;
    }
    let current = irp.location(number);
    irp.update_next(|next| {
        *next = IO_STACK_LOCATION {
            Control: 0,
            CompletionRoutine: None,
            ..current
        }
    });
    send_and_take_back(Device::of_driver(device), irp);
    1
}

unsafe extern "win64" fn IoSynchronousCallDriver(device: DevicePointer, irp: *mut IRP) -> NTSTATUS {
    let irp = Irp::of_driver(irp, "sends");
    send_and_take_back(Device::of_driver(device), irp);
    irp.read().IoStatus.Status
}

/// Sends a packet down and waits until it comes back, with a completion routine of the host's.
fn send_and_take_back(device: Device, irp: Irp) {
    // SAFETY: all-zero bytes are a valid event; it is initialized in the next statement.
    let mut event: KEVENT = unsafe { core::mem::zeroed() };
    // SAFETY: the event lives until the wait below is over.
    unsafe { ke::dispatcher::initialize_event(&raw mut event, crate::abi::NotificationEvent, false) };
    let place = &raw mut event;
    irp.update_next(|next| {
        next.CompletionRoutine = Some(signal_and_keep);
        next.Context = place.cast();
        next.Control = crate::abi::SL_INVOKE_ON_SUCCESS
            | crate::abi::SL_INVOKE_ON_ERROR
            | crate::abi::SL_INVOKE_ON_CANCEL;
    });
    if irp::call_driver(device, irp) == STATUS_PENDING {
        // SAFETY: the event was initialized above.
        let _ = unsafe { ke::dispatcher::wait(place.cast(), None) };
    }
}

unsafe extern "win64" fn signal_and_keep(_device: DevicePointer, _irp: *mut IRP, context: PVOID) -> NTSTATUS {
    // SAFETY: the context is the event of `send_and_take_back`, which waits for it.
    unsafe { ke::dispatcher::set_event(context.cast()) };
    crate::abi::STATUS_MORE_PROCESSING_REQUIRED
}

/// The states are the devices' own business here; Windows keeps them for idle detection, which is not modelled.
const unsafe extern "win64" fn PoSetPowerState(
    _device: DevicePointer,
    _kind: i32,
    state: POWER_STATE,
) -> POWER_STATE {
    state
}

unsafe extern "win64" fn PoRequestPowerIrp(
    device: DevicePointer,
    minor: u8,
    state: POWER_STATE,
    completion: REQUEST_POWER_COMPLETE,
    context: PVOID,
    sent: *mut *mut IRP,
) -> NTSTATUS {
    let device = Device::of_driver(device);
    let top = device.top();
    let context = context.expose_provenance();
    let finish: irp::Finish = Box::new(move |irp| {
        let mut status = irp.read().IoStatus;
        if let Some(completion) = completion {
            ke::call("a power completion routine", completion as usize, || {
                // SAFETY: the driver asked for this call with this context.
                unsafe {
                    completion(
                        device.as_ptr(),
                        minor,
                        state,
                        core::ptr::with_exposed_provenance_mut(context),
                        &raw mut status,
                    );
                };
            });
        }
        top.dereference();
        device.dereference();
    });
    let Some(irp) = Irp::allocate(top.read().StackSize, Some(finish)) else {
        return STATUS_INSUFFICIENT_RESOURCES;
    };
    device.reference();
    top.reference();
    // SAFETY: both members are 32-bit integers.
    let value = unsafe { state.DeviceState };
    irp.update(|fields| fields.IoStatus.Status = STATUS_NOT_SUPPORTED);
    irp.update_next(|location| {
        location.MajorFunction = IRP_MJ_POWER;
        location.MinorFunction = minor;
        location.Parameters.Power = IOSL_POWER {
            SystemContext: 0,
            Type: POINTER_ALIGNED(crate::abi::DevicePowerState),
            State: POINTER_ALIGNED(POWER_STATE { DeviceState: value }),
            ShutdownType: POINTER_ALIGNED(PowerActionNone),
        };
    });
    if !sent.is_null() {
        // SAFETY: a place for the packet that is not null is the driver's.
        unsafe { sent.write(irp.as_ptr()) };
    }
    debug_assert!(
        minor <= IRP_MN_SET_POWER + 1,
        "wait-wake, set and query are the minor codes of this call"
    );
    irp::call_driver(top, irp);
    STATUS_PENDING
}
