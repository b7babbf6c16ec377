//! What the beacons and probe responses of one BSSID say, taken together.

use super::malformed::{Walked, contradicts};
use super::{hex, text};
use crate::bytes::{array, u8_at};
use crate::frame::Frame;
use crate::hash::SeededHash;
use crate::ieee80211::elements::operation::{self, Operation};
use crate::ieee80211::elements::{Element, Elements, id};
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, rsn};
use pw_model::{Akm, Cipher, FrameKind, MacAddr, RsnInfo, Security, SuiteSet};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::num::NonZeroU64;

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
        let mut numbers = Vec::with_capacity(32);
        for (word, start) in self.0.into_iter().zip([0u8, 64, 128, 192]) {
            let mut left = word;
            while left != 0 {
                // Less than 64, so the sum stays below 256.
                let bit = u8::try_from(left.trailing_zeros()).unwrap_or(0);
                numbers.push(start.saturating_add(bit));
                left &= left.wrapping_sub(1);
            }
        }
        numbers
    }
}

/// The bytes of an element as they were seen last, as a hash that nobody in radio range can aim at:
/// the same bytes need no second decoding, and the bytes themselves would cost a cache miss each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct LastBytes(Option<NonZeroU64>);

impl LastBytes {
    /// True when these bytes are others than the last.
    #[inline]
    fn is_new(&mut self, seed: SeededHash, bytes: &[u8]) -> bool {
        let now = Self(Some(NonZeroU64::new(seed.of(bytes)).unwrap_or(NonZeroU64::MIN)));
        std::mem::replace(self, now) != now
    }
}

/// A name and the frames that carried it.
type Named = (Vec<u8>, u64);

/// One BSSID: what each frame changes, in three lines of the processor's cache, and beside it what
/// only new bytes change.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct AccessPoint {
    beacons: u64,
    probe_responses: u64,
    signals: u64,
    ids: Numbers,
    extensions: Numbers,
    channels: Numbers,
    /// The name heard last, its place among the names, and frames that carried it and are not counted there.
    last_name: LastBytes,
    last_name_frames: u64,
    last_name_at: Option<u16>,
    last_rsn: LastBytes,
    last_wpa: LastBytes,
    last_mesh_id: LastBytes,
    last_country: Option<[u8; 2]>,
    signal_dbm: Option<(i8, i8)>,
    hidden_in_beacon: bool,
    privacy: bool,
    wps: bool,
    said: Box<Said>,
}

/// What the elements of one BSSID were decoded to.
#[derive(Debug)]
struct Said {
    bssid: MacAddr,
    names: Vec<Named>,
    rsn: Option<RsnInfo>,
    wpa: Option<SuiteSet>,
    mesh_ids: BTreeSet<String>,
    countries: BTreeSet<String>,
}

/// What is read of the elements with one identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    /// That they are there.
    OnlyThere,
    Ssid,
    Dsss,
    HtOperation,
    Extension,
    Country,
    MeshId,
    Rsn,
    Vendor,
}

/// By identifier.
static MEANINGS: [Meaning; 256] = {
    let mut all = [Meaning::OnlyThere; 256];
    let mut id = 0u8;
    let mut rest = all.as_mut_slice();
    while let [meaning, others @ ..] = rest {
        *meaning = match id {
            id::SSID => Meaning::Ssid,
            id::DSSS => Meaning::Dsss,
            id::HT_OPERATION => Meaning::HtOperation,
            id::EXTENSION => Meaning::Extension,
            id::COUNTRY => Meaning::Country,
            id::MESH_ID => Meaning::MeshId,
            id::RSN => Meaning::Rsn,
            id::VENDOR => Meaning::Vendor,
            _ => Meaning::OnlyThere,
        };
        id = id.wrapping_add(1);
        rest = others;
    }
    all
};

impl Meaning {
    #[inline]
    fn of(id: u8) -> Self {
        MEANINGS.get(usize::from(id)).copied().unwrap_or(Self::OnlyThere)
    }
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
    /// Of which nothing was heard.
    pub(super) fn new(bssid: MacAddr) -> Self {
        Self {
            beacons: 0,
            probe_responses: 0,
            signals: 0,
            ids: Numbers::default(),
            extensions: Numbers::default(),
            channels: Numbers::default(),
            last_name: LastBytes::default(),
            last_name_frames: 0,
            last_name_at: None,
            last_rsn: LastBytes::default(),
            last_wpa: LastBytes::default(),
            last_mesh_id: LastBytes::default(),
            last_country: None,
            signal_dbm: None,
            hidden_in_beacon: false,
            privacy: false,
            wps: false,
            said: Box::new(Said {
                bssid,
                names: Vec::new(),
                rsn: None,
                wpa: None,
                mesh_ids: BTreeSet::new(),
                countries: BTreeSet::new(),
            }),
        }
    }

    /// Its address.
    pub(super) const fn bssid(&self) -> MacAddr {
        self.said.bssid
    }

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
    #[inline]
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
        self.add_other_name(name)
    }

    #[cold]
    fn add_other_name<'a>(&mut self, name: &'a [u8]) -> Option<&'a [u8]> {
        let frames = std::mem::replace(&mut self.last_name_frames, 1);
        let names = &mut self.said.names;
        count_frames(names, self.last_name_at, frames);
        let place = names.iter().position(|(known, _)| known == name);
        let new = names.len();
        let is_new = place.is_none();
        if is_new && new < MAX_VARIANTS {
            names.push((name.to_vec(), 0));
        }
        let place = place.or_else(|| (new < MAX_VARIANTS).then_some(new));
        self.last_name_at = place.and_then(|at| u16::try_from(at).ok());
        is_new.then_some(name)
    }

    /// All names with their frames, in the order they were first heard.
    fn names(&self) -> Vec<Named> {
        let mut names = self.said.names.clone();
        count_frames(&mut names, self.last_name_at, self.last_name_frames);
        names
    }

    /// One walk over the elements: what they say, what they contradict, and the network name.
    #[inline]
    fn walk<'a>(
        &mut self,
        mut elements: Elements<'a>,
        seed: SeededHash,
    ) -> (Walked, Option<&'a [u8]>) {
        let bytes = elements.bytes();
        let start = elements.offset();
        let mut walked = Walked::default();
        let mut name = None;
        // The primary channel by the first element of each kind; one may be too short to say it.
        let [mut dsss, mut ht] = [None; 2];
        let mut he = None;
        for element in elements.by_ref() {
            let Element { id, extension, body, .. } = element;
            self.ids.insert(id);
            walked.contradicts |= contradicts(&element);
            match Meaning::of(id) {
                Meaning::OnlyThere => {}
                Meaning::Ssid => name = name.or(Some(body)),
                Meaning::Dsss => dsss = dsss.or(Some(u8_at(body, 0))),
                Meaning::HtOperation => ht = ht.or(Some(u8_at(body, 0))),
                Meaning::Extension => {
                    if let Some(extension) = extension {
                        self.extensions.insert(extension);
                        if extension == id::EXT_HE_OPERATION {
                            he = he.or(Some(body));
                        }
                    }
                }
                Meaning::Country => self.add_country(body),
                Meaning::MeshId => self.add_mesh_id(body, seed),
                Meaning::Rsn => self.add_rsn(body, seed),
                Meaning::Vendor => match array(body, 0) {
                    Some(id::VENDOR_WPA) => self.add_wpa(body, seed),
                    Some(id::VENDOR_WPS) => self.wps = true,
                    _ => {}
                },
            }
        }
        // The DSSS element is made for the channel; then come HT operation and the 6 GHz part of HE operation.
        let channel = dsss.flatten().or(ht.flatten()).or_else(|| he_channel(he?));
        if let Some(channel) = channel {
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
    fn add_country(&mut self, body: &[u8]) {
        let code = array::<2>(body, 0);
        if code != self.last_country
            && let Some(code) = code
        {
            self.last_country = Some(code);
            self.said.countries.insert(text(&code));
        }
    }

    fn add_mesh_id(&mut self, name: &[u8], seed: SeededHash) {
        if !name.is_empty()
            && self.said.mesh_ids.len() < MAX_VARIANTS
            && self.last_mesh_id.is_new(seed, name)
        {
            self.said.mesh_ids.insert(text(name));
        }
    }

    #[inline]
    fn add_rsn(&mut self, body: &[u8], seed: SeededHash) {
        if self.last_rsn.is_new(seed, body)
            && let Some(info) = rsn::rsn(body)
        {
            merge_rsn(self.said.rsn.get_or_insert_default(), &info);
        }
    }

    fn add_wpa(&mut self, body: &[u8], seed: SeededHash) {
        if self.last_wpa.is_new(seed, body) {
            let suites = rsn::wpa(body).unwrap_or_default();
            merge(self.said.wpa.get_or_insert_default(), &suites);
        }
    }

    fn security(&self) -> Security {
        Security {
            privacy: self.privacy,
            wpa: self.said.wpa.clone(),
            rsn: self.said.rsn.clone(),
            owe_transition: false,
        }
    }

    /// The label by the rules of [`pw_model::SecurityLabel`].
    pub(super) fn label(&self) -> &'static str {
        self.security().label().name()
    }

    pub(super) fn to_json(&self) -> Value {
        let rsn = self.said.rsn.clone().unwrap_or_default();
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
            "rsn": self.said.rsn.is_some(),
            "wpa1": self.said.wpa.is_some(),
            "security_label": self.label(),
            "akm": names_of(&rsn.suites.akm, |akm| akm.name()),
            "wpa1_akm": names_of(self.said.wpa.as_ref().map_or(&[][..], |wpa| &wpa.akm), |akm: &Akm| akm.name()),
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
            "mesh_ids": self.said.mesh_ids,
            "country": self.said.countries,
            "rssi": rssi,
            "ie_ids": self.ids.to_vec(),
            "ext_ie_ids": self.extensions.to_vec(),
        })
    }
}

/// Adds frames to the count of the name at this place.
fn count_frames(names: &mut [Named], at: Option<u16>, frames: u64) {
    if let Some((_, count)) = at.and_then(|at| names.get_mut(usize::from(at))) {
        *count = count.saturating_add(frames);
    }
}

#[cold]
fn he_channel(body: &[u8]) -> Option<u8> {
    operation::he(body, Operation::default()).channel.map(|channel| channel.number)
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
