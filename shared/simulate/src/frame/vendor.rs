//! Vendor elements: WMM, Wi-Fi Protected Setup, OWE transition mode (Wi-Fi Alliance specifications).

use super::element::push_element;
use super::network::WpsText;
use pw_model::{MacAddr, Ssid};

/// WMM parameter element as access points send it, with the default parameters (WMM 1.2, 2.2.2).
pub(crate) fn push_wmm_parameters(out: &mut Vec<u8>) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x00, 0x50, 0xf2, 0x02, 0x01, 0x01, 0x80, 0x00]);
        // Best effort, background, video, voice: ACI/AIFSN, ECWmin/max, TXOP limit.
        out.extend_from_slice(&[0x03, 0xa4, 0x00, 0x00, 0x27, 0xa4, 0x00, 0x00]);
        out.extend_from_slice(&[0x42, 0x43, 0x5e, 0x00, 0x62, 0x32, 0x2f, 0x00]);
    });
}

/// WMM information element as stations send it (WMM 1.2, 2.2.1).
pub(crate) fn push_wmm_information(out: &mut Vec<u8>) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x00, 0x50, 0xf2, 0x02, 0x00, 0x01, 0x00]);
    });
}

/// Appends one attribute of Wi-Fi Protected Setup: type and length, big-endian, then the value.
fn push_attribute(out: &mut Vec<u8>, attribute: u16, value: &[u8]) {
    out.extend_from_slice(&attribute.to_be_bytes());
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(value);
}

/// Wi-Fi Protected Setup in beacons: version and state only (WSC 2.0.8, table 3).
pub(crate) fn push_wps_beacon(out: &mut Vec<u8>) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x00, 0x50, 0xf2, 0x04]);
        push_attribute(out, 0x104a, &[0x10]);
        push_attribute(out, 0x1044, &[0x02]);
        push_attribute(out, 0x1049, &[0x00, 0x37, 0x2a, 0x00, 0x01, 0x20]);
    });
}

/// Wi-Fi Protected Setup in probe responses: the device in words (WSC 2.0.8, table 5).
pub(crate) fn push_wps_probe_response(out: &mut Vec<u8>, wps: &WpsText) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x00, 0x50, 0xf2, 0x04]);
        push_attribute(out, 0x104a, &[0x10]);
        push_attribute(out, 0x1044, &[0x02]);
        push_attribute(out, 0x103b, &[0x03]);
        push_attribute(out, 0x1047, &wps.uuid);
        push_attribute(out, 0x1021, wps.manufacturer.as_bytes());
        push_attribute(out, 0x1023, wps.model_name.as_bytes());
        push_attribute(out, 0x1024, wps.model_number.as_bytes());
        push_attribute(out, 0x1042, b"0");
        // Network infrastructure, access point.
        push_attribute(out, 0x1054, &[0x00, 0x06, 0x00, 0x50, 0xf2, 0x04, 0x00, 0x01]);
        push_attribute(out, 0x1011, wps.model_name.as_bytes());
        // Push button, virtual and physical.
        push_attribute(out, 0x1008, &[0x26, 0x80]);
        push_attribute(out, 0x1049, &[0x00, 0x37, 0x2a, 0x00, 0x01, 0x20]);
    });
}

/// OWE transition mode: BSSID and name of the other half of the pair (Opportunistic Wireless
/// Encryption 1.1, 2.2.1).
pub(crate) fn push_owe_transition(out: &mut Vec<u8>, bssid: MacAddr, ssid: &Ssid) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x50, 0x6f, 0x9a, 0x1c]);
        out.extend_from_slice(&bssid.0);
        out.push(u8::try_from(ssid.bytes().len()).unwrap_or(32));
        out.extend_from_slice(ssid.bytes());
    });
}
