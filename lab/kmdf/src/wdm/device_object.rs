//! Driver objects, device objects and their stacks.
#![allow(
    unsafe_code,
    reason = "reads and writes the fields of WDM objects and calls the I/O manager"
)]

use core::{ffi::c_void, mem, mem::offset_of, ptr};

use wdk_sys::{
    _DEVICE_RELATION_TYPE, DEVICE_OBJECT, DRIVER_OBJECT, GUID, LARGE_INTEGER, NTSTATUS, PDEVICE_OBJECT,
    PDRIVER_DISPATCH, PDRIVER_OBJECT, PDRIVER_UNLOAD, PIRP, STATUS_NO_SUCH_DEVICE, UNICODE_STRING,
    ntddk::{
        IoAllocateDriverObjectExtension, IoAttachDeviceToDeviceStack, IoCreateDevice, IoCreateSymbolicLink,
        IoDeleteDevice, IoDeleteSymbolicLink, IoDetachDevice, IoGetAttachedDeviceReference,
        IoGetDriverObjectExtension, IoInvalidateDeviceRelations, IoInvalidateDeviceState,
        IoRegisterDeviceInterface, IoSetDeviceInterfaceState, IofCallDriver, ObfDereferenceObject,
        ObfReferenceObject,
    },
};

use crate::failure::{Outcome, check, fail};

/// wdm.h: `IRP_MJ_MAXIMUM_FUNCTION` + 1, how many major functions there are.
pub const MAJOR_FUNCTIONS: usize = 28;

/// A device object that somebody holds: the framework's own, the one below it, or the PDO of its stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DeviceObject(PDEVICE_OBJECT);

impl DeviceObject {
    /// A device object of the I/O manager, `None` for null. The framework gets them from the I/O manager only
    /// and lets go of them before it lets go of what keeps them (its attachment, its own reference, the IRP
    /// in progress).
    pub const fn of(pointer: PDEVICE_OBJECT) -> Option<Self> {
        if pointer.is_null() {
            None
        } else {
            Some(Self(pointer))
        }
    }

    /// The address for the driver.
    pub const fn pointer(self) -> PDEVICE_OBJECT {
        self.0
    }

    const fn get(&self) -> &DEVICE_OBJECT {
        // SAFETY: Held as `of` says, and the fields that are read through this are machine words.
        unsafe { &*self.0 }
    }

    const fn set<T>(self, offset: usize, value: T) {
        let place = self.0.wrapping_byte_add(offset).cast::<T>();
        // SAFETY: The offset of a field of this type, which only the driver of the device writes, during
        // set-up.
        unsafe { place.write(value) }
    }

    /// `DO_…` flags.
    pub const fn flags(self) -> u32 {
        self.get().Flags
    }

    /// Sets the `DO_…` flags.
    pub const fn set_flags(self, flags: u32) {
        self.set(offset_of!(DEVICE_OBJECT, Flags), flags);
    }

    /// Takes over type and characteristics, as a filter does from what it filters.
    pub const fn imitate(self, lower: Self) {
        self.set(offset_of!(DEVICE_OBJECT, DeviceType), lower.get().DeviceType);
        self.set_characteristics(lower.characteristics());
    }

    /// `FILE_…` characteristics.
    pub const fn characteristics(self) -> u32 {
        self.get().Characteristics
    }

    /// Sets the characteristics.
    pub const fn set_characteristics(self, characteristics: u32) {
        self.set(offset_of!(DEVICE_OBJECT, Characteristics), characteristics);
    }

    /// How many stack locations an IRP to this device needs.
    pub const fn stack_size(self) -> i8 {
        self.get().StackSize
    }

    /// Asks for more stack locations.
    pub const fn set_stack_size(self, size: i8) {
        self.set(offset_of!(DEVICE_OBJECT, StackSize), size);
    }

    /// The alignment that transfers need, as a mask.
    pub const fn alignment(self) -> u32 {
        self.get().AlignmentRequirement
    }

    /// Sets the alignment mask.
    pub const fn set_alignment(self, mask: u32) {
        self.set(offset_of!(DEVICE_OBJECT, AlignmentRequirement), mask);
    }

    /// The driver's own memory at the device object.
    pub const fn extension(self) -> *mut c_void {
        self.get().DeviceExtension
    }

    /// Takes a reference.
    pub fn reference(self) {
        // SAFETY: Held as `of` says.
        unsafe { ObfReferenceObject(self.0.cast()) };
    }

    /// Gives a reference back.
    pub fn dereference(self) {
        // SAFETY: The callers took a reference before.
        unsafe { ObfDereferenceObject(self.0.cast()) };
    }

    /// The top of the stack, with a reference.
    pub fn top(self) -> Option<Self> {
        // SAFETY: Held as `of` says.
        Self::of(unsafe { IoGetAttachedDeviceReference(self.0) })
    }

    /// Sends an IRP to the driver of this device.
    pub fn call(self, irp: PIRP) -> NTSTATUS {
        // SAFETY: Held as `of` says; the IRP is the sender's until this call, and its next location was
        // prepared.
        unsafe { IofCallDriver(self.0, irp) }
    }

    /// Puts this device on top of the stack of another one; what is directly below it now.
    ///
    /// # Errors
    /// `STATUS_NO_SUCH_DEVICE`.
    pub fn attach_to(self, target: Self) -> Outcome<Self> {
        // SAFETY: Both are held as `of` says.
        Self::of(unsafe { IoAttachDeviceToDeviceStack(self.0, target.0) })
            .map_or_else(|| fail(STATUS_NO_SUCH_DEVICE), Ok)
    }

    /// Takes the device above this one off.
    pub fn detach(self) {
        // SAFETY: This is what `attach_to` returned, and it is detached once.
        unsafe { IoDetachDevice(self.0) }
    }

    /// Deletes the device object.
    pub fn delete(self) {
        // SAFETY: Created by `create`, detached, and deleted once.
        unsafe { IoDeleteDevice(self.0) }
    }

    /// Tells the `PnP` manager to ask this PDO for its bus relations again.
    pub fn invalidate_relations(self) {
        // SAFETY: The framework passes a PDO only.
        unsafe { IoInvalidateDeviceRelations(self.0, _DEVICE_RELATION_TYPE::BusRelations) }
    }

    /// Tells the `PnP` manager to ask this PDO for its state again.
    pub fn invalidate_state(self) {
        // SAFETY: The framework passes a PDO only.
        unsafe { IoInvalidateDeviceState(self.0) }
    }

    /// Registers a device interface of this PDO; the symbolic link's name, in memory that the I/O manager
    /// allocated.
    ///
    /// # Errors
    /// What `IoRegisterDeviceInterface` returns.
    pub fn register_interface(
        self,
        class: &GUID,
        reference: Option<&UNICODE_STRING>,
    ) -> Outcome<UNICODE_STRING> {
        let mut name = UNICODE_STRING::default();
        let reference = reference.map_or(ptr::null_mut(), |text| ptr::from_ref(text).cast_mut());
        // SAFETY: A PDO, a GUID, null or a string, and a place for the name; all outlive the call.
        check(unsafe { IoRegisterDeviceInterface(self.0, class, reference, &raw mut name) })?;
        Ok(name)
    }
}

/// What a new device object is to be.
pub struct NewDevice<'a> {
    /// Bytes of the extension.
    pub extension: u32,
    /// Its name, if it has one.
    pub name: Option<&'a UNICODE_STRING>,
    /// `FILE_DEVICE`_…
    pub device_type: u32,
    /// `FILE_…` characteristics
    pub characteristics: u32,
    /// Whether one handle at a time may be open.
    pub exclusive: bool,
    /// Who may open it; none where the system decides.
    pub security: Option<Security<'a>>,
}

/// Who may open a device object.
pub struct Security<'a> {
    /// The security descriptor in SDDL.
    pub sddl: UNICODE_STRING,
    /// The class whose security in the registry overrides it.
    pub class: Option<&'a GUID>,
}

// On Windows the code is in wdmsec.lib.
unsafe extern "C" {
    fn IoCreateDeviceSecure(
        driver: PDRIVER_OBJECT,
        extension: u32,
        name: *mut UNICODE_STRING,
        device_type: u32,
        characteristics: u32,
        exclusive: u8,
        sddl: *const UNICODE_STRING,
        class: *const GUID,
        device: *mut PDEVICE_OBJECT,
    ) -> NTSTATUS;
}

/// The driver object of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DriverObject(PDRIVER_OBJECT);

impl DriverObject {
    /// The driver object that the I/O manager or the client passed, `None` for null.
    pub const fn of(pointer: PDRIVER_OBJECT) -> Option<Self> {
        if pointer.is_null() {
            None
        } else {
            Some(Self(pointer))
        }
    }

    /// The address for the driver.
    pub const fn pointer(self) -> PDRIVER_OBJECT {
        self.0
    }

    const fn set<T>(self, offset: usize, value: T) {
        let place = self.0.wrapping_byte_add(offset).cast::<T>();
        // SAFETY: The offset of a field of this type; the I/O manager lets DriverEntry write it.
        unsafe { place.write(value) }
    }

    /// Sets the routine that is called before the image goes.
    pub fn set_unload(self, routine: PDRIVER_UNLOAD) {
        self.set(offset_of!(DRIVER_OBJECT, DriverUnload), routine);
    }

    /// Sets the dispatch routine of all major functions.
    pub fn set_dispatch(self, routine: PDRIVER_DISPATCH) {
        self.set(
            offset_of!(DRIVER_OBJECT, MajorFunction),
            [routine; MAJOR_FUNCTIONS],
        );
    }

    /// Sets the routine for new devices.
    pub fn set_add_device(self, routine: wdk_sys::PDRIVER_ADD_DEVICE) {
        // SAFETY: The driver object outlives every bound client.
        let extension = unsafe { (*self.0).DriverExtension };
        if !extension.is_null() {
            // SAFETY: The I/O manager gives every driver object an extension that lives as long.
            unsafe { (*extension).AddDevice = routine }
        }
    }

    /// A place of this size at the driver object, under an identifying address.
    ///
    /// # Errors
    /// What `IoAllocateDriverObjectExtension` returns.
    pub fn allocate_extension(self, id: *const c_void, bytes: u32) -> Outcome<*mut c_void> {
        let mut place = ptr::null_mut();
        // SAFETY: A driver object, an address that serves as a name, and a place for the result.
        check(unsafe { IoAllocateDriverObjectExtension(self.0, id.cast_mut(), bytes, &raw mut place) })?;
        Ok(place)
    }

    /// The place that [`Self::allocate_extension`] made, or null.
    pub fn extension(self, id: *const c_void) -> *mut c_void {
        // SAFETY: A driver object and an address that serves as a name.
        unsafe { IoGetDriverObjectExtension(self.0, id.cast_mut()) }
    }

    /// Creates a device object.
    ///
    /// # Errors
    /// What `IoCreateDevice` or `IoCreateDeviceSecure` returns.
    pub fn create_device(self, new: &NewDevice<'_>) -> Outcome<DeviceObject> {
        let mut device = ptr::null_mut();
        let name = new
            .name
            .map_or(ptr::null_mut(), |text| ptr::from_ref(text).cast_mut());
        let exclusive = u8::from(new.exclusive);
        check(match &new.security {
            // SAFETY: A driver object, null or a string that outlives the call, and a place for the result.
            None => unsafe {
                IoCreateDevice(
                    self.0,
                    new.extension,
                    name,
                    new.device_type,
                    new.characteristics,
                    exclusive,
                    &raw mut device,
                )
            },
            // SAFETY: The same; descriptor and class outlive the call too.
            Some(security) => unsafe {
                IoCreateDeviceSecure(
                    self.0,
                    new.extension,
                    name,
                    new.device_type,
                    new.characteristics,
                    exclusive,
                    &raw const security.sddl,
                    security.class.map_or(ptr::null(), ptr::from_ref),
                    &raw mut device,
                )
            },
        })?;
        DeviceObject::of(device).map_or_else(|| fail(STATUS_NO_SUCH_DEVICE), Ok)
    }
}

/// Turns a device interface on or off.
///
/// # Errors
/// What `IoSetDeviceInterfaceState` returns.
pub fn set_interface_state(name: &UNICODE_STRING, on: bool) -> Outcome {
    // SAFETY: A name that IoRegisterDeviceInterface made.
    check(unsafe { IoSetDeviceInterfaceState(ptr::from_ref(name).cast_mut(), u8::from(on)) })
}

/// Creates a symbolic link.
///
/// # Errors
/// What `IoCreateSymbolicLink` returns.
pub fn create_link(link: &UNICODE_STRING, target: &UNICODE_STRING) -> Outcome {
    // SAFETY: Two strings that outlive the call.
    check(unsafe { IoCreateSymbolicLink(ptr::from_ref(link).cast_mut(), ptr::from_ref(target).cast_mut()) })
}

/// Deletes a symbolic link; one that is gone already is no matter.
pub fn delete_link(link: &UNICODE_STRING) {
    // SAFETY: A string that outlives the call.
    let _gone = unsafe { IoDeleteSymbolicLink(ptr::from_ref(link).cast_mut()) };
}

/// A zeroed kernel structure.
pub const fn zeroed<T: Copy>() -> T {
    // SAFETY: Used for plain structures of the kernel's headers (integers, pointers, optional routines), for
    // which all zeros is a value.
    unsafe { mem::zeroed() }
}

/// A time span or a point in time, in units of 100 ns.
pub const fn time(quad: i64) -> LARGE_INTEGER {
    LARGE_INTEGER { QuadPart: quad }
}
