//! Control devices: device objects outside `PnP`.

use wdk_sys::{
    NTSTATUS, PCUNICODE_STRING, PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION, PWDFDEVICE_INIT, STATUS_SUCCESS, UCHAR,
    WDFDEVICE, WDFDRIVER,
};

use crate::{
    device::{Device, Kind, finish_control},
    device_init::{DeviceInit, kept_text},
    object::Obj,
    unsupported,
    wdm::{bugcheck::Violation, irp::Irp},
};

/// `IRP_MJ_SHUTDOWN`.
pub fn shutdown(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    invoke!(device.settings.shutdown, device.handle());
    irp.complete_with(STATUS_SUCCESS)
}

ddi! {
    /// A structure for a control device; null when there is no memory.
    fn WdfControlDeviceInitAllocate: PFN_WDFCONTROLDEVICEINITALLOCATE(
        call, driver: WDFDRIVER, sddl: PCUNICODE_STRING,
    ) -> PWDFDEVICE_INIT {
        driver.object(call);
        let sddl = sddl.not_null(call);
        let Ok(sddl) = kept_text(call.client, sddl) else { return core::ptr::null_mut() };
        let Ok(init) = DeviceInit::for_control(call.client) else { return core::ptr::null_mut() };
        init.settings().sddl = Some(sddl);
        init.pointer()
    }

    /// Asks for a call at shutdown, which the lab never does.
    fn WdfControlDeviceInitSetShutdownNotification: PFN_WDFCONTROLDEVICEINITSETSHUTDOWNNOTIFICATION(
        call, init: PWDFDEVICE_INIT, notification: PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION, _flags: UCHAR,
    ) {
        init.init(call).settings().shutdown = notification;
        if notification.is_some() {
            unsupported::stop_for(call.name());
        }
    }

    /// From now on the device can be opened.
    fn WdfControlFinishInitializing: PFN_WDFCONTROLFINISHINITIALIZING(call, device: WDFDEVICE) {
        let device = device.object(call);
        if device.kind != Kind::Control {
            call.violation(Violation::Fatal, 0);
        }
        finish_control(device);
    }
}
