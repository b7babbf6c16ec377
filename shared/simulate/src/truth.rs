//! The truth beside the frames: what stood where, what could be heard, what was put out.

use pw_model::Position;
use serde::Serialize;

/// Everything that a survey of the simulation may be compared with.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Truth {
    /// Always true: none of this was measured.
    pub simulated: bool,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the invented town.
    pub town: String,
    /// Seed that it was played with.
    pub seed: u64,
    /// Start, RFC 3339.
    pub start: String,
    /// Length in seconds.
    pub duration_secs: f64,
    /// Frames put out so far, all radios together.
    pub frames: u64,
    /// Names of the radios, in the order of their identifiers.
    pub radios: Vec<String>,
    /// Every BSS of the town, heard or not.
    pub access_points: Vec<TrueAccessPoint>,
    /// Every client of the town, heard or not.
    pub clients: Vec<TrueClient>,
    /// Streets of the town, straight from end to end.
    pub streets: Vec<TrueStreet>,
    /// Buildings of the town.
    pub buildings: Vec<TrueBuilding>,
    /// True track, once a second.
    pub track: Vec<TruePlace>,
    /// Stretches without a fix so far.
    pub gps_outages: Vec<TrueOutage>,
}

/// One BSS as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrueAccessPoint {
    /// BSSID.
    pub bssid: String,
    /// Network name as text, also where beacons hide it.
    pub ssid: String,
    /// Network name in hex digits.
    pub ssid_hex: String,
    /// Beacons carry an empty name.
    pub hidden: bool,
    /// Security label as [`pw_model::SecurityLabel`] names it.
    pub security: String,
    /// Band.
    pub band: String,
    /// Primary channel number.
    pub channel: u8,
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// Operating width in MHz.
    pub width_mhz: u16,
    /// Newest generation: `legacy`, `wifi4` to `wifi7`.
    pub generation: String,
    /// Address of the multi-link device that it belongs to.
    pub mld_address: Option<String>,
    /// Its link number there.
    pub link_id: Option<u8>,
    /// Where it stands.
    pub position: Position,
    /// Radiated power in dBm.
    pub tx_power_dbm: f64,
    /// Path loss exponent.
    pub path_loss_exponent: f64,
    /// Beacons sent while the mean signal at the sensor was strong enough to decode, whether or not
    /// a radio listened on the channel.
    pub beacons_decodable: u64,
    /// Beacons put out as frames; two when two radios hear one.
    pub beacons_heard: u64,
    /// Frames of any kind put out.
    pub frames_heard: u64,
    /// Strongest signal put out, dBm.
    pub strongest_dbm: Option<i8>,
}

/// One client as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrueClient {
    /// Addresses put out, first 64; a client that rotates its address may have used more.
    pub addresses: Vec<String>,
    /// True when every scan has a new address.
    pub rotates_address: bool,
    /// BSSID that it is joined to.
    pub bssid: Option<String>,
    /// Where it stands.
    pub position: Position,
    /// Frames put out.
    pub frames_heard: u64,
}

/// A street.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrueStreet {
    /// Name.
    pub name: String,
    /// One end.
    pub from: Position,
    /// The other end.
    pub to: Position,
}

/// A building: a rectangle along the meridian.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrueBuilding {
    /// Name; `None` for houses.
    pub name: Option<String>,
    /// South-west corner.
    pub south_west: Position,
    /// North-east corner.
    pub north_east: Position,
}

/// Where the sensor truly was.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TruePlace {
    /// When, RFC 3339.
    pub time: String,
    /// Latitude in degrees.
    pub lat_deg: f64,
    /// Longitude in degrees.
    pub lon_deg: f64,
    /// Speed in metres per second.
    pub speed_mps: f64,
    /// Direction in degrees from north.
    pub heading_deg: f64,
}

/// A stretch without a fix: from the first epoch without to the last.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TrueOutage {
    /// First epoch without a fix, RFC 3339.
    pub start: String,
    /// Last epoch without a fix, RFC 3339.
    pub end: String,
    /// Why: the tunnel's name, or the cause the scenario gives.
    pub cause: String,
}
