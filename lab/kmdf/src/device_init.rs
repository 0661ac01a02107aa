//! `WDFDEVICE_INIT`: what a driver decides before its device object exists.
#![allow(
    unsafe_code,
    reason = "the structure lives in pool under an address that the driver holds"
)]

use core::{
    cell::{Cell, RefCell, RefMut},
    mem,
    ops::Deref,
    ptr,
    ptr::NonNull,
};

use wdk_sys::{
    _WDF_DEVICE_IO_TYPE, _WDF_TRI_STATE, BOOLEAN, GUID, PCUNICODE_STRING,
    PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION, PFN_WDF_IO_IN_CALLER_CONTEXT, PFN_WDFDEVICE_WDM_IRP_PREPROCESS,
    PUCHAR, PWDF_FILEOBJECT_CONFIG, PWDF_IO_TYPE_CONFIG, PWDF_OBJECT_ATTRIBUTES,
    PWDF_PNPPOWER_EVENT_CALLBACKS, PWDF_POWER_POLICY_EVENT_CALLBACKS, PWDFDEVICE_INIT,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, UCHAR, ULONG, WDF_CHILD_LIST_CONFIG,
    WDF_DEVICE_IO_TYPE, WDF_FDO_EVENT_CALLBACKS, WDF_FILEOBJECT_CONFIG, WDF_PDO_EVENT_CALLBACKS,
    WDF_PNPPOWER_EVENT_CALLBACKS, WDFDEVICE_INIT,
};

use crate::{
    child_list::{ChildList, EntryId},
    client::Client,
    ddi::{Call, Claimed},
    device::Device,
    failure::{Outcome, fail},
    object::{Attributes, Obj, Parent},
    pdo::Identity,
    pool::{self, Array},
    wdm::{
        bugcheck::Violation,
        device_object::{DeviceObject, MAJOR_FUNCTIONS, zeroed},
        text::Wide,
    },
};

/// wdm.h: `FILE_DEVICE_UNKNOWN`
const FILE_DEVICE_UNKNOWN: ULONG = 0x22;
/// wdm.h: `FILE_DEVICE_SECURE_OPEN`, which the framework always sets.
const FILE_DEVICE_SECURE_OPEN: ULONG = 0x100;
/// Marks a living structure.
const MAGIC: u64 = u64::from_le_bytes(*b"WdfDvIni");

/// The role of the device to be.
#[derive(Clone, Copy)]
pub enum Role {
    /// A function or filter driver's device in the stack of this PDO.
    Fdo(DeviceObject),
    /// A child of this bus device.
    Pdo {
        /// The bus.
        parent: Obj<Device>,
        /// Where it was enumerated, none for a static child.
        entry: Option<(Obj<ChildList>, EntryId)>,
    },
    /// A device outside `PnP`.
    Control,
}

/// A callback that sees IRPs before the framework, for one major function.
#[derive(Clone, Copy)]
pub struct Preprocess {
    /// `IRP_MJ`_…
    pub major: u8,
    /// The callback.
    pub callback: PFN_WDFDEVICE_WDM_IRP_PREPROCESS,
    /// Where in [`Settings::minors`] its minor functions are; none means all.
    pub minors: (usize, usize),
}

/// Everything that a driver can set before creation.
#[allow(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    pub pnp: WDF_PNPPOWER_EVENT_CALLBACKS,
    pub pdo: WDF_PDO_EVENT_CALLBACKS,
    pub fdo: WDF_FDO_EVENT_CALLBACKS,
    pub read_write_io: WDF_DEVICE_IO_TYPE,
    pub device_type: ULONG,
    pub characteristics: ULONG,
    pub name: Option<Wide>,
    /// The security descriptor of the device object.
    pub sddl: Option<Wide>,
    /// The class whose security overrides it.
    pub class: Option<GUID>,
    pub exclusive: bool,
    pub self_target: bool,
    pub filter: bool,
    pub power_policy_owner: Option<bool>,
    pub power_pageable: bool,
    pub file: Option<WDF_FILEOBJECT_CONFIG>,
    pub file_attributes: Attributes,
    pub request_attributes: Attributes,
    pub preprocess: Array<Preprocess>,
    pub minors: Array<u8>,
    pub in_caller_context: PFN_WDF_IO_IN_CALLER_CONTEXT,
    pub shutdown: PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION,
    pub child_list: Option<(WDF_CHILD_LIST_CONFIG, Attributes)>,
    pub identity: Identity,
}

impl Settings {
    fn new(client: Client) -> Self {
        let tag = client.tag();
        Self {
            pnp: zeroed(),
            pdo: zeroed(),
            fdo: zeroed(),
            read_write_io: _WDF_DEVICE_IO_TYPE::WdfDeviceIoBuffered,
            device_type: FILE_DEVICE_UNKNOWN,
            characteristics: FILE_DEVICE_SECURE_OPEN,
            name: None,
            sddl: None,
            class: None,
            exclusive: false,
            self_target: false,
            filter: false,
            power_policy_owner: None,
            power_pageable: true,
            file: None,
            file_attributes: Attributes::NONE,
            request_attributes: Attributes::NONE,
            preprocess: Array::new(tag),
            minors: Array::new(tag),
            in_caller_context: None,
            shutdown: None,
            child_list: None,
            identity: Identity::new(tag),
        }
    }
}

/// What lies behind a `PWDFDEVICE_INIT`.
pub struct Init {
    magic: Cell<u64>,
    /// Whose device it is going to be.
    pub client: Client,
    /// Its role.
    pub role: Role,
    /// Whether the driver allocated it, so that `WdfDeviceCreate` frees it.
    driver_owned: bool,
    settings: RefCell<Option<Settings>>,
    /// The device that was created from it.
    pub created: Cell<Option<Obj<Device>>>,
}

/// A `PWDFDEVICE_INIT` that was checked or made by the framework.
#[derive(Clone, Copy)]
pub struct DeviceInit(NonNull<Init>);

impl Deref for DeviceInit {
    type Target = Init;
    fn deref(&self) -> &Init {
        // SAFETY: Made by `allocate` or checked by `Claimed::init`; freed by whoever owns it after the last
        // use.
        unsafe { self.0.as_ref() }
    }
}

impl DeviceInit {
    fn allocate(client: Client, role: Role, driver_owned: bool) -> Outcome<Self> {
        let block = pool::allocate(client.tag(), mem::size_of::<Init>())?.cast::<Init>();
        let init = Init {
            magic: Cell::new(MAGIC),
            client,
            role,
            driver_owned,
            settings: RefCell::new(Some(Settings::new(client))),
            created: Cell::new(None),
        };
        // SAFETY: A fresh block of this size, aligned to 16.
        unsafe { block.write(init) };
        Ok(Self(block))
    }

    /// For `EvtDriverDeviceAdd`.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn for_fdo(client: Client, physical: DeviceObject) -> Outcome<Self> {
        Self::allocate(client, Role::Fdo(physical), false)
    }

    /// For `EvtChildListCreateDevice`.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn for_child(parent: Obj<Device>, list: Obj<ChildList>, entry: EntryId) -> Outcome<Self> {
        Self::allocate(
            parent.header.client,
            Role::Pdo {
                parent,
                entry: Some((list, entry)),
            },
            false,
        )
    }

    /// For `WdfPdoInitAllocate`.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn for_static_child(parent: Obj<Device>) -> Outcome<Self> {
        Self::allocate(parent.header.client, Role::Pdo { parent, entry: None }, true)
    }

    /// For `WdfControlDeviceInitAllocate`.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn for_control(client: Client) -> Outcome<Self> {
        Self::allocate(client, Role::Control, true)
    }

    /// The address for the driver.
    pub const fn pointer(self) -> PWDFDEVICE_INIT {
        self.0.as_ptr().cast()
    }

    /// Frees the structure.
    pub fn free(self) {
        self.magic.set(0);
        let tag = self.client.tag();
        // SAFETY: Written by `allocate`, dropped once.
        unsafe { ptr::drop_in_place(self.0.as_ptr()) };
        pool::free(self.0.cast(), tag);
    }

    /// Frees the structure when the driver allocated it: its device exists now.
    pub fn free_if_driver_owned(self) {
        if self.driver_owned {
            self.free();
        }
    }

    /// After `EvtDriverDeviceAdd`: frees the structure; a device that the driver created before it failed
    /// goes too.
    ///
    /// # Errors
    /// The failure that it is given.
    pub fn finish(self, answer: Outcome) -> Outcome {
        if answer.is_err()
            && let Some(device) = self.created.get()
        {
            device.abandon();
        }
        self.free();
        answer
    }

    /// Takes the settings for the device that is being created.
    pub fn take_settings(self) -> Settings {
        self.settings.take().unwrap_or_else(|| Settings::new(self.client))
    }
}

impl Init {
    /// The settings, to be changed.
    pub fn settings(&self) -> RefMut<'_, Settings> {
        RefMut::map(self.settings.borrow_mut(), |settings| {
            settings.get_or_insert_with(|| Settings::new(self.client))
        })
    }
}

impl Claimed<WDFDEVICE_INIT> {
    /// The structure behind the driver's pointer; the run ends when there is none.
    pub fn init(self, call: &Call) -> DeviceInit {
        let address = self.not_null(call).pointer().cast::<Init>();
        match NonNull::new(address)
            .filter(|address| address.is_aligned())
            .map(DeviceInit)
        {
            Some(init) if init.magic.get() == MAGIC => init,
            _ => call.violation(Violation::Fatal, address as usize),
        }
    }
}

/// The text of a string that a driver assigns, kept.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
pub fn kept_text(client: Client, text: Claimed<wdk_sys::UNICODE_STRING>) -> Outcome<Wide> {
    Wide::of(client.tag(), text.valid_text()?)
}

/// Ends the run when a structure of the driver has another size than this version's.
pub fn sized<T>(call: &Call, size: ULONG) {
    if size as usize != size_of::<T>() {
        call.violation(Violation::Fatal, size as usize);
    }
}

ddi! {
    /// Frees a structure that the driver allocated and did not use.
    fn WdfDeviceInitFree: PFN_WDFDEVICEINITFREE(call, init: PWDFDEVICE_INIT) {
        init.init(call).free_if_driver_owned();
    }

    /// Sets the `PnP` and power callbacks.
    fn WdfDeviceInitSetPnpPowerEventCallbacks: PFN_WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS(
        call, init: PWDFDEVICE_INIT, callbacks: PWDF_PNPPOWER_EVENT_CALLBACKS,
    ) {
        let callbacks = callbacks.required(call);
        sized::<WDF_PNPPOWER_EVENT_CALLBACKS>(call, callbacks.Size);
        init.init(call).settings().pnp = callbacks;
    }

    /// Sets the wake callbacks. Wake is not modelled, so they are never called; nothing arms a wake either.
    fn WdfDeviceInitSetPowerPolicyEventCallbacks: PFN_WDFDEVICEINITSETPOWERPOLICYEVENTCALLBACKS(
        call, init: PWDFDEVICE_INIT, callbacks: PWDF_POWER_POLICY_EVENT_CALLBACKS,
    ) {
        init.init(call);
        callbacks.required(call);
    }

    /// Says whether the driver owns the device's power policy.
    fn WdfDeviceInitSetPowerPolicyOwnership: PFN_WDFDEVICEINITSETPOWERPOLICYOWNERSHIP(
        call, init: PWDFDEVICE_INIT, owner: BOOLEAN,
    ) {
        init.init(call).settings().power_policy_owner = Some(owner != 0);
    }

    /// Allows one open handle at a time.
    fn WdfDeviceInitSetExclusive: PFN_WDFDEVICEINITSETEXCLUSIVE(
        call, init: PWDFDEVICE_INIT, exclusive: BOOLEAN,
    ) {
        init.init(call).settings().exclusive = exclusive != 0;
    }

    /// The device gets a target that is itself.
    fn WdfDeviceInitAllowSelfIoTarget: PFN_WDFDEVICEINITALLOWSELFIOTARGET(call, init: PWDFDEVICE_INIT) {
        init.init(call).settings().self_target = true;
    }

    /// Chooses how read and write requests carry their buffers.
    fn WdfDeviceInitSetIoType: PFN_WDFDEVICEINITSETIOTYPE(
        call, init: PWDFDEVICE_INIT, io_type: WDF_DEVICE_IO_TYPE,
    ) {
        init.init(call).settings().read_write_io = io_type;
    }

    /// The same with more choices; a driver's leave to take "buffered or direct" is answered with buffered.
    fn WdfDeviceInitSetIoTypeEx: PFN_WDFDEVICEINITSETIOTYPEEX(
        call, init: PWDFDEVICE_INIT, config: PWDF_IO_TYPE_CONFIG,
    ) {
        let io_type = match config.required(call).ReadWriteIoType {
            _WDF_DEVICE_IO_TYPE::WdfDeviceIoBufferedOrDirect => _WDF_DEVICE_IO_TYPE::WdfDeviceIoBuffered,
            other => other,
        };
        init.init(call).settings().read_write_io = io_type;
    }

    /// Power changes of the device may be handled by pageable code.
    fn WdfDeviceInitSetPowerPageable: PFN_WDFDEVICEINITSETPOWERPAGEABLE(call, init: PWDFDEVICE_INIT) {
        init.init(call).settings().power_pageable = true;
    }

    /// They may not.
    fn WdfDeviceInitSetPowerNotPageable: PFN_WDFDEVICEINITSETPOWERNOTPAGEABLE(call, init: PWDFDEVICE_INIT) {
        init.init(call).settings().power_pageable = false;
    }

    /// The device draws an inrush of current; the same as not pageable here.
    fn WdfDeviceInitSetPowerInrush: PFN_WDFDEVICEINITSETPOWERINRUSH(call, init: PWDFDEVICE_INIT) {
        init.init(call).settings().power_pageable = false;
    }

    /// `FILE_DEVICE_…`
    fn WdfDeviceInitSetDeviceType: PFN_WDFDEVICEINITSETDEVICETYPE(
        call, init: PWDFDEVICE_INIT, device_type: ULONG,
    ) {
        init.init(call).settings().device_type = device_type;
    }

    /// `FILE_…` characteristics, added or set.
    fn WdfDeviceInitSetCharacteristics: PFN_WDFDEVICEINITSETCHARACTERISTICS(
        call, init: PWDFDEVICE_INIT, characteristics: ULONG, or_in: BOOLEAN,
    ) {
        let init = init.init(call);
        let mut settings = init.settings();
        let kept = if or_in == 0 { 0 } else { settings.characteristics };
        settings.characteristics = kept | characteristics | FILE_DEVICE_SECURE_OPEN;
    }

    /// Names the device object.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceInitAssignName: PFN_WDFDEVICEINITASSIGNNAME(
        call, init: PWDFDEVICE_INIT, name: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = init.init(call);
        let name = if name.is_null() { None } else { Some(kept_text(init.client, name)?) };
        init.settings().name = name;
        Ok(())
    }

    /// The security descriptor of the device object. That of a control device cannot be taken away (fxdeviceinitapi.cpp).
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (none for a control device), `STATUS_INVALID_PARAMETER`,
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceInitAssignSDDLString: PFN_WDFDEVICEINITASSIGNSDDLSTRING(
        call, init: PWDFDEVICE_INIT, sddl: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let init = init.init(call);
        if sddl.is_null() && matches!(init.role, Role::Control) {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let sddl = if sddl.is_null() { None } else { Some(kept_text(init.client, sddl)?) };
        init.settings().sddl = sddl;
        Ok(())
    }

    /// The class whose security the device gets.
    fn WdfDeviceInitSetDeviceClass: PFN_WDFDEVICEINITSETDEVICECLASS(
        call, init: PWDFDEVICE_INIT, class: *const GUID,
    ) {
        let class = class.required(call);
        init.init(call).settings().class = Some(class);
    }

    /// Sets the callbacks and contexts of file objects.
    fn WdfDeviceInitSetFileObjectConfig: PFN_WDFDEVICEINITSETFILEOBJECTCONFIG(
        call, init: PWDFDEVICE_INIT, config: PWDF_FILEOBJECT_CONFIG, attributes: PWDF_OBJECT_ATTRIBUTES,
    ) {
        let config = config.required(call);
        sized::<WDF_FILEOBJECT_CONFIG>(call, config.Size);
        let init = init.init(call);
        match Attributes::with_callbacks(call, attributes, Parent::Forbidden) {
            Ok(attributes) => init.settings().file_attributes = attributes,
            Err(failure) => call.violation(Violation::Fatal, failure.argument()),
        }
        init.settings().file = Some(config);
    }

    /// Sets the contexts of requests.
    fn WdfDeviceInitSetRequestAttributes: PFN_WDFDEVICEINITSETREQUESTATTRIBUTES(
        call, init: PWDFDEVICE_INIT, attributes: PWDF_OBJECT_ATTRIBUTES,
    ) {
        match Attributes::of(call, attributes, Parent::Forbidden) {
            Ok(attributes) => init.init(call).settings().request_attributes = attributes,
            Err(failure) => call.violation(Violation::Fatal, failure.argument()),
        }
    }

    /// Has a callback see IRPs of this major function first.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceInitAssignWdmIrpPreprocessCallback: PFN_WDFDEVICEINITASSIGNWDMIRPPREPROCESSCALLBACK(
        call, init: PWDFDEVICE_INIT, callback: PFN_WDFDEVICE_WDM_IRP_PREPROCESS, major: UCHAR,
        minors: PUCHAR, count: ULONG,
    ) -> NTSTATUS {
        let init = init.init(call);
        if callback.is_none() || usize::from(major) >= MAJOR_FUNCTIONS || (count != 0 && minors.is_null()) {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let mut settings = init.settings();
        let start = settings.minors.as_slice().len();
        settings.minors.extend(minors.slice(count as usize))?;
        settings.preprocess.push(Preprocess { major, callback, minors: (start, start + count as usize) })
    }

    /// Has a callback see I/O requests in the thread that sent them.
    fn WdfDeviceInitSetIoInCallerContextCallback: PFN_WDFDEVICEINITSETIOINCALLERCONTEXTCALLBACK(
        call, init: PWDFDEVICE_INIT, callback: PFN_WDF_IO_IN_CALLER_CONTEXT,
    ) {
        init.init(call).settings().in_caller_context = callback;
    }
}

/// Whether a three-valued setting is on, with what stands for "default".
pub const fn is_on(state: i32, default: bool) -> bool {
    match state {
        _WDF_TRI_STATE::WdfTrue => true,
        _WDF_TRI_STATE::WdfFalse => false,
        _ => default,
    }
}
