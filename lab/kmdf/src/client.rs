//! A bound client: the public globals that its image sees, and what the framework keeps beside them.
#![allow(
    unsafe_code,
    reason = "turns the address of the public globals into the client"
)]

use core::{cell::Cell, mem, ptr, ptr::NonNull};

use wdk_sys::{PWDF_DRIVER_GLOBALS, WDF_DRIVER_GLOBALS};

use crate::{
    driver::Driver,
    failure::Outcome,
    object::{Obj, Tree},
    pool::{self, Tag},
    wdm::{device_object::DriverObject, sync::SpinLock, text::Wide},
};

/// Marks the globals of a bound client.
const MAGIC: u64 = u64::from_le_bytes(*b"WdfGlobs");

/// What the framework keeps for a client. The public part comes first: its address is the client's.
#[repr(C)]
pub struct ClientBlock {
    public: Cell<WDF_DRIVER_GLOBALS>,
    magic: Cell<u64>,
    /// The client's WDM driver object.
    pub driver_object: DriverObject,
    /// The key of its service.
    pub registry_path: Wide,
    /// Guards the tree of the client's objects.
    pub tree: SpinLock<Tree>,
    /// What `WdfDriverCreate` made.
    pub driver: Cell<Option<Obj<Driver>>>,
    tag: Tag,
}

/// The globals of a bound client, valid from bind to unbind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client(NonNull<ClientBlock>);

impl core::ops::Deref for Client {
    type Target = ClientBlock;
    fn deref(&self) -> &ClientBlock {
        // SAFETY: Made by `create` or checked by `from_globals`; the block is freed at unbind, after the
        // client's last call.
        unsafe { self.0.as_ref() }
    }
}

impl Client {
    /// Makes the globals of a client. The tag is the first four letters of the service's name.
    ///
    /// # Errors
    /// `STATUS_INSUFFICIENT_RESOURCES`.
    pub fn create(driver_object: DriverObject, registry_path: &[u16]) -> Outcome<Self> {
        let service = service_name(registry_path);
        let tag = tag_of(service);
        let block = pool::allocate(tag, mem::size_of::<ClientBlock>())?.cast::<ClientBlock>();
        let value = match Wide::of(tag, registry_path) {
            Ok(registry_path) => ClientBlock {
                public: Cell::new(public(service, tag)),
                magic: Cell::new(MAGIC),
                driver_object,
                registry_path,
                tree: SpinLock::new(Tree),
                driver: Cell::new(None),
                tag,
            },
            Err(failure) => {
                pool::free(block.cast(), tag);
                return Err(failure);
            }
        };
        // SAFETY: A block of this size, aligned to 16, that nobody else has.
        unsafe { block.write(value) };
        Ok(Self(block))
    }

    /// The client whose public globals these are, `None` when they are not of a bound client.
    pub fn from_globals(globals: PWDF_DRIVER_GLOBALS) -> Option<Self> {
        let block = NonNull::new(globals.cast::<ClientBlock>())?;
        if !block.is_aligned() {
            return None;
        }
        let client = Self(block);
        (client.magic.get() == MAGIC).then_some(client)
    }

    /// The address of the public globals.
    pub const fn globals(self) -> PWDF_DRIVER_GLOBALS {
        self.0.as_ptr().cast()
    }

    /// The tag of the client's pool.
    pub fn tag(self) -> Tag {
        self.tag
    }

    /// Changes the public globals.
    pub fn set_public(self, change: impl FnOnce(&mut WDF_DRIVER_GLOBALS)) {
        let mut public = self.public.get();
        change(&mut public);
        self.public.set(public);
    }

    /// Frees the globals: the client is unbound.
    pub fn free(self) {
        self.magic.set(0);
        let tag = self.tag();
        // SAFETY: Written by `create`, dropped once, and not used afterwards.
        unsafe { ptr::drop_in_place(self.0.as_ptr()) };
        pool::free(self.0.cast(), tag);
    }
}

/// The last component of the service's key.
fn service_name(registry_path: &[u16]) -> &[u16] {
    let start = registry_path
        .iter()
        .rposition(|unit| *unit == u16::from(b'\\'))
        .map_or(0, |at| at + 1);
    registry_path.get(start..).unwrap_or(&[])
}

/// The first four letters of the service's name, filled with spaces; KMDF's rule, so that a leak names its
/// driver.
fn tag_of(service: &[u16]) -> Tag {
    let mut letters = *b"    ";
    for (letter, unit) in letters.iter_mut().zip(service) {
        *letter = ascii(*unit);
    }
    Tag(if service.is_empty() {
        u32::from_le_bytes(*b"FxDr")
    } else {
        u32::from_le_bytes(letters)
    })
}

fn public(service: &[u16], tag: Tag) -> WDF_DRIVER_GLOBALS {
    let mut globals = WDF_DRIVER_GLOBALS {
        DriverTag: tag.0,
        ..Default::default()
    };
    let room = globals.DriverName.len() - 1;
    for (letter, unit) in globals.DriverName.iter_mut().zip(service.iter().take(room)) {
        *letter = ascii(*unit).cast_signed();
    }
    globals
}

fn ascii(unit: u16) -> u8 {
    u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?')
}
