//! WDFSTRING.

use core::cell::RefCell;

use wdk_sys::{PCUNICODE_STRING, PUNICODE_STRING, PWDF_OBJECT_ATTRIBUTES, WDFSTRING};

use crate::{
    ddi::Call,
    failure::Outcome,
    object::{Attributes, Header, Obj, Parent, create},
    wdm::text::Wide,
};

/// What a WDFSTRING stands for.
#[repr(C)]
pub struct Text {
    header: Header,
    text: RefCell<Wide>,
}

framework! {
    Text: String
}

/// Replaces the text.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn set(text: Obj<Text>, value: &[u16]) -> Outcome {
    let value = Wide::of(text.header.client.tag(), value)?;
    text.text.replace(value);
    Ok(())
}

/// Calls this with the text.
pub fn with<T>(text: Obj<Text>, action: impl FnOnce(&[u16]) -> T) -> T {
    action(text.text.borrow().text())
}

/// A new string.
///
/// # Errors
/// `STATUS_INSUFFICIENT_RESOURCES`.
pub fn new(call: &Call, attributes: &Attributes, value: &[u16]) -> Outcome<Obj<Text>> {
    let text = RefCell::new(Wide::of(call.client.tag(), value)?);
    create(
        Text {
            header: Header::new::<Text>(call.client),
            text,
        },
        attributes,
        call.parent(attributes, None),
    )
}

ddi! {
    /// Creates a string.
    ///
    /// # Errors
    /// those of the attributes, `STATUS_INVALID_PARAMETER`, `STATUS_INSUFFICIENT_RESOURCES`.
    fn WdfStringCreate: PFN_WDFSTRINGCREATE(
        call, value: PCUNICODE_STRING, attributes: PWDF_OBJECT_ATTRIBUTES, text: *mut WDFSTRING,
    ) -> NTSTATUS {
        text.not_null(call).put(core::ptr::null_mut());
        let attributes = Attributes::of(call, attributes, Parent::Allowed)?;
        text.put(new(call, &attributes, value.valid_text()?)?.handle());
        Ok(())
    }

    /// The text; it stays the string's.
    fn WdfStringGetUnicodeString: PFN_WDFSTRINGGETUNICODESTRING(
        call, text: WDFSTRING, value: PUNICODE_STRING,
    ) {
        value.not_null(call).put(text.object(call).text.borrow().counted());
    }
}
