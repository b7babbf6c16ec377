//! Single terms of a filter, and what passes them.

use crate::snapshot::{AccessPoint, Client, SignalStats};
use pw_model::{Band, MacAddr, NetworkTraits, SecurityLabel, Ssid, Standard, Timestamp};
use std::cmp::Ordering;

/// True when the maker's name of the device holds a text, given in lower case.
pub(super) type Vendor<'a> = dyn Fn(&str) -> bool + 'a;

/// One condition. Texts are in lower case.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Term {
    /// Somewhere in name, address or maker.
    Word(String),
    Ssid(String),
    Address(String),
    Vendor(String),
    Note(String),
    Country(String),
    Security(Protected),
    Pmf(Option<&'static str>),
    Channel(u8),
    Band(Band),
    Standard(Standard),
    Number(Quantity, Relation, f64),
    Time(Moment, Relation, Timestamp),
    Is(Trait),
}

/// What `security:` asks for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Protected {
    /// The whole label, or one of its parts: `wpa2` is in `WPA3/WPA2`.
    Label(String),
    Weak,
    Unknown,
}

/// Numbers that can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quantity {
    Rssi,
    Frames,
    Beacons,
    Bytes,
    Clients,
    FrequencyMhz,
    WidthMhz,
}

/// Which time of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    First,
    Last,
    /// At any time: after looks at the last, before at the first.
    Seen,
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trait {
    Hidden,
    Known,
    Wps,
    Mesh,
    AdHoc,
    Random,
    Pseudonym,
    Noted,
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Above => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Below => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
        }
    }
}

/// An address holds a text written with colons, dashes or without.
fn address_holds(address: MacAddr, part: &str) -> bool {
    let text = address.to_string();
    let plain = |s: &str| s.chars().filter(|c| !matches!(c, ':' | '-')).collect::<String>();
    if part.contains([':', '-']) {
        text.contains(&part.replace('-', ":"))
    } else {
        part.len() >= 2 && plain(&text).contains(part)
    }
}

fn name_holds(names: &[Ssid], part: &str) -> bool {
    names.iter().any(|name| name.text().to_lowercase().contains(part))
}

fn time_holds(first: Timestamp, last: Timestamp, term: (Moment, Relation, Timestamp)) -> bool {
    let (moment, relation, time) = term;
    match (moment, relation) {
        (Moment::First, _) => relation.holds(first.cmp(&time)),
        (Moment::Last, _) => relation.holds(last.cmp(&time)),
        (Moment::Seen, Relation::Above | Relation::AtLeast) => relation.holds(last.cmp(&time)),
        (Moment::Seen, Relation::Below | Relation::AtMost) => relation.holds(first.cmp(&time)),
        (Moment::Seen, Relation::Equal) => first <= time && time <= last,
    }
}

fn number_holds(value: Option<f64>, relation: Relation, than: f64) -> bool {
    // What is not known passes no comparison.
    value.and_then(|v| v.partial_cmp(&than)).is_some_and(|ordering| relation.holds(ordering))
}

fn strongest(signal: Option<SignalStats>) -> Option<f64> {
    signal.map(|signal| f64::from(signal.max_dbm))
}

impl Protected {
    fn holds(&self, label: Option<SecurityLabel>) -> bool {
        match (self, label) {
            (Self::Unknown, label) => label.is_none(),
            (Self::Weak, label) => label.is_some_and(SecurityLabel::is_weak),
            (Self::Label(asked), Some(label)) => {
                let name = label.name().to_lowercase();
                name == *asked || name.split('/').any(|part| part == asked)
            }
            (Self::Label(_), None) => false,
        }
    }
}

impl Term {
    pub(super) fn matches_ap(&self, ap: &AccessPoint, vendor: &Vendor<'_>) -> bool {
        let traits: Option<&NetworkTraits> = ap.advertisement.as_deref().map(|a| &a.traits);
        match self {
            Self::Word(part) => {
                name_holds(&ap.ssids, part) || address_holds(ap.bssid, part) || vendor(part)
            }
            Self::Ssid(part) => name_holds(&ap.ssids, part),
            Self::Address(part) => address_holds(ap.bssid, part),
            Self::Vendor(part) => vendor(part),
            Self::Note(part) => {
                ap.note.as_ref().is_some_and(|note| note.to_lowercase().contains(part))
            }
            Self::Country(asked) => traits
                .and_then(|t| t.country.as_ref())
                .is_some_and(|country| country.to_lowercase() == *asked),
            Self::Security(asked) => asked.holds(ap.protection.as_ref().map(|p| p.label)),
            Self::Pmf(asked) => ap.pmf() == *asked,
            Self::Channel(number) => ap.channel.is_some_and(|channel| channel.number == *number),
            Self::Band(band) => ap.channel.is_some_and(|channel| channel.band == *band),
            Self::Standard(standard) => traits.and_then(|t| t.standard) == Some(*standard),
            Self::Number(quantity, relation, than) => {
                let value = match quantity {
                    Quantity::Rssi => strongest(ap.signal),
                    Quantity::Frames => Some(ap.frames as f64),
                    Quantity::Beacons => Some(ap.beacons as f64),
                    Quantity::Bytes => Some(ap.bytes as f64),
                    Quantity::Clients => Some(ap.clients.len() as f64),
                    Quantity::FrequencyMhz => ap.frequency_mhz.map(f64::from),
                    Quantity::WidthMhz => {
                        traits.and_then(|t| t.width).map(|width| f64::from(width.mhz()))
                    }
                };
                number_holds(value, *relation, *than)
            }
            Self::Time(moment, relation, time) => {
                time_holds(ap.first_seen, ap.last_seen, (*moment, *relation, *time))
            }
            Self::Is(Trait::Hidden) => ap.hidden,
            Self::Is(Trait::Known) => ap.known,
            Self::Is(Trait::Wps) => traits.is_some_and(|t| t.wps.is_some()),
            Self::Is(Trait::Mesh) => traits.is_some_and(|t| t.mesh_id.is_some()),
            Self::Is(Trait::AdHoc) => traits.is_some_and(|t| t.ibss),
            Self::Is(Trait::Random) => ap.bssid.is_locally_administered(),
            // Access points keep their addresses.
            Self::Is(Trait::Pseudonym) => false,
            Self::Is(Trait::Noted) => ap.note.is_some(),
        }
    }

    pub(super) fn matches_client(&self, client: &Client, vendor: &Vendor<'_>) -> bool {
        match self {
            Self::Word(part) => {
                name_holds(&client.probed, part)
                    || address_holds(client.address, part)
                    || vendor(part)
            }
            Self::Ssid(part) => name_holds(&client.probed, part),
            Self::Address(part) => {
                address_holds(client.address, part)
                    || client.bssid.is_some_and(|bssid| address_holds(bssid, part))
            }
            Self::Vendor(part) => vendor(part),
            Self::Standard(standard) => {
                let traits = client.advertisement.as_deref().map(|a| &a.traits);
                traits.and_then(|t| t.standard) == Some(*standard)
            }
            Self::Number(quantity, relation, than) => {
                let value = match quantity {
                    Quantity::Rssi => strongest(client.signal),
                    Quantity::Frames => Some(client.frames as f64),
                    Quantity::Bytes => Some(client.bytes as f64),
                    Quantity::Beacons
                    | Quantity::Clients
                    | Quantity::FrequencyMhz
                    | Quantity::WidthMhz => None,
                };
                number_holds(value, *relation, *than)
            }
            Self::Time(moment, relation, time) => {
                time_holds(client.first_seen, client.last_seen, (*moment, *relation, *time))
            }
            Self::Is(Trait::Pseudonym) => client.pseudonym,
            // Of a pseudonym nobody knows.
            Self::Is(Trait::Random) => {
                client.address.is_locally_administered() && !client.pseudonym
            }
            Self::Note(_)
            | Self::Country(_)
            | Self::Security(_)
            | Self::Pmf(_)
            | Self::Channel(_)
            | Self::Band(_)
            | Self::Is(_) => false,
        }
    }
}
