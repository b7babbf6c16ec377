//! What the report cannot say, and words explained.

use super::{Facts, summary};
use crate::document::{Block, Section};
use pw_model::Band;

pub(crate) fn limits(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("limits", "Limits");
    let mut items = vec![
        "What is not in this report may still exist: a network out of range, switched off, or on a \
         channel that nobody listened to at that moment leaves no trace."
            .to_owned(),
        "Addresses and names can be chosen freely by whoever runs a network. One device may use \
         several addresses, and several devices one name."
            .to_owned(),
        "Announced protection says nothing about passwords, firmware, or what lies behind the \
         network. This is no penetration test."
            .to_owned(),
        "The state is that of the time of the survey."
            .to_owned(),
    ];
    if facts.has_ledger() {
        let listened = |band: Band| {
            facts.snapshot.channels.iter().any(|channel| {
                channel.channel.is_some_and(|c| c.band == band)
                    && channel.listened_ns.is_some_and(|ns| ns > 0)
            })
        };
        for band in [Band::Ghz2_4, Band::Ghz5, Band::Ghz6] {
            if !listened(band) {
                items.push(format!(
                    "{} was not listened to at all, so nothing is known about networks there.",
                    band.name()
                ));
            }
        }
    }
    if facts.snapshot.selected.is_some() {
        items.push(
            "Only a selected stretch of time of the survey is in this report; the cover states it."
                .to_owned(),
        );
    }
    items.extend(summary::caveats(facts));
    section.list(items);
    section
}

pub(crate) fn glossary() -> Section {
    let mut section = Section::new("glossary", "Words");
    let row = |word: &str, meaning: &str| [word.to_owned(), meaning.to_owned()];
    section.blocks.push(Block::Facts {
        rows: vec![
            row("Access point", "The station that a network's clients talk to. One device may be several: one for each band and name."),
            row("Beacon", "The frame by which an access point announces itself."),
            row("BSSID", "The address of an access point on one channel."),
            row("Channel", "A piece of a frequency band: 2.4, 5 or 6 GHz."),
            row("dBm", "Received power. −30 is very strong, −90 barely audible; three less is half."),
            row("Fix", "A position from a satellite receiver."),
            row("PMF", "Protected management frames (802.11w): forged disconnections are rejected."),
            row("SSID", "The name of a network: up to 32 bytes, not necessarily text."),
            row("TKIP", "The cipher of the first WPA, withdrawn."),
            row("WEP", "The encryption of 1997, broken since 2001."),
            row("WPA, WPA2, WPA3", "Generations of protection. WPA2 with AES is today's minimum, WPA3 the best."),
            row("WPS", "Wi-Fi Protected Setup: joining by PIN or push button."),
        ],
    });
    section
}
