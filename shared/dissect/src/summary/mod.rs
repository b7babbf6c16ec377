//! Counts over a whole capture, under the names that the reference summaries use.
//!
//! All frames of protocol version 0 count, also those with a wrong FCS, as in the tools the
//! reference was made with; so a damaged frame can bring an address that no station has.
//! What observes for a survey is stricter, see [`crate::observe`].

mod access_point;
mod malformed;
mod stations;
mod tally;

use crate::capture::CapturedFrame;
use crate::frame::{Fcs, Frame};
use crate::hash::SeededHash;
use crate::ieee80211::elements::id;
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, eapol};
pub use malformed::is_malformed;

use access_point::AccessPoint;
use pw_model::{AuthMode, FrameFlags, FrameKind, MacAddr, Timestamp};
use serde_json::{Map, Value, json};
use stations::{Role, Station, Stations};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use tally::{Kinds, Tally};

/// Most addresses, names and other distinct values counted apart; further ones count in the totals only.
const MAX_DISTINCT: usize = 100_000;

/// How many pairs of deauthentication are listed.
const TOP_PAIRS: usize = 10;

/// A set that stops growing at [`MAX_DISTINCT`].
fn insert<T: Ord>(set: &mut BTreeSet<T>, value: T) {
    if set.len() < MAX_DISTINCT {
        set.insert(value);
    }
}

/// Counts over the frames of a capture.
#[derive(Debug, Default)]
pub struct Summary {
    packets: u64,
    frames: u64,
    kinds: Kinds,
    stations: Stations,
    seed: SeededHash,
    /// In the order they were first heard; a station's number points here.
    access_points: Vec<AccessPoint>,
    ssids: HashSet<Vec<u8>, SeededHash>,
    probed: Tally<Vec<u8>>,
    fcs_good: u64,
    fcs_bad: u64,
    malformed: u64,
    retries: u64,
    protected: u64,
    deauthentications: u64,
    deauthentication_reasons: Tally<Option<u16>>,
    deauthentication_pairs: Tally<(Option<MacAddr>, Option<MacAddr>)>,
    deauthentication_seconds: BTreeMap<i64, u64>,
    disassociations: u64,
    disassociation_reasons: Tally<u16>,
    authentication: Tally<Option<u16>>,
    key_messages: Tally<u8>,
    eapol_types: Tally<u8>,
    pmkids: BTreeSet<[u8; 16]>,
    action_categories: Tally<u8>,
}

impl Summary {
    /// Adds one frame.
    pub fn add(&mut self, captured: &CapturedFrame<'_>) {
        let mut frame = Frame::nothing(captured.data);
        frame.read(captured.link_type, captured.data, captured.original_len, captured.fcs_len);
        self.add_frame(&frame, captured.time);
    }

    /// Adds one frame that is parsed already.
    pub fn add_frame(&mut self, frame: &Frame<'_>, time: Option<Timestamp>) {
        self.packets = self.packets.saturating_add(1);
        // Other protocol versions have another header, of which nothing is counted.
        let Some(header) = frame.header.as_ref().filter(|header| header.version == 0) else {
            return;
        };
        self.frames = self.frames.saturating_add(1);
        self.kinds.add(header.kind);
        let flag = |flag: FrameFlags| u64::from(header.flags.contains(flag));
        self.retries = self.retries.saturating_add(flag(FrameFlags::RETRY));
        self.protected = self.protected.saturating_add(flag(FrameFlags::PROTECTED));
        self.fcs_good = self.fcs_good.saturating_add(u64::from(frame.fcs == Fcs::Good));
        self.fcs_bad = self.fcs_bad.saturating_add(u64::from(frame.fcs == Fcs::Bad));
        let bssid = self.mark(header);
        let management = frame.management();
        let is_beacon = matches!(header.kind, FrameKind::BEACON | FrameKind::PROBE_RESPONSE);
        // Beacons are most of the air: their elements are walked over once, for both questions.
        let walked = if is_beacon {
            self.add_access_point(bssid, frame, header, management.as_ref())
        } else {
            None
        };
        if malformed::is_malformed_after(frame, management.as_ref(), walked) {
            self.malformed = self.malformed.saturating_add(1);
        }
        if header.kind.is_management() {
            self.add_management(header, management.as_ref(), time);
        } else if header.kind.is_data() {
            self.add_eapol(frame);
        }
    }

    /// Counts the addresses of a frame by what they were seen as; what is known of the BSSID.
    fn mark(&mut self, header: &Header) -> Option<Station> {
        let transmitter = transmitter_field(header);
        let bssid = header.bssid().filter(|bssid| *bssid != MacAddr::BROADCAST);
        if transmitter.is_some() && transmitter == bssid {
            return self.stations.mark(transmitter, &[Role::Transmitter, Role::Bssid]);
        }
        self.stations.mark(transmitter, &[Role::Transmitter]);
        self.stations.mark(bssid, &[Role::Bssid])
    }

    fn add_management(
        &mut self,
        header: &Header,
        management: Option<&Management<'_>>,
        time: Option<Timestamp>,
    ) {
        match header.kind {
            FrameKind::PROBE_REQUEST => self.add_probe_request(header, management),
            FrameKind::DEAUTHENTICATION => {
                self.deauthentications = self.deauthentications.saturating_add(1);
                self.deauthentication_reasons.add(reason(management));
                self.deauthentication_pairs.add((header.transmitter(), header.receiver()));
                let second = time.map(|time| time.unix_ns().div_euclid(1_000_000_000));
                let seconds = self.deauthentication_seconds.len();
                if let Some(second) = second.filter(|_| seconds < MAX_DISTINCT) {
                    let count = self.deauthentication_seconds.entry(second).or_insert(0);
                    *count = count.saturating_add(1);
                }
            }
            FrameKind::DISASSOCIATION => {
                self.disassociations = self.disassociations.saturating_add(1);
                if let Some(reason) = reason(management) {
                    self.disassociation_reasons.add(reason);
                }
            }
            FrameKind::AUTHENTICATION => self.authentication.add(match management {
                Some(Management::Authentication { algorithm, .. }) => Some(*algorithm),
                _ => None,
            }),
            FrameKind::ACTION | FrameKind::ACTION_NO_ACK => {
                if let Some(Management::Action { category, .. }) = management {
                    self.action_categories.add(*category);
                }
            }
            _ => {}
        }
    }

    /// Adds a beacon or probe response; what its elements contradict, if they were walked over.
    fn add_access_point(
        &mut self,
        station: Option<Station>,
        frame: &Frame<'_>,
        header: &Header,
        management: Option<&Management<'_>>,
    ) -> Option<malformed::Walked> {
        let number = match station.and_then(Station::access_point) {
            Some(number) => number,
            None => self.new_access_point(header.bssid()?)?,
        };
        let access_point = self.access_points.get_mut(number)?;
        let added = access_point.add(frame, header, management, self.seed);
        if let Some(ssid) = added.new_name
            && self.ssids.len() < MAX_DISTINCT
            && !self.ssids.contains(ssid)
        {
            self.ssids.insert(ssid.to_vec());
        }
        added.walked
    }

    /// The number of a BSSID among the access points; `None` when it is new and there are too many.
    fn new_access_point(&mut self, bssid: MacAddr) -> Option<usize> {
        let station = self.stations.of(bssid)?;
        // The broadcast address may stand where a BSSID should.
        if let Some(number) = station.access_point() {
            return Some(number);
        }
        let number = self.access_points.len();
        if number >= MAX_DISTINCT {
            return None;
        }
        station.set_access_point(number);
        self.access_points.push(AccessPoint::new(bssid));
        Some(number)
    }

    fn add_probe_request(&mut self, header: &Header, management: Option<&Management<'_>>) {
        self.stations.mark(header.transmitter(), &[Role::Probing]);
        let elements = management.and_then(Management::elements);
        let ssid = elements.and_then(|elements| elements.find_id(id::SSID));
        self.probed.add_bytes(ssid.map_or(&[][..], |element| element.body));
    }

    fn add_eapol(&mut self, frame: &Frame<'_>) {
        let Some(packet) = frame.eapol() else { return };
        let Some(kind) = eapol::packet_type(packet) else { return };
        self.eapol_types.add(kind);
        let Some(key) = eapol::EapolKey::read(packet) else { return };
        if let Some(message) = key.message() {
            self.key_messages.add(message);
        }
        if let Some(pmkid) = key.pmkid() {
            insert(&mut self.pmkids, pmkid);
        }
    }

    /// Packets of any kind that were added.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// 802.11 frames of protocol version 0 among them.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The counts as the `wlan` object of the reference summaries: same keys, same order.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let access_points: Map<String, Value> = self
            .access_points
            .iter()
            .map(|access_point| (access_point.bssid().to_string(), access_point.to_json()))
            .collect();
        let mut labels = Tally::default();
        for access_point in &self.access_points {
            labels.add(access_point.label());
        }
        let mut fcs = Map::new();
        for (name, count) in [("good", self.fcs_good), ("bad", self.fcs_bad)] {
            if count > 0 {
                fcs.insert(name.to_owned(), json!(count));
            }
        }
        let texts: BTreeSet<String> = self.ssids.iter().map(|ssid| text(ssid)).collect();
        let address = |address: &Option<MacAddr>| {
            address.map_or_else(String::new, |address| address.to_string())
        };
        let bssids = self.stations.sorted(Role::Bssid);
        let mut json = json!({
            "wlan_frames": self.frames,
            "subtype_counts": self.kinds.to_json(),
            "unique_bssids": self.stations.count(Role::Bssid),
            "bssids": null,
            "ap_count": access_points.len(),
            "security_label_counts": labels.to_json(usize::MAX, |label| (*label).to_owned()),
            "aps": null,
            "unique_ssids": texts,
            "unique_transmitters": self.stations.count(Role::Transmitter),
            "probe_requests": {
                "by_ssid": self.probed.to_json(usize::MAX, |ssid| probed_name(ssid)),
                "unique_clients": self.stations.count(Role::Probing),
            },
            "fcs": fcs,
            "malformed_frames": self.malformed,
            "retry_frames": self.retries,
            "protected_frames": self.protected,
            "deauth": {
                "total": self.deauthentications,
                "by_reason": self.deauthentication_reasons.to_json(usize::MAX, reason_name),
                "top_pairs": self.deauthentication_pairs.to_json(TOP_PAIRS, |(from, to)| {
                    format!("{}>{}", address(from), address(to))
                }),
                "peak_per_second": self.deauthentication_seconds.values().max().copied().unwrap_or(0),
            },
            "disassoc": {
                "total": self.disassociations,
                "by_reason": self.disassociation_reasons.to_json(usize::MAX, ToString::to_string),
            },
            "auth_alg": self.authentication.to_json(usize::MAX, authentication_name),
            "eapol_key_messages": self.key_messages.to_json(usize::MAX, |message| format!("m{message}")),
            "eapol_types": self.eapol_types.to_json(usize::MAX, ToString::to_string),
            "pmkids": self.pmkids.iter().map(|pmkid| hex(pmkid)).collect::<Vec<_>>(),
            "action_categories": self.action_categories.to_json(usize::MAX, ToString::to_string),
        });
        // The macro would copy these, key by key.
        if let Some(place) = json.get_mut("bssids") {
            *place = bssids.iter().map(|bssid| Value::String(bssid.to_string())).collect();
        }
        if let Some(place) = json.get_mut("aps") {
            *place = Value::Object(access_points);
        }
        json
    }
}

/// The transmitter address field; DMG and S1G beacons name their sender in another field.
fn transmitter_field(header: &Header) -> Option<MacAddr> {
    header.transmitter().filter(|_| header.kind.frame_type() != Some(3))
}

fn reason(management: Option<&Management<'_>>) -> Option<u16> {
    match management {
        Some(
            Management::Deauthentication { reason, .. } | Management::Disassociation { reason, .. },
        ) => Some(*reason),
        _ => None,
    }
}

fn reason_name(reason: &Option<u16>) -> String {
    reason.map_or_else(|| "encrypted_or_none".to_owned(), |reason| reason.to_string())
}

/// `[]` is how the reference writes an algorithm that cannot be read, in an encrypted challenge.
fn authentication_name(algorithm: &Option<u16>) -> String {
    algorithm.map_or_else(|| "[]".to_owned(), |algorithm| AuthMode(algorithm).name())
}

fn probed_name(ssid: &[u8]) -> String {
    if ssid.is_empty() { "<wildcard>".to_owned() } else { text(ssid) }
}

/// Text of a name, with the replacement character for what is not UTF-8, as the reference has it.
fn text(ssid: &[u8]) -> String {
    String::from_utf8_lossy(ssid).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
