//! Who sent a frame, and as what (IEEE Std 802.11-2020, 9.3.2.1 table 9-30 and 9.3.3).

use pw_model::{FrameFlags, FrameKind, MacAddr, Observation};

/// What a frame shows its transmitter to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Seen {
    /// It runs a BSS.
    AccessPoint,
    /// It is a station of one, or looks for one.
    Client,
    /// The frame does not say; it counts for a device that is known.
    Unsaid,
}

/// One frame, as far as devices are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sighting {
    /// The device that the frame counts for.
    pub(crate) device: MacAddr,
    /// As what.
    pub(crate) seen: Seen,
    /// The network that a client is seen with.
    pub(crate) bssid: Option<MacAddr>,
    /// A network and a station that belong together.
    pub(crate) joined: Option<(MacAddr, MacAddr)>,
}

/// An address that can be a station's.
fn station(address: Option<MacAddr>) -> Option<MacAddr> {
    address.filter(|a| !a.is_multicast() && *a != MacAddr::ZERO)
}

/// Reads the addresses of a frame. `None` when it says nothing of any device: no transmitter,
/// a group address as transmitter, a wrong checksum, or no readable header.
pub(crate) fn sighting(o: &Observation) -> Option<Sighting> {
    if o.flags.contains(FrameFlags::BAD_FCS) || o.kind == FrameKind::UNREADABLE {
        return None;
    }
    let transmitter = station(o.transmitter)?;
    let bssid = station(o.bssid);
    let plain = |seen| Sighting { device: transmitter, seen, bssid: None, joined: None };
    let client = |network: Option<MacAddr>, joins: bool| {
        let network = network.filter(|network| *network != transmitter);
        let joined = network.filter(|_| joins).map(|network| (network, transmitter));
        Sighting { device: transmitter, seen: Seen::Client, bssid: network, joined }
    };
    Some(match o.kind {
        // In an independent BSS the BSSID is no station's address, but it is what there is to show.
        FrameKind::BEACON | FrameKind::PROBE_RESPONSE if o.advertisement.is_some() => {
            Sighting { device: bssid.unwrap_or(transmitter), ..plain(Seen::AccessPoint) }
        }
        FrameKind::BEACON | FrameKind::PROBE_RESPONSE => {
            Sighting { device: bssid.unwrap_or(transmitter), ..plain(Seen::Unsaid) }
        }
        FrameKind::PROBE_REQUEST => client(None, false),
        FrameKind::ASSOCIATION_REQUEST | FrameKind::REASSOCIATION_REQUEST => client(bssid, true),
        // An access point's own authentication frames do not make one: they are easily forged.
        FrameKind::AUTHENTICATION if bssid.is_some_and(|b| b != transmitter) => {
            client(bssid, false)
        }
        kind if kind.is_data() => {
            let to_ds = o.flags.contains(FrameFlags::TO_DS);
            let from_ds = o.flags.contains(FrameFlags::FROM_DS);
            match (to_ds, from_ds) {
                (true, false) => client(bssid.or(station(o.receiver)), true),
                (false, true) => Sighting {
                    joined: station(o.receiver).map(|receiver| (transmitter, receiver)),
                    ..plain(Seen::AccessPoint)
                },
                // Without either bit: between stations of an independent BSS, or direct.
                (false, false) if bssid != Some(transmitter) => client(bssid, false),
                // Both bits: between access points or in a mesh; says nothing of the roles.
                _ => plain(Seen::Unsaid),
            }
        }
        _ => plain(Seen::Unsaid),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::observation;
    use pw_model::AdvertisementId;

    const AP: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const STA: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
    const DATA: FrameKind = FrameKind::new(2, 8);

    fn frame(kind: FrameKind, flags: FrameFlags, addresses: [MacAddr; 3]) -> Observation {
        let [receiver, transmitter, bssid] = addresses;
        Observation {
            kind,
            flags,
            receiver: Some(receiver),
            bssid: Some(bssid),
            ..observation(transmitter, pw_model::Timestamp::from_unix_secs(0))
        }
    }

    fn check(o: &Observation, device: MacAddr, seen: Seen, joined: Option<(MacAddr, MacAddr)>) {
        let found = sighting(o).expect("says something");
        assert_eq!((found.device, found.seen, found.joined), (device, seen, joined), "{o:?}");
    }

    #[test]
    fn roles_from_addresses() {
        let none = FrameFlags::default();
        let mut beacon = frame(FrameKind::BEACON, none, [MacAddr::BROADCAST, AP, AP]);
        check(&beacon, AP, Seen::Unsaid, None);
        beacon.advertisement = Some(AdvertisementId(1));
        check(&beacon, AP, Seen::AccessPoint, None);
        let probe = frame(FrameKind::PROBE_REQUEST, none, [MacAddr::BROADCAST, STA, AP]);
        check(&probe, STA, Seen::Client, None);
        let up = frame(DATA, FrameFlags::TO_DS, [AP, STA, AP]);
        check(&up, STA, Seen::Client, Some((AP, STA)));
        let down = frame(DATA, FrameFlags::FROM_DS, [STA, AP, AP]);
        check(&down, AP, Seen::AccessPoint, Some((AP, STA)));
        let group = frame(DATA, FrameFlags::FROM_DS, [MacAddr::BROADCAST, AP, AP]);
        check(&group, AP, Seen::AccessPoint, None);
        let bridge = frame(DATA, FrameFlags::FROM_DS.with(FrameFlags::TO_DS), [STA, AP, AP]);
        check(&bridge, AP, Seen::Unsaid, None);
        let joins = frame(FrameKind::ASSOCIATION_REQUEST, none, [AP, STA, AP]);
        check(&joins, STA, Seen::Client, Some((AP, STA)));
        let authentication = frame(FrameKind::AUTHENTICATION, none, [AP, STA, AP]);
        check(&authentication, STA, Seen::Client, None);
        let answer = frame(FrameKind::AUTHENTICATION, none, [STA, AP, AP]);
        check(&answer, AP, Seen::Unsaid, None);
        let forged = frame(FrameKind::DEAUTHENTICATION, none, [STA, AP, AP]);
        check(&forged, AP, Seen::Unsaid, None);
    }

    #[test]
    fn what_says_nothing() {
        let none = FrameFlags::default();
        for transmitter in [MacAddr::ZERO, MacAddr::BROADCAST, MacAddr([1, 0, 0x5e, 0, 0, 1])] {
            let o = frame(FrameKind::BEACON, none, [MacAddr::BROADCAST, transmitter, transmitter]);
            assert_eq!(sighting(&o), None);
        }
        assert_eq!(sighting(&frame(DATA, FrameFlags::BAD_FCS, [AP, STA, AP])), None);
        assert_eq!(sighting(&frame(FrameKind::UNREADABLE, none, [AP, STA, AP])), None);
    }
}
