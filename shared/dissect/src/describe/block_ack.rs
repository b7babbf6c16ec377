//! Block ack requests and block acks of every variant (IEEE Std 802.11-2020, 9.3.1.7 and 9.3.1.8; 802.11ax-2021; 802.11be-2024).

use crate::fields::{BitField, Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// Control field of block ack requests and block acks.
    CONTROL: hex("wlan.ba.control", "Block ack control", 4).clause("802.11-2020, 9.3.1.7.1");
    /// Whether an acknowledgement is wanted.
    ACK_POLICY: flag("wlan.ba.control.ackpolicy", "No acknowledgement");
    /// Variant.
    VARIANT: unsigned("wlan.ba.control.ba_type", "Variant").clause("802.11-2020, tables 9-24 and 9-26").names(variant_name);
    /// The TID, or how many there are less 1.
    TID: unsigned("wlan.ba.basic.tidinfo", "TID, or number of TIDs less 1");
    /// One TID of several, or one station of several.
    ENTRY: branch("wlan.ba.entry", "Entry");
    /// TID of an entry.
    ENTRY_TID: unsigned("wlan.bar.mtid.tidinfo.value", "TID").clause("802.11-2020, 9.3.1.7.4");
    /// Starting sequence control.
    STARTING: hex("wlan.fixed.ssc", "Starting sequence control", 4).clause("802.11-2020, 9.3.1.7.1");
    /// Fragment of the starting sequence, which also says how long the bitmap is.
    STARTING_FRAGMENT: unsigned("wlan.fixed.ssc.fragment", "Starting fragment");
    /// Starting sequence number.
    STARTING_SEQUENCE: unsigned("wlan.fixed.ssc.sequence", "Starting sequence number");
    /// Which MSDUs were received, from the starting sequence number on.
    BITMAP: bytes("wlan.ba.bm", "Bitmap").clause("802.11-2020, 9.3.1.8.1");
    /// How many bits of the bitmap are set.
    RECEIVED: unsigned("wlan.ba.bm.received", "Acknowledged in the bitmap");
    /// Group that a GCR frame is for.
    GROUP: address("wlan.ba.gcr_group_addr", "Group address").clause("802.11-2020, 9.3.1.7.5");
    /// Association and TID of an entry.
    STATION: hex("wlan.ba.multi_sta.aid_tid_info", "AID and TID", 4).clause("802.11ax-2021, 9.3.1.8.6");
    /// Association identifier of an entry; 2045 for stations that are not associated.
    STATION_AID: unsigned("wlan.ba.multi_sta.aid11", "Association identifier");
    /// The entry acknowledges all, and has no bitmap.
    STATION_ACK: flag("wlan.ba.multi_sta.ack_type", "Acknowledges without bitmap");
    /// TID of an entry: 14 for all, 15 for management.
    STATION_TID: unsigned("wlan.ba.multi_sta.tid", "TID").names(names![14 => "all", 15 => "management"]);
    /// Station that is not associated.
    STATION_ADDRESS: address("wlan.ba.multi_sta.ra", "Station");
}

fn variant_name(value: u64) -> Option<&'static str> {
    names![
        0 => "basic", 1 => "extended compressed", 2 => "compressed", 3 => "multi-TID",
        6 => "GCR", 10 => "GLK-GCR", 11 => "multi-STA",
    ](value)
}

const CONTROL_BITS: &[BitField] = &[(&ACK_POLICY, 0, 1), (&VARIANT, 1, 4), (&TID, 12, 4)];
pub(super) const STARTING_BITS: &[BitField] =
    &[(&STARTING_FRAGMENT, 0, 4), (&STARTING_SEQUENCE, 4, 12)];

/// Association identifier of a station that is not associated (802.11ax-2021, 9.3.1.8.6).
const NOT_ASSOCIATED: u64 = 2045;

/// Names a block ack request from its control field on. Trigger frames carry the same fields.
pub(super) fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = walk.packed(reader, &CONTROL, 2, CONTROL_BITS)?;
    match control.bits(1, 4) {
        3 => entries(walk, reader, control.bits(12, 4), 0),
        6 | 10 => {
            starting(walk, reader)?;
            walk.address(reader, &GROUP).map(|_| ())
        }
        _ => starting(walk, reader).map(|_| ()),
    }
}

/// Names a block ack from its control field on.
pub(super) fn acknowledgement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = walk.packed(reader, &CONTROL, 2, CONTROL_BITS)?;
    match control.bits(1, 4) {
        3 => entries(walk, reader, control.bits(12, 4), 8),
        6 | 10 => {
            starting(walk, reader)?;
            walk.address(reader, &GROUP)?;
            bitmap(walk, reader, 8)
        }
        11 => stations(walk, reader),
        0 => {
            starting(walk, reader)?;
            bitmap(walk, reader, 128)
        }
        _ => {
            let fragment = starting(walk, reader)?;
            bitmap(walk, reader, bitmap_length(fragment))
        }
    }
}

/// Bytes of the bitmap, which the fragment number says (802.11ax-2021, table 9-30a; 802.11be-2024, 9.3.1.8.2).
const fn bitmap_length(fragment: u64) -> usize {
    match (fragment >> 3 & 1, fragment >> 1 & 3) {
        (0, 0) => 8,
        (0, 1) => 16,
        (0, 2) => 32,
        (0, _) => 4,
        (_, 0) => 64,
        (_, _) => 128,
    }
}

/// Reads a starting sequence control; its fragment number.
fn starting(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<u64> {
    walk.packed(reader, &STARTING, 2, STARTING_BITS).map(|word| word.bits(0, 4))
}

fn bitmap(walk: &mut Walk<'_>, reader: &mut Reader<'_>, length: usize) -> Option<()> {
    let span = Span::new(reader.offset(), length);
    let bytes = walk.bytes(reader, &BITMAP, length)?;
    let set: u64 = bytes.iter().map(|byte| u64::from(byte.count_ones())).sum();
    walk.field(&RECEIVED, Value::Unsigned(set), span);
    Some(())
}

/// Multi-TID: one more entry than the control field says.
fn entries(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    more: u64,
    bitmap_bytes: usize,
) -> Option<()> {
    for _ in 0..=more {
        let span = Span::new(reader.offset(), bitmap_bytes.saturating_add(4));
        walk.branch(&ENTRY, Value::Nothing, span, |walk| {
            let span = Span::new(reader.offset(), 2);
            let information = reader.little_endian(2)?;
            walk.field(&ENTRY_TID, Value::Unsigned(information >> 12), span);
            starting(walk, reader)?;
            if bitmap_bytes == 0 { Some(()) } else { bitmap(walk, reader, bitmap_bytes) }
        })?;
    }
    Some(())
}

/// Multi-STA: entries until the frame ends.
fn stations(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let span = Span::new(reader.offset(), 2);
        walk.branch(&ENTRY, Value::Nothing, span, |walk| {
            let bits: &[BitField] =
                &[(&STATION_AID, 0, 11), (&STATION_ACK, 11, 1), (&STATION_TID, 12, 4)];
            let word = walk.packed(reader, &STATION, 2, bits)?;
            if word.bits(0, 11) == NOT_ASSOCIATED {
                reader.take(4)?;
                return walk.address(reader, &STATION_ADDRESS).map(|_| ());
            }
            if word.bit(11) {
                return Some(());
            }
            let fragment = starting(walk, reader)?;
            bitmap(walk, reader, bitmap_length(fragment))
        })?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, control, lines};

    #[test]
    fn compressed_and_basic() {
        check_whole(
            &control(8, &[0x05, 0x60, 0x40, 0x01]),
            &[
                "Variant: compressed (2)",
                "No acknowledgement: yes",
                "TID, or number of TIDs less 1: 6",
                "Starting sequence number: 20",
            ],
        );
        check_whole(
            &control(9, &[0x04, 0, 0x40, 0x01, 0xff, 1, 0, 0, 0, 0, 0, 0]),
            &["Bitmap: ff01000000000000", "Acknowledged in the bitmap: 9"],
        );
        // A fragment number of 4 says 256 bits.
        let long = control(9, &[&[0x04, 0, 0x44, 0x01][..], &[1; 32]].concat());
        check_whole(&long, &["Acknowledged in the bitmap: 32"]);
        check(&control(9, &[0x00, 0, 0x40, 0x01, 1]), &["! the body of the control frame is cut"]);
    }

    #[test]
    fn multi_tid_and_gcr() {
        let body = [0x06, 0x10, 0, 0x50, 0x10, 0, 0, 0x60, 0x20, 0];
        check_whole(
            &control(8, &body),
            &["Variant: multi-TID (3)", "TID: 5", "TID: 6", "Starting sequence number: 2"],
        );
        check_whole(
            &control(8, &[0x0c, 0, 0x10, 0, 1, 0, 0x5e, 0, 0, 9]),
            &["Variant: GCR (6)", "Group address: 01:00:5e:00:00:09"],
        );
    }

    #[test]
    fn multi_station() {
        let mut body = vec![0x16, 0];
        body.extend([0x05, 0x38]); // AID 5, ack without bitmap, TID 3
        body.extend([0x06, 0x40, 0x16, 0x00, 1, 0, 0, 0]); // AID 6, TID 4, 4 bytes of bitmap
        body.extend([0xfd, 0x07, 0, 0, 0, 0, 2, 0, 0, 0, 0, 9]); // 2045
        let mac = control(9, &body);
        check_whole(
            &mac,
            &[
                "Association identifier: 5",
                "Association identifier: 6",
                "Bitmap: 01000000",
                "Station: 02:00:00:00:00:09",
            ],
        );
        assert_eq!(lines(&mac).iter().filter(|line| line.trim() == "Entry").count(), 3);
    }
}
