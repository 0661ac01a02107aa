//! A target in another stack: opening it, being told that its device is about to go, closing it.
//!
//! Not modelled: extended attributes.

use core::{
    cell::{Cell, RefCell},
    ffi::c_void,
    ptr,
};

use wdk_sys::{
    _WDF_IO_TARGET_OPEN_TYPE as OpenType, _WDF_IO_TARGET_STATE as TargetState, HANDLE, NTSTATUS,
    PFILE_OBJECT, PFN_WDF_IO_TARGET_QUERY_REMOVE, PFN_WDF_IO_TARGET_REMOVE_CANCELED,
    PFN_WDF_IO_TARGET_REMOVE_COMPLETE, PVOID, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_DEVICE_STATE, STATUS_INVALID_PARAMETER, STATUS_SUCCESS, WDF_IO_TARGET_OPEN_PARAMS,
};

use super::IoTarget;
use crate::{
    ddi::Call,
    failure::{Failure, Outcome, check, fail, status},
    object::Obj,
    pool::Tag,
    unsupported,
    wdm::{
        device_object::DeviceObject,
        file::{self, Access, Opened},
        notification::{self, Registration},
        pnp_request,
        sync::{Event, SpinLock},
        text::Wide,
    },
};

/// The callbacks of a driver that look after a target's removal.
#[derive(Clone, Copy)]
struct Events {
    query_remove: PFN_WDF_IO_TARGET_QUERY_REMOVE,
    remove_canceled: PFN_WDF_IO_TARGET_REMOVE_CANCELED,
    remove_complete: PFN_WDF_IO_TARGET_REMOVE_COMPLETE,
}

impl Events {
    const NONE: Self = Self {
        query_remove: None,
        remove_canceled: None,
        remove_complete: None,
    };

    const fn of(parameters: &WDF_IO_TARGET_OPEN_PARAMS) -> Self {
        Self {
            query_remove: parameters.EvtIoTargetQueryRemove,
            remove_canceled: parameters.EvtIoTargetRemoveCanceled,
            remove_complete: parameters.EvtIoTargetRemoveComplete,
        }
    }

    const fn is_none(&self) -> bool {
        self.query_remove.is_none() && self.remove_canceled.is_none() && self.remove_complete.is_none()
    }
}

/// How a target was opened by name, to do it again.
struct Settings {
    name: Wide,
    access: Access,
}

impl Settings {
    fn of(tag: Tag, call: &Call, parameters: &WDF_IO_TARGET_OPEN_PARAMS) -> Outcome<Self> {
        let mut name = parameters.TargetDeviceName;
        Ok(Self {
            name: Wide::of(tag, call.claim(&raw mut name).valid_text()?)?,
            access: Access {
                desired: parameters.DesiredAccess,
                attributes: parameters.FileAttributes,
                share: parameters.ShareAccess,
                disposition: parameters.CreateDisposition,
                options: parameters.CreateOptions,
                allocation: call.claim(parameters.AllocationSize).get(),
            },
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Closed,
    Opening,
    Open,
}

/// Why a target is closed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The driver has no more use for it.
    Close,
    /// Its device may be about to go: what is needed to hear how that ends, and to open it again, stays.
    QueryRemove,
    /// The target is deleted.
    Delete,
}

/// What a target holds of another stack.
pub struct Remote {
    stage: SpinLock<Stage>,
    /// Signaled while nobody is opening it.
    settled: Event,
    handle: Cell<HANDLE>,
    file: Cell<PFILE_OBJECT>,
    physical: Cell<Option<DeviceObject>>,
    registration: Cell<Option<Registration>>,
    settings: RefCell<Option<Settings>>,
    events: Cell<Events>,
}

impl Remote {
    /// Nothing; [`Remote::ready`] must follow in place.
    pub const fn new() -> Self {
        Self {
            stage: SpinLock::new(Stage::Closed),
            settled: Event::zeroed(),
            handle: Cell::new(ptr::null_mut()),
            file: Cell::new(ptr::null_mut()),
            physical: Cell::new(None),
            registration: Cell::new(None),
            settings: RefCell::new(None),
            events: Cell::new(Events::NONE),
        }
    }

    /// Makes it ready in place.
    pub fn ready(&self) {
        self.settled.reset_to(true);
    }

    /// The handle of a target that was opened by name, or null.
    pub const fn handle(&self) -> HANDLE {
        self.handle.get()
    }

    /// The file object of an open target, or null.
    pub const fn file(&self) -> PFILE_OBJECT {
        self.file.get()
    }

    /// The PDO of an open target's stack.
    pub const fn physical(&self) -> Option<DeviceObject> {
        self.physical.get()
    }

    fn take(&self, opened: &Opened) {
        self.handle.set(opened.handle);
        self.file.set(opened.file);
    }

    fn end_registration(&self) {
        if let Some(registration) = self.registration.take() {
            registration.end();
        }
    }
}

/// What `WdfIoTargetOpen` refuses before it looks at the target.
///
/// # Errors
/// `STATUS_INVALID_PARAMETER`.
const fn check_parameters(parameters: &WDF_IO_TARGET_OPEN_PARAMS) -> Outcome {
    let name = &parameters.TargetDeviceName;
    let valid = match parameters.Type {
        OpenType::WdfIoTargetOpenUseExistingDevice => {
            let told = !parameters.TargetFileObject.is_null() || Events::of(parameters).is_none();
            !parameters.TargetDeviceObject.is_null() && told
        }
        OpenType::WdfIoTargetOpenByName => {
            !name.Buffer.is_null() && name.Length != 0 && name.MaximumLength != 0
        }
        OpenType::WdfIoTargetOpenReopen => true,
        // WdfIoTargetOpenLocalTargetByFile is for user-mode drivers.
        _ => false,
    };
    if valid {
        Ok(())
    } else {
        fail(STATUS_INVALID_PARAMETER)
    }
}

/// How a target is to be opened.
enum Way {
    /// On what somebody else has opened.
    Existing(DeviceObject, PFILE_OBJECT),
    /// By a name.
    Name(Settings),
    /// As it was opened by name before.
    Again,
}

impl Obj<IoTarget> {
    /// Opens a target; what `ZwCreateFile` reports beside the status. IRQL: `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (to be reopened, and not opened by name before), `STATUS_INVALID_DEVICE_STATE` (open),
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `ZwCreateFile` returns.
    pub fn open(self, call: &Call, parameters: &WDF_IO_TARGET_OPEN_PARAMS) -> Outcome<u64> {
        check_parameters(parameters)?;
        let way = match (parameters.Type, DeviceObject::of(parameters.TargetDeviceObject)) {
            (OpenType::WdfIoTargetOpenReopen, _) => Way::Again,
            (OpenType::WdfIoTargetOpenUseExistingDevice, Some(device)) => {
                Way::Existing(device, parameters.TargetFileObject)
            }
            _ if parameters.EaBufferLength != 0 && !parameters.EaBuffer.is_null() => {
                unsupported::stop_for(c"WdfIoTargetOpen with extended attributes")
            }
            _ => Way::Name(Settings::of(call.client.tag(), call, parameters)?),
        };
        self.open_by(way, Events::of(parameters))
    }

    fn open_by(self, way: Way, events: Events) -> Outcome<u64> {
        let again = matches!(way, Way::Again);
        if again && self.remote.settings.borrow().is_none() {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        self.begin_opening()?;
        // A target that was closed for a query-remove still has the registration of its old file.
        self.remote.end_registration();
        if !again {
            self.remote.settings.replace(None);
            self.remote.events.set(events);
        }
        let opened = self.take_hold(way);
        let stage = if opened.is_ok() {
            Stage::Open
        } else {
            Stage::Closed
        };
        *self.remote.stage.lock() = stage;
        self.remote.settled.set();
        match opened {
            Ok((device, information)) => {
                self.device.set(Some(device));
                self.set_started();
                Ok(information)
            }
            Err(failure) => {
                self.close(Reason::Close);
                Err(failure)
            }
        }
    }

    fn begin_opening(self) -> Outcome {
        let mut stage = self.remote.stage.lock();
        if self.traffic.state() == TargetState::WdfIoTargetDeleted || *stage != Stage::Closed {
            return fail(STATUS_INVALID_DEVICE_STATE);
        }
        *stage = Stage::Opening;
        self.remote.settled.clear();
        Ok(())
    }

    /// Gets file, PDO and notifications; where requests go.
    fn take_hold(self, way: Way) -> Outcome<(DeviceObject, u64)> {
        let (device, information) = match way {
            Way::Existing(device, file) => {
                file::reference(file);
                self.remote.file.set(file);
                (device, 0)
            }
            Way::Name(settings) => {
                let opened = file::open(&settings.name.counted(), &settings.access)?;
                self.remote.settings.replace(Some(settings));
                self.remote.take(&opened);
                (opened.device, opened.information)
            }
            Way::Again => {
                let settings = self.remote.settings.borrow();
                let Some(settings) = settings.as_ref() else {
                    return fail(STATUS_INVALID_DEVICE_REQUEST);
                };
                let opened = file::open(&settings.name.counted(), &settings.access)?;
                self.remote.take(&opened);
                (opened.device, opened.information)
            }
        };
        self.find_physical(device)?;
        self.register();
        Ok((device, information))
    }

    /// A stack that does not tell its PDO is one without; only no memory is a failure.
    fn find_physical(self, device: DeviceObject) -> Outcome {
        match pnp_request::physical_device(device) {
            Ok(physical) => self.remote.physical.set(physical),
            Err(failure) if failure == Failure::new(STATUS_INSUFFICIENT_RESOURCES) => return Err(failure),
            Err(_) => {}
        }
        Ok(())
    }

    /// A target that cannot be told of its removal is open all the same.
    fn register(self) {
        let file = self.remote.file.get();
        if file.is_null() {
            return;
        }
        let driver = self.owner.header.client.driver_object;
        match Registration::new(file, driver, notified, self.pointer().cast()) {
            Ok(registration) => self.remote.registration.set(Some(registration)),
            Err(_) => self.remote.events.set(Events::NONE),
        }
    }

    /// Lets go of what opening took; the target of a device keeps pointing below it. IRQL: `PASSIVE_LEVEL`.
    pub fn close(self, reason: Reason) {
        let was_open = self.begin_closing();
        self.empty(match reason {
            Reason::Delete => TargetState::WdfIoTargetDeleted,
            Reason::QueryRemove if was_open => TargetState::WdfIoTargetClosedForQueryRemove,
            Reason::QueryRemove | Reason::Close => TargetState::WdfIoTargetClosed,
        });
        if self.own.is_some() || self.owner.target.get() == Some(self) {
            return;
        }
        self.device.set(None);
        if reason != Reason::QueryRemove {
            self.remote.end_registration();
        }
        if let Some(physical) = self.remote.physical.take() {
            physical.dereference();
        }
        file::dereference(self.remote.file.replace(ptr::null_mut()));
        file::close(self.remote.handle.replace(ptr::null_mut()));
    }

    /// Waits for somebody who is opening it; whether it was open.
    fn begin_closing(self) -> bool {
        loop {
            let mut stage = self.remote.stage.lock();
            if *stage != Stage::Opening {
                return core::mem::replace(&mut *stage, Stage::Closed) == Stage::Open;
            }
            drop(stage);
            self.remote.settled.wait();
        }
    }

    /// Each event has a default for a driver without a callback: close, open again, close for good.
    fn told(self, event: notification::Event) -> Outcome {
        let events = self.remote.events.get();
        match event {
            notification::Event::QueryRemove => {
                let answer = invoke!(events.query_remove, self.handle());
                answer.map_or_else(
                    || {
                        self.close(Reason::QueryRemove);
                        Ok(())
                    },
                    check,
                )
            }
            notification::Event::RemoveCancelled => {
                let called = invoke!(events.remove_canceled, self.handle());
                called.map_or_else(|| self.open_by(Way::Again, events).map(|_| ()), |()| Ok(()))
            }
            notification::Event::RemoveComplete => {
                if invoke!(events.remove_complete, self.handle()).is_none() {
                    self.close(Reason::Close);
                }
                Ok(())
            }
        }
    }
}

/// Something is about to happen to the device of a target.
extern "C" fn notified(structure: PVOID, context: *mut c_void) -> NTSTATUS {
    let Some(target) = Obj::<IoTarget>::from_pointer(context.cast()) else {
        return STATUS_SUCCESS;
    };
    // The driver may delete the target in its callback.
    target.reference();
    let outcome = notification::event(structure).map_or(Ok(()), |event| target.told(event));
    target.release();
    status(outcome)
}
