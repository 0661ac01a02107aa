//! An interface from one declaration.
//!
//! [`interface!`](crate::interface) makes of it
//! - the raw table: `repr(C)`, the header first, then a pointer for each routine, with its layout asserted;
//! - the owner, for clients: a checked table and one reference, with a method for each routine;
//! - the trait, for providers: a method for each routine, and between it and the table the code that an interface needs;
//! - the C header ([`CHeader`](crate::CHeader)).
//!
//! [`bind!`](crate::bind) is for a table that was written by hand.
#![allow(unsafe_code, reason = "pointers of callers in other drivers")]

use crate::counted::Pin;
use crate::ctype::CValue;
use crate::rundown::Sleeper;
use crate::{Failure, Header, Interface};

/// An interface whose routines `T` has. [`interface!`](crate::interface) implements it for every `T` that implements the trait of the
/// declaration.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not implement the routines of the interface `{Self}`",
    note = "implement the trait that the declaration of `{Self}` names"
)]
pub trait ProvidedBy<T>: Interface {
    /// The table for contexts of an [`Owner<O, S, T>`](crate::counted::Owner).
    fn table<O: Pin, S: Sleeper>(header: Header) -> Self::Table;
}

/// The end of a routine that returns a value through a pointer: `outcome` runs only if there is a place for what it gives.
///
/// The status is that of the outcome; `STATUS_INVALID_PARAMETER` for null, `STATUS_DATATYPE_MISALIGNMENT`. Nothing is written with any
/// failure.
///
/// # Safety
///
/// `result` is null, misaligned, or writable.
#[doc(hidden)]
pub unsafe fn answer<V: CValue>(result: *mut V, outcome: impl FnOnce() -> Result<V, Failure>) -> i32 {
    if result.is_null() {
        return Failure::INVALID_PARAMETER.status();
    }
    if !result.is_aligned() {
        return Failure::DATATYPE_MISALIGNMENT.status();
    }
    Failure::status_of(outcome().map(|value| {
        // SAFETY: neither null nor misaligned, as just checked, so writable by the caller's promise.
        unsafe { result.write(value) };
    }))
}

/// The start of a value that a routine of another driver fills.
#[doc(hidden)]
#[must_use]
pub const fn zero<V: CValue>() -> V {
    // SAFETY: `CValue` promises that zero bytes are a value.
    unsafe { core::mem::zeroed() }
}

/// The size of a field, by a function that gets it.
#[doc(hidden)]
pub const fn size_of_field<T, F>(_field: for<'table> fn(&'table T) -> &'table F) -> usize {
    size_of::<F>()
}

/// Declares an interface.
///
/// ```
/// direct_call::interface! {
///     /// A queue of bytes that drivers share.
///     pub struct Fifo(FifoTable): unsafe guid("0b1f7c62-5a3e-4d0b-9c57-e2a1946d8f30"), version(1);
///
///     /// What a provider does.
///     pub trait FifoRoutines {
///         /// Appends a byte. IRQL <= `DISPATCH_LEVEL`.
///         fn push(&self, value: u8);
///         /// Takes the oldest byte. IRQL <= `DISPATCH_LEVEL`.
///         fn pop(&self) -> u8;
///         /// How many bytes fit; needs no device.
///         fn capacity() -> u32;
///     }
/// }
/// ```
///
/// `unsafe guid` is a promise: that the GUID stands for this very table and for no other, in whatever language a driver is written that
/// answers to it. Take a new GUID for each version that differs, since KMDF answers with the first table of a GUID. The GUID is a literal or a
/// constant.
///
/// # Routines
///
/// Every routine returns an NTSTATUS in C, and `Result<_, Failure>` in Rust. `-> T` is a pointer in C, the last argument.
/// - `fn name(&self, …)` takes the context: it needs the device, and after the removal of the device it answers `STATUS_DEVICE_REMOVED`
///   without being called. `fn name(…)` takes no context and works as long as the client holds its reference.
/// - `fn` takes and returns [values](crate::CValue) only. `unsafe fn` may take raw pointers, [`CType`](crate::CType) names what else; its documentation
///   says what the caller promises.
///
/// # Clients
///
/// `Fifo::query(device)`, with the feature `kmdf`, or `Fifo::from` a [`Client`](crate::Client). The methods of `Fifo` are indirect calls and nothing
/// else. Dropping it gives the reference back. They are safe to call because `unsafe guid` says what is behind the pointers.
///
/// # Providers
///
/// A type that implements `FifoRoutines` and is `Send`, `Sync` and `'static` is the data of a provider:
/// `device.provide(data)?.offer::<Fifo>()` with the feature `kmdf`. The routines run on any number of threads at once, at the IRQL that the
/// documentation of the interface allows.
///
/// A bus whose children pass queries on to it calls `kmdf::forward_to_parent::<Fifo>(child)`. A filter above drivers that may know the same
/// GUID calls `DeviceInit::answer_after_those_below` before it makes its device.
///
/// # Two-way interfaces
///
/// `…, version(1), callbacks(Other);`, where `Other` is an interface declared in the same way: the client brings its table of `Other` with its
/// query, and the provider gets it as an owner; see [`two_way`](crate::two_way).
#[macro_export]
macro_rules! interface {
    (
        $(#[doc = $doc:expr])*
        $vis:vis struct $owner:ident($table:ident): unsafe guid($($guid:tt)+), version($version:expr)
            $(, callbacks($callbacks:ident))? $(,)?;

        $(#[doc = $trait_doc:expr])*
        $trait_vis:vis trait $routines:ident { $($body:tt)* }
    ) => {
        $crate::__interface! {
            @munch {
                [$($doc),*] [$vis] $owner $table [$($guid)+] $version [$($callbacks)?] [$($trait_doc),*] [$trait_vis] $routines
            } [] $($body)*
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $owner:ident; $($rest:tt)*) => {
        ::core::compile_error!("the declaration names no table: write `struct Name(NameTable): unsafe guid(\"…\"), version(1);`");
    };
    ($(#[$meta:meta])* $vis:vis struct $owner:ident($table:ident); $($rest:tt)*) => {
        ::core::compile_error!("the interface has no GUID and no version: add `: unsafe guid(\"…\"), version(1)`");
    };
    ($(#[$meta:meta])* $vis:vis struct $owner:ident($table:ident): version $($rest:tt)*) => {
        ::core::compile_error!("the interface has no GUID: add `unsafe guid(\"…\"),` before the version");
    };
    ($(#[$meta:meta])* $vis:vis struct $owner:ident($table:ident): guid $($rest:tt)*) => {
        ::core::compile_error!("a GUID is a promise that it stands for this table and for no other: write `unsafe guid(…)`");
    };
    ($(#[$meta:meta])* $vis:vis struct $owner:ident($table:ident): unsafe guid($($guid:tt)+); $($rest:tt)*) => {
        ::core::compile_error!("the interface has no version: add `, version(1)` after the GUID");
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "this is no interface; it has the form `pub struct Name(NameTable): unsafe guid(\"…\"), version(1); pub trait NameRoutines { fn name(&self, value: u32) -> u32; }`"
        );
    };
}

/// The insides of [`interface!`](crate::interface).
#[doc(hidden)]
#[macro_export]
macro_rules! __interface {
    // One routine after the other, into { [docs] [unsafe?] [&self,?] name (parameters) (output?) }.
    (@munch $head:tt [$($done:tt)*]
        $(#[doc = $doc:expr])* fn $name:ident(&self $(, $arg:ident: $ty:ty)* $(,)?) $(-> $out:ty)?; $($rest:tt)*
    ) => {
        $crate::__interface! { @munch $head [$($done)* { [$($doc),*] [] [&self,] $name ($($arg: $ty),*) ($($out)?) }] $($rest)* }
    };
    (@munch $head:tt [$($done:tt)*]
        $(#[doc = $doc:expr])* unsafe fn $name:ident(&self $(, $arg:ident: $ty:ty)* $(,)?) $(-> $out:ty)?; $($rest:tt)*
    ) => {
        $crate::__interface! { @munch $head [$($done)* { [$($doc),*] [unsafe] [&self,] $name ($($arg: $ty),*) ($($out)?) }] $($rest)* }
    };
    (@munch $head:tt [$($done:tt)*]
        $(#[doc = $doc:expr])* fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)?; $($rest:tt)*
    ) => {
        $crate::__interface! { @munch $head [$($done)* { [$($doc),*] [] [] $name ($($arg: $ty),*) ($($out)?) }] $($rest)* }
    };
    (@munch $head:tt [$($done:tt)*]
        $(#[doc = $doc:expr])* unsafe fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)?; $($rest:tt)*
    ) => {
        $crate::__interface! { @munch $head [$($done)* { [$($doc),*] [unsafe] [] $name ($($arg: $ty),*) ($($out)?) }] $($rest)* }
    };
    (@munch $head:tt []) => {
        ::core::compile_error!("the interface has no routine");
    };
    (@munch $head:tt [$($done:tt)+]) => {
        $crate::__interface! { @emit $head $($done)+ }
    };
    (@munch $head:tt [$($done:tt)*] $($other:tt)+) => {
        ::core::compile_error!(::core::concat!(
            "a routine has the form `fn name(&self, value: u32) -> u32;`, with or without `unsafe`, `&self` and a result; this has another: ",
            ::core::stringify!($($other)+)
        ));
    };

    (@emit
        {
            [$($doc:expr),*] [$vis:vis] $owner:ident $table:ident [$($guid:tt)+] $version:tt [$($callbacks:ident)?]
            [$($trait_doc:expr),*] [$trait_vis:vis] $routines:ident
        }
        $({ [$($routine_doc:expr),*] [$($unsafety:tt)?] [$($receiver:tt)*] $name:ident ($($arg:ident: $ty:ty),*) ($($out:ty)?) })+
    ) => {
        $crate::__interface! { @table [$vis] $owner $table [$($callbacks)?] $({ [$($routine_doc),*] [$($receiver)*] $name ($($ty),*) ($($out)?) })+ }

        $(#[doc = $doc])*
        ///
        /// A checked table and one reference on its provider, which goes with this. A clone takes one more.
        #[derive(Clone, Debug)]
        $vis struct $owner($crate::Client<Self>);

        // SAFETY: whoever wrote `unsafe guid` in the declaration promises that the GUID at this version stands for this table; its
        // layout is asserted below.
        unsafe impl $crate::Interface for $owner {
            type Table = $table;
            const GUID: $crate::GUID = $crate::__interface!(@guid $($guid)+);
            const VERSION: u16 = $version;
            $crate::__interface!(@routines $table [$($callbacks)?]);
        }

        const _: () = {
            use ::core::mem::{offset_of, size_of};

            let size = <$owner as $crate::Interface>::SIZE as usize;
            let mut end = size_of::<$crate::Header>();
            $(
                assert!(offset_of!($table, $name) == end, "a routine is not where C has it");
                end += $crate::negotiation::ENTRY;
            )+
            $( end += <$callbacks as $crate::Interface>::SIZE as usize; )?
            assert!(size == end, "the table is not as long as C has it");
        };
        const _: () = { $($crate::__interface!(@check [$($unsafety)?] ($($ty),*) ($($out)?));)+ };

        impl From<$crate::Client<$owner>> for $owner {
            fn from(client: $crate::Client<$owner>) -> Self {
                Self(client)
            }
        }

        impl $owner {
            $crate::__interface! { @query [$($callbacks)?] }

            /// The same interface for drivers in C.
            #[must_use]
            pub const fn c_header() -> $crate::CHeader {
                $crate::CHeader::of::<Self>()
            }

            /// The table and the reference, for what the methods do not do.
            #[must_use]
            pub const fn client(&self) -> &$crate::Client<Self> {
                &self.0
            }

            $($crate::__interface! {
                @method [$($routine_doc),*] [$($unsafety)?] [$($receiver)*] $name ($($arg: $ty),*) ($($out)?)
            })+
        }

        $(#[doc = $trait_doc])*
        $trait_vis trait $routines {
            $(
                $(#[doc = $routine_doc])*
                $($unsafety)? fn $name($($receiver)* $($arg: $ty),*)
                    -> ::core::result::Result<$crate::__interface!(@output $($out)?), $crate::Failure>;
            )+
        }

        impl<T: $routines + Send + Sync + 'static> $crate::interface::ProvidedBy<T> for $owner {
            fn table<O: $crate::counted::Pin, S: $crate::rundown::Sleeper>(header: $crate::Header) -> $table {
                $($crate::__interface! {
                    @trampoline $routines [$($unsafety)?] [$($receiver)*] $name ($($arg: $ty),*) ($($out)?)
                })+
                $table {
                    header,
                    $($name: $name::<O, S, T>,)+
                    $(callbacks: ::core::mem::MaybeUninit::<<$callbacks as $crate::Interface>::Table>::zeroed(),)?
                }
            }
        }

        $(
            // SAFETY: the field of that name is the last one, and of that type.
            unsafe impl $crate::TwoWay for $owner {
                type Callbacks = $callbacks;
                const CALLBACKS: usize = ::core::mem::offset_of!($table, callbacks);
            }
        )?

        impl $crate::c_header::Described for $owner {
            const DESCRIPTION: $crate::c_header::Description = $crate::c_header::Description {
                name: ::core::stringify!($owner),
                docs: &[$($doc),*],
                guid: <Self as $crate::Interface>::GUID,
                version: <Self as $crate::Interface>::VERSION,
                size: <Self as $crate::Interface>::SIZE,
                routines: &[$($crate::c_header::Routine {
                    name: ::core::stringify!($name),
                    docs: &[$($routine_doc),*],
                    offset: ::core::mem::offset_of!($table, $name),
                    takes_context: $crate::__interface!(@takes_context $($receiver)*),
                    parameters: &[$((::core::stringify!($arg), <$ty as $crate::CType>::C_NAME)),*],
                    output: $crate::__interface!(@output_name $($out)?),
                }),+],
                callbacks: $crate::__interface!(@described_callbacks $table $($callbacks)?),
            };
        }
    };

    (@table [$vis:vis] $owner:ident $table:ident [$($callbacks:ident)?]
        $({ [$($doc:expr),*] [$($receiver:tt)*] $name:ident ($($ty:ty),*) ($($out:ty)?) })+
    ) => {
        #[doc = ::core::concat!("The table of [`", ::core::stringify!($owner), "`], as C has it.")]
        #[derive(Clone, Copy, Debug)]
        #[repr(C)]
        $vis struct $table {
            /// `INTERFACE`, wdm.h.
            pub header: $crate::Header,
            $(
                $(#[doc = $doc])*
                pub $name: $crate::__interface!(@pointer [$($receiver)*] ($($ty),*) ($($out)?)),
            )+
            $(
                /// The client's own table, which it fills before it asks.
                pub callbacks: ::core::mem::MaybeUninit<<$callbacks as $crate::Interface>::Table>,
            )?
        }
    };

    (@guid $text:literal) => { $crate::guid($text) };
    (@guid $guid:expr) => { $guid };

    (@routines $table:ident []) => {};
    (@routines $table:ident [$callbacks:ident]) => {
        const ROUTINES: usize = (::core::mem::offset_of!($table, callbacks) - ::core::mem::size_of::<$crate::Header>())
            / $crate::negotiation::ENTRY;
    };

    (@output) => { () };
    (@output $out:ty) => { $out };

    (@output_name) => { ::core::option::Option::None };
    (@output_name $out:ty) => { ::core::option::Option::Some(<$out as $crate::CType>::C_NAME) };

    (@takes_context) => { false };
    (@takes_context &self,) => { true };

    (@described_callbacks $table:ident) => { ::core::option::Option::None };
    (@described_callbacks $table:ident $callbacks:ident) => {
        ::core::option::Option::Some((
            ::core::mem::offset_of!($table, callbacks),
            &<$callbacks as $crate::c_header::Described>::DESCRIPTION,
        ))
    };

    (@check [] ($($ty:ty),*) ($($out:ty)?)) => {
        {
            const fn is_value<T: $crate::CValue>() {}
            $(is_value::<$ty>();)*
            $(is_value::<$out>();)?
        }
    };
    (@check [unsafe] ($($ty:ty),*) ($($out:ty)?)) => {
        {
            const fn has_c_form<T: $crate::CType>() {}
            $(has_c_form::<$ty>();)*
            const fn is_value<T: $crate::CValue>() {}
            $(is_value::<$out>();)?
        }
    };

    (@pointer [&self,] ($($ty:ty),*) ($($out:ty)?)) => {
        unsafe extern "system" fn(*mut ::core::ffi::c_void, $($ty,)* $(*mut $out)?) -> i32
    };
    (@pointer [] ($($ty:ty),*) ($($out:ty)?)) => {
        unsafe extern "system" fn($($ty,)* $(*mut $out)?) -> i32
    };

    (@query []) => {
        $crate::__with_kmdf! {
            /// Asks the whole stack of `device`, from its top.
            ///
            /// # Errors
            ///
            /// Which step failed: the query (with its NTSTATUS), or which check of the table.
            ///
            /// # IRQL
            ///
            /// `PASSIVE_LEVEL`.
            pub fn query(device: $crate::kmdf::Device<'_>) -> ::core::result::Result<Self, $crate::QueryError> {
                $crate::Client::query(device).map(Self)
            }
        }
    };
    (@query [$callbacks:ident]) => {
        $crate::__with_kmdf! {
            /// Asks the whole stack of `device`, from its top. The query carries the table of `callbacks`, which is a provider on `device`.
            ///
            /// # Errors
            ///
            /// Which step failed: the query (with its NTSTATUS), or which check of the table.
            ///
            /// # IRQL
            ///
            /// `PASSIVE_LEVEL`.
            pub fn query<T>(
                device: $crate::kmdf::Device<'_>,
                callbacks: &$crate::kmdf::Provider<T>,
            ) -> ::core::result::Result<Self, $crate::QueryError>
            where
                T: Send + Sync + 'static,
                $callbacks: $crate::interface::ProvidedBy<T>,
            {
                $crate::kmdf::query_two_way(device, callbacks).map(Self)
            }
        }
    };

    (@method [$($doc:expr),*] [$($unsafety:tt)?] [$($receiver:tt)*] $name:ident ($($arg:ident: $ty:ty),*) ($($out:ty)?)) => {
        $(#[doc = $doc])*
        ///
        /// # Errors
        ///
        /// The NTSTATUS of the provider; `STATUS_DEVICE_REMOVED` after its removal, from routines that need the device.
        pub $($unsafety)? fn $name(&self, $($arg: $ty),*)
            -> ::core::result::Result<$crate::__interface!(@output $($out)?), $crate::Failure>
        {
            $crate::__interface!(@call (self.0) [$($receiver)*] $name ($($arg),*) ($($out)?))
        }
    };

    (@call ($client:expr) [$($receiver:tt)*] $name:ident ($($arg:ident),*) ()) => {
        {
            let client = &$client;
            let routine = client.table().$name;
            // SAFETY: by the GUID, a provider of this interface filled the table; `client` checked it, holds its reference, and has its
            // context. What an unsafe routine demands beyond that, the caller has promised.
            let status = unsafe { $crate::__interface!(@invoke routine client [$($receiver)*] ($($arg,)*)) };
            $crate::Failure::check(status)
        }
    };
    (@call ($client:expr) [$($receiver:tt)*] $name:ident ($($arg:ident),*) ($out:ty)) => {
        {
            let client = &$client;
            let routine = client.table().$name;
            let mut result: $out = $crate::interface::zero();
            let place = &raw mut result;
            // SAFETY: as for a routine without a result; the place is on the stack.
            let status = unsafe { $crate::__interface!(@invoke routine client [$($receiver)*] ($($arg,)* place)) };
            $crate::Failure::check(status).map(|()| result)
        }
    };
    (@invoke $routine:ident $client:ident [&self,] ($($arg:tt)*)) => { $routine($client.context(), $($arg)*) };
    (@invoke $routine:ident $client:ident [] ($($arg:tt)*)) => { $routine($($arg)*) };

    (@trampoline $routines:ident [$($unsafety:tt)?] [&self,] $name:ident ($($arg:ident: $ty:ty),*) ($($out:ty)?)) => {
        /// # Safety
        ///
        /// `context` is that of the table, on which the caller holds a reference; what the routine demands, and a result that is writable or null.
        #[allow(unused_unsafe, reason = "some routines are safe")]
        unsafe extern "system" fn $name<O: $crate::counted::Pin, S: $crate::rundown::Sleeper, T: $routines>(
            context: *mut ::core::ffi::c_void,
            $($arg: $ty,)*
            $(result: *mut $out,)?
        ) -> i32 {
            // SAFETY: the caller's promise; tables of `ProvidedBy<T>` are given out with contexts of these types.
            match unsafe { $crate::counted::enter::<O, S, T>(context) } {
                // SAFETY: the caller's promise.
                Ok(provider) => $crate::__interface!(@answer [unsafe { T::$name(&provider, $($arg),*) }] ($(result: $out)?)),
                Err(_) => $crate::Failure::DEVICE_REMOVED.status(),
            }
        }
    };
    (@trampoline $routines:ident [$($unsafety:tt)?] [] $name:ident ($($arg:ident: $ty:ty),*) ($($out:ty)?)) => {
        /// # Safety
        ///
        /// What the routine demands, and a result that is writable or null.
        #[allow(unused_unsafe, reason = "some routines are safe")]
        unsafe extern "system" fn $name<O: $crate::counted::Pin, S: $crate::rundown::Sleeper, T: $routines>(
            $($arg: $ty,)*
            $(result: *mut $out,)?
        ) -> i32 {
            // SAFETY: the caller's promise.
            $crate::__interface!(@answer [unsafe { T::$name($($arg),*) }] ($(result: $out)?))
        }
    };
    (@answer [$($outcome:tt)*] ()) => { $crate::Failure::status_of($($outcome)*) };
    (@answer [$($outcome:tt)*] ($result:ident: $out:ty)) => {
        // SAFETY: writable or null, by the caller's promise.
        unsafe { $crate::interface::answer($result, || $($outcome)*) }
    };
}

/// Binds a table that was written by hand, or by a generator, to its GUID and version, and makes a type that stands for it.
///
/// ```
/// # #[derive(Clone, Copy)]
/// # #[repr(C)]
/// # pub struct SAMPLE_INTERFACE { pub InterfaceHeader: direct_call::Header, pub SampleDouble: unsafe extern "system" fn(*mut i32) -> i32 }
/// # const GUID_SAMPLE_INTERFACE: direct_call::GUID = direct_call::guid("7b0a3f52-94c1-4d0e-8f0b-51a7d2c9e619");
/// direct_call::bind! {
///     /// Version 1.
///     pub enum SampleInterface: unsafe table(SAMPLE_INTERFACE, InterfaceHeader), guid(GUID_SAMPLE_INTERFACE), version(1);
/// }
/// ```
///
/// `unsafe table` is a promise: that whoever answers to the GUID at this version fills such a table, and that it consists of the header, which is
/// the field named second, and of function pointers. That the header comes first, and the size, are checked.
#[macro_export]
macro_rules! bind {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: unsafe table($table:ty, $header:ident), guid($($guid:tt)+), version($version:expr) $(,)?;
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis enum $name {}

        // SAFETY: whoever wrote `unsafe table` promises it; header and size are asserted below.
        unsafe impl $crate::Interface for $name {
            type Table = $table;
            const GUID: $crate::GUID = $crate::__interface!(@guid $($guid)+);
            const VERSION: u16 = $version;
        }

        const _: () = {
            assert!(
                ::core::mem::offset_of!($table, $header) == 0,
                "the INTERFACE header is not the first field of the table"
            );
            assert!(
                $crate::interface::size_of_field(|table: &$table| &table.$header) == ::core::mem::size_of::<$crate::Header>(),
                "the field that is named as the INTERFACE header has another size"
            );
            let _size = <$name as $crate::Interface>::SIZE;
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "a table is bound in the form `pub enum Name: unsafe table(TABLE, HeaderField), guid(GUID), version(1);`"
        );
    };
}

/// Keeps what is for KMDF, if this crate is built with that feature.
#[cfg(feature = "kmdf")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_kmdf {
    ($($items:tt)*) => { $($items)* };
}

/// Drops what is for KMDF, if this crate is built without that feature.
#[cfg(not(feature = "kmdf"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_kmdf {
    ($($items:tt)*) => {};
}
