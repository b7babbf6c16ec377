//! Target wake time, individual and broadcast.

use super::{Known, bits, element_fields, pick};
use crate::fields::{Reader, Walk};

element_fields! {
    fields "802.11ax-2021, 9.4.2.199" {
        CONTROL: hex("wlan.twt.control_field", "Control", 2);
        REQUEST: hex("wlan.twt.request_type", "Request type", 4);
        TARGET: unsigned("wlan.twt.target_wake_time", "Target wake time").unit("µs TSF");
        BROADCAST_TARGET: unsigned("wlan.twt.broadcast_target_wake_time", "Target wake time").unit("256 µs TSF");
        GROUP: bytes("wlan.twt.group_assignment", "Group assignment");
        DURATION: unsigned("wlan.twt.nom_min_twt_wake_duration", "Nominal minimum wake duration").unit("256 µs or TU");
        MANTISSA: unsigned("wlan.twt.wake_interval_mantissa", "Wake interval mantissa").unit("µs");
        CHANNEL: hex("wlan.twt.channel", "Channel", 2);
        NDP_PAGING: hex("wlan.twt.ndp_paging", "NDP paging", 8);
        BROADCAST: hex("wlan.twt.broadcast_info", "Broadcast information", 4);
        TRAFFIC: bytes("wlan.twt.restricted_traffic", "Restricted TWT traffic");
    }
    layout CONTROL_BITS "802.11ax-2021, 9.4.2.199" {
        0, 1: flag("wlan.twt.ndp_paging_indicator", "NDP paging indicator");
        1, 1: flag("wlan.twt.resp_pm", "Responder PM mode");
        2, 2: unsigned("wlan.twt.neg_type", "Negotiation type")
            .names(|value| pick(&["individual", "next TBTT", "broadcast announcement", "broadcast membership"], value));
        4, 1: flag("wlan.twt.information_frame_disabled", "Information frame disabled");
        5, 1: unsigned("wlan.twt.wake_duration_unit", "Wake duration unit").names(|value| pick(&["256 µs", "TU"], value));
        6, 1: flag("wlan.twt.link_id_bitmap_present", "Link identifier bitmap present");
        7, 1: flag("wlan.twt.aligned", "Aligned TWT");
    }
    layout INDIVIDUAL_BITS "802.11ax-2021, 9.4.2.199" {
        0, 1: flag("wlan.twt.requester", "Requester");
        1, 3: unsigned("wlan.twt.setup_cmd", "Setup command").names(command_name);
        4, 1: flag("wlan.twt.trigger", "Trigger");
        5, 1: flag("wlan.twt.implicit", "Implicit");
        6, 1: unsigned("wlan.twt.flow_type", "Flow type").names(|value| pick(&["announced", "unannounced"], value));
        7, 3: unsigned("wlan.twt.flow_id", "Flow identifier");
        10, 5: unsigned("wlan.twt.wake_interval_exp", "Wake interval exponent");
        15, 1: flag("wlan.twt.prot", "Protection");
    }
    layout BROADCAST_BITS "802.11ax-2021, 9.4.2.199" {
        0, 1: flag("wlan.twt.broadcast.requester", "Requester");
        1, 3: unsigned("wlan.twt.broadcast.setup_cmd", "Setup command").names(command_name);
        4, 1: flag("wlan.twt.broadcast.trigger", "Trigger");
        5, 1: flag("wlan.twt.broadcast.last", "Last parameter set");
        6, 1: unsigned("wlan.twt.broadcast.flow_type", "Flow type").names(|value| pick(&["announced", "unannounced"], value));
        7, 3: unsigned("wlan.twt.broadcast.recommendation", "Recommendation")
            .names(|value| pick(&["no constraints", "solicited status and feedback", "low data", "high data", "restricted"], value));
        10, 5: unsigned("wlan.twt.broadcast.wake_interval_exp", "Wake interval exponent");
    }
    layout INFORMATION_BITS "802.11be-2024, 9.4.2.199" {
        0, 1: flag("wlan.twt.broadcast.traffic_present", "Restricted TWT traffic present");
        1, 2: unsigned("wlan.twt.broadcast.schedule", "Restricted TWT schedule information");
        3, 5: unsigned("wlan.twt.bcast_flow_id", "Broadcast TWT identifier");
        8, 8: unsigned("wlan.twt.broadcast.persistence", "Persistence").unit("beacons");
    }
}

pub(super) static ELEMENTS: &[Known] = &[Known::id(216, "TWT", twt)];

fn command_name(value: u64) -> Option<&'static str> {
    pick(
        &["request", "suggest", "demand", "grouping", "accept", "alternate", "dictate", "reject"],
        value,
    )
}

pub(super) fn twt(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = bits(walk, reader, &CONTROL, 1, CONTROL_BITS)?;
    if control.get(2, 2) >= 2 {
        return broadcast(walk, reader);
    }
    let request = bits(walk, reader, &REQUEST, 2, INDIVIDUAL_BITS)?;
    // Grouping puts an assignment of 9, 3 or 1 bytes in the place of the time.
    if request.get(1, 3) == 3 && !request.is_set(0) {
        let whole = reader.peek::<1>()?[0] & 0x80 != 0;
        walk.bytes(reader, &GROUP, if whole { 9 } else { 3 })?;
    } else {
        walk.number(reader, &TARGET, 8)?;
    }
    walk.u8(reader, &DURATION)?;
    walk.u16(reader, &MANTISSA)?;
    walk.u8(reader, &CHANNEL)?;
    if control.is_set(0) {
        walk.number(reader, &NDP_PAGING, 4)?;
    }
    Some(())
}

fn broadcast(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    loop {
        let request = bits(walk, reader, &REQUEST, 2, BROADCAST_BITS)?;
        walk.u16(reader, &BROADCAST_TARGET)?;
        walk.u8(reader, &DURATION)?;
        walk.u16(reader, &MANTISSA)?;
        let information = bits(walk, reader, &BROADCAST, 2, INFORMATION_BITS)?;
        if information.is_set(0) && request.get(7, 3) == 4 {
            walk.bytes(reader, &TRAFFIC, 3)?;
        }
        // A set that is not the last is followed by another.
        if request.is_set(5) || reader.is_empty() {
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn individual() {
        let mut element = vec![216, 15, 0x00, 0x73, 0x28];
        element.extend(1_000_000u64.to_le_bytes());
        element.extend([255, 0x00, 0x02, 0]);
        let lines = body_lines(&element);
        for line in [
            "  Negotiation type: individual (0)",
            "  Requester: yes",
            "  Setup command: suggest (1)",
            "  Implicit: yes",
            "  Flow type: unannounced (1)",
            "  Wake interval exponent: 10",
            "Target wake time: 1000000 µs TSF",
            "Nominal minimum wake duration: 255 256 µs or TU",
            "Wake interval mantissa: 512 µs",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn broadcast_sets() {
        let set = |last: u8| [0x48 | last << 5, 0x28, 0, 0, 40, 0, 2, 0x18, 5];
        let mut element = vec![216, 19, 0x08];
        element.extend(set(0));
        element.extend(set(1));
        let lines = body_lines(&element);
        assert_eq!(
            lines.iter().filter(|line| *line == "  Broadcast TWT identifier: 3").count(),
            2,
            "{lines:#?}"
        );
        assert!(lines.contains(&"  Setup command: accept (4)".to_owned()), "{lines:#?}");
    }
}
