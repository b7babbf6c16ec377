//! Mesh: identifier, configuration, beacon timing, peering.

use super::{Known, bits, element_fields, only_named, pick};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.98" {
        MESH_ID: text("wlan.mesh.id", "Mesh identifier");
    }
    fields "802.11-2020, 9.4.2.97" {
        PROTOCOL: unsigned("wlan.mesh.config.ps_protocol", "Path selection protocol")
            .names(|value| pick(&["", "HWMP"], value));
        METRIC: unsigned("wlan.mesh.config.ps_metric", "Path selection metric")
            .names(|value| pick(&["", "airtime"], value));
        CONGESTION: unsigned("wlan.mesh.config.cong_ctl", "Congestion control")
            .names(|value| pick(&["none", "signalling"], value));
        SYNCHRONISATION: unsigned("wlan.mesh.config.sync_method", "Synchronisation method")
            .names(|value| pick(&["", "neighbour offset"], value));
        AUTHENTICATION: unsigned("wlan.mesh.config.auth_protocol", "Authentication protocol")
            .names(|value| pick(&["none", "SAE", "802.1X"], value));
        FORMATION: hex("wlan.mesh.config.formation_info", "Formation information", 2);
        CAPABILITY: hex("wlan.mesh.config.cap", "Capability", 2);
    }
    fields "802.11-2020, 9.4.2.103" {
        AWAKE: unsigned("wlan.mesh.mesh_awake_window", "Mesh awake window").unit("TU");
    }
    fields "802.11-2020, 9.4.2.104" {
        TIMING_CONTROL: hex("wlan.bcntime.ctrl", "Report control", 2);
        TIMING_NEIGHBOR: unsigned("wlan.bcntime.nieghborid", "Neighbour");
        TIMING_TBTT: unsigned("wlan.bcntime.tbtt", "Neighbour's TBTT").unit("32 µs");
        TIMING_INTERVAL: unsigned("wlan.bcntime.interval", "Neighbour's beacon interval").unit("TU");
    }
    fields "802.11-2020, 9.4.2.101" {
        PEERING_PROTOCOL: unsigned("wlan.peering.proto", "Peering protocol")
            .names(|value| pick(&["mesh peering management", "authenticated mesh peering exchange"], value));
        PEERING_LOCAL: hex("wlan.peering.local_id", "Local link", 4);
        PEERING_PEER: bytes("wlan.peering.rest", "Peer link, reason, chosen PMK");
    }
    layout FORMATION_BITS "802.11-2020, 9.4.2.97.7" {
        0, 1: flag("wlan.mesh.formation_info.connect_to_mesh_gate", "Connected to a mesh gate");
        1, 6: unsigned("wlan.mesh.config.formation_info.num_peers", "Peerings");
        7, 1: flag("wlan.mesh.formation_info.connect_to_as", "Connected to an authentication server");
    }
    layout CAPABILITY_BITS "802.11-2020, 9.4.2.97.8" {
        0, 1: flag("wlan.mesh.config.cap.accept", "Accepts peerings");
        1, 1: flag("wlan.mesh.config.cap.mcca_support", "MCCA supported");
        2, 1: flag("wlan.mesh.config.cap.mcca_enabled", "MCCA enabled");
        3, 1: flag("wlan.mesh.config.cap.forwarding", "Forwarding");
        4, 1: flag("wlan.mesh.config.cap.mbca_enabled", "MBCA enabled");
        5, 1: flag("wlan.mesh.config.cap.tbtt_adjusting", "TBTT adjusting");
        6, 1: flag("wlan.mesh.config.cap.power_save_level", "Power save level");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::MESH_ID, "Mesh ID", mesh_id),
    Known::id(113, "Mesh configuration", configuration),
    Known::id(115, "Mesh link metric report", only_named),
    Known::id(116, "Congestion notification", only_named),
    Known::id(117, "Mesh peering management", peering),
    Known::id(119, "Mesh awake window", awake),
    Known::id(id::BEACON_TIMING, "Beacon timing", beacon_timing),
    Known::id(121, "MCCAOP setup request", only_named),
    Known::id(122, "MCCAOP setup reply", only_named),
    Known::id(123, "MCCAOP advertisement", only_named),
    Known::id(124, "MCCAOP teardown", only_named),
    Known::id(125, "GANN", only_named),
    Known::id(126, "RANN", only_named),
    Known::id(130, "PREQ", only_named),
    Known::id(131, "PREP", only_named),
    Known::id(132, "PERR", only_named),
    Known::id(137, "PXU", only_named),
    Known::id(138, "PXUC", only_named),
    Known::id(139, "Authenticated mesh peering exchange", only_named),
    Known::id(140, "MIC", only_named),
];

fn mesh_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let offset = reader.offset();
    if walk.bytes(reader, &MESH_ID, reader.left())?.len() > 32 {
        walk.fault(offset, "a mesh identifier longer than 32 bytes");
    }
    Some(())
}

fn configuration(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for field in [&PROTOCOL, &METRIC, &CONGESTION, &SYNCHRONISATION, &AUTHENTICATION] {
        walk.u8(reader, field)?;
    }
    bits(walk, reader, &FORMATION, 1, FORMATION_BITS)?;
    bits(walk, reader, &CAPABILITY, 1, CAPABILITY_BITS).map(|_| ())
}

fn awake(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &AWAKE).map(|_| ())
}

fn beacon_timing(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TIMING_CONTROL)?;
    while !reader.is_empty() {
        walk.u8(reader, &TIMING_NEIGHBOR)?;
        walk.number(reader, &TIMING_TBTT, 3)?;
        walk.u16(reader, &TIMING_INTERVAL)?;
    }
    Some(())
}

fn peering(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &PEERING_PROTOCOL)?;
    walk.u16(reader, &PEERING_LOCAL)?;
    walk.rest(reader, &PEERING_PEER);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn mesh() {
        assert_eq!(body_lines(&[114, 4, b'm', b'e', b's', b'h']), ["Mesh identifier: mesh"]);
        let lines = body_lines(&[113, 7, 1, 1, 0, 1, 1, 0x05, 0x09]);
        for line in [
            "Path selection protocol: HWMP (1)",
            "Authentication protocol: SAE (1)",
            "  Connected to a mesh gate: yes",
            "  Peerings: 2",
            "  Forwarding: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
