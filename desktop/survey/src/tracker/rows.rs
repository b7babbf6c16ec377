//! The snapshot from the tracker's state. Rows of unchanged devices are used again.

use super::device::{ApPart, ClientPart, Device, Role};
use super::{Bss, FOR_ROWS, Mark, Tracker};
use crate::snapshot::{
    AccessPoint, ChannelUse, Client, Drive, GapRow, LossTotals, Protection, SensorState, Snapshot,
    SurveyInfo, Totals, TrackPoint,
};
use pw_model::{Channel, FrameKind, GapCause, MacAddr, SensorId, TimeRange};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Tracker {
    /// What is known now. Without any change since the last call it is the same snapshot.
    pub fn snapshot(&mut self, survey: &SurveyInfo, selected: Option<TimeRange>) -> Arc<Snapshot> {
        if let Some(last) = &self.last
            && last.revision == self.head.revision
            && last.selected == selected
        {
            return Arc::clone(last);
        }
        self.renew_rows();
        let access_points: Vec<_> = self.access_point_rows.values().cloned().collect();
        let lost: Vec<GapRow> = self.losses.gaps().collect();
        let snapshot = Arc::new(Snapshot {
            revision: self.head.revision,
            survey: survey.clone(),
            selected,
            range: self.head.range,
            channels: self.channels(&access_points),
            access_points,
            clients: self.client_rows.values().cloned().collect(),
            track: self.track(),
            sensors: self.streams.keys().filter_map(|id| self.sensor(*id, &lost)).collect(),
            gaps: self.gap_rows(&lost),
            drives: self.drives(),
            totals: self.totals(&lost),
        });
        self.track_changed = false;
        self.gaps_changed = false;
        self.last = Some(Arc::clone(&snapshot));
        snapshot
    }

    fn renew_rows(&mut self) {
        let no_network = Bss::default();
        let no_mark = Mark::default();
        for address in std::mem::take(&mut self.changed_rows) {
            self.access_point_rows.remove(&address);
            self.client_rows.remove(&address);
            let Some(device) = self.devices.get_mut(&address) else { continue };
            device.changed[FOR_ROWS] = false;
            match &device.role {
                Role::AccessPoint(part) => {
                    let network = self.networks.get(&address).unwrap_or(&no_network);
                    let mark = self.head.marks.get(&address).unwrap_or(&no_mark);
                    let row = access_point(address, device, part, network, mark);
                    self.access_point_rows.insert(address, Arc::new(row));
                }
                Role::Client(part) => {
                    self.client_rows.insert(address, Arc::new(client(address, device, part)));
                }
            }
        }
    }

    /// Marks every device as changed, after the state was loaded.
    pub(crate) fn renew_all(&mut self) {
        self.changed_rows = self.devices.keys().copied().collect();
        self.track_changed = true;
        self.gaps_changed = true;
    }

    fn channels(&self, access_points: &[Arc<AccessPoint>]) -> Vec<ChannelUse> {
        let mut networks: BTreeMap<u16, u32> = BTreeMap::new();
        for ap in access_points {
            if let Some(frequency_mhz) = ap.frequency_mhz {
                *networks.entry(frequency_mhz).or_default() += 1;
            }
        }
        let mut counts = self.head.channels.clone();
        // A network announces a channel on which nothing was heard, as through a neighbouring one.
        networks.keys().for_each(|mhz| {
            counts.entry(*mhz).or_default();
        });
        let row = |(frequency_mhz, count): (u16, super::ChannelCount)| ChannelUse {
            frequency_mhz,
            channel: Channel::from_frequency_mhz(frequency_mhz),
            listened_ns: count.listened_ns,
            networks: networks.get(&frequency_mhz).copied().unwrap_or(0),
            frames: count.frames,
            airtime_us: count.airtime_us,
            strongest_dbm: count.strongest_dbm,
            retries: count.retries,
        };
        counts.into_iter().map(row).collect()
    }

    fn track(&self) -> Arc<Vec<TrackPoint>> {
        if let Some(last) = self.last.as_ref().filter(|_| !self.track_changed) {
            return Arc::clone(&last.track);
        }
        let streams = self.streams.iter();
        let mut points: Vec<TrackPoint> =
            streams.flat_map(|(id, stream)| stream.track_points(*id)).collect();
        points.sort_by_key(|point| point.time);
        Arc::new(points)
    }

    fn gap_rows(&self, lost: &[GapRow]) -> Arc<Vec<GapRow>> {
        if let Some(last) = self.last.as_ref().filter(|_| !self.gaps_changed) {
            return Arc::clone(&last.gaps);
        }
        let rows = self.gaps.iter().map(|(key, gap)| GapRow { sensor: key.1, gap: gap.clone() });
        let mut rows: Vec<GapRow> = rows.chain(lost.iter().cloned()).collect();
        rows.sort_by_key(|row| row.gap.start);
        Arc::new(rows)
    }

    /// Counts with the losses of the survey's own files among the stated ones.
    fn totals(&self, lost: &[GapRow]) -> Totals {
        let mut totals = self.head.totals.totals();
        for row in lost {
            match row.gap.frames {
                Some(frames) => totals.frames_lost = totals.frames_lost.saturating_add(frames),
                None => totals.uncounted_gaps += 1,
            }
        }
        totals
    }

    fn drives(&self) -> Vec<Drive> {
        let streams = self.streams.iter();
        let mut drives: Vec<Drive> = streams.flat_map(|(id, stream)| stream.drives(*id)).collect();
        drives.sort_by_key(|drive| (drive.range.start, drive.sensor));
        for (number, drive) in (1..).zip(&mut drives) {
            drive.number = number;
        }
        drives
    }

    fn sensor(&self, id: SensorId, lost: &[GapRow]) -> Option<SensorState> {
        let stream = self.streams.get(&id)?;
        let stated = stream.losses.iter().map(|(cause, count)| (*cause, count.totals()));
        let mut losses: BTreeMap<GapCause, LossTotals> = stated.collect();
        for row in lost.iter().filter(|row| row.sensor == id) {
            let own = losses.entry(row.gap.cause).or_default();
            own.gaps += 1;
            own.frames = own.frames.saturating_add(row.gap.frames.unwrap_or(0));
            own.uncounted += u64::from(row.gap.frames.is_none());
        }
        Some(SensorState {
            id,
            name: stream.name.clone(),
            origin: stream.origin,
            radios: stream.radios.iter().map(|(id, (_, words))| (*id, words.clone())).collect(),
            received: self.head.received.first_runs(id),
            missing_batches: self.head.received.missing(id),
            observations: stream.observations,
            sightings: stream.sightings,
            health: stream.health.clone(),
            clock: stream.clock.clone(),
            range: stream.range,
            latest: stream.latest,
            losses,
            guard: stream.guard.clone(),
        })
    }
}

fn access_point(
    bssid: MacAddr,
    device: &Device,
    part: &ApPart,
    network: &Bss,
    mark: &Mark,
) -> AccessPoint {
    let mut names = part.names.clone();
    names.merge(&network.asked);
    // At equal times the beacon: it is what all are told.
    let said = match (&part.beacon, &part.response) {
        (Some(beacon), Some(response)) if response.time > beacon.time => Some(response),
        (beacon, response) => beacon.as_ref().or(response.as_ref()),
    };
    let advertisement = said.map(|said| Arc::clone(&said.what.0));
    let announced = advertisement.as_ref().and_then(|a| a.traits.channel);
    let heard_mhz = device.heard_most_mhz();
    let channel = announced.or_else(|| heard_mhz.and_then(Channel::from_frequency_mhz));
    let hidden = part.beacon.as_ref().is_some_and(|beacon| {
        let traits = &beacon.what.0.traits;
        // A mesh has no network name by design; it has a mesh identifier.
        traits.mesh_id.is_none() && traits.ssid.as_ref().is_none_or(|ssid| ssid.is_hidden())
    });
    AccessPoint {
        bssid,
        ssids: names.latest_first(),
        hidden,
        protection: advertisement.as_ref().map(|a| Protection {
            security: a.traits.security.clone(),
            label: a.traits.security.label(),
        }),
        advertisement,
        channel,
        frequency_mhz: channel.and_then(Channel::frequency_mhz).or(heard_mhz),
        beacons: part.beacons,
        frames: device.frames,
        sightings: device.sightings,
        heard_again: device.heard_again,
        kinds: device.kinds.iter().map(|(kind, count)| (FrameKind(*kind), *count)).collect(),
        bytes: device.bytes,
        clients: network.members.iter().copied().collect(),
        first_seen: device.first_seen,
        last_seen: device.last_seen,
        signal: device.signal.map(|signal| signal.stats()),
        history: device.history.points(),
        heard: device.cells.heard(),
        stated_position: None,
        sensors: device.sensors.clone(),
        note: mark.note.as_ref().map(|(_, text)| text.clone()).filter(|text| !text.is_empty()),
        known: mark.known.is_some_and(|(_, known)| known),
    }
}

fn client(address: MacAddr, device: &Device, part: &ClientPart) -> Client {
    Client {
        address,
        bssid: part.bssid.map(|(_, bssid)| bssid),
        probed: part.probed.latest_first(),
        advertisement: part.request.as_ref().map(|said| Arc::clone(&said.what.0)),
        pseudonym: part.pseudonym,
        frames: device.frames,
        heard_again: device.heard_again,
        bytes: device.bytes,
        first_seen: device.first_seen,
        last_seen: device.last_seen,
        signal: device.signal.map(|signal| signal.stats()),
        history: device.history.points(),
        heard: device.cells.heard(),
    }
}
