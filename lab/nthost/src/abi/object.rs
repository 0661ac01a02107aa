//! Driver, device and file objects (`wdm.h`).

use super::{
    DRIVER_ADD_DEVICE, DRIVER_DISPATCH, DRIVER_INITIALIZE, DRIVER_STARTIO, DRIVER_UNLOAD, GUID, IRP,
    KDEVICE_QUEUE, KDEVICE_QUEUE_ENTRY, KDPC, KEVENT, KSPIN_LOCK, LARGE_INTEGER, LIST_ENTRY, NTSTATUS, PVOID,
    UNICODE_STRING,
};

/// `MajorFunction` has an entry for each code up to `IRP_MJ_MAXIMUM_FUNCTION`.
pub const MAJOR_FUNCTION_COUNT: usize = 28;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DRIVER_OBJECT {
    pub Type: i16,
    pub Size: i16,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub Flags: u32,
    pub DriverStart: PVOID,
    pub DriverSize: u32,
    pub DriverSection: PVOID,
    pub DriverExtension: *mut DRIVER_EXTENSION,
    pub DriverName: UNICODE_STRING,
    pub HardwareDatabase: *mut UNICODE_STRING,
    pub FastIoDispatch: *mut FAST_IO_DISPATCH,
    pub DriverInit: DRIVER_INITIALIZE,
    pub DriverStartIo: DRIVER_STARTIO,
    pub DriverUnload: DRIVER_UNLOAD,
    pub MajorFunction: [DRIVER_DISPATCH; MAJOR_FUNCTION_COUNT],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DRIVER_EXTENSION {
    pub DriverObject: *mut DRIVER_OBJECT,
    pub AddDevice: DRIVER_ADD_DEVICE,
    pub Count: u32,
    pub ServiceKeyName: UNICODE_STRING,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union DEVICE_OBJECT_QUEUE {
    pub ListEntry: LIST_ENTRY,
    pub Wcb: WAIT_CONTEXT_BLOCK,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WAIT_CONTEXT_BLOCK {
    pub WaitQueueEntry: KDEVICE_QUEUE_ENTRY,
    pub DeviceRoutine: PVOID,
    pub DeviceContext: PVOID,
    pub NumberOfMapRegisters: u32,
    pub DeviceObject: PVOID,
    pub CurrentIrp: PVOID,
    pub BufferChainingDpc: *mut KDPC,
}

#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct DEVICE_OBJECT {
    pub Type: i16,
    pub Size: u16,
    pub ReferenceCount: i32,
    pub DriverObject: *mut DRIVER_OBJECT,
    pub NextDevice: *mut Self,
    pub AttachedDevice: *mut Self,
    pub CurrentIrp: *mut IRP,
    pub Timer: PVOID,
    pub Flags: u32,
    pub Characteristics: u32,
    pub Vpb: *mut VPB,
    pub DeviceExtension: PVOID,
    pub DeviceType: u32,
    pub StackSize: i8,
    pub Queue: DEVICE_OBJECT_QUEUE,
    pub AlignmentRequirement: u32,
    pub DeviceQueue: KDEVICE_QUEUE,
    pub Dpc: KDPC,
    pub ActiveThreadCount: u32,
    pub SecurityDescriptor: PVOID,
    pub DeviceLock: KEVENT,
    pub SectorSize: u16,
    pub Spare1: u16,
    pub DeviceObjectExtension: *mut DEVOBJ_EXTENSION,
    pub Reserved: PVOID,
}

/// The system's own part of a device object. Only the first two fields are public in the WDK; the rest is this
/// host's and no driver looks at it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DEVOBJ_EXTENSION {
    pub Type: i16,
    pub Size: u16,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub PowerFlags: u32,
    pub Dope: PVOID,
    pub ExtensionFlags: u32,
    pub DeviceNode: PVOID,
    pub AttachedTo: *mut DEVICE_OBJECT,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct VPB {
    pub Type: i16,
    pub Size: i16,
    pub Flags: u16,
    pub VolumeLabelLength: u16,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub RealDevice: *mut DEVICE_OBJECT,
    pub SerialNumber: u32,
    pub ReferenceCount: u32,
    pub VolumeLabel: [u16; 32],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FILE_OBJECT {
    pub Type: i16,
    pub Size: i16,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub Vpb: *mut VPB,
    pub FsContext: PVOID,
    pub FsContext2: PVOID,
    pub SectionObjectPointer: PVOID,
    pub PrivateCacheMap: PVOID,
    pub FinalStatus: NTSTATUS,
    pub RelatedFileObject: *mut Self,
    pub LockOperation: u8,
    pub DeletePending: u8,
    pub ReadAccess: u8,
    pub WriteAccess: u8,
    pub DeleteAccess: u8,
    pub SharedRead: u8,
    pub SharedWrite: u8,
    pub SharedDelete: u8,
    pub Flags: u32,
    pub FileName: UNICODE_STRING,
    pub CurrentByteOffset: LARGE_INTEGER,
    pub Waiters: u32,
    pub Busy: u32,
    pub LastLock: PVOID,
    pub Lock: KEVENT,
    pub Event: KEVENT,
    pub CompletionContext: *mut IO_COMPLETION_CONTEXT,
    pub IrpListLock: KSPIN_LOCK,
    pub IrpList: LIST_ENTRY,
    pub FileObjectExtension: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IO_COMPLETION_CONTEXT {
    pub Port: PVOID,
    pub Key: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FAST_IO_DISPATCH {
    pub SizeOfFastIoDispatch: u32,
    /// The 27 entry points, in the order of `wdm.h`; the host calls none of them.
    pub Entries: [PVOID; 27],
}

/// Devices that a relation names; `Objects` has `Count` elements, each with a reference.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DEVICE_RELATIONS {
    pub Count: u32,
    pub Objects: [*mut DEVICE_OBJECT; 1],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct DEVICE_CAPABILITIES {
    pub Size: u16,
    pub Version: u16,
    /// The flags: see `DEVICE_CAPABILITY_…`.
    pub Bits: u32,
    pub Address: u32,
    pub UINumber: u32,
    pub DeviceState: [i32; 7],
    pub SystemWake: i32,
    pub DeviceWake: i32,
    pub D1Latency: u32,
    pub D2Latency: u32,
    pub D3Latency: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PNP_BUS_INFORMATION {
    pub BusTypeGuid: GUID,
    pub LegacyBusType: i32,
    pub BusNumber: u32,
}

/// What a notification callback of `IoRegisterPlugPlayNotification` for device interfaces receives.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    pub Version: u16,
    pub Size: u16,
    pub Event: GUID,
    pub InterfaceClassGuid: GUID,
    pub SymbolicLinkName: *mut UNICODE_STRING,
}

/// What a notification callback of `IoRegisterPlugPlayNotification` for a target device receives when that is to go.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TARGET_DEVICE_REMOVAL_NOTIFICATION {
    pub Version: u16,
    pub Size: u16,
    pub Event: GUID,
    pub FileObject: *mut FILE_OBJECT,
}

/// The callback of `IoRegisterPlugPlayNotification`: a notification structure and the driver's context.
pub type DRIVER_NOTIFICATION_CALLBACK_ROUTINE = Option<unsafe extern "win64" fn(PVOID, PVOID) -> NTSTATUS>;
