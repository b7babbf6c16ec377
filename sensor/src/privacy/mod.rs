//! Privacy at the sensor: what is heard of people is replaced or left out before anything is written.
//!
//! Everything here works on observations and advertisements, after the parser and before the batch:
//! nothing that was replaced or left out reaches the journal, the link or a survey.

mod bounded;
mod elements;
mod key;
mod roles;
mod settings;
mod zone;
mod zone_key;

pub use key::KeyError;
pub use settings::{HomeZone, PrivacyConfig, PrivacySettings, ZoneRecords};

use key::{IdentifierKey, Keys, PseudonymKey};
use pw_model::{
    Advertisement, AdvertisementKind, ClientAddresses, FrameFlags, FrameKind, MacAddr, Observation,
    Position, PrivacyDeclaration, Timestamp, Withheld, WithheldKind,
};
use roles::Roles;
use std::collections::BTreeMap;
use std::path::Path;
use zone::{Within, Zones};

/// Advertisements remembered as asking for a network by name; when more, the count of such requests
/// is too low by the frames that refer to forgotten ones.
const ASKING_MAX: usize = 131_072;

/// Applies the settings, and counts what it keeps back.
#[derive(Debug)]
pub struct Privacy {
    declaration: PrivacyDeclaration,
    pseudonyms: Option<PseudonymKey>,
    /// Makes the identifiers of advertisements, where anything is left out; drawn at each start and
    /// with each key of pseudonyms.
    identifiers: Option<IdentifierKey>,
    roles: Roles,
    zones: Zones,
    /// Identifiers, as heard, of requests that ask for a network by name.
    asking: bounded::BoundedSet<u64>,
    /// Not yet in a batch.
    pending: BTreeMap<WithheldKind, Withheld>,
    totals: BTreeMap<WithheldKind, u64>,
}

impl Privacy {
    /// Reads, or draws, the keys in the state folder.
    ///
    /// # Errors
    /// The keys cannot be read or written, or there is no randomness.
    pub fn open(
        settings: &PrivacySettings,
        state_dir: &Path,
        now: Option<Timestamp>,
    ) -> Result<Self, KeyError> {
        let mut keys = Keys::open(state_dir)?;
        let zone_key = (!settings.home_zones.is_empty()).then(|| keys.zone_key());
        let machine = now.is_some().then(zone::Machine::this);
        let zones = Zones::new(&settings.home_zones, zone_key, state_dir, machine)?;
        let pseudonyms = match settings.declaration.rotation_secs {
            Some(rotation_secs) if settings.declaration.clients == ClientAddresses::Pseudonyms => {
                Some(PseudonymKey::open(keys, rotation_secs, now)?)
            }
            _ if now.is_some() => {
                keys.forget_pseudonyms()?;
                None
            }
            _ => None,
        };
        let leaves_out = pseudonyms.is_some() || !settings.declaration.probe_names;
        let identifiers = if leaves_out { Some(IdentifierKey::draw()?) } else { None };
        Ok(Self {
            declaration: settings.declaration.clone(),
            pseudonyms,
            identifiers,
            roles: Roles::default(),
            zones,
            asking: bounded::BoundedSet::new(ASKING_MAX),
            pending: BTreeMap::new(),
            totals: BTreeMap::new(),
        })
    }

    /// What every batch states.
    #[must_use]
    pub const fn declaration(&self) -> &PrivacyDeclaration {
        &self.declaration
    }

    /// What was kept back since the start.
    #[must_use]
    pub const fn totals(&self) -> &BTreeMap<WithheldKind, u64> {
        &self.totals
    }

    /// What was kept back since this was last asked.
    pub fn take_withheld(&mut self) -> impl Iterator<Item = Withheld> {
        std::mem::take(&mut self.pending).into_values()
    }

    /// Counts something as kept back.
    pub fn withhold(&mut self, kind: WithheldKind, time: Timestamp, count: u64) {
        if count == 0 {
            return;
        }
        let nothing = Withheld { kind, start: time, end: time, count: 0 };
        let pending = self.pending.entry(kind).or_insert(nothing);
        pending.start = pending.start.min(time);
        pending.end = pending.end.max(time);
        pending.count = pending.count.saturating_add(count);
        let total = self.totals.entry(kind).or_default();
        *total = total.saturating_add(count);
    }

    /// The stream has come to `time`: draws a new key when the old one's time is over. True when it
    /// did: advertisements must be sent anew, because their identifiers change too.
    ///
    /// # Errors
    /// There is no randomness, or the old key cannot be overwritten.
    pub fn advance(&mut self, time: Timestamp) -> Result<bool, KeyError> {
        let Some(key) = &mut self.pseudonyms else { return Ok(false) };
        let drawn = key.advance(time);
        if !matches!(drawn, Ok(false)) {
            // One that stayed the same would join a client's pseudonyms of two periods.
            self.identifiers = Some(IdentifierKey::draw()?);
        }
        drawn
    }

    /// Rewrites what came of one frame, or leaves parts of it out.
    pub fn rewrite(&mut self, observation: &mut Observation, ads: &mut [Advertisement]) {
        self.count_payload(observation);
        self.names(observation, ads);
        // The identifiers as heard are hashes of what was sent, also of what is left out: whoever guesses
        // it could look whether the guess is right.
        if let Some(key) = &mut self.identifiers {
            observation.advertisement = observation.advertisement.map(|id| key.identifier(id));
            ads.iter_mut().for_each(|ad| ad.id = key.identifier(ad.id));
        }
        let Some(key) = &mut self.pseudonyms else { return };
        for ad in ads.iter() {
            self.roles.note_advertisement(ad);
        }
        let trusted = self.roles.note(observation);
        let mut left_out = 0;
        for ad in ads.iter_mut() {
            left_out += rewrite_advertisement(ad, key, &mut self.roles, trusted);
        }
        let mut replace = |address: Option<MacAddr>| {
            address.map(|address| match self.roles.stays(address, trusted) {
                Some(stays) => stays,
                None => key.pseudonym(address),
            })
        };
        let transmitter = replace(observation.transmitter);
        observation.receiver = replace(observation.receiver);
        observation.bssid = replace(observation.bssid);
        observation.transmitter = transmitter;
        self.withhold(WithheldKind::Elements, observation.time, left_out);
    }

    /// Leaves out the names of networks that clients ask for.
    fn names(&mut self, observation: &Observation, ads: &mut [Advertisement]) {
        if self.declaration.probe_names || observation.kind != FrameKind::PROBE_REQUEST {
            return;
        }
        for ad in ads.iter_mut().filter(|ad| ad.kind == AdvertisementKind::ProbeRequest) {
            if elements::leave_out_name(ad) {
                self.asking.insert(ad.id.0);
            }
        }
        if observation.advertisement.is_some_and(|id| self.asking.contains(id.0)) {
            self.withhold(WithheldKind::ProbeNames, observation.time, 1);
        }
    }

    fn count_payload(&mut self, o: &Observation) {
        if o.kind.is_data() && o.kind != FrameKind::UNREADABLE {
            self.withhold(WithheldKind::PayloadBytes, o.time, body_bytes(o));
        }
    }

    /// The receiver reports a place: says whether the report may be written down.
    pub fn reported(&mut self, place: Option<&Position>, time: Timestamp) -> bool {
        let Some(place) = place else { return true };
        let within = self.zones.reported(place);
        if within != Within::Outside {
            self.withhold(WithheldKind::HomeZonePositions, time, 1);
        }
        within == Within::Outside
    }

    /// The sensor stands at this place and is not moved: no fix is needed to know where it is.
    pub fn stand(&mut self, place: &Position) {
        self.zones.stand(place);
    }

    /// The last known place lies where nothing is recorded, or it may do so by now.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.zones.last() == Within::Nothing
    }

    /// The last known place lies in a home zone, or it may do so by now.
    #[must_use]
    pub fn is_in_home_zone(&self) -> bool {
        self.zones.last() != Within::Outside
    }

    /// Counts frames heard where nothing is recorded.
    pub fn silenced(&mut self, time: Timestamp) {
        self.withhold(WithheldKind::HomeZoneFrames, time, 1);
    }

    /// Takes the place from an observation in a home zone; false when nothing of it may be recorded.
    pub fn may_record(&mut self, observation: &mut Observation) -> bool {
        let Some(place) = &observation.position else { return true };
        match self.zones.at(place) {
            Within::Outside => true,
            Within::NoPosition => {
                observation.position = None;
                self.withhold(WithheldKind::HomeZonePositions, observation.time, 1);
                true
            }
            Within::Nothing => {
                self.silenced(observation.time);
                false
            }
        }
    }

    /// The place lies in a home zone.
    #[must_use]
    pub fn is_at_home(&self, place: &Position) -> bool {
        self.zones.at(place) != Within::Outside
    }

    /// The place, unless it lies in a home zone.
    #[must_use]
    pub fn shown(&self, place: Option<Position>) -> Option<Position> {
        place.filter(|place| self.zones.at(place) == Within::Outside)
    }
}

/// Bytes of a data frame's body on the air: its length without header and frame check sequence
/// (IEEE Std 802.11-2020, 9.2.3).
fn body_bytes(o: &Observation) -> u64 {
    let both = FrameFlags::TO_DS.with(FrameFlags::FROM_DS);
    let quality = o.kind.subtype().is_some_and(|subtype| subtype & 8 != 0);
    let mut header = 24 + 4;
    header += if o.flags.contains(both) { 6 } else { 0 };
    header += if quality { 2 } else { 0 };
    header += if quality && o.flags.contains(FrameFlags::ORDER) { 4 } else { 0 };
    u64::from(o.length.saturating_sub(header))
}

/// Replaces what names a client in an advertisement; gives the number of elements left out.
fn rewrite_advertisement(
    ad: &mut Advertisement,
    key: &mut PseudonymKey,
    roles: &mut Roles,
    trusted: Option<MacAddr>,
) -> u64 {
    ad.bssid = ad.bssid.map(|bssid| match roles.stays(bssid, trusted) {
        Some(stays) => stays,
        None => key.pseudonym(bssid),
    });
    if ad.kind == AdvertisementKind::NonTransmitted
        || roles.stays(ad.transmitter, trusted).is_some()
    {
        return elements::of_access_point(ad);
    }
    ad.transmitter = key.pseudonym(ad.transmitter);
    ad.traits.mld_address = ad.traits.mld_address.map(|address| key.pseudonym(address));
    for link in &mut ad.traits.mld_links {
        link.address = link.address.map(|address| key.pseudonym(address));
    }
    elements::of_client(ad)
}

#[cfg(test)]
mod tests;
