//! EAP packets: code, method, and whether an identity is sent in clear (RFC 3748; RFC 5216).
//!
//! The identity itself is not shown, only that there is one and how long it is.

use crate::fields::{BitField, Reader, Span, Value, Walk, fields, names};

fields! {
    Payload => FIELDS;
    /// EAP packet.
    EAP: branch("eap", "EAP").clause("RFC 3748, 4");
    /// Code.
    CODE: unsigned("eap.code", "Code").clause("RFC 3748, 4").names(names![
        1 => "request", 2 => "response", 3 => "success", 4 => "failure", 5 => "initiate", 6 => "finish"]);
    /// Identifier.
    ID: unsigned("eap.id", "Identifier");
    /// Length.
    LENGTH: unsigned("eap.len", "Length").unit("bytes");
    /// Method.
    TYPE: unsigned("eap.type", "Method").clause("RFC 3748, 5").names(method_name);
    /// An identity is sent in clear.
    IDENTITY_PRESENT: flag("eap.identity.present", "Unencrypted identity").clause("RFC 3748, 5.1");
    /// How long it is.
    IDENTITY_LENGTH: unsigned("eap.identity.actual_len", "Identity length").unit("bytes");
    /// The identity has a realm: a part after `@`.
    IDENTITY_REALM: flag("eap.identity.has_realm", "Identity has a realm");
    /// The identity is `anonymous`, or has nothing before the realm.
    IDENTITY_ANONYMOUS: flag("eap.identity.anonymous", "Identity is anonymous");
    /// Method that the peer wants instead.
    DESIRED: unsigned("eap.desired_type", "Desired method").clause("RFC 3748, 5.3.1").names(method_name);
    /// Flags of methods over TLS.
    TLS_FLAGS: hex("eap.tls.flags", "Flags", 2).clause("RFC 5216, 3.1");
    /// The length follows.
    TLS_LENGTH_INCLUDED: flag("eap.tls.flags.len_included", "Length included");
    /// More fragments follow.
    TLS_MORE: flag("eap.tls.flags.more_fragments", "More fragments");
    /// Start.
    TLS_START: flag("eap.tls.flags.start", "Start");
    /// Version of PEAP, TTLS, FAST or TEAP.
    TLS_VERSION: unsigned("eap.tls.flags.version", "Version");
    /// Length of the whole TLS message.
    TLS_LENGTH: unsigned("eap.tls.len", "TLS length").unit("bytes");
    /// Vendor of an expanded method.
    VENDOR: hex("eap.ext.vendor_id", "Vendor", 6).clause("RFC 3748, 5.7").names(names![0x00_372a => "Wi-Fi Alliance", 0 => "IETF"]);
    /// Type of an expanded method.
    VENDOR_TYPE: unsigned("eap.ext.vendor_type", "Vendor type").names(names![1 => "simple configuration (WPS)"]);
    /// What the method carries and is not shown.
    DATA_LENGTH: unsigned("eap.data_len", "Method data").unit("bytes");
}

pub(super) fn method_name(value: u64) -> Option<&'static str> {
    names![
        1 => "identity", 2 => "notification", 3 => "nak", 4 => "MD5-Challenge", 5 => "OTP",
        6 => "GTC", 9 => "RSA public key", 13 => "TLS", 15 => "SecurID", 17 => "LEAP", 18 => "SIM",
        19 => "SRP-SHA1", 21 => "TTLS", 23 => "AKA", 25 => "PEAP", 26 => "MS-EAP",
        29 => "MSCHAPv2", 33 => "TLV", 43 => "FAST", 46 => "PAX", 47 => "PSK", 48 => "SAKE",
        49 => "IKEv2", 50 => "AKA'", 51 => "GPSK", 52 => "pwd", 53 => "EKE", 55 => "TEAP",
        56 => "NOOB", 254 => "expanded", 255 => "experimental",
    ](value)
}

const TLS_BITS: &[BitField] =
    &[(&TLS_LENGTH_INCLUDED, 7, 1), (&TLS_MORE, 6, 1), (&TLS_START, 5, 1), (&TLS_VERSION, 0, 3)];

/// Names an EAP packet from its code on.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&EAP, Value::Nothing, span, |walk| {
        let code = walk.u8(reader, &CODE)?;
        walk.u8(reader, &ID)?;
        let stated = usize::try_from(walk.number_be(reader, &LENGTH, 2)?).ok()?;
        let body = stated.checked_sub(4)?;
        if body > reader.left() {
            walk.fault(reader.offset(), "the EAP packet is longer than the frame");
        }
        let mut reader = reader.part(body.min(reader.left()))?;
        if matches!(code, 1 | 2) { method(walk, &mut reader, code) } else { Some(()) }
    })
}

fn method(walk: &mut Walk<'_>, reader: &mut Reader<'_>, code: u8) -> Option<()> {
    let kind = walk.u8(reader, &TYPE)?;
    match kind {
        1 => identity(walk, reader, code),
        3 => {
            while !reader.is_empty() {
                walk.u8(reader, &DESIRED)?;
            }
        }
        13 | 21 | 25 | 43 | 55 if !reader.is_empty() => {
            let flags = walk.packed(reader, &TLS_FLAGS, 1, TLS_BITS)?;
            if flags.bit(7) {
                walk.number_be(reader, &TLS_LENGTH, 4)?;
            }
            data(walk, reader);
        }
        254 => {
            walk.number_be(reader, &VENDOR, 3)?;
            walk.number_be(reader, &VENDOR_TYPE, 4)?;
            data(walk, reader);
        }
        _ => data(walk, reader),
    }
    Some(())
}

/// An identity response: what follows a zero byte are options, not identity (RFC 3748, 5.1).
fn identity(walk: &mut Walk<'_>, reader: &Reader<'_>, code: u8) {
    let text = reader.rest().split(|byte| *byte == 0).next().unwrap_or(&[]);
    let is_given = code == 2 && !text.is_empty();
    let span = Span::new(reader.offset(), text.len());
    walk.field(&IDENTITY_PRESENT, Value::Flag(is_given), span);
    if !is_given {
        return;
    }
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    walk.field(&IDENTITY_LENGTH, Value::Unsigned(length), span);
    let user = text.split(|byte| *byte == b'@').next().unwrap_or(&[]);
    walk.field(&IDENTITY_REALM, Value::Flag(text.contains(&b'@')), span);
    let is_anonymous = user.is_empty() || user.eq_ignore_ascii_case(b"anonymous");
    walk.field(&IDENTITY_ANONYMOUS, Value::Flag(is_anonymous), span);
}

fn data(walk: &mut Walk<'_>, reader: &Reader<'_>) {
    let left = reader.left();
    if left > 0 {
        let value = Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX));
        walk.field(&DATA_LENGTH, value, Span::new(reader.offset(), left));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, data as frame, lines};

    fn eap(body: &[u8]) -> Vec<u8> {
        let mut packet = vec![0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 1, 0];
        packet.extend((body.len() as u16).to_be_bytes());
        packet.extend(body);
        frame(&packet)
    }

    #[test]
    fn an_identity_is_told_and_not_shown() {
        let mac = eap(&[&[2, 7, 0, 17, 1][..], b"alice@ex.org"].concat());
        check_whole(
            &mac,
            &[
                "Code: response (2)",
                "Method: identity (1)",
                "Unencrypted identity: yes",
                "Identity length: 12 bytes",
                "Identity has a realm: yes",
                "Identity is anonymous: no",
            ],
        );
        let shown = lines(&mac).join("\n");
        assert!(!shown.contains("alice") && !shown.contains("616c696365"), "{shown}");
        check_whole(&eap(&[1, 7, 0, 5, 1]), &["Unencrypted identity: no"]);
        check_whole(
            &eap(&[&[2, 7, 0, 12, 1][..], b"@ex.org"].concat()),
            &["Identity is anonymous: yes"],
        );
    }

    #[test]
    fn methods() {
        check_whole(
            &eap(&[1, 1, 0, 6, 25, 0x21]),
            &["Method: PEAP (25)", "Start: yes", "Version: 1"],
        );
        check_whole(
            &eap(&[2, 1, 0, 12, 13, 0x80, 0, 0, 0, 99, 1, 2]),
            &["TLS length: 99 bytes", "Method data: 2 bytes"],
        );
        check_whole(
            &eap(&[2, 1, 0, 7, 3, 25, 13]),
            &["Desired method: PEAP (25)", "Desired method: TLS (13)"],
        );
        check_whole(
            &eap(&[1, 1, 0, 14, 254, 0, 0x37, 0x2a, 0, 0, 0, 1, 4, 0]),
            &["Vendor: Wi-Fi Alliance (0x00372a)", "Vendor type: simple configuration (WPS) (1)"],
        );
        check_whole(&eap(&[3, 1, 0, 4]), &["Code: success (3)"]);
        check(&eap(&[1, 1, 0, 90, 25, 0]), &["! the EAP packet is longer than the frame"]);
        check(&eap(&[1, 1, 0, 2]), &["! the EAPOL packet is cut"]);
    }
}
