//! The exports for drivers, devices and names.
#![allow(unsafe_code, reason = "reads and writes through pointers that drivers give")]
#![allow(non_snake_case, reason = "exports have their Windows names")]

use super::device::{self, Device};
use super::driver::{self, Driver};
use super::{interface, security};
use crate::abi::{
    ACCESS_MASK, DEVICE_OBJECT, DRIVER_OBJECT, GUID, HANDLE, NTSTATUS, PVOID, STATUS_BUFFER_TOO_SMALL,
    STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER_2, STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_NOT_FOUND, STATUS_SUCCESS, UNICODE_STRING,
};
use crate::ob::names;
use crate::rtl::unicode;
use crate::{cm, pnp, verifier};

crate::exports! {
    IoCreateDevice <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoCreateDeviceSecure <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoDeleteDevice <= APC_LEVEL;
    IoAttachDeviceToDeviceStack <= DISPATCH_LEVEL or NULL;
    IoAttachDeviceToDeviceStackSafe <= DISPATCH_LEVEL or STATUS_NO_SUCH_DEVICE;
    IoDetachDevice <= PASSIVE_LEVEL;
    IoGetAttachedDevice <= DISPATCH_LEVEL;
    IoGetAttachedDeviceReference <= DISPATCH_LEVEL;
    IoGetLowerDeviceObject <= DISPATCH_LEVEL;
    IoCreateSymbolicLink <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoCreateUnprotectedSymbolicLink <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoDeleteSymbolicLink <= PASSIVE_LEVEL;
    IoAllocateDriverObjectExtension <= APC_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoGetDriverObjectExtension <= DISPATCH_LEVEL;
    IoInvalidateDeviceRelations <= DISPATCH_LEVEL;
    IoInvalidateDeviceState <= DISPATCH_LEVEL;
    IoGetDeviceProperty <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoOpenDeviceRegistryKey <= PASSIVE_LEVEL or STATUS_INSUFFICIENT_RESOURCES;
    IoRequestDeviceEject <= DISPATCH_LEVEL;
    IoIsWdmVersionAvailable <= DISPATCH_LEVEL;
}

type DriverPointer = *mut DRIVER_OBJECT;
type DevicePointer = *mut DEVICE_OBJECT;

unsafe extern "win64" fn IoCreateDevice(
    driver: DriverPointer,
    extension_size: u32,
    name: *const UNICODE_STRING,
    device_type: u32,
    characteristics: u32,
    exclusive: u8,
    created: *mut DevicePointer,
) -> NTSTATUS {
    // SAFETY: the driver gives null or a string.
    let text = unsafe { unicode::text(name) };
    let name = (!text.is_empty()).then_some(text.as_str());
    match device::create_device(
        Driver::of_driver(driver),
        extension_size as usize,
        name,
        device_type,
        characteristics,
        exclusive != 0,
    ) {
        Ok(device) => {
            // SAFETY: the driver gives a place for the pointer.
            unsafe { created.write(device.as_ptr()) };
            STATUS_SUCCESS
        }
        Err(status) => status,
    }
}

/// What wdmsec.lib has for drivers. The class's security in the registry comes before the driver's ("Controlling Device Access").
unsafe extern "win64" fn IoCreateDeviceSecure(
    driver: DriverPointer,
    extension_size: u32,
    name: *const UNICODE_STRING,
    device_type: u32,
    characteristics: u32,
    exclusive: u8,
    default_sddl: *const UNICODE_STRING,
    class: *const GUID,
    created: *mut DevicePointer,
) -> NTSTATUS {
    // SAFETY: the driver gives null or a string.
    let default_sddl = unsafe { unicode::text(default_sddl) };
    // SAFETY: the driver gives null or a GUID.
    let of_class = unsafe { class.as_ref() }.and_then(security::of_class);
    // SAFETY: the driver keeps the contract of IoCreateDevice about the same arguments.
    let status = unsafe {
        IoCreateDevice(
            driver,
            extension_size,
            name,
            device_type,
            characteristics,
            exclusive,
            created,
        )
    };
    if status.is_success() {
        // SAFETY: IoCreateDevice has just written the pointer.
        let device = Device::of_driver(unsafe { created.read() });
        security::set(device, &of_class.unwrap_or(default_sddl));
    }
    status
}

unsafe extern "win64" fn IoDeleteDevice(device: DevicePointer) {
    let device = Device::of_driver(device);
    interface::forget_device(device);
    device::delete_device(device);
}

unsafe extern "win64" fn IoAttachDeviceToDeviceStack(
    source: DevicePointer,
    target: DevicePointer,
) -> DevicePointer {
    device::attach(Device::of_driver(source), Device::of_driver(target)).as_ptr()
}

unsafe extern "win64" fn IoAttachDeviceToDeviceStackSafe(
    source: DevicePointer,
    target: DevicePointer,
    below: *mut DevicePointer,
) -> NTSTATUS {
    let lower = device::attach(Device::of_driver(source), Device::of_driver(target));
    // SAFETY: the driver gives a place for the pointer.
    unsafe { below.write(lower.as_ptr()) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn IoDetachDevice(target: DevicePointer) {
    device::detach(Device::of_driver(target));
}

unsafe extern "win64" fn IoGetAttachedDevice(device: DevicePointer) -> DevicePointer {
    Device::of_driver(device).top().as_ptr()
}

unsafe extern "win64" fn IoGetAttachedDeviceReference(device: DevicePointer) -> DevicePointer {
    let top = Device::of_driver(device).top();
    top.reference();
    top.as_ptr()
}

unsafe extern "win64" fn IoGetLowerDeviceObject(device: DevicePointer) -> DevicePointer {
    let Some(lower) = Device::of_driver(device).lower() else {
        return core::ptr::null_mut();
    };
    lower.reference();
    lower.as_ptr()
}

unsafe extern "win64" fn IoCreateSymbolicLink(
    link: *const UNICODE_STRING,
    target: *const UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: `link` is the driver's counted string, the new name.
    let link = unsafe { unicode::text(link) };
    // SAFETY: `target` is another counted string of the driver's, the device's name.
    let target = unsafe { unicode::text(target) };
    if names::link(&link, &target) {
        STATUS_SUCCESS
    } else {
        STATUS_OBJECT_NAME_COLLISION
    }
}

unsafe extern "win64" fn IoCreateUnprotectedSymbolicLink(
    link: *const UNICODE_STRING,
    target: *const UNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: the contract is that of IoCreateSymbolicLink.
    unsafe { IoCreateSymbolicLink(link, target) }
}

unsafe extern "win64" fn IoDeleteSymbolicLink(link: *const UNICODE_STRING) -> NTSTATUS {
    // SAFETY: the driver gives a string.
    let link = unsafe { unicode::text(link) };
    if names::remove(&link) {
        STATUS_SUCCESS
    } else {
        STATUS_OBJECT_NAME_NOT_FOUND
    }
}

unsafe extern "win64" fn IoAllocateDriverObjectExtension(
    driver: DriverPointer,
    client: PVOID,
    size: u32,
    extension: *mut PVOID,
) -> NTSTATUS {
    let (status, memory) = match driver::add_extension(Driver::of_driver(driver), client, size as usize) {
        Ok(memory) => (STATUS_SUCCESS, memory),
        Err(status) => (status, core::ptr::null_mut()),
    };
    // SAFETY: the driver gives a place for the pointer.
    unsafe { extension.write(memory) };
    status
}

unsafe extern "win64" fn IoGetDriverObjectExtension(driver: DriverPointer, client: PVOID) -> PVOID {
    driver::extension(Driver::of_driver(driver), client).unwrap_or(core::ptr::null_mut())
}

unsafe extern "win64" fn IoInvalidateDeviceRelations(pdo: DevicePointer, kind: i32) {
    pnp::invalidate_relations(Device::of_driver(pdo), kind);
}

unsafe extern "win64" fn IoInvalidateDeviceState(pdo: DevicePointer) {
    pnp::invalidate_state(Device::of_driver(pdo));
}

unsafe extern "win64" fn IoRequestDeviceEject(pdo: DevicePointer) {
    verifier::unsupported(&format!(
        "IoRequestDeviceEject for {}",
        Device::of_driver(pdo).describe()
    ));
}

unsafe extern "win64" fn IoGetDeviceProperty(
    pdo: DevicePointer,
    property: i32,
    length: u32,
    buffer: PVOID,
    needed: *mut u32,
) -> NTSTATUS {
    let bytes = match pnp::property(Device::of_driver(pdo), property) {
        Ok(bytes) => bytes,
        Err(status) => return status,
    };
    // SAFETY: the driver gives a place for the length.
    unsafe { needed.write(u32::try_from(bytes.len()).unwrap_or(u32::MAX)) };
    if bytes.len() > length as usize {
        return STATUS_BUFFER_TOO_SMALL;
    }
    // SAFETY: the driver gives `length` bytes, and no more are written.
    unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), bytes.len()) };
    STATUS_SUCCESS
}

unsafe extern "win64" fn IoOpenDeviceRegistryKey(
    pdo: DevicePointer,
    kind: u32,
    _access: ACCESS_MASK,
    key: *mut HANDLE,
) -> NTSTATUS {
    let Some(path) = pnp::registry_path(Device::of_driver(pdo), kind) else {
        return STATUS_INVALID_PARAMETER_2;
    };
    cm::ensure_key(&path);
    let handle = cm::open_handle(&path);
    if handle.is_null() {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // SAFETY: the driver gives a place for the handle.
    unsafe { key.write(handle) };
    STATUS_SUCCESS
}

/// The host models Windows 10: WDM 6.0 and everything before it.
const unsafe extern "win64" fn IoIsWdmVersionAvailable(major: u8, _minor: u8) -> u8 {
    (major <= 6) as u8
}
