//! Fine timing measurement (IEEE Std 802.11-2020, 9.6.7.32 and 9.6.7.33; 802.11az-2022, 9.6.34).

use super::transition::{FOLLOW_UP, TRIGGER};
use super::{Action, DIALOG_TOKEN, dialog, only_elements, opaque, row};
use crate::fields::{BitField, Reader, Walk, fields};

fields! {
    Body => FIELDS;
    /// Time of departure of the measurement before.
    DEPARTURE: unsigned("wlan.fixed.ftm_tod", "Time of departure").unit("ps").clause("802.11-2020, 9.6.7.33");
    /// Time of arrival of its acknowledgement.
    ARRIVAL: unsigned("wlan.fixed.ftm_toa", "Time of arrival").unit("ps");
    /// Error of the departure.
    DEPARTURE_ERROR: unsigned("wlan.fixed.ftm_tod_err", "Error of departure");
    /// The times are not continuous with those before.
    NOT_CONTINUOUS: flag("wlan.fixed.ftm.tod_not_continuous", "Departure not continuous");
    /// Error exponent of the departure.
    DEPARTURE_EXPONENT: unsigned("wlan.fixed.ftm.max_tod_error_exponent", "Error exponent of departure");
    /// Error of the arrival.
    ARRIVAL_ERROR: unsigned("wlan.fixed.ftm_toa_err", "Error of arrival");
    /// Error exponent of the arrival.
    ARRIVAL_EXPONENT: unsigned("wlan.fixed.ftm_max_toa_error_exponent", "Error exponent of arrival");
    /// The measurement is invalid.
    INVALID: flag("wlan.fixed.ftm_invalid_measurement", "Invalid measurement");
    /// The arrival is a phase shift.
    ARRIVAL_TYPE: flag("wlan.fixed.ftm_toa_type", "Phase shift time of arrival");
    /// Carrier offset.
    CARRIER_OFFSET: unsigned("wlan.fixed.ftm.param.cfo", "Carrier frequency offset");
    /// Power asked of the responder.
    RESPONDER_POWER: unsigned("wlan.fixed.ftm.param.r2i_ndp_tx_power", "Responder NDP transmit power");
    /// Signal asked of the initiator.
    INITIATOR_TARGET: unsigned("wlan.fixed.ftm.param.i2r_ndp_target_rssi", "Initiator NDP target RSSI");
}

pub(super) static ACTIONS: &[Action] = &[
    row(4, 32, "fine timing measurement request", request),
    row(4, 33, "fine timing measurement", measurement),
    row(4, 47, "location measurement report", report),
    row(4, 48, "initiator passive TB ranging measurement report", opaque),
    row(4, 49, "primary responder broadcast passive TB ranging measurement report", opaque),
    row(4, 50, "secondary responder broadcast passive TB ranging measurement report", opaque),
    row(34, 1, "protected fine timing measurement request", request),
    row(34, 2, "protected fine timing measurement", measurement),
    row(34, 3, "protected location measurement report", report),
];

fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TRIGGER)?;
    only_elements(walk, reader)
}

fn measurement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u8(reader, &FOLLOW_UP)?;
    walk.number(reader, &DEPARTURE, 6)?;
    walk.number(reader, &ARRIVAL, 6)?;
    walk.packed(
        reader,
        &DEPARTURE_ERROR,
        2,
        &[(&DEPARTURE_EXPONENT, 0, 5), (&NOT_CONTINUOUS, 15, 1)],
    )?;
    walk.packed(reader, &ARRIVAL_ERROR, 2, &[(&ARRIVAL_EXPONENT, 0, 5)]).map(|_| ())
}

/// Location measurement report (802.11az-2022, 9.6.7.48): errors are one byte each here.
fn report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.number(reader, &DEPARTURE, 6)?;
    walk.number(reader, &ARRIVAL, 6)?;
    walk.packed(
        reader,
        &DEPARTURE_ERROR,
        1,
        &[(&DEPARTURE_EXPONENT, 0, 5), (&NOT_CONTINUOUS, 7, 1)],
    )?;
    let bits: &[BitField] = &[(&ARRIVAL_EXPONENT, 0, 5), (&INVALID, 6, 1), (&ARRIVAL_TYPE, 7, 1)];
    walk.packed(reader, &ARRIVAL_ERROR, 1, bits)?;
    walk.u16(reader, &CARRIER_OFFSET)?;
    walk.u8(reader, &RESPONDER_POWER)?;
    walk.u8(reader, &INITIATOR_TARGET).map(|_| ())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn measurement_request_and_report() {
        check_whole(
            &action(&[4, 32, 1]),
            &["Action: fine timing measurement request", "Trigger: 1"],
        );
        let mut body = vec![4, 33, 2, 1];
        body.extend([5, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x03, 0x80, 4, 0]);
        check_whole(
            &action(&body),
            &[
                "Time of departure: 5 ps",
                "Time of arrival: 9 ps",
                "Departure not continuous: yes",
                "Error exponent of arrival: 4",
            ],
        );
        let mut body = vec![34, 3, 2];
        body.extend([5, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x03, 0x80, 7, 0, 1, 2]);
        check_whole(
            &action(&body),
            &[
                "Protected FTM action: protected location measurement report (3)",
                "Phase shift time of arrival: yes",
                "Initiator NDP target RSSI: 2",
            ],
        );
    }
}
