//! Radio measurement actions (IEEE Std 802.11-2020, 9.6.6).

use super::{
    ANTENNA_RX, ANTENNA_TX, Action, CHANNEL_NOISE, CHANNEL_POWER, MEASUREMENT_TOKEN, POWER_MAXIMUM,
    POWER_USED, REPETITIONS, TPC, TPC_MARGIN, TPC_POWER, row,
};
use crate::fields::{Reader, Span, Value, Walk};

pub(super) static ACTIONS: &[Action] = &[
    row(5, 0, "radio measurement request", request),
    row(5, 1, "radio measurement report", token),
    row(5, 2, "link measurement request", link_request),
    row(5, 3, "link measurement report", link_report),
    row(5, 4, "neighbor report request", token),
    row(5, 5, "neighbor report response", token),
];

fn token(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &MEASUREMENT_TOKEN).map(|_| ())
}

fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    token(walk, reader)?;
    walk.u16(reader, &REPETITIONS).map(|_| ())
}

fn link_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    token(walk, reader)?;
    walk.i8(reader, &POWER_USED)?;
    walk.i8(reader, &POWER_MAXIMUM).map(|_| ())
}

/// The TPC report element stands among the fixed fields.
fn link_report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    token(walk, reader)?;
    let span = Span::new(reader.offset(), 4);
    walk.branch(&TPC, Value::Nothing, span, |walk| {
        reader.take(2)?;
        walk.i8(reader, &TPC_POWER)?;
        walk.i8(reader, &TPC_MARGIN)
    })?;
    for field in [&ANTENNA_RX, &ANTENNA_TX, &CHANNEL_POWER, &CHANNEL_NOISE] {
        walk.u8(reader, field)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn every_radio_measurement() {
        check_whole(
            &action(&[5, 0, 1, 2, 0]),
            &["Action: radio measurement request", "Repetitions: 2"],
        );
        check_whole(
            &action(&[5, 2, 1, 0xfb, 20]),
            &["Transmit power used: -5 dBm", "Maximum transmit power: 20 dBm"],
        );
        check_whole(
            &action(&[5, 3, 1, 35, 2, 17, 9, 1, 2, 100, 40]),
            &[
                "Transmit power: 17 dBm",
                "Link margin: 9 dB",
                "Receive antenna: 1",
                "Received channel power: 100 dBm / 2 + 110",
            ],
        );
        check_whole(
            &action(&[5, 5, 4, 0, 1, b'a']),
            &["Action: neighbor report response", "SSID: a"],
        );
    }
}
