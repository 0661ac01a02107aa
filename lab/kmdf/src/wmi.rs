//! WDFWMIPROVIDER and WDFWMIINSTANCE: registered and kept, never asked; the lab has no consumers of WMI.
//!
//! Validation and statuses are those of fxwmiapi.cpp, fxwmiprovider.cpp and fxwmiinstance.cpp.

use core::cell::Cell;

use wdk_sys::{
    _WDF_WMI_PROVIDER_FLAGS as Flags, BOOLEAN, GUID, PVOID, PWDF_OBJECT_ATTRIBUTES, PWDF_WMI_INSTANCE_CONFIG,
    PWDF_WMI_PROVIDER_CONFIG, STATUS_BUFFER_TOO_SMALL, STATUS_INFO_LENGTH_MISMATCH,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, ULONG,
    WDF_WMI_INSTANCE_CONFIG, WDF_WMI_PROVIDER_CONFIG, WDF_WMI_PROVIDER_CONTROL, WDFDEVICE, WDFWMIINSTANCE,
    WDFWMIPROVIDER,
};

use crate::{
    ddi::{Call, Claimed},
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Header, Obj, Parent, create},
    pnp::Stage,
    query_interface::same,
    wdm::sync::{APC_LEVEL, irql},
};

/// What a WDFWMIPROVIDER stands for.
#[repr(C)]
pub struct WmiProvider {
    header: Header,
    device: Obj<Device>,
    flags: i32,
    minimum: ULONG,
}

framework! {
    WmiProvider: WmiProvider {
        const DELETABLE: bool = false;
    }
}

/// What a WDFWMIINSTANCE stands for.
#[repr(C)]
pub struct WmiInstance {
    header: Header,
    provider: Obj<WmiProvider>,
    registered: Cell<bool>,
}

framework! {
    WmiInstance: WmiInstance {
        fn dispose(this: Obj<Self>) {
            this.registered.set(false);
        }
    }
}

impl Obj<WmiProvider> {
    /// Registers an instance of its.
    fn add(self, instance: Obj<WmiInstance>) -> Outcome {
        if self.flags & Flags::WdfWmiProviderTracing != 0 || instance.registered.get() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        if is_deregistered(self.device) {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        instance.registered.set(true);
        Ok(())
    }
}

/// Whether the device is beyond the end of its WMI registration.
fn is_deregistered(device: Obj<Device>) -> bool {
    matches!(device.stage.get(), Stage::SurpriseRemoved | Stage::Removed)
}

fn check_provider(config: &WDF_WMI_PROVIDER_CONFIG) -> Outcome {
    if config.Size as usize != size_of::<WDF_WMI_PROVIDER_CONFIG>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    let flags = config.Flags.cast_signed();
    let tracing = flags & Flags::WdfWmiProviderTracing != 0;
    let controlled = tracing || flags & Flags::WdfWmiProviderExpensive != 0;
    let valid = flags & !Flags::WdfWmiProviderValidFlags == 0
        && !(tracing && flags != Flags::WdfWmiProviderTracing)
        && (config.EvtWmiProviderFunctionControl.is_none() || controlled)
        && !same(&config.Guid, &GUID::default());
    if valid {
        Ok(())
    } else {
        fail(STATUS_INVALID_PARAMETER)
    }
}

fn new_provider(
    call: &Call,
    device: Obj<Device>,
    config: &WDF_WMI_PROVIDER_CONFIG,
    attributes: Claimed<wdk_sys::WDF_OBJECT_ATTRIBUTES>,
) -> Outcome<Obj<WmiProvider>> {
    let attributes = Attributes::of(call, attributes, Parent::Forbidden)?;
    check_provider(config)?;
    if is_deregistered(device) {
        return fail(STATUS_INVALID_DEVICE_STATE);
    }
    let provider = WmiProvider {
        header: Header::new::<WmiProvider>(device.header.client),
        device,
        flags: config.Flags.cast_signed(),
        minimum: config.MinInstanceBufferSize,
    };
    create(provider, &attributes, Some(device.header()))
}

/// What an instance may say for a provider of this kind.
fn check_instance(
    provider: Obj<WmiProvider>,
    config: &WDF_WMI_INSTANCE_CONFIG,
    attributes: &Attributes,
) -> Outcome {
    if config.UseContextForQuery == 0 {
        return Ok(());
    }
    if config.EvtWmiInstanceSetInstance.is_some() || config.EvtWmiInstanceSetItem.is_some() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    if attributes.context.is_null() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    if attributes.context_size < provider.minimum as usize {
        return fail(STATUS_BUFFER_TOO_SMALL);
    }
    Ok(())
}

fn asks_for_data(config: &WDF_WMI_INSTANCE_CONFIG) -> bool {
    config.UseContextForQuery != 0
        || config.EvtWmiInstanceQueryInstance.is_some()
        || config.EvtWmiInstanceSetInstance.is_some()
        || config.EvtWmiInstanceSetItem.is_some()
        || config.EvtWmiInstanceExecuteMethod.is_some()
}

fn new_instance(
    call: &Call,
    provider: Obj<WmiProvider>,
    config: &WDF_WMI_INSTANCE_CONFIG,
    attributes: Claimed<wdk_sys::WDF_OBJECT_ATTRIBUTES>,
) -> Outcome<Obj<WmiInstance>> {
    if provider.flags & Flags::WdfWmiProviderEventOnly != 0 && asks_for_data(config) {
        return fail(STATUS_INVALID_PARAMETER);
    }
    let attributes = Attributes::of(call, attributes, Parent::Forbidden)?;
    check_instance(provider, config, &attributes)?;
    let instance = WmiInstance {
        header: Header::new::<WmiInstance>(call.client),
        provider,
        registered: Cell::new(false),
    };
    let instance = create(instance, &attributes, Some(provider.header()))?;
    if config.Register != 0
        && let Err(failure) = provider.add(instance)
    {
        instance.delete();
        return Err(failure);
    }
    Ok(instance)
}

ddi! {
    /// Registers a provider of a device.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (flags, a control callback that they do not allow, no
    /// GUID), `STATUS_INVALID_DEVICE_STATE` (the device goes), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfWmiProviderCreate: PFN_WDFWMIPROVIDERCREATE(
        call, device: WDFDEVICE, config: PWDF_WMI_PROVIDER_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
        provider: *mut WDFWMIPROVIDER,
    ) -> NTSTATUS {
        let device = device.object(call);
        let config = config.required(call);
        provider.not_null(call).put(core::ptr::null_mut());
        provider.put(new_provider(call, device, &config, attributes)?.handle());
        Ok(())
    }

    /// The device of a provider.
    fn WdfWmiProviderGetDevice: PFN_WDFWMIPROVIDERGETDEVICE(call, provider: WDFWMIPROVIDER) -> WDFDEVICE {
        provider.object(call).device.handle()
    }

    /// Whether somebody listens: nobody does in the lab.
    fn WdfWmiProviderIsEnabled: PFN_WDFWMIPROVIDERISENABLED(
        call, provider: WDFWMIPROVIDER, _control: WDF_WMI_PROVIDER_CONTROL,
    ) -> BOOLEAN {
        provider.object(call);
        0
    }

    /// The handle of the tracing session: 0, since there is none.
    fn WdfWmiProviderGetTracingHandle: PFN_WDFWMIPROVIDERGETTRACINGHANDLE(
        call, provider: WDFWMIPROVIDER,
    ) -> u64 {
        provider.object(call);
        0
    }

    /// Creates an instance of a provider, or of a new one.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER` (no provider or two, or what the provider does not allow), those of the
    /// attributes, `STATUS_BUFFER_TOO_SMALL` (the context), those of registering it.
    fn WdfWmiInstanceCreate: PFN_WDFWMIINSTANCECREATE(
        call, device: WDFDEVICE, config: PWDF_WMI_INSTANCE_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
        instance: *mut WDFWMIINSTANCE,
    ) -> NTSTATUS {
        let config = config.required(call);
        if config.Size as usize != size_of::<WDF_WMI_INSTANCE_CONFIG>() {
            return fail(STATUS_INFO_LENGTH_MISMATCH);
        }
        let described = call.claim(config.ProviderConfig);
        let created = match (call.claim(config.Provider).optional(call), described.get()) {
            (Some(provider), None) => new_instance(call, provider, &config, attributes)?,
            (None, Some(description)) => {
                let nothing = call.claim(core::ptr::null_mut());
                let provider = new_provider(call, device.object(call), &description, nothing)?;
                new_instance(call, provider, &config, attributes).inspect_err(|_| provider.delete())?
            }
            _ => return fail(STATUS_INVALID_PARAMETER),
        };
        instance.put(created.handle());
        Ok(())
    }

    /// Registers an instance.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (registered already, or a tracing provider), `STATUS_INVALID_DEVICE_STATE` (the device goes).
    fn WdfWmiInstanceRegister: PFN_WDFWMIINSTANCEREGISTER(call, instance: WDFWMIINSTANCE) -> NTSTATUS {
        let instance = instance.object(call);
        instance.provider.add(instance)
    }

    /// Takes that back.
    fn WdfWmiInstanceDeregister: PFN_WDFWMIINSTANCEDEREGISTER(call, instance: WDFWMIINSTANCE) {
        instance.object(call).registered.set(false);
    }

    /// The device of an instance.
    fn WdfWmiInstanceGetDevice: PFN_WDFWMIINSTANCEGETDEVICE(call, instance: WDFWMIINSTANCE) -> WDFDEVICE {
        instance.object(call).provider.device.handle()
    }

    /// The provider of an instance.
    fn WdfWmiInstanceGetProvider: PFN_WDFWMIINSTANCEGETPROVIDER(
        call, instance: WDFWMIINSTANCE,
    ) -> WDFWMIPROVIDER {
        instance.object(call).provider.handle()
    }

    /// Sends an event, which nobody gets: there are no consumers. IRQL: at most `APC_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL).
    fn WdfWmiInstanceFireEvent: PFN_WDFWMIINSTANCEFIREEVENT(
        call, instance: WDFWMIINSTANCE, _size: ULONG, _data: PVOID,
    ) -> NTSTATUS {
        instance.object(call);
        if irql() > APC_LEVEL { fail(STATUS_INVALID_DEVICE_REQUEST) } else { Ok(()) }
    }
}
