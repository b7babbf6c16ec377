//! Wireless network management actions, protected and not (IEEE Std 802.11-2020, 9.6.13 and 9.6.14).

use super::{Action, DIALOG_TOKEN, dialog, only_elements, opaque, row};
use crate::describe::management::{STATUS, TIMESTAMP};
use crate::fields::{BitField, Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// Why a station asks for a transition.
    QUERY_REASON: unsigned("wlan.fixed.bss_transition_query_reason", "Query reason").clause("802.11-2020, table 9-198").names(query_reason);
    /// What the request says.
    REQUEST_MODE: hex("wlan.fixed.request_mode", "Request mode", 2).clause("802.11-2020, 9.6.13.9");
    /// Candidates follow.
    HAS_CANDIDATES: flag("wlan.fixed.request_mode.pref_cand", "Preferred candidate list included");
    /// Networks that are not in the list are not preferred.
    ABRIDGED: flag("wlan.fixed.request_mode.abridged", "Abridged");
    /// The station is about to be disassociated.
    DISASSOCIATION_IMMINENT: flag("wlan.fixed.request_mode.disassoc_imminent", "Disassociation imminent");
    /// The network is about to end.
    TERMINATION_INCLUDED: flag("wlan.fixed.request_mode.bss_term_included", "BSS termination included");
    /// The station is about to be disassociated from the whole ESS.
    ESS_IMMINENT: flag("wlan.fixed.request_mode.ess_disassoc_imminent", "ESS disassociation imminent");
    /// A link is about to be removed.
    LINK_REMOVAL: flag("wlan.fixed.request_mode.link_removal_imminent", "Link removal imminent").clause("802.11be-2024, 9.6.13.9");
    /// When the station will be disassociated.
    DISASSOCIATION_TIMER: unsigned("wlan.fixed.disassoc_timer", "Disassociation timer").unit("beacon intervals");
    /// How long the candidates hold.
    VALIDITY: unsigned("wlan.fixed.validity_interval", "Validity interval").unit("beacon intervals");
    /// When the network ends.
    TERMINATION_TIME: unsigned("wlan.fixed.bss_termination_tsf", "BSS termination time").unit("µs").clause("802.11-2020, 9.4.2.36");
    /// How long it is away.
    TERMINATION_DURATION: unsigned("wlan.fixed.bss_termination_duration", "BSS termination duration").unit("min");
    /// Length of an address where to read more.
    URL_LENGTH: unsigned("wlan.fixed.session_information.url_length", "Session URL length").unit("bytes");
    /// Address where to read more.
    URL: text("wlan.fixed.session_information.url", "Session URL");
    /// Answer to the request.
    TRANSITION_STATUS: unsigned("wlan.fixed.bss_transition_status_code", "Transition status").clause("802.11-2020, table 9-428").names(names![
        0 => "accept", 1 => "reject, unspecified", 2 => "reject, too few beacons heard",
        3 => "reject, too little capacity", 4 => "reject, BSS termination undesired",
        5 => "reject, BSS termination delay requested", 6 => "reject, candidates given",
        7 => "reject, no suitable candidates", 8 => "reject, leaving the ESS"]);
    /// Delay that is asked for.
    TERMINATION_DELAY: unsigned("wlan.fixed.bss_termination_delay", "BSS termination delay").unit("min");
    /// Where the station goes.
    TARGET: address("wlan.fixed.bss_transition_target_bss", "Target BSS");
    /// Kind of notification.
    NOTIFICATION: unsigned("wlan.fixed.wnm_notification_type", "Notification").clause("802.11-2020, 9.6.13.28").names(names![
        0 => "firmware update", 2 => "beacon protection failure", 221 => "vendor specific"]);
    /// Answer to a notification.
    NOTIFICATION_STATUS: unsigned("wlan.fixed.wnm_notification_status", "Response status").names(names![
        0 => "acknowledged", 1 => "refused"]);
    /// Length of key data.
    KEY_DATA_LENGTH: unsigned("wlan.fixed.key_data_length", "Key data length").unit("bytes").clause("802.11-2020, 9.6.13.20");
    /// Interference information asked for.
    INTERFERENCE: hex("wlan.fixed.collocated_interference_request", "Request information", 2).clause("802.11-2020, 9.6.13.13");
    /// Filters that matched.
    FILTER_COUNT: unsigned("wlan.fixed.tfs_count", "Filters that matched").clause("802.11-2020, 9.6.13.17");
    /// One of them.
    FILTER: unsigned("wlan.fixed.tfs_id", "Filter");
    /// QoS traffic capability.
    TRAFFIC_FLAGS: hex("wlan.fixed.qos_traffic_capability", "QoS traffic capability", 2).clause("802.11-2020, 9.6.13.23");
    /// Starts or ends a measurement.
    TRIGGER: unsigned("wlan.fixed.trigger", "Trigger").clause("802.11-2020, 9.6.13.28");
    /// Counts changes of the beacon.
    CHECK_BEACON: unsigned("wlan.fixed.check_beacon", "Check beacon").clause("802.11-2020, 9.6.14.2");
    /// Dialog token of the frame before.
    FOLLOW_UP: unsigned("wlan.fixed.followup_dialog_token", "Follow-up dialog token");
    /// Time of departure.
    DEPARTURE: unsigned("wlan.fixed.tod", "Time of departure").unit("10 ns");
    /// Time of arrival.
    ARRIVAL: unsigned("wlan.fixed.toa", "Time of arrival").unit("10 ns");
    /// Error of the departure.
    DEPARTURE_ERROR: unsigned("wlan.fixed.max_tod_err", "Maximum error of departure").unit("10 ns");
    /// Error of the arrival.
    ARRIVAL_ERROR: unsigned("wlan.fixed.max_toa_err", "Maximum error of arrival").unit("10 ns");
}

pub(super) static ACTIONS: &[Action] = &[
    row(10, 0, "event request", dialog),
    row(10, 1, "event report", dialog),
    row(10, 2, "diagnostic request", dialog),
    row(10, 3, "diagnostic report", dialog),
    row(10, 4, "location configuration request", dialog),
    row(10, 5, "location configuration response", dialog),
    row(10, 6, "BSS transition management query", query),
    row(10, 7, "BSS transition management request", request),
    row(10, 8, "BSS transition management response", response),
    row(10, 9, "FMS request", dialog),
    row(10, 10, "FMS response", dialog),
    row(10, 11, "collocated interference request", interference),
    row(10, 12, "collocated interference report", dialog),
    row(10, 13, "TFS request", dialog),
    row(10, 14, "TFS response", dialog),
    row(10, 15, "TFS notify", filters),
    row(10, 16, "WNM sleep mode request", dialog),
    row(10, 17, "WNM sleep mode response", sleep_response),
    row(10, 18, "TIM broadcast request", dialog),
    row(10, 19, "TIM broadcast response", dialog),
    row(10, 20, "QoS traffic capability update", traffic),
    row(10, 21, "channel usage request", dialog),
    row(10, 22, "channel usage response", channel_usage),
    row(10, 23, "DMS request", dialog),
    row(10, 24, "DMS response", dialog),
    row(10, 25, "timing measurement request", trigger),
    row(10, 26, "WNM notification request", notification),
    row(10, 27, "WNM notification response", notification_response),
    row(10, 28, "TFS notify response", filters),
    row(11, 0, "TIM", indication),
    row(11, 1, "timing measurement", timing),
];

fn query_reason(value: u64) -> Option<&'static str> {
    names![
        0 => "unspecified", 1 => "excessive frame loss", 2 => "excessive delay",
        3 => "insufficient QoS capacity", 4 => "first association to the ESS", 5 => "load balancing",
        6 => "better access point found", 7 => "deauthenticated or disassociated",
        8 => "802.1X authentication failed", 9 => "4-way handshake failed",
        10 => "too many replay counter failures", 11 => "too many MIC failures",
        12 => "too many retransmissions", 13 => "too many broadcast disassociations",
        14 => "too many broadcast deauthentications", 15 => "previous transition failed",
        16 => "low signal", 17 => "roaming from another system", 18 => "transition request received",
        19 => "candidate list included", 20 => "leaving the ESS",
    ](value)
}

const MODE_BITS: &[BitField] = &[
    (&HAS_CANDIDATES, 0, 1),
    (&ABRIDGED, 1, 1),
    (&DISASSOCIATION_IMMINENT, 2, 1),
    (&TERMINATION_INCLUDED, 3, 1),
    (&ESS_IMMINENT, 4, 1),
    (&LINK_REMOVAL, 5, 1),
];

/// Candidates are neighbor report elements, which follow.
fn query(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u8(reader, &QUERY_REASON).map(|_| ())
}

fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let mode = walk.packed(reader, &REQUEST_MODE, 1, MODE_BITS)?;
    walk.u16(reader, &DISASSOCIATION_TIMER)?;
    walk.u8(reader, &VALIDITY)?;
    if mode.bit(3) {
        // A subelement: identifier, length, TSF, duration (802.11-2020, 9.4.2.36).
        reader.take(2)?;
        walk.number(reader, &TERMINATION_TIME, 8)?;
        walk.u16(reader, &TERMINATION_DURATION)?;
    }
    if mode.bit(4) {
        let length = walk.u8(reader, &URL_LENGTH)?;
        walk.bytes(reader, &URL, usize::from(length))?;
    }
    Some(())
}

/// The target follows when the station accepts.
fn response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let status = walk.u8(reader, &TRANSITION_STATUS)?;
    walk.u8(reader, &TERMINATION_DELAY)?;
    if status == 0 { walk.address(reader, &TARGET).map(|_| ()) } else { Some(()) }
}

fn interference(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u8(reader, &INTERFERENCE).map(|_| ())
}

fn filters(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let count = walk.u8(reader, &FILTER_COUNT)?;
    for _ in 0..count {
        walk.u8(reader, &FILTER)?;
    }
    Some(())
}

/// The keys that the response may bring are counted, not shown.
fn sleep_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let span = Span::new(reader.offset(), 2);
    let length = reader.little_endian(2)?;
    walk.field(&KEY_DATA_LENGTH, Value::Unsigned(length), span);
    reader.take(usize::try_from(length).ok()?).map(|_| ())
}

fn traffic(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TRAFFIC_FLAGS).map(|_| ())
}

/// After the channel usage elements stands a country string, so that the rest is no list of elements.
fn channel_usage(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    opaque(walk, reader)
}

fn trigger(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TRIGGER).map(|_| ())
}

fn notification(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u8(reader, &NOTIFICATION).map(|_| ())
}

fn notification_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u8(reader, &NOTIFICATION_STATUS).map(|_| ())
}

fn indication(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CHECK_BEACON)?;
    walk.number(reader, &TIMESTAMP, 8)?;
    only_elements(walk, reader)
}

fn timing(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.u8(reader, &FOLLOW_UP)?;
    walk.number(reader, &DEPARTURE, 4)?;
    walk.number(reader, &ARRIVAL, 4)?;
    walk.u8(reader, &DEPARTURE_ERROR)?;
    walk.u8(reader, &ARRIVAL_ERROR).map(|_| ())
}

/// A status alone.
pub(super) fn status_only(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &STATUS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check, check_whole};

    #[test]
    fn transition_management() {
        check_whole(
            &action(&[10, 6, 1, 16]),
            &["Action: BSS transition management query", "Query reason: low signal (16)"],
        );
        let mut body = vec![10, 7, 1, 0x1d, 10, 0, 255, 4, 10];
        body.extend(5u64.to_le_bytes());
        body.extend([3, 0, 2, b'u', b'r', 0, 1, b'a']);
        check_whole(
            &action(&body),
            &[
                "Disassociation imminent: yes",
                "Disassociation timer: 10 beacon intervals",
                "BSS termination time: 5 µs",
                "BSS termination duration: 3 min",
                "Session URL: ur",
                "SSID: a",
            ],
        );
        check_whole(
            &action(&[10, 8, 1, 0, 0, 2, 0, 0, 0, 0, 9]),
            &["Transition status: accept (0)", "Target BSS: 02:00:00:00:00:09"],
        );
        check_whole(
            &action(&[10, 8, 1, 6, 0]),
            &["Transition status: reject, candidates given (6)"],
        );
        check(&action(&[10, 7, 1, 0x10, 10, 0, 255, 9, b'u']), &["! the fixed fields are cut"]);
    }

    #[test]
    fn sleep_mode_shows_no_keys() {
        let mac = action(&[10, 17, 1, 4, 0, 0xaa, 0xbb, 0xcc, 0xdd, 0, 1, b'a']);
        check_whole(&mac, &["Key data length: 4 bytes", "SSID: a"]);
        assert!(!crate::describe::testing::lines(&mac).join("\n").contains("aabb"));
    }

    #[test]
    fn notification_and_timing() {
        check_whole(&action(&[10, 26, 1, 0]), &["Notification: firmware update (0)"]);
        check_whole(
            &action(&[11, 1, 1, 2, 3, 0, 0, 0, 4, 0, 0, 0, 5, 6]),
            &["Follow-up dialog token: 2", "Time of arrival: 4 10 ns"],
        );
    }
}
