//! Findings: what weakens a network, with the evidence and what its owner can do.
//!
//! Each check reads only what the networks announced. A finding names networks by the number that
//! they have in the table of networks.

use super::Facts;
use super::facts::Network;
use crate::document::{Block, Cell, Column, Finding, Section, Table, Weight};
use crate::protection::{self, Class, OldCipher};
use crate::words;
use pw_model::{SecurityLabel, Ssid, Wps};
use std::collections::BTreeMap;

/// Networks listed with a finding; the table of networks has the rest.
const EVIDENCE_ROWS: usize = 12;

/// Runs of numbers of further networks; more would be read by nobody.
const MORE_RUNS: usize = 24;

/// Bits of the WPS configuration methods that mean a PIN: label, display, keypad and their
/// virtual and physical forms (Wi-Fi Simple Configuration 2.0.8, table 33).
const WPS_PIN_METHODS: u16 = 0x0004 | 0x0008 | 0x0100;

pub(crate) fn section(facts: &Facts<'_>, found: Vec<Finding>) -> Section {
    let mut section = Section::new("findings", "Findings");
    if facts.networks.is_empty() {
        section.paragraph("No access point was heard, so there is nothing to judge.");
        return section;
    }
    section.paragraph(
        "Each finding rests on what access points announced while the survey listened. It says \
         nothing about the strength of passwords, about what lies behind a network, or about who \
         owns it. Before acting on one, make sure that the network is yours or your client's.",
    );
    if found.is_empty() {
        section.paragraph("None of the checks found anything to state.");
    }
    section.own_page = !found.is_empty();
    section.blocks.extend(found.into_iter().map(Block::Finding));
    section
}

/// What a check found on one network.
struct Hit<'a> {
    network: &'a Network,
    evidence: String,
}

/// What is said when a check finds something.
struct Words {
    weight: Weight,
    title: &'static str,
    /// After "n access points": what they do, for one and for more.
    seen: [&'static str; 2],
    meaning: &'static str,
    advice: &'static str,
}

/// All findings, the most important first.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Finding> {
    let each = |check: fn(&Network) -> Option<String>| -> Vec<Hit<'_>> {
        let hit = |network| Some(Hit { network, evidence: check(network)? });
        facts.networks.iter().filter_map(hit).collect()
    };
    let checks = [
        (OPEN, each(open)),
        (WEP, each(wep)),
        (WPA_ONLY, each(wpa_only)),
        (WPA_ALLOWED, each(wpa_allowed)),
        (WPS_PIN, each(wps_pin)),
        (MIXED_NAME, mixed_names(facts)),
        (NO_PMF, each(no_pmf)),
        (WPS, each(wps_other)),
        (HIDDEN, each(hidden)),
    ];
    let mut found: Vec<Finding> = checks
        .into_iter()
        .filter(|(_, hits)| !hits.is_empty())
        .map(|(words, hits)| finding(&words, &hits, facts.networks.len()))
        .collect();
    found.sort_by_key(|finding| finding.weight);
    for (at, finding) in found.iter_mut().enumerate() {
        finding.number = at + 1;
    }
    found
}

fn finding(text: &Words, hits: &[Hit<'_>], total: usize) -> Finding {
    let seen = format!(
        "{} ({} of all) {}.",
        words::counted(hits.len(), "access point", "access points"),
        words::percent(hits.len() as u64, total as u64),
        text.seen[usize::from(hits.len() != 1)],
    );
    let rows = hits.iter().take(EVIDENCE_ROWS).map(|hit| {
        let network = hit.network;
        vec![
            Cell::text(network.number.to_string()),
            Cell::name(network.name.clone()),
            Cell::code(network.address.clone()),
            Cell::text(
                network.ap.channel.map_or_else(|| words::UNKNOWN.to_owned(), |c| c.to_string()),
            ),
            Cell::text(hit.evidence.clone()),
        ]
    });
    let left = hits.len().saturating_sub(EVIDENCE_ROWS);
    Finding {
        number: 0,
        weight: text.weight,
        title: text.title.to_owned(),
        seen,
        meaning: text.meaning.to_owned(),
        advice: text.advice.to_owned(),
        evidence: Table {
            caption: None,
            columns: vec![
                Column::number("No."),
                Column::wide("Name", 1.0),
                Column::narrow("BSSID"),
                Column::narrow("Channel"),
                Column::wide("Evidence", 1.4),
            ],
            rows: rows.collect(),
            dense: true,
        },
        more: (left > 0).then(|| more(&hits[EVIDENCE_ROWS..])),
    }
}

/// The numbers of the networks that are not listed, runs shortened; too many are only counted.
fn more(hits: &[Hit<'_>]) -> String {
    let mut numbers: Vec<usize> = hits.iter().map(|hit| hit.network.number).collect();
    numbers.sort_unstable();
    let mut named = 0;
    let runs: Vec<String> = numbers
        .chunk_by(|a, b| a + 1 == *b)
        .take(MORE_RUNS)
        .inspect(|run| named += run.len())
        .filter_map(|run| match run {
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}–{last}")),
            [] => None,
        })
        .collect();
    let rest = match numbers.len() - named {
        0 => String::new(),
        rest => format!(", and {} more", words::count(rest as u64)),
    };
    format!("And no. {}{rest} of the table of networks.", runs.join(", "))
}

const OPEN: Words = Words {
    weight: Weight::High,
    title: "Networks without encryption",
    seen: ["announces no encryption", "announce no encryption"],
    meaning: "Everything that clients send without protection of its own can be read by anybody in \
              range, and anybody can offer a network of the same name.",
    advice: "Switch on WPA3, or WPA2 with AES. Where guests must join without a password, use \
             Enhanced Open (OWE), keep the guests apart from each other and from everything else.",
};

fn open(network: &Network) -> Option<String> {
    let protection = network.ap.protection.as_ref()?;
    (protection.label == SecurityLabel::Open).then(|| {
        if protection.security.owe_transition {
            "no encryption; names an encrypted twin (OWE transition)".to_owned()
        } else {
            "privacy bit not set, no RSN or WPA element".to_owned()
        }
    })
}

const WEP: Words = Words {
    weight: Weight::High,
    title: "WEP",
    seen: ["announces WEP", "announce WEP"],
    meaning: "WEP keys can be recovered from recorded traffic within minutes. It protects no better \
              than no encryption, but looks as if it did.",
    advice: "Replace the access point or its firmware by one with WPA2 or WPA3. If a device can do \
             no more than WEP, take it off the radio.",
};

fn wep(network: &Network) -> Option<String> {
    let label = network.ap.protection.as_ref()?.label;
    (label == SecurityLabel::Wep).then(|| "privacy bit set, no RSN or WPA element".to_owned())
}

const WPA_ONLY: Words = Words {
    weight: Weight::High,
    title: "WPA or TKIP only",
    seen: ["offers nothing better than WPA or TKIP", "offer nothing better than WPA or TKIP"],
    meaning: "The first WPA and its cipher TKIP were withdrawn: frames can be forged and parts of \
              the traffic decrypted.",
    advice: "Set the access point to WPA2 with AES (CCMP), or WPA3.",
};

fn wpa_only(network: &Network) -> Option<String> {
    let protection = network.ap.protection.as_ref()?;
    let only = protection::old_cipher(protection) == Some(OldCipher::Only);
    (protection.label == SecurityLabel::Wpa || only)
        .then(|| format!("{}; {}", protection.label.name(), ciphers(network)))
}

const WPA_ALLOWED: Words = Words {
    weight: Weight::Medium,
    title: "WPA or TKIP still allowed",
    seen: [
        "allows WPA or TKIP beside something better",
        "allow WPA or TKIP beside something better",
    ],
    meaning: "A client may be brought to use the weaker protection, and frames to all clients are \
              protected by the weakest cipher allowed.",
    advice: "Switch the mixed mode off: WPA2 with AES only, or WPA3 with WPA2. Devices older than \
             about 2006 may need replacing.",
};

fn wpa_allowed(network: &Network) -> Option<String> {
    let protection = network.ap.protection.as_ref()?;
    let old = protection::old_cipher(protection);
    let mixed = network.class == Class::Legacy || old == Some(OldCipher::Beside);
    (mixed && old != Some(OldCipher::Only) && protection.label != SecurityLabel::Wpa)
        .then(|| format!("{}; {}", protection.label.name(), ciphers(network)))
}

fn ciphers(network: &Network) -> String {
    let Some(protection) = &network.ap.protection else { return words::UNKNOWN.to_owned() };
    let names = |list: Vec<pw_model::Cipher>| -> String {
        let names: Vec<String> = list.into_iter().map(|cipher| cipher.name()).collect();
        if names.is_empty() { "not stated".to_owned() } else { names.join(" + ") }
    };
    format!(
        "pairwise {}, group {}",
        names(protection.security.pairwise()),
        names(protection.security.group())
    )
}

const WPS_PIN: Words = Words {
    weight: Weight::Medium,
    title: "WPS with a PIN",
    seen: ["announces WPS with a PIN method", "announce WPS with a PIN method"],
    meaning: "The eight digits of the PIN are checked in two halves, so that it can be guessed in \
              hours where the access point does not lock itself.",
    advice: "Switch WPS off, or at least its PIN methods, and update the firmware.",
};

fn announced_wps(network: &Network) -> Option<&Wps> {
    network.ap.advertisement.as_ref()?.traits.wps.as_ref()
}

fn wps_pin(network: &Network) -> Option<String> {
    let wps = announced_wps(network)?;
    let methods = wps.methods.filter(|methods| methods & WPS_PIN_METHODS != 0)?;
    Some(format!("methods 0x{methods:04x}; {}", locked(wps)))
}

const WPS: Words = Words {
    weight: Weight::Low,
    title: "WPS switched on",
    seen: [
        "announces WPS without saying that a PIN is accepted",
        "announce WPS without saying that a PIN is accepted",
    ],
    meaning: "Set-up by push button is open for two minutes to anybody in range. Some access points \
              accept a PIN although they do not announce it.",
    advice: "Switch WPS off when no device needs it.",
};

fn wps_other(network: &Network) -> Option<String> {
    let wps = announced_wps(network)?;
    match wps.methods {
        Some(methods) if methods & WPS_PIN_METHODS != 0 => None,
        Some(methods) => Some(format!("methods 0x{methods:04x}; {}", locked(wps))),
        None => Some(format!("methods not stated; {}", locked(wps))),
    }
}

fn locked(wps: &Wps) -> &'static str {
    match wps.locked {
        Some(true) => "locked",
        Some(false) => "not locked",
        None => "lock not stated",
    }
}

const MIXED_NAME: Words = Words {
    weight: Weight::Medium,
    title: "One name, different protection",
    seen: [
        "is open or weakly protected under a name that others protect",
        "are open or weakly protected under a name that others protect",
    ],
    meaning: "Clients that know the name may join the weaker one. It can be a wrongly configured \
              access point of the same owner, another owner who chose the same name, or an \
              imitation: the survey cannot tell which.",
    advice: "If the name is yours, find this access point and bring it to the protection of the \
             others, or have it removed.",
};

fn mixed_names<'a>(facts: &'a Facts<'_>) -> Vec<Hit<'a>> {
    let mut by_name: BTreeMap<&Ssid, Vec<&Network>> = BTreeMap::new();
    for network in &facts.networks {
        if let Some(name) = network.ap.ssids.first().filter(|name| !name.is_hidden()) {
            by_name.entry(name).or_default().push(network);
        }
    }
    let is_sound = |class: Class| matches!(class, Class::Legacy | Class::Wpa2 | Class::Wpa3);
    let mut hits = Vec::new();
    for networks in by_name.values() {
        let sound = networks.iter().filter(|network| is_sound(network.class)).count();
        for network in networks.iter().filter(|network| sound > 0 && network.class.is_weak()) {
            hits.push(Hit {
                network,
                evidence: format!(
                    "{}; {} of this name with WPA2 or WPA3",
                    protection::label(&network.ap),
                    words::counted(sound, "access point", "access points"),
                ),
            });
        }
    }
    hits.sort_by_key(|hit| hit.network.number);
    hits
}

const NO_PMF: Words = Words {
    weight: Weight::Low,
    title: "Management frames not protected",
    seen: ["cannot protect management frames (PMF)", "cannot protect management frames (PMF)"],
    meaning: "Anybody in range can forge the frames that disconnect clients.",
    advice: "Set protected management frames (802.11w) to required, or to capable where older \
             clients need it. WPA3 requires them.",
};

fn no_pmf(network: &Network) -> Option<String> {
    (protection::pmf(&network.ap) == "no")
        .then(|| format!("{}; PMF neither required nor capable", protection::label(&network.ap)))
}

const HIDDEN: Words = Words {
    weight: Weight::Note,
    title: "Hidden names",
    seen: ["hides its name in beacons", "hide their names in beacons"],
    meaning: "A hidden name protects nothing: it is sent in clear whenever a client connects, and \
              clients that look for it tell the name wherever they are.",
    advice: "Show the name; rely on the protection instead.",
};

fn hidden(network: &Network) -> Option<String> {
    network.ap.hidden.then(|| {
        if network.ap.ssids.iter().any(|name| !name.is_hidden()) {
            "beacon without name; name heard in other frames".to_owned()
        } else {
            "beacon without name".to_owned()
        }
    })
}
