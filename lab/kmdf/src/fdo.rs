//! The FDO role: filters, buses, and what a function driver asks of its stack.

use wdk_sys::{
    ACCESS_MASK, DEVICE_REGISTRY_PROPERTY, LPCGUID, PDEVICE_OBJECT, PINTERFACE, POOL_TYPE, PULONG, PVOID,
    PWDF_CHILD_LIST_CONFIG, PWDF_FDO_EVENT_CALLBACKS, PWDF_OBJECT_ATTRIBUTES, PWDFDEVICE_INIT,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_OBJECT_NAME_EXISTS, ULONG, USHORT,
    WDF_CHILD_LIST_CONFIG, WDF_FDO_EVENT_CALLBACKS, WDFCHILDLIST, WDFDEVICE, WDFKEY, WDFMEMORY,
};

use crate::{
    child_list,
    ddi::{Call, Claimed},
    device::{Device, Kind},
    device_init::{DeviceInit, Role, sized},
    device_property,
    failure::{Outcome, fail, status},
    object::{Attributes, Obj, Parent},
    query_interface, registry,
    wdm::{bugcheck::Violation, device_object::DeviceObject, sync},
};

/// Creates the lists of a new FDO: the one that the driver configured, and the one for children it creates
/// itself.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn create_child_lists(device: Obj<Device>) -> Outcome {
    if let Some((config, attributes)) = &device.settings.child_list {
        device
            .default_list
            .set(Some(child_list::new(device, *config, attributes)?));
    }
    Ok(())
}

/// The list of static children, made when the first one is added.
fn static_list(device: Obj<Device>) -> Outcome<Obj<child_list::ChildList>> {
    if let Some(list) = device.static_list.get() {
        return Ok(list);
    }
    let list = child_list::new(device, child_list::static_config(), &Attributes::NONE)?;
    device.static_list.set(Some(list));
    Ok(list)
}

/// The PDO under an FDO that is about to be created; the run ends for the init structure of another kind of
/// device.
fn physical(call: &Call, init: Claimed<wdk_sys::WDFDEVICE_INIT>) -> (DeviceInit, DeviceObject) {
    let init = init.init(call);
    match init.role {
        Role::Fdo(physical) => (init, physical),
        _ => call.violation(Violation::Fatal, 0),
    }
}

ddi! {
    /// The PDO of the stack that the new device joins.
    fn WdfFdoInitWdmGetPhysicalDevice: PFN_WDFFDOINITWDMGETPHYSICALDEVICE(
        call, init: PWDFDEVICE_INIT,
    ) -> PDEVICE_OBJECT {
        physical(call, init).1.pointer()
    }

    /// The new device is a filter: it passes on what it does not handle, and does not own the power policy.
    fn WdfFdoInitSetFilter: PFN_WDFFDOINITSETFILTER(call, init: PWDFDEVICE_INIT) {
        let (init, _) = physical(call, init);
        init.settings().filter = true;
    }

    /// Resource callbacks; those that add resources must be able to remove them.
    fn WdfFdoInitSetEventCallbacks: PFN_WDFFDOINITSETEVENTCALLBACKS(
        call, init: PWDFDEVICE_INIT, callbacks: PWDF_FDO_EVENT_CALLBACKS,
    ) {
        let (init, _) = physical(call, init);
        let callbacks = callbacks.required(call);
        sized::<WDF_FDO_EVENT_CALLBACKS>(call, callbacks.Size);
        let adds = callbacks.EvtDeviceFilterAddResourceRequirements.is_some();
        if !adds || callbacks.EvtDeviceRemoveAddedResources.is_some() {
            init.settings().fdo = callbacks;
        }
    }

    /// The new device is a bus with a list of children that the framework keeps.
    fn WdfFdoInitSetDefaultChildListConfig: PFN_WDFFDOINITSETDEFAULTCHILDLISTCONFIG(
        call, init: PWDFDEVICE_INIT, config: PWDF_CHILD_LIST_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
    ) {
        let (init, _) = physical(call, init);
        let config = config.required(call);
        sized::<WDF_CHILD_LIST_CONFIG>(call, config.Size);
        match Attributes::of(call, attributes, Parent::Forbidden) {
            Ok(attributes) => init.settings().child_list = Some((config, attributes)),
            Err(failure) => call.violation(Violation::Fatal, failure.argument()),
        }
    }

    /// A key of the device or its driver before the device exists.
    ///
    /// # Errors
    /// those of `WdfDeviceOpenRegistryKey`.
    fn WdfFdoInitOpenRegistryKey: PFN_WDFFDOINITOPENREGISTRYKEY(
        call, init: PWDFDEVICE_INIT, kind: ULONG, access: ACCESS_MASK, attributes: PWDF_OBJECT_ATTRIBUTES,
        key: *mut WDFKEY,
    ) -> NTSTATUS {
        let (_, physical) = physical(call, init);
        registry::open_device_key(call, physical, (kind, access), attributes, key)
    }

    /// A property of the device before it exists.
    ///
    /// # Errors
    /// those of `WdfDeviceQueryProperty`.
    fn WdfFdoInitQueryProperty: PFN_WDFFDOINITQUERYPROPERTY(
        call, init: PWDFDEVICE_INIT, property: DEVICE_REGISTRY_PROPERTY::Type, length: ULONG, buffer: PVOID,
        result: PULONG,
    ) -> NTSTATUS {
        let (_, physical) = physical(call, init);
        device_property::query(physical, property, length, buffer, result)
    }

    /// A property of the device before it exists, in memory that is allocated for it.
    ///
    /// # Errors
    /// those of `WdfDeviceAllocAndQueryProperty`.
    fn WdfFdoInitAllocAndQueryProperty: PFN_WDFFDOINITALLOCANDQUERYPROPERTY(
        call, init: PWDFDEVICE_INIT, property: DEVICE_REGISTRY_PROPERTY::Type, _pool: POOL_TYPE,
        attributes: PWDF_OBJECT_ATTRIBUTES, memory: *mut WDFMEMORY,
    ) -> NTSTATUS {
        let (_, physical) = physical(call, init);
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        device_property::allocate(call, physical, property, &attributes, memory)
    }

    /// Asks the caller's stack for an interface.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (no FDO),
    /// `STATUS_INSUFFICIENT_RESOURCES`, what the provider answers, `STATUS_NOT_SUPPORTED` when there is none.
    fn WdfFdoQueryForInterface: PFN_WDFFDOQUERYFORINTERFACE(
        call, device: WDFDEVICE, guid: LPCGUID, interface: PINTERFACE, size: USHORT, version: USHORT,
        data: PVOID,
    ) -> NTSTATUS {
        let device = device.object(call);
        let query = query_interface::question(guid.not_null(call), interface.not_null(call), size, version, data);
        if sync::irql() != sync::PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        match (device.kind, device.wdm.get()) {
            (Kind::Fdo, Some(wdm)) => query_interface::ask(wdm, &query),
            _ => fail(STATUS_INVALID_PARAMETER),
        }
    }

    /// The list that `WdfFdoInitSetDefaultChildListConfig` made; null when it did not.
    fn WdfFdoGetDefaultChildList: PFN_WDFFDOGETDEFAULTCHILDLIST(call, device: WDFDEVICE) -> WDFCHILDLIST {
        device.object(call).default_list.get().map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// Adds a child that the driver created itself.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`. The success code `STATUS_OBJECT_NAME_EXISTS` says that it was added
    /// before.
    fn WdfFdoAddStaticChild: PFN_WDFFDOADDSTATICCHILD(call, device: WDFDEVICE, child: WDFDEVICE) -> i32 {
        let (device, child) = (device.object(call), child.object(call));
        let known = child.entry.get().map(|(list, _)| Some(list) == device.static_list.get());
        if device.kind != Kind::Fdo || child.kind != Kind::Pdo || known == Some(false) {
            return STATUS_INVALID_PARAMETER;
        }
        if known == Some(true) {
            return STATUS_OBJECT_NAME_EXISTS;
        }
        status(static_list(device).and_then(|list| child_list::add_static(list, child)))
    }

    /// Begins a walk over the static children.
    fn WdfFdoLockStaticChildListForIteration: PFN_WDFFDOLOCKSTATICCHILDLISTFORITERATION(
        call, device: WDFDEVICE,
    ) {
        device.object(call);
    }

    /// The next static child after this one, null at the end.
    fn WdfFdoRetrieveNextStaticChild: PFN_WDFFDORETRIEVENEXTSTATICCHILD(
        call, device: WDFDEVICE, previous: WDFDEVICE, flags: ULONG,
    ) -> WDFDEVICE {
        let device = device.object(call);
        next_static(device, previous.optional(call), flags).map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// Ends such a walk.
    fn WdfFdoUnlockStaticChildListFromIteration: PFN_WDFFDOUNLOCKSTATICCHILDLISTFROMITERATION(
        call, device: WDFDEVICE,
    ) {
        device.object(call);
    }
}

fn next_static(device: Obj<Device>, previous: Option<Obj<Device>>, flags: ULONG) -> Option<Obj<Device>> {
    let list = device.static_list.get()?;
    let entries = || (0..).map_while(|at| list.at(at));
    let start = match previous {
        Some(previous) => entries().position(|entry| entry.pdo == Some(previous))? + 1,
        None => 0,
    };
    entries()
        .skip(start)
        .find(|entry| entry.presence.is_wanted(flags))
        .and_then(|entry| entry.pdo)
}
