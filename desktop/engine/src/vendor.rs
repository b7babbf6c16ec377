//! Makers' names of addresses.

use pw_model::MacAddr;

/// The maker that the address's prefix is registered to; `None` for prefixes that are not
/// registered and for addresses that a device gave itself.
#[must_use]
pub fn vendor(address: MacAddr) -> Option<&'static str> {
    let _ = address;
    None // SWAP
}
