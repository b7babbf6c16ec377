//! Makers' names of addresses.

use pw_model::MacAddr;

/// The maker that the address's prefix is registered to; `None` for prefixes that are not
/// registered and for addresses that a device gave itself.
#[must_use]
pub fn vendor(address: MacAddr) -> Option<&'static str> {
    pw_dissect::vendor::lookup(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_prefixes_have_a_maker_and_invented_addresses_have_none() {
        // 00:00:0c was the first prefix of Cisco Systems.
        let cisco = vendor(MacAddr([0x00, 0x00, 0x0c, 1, 2, 3])).expect("registered");
        assert!(cisco.contains("Cisco"), "{cisco}");
        assert_eq!(vendor(MacAddr([0x02, 0x00, 0x5e, 1, 2, 3])), None);
    }
}
