//! `radios`: what there is to listen with, what it can do, and what the country allows.

use super::{say, say_json};
use crate::radio::{FoundRadio, Radios, RegulatoryDomain, RegulatoryRule, discover};
use anyhow::Result;
use pw_model::words::counted;
use serde_json::{Value, json};

/// Prints all radios; the exit code is 1 where there is none.
pub(super) fn radios(json: bool) -> Result<bool> {
    let found = discover();
    if json {
        say_json(&as_json(&found))?;
    } else {
        for line in lines(&found) {
            say(line)?;
        }
    }
    Ok(!found.radios.is_empty())
}

fn lines(found: &Radios) -> Vec<String> {
    let mut lines: Vec<String> = found.radios.iter().flat_map(radio_lines).collect();
    match (&found.trouble, found.radios.is_empty()) {
        (Some(why), true) => lines.push(format!("no radio found, because {why}")),
        (Some(why), false) => lines.push(format!("not everything could be read: {why}")),
        (None, _) => {}
    }
    for name in &found.delivering {
        lines.push(format!("{name} delivers 802.11 frames already: use it as live:{name}"));
    }
    match &found.regulatory {
        Some(domain) => {
            lines.push(format!("country: {}", domain.country_words()));
            lines.extend(domain.rules.iter().map(rule_words));
        }
        None if found.radios.is_empty() => {}
        None => lines.push("country: the kernel does not say".to_owned()),
    }
    lines
}

fn radio_lines(radio: &FoundRadio) -> Vec<String> {
    let hardware = if radio.hardware.is_empty() { "hardware not known" } else { &radio.hardware };
    let mut lines = vec![format!("{}: {hardware}", radio.name)];
    let names = radio.interfaces.iter().map(|i| format!("{} ({})", i.name, i.mode));
    let names = names.collect::<Vec<_>>().join(", ");
    lines.push(if names.is_empty() {
        "  no interface; make one: iw phy PHY interface add NAME type monitor".to_owned()
    } else {
        format!("  interfaces: {names}")
    });
    lines.push(format!(
        "  monitor mode: {}",
        if radio.abilities.monitor { "yes" } else { "no, its driver has none" }
    ));
    for (band, channels) in radio.abilities.bands() {
        let widest = channels.iter().map(|c| c.widest_mhz()).max().unwrap_or(20);
        let radar = channels.iter().filter(|channel| channel.radar).count();
        lines.push(format!(
            "  {band} GHz: {}, up to {widest} MHz wide{}",
            counted(channels.len() as u64, "channel", "channels"),
            if radar > 0 { format!(", {radar} shared with radar") } else { String::new() }
        ));
    }
    if radio.abilities.channels.is_empty() {
        lines.push("  no channel that is allowed here".to_owned());
    }
    if radio.abilities.disabled > 0 {
        lines.push(format!(
            "  {} not allowed here",
            counted(radio.abilities.disabled as u64, "channel is", "channels are")
        ));
    }
    lines
}

fn rule_words(rule: &RegulatoryRule) -> String {
    let mut words = format!(
        "  {} to {} MHz, up to {} MHz wide, {} dBm",
        f64::from(rule.start_khz) / 1e3,
        f64::from(rule.end_khz) / 1e3,
        f64::from(rule.width_khz) / 1e3,
        f64::from(rule.power_mbm) / 100.0
    );
    let flags = [
        (rule.radar, ", radar detection"),
        (rule.passive_only, ", nobody may begin to transmit"),
        (rule.indoor, ", indoors only"),
    ];
    flags.iter().filter(|(set, _)| *set).for_each(|(_, text)| words.push_str(text));
    words
}

fn as_json(found: &Radios) -> Value {
    let radio = |radio: &FoundRadio| {
        json!({
            "name": radio.name,
            "hardware": (!radio.hardware.is_empty()).then_some(&radio.hardware),
            "driver": radio.identity.as_ref().and_then(|identity| identity.driver.as_ref()),
            "place": radio.identity.as_ref().and_then(|identity| identity.place.as_ref()),
            "interfaces": radio.interfaces.iter()
                .map(|i| json!({ "name": i.name, "mode": i.mode }))
                .collect::<Vec<_>>(),
            "monitor": radio.abilities.monitor,
            "channels": radio.abilities.channels.iter().map(|channel| json!({
                "frequency_mhz": channel.frequency_mhz,
                "widest_mhz": channel.widest_mhz(),
                "radar": channel.radar,
                "passive_only": channel.passive_only,
            })).collect::<Vec<_>>(),
            "channels_not_allowed": radio.abilities.disabled,
        })
    };
    let domain = |domain: &RegulatoryDomain| {
        json!({
            "country": domain.country,
            "rules": domain.rules.iter().map(|rule| json!({
                "start_khz": rule.start_khz,
                "end_khz": rule.end_khz,
                "width_khz": rule.width_khz,
                "power_mbm": rule.power_mbm,
                "radar": rule.radar,
                "passive_only": rule.passive_only,
                "indoor": rule.indoor,
            })).collect::<Vec<_>>(),
        })
    };
    json!({
        "radios": found.radios.iter().map(radio).collect::<Vec<_>>(),
        "regulatory": found.regulatory.as_ref().map(domain),
        "delivering": found.delivering,
        "trouble": found.trouble,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::RadioChannel;
    use crate::radio::{FoundInterface, RadioAbilities};

    #[test]
    fn a_radio_is_told_in_words() {
        let mut channels = vec![RadioChannel::narrow(2412), RadioChannel::narrow(5260)];
        channels[1].radar = true;
        channels[1].mhz80 = true;
        let name = |name: &str| name.to_owned();
        let radio = FoundRadio {
            name: name("phy1"),
            abilities: RadioAbilities { monitor: true, channels, disabled: 3 },
            interfaces: vec![FoundInterface { name: name("wlan1"), mode: name("managed") }],
            hardware: name("driver mt76x2u"),
            ..FoundRadio::default()
        };
        let rule =
            RegulatoryRule { start_khz: 2_400_000, end_khz: 2_483_500, ..Default::default() };
        let regulatory = Some(RegulatoryDomain { country: name("DE"), rules: vec![rule] });
        let found = Radios { radios: vec![radio], regulatory, ..Radios::default() };
        let text = lines(&found).join("\n");
        for words in [
            "phy1: driver mt76x2u",
            "wlan1 (managed)",
            "monitor mode: yes",
            "5 GHz: 1 channel, up to 80 MHz wide, 1 shared with radar",
            "3 channels are not allowed here",
            "country: DE",
            "2400 to 2483.5 MHz",
        ] {
            assert!(text.contains(words), "{words} in {text}");
        }
        assert_eq!(as_json(&found)["radios"][0]["channels"][1]["widest_mhz"], 80);
    }

    #[test]
    fn none_is_said_with_its_reason() {
        let found = Radios { trouble: Some("there is no kernel".to_owned()), ..Default::default() };
        assert_eq!(lines(&found), ["no radio found, because there is no kernel"]);
    }
}
