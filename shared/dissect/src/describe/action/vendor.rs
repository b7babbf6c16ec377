//! Vendor-specific actions: P2P, NAN, DPP and others of the Wi-Fi Alliance, known by OUI and type (IEEE Std 802.11-2020, 9.6.5).

use super::{ACTION, DATA, DIALOG_TOKEN, nan};
use crate::fields::{Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// OUI.
    OUI: hex("wlan.action.oui", "OUI", 6).clause("802.11-2020, 9.4.1.31").names(names![
        0x50_6f9a => "Wi-Fi Alliance", 0x00_50f2 => "Microsoft", 0x00_9068 => "Wi-Fi Alliance (TPK)",
        0x00_17f2 => "Apple", 0x18_fe34 => "Espressif", 0x00_904c => "Broadcom"]);
    /// Type of the Wi-Fi Alliance's frames.
    TYPE: unsigned("wlan.action.oui_type", "Type").names(type_name);
    /// Subtype of a P2P frame.
    P2P: unsigned("wifi_p2p.public_action.subtype", "P2P public action").clause("Wi-Fi Alliance, P2P 1.9, 4.2.9").names(names![
        0 => "GO negotiation request", 1 => "GO negotiation response", 2 => "GO negotiation confirmation",
        3 => "invitation request", 4 => "invitation response", 5 => "device discoverability request",
        6 => "device discoverability response", 7 => "provision discovery request",
        8 => "provision discovery response"]);
    /// Subtype of a P2P frame that is not public.
    P2P_ACTION: unsigned("wifi_p2p.action.subtype", "P2P action").clause("Wi-Fi Alliance, P2P 1.9, 4.2.10").names(names![
        0 => "notice of absence", 1 => "presence request", 2 => "presence response", 3 => "GO discoverability request"]);
    /// Cipher suite of DPP.
    DPP_SUITE: unsigned("wlan.wfa.dpp.crypto_suite", "DPP crypto suite").clause("Wi-Fi Alliance, Easy Connect 3.0, 8.2");
    /// DPP frame.
    DPP: unsigned("wlan.wfa.dpp.frame_type", "DPP frame").clause("Wi-Fi Alliance, Easy Connect 3.0, table 31").names(names![
        0 => "authentication request", 1 => "authentication response", 2 => "authentication confirm",
        5 => "peer discovery request", 6 => "peer discovery response", 7 => "PKEX version 1 exchange request",
        8 => "PKEX exchange response", 9 => "PKEX commit-reveal request", 10 => "PKEX commit-reveal response",
        11 => "configuration result", 12 => "connection status result", 13 => "presence announcement",
        14 => "reconfiguration announcement", 15 => "reconfiguration authentication request",
        16 => "reconfiguration authentication response", 17 => "reconfiguration authentication confirm",
        18 => "PKEX exchange request"]);
    /// Bytes of DPP attributes, which are keys and encrypted data.
    DPP_ATTRIBUTES: unsigned("wlan.wfa.dpp.attributes_len", "DPP attributes").unit("bytes");
}

/// The Wi-Fi Alliance.
const ALLIANCE: u64 = 0x50_6f9a;

fn type_name(value: u64) -> Option<&'static str> {
    names![
        0x09 => "P2P", 0x0a => "WFD", 0x13 => "NAN service discovery", 0x18 => "NAN action",
        0x1a => "DPP", 0x1d => "OSU server authentication", 0x22 => "QoS management",
    ](value)
}

/// Names a vendor-specific body from its OUI on. P2P's elements are left in the reader.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    // Of public actions the category stands two bytes before, of others one.
    let is_public = reader.offset() > walk.packet.frame.body_offset().saturating_add(1);
    let span = Span::new(reader.offset(), 4);
    let oui = walk.number_be(reader, &OUI, 3)?;
    if oui != ALLIANCE {
        walk.rest(reader, &DATA);
        return Some(());
    }
    let kind = walk.u8(reader, &TYPE)?;
    if !is_public && let Some(name) = type_name(u64::from(kind)) {
        walk.field(&ACTION, Value::Word(name), span);
    }
    match kind {
        0x09 => {
            walk.u8(reader, if is_public { &P2P } else { &P2P_ACTION })?;
            walk.u8(reader, &DIALOG_TOKEN).map(|_| ())
        }
        0x13 => nan::attributes(walk, reader),
        0x18 => nan::action(walk, reader),
        0x1a => {
            walk.u8(reader, &DPP_SUITE)?;
            walk.u8(reader, &DPP)?;
            let left = reader.left();
            let value = Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX));
            walk.field(&DPP_ATTRIBUTES, value, Span::new(reader.offset(), left));
            reader.take(left).map(|_| ())
        }
        _ => {
            walk.rest(reader, &DATA);
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn frames_of_the_alliance() {
        check_whole(
            &action(&[4, 9, 0x50, 0x6f, 0x9a, 9, 7, 1, 0, 1, b'a']),
            &[
                "OUI: Wi-Fi Alliance (0x506f9a)",
                "Type: P2P (9)",
                "P2P public action: provision discovery request (7)",
                "SSID: a",
            ],
        );
        check_whole(
            &action(&[127, 0x50, 0x6f, 0x9a, 9, 1, 1]),
            &["P2P action: presence request (1)", "Action: P2P"],
        );
        check_whole(
            &action(&[4, 9, 0x50, 0x6f, 0x9a, 0x1a, 1, 13, 2, 0x10]),
            &["DPP frame: presence announcement (13)", "DPP attributes: 2 bytes"],
        );
    }

    #[test]
    fn other_vendors_keep_their_bytes() {
        check_whole(
            &action(&[127, 0x18, 0xfe, 0x34, 1, 2]),
            &["OUI: Espressif (0x18fe34)", "Data: 0102"],
        );
    }
}
