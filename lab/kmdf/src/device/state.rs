//! What a driver asks about states, and settings that change nothing for a software device.

use wdk_sys::{
    _WDF_DEVICE_PNP_STATE as PnpState, _WDF_DEVICE_POWER_STATE as PowerState, BOOLEAN, LONG, PCCH, PVOID,
    PWDF_REMOVE_LOCK_OPTIONS, PWDFDEVICE_INIT, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_POWER_STATE_INVALID, WDF_DEVICE_PNP_STATE, WDF_DEVICE_POWER_STATE,
    WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE, WDFDEVICE,
};

use super::Device;
use crate::{
    failure::{Outcome, fail},
    object::Obj,
    pnp::Stage,
    wdm::sync::{PASSIVE_LEVEL, irql},
};

ddi! {
    /// The `PnP` state, as far as it is modelled.
    fn WdfDeviceGetDevicePnpState: PFN_WDFDEVICEGETDEVICEPNPSTATE(
        call, device: WDFDEVICE,
    ) -> WDF_DEVICE_PNP_STATE {
        match device.object(call).stage.get() {
            Stage::Initial => PnpState::WdfDevStatePnpInit,
            Stage::Started => PnpState::WdfDevStatePnpStarted,
            Stage::Stopped => PnpState::WdfDevStatePnpStopped,
            Stage::QueryRemoved => PnpState::WdfDevStatePnpQueryRemovePending,
            Stage::Failed => PnpState::WdfDevStatePnpFailed,
            Stage::SurpriseRemoved => PnpState::WdfDevStatePnpSurpriseRemove,
            Stage::Removed => PnpState::WdfDevStatePnpRemoved,
        }
    }

    /// The power state, as far as it is modelled.
    fn WdfDeviceGetDevicePowerState: PFN_WDFDEVICEGETDEVICEPOWERSTATE(
        call, device: WDFDEVICE,
    ) -> WDF_DEVICE_POWER_STATE {
        let device = device.object(call);
        match device.stage.get() {
            _ if device.powered.get() => PowerState::WdfDevStatePowerD0,
            Stage::Started => PowerState::WdfDevStatePowerDx,
            Stage::Initial => PowerState::WdfDevStatePowerObjectCreated,
            _ => PowerState::WdfDevStatePowerStopped,
        }
    }

    /// Why the system changes its power state: it does not.
    fn WdfDeviceGetSystemPowerAction: PFN_WDFDEVICEGETSYSTEMPOWERACTION(call, device: WDFDEVICE) -> i32 {
        device.object(call);
        wdk_sys::POWER_ACTION::PowerActionNone
    }

    /// Keeps the device in D0, where it is while it is started.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (to wait at a raised IRQL), `STATUS_INVALID_DEVICE_STATE` (not the policy owner),
    /// `STATUS_POWER_STATE_INVALID` (not started).
    fn WdfDeviceStopIdleNoTrack: PFN_WDFDEVICESTOPIDLENOTRACK(
        call, device: WDFDEVICE, wait: BOOLEAN,
    ) -> NTSTATUS {
        stay_in_d0(device.object(call), wait)
    }

    /// Lets it leave D0 when it is idle, which it does not.
    fn WdfDeviceResumeIdleNoTrack: PFN_WDFDEVICERESUMEIDLENOTRACK(call, device: WDFDEVICE) {
        device.object(call);
    }

    /// Keeps the device in D0, where it is while it is started.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (to wait at a raised IRQL), `STATUS_INVALID_DEVICE_STATE` (not the policy owner),
    /// `STATUS_POWER_STATE_INVALID` (not started).
    fn WdfDeviceStopIdleActual: PFN_WDFDEVICESTOPIDLEACTUAL(
        call, device: WDFDEVICE, wait: BOOLEAN, _tag: PVOID, _line: LONG, _file: PCCH,
    ) -> NTSTATUS {
        stay_in_d0(device.object(call), wait)
    }

    /// Lets it leave D0 when it is idle, which it does not.
    fn WdfDeviceResumeIdleActual: PFN_WDFDEVICERESUMEIDLEACTUAL(
        call, device: WDFDEVICE, _tag: PVOID, _line: LONG, _file: PCCH,
    ) {
        device.object(call);
    }

    /// Which IRPs take the remove lock. The framework counts all that it has to wait for anyway.
    fn WdfDeviceInitSetRemoveLockOptions: PFN_WDFDEVICEINITSETREMOVELOCKOPTIONS(
        call, init: PWDFDEVICE_INIT, options: PWDF_REMOVE_LOCK_OPTIONS,
    ) {
        init.init(call);
        options.required(call);
    }

    /// When a driver's hardware is released after a failed start: before its children go, in either case.
    fn WdfDeviceInitSetReleaseHardwareOrderOnFailure: PFN_WDFDEVICEINITSETRELEASEHARDWAREORDERONFAILURE(
        call, init: PWDFDEVICE_INIT, _order: WDF_RELEASE_HARDWARE_ORDER_ON_FAILURE,
    ) {
        init.init(call);
    }

    /// The child may be in D0 while its bus is not: a software bus is, whenever it is started.
    fn WdfPdoInitRemovePowerDependencyOnParent: PFN_WDFPDOINITREMOVEPOWERDEPENDENCYONPARENT(
        call, init: PWDFDEVICE_INIT,
    ) {
        init.init(call);
    }
}

fn stay_in_d0(device: Obj<Device>, wait: BOOLEAN) -> Outcome {
    if wait != 0 && irql() != PASSIVE_LEVEL {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    if !device.is_power_policy_owner() {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    if device.powered.get() {
        Ok(())
    } else {
        fail(STATUS_POWER_STATE_INVALID)
    }
}
