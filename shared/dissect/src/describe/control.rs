//! Bodies of control frames (IEEE Std 802.11-2020, 9.3.1), and which file names them.

use super::{block_ack, header, sounding, trigger};
use crate::fault::Layer;
use crate::fields::{Reader, Span, Value, Walk, fields};
use crate::ieee80211::Header;

fields! {
    Body => FIELDS;
    /// The body of a control frame.
    CONTROL: branch("wlan.control", "Control frame body").clause("802.11-2020, 9.3.1");
    /// Which segments of the feedback are to be sent again.
    RETRANSMISSION: hex("wlan.trigger.he.feedback_bm", "Feedback segment retransmission bitmap", 2).clause("802.11-2020, 9.3.1.20");
    /// Frame control of the frame in a control wrapper.
    CARRIED: hex("wlan.control_wrapper.fc", "Carried frame control", 4).clause("802.11-2020, 9.3.1.9");
    /// Type and subtype of the carried frame.
    CARRIED_KIND: hex("wlan.control_wrapper.type_subtype", "Carried frame", 4).names(header::type_subtype_name);
    /// Sequence of the beacon that the station heard, in TACK.
    BEACON_SEQUENCE: unsigned("wlan.tack.beacon_sequence", "Beacon sequence").clause("802.11-2020, 9.3.1.23");
    /// Part of the timer, in TACK.
    PENTAPARTIAL_TIMESTAMP: unsigned("wlan.tack.pentapartial_timestamp", "Pentapartial timestamp").unit("µs").clause("802.11-2020, 9.3.1.23");
    /// When the next target wake time is, in TACK.
    NEXT_WAKE: hex("wlan.tack.next_twt_info", "Next TWT or suspend duration", 12).clause("802.11-2020, 9.3.1.23");
    /// What nothing here gives a meaning.
    DATA: bytes("wlan.control.data", "Data");
}

/// Names the body of a control frame.
pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    let frame = walk.packet.frame;
    let body = frame.body();
    let Some(subtype) = header.kind.subtype() else { return };
    let carried = if subtype == 7 { frame.mac.get(10..12) } else { None };
    if body.is_empty() && carried.is_none() && !has_body(subtype) {
        return;
    }
    if u32::from(header.length) < 10 {
        // The header itself is cut, which is stated there.
        return;
    }
    walk.set_layer(Layer::Body);
    let mut reader = Reader::new(body, frame.body_offset());
    let span = Span::new(reader.offset(), reader.left());
    let complete = walk.branch(&CONTROL, Value::Nothing, span, |walk| match carried {
        Some(bytes) => {
            let mut control = Reader::new(bytes, frame.mac_offset.saturating_add(10));
            wrapper(walk, &mut control, &mut reader)
        }
        None => by_subtype(walk, &mut reader, subtype),
    });
    if complete.is_none() {
        walk.fault(reader.offset(), "the body of the control frame is cut");
    }
}

/// Subtypes whose body is never empty.
const fn has_body(subtype: u8) -> bool {
    matches!(subtype, 2..=5 | 8 | 9)
}

fn by_subtype(walk: &mut Walk<'_>, reader: &mut Reader<'_>, subtype: u8) -> Option<()> {
    match subtype {
        2 => trigger::describe(walk, reader)?,
        3 => tack(walk, reader)?,
        4 => {
            walk.u8(reader, &RETRANSMISSION)?;
        }
        5 => sounding::announcement(walk, reader)?,
        8 => block_ack::request(walk, reader)?,
        9 => block_ack::acknowledgement(walk, reader)?,
        _ => {}
    }
    walk.rest(reader, &DATA);
    Some(())
}

fn tack(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &BEACON_SEQUENCE)?;
    walk.number(reader, &PENTAPARTIAL_TIMESTAMP, 5)?;
    walk.number(reader, &NEXT_WAKE, 6)?;
    Some(())
}

/// A control wrapper carries a control frame without its duration and first address, which are the
/// wrapper's (802.11-2020, 9.3.1.9); the second address is read with the header.
fn wrapper(walk: &mut Walk<'_>, control: &mut Reader<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let kind = walk.word(control, &CARRIED, 2, |walk, word| {
        let kind = word.bits(2, 2) << 4 | word.bits(4, 4);
        walk.field(&CARRIED_KIND, Value::Unsigned(kind), word.span);
        kind
    })?;
    let subtype = u8::try_from(kind & 15).ok()?;
    let is_control = kind >> 4 == 1;
    by_subtype(walk, reader, if is_control { subtype } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, control, lines};

    #[test]
    fn poll_and_tack() {
        check_whole(&control(4, &[0x81]), &["Feedback segment retransmission bitmap: 0x81"]);
        check_whole(
            &control(3, &[7, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]),
            &["Beacon sequence: 7", "Pentapartial timestamp: 1 µs"],
        );
        check(&control(3, &[7, 1, 0]), &["! the body of the control frame is cut"]);
    }

    #[test]
    fn a_wrapped_block_ack_request() {
        let mut mac = vec![0x74, 0, 0, 0];
        mac.extend([2; 6]);
        mac.extend([0x84, 0, 3, 0, 0, 0]);
        mac.extend([4; 6]);
        mac.extend([0x04, 0x50, 0x30, 0x02]);
        check_whole(
            &mac,
            &[
                "Carried frame: block ack request (0x0018)",
                "Transmitter: 04:04:04:04:04:04",
                "Starting sequence number: 35",
            ],
        );
    }

    #[test]
    fn short_frames_have_no_body() {
        for subtype in [10, 11, 14, 15] {
            let lines = lines(&control(subtype, &[]));
            assert!(
                !lines.iter().any(|line| line.contains("body") || line.contains('!')),
                "{lines:#?}"
            );
        }
    }
}
