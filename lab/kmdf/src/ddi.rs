//! The edge between a driver and the framework: how a call of a function of the table arrives.
//!
//! The macro [`ddi!`] declares such a function with the types of the header (and checks it against the
//! header's `PFN_` type). Its body is a safe function: every pointer of the driver arrives as a [`Claimed`],
//! which names a claim of the driver and reads or writes only what the function's contract lets it.
#![allow(
    unsafe_code,
    reason = "this is where the pointers of a driver are read and written"
)]

use core::{
    ffi::{CStr, c_void},
    sync::atomic::{AtomicU64, Ordering},
};

use wdk_sys::{NTSTATUS, PWDF_DRIVER_GLOBALS};

use crate::{
    client::Client,
    failure::{Outcome, status},
    object::{Framework, Header, Obj},
    table::{COUNT, NAMES},
    wdm::bugcheck::{Violation, violation},
};

/// The types of the functions: those of the headers, and of functions that the headers do not have (they are meant for class extensions).
#[allow(non_camel_case_types, reason = "the names follow those of the headers")]
pub mod types {
    #[allow(clippy::wildcard_imports, reason = "the macro names any type of the headers")]
    pub use wdk_sys::*;

    /// `WdfDeviceGetSelfIoTarget`, after fxdeviceapi.cpp.
    pub type PFN_WDFDEVICEGETSELFIOTARGET =
        Option<unsafe extern "C" fn(PWDF_DRIVER_GLOBALS, WDFDEVICE) -> WDFIOTARGET>;
    /// `WdfDeviceInitAllowSelfIoTarget`, after fxdeviceinitapi.cpp.
    pub type PFN_WDFDEVICEINITALLOWSELFIOTARGET =
        Option<unsafe extern "C" fn(PWDF_DRIVER_GLOBALS, PWDFDEVICE_INIT)>;
    /// `WdfIoTargetSelfAssignDefaultIoQueue`, after fxiotargetapi.cpp.
    pub type PFN_WDFIOTARGETSELFASSIGNDEFAULTIOQUEUE =
        Option<unsafe extern "C" fn(PWDF_DRIVER_GLOBALS, WDFIOTARGET, WDFQUEUE) -> NTSTATUS>;
}

/// How often each function of the table was called; nthost reads it by its export name.
// SAFETY: No other symbol of the image has this name.
#[unsafe(no_mangle)]
pub static WdfCallCounts: [AtomicU64; COUNT] = [const { AtomicU64::new(0) }; COUNT];

/// Counts a call of the function with this index.
pub fn count(index: usize) {
    if let Some(counter) = WdfCallCounts.get(index) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A call of a framework function in progress: which function, and whose.
#[derive(Clone, Copy)]
pub struct Call {
    /// The client that made the call.
    pub client: Client,
    /// The index of the function.
    index: usize,
}

impl Call {
    /// Counts the call and finds the client by the globals that it passed.
    pub fn enter(globals: PWDF_DRIVER_GLOBALS, index: usize) -> Self {
        count(index);
        match Client::from_globals(globals) {
            Some(client) => Self { client, index },
            None => violation(Violation::NoGlobals, name(index), globals as usize),
        }
    }

    /// The name of the function that was called.
    pub fn name(&self) -> &'static CStr {
        name(self.index)
    }

    /// A pointer that the driver passed inside a structure or a place of this call.
    #[allow(
        clippy::unused_self,
        reason = "only somebody who has a call in progress can make a claim"
    )]
    pub const fn claim<T>(&self, pointer: *mut T) -> Claimed<T> {
        Claimed(pointer)
    }

    /// Ends the run: the driver broke the contract of this function.
    pub fn violation(&self, what: Violation, argument: usize) -> ! {
        violation(what, self.name(), argument)
    }
}

fn name(index: usize) -> &'static CStr {
    NAMES.get(index).copied().unwrap_or(c"?")
}

/// A pointer that a driver passed to a framework function: it claims to point at a `T`, or is null.
///
/// Values are made at one place only, the entry of a function that [`ddi!`] declares. What such a function
/// does with the pointer is what its documentation says; that the driver keeps its side is what the framework
/// has to rely on.
pub struct Claimed<T>(*mut T);

impl<T> Clone for Claimed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Claimed<T> {}

impl<T> Claimed<T> {
    /// The address.
    pub const fn pointer(self) -> *mut T {
        self.0
    }

    /// Whether the driver passed nothing.
    pub const fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// Ends the run when the driver passed nothing where the function needs something.
    pub fn not_null(self, call: &Call) -> Self {
        if self.is_null() {
            call.violation(Violation::NullParameter, 0);
        }
        self
    }

    /// Writes an output that the driver may leave out.
    pub const fn put(self, value: T)
    where
        T: Copy,
    {
        if !self.0.is_null() {
            // SAFETY: Not null, and the function's contract gives it this place to write to.
            unsafe { self.0.write_unaligned(value) }
        }
    }
}

impl<T: Copy> Claimed<T> {
    /// A copy of the input, `None` when the driver passed nothing.
    pub const fn get(self) -> Option<T> {
        if self.0.is_null() {
            None
        } else {
            // SAFETY: Not null, and the function's contract says that the driver passes a readable `T`.
            Some(unsafe { self.0.read_unaligned() })
        }
    }

    /// A copy of an input that the function cannot do without.
    pub fn required(self, call: &Call) -> T {
        match self.get() {
            Some(value) => value,
            None => call.violation(Violation::NullParameter, 0),
        }
    }
}

impl<T: Copy> Claimed<T> {
    /// The values of an array of the driver; empty when it passed nothing.
    pub const fn slice<'a>(self, count: usize) -> &'a [T] {
        if self.0.is_null() || count == 0 {
            return &[];
        }
        // SAFETY: Not null, and the function's contract says that the driver passes `count` of them and keeps
        // them meanwhile.
        unsafe { core::slice::from_raw_parts(self.0, count) }
    }

    /// An array of the driver to write to; empty when it passed nothing.
    pub const fn slice_mut<'a>(self, count: usize) -> &'a mut [T] {
        if self.0.is_null() || count == 0 {
            return &mut [];
        }
        // SAFETY: Not null, and the function's contract gives it `count` places that nobody else uses
        // meanwhile.
        unsafe { core::slice::from_raw_parts_mut(self.0, count) }
    }
}

/// What a handle type stands for.
pub trait Handle {
    /// The framework object behind the handle.
    type Object: Framework;
}

/// Says which object a handle type stands for.
macro_rules! handles {
    ($($handle:ident => $object:ty,)*) => {$(
        impl Handle for wdk_sys::$handle {
            type Object = $object;
        }
    )*};
}

handles! {
    WDFDRIVER__ => crate::driver::Driver,
    WDFDEVICE__ => crate::device::Device,
    WDFQUEUE__ => crate::queue::Queue,
    WDFREQUEST__ => crate::request::Request,
    WDFFILEOBJECT__ => crate::file_object::FileObject,
    WDFDPC__ => crate::dpc::Dpc,
    WDFTIMER__ => crate::timer::Timer,
    WDFWORKITEM__ => crate::work_item::WorkItem,
    WDFWAITLOCK__ => crate::lock::WaitLock,
    WDFSPINLOCK__ => crate::lock::SpinLockObject,
    WDFMEMORY__ => crate::memory::Memory,
    WDFIOTARGET__ => crate::io_target::IoTarget,
    WDFLOOKASIDE__ => crate::lookaside::Lookaside,
    WDFKEY__ => crate::registry::Key,
    WDFSTRING__ => crate::string::Text,
    WDFCOLLECTION__ => crate::collection::Collection,
    WDFCHILDLIST__ => crate::child_list::ChildList,
    WDFCMRESLIST__ => crate::resource::assigned::ResourceList,
    WDFIORESREQLIST__ => crate::resource::requirements::Requirements,
    WDFIORESLIST__ => crate::resource::requirements::Alternative,
    WDFWMIPROVIDER__ => crate::wmi::WmiProvider,
    WDFWMIINSTANCE__ => crate::wmi::WmiInstance,
}

impl<H: Handle> Claimed<H> {
    /// The object behind a handle that must be valid.
    pub fn object(self, call: &Call) -> Obj<H::Object> {
        Claimed(self.0.cast::<c_void>()).any(call).narrow(call)
    }

    /// The object behind a handle that may be left out.
    pub fn optional(self, call: &Call) -> Option<Obj<H::Object>> {
        if self.is_null() {
            None
        } else {
            Some(self.object(call))
        }
    }
}

impl Claimed<c_void> {
    /// The object behind a handle of any kind.
    pub fn any(self, call: &Call) -> Obj<Header> {
        match Obj::from_handle(self.0) {
            Some(object) => object,
            None => call.violation(Violation::InvalidHandle, self.0 as usize),
        }
    }
}

/// How an argument of a framework function reaches its body.
pub trait Claim {
    /// The form in which the body sees it.
    type As;
    /// Turns the argument into that form.
    fn claim(self) -> Self::As;
}

impl<T> Claim for *mut T {
    type As = Claimed<T>;
    fn claim(self) -> Claimed<T> {
        Claimed(self)
    }
}

impl<T> Claim for *const T {
    type As = Claimed<T>;
    fn claim(self) -> Claimed<T> {
        Claimed(self.cast_mut())
    }
}

/// Arguments that are values, not places.
macro_rules! values {
    ($($value:ty,)*) => {$(
        impl Claim for $value {
            type As = Self;
            fn claim(self) -> Self {
                self
            }
        }
    )*};
}

values! {
    u8, i8, u16, u32, i32, u64, i64, usize,
    wdk_sys::PFN_WDF_REQUEST_CANCEL,
    wdk_sys::PFN_WDF_REQUEST_COMPLETION_ROUTINE,
    wdk_sys::PFN_WDF_IO_QUEUE_STATE,
    wdk_sys::PFN_WDFDEVICE_WDM_IRP_DISPATCH,
    wdk_sys::PFN_WDFDEVICE_WDM_IRP_PREPROCESS,
    wdk_sys::PFN_WDF_IO_IN_CALLER_CONTEXT,
    wdk_sys::PFN_WDF_DEVICE_SHUTDOWN_NOTIFICATION,
    wdk_sys::PFN_WDF_TRACE_CALLBACK,
}

/// How the answer of a body becomes the return value of the function.
pub trait Answer<T> {
    /// The return value.
    fn answer(self) -> T;
}

impl<T> Answer<T> for T {
    fn answer(self) -> T {
        self
    }
}

impl Answer<NTSTATUS> for Outcome {
    fn answer(self) -> NTSTATUS {
        status(self)
    }
}

/// What the body of a function gives back: a result where the function returns a status.
macro_rules! answer {
    () => {
        ()
    };
    (NTSTATUS) => {
        $crate::failure::Outcome
    };
    ($other:ty) => {
        $other
    };
}

/// The return type of a function, in the header's words.
macro_rules! returned {
    () => {
        ()
    };
    (NTSTATUS) => {
        wdk_sys::NTSTATUS
    };
    ($other:ty) => {
        $other
    };
}

/// Declares functions of the framework's table. `fn Name: PFN_TYPE(call, argument: HeaderType, …) -> Type {
/// safe body }`
macro_rules! ddi {
    ($(
        $(#[$meta:meta])*
        fn $name:ident: $pfn:ident($call:ident $(, $arg:ident: $ty:ty)* $(,)?) $(-> $ret:tt)? $body:block
    )*) => {$(
        $(#[$meta])*
        #[allow(non_snake_case, reason = "the name is the framework's")]
        #[allow(clippy::too_many_arguments, reason = "the arguments are the framework's")]
        pub extern "C" fn $name(globals: wdk_sys::PWDF_DRIVER_GLOBALS $(, $arg: $ty)*) -> returned!($($ret)?) {
            #[allow(clippy::too_many_arguments, reason = "the arguments are the framework's")]
            fn body($call: &$crate::ddi::Call $(, $arg: <$ty as $crate::ddi::Claim>::As)*) -> answer!($($ret)?) $body
            let call = $crate::ddi::Call::enter(globals, $crate::table::index::$name);
            $crate::ddi::Answer::answer(body(&call $(, $crate::ddi::Claim::claim($arg))*))
        }
        const _: $crate::ddi::types::$pfn = Some($name);
    )*};
}

/// Calls an event callback of a driver when it registered one; gives its return value.
macro_rules! invoke {
    ($callback:expr $(, $argument:expr)* $(,)?) => {
        match $callback {
            Some(callback) => {
                #[allow(unsafe_code, reason = "the one place where a callback of a driver is called")]
                // SAFETY: A driver registered this callback for this event through a framework function, its
                // image stays mapped while it is bound, and the arguments are those that the event's contract
                // names.
                let answer = unsafe { callback($($argument),*) };
                Some(answer)
            }
            None => None,
        }
    };
}

/// Says which kind of object a structure with the field `header` is.
macro_rules! framework {
    ($object:ident: $kind:ident $({ $($item:item)+ })?) => {
        const _: () = assert!(core::mem::offset_of!($object, header) == 0);

        #[allow(unsafe_code, reason = "the assertion above is what the trait asks for")]
        // SAFETY: The structure begins with its header, as asserted, and is `repr(C)`.
        unsafe impl $crate::object::Framework for $object {
            const KIND: $crate::object::Kind = $crate::object::Kind::$kind;
            $($($item)+)?
        }
    };
}
