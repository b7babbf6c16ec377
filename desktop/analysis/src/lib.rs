//! Pure analyses: (snapshot, settings) to result, nothing kept between calls; and of a capture, packet by
//! packet to result.

pub mod base_map;
pub mod locate;
pub mod packets;

#[cfg(test)]
mod tests {
    use pw_model::{MacAddr, Timestamp};
    use pw_survey::{AccessPoint, HeardCell};
    use std::collections::BTreeMap;

    /// An access point heard in `heard`, with nothing else known.
    pub(crate) fn access_point(heard: Vec<HeardCell>) -> AccessPoint {
        AccessPoint {
            bssid: MacAddr([2, 0, 0, 0, 0, 1]),
            ssids: Vec::new(),
            hidden: false,
            advertisement: None,
            protection: None,
            channel: None,
            frequency_mhz: None,
            beacons: 0,
            frames: 0,
            sightings: 0,
            heard_again: 0,
            kinds: BTreeMap::new(),
            bytes: 0,
            clients: Vec::new(),
            first_seen: Timestamp::from_unix_secs(0),
            last_seen: Timestamp::from_unix_secs(0),
            signal: None,
            history: Vec::new(),
            heard,
            stated_position: None,
            sensors: Vec::new(),
            note: None,
            known: false,
        }
    }
}
