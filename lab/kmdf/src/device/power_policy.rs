//! Power policy without hardware: idle and wake settings are checked against what the stack can do, and kept; the device stays in D0 while
//! the system works, and nothing wakes it.
//!
//! Validation and statuses are those of fxdeviceapi.cpp and fxpkgpnp.cpp.

use wdk_sys::{
    _DEVICE_POWER_STATE as D, _SYSTEM_POWER_STATE as S, _WDF_DEVICE_POWER_POLICY_STATE as PolicyState,
    _WDF_POWER_POLICY_IDLE_TIMEOUT_TYPE as Timeout, _WDF_POWER_POLICY_S0_IDLE_CAPABILITIES as Idle,
    _WDF_POWER_POLICY_S0_IDLE_USER_CONTROL as IdleControl,
    _WDF_POWER_POLICY_SX_WAKE_USER_CONTROL as WakeControl, _WDF_TRI_STATE as Tri, NTSTATUS,
    PWDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, PWDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    PWDF_POWER_FRAMEWORK_SETTINGS, STATUS_CANCELLED, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, STATUS_PENDING,
    STATUS_POWER_STATE_INVALID, WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, WDF_DEVICE_POWER_POLICY_STATE,
    WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS, WDF_POWER_FRAMEWORK_SETTINGS, WDFDEVICE,
};

use super::{Device, Kind};
use crate::{
    ddi::{Call, Claimed},
    failure::{Outcome, fail},
    object::Obj,
    pnp::Stage,
    unsupported,
    wdm::{
        pnp_request,
        sync::{PASSIVE_LEVEL, irql},
    },
};

/// From which system states a device can wake the system, and from which device state.
#[derive(Clone, Copy)]
pub struct WakeDepth {
    system: i32,
    device: i32,
}

impl WakeDepth {
    /// The lowest device state from which it can wake a system in this state; D0 when it cannot.
    fn deepest(self, system: i32) -> i32 {
        let known =
            (S::PowerSystemWorking..=S::PowerSystemHibernate).contains(&system) && system <= self.system;
        if known { self.device } else { D::PowerDeviceD0 }
    }
}

/// What the stack says, asked once.
fn wake_depth(device: Obj<Device>) -> Outcome<WakeDepth> {
    if let Some(depth) = device.wake_depth.get() {
        return Ok(depth);
    }
    let unknown = WakeDepth {
        system: S::PowerSystemUnspecified,
        device: D::PowerDeviceUnspecified,
    };
    let Some(wdm) = device.wdm.get().filter(|_| irql() == PASSIVE_LEVEL) else {
        return Ok(unknown);
    };
    let capabilities = pnp_request::capabilities(wdm)?;
    let depth = WakeDepth {
        system: capabilities.SystemWake,
        device: capabilities.DeviceWake,
    };
    device.wake_depth.set(Some(depth));
    Ok(depth)
}

/// The device whose policy the driver owns.
fn owner(call: &Call, device: Claimed<wdk_sys::WDFDEVICE__>, refusal: NTSTATUS) -> Outcome<Obj<Device>> {
    let device = device.object(call);
    if device.is_power_policy_owner() {
        Ok(device)
    } else {
        fail(refusal)
    }
}

fn is_valid_idle(settings: &WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS) -> bool {
    let wakes = settings.IdleCaps != Idle::IdleCannotWakeFromS0;
    (D::PowerDeviceD1..=D::PowerDeviceMaximum).contains(&settings.DxState)
        && (Idle::IdleCannotWakeFromS0..=Idle::IdleUsbSelectiveSuspend).contains(&settings.IdleCaps)
        && (IdleControl::IdleDoNotAllowUserControl..=IdleControl::IdleAllowUserControl)
            .contains(&settings.UserControlOfIdleSettings)
        && (Tri::WdfFalse..=Tri::WdfUseDefault).contains(&settings.Enabled)
        && (Tri::WdfFalse..=Tri::WdfUseDefault).contains(&settings.PowerUpIdleDeviceOnSystemWake)
        && !(wakes && settings.PowerUpIdleDeviceOnSystemWake != Tri::WdfUseDefault)
        && settings.IdleTimeoutType <= Timeout::SystemManagedIdleTimeoutWithHint
}

/// Whether the state to go to when idle is one from which the device can wake, where it has to.
fn check_depth(settings: &WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, depth: WakeDepth) -> Outcome {
    let deepest = depth.deepest(S::PowerSystemWorking);
    let usb = settings.IdleCaps == Idle::IdleUsbSelectiveSuspend;
    let asked = settings.DxState;
    let state = if asked == D::PowerDeviceMaximum {
        deepest
    } else {
        asked
    };
    let possible = (D::PowerDeviceD1..=D::PowerDeviceD3).contains(&state) && state <= deepest;
    if !possible || (usb && state > D::PowerDeviceD2) {
        return fail(STATUS_POWER_STATE_INVALID);
    }
    if usb {
        unsupported::stop_for(c"idle settings with USB selective suspend");
    }
    Ok(())
}

ddi! {
    /// How the device behaves when it is idle while the system works. It never is: the settings are checked and kept.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (not the policy owner; another kind of timeout than before), `STATUS_INFO_LENGTH_MISMATCH`,
    /// `STATUS_INVALID_PARAMETER`, `STATUS_POWER_STATE_INVALID` (the device cannot wake from that state), what the stack answers when it is
    /// asked for its capabilities.
    fn WdfDeviceAssignS0IdleSettings: PFN_WDFDEVICEASSIGNS0IDLESETTINGS(
        call, device: WDFDEVICE, settings: PWDF_DEVICE_POWER_POLICY_IDLE_SETTINGS,
    ) -> NTSTATUS {
        let device_object = device.object(call);
        let settings = settings.required(call);
        let device = owner(call, device, STATUS_INVALID_DEVICE_REQUEST)?;
        debug_assert!(device == device_object, "one handle");
        if settings.Size as usize != size_of::<WDF_DEVICE_POWER_POLICY_IDLE_SETTINGS>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        if !is_valid_idle(&settings) {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let depth = wake_depth(device)?;
        if settings.IdleCaps != Idle::IdleCannotWakeFromS0 {
            check_depth(&settings, depth)?;
        }
        let managed = settings.IdleTimeoutType != Timeout::DriverManagedIdleTimeout;
        match device.idle_managed_by_system.replace(Some(managed)) {
            Some(before) if before != managed => {
                device.idle_managed_by_system.set(Some(before));
                fail(STATUS_INVALID_DEVICE_REQUEST)
            }
            _ => Ok(()),
        }
    }

    /// Whether and from where the device wakes the system. Nothing wakes the lab: the settings are checked and kept.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (not the policy owner), `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER`,
    /// `STATUS_POWER_STATE_INVALID`, what the stack answers when it is asked for its capabilities.
    fn WdfDeviceAssignSxWakeSettings: PFN_WDFDEVICEASSIGNSXWAKESETTINGS(
        call, device: WDFDEVICE, settings: PWDF_DEVICE_POWER_POLICY_WAKE_SETTINGS,
    ) -> NTSTATUS {
        device.object(call);
        let settings = settings.required(call);
        let device = owner(call, device, STATUS_INVALID_DEVICE_REQUEST)?;
        if settings.Size as usize != size_of::<WDF_DEVICE_POWER_POLICY_WAKE_SETTINGS>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let valid = (D::PowerDeviceD1..=D::PowerDeviceMaximum).contains(&settings.DxState)
            && (WakeControl::WakeDoNotAllowUserControl..=WakeControl::WakeAllowUserControl)
                .contains(&settings.UserControlOfWakeSettings)
            && (Tri::WdfFalse..=Tri::WdfUseDefault).contains(&settings.Enabled);
        if !valid {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let depth = wake_depth(device)?;
        let deepest = depth.deepest(depth.system);
        let asked = settings.DxState;
        let state = if asked == D::PowerDeviceMaximum { deepest } else { asked };
        if (D::PowerDeviceD1..=D::PowerDeviceD3).contains(&state) && state <= deepest {
            Ok(())
        } else {
            fail(STATUS_POWER_STATE_INVALID)
        }
    }

    /// Settings for the power framework of Windows, which the lab does not have: checked, and never used.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (not the policy owner), `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (a component without
    /// idle states).
    fn WdfDeviceWdmAssignPowerFrameworkSettings: PFN_WDFDEVICEWDMASSIGNPOWERFRAMEWORKSETTINGS(
        call, device: WDFDEVICE, settings: PWDF_POWER_FRAMEWORK_SETTINGS,
    ) -> NTSTATUS {
        device.object(call);
        let settings = settings.required(call);
        owner(call, device, STATUS_INVALID_DEVICE_REQUEST)?;
        if settings.Size as usize != size_of::<WDF_POWER_FRAMEWORK_SETTINGS>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        match call.claim(settings.Component).get() {
            Some(component) if component.IdleStateCount == 0 || component.IdleStates.is_null() => {
                fail(STATUS_INVALID_PARAMETER)
            }
            _ => Ok(()),
        }
    }

    /// Completes the wait for a wake signal. There is none to complete: a bus is asked for none.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (`STATUS_PENDING` or `STATUS_CANCELLED`), `STATUS_INVALID_DEVICE_REQUEST` (a PDO without a waiting request),
    /// `STATUS_INVALID_DEVICE_STATE` (any other device).
    fn WdfDeviceIndicateWakeStatus: PFN_WDFDEVICEINDICATEWAKESTATUS(
        call, device: WDFDEVICE, status: NTSTATUS,
    ) -> NTSTATUS {
        let device = device.object(call);
        if status == STATUS_PENDING || status == STATUS_CANCELLED {
            return fail(STATUS_INVALID_PARAMETER);
        }
        match device.kind {
            Kind::Pdo => fail(STATUS_INVALID_DEVICE_REQUEST),
            Kind::Fdo | Kind::Control => fail(STATUS_INVALID_DEVICE_STATE),
        }
    }

    /// The power policy state, as far as it is modelled.
    fn WdfDeviceGetDevicePowerPolicyState: PFN_WDFDEVICEGETDEVICEPOWERPOLICYSTATE(
        call, device: WDFDEVICE,
    ) -> WDF_DEVICE_POWER_POLICY_STATE {
        let device = device.object(call);
        let owner = device.is_power_policy_owner();
        match device.stage.get() {
            Stage::Initial => PolicyState::WdfDevStatePwrPolObjectCreated,
            Stage::Started | Stage::QueryRemoved if owner && device.powered.get() => {
                PolicyState::WdfDevStatePwrPolStarted
            }
            Stage::Started | Stage::QueryRemoved if owner => PolicyState::WdfDevStatePwrPolSystemAsleepNoWake,
            Stage::Started | Stage::QueryRemoved => PolicyState::WdfDevStatePwrPolStartingSucceeded,
            Stage::Stopped | Stage::Failed => PolicyState::WdfDevStatePwrPolStopped,
            Stage::SurpriseRemoved | Stage::Removed => PolicyState::WdfDevStatePwrPolRemoved,
        }
    }
}
