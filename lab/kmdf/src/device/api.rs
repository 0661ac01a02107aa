//! `WdfDevice…`: what a driver asks of its device and tells about it.

use core::ptr;

use wdk_sys::{
    _WDF_SPECIAL_FILE_TYPE as SpecialFile, BOOLEAN, PCUNICODE_STRING, PDEVICE_OBJECT, PFILE_OBJECT, PIRP,
    PPNP_BUS_INFORMATION, PWDF_DEVICE_PNP_CAPABILITIES, PWDF_DEVICE_POWER_CAPABILITIES, PWDF_DEVICE_STATE,
    PWDF_OBJECT_ATTRIBUTES, PWDFDEVICE_INIT, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_INVALID_PARAMETER, STATUS_NOT_FOUND, STATUS_SUCCESS, ULONG, WDF_DEVICE_FAILED_ACTION,
    WDF_DEVICE_PNP_CAPABILITIES, WDF_DEVICE_POWER_CAPABILITIES, WDF_DEVICE_STATE, WDF_SPECIAL_FILE_TYPE,
    WDFCOMPANIONTARGET, WDFDEVICE, WDFDRIVER, WDFFILEOBJECT, WDFIOTARGET, WDFSTRING,
};

use super::{Kind, create};
use crate::{
    device_init::sized,
    device_property, dispatch,
    failure::fail,
    file_object,
    object::{Attributes, Obj, Parent},
    string,
    wdm::{
        device_object::{DeviceObject, create_link},
        irp::{Irp, WdmFile},
        sync::{PASSIVE_LEVEL, irql},
        text::Wide,
    },
};

/// The address of a device object that may be missing.
fn address(device: Option<DeviceObject>) -> PDEVICE_OBJECT {
    device.map_or(ptr::null_mut(), DeviceObject::pointer)
}

ddi! {
    /// Creates a device; on success the init structure is used up.
    ///
    /// # Errors
    /// those of [`create`] and of the attributes.
    fn WdfDeviceCreate: PFN_WDFDEVICECREATE(
        call, init: *mut PWDFDEVICE_INIT, attributes: PWDF_OBJECT_ATTRIBUTES, device: *mut WDFDEVICE,
    ) -> NTSTATUS {
        let place = init;
        let init = call.claim(place.required(call)).init(call);
        device.not_null(call).put(ptr::null_mut());
        let attributes = Attributes::with_callbacks(call, attributes, Parent::Forbidden)?;
        let created = create(init, &attributes)?;
        place.put(ptr::null_mut());
        init.free_if_driver_owned();
        device.put(created.handle());
        Ok(())
    }

    /// The client's driver.
    fn WdfDeviceGetDriver: PFN_WDFDEVICEGETDRIVER(call, device: WDFDEVICE) -> WDFDRIVER {
        device.object(call);
        call.client.driver.get().map_or(ptr::null_mut(), Obj::handle)
    }

    /// The WDM device object.
    fn WdfDeviceWdmGetDeviceObject: PFN_WDFDEVICEWDMGETDEVICEOBJECT(
        call, device: WDFDEVICE,
    ) -> PDEVICE_OBJECT {
        address(device.object(call).wdm.get())
    }

    /// The device object below.
    fn WdfDeviceWdmGetAttachedDevice: PFN_WDFDEVICEWDMGETATTACHEDDEVICE(
        call, device: WDFDEVICE,
    ) -> PDEVICE_OBJECT {
        address(device.object(call).attached.get())
    }

    /// The PDO of the stack.
    fn WdfDeviceWdmGetPhysicalDevice: PFN_WDFDEVICEWDMGETPHYSICALDEVICE(
        call, device: WDFDEVICE,
    ) -> PDEVICE_OBJECT {
        address(device.object(call).physical.get())
    }

    /// The framework's device of a WDM device object, null when it is not this client's.
    fn WdfWdmDeviceGetWdfDeviceHandle: PFN_WDFWDMDEVICEGETWDFDEVICEHANDLE(
        call, device: PDEVICE_OBJECT,
    ) -> WDFDEVICE {
        DeviceObject::of(device.not_null(call).pointer()).and_then(Obj::of).map_or(ptr::null_mut(), Obj::handle)
    }

    /// The target that sends requests down the stack.
    fn WdfDeviceGetIoTarget: PFN_WDFDEVICEGETIOTARGET(call, device: WDFDEVICE) -> WDFIOTARGET {
        device.object(call).target.get().map_or(ptr::null_mut(), Obj::handle)
    }

    /// The target that is the device itself; null when the driver did not ask for it.
    fn WdfDeviceGetSelfIoTarget: PFN_WDFDEVICEGETSELFIOTARGET(call, device: WDFDEVICE) -> WDFIOTARGET {
        device.object(call).self_target.get().map_or(ptr::null_mut(), Obj::handle)
    }

    /// The state that `IRP_MN_QUERY_PNP_DEVICE_STATE` reports.
    fn WdfDeviceGetDeviceState: PFN_WDFDEVICEGETDEVICESTATE(
        call, device: WDFDEVICE, state: PWDF_DEVICE_STATE,
    ) {
        let device = device.object(call);
        let size = state.required(call).Size;
        sized::<WDF_DEVICE_STATE>(call, size);
        state.put(WDF_DEVICE_STATE { Size: size, ..device.state.get() });
    }

    /// Changes that state and has the `PnP` manager ask for it.
    fn WdfDeviceSetDeviceState: PFN_WDFDEVICESETDEVICESTATE(
        call, device: WDFDEVICE, state: PWDF_DEVICE_STATE,
    ) {
        let device = device.object(call);
        let state = state.required(call);
        sized::<WDF_DEVICE_STATE>(call, state.Size);
        device.state.set(state);
        if let Some(physical) = device.physical.get() {
            physical.invalidate_state();
        }
    }

    /// Declares the device failed; the `PnP` manager removes it.
    fn WdfDeviceSetFailed: PFN_WDFDEVICESETFAILED(
        call, device: WDFDEVICE, _action: WDF_DEVICE_FAILED_ACTION,
    ) {
        let device = device.object(call);
        device.failed.set(true);
        if let Some(physical) = device.physical.get() {
            physical.invalidate_state();
        }
    }

    /// What the device can do, for `IRP_MN_QUERY_CAPABILITIES`.
    fn WdfDeviceSetPnpCapabilities: PFN_WDFDEVICESETPNPCAPABILITIES(
        call, device: WDFDEVICE, capabilities: PWDF_DEVICE_PNP_CAPABILITIES,
    ) {
        let capabilities = capabilities.required(call);
        sized::<WDF_DEVICE_PNP_CAPABILITIES>(call, capabilities.Size);
        device.object(call).pnp_capabilities.set(capabilities);
    }

    /// What it can do about power.
    fn WdfDeviceSetPowerCapabilities: PFN_WDFDEVICESETPOWERCAPABILITIES(
        call, device: WDFDEVICE, capabilities: PWDF_DEVICE_POWER_CAPABILITIES,
    ) {
        let capabilities = capabilities.required(call);
        sized::<WDF_DEVICE_POWER_CAPABILITIES>(call, capabilities.Size);
        device.object(call).power_capabilities.set(capabilities);
    }

    /// What children answer about their bus.
    fn WdfDeviceSetBusInformationForChildren: PFN_WDFDEVICESETBUSINFORMATIONFORCHILDREN(
        call, device: WDFDEVICE, information: PPNP_BUS_INFORMATION,
    ) {
        device.object(call).bus_information.set(Some(information.required(call)));
    }

    /// Whether the device may be stopped and removed on request.
    fn WdfDeviceSetStaticStopRemove: PFN_WDFDEVICESETSTATICSTOPREMOVE(
        call, device: WDFDEVICE, stoppable: BOOLEAN,
    ) {
        device.object(call).stoppable.set(stoppable != 0);
    }

    /// `FILE_…` characteristics.
    fn WdfDeviceSetCharacteristics: PFN_WDFDEVICESETCHARACTERISTICS(
        call, device: WDFDEVICE, characteristics: ULONG,
    ) {
        if let Some(wdm) = device.object(call).wdm.get() {
            wdm.set_characteristics(characteristics);
        }
    }

    /// `FILE_…` characteristics.
    fn WdfDeviceGetCharacteristics: PFN_WDFDEVICEGETCHARACTERISTICS(call, device: WDFDEVICE) -> ULONG {
        device.object(call).wdm.get().map_or(0, DeviceObject::characteristics)
    }

    /// The alignment of transfers, as a mask.
    fn WdfDeviceGetAlignmentRequirement: PFN_WDFDEVICEGETALIGNMENTREQUIREMENT(
        call, device: WDFDEVICE,
    ) -> ULONG {
        device.object(call).wdm.get().map_or(0, DeviceObject::alignment)
    }

    /// The alignment of transfers, as a mask.
    fn WdfDeviceSetAlignmentRequirement: PFN_WDFDEVICESETALIGNMENTREQUIREMENT(
        call, device: WDFDEVICE, mask: ULONG,
    ) {
        if let Some(wdm) = device.object(call).wdm.get() {
            wdm.set_alignment(mask);
        }
    }

    /// The framework's object of an open file. Null when the device has none for it.
    fn WdfDeviceGetFileObject: PFN_WDFDEVICEGETFILEOBJECT(
        call, device: WDFDEVICE, file: PFILE_OBJECT,
    ) -> WDFFILEOBJECT {
        let device = device.object(call);
        WdmFile::of(file.pointer()).and_then(|file| file_object::find(device, file)).map_or(ptr::null_mut(), Obj::handle)
    }

    /// The name of the device object.
    ///
    /// # Errors
    /// `STATUS_NOT_FOUND` (it has none), `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceRetrieveDeviceName: PFN_WDFDEVICERETRIEVEDEVICENAME(
        call, device: WDFDEVICE, text: WDFSTRING,
    ) -> NTSTATUS {
        let (device, text) = (device.object(call), text.object(call));
        match &device.settings.name {
            Some(name) => string::set(text, name.text()),
            None => fail(STATUS_INVALID_PARAMETER),
        }
    }

    /// A further name for the device object, or for the PDO of one without a name. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (an empty name, IRQL, the second link), `STATUS_INVALID_PARAMETER`, `STATUS_INVALID_DEVICE_STATE` (no
    /// name to link to), what `IoGetDeviceProperty` and `IoCreateSymbolicLink` return.
    fn WdfDeviceCreateSymbolicLink: PFN_WDFDEVICECREATESYMBOLICLINK(
        call, device: WDFDEVICE, link: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let device = device.object(call);
        if link.required(call).Length == 0 || irql() != PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let link = Wide::of(call.client.tag(), link.valid_text()?)?;
        if device.link.borrow().is_some() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        match (&device.settings.name, device.physical.get()) {
            (Some(name), _) => create_link(&link.counted(), &name.counted())?,
            (None, Some(physical)) => {
                let name = device_property::object_name(call.client.tag(), physical)?;
                create_link(&link.counted(), &name.counted())?;
            }
            (None, None) => return fail(STATUS_INVALID_DEVICE_STATE),
        }
        device.link.replace(Some(link));
        Ok(())
    }

    /// Names the MOF resource of the image. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL; it has a name), `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceAssignMofResourceName: PFN_WDFDEVICEASSIGNMOFRESOURCENAME(
        call, device: WDFDEVICE, name: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let device = device.object(call);
        name.not_null(call);
        if irql() != PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let text = name.valid_text()?;
        if device.mof_resource.borrow().is_some() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        device.mof_resource.replace(Some(Wide::of(call.client.tag(), text)?));
        Ok(())
    }

    /// Whether the device may be in the path of a paging, hibernation, crash dump or other special file. Another kind is ignored.
    fn WdfDeviceSetSpecialFileSupport: PFN_WDFDEVICESETSPECIALFILESUPPORT(
        call, device: WDFDEVICE, kind: WDF_SPECIAL_FILE_TYPE, supported: BOOLEAN,
    ) {
        let device = device.object(call);
        let kinds = SpecialFile::WdfSpecialFilePaging..SpecialFile::WdfSpecialFileMax;
        if !kinds.contains(&kind) || kind == SpecialFile::WdfSpecialFilePostDisplay {
            return;
        }
        let bit = 1 << kind;
        let others = device.special_files.get() & !bit;
        device.special_files.set(if supported == 0 { others } else { others | bit });
    }

    /// The target of the device's companion: no device of the lab has one.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (a control device), `STATUS_NOT_FOUND`.
    fn WdfDeviceRetrieveCompanionTarget: PFN_WDFDEVICERETRIEVECOMPANIONTARGET(
        call, device: WDFDEVICE, _target: *mut WDFCOMPANIONTARGET,
    ) -> NTSTATUS {
        match device.object(call).kind {
            Kind::Control => fail(STATUS_INVALID_DEVICE_REQUEST),
            Kind::Fdo | Kind::Pdo => fail(STATUS_NOT_FOUND),
        }
    }

    /// Gives an IRP back that a preprocess callback saw. The status is that of the dispatch routine.
    fn WdfDeviceWdmDispatchPreprocessedIrp: PFN_WDFDEVICEWDMDISPATCHPREPROCESSEDIRP(
        call, device: WDFDEVICE, irp: PIRP,
    ) -> i32 {
        let device = device.object(call);
        match Irp::of(irp.not_null(call).pointer()) {
            Some(irp) => {
                // The callback skipped its own location, as if it sent the IRP to a driver below.
                irp.unskip();
                dispatch::preprocessed(device, irp)
            }
            None => STATUS_SUCCESS,
        }
    }
}

/// Whether a device takes part in `PnP`.
pub fn is_pnp(device: Obj<super::Device>) -> bool {
    device.kind != Kind::Control
}
