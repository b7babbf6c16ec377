//! The AuthMode column: capabilities in brackets, as Android writes them.

use pw_model::{Akm, Cipher, NetworkTraits, RsnInfo, Security, SuiteSet, Wps};

/// Key management names with the type of the IEEE suite, longest first where one begins another.
const AKM_NAMES: &[(&str, u8)] = &[
    ("EAP_SUITE_B_192", 12),
    ("SUITE_B_192", 12),
    ("FILS-SHA256", 14),
    ("FILS-SHA384", 15),
    ("EAP-FILS-SHA256", 14),
    ("EAP-FILS-SHA384", 15),
    ("OWE_TRANSITION", 18),
    ("PSK-SHA256", 6),
    ("EAP-SHA256", 5),
    ("FT/SAE_EXT_KEY", 25),
    ("SAE_EXT_KEY", 24),
    ("FT/SAE", 9),
    ("FT/EAP", 3),
    ("FT/PSK", 4),
    ("SAE", 8),
    ("OWE", 18),
    ("EAP/SHA1", 1),
    ("EAP", 1),
    ("MGT", 1),
    ("PSK", 2),
];

/// Cipher names with the type of the suite, longest first where one begins another.
const CIPHER_NAMES: &[(&str, u8)] = &[
    ("GCMP-256", 9),
    ("GCMP-128", 8),
    ("CCMP-256", 10),
    ("CCMP-128", 4),
    ("WEP-104", 5),
    ("WEP104", 5),
    ("WEP-40", 1),
    ("WEP40", 1),
    ("GCMP", 8),
    ("CCMP", 4),
    ("CCM", 4),
    ("AES", 4),
    ("TKIP", 2),
];

/// What AuthMode says of a network. `None` when it says nothing about protection.
pub(super) fn read(text: &str) -> Option<NetworkTraits> {
    let mut traits = NetworkTraits::default();
    let mut says_something = false;
    for part in text.split(['[', ']']).map(str::trim).filter(|part| !part.is_empty()) {
        let upper = part.to_ascii_uppercase();
        let (protocol, rest) = upper.split_once('-').unwrap_or((upper.as_str(), ""));
        match protocol {
            "WPA" => traits.security.wpa = Some(suites(rest, [0x00, 0x50, 0xf2]).0),
            "WPA2" | "WPA3" | "RSN" => add_rsn(&mut traits.security, rest, protocol == "WPA3"),
            "WEP" => traits.security.privacy = true,
            "OWE" => add_rsn(&mut traits.security, "OWE-CCMP", false),
            "WPS" => traits.wps = Some(Wps::default()),
            "IBSS" => traits.ibss = true,
            "ESS" | "OPEN" | "NONE" | "BSS" => {}
            "MFPR" => traits.security.rsn.get_or_insert_default().capabilities |= 1 << 6,
            "MFPC" => traits.security.rsn.get_or_insert_default().capabilities |= 1 << 7,
            _ => continue,
        }
        says_something = true;
    }
    let security = &mut traits.security;
    security.privacy |= security.wpa.is_some() || security.rsn.is_some();
    says_something.then_some(traits)
}

fn add_rsn(security: &mut Security, rest: &str, wpa3: bool) {
    let (mut suites, owe_transition) = suites(rest, [0x00, 0x0f, 0xac]);
    // `[WPA3-CCMP]` and `[WPA2]` name no key management: the usual one of the name.
    if suites.akm.is_empty() {
        suites.akm.push(Akm::ieee(if wpa3 { 8 } else { 2 }));
    }
    let rsn: &mut RsnInfo = security.rsn.get_or_insert_default();
    for akm in suites.akm {
        if !rsn.suites.akm.contains(&akm) {
            rsn.suites.akm.push(akm);
        }
    }
    for cipher in suites.pairwise {
        if !rsn.suites.pairwise.contains(&cipher) {
            rsn.suites.pairwise.push(cipher);
        }
    }
    security.owe_transition |= owe_transition;
}

/// Names separated by `-` and `+`, which also stand within names.
fn suites(text: &str, oui: [u8; 3]) -> (SuiteSet, bool) {
    let [a, b, c] = oui;
    let mut set = SuiteSet::default();
    let mut owe_transition = false;
    let mut rest = text;
    while !rest.is_empty() {
        let found = |names: &'static [(&'static str, u8)]| {
            let fits = names.iter().filter(|(name, _)| {
                rest.strip_prefix(name).is_some_and(|r| r.is_empty() || r.starts_with(['-', '+']))
            });
            fits.max_by_key(|(name, _)| name.len())
        };
        let used = if let Some((name, suite)) = found(AKM_NAMES) {
            owe_transition |= *name == "OWE_TRANSITION";
            set.akm.push(Akm([a, b, c, *suite]));
            name.len()
        } else if let Some((name, suite)) = found(CIPHER_NAMES) {
            set.pairwise.push(Cipher([a, b, c, *suite]));
            name.len()
        } else {
            // A name that is not known: skipped.
            rest.find(['-', '+']).unwrap_or(rest.len())
        };
        rest = rest.get(used..).unwrap_or("").trim_start_matches(['-', '+']);
    }
    (set, owe_transition)
}

/// AuthMode of a network; empty when its protection is not known.
pub(super) fn write(security: Option<&Security>, traits: Option<&NetworkTraits>) -> String {
    let Some(security) = security else { return String::new() };
    let mut text = String::new();
    if let Some(wpa) = &security.wpa {
        text.push_str(&format!("[WPA-{}]", names(wpa, security.owe_transition)));
    }
    if let Some(rsn) = &security.rsn {
        let old = rsn.suites.akm.iter().all(|akm| matches!(akm.ieee_type(), Some(1..=6)));
        let protocol = if old { "WPA2" } else { "RSN" };
        text.push_str(&format!("[{protocol}-{}]", names(&rsn.suites, security.owe_transition)));
        if rsn.mfp_required() {
            text.push_str("[MFPR]");
        }
        if rsn.mfp_capable() {
            text.push_str("[MFPC]");
        }
    }
    if security.wpa.is_none() && security.rsn.is_none() && security.privacy {
        text.push_str("[WEP]");
    }
    if traits.is_some_and(|traits| traits.wps.is_some()) {
        text.push_str("[WPS]");
    }
    text.push_str(if traits.is_some_and(|traits| traits.ibss) { "[IBSS]" } else { "[ESS]" });
    text
}

fn names(suites: &SuiteSet, owe_transition: bool) -> String {
    let akm = suites.akm.iter().map(|akm| match akm.0 {
        [0x00, 0x0f, 0xac, 18] if owe_transition => "OWE_TRANSITION".to_owned(),
        [0x00, 0x0f, 0xac, suite] | [0x00, 0x50, 0xf2, suite] => {
            known(AKM_NAMES, suite).unwrap_or_else(|| akm.name())
        }
        _ => akm.name(),
    });
    let ciphers = suites.pairwise.iter().map(|cipher| match cipher.0 {
        [0x00, 0x0f, 0xac, suite] | [0x00, 0x50, 0xf2, suite] => {
            known(CIPHER_NAMES, suite).unwrap_or_else(|| cipher.name())
        }
        _ => cipher.name(),
    });
    let akm = akm.collect::<Vec<_>>().join("+");
    let ciphers = ciphers.collect::<Vec<_>>().join("+");
    match (akm.is_empty(), ciphers.is_empty()) {
        (false, false) => format!("{akm}-{ciphers}"),
        (false, true) => akm,
        _ => ciphers,
    }
}

/// The name that Android writes: of several, the usual one.
fn known(names: &[(&'static str, u8)], suite: u8) -> Option<String> {
    let usual = ["EAP_SUITE_B_192", "FILS-SHA256", "FILS-SHA384", "OWE", "EAP", "PSK", "SAE"];
    let usual = usual.iter().chain(["CCMP", "GCMP-128", "WEP-40", "WEP-104", "TKIP"].iter());
    let mut fitting = names.iter().filter(|(_, number)| *number == suite).map(|(name, _)| *name);
    let of_usual = usual.copied().find(|name| names.contains(&(*name, suite)));
    of_usual.or_else(|| fitting.next()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Option<&'static str> {
        read(text).map(|traits| traits.security.label().name())
    }

    #[test]
    fn labels_of_what_programs_write() {
        for (text, expected) in [
            ("[WPA2-PSK-CCMP][ESS]", Some("WPA2")),
            ("[WPA-PSK-TKIP+CCMP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", Some("WPA/WPA2")),
            ("[RSN-SAE-CCMP][ESS][MFPR][MFPC]", Some("WPA3")),
            ("[RSN-PSK+SAE-CCMP][ESS]", Some("WPA3/WPA2")),
            ("[WPA2-PSK-CCMP-128][RSN-PSK-CCMP-128][ESS]", Some("WPA2")),
            ("[WPA2-EAP/SHA1-CCMP][ESS]", Some("WPA2")),
            ("[RSN-EAP_SUITE_B_192-GCMP-256][ESS]", Some("WPA3")),
            ("[WPA3-SAE-CCMP]", Some("WPA3")),
            ("[RSN-OWE-CCMP][ESS]", Some("OWE")),
            ("[WPA2-PSK-CCMP] [WPA-PSK-TKIP] [ESS]", Some("WPA/WPA2")),
            ("[WEP][ESS]", Some("WEP")),
            ("[ESS]", Some("OPEN")),
            ("[IBSS]", Some("OPEN")),
            ("", None),
            ("Misc [LE]", None),
        ] {
            assert_eq!(label(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "[ESS]",
            "[WEP][ESS]",
            "[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]",
            "[WPA2-EAP-CCMP][ESS]",
            "[RSN-SAE-CCMP][MFPR][MFPC][ESS]",
            "[RSN-OWE_TRANSITION-CCMP][ESS]",
            "[RSN-EAP_SUITE_B_192-GCMP-256][ESS]",
            "[WPA2-PSK+PSK-SHA256+FT/PSK-CCMP][IBSS]",
        ] {
            let traits = read(text).expect("says something");
            assert_eq!(write(Some(&traits.security), Some(&traits)), text);
        }
        assert_eq!(write(None, None), "");
    }
}
