//! Clients: counts only. No address of a client and no name that one asked for is printed.

use super::Facts;
use super::summary::to_usize;
use crate::document::{Block, Section};
use crate::words;
use std::collections::BTreeSet;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("clients", "Clients");
    let clients = &facts.snapshot.clients;
    section.paragraph(
        "Clients are phones, computers and other devices that are not access points. To protect \
         the people who carry them this report counts them and names none: no address and no name \
         of a network that a device asked for is printed.",
    );
    if clients.is_empty() {
        section.paragraph("No client was heard.");
        return section;
    }
    let total = clients.len() as u64;
    let matching = |wanted: &dyn Fn(&pw_survey::Client) -> bool| {
        clients.iter().filter(|client| wanted(client)).count() as u64
    };
    let pseudonyms = matching(&|client| client.pseudonym);
    let random = matching(&|client| client.address.is_locally_administered() && !client.pseudonym);
    let joined = matching(&|client| client.bssid.is_some());
    let asking = matching(&|client| !client.probed.is_empty());
    let asked: BTreeSet<&[u8]> =
        clients.iter().flat_map(|client| &client.probed).map(pw_model::Ssid::bytes).collect();
    let frames: u64 = clients.iter().map(|client| client.frames).sum();
    let of_all = |n: u64| format!("{} ({})", words::count(n), words::percent(n, total));
    // What a sensor left out nobody knows: a plain zero would be wrong.
    let left_out = facts.snapshot.sensors.iter().any(|sensor| sensor.guard.leaves_names_out());
    let known = |count: String| match (left_out, pseudonyms == total) {
        (true, true) => "not known: the sensor left the names out".to_owned(),
        (true, false) => format!("{count} at least: a sensor left names out"),
        (false, _) => count,
    };
    let row = |what: &str, value: String| [what.to_owned(), value];
    section.blocks.push(Block::Facts {
        rows: vec![
            row("Addresses heard", words::count(total)),
            row("Of these, pseudonyms made by a sensor", of_all(pseudonyms)),
            row("Of these, randomised by the device", of_all(random)),
            row("Seen with an access point", of_all(joined)),
            row("Asked for a network by name", known(of_all(asking))),
            row("Different names asked for", known(words::count(asked.len() as u64))),
            row("Frames sent by clients", words::count(frames)),
        ],
    });
    if pseudonyms > 0 {
        section.paragraph(
            "A pseudonym stands for one device until the sensor draws a new key; after that the \
             same device has another. Over several days the number of pseudonyms is an upper bound \
             for the number of devices.",
        );
    }
    if random > 0 {
        section.paragraph(
            "A device with randomised addresses may appear as several, so that the number of \
             addresses is an upper bound for the number of devices among them.",
        );
    }
    let guests: usize = facts
        .networks
        .iter()
        .filter(|network| network.class.is_weak())
        .map(|network| network.ap.clients.len())
        .sum();
    if guests > 0 {
        section.paragraph(format!(
            "{} seen with access points that are open or weakly protected.",
            words::counted(to_usize(guests as u64), "client address was", "client addresses were")
        ));
    }
    section
}
