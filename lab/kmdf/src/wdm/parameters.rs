//! The parameters of stack locations, by major and minor function.
#![allow(
    unsafe_code,
    reason = "the parameters are a union whose member the function codes name"
)]

use core::ptr::NonNull;

use wdk_sys::{DEVICE_CAPABILITIES, GUID, INTERFACE, IO_STACK_LOCATION, PCM_RESOURCE_LIST, POWER_STATE_TYPE};

/// A structure that an IRP points to.
#[derive(Clone, Copy)]
pub struct Place<T>(NonNull<T>);

impl<T: Copy> Place<T> {
    /// A copy.
    pub const fn read(self) -> T {
        // SAFETY: The sender of the IRP keeps the structure until completion.
        unsafe { self.0.read() }
    }

    /// Overwrites it.
    pub const fn write(self, value: T) {
        // SAFETY: The sender of the IRP gives it for the answer.
        unsafe { self.0.write(value) }
    }
}

/// `IRP_MN_QUERY_INTERFACE`.
#[derive(Clone, Copy)]
pub struct QueryInterface {
    /// Which interface.
    pub guid: *const GUID,
    /// How much room the sender's table has.
    pub size: u16,
    /// The version that the sender asks for.
    pub version: u16,
    /// The sender's table.
    pub interface: *mut INTERFACE,
    /// What the interface defines beside it.
    pub data: *mut core::ffi::c_void,
}

/// The request of an I/O control.
#[derive(Clone, Copy)]
pub struct IoControl {
    /// Room for the answer.
    pub output: u32,
    /// Bytes of input.
    pub input: u32,
    /// The code.
    pub code: u32,
    /// The input of `METHOD_NEITHER`.
    pub type3: *mut core::ffi::c_void,
}

/// Reads the member that the caller's dispatch by function code has chosen.
pub trait Parameters {
    /// `IRP_MN_QUERY_ID`
    fn query_id(&self) -> i32;
    /// `IRP_MN_QUERY_DEVICE_TEXT`: what, and in which language.
    fn query_device_text(&self) -> (i32, u32);
    /// `IRP_MN_QUERY_CAPABILITIES`
    fn capabilities(&self) -> Option<Place<DEVICE_CAPABILITIES>>;
    /// `IRP_MN_QUERY_DEVICE_RELATIONS`
    fn relations(&self) -> i32;
    /// `IRP_MN_QUERY_CAPABILITIES`: where the answer goes.
    fn set_capabilities(&mut self, place: *mut DEVICE_CAPABILITIES);
    /// Writes those of the next driver.
    fn set_relations(&mut self, kind: i32);
    /// `IRP_MN_QUERY_INTERFACE`
    fn query_interface(&self) -> QueryInterface;
    /// Writes those of the next driver.
    fn set_query_interface(&mut self, query: &QueryInterface);
    /// `IRP_MN_DEVICE_USAGE_NOTIFICATION`: whether the device comes into the path of a special file, and of which kind.
    fn usage(&self) -> (bool, i32);
    /// `IRP_MN_START_DEVICE`: raw and translated resources.
    fn resources(&self) -> (PCM_RESOURCE_LIST, PCM_RESOURCE_LIST);
    /// `IRP_MJ_POWER`: whether it is about the device, and the state.
    fn power(&self) -> (POWER_STATE_TYPE, i32);
    /// `IRP_MJ_DEVICE_CONTROL` and `IRP_MJ_INTERNAL_DEVICE_CONTROL`
    fn io_control(&self) -> IoControl;
    /// Writes those of the next driver.
    fn set_io_control(&mut self, control: &IoControl);
    /// `IRP_MJ_READ` and `IRP_MJ_WRITE` (the same layout): length, key and offset.
    fn transfer(&self) -> (u32, u32, i64);
    /// Writes those of the next driver.
    fn set_transfer(&mut self, length: u32, offset: i64);
    /// The four words that every request has.
    fn others(&self) -> [*mut core::ffi::c_void; 4];
    /// Writes those of the next driver.
    fn set_others(&mut self, others: [*mut core::ffi::c_void; 4]);
}

/// Reads a member of the union.
macro_rules! member {
    ($location:expr, $name:ident) => {{
        // SAFETY: Plain data of the location; the caller dispatched on the function that this member belongs
        // to.
        unsafe { $location.Parameters.$name }
    }};
}

impl Parameters for IO_STACK_LOCATION {
    fn query_id(&self) -> i32 {
        member!(self, QueryId).IdType
    }

    fn query_device_text(&self) -> (i32, u32) {
        let text = member!(self, QueryDeviceText);
        (text.DeviceTextType, text.LocaleId)
    }

    fn capabilities(&self) -> Option<Place<DEVICE_CAPABILITIES>> {
        NonNull::new(member!(self, DeviceCapabilities).Capabilities).map(Place)
    }

    fn relations(&self) -> i32 {
        member!(self, QueryDeviceRelations).Type
    }

    fn set_capabilities(&mut self, place: *mut DEVICE_CAPABILITIES) {
        let mut member = member!(self, DeviceCapabilities);
        member.Capabilities = place;
        self.Parameters.DeviceCapabilities = member;
    }

    fn set_relations(&mut self, kind: i32) {
        let mut member = member!(self, QueryDeviceRelations);
        member.Type = kind;
        self.Parameters.QueryDeviceRelations = member;
    }

    fn query_interface(&self) -> QueryInterface {
        let query = member!(self, QueryInterface);
        QueryInterface {
            guid: query.InterfaceType,
            size: query.Size,
            version: query.Version,
            interface: query.Interface,
            data: query.InterfaceSpecificData,
        }
    }

    fn set_query_interface(&mut self, query: &QueryInterface) {
        let mut member = member!(self, QueryInterface);
        member.InterfaceType = query.guid;
        member.Size = query.size;
        member.Version = query.version;
        member.Interface = query.interface;
        member.InterfaceSpecificData = query.data;
        self.Parameters.QueryInterface = member;
    }

    fn usage(&self) -> (bool, i32) {
        let usage = member!(self, UsageNotification);
        (usage.InPath != 0, usage.Type)
    }

    fn resources(&self) -> (PCM_RESOURCE_LIST, PCM_RESOURCE_LIST) {
        let start = member!(self, StartDevice);
        (start.AllocatedResources, start.AllocatedResourcesTranslated)
    }

    fn power(&self) -> (POWER_STATE_TYPE, i32) {
        let power = member!(self, Power);
        // SAFETY: Both members are states of the same size; the type says which one it is.
        (power.Type, unsafe { power.State.DeviceState })
    }

    fn io_control(&self) -> IoControl {
        let control = member!(self, DeviceIoControl);
        IoControl {
            output: control.OutputBufferLength,
            input: control.InputBufferLength,
            code: control.IoControlCode,
            type3: control.Type3InputBuffer,
        }
    }

    fn set_io_control(&mut self, control: &IoControl) {
        let mut member = member!(self, DeviceIoControl);
        member.OutputBufferLength = control.output;
        member.InputBufferLength = control.input;
        member.IoControlCode = control.code;
        member.Type3InputBuffer = control.type3;
        self.Parameters.DeviceIoControl = member;
    }

    fn transfer(&self) -> (u32, u32, i64) {
        let transfer = member!(self, Read);
        // SAFETY: The whole of a LARGE_INTEGER, of which all members are integers.
        (transfer.Length, transfer.Key, unsafe {
            transfer.ByteOffset.QuadPart
        })
    }

    fn set_transfer(&mut self, length: u32, offset: i64) {
        let mut member = member!(self, Read);
        member.Length = length;
        member.ByteOffset.QuadPart = offset;
        self.Parameters.Read = member;
    }

    fn others(&self) -> [*mut core::ffi::c_void; 4] {
        let others = member!(self, Others);
        [
            others.Argument1,
            others.Argument2,
            others.Argument3,
            others.Argument4,
        ]
    }

    fn set_others(&mut self, others: [*mut core::ffi::c_void; 4]) {
        let mut member = member!(self, Others);
        [
            member.Argument1,
            member.Argument2,
            member.Argument3,
            member.Argument4,
        ] = others;
        self.Parameters.Others = member;
    }
}
