//! Control devices: device objects outside `PnP`.

use wdk_sys::{
    NTSTATUS, PCUNICODE_STRING, PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION, PWDFDEVICE_INIT, STATUS_SUCCESS, UCHAR,
    WDFDEVICE, WDFDRIVER,
};

use crate::{
    device::{Device, Kind, finish_control},
    device_init::{DeviceInit, Role, kept_text},
    object::Obj,
    wdm::{
        bugcheck::Violation,
        irp::Irp,
        sync::{PASSIVE_LEVEL, irql},
    },
};

/// `IRP_MJ_SHUTDOWN`.
pub fn shutdown(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    invoke!(device.settings.shutdown, device.handle());
    irp.complete_with(STATUS_SUCCESS)
}

ddi! {
    /// A structure for a control device; null when there is no memory, or for a malformed string. IRQL: `PASSIVE_LEVEL`.
    fn WdfControlDeviceInitAllocate: PFN_WDFCONTROLDEVICEINITALLOCATE(
        call, driver: WDFDRIVER, sddl: PCUNICODE_STRING,
    ) -> PWDFDEVICE_INIT {
        driver.object(call);
        if irql() != PASSIVE_LEVEL {
            return core::ptr::null_mut();
        }
        let Ok(sddl) = kept_text(call.client, sddl.not_null(call)) else { return core::ptr::null_mut() };
        let Ok(init) = DeviceInit::for_control(call.client) else { return core::ptr::null_mut() };
        init.settings().sddl = Some(sddl);
        init.pointer()
    }

    /// Asks for a call at shutdown; the lab never shuts down, so it does not come.
    fn WdfControlDeviceInitSetShutdownNotification: PFN_WDFCONTROLDEVICEINITSETSHUTDOWNNOTIFICATION(
        call, init: PWDFDEVICE_INIT, notification: PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION, flags: UCHAR,
    ) {
        /// wdfcontrol.h: `WdfDeviceShutdown` and `WdfDeviceLastChanceShutdown`
        const BOTH: UCHAR = 3;
        let init = init.init(call);
        if notification.is_none() {
            call.violation(Violation::NullParameter, 0);
        }
        if matches!(init.role, Role::Control) && flags & !BOTH == 0 {
            init.settings().shutdown = notification;
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
