//! I/O request packets and what hangs on them (`wdm.h`).

use super::{
    DEVICE_CAPABILITIES, DEVICE_OBJECT, DRIVER_OBJECT, FILE_OBJECT, GUID, INTERFACE, IO_STATUS_BLOCK, KAPC,
    KDEVICE_QUEUE_ENTRY, KEVENT, LARGE_INTEGER, LIST_ENTRY, NTSTATUS, PVOID, UNICODE_STRING,
};

pub type DRIVER_INITIALIZE =
    Option<unsafe extern "win64" fn(*mut DRIVER_OBJECT, *mut UNICODE_STRING) -> NTSTATUS>;
pub type DRIVER_UNLOAD = Option<unsafe extern "win64" fn(*mut DRIVER_OBJECT)>;
pub type DRIVER_DISPATCH = Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, *mut IRP) -> NTSTATUS>;
pub type DRIVER_STARTIO = Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, *mut IRP)>;
pub type DRIVER_CANCEL = Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, *mut IRP)>;
pub type DRIVER_ADD_DEVICE =
    Option<unsafe extern "win64" fn(*mut DRIVER_OBJECT, *mut DEVICE_OBJECT) -> NTSTATUS>;
pub type IO_COMPLETION_ROUTINE =
    Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, *mut IRP, PVOID) -> NTSTATUS>;
pub type IO_WORKITEM_ROUTINE = Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, PVOID)>;
pub type IO_WORKITEM_ROUTINE_EX = Option<unsafe extern "win64" fn(PVOID, PVOID, PVOID)>;
pub type REQUEST_POWER_COMPLETE =
    Option<unsafe extern "win64" fn(*mut DEVICE_OBJECT, u8, POWER_STATE, PVOID, *mut IO_STATUS_BLOCK)>;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct MDL {
    pub Next: *mut Self,
    pub Size: i16,
    pub MdlFlags: i16,
    pub AllocationProcessorNumber: u16,
    pub Reserved: u16,
    pub Process: PVOID,
    pub MappedSystemVa: PVOID,
    pub StartVa: PVOID,
    pub ByteCount: u32,
    pub ByteOffset: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IRP_ASSOCIATED {
    pub MasterIrp: *mut IRP,
    pub IrpCount: i32,
    pub SystemBuffer: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IRP_ASYNCHRONOUS {
    pub UserApcRoutine: PVOID,
    pub UserApcContext: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IRP_OVERLAY {
    pub AsynchronousParameters: IRP_ASYNCHRONOUS,
    pub AllocationSize: LARGE_INTEGER,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IRP_TAIL_CONTEXT {
    pub DeviceQueueEntry: KDEVICE_QUEUE_ENTRY,
    pub DriverContext: [PVOID; 4],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IRP_TAIL_LOCATION {
    pub CurrentStackLocation: *mut IO_STACK_LOCATION,
    pub PacketType: u32,
}

/// The part of an IRP that belongs to whoever handles it now.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IRP_TAIL_OVERLAY {
    /// In Windows an unnamed union: `DriverContext` or `DeviceQueueEntry`.
    pub Context: IRP_TAIL_CONTEXT,
    pub Thread: PVOID,
    pub AuxiliaryBuffer: *mut i8,
    pub ListEntry: LIST_ENTRY,
    /// In Windows an unnamed union: `CurrentStackLocation` or `PacketType`.
    pub Location: IRP_TAIL_LOCATION,
    pub OriginalFileObject: *mut FILE_OBJECT,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union IRP_TAIL {
    pub Overlay: IRP_TAIL_OVERLAY,
    pub Apc: KAPC,
    pub CompletionKey: PVOID,
}

#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct IRP {
    pub Type: i16,
    pub Size: u16,
    pub AllocationProcessorNumber: u16,
    pub Reserved: u16,
    pub MdlAddress: *mut MDL,
    pub Flags: u32,
    pub AssociatedIrp: IRP_ASSOCIATED,
    pub ThreadListEntry: LIST_ENTRY,
    pub IoStatus: IO_STATUS_BLOCK,
    pub RequestorMode: i8,
    pub PendingReturned: u8,
    pub StackCount: i8,
    pub CurrentLocation: i8,
    pub Cancel: u8,
    pub CancelIrql: u8,
    pub ApcEnvironment: i8,
    pub AllocationFlags: u8,
    pub UserIosb: *mut IO_STATUS_BLOCK,
    pub UserEvent: *mut KEVENT,
    pub Overlay: IRP_OVERLAY,
    pub CancelRoutine: DRIVER_CANCEL,
    pub UserBuffer: PVOID,
    pub Tail: IRP_TAIL,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union POWER_STATE {
    pub SystemState: i32,
    pub DeviceState: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CM_PARTIAL_RESOURCE_DESCRIPTOR {
    pub Type: u8,
    pub ShareDisposition: u8,
    pub Flags: u16,
    /// The union of the kinds of resource; the host assigns none.
    pub u: [u32; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CM_PARTIAL_RESOURCE_LIST {
    pub Version: u16,
    pub Revision: u16,
    pub Count: u32,
    pub PartialDescriptors: [CM_PARTIAL_RESOURCE_DESCRIPTOR; 1],
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CM_FULL_RESOURCE_DESCRIPTOR {
    pub InterfaceType: i32,
    pub BusNumber: u32,
    pub PartialResourceList: CM_PARTIAL_RESOURCE_LIST,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CM_RESOURCE_LIST {
    pub Count: u32,
    pub List: [CM_FULL_RESOURCE_DESCRIPTOR; 1],
}

/// Pads a field to the next pointer boundary, as `POINTER_ALIGNMENT` does in `wdm.h`.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default)]
pub struct POINTER_ALIGNED<T>(pub T);

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_CREATE {
    pub SecurityContext: PVOID,
    pub Options: POINTER_ALIGNED<u32>,
    pub FileAttributes: u16,
    pub ShareAccess: u16,
    pub EaLength: POINTER_ALIGNED<u32>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_READ {
    pub Length: POINTER_ALIGNED<u32>,
    pub Key: u32,
    pub Flags: u32,
    pub ByteOffset: LARGE_INTEGER,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_DEVICE_IO_CONTROL {
    pub OutputBufferLength: u32,
    pub InputBufferLength: POINTER_ALIGNED<u32>,
    pub IoControlCode: POINTER_ALIGNED<u32>,
    pub Type3InputBuffer: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_QUERY_FILE {
    pub Length: u32,
    pub FileInformationClass: POINTER_ALIGNED<i32>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_QUERY_DEVICE_RELATIONS {
    pub Type: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_QUERY_INTERFACE {
    pub InterfaceType: *const GUID,
    pub Size: u16,
    pub Version: u16,
    pub Interface: *mut INTERFACE,
    pub InterfaceSpecificData: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_DEVICE_CAPABILITIES {
    pub Capabilities: *mut DEVICE_CAPABILITIES,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_FILTER_RESOURCE_REQUIREMENTS {
    pub IoResourceRequirementList: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_READ_WRITE_CONFIG {
    pub WhichSpace: u32,
    pub Buffer: PVOID,
    pub Offset: u32,
    pub Length: POINTER_ALIGNED<u32>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_QUERY_ID {
    pub IdType: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_QUERY_DEVICE_TEXT {
    pub DeviceTextType: i32,
    pub LocaleId: POINTER_ALIGNED<u32>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_USAGE_NOTIFICATION {
    pub InPath: u8,
    pub Reserved: [u8; 3],
    pub Type: POINTER_ALIGNED<i32>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IOSL_POWER {
    pub SystemContext: u32,
    pub Type: POINTER_ALIGNED<i32>,
    pub State: POINTER_ALIGNED<POWER_STATE>,
    pub ShutdownType: POINTER_ALIGNED<i32>,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_START_DEVICE {
    pub AllocatedResources: *mut CM_RESOURCE_LIST,
    pub AllocatedResourcesTranslated: *mut CM_RESOURCE_LIST,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_WMI {
    pub ProviderId: usize,
    pub DataPath: PVOID,
    pub BufferSize: u32,
    pub Buffer: PVOID,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IOSL_OTHERS {
    pub Argument1: PVOID,
    pub Argument2: PVOID,
    pub Argument3: PVOID,
    pub Argument4: PVOID,
}

/// The parameters of a stack location, one view for each kind of request the host sends or reads.
#[repr(C)]
#[derive(Clone, Copy)]
pub union IO_STACK_PARAMETERS {
    pub Create: IOSL_CREATE,
    pub Read: IOSL_READ,
    pub Write: IOSL_READ,
    pub QueryFile: IOSL_QUERY_FILE,
    pub DeviceIoControl: IOSL_DEVICE_IO_CONTROL,
    pub QueryDeviceRelations: IOSL_QUERY_DEVICE_RELATIONS,
    pub QueryInterface: IOSL_QUERY_INTERFACE,
    pub DeviceCapabilities: IOSL_DEVICE_CAPABILITIES,
    pub FilterResourceRequirements: IOSL_FILTER_RESOURCE_REQUIREMENTS,
    pub ReadWriteConfig: IOSL_READ_WRITE_CONFIG,
    pub SetLock: u8,
    pub QueryId: IOSL_QUERY_ID,
    pub QueryDeviceText: IOSL_QUERY_DEVICE_TEXT,
    pub UsageNotification: IOSL_USAGE_NOTIFICATION,
    pub WaitWake: i32,
    pub PowerSequence: PVOID,
    pub Power: IOSL_POWER,
    pub StartDevice: IOSL_START_DEVICE,
    pub WMI: IOSL_WMI,
    pub Others: IOSL_OTHERS,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct IO_STACK_LOCATION {
    pub MajorFunction: u8,
    pub MinorFunction: u8,
    pub Flags: u8,
    pub Control: u8,
    pub Parameters: IO_STACK_PARAMETERS,
    pub DeviceObject: *mut DEVICE_OBJECT,
    pub FileObject: *mut FILE_OBJECT,
    pub CompletionRoutine: IO_COMPLETION_ROUTINE,
    pub Context: PVOID,
}
