//! `DriverEntry` of a Plug and Play driver.

/// Makes `DriverEntry` and `EvtDriverDeviceAdd` of a driver whose devices come from one routine.
///
/// ```ignore
/// direct_call::driver! { tag: b"Fifo", add: add }
///
/// fn add(init: DeviceInit<'_>) -> Result<(), Failure> { … }
/// ```
///
/// `tag` marks what the framework allocates for the driver. `add` runs at `PASSIVE_LEVEL`; with its failure, the device is not added.
#[macro_export]
macro_rules! driver {
    (tag: $tag:literal, add: $add:path $(,)?) => {
        const _: () = {
            /// # Safety
            ///
            /// Only the framework's entry stub calls it, with the driver object and the registry path of this image, at `PASSIVE_LEVEL`.
            // SAFETY: the one DriverEntry of the image; the name is what the framework's entry stub links to.
            #[unsafe(export_name = "DriverEntry")]
            unsafe extern "system" fn driver_entry(
                driver_object: *mut $crate::kmdf::wdk_sys::DRIVER_OBJECT,
                registry_path: $crate::kmdf::wdk_sys::PCUNICODE_STRING,
            ) -> $crate::kmdf::wdk_sys::NTSTATUS {
                let tag = u32::from_le_bytes(*$tag);
                // SAFETY: the arguments of DriverEntry, as they came.
                unsafe {
                    $crate::kmdf::create_driver(
                        driver_object,
                        registry_path,
                        Some(evt_driver_device_add),
                        tag,
                    )
                }
            }

            /// # Safety
            ///
            /// Only the framework calls it.
            unsafe extern "C" fn evt_driver_device_add(
                _driver: $crate::kmdf::wdk_sys::WDFDRIVER,
                init: *mut $crate::kmdf::wdk_sys::WDFDEVICE_INIT,
            ) -> $crate::kmdf::wdk_sys::NTSTATUS {
                // SAFETY: the framework's argument, good until this routine returns, and wrapped once.
                $crate::Failure::status_of($add(unsafe { $crate::kmdf::DeviceInit::from_raw(init) }))
            }
        };
    };
}
