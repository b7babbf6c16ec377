//! What the beacons and probe responses of one BSSID say, taken together.

use super::malformed::{Walked, contradicts};
use super::{hex, text};
use crate::bytes::u8_at;
use crate::frame::Frame;
use crate::hash::SeededHash;
use crate::ieee80211::elements::operation::{self, Operation};
use crate::ieee80211::elements::{Element, Elements, id};
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, rsn};
use pw_model::{Akm, Cipher, FrameKind, RsnInfo, Security, SuiteSet};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most different names of one BSSID that are counted apart.
const MAX_VARIANTS: usize = 1024;

/// A set of numbers below 256.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers([u64; 4]);

impl Numbers {
    #[inline]
    fn insert(&mut self, number: u8) {
        if let Some(word) = self.0.get_mut(usize::from(number >> 6)) {
            *word |= 1 << (number & 63);
        }
    }

    fn contains(&self, number: u8) -> bool {
        self.0.get(usize::from(number >> 6)).is_some_and(|word| word >> (number & 63) & 1 != 0)
    }

    /// In order.
    fn to_vec(self) -> Vec<u8> {
        (0..=u8::MAX).filter(|number| self.contains(*number)).collect()
    }
}

/// The bytes of an element as they were seen last, as a hash that nobody in radio range can aim at:
/// the same bytes need no second decoding, and the bytes themselves would cost a cache miss each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct LastBytes(Option<u64>);

impl LastBytes {
    /// True when these bytes are others than the last.
    #[inline]
    fn is_new(&mut self, seed: SeededHash, bytes: &[u8]) -> bool {
        let now = Self(Some(seed.of(bytes)));
        std::mem::replace(self, now) != now
    }
}

/// A name and the frames that carried it.
type Named = (Vec<u8>, u64);

/// One BSSID.
#[derive(Debug, Default)]
pub(super) struct AccessPoint {
    beacons: u64,
    probe_responses: u64,
    /// The name heard last, its place in `names`, and frames that carried it and are not counted there.
    last_name: LastBytes,
    last_name_at: Option<usize>,
    last_name_frames: u64,
    names: Vec<Named>,
    hidden_in_beacon: bool,
    channels: Numbers,
    privacy: bool,
    rsn: Option<RsnInfo>,
    last_rsn: LastBytes,
    wpa: Option<SuiteSet>,
    last_wpa: LastBytes,
    wps: bool,
    mesh_ids: BTreeSet<String>,
    last_mesh_id: LastBytes,
    countries: BTreeSet<String>,
    last_country: LastBytes,
    signal_dbm: Option<(i8, i8)>,
    signals: u64,
    ids: Numbers,
    extensions: Numbers,
}

/// What came of adding a frame.
#[derive(Default)]
pub(super) struct Added<'a> {
    /// A name that this BSSID had not been heard with.
    pub(super) new_name: Option<&'a [u8]>,
    /// What the elements contradict; `None` when the frame has none that could be read.
    pub(super) walked: Option<Walked>,
}

impl AccessPoint {
    /// Adds a beacon or probe response.
    pub(super) fn add<'a>(
        &mut self,
        frame: &Frame<'a>,
        header: &Header,
        management: Option<&Management<'a>>,
        seed: SeededHash,
    ) -> Added<'a> {
        let is_beacon = header.kind == FrameKind::BEACON;
        let count = if is_beacon { &mut self.beacons } else { &mut self.probe_responses };
        *count = count.saturating_add(1);
        if let Some(signal) = frame.radio.signal_dbm {
            let (low, high) = self.signal_dbm.unwrap_or((signal, signal));
            self.signal_dbm = Some((low.min(signal), high.max(signal)));
            self.signals = self.signals.saturating_add(1);
        }
        let Some(Management::Beacon { capability, elements, .. }) = management else {
            return Added::default();
        };
        self.privacy |= capability.privacy();
        let (walked, name) = self.walk(*elements, seed);
        let new_name = name.and_then(|name| self.add_name(name, is_beacon, seed));
        Added { new_name, walked: Some(walked) }
    }

    /// Counts a name; returns it when it is no hidden one and not known to be counted.
    fn add_name<'a>(
        &mut self,
        name: &'a [u8],
        is_beacon: bool,
        seed: SeededHash,
    ) -> Option<&'a [u8]> {
        if name.iter().all(|byte| *byte == 0) {
            self.hidden_in_beacon |= is_beacon;
            return None;
        }
        if !self.last_name.is_new(seed, name) {
            self.last_name_frames = self.last_name_frames.saturating_add(1);
            return None;
        }
        let frames = std::mem::replace(&mut self.last_name_frames, 1);
        count_frames(&mut self.names, self.last_name_at, frames);
        self.last_name_at = self.names.iter().position(|(known, _)| known == name);
        if self.last_name_at.is_some() {
            return None;
        }
        if self.names.len() < MAX_VARIANTS {
            self.last_name_at = Some(self.names.len());
            self.names.push((name.to_vec(), 0));
        }
        Some(name)
    }

    /// All names with their frames, in the order they were first heard.
    fn names(&self) -> Vec<Named> {
        let mut names = self.names.clone();
        count_frames(&mut names, self.last_name_at, self.last_name_frames);
        names
    }

    /// One walk over the elements: what they say, what they contradict, and the network name.
    fn walk<'a>(
        &mut self,
        mut elements: Elements<'a>,
        seed: SeededHash,
    ) -> (Walked, Option<&'a [u8]>) {
        let bytes = elements.bytes();
        let start = elements.offset();
        let mut walked = Walked::default();
        let mut name = None;
        let [mut dsss, mut ht, mut he] = [None; 3];
        for element in elements.by_ref() {
            self.ids.insert(element.id);
            walked.contradicts |= contradicts(&element);
            match element.id {
                id::SSID => name = name.or(Some(element.body)),
                id::DSSS => dsss = dsss.or(Some(element.body)),
                id::HT_OPERATION => ht = ht.or(Some(element.body)),
                id::EXTENSION => {
                    if let Some(extension) = element.extension {
                        self.extensions.insert(extension);
                        if extension == id::EXT_HE_OPERATION {
                            he = he.or(Some(element.body));
                        }
                    }
                }
                _ => self.decode_element(&element, seed),
            }
        }
        if let Some(channel) = channel(dsss, ht, he) {
            self.channels.insert(channel);
        }
        if let Some(fault) = elements.fault() {
            walked.is_cut = true;
            // An element that is cut is there all the same, if it has an identifier and a length.
            let cut = usize::try_from(fault.offset).ok();
            let cut = cut.and_then(|offset| bytes.get(offset.saturating_sub(start)..));
            if let Some(id) = cut.filter(|rest| rest.len() >= 2).and_then(|rest| u8_at(rest, 0)) {
                self.ids.insert(id);
            }
        }
        (walked, name)
    }

    #[inline]
    fn decode_element(&mut self, element: &Element<'_>, seed: SeededHash) {
        match element.id {
            id::COUNTRY => {
                let code = element.body.get(..2).unwrap_or(&[]);
                if self.last_country.is_new(seed, code) && !code.is_empty() {
                    self.countries.insert(text(code));
                }
            }
            id::MESH_ID
                if !element.body.is_empty()
                    && self.mesh_ids.len() < MAX_VARIANTS
                    && self.last_mesh_id.is_new(seed, element.body) =>
            {
                self.mesh_ids.insert(text(element.body));
            }
            id::RSN => {
                if self.last_rsn.is_new(seed, element.body)
                    && let Some(info) = rsn::rsn(element.body)
                {
                    merge_rsn(self.rsn.get_or_insert_default(), &info);
                }
            }
            id::VENDOR => match element.vendor() {
                Some(id::VENDOR_WPA) if self.last_wpa.is_new(seed, element.body) => {
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
        let mut names = self.names();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let ssids: Vec<Value> = names
            .iter()
            .map(|(name, frames)| json!({ "hex": hex(name), "text": text(name), "frames": frames }))
            .collect();
        let rssi =
            self.signal_dbm.map(|(min, max)| json!({ "min": min, "max": max, "n": self.signals }));
        let has = |id: u8| self.ids.contains(id);
        let has_extension = |extension: u8| self.extensions.contains(extension);
        json!({
            "ssids": ssids,
            "beacons": self.beacons,
            "probe_responses": self.probe_responses,
            "channels": self.channels.to_vec(),
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
            "ie_ids": self.ids.to_vec(),
            "ext_ie_ids": self.extensions.to_vec(),
        })
    }
}

/// Adds frames to the count of the name at this place.
fn count_frames(names: &mut [Named], at: Option<usize>, frames: u64) {
    if let Some((_, count)) = at.and_then(|at| names.get_mut(at)) {
        *count = count.saturating_add(frames);
    }
}

/// The primary channel number: of the DSSS element, which is made for it, before HT operation and
/// the 6 GHz part of HE operation.
fn channel(dsss: Option<&[u8]>, ht: Option<&[u8]>, he: Option<&[u8]>) -> Option<u8> {
    let first = |body: Option<&[u8]>| u8_at(body?, 0);
    first(dsss)
        .or_else(|| first(ht))
        .or_else(|| operation::he(he?, Operation::default()).channel.map(|channel| channel.number))
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
