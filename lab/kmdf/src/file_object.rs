//! WDFFILEOBJECT: an open handle of the device; create, cleanup and close.

use wdk_sys::{
    _WDF_FILEOBJECT_CLASS as Class, NT_SUCCESS, NTSTATUS, PFILE_OBJECT, PUNICODE_STRING, STATUS_SUCCESS,
    ULONG, WDFDEVICE, WDFFILEOBJECT,
};

use crate::{
    device::Device,
    device_init::is_on,
    dispatch::major,
    failure::Outcome,
    object::{Header, Obj, create},
    request,
    wdm::irp::{Irp, WdmFile},
};

/// What a WDFFILEOBJECT stands for.
#[repr(C)]
pub struct FileObject {
    header: Header,
    /// The device that it is open on.
    pub device: Obj<Device>,
    /// The I/O manager's file object.
    pub wdm: WdmFile,
}

framework! {
    FileObject: FileObject {
        const DELETABLE: bool = false;
        fn dispose(this: Obj<Self>) {
            this.device.files.lock().remove_where(|other| *other == this);
        }
    }
}

/// The framework's object of an open file.
pub fn find(device: Obj<Device>, file: WdmFile) -> Option<Obj<FileObject>> {
    device
        .files
        .lock()
        .as_slice()
        .iter()
        .find(|object| object.wdm == file)
        .copied()
}

/// Handles create, cleanup and close.
pub fn dispatch(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    match irp.major() {
        major::CREATE => open(device, irp),
        major::CLEANUP => clean_up(device, irp),
        _ => close(device, irp),
    }
}

/// Whether the driver wants file objects.
fn is_required(device: Obj<Device>) -> bool {
    let class = device
        .settings
        .file
        .as_ref()
        .map_or(Class::WdfFileObjectNotRequired, |file| file.FileObjectClass);
    // The flag "can be optional" is the highest bit.
    class & i32::MAX != Class::WdfFileObjectNotRequired
}

fn add(device: Obj<Device>, file: WdmFile) -> Outcome<Obj<FileObject>> {
    let object = FileObject {
        header: Header::new::<FileObject>(device.header.client),
        device,
        wdm: file,
    };
    let object = create(object, &device.settings.file_attributes, Some(device.header()))?;
    let noted = device.files.lock().push(object);
    if let Err(failure) = noted {
        object.delete();
        return Err(failure);
    }
    Ok(object)
}

fn open(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    let file = WdmFile::of(irp.file_object()).filter(|_| is_required(device));
    let object = match file.map(|file| add(device, file)).transpose() {
        Ok(object) => object,
        Err(failure) => return irp.complete_with(failure.status()),
    };
    let status = present(device, irp, object);
    status.unwrap_or_else(|failure| {
        if let Some(object) = object {
            object.delete();
        }
        irp.complete_with(failure.status())
    })
}

/// To the driver's event, to the queue that takes creates, down the stack, or done.
fn present(device: Obj<Device>, irp: Irp, object: Option<Obj<FileObject>>) -> Outcome<NTSTATUS> {
    let event = device
        .settings
        .file
        .as_ref()
        .and_then(|file| file.EvtDeviceFileCreate);
    if event.is_some() {
        let request = request::from_io(device, irp)?;
        irp.mark_pending();
        let file = object.map_or(core::ptr::null_mut(), Obj::handle);
        invoke!(event, device.handle(), request.handle(), file);
        return Ok(wdk_sys::STATUS_PENDING);
    }
    if let Some(queue) = device.queues.for_major(major::CREATE) {
        return request::from_io(device, irp).map(|request| queue.accept(request));
    }
    if let Some(below) = device.attached.get().filter(|_| forwards(device)) {
        let status = irp.send_and_wait(below);
        create_completed(device, irp, status);
        return Ok(irp.complete_with(status));
    }
    irp.set_information(0);
    Ok(irp.complete_with(STATUS_SUCCESS))
}

/// A create that failed leaves no file object.
pub fn create_completed(device: Obj<Device>, irp: Irp, status: NTSTATUS) {
    if NT_SUCCESS(status) {
        return;
    }
    if let Some(object) = WdmFile::of(irp.file_object()).and_then(|file| find(device, file)) {
        object.delete();
    }
}

/// Whether create, cleanup and close go on to the stack below: a filter's do, unless it says otherwise.
fn forwards(device: Obj<Device>) -> bool {
    let setting = device
        .settings
        .file
        .as_ref()
        .map_or(wdk_sys::_WDF_TRI_STATE::WdfUseDefault, |file| {
            file.AutoForwardCleanupClose
        });
    is_on(setting, device.settings.filter)
}

fn clean_up(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if let Some(object) = WdmFile::of(irp.file_object()).and_then(|file| find(device, file)) {
        let event = device.settings.file.as_ref().and_then(|file| file.EvtFileCleanup);
        invoke!(event, object.handle());
    }
    device.queues.cancel_of(irp.file_object());
    conclude(device, irp)
}

fn close(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if let Some(object) = WdmFile::of(irp.file_object()).and_then(|file| find(device, file)) {
        let event = device.settings.file.as_ref().and_then(|file| file.EvtFileClose);
        invoke!(event, object.handle());
        object.delete();
    }
    conclude(device, irp)
}

fn conclude(device: Obj<Device>, irp: Irp) -> NTSTATUS {
    if let Some(below) = device.attached.get().filter(|_| forwards(device)) {
        irp.pass(below)
    } else {
        irp.set_information(0);
        irp.complete_with(STATUS_SUCCESS)
    }
}

ddi! {
    /// The name that was opened, behind the device's.
    fn WdfFileObjectGetFileName: PFN_WDFFILEOBJECTGETFILENAME(call, file: WDFFILEOBJECT) -> PUNICODE_STRING {
        (&raw const file.object(call).wdm.get().FileName).cast_mut()
    }

    /// `FO_…` flags.
    fn WdfFileObjectGetFlags: PFN_WDFFILEOBJECTGETFLAGS(call, file: WDFFILEOBJECT) -> ULONG {
        file.object(call).wdm.get().Flags
    }

    /// The device.
    fn WdfFileObjectGetDevice: PFN_WDFFILEOBJECTGETDEVICE(call, file: WDFFILEOBJECT) -> WDFDEVICE {
        file.object(call).device.handle()
    }

    /// The process that somebody opened the file for, 0 when nobody did.
    fn WdfFileObjectGetInitiatorProcessId: PFN_WDFFILEOBJECTGETINITIATORPROCESSID(
        call, file: WDFFILEOBJECT,
    ) -> ULONG {
        file.object(call).wdm.initiator_process()
    }

    /// The I/O manager's file object.
    fn WdfFileObjectWdmGetFileObject: PFN_WDFFILEOBJECTWDMGETFILEOBJECT(
        call, file: WDFFILEOBJECT,
    ) -> PFILE_OBJECT {
        file.object(call).wdm.pointer()
    }
}
