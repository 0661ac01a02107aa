//! The load configuration: of all that it says, the loader sees to the stack cookie.

use super::bytes::Bytes;
use super::error::Malformed;
use super::headers::{Directory, Headers};

/// Offset of `SecurityCookie` in `IMAGE_LOAD_CONFIG_DIRECTORY64`: the address of the cookie.
const SECURITY_COOKIE: usize = 0x58;
/// What the linker puts there (`DEFAULT_SECURITY_COOKIE` of `gs_support.c`). Images built with /GS refuse to run with it.
const DEFAULT_SECURITY_COOKIE: u64 = 0x0000_2B99_2DDF_A232;
/// The upper two bytes of a cookie are zero, so that no string function can write them.
const COOKIE_BITS: u64 = 0x0000_FFFF_FFFF_FFFF;

/// Gives an image that has a stack cookie a value of its own. `image` are the relocated bytes for `base`.
///
/// # Errors
/// The directory, or what it refers to, does not lie in the image.
pub fn set_cookie(headers: &Headers, image: &mut [u8], base: u64) -> Result<(), Malformed> {
    const PLACE: &str = "load configuration";
    let Some((directory, size)) = headers.directory(Directory::LoadConfig) else {
        return Ok(());
    };
    let bytes = Bytes::new(image, "the image");
    // The directory's own first member says how much of it there is.
    if size.min(bytes.offset(directory, PLACE)?) < SECURITY_COOKIE + 8 {
        return Ok(());
    }
    let address = bytes.u64(directory + SECURITY_COOKIE, PLACE)?;
    if address == 0 {
        return Ok(());
    }
    let outside = || {
        Malformed::new(
            PLACE,
            format!("the stack cookie at {address:#x} does not lie in the image"),
        )
    };
    let offset = usize::try_from(address.wrapping_sub(base)).map_err(|_| outside())?;
    let place = image
        .get_mut(offset..offset.saturating_add(8))
        .ok_or_else(outside)?;
    if place == DEFAULT_SECURITY_COOKIE.to_le_bytes() {
        place.copy_from_slice(&cookie(address).to_le_bytes());
    }
    Ok(())
}

/// A value that differs from image to image and, with the addresses of the process, from run to run.
const fn cookie(address: u64) -> u64 {
    let value = (address.rotate_left(17) ^ DEFAULT_SECURITY_COOKIE) & COOKIE_BITS;
    if value == DEFAULT_SECURITY_COOKIE {
        value + 1
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::{COOKIE_BITS, DEFAULT_SECURITY_COOKIE, cookie};

    #[test]
    fn a_cookie_is_never_the_linkers_own_and_has_two_zero_bytes() {
        for address in [0, 0x7FFF_1234_5678, u64::MAX] {
            let value = cookie(address);
            assert_ne!(value, DEFAULT_SECURITY_COOKIE);
            assert_eq!(value & !COOKIE_BITS, 0);
        }
    }
}
