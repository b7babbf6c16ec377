//! Facts of one access point as names and values: pure, so that tests can read them.

use crate::feed::Feed;
use crate::words;
use pw_model::{AdvertisementKind, NetworkTraits, Security, Wps};
use pw_survey::AccessPoint;
use std::fmt::Display;

/// One name and value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
    /// Needs a look.
    pub(super) look: bool,
}

/// Facts that belong together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) facts: Vec<Fact>,
}

#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Fact { name, value: value.into(), look: false });
    }

    fn look(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Fact { name, value: value.into(), look: true });
    }

    fn add_known(&mut self, name: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.add(name, value.to_string());
        }
    }

    fn group(self, title: &'static str) -> Option<Group> {
        (!self.0.is_empty()).then_some(Group { title, facts: self.0 })
    }
}

/// Everything that can be said, group by group; what is not known is left out or said to be so.
pub(super) fn facts(ap: &AccessPoint, feed: &Feed) -> Vec<Group> {
    let traits = ap.advertisement.as_ref().map(|advertisement| &advertisement.traits);
    [
        heard(ap).group("Heard"),
        place(ap, feed).group("Place"),
        protection(ap, traits).group("Protection"),
        traits.map(|traits| radio(ap, traits)).unwrap_or_default().group("Radio"),
        identity(ap, traits, feed).group("Identity"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn heard(ap: &AccessPoint) -> Facts {
    let mut facts = Facts::default();
    facts.add("First", format!("{} UTC", words::date_clock(ap.first_seen)));
    facts.add("Last", format!("{} UTC", words::date_clock(ap.last_seen)));
    match ap.signal {
        Some(signal) => facts.add(
            "Signal",
            format!("{} to {} dBm, last {} dBm", signal.min_dbm, signal.max_dbm, signal.last_dbm),
        ),
        None => facts.add("Signal", "no frame carried one"),
    }
    let size = words::bytes(ap.bytes);
    facts.add("Frames", format!("{} ({size})", words::count(ap.frames)));
    if ap.sightings > 0 {
        let rows = words::counted(ap.sightings, "row", "rows");
        facts.add("Sightings", format!("{rows} of another program's table"));
    }
    if ap.heard_again > 0 {
        let words = format!("{} of these by another radio as well", words::count(ap.heard_again));
        facts.add("Heard again", words);
    }
    let mut kinds: Vec<_> = ap.kinds.iter().collect();
    kinds.sort_by(|one, other| other.1.cmp(one.1));
    let kinds: Vec<String> = kinds
        .into_iter()
        .take(5)
        .map(|(kind, count)| format!("{} {}", words::count(*count), kind.name()))
        .collect();
    if !kinds.is_empty() {
        facts.add("Of these", kinds.join(", "));
    }
    facts
}

fn place(ap: &AccessPoint, feed: &Feed) -> Facts {
    let mut facts = Facts::default();
    match feed.located.get(&ap.bssid) {
        Some(located) => {
            let place = &located.position;
            facts.add("Estimate", words::coordinates(place.lat_deg, place.lon_deg));
            let error = place.error_m.map(|error_m| words::metres(f64::from(error_m)));
            facts.add("Error (95 %)", error.map_or("not stated".to_owned(), |m| format!("± {m}")));
            use pw_analysis::locate::LocateMethod;
            let method = match located.method {
                LocateMethod::WeightedCentroid => {
                    format!("weighted by signal over {} places", located.cells)
                }
                LocateMethod::SinglePlace => "heard from one place only".to_owned(),
                LocateMethod::Imported => "stated by the imported file".to_owned(),
            };
            facts.add("How", method);
        }
        None => facts.add("Estimate", "unknown: never heard at a known position"),
    }
    facts
}

fn protection(ap: &AccessPoint, traits: Option<&NetworkTraits>) -> Facts {
    let mut facts = Facts::default();
    let Some(protection) = &ap.protection else {
        facts.add("Label", "unknown: no beacon or probe response was heard");
        return facts;
    };
    let security: &Security = &protection.security;
    if protection.label.is_weak() {
        facts.look("Label", format!("{}: badly protected", protection.label.name()));
    } else {
        facts.add("Label", protection.label.name());
    }
    let join = |names: Vec<String>| names.join(", ");
    let akm = join(security.akm().into_iter().map(|akm| akm.name()).collect());
    let pairwise = join(security.pairwise().into_iter().map(|c| c.name()).collect());
    let group = join(security.group().into_iter().map(|c| c.name()).collect());
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    facts.add_known("Key management", known(akm));
    facts.add_known("Pairwise ciphers", known(pairwise));
    facts.add_known("Group cipher", known(group));
    match ap.pmf() {
        Some("no") => facts.look("Management frames", "not protected"),
        Some("capable") => facts.add("Management frames", "protected if the client can"),
        Some(_) => facts.add("Management frames", "protection required"),
        None => {}
    }
    if let Some(rsn) = &security.rsn {
        facts.add_known("Group management", rsn.group_management.map(|c| c.name()));
    }
    if security.owe_transition {
        facts.add("OWE transition", "an open network with an encrypted twin");
    }
    match traits.and_then(|traits| traits.wps.as_ref()) {
        Some(wps) => wps_facts(wps, &mut facts),
        None if traits.is_some() => facts.add("WPS", "not announced"),
        None => {}
    }
    facts
}

fn wps_facts(wps: &Wps, facts: &mut Facts) {
    let state = match (wps.configured, wps.locked) {
        (_, Some(true)) => "on, locked",
        (Some(false), _) => "on, not set up",
        (Some(true), _) => "on, set up",
        (None, _) => "on",
    };
    facts.look("WPS", format!("{state}{}", if wps.version2 { ", version 2" } else { "" }));
    facts.add_known("WPS maker", wps.manufacturer.as_ref());
    let model: Vec<&str> =
        wps.model_name.iter().chain(&wps.model_number).map(String::as_str).collect();
    facts.add_known("WPS model", Some(model.join(" ")).filter(|model| !model.is_empty()));
    facts.add_known("WPS device", wps.device_name.as_ref());
}

fn radio(ap: &AccessPoint, traits: &NetworkTraits) -> Facts {
    let mut facts = Facts::default();
    facts.add_known("Standard", traits.standard.map(|standard| standard.name()));
    if let Some(channel) = ap.channel {
        let mhz = ap.frequency_mhz.map(|mhz| format!(", {mhz} MHz")).unwrap_or_default();
        facts.add("Channel", format!("{} in {}{mhz}", channel.number, channel.band.name()));
    }
    let width = traits.width.map(|width| {
        let centre = traits.center_mhz.map(|mhz| format!(", centre {mhz} MHz"));
        format!("{} MHz{}", width.mhz(), centre.unwrap_or_default())
    });
    facts.add_known("Width", width);
    let rate = traits.max_rate_100kbps.map(|rate| format!("{:.1} Mbit/s", f64::from(rate) / 10.0));
    facts.add_known("Highest rate", rate);
    facts.add_known("Spatial streams", traits.spatial_streams);
    let interval =
        traits.beacon_interval_tu.map(|tu| format!("{tu} TU ({:.0} ms)", f64::from(tu) * 1.024));
    facts.add_known("Beacon interval", interval);
    facts.add_known("Stations (said)", traits.station_count);
    let load = traits.channel_utilization.map(|load| words::percent(f64::from(load) / 255.0));
    facts.add_known("Channel load (said)", load);
    let capable = [
        (traits.ht, "HT"),
        (traits.vht, "VHT"),
        (traits.he, "HE"),
        (traits.eht, "EHT"),
        (traits.rnr, "reduced neighbour report"),
        (traits.multiple_bssid, "multiple BSSID"),
        (traits.ibss, "ad hoc"),
    ];
    let capable: Vec<&str> =
        capable.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
    facts.add_known("Announces", Some(capable.join(", ")).filter(|text| !text.is_empty()));
    facts.add_known("Country", traits.country.as_ref());
    facts
}

fn identity(ap: &AccessPoint, traits: Option<&NetworkTraits>, feed: &Feed) -> Facts {
    let mut facts = Facts::default();
    let vendor = (feed.vendor)(ap.bssid);
    match vendor {
        Some(vendor) => facts.add("Vendor", vendor),
        None if ap.bssid.is_locally_administered() => {
            facts.add("Vendor", "unknown: the address was given by software");
        }
        None => facts.add("Vendor", "unknown"),
    }
    if ap.hidden {
        facts.add("Name in beacons", "hidden");
    }
    let older: Vec<String> = ap.ssids.iter().skip(1).map(|ssid| ssid.text()).collect();
    facts.add_known("Earlier names", Some(older.join(", ")).filter(|text| !text.is_empty()));
    facts.add_known("Name as bytes", ap.ssids.first().map(|ssid| ssid.hex()));
    if let Some(traits) = traits {
        facts.add_known("Name of the device", traits.ap_name.as_ref());
        facts.add_known("Mesh", traits.mesh_id.as_ref().map(|mesh| mesh.text()));
        facts.add_known("Multi-link device", traits.mld_address);
        for link in &traits.mld_links {
            let address =
                link.address.map_or_else(|| "address not said".to_owned(), |a| a.to_string());
            facts.add("Link", format!("{}: {address}", link.link_id));
        }
    }
    let source = ap.advertisement_kind().map(|kind| match kind {
        AdvertisementKind::Beacon => "a beacon",
        AdvertisementKind::ProbeResponse => "a probe response",
        AdvertisementKind::NonTransmitted => "another network's beacon (multiple BSSID)",
        AdvertisementKind::ProbeRequest => "a probe request",
        AdvertisementKind::AssociationRequest => "an association request",
    });
    facts.add_known("Known from", source);
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn value(groups: &[Group], name: &str) -> Option<Fact> {
        groups.iter().flat_map(|group| &group.facts).find(|fact| fact.name == name).cloned()
    }

    #[test]
    fn an_open_network_needs_a_look_and_says_no_ciphers() {
        let snapshot = fixture::snapshot();
        let open = snapshot
            .access_points
            .iter()
            .find(|ap| ap.protection.as_ref().is_some_and(|p| p.label.name() == "OPEN"))
            .expect("the fixture has one");
        let groups = facts(open, &Feed::empty(fixture::now()));
        assert!(value(&groups, "Label").expect("said").look);
        assert_eq!(value(&groups, "Pairwise ciphers"), None);
        let place = value(&groups, "Estimate").expect("said");
        assert!(place.value.starts_with("unknown"), "no estimate was given: {}", place.value);
    }

    #[test]
    fn without_an_advertisement_nothing_is_invented() {
        let snapshot = fixture::snapshot();
        let ap = snapshot.access_points.iter().find(|ap| ap.advertisement.is_none());
        let groups = facts(ap.expect("the fixture has one"), &Feed::empty(fixture::now()));
        assert!(groups.iter().all(|group| group.title != "Radio"));
        assert!(value(&groups, "Label").expect("said").value.starts_with("unknown"));
        assert_eq!(value(&groups, "WPS"), None);
    }

    #[test]
    fn links_of_a_multi_link_device_are_listed() {
        let snapshot = fixture::snapshot();
        let mld = snapshot
            .access_points
            .iter()
            .find(|ap| ap.advertisement.as_ref().is_some_and(|a| !a.traits.mld_links.is_empty()));
        let groups = facts(mld.expect("the fixture has one"), &Feed::empty(fixture::now()));
        let links: Vec<_> =
            groups.iter().flat_map(|g| &g.facts).filter(|fact| fact.name == "Link").collect();
        assert_eq!(links.len(), 2);
        assert!(links[0].value.contains("not said"));
    }
}
