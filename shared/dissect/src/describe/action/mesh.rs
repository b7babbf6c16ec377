//! Mesh, multihop, self-protected and DMG actions (IEEE Std 802.11-2020, 9.6.15 to 9.6.17 and 9.6.19).

use super::{Action, dialog, only_elements, opaque, row};
use crate::describe::data::mesh_control;
use crate::describe::management::{association_id, capabilities};
use crate::fields::{Reader, Walk};

pub(super) static ACTIONS: &[Action] = &[
    row(13, 0, "mesh link metric report", only_elements),
    row(13, 1, "HWMP mesh path selection", only_elements),
    row(13, 2, "gate announcement", only_elements),
    row(13, 3, "congestion control notification", only_elements),
    row(13, 4, "MCCA setup request", only_elements),
    row(13, 5, "MCCA setup reply", only_elements),
    row(13, 6, "MCCA advertisement request", only_elements),
    row(13, 7, "MCCA advertisement", only_elements),
    row(13, 8, "MCCA teardown", only_elements),
    row(13, 9, "TBTT adjustment request", only_elements),
    row(13, 10, "TBTT adjustment response", super::transition::status_only),
    row(14, 0, "proxy update", mesh_control),
    row(14, 1, "proxy update confirmation", mesh_control),
    row(15, 1, "mesh peering open", capabilities),
    row(15, 2, "mesh peering confirm", confirm),
    row(15, 3, "mesh peering close", only_elements),
    row(15, 4, "mesh group key inform", only_elements),
    row(15, 5, "mesh group key acknowledge", only_elements),
    row(16, 0, "power save configuration request", token),
    row(16, 1, "power save configuration response", token),
    row(16, 2, "DMG information request", opaque),
    row(16, 3, "DMG information response", opaque),
    row(16, 4, "handover request", token),
    row(16, 5, "handover response", token),
    row(16, 6, "DTP request", token),
    row(16, 7, "DTP report", token),
    row(16, 8, "relay search request", token),
    row(16, 9, "relay search response", token),
    row(16, 10, "multi-relay channel measurement request", token),
    row(16, 11, "multi-relay channel measurement report", token),
    row(16, 12, "RLS request", token),
    row(16, 13, "RLS response", token),
    row(16, 14, "RLS announcement", opaque),
    row(16, 15, "RLS teardown", opaque),
    row(16, 16, "relay ack request", opaque),
    row(16, 17, "relay ack response", opaque),
    row(16, 18, "TPA request", token),
    row(16, 19, "TPA response", token),
    row(16, 20, "TPA report", token),
    row(16, 21, "ROC request", token),
    row(16, 22, "ROC response", token),
];

fn confirm(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    capabilities(walk, reader)?;
    association_id(walk, reader)
}

/// DMG actions are recognised: a dialog token, and bytes.
fn token(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    opaque(walk, reader)
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn peering_and_paths() {
        check_whole(
            &action(&[15, 2, 0, 0, 5, 0xc0, 0, 1, b'a']),
            &[
                "Self-protected action: mesh peering confirm (2)",
                "Association identifier: 5",
                "SSID: a",
            ],
        );
        check_whole(&action(&[13, 1, 0, 1, b'a']), &["Mesh action: HWMP mesh path selection (1)"]);
        check_whole(
            &action(&[14, 0, 0, 31, 9, 0, 0, 0]),
            &["Multihop action: proxy update (0)", "Mesh sequence number: 9"],
        );
        check_whole(
            &action(&[16, 4, 8, 1, 2]),
            &["DMG action: handover request (4)", "Data: 0102"],
        );
    }
}
