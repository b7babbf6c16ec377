//! Where the network goes: channel switches, wide bandwidth, quiet times.

use super::regulatory::operating_class_name;
use super::{Known, bits, element_fields, nested, pick};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.18" {
        MODE: unsigned("wlan.csa.channel_switch_mode", "Channel switch mode")
            .names(|value| pick(&["no restriction", "stop sending until the switch"], value));
        NEW_CHANNEL: unsigned("wlan.csa.new_channel_number", "New channel");
        COUNT: unsigned("wlan.csa.channel_switch.count", "Channel switch count").unit("beacons");
        NEW_CLASS: unsigned("wlan.csa.new_operating_class", "New operating class").names(operating_class_name);
    }
    fields "802.11-2020, 9.4.2.19" {
        SECONDARY_OFFSET: unsigned("wlan.secchanoffset", "Secondary channel")
            .names(|value| pick(&["none", "above", "", "below"], value));
    }
    fields "802.11-2020, 9.4.2.160" {
        WIDTH: unsigned("wlan.wide_bw.new_channel_width", "New channel width")
            .names(|value| pick(&["20 or 40 MHz", "80, 160 or 80+80 MHz", "160 MHz", "80+80 MHz"], value));
        SEGMENT_0: unsigned("wlan.wide_bw.new_channel_center_freq_segment0", "Centre channel, segment 0");
        SEGMENT_1: unsigned("wlan.wide_bw.new_channel_center_freq_segment1", "Centre channel, segment 1");
    }
    fields "802.11-2020, 9.4.2.22" {
        QUIET_COUNT: unsigned("wlan.quiet.count", "Quiet count").unit("beacons");
        QUIET_PERIOD: unsigned("wlan.quiet.period", "Quiet period").unit("beacons");
        QUIET_DURATION: unsigned("wlan.quiet.duration", "Quiet duration").unit("TU");
        QUIET_OFFSET: unsigned("wlan.quiet.offset", "Quiet offset").unit("TU");
    }
    fields "802.11-2020, 9.4.2.164" {
        QUIET_MODE: unsigned("wlan.quiet_channel.ap_quiet_mode", "AP quiet mode");
    }
    fields "802.11-2020, 9.4.2.63" {
        SWITCH_TIME: unsigned("wlan.channel_switch_timing.switch_time", "Switch time").unit("µs");
        SWITCH_TIMEOUT: unsigned("wlan.channel_switch_timing.switch_timeout", "Switch timeout").unit("µs");
    }
    fields "802.11-2020, 9.4.2.101" {
        MESH_TTL: unsigned("wlan.csa.mesh_channel_switch.ttl", "Time to live").unit("hops");
        MESH_FLAGS: hex("wlan.csa.mesh_channel_switch.flag", "Flags", 2);
        MESH_REASON: unsigned("wlan.csa.mesh_channel_switch.reason_code", "Reason code");
        MESH_PRECEDENCE: unsigned("wlan.csa.mesh_channel_switch.pre_value", "Precedence value");
    }
    fields "802.11ax-2021, 9.4.2.217" {
        MAX_SWITCH_TIME: unsigned("wlan.ext_tag.max_channel_switch_time", "Maximum switch time").unit("TU");
    }
    fields "802.11-2020, 9.4.2.174" {
        FUTURE_CHANNEL: unsigned("wlan.ext_tag.future_channel_guidance.new_chan_num", "New channel");
    }
    layout MESH_FLAG_BITS "802.11-2020, 9.4.2.101" {
        0, 1: flag("wlan.csa.mesh_channel_switch.flag.txrestrict", "Transmit restrict");
        1, 1: flag("wlan.csa.mesh_channel_switch.flag.initiator", "Initiator");
        2, 1: flag("wlan.csa.mesh_channel_switch.flag.reason", "Reason");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::CHANNEL_SWITCH, "Channel switch announcement", channel_switch),
    Known::id(id::EXTENDED_CHANNEL_SWITCH, "Extended channel switch announcement", extended),
    Known::id(62, "Secondary channel offset", secondary_offset),
    Known::id(194, "Wide bandwidth channel switch", wide_bandwidth),
    Known::id(196, "Channel switch wrapper", wrapper),
    Known::id(id::QUIET, "Quiet", quiet),
    Known::id(198, "Quiet channel", quiet_channel),
    Known::id(104, "Channel switch timing", timing),
    Known::id(118, "Mesh channel switch parameters", mesh_switch),
    Known::extension(id::EXT_MAX_CHANNEL_SWITCH_TIME, "Max channel switch time", max_time),
    Known::extension(14, "Future channel guidance", future),
];

fn channel_switch(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &MODE)?;
    walk.u8(reader, &NEW_CHANNEL)?;
    walk.u8(reader, &COUNT).map(|_| ())
}

fn extended(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &MODE)?;
    walk.u8(reader, &NEW_CLASS)?;
    walk.u8(reader, &NEW_CHANNEL)?;
    walk.u8(reader, &COUNT).map(|_| ())
}

fn secondary_offset(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &SECONDARY_OFFSET).map(|_| ())
}

pub(super) fn wide_bandwidth(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &WIDTH)?;
    walk.u8(reader, &SEGMENT_0)?;
    walk.u8(reader, &SEGMENT_1).map(|_| ())
}

fn wrapper(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    nested(walk, reader);
    Some(())
}

fn quiet(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &QUIET_COUNT)?;
    walk.u8(reader, &QUIET_PERIOD)?;
    walk.u16(reader, &QUIET_DURATION)?;
    walk.u16(reader, &QUIET_OFFSET).map(|_| ())
}

fn quiet_channel(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let mode = walk.u8(reader, &QUIET_MODE)?;
    // The quiet interval is only said in mode 1.
    if mode == 1 { quiet(walk, reader) } else { Some(()) }
}

fn timing(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &SWITCH_TIME)?;
    walk.u16(reader, &SWITCH_TIMEOUT).map(|_| ())
}

fn mesh_switch(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &MESH_TTL)?;
    bits(walk, reader, &MESH_FLAGS, 1, MESH_FLAG_BITS)?;
    walk.u16(reader, &MESH_REASON)?;
    walk.u16(reader, &MESH_PRECEDENCE).map(|_| ())
}

fn max_time(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number(reader, &MAX_SWITCH_TIME, 3).map(|_| ())
}

fn future(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number(reader, &FUTURE_CHANNEL, 4).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn switches() {
        assert_eq!(
            body_lines(&[37, 3, 1, 11, 5]),
            [
                "Channel switch mode: stop sending until the switch (1)",
                "New channel: 11",
                "Channel switch count: 5 beacons"
            ]
        );
        assert_eq!(
            body_lines(&[60, 4, 0, 128, 36, 2])[1..],
            [
                "New operating class: 5 GHz, 80 MHz (128)",
                "New channel: 36",
                "Channel switch count: 2 beacons"
            ]
        );
        assert_eq!(body_lines(&[255, 4, 52, 0x10, 0x27, 0]), ["Maximum switch time: 10000 TU"]);
    }

    #[test]
    fn a_wrapper_holds_elements() {
        let lines = body_lines(&[196, 5, 194, 3, 1, 42, 0]);
        assert_eq!(
            lines,
            [
                "Element: Wide bandwidth channel switch",
                "  Identifier: Wide bandwidth channel switch (194)",
                "  Length: 3 bytes",
                "  New channel width: 80, 160 or 80+80 MHz (1)",
                "  Centre channel, segment 0: 42",
                "  Centre channel, segment 1: 0",
            ]
        );
    }

    #[test]
    fn quiet_times() {
        assert_eq!(
            body_lines(&[40, 6, 1, 2, 50, 0, 10, 0]),
            [
                "Quiet count: 1 beacons",
                "Quiet period: 2 beacons",
                "Quiet duration: 50 TU",
                "Quiet offset: 10 TU"
            ]
        );
    }
}
