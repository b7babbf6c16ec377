//! What stands in clear before an encrypted body: packet number and key identifier (IEEE Std 802.11-2020, 12.3 and 12.5).

use crate::fields::{Reader, Span, Value, Walk, fields};

fields! {
    Header => FIELDS;
    /// Parameters of the encryption.
    PARAMETERS: branch("wlan.protection", "Protection parameters");
    /// WEP initialisation vector.
    WEP_IV: hex("wlan.wep.iv", "Initialisation vector", 6).clause("802.11-2020, 12.3.2.2");
    /// Key identifier.
    KEY_ID: unsigned("wlan.wep.key", "Key identifier").clause("802.11-2020, 12.3.2.2");
    /// WEP integrity check value.
    WEP_ICV: hex("wlan.wep.icv", "Integrity check value", 8).clause("802.11-2020, 12.3.2.2");
    /// The extended IV is present: TKIP, CCMP or GCMP.
    EXTENDED_IV: flag("wlan.protection.ext_iv", "Extended IV").clause("802.11-2020, 12.5.2.2");
    /// TKIP sequence counter.
    TKIP_COUNTER: hex("wlan.tkip.extiv", "TKIP sequence counter", 12).clause("802.11-2020, 12.5.2.2");
    /// Packet number of CCMP or GCMP.
    PACKET_NUMBER: hex("wlan.ccmp.extiv", "CCMP or GCMP packet number", 12).clause("802.11-2020, 12.5.3.2");
    /// Length of what is encrypted, with the integrity code.
    LENGTH: unsigned("wlan.protection.length", "Encrypted").unit("bytes");
}

/// Names the parameters at the start of a protected body. The encrypted bytes are not given, only how many they are.
pub(super) fn describe(walk: &mut Walk<'_>, body: &[u8], offset: usize) {
    let mut reader = Reader::new(body, offset);
    let extended = match body {
        [_, _, _, key, ..] => key & 0x20 != 0,
        _ => {
            walk.fault(offset, "the body is marked as protected but has no protection parameters");
            return;
        }
    };
    let length = if extended { 8 } else { 4 };
    let name = if extended { extended_name(body) } else { "WEP" };
    let span = Span::new(offset, length);
    let complete = walk.branch(&PARAMETERS, Value::Word(name), span, |walk| {
        if extended { extended_iv(walk, &mut reader) } else { wep(walk, &mut reader) }
    });
    if complete.is_none() {
        walk.fault(offset, "the protection parameters are cut");
    }
}

/// The TKIP header is known by its second byte, which is computed from the first (802.11-2020,
/// 12.5.2.2), the CCMP and GCMP header by its third, which is 0. One in 128 packet numbers of CCMP
/// looks like TKIP; only the network's cipher, which stands in other frames, could tell.
fn extended_name(body: &[u8]) -> &'static str {
    match body {
        [high, seed, ..] if *seed == (high | 0x20) & 0x7f => "TKIP",
        [_, _, 0, ..] => "CCMP or GCMP",
        _ => "unknown, with extended IV",
    }
}

fn wep(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number_be(reader, &WEP_IV, 3)?;
    key_id(walk, reader)?;
    let encrypted = reader.left().checked_sub(4)?;
    walk.field(&LENGTH, length(encrypted), Span::new(reader.offset(), encrypted));
    reader.take(encrypted)?;
    walk.number_be(reader, &WEP_ICV, 4)?;
    Some(())
}

fn extended_iv(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 8);
    let is_tkip = extended_name(reader.rest()) == "TKIP";
    let head = reader.take(3)?;
    key_id(walk, reader)?;
    let high = reader.little_endian(4)?;
    let &[first, second, third] = head.first_chunk::<3>()?;
    let (low, field) = if is_tkip {
        (u64::from(first) << 8 | u64::from(third), &TKIP_COUNTER)
    } else {
        (u64::from(second) << 8 | u64::from(first), &PACKET_NUMBER)
    };
    walk.field(field, Value::Unsigned(high << 16 | low), span);
    walk.field(&LENGTH, length(reader.left()), Span::new(reader.offset(), reader.left()));
    Some(())
}

fn key_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 1);
    let byte = reader.little_endian(1)?;
    walk.field(&EXTENDED_IV, Value::Flag(byte & 0x20 != 0), span);
    walk.field(&KEY_ID, Value::Unsigned(byte >> 6), span);
    Some(())
}

fn length(bytes: usize) -> Value<'static> {
    Value::Unsigned(u64::try_from(bytes).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines_from;

    fn protected(body: &[u8]) -> Vec<String> {
        let mut mac = vec![0x08, 0x42, 0, 0];
        mac.extend([2; 18]);
        mac.extend([0, 0]);
        mac.extend(body);
        lines_from(&mac, "wlan.protection")
    }

    #[test]
    fn the_three_headers() {
        let ccmp = protected(&[0x34, 0x12, 0, 0x60, 0x78, 0x56, 0, 0, 9, 9, 9]);
        assert_eq!(
            ccmp,
            [
                "  Protection parameters: CCMP or GCMP",
                "    Extended IV: yes",
                "    Key identifier: 1",
                "    CCMP or GCMP packet number: 0x000056781234",
                "    Encrypted: 3 bytes"
            ]
        );
        let tkip = protected(&[0x01, 0x21, 0x02, 0x20, 0, 0, 0, 0, 9]);
        assert!(tkip.contains(&"    TKIP sequence counter: 0x000000000102".to_owned()), "{tkip:?}");
        let wep = protected(&[0xab, 0xcd, 0xef, 0x40, 5, 5, 1, 2, 3, 4]);
        assert!(wep.contains(&"    Initialisation vector: 0xabcdef".to_owned()), "{wep:?}");
        assert!(wep.contains(&"    Integrity check value: 0x01020304".to_owned()), "{wep:?}");
    }

    #[test]
    fn cut_parameters_are_faults() {
        for length in 0..8 {
            let lines = protected(&[0x34, 0x12, 0, 0x20, 1, 1, 1][..length.min(7)]);
            assert!(lines.iter().all(|line| !line.contains("packet number")), "{lines:?}");
        }
    }
}
