//! Direct-call interfaces: registering them, answering `IRP_MN_QUERY_INTERFACE`, asking other stacks.
#![allow(
    unsafe_code,
    reason = "interface tables are raw memory whose size their header says"
)]

use core::{ffi::c_void, mem, ptr, slice};

use wdk_sys::{
    GUID, INTERFACE, LPCGUID, NTSTATUS, PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST, PINTERFACE, PVOID,
    PWDF_QUERY_INTERFACE_CONFIG, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_BUFFER_SIZE,
    STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_SUCCESS, USHORT,
    WDF_QUERY_INTERFACE_CONFIG, WDFDEVICE, WDFIOTARGET,
};

use crate::{
    ddi::Claimed,
    device::{Device, Kind, api::is_pnp},
    failure::{Failure, Outcome, check, fail},
    object::Obj,
    pool::{Array, Chain, Tag},
    trace,
    wdm::{
        device_object::DeviceObject,
        irp::Irp,
        parameters::{Parameters, QueryInterface},
        pnp_request, sync,
    },
};

/// wdm.h
const IRP_MN_QUERY_INTERFACE: u8 = 0x08;

/// One registered interface.
struct Registered {
    guid: GUID,
    /// The table in the client's pool; empty for a registration without one.
    table: Array<u8>,
    callback: PFN_WDF_DEVICE_PROCESS_QUERY_INTERFACE_REQUEST,
    to_parent: bool,
    import: bool,
}

/// The interfaces of a device, in the order of their registration.
pub struct QueryInterfaces(Chain<Registered>);

impl QueryInterfaces {
    /// None.
    pub const fn new(tag: Tag) -> Self {
        Self(Chain::new(tag))
    }
}

/// The no-op routines that stand for routines that the driver left out.
const extern "C" fn no_reference(_context: PVOID) {}

ddi! {
    /// Registers a direct-call interface; the device answers queries for it from now on. IRQL:
    /// `PASSIVE_LEVEL`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST`, `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER`,
    ///
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDeviceAddQueryInterface: PFN_WDFDEVICEADDQUERYINTERFACE(
        call, device: WDFDEVICE, config: PWDF_QUERY_INTERFACE_CONFIG,
    ) -> NTSTATUS {
        let device = device.object(call);
        let config = config.required(call);
        let guid = call.claim(config.InterfaceType.cast_mut()).required(call);
        if sync::irql() != sync::PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        let table = call.claim(config.Interface);
        check_config(device, &config, table)?;
        let tag = call.client.tag();
        let entry = Registered {
            guid,
            table: copy_table(tag, table)?,
            callback: config.EvtDeviceProcessQueryInterfaceRequest,
            to_parent: config.SendQueryToParentStack != 0,
            import: config.ImportInterface != 0,
        };
        device.query_interfaces.0.push(entry).map(|_| ())
    }

    /// Asks another stack for an interface.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL, or the target has no device), `STATUS_INSUFFICIENT_RESOURCES`,
    /// what the provider answers, `STATUS_NOT_SUPPORTED` when there is none.
    fn WdfIoTargetQueryForInterface: PFN_WDFIOTARGETQUERYFORINTERFACE(
        call, target: WDFIOTARGET, guid: LPCGUID, interface: PINTERFACE, size: USHORT, version: USHORT,
        data: PVOID,
    ) -> NTSTATUS {
        let target = target.object(call);
        let query = question(guid.not_null(call), interface.not_null(call), size, version, data);
        if sync::irql() != sync::PASSIVE_LEVEL {
            return fail(STATUS_INVALID_DEVICE_REQUEST);
        }
        match target.device.get() {
            Some(device) => ask(device, &query),
            None => fail(STATUS_INVALID_DEVICE_REQUEST),
        }
    }
}

fn check_config(
    device: Obj<Device>,
    config: &WDF_QUERY_INTERFACE_CONFIG,
    table: Claimed<INTERFACE>,
) -> Outcome {
    let to_parent = config.SendQueryToParentStack != 0;
    let import = config.ImportInterface != 0;
    if !is_pnp(device) {
        return fail(STATUS_INVALID_DEVICE_REQUEST);
    }
    if config.Size as usize != mem::size_of::<WDF_QUERY_INTERFACE_CONFIG>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    let to_no_parent = to_parent && device.kind != Kind::Pdo;
    let without_table = table.is_null() && !to_parent && !import;
    let import_without_callback = import && config.EvtDeviceProcessQueryInterfaceRequest.is_none();
    let short = table
        .get()
        .is_some_and(|table| usize::from(table.Size) < mem::size_of::<INTERFACE>());
    if to_no_parent || without_table || import_without_callback || short {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

/// A copy of the driver's table, with reference routines in any case.
fn copy_table(tag: Tag, table: Claimed<INTERFACE>) -> Outcome<Array<u8>> {
    let Some(mut header) = table.get() else {
        return Ok(Array::new(tag));
    };
    // SAFETY: The table is as long as its header says; that is what the driver registers.
    let bytes = unsafe { slice::from_raw_parts(table.pointer().cast::<u8>(), usize::from(header.Size)) };
    let mut copy = Array::of(tag, bytes)?;
    header.InterfaceReference = header.InterfaceReference.or(Some(no_reference));
    header.InterfaceDereference = header.InterfaceDereference.or(Some(no_reference));
    // SAFETY: The copy is at least as long as the header, which `check_config` saw.
    unsafe { ptr::write_unaligned(copy.as_mut_slice().as_mut_ptr().cast(), header) };
    Ok(copy)
}

/// The header of a registered table.
const fn header(entry: &Registered) -> Option<INTERFACE> {
    let table = entry.table.as_slice();
    if table.is_empty() {
        return None;
    }
    // SAFETY: A table that is not empty begins with a header, as `copy_table` made it.
    Some(unsafe { table.as_ptr().cast::<INTERFACE>().read_unaligned() })
}

/// Whether the device answers a query itself, and with what status.
pub enum Answer {
    /// The interface is not one of this device.
    Unknown,
    /// It is; this is the answer.
    Known(NTSTATUS),
}

/// Answers `IRP_MN_QUERY_INTERFACE` as far as this device can. The first registration with the GUID decides.
pub fn answer(device: Obj<Device>, irp: Irp) -> Answer {
    let query = irp.stack().query_interface();
    let Some(guid) = read_guid(query.guid) else {
        return Answer::Unknown;
    };
    let Some(entry) = device
        .query_interfaces
        .0
        .iter()
        .find(|entry| same(&entry.guid, &guid))
    else {
        trace::query_refused(device.wdm.get(), irp, format_args!("does not know the GUID"));
        return Answer::Unknown;
    };
    let outcome = offer(device, entry, &query);
    if let Err(failure) = outcome {
        explain(device, irp, entry, &query, failure);
    }
    match outcome {
        Err(failure) if failure == Failure::new(STATUS_INVALID_BUFFER_SIZE) && !reached(entry, &query) => {
            refused(device, failure)
        }
        Err(failure) if failure != Failure::new(STATUS_NOT_SUPPORTED) => Answer::Known(failure.status()),
        outcome => Answer::Known(conclude(device, irp, entry, &query, outcome)),
    }
}

/// Leaves a trace of why [`offer`] failed.
fn explain(device: Obj<Device>, irp: Irp, entry: &Registered, query: &QueryInterface, failure: Failure) {
    let because = |why| trace::query_refused(device.wdm.get(), irp, why);
    match header(entry) {
        Some(header) if header.Size > query.size => {
            because(format_args!("its table has {} bytes", header.Size));
        }
        Some(header) if header.Version > query.version => {
            because(format_args!("its table has version {}", header.Version));
        }
        _ if query.interface.is_null() => because(format_args!("the query has no place for a table")),
        _ => because(format_args!(
            "EvtDeviceProcessQueryInterfaceRequest returned {:#010X}",
            failure.argument()
        )),
    }
}

/// Whether size and version let the query through to the callback.
fn reached(entry: &Registered, query: &QueryInterface) -> bool {
    header(entry).is_none_or(|header| header.Size <= query.size && header.Version <= query.version)
}

/// Size or version too small: a PDO says so, an FDO passes the query on as if it did not know the interface.
fn refused(device: Obj<Device>, failure: Failure) -> Answer {
    if device.kind == Kind::Pdo {
        Answer::Known(failure.status())
    } else {
        Answer::Unknown
    }
}

/// Fills the sender's table and has the driver look at it.
fn offer(device: Obj<Device>, entry: &Registered, query: &QueryInterface) -> Outcome {
    if !reached(entry, query) {
        return fail(STATUS_INVALID_BUFFER_SIZE);
    }
    let table = entry.table.as_slice();
    if query.interface.is_null() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    if !entry.import && !table.is_empty() {
        // SAFETY: The sender's table has room for `query.size` bytes, which is at least as much, as just
        // checked.
        unsafe { ptr::copy_nonoverlapping(table.as_ptr(), query.interface.cast::<u8>(), table.len()) };
    }
    let guid = query.guid.cast_mut();
    invoke!(entry.callback, device.handle(), guid, query.interface, query.data).map_or(Ok(()), check)
}

/// After the callback: passes on to the parent, or takes the reference and, below an FDO, asks the rest of
/// the stack.
fn conclude(
    device: Obj<Device>,
    irp: Irp,
    entry: &Registered,
    query: &QueryInterface,
    outcome: Outcome,
) -> NTSTATUS {
    if entry.to_parent {
        return ask_parent(device, irp, query);
    }
    take_reference(query.interface);
    let status = crate::failure::status(outcome);
    match device.attached.get() {
        Some(below) if device.kind == Kind::Fdo => {
            irp.set_status(status);
            irp.send_and_wait(below)
        }
        _ => status,
    }
}

fn take_reference(interface: PINTERFACE) {
    // SAFETY: The table was filled by this framework or by the driver's callback, and begins with a header.
    let header = unsafe { interface.read_unaligned() };
    invoke!(header.InterfaceReference, header.Context);
}

/// `SendQueryToParentStack`: a new IRP to the top of the parent's stack; without an answer the old status
/// stays.
fn ask_parent(device: Obj<Device>, irp: Irp, query: &QueryInterface) -> NTSTATUS {
    let before = irp.status();
    let Some(parent) = device.parent.and_then(|parent| parent.wdm.get()) else {
        return before;
    };
    match ask(parent, query) {
        Ok(()) => STATUS_SUCCESS,
        Err(failure) => {
            trace::query_refused(
                device.wdm.get(),
                irp,
                format_args!("the stack of its parent answered {:#010X}", failure.argument()),
            );
            if failure.status() == STATUS_NOT_SUPPORTED {
                before
            } else {
                failure.status()
            }
        }
    }
}

/// A query as the sender's parameters describe it.
pub const fn question(
    guid: Claimed<GUID>,
    interface: Claimed<INTERFACE>,
    size: USHORT,
    version: USHORT,
    data: Claimed<c_void>,
) -> QueryInterface {
    QueryInterface {
        guid: guid.pointer(),
        size,
        version,
        interface: interface.pointer(),
        data: data.pointer(),
    }
}

/// Sends a query to the top of a device's stack and waits for the answer. IRQL: `PASSIVE_LEVEL`.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`, what the provider answers, `STATUS_NOT_SUPPORTED` when nobody does.
pub fn ask(device: DeviceObject, query: &QueryInterface) -> Outcome {
    pnp_request::send(device, IRP_MN_QUERY_INTERFACE, |next| {
        next.set_query_interface(query);
    })
    .map(|_| ())
}

const fn read_guid(guid: *const GUID) -> Option<GUID> {
    if guid.is_null() {
        return None;
    }
    // SAFETY: Not null; the sender of the query keeps its GUID until completion.
    Some(unsafe { guid.read_unaligned() })
}

/// Whether two GUIDs are the same.
pub fn same(first: &GUID, second: &GUID) -> bool {
    (first.Data1, first.Data2, first.Data3, first.Data4)
        == (second.Data1, second.Data2, second.Data3, second.Data4)
}
