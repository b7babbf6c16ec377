//! Makers' names of addresses, and how old the lists are that they come from.

use pw_model::MacAddr;

/// The maker that the address's prefix is registered to; `None` for prefixes that are not
/// registered and for addresses that a device gave itself.
#[must_use]
pub fn vendor(address: MacAddr) -> Option<&'static str> {
    pw_dissect::vendor::lookup(address)
}

/// The lists that makers' names come from, with their date, as it stands beside names.
#[must_use]
pub fn vendor_lists() -> String {
    format!("IEEE lists (MA-L, MA-M, MA-S) of {}", pw_dissect::vendor::list_date())
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

    #[test]
    fn the_lists_have_a_date() {
        let words = vendor_lists();
        let (_, date) = words.rsplit_once(' ').expect("words");
        assert!(date.len() >= 7 && date.starts_with("20") && date.contains('-'), "{words}");
    }
}
