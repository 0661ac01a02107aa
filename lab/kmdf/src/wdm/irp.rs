//! IRPs: the parameters of the current location, the preparation of the next one, completion.
#![allow(
    unsafe_code,
    reason = "IRPs and their stack locations are linked by addresses and hold unions"
)]

use core::{
    ffi::c_void,
    mem::offset_of,
    ptr::NonNull,
    sync::atomic::{AtomicPtr, Ordering},
};

use wdk_sys::{
    CCHAR, FILE_OBJECT, IO_STACK_LOCATION, IRP, MDL, NTSTATUS, PDEVICE_OBJECT, PFILE_OBJECT, PIRP,
    STATUS_MORE_PROCESSING_REQUIRED, STATUS_PENDING,
    ntddk::{
        IoAllocateIrp, IoCancelIrp, IoFreeIrp, IoGetInitiatorProcess, IoGetRequestorProcessId,
        IoReleaseCancelSpinLock, IoReuseIrp, IofCompleteRequest, PoCallDriver, PoStartNextPowerIrp,
        PsGetProcessId,
    },
};

use super::{device_object::DeviceObject, sync::Event};
use crate::{failure::Outcome, pool::NO_MEMORY};

/// wdm.h: the completion routine runs whatever the outcome (`SL_INVOKE_ON_CANCEL` | _SUCCESS | _ERROR).
const INVOKE_ALWAYS: u8 = 0x20 | 0x40 | 0x80;
/// wdm.h: `SL_PENDING_RETURNED`
const PENDING_RETURNED: u8 = 1;
/// wdm.h: no thread gets a higher priority for the completion (`IO_NO_INCREMENT`).
pub const NO_INCREMENT: CCHAR = 0;
/// A completion routine.
pub type Completion = extern "C" fn(PDEVICE_OBJECT, PIRP, *mut c_void) -> NTSTATUS;

/// An IRP that is the framework's: between its dispatch routine and the completion or the call of the next
/// driver, or one that it allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Irp(NonNull<IRP>);

/// The address of a field of an IRP.
macro_rules! field {
    ($irp:expr, $($path:tt)+) => {
        $irp.0.as_ptr().wrapping_byte_add(offset_of!(IRP, $($path)+)).cast()
    };
}

impl Irp {
    /// The IRP at this address, `None` for null.
    pub fn of(pointer: PIRP) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// A new IRP that the framework sends and frees.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn allocate(stack_size: i8) -> Outcome<Self> {
        // SAFETY: Any size is taken; at or below DISPATCH_LEVEL, as all callers are.
        Self::of(unsafe { IoAllocateIrp(stack_size, 0) }).ok_or(NO_MEMORY)
    }

    /// Frees an IRP of [`Self::allocate`].
    pub fn free(self) {
        // SAFETY: Allocated by `allocate`, and no driver has it any more.
        unsafe { IoFreeIrp(self.0.as_ptr()) }
    }

    /// The address.
    pub const fn pointer(self) -> PIRP {
        self.0.as_ptr()
    }

    const fn get(&self) -> &IRP {
        // SAFETY: Ours, as the type says; nobody else writes the fields that are read through this.
        unsafe { self.0.as_ref() }
    }

    const fn location(self) -> *mut IO_STACK_LOCATION {
        let place: *mut *mut IO_STACK_LOCATION = field!(
            self,
            Tail.Overlay
                .__bindgen_anon_2
                .__bindgen_anon_1
                .CurrentStackLocation
        );
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.read() }
    }

    const fn set_location(self, location: *mut IO_STACK_LOCATION) {
        let place: *mut *mut IO_STACK_LOCATION = field!(
            self,
            Tail.Overlay
                .__bindgen_anon_2
                .__bindgen_anon_1
                .CurrentStackLocation
        );
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(location) }
    }

    /// A copy of the current stack location.
    pub const fn stack(self) -> IO_STACK_LOCATION {
        // SAFETY: An IRP that a driver got has a current location.
        unsafe { self.location().read() }
    }

    /// Writes the current stack location.
    pub const fn set_stack(self, stack: IO_STACK_LOCATION) {
        // SAFETY: An IRP that a driver got has a current location, which is that driver's.
        unsafe { self.location().write(stack) }
    }

    /// A copy of the next driver's location.
    pub const fn next(self) -> IO_STACK_LOCATION {
        // SAFETY: Callers send the IRP on, so there is a location below the current one.
        unsafe { self.location().wrapping_sub(1).read() }
    }

    /// Writes the next driver's location.
    pub const fn set_next(self, stack: IO_STACK_LOCATION) {
        // SAFETY: Callers send the IRP on, so there is a location below the current one, and it is theirs to
        // prepare.
        unsafe { self.location().wrapping_sub(1).write(stack) }
    }

    /// `IRP_MJ`_…
    pub const fn major(self) -> u8 {
        self.stack().MajorFunction
    }

    /// `IRP_MN`_…
    pub const fn minor(self) -> u8 {
        self.stack().MinorFunction
    }

    /// `IoStatus.Status`
    pub const fn status(self) -> NTSTATUS {
        let place: *mut NTSTATUS = field!(self, IoStatus.__bindgen_anon_1.Status);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.read() }
    }

    /// Sets `IoStatus.Status`.
    pub const fn set_status(self, status: NTSTATUS) {
        let place: *mut NTSTATUS = field!(self, IoStatus.__bindgen_anon_1.Status);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(status) }
    }

    /// `IoStatus.Information`
    pub const fn information(self) -> u64 {
        self.get().IoStatus.Information
    }

    /// The same where it is an address.
    pub const fn information_address(self) -> usize {
        // An image for x64 or ARM64: an address has 64 bits.
        const _: () = assert!(size_of::<usize>() == size_of::<u64>());
        usize::from_ne_bytes(self.information().to_ne_bytes())
    }

    /// Sets `IoStatus.Information`.
    pub const fn set_information(self, information: u64) {
        let place: *mut u64 = field!(self, IoStatus.Information);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(information) }
    }

    /// `AssociatedIrp.SystemBuffer`
    pub const fn system_buffer(self) -> *mut c_void {
        let place: *mut *mut c_void = field!(self, AssociatedIrp.SystemBuffer);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.read() }
    }

    /// Sets `AssociatedIrp.SystemBuffer`.
    pub const fn set_system_buffer(self, buffer: *mut c_void) {
        let place: *mut *mut c_void = field!(self, AssociatedIrp.SystemBuffer);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(buffer) }
    }

    /// `UserBuffer`
    pub const fn user_buffer(self) -> *mut c_void {
        self.get().UserBuffer
    }

    /// Sets `UserBuffer`.
    pub const fn set_user_buffer(self, buffer: *mut c_void) {
        let place: *mut *mut c_void = field!(self, UserBuffer);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(buffer) }
    }

    /// `MdlAddress`
    pub const fn mdl(self) -> *mut MDL {
        self.get().MdlAddress
    }

    /// Sets `MdlAddress`.
    pub const fn set_mdl(self, mdl: *mut MDL) {
        let place: *mut *mut MDL = field!(self, MdlAddress);
        // SAFETY: A field of an IRP that is ours.
        unsafe { place.write(mdl) }
    }

    /// The memory that `MdlAddress` describes, in system space; null when it cannot be mapped.
    pub fn mapped_mdl(self) -> *mut c_void {
        super::mdl::mapped(self.mdl())
    }

    /// Whether the sender is user mode.
    pub const fn requestor_mode(self) -> i8 {
        self.get().RequestorMode
    }

    /// The process of the sender.
    pub fn requestor_process(self) -> u32 {
        // SAFETY: An IRP of ours.
        unsafe { IoGetRequestorProcessId(self.0.as_ptr()) }
    }

    /// Whether the thread that runs sent it.
    pub fn is_of_current_thread(self) -> bool {
        let place: *mut *mut c_void = field!(self, Tail.Overlay.Thread);
        // SAFETY: A field of an IRP that is ours.
        let thread = unsafe { place.read() };
        thread.is_null() || super::sync::current_thread().is_some_and(|own| own.as_ptr() == thread)
    }

    /// The file object of the current location, or null.
    pub const fn file_object(self) -> PFILE_OBJECT {
        self.stack().FileObject
    }

    /// Uses the current location for the next driver.
    pub fn skip(self) {
        self.move_location(1);
    }

    /// How many locations there are below the current one.
    pub const fn locations_below(self) -> i8 {
        self.get().CurrentLocation.wrapping_sub(1)
    }

    /// Takes a [`Self::skip`] back.
    pub fn unskip(self) {
        self.move_location(-1);
    }

    fn move_location(self, by: i8) {
        let place: *mut CCHAR = field!(self, CurrentLocation);
        // SAFETY: A field of an IRP that is ours.
        let current = unsafe { place.read() };
        // SAFETY: As above.
        unsafe { place.write(current.wrapping_add(by)) };
        self.set_location(self.location().wrapping_offset(isize::from(by)));
    }

    /// Gives the next driver the same parameters, without a completion routine.
    pub fn copy_to_next(self) {
        let mut stack = self.stack();
        stack.CompletionRoutine = None;
        stack.Context = core::ptr::null_mut();
        stack.Control = 0;
        self.set_next(stack);
    }

    /// Has this routine called when the next driver completes.
    pub fn set_completion(self, routine: Completion, context: *mut c_void) {
        let mut next = self.next();
        next.CompletionRoutine = Some(routine);
        next.Context = context;
        next.Control = INVOKE_ALWAYS;
        self.set_next(next);
    }

    /// Says that the dispatch routine returns `STATUS_PENDING`.
    pub const fn mark_pending(self) {
        let mut stack = self.stack();
        stack.Control |= PENDING_RETURNED;
        self.set_stack(stack);
    }

    /// Completes it.
    pub fn complete(self) {
        self.complete_boosted(NO_INCREMENT);
    }

    /// Completes it and raises the waiting thread's priority.
    pub fn complete_boosted(self, boost: CCHAR) {
        // SAFETY: Ours, completed once: afterwards nobody of the framework has it.
        unsafe { IofCompleteRequest(self.0.as_ptr(), boost) }
    }

    /// Completes it with this status; the status.
    pub fn complete_with(self, status: NTSTATUS) -> NTSTATUS {
        self.set_status(status);
        self.complete();
        status
    }

    /// Sends it to the next driver without coming back.
    pub fn pass(self, to: DeviceObject) -> NTSTATUS {
        self.skip();
        to.call(self.pointer())
    }

    /// Sends it to the next driver with the current parameters and waits for it. IRQL: `PASSIVE_LEVEL`.
    pub fn send_and_wait(self, to: DeviceObject) -> NTSTATUS {
        self.copy_to_next();
        self.send_prepared_and_wait(to, None);
        self.status()
    }

    /// Sends it with the next location as it is and waits, at most this long (see [`Event::wait_until`]),
    /// then cancels it and waits on. The status is the driver's. IRQL: `PASSIVE_LEVEL`.
    pub fn send_prepared_and_wait(self, to: DeviceObject, timeout: Option<i64>) -> NTSTATUS {
        let event = Event::zeroed();
        event.reset_to(false);
        self.set_completion(wake, (&raw const event).cast_mut().cast());
        if to.call(self.pointer()) == STATUS_PENDING && !event.wait_until(timeout) {
            self.cancel();
            event.wait();
        }
        self.status()
    }

    /// Asks whoever has it to complete it soon.
    pub fn cancel(self) -> bool {
        // SAFETY: The caller keeps the IRP from being freed: it waits for it or holds its request.
        unsafe { IoCancelIrp(self.0.as_ptr()) != 0 }
    }

    /// Whether somebody wants it cancelled.
    pub fn is_cancelled(self) -> bool {
        let place: *mut u8 = field!(self, Cancel);
        // SAFETY: A byte of an IRP that is ours, written by IoCancelIrp.
        unsafe { place.read_volatile() != 0 }
    }

    /// Exchanges the cancel routine; whether there was one.
    pub fn set_cancel_routine(self, routine: wdk_sys::PDRIVER_CANCEL) -> bool {
        let place: *mut AtomicPtr<c_void> = field!(self, CancelRoutine);
        let new = routine.map_or(core::ptr::null_mut(), |routine| routine as *mut c_void);
        // SAFETY: A pointer-sized field of an IRP that is ours; the I/O manager exchanges it atomically too.
        let place = unsafe { &*place };
        !place.swap(new, Ordering::AcqRel).is_null()
    }

    /// The four words that whoever has the IRP may use.
    pub const fn set_driver_context(self, at: usize, value: *mut c_void) {
        let place: *mut *mut c_void =
            field!(self, Tail.Overlay.__bindgen_anon_1.__bindgen_anon_1.DriverContext);
        // SAFETY: One of four words of an IRP that is ours.
        unsafe { place.wrapping_add(at & 3).write(value) }
    }

    /// What [`Self::set_driver_context`] wrote.
    pub const fn driver_context(self, at: usize) -> *mut c_void {
        let place: *mut *mut c_void =
            field!(self, Tail.Overlay.__bindgen_anon_1.__bindgen_anon_1.DriverContext);
        // SAFETY: One of four words of an IRP that is ours.
        unsafe { place.wrapping_add(at & 3).read() }
    }

    /// The next location becomes the current one, for this device.
    pub fn advance(self, device: DeviceObject) {
        self.move_location(-1);
        let mut stack = self.stack();
        stack.DeviceObject = device.pointer();
        self.set_stack(stack);
    }

    /// Makes room for the framework in an IRP that it allocated: the next location becomes the current one.
    pub fn enter_location(self, stack: IO_STACK_LOCATION) {
        self.set_next(stack);
        self.move_location(-1);
    }

    /// Makes an IRP of the framework's own ready to be sent again, with a location of its own.
    pub fn reuse(self, status: NTSTATUS) {
        // SAFETY: Allocated by `allocate`, and no driver has it.
        unsafe { IoReuseIrp(self.0.as_ptr(), status) };
        self.enter_location(super::device_object::zeroed());
    }

    /// Sends a power IRP to the next driver, without coming back.
    pub fn pass_power(self, to: DeviceObject) -> NTSTATUS {
        self.start_next_power();
        self.skip();
        // SAFETY: A power IRP of ours, its next location prepared; the device is held.
        unsafe { PoCallDriver(to.pointer(), self.0.as_ptr()) }
    }

    /// Lets the power manager send the next power IRP (does nothing on current Windows).
    pub fn start_next_power(self) {
        // SAFETY: A power IRP of ours.
        unsafe { PoStartNextPowerIrp(self.0.as_ptr()) }
    }
}

/// Wakes the sender, which goes on with the IRP.
extern "C" fn wake(_device: PDEVICE_OBJECT, _irp: PIRP, context: *mut c_void) -> NTSTATUS {
    // SAFETY: The event of a sender that waits for it.
    let event = unsafe { &*context.cast::<Event>() };
    event.set();
    STATUS_MORE_PROCESSING_REQUIRED
}

/// In a cancel routine: gives the I/O manager's lock back.
pub fn release_cancel_lock(irp: Irp) {
    // SAFETY: A cancel routine is called with the lock held, and the IRQL to return to in the IRP.
    unsafe { IoReleaseCancelSpinLock(irp.get().CancelIrql) }
}

/// A field of a file object that belongs to the driver that opened it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WdmFile(NonNull<FILE_OBJECT>);

impl WdmFile {
    /// The process that somebody opened it for, 0 when nobody did.
    pub fn initiator_process(self) -> u32 {
        // SAFETY: A file object that is open on a device of ours.
        let process = unsafe { IoGetInitiatorProcess(self.0.as_ptr()) };
        if process.is_null() {
            return 0;
        }
        // SAFETY: A process that the file keeps.
        let id = unsafe { PsGetProcessId(process) };
        u32::try_from(id.addr()).unwrap_or(u32::MAX)
    }

    /// The file object at this address, `None` for null.
    pub fn of(pointer: PFILE_OBJECT) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// The address.
    pub const fn pointer(self) -> PFILE_OBJECT {
        self.0.as_ptr()
    }

    /// A copy of the file object.
    pub const fn get(&self) -> &FILE_OBJECT {
        // SAFETY: The I/O manager keeps the file object from create to close; the framework uses it in
        // between.
        unsafe { self.0.as_ref() }
    }
}
