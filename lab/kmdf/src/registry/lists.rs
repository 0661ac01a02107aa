//! Values of the registry as memory objects and as collections of strings.

use wdk_sys::{
    PCUNICODE_STRING, POOL_TYPE, PULONG, PWDF_OBJECT_ATTRIBUTES, PWDFMEMORY_OFFSET, REG_MULTI_SZ,
    STATUS_INVALID_PARAMETER, STATUS_OBJECT_TYPE_MISMATCH, STATUS_RESOURCE_DATA_NOT_FOUND, ULONG,
    WDFCOLLECTION, WDFKEY, WDFMEMORY,
};

use super::{check_irql, data};
use crate::{
    collection::Collection,
    ddi::Call,
    failure::{Outcome, fail},
    memory,
    object::{Attributes, Obj, Parent},
    pool::Array,
    string::{self, Text},
};

ddi! {
    /// Reads a value into memory that is allocated for it.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_INSUFFICIENT_RESOURCES`, what
    /// `ZwQueryValueKey` returns.
    fn WdfRegistryQueryMemory: PFN_WDFREGISTRYQUERYMEMORY(
        call, key: WDFKEY, name: PCUNICODE_STRING, _pool: POOL_TYPE, attributes: PWDF_OBJECT_ATTRIBUTES,
        memory: *mut WDFMEMORY, kind: PULONG,
    ) -> NTSTATUS {
        memory.not_null(call).put(core::ptr::null_mut());
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let (found, block) = key.object(call).read(name.not_null(call).valid_text()?)?;
        let bytes = data(&block);
        if bytes.is_empty() {
            return fail(STATUS_RESOURCE_DATA_NOT_FOUND);
        }
        let object = memory::allocate(call, &attributes, None, bytes.len())?;
        object.fill(bytes);
        kind.put(found);
        memory.put(object.handle());
        Ok(())
    }

    /// Writes a value from a memory object.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (the offset), what `ZwSetValueKey`
    /// returns.
    fn WdfRegistryAssignMemory: PFN_WDFREGISTRYASSIGNMEMORY(
        call, key: WDFKEY, name: PCUNICODE_STRING, kind: ULONG, memory: WDFMEMORY, part: PWDFMEMORY_OFFSET,
    ) -> NTSTATUS {
        check_irql()?;
        let (start, length) = memory.object(call).part(part.get())?;
        let Ok(length) = ULONG::try_from(length) else { return fail(STATUS_INVALID_PARAMETER) };
        key.object(call).with(|key| key.set(name.not_null(call).valid_text()?, kind, start.cast(), length))
    }

    /// Reads a `REG_MULTI_SZ` as strings.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), those of the attributes, `STATUS_OBJECT_TYPE_MISMATCH`,
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `ZwQueryValueKey` returns.
    fn WdfRegistryQueryMultiString: PFN_WDFREGISTRYQUERYMULTISTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, attributes: PWDF_OBJECT_ATTRIBUTES,
        collection: WDFCOLLECTION,
    ) -> NTSTATUS {
        check_irql()?;
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        let (kind, block) = key.object(call).read(name.not_null(call).valid_text()?)?;
        if kind != REG_MULTI_SZ {
            return fail(STATUS_OBJECT_TYPE_MISMATCH);
        }
        let bytes = data(&block);
        if bytes.is_empty() {
            return fail(STATUS_RESOURCE_DATA_NOT_FOUND);
        }
        if bytes.len() % 2 != 0 || !bytes.ends_with(&[0; 4]) {
            return fail(STATUS_OBJECT_TYPE_MISMATCH);
        }
        add_strings(call, data(&block), &attributes, collection.object(call))
    }

    /// Writes strings as a `REG_MULTI_SZ`.
    ///
    /// # Errors
    /// `STATUS_INVALID_DEVICE_REQUEST` (IRQL), `STATUS_INVALID_PARAMETER` (an object that is no string),
    /// `STATUS_INSUFFICIENT_RESOURCES`, what `ZwSetValueKey` returns.
    fn WdfRegistryAssignMultiString: PFN_WDFREGISTRYASSIGNMULTISTRING(
        call, key: WDFKEY, name: PCUNICODE_STRING, collection: WDFCOLLECTION,
    ) -> NTSTATUS {
        check_irql()?;
        let units = join_strings(call, collection.object(call))?;
        let Ok(bytes) = ULONG::try_from(units.as_slice().len() * 2) else { return fail(STATUS_INVALID_PARAMETER) };
        let start = units.as_slice().as_ptr().cast();
        key.object(call).with(|key| key.set(name.not_null(call).valid_text()?, REG_MULTI_SZ, start, bytes))
    }
}

fn add_strings(call: &Call, bytes: &[u8], attributes: &Attributes, collection: Obj<Collection>) -> Outcome {
    let mut units = Array::new(call.client.tag());
    for pair in bytes.chunks_exact(2) {
        units.push(u16::from_le_bytes([pair[0], pair[1]]))?;
    }
    // The list ends with the first empty text.
    for text in units
        .as_slice()
        .split(|unit| *unit == 0)
        .take_while(|text| !text.is_empty())
    {
        collection.add(string::new(call, attributes, text)?.header())?;
    }
    Ok(())
}

fn join_strings(call: &Call, collection: Obj<Collection>) -> Outcome<Array<u16>> {
    let mut units = Array::new(call.client.tag());
    for item in (0..).map_while(|at| collection.item(at)) {
        let Some(text) = item.try_narrow::<Text>() else {
            return fail(STATUS_INVALID_PARAMETER);
        };
        string::with(text, |text| units.extend(text))?;
        units.push(0)?;
    }
    units.push(0)?;
    Ok(units)
}
