//! Block ack, SA query, fast transition, TDLS, HT, VHT notifications, session transfer, TWT, and
//! protected HE and EHT actions: those that set up and change a link.

use super::{
    Action, BLOCK_ACK, BLOCK_ACK_AMSDU, BLOCK_ACK_BUFFER, BLOCK_ACK_POLICY, BLOCK_ACK_TID,
    BLOCK_ACK_TIMEOUT, DELBA, DELBA_INITIATOR, DELBA_TID, DIALOG_TOKEN, EML, EML_LINKS, EML_MULTI,
    EML_SINGLE, FST_LINK_LOSS, LINK_COUNT, LINK_STATUS_ID, OPERATING_CLASS, TARGET_CHANNEL,
    TRANSACTION, TRANSITION_STATION, TRANSITION_TARGET, TWT_ALL, TWT_FLOW, TWT_FLOW_ID,
    TWT_INFORMATION, TWT_NEGOTIATION, TWT_NEXT, TWT_NEXT_REQUEST, TWT_NEXT_SIZE, TWT_RESPONSE,
    dialog, dialog_status, only_elements, opaque, row,
};
use crate::describe::block_ack;
use crate::describe::block_ack::STARTING;
use crate::describe::management::{REASON, STATUS, capabilities};
use crate::fields::{BitField, Reader, Walk};

pub(super) static ACTIONS: &[Action] = &[
    row(3, 0, "ADDBA request", addba_request),
    row(3, 1, "ADDBA response", addba_response),
    row(3, 2, "DELBA", delba),
    row(3, 128, "NDP ADDBA request", addba_request),
    row(3, 129, "NDP ADDBA response", addba_response),
    row(3, 130, "NDP DELBA", delba),
    row(3, 132, "BAT ADDBA request", addba_request),
    row(3, 133, "BAT ADDBA response", addba_response),
    row(3, 134, "BAT DELBA", delba),
    row(6, 1, "FT request", transition_request),
    row(6, 2, "FT response", transition_response),
    row(6, 3, "FT confirm", transition_request),
    row(6, 4, "FT ack", transition_response),
    row(8, 0, "SA query request", security_query),
    row(8, 1, "SA query response", security_query),
    row(12, 0, "TDLS setup request", tunnel_request),
    row(12, 1, "TDLS setup response", tunnel_response),
    row(12, 2, "TDLS setup confirm", tunnel_confirm),
    row(12, 3, "TDLS teardown", reason),
    row(12, 4, "TDLS peer traffic indication", dialog),
    row(12, 5, "TDLS channel switch request", tunnel_channel),
    row(12, 6, "TDLS channel switch response", status),
    row(12, 7, "TDLS peer PSM request", dialog),
    row(12, 8, "TDLS peer PSM response", dialog_status),
    row(12, 9, "TDLS peer traffic response", dialog),
    row(12, 10, "TDLS discovery request", dialog),
    row(18, 0, "FST setup request", session_request),
    row(18, 1, "FST setup response", session_response),
    row(18, 2, "FST teardown", opaque),
    row(18, 3, "FST ack request", opaque),
    row(18, 4, "FST ack response", opaque),
    row(18, 5, "on-channel tunnel request", opaque),
    row(22, 0, "AID switch request", dialog),
    row(22, 1, "AID switch response", dialog),
    row(22, 2, "sync control", opaque),
    row(22, 3, "station information announcement", only_elements),
    row(22, 4, "EDCA parameter set", only_elements),
    row(22, 5, "EL operation", only_elements),
    row(22, 6, "TWT setup", dialog),
    row(22, 7, "TWT teardown", wake_teardown),
    row(22, 8, "sectorised group identifier list", only_elements),
    row(22, 9, "sector identifier feedback", opaque),
    row(22, 11, "TWT information", wake_information),
    row(26, 0, "FILS container", only_elements),
    row(30, 1, "quiet time period", only_elements),
    row(30, 2, "opportunistic power save", only_elements),
    row(31, 0, "BSS color change announcement", only_elements),
    row(31, 1, "MU EDCA control", only_elements),
    row(31, 2, "spatial reuse group update", only_elements),
    row(37, 0, "TID-to-link mapping request", dialog),
    row(37, 1, "TID-to-link mapping response", dialog_status),
    row(37, 2, "TID-to-link mapping teardown", only_elements),
    row(37, 3, "EPCS priority access enable request", dialog),
    row(37, 4, "EPCS priority access enable response", dialog_status),
    row(37, 5, "EPCS priority access teardown", only_elements),
    row(37, 6, "EML operating mode notification", multi_link_mode),
    row(37, 7, "link recommendation", opaque),
    row(37, 8, "multi-link operation update request", dialog),
    row(37, 9, "multi-link operation update response", dialog_status),
    row(37, 10, "link reconfiguration notification", only_elements),
    row(37, 11, "link reconfiguration request", dialog),
    row(37, 12, "link reconfiguration response", reconfiguration_response),
];

const BLOCK_ACK_BITS: &[BitField] = &[
    (&BLOCK_ACK_AMSDU, 0, 1),
    (&BLOCK_ACK_POLICY, 1, 1),
    (&BLOCK_ACK_TID, 2, 4),
    (&BLOCK_ACK_BUFFER, 6, 10),
];

fn addba_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.packed(reader, &BLOCK_ACK, 2, BLOCK_ACK_BITS)?;
    walk.u16(reader, &BLOCK_ACK_TIMEOUT)?;
    walk.packed(reader, &STARTING, 2, block_ack::STARTING_BITS).map(|_| ())
}

fn addba_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog_status(walk, reader)?;
    walk.packed(reader, &BLOCK_ACK, 2, BLOCK_ACK_BITS)?;
    walk.u16(reader, &BLOCK_ACK_TIMEOUT).map(|_| ())
}

fn delba(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.packed(reader, &DELBA, 2, &[(&DELBA_INITIATOR, 11, 1), (&DELBA_TID, 12, 4)])?;
    reason(walk, reader)
}

fn reason(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &REASON).map(|_| ())
}

fn status(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &STATUS).map(|_| ())
}

fn transition_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &TRANSITION_STATION)?;
    walk.address(reader, &TRANSITION_TARGET).map(|_| ())
}

fn transition_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    transition_request(walk, reader)?;
    status(walk, reader)
}

fn security_query(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &TRANSACTION).map(|_| ())
}

fn tunnel_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    capabilities(walk, reader)
}

/// The capability follows only when the setup was accepted.
fn tunnel_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let status = walk.u16(reader, &STATUS)?;
    dialog(walk, reader)?;
    if status == 0 { capabilities(walk, reader) } else { Some(()) }
}

fn tunnel_confirm(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    status(walk, reader)?;
    dialog(walk, reader)
}

fn tunnel_channel(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TARGET_CHANNEL)?;
    walk.u8(reader, &OPERATING_CLASS).map(|_| ())
}

fn session_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.number(reader, &FST_LINK_LOSS, 4).map(|_| ())
}

fn session_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.number(reader, &STATUS, 1).map(|_| ())
}

fn wake_teardown(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[(&TWT_FLOW_ID, 0, 5), (&TWT_NEGOTIATION, 5, 2), (&TWT_ALL, 7, 1)];
    walk.packed(reader, &TWT_FLOW, 1, bits).map(|_| ())
}

fn wake_information(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&TWT_FLOW_ID, 0, 3),
        (&TWT_RESPONSE, 3, 1),
        (&TWT_NEXT_REQUEST, 4, 1),
        (&TWT_NEXT_SIZE, 5, 2),
        (&TWT_ALL, 7, 1),
    ];
    let word = walk.packed(reader, &TWT_INFORMATION, 1, bits)?;
    let length = match word.bits(5, 2) {
        0 => return Some(()),
        1 => 4,
        2 => 6,
        _ => 8,
    };
    walk.number(reader, &TWT_NEXT, length).map(|_| ())
}

/// The links of the mode follow only when a mode is entered.
fn multi_link_mode(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let word = walk.packed(reader, &EML, 1, &[(&EML_SINGLE, 0, 1), (&EML_MULTI, 1, 1)])?;
    if word.bits(0, 2) != 0 {
        walk.u16(reader, &EML_LINKS)?;
    }
    opaque(walk, reader)
}

fn reconfiguration_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let count = walk.u8(reader, &LINK_COUNT)?;
    for _ in 0..count {
        walk.u8(reader, &LINK_STATUS_ID)?;
        status(walk, reader)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check, check_whole, lines};

    #[test]
    fn block_ack_and_security_query() {
        check_whole(
            &action(&[3, 0, 7, 0x17, 0x10, 0, 0, 0x30, 0x02]),
            &[
                "Action: ADDBA request",
                "A-MSDU supported: yes",
                "Block ack policy: immediate (1)",
                "TID: 5",
                "Buffer size: 64 MPDUs",
                "Starting sequence number: 35",
            ],
        );
        check_whole(&action(&[3, 1, 7, 37, 0, 0x02, 0x10, 0, 0]), &["Status: declined (37)"]);
        check_whole(
            &action(&[3, 2, 0, 0x58, 39, 0]),
            &["Sent by the originator: yes", "TID: 5", "Reason: timeout at the peer (39)"],
        );
        check_whole(
            &action(&[8, 1, 0x34, 0x12]),
            &["Action: SA query response", "Transaction identifier: 0x1234"],
        );
    }

    #[test]
    fn transition_and_tunnel() {
        let mut body = vec![6, 2];
        body.extend([[2; 6], [4; 6]].concat());
        body.extend([0, 0, 0, 1, b'a']);
        check_whole(
            &action(&body),
            &["Action: FT response", "Target access point: 04:04:04:04:04:04", "SSID: a"],
        );
        check_whole(
            &action(&[12, 3, 25, 0]),
            &["Action: TDLS teardown", "Reason: TDLS peer cannot be reached (25)"],
        );
        let refused = action(&[12, 1, 37, 0, 9]);
        check_whole(&refused, &["Dialog token: 9"]);
        assert!(!lines(&refused).iter().any(|line| line.contains("Capability")));
    }

    #[test]
    fn wake_times_and_multi_link() {
        check_whole(
            &action(&[22, 7, 0x43]),
            &["Action: TWT teardown", "TWT flow identifier: 3", "Negotiation type: 2"],
        );
        check_whole(
            &action(&[22, 11, 0x21, 5, 0, 0, 0]),
            &["Next TWT size: 4 bytes (1)", "Next TWT: 5 µs"],
        );
        check_whole(
            &action(&[37, 6, 1, 1, 0x05, 0]),
            &["Action: EML operating mode notification", "EMLSR mode: yes", "Links: 0x0005"],
        );
        check_whole(
            &action(&[37, 12, 1, 1, 2, 0, 0]),
            &["Link identifier: 2", "Status: success (0)"],
        );
        check(&action(&[37, 12, 1, 2, 2, 0, 0]), &["! the fixed fields are cut"]);
    }
}
