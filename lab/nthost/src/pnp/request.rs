//! The requests that the `PnP` manager sends to a device stack.
#![allow(unsafe_code, reason = "reads what drivers return by pointer")]

use core::ffi::c_void;

use crate::abi::{
    BusRelations, DEVICE_CAPABILITIES, DEVICE_RELATIONS, GUID, INTERFACE, IO_STACK_PARAMETERS,
    IO_STATUS_BLOCK, IOSL_DEVICE_CAPABILITIES, IOSL_OTHERS, IOSL_QUERY_DEVICE_RELATIONS,
    IOSL_QUERY_DEVICE_TEXT, IOSL_QUERY_ID, IOSL_QUERY_INTERFACE, IOSL_START_DEVICE, IRP_MJ_PNP,
    IRP_MN_QUERY_BUS_INFORMATION, IRP_MN_QUERY_CAPABILITIES, IRP_MN_QUERY_DEVICE_RELATIONS,
    IRP_MN_QUERY_DEVICE_TEXT, IRP_MN_QUERY_ID, IRP_MN_QUERY_INTERFACE, IRP_MN_START_DEVICE, NTSTATUS,
    PNP_BUS_INFORMATION, POINTER_ALIGNED, STATUS_NOT_SUPPORTED,
};
use crate::io::{self, Device};
use crate::mm::pool;
use crate::rtl::unicode;
use crate::verifier::Owner;

/// English (United States), the locale of the texts that are asked for.
const LOCALE: u32 = 0x0409;

/// Sends a `PnP` request to the top of a stack, with `STATUS_NOT_SUPPORTED` preset as the documentation of `PnP` IRPs wants.
pub(super) fn send(pdo: Device, minor: u8, parameters: IO_STACK_PARAMETERS) -> IO_STATUS_BLOCK {
    io::call(pdo.top(), STATUS_NOT_SUPPORTED, |_, location| {
        location.MajorFunction = IRP_MJ_PNP;
        location.MinorFunction = minor;
        location.Parameters = parameters;
    })
}

/// No parameters.
pub(super) const fn nothing() -> IO_STACK_PARAMETERS {
    let null = core::ptr::null_mut();
    IO_STACK_PARAMETERS {
        Others: IOSL_OTHERS {
            Argument1: null,
            Argument2: null,
            Argument3: null,
            Argument4: null,
        },
    }
}

/// A request without parameters; its status.
pub(super) fn simple(pdo: Device, minor: u8) -> NTSTATUS {
    send(pdo, minor, nothing()).Status
}

/// `IRP_MN_START_DEVICE`, without resources.
pub(super) fn start(pdo: Device) -> NTSTATUS {
    let null = core::ptr::null_mut();
    let start = IOSL_START_DEVICE {
        AllocatedResources: null,
        AllocatedResourcesTranslated: null,
    };
    send(
        pdo,
        IRP_MN_START_DEVICE,
        IO_STACK_PARAMETERS { StartDevice: start },
    )
    .Status
}

/// `IRP_MN_QUERY_CAPABILITIES`; what the stack leaves untouched stays as Windows presets it.
pub(super) fn capabilities(pdo: Device) -> (NTSTATUS, DEVICE_CAPABILITIES) {
    const UNKNOWN: u32 = u32::MAX;
    let mut capabilities = DEVICE_CAPABILITIES {
        Size: u16::try_from(size_of::<DEVICE_CAPABILITIES>()).unwrap_or(u16::MAX),
        Version: 1,
        Address: UNKNOWN,
        UINumber: UNKNOWN,
        ..DEVICE_CAPABILITIES::default()
    };
    let query = IOSL_DEVICE_CAPABILITIES {
        Capabilities: &raw mut capabilities,
    };
    let status = send(
        pdo,
        IRP_MN_QUERY_CAPABILITIES,
        IO_STACK_PARAMETERS {
            DeviceCapabilities: query,
        },
    )
    .Status;
    (status, capabilities)
}

/// The pointer that a successful request returned in its `Information`, in pool that the host frees.
struct Returned(*mut c_void);

impl Returned {
    fn of(result: &IO_STATUS_BLOCK) -> Option<Self> {
        (result.Status.is_success() && result.Information != 0)
            .then(|| Self(core::ptr::with_exposed_provenance_mut(result.Information)))
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        pool::free(self.0, None, Owner::HOST);
    }
}

/// `IRP_MN_QUERY_ID` for a single ID.
pub(super) fn id(pdo: Device, kind: i32) -> Option<String> {
    let result = send(
        pdo,
        IRP_MN_QUERY_ID,
        IO_STACK_PARAMETERS {
            QueryId: IOSL_QUERY_ID { IdType: kind },
        },
    );
    let returned = Returned::of(&result)?;
    // SAFETY: a driver returns a terminated string for this type of ID.
    Some(unsafe { unicode::terminated_text(returned.0.cast()) })
}

/// `IRP_MN_QUERY_ID` for a list of IDs.
pub(super) fn ids(pdo: Device, kind: i32) -> Vec<String> {
    let result = send(
        pdo,
        IRP_MN_QUERY_ID,
        IO_STACK_PARAMETERS {
            QueryId: IOSL_QUERY_ID { IdType: kind },
        },
    );
    let Some(returned) = Returned::of(&result) else {
        return Vec::new();
    };
    // SAFETY: a driver returns a list that ends in an empty string for this type of ID.
    unsafe { unicode::multi_text(returned.0.cast()) }
}

/// `IRP_MN_QUERY_DEVICE_TEXT`.
pub(super) fn text(pdo: Device, kind: i32) -> Option<String> {
    let query = IOSL_QUERY_DEVICE_TEXT {
        DeviceTextType: kind,
        LocaleId: POINTER_ALIGNED(LOCALE),
    };
    let result = send(
        pdo,
        IRP_MN_QUERY_DEVICE_TEXT,
        IO_STACK_PARAMETERS {
            QueryDeviceText: query,
        },
    );
    let returned = Returned::of(&result)?;
    // SAFETY: a driver returns a terminated string.
    Some(unsafe { unicode::terminated_text(returned.0.cast()) })
}

/// `IRP_MN_QUERY_BUS_INFORMATION`: the bus type.
pub(super) fn bus_type(pdo: Device) -> Option<GUID> {
    let result = send(pdo, IRP_MN_QUERY_BUS_INFORMATION, nothing());
    let returned = Returned::of(&result)?;
    // SAFETY: a driver returns this structure.
    Some(unsafe { returned.0.cast::<PNP_BUS_INFORMATION>().read() }.BusTypeGuid)
}

/// `IRP_MN_QUERY_DEVICE_RELATIONS` for the children of a bus, each with a reference that the bus took.
pub(super) fn bus_relations(pdo: Device) -> Option<Vec<Device>> {
    let query = IOSL_QUERY_DEVICE_RELATIONS { Type: BusRelations };
    let result = send(
        pdo,
        IRP_MN_QUERY_DEVICE_RELATIONS,
        IO_STACK_PARAMETERS {
            QueryDeviceRelations: query,
        },
    );
    let returned = Returned::of(&result)?;
    let relations = returned.0.cast::<DEVICE_RELATIONS>();
    // SAFETY: a driver returns this structure.
    let count = unsafe { (*relations).Count } as usize;
    // SAFETY: the list lies in the structure that the driver returned.
    let first = unsafe { &raw const (*relations).Objects }.cast();
    // SAFETY: the list has `Count` elements.
    let pointers = unsafe { core::slice::from_raw_parts(first, count) };
    Some(
        pointers
            .iter()
            .map(|pointer| Device::of_driver(*pointer))
            .collect(),
    )
}

/// `IRP_MN_QUERY_INTERFACE` from the host: the status, and the size and version in the buffer afterwards.
pub(super) fn interface(
    pdo: Device,
    class: &GUID,
    size: u16,
    version: u16,
    buffer: &mut [u64],
) -> (NTSTATUS, u16, u16) {
    let place = if buffer.is_empty() {
        core::ptr::null_mut()
    } else {
        buffer.as_mut_ptr().cast::<INTERFACE>()
    };
    let query = IOSL_QUERY_INTERFACE {
        InterfaceType: class,
        Size: size,
        Version: version,
        Interface: place,
        InterfaceSpecificData: core::ptr::null_mut(),
    };
    let status = send(
        pdo,
        IRP_MN_QUERY_INTERFACE,
        IO_STACK_PARAMETERS {
            QueryInterface: query,
        },
    )
    .Status;
    if place.is_null() || buffer.len() * 8 < size_of::<INTERFACE>() {
        return (status, 0, 0);
    }
    // SAFETY: the buffer has room for the header (checked), and zeroed or filled-in bytes are a valid one.
    let header = unsafe { place.read() };
    if let (true, Some(dereference)) = (status.is_success(), header.InterfaceDereference) {
        crate::ke::call("an interface's dereference routine", dereference as usize, || {
            // SAFETY: the query succeeded, so the host holds the one reference that this gives back.
            unsafe { dereference(header.Context) };
        });
    }
    (status, header.Size, header.Version)
}
