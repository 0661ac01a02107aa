//! Whose code it is: the driver at the bottom of an export call.

use core::fmt;
use core::sync::atomic::Ordering;

use crate::ke::processor;
use crate::ldr;

/// The module that stands between a KMDF client and the kernel: what it allocates belongs to its client.
const FRAMEWORK: &str = "wdfldr.sys";
/// How many frames to look through for a client before the framework itself is named.
const MAX_FRAMES: usize = 64;

/// A place in driver code that something belongs to. Zero stands for the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    address: usize,
}

impl Owner {
    /// The host itself.
    pub const HOST: Self = Self { address: 0 };

    /// The code at `address`.
    #[must_use]
    pub const fn at(address: usize) -> Self {
        Self { address }
    }

    /// The address of the code; zero for the host.
    #[must_use]
    pub const fn address(self) -> usize {
        self.address
    }

    /// Whether this is the host itself and not a driver.
    #[must_use]
    pub const fn is_host(self) -> bool {
        self.address == 0
    }

    /// Image, offset and symbol, if the address lies in an image.
    #[must_use]
    pub fn location(self) -> Option<ldr::Location> {
        ldr::find(self.address)
    }

    /// The name of the image, `"the lab"` for the host's own code.
    #[must_use]
    pub fn image(self) -> String {
        self.location()
            .map_or_else(|| String::from("the lab"), |location| location.image.to_string())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.location() {
            Some(location) => location.fmt(f),
            None if self.is_host() => f.write_str("the lab"),
            None => write!(f, "code outside of every image at {:#x}", self.address),
        }
    }
}

/// Who calls the current export: the nearest frame of an image other than wdfldr.sys, else wdfldr.sys, else the host. A routine that ends in a
/// jump to the export has no frame any more, and is the one that the host called.
#[must_use]
pub fn owner() -> Owner {
    let mut first = Owner::HOST;
    for address in ldr::unwind::frames(&processor::current().caller()).take(MAX_FRAMES) {
        let owner = Owner::at(address);
        if !ldr::is_in(address, FRAMEWORK) {
            return owner;
        }
        if first.is_host() {
            first = owner;
        }
    }
    if first.is_host() {
        return jumped();
    }
    first
}

/// The routine of a driver's that the host called last on this thread, if it is in one.
fn jumped() -> Owner {
    let routine = processor::current().routine.load(Ordering::Relaxed);
    ldr::image_at(routine).map_or(Owner::HOST, |_| Owner::at(routine))
}
