//! Device interfaces: registered when the PDO is known, on while the device is started.

use core::cell::{Cell, RefCell};

use wdk_sys::{
    BOOLEAN, GUID, PCUNICODE_STRING, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_DEVICE_STATE,
    STATUS_OBJECT_NAME_NOT_FOUND, UNICODE_STRING, WDFDEVICE, WDFSTRING,
};

use crate::{
    ddi::Claimed,
    device::{Device, Kind},
    failure::{Outcome, fail},
    object::Obj,
    pnp::Stage,
    pool::{self, Chain, Tag},
    query_interface::same,
    string,
    wdm::{
        device_object::{DeviceObject, set_interface_state},
        sync::{PASSIVE_LEVEL, irql},
        text::{Wide, kernel_text},
    },
};

/// One interface.
struct Interface {
    class: GUID,
    reference: Option<Wide>,
    /// The symbolic link's name, in memory of the I/O manager; empty before registration.
    name: RefCell<UNICODE_STRING>,
    enabled: Cell<bool>,
    /// Whether the driver wants it on while the device is started.
    wanted: Cell<bool>,
}

/// The interfaces of a device.
pub struct Interfaces(Chain<Interface>);

impl Drop for Interface {
    fn drop(&mut self) {
        pool::free_foreign(self.name.borrow().Buffer.cast());
    }
}

impl Interface {
    fn register(&self, physical: DeviceObject) -> Outcome {
        if self.name.borrow().Buffer.is_null() {
            let reference = self.reference.as_ref().map(Wide::counted);
            let name = physical.register_interface(&self.class, reference.as_ref())?;
            self.name.replace(name);
        }
        Ok(())
    }

    fn set(&self, on: bool) -> Outcome {
        if self.enabled.get() != on && !self.name.borrow().Buffer.is_null() {
            set_interface_state(&self.name.borrow(), on)?;
            self.enabled.set(on);
        }
        Ok(())
    }

    fn is(&self, class: &GUID, reference: &[u16]) -> bool {
        same(&self.class, class) && self.reference.as_ref().map_or(&[][..], Wide::text) == reference
    }
}

impl Interfaces {
    /// None.
    pub const fn new(tag: Tag) -> Self {
        Self(Chain::new(tag))
    }

    /// Registers a child's interfaces, whose PDO the `PnP` manager did not know before.
    fn register_all(&self, physical: DeviceObject) -> Outcome {
        self.0
            .iter()
            .try_for_each(|interface| interface.register(physical))
    }

    /// Turns on what the driver wants on.
    ///
    /// # Errors
    /// What `IoSetDeviceInterfaceState` returns.
    pub fn enable_all(&self) -> Outcome {
        self.0
            .iter()
            .filter(|interface| interface.wanted.get())
            .try_for_each(|interface| interface.set(true))
    }

    /// Turns all off.
    pub fn disable_all(&self) {
        for interface in self.0.iter() {
            // What cannot be turned off is off already: its PDO is gone.
            let _off = interface.set(false);
        }
    }

    fn find(&self, class: &GUID, reference: &[u16]) -> Option<&Interface> {
        self.0.iter().find(|interface| interface.is(class, reference))
    }
}

/// Registers (for a child) and turns on the interfaces of a device that has started.
///
/// # Errors
/// What `IoRegisterDeviceInterface` and `IoSetDeviceInterfaceState` return.
pub fn enable(device: Obj<Device>) -> Outcome {
    if let Some(physical) = device.physical.get() {
        device.interfaces.register_all(physical)?;
    }
    device.interfaces.enable_all()
}

ddi! {
    /// Adds a device interface; it is on whenever the device is started.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (a control device, IRQL), `STATUS_INVALID_PARAMETER`,
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `IoRegisterDeviceInterface` returns.
    fn WdfDeviceCreateDeviceInterface: PFN_WDFDEVICECREATEDEVICEINTERFACE(
        call, device: WDFDEVICE, class: *const GUID, reference: PCUNICODE_STRING,
    ) -> NTSTATUS {
        let device = device.object(call);
        let class = class.required(call);
        if irql() != PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let text = reference.valid_text()?;
        if device.kind == Kind::Control {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let tag = call.client.tag();
        let interface = device.interfaces.0.push(Interface {
            class,
            reference: if text.is_empty() { None } else { Some(Wide::of(tag, text)?) },
            name: RefCell::new(UNICODE_STRING::default()),
            enabled: Cell::new(false),
            wanted: Cell::new(true),
        })?;
        let known = device.kind == Kind::Fdo || device.stage.get() == Stage::Started;
        if let Some(physical) = device.physical.get().filter(|_| known) {
            interface.register(physical)?;
        }
        if device.stage.get() == Stage::Started { interface.set(true) } else { Ok(()) }
    }

    /// Turns an interface on or off; before the start that lasts until the start only, which turns it on.
    fn WdfDeviceSetDeviceInterfaceState: PFN_WDFDEVICESETDEVICEINTERFACESTATE(
        call, device: WDFDEVICE, class: *const GUID, reference: PCUNICODE_STRING, on: BOOLEAN,
    ) {
        let device = device.object(call);
        if device.stage.get() == Stage::Started {
            set_state(device, &class.required(call), reference, on != 0);
        }
    }

    /// The same, and the start leaves the interface as it is.
    fn WdfDeviceSetDeviceInterfaceStateEx: PFN_WDFDEVICESETDEVICEINTERFACESTATEEX(
        call, device: WDFDEVICE, class: *const GUID, reference: PCUNICODE_STRING, on: BOOLEAN,
    ) {
        set_state(device.object(call), &class.required(call), reference, on != 0);
    }

    /// The name under which user mode opens an interface.
    ///
    /// # Errors
    /// `STATUS_INVALID_PARAMETER`, `STATUS_INVALID_DEVICE_REQUEST` (a control device), `STATUS_OBJECT_NAME_NOT_FOUND`,
    /// `STATUS_INVALID_DEVICE_STATE` (not registered yet),
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceRetrieveDeviceInterfaceString: PFN_WDFDEVICERETRIEVEDEVICEINTERFACESTRING(
        call, device: WDFDEVICE, class: *const GUID, reference: PCUNICODE_STRING, text: WDFSTRING,
    ) -> NTSTATUS {
        let (device, text) = (device.object(call), text.object(call));
        let (class, reference) = (class.required(call), reference.valid_text()?);
        if device.kind == Kind::Control {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let Some(interface) = device.interfaces.find(&class, reference) else {
            return fail(STATUS_OBJECT_NAME_NOT_FOUND);
        };
        let name = *interface.name.borrow();
        if name.Buffer.is_null() {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        string::set(text, kernel_text(&raw const name))
    }
}

fn set_state(device: Obj<Device>, class: &GUID, reference: Claimed<UNICODE_STRING>, on: bool) {
    let Some(interface) = device.interfaces.find(class, reference.text()) else {
        return;
    };
    interface.wanted.set(on);
    if device.stage.get() == Stage::Started {
        // The DDI has no status; a failure shows in the interface's absence.
        let _set = interface.set(on);
    }
}
