//! WDFKEY: registry keys of the driver, its devices, and what lies below them.

use core::cell::RefCell;

use wdk_sys::{
    ACCESS_MASK, HANDLE, KEY_VALUE_PARTIAL_INFORMATION, PCUNICODE_STRING, PULONG, PUNICODE_STRING, PUSHORT,
    PVOID, PWDF_OBJECT_ATTRIBUTES, REG_DWORD, REG_EXPAND_SZ, REG_SZ, STATUS_BUFFER_OVERFLOW,
    STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_DEVICE_REQUEST, STATUS_INVALID_HANDLE, STATUS_INVALID_PARAMETER,
    STATUS_OBJECT_TYPE_MISMATCH, STATUS_RESOURCE_DATA_NOT_FOUND, ULONG, UNICODE_STRING, WDFDEVICE, WDFDRIVER,
    WDFKEY, WDFSTRING,
};

use crate::{
    ddi::{Call, Claimed},
    failure::{Outcome, check, fail},
    object::{Attributes, Header, Obj, Parent, create},
    pool::Array,
    string,
    wdm::{
        device_object::DeviceObject,
        key::{OpenKey, VALUE_HEADER},
        sync,
        text::wide,
    },
};

/// wdm.h: `REG_OPTION_NON_VOLATILE`
const NON_VOLATILE: ULONG = 0;
/// wdm.h: `KEY_READ`, what opening the service's key needs.
const KEY_READ: ACCESS_MASK = 0x2_0019;

pub mod lists;
pub mod places;

/// What a WDFKEY stands for.
#[repr(C)]
pub struct Key {
    header: Header,
    key: RefCell<Option<OpenKey>>,
}

framework! {
    Key: Key {
        fn dispose(this: Obj<Self>) {
            this.key.replace(None);
        }
    }
}

/// A handle for an open key.
fn handle(call: &Call, attributes: &Attributes, key: OpenKey, place: Claimed<WDFKEY>) -> Outcome {
    let object = Key {
        header: Header::new::<Key>(call.client),
        key: RefCell::new(Some(key)),
    };
    let object = create(object, attributes, call.parent(attributes, None))?;
    place.put(object.handle());
    Ok(())
}

impl Obj<Key> {
    fn with<T>(self, action: impl FnOnce(&OpenKey) -> Outcome<T>) -> Outcome<T> {
        self.key
            .borrow()
            .as_ref()
            .map_or_else(|| fail(STATUS_INVALID_HANDLE), action)
    }

    /// The value's type and all its bytes, behind the header.
    fn read(self, name: &[u16]) -> Outcome<(ULONG, Array<u8>)> {
        self.with(|key| {
            let (status, needed) = key.query(name, &mut []);
            if status != STATUS_BUFFER_TOO_SMALL && status != STATUS_BUFFER_OVERFLOW {
                check(status)?;
            }
            let mut block = Array::of(self.header.client.tag(), &[0; VALUE_HEADER])?;
            for _ in VALUE_HEADER..needed {
                block.push(0)?;
            }
            check(key.query(name, block.as_mut_slice()).0)?;
            let kind = block
                .as_slice()
                .get(TYPE..TYPE + 4)
                .and_then(|bytes| bytes.try_into().ok());
            Ok((kind.map_or(0, ULONG::from_le_bytes), block))
        })
    }
}

/// Where a value's type stands in its header.
const TYPE: usize = core::mem::offset_of!(KEY_VALUE_PARTIAL_INFORMATION, Type);

/// The bytes behind the header.
fn data(block: &Array<u8>) -> &[u8] {
    block.as_slice().get(VALUE_HEADER..).unwrap_or(&[])
}

/// The units of a text value, without its last NUL.
fn text_units(call: &Call, (kind, block): (ULONG, Array<u8>)) -> Outcome<Array<u16>> {
    if !is_text(kind) {
        return fail(STATUS_OBJECT_TYPE_MISMATCH);
    }
    if data(&block).is_empty() {
        return fail(STATUS_RESOURCE_DATA_NOT_FOUND);
    }
    let mut units = Array::new(call.client.tag());
    for pair in data(&block).chunks_exact(2) {
        units.push(u16::from_le_bytes([pair[0], pair[1]]))?;
    }
    if let Some((0, text)) = units.as_slice().split_last() {
        return Array::of(call.client.tag(), text);
    }
    Ok(units)
}

const fn is_text(kind: ULONG) -> bool {
    matches!(kind, REG_SZ | REG_EXPAND_SZ)
}

/// The registry is reached at `PASSIVE_LEVEL` only.
fn check_irql() -> Outcome {
    if sync::irql() == sync::PASSIVE_LEVEL {
        Ok(())
    } else {
        fail(STATUS_INVALID_DEVICE_REQUEST)
    }
}

/// Opens a key of a device or its driver.
///
/// # Errors
/// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`, what
/// `IoOpenDeviceRegistryKey` returns.
pub fn open_device_key(
    call: &Call,
    physical: DeviceObject,
    (kind, access): (ULONG, ACCESS_MASK),
    attributes: Claimed<wdk_sys::WDF_OBJECT_ATTRIBUTES>,
    key: Claimed<WDFKEY>,
) -> Outcome {
    key.not_null(call).put(core::ptr::null_mut());
    check_irql()?;
    let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
    handle(
        call,
        &attributes,
        OpenKey::of_device(physical, kind, access)?,
        key,
    )
}

ddi! {
    /// The key Parameters of the driver's service, which is made when it is missing.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`, what
    /// `ZwOpenKey` and `ZwCreateKey` return.
    fn WdfDriverOpenParametersRegistryKey: PFN_WDFDRIVEROPENPARAMETERSREGISTRYKEY(
        call, driver: WDFDRIVER, access: ACCESS_MASK, attributes: PWDF_OBJECT_ATTRIBUTES, key: *mut WDFKEY,
    ) -> NTSTATUS {
        driver.object(call);
        key.not_null(call).put(core::ptr::null_mut());
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let service = OpenKey::open(None, call.client.registry_path.text(), KEY_READ)?;
        let (parameters, _) = OpenKey::create(Some(service.handle()), &wide(b"Parameters"), access, NON_VOLATILE)?;
        handle(call, &attributes, parameters, key)
    }

    /// A key of the device or its driver.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (no `PnP` device, IRQL), those of the attributes,
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `IoOpenDeviceRegistryKey` returns.
    fn WdfDeviceOpenRegistryKey: PFN_WDFDEVICEOPENREGISTRYKEY(
        call, device: WDFDEVICE, kind: ULONG, access: ACCESS_MASK, attributes: PWDF_OBJECT_ATTRIBUTES,
        key: *mut WDFKEY,
    ) -> NTSTATUS {
        match device.object(call).physical.get() {
            Some(physical) => open_device_key(call, physical, (kind, access), attributes, key),
            None => fail(STATUS_INVALID_DEVICE_REQUEST),
        }
    }

    /// Opens a key.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_INVALID_PARAMETER`,
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `ZwOpenKey` returns.
    fn WdfRegistryOpenKey: PFN_WDFREGISTRYOPENKEY(
        call, parent: WDFKEY, name: PCUNICODE_STRING, access: ACCESS_MASK,
        attributes: PWDF_OBJECT_ATTRIBUTES, key: *mut WDFKEY,
    ) -> NTSTATUS {
        key.not_null(call).put(core::ptr::null_mut());
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let name = name.not_null(call);
        let name = name.valid_text()?;
        let opened = match parent.optional(call) {
            Some(parent) => parent.with(|parent| OpenKey::open(Some(parent.handle()), name, access))?,
            None => OpenKey::open(None, name, access)?,
        };
        handle(call, &attributes, opened, key)
    }

    /// Creates or opens a key.
    ///
    /// # Errors
    /// as for opening, what `ZwCreateKey` returns.
    fn WdfRegistryCreateKey: PFN_WDFREGISTRYCREATEKEY(
        call, parent: WDFKEY, name: PCUNICODE_STRING, access: ACCESS_MASK, options: ULONG,
        disposition: PULONG, attributes: PWDF_OBJECT_ATTRIBUTES, key: *mut WDFKEY,
    ) -> NTSTATUS {
        key.not_null(call).put(core::ptr::null_mut());
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let name = name.not_null(call);
        let name = name.valid_text()?;
        let (created, how) = match parent.optional(call) {
            Some(parent) => parent.with(|parent| OpenKey::create(Some(parent.handle()), name, access, options))?,
            None => OpenKey::create(None, name, access, options)?,
        };
        disposition.put(how);
        handle(call, &attributes, created, key)
    }

    /// Closes a key and deletes its handle.
    fn WdfRegistryClose: PFN_WDFREGISTRYCLOSE(call, key: WDFKEY) {
        key.object(call).delete();
    }

    /// The handle for Zw routines.
    fn WdfRegistryWdmGetHandle: PFN_WDFREGISTRYWDMGETHANDLE(call, key: WDFKEY) -> HANDLE {
        key.object(call).key.borrow().as_ref().map_or(core::ptr::null_mut(), OpenKey::handle)
    }

    /// Deletes the key in the registry, and the handle.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwDeleteKey` returns.
    fn WdfRegistryRemoveKey: PFN_WDFREGISTRYREMOVEKEY(call, key: WDFKEY) -> NTSTATUS {
        let key = key.object(call);
        check_irql()?;
        key.with(OpenKey::remove)?;
        key.delete();
        Ok(())
    }

    /// Deletes a value.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwDeleteValueKey` returns.
    fn WdfRegistryRemoveValue: PFN_WDFREGISTRYREMOVEVALUE(
        call, key: WDFKEY, name: PCUNICODE_STRING,
    ) -> NTSTATUS {
        check_irql()?;
        key.object(call).with(|key| key.remove_value(name.not_null(call).valid_text()?))
    }

    /// Reads a `REG_DWORD`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (the name), `STATUS_OBJECT_TYPE_MISMATCH` (another type, or too
    /// short), `STATUS_BUFFER_OVERFLOW` (a longer value), `STATUS_OBJECT_NAME_NOT_FOUND`, what `ZwQueryValueKey` returns.
    fn WdfRegistryQueryULong: PFN_WDFREGISTRYQUERYULONG(
        call, key: WDFKEY, name: PCUNICODE_STRING, value: PULONG,
    ) -> NTSTATUS {
        check_irql()?;
        let (kind, block) = key.object(call).read(name.not_null(call).valid_text()?)?;
        match data(&block).try_into() {
            Ok(bytes) if kind == REG_DWORD => value.not_null(call).put(ULONG::from_le_bytes(bytes)),
            Err(_) if kind == REG_DWORD && data(&block).len() > 4 => return fail(STATUS_BUFFER_OVERFLOW),
            _ => return fail(STATUS_OBJECT_TYPE_MISMATCH),
        }
        Ok(())
    }

    /// Reads a value of any type.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_BUFFER_OVERFLOW` with the length that is needed, what
    /// `ZwQueryValueKey` returns.
    fn WdfRegistryQueryValue: PFN_WDFREGISTRYQUERYVALUE(
        call, key: WDFKEY, name: PCUNICODE_STRING, length: ULONG, value: PVOID, needed: PULONG, kind: PULONG,
    ) -> NTSTATUS {
        check_irql()?;
        let (found, block) = key.object(call).read(name.not_null(call).valid_text()?)?;
        copy_value(call, data(&block), (length, value), needed, (kind, found))
    }

    /// Reads a text into a string.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (the name), `STATUS_OBJECT_TYPE_MISMATCH`,
    /// `STATUS_RESOURCE_DATA_NOT_FOUND` (no bytes), what `ZwQueryValueKey` returns.
    fn WdfRegistryQueryString: PFN_WDFREGISTRYQUERYSTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, text: WDFSTRING,
    ) -> NTSTATUS {
        check_irql()?;
        let value = key.object(call).read(name.not_null(call).valid_text()?)?;
        string::set(text.object(call), text_units(call, value)?.as_slice())
    }

    /// Reads a text into a buffer that has room for its NUL, too, if it has one.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (the name, no buffer), `STATUS_BUFFER_OVERFLOW` with the length
    /// that is needed, `STATUS_OBJECT_TYPE_MISMATCH`, what `ZwQueryValueKey` returns.
    fn WdfRegistryQueryUnicodeString: PFN_WDFREGISTRYQUERYUNICODESTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, needed: PUSHORT, value: PUNICODE_STRING,
    ) -> NTSTATUS {
        check_irql()?;
        let name = name.not_null(call);
        let name = name.valid_text()?;
        value.valid_text()?;
        if value.get().is_some_and(|value| value.MaximumLength == 0) {
            return fail(STATUS_INVALID_PARAMETER);
        }
        let (kind, block) = key.object(call).read(name)?;
        copy_text(call, (kind, data(&block)), needed, value)
    }

    /// Writes a `REG_DWORD`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwSetValueKey` returns.
    fn WdfRegistryAssignULong: PFN_WDFREGISTRYASSIGNULONG(
        call, key: WDFKEY, name: PCUNICODE_STRING, value: ULONG,
    ) -> NTSTATUS {
        check_irql()?;
        let place = (&raw const value).cast();
        key.object(call).with(|key| key.set(name.not_null(call).valid_text()?, REG_DWORD, place, 4))
    }

    /// Writes a value of any type.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwSetValueKey` returns.
    fn WdfRegistryAssignValue: PFN_WDFREGISTRYASSIGNVALUE(
        call, key: WDFKEY, name: PCUNICODE_STRING, kind: ULONG, length: ULONG, value: PVOID,
    ) -> NTSTATUS {
        check_irql()?;
        key.object(call).with(|key| key.set(name.not_null(call).valid_text()?, kind, value.not_null(call).pointer(), length))
    }

    /// Writes a `REG_SZ`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwSetValueKey` returns.
    fn WdfRegistryAssignString: PFN_WDFREGISTRYASSIGNSTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, text: WDFSTRING,
    ) -> NTSTATUS {
        check_irql()?;
        let key = key.object(call);
        string::with(text.object(call), |text| assign_text(call, key, name.valid_text()?, text))
    }

    /// Writes a `REG_SZ`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), what `ZwSetValueKey` returns.
    fn WdfRegistryAssignUnicodeString: PFN_WDFREGISTRYASSIGNUNICODESTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, value: PCUNICODE_STRING,
    ) -> NTSTATUS {
        check_irql()?;
        assign_text(call, key.object(call), name.valid_text()?, value.not_null(call).valid_text()?)
    }
}

fn assign_text(call: &Call, key: Obj<Key>, name: &[u16], text: &[u16]) -> Outcome {
    let value = crate::wdm::text::Wide::of(call.client.tag(), text)?;
    let units = value.with_nul();
    let bytes = ULONG::try_from(units.len() * 2).unwrap_or(ULONG::MAX);
    key.with(|key| key.set(name, REG_SZ, units.as_ptr().cast(), bytes))
}

/// Gives type and length, and the bytes when they fit.
fn copy_value(
    call: &Call,
    bytes: &[u8],
    (length, value): (ULONG, Claimed<core::ffi::c_void>),
    needed: Claimed<ULONG>,
    (kind, found): (Claimed<ULONG>, ULONG),
) -> Outcome {
    kind.put(found);
    needed.put(ULONG::try_from(bytes.len()).unwrap_or(ULONG::MAX));
    let room = call
        .claim(value.pointer().cast::<u8>())
        .slice_mut(length as usize);
    match room.get_mut(..bytes.len()) {
        Some(room) => {
            room.copy_from_slice(bytes);
            Ok(())
        }
        None => fail(STATUS_BUFFER_OVERFLOW),
    }
}

fn copy_text(
    call: &Call,
    (kind, bytes): (ULONG, &[u8]),
    needed: Claimed<u16>,
    value: Claimed<UNICODE_STRING>,
) -> Outcome {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let room = match value.get() {
        Some(string) => call
            .claim(string.Buffer.cast::<u8>())
            .slice_mut(usize::from(string.MaximumLength)),
        None => &mut [],
    };
    let Some(room) = room.get_mut(..bytes.len()) else {
        needed.put(length);
        return fail(STATUS_BUFFER_OVERFLOW);
    };
    if !is_text(kind) {
        return fail(STATUS_OBJECT_TYPE_MISMATCH);
    }
    needed.put(length);
    if let Some(mut string) = value.get() {
        room.copy_from_slice(bytes);
        string.Length = if bytes.ends_with(&[0, 0]) {
            length - 2
        } else {
            length
        };
        value.put(string);
    }
    Ok(())
}
