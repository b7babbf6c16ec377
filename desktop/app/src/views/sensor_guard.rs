//! Facts of a sensor's card: how it treats people's data, what it kept back, how silent its radios
//! were, how its clock and its machine are.

use crate::words;
use pw_model::{DiskWear, HealthDetails, Reading, Throttling};
use pw_survey::Guard;

/// Name, value, and whether the value needs a look.
type Fact = (&'static str, String, bool);

/// The facts, in the order they are shown; none of an import, which states nothing.
pub(super) fn facts(guard: &Guard) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(words) = guard.privacy_words() {
        facts.push(("Privacy", words, false));
    }
    if let Some(purposes) = guard.audit_words() {
        facts.push(("Audit", purposes, true));
    }
    facts.extend(guard.withheld_words().into_iter().map(|words| ("Kept back", words, false)));
    for (radio, words, look) in guard.silence_words() {
        facts.push(("Silence", format!("radio {}: {words}", radio.0), look));
    }
    facts.extend(guard.clock_words().into_iter().map(|words| ("Clock", words, true)));
    if let Some(health) = &guard.health {
        machine(health, &mut facts);
    }
    facts
}

fn machine(health: &HealthDetails, facts: &mut Vec<Fact>) {
    let mut fact = |name, words, look| facts.push((name, words, look));
    let held_back = |flags: &Throttling| !flags.now().is_empty() || flags.is_low_voltage();
    let look = health.throttling.known().is_some_and(held_back);
    fact("Power", health.throttling.words(|flags| flags.words()), look);
    let low = health.under_voltage.known() == Some(&true);
    let words =
        health.under_voltage.words(|low| if *low { "too low" } else { "enough" }.to_owned());
    fact("Supply voltage", words, low);
    let words = health.memory.words(|memory| {
        let (free, all) = (words::bytes(memory.available_bytes), words::bytes(memory.total_bytes));
        format!("{free} of {all} free")
    });
    let short = |memory: &pw_model::Memory| memory.available_bytes < memory.total_bytes / 20;
    fact("Memory", words, health.memory.known().is_some_and(short));
    fact("Disk size", health.disk_total_bytes.words(|size| words::bytes(*size)), false);
    let worn = health.disk_wear.known().is_some_and(|wear| DiskWear::is_worn(*wear));
    fact("Disk wear", health.disk_wear.words(|wear| wear.words()), worn);
    let words = health.usb.words(|usb| {
        let devices = words::counted(u64::from(usb.devices), "device", "devices");
        format!("{devices}; {} came, went or were set up anew", words::count(usb.changes))
    });
    let unsteady = health.usb.known().is_some_and(|usb| usb.changes > 0);
    fact("USB", words, unsteady);
    let ring = |fill: &Reading<f32>| fill.words(|fill| format!("{:.0} % full", fill * 100.0));
    let nearly_full = health.ring_fill.known().is_some_and(|fill| *fill > 0.8);
    fact("Capture ring", ring(&health.ring_fill), nearly_full);
    for rate in &health.radio_rates {
        let words =
            format!("radio {}: {:.0} frames per second", rate.radio.0, rate.frames_per_second);
        fact("Rate", words, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{
        ClientAddresses, PrivacyDeclaration, RadioId, Timestamp, Transmitted, UsbDevices,
        WithheldKind,
    };

    fn value<'a>(facts: &'a [Fact], name: &str) -> (&'a str, bool) {
        let fact = facts.iter().find(|(known, ..)| *known == name).expect(name);
        (&fact.1, fact.2)
    }

    #[test]
    fn an_import_states_nothing() {
        assert_eq!(facts(&Guard::default()), []);
    }

    #[test]
    fn trouble_needs_a_look_and_what_is_missing_says_why() {
        let time = Timestamp::from_unix_secs(0);
        let gone = |why: &str| why.to_owned();
        let declared = PrivacyDeclaration {
            clients: ClientAddresses::Pseudonyms,
            rotation_secs: Some(3600),
            probe_names: false,
            audit: None,
            home_zones: 0,
        };
        let mut guard = Guard {
            privacy: vec![(pw_model::TimeRange { start: time, end: time }, declared)],
            ..Guard::default()
        };
        guard.withheld.insert(WithheldKind::ProbeNames, 12);
        let frames = Reading::Known(2);
        guard.transmitted.insert(RadioId(0), Transmitted { time, radio: RadioId(0), frames });
        guard.sent.insert(RadioId(0), 2);
        guard.health = Some(HealthDetails {
            time,
            throttling: Reading::Known(Throttling(0x1_0000)),
            under_voltage: Reading::NotAvailable(gone("no sensor of it")),
            memory: Reading::NotAvailable(gone("x")),
            disk_total_bytes: Reading::Known(1 << 30),
            disk_wear: Reading::Known(DiskWear { life_used_tenths: Some(10), spare_blocks: None }),
            usb: Reading::Known(UsbDevices { devices: 1, changes: 0 }),
            ring_fill: Reading::NotAvailable(gone("x")),
            radio_rates: Vec::new(),
        });
        let facts = facts(&guard);
        let privacy = value(&facts, "Privacy").0;
        assert!(privacy.contains("a new key every hour") && privacy.contains("left out"));
        assert_eq!(
            value(&facts, "Kept back").0,
            "12 requests without the network name they asked for"
        );
        assert!(value(&facts, "Silence").0.contains("SENT") && value(&facts, "Silence").1);
        assert!(value(&facts, "Power").1 && value(&facts, "Disk wear").1);
        assert_eq!(value(&facts, "Supply voltage"), ("not available: no sensor of it", false));
        assert_eq!(value(&facts, "USB"), ("1 device; 0 came, went or were set up anew", false));
    }
}
