//! Whose address is whose: which addresses of a frame are access points', and stay as heard.
//!
//! An address stays when the frame itself shows it to be a network's, or when it announced itself as one
//! within the last minutes: a telephone that was a hotspot for a while is a client again. Group
//! addresses stay. All others count as clients': the address of an access point that was heard in
//! control frames only becomes a pseudonym too, which costs a row and gives nobody away.

use super::bounded::BoundedSet;
use pw_model::{
    Advertisement, AdvertisementKind, Detail, FrameFlags, FrameKind, MacAddr, Observation,
    Timestamp,
};
use std::time::Duration;

/// Networks remembered; when more, those that did not announce themselves for the longest are
/// forgotten until they do again.
const NETWORKS_MAX: usize = 65_536;
/// Who has not announced itself for once to twice this time is no network any more.
const FORGET_AFTER: Duration = Duration::from_secs(600);
/// The name with which devices that are no group owner answer (Wi-Fi Direct 1.9, 2.4.1).
const WIFI_DIRECT: &[u8] = b"DIRECT-";
/// Categories of action frames that are also sent outside of networks, where the third address may
/// be a client's (IEEE Std 802.11-2020, table 9-51): public, protected public, vendor-specific.
const OUTSIDE: [u8; 4] = [4, 9, 126, 127];

/// What is known of roles.
#[derive(Debug)]
pub(super) struct Roles {
    networks: BoundedSet<MacAddr>,
    /// Devices that answer probes and are no networks.
    devices: BoundedSet<MacAddr>,
    /// When networks were last looked through.
    turned: Option<Timestamp>,
}

impl Default for Roles {
    fn default() -> Self {
        Self {
            networks: BoundedSet::new(NETWORKS_MAX),
            devices: BoundedSet::new(NETWORKS_MAX),
            turned: None,
        }
    }
}

impl Roles {
    /// A non-transmitted network is one by the word of another; a Wi-Fi Direct device is none.
    pub(super) fn note_advertisement(&mut self, ad: &Advertisement) {
        match ad.kind {
            AdvertisementKind::NonTransmitted => self.networks.insert(ad.transmitter),
            AdvertisementKind::ProbeResponse
                if ad.traits.ssid.as_ref().is_some_and(|ssid| ssid.bytes() == WIFI_DIRECT) =>
            {
                self.devices.insert(ad.transmitter);
            }
            _ => {}
        }
    }

    /// Learns from a frame; gives the address that it shows to be a network's. Only what a network says
    /// of itself is remembered: any other frame is believed for itself.
    pub(super) fn note(&mut self, o: &Observation) -> Option<MacAddr> {
        match self.turned {
            Some(turned) if o.time.since(turned) < FORGET_AFTER => {}
            Some(_) => {
                self.networks.turn();
                self.turned = Some(o.time);
            }
            None => self.turned = Some(o.time),
        }
        if o.kind.frame_type() == Some(3) {
            // Beacons of the DMG and S1G bands carry one address: the network's.
            return o.transmitter.inspect(|network| self.networks.insert(*network));
        }
        let bssid = o.bssid.filter(|b| !b.is_multicast() && *b != MacAddr::ZERO)?;
        let to_ds = o.flags.contains(FrameFlags::TO_DS);
        let from_ds = o.flags.contains(FrameFlags::FROM_DS);
        let shown = match o.kind {
            FrameKind::BEACON | FrameKind::PROBE_RESPONSE => !self.devices.contains(bssid),
            FrameKind::ASSOCIATION_REQUEST
            | FrameKind::ASSOCIATION_RESPONSE
            | FrameKind::REASSOCIATION_REQUEST
            | FrameKind::REASSOCIATION_RESPONSE
            | FrameKind::AUTHENTICATION
            | FrameKind::DEAUTHENTICATION
            | FrameKind::DISASSOCIATION => true,
            FrameKind::ACTION | FrameKind::ACTION_NO_ACK => {
                let outside = matches!(
                    o.detail,
                    Some(Detail::ActionCategory(category)) if OUTSIDE.contains(&category)
                );
                let unread = o.detail.is_none() && !o.flags.contains(FrameFlags::PROTECTED);
                return (!outside && !unread).then_some(bssid);
            }
            // One bit: to or from the network. None: among stations of an independent network, whose
            // identifier was drawn at random, or of one that is known.
            kind if kind.is_data() && to_ds != from_ds => true,
            kind if kind.is_data() && !to_ds => return Some(bssid),
            _ => false,
        };
        let announces = matches!(
            o.kind,
            FrameKind::BEACON
                | FrameKind::PROBE_RESPONSE
                | FrameKind::ASSOCIATION_RESPONSE
                | FrameKind::REASSOCIATION_RESPONSE
        );
        if shown && announces && !o.flags.contains(FrameFlags::BAD_FCS) {
            self.networks.insert(bssid);
        }
        shown.then_some(bssid)
    }

    /// What stands for the address as heard: a group address or a network's; `None` for a client.
    pub(super) fn stays(&self, address: MacAddr, trusted: Option<MacAddr>) -> Option<MacAddr> {
        if address.is_multicast() {
            return Some(group(address));
        }
        let network = Some(address) == trusted || self.networks.holds(address);
        (network || address == MacAddr::ZERO).then_some(address)
    }
}

/// A group address. That of an IPv6 solicited node ends in 24 bits of the address of the one who is
/// sought (RFC 4291, 2.7.1), often the last half of its MAC address: they are left out.
const fn group(address: MacAddr) -> MacAddr {
    match address.0 {
        [0x33, 0x33, 0xff, _, _, _] => MacAddr([0x33, 0x33, 0xff, 0, 0, 0]),
        _ => address,
    }
}
