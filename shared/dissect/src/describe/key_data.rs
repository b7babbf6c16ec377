//! Key data of EAPOL-Key frames that is not encrypted: elements and KDEs (IEEE Std 802.11-2020, 12.7.2, table 12-9).
//!
//! Keys themselves are never shown, only how long they are.

use super::elements;
use crate::fields::{Field, Reader, Span, Value, Walk, fields, names};
use crate::ieee80211::elements::{Element, Elements};

fields! {
    Payload => FIELDS;
    /// One key data element.
    KDE: branch("wlan.rsn.ie.kde", "Key data element").clause("802.11-2020, 12.7.2");
    /// What it says.
    DATA_TYPE: unsigned("wlan.rsn.ie.kde.data_type", "Data type").clause("802.11-2020, table 12-9").names(data_type_name);
    /// PMKID.
    PMKID: bytes("wlan.rsn.ie.pmkid", "PMKID");
    /// Key identifier of a group key.
    KEY_ID: unsigned("wlan.rsn.ie.gtk_kde.key_id", "Key identifier");
    /// The key is also for sending.
    TRANSMIT: flag("wlan.rsn.ie.gtk_kde.tx", "Transmit");
    /// Length of a key, which is not shown.
    KEY_LENGTH: unsigned("wlan.rsn.ie.kde.key_len", "Key").unit("bytes");
    /// Packet number of a key.
    PACKET_NUMBER: hex("wlan.rsn.ie.igtk.kde.ipn", "Packet number", 12);
    /// Key identifier of a management group key.
    MANAGEMENT_KEY_ID: unsigned("wlan.rsn.ie.igtk.kde.keyid", "Key identifier");
    /// Address.
    ADDRESS: address("wlan.rsn.ie.mac_address_kde.mac_address", "Address");
    /// Nonce.
    NONCE: bytes("wlan.rsn.ie.key_nonce_kde.nonce", "Nonce");
    /// Lifetime.
    LIFETIME: unsigned("wlan.rsn.ie.key_lifetime_kde.lifetime", "Lifetime").unit("s");
    /// Error.
    ERROR: unsigned("wlan.rsn.ie.error_kde.error_type", "Error");
    /// Operating class.
    OPERATING_CLASS: unsigned("wlan.rsn.ie.oci_kde.operating_class", "Operating class");
    /// Primary channel.
    PRIMARY_CHANNEL: unsigned("wlan.rsn.ie.oci_kde.primary_channel_number", "Primary channel");
    /// Second segment.
    SEGMENT: unsigned("wlan.rsn.ie.oci_kde.frequency_segment_1_channel_number", "Frequency segment 1 channel");
    /// Link information.
    LINK: hex("wlan.rsn.ie.mlo_link.link_info", "Link information", 2).clause("802.11be-2024, table 12-10");
    /// Link identifier.
    LINK_ID: unsigned("wlan.rsn.ie.mlo_link.link_info.linkid", "Link identifier");
    /// The link's RSN element follows.
    LINK_RSN: flag("wlan.rsn.ie.mlo_link.link_info.rsneinfo", "RSN element follows");
    /// The link's RSN extension element follows.
    LINK_RSNX: flag("wlan.rsn.ie.mlo_link.link_info.rsnxeinfo", "RSN extension element follows");
    /// The link's address.
    LINK_ADDRESS: address("wlan.rsn.ie.mlo_link.mac_addr", "Link address");
    /// What nothing here gives a meaning.
    UNKNOWN: unsigned("wlan.rsn.ie.kde.len", "Data").unit("bytes");
}

/// KDEs of IEEE Std 802.11: a vendor element with this OUI.
const OUI: [u8; 3] = [0x00, 0x0f, 0xac];

fn data_type_name(value: u64) -> Option<&'static str> {
    names![
        1 => "GTK", 3 => "MAC address", 4 => "PMKID", 5 => "SMK", 6 => "nonce", 7 => "lifetime",
        8 => "error", 9 => "IGTK", 10 => "key identifier", 11 => "multi-band GTK",
        12 => "multi-band key identifier", 13 => "OCI", 14 => "BIGTK", 15 => "transition disable",
        16 => "MLO GTK", 17 => "MLO IGTK", 18 => "MLO BIGTK", 19 => "MLO link",
    ](value)
}

/// Names clear key data.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let mut all = Elements::new(reader.rest(), reader.offset());
    for element in all.by_ref() {
        // A vendor element without a body begins the padding.
        if element.id == 0xdd && element.length == 0 {
            return;
        }
        if element.id == 0xdd && element.body.starts_with(&OUI) && element.body.len() > 3 {
            kde(walk, &element);
        } else {
            let length = usize::from(element.length).saturating_add(2);
            let start = element.offset.saturating_sub(reader.offset());
            let bytes = reader.rest().get(start..).and_then(|rest| rest.get(..length));
            elements::describe(walk, Reader::new(bytes.unwrap_or(&[]), element.offset));
        }
    }
    // One byte that is left over is padding when it is 0xdd.
    if let Some(fault) = all.fault()
        && reader.rest().last() != Some(&0xdd)
    {
        walk.known_fault(fault);
    }
}

fn kde(walk: &mut Walk<'_>, element: &Element<'_>) {
    let span = Span::new(element.offset, usize::from(element.length).saturating_add(2));
    let mut reader = Reader::new(element.body, element.offset.saturating_add(2));
    let kind = element.body.get(3).map_or(0, |kind| u64::from(*kind));
    let name = data_type_name(kind).unwrap_or("unknown");
    let complete = walk.branch(&KDE, Value::Word(name), span, |walk| {
        reader.take(3)?;
        walk.u8(&mut reader, &DATA_TYPE)?;
        body(walk, &mut reader, kind)?;
        counted(walk, &mut reader, &UNKNOWN);
        Some(())
    });
    if complete.is_none() {
        walk.fault(reader.offset(), "the key data element ends before its fields do");
    }
}

fn counted(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) {
    let left = reader.left();
    if left > 0 {
        let value = Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX));
        walk.field(field, value, Span::new(reader.offset(), left));
        reader.take(left);
    }
}

fn body(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: u64) -> Option<()> {
    match kind {
        1 => {
            group_key_bits(walk, reader)?;
            reader.take(1)?;
            counted(walk, reader, &KEY_LENGTH);
        }
        3 => {
            walk.address(reader, &ADDRESS)?;
        }
        4 => {
            walk.bytes(reader, &PMKID, 16)?;
        }
        6 => {
            walk.bytes(reader, &NONCE, 32)?;
        }
        7 => {
            walk.number_be(reader, &LIFETIME, 4)?;
        }
        8 => {
            reader.take(2)?;
            walk.number_be(reader, &ERROR, 2)?;
        }
        9 | 14 => management_key(walk, reader)?,
        10 => group_key_bits(walk, reader)?,
        13 => {
            walk.u8(reader, &OPERATING_CLASS)?;
            walk.u8(reader, &PRIMARY_CHANNEL)?;
            walk.u8(reader, &SEGMENT)?;
        }
        16 => {
            let span = Span::new(reader.offset(), 1);
            let bits = reader.little_endian(1)?;
            walk.field(&KEY_ID, Value::Unsigned(bits & 3), span);
            walk.field(&TRANSMIT, Value::Flag(bits & 4 != 0), span);
            walk.field(&LINK_ID, Value::Unsigned(bits >> 4), span);
            walk.number(reader, &PACKET_NUMBER, 6)?;
            counted(walk, reader, &KEY_LENGTH);
        }
        17 | 18 => {
            walk.u16(reader, &MANAGEMENT_KEY_ID)?;
            walk.number(reader, &PACKET_NUMBER, 6)?;
            let span = Span::new(reader.offset(), 1);
            let bits = reader.little_endian(1)?;
            walk.field(&LINK_ID, Value::Unsigned(bits >> 4), span);
            counted(walk, reader, &KEY_LENGTH);
        }
        19 => {
            walk.packed(
                reader,
                &LINK,
                1,
                &[(&LINK_ID, 0, 4), (&LINK_RSN, 4, 1), (&LINK_RSNX, 5, 1)],
            )?;
            walk.address(reader, &LINK_ADDRESS)?;
            elements::describe(walk, *reader);
            reader.take(reader.left())?;
        }
        _ => {}
    }
    Some(())
}

fn group_key_bits(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 1);
    let bits = reader.little_endian(1)?;
    walk.field(&KEY_ID, Value::Unsigned(bits & 3), span);
    walk.field(&TRANSMIT, Value::Flag(bits & 4 != 0), span);
    Some(())
}

fn management_key(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &MANAGEMENT_KEY_ID)?;
    walk.number(reader, &PACKET_NUMBER, 6)?;
    counted(walk, reader, &KEY_LENGTH);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_whole, data, lines};

    fn clear(key_data: &[u8]) -> Vec<u8> {
        let mut body = vec![2, 0, 0x8a, 0, 16];
        body.extend([0; 72]);
        body.extend([0; 16]);
        body.extend((key_data.len() as u16).to_be_bytes());
        body.extend(key_data);
        let mut packet = vec![0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 2, 3];
        packet.extend((body.len() as u16).to_be_bytes());
        packet.extend(body);
        data(&packet)
    }

    #[test]
    fn elements_and_kdes_without_keys() {
        let key_data = [
            &[0, 1, b'a'][..],
            &[0xdd, 10, 0, 0x0f, 0xac, 1, 0x05, 0, 0x77, 0x77, 0x77, 0x77],
            &[0xdd, 7, 0, 0x0f, 0xac, 13, 115, 36, 0],
            &[0xdd, 16, 0, 0x0f, 0xac, 9, 4, 0, 1, 2, 3, 4, 5, 6, 0x99, 0x99, 0x99, 0x99],
            &[0xdd, 11, 0, 0x0f, 0xac, 19, 0x01, 2, 0, 0, 0, 0, 9],
            &[0xdd, 0],
        ]
        .concat();
        let mac = clear(&key_data);
        check_whole(
            &mac,
            &[
                "SSID: a",
                "Key data element: GTK",
                "Key identifier: 1",
                "Transmit: yes",
                "Key: 4 bytes",
                "Primary channel: 36",
                "Packet number: 0x060504030201",
                "Link identifier: 1",
                "Link address: 02:00:00:00:00:09",
            ],
        );
        let shown = lines(&mac).join("\n");
        assert!(!shown.contains("7777") && !shown.contains("9999"), "{shown}");
    }

    #[test]
    fn a_cut_kde_is_a_fault() {
        let lines = lines(&clear(&[0xdd, 6, 0, 0x0f, 0xac, 4, 1, 2]));
        assert!(lines.iter().any(|line| line.contains("! the key data element")), "{lines:#?}");
    }
}
