//! Plain rows of what a snapshot holds, as the command line prints and exports write them.
//!
//! The names of the fields are a promise to scripts: they only ever grow. Unknown is `None`.

use crate::shared::Places;
use crate::vendor::vendor;
use pw_analysis::locate::Located;
use pw_model::{MacAddr, MotionSample, SensorId, Ssid, Timestamp};
use pw_survey::{
    AccessPoint, ChannelUse, Client, Drive, GapRow, SensorState, SignalStats, Snapshot,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Signal strength in dBm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct SignalRow {
    /// Strongest.
    pub max: i8,
    /// Weakest.
    pub min: i8,
    /// Latest.
    pub last: i8,
}

impl From<SignalStats> for SignalRow {
    fn from(signal: SignalStats) -> Self {
        Self { max: signal.max_dbm, min: signal.min_dbm, last: signal.last_dbm }
    }
}

/// An estimated place.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct PlaceRow {
    /// Latitude in degrees.
    pub lat: f64,
    /// Longitude in degrees.
    pub lon: f64,
    /// Radius that holds the true place with 95 % probability, in metres.
    pub error_m: Option<f64>,
    /// How it came about.
    pub method: &'static str,
}

impl From<&Located> for PlaceRow {
    fn from(located: &Located) -> Self {
        Self {
            lat: rounded(located.position.lat_deg, 7),
            lon: rounded(located.position.lon_deg, 7),
            error_m: located.position.error_m.map(|error_m| rounded(f64::from(error_m), 1)),
            method: located.method.name(),
        }
    }
}

/// Digits that carry nothing make files larger and differences harder to see.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
}

/// A BSS.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct NetworkRow {
    /// BSSID.
    pub bssid: String,
    /// Latest name as text; null when only hidden or not heard.
    pub ssid: Option<String>,
    /// Latest name as hex digits.
    pub ssid_hex: Option<String>,
    /// Its beacons carry no name.
    pub hidden: bool,
    /// Security label; null when no beacon or probe response was heard.
    pub security: Option<&'static str>,
    /// Key management suites.
    pub akm: Option<Vec<String>>,
    /// Pairwise ciphers.
    pub pairwise: Option<Vec<String>>,
    /// Group ciphers.
    pub group: Option<Vec<String>>,
    /// Protection of management frames: `required`, `capable`, `no`; null without an RSN element.
    pub pmf: Option<&'static str>,
    /// Wi-Fi Protected Setup announced.
    pub wps: Option<bool>,
    /// Newest generation of 802.11.
    pub standard: Option<&'static str>,
    /// Primary channel number.
    pub channel: Option<u8>,
    /// Its centre in MHz.
    pub frequency_mhz: Option<u16>,
    /// Operating width in MHz.
    pub width_mhz: Option<u16>,
    /// Country code announced.
    pub country: Option<String>,
    /// Maker by the address's prefix.
    pub vendor: Option<&'static str>,
    /// Multi-link device that it is a link of.
    pub mld_address: Option<String>,
    /// Beacons.
    pub beacons: u64,
    /// Receptions of frames that it sent.
    pub frames: u64,
    /// Stations seen with it.
    pub clients: usize,
    /// First heard, RFC 3339 UTC.
    pub first_seen: String,
    /// Last heard, RFC 3339 UTC.
    pub last_seen: String,
    /// Signal.
    pub rssi_dbm: Option<SignalRow>,
    /// Estimated place.
    pub position: Option<PlaceRow>,
    /// The person's note; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Marked as known by the person; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
    /// True when all streams that heard it are simulated; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// Rows of other programs' tables that list it, which are no frames; left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub sightings: u64,
}

impl NetworkRow {
    /// The row of one access point.
    #[must_use]
    pub fn new(ap: &AccessPoint, place: Option<&Located>, snapshot: &Snapshot) -> Self {
        let traits = ap.advertisement.as_ref().map(|advertisement| &advertisement.traits);
        let security = ap.protection.as_ref().map(|protection| &protection.security);
        let ssid = ap.ssids.first();
        Self {
            bssid: ap.bssid.to_string(),
            ssid: ssid.map(Ssid::text),
            ssid_hex: ssid.map(Ssid::hex),
            hidden: ap.hidden,
            security: ap.protection.as_ref().map(|protection| protection.label.name()),
            akm: security.map(|s| s.akm().iter().map(|akm| akm.name()).collect()),
            pairwise: security.map(|s| s.pairwise().iter().map(|c| c.name()).collect()),
            group: security.map(|s| s.group().iter().map(|c| c.name()).collect()),
            pmf: ap.pmf(),
            wps: traits
                .map(|traits| traits.wps.is_some())
                .filter(|wps| *wps || ap.announced_in_full()),
            standard: traits.and_then(|traits| traits.standard).map(pw_model::Standard::name),
            channel: ap.channel.map(|channel| channel.number),
            frequency_mhz: ap.frequency_mhz,
            width_mhz: traits.and_then(|traits| traits.width).map(pw_model::ChannelWidth::mhz),
            country: traits.and_then(|traits| traits.country.clone()),
            vendor: vendor(ap.bssid),
            mld_address: traits.and_then(|t| t.mld_address).map(|address| address.to_string()),
            beacons: ap.beacons,
            frames: ap.frames,
            clients: ap.clients.len(),
            first_seen: ap.first_seen.rfc3339(),
            last_seen: ap.last_seen.rfc3339(),
            rssi_dbm: ap.signal.map(SignalRow::from),
            position: place.map(PlaceRow::from),
            note: ap.note.clone(),
            known: ap.known,
            simulated: all_simulated(&ap.sensors, snapshot),
            sightings: ap.sightings,
        }
    }
}

/// What is left out of a row.
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// True when every one of `sensors` is a simulated stream.
pub(crate) fn all_simulated(sensors: &[SensorId], snapshot: &Snapshot) -> bool {
    !sensors.is_empty()
        && sensors.iter().all(|id| {
            snapshot.sensors.iter().any(|s| s.id == *id && s.origin == pw_model::Origin::Simulated)
        })
}

/// Rows of all access points that pass `keep`.
#[must_use]
pub fn network_rows(
    snapshot: &Snapshot,
    places: &Places,
    keep: impl Fn(&AccessPoint) -> bool,
) -> Vec<NetworkRow> {
    let kept = snapshot.access_points.iter().filter(|ap| keep(ap));
    kept.map(|ap| NetworkRow::new(ap, places.get(&ap.bssid), snapshot)).collect()
}

/// A station that is no access point.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ClientRow {
    /// Its address.
    pub address: String,
    /// The address is a pseudonym that a sensor made.
    pub pseudonym: bool,
    /// The address was given by the device itself, as randomised ones are; `None` for a pseudonym,
    /// of which nobody knows.
    pub randomised: Option<bool>,
    /// Maker by the address's prefix.
    pub vendor: Option<&'static str>,
    /// Network it was last seen with.
    pub bssid: Option<String>,
    /// Names it asked for.
    pub probed: Vec<String>,
    /// Newest generation of 802.11 that it speaks.
    pub standard: Option<&'static str>,
    /// Receptions of frames that it sent.
    pub frames: u64,
    /// Of these, receptions of a frame that another radio of the same sensor heard as well, at least.
    pub heard_again: u64,
    /// Bytes that it sent.
    pub bytes: u64,
    /// First heard, RFC 3339 UTC.
    pub first_seen: String,
    /// Last heard, RFC 3339 UTC.
    pub last_seen: String,
    /// Signal.
    pub rssi_dbm: Option<SignalRow>,
    /// True when any stream of the survey is simulated: which streams heard a client is not kept, so
    /// it may be. Left out where none is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl ClientRow {
    /// The row of one client.
    #[must_use]
    pub fn new(client: &Client, snapshot: &Snapshot) -> Self {
        let traits = client.advertisement.as_ref().map(|advertisement| &advertisement.traits);
        Self {
            address: client.address.to_string(),
            pseudonym: client.pseudonym,
            randomised: (!client.pseudonym).then(|| client.address.is_locally_administered()),
            vendor: vendor(client.address),
            bssid: client.bssid.as_ref().map(MacAddr::to_string),
            probed: client.probed.iter().map(Ssid::text).collect(),
            standard: traits.and_then(|traits| traits.standard).map(pw_model::Standard::name),
            frames: client.frames,
            heard_again: client.heard_again,
            bytes: client.bytes,
            first_seen: client.first_seen.rfc3339(),
            last_seen: client.last_seen.rfc3339(),
            rssi_dbm: client.signal.map(SignalRow::from),
            simulated: snapshot.is_simulated(),
        }
    }
}

/// A stream of batches.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SensorRow {
    /// Identifier, 32 hex digits.
    pub id: String,
    /// Name of the sensor or file.
    pub name: String,
    /// `live`, `replay`, `simulated` or `imported`.
    pub origin: &'static str,
    /// Radios by number.
    pub radios: BTreeMap<String, String>,
    /// Observations received.
    pub observations: u64,
    /// Of these, rows of another program's table, which are no frames; left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub sightings: u64,
    /// Batches missing between those received.
    pub missing_batches: u64,
    /// First time of its data, RFC 3339 UTC.
    pub first: Option<String>,
    /// Last time of its data, RFC 3339 UTC.
    pub last: Option<String>,
    /// Frames it states as lost, by cause.
    pub frames_lost: BTreeMap<&'static str, u64>,
    /// Stated losses that nobody could count.
    pub uncounted_losses: u64,
    /// How it treats people's data, in words; null when it does not say.
    pub privacy: Option<String>,
    /// Purposes of declared audits.
    pub audits: Vec<String>,
    /// What never left the sensor.
    pub withheld: BTreeMap<&'static str, u64>,
    /// By radio, the frames that it sent while it listened, at most; null when that is not known.
    pub frames_sent: BTreeMap<String, Option<u64>>,
    /// Findings of its clock, in words.
    pub clock_findings: Vec<String>,
}

impl From<&SensorState> for SensorRow {
    fn from(sensor: &SensorState) -> Self {
        Self {
            id: sensor.id.to_string(),
            name: sensor.name.clone(),
            origin: sensor.origin.name(),
            radios: sensor
                .radios
                .iter()
                .map(|(id, what)| (id.0.to_string(), what.clone()))
                .collect(),
            observations: sensor.observations,
            sightings: sensor.sightings,
            missing_batches: sensor.missing_batches,
            first: sensor.range.map(|range| range.start.rfc3339()),
            last: sensor.range.map(|range| range.end.rfc3339()),
            frames_lost: sensor.losses.iter().map(|(c, loss)| (c.words(), loss.frames)).collect(),
            uncounted_losses: sensor.losses.values().map(|loss| loss.uncounted).sum(),
            privacy: sensor.guard.privacy_words(),
            audits: sensor.guard.audits.iter().cloned().collect(),
            withheld: sensor.guard.withheld.iter().map(|(k, n)| (k.key(), *n)).collect(),
            frames_sent: sensor
                .guard
                .transmitted
                .iter()
                .map(|(radio, stated)| {
                    let most = sensor.guard.sent.get(radio).or(stated.frames.known());
                    (radio.0.to_string(), most.copied())
                })
                .collect(),
            clock_findings: sensor.guard.clock_words(),
        }
    }
}

/// A recording.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DriveRow {
    /// Number within the survey, from 1.
    pub number: u32,
    /// Name of the sensor or file.
    pub sensor: Option<String>,
    /// From when, RFC 3339 UTC.
    pub start: String,
    /// Until when, RFC 3339 UTC.
    pub end: String,
    /// How long, in seconds.
    pub duration_secs: f64,
    /// Observations.
    pub observations: u64,
    /// Of these, rows of another program's table, which are no frames; left out where there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub sightings: u64,
    /// Length of the track in metres; null when no position was known.
    pub length_m: Option<f64>,
    /// True when its stream is simulated; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl DriveRow {
    /// The row of one drive.
    #[must_use]
    pub fn new(drive: &Drive, snapshot: &Snapshot) -> Self {
        Self {
            number: drive.number,
            sensor: sensor_name(drive.sensor, snapshot),
            start: drive.range.start.rfc3339(),
            end: drive.range.end.rfc3339(),
            duration_secs: rounded(drive.range.duration().as_secs_f64(), 3),
            observations: drive.observations,
            sightings: drive.sightings,
            length_m: drive.length_m.map(|length_m| rounded(length_m, 1)),
            simulated: all_simulated(&[drive.sensor], snapshot),
        }
    }
}

fn sensor_name(id: SensorId, snapshot: &Snapshot) -> Option<String> {
    snapshot.sensors.iter().find(|s| s.id == id).map(|s| s.name.clone())
}

/// A stated loss.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LossRow {
    /// Name of the sensor or file.
    pub sensor: Option<String>,
    /// Number of the radio; null when all.
    pub radio: Option<u8>,
    /// From when, RFC 3339 UTC.
    pub start: String,
    /// Until when, RFC 3339 UTC.
    pub end: String,
    /// Why.
    pub cause: &'static str,
    /// Frames lost; null when nobody can know.
    pub frames: Option<u64>,
    /// True when its stream is simulated; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl LossRow {
    /// The row of one gap.
    #[must_use]
    pub fn new(row: &GapRow, snapshot: &Snapshot) -> Self {
        Self {
            sensor: sensor_name(row.sensor, snapshot),
            radio: row.gap.radio.map(|radio| radio.0),
            start: row.gap.start.rfc3339(),
            end: row.gap.end.rfc3339(),
            cause: row.gap.cause.words(),
            frames: row.gap.frames,
            simulated: all_simulated(&[row.sensor], snapshot),
        }
    }
}

/// A quantity along the axes of an inertial sensor.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct AxesRow {
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
    /// Along z.
    pub z: f64,
}

impl AxesRow {
    fn new([x, y, z]: [f32; 3]) -> Self {
        let axis = |value: f32| rounded(f64::from(value), 5);
        Self { x: axis(x), y: axis(y), z: axis(z) }
    }
}

/// How a sensor moved: means over the time since the sample before.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MotionRow {
    /// When, RFC 3339 UTC.
    pub time: String,
    /// Name of the sensor.
    pub sensor: Option<String>,
    /// Who says so: `inertial` or `vehicle`.
    pub source: &'static str,
    /// Speed in metres per second.
    pub speed_mps: Option<f64>,
    /// Acceleration in metres per second squared, gravity included.
    pub acceleration_mps2: Option<AxesRow>,
    /// Angular velocity in radians per second.
    pub angular_velocity_rps: Option<AxesRow>,
    /// True when its stream is simulated; left out where not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl MotionRow {
    /// The row of one sample of a sensor.
    #[must_use]
    pub fn new(sample: &MotionSample, sensor: SensorId, snapshot: &Snapshot) -> Self {
        Self {
            time: sample.time.rfc3339(),
            sensor: sensor_name(sensor, snapshot),
            source: sample.source.name(),
            speed_mps: sample.speed_mps.map(|speed| rounded(f64::from(speed), 3)),
            acceleration_mps2: sample.acceleration_mps2.map(AxesRow::new),
            angular_velocity_rps: sample.angular_velocity_rps.map(AxesRow::new),
            simulated: all_simulated(&[sensor], snapshot),
        }
    }
}

/// Use of a channel, and how long was listened.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CoverageRow {
    /// Centre in MHz.
    pub frequency_mhz: u16,
    /// Channel number; null for a frequency that is no channel's centre.
    pub channel: Option<u8>,
    /// Band.
    pub band: Option<&'static str>,
    /// Seconds listened, over all radios; null when no ledger covers it.
    pub listened_secs: Option<f64>,
    /// Networks whose channel it is.
    pub networks: u32,
    /// Frames heard.
    pub frames: u64,
    /// Share of the listening time in which frames were on the air, 0 to 1.
    pub airtime_share: Option<f64>,
    /// Strongest signal in dBm.
    pub strongest_dbm: Option<i8>,
    /// Retransmissions among the frames.
    pub retries: u64,
    /// True when any stream of the survey is simulated: the channel's use is counted over all. Left out
    /// where none is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl CoverageRow {
    /// The row of one channel.
    #[must_use]
    pub fn new(row: &ChannelUse, snapshot: &Snapshot) -> Self {
        Self {
            frequency_mhz: row.frequency_mhz,
            channel: row.channel.map(|channel| channel.number),
            band: row.channel.map(|channel| channel.band.name()),
            listened_secs: row.listened_ns.map(|ns| rounded(ns as f64 / 1e9, 3)),
            networks: row.networks,
            frames: row.frames,
            airtime_share: row.airtime_share().map(|share| rounded(share, 4)),
            strongest_dbm: row.strongest_dbm,
            retries: row.retries,
            simulated: snapshot.is_simulated(),
        }
    }
}

/// Time of day and date as WiGLE and spreadsheets read it: `yyyy-MM-dd HH:mm:ss`, UTC.
#[must_use]
pub fn plain_time(time: Timestamp) -> String {
    time.rfc3339_secs().replace('T', " ").trim_end_matches('Z').to_owned()
}
