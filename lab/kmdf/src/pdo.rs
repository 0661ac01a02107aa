//! The PDO role: what a bus driver says about a child, and the answers to the `PnP` manager's questions about
//! it.

use wdk_sys::{
    _DEVICE_POWER_STATE, _SYSTEM_POWER_STATE, _WDF_TRI_STATE, BUS_QUERY_ID_TYPE, DEVICE_CAPABILITIES,
    DEVICE_TEXT_TYPE, GUID, LCID, NTSTATUS, PCUNICODE_STRING, PNP_BUS_INFORMATION, PWDF_PDO_EVENT_CALLBACKS,
    PWDFDEVICE_INIT, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER,
    STATUS_NOT_SUPPORTED, STATUS_SUCCESS, WDF_PDO_EVENT_CALLBACKS, WDFDEVICE,
};

use crate::{
    ddi::{Call, Claimed},
    device::{Device, Kind},
    device_init::{DeviceInit, Role, kept_text, sized},
    failure::{Outcome, fail},
    object::Obj,
    pool::{self, Array, Tag},
    wdm::{irp::Irp, parameters::Parameters, text::Wide},
};

/// The text of a device in one language.
#[derive(Clone, Copy)]
struct DeviceText {
    locale: LCID,
    /// Where in the texts the description begins.
    description: usize,
    /// Where in the texts the location begins.
    location: usize,
}

/// What identifies a child to the `PnP` manager.
pub struct Identity {
    device_id: Option<Wide>,
    instance_id: Option<Wide>,
    container_id: Option<Wide>,
    /// Each with its NUL; the list's own NUL is added in the answer.
    hardware_ids: Array<u16>,
    compatible_ids: Array<u16>,
    /// NUL-terminated texts one after the other.
    texts: Array<u16>,
    text_list: Array<DeviceText>,
    default_locale: LCID,
    raw: bool,
    /// Whether requests may be sent on to the parent.
    pub forward_to_parent: bool,
}

impl Identity {
    /// Nothing known yet.
    pub const fn new(tag: Tag) -> Self {
        Self {
            device_id: None,
            instance_id: None,
            container_id: None,
            hardware_ids: Array::new(tag),
            compatible_ids: Array::new(tag),
            texts: Array::new(tag),
            text_list: Array::new(tag),
            default_locale: 0,
            raw: false,
            forward_to_parent: false,
        }
    }

    /// Whether there is what every child needs.
    pub const fn is_complete(&self) -> bool {
        self.device_id.is_some() && self.instance_id.is_some()
    }

    /// Whether it works without a function driver.
    pub const fn is_raw(&self) -> bool {
        self.raw
    }

    fn add_text(&mut self, text: &[u16]) -> Outcome<usize> {
        let start = self.texts.as_slice().len();
        self.texts.extend(text)?;
        self.texts.push(0)?;
        Ok(start)
    }

    /// The text in this language, or in the default one.
    fn text(&self, locale: LCID, kind: i32) -> Option<&[u16]> {
        let find = |wanted| {
            self.text_list
                .as_slice()
                .iter()
                .find(|text| text.locale == wanted)
        };
        let text = find(locale).or_else(|| find(self.default_locale))?;
        let start = match kind {
            DEVICE_TEXT_TYPE::DeviceTextDescription => text.description,
            DEVICE_TEXT_TYPE::DeviceTextLocationInformation => text.location,
            _ => return None,
        };
        let rest = self.texts.as_slice().get(start..)?;
        let end = rest.iter().position(|unit| *unit == 0)?;
        rest.get(..=end)
    }
}

/// The init structure of a child; the run of another kind of device is refused.
fn child_init(call: &Call, init: Claimed<wdk_sys::WDFDEVICE_INIT>) -> Outcome<DeviceInit> {
    let init = init.init(call);
    if matches!(init.role, Role::Pdo { .. }) {
        Ok(init)
    } else {
        fail(STATUS_INVALID_DEVICE_REQUEST)
    }
}

ddi! {
    /// A structure for a static child of this bus; null when there is no memory or the device is no bus.
    fn WdfPdoInitAllocate: PFN_WDFPDOINITALLOCATE(call, parent: WDFDEVICE) -> PWDFDEVICE_INIT {
        let parent = parent.object(call);
        match parent.kind {
            Kind::Fdo => DeviceInit::for_static_child(parent).map_or(core::ptr::null_mut(), DeviceInit::pointer),
            _ => core::ptr::null_mut(),
        }
    }

    /// Sets the callbacks of a child.
    fn WdfPdoInitSetEventCallbacks: PFN_WDFPDOINITSETEVENTCALLBACKS(
        call, init: PWDFDEVICE_INIT, callbacks: PWDF_PDO_EVENT_CALLBACKS,
    ) {
        let callbacks = callbacks.required(call);
        sized::<WDF_PDO_EVENT_CALLBACKS>(call, callbacks.Size);
        init.init(call).settings().pdo = callbacks;
    }

    /// The device ID.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoInitAssignDeviceID: PFN_WDFPDOINITASSIGNDEVICEID(
        call, init: PWDFDEVICE_INIT, id: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let id = kept_text(init.client, id.not_null(call))?;
        init.settings().identity.device_id = Some(id);
        Ok(())
    }

    /// The instance ID.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoInitAssignInstanceID: PFN_WDFPDOINITASSIGNINSTANCEID(
        call, init: PWDFDEVICE_INIT, id: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let id = kept_text(init.client, id.not_null(call))?;
        init.settings().identity.instance_id = Some(id);
        Ok(())
    }

    /// The container ID.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoInitAssignContainerID: PFN_WDFPDOINITASSIGNCONTAINERID(
        call, init: PWDFDEVICE_INIT, id: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let id = kept_text(init.client, id.not_null(call))?;
        init.settings().identity.container_id = Some(id);
        Ok(())
    }

    /// One more hardware ID.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoInitAddHardwareID: PFN_WDFPDOINITADDHARDWAREID(
        call, init: PWDFDEVICE_INIT, id: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let id = kept_text(init.client, id.not_null(call))?;
        init.settings().identity.hardware_ids.extend(id.with_nul())
    }

    /// One more compatible ID.
    ///
    /// # Errors
    /// as for the hardware ID.
    fn WdfPdoInitAddCompatibleID: PFN_WDFPDOINITADDCOMPATIBLEID(
        call, init: PWDFDEVICE_INIT, id: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let id = kept_text(init.client, id.not_null(call))?;
        init.settings().identity.compatible_ids.extend(id.with_nul())
    }

    /// Description and location in one language.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INVALID_PARAMETER`,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfPdoInitAddDeviceText: PFN_WDFPDOINITADDDEVICETEXT(
        call, init: PWDFDEVICE_INIT, description: PCUNICODE_STRING, location: PCUNICODE_STRING, locale: LCID,
    ) -> NTSTATUS {
        let init = child_init(call, init)?;
        let (description, location) = (description.not_null(call), location.not_null(call));
        let mut settings = init.settings();
        let identity = &mut settings.identity;
        let description = identity.add_text(description.valid_text()?)?;
        let location = identity.add_text(location.valid_text()?)?;
        identity.text_list.push(DeviceText { locale, description, location })
    }

    /// The language of the text for languages without one.
    fn WdfPdoInitSetDefaultLocale: PFN_WDFPDOINITSETDEFAULTLOCALE(call, init: PWDFDEVICE_INIT, locale: LCID) {
        init.init(call).settings().identity.default_locale = locale;
    }

    /// The child works without a function driver.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (another kind of device).
    fn WdfPdoInitAssignRawDevice: PFN_WDFPDOINITASSIGNRAWDEVICE(
        call, init: PWDFDEVICE_INIT, class: *const GUID,
    ) -> NTSTATUS {
        let init = init.init(call);
        class.not_null(call);
        if !matches!(init.role, Role::Pdo { .. }) {
            return fail(STATUS_INVALID_PARAMETER);
        }
        init.settings().identity.raw = true;
        Ok(())
    }

    /// Requests of the child may be forwarded to the parent's queues.
    fn WdfPdoInitAllowForwardingRequestToParent: PFN_WDFPDOINITALLOWFORWARDINGREQUESTTOPARENT(
        call, init: PWDFDEVICE_INIT,
    ) {
        init.init(call).settings().identity.forward_to_parent = true;
    }

    /// The child is gone.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_NO_SUCH_DEVICE`.
    fn WdfPdoMarkMissing: PFN_WDFPDOMARKMISSING(call, device: WDFDEVICE) -> NTSTATUS {
        let device = device.object(call);
        match device.kind {
            Kind::Pdo => crate::child_list::mark_missing(device),
            _ => fail(STATUS_INVALID_PARAMETER),
        }
    }

    /// The bus of a child, null for another device.
    fn WdfPdoGetParent: PFN_WDFPDOGETPARENT(call, device: WDFDEVICE) -> WDFDEVICE {
        device.object(call).parent.map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// The identification description of an enumerated child.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_INVALID_DEVICE_REQUEST` (a static child, sizes).
    fn WdfPdoRetrieveIdentificationDescription: PFN_WDFPDORETRIEVEIDENTIFICATIONDESCRIPTION(
        call, device: WDFDEVICE, description: wdk_sys::PWDF_CHILD_IDENTIFICATION_DESCRIPTION_HEADER,
    ) -> NTSTATUS {
        crate::child_list::retrieve_identification(device.object(call), description)
    }

    /// Changes the address description of an enumerated child.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER` (no PDO), `STATUS_INVALID_DEVICE_REQUEST` (a static child, sizes).
    fn WdfPdoUpdateAddressDescription: PFN_WDFPDOUPDATEADDRESSDESCRIPTION(
        call, device: WDFDEVICE, description: wdk_sys::PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    ) -> NTSTATUS {
        crate::child_list::update_address(device.object(call), description.not_null(call))
    }

    /// The address description of an enumerated child.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`, `STATUS_INVALID_DEVICE_REQUEST`.
    fn WdfPdoRetrieveAddressDescription: PFN_WDFPDORETRIEVEADDRESSDESCRIPTION(
        call, device: WDFDEVICE, description: wdk_sys::PWDF_CHILD_ADDRESS_DESCRIPTION_HEADER,
    ) -> NTSTATUS {
        crate::child_list::retrieve_address(device.object(call), description)
    }
}

/// `IRP_MN_QUERY_ID`.
pub fn query_id(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let identity = &device.settings.identity;
    let one = |id: &Option<Wide>| {
        id.as_ref()
            .map_or_else(|| Ok(None), |id| give(device, id.with_nul()).map(Some))
    };
    let answer = match irp.stack().query_id() {
        BUS_QUERY_ID_TYPE::BusQueryDeviceID => one(&identity.device_id),
        BUS_QUERY_ID_TYPE::BusQueryInstanceID => one(&identity.instance_id),
        BUS_QUERY_ID_TYPE::BusQueryContainerID => one(&identity.container_id),
        BUS_QUERY_ID_TYPE::BusQueryHardwareIDs => give_list(device, &identity.hardware_ids).map(Some),
        BUS_QUERY_ID_TYPE::BusQueryCompatibleIDs => give_list(device, &identity.compatible_ids).map(Some),
        _ => Ok(None),
    };
    conclude(irp, answer)
}

/// `IRP_MN_QUERY_DEVICE_TEXT`.
pub fn query_device_text(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let (kind, locale) = irp.stack().query_device_text();
    let text = device.settings.identity.text(locale, kind);
    conclude(
        irp,
        text.map_or_else(|| Ok(None), |text| give(device, text).map(Some)),
    )
}

/// The answer in `IoStatus.Information`, the status that is there when there is no answer.
const fn conclude(irp: Irp, answer: Outcome<Option<u64>>) -> NTSTATUS {
    match answer {
        Ok(None) => irp.status(),
        Ok(Some(information)) => {
            irp.set_information(information);
            STATUS_SUCCESS
        }
        Err(failure) => {
            irp.set_information(0);
            failure.status()
        }
    }
}

/// A copy for the `PnP` manager, which frees it.
fn give(device: Obj<Device>, text: &[u16]) -> Outcome<u64> {
    pool::give(device.header.client.tag(), text).map(|text| text as u64)
}

/// A `REG_MULTI_SZ` for the `PnP` manager; an empty list is two NULs.
fn give_list(device: Obj<Device>, list: &Array<u16>) -> Outcome<u64> {
    let mut answer = Array::of(device.header.client.tag(), list.as_slice())?;
    answer.push(0)?;
    if list.as_slice().is_empty() {
        answer.push(0)?;
    }
    give(device, answer.as_slice())
}

/// `IRP_MN_QUERY_CAPABILITIES` of a PDO: the driver's settings, the parent's power states where it made none.
pub fn query_capabilities(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let Some(place) = irp.stack().capabilities() else {
        return irp.status();
    };
    let mut capabilities: DEVICE_CAPABILITIES = place.read();
    if capabilities.Version != 1 || usize::from(capabilities.Size) < size_of::<DEVICE_CAPABILITIES>() {
        return irp.status();
    }
    fill_power(device, &mut capabilities);
    fill_pnp(device, &mut capabilities);
    place.write(capabilities);
    STATUS_SUCCESS
}

fn fill_power(device: Obj<Device>, capabilities: &mut DEVICE_CAPABILITIES) {
    let power = device.power_capabilities.get();
    // A software bus is always on: D0 while the system works, D3 else, unless the driver says otherwise.
    let states = capabilities
        .DeviceState
        .iter_mut()
        .zip(&power.DeviceState)
        .enumerate();
    for (system, (state, wanted)) in states.skip(1) {
        let default = if i32::try_from(system) == Ok(_SYSTEM_POWER_STATE::PowerSystemWorking) {
            _DEVICE_POWER_STATE::PowerDeviceD0
        } else {
            _DEVICE_POWER_STATE::PowerDeviceD3
        };
        let unset = *wanted == _DEVICE_POWER_STATE::PowerDeviceMaximum || *wanted == 0;
        *state = if unset { default } else { *wanted };
    }
    capabilities.D1Latency = latency(power.D1Latency);
    capabilities.D2Latency = latency(power.D2Latency);
    capabilities.D3Latency = latency(power.D3Latency);
}

const fn latency(value: u32) -> u32 {
    if value == u32::MAX { 0 } else { value }
}

/// Sets a capability that the driver decided.
macro_rules! decide {
    ($capabilities:ident, $settings:ident: $($field:ident = $set:ident),* $(,)?) => {$(
        match $settings.$field {
            _WDF_TRI_STATE::WdfTrue => $capabilities.$set(1),
            _WDF_TRI_STATE::WdfFalse => $capabilities.$set(0),
            _ => {}
        }
    )*};
}

fn fill_pnp(device: Obj<Device>, capabilities: &mut DEVICE_CAPABILITIES) {
    let settings = device.pnp_capabilities.get();
    decide!(capabilities, settings: LockSupported = set_LockSupported, EjectSupported = set_EjectSupported,
        Removable = set_Removable, DockDevice = set_DockDevice, UniqueID = set_UniqueID,
        SurpriseRemovalOK = set_SurpriseRemovalOK, HardwareDisabled = set_HardwareDisabled,
        NoDisplayInUI = set_NoDisplayInUI, SilentInstall = set_SilentInstall);
    if device.settings.identity.raw {
        capabilities.set_RawDeviceOK(1);
        if settings.SilentInstall == _WDF_TRI_STATE::WdfUseDefault {
            capabilities.set_SilentInstall(1);
        }
    }
    capabilities.UINumber = settings.UINumber;
    capabilities.Address = settings.Address;
}

/// Capabilities that a function driver adds to what its stack below says.
pub fn add_fdo_capabilities(device: Obj<Device>, irp: Irp) {
    let Some(place) = irp.stack().capabilities() else {
        return;
    };
    let mut capabilities = place.read();
    if capabilities.Version != 1 || usize::from(capabilities.Size) < size_of::<DEVICE_CAPABILITIES>() {
        return;
    }
    let settings = device.pnp_capabilities.get();
    macro_rules! add {
        ($($field:ident = $set:ident),*) => {$(
            if settings.$field == _WDF_TRI_STATE::WdfTrue {
                capabilities.$set(1);
            }
        )*};
    }
    add!(
        LockSupported = set_LockSupported,
        EjectSupported = set_EjectSupported,
        Removable = set_Removable,
        DockDevice = set_DockDevice,
        SurpriseRemovalOK = set_SurpriseRemovalOK,
        NoDisplayInUI = set_NoDisplayInUI
    );
    place.write(capabilities);
}

/// `IRP_MN_QUERY_BUS_INFORMATION`: what the parent said about its bus.
pub fn query_bus_information(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let information: Option<PNP_BUS_INFORMATION> =
        device.parent.and_then(|parent| parent.bus_information.get());
    let Some(information) = information else {
        return STATUS_NOT_SUPPORTED;
    };
    match pool::give(device.header.client.tag(), &[information]) {
        Ok(place) => {
            irp.set_information(place as u64);
            STATUS_SUCCESS
        }
        Err(_) => STATUS_INSUFFICIENT_RESOURCES,
    }
}
