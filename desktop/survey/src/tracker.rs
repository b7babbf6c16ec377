//! From batches to devices: what a survey knows is what this makes of its batches, in any session.
//!
//! Pure. The same batches give the same state whatever order they come in, as far as bounds are not
//! reached and no frame of unsaid role comes before its device is known. That two receptions are of one
//! frame is told within a batch, and across two when they come in their order.

mod adverts;
mod cells;
pub(crate) mod device;
pub(crate) mod guard;
mod history;
mod receptions;
mod rows;
mod sighting;
pub(crate) mod stream;
#[cfg(test)]
mod tests;
pub(crate) mod track;

use crate::losses::Losses;
use crate::received::Received;
use crate::snapshot::{AccessPoint, Client, Snapshot, Totals};
use adverts::Adverts;
use device::{ApPart, Device, Names, Role, say};
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, ClientAddresses, FrameFlags, FrameKind, Gap,
    GapCause, MacAddr, Observation, SensorId, TimeRange, Timestamp,
};
use pw_wire::{Batch, BatchId, LossRecord, LostBatches, UserRecord};
use receptions::Reception;
use serde::{Deserialize, Serialize};
use sighting::{Seen, Sighting, sighting};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use stream::Stream;

/// Most access points and most clients in memory, each. When full, a sixteenth goes: those heard in
/// one frame first, the longest unheard first. They are counted in the totals; the segments keep
/// their frames, and a selection of a shorter time shows them.
const MAX_DEVICES: usize = if cfg!(test) { 1_600 } else { 500_000 };
/// Most stations listed with one network. When full, others are not listed.
const MAX_MEMBERS: usize = 4096;
/// Most stated losses listed. When full, others count in the totals only.
const MAX_GAPS: usize = 100_000;

/// Which kind of change has seen a device: the index of [`Device::changed`].
const FOR_ROWS: usize = 0;
const FOR_INDEX: usize = 1;

/// What is remembered of a network beside its own frames, whether or not these were heard.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bss {
    /// Stations seen with it.
    pub(crate) members: BTreeSet<MacAddr>,
    /// Names by which stations asked to join it.
    pub(crate) asked: Names,
    /// Changed since the last checkpoint.
    #[serde(skip)]
    unsaved: bool,
}

/// Use of one frequency.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ChannelCount {
    pub(crate) listened_ns: Option<u64>,
    pub(crate) frames: u64,
    pub(crate) airtime_us: u64,
    pub(crate) strongest_dbm: Option<i8>,
    pub(crate) retries: u64,
}

/// What the person wrote about a device, each with the time it was written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) note: Option<(Timestamp, String)>,
    pub(crate) known: Option<(Timestamp, bool)>,
}

/// Names a stated loss: its start, its stream, its batch and its place in it.
pub(crate) type GapKey = (Timestamp, SensorId, u64, u64, u32);

/// Everything that is small, stored as one value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Batches and user records taken in: the revision.
    pub(crate) revision: u64,
    pub(crate) totals: Counts,
    pub(crate) range: Option<TimeRange>,
    pub(crate) channels: BTreeMap<u16, ChannelCount>,
    pub(crate) marks: BTreeMap<MacAddr, Mark>,
    pub(crate) received: Received,
    access_points: u64,
    clients: u64,
}

/// [`Totals`] as stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    batches: u64,
    observations: u64,
    sightings: u64,
    positioned: u64,
    frames_lost: u64,
    uncounted_gaps: u64,
    bad_fcs: u64,
    unreadable: u64,
    evicted_access_points: u64,
    evicted_clients: u64,
    frames_of_several_radios: u64,
    heard_again: u64,
}

impl Counts {
    pub(crate) const fn totals(self) -> Totals {
        Totals {
            batches: self.batches,
            observations: self.observations,
            sightings: self.sightings,
            positioned: self.positioned,
            frames_lost: self.frames_lost,
            uncounted_gaps: self.uncounted_gaps,
            bad_fcs: self.bad_fcs,
            unreadable: self.unreadable,
            evicted_access_points: self.evicted_access_points,
            evicted_clients: self.evicted_clients,
            frames_of_several_radios: self.frames_of_several_radios,
            heard_again: self.heard_again,
        }
    }
}

/// Follows devices, networks, channels and streams through batches.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    pub(crate) head: Head,
    pub(crate) devices: HashMap<MacAddr, Device>,
    pub(crate) networks: HashMap<MacAddr, Bss>,
    pub(crate) streams: BTreeMap<SensorId, Stream>,
    pub(crate) gaps: BTreeMap<GapKey, Gap>,
    /// Batches that the survey held and lost.
    pub(crate) losses: Losses,
    /// Changed since the last checkpoint.
    pub(crate) losses_unsaved: bool,
    pub(crate) adverts: Adverts,
    /// Advertisements that came outside the selected time.
    known_before: Arc<HashMap<AdvertisementId, Arc<Advertisement>>>,
    /// Devices changed since the last snapshot, and gone ones.
    changed_rows: Vec<MacAddr>,
    /// Devices and networks changed since the last checkpoint; `None` when there is no index.
    unsaved: Option<Unsaved>,
    access_point_rows: BTreeMap<MacAddr, Arc<AccessPoint>>,
    client_rows: BTreeMap<MacAddr, Arc<Client>>,
    track_changed: bool,
    gaps_changed: bool,
    last: Option<Arc<Snapshot>>,
}

/// What a checkpoint has to write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unsaved {
    pub(crate) devices: Vec<MacAddr>,
    pub(crate) networks: Vec<MacAddr>,
    pub(crate) gaps: Vec<GapKey>,
}

/// How an observation was heard, beside what it says.
#[derive(Clone, Copy)]
struct Heard {
    /// Whether another radio of the sensor heard the same frame.
    reception: Reception,
    /// Addresses of clients are pseudonyms.
    pseudonyms: bool,
}

impl Tracker {
    /// Nothing heard yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing heard yet, but the advertisements that observations may refer to are known.
    pub(crate) fn with_advertisements(
        known: Arc<HashMap<AdvertisementId, Arc<Advertisement>>>,
    ) -> Self {
        Self { known_before: known, ..Self::default() }
    }

    /// From now on remembers what a checkpoint has to write.
    pub(crate) fn remember_unsaved(&mut self) {
        self.unsaved.get_or_insert_default();
    }

    /// There is no index any more.
    pub(crate) fn forget_unsaved(&mut self) {
        self.unsaved = None;
    }

    /// What a checkpoint has to write; remembering starts anew.
    pub(crate) fn take_unsaved(&mut self) -> Unsaved {
        let unsaved = self.unsaved.replace(Unsaved::default()).unwrap_or_default();
        for address in &unsaved.devices {
            if let Some(device) = self.devices.get_mut(address) {
                device.changed[FOR_INDEX] = false;
            }
        }
        for bssid in &unsaved.networks {
            if let Some(network) = self.networks.get_mut(bssid) {
                network.unsaved = false;
            }
        }
        unsaved
    }

    /// Takes a batch in. False when it was taken in before: then nothing changes.
    pub fn apply(&mut self, batch: &Batch) -> bool {
        if !self.head.received.insert(batch.id) {
            return false;
        }
        self.head.revision += 1;
        if self.losses.heal(batch.id) {
            self.losses_changed();
        }
        self.head.totals.batches += 1;
        if let Some(range) = batch.range() {
            self.head.range = Some(self.head.range.map_or(range, |known| known.union(&range)));
        }
        let sensor = batch.id.sensor;
        let stream = self.streams.entry(sensor).or_insert_with(|| Stream::new(batch));
        self.track_changed |= stream.apply(batch);
        let mut receptions = std::mem::take(&mut stream.receptions);
        receptions.begin(batch.id, &batch.observations);
        for advertisement in &batch.advertisements {
            let shared = self.adverts.add(advertisement);
            if shared.kind == AdvertisementKind::NonTransmitted {
                self.non_transmitted(&shared, advertisement.time, sensor);
            }
        }
        let pseudonyms = batch
            .privacy
            .as_ref()
            .is_some_and(|declared| declared.clients == ClientAddresses::Pseudonyms);
        for o in &batch.observations {
            let heard = Heard { reception: receptions.take(o), pseudonyms };
            self.observe(o, sensor, heard);
        }
        if let Some(stream) = self.streams.get_mut(&sensor) {
            stream.receptions = receptions;
        }
        for tune in &batch.tunes {
            let listened_ns =
                u64::try_from(tune.end.since(tune.start).as_nanos()).unwrap_or(u64::MAX);
            let channel = self.head.channels.entry(tune.frequency_mhz).or_default();
            channel.listened_ns =
                Some(channel.listened_ns.unwrap_or(0).saturating_add(listened_ns));
        }
        for (place, gap) in (0..).zip(&batch.gaps) {
            self.gap((gap.start, sensor, batch.id.epoch, batch.id.seq, place), gap);
        }
        true
    }

    /// Takes in a statement of lost batches, as far as they are not held.
    pub(crate) fn apply_loss(&mut self, record: &LossRecord) {
        let received = &self.head.received;
        let held = |lost: &LostBatches| {
            let id = BatchId { sensor: lost.sensor, epoch: lost.epoch, seq: lost.first };
            lost.first == lost.last && received.contains(id)
        };
        self.losses.names.extend(record.names.iter().cloned());
        let missing: Vec<LostBatches> =
            record.batches.iter().filter(|lost| !held(lost)).copied().collect();
        if missing.into_iter().filter(|lost| self.losses.state(*lost)).count() > 0 {
            self.losses_changed();
        }
    }

    /// The losses are others than at the last snapshot and checkpoint.
    pub(crate) fn losses_changed(&mut self) {
        self.head.revision += 1;
        self.gaps_changed = true;
        self.losses_unsaved = true;
    }

    /// Takes in what a person wrote; the later of two on the same matter holds.
    pub fn apply_user(&mut self, record: &UserRecord) {
        self.head.revision += 1;
        let device = match record {
            UserRecord::Note { time, device, text } => {
                let note = &mut self.head.marks.entry(*device).or_default().note;
                if note.as_ref().is_none_or(|(before, _)| before <= time) {
                    *note = Some((*time, text.clone()));
                }
                *device
            }
            UserRecord::Known { time, device, known } => {
                let mark = &mut self.head.marks.entry(*device).or_default().known;
                if mark.is_none_or(|(before, _)| before <= *time) {
                    *mark = Some((*time, *known));
                }
                *device
            }
        };
        self.touch(device);
    }

    fn gap(&mut self, key: GapKey, gap: &Gap) {
        match gap.frames {
            _ if gap.cause.is_wanted() => {}
            Some(frames) => {
                let lost = &mut self.head.totals.frames_lost;
                *lost = lost.saturating_add(frames);
            }
            None => self.head.totals.uncounted_gaps += 1,
        }
        let (key, gap) = match gap.cause {
            GapCause::Thinned => self.with_its_minute(key, gap),
            _ => (key, gap.clone()),
        };
        if self.gaps.len() < MAX_GAPS || self.gaps.contains_key(&key) {
            self.gaps.insert(key, gap);
            self.gaps_changed = true;
            if let Some(unsaved) = &mut self.unsaved {
                unsaved.gaps.push(key);
            }
        }
    }

    /// A thinned journal states a gap in nearly every batch: those of one radio within a minute are one
    /// row, whatever the order in which they come.
    fn with_its_minute(&self, key: GapKey, gap: &Gap) -> (GapKey, Gap) {
        let (start, sensor, epoch, _, _) = key;
        let minute = start.unix_ns().div_euclid(60_000_000_000);
        let start = Timestamp::from_unix_ns(minute.saturating_mul(60_000_000_000));
        // No batch has the number 0, so that no other gap has this key.
        let radio = gap.radio.map_or(u32::from(u8::MAX) + 1, |radio| u32::from(radio.0));
        let key = (start, sensor, epoch, 0, radio);
        let mut whole = gap.clone();
        if let Some(known) = self.gaps.get(&key) {
            whole.start = whole.start.min(known.start);
            whole.end = whole.end.max(known.end);
            whole.frames = match (whole.frames, known.frames) {
                (Some(one), Some(other)) => Some(one.saturating_add(other)),
                _ => None,
            };
        }
        (key, whole)
    }

    fn observe(&mut self, o: &Observation, sensor: SensorId, heard: Heard) {
        let bad_fcs = o.flags.contains(FrameFlags::BAD_FCS);
        let totals = &mut self.head.totals;
        totals.observations += 1;
        totals.sightings += u64::from(o.is_sighting());
        totals.positioned += u64::from(o.position.is_some());
        totals.bad_fcs += u64::from(bad_fcs);
        totals.unreadable += u64::from(o.kind == FrameKind::UNREADABLE);
        totals.frames_of_several_radios += u64::from(heard.reception == Reception::Second);
        totals.heard_again += u64::from(heard.reception != Reception::First);
        if let Some(frequency_mhz) = o.frequency_mhz {
            let channel = self.head.channels.entry(frequency_mhz).or_default();
            channel.frames += u64::from(!o.is_sighting());
            channel.airtime_us =
                channel.airtime_us.saturating_add(o.airtime_us.map_or(0, u64::from));
            channel.strongest_dbm = channel.strongest_dbm.max(o.signal_dbm);
            channel.retries += u64::from(!bad_fcs && o.flags.contains(FrameFlags::RETRY));
        }
        if let Some(found) = sighting(o) {
            self.sight(found, o, sensor, heard);
        }
    }

    fn sight(&mut self, found: Sighting, o: &Observation, sensor: SensorId, heard: Heard) {
        let Heard { reception, pseudonyms } = heard;
        if !self.devices.contains_key(&found.device) {
            if found.seen == Seen::Unsaid {
                return;
            }
            self.make_room(found.seen);
        }
        if let Some((bssid, member)) = found.joined {
            self.join(bssid, member);
        }
        let said = o.advertisement.and_then(|id| self.resolve(found.device, id));
        let device = self.devices.entry(found.device).or_insert_with(|| {
            count_device(&mut self.head, found.seen, 1);
            Device::new(role_of(found.seen), o.time)
        });
        if found.seen == Seen::AccessPoint && promote(device) {
            count_device(&mut self.head, Seen::AccessPoint, 1);
            count_device(&mut self.head, Seen::Client, -1);
        }
        device.hear(o, sensor);
        device.heard_again += u64::from(reception != Reception::First);
        match &mut device.role {
            Role::AccessPoint(part) => {
                part.beacons += u64::from(o.kind == FrameKind::BEACON && !o.is_sighting());
                if let Some(said) = &said {
                    announce(part, o.time, said);
                }
            }
            Role::Client(part) => {
                // The sensor replaces whatever is not an access point's address.
                part.pseudonym |= pseudonyms && found.device.is_locally_administered();
                if let Some(bssid) = found.bssid {
                    part.bssid = part.bssid.max(Some((o.time, bssid)));
                }
                if let Some(said) = &said {
                    if let (AdvertisementKind::ProbeRequest, Some(ssid)) =
                        (said.kind, &said.traits.ssid)
                    {
                        part.probed.note(ssid, o.time);
                    }
                    say(&mut part.request, o.time, said);
                }
            }
        }
        if let Some(said) = said
            && said.kind == AdvertisementKind::AssociationRequest
            && let (Some((bssid, _)), Some(ssid)) = (found.joined, &said.traits.ssid)
        {
            self.asked(bssid, ssid, o.time);
        }
        self.touch(found.device);
    }

    /// A network that only another's beacon speaks for.
    fn non_transmitted(&mut self, said: &Arc<Advertisement>, time: Timestamp, sensor: SensorId) {
        let bssid = said.transmitter;
        if bssid.is_multicast() || bssid == MacAddr::ZERO {
            return;
        }
        if !self.devices.contains_key(&bssid) {
            self.make_room(Seen::AccessPoint);
        }
        let device = self.devices.entry(bssid).or_insert_with(|| {
            count_device(&mut self.head, Seen::AccessPoint, 1);
            Device::new(role_of(Seen::AccessPoint), time)
        });
        if promote(device) {
            count_device(&mut self.head, Seen::AccessPoint, 1);
            count_device(&mut self.head, Seen::Client, -1);
        }
        device.seen(time);
        device.note_sensor(sensor);
        if let Role::AccessPoint(part) = &mut device.role {
            announce(part, time, said);
        }
        self.touch(bssid);
    }

    /// The advertisement with this identifier: what the device said last, else from the table.
    fn resolve(&self, device: MacAddr, id: AdvertisementId) -> Option<Arc<Advertisement>> {
        let last = self.devices.get(&device).and_then(|device| match &device.role {
            Role::AccessPoint(part) => [&part.beacon, &part.response]
                .into_iter()
                .flatten()
                .find(|said| said.what.0.id == id),
            Role::Client(part) => part.request.as_ref().filter(|said| said.what.0.id == id),
        });
        last.map(|said| &said.what.0)
            .or_else(|| self.adverts.get(id))
            .or_else(|| self.known_before.get(&id))
            .cloned()
    }

    fn network(&mut self, bssid: MacAddr) -> Option<&mut Bss> {
        if !self.networks.contains_key(&bssid) && self.networks.len() >= MAX_DEVICES {
            return None;
        }
        Some(self.networks.entry(bssid).or_default())
    }

    fn join(&mut self, bssid: MacAddr, member: MacAddr) {
        let Some(network) = self.network(bssid) else { return };
        if network.members.contains(&member) || network.members.len() >= MAX_MEMBERS {
            return;
        }
        network.members.insert(member);
        self.touch_network(bssid);
    }

    fn asked(&mut self, bssid: MacAddr, ssid: &pw_model::Ssid, time: Timestamp) {
        if self.network(bssid).is_some_and(|network| network.asked.note(ssid, time)) {
            self.touch_network(bssid);
        }
    }

    fn touch_network(&mut self, bssid: MacAddr) {
        if let Some(network) = self.networks.get_mut(&bssid)
            && let Some(unsaved) = &mut self.unsaved
            && !std::mem::replace(&mut network.unsaved, true)
        {
            unsaved.networks.push(bssid);
        }
        self.touch(bssid);
    }

    fn touch(&mut self, address: MacAddr) {
        let Some(device) = self.devices.get_mut(&address) else { return };
        if !std::mem::replace(&mut device.changed[FOR_ROWS], true) {
            self.changed_rows.push(address);
        }
        if let Some(unsaved) = &mut self.unsaved
            && !std::mem::replace(&mut device.changed[FOR_INDEX], true)
        {
            unsaved.devices.push(address);
        }
    }

    /// Makes room for one more device of a kind.
    fn make_room(&mut self, seen: Seen) {
        let access_points = seen == Seen::AccessPoint;
        let held = if access_points { self.head.access_points } else { self.head.clients };
        if held < MAX_DEVICES as u64 {
            return;
        }
        let of_kind = self.devices.iter().filter(|(_, d)| d.is_access_point() == access_points);
        let mut oldest: Vec<(bool, Timestamp, MacAddr)> = of_kind
            .map(|(address, d)| (d.frames + d.sightings > 1, d.last_seen, *address))
            .collect();
        let go = MAX_DEVICES / 16;
        // MAX_DEVICES of the kind are held, so `go` lies within.
        if go < oldest.len() {
            oldest.select_nth_unstable(go);
        }
        oldest.truncate(go);
        let gone = oldest.len() as u64;
        for (_, _, address) in oldest {
            self.devices.remove(&address);
            let network = access_points.then(|| self.networks.remove(&address)).flatten();
            self.changed_rows.push(address);
            if let Some(unsaved) = &mut self.unsaved {
                unsaved.devices.push(address);
                unsaved.networks.extend(network.map(|_| address));
            }
        }
        // Of the gone ones only those with a row matter; without this the list would grow for ever.
        self.changed_rows.retain(|address| {
            self.devices.contains_key(address)
                || self.access_point_rows.contains_key(address)
                || self.client_rows.contains_key(address)
        });
        count_device(&mut self.head, seen, -(gone as i64));
        let totals = &mut self.head.totals;
        if access_points {
            totals.evicted_access_points += gone;
        } else {
            totals.evicted_clients += gone;
        }
    }
}

fn role_of(seen: Seen) -> Role {
    match seen {
        Seen::AccessPoint => Role::AccessPoint(Box::default()),
        Seen::Client | Seen::Unsaid => Role::Client(Box::default()),
    }
}

fn count_device(head: &mut Head, seen: Seen, change: i64) {
    let count = match seen {
        Seen::AccessPoint => &mut head.access_points,
        Seen::Client | Seen::Unsaid => &mut head.clients,
    };
    *count = count.saturating_add_signed(change);
}

/// Makes an access point of what was taken for a client; true when it was one. Its frames stay.
fn promote(device: &mut Device) -> bool {
    let Role::Client(_) = &device.role else { return false };
    let beacons = device.kinds.iter().find(|(kind, _)| *kind == FrameKind::BEACON.0);
    let beacons = beacons.map_or(0, |(_, count)| *count);
    device.role = Role::AccessPoint(Box::new(ApPart { beacons, ..ApPart::default() }));
    true
}

/// An access point says what it is.
fn announce(part: &mut ApPart, time: Timestamp, said: &Arc<Advertisement>) {
    let slot = match said.kind {
        AdvertisementKind::Beacon | AdvertisementKind::NonTransmitted => &mut part.beacon,
        AdvertisementKind::ProbeResponse => &mut part.response,
        // What a station asks for is not what its network is.
        AdvertisementKind::ProbeRequest | AdvertisementKind::AssociationRequest => return,
    };
    say(slot, time, said);
    if let Some(ssid) = &said.traits.ssid {
        part.names.note(ssid, time);
    }
}
