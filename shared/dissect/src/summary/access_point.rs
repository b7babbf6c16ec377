//! What the beacons and probe responses of one BSSID say, taken together.

use super::{hex, text};
use crate::bytes::u8_at;
use crate::frame::Frame;
use crate::hash::StableHash;
use crate::ieee80211::elements::operation::{self, Operation};
use crate::ieee80211::elements::{Element, Elements, id};
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, rsn};
use pw_model::{Akm, Cipher, FrameKind, RsnInfo, Security, Ssid, SuiteSet};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

/// Most different names of one BSSID that are counted apart, and most different bodies that are
/// remembered so as not to be decoded again; bodies beyond are decoded each time.
const MAX_VARIANTS: usize = 1024;

/// One BSSID.
#[derive(Debug, Default)]
pub(super) struct AccessPoint {
    beacons: u64,
    probe_responses: u64,
    names: Vec<(Vec<u8>, u64)>,
    hidden_in_beacon: bool,
    channels: BTreeSet<u8>,
    privacy: bool,
    rsn: Option<RsnInfo>,
    wpa: Option<SuiteSet>,
    wps: bool,
    mesh_ids: BTreeSet<String>,
    countries: BTreeSet<String>,
    signal_dbm: Option<(i8, i8)>,
    signals: u64,
    ids: BTreeSet<u8>,
    extensions: BTreeSet<u8>,
    decoded: HashSet<u64>,
}

impl AccessPoint {
    /// Adds a beacon or probe response; returns its name, unless it hides it.
    pub(super) fn add<'a>(
        &mut self,
        frame: &Frame<'a>,
        header: &Header,
        management: Option<&Management<'a>>,
    ) -> Option<&'a [u8]> {
        let is_beacon = header.kind == FrameKind::BEACON;
        let count = if is_beacon { &mut self.beacons } else { &mut self.probe_responses };
        *count = count.saturating_add(1);
        if let Some(signal) = frame.radio.signal_dbm {
            let (low, high) = self.signal_dbm.unwrap_or((signal, signal));
            self.signal_dbm = Some((low.min(signal), high.max(signal)));
            self.signals = self.signals.saturating_add(1);
        }
        let Some(Management::Beacon { capability, elements, .. }) = management else { return None };
        self.privacy |= capability.privacy();
        let mut hash = StableHash::new();
        hash.bytes(elements.bytes());
        let is_known = self.decoded.contains(&hash.finish());
        if !is_known {
            if self.decoded.len() < MAX_VARIANTS {
                self.decoded.insert(hash.finish());
            }
            self.decode(*elements);
        }
        self.add_name(elements.find_id(id::SSID)?.body, is_beacon)
    }

    fn add_name<'a>(&mut self, name: &'a [u8], is_beacon: bool) -> Option<&'a [u8]> {
        if Ssid::new(name).is_hidden() {
            self.hidden_in_beacon |= is_beacon;
            return None;
        }
        let has_room = self.names.len() < MAX_VARIANTS;
        match self.names.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if has_room => self.names.push((name.to_vec(), 1)),
            None => {}
        }
        Some(name)
    }

    fn decode(&mut self, mut elements: Elements<'_>) {
        self.channels.extend(channel(elements));
        let bytes = elements.bytes();
        let start = elements.offset();
        for element in elements.by_ref() {
            self.ids.insert(element.id);
            self.extensions.extend(element.extension);
            self.decode_element(&element);
        }
        // An element that is cut is there all the same, if it has an identifier and a length.
        let cut = elements.fault().and_then(|fault| usize::try_from(fault.offset).ok());
        let cut = cut.and_then(|offset| bytes.get(offset.saturating_sub(start)..));
        self.ids.extend(cut.filter(|rest| rest.len() >= 2).and_then(|rest| u8_at(rest, 0)));
    }

    fn decode_element(&mut self, element: &Element<'_>) {
        match element.id {
            id::COUNTRY => {
                let code = element.body.get(..2).unwrap_or(&[]);
                self.countries.extend(Some(text(code)).filter(|code| !code.is_empty()));
            }
            id::MESH_ID if !element.body.is_empty() => {
                self.mesh_ids.insert(text(element.body));
            }
            id::RSN => {
                if let Some(info) = rsn::rsn(element.body) {
                    merge_rsn(self.rsn.get_or_insert_default(), &info);
                }
            }
            id::VENDOR => match element.vendor() {
                Some(id::VENDOR_WPA) => {
                    let suites = rsn::wpa(element.body).unwrap_or_default();
                    merge(self.wpa.get_or_insert_default(), &suites);
                }
                Some(id::VENDOR_WPS) => self.wps = true,
                _ => {}
            },
            _ => {}
        }
    }

    fn security(&self) -> Security {
        Security {
            privacy: self.privacy,
            wpa: self.wpa.clone(),
            rsn: self.rsn.clone(),
            owe_transition: false,
        }
    }

    /// The label by the rules of [`pw_model::SecurityLabel`].
    pub(super) fn label(&self) -> &'static str {
        self.security().label().name()
    }

    pub(super) fn to_json(&self) -> Value {
        let rsn = self.rsn.clone().unwrap_or_default();
        let mut names = self.names.clone();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let ssids: Vec<Value> = names
            .iter()
            .map(|(name, frames)| json!({ "hex": hex(name), "text": text(name), "frames": frames }))
            .collect();
        let rssi =
            self.signal_dbm.map(|(min, max)| json!({ "min": min, "max": max, "n": self.signals }));
        let has = |id: u8| self.ids.contains(&id);
        let has_extension = |extension: u8| self.extensions.contains(&extension);
        json!({
            "ssids": ssids,
            "beacons": self.beacons,
            "probe_responses": self.probe_responses,
            "channels": self.channels,
            "hidden_in_beacon": self.hidden_in_beacon,
            "privacy_bit": self.privacy,
            "rsn": self.rsn.is_some(),
            "wpa1": self.wpa.is_some(),
            "security_label": self.label(),
            "akm": names_of(&rsn.suites.akm, |akm| akm.name()),
            "wpa1_akm": names_of(self.wpa.as_ref().map_or(&[][..], |wpa| &wpa.akm), |akm: &Akm| akm.name()),
            "pairwise": names_of(&rsn.suites.pairwise, |cipher| cipher.name()),
            "group": rsn.suites.group.iter().map(|cipher: &Cipher| cipher.name()).collect::<Vec<_>>(),
            "mfp_capable": rsn.mfp_capable(),
            "mfp_required": rsn.mfp_required(),
            "wps": self.wps,
            "ht": has(id::HT_CAPABILITIES),
            "vht": has(id::VHT_CAPABILITIES),
            "he": has_extension(id::EXT_HE_CAPABILITIES),
            "eht": has_extension(id::EXT_EHT_CAPABILITIES),
            "multi_link": has_extension(id::EXT_MULTI_LINK),
            "rnr": has(id::REDUCED_NEIGHBOR_REPORT),
            "multiple_bssid": has(id::MULTIPLE_BSSID),
            "mesh_ids": self.mesh_ids,
            "country": self.countries,
            "rssi": rssi,
            "ie_ids": self.ids,
            "ext_ie_ids": self.extensions,
        })
    }
}

/// The primary channel number: of the DSSS element, which is made for it, before HT operation and
/// the 6 GHz part of HE operation.
fn channel(elements: Elements<'_>) -> Option<u8> {
    let number = |id: u8| u8_at(elements.find_id(id)?.body, 0);
    number(id::DSSS).or_else(|| number(id::HT_OPERATION)).or_else(|| {
        let operation = elements.find_extension(id::EXT_HE_OPERATION)?;
        operation::he(operation.body, Operation::default()).channel.map(|channel| channel.number)
    })
}

/// In the order of the suite numbers.
fn names_of<T: Ord>(items: &[T], name: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().collect::<BTreeSet<_>>().into_iter().map(name).collect()
}

/// Adds what one frame announces to what the others did.
fn merge(into: &mut SuiteSet, other: &SuiteSet) {
    into.group = into.group.or(other.group);
    for cipher in other
        .pairwise
        .iter()
        .filter(|_| into.pairwise.len() < MAX_VARIANTS)
        .copied()
        .collect::<Vec<_>>()
    {
        if !into.pairwise.contains(&cipher) {
            into.pairwise.push(cipher);
        }
    }
    for akm in
        other.akm.iter().filter(|_| into.akm.len() < MAX_VARIANTS).copied().collect::<Vec<_>>()
    {
        if !into.akm.contains(&akm) {
            into.akm.push(akm);
        }
    }
}

fn merge_rsn(into: &mut RsnInfo, other: &RsnInfo) {
    merge(&mut into.suites, &other.suites);
    into.capabilities |= other.capabilities;
    into.pmkid_count = into.pmkid_count.max(other.pmkid_count);
    into.group_management = into.group_management.or(other.group_management);
}
