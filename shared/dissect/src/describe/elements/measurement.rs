//! Radio measurement: requests, reports, enabled capabilities, received power.

use super::regulatory::operating_class_name;
use super::{Known, bits, element_fields, only_named, pick, subelements};
use crate::fields::{Field, Reader, Walk};

element_fields! {
    fields "802.11-2020, 9.4.2.20" {
        TOKEN: unsigned("wlan.measure.req.token", "Measurement token");
        REQUEST_MODE: hex("wlan.measure.req.mode", "Request mode", 2);
        REQUEST_TYPE: unsigned("wlan.measure.req.reqtype", "Measurement type").names(request_name);
        CLASS: unsigned("wlan.measure.req.operatingclass", "Operating class").names(operating_class_name);
        CHANNEL: unsigned("wlan.measure.req.channelnumber", "Channel");
        START: unsigned("wlan.measure.req.starttime", "Start time").unit("µs TSF");
        RANDOM: unsigned("wlan.measure.req.randint", "Randomisation interval").unit("TU");
        DURATION: unsigned("wlan.measure.req.duration", "Duration").unit("TU");
        MODE: unsigned("wlan.measure.req.measurementmode", "Measurement mode")
            .names(|value| pick(&["passive", "active", "table"], value));
        BSSID: address("wlan.measure.req.bssid", "BSSID");
        FRAME_TYPE: unsigned("wlan.measure.req.frame_request_type", "Frame request type");
        ADDRESS: address("wlan.measure.req.mac_address", "MAC address");
        PEER: address("wlan.measure.req.peer_mac_address", "Peer address");
        GROUP: unsigned("wlan.measure.req.groupid", "Group identity");
        SUBJECT: unsigned("wlan.measure.req.location_subject", "Location subject")
            .names(|value| pick(&["local", "remote", "third party"], value));
        MINIMUM_AP_COUNT: unsigned("wlan.measure.req.minimum_ap_count", "Minimum AP count");
        DETAIL: unsigned("wlan.measure.req.beacon.sub.bri.reporting_detail", "Reporting detail")
            .names(|value| pick(&["no fixed fields or elements", "fixed fields and requested elements", "all fixed fields and elements"], value));
        CONDITION: unsigned("wlan.measure.req.beacon.sub.bri.repcond", "Reporting condition");
        THRESHOLD: unsigned("wlan.measure.req.beacon.sub.bri.threshold_offset", "Threshold or offset");
        WANTED_SSID: text("wlan.measure.req.beacon.sub.ssid", "SSID");
    }
    fields "802.11-2020, 9.4.2.21" {
        REPORT_TOKEN: unsigned("wlan.measure.rep.token", "Measurement token");
        REPORT_MODE: hex("wlan.measure.rep.mode", "Report mode", 2);
        REPORT_TYPE: unsigned("wlan.measure.rep.reptype", "Measurement type").names(request_name);
        REPORT_CLASS: unsigned("wlan.measure.rep.operatingclass", "Operating class").names(operating_class_name);
        REPORT_CHANNEL: unsigned("wlan.measure.rep.channelnumber", "Channel");
        REPORT_START: unsigned("wlan.measure.rep.starttime", "Start time").unit("µs TSF");
        REPORT_DURATION: unsigned("wlan.measure.rep.duration", "Duration").unit("TU");
        MAP: hex("wlan.measure.rep.mapfield", "Map", 2);
        BUSY: unsigned("wlan.measure.rep.ccabusy", "CCA busy fraction").unit("/255");
        RPI: unsigned("wlan.measure.rep.rpi.density", "RPI density").unit("/255");
        LOAD: unsigned("wlan.measure.rep.chanload", "Channel load").unit("/255");
        ANTENNA: unsigned("wlan.measure.rep.antid", "Antenna identifier");
        ANPI: unsigned("wlan.measure.rep.anpi", "ANPI");
        IPI: unsigned("wlan.measure.rep.ipi_density", "IPI density").unit("/255");
        FRAME_INFORMATION: hex("wlan.measure.rep.frameinfo", "Reported frame information", 2);
        RCPI: unsigned("wlan.measure.rep.rcpi", "Received channel power indicator");
        RSNI: unsigned("wlan.measure.rep.rsni", "Received signal to noise indicator");
        REPORT_BSSID: address("wlan.measure.rep.bssid", "BSSID");
        PARENT: unsigned("wlan.measure.rep.parenttsf", "Parent TSF").unit("µs");
        REPORTED_FRAME: bytes("wlan.measure.rep.frame_body", "Reported frame body");
        FRAGMENT: hex("wlan.measure.rep.beacon.frag_id", "Reported frame body fragment", 4);
    }
    fields "802.11-2020, 9.4.2.44" {
        ENABLED: bytes("wlan.rmcap", "RM enabled capabilities");
    }
    fields "802.11-2020, 9.4.2.37" {
        ELEMENT_RCPI: unsigned("wlan.rcpi", "RCPI");
        ELEMENT_RSNI: unsigned("wlan.rsni", "RSNI");
        ELEMENT_ANTENNA: unsigned("wlan.antenna.id", "Antenna identifier");
    }
    layout REQUEST_BITS "802.11-2020, 9.4.2.20" {
        0, 1: flag("wlan.measure.req.reqmode.parallel", "Parallel");
        1, 1: flag("wlan.measure.req.reqmode.enable", "Enable");
        2, 1: flag("wlan.measure.req.reqmode.request", "Request");
        3, 1: flag("wlan.measure.req.reqmode.report", "Report");
        4, 1: flag("wlan.measure.req.reqmode.duration_mandatory", "Duration mandatory");
    }
    layout REPORT_BITS "802.11-2020, 9.4.2.21" {
        0, 1: flag("wlan.measure.rep.repmode.late", "Late");
        1, 1: flag("wlan.measure.rep.repmode.incapable", "Incapable");
        2, 1: flag("wlan.measure.rep.repmode.refused", "Refused");
    }
    layout MAP_BITS "802.11-2020, 9.4.2.21.2" {
        0, 1: flag("wlan.measure.rep.repmode.mapfield.bss", "BSS");
        1, 1: flag("wlan.measure.rep.repmode.mapfield.ofdm_preamble", "OFDM preamble");
        2, 1: flag("wlan.measure.rep.repmode.mapfield.unidentsig", "Unidentified signal");
        3, 1: flag("wlan.measure.rep.repmode.mapfield.radar", "Radar");
        4, 1: flag("wlan.measure.rep.repmode.mapfield.unmeasured", "Unmeasured");
    }
    layout FRAME_BITS "802.11-2020, 9.4.2.21.7" {
        0, 7: unsigned("wlan.measure.rep.frameinfo.phytype", "Condensed PHY type");
        7, 1: unsigned("wlan.measure.rep.frameinfo.frametype", "Reported frame type")
            .names(|value| pick(&["beacon or probe response", "measurement pilot"], value));
    }
    layout ENABLED_BITS "802.11-2020, 9.4.2.44" {
        0, 1: flag("wlan.rmcap.b0", "Link measurement");
        1, 1: flag("wlan.rmcap.b1", "Neighbour report");
        2, 1: flag("wlan.rmcap.b2", "Parallel measurements");
        3, 1: flag("wlan.rmcap.b3", "Repeated measurements");
        4, 1: flag("wlan.rmcap.b4", "Beacon passive measurement");
        5, 1: flag("wlan.rmcap.b5", "Beacon active measurement");
        6, 1: flag("wlan.rmcap.b6", "Beacon table measurement");
        7, 1: flag("wlan.rmcap.b7", "Beacon measurement reporting conditions");
        8, 1: flag("wlan.rmcap.b8", "Frame measurement");
        9, 1: flag("wlan.rmcap.b9", "Channel load measurement");
        10, 1: flag("wlan.rmcap.b10", "Noise histogram measurement");
        11, 1: flag("wlan.rmcap.b11", "Statistics measurement");
        12, 1: flag("wlan.rmcap.b12", "LCI measurement");
        13, 1: flag("wlan.rmcap.b13", "LCI azimuth");
        14, 1: flag("wlan.rmcap.b14", "Transmit stream measurement");
        15, 1: flag("wlan.rmcap.b15", "Triggered transmit stream measurement");
        16, 1: flag("wlan.rmcap.b16", "AP channel report");
        17, 1: flag("wlan.rmcap.b17", "RM MIB");
        18, 3: unsigned("wlan.rmcap.b18to20", "Operating channel maximum measurement duration");
        21, 3: unsigned("wlan.rmcap.b21to23", "Nonoperating channel maximum measurement duration");
        24, 3: unsigned("wlan.rmcap.b24to26", "Measurement pilot");
        27, 1: flag("wlan.rmcap.b27", "Measurement pilot transmission information");
        28, 1: flag("wlan.rmcap.b28", "Neighbour report TSF offset");
        29, 1: flag("wlan.rmcap.b29", "RCPI measurement");
        30, 1: flag("wlan.rmcap.b30", "RSNI measurement");
        31, 1: flag("wlan.rmcap.b31", "BSS average access delay");
        32, 1: flag("wlan.rmcap.b32", "BSS available admission capacity");
        33, 1: flag("wlan.rmcap.b33", "Antenna");
        34, 1: flag("wlan.rmcap.b34", "FTM range report");
        35, 1: flag("wlan.rmcap.b35", "Civic location measurement");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(38, "Measurement request", request),
    Known::id(39, "Measurement report", report),
    Known::id(53, "RCPI", rcpi),
    Known::id(64, "Antenna", antenna),
    Known::id(65, "RSNI", rsni),
    Known::id(66, "Measurement pilot transmission", only_named),
    Known::id(70, "RM enabled capabilities", enabled),
];

/// Measurement types (IEEE Std 802.11-2020, tables 9-102 and 9-125).
fn request_name(value: u64) -> Option<&'static str> {
    match value {
        16 => Some("fine timing measurement range"),
        255 => Some("measurement pause"),
        _ => pick(
            &[
                "basic",
                "CCA",
                "RPI histogram",
                "channel load",
                "noise histogram",
                "beacon",
                "frame",
                "station statistics",
                "LCI",
                "transmit stream",
                "multicast diagnostics",
                "location civic",
                "location identifier",
                "directional channel quality",
                "directional measurement",
                "directional statistics",
            ],
            value,
        ),
    }
}

fn numbers(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    parts: &[(&'static Field, usize)],
) -> Option<()> {
    for (field, length) in parts {
        walk.number(reader, field, *length)?;
    }
    Some(())
}

fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TOKEN)?;
    let mode = bits(walk, reader, &REQUEST_MODE, 1, REQUEST_BITS)?;
    let kind = walk.u8(reader, &REQUEST_TYPE)?;
    // With enable set the element controls measurements, and has no request.
    if mode.is_set(1) || reader.is_empty() {
        return Some(());
    }
    match kind {
        0..=2 => numbers(walk, reader, &[(&CHANNEL, 1), (&START, 8), (&DURATION, 2)]),
        3 | 4 => {
            numbers(walk, reader, &[(&CLASS, 1), (&CHANNEL, 1), (&RANDOM, 2), (&DURATION, 2)])?;
            subelements(walk, reader, |_| None, |_, _, _| Some(()));
            Some(())
        }
        5 => {
            numbers(
                walk,
                reader,
                &[(&CLASS, 1), (&CHANNEL, 1), (&RANDOM, 2), (&DURATION, 2), (&MODE, 1)],
            )?;
            walk.address(reader, &BSSID)?;
            subelements(walk, reader, beacon_name, beacon_subelement);
            Some(())
        }
        6 => {
            numbers(
                walk,
                reader,
                &[(&CLASS, 1), (&CHANNEL, 1), (&RANDOM, 2), (&DURATION, 2), (&FRAME_TYPE, 1)],
            )?;
            walk.address(reader, &ADDRESS).map(|_| ())
        }
        7 => {
            walk.address(reader, &PEER)?;
            numbers(walk, reader, &[(&RANDOM, 2), (&DURATION, 2), (&GROUP, 1)])
        }
        8 | 11 | 12 => walk.u8(reader, &SUBJECT).map(|_| ()),
        16 => numbers(walk, reader, &[(&RANDOM, 2), (&MINIMUM_AP_COUNT, 1)]),
        _ => Some(()),
    }
}

fn beacon_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "SSID",
        1 => "beacon reporting",
        2 => "reporting detail",
        10 => "request",
        11 => "extended request",
        51 => "AP channel report",
        163 => "wide bandwidth channel switch",
        164 => "last beacon report indication request",
        221 => "vendor specific",
        _ => return None,
    })
}

fn beacon_subelement(walk: &mut Walk<'_>, number: u8, value: &mut Reader<'_>) -> Option<()> {
    match number {
        0 => {
            walk.rest(value, &WANTED_SSID);
            Some(())
        }
        1 => numbers(walk, value, &[(&CONDITION, 1), (&THRESHOLD, 1)]),
        2 => walk.u8(value, &DETAIL).map(|_| ()),
        51 => super::regulatory::ap_channel_report(walk, value),
        163 => super::channel_switch::wide_bandwidth(walk, value),
        _ => Some(()),
    }
}

fn report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &REPORT_TOKEN)?;
    let mode = bits(walk, reader, &REPORT_MODE, 1, REPORT_BITS)?;
    let kind = walk.u8(reader, &REPORT_TYPE)?;
    // A refusal has no report.
    if mode.get(0, 3) != 0 || reader.is_empty() {
        return Some(());
    }
    let basic: &[(&'static Field, usize)] =
        &[(&REPORT_CHANNEL, 1), (&REPORT_START, 8), (&REPORT_DURATION, 2)];
    let radio: &[(&'static Field, usize)] =
        &[(&REPORT_CLASS, 1), (&REPORT_CHANNEL, 1), (&REPORT_START, 8), (&REPORT_DURATION, 2)];
    match kind {
        0 => {
            numbers(walk, reader, basic)?;
            bits(walk, reader, &MAP, 1, MAP_BITS).map(|_| ())
        }
        1 => {
            numbers(walk, reader, basic)?;
            walk.u8(reader, &BUSY).map(|_| ())
        }
        2 => {
            numbers(walk, reader, basic)?;
            (0..8).try_for_each(|_| walk.u8(reader, &RPI).map(|_| ()))
        }
        3 => {
            numbers(walk, reader, radio)?;
            walk.u8(reader, &LOAD).map(|_| ())
        }
        4 => {
            numbers(walk, reader, radio)?;
            numbers(walk, reader, &[(&ANTENNA, 1), (&ANPI, 1)])?;
            (0..11).try_for_each(|_| walk.u8(reader, &IPI).map(|_| ()))
        }
        5 => {
            numbers(walk, reader, radio)?;
            bits(walk, reader, &FRAME_INFORMATION, 1, FRAME_BITS)?;
            numbers(walk, reader, &[(&RCPI, 1), (&RSNI, 1)])?;
            walk.address(reader, &REPORT_BSSID)?;
            numbers(walk, reader, &[(&ANTENNA, 1), (&PARENT, 4)])?;
            subelements(
                walk,
                reader,
                |number| {
                    pick(
                        &["", "reported frame body", "reported frame body fragment identifier"],
                        number,
                    )
                },
                |walk, number, value| match number {
                    1 => {
                        walk.rest(value, &REPORTED_FRAME);
                        Some(())
                    }
                    2 => walk.u16(value, &FRAGMENT).map(|_| ()),
                    _ => Some(()),
                },
            );
            Some(())
        }
        _ => Some(()),
    }
}

fn rcpi(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &ELEMENT_RCPI).map(|_| ())
}

fn rsni(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &ELEMENT_RSNI).map(|_| ())
}

fn antenna(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &ELEMENT_ANTENNA).map(|_| ())
}

fn enabled(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &ENABLED, 5, ENABLED_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn a_beacon_request_and_its_report() {
        let mut element =
            vec![38, 0, 7, 0, 5, 115, 36, 10, 0, 100, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        element.extend([0, 2, b'a', b'b', 2, 1, 1, 51, 3, 81, 1, 6]);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "Measurement type: beacon (5)",
            "Operating class: 5 GHz, 20 MHz, channels 36 to 48 (115)",
            "Measurement mode: active (1)",
            "BSSID: ff:ff:ff:ff:ff:ff",
            "  SSID: ab",
            "  Reporting detail: fixed fields and requested elements (1)",
            "  Channel: 6",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        let mut element = vec![39, 0, 7, 0, 5, 115, 36, 0, 0, 0, 0, 0, 0, 0, 1, 100, 0, 9, 100, 40];
        element.extend([2, 0, 0, 0, 0, 7, 1, 0, 0, 0, 0]);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "  Reported frame type: beacon or probe response (0)",
            "Received channel power indicator: 100",
            "BSSID: 02:00:00:00:00:07",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert_eq!(
            body_lines(&[39, 3, 7, 4, 5]).last().map(String::as_str),
            Some("Measurement type: beacon (5)")
        );
    }

    #[test]
    fn enabled_capabilities() {
        let lines = body_lines(&[70, 5, 0x73, 0x10, 0x91, 0, 0x04]);
        for line in [
            "  Link measurement: yes",
            "  Beacon table measurement: yes",
            "  FTM range report: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
