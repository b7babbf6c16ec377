//! The basic multi-link element (IEEE Std 802.11be-2024, 9.4.2.322.2).

use crate::bytes::{array, slice, u8_at, u16_le};
use pw_model::{MacAddr, MldLink};

/// What a basic multi-link element says of a multi-link device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MultiLink {
    /// Address of the device.
    pub address: MacAddr,
    /// Link that the frame itself was sent on, when said.
    pub own_link: Option<u8>,
    /// The other links, from the per-link profiles.
    pub links: Vec<MldLink>,
}

/// Subelement: profile of one link.
const PER_STA_PROFILE: u8 = 0;
/// Link identifiers are 0 to 14.
const MAX_LINKS: usize = 15;

/// Decodes the body of element 255/107, fragments joined; `None` for other variants
/// (probe request, reconfiguration, TDLS, priority access) and when the device's address is cut.
#[must_use]
pub fn basic(body: &[u8]) -> Option<MultiLink> {
    let control = u16_le(body, 0)?;
    if control & 0x07 != 0 {
        return None;
    }
    let common_len = usize::from(u8_at(body, 2)?);
    let address = MacAddr(array(body, 3)?);
    // Bit 4 of the control field: link identifier present, right after the address.
    let own_link = if control & 0x10 != 0 && common_len >= 8 {
        u8_at(body, 9).map(|link| link & 0x0f)
    } else {
        None
    };
    let mut links = Vec::new();
    let mut rest = body.get(common_len.saturating_add(2)..).unwrap_or(&[]);
    while let (Some(kind), Some(length)) = (u8_at(rest, 0), u8_at(rest, 1)) {
        let Some(value) = slice(rest, 2, usize::from(length)) else { break };
        if kind == PER_STA_PROFILE && links.len() < MAX_LINKS {
            links.extend(link(value));
        }
        rest = rest.get(usize::from(length).saturating_add(2)..).unwrap_or(&[]);
    }
    Some(MultiLink { address, own_link, links })
}

/// STA control: bits 0 to 3 link identifier, bit 5 address present; then STA info, its length first.
fn link(profile: &[u8]) -> Option<MldLink> {
    let control = u16_le(profile, 0)?;
    let link_id = u8::try_from(control & 0x0f).ok()?;
    let address = if control & 0x20 != 0 && u8_at(profile, 2)? >= 7 {
        array(profile, 3).map(MacAddr)
    } else {
        None
    };
    Some(MldLink { link_id, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_and_links() {
        let mut body = vec![0x10, 0x00, 8];
        body.extend([2, 0, 0, 0, 0, 9]);
        body.push(1);
        body.extend([0, 9, 0x22, 0x00, 7]);
        body.extend([2, 0, 0, 0, 0, 2]);
        body.extend([0, 3, 0x00, 0x00, 1]);
        let multi_link = basic(&body).expect("basic variant");
        assert_eq!(multi_link.address, MacAddr([2, 0, 0, 0, 0, 9]));
        assert_eq!(multi_link.own_link, Some(1));
        assert_eq!(
            multi_link.links,
            vec![
                MldLink { link_id: 2, address: Some(MacAddr([2, 0, 0, 0, 0, 2])) },
                MldLink { link_id: 0, address: None }
            ]
        );
        for end in 0..body.len() {
            assert!(basic(&body[..end]).is_none_or(|device| device.links.len() < 2));
        }
    }
}
