//! What the survey knows at one moment: plain data, shared by `Arc`, read by views, analyses,
//! reports and exports. Whoever holds one sees no change.

use crate::tracker::guard::Guard;
use pw_model::words::counted;
use pw_model::{
    Advertisement, AdvertisementKind, Channel, ClockState, FrameKind, GapCause, Health, MacAddr,
    Origin, Position, RadioId, Security, SecurityLabel, SensorId, Ssid, TimeRange, Timestamp,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Which survey this is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SurveyInfo {
    /// Its folder.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
}

/// The state of a survey, or of a stretch of time of it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Counts up with every change; equal revisions of one survey are equal snapshots.
    pub revision: u64,
    /// Which survey.
    pub survey: SurveyInfo,
    /// The stretch of time that was asked for; `None` for all.
    pub selected: Option<TimeRange>,
    /// First to last time of anything in it; `None` when nothing is in it.
    pub range: Option<TimeRange>,
    /// Access points by BSSID.
    pub access_points: Vec<Arc<AccessPoint>>,
    /// Clients by address.
    pub clients: Vec<Arc<Client>>,
    /// Where the sensors were, by time; thinned to what a map can show.
    pub track: Arc<Vec<TrackPoint>>,
    /// Use of each channel, by frequency.
    pub channels: Vec<ChannelUse>,
    /// Streams that gave data.
    pub sensors: Vec<SensorState>,
    /// Stated losses, by time.
    pub gaps: Arc<Vec<GapRow>>,
    /// Recordings, by time.
    pub drives: Vec<Drive>,
    /// Counts over everything.
    pub totals: Totals,
}

impl Snapshot {
    /// Where the data comes from; what is simulated must be labelled so wherever it is shown.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        let mut origins: Vec<Origin> = self.sensors.iter().map(|sensor| sensor.origin).collect();
        origins.sort();
        origins.dedup();
        origins
    }

    /// True when any of the data was made by the simulator.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.origins().contains(&Origin::Simulated)
    }

    /// The access point with this BSSID.
    #[must_use]
    pub fn access_point(&self, bssid: MacAddr) -> Option<&Arc<AccessPoint>> {
        self.access_points
            .binary_search_by_key(&bssid, |ap| ap.bssid)
            .ok()
            .map(|at| &self.access_points[at])
    }
}

/// Signal strength over everything heard, in dBm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalStats {
    /// Strongest.
    pub max_dbm: i8,
    /// Weakest.
    pub min_dbm: i8,
    /// Latest.
    pub last_dbm: i8,
}

/// Signal of one stretch of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SignalPoint {
    /// Middle of the stretch.
    pub time: Timestamp,
    /// Strongest in dBm.
    pub max_dbm: i8,
    /// Mean of the dBm values.
    pub mean_dbm: f32,
    /// Frames.
    pub frames: u32,
}

/// How strong a device was in one small cell of the map (about 8 m wide).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HeardCell {
    /// Mean of the sensor's places in the cell, weighted by frames.
    pub position: Position,
    /// Strongest in dBm.
    pub max_dbm: i8,
    /// Mean of the dBm values.
    pub mean_dbm: f32,
    /// Frames.
    pub frames: u32,
}

/// How well an access point is protected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// As announced.
    pub security: Security,
    /// Label derived from it.
    pub label: SecurityLabel,
}

/// A BSS.
#[derive(Clone, Debug)]
pub struct AccessPoint {
    /// BSSID.
    pub bssid: MacAddr,
    /// Names it was heard with, the latest first; empty when only hidden.
    pub ssids: Vec<Ssid>,
    /// Its beacons carry no name.
    pub hidden: bool,
    /// Latest beacon or probe response; `None` when only other frames with this BSSID were heard.
    pub advertisement: Option<Arc<Advertisement>>,
    /// Protection, from the latest advertisement; `None` when none was heard.
    pub protection: Option<Protection>,
    /// Channel: as announced, else where it was heard most.
    pub channel: Option<Channel>,
    /// Frequency of that channel in MHz.
    pub frequency_mhz: Option<u16>,
    /// Beacons.
    pub beacons: u64,
    /// Receptions of frames that it sent.
    pub frames: u64,
    /// Rows of other programs' tables that list it; none of them is a frame.
    pub sightings: u64,
    /// Of the receptions, those of a frame that another radio of the same sensor heard as well: so many
    /// fewer frames it sent at least.
    pub heard_again: u64,
    /// Frames by kind.
    pub kinds: BTreeMap<FrameKind, u64>,
    /// Bytes that it sent.
    pub bytes: u64,
    /// Clients seen with it.
    pub clients: Vec<MacAddr>,
    /// First heard.
    pub first_seen: Timestamp,
    /// Last heard.
    pub last_seen: Timestamp,
    /// Signal over all; `None` when no frame carried one.
    pub signal: Option<SignalStats>,
    /// Signal over time, at most 256 points.
    pub history: Vec<SignalPoint>,
    /// Where it was heard, how strong; at most 1,024 cells, the strongest kept.
    pub heard: Vec<HeardCell>,
    /// A place stated by an imported file that has no raw signal rows; `None` otherwise.
    pub stated_position: Option<Position>,
    /// Streams that heard it.
    pub sensors: Vec<SensorId>,
    /// The person's note.
    pub note: Option<String>,
    /// Marked as known by the person.
    pub known: bool,
}

impl AccessPoint {
    /// The latest name as text; `None` when hidden.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.ssids.first().map(Ssid::text)
    }

    /// True when the elements themselves were heard, so that what they leave out is not announced.
    /// False for networks from another program's table, which tells only part.
    #[must_use]
    pub fn announced_in_full(&self) -> bool {
        self.advertisement.as_ref().is_some_and(|advertisement| !advertisement.elements.is_empty())
    }

    /// Protected management frames: `required`, `capable` or `no`; `None` when nothing says it.
    #[must_use]
    pub fn pmf(&self) -> Option<&'static str> {
        let said = self.protection.as_ref()?.security.pmf()?;
        (said != "no" || self.announced_in_full()).then_some(said)
    }

    /// True when the latest advertisement was a beacon or probe response, not an import.
    #[must_use]
    pub fn advertisement_kind(&self) -> Option<AdvertisementKind> {
        self.advertisement.as_ref().map(|advertisement| advertisement.kind)
    }
}

/// A station that is no access point.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address.
    pub address: MacAddr,
    /// Network it was last seen with.
    pub bssid: Option<MacAddr>,
    /// Network names it asked for.
    pub probed: Vec<Ssid>,
    /// Latest probe or association request.
    pub advertisement: Option<Arc<Advertisement>>,
    /// The address is a pseudonym that a sensor made: it changes with the sensor's key, and says
    /// nothing of a maker or of whether the device itself uses a random address.
    pub pseudonym: bool,
    /// Receptions of frames that it sent.
    pub frames: u64,
    /// Of these, receptions of a frame that another radio of the same sensor heard as well: so many
    /// fewer frames it sent at least.
    pub heard_again: u64,
    /// Bytes that it sent.
    pub bytes: u64,
    /// First heard.
    pub first_seen: Timestamp,
    /// Last heard.
    pub last_seen: Timestamp,
    /// Signal over all.
    pub signal: Option<SignalStats>,
    /// Signal over time, at most 256 points.
    pub history: Vec<SignalPoint>,
    /// Where it was heard, how strong.
    pub heard: Vec<HeardCell>,
}

/// A point of a track.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TrackPoint {
    /// When.
    pub time: Timestamp,
    /// Which stream.
    pub sensor: SensorId,
    /// Where; `None` begins a gap in the track: the position was not known.
    pub position: Option<Position>,
    /// Speed over ground in metres per second.
    pub speed_mps: Option<f32>,
}

/// What was heard on one frequency, and how long was listened.
#[derive(Clone, PartialEq, Debug)]
pub struct ChannelUse {
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// Its channel; `None` for a frequency that is no channel's centre.
    pub channel: Option<Channel>,
    /// Time listened in nanoseconds, over all radios; `None` when no ledger covers it, as in an
    /// imported capture.
    pub listened_ns: Option<u64>,
    /// Access points whose channel it is.
    pub networks: u32,
    /// Frames heard.
    pub frames: u64,
    /// Airtime of the frames heard whose rate is known, in microseconds.
    pub airtime_us: u64,
    /// Strongest signal in dBm.
    pub strongest_dbm: Option<i8>,
    /// Retransmissions among the frames.
    pub retries: u64,
}

impl ChannelUse {
    /// Share of the listening time in which frames were on the air, 0 to 1; `None` when not listened
    /// or not known.
    #[must_use]
    pub fn airtime_share(&self) -> Option<f64> {
        let listened_ns = self.listened_ns.filter(|ns| *ns > 0)?;
        Some((self.airtime_us as f64 * 1000.0 / listened_ns as f64).min(1.0))
    }
}

/// A stream of batches: a sensor, or an imported file.
#[derive(Clone, PartialEq, Debug)]
pub struct SensorState {
    /// Which.
    pub id: SensorId,
    /// Name given by its owner, or of the file.
    pub name: String,
    /// What its data is.
    pub origin: Origin,
    /// Radios with what is known of their hardware.
    pub radios: BTreeMap<RadioId, String>,
    /// Latest batch, by epoch: highest sequence number held without holes before it.
    pub received: BTreeMap<u64, u64>,
    /// Batches that are missing between those received.
    pub missing_batches: u64,
    /// Observations received.
    pub observations: u64,
    /// Of these, rows of another program's table.
    pub sightings: u64,
    /// Latest health record.
    pub health: Option<Health>,
    /// Latest clock record.
    pub clock: Option<ClockState>,
    /// First and last time of its data.
    pub range: Option<TimeRange>,
    /// Last time in the newest batch that was taken in, which may have come ahead of a backlog; `None`
    /// when none was since the survey was opened. By the clock of the stream, which may be set back: then it lies before the range's end.
    pub latest: Option<Timestamp>,
    /// Losses it stated, by cause, and what the survey lost of it.
    pub losses: BTreeMap<GapCause, LossTotals>,
    /// How it treats people's data, and what it says of its machine, its clock and its silence.
    pub guard: Guard,
}

/// Stated losses of one cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LossTotals {
    /// Records.
    pub gaps: u64,
    /// Frames lost, as far as counted.
    pub frames: u64,
    /// Records without a count.
    pub uncounted: u64,
}

/// A stated loss with its stream.
#[derive(Clone, PartialEq, Debug)]
pub struct GapRow {
    /// Which stream; all zeros for damage to the survey's files of which nothing tells whose data
    /// it held.
    pub sensor: SensorId,
    /// What was lost.
    pub gap: pw_model::Gap,
}

/// A recording: batches of one stream without a pause of more than 30 minutes.
#[derive(Clone, PartialEq, Debug)]
pub struct Drive {
    /// Number within the survey, by start time, from 1.
    pub number: u32,
    /// Which stream.
    pub sensor: SensorId,
    /// From when to when.
    pub range: TimeRange,
    /// Observations.
    pub observations: u64,
    /// Of these, rows of another program's table.
    pub sightings: u64,
    /// Length of the track in metres; `None` when no position was known.
    pub length_m: Option<f64>,
}

impl Drive {
    /// What is in it, in words.
    #[must_use]
    pub fn content_words(&self) -> String {
        content_words(self.observations, self.sightings)
    }
}

impl SensorState {
    /// What came from it, in words.
    #[must_use]
    pub fn content_words(&self) -> String {
        content_words(self.observations, self.sightings)
    }
}

impl Totals {
    /// What is stored, in words: `1,200 frames`, `80 sightings`, or both.
    #[must_use]
    pub fn content_words(&self) -> String {
        content_words(self.observations, self.sightings)
    }

    /// Frames heard and stored: the observations without the sightings.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.observations.saturating_sub(self.sightings)
    }
}

fn content_words(observations: u64, sightings: u64) -> String {
    let frames = observations.saturating_sub(sightings);
    let sighted = counted(sightings, "sighting", "sightings");
    match (frames, sightings) {
        (_, 0) => counted(frames, "frame", "frames"),
        (0, _) => sighted,
        _ => format!("{} and {sighted}", counted(frames, "frame", "frames")),
    }
}

/// Counts over everything in a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Batches.
    pub batches: u64,
    /// Observations: frames heard and stored, and sightings.
    pub observations: u64,
    /// Of these, sightings: rows of other programs' tables (WiGLE CSV), each of which says that a
    /// network was listed and stands for any number of frames.
    pub sightings: u64,
    /// Observations with a position.
    pub positioned: u64,
    /// Frames in stated gaps with a count.
    pub frames_lost: u64,
    /// Gaps without a count.
    pub uncounted_gaps: u64,
    /// Observations whose frame check sequence was wrong; counted here and per channel only.
    pub bad_fcs: u64,
    /// Observations without a readable header; counted here and per channel only.
    pub unreadable: u64,
    /// Access points dropped from memory because there were too many; the segments hold them.
    pub evicted_access_points: u64,
    /// Clients dropped from memory because there were too many; the segments hold them.
    pub evicted_clients: u64,
    /// Frames that more than one radio of a sensor heard, at least.
    pub frames_of_several_radios: u64,
    /// Observations that are a further reception of such a frame, at least. Less these, the
    /// observations are frames.
    pub heard_again: u64,
}
