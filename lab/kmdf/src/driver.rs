//! WDFDRIVER: the root of a client's objects, and the WDM entry points of its driver object.

use core::ffi::c_void;

use wdk_sys::{
    _WDF_DRIVER_INIT_FLAGS as flags, BOOLEAN, DRIVER_OBJECT, NTSTATUS, PCUNICODE_STRING, PCWSTR,
    PDEVICE_OBJECT, PDRIVER_OBJECT, PFN_WDF_DRIVER_DEVICE_ADD, PFN_WDF_DRIVER_UNLOAD, PFN_WDF_TRACE_CALLBACK,
    PVOID, PWDF_DRIVER_CONFIG, PWDF_DRIVER_VERSION_AVAILABLE_PARAMS, PWDF_OBJECT_ATTRIBUTES, PWSTR,
    STATUS_DRIVER_INTERNAL_ERROR, STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER,
    STATUS_NOT_SUPPORTED, STATUS_PROCEDURE_NOT_FOUND, ULONG, WDF_DRIVER_CONFIG,
    WDF_DRIVER_VERSION_AVAILABLE_PARAMS, WDFDRIVER, WDFSTRING,
};

use crate::{
    callback_lock::{CallbackLock, Constraints},
    ddi::Call,
    device_init::DeviceInit,
    dispatch,
    failure::{Outcome, check, fail, status},
    object::{Attributes, Header, Obj, Parent, create},
    string,
    wdm::{
        bugcheck::Violation,
        device_object::{DeviceObject, DriverObject},
        size32,
        text::wide,
    },
};

/// What `WdfDriverCreate` makes.
#[repr(C)]
pub struct Driver {
    /// The shared part.
    pub header: Header,
    device_add: PFN_WDF_DRIVER_DEVICE_ADD,
    unload: PFN_WDF_DRIVER_UNLOAD,
    /// What devices inherit.
    pub constraints: Constraints,
    /// Keeps `EvtDriverDeviceAdd` apart when the scope asks for it.
    lock: CallbackLock,
}

framework! {
    Driver: Driver {
        const DELETABLE: bool = false;
    }
}

/// The name under which a driver object knows its WDFDRIVER.
static EXTENSION_ID: u8 = 0;

fn id() -> *const c_void {
    (&raw const EXTENSION_ID).cast()
}

/// The WDFDRIVER of a driver object.
fn of(driver: DriverObject) -> Option<Obj<Driver>> {
    let place = driver.extension(id()).cast::<Option<Obj<Driver>>>();
    if place.is_null() {
        return None;
    }
    #[allow(unsafe_code, reason = "reads the driver object's extension")]
    // SAFETY: The extension of this identity holds what `remember` wrote.
    unsafe {
        *place
    }
}

/// Stores the WDFDRIVER at its driver object, or that there is none any more.
fn remember(driver: DriverObject, object: Option<Obj<Driver>>) -> Outcome {
    let mut place = driver.extension(id());
    if place.is_null() {
        place = driver.allocate_extension(id(), size32::<Option<Obj<Driver>>>())?;
    }
    #[allow(unsafe_code, reason = "writes the driver object's extension")]
    // SAFETY: The extension has room for this, and only this module uses it.
    unsafe {
        place.cast::<Option<Obj<Driver>>>().write(object);
    };
    Ok(())
}

ddi! {
    /// Creates the driver object of the client.
    ///
    /// # Errors
    /// `STATUS_INFO_LENGTH_MISMATCH`, `STATUS_INVALID_PARAMETER`, `STATUS_DRIVER_INTERNAL_ERROR` (the second
    /// call of a client), those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDriverCreate: PFN_WDFDRIVERCREATE(
        call, driver_object: PDRIVER_OBJECT, registry_path: PCUNICODE_STRING,
        attributes: PWDF_OBJECT_ATTRIBUTES, config: PWDF_DRIVER_CONFIG, driver: *mut WDFDRIVER,
    ) -> NTSTATUS {
        driver_object.not_null(call);
        let config = config.required(call);
        check_config(&config)?;
        registry_path.not_null(call).valid_text()?;
        if call.client.driver.get().is_some() {
            return fail(STATUS_DRIVER_INTERNAL_ERROR);
        }
        check_add(&config)?;
        let attributes = Attributes::with_callbacks(call, attributes, Parent::Forbidden)?;
        let object = create_driver(call, driver_object.pointer(), &config, &attributes)?;
        driver.put(object.handle());
        Ok(())
    }

    /// The key of the service.
    fn WdfDriverGetRegistryPath: PFN_WDFDRIVERGETREGISTRYPATH(call, driver: WDFDRIVER) -> PWSTR {
        driver.object(call);
        call.client.registry_path.with_nul().as_ptr().cast_mut()
    }

    /// The WDM driver object.
    fn WdfDriverWdmGetDriverObject: PFN_WDFDRIVERWDMGETDRIVEROBJECT(
        call, driver: WDFDRIVER,
    ) -> PDRIVER_OBJECT {
        driver.object(call);
        call.client.driver_object.pointer()
    }

    /// The framework's object of a WDM driver object.
    fn WdfWdmDriverGetWdfDriverHandle: PFN_WDFWDMDRIVERGETWDFDRIVERHANDLE(
        call, driver: PDRIVER_OBJECT,
    ) -> WDFDRIVER {
        DriverObject::of(driver.not_null(call).pointer()).and_then(of).map_or(core::ptr::null_mut(), Obj::handle)
    }

    /// The version of the framework as text.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfDriverRetrieveVersionString: PFN_WDFDRIVERRETRIEVEVERSIONSTRING(
        call, driver: WDFDRIVER, text: WDFSTRING,
    ) -> NTSTATUS {
        driver.object(call);
        string::set(text.object(call), &wide(b"Kernel Mode Driver Framework version 1.33"))
    }

    /// Tracing by the framework's old callback.
    ///
    /// # Errors
    /// `STATUS_NOT_SUPPORTED`, as always.
    fn WdfDriverRegisterTraceInfo: PFN_WDFDRIVERREGISTERTRACEINFO(
        call, _driver_object: PDRIVER_OBJECT, _callback: PFN_WDF_TRACE_CALLBACK, _control: PVOID,
    ) -> NTSTATUS {
        call.name();
        fail(STATUS_NOT_SUPPORTED)
    }

    /// The driver called a function that its framework does not have. The run ends when that function returns no status.
    ///
    /// # Errors
    /// `STATUS_PROCEDURE_NOT_FOUND`.
    fn WdfDriverErrorReportApiMissing: PFN_WDFDRIVERERRORREPORTAPIMISSING(
        call, driver: WDFDRIVER, _extension: PCWSTR, index: ULONG, has_status: BOOLEAN,
    ) -> NTSTATUS {
        driver.object(call);
        if has_status == 0 {
            call.violation(Violation::ApiUnavailable, index as usize);
        }
        fail(STATUS_PROCEDURE_NOT_FOUND)
    }

    /// Whether this framework is at least of the version asked for.
    fn WdfDriverIsVersionAvailable: PFN_WDFDRIVERISVERSIONAVAILABLE(
        call, driver: WDFDRIVER, wanted: PWDF_DRIVER_VERSION_AVAILABLE_PARAMS,
    ) -> u8 {
        driver.object(call);
        let wanted = wanted.required(call);
        let known = wanted.Size as usize == size_of::<WDF_DRIVER_VERSION_AVAILABLE_PARAMS>();
        u8::from(known && wanted.MajorVersion == 1 && wanted.MinorVersion <= 33)
    }
}

fn check_config(config: &WDF_DRIVER_CONFIG) -> Outcome {
    if config.Size as usize != size_of::<WDF_DRIVER_CONFIG>() {
        return fail(STATUS_INFO_LENGTH_MISMATCH);
    }
    let known = flags::WdfDriverInitNonPnpDriver
        | flags::WdfDriverInitNoDispatchOverride
        | flags::WdfDriverInitCompanion;
    if config.DriverInitFlags.cast_signed() & !known != 0 {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

/// A driver without `PnP` is never asked to add a device; one that keeps its own dispatch routines may have them call its event.
const fn check_add(config: &WDF_DRIVER_CONFIG) -> Outcome {
    let flags = config.DriverInitFlags.cast_signed();
    let keeps_own = flags & flags::WdfDriverInitNoDispatchOverride != 0;
    if !keeps_own && flags & flags::WdfDriverInitNonPnpDriver != 0 && config.EvtDriverDeviceAdd.is_some() {
        return fail(STATUS_INVALID_PARAMETER);
    }
    Ok(())
}

fn create_driver(
    call: &Call,
    driver_object: *mut DRIVER_OBJECT,
    config: &WDF_DRIVER_CONFIG,
    attributes: &Attributes,
) -> Outcome<Obj<Driver>> {
    let driver_object = DriverObject::of(driver_object).unwrap_or(call.client.driver_object);
    let driver = Driver {
        header: Header::new::<Driver>(call.client),
        device_add: config.EvtDriverDeviceAdd,
        unload: config.EvtDriverUnload,
        constraints: Constraints::of(attributes, Constraints::DRIVER),
        lock: CallbackLock::new(true),
    };
    let object = create(driver, attributes, None)?;
    object.lock.ready();
    if let Err(failure) = remember(driver_object, Some(object)) {
        object.delete();
        return Err(failure);
    }
    let flags = config.DriverInitFlags.cast_signed();
    if flags & flags::WdfDriverInitNoDispatchOverride == 0 {
        take_entry_points(
            driver_object,
            flags & flags::WdfDriverInitNonPnpDriver != 0,
            config.EvtDriverUnload.is_some(),
        );
    }
    call.client.driver.set(Some(object));
    call.client.set_public(|globals| {
        globals.Driver = object.handle();
        globals.DriverFlags = config.DriverInitFlags;
        globals.DisplaceDriverUnload = u8::from(flags & flags::WdfDriverInitNoDispatchOverride == 0);
        if config.DriverPoolTag != 0 {
            globals.DriverTag = config.DriverPoolTag;
        }
    });
    Ok(object)
}

fn take_entry_points(driver: DriverObject, non_pnp: bool, has_unload: bool) {
    if !non_pnp {
        driver.set_add_device(Some(add_device));
    }
    driver.set_unload((!non_pnp || has_unload).then_some(unload as _));
    driver.set_dispatch(Some(dispatch::dispatch));
}

/// `DRIVER_OBJECT.DriverExtension.AddDevice`: offers a PDO to the driver.
extern "C" fn add_device(driver: PDRIVER_OBJECT, physical: PDEVICE_OBJECT) -> NTSTATUS {
    let driver = DriverObject::of(driver).and_then(of);
    let (Some(driver), Some(physical)) = (driver, DeviceObject::of(physical)) else {
        return STATUS_INVALID_PARAMETER;
    };
    status(offer(driver, physical))
}

fn offer(driver: Obj<Driver>, physical: DeviceObject) -> Outcome {
    if driver.device_add.is_none() {
        return Ok(());
    }
    let init = DeviceInit::for_fdo(driver.header.client, physical)?;
    let add = || invoke!(driver.device_add, driver.handle(), init.pointer()).map_or(Ok(()), check);
    let answer = if driver.constraints.is_synchronized() {
        driver.lock.run(add)
    } else {
        add()
    };
    // A filter that creates no device stays out of the stack, whatever it returns (fxdriverkm.cpp).
    let absent = init.created.get().is_none() && init.settings().filter;
    // On success the device took the init structure over; what the driver left is freed, device included.
    init.finish(if absent { Ok(()) } else { answer })
}

/// `DRIVER_OBJECT.DriverUnload`.
extern "C" fn unload(driver: PDRIVER_OBJECT) {
    let Some(driver_object) = DriverObject::of(driver) else {
        return;
    };
    let Some(driver) = of(driver_object) else { return };
    invoke!(driver.unload, driver.handle());
    driver.header.client.driver.set(None);
    let forgotten = remember(driver_object, None);
    debug_assert!(forgotten.is_ok(), "the extension exists already");
    driver.delete();
}
