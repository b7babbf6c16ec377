//! Authentication frames: open system, shared key, FT, SAE, FILS and PASN (IEEE Std 802.11-2020, 9.3.3.11 and 12.4.7).

use super::codes;
use super::management::STATUS;
use crate::fields::{Reader, Value, Walk, fields, names};
use crate::ieee80211::elements::Elements;

fields! {
    Body => FIELDS;
    /// Authentication algorithm.
    ALGORITHM: unsigned("wlan.fixed.auth.alg", "Authentication algorithm").clause("802.11-2020, 9.4.1.1").names(codes::authentication_algorithm);
    /// Transaction sequence number.
    TRANSACTION: unsigned("wlan.fixed.auth_seq", "Transaction sequence").clause("802.11-2020, 9.4.1.2");
    /// SAE message.
    SAE_MESSAGE: unsigned("wlan.fixed.sae_message_type", "SAE message").clause("802.11-2020, 12.4.7").names(names![
        1 => "commit", 2 => "confirm"]);
    /// Finite cyclic group.
    GROUP: unsigned("wlan.fixed.finite_cyclic_group", "Finite cyclic group").clause("802.11-2020, 9.4.1.42").names(names![
        1 => "768-bit MODP", 2 => "1024-bit MODP", 5 => "1536-bit MODP", 14 => "2048-bit MODP",
        15 => "3072-bit MODP", 16 => "4096-bit MODP", 17 => "6144-bit MODP", 18 => "8192-bit MODP",
        19 => "P-256", 20 => "P-384", 21 => "P-521", 25 => "P-192", 26 => "P-224",
        27 => "brainpool P-224", 28 => "brainpool P-256", 29 => "brainpool P-384", 30 => "brainpool P-512"]);
    /// Anti-clogging token.
    TOKEN: bytes("wlan.fixed.anti_clogging_token", "Anti-clogging token").clause("802.11-2020, 9.4.1.38");
    /// Scalar.
    SCALAR: bytes("wlan.fixed.scalar", "Scalar").clause("802.11-2020, 9.4.1.39");
    /// Finite field element.
    ELEMENT: bytes("wlan.fixed.finite_field_element", "Finite field element").clause("802.11-2020, 9.4.1.40");
    /// Send-confirm counter.
    SEND_CONFIRM: unsigned("wlan.fixed.send_confirm", "Send-confirm").clause("802.11-2020, 9.4.1.37");
    /// Confirm.
    CONFIRM: bytes("wlan.fixed.confirm", "Confirm").clause("802.11-2020, 9.4.1.41");
}

/// SAE.
const SAE: u16 = 3;
/// FILS shared key authentication with perfect forward secrecy, and public key authentication.
const FILS_WITH_GROUP: [u16; 2] = [5, 6];
/// Status: an anti-clogging token is required.
const STATUS_TOKEN_REQUIRED: u16 = 76;
/// Status of commit messages whose password element is found by hashing, and of SAE-PK.
const STATUS_HASH_TO_ELEMENT: [u16; 2] = [126, 127];

pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let algorithm = walk.u16(reader, &ALGORITHM)?;
    let transaction = walk.u16(reader, &TRANSACTION)?;
    let status = walk.u16(reader, &STATUS)?;
    match algorithm {
        SAE => {
            walk.derived(&SAE_MESSAGE, Value::Unsigned(u64::from(transaction)));
            match transaction {
                1 => commit(walk, reader, status),
                2 => confirm(walk, reader),
                _ => Some(()),
            }
        }
        _ if FILS_WITH_GROUP.contains(&algorithm) && status == 0 && !reader.is_empty() => {
            let group = walk.u16(reader, &GROUP)?;
            // Only the abscissa of the public key is sent (802.11-2020, 12.11.2.3.2).
            let length = lengths(group).map_or(reader.left(), |(scalar, _)| scalar);
            walk.bytes(reader, &ELEMENT, length).map(|_| ())
        }
        _ => Some(()),
    }
}

/// Bytes of scalar and element of a group; `None` for groups that SAE does not use.
const fn lengths(group: u16) -> Option<(usize, usize)> {
    Some(match group {
        1 => (96, 96),
        2 => (128, 128),
        5 => (192, 192),
        14 => (256, 256),
        15 => (384, 384),
        16 => (512, 512),
        17 => (768, 768),
        18 => (1024, 1024),
        19 | 28 => (32, 64),
        20 | 29 => (48, 96),
        21 => (66, 132),
        25 => (24, 48),
        26 | 27 => (28, 56),
        30 => (64, 128),
        _ => return None,
    })
}

/// Commit: group, token, scalar, element, then elements (802.11-2020, 12.4.7.4).
fn commit(walk: &mut Walk<'_>, reader: &mut Reader<'_>, status: u16) -> Option<()> {
    if reader.is_empty() && status != 0 {
        return Some(());
    }
    let group = walk.u16(reader, &GROUP)?;
    if status == STATUS_TOKEN_REQUIRED {
        // With hash to element the token stands in an element of its own.
        if !are_elements(reader.rest()) {
            walk.rest(reader, &TOKEN);
        }
        return Some(());
    }
    let is_hash_to_element = STATUS_HASH_TO_ELEMENT.contains(&status);
    if status != 0 && !is_hash_to_element {
        return Some(());
    }
    let (scalar, element) = lengths(group)?;
    let needed = scalar.saturating_add(element);
    let behind = reader.rest().get(needed..)?;
    if !is_hash_to_element && !behind.is_empty() && !are_elements(behind) {
        // What is more than scalar and element is the token, which has no length of its own, unless
        // elements (a password identifier) follow the numbers.
        walk.bytes(reader, &TOKEN, behind.len())?;
    }
    walk.bytes(reader, &SCALAR, scalar)?;
    walk.bytes(reader, &ELEMENT, element)?;
    Some(())
}

/// Confirm: the counter, then as many bytes as the hash has (802.11-2020, 12.4.7.5).
fn confirm(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if reader.is_empty() {
        return Some(());
    }
    walk.u16(reader, &SEND_CONFIRM)?;
    let left = reader.left();
    let length = [32usize, 48, 64]
        .into_iter()
        .find(|length| {
            let behind = reader.rest().get(*length..);
            behind.is_some_and(|behind| behind.is_empty() || are_elements(behind))
        })
        .unwrap_or(left);
    walk.bytes(reader, &CONFIRM, length).map(|_| ())
}

/// True when the bytes are whole elements that may follow SAE's fields: extensions (255), an RSN
/// extension, or a vendor's.
fn are_elements(bytes: &[u8]) -> bool {
    let mut elements = Elements::new(bytes, 0);
    let all_known = elements.by_ref().all(|element| matches!(element.id, 221 | 242 | 244 | 255));
    !bytes.is_empty() && all_known && elements.fault().is_none()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, lines, management};

    fn sae(transaction: u8, status: u8, rest: &[u8]) -> Vec<u8> {
        management(11, &[&[3, 0, transaction, 0, status, 0][..], rest].concat())
    }

    fn has(mac: &[u8], part: &str) -> bool {
        lines(mac).iter().any(|line| line.contains(part))
    }

    #[test]
    fn open_system_and_fast_transition() {
        check_whole(
            &management(11, &[0, 0, 1, 0, 0, 0]),
            &[
                "Authentication algorithm: open system (0)",
                "Transaction sequence: 1",
                "Status: success (0)",
            ],
        );
        check_whole(
            &management(11, &[2, 0, 1, 0, 0, 0, 0, 1, b'a']),
            &["Authentication algorithm: fast BSS transition (2)", "SSID: a"],
        );
    }

    #[test]
    fn commit_with_and_without_token() {
        let numbers = [&[7u8; 32][..], &[9; 64]].concat();
        let plain = sae(1, 0, &[&[19, 0][..], &numbers].concat());
        let scalar = format!("Scalar: {}", "07".repeat(32));
        let element = format!("Finite field element: {}", "09".repeat(64));
        check_whole(
            &plain,
            &["SAE message: commit (1)", "Finite cyclic group: P-256 (19)", &scalar, &element],
        );
        assert!(!has(&plain, "token"));
        let with_token = sae(1, 0, &[&[19, 0, 1, 2, 3][..], &numbers].concat());
        check_whole(&with_token, &["Anti-clogging token: 010203", &scalar, &element]);
        // A password identifier (extension 33) is no token.
        let with_identifier =
            sae(1, 126, &[&[19, 0][..], &numbers, &[255, 3, 33, b'i', b'd']].concat());
        check_whole(&with_identifier, &[&scalar, "Element: Password identifier"]);
        assert!(!has(&with_identifier, "token:"));
        let required = sae(1, 76, &[19, 0, 5, 5, 5]);
        check_whole(&required, &["Anti-clogging token: 050505"]);
        check(&sae(1, 0, &[19, 0, 1, 2]), &["! the fixed fields are cut"]);
    }

    #[test]
    fn confirm_and_refused_group() {
        let confirm = sae(2, 0, &[&[1, 0][..], &[5; 32]].concat());
        check_whole(&confirm, &["Send-confirm: 1", &format!("Confirm: {}", "05".repeat(32))]);
        check_whole(&sae(1, 77, &[21, 0]), &["Finite cyclic group: P-521 (21)"]);
    }

    #[test]
    fn fils_with_forward_secrecy() {
        let body = [&[5, 0, 1, 0, 0, 0, 19, 0][..], &[3; 32], &[0, 1, b'a']].concat();
        check_whole(
            &management(11, &body),
            &[&format!("Finite field element: {}", "03".repeat(32)), "SSID: a"],
        );
    }
}
