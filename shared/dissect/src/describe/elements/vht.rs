//! Very high throughput (802.11ac): capabilities, operation, operating mode.

use super::{Known, bits, element_fields, pick};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.157" {
        CAPABILITIES: hex("wlan.vht.capabilities", "VHT capability information", 8);
        MCS_SET: bytes("wlan.vht.mcsset", "Supported VHT-MCS and NSS set");
    }
    fields "802.11-2020, 9.4.2.158" {
        WIDTH: unsigned("wlan.vht.op.channelwidth", "Channel width")
            .names(|value| pick(&["20 or 40 MHz", "80, 160 or 80+80 MHz", "160 MHz (deprecated)", "80+80 MHz (deprecated)"], value));
        SEGMENT_0: unsigned("wlan.vht.op.channelcenter0", "Centre channel, segment 0");
        SEGMENT_1: unsigned("wlan.vht.op.channelcenter1", "Centre channel, segment 1");
        BASIC_MCS: hex("wlan.vht.op.basicmcsmap", "Basic VHT-MCS and NSS set", 4);
    }
    fields "802.11-2020, 9.4.1.53" {
        OPERATING_MODE: hex("wlan.operat_notification_mode", "Operating mode", 2);
    }
    fields "802.11-2020, 9.4.2.163" {
        AID: unsigned("wlan.aid_element.aid", "Association identifier");
    }
    layout CAPABILITY_BITS "802.11-2020, 9.4.2.157.2" {
        0, 2: unsigned("wlan.vht.capabilities.maxmpdulength", "Maximum MPDU length")
            .names(|value| pick(&["3895 bytes", "7991 bytes", "11454 bytes"], value));
        2, 2: unsigned("wlan.vht.capabilities.supportedchanwidthset", "Supported channel width set")
            .names(|value| pick(&["no 160 or 80+80 MHz", "160 MHz", "160 and 80+80 MHz"], value));
        4, 1: flag("wlan.vht.capabilities.rxldpc", "Receive LDPC");
        5, 1: flag("wlan.vht.capabilities.short80", "Short guard interval, 80 MHz");
        6, 1: flag("wlan.vht.capabilities.short160", "Short guard interval, 160 and 80+80 MHz");
        7, 1: flag("wlan.vht.capabilities.txstbc", "Transmit STBC");
        8, 3: unsigned("wlan.vht.capabilities.rxstbc", "Receive STBC").unit("streams");
        11, 1: flag("wlan.vht.capabilities.subeamformer", "SU beamformer");
        12, 1: flag("wlan.vht.capabilities.subeamformee", "SU beamformee");
        13, 3: unsigned("wlan.vht.capabilities.beamformee_sts_cap", "Beamformee STS, less one");
        16, 3: unsigned("wlan.vht.capabilities.soundingdimensions", "Sounding dimensions, less one");
        19, 1: flag("wlan.vht.capabilities.mubeamformer", "MU beamformer");
        20, 1: flag("wlan.vht.capabilities.mubeamformee", "MU beamformee");
        21, 1: flag("wlan.vht.capabilities.vhttxopps", "TXOP power save");
        22, 1: flag("wlan.vht.capabilities.vhthtc", "+HTC-VHT");
        23, 3: unsigned("wlan.vht.capabilities.maxampdu", "Maximum A-MPDU length exponent");
        26, 2: unsigned("wlan.vht.capabilities.linkadapt", "Link adaptation")
            .names(|value| pick(&["none", "reserved", "unsolicited", "both"], value));
        28, 1: flag("wlan.vht.capabilities.rxpatconsist", "Receive antenna pattern consistency");
        29, 1: flag("wlan.vht.capabilities.txpatconsist", "Transmit antenna pattern consistency");
        30, 2: unsigned("wlan.vht.capabilities.ext_nss_bw_support", "Extended NSS BW support");
    }
    layout MCS_BITS "802.11-2020, 9.4.2.157.3" {
        0, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss1", "Receive, 1 stream").names(mcs_name);
        2, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss2", "Receive, 2 streams").names(mcs_name);
        4, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss3", "Receive, 3 streams").names(mcs_name);
        6, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss4", "Receive, 4 streams").names(mcs_name);
        8, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss5", "Receive, 5 streams").names(mcs_name);
        10, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss6", "Receive, 6 streams").names(mcs_name);
        12, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss7", "Receive, 7 streams").names(mcs_name);
        14, 2: unsigned("wlan.vht.mcsset.rxmcsmap.ss8", "Receive, 8 streams").names(mcs_name);
        16, 13: unsigned("wlan.vht.mcsset.rxhighestlonggirate", "Highest receive rate, long guard interval").unit("Mbit/s");
        29, 3: unsigned("wlan.vht.mcsset.max_nsts_total", "Maximum NSTS, total");
        32, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss1", "Transmit, 1 stream").names(mcs_name);
        34, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss2", "Transmit, 2 streams").names(mcs_name);
        36, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss3", "Transmit, 3 streams").names(mcs_name);
        38, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss4", "Transmit, 4 streams").names(mcs_name);
        40, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss5", "Transmit, 5 streams").names(mcs_name);
        42, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss6", "Transmit, 6 streams").names(mcs_name);
        44, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss7", "Transmit, 7 streams").names(mcs_name);
        46, 2: unsigned("wlan.vht.mcsset.txmcsmap.ss8", "Transmit, 8 streams").names(mcs_name);
        48, 13: unsigned("wlan.vht.mcsset.txhighestlonggirate", "Highest transmit rate, long guard interval").unit("Mbit/s");
        61, 1: flag("wlan.vht.ncsset.ext_nss_bw_cap", "Extended NSS BW capable");
    }
    layout BASIC_BITS "802.11-2020, 9.4.2.158" {
        0, 2: unsigned("wlan.vht.op.basicmcsmap.ss1", "Basic, 1 stream").names(mcs_name);
        2, 2: unsigned("wlan.vht.op.basicmcsmap.ss2", "Basic, 2 streams").names(mcs_name);
        4, 2: unsigned("wlan.vht.op.basicmcsmap.ss3", "Basic, 3 streams").names(mcs_name);
        6, 2: unsigned("wlan.vht.op.basicmcsmap.ss4", "Basic, 4 streams").names(mcs_name);
        8, 2: unsigned("wlan.vht.op.basicmcsmap.ss5", "Basic, 5 streams").names(mcs_name);
        10, 2: unsigned("wlan.vht.op.basicmcsmap.ss6", "Basic, 6 streams").names(mcs_name);
        12, 2: unsigned("wlan.vht.op.basicmcsmap.ss7", "Basic, 7 streams").names(mcs_name);
        14, 2: unsigned("wlan.vht.op.basicmcsmap.ss8", "Basic, 8 streams").names(mcs_name);
    }
    layout MODE_BITS "802.11-2020, 9.4.1.53" {
        0, 2: unsigned("wlan.operat_mode_field.channelwidth", "Channel width")
            .names(|value| pick(&["20 MHz", "40 MHz", "80 MHz", "160 or 80+80 MHz (deprecated)"], value));
        2, 1: flag("wlan.operat_mode_field.160_80plus80", "160 or 80+80 MHz");
        3, 1: flag("wlan.operat_mode_field.no_ldpc", "No LDPC");
        4, 3: unsigned("wlan.operat_mode_field.rxnss", "Receive streams, less one");
        7, 1: flag("wlan.operat_mode_field.rxnsstype", "Streams of beamforming feedback");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::VHT_CAPABILITIES, "VHT capabilities", capabilities),
    Known::id(id::VHT_OPERATION, "VHT operation", operation),
    Known::id(197, "AID", aid),
    Known::id(199, "Operating mode notification", operating_mode),
];

fn mcs_name(value: u64) -> Option<&'static str> {
    pick(&["MCS 0 to 7", "MCS 0 to 8", "MCS 0 to 9", "not supported"], value)
}

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &CAPABILITIES, 4, CAPABILITY_BITS)?;
    bits(walk, reader, &MCS_SET, 8, MCS_BITS).map(|_| ())
}

fn operation(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &WIDTH)?;
    walk.u8(reader, &SEGMENT_0)?;
    walk.u8(reader, &SEGMENT_1)?;
    bits(walk, reader, &BASIC_MCS, 2, BASIC_BITS).map(|_| ())
}

fn aid(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &AID).map(|_| ())
}

fn operating_mode(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &OPERATING_MODE, 1, MODE_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn capabilities() {
        let lines = body_lines(&[
            191, 12, 0xb6, 0x79, 0x8b, 0x33, 0xfa, 0xff, 0x0c, 0x03, 0xfa, 0xff, 0x0c, 0x23,
        ]);
        for line in [
            "VHT capability information: 0x338b79b6",
            "  Maximum MPDU length: 11454 bytes (2)",
            "  Supported channel width set: 160 MHz (1)",
            "  Receive, 2 streams: MCS 0 to 9 (2)",
            "  Receive, 3 streams: not supported (3)",
            "  Highest receive rate, long guard interval: 780 Mbit/s",
            "  Extended NSS BW capable: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn operation_and_mode() {
        let lines = body_lines(&[192, 5, 1, 42, 50, 0xfc, 0xff]);
        assert_eq!(
            lines[..5],
            [
                "Channel width: 80, 160 or 80+80 MHz (1)",
                "Centre channel, segment 0: 42",
                "Centre channel, segment 1: 50",
                "Basic VHT-MCS and NSS set: 0xfffc",
                "  Basic, 1 stream: MCS 0 to 7 (0)",
            ]
        );
        let lines = body_lines(&[199, 1, 0x12]);
        assert!(lines.contains(&"  Channel width: 80 MHz (2)".to_owned()));
        assert!(lines.contains(&"  Receive streams, less one: 1".to_owned()));
    }
}
