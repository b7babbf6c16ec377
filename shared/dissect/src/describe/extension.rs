//! Extension frames: DMG and S1G beacons (IEEE Std 802.11-2020, 9.3.4).

use super::elements;
use super::management::{BEACON_INTERVAL, TIMESTAMP};
use crate::fault::Layer;
use crate::fields::{BitField, Part, Reader, Span, Value, Walk, fields, names};
use crate::ieee80211::Header;

fields! {
    Body => FIELDS;
    /// Fixed fields of an extension frame.
    FIXED: branch("wlan.extension", "Beacon fields").clause("802.11-2020, 9.3.4");
    /// Lower four bytes of the timer.
    S1G_TIMESTAMP: unsigned("wlan.s1g.timestamp", "Timestamp, low 32 bits").unit("µs").clause("802.11-2020, 9.3.4.3");
    /// Counts changes of the network.
    S1G_CHANGE: unsigned("wlan.s1g.change_sequence", "Change sequence").clause("802.11-2020, 9.4.1.57");
    /// Next time of a full beacon.
    S1G_NEXT: unsigned("wlan.s1g.next_tbtt", "Next TBTT").unit("256 µs").clause("802.11-2020, 9.3.4.3");
    /// Hash of the SSID.
    S1G_SSID_HASH: hex("wlan.s1g.compressed_ssid", "Compressed SSID", 8).clause("802.11-2020, 9.4.2.196");
    /// Access network options.
    S1G_OPTIONS: hex("wlan.s1g.access_network_options", "Access network options", 2).clause("802.11-2020, 9.4.2.91");
    /// Kind of network.
    S1G_NETWORK: unsigned("wlan.s1g.access_network_options.type", "Access network type").names(names![
        0 => "private", 1 => "private with guest access", 2 => "chargeable public", 3 => "free public",
        4 => "personal device", 5 => "emergency services", 14 => "test", 15 => "wildcard"]);
    /// The network leads to the internet.
    S1G_INTERNET: flag("wlan.s1g.access_network_options.internet", "Internet access");
    /// Sector sweep.
    SWEEP: hex("wlan.dmg.sector_sweep", "Sector sweep", 6).clause("802.11-2020, 9.5.1");
    /// Sent by the responder of the sweep.
    SWEEP_DIRECTION: flag("wlan.dmg.sector_sweep.direction", "Sent by the responder");
    /// Frames that are left in the sweep.
    SWEEP_COUNT: unsigned("wlan.dmg.sector_sweep.cdown", "Countdown");
    /// Sector.
    SWEEP_SECTOR: unsigned("wlan.dmg.sector_sweep.sector", "Sector");
    /// Antenna.
    SWEEP_ANTENNA: unsigned("wlan.dmg.sector_sweep.antenna", "DMG antenna");
    /// Beacon interval control.
    INTERVAL_CONTROL: hex("wlan.dmg.beacon_interval_control", "Beacon interval control", 12).clause("802.11-2020, 9.3.4.2");
    /// Clustering control follows.
    CLUSTERING_PRESENT: flag("wlan.dmg.beacon_interval_control.cc_present", "Clustering control present");
    /// Sent to find stations.
    DISCOVERY_MODE: flag("wlan.dmg.beacon_interval_control.discovery_mode", "Discovery mode");
    /// DMG parameters.
    PARAMETERS: hex("wlan.dmg.parameters", "DMG parameters", 2).clause("802.11-2020, 9.4.1.46");
    /// Kind of network.
    PARAMETERS_TYPE: unsigned("wlan.dmg.parameters.bss", "BSS type").names(names![1 => "IBSS", 2 => "PBSS", 3 => "infrastructure"]);
    /// Encryption is required.
    PARAMETERS_PRIVACY: flag("wlan.dmg.parameters.privacy", "Privacy");
    /// Clustering control.
    CLUSTERING: hex("wlan.dmg.clustering_control", "Clustering control", 16).clause("802.11-2020, 9.3.4.2");
    /// What nothing here gives a meaning.
    DATA: bytes("wlan.extension.data", "Data");
}

const SWEEP_BITS: &[BitField] = &[
    (&SWEEP_DIRECTION, 0, 1),
    (&SWEEP_COUNT, 1, 9),
    (&SWEEP_SECTOR, 10, 6),
    (&SWEEP_ANTENNA, 16, 2),
];

/// Names the body of an extension frame.
pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    if header.address1.is_none() {
        // The header itself is cut, which is stated there.
        return;
    }
    let frame = walk.packet.frame;
    let mut reader = Reader::new(frame.body(), frame.body_offset());
    walk.set_layer(Layer::Body);
    let span = Span::new(reader.offset(), reader.left());
    let complete = walk.branch(&FIXED, Value::Nothing, span, |walk| match header.kind.subtype() {
        Some(0) => millimetre_wave(walk, &mut reader),
        Some(1) => sub_gigahertz(walk, &mut reader),
        _ => {
            walk.rest(&mut reader, &DATA);
            Some(())
        }
    });
    if complete.is_none() {
        walk.fault(reader.offset(), "the fixed fields are cut");
        return;
    }
    if walk.wants(Part::Element) && !reader.is_empty() {
        walk.set_layer(Layer::Element);
        elements::describe(walk, reader);
    }
}

/// DMG beacon (802.11-2020, 9.3.4.2).
fn millimetre_wave(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number(reader, &TIMESTAMP, 8)?;
    walk.packed(reader, &SWEEP, 3, SWEEP_BITS)?;
    walk.u16(reader, &BEACON_INTERVAL)?;
    let bits: &[BitField] = &[(&CLUSTERING_PRESENT, 0, 1), (&DISCOVERY_MODE, 1, 1)];
    let control = walk.packed(reader, &INTERVAL_CONTROL, 6, bits)?;
    let bits: &[BitField] = &[(&PARAMETERS_TYPE, 0, 2), (&PARAMETERS_PRIVACY, 4, 1)];
    walk.packed(reader, &PARAMETERS, 1, bits)?;
    if control.bit(0) {
        walk.number(reader, &CLUSTERING, 8)?;
    }
    Some(())
}

/// S1G beacon (802.11-2020, 9.3.4.3): which fields there are stands in the frame control field.
fn sub_gigahertz(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = walk.packet.frame.mac.get(1).copied().unwrap_or(0);
    walk.number(reader, &S1G_TIMESTAMP, 4)?;
    walk.u8(reader, &S1G_CHANGE)?;
    let has = |bit: u8| control >> bit & 1 != 0;
    if has(0) {
        walk.number(reader, &S1G_NEXT, 3)?;
    }
    if has(1) {
        walk.number(reader, &S1G_SSID_HASH, 4)?;
    }
    if has(2) {
        let bits: &[BitField] = &[(&S1G_NETWORK, 0, 4), (&S1G_INTERNET, 4, 1)];
        walk.packed(reader, &S1G_OPTIONS, 1, bits)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole};

    #[test]
    fn sub_gigahertz_beacon() {
        let head = [&[0x1c, 0x4f, 0, 0][..], &[2, 0, 0, 0, 0, 1]].concat();
        let body = [1, 0, 0, 0, 7, 9, 0, 0, 0x78, 0x56, 0x34, 0x12, 0x13, 0, 1, b'a'];
        check_whole(
            &[head.clone(), body.to_vec()].concat(),
            &[
                "Type and subtype: S1G beacon (0x0031)",
                "BSS bandwidth: 1",
                "Security: yes",
                "Source: 02:00:00:00:00:01",
                "Timestamp, low 32 bits: 1 µs",
                "Change sequence: 7",
                "Next TBTT: 9 256 µs",
                "Compressed SSID: 0x12345678",
                "Access network type: free public (3)",
                "Internet access: yes",
                "SSID: a",
            ],
        );
        check(&[head, body[..8].to_vec()].concat(), &["! the fixed fields are cut"]);
    }

    #[test]
    fn millimetre_wave_beacon() {
        let mut mac = vec![0x0c, 0, 0, 0, 2, 0, 0, 0, 0, 1];
        mac.extend([5, 0, 0, 0, 0, 0, 0, 0]);
        mac.extend([0x0a, 0x04, 0x02]);
        mac.extend([100, 0, 0, 0, 0, 0, 0, 0, 0x13]);
        mac.extend([0, 1, b'a']);
        check_whole(
            &mac,
            &[
                "BSSID: 02:00:00:00:00:01",
                "Countdown: 5",
                "Sector: 1",
                "DMG antenna: 2",
                "BSS type: infrastructure (3)",
                "SSID: a",
            ],
        );
    }
}
