//! Spectrum management, QoS, DLS, robust streaming and WMM actions (IEEE Std 802.11-2020, 9.6.2 to 9.6.4 and 9.6.18).

use super::{
    ADMISSION, Action, DIALOG_TOKEN, DIRECT_DESTINATION, DIRECT_SOURCE, DIRECT_TIMEOUT, STREAM,
    dialog, only_elements, opaque, row,
};
use crate::describe::management::{REASON, STATUS, capabilities};
use crate::fields::{Reader, Walk};

pub(super) static ACTIONS: &[Action] = &[
    row(0, 0, "spectrum measurement request", dialog),
    row(0, 1, "spectrum measurement report", dialog),
    row(0, 2, "TPC request", dialog),
    row(0, 3, "TPC report", dialog),
    row(0, 4, "channel switch announcement", only_elements),
    row(1, 0, "ADDTS request", dialog),
    row(1, 1, "ADDTS response", super::dialog_status),
    row(1, 2, "DELTS", delete_stream),
    row(1, 3, "schedule", only_elements),
    row(1, 4, "QoS map configure", only_elements),
    row(1, 5, "ADDTS reserve request", reserve_request),
    row(1, 6, "ADDTS reserve response", reserve_response),
    row(2, 0, "DLS request", direct_request),
    row(2, 1, "DLS response", direct_response),
    row(2, 2, "DLS teardown", direct_teardown),
    row(17, 0, "WMM ADDTS request", wmm),
    row(17, 1, "WMM ADDTS response", wmm),
    row(17, 2, "WMM DELTS", wmm),
    row(19, 0, "SCS request", dialog),
    row(19, 1, "SCS response", streaming_response),
    row(19, 2, "group membership request", dialog),
    row(19, 3, "group membership response", streaming_response),
    row(19, 4, "MSCS request", dialog),
    row(19, 5, "MSCS response", super::dialog_status),
];

fn delete_stream(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number(reader, &STREAM, 3)?;
    walk.u16(reader, &REASON).map(|_| ())
}

fn reserve_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.address(reader, &DIRECT_DESTINATION).map(|_| ())
}

fn reserve_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    super::dialog_status(walk, reader)?;
    walk.address(reader, &DIRECT_DESTINATION).map(|_| ())
}

fn direct_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &DIRECT_DESTINATION)?;
    walk.address(reader, &DIRECT_SOURCE)?;
    capabilities(walk, reader)?;
    walk.u16(reader, &DIRECT_TIMEOUT).map(|_| ())
}

/// The capability follows only when the request was granted.
fn direct_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let status = walk.u16(reader, &STATUS)?;
    walk.address(reader, &DIRECT_DESTINATION)?;
    walk.address(reader, &DIRECT_SOURCE)?;
    if status == 0 { capabilities(walk, reader) } else { Some(()) }
}

fn direct_teardown(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &DIRECT_DESTINATION)?;
    walk.address(reader, &DIRECT_SOURCE)?;
    walk.u16(reader, &REASON).map(|_| ())
}

/// WMM: dialog token and a status of one byte (Wi-Fi Alliance, WMM 1.2, 2.2.10).
fn wmm(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.u8(reader, &ADMISSION).map(|_| ())
}

fn streaming_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    opaque(walk, reader)
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn spectrum_quality_and_direct_links() {
        check_whole(
            &action(&[0, 4, 37, 3, 1, 36, 5]),
            &["Action: channel switch announcement", "Element: Channel switch announcement"],
        );
        check_whole(
            &action(&[1, 2, 1, 2, 3, 38, 0]),
            &["Action: DELTS", "Traffic stream information: 0x030201"],
        );
        let mut body = vec![2, 0];
        body.extend([[2; 6], [4; 6]].concat());
        body.extend([0x01, 0, 30, 0]);
        check_whole(
            &action(&body),
            &["Action: DLS request", "Destination: 02:02:02:02:02:02", "Timeout: 30 s"],
        );
        check_whole(&action(&[17, 1, 9, 3]), &["Category: WMM (17)", "Admission: refused (3)"]);
        check_whole(&action(&[19, 5, 9, 0, 0]), &["Action: MSCS response", "Status: success (0)"]);
    }
}
