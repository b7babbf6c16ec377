//! The scenario file: every table and field that TOML may hold, with its default.

use crate::frame::network::{Generation, Protection};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A whole scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioFile {
    pub(crate) scenario: Heading,
    pub(crate) town: TownPlace,
    #[serde(default)]
    pub(crate) propagation: Propagation,
    #[serde(default)]
    pub(crate) mix: BTreeMap<String, Mix>,
    #[serde(default)]
    pub(crate) street: Vec<Street>,
    #[serde(default)]
    pub(crate) building: Vec<BuildingPlace>,
    #[serde(default)]
    pub(crate) grid: Vec<Grid>,
    #[serde(default)]
    pub(crate) access_point: Vec<AccessPointPlace>,
    #[serde(default)]
    pub(crate) client: Vec<ClientPlace>,
    #[serde(default)]
    pub(crate) crowd: Vec<Crowd>,
    #[serde(default)]
    pub(crate) tunnel: Vec<Tunnel>,
    pub(crate) drive: Drive,
    #[serde(default)]
    pub(crate) gps: Gps,
    pub(crate) radio: Vec<Radio>,
    pub(crate) expect: Option<Expect>,
}

/// `[scenario]`: what it is called and when it plays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heading {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) seed: u64,
    pub(crate) start: String,
    pub(crate) duration_secs: Option<f64>,
}

/// `[town]`: where the local metres have their origin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TownPlace {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    #[serde(default)]
    pub(crate) altitude_m: f64,
    #[serde(default = "default_country")]
    pub(crate) country: String,
}

fn default_country() -> String {
    "DE".to_owned()
}

/// The origin on WGS 84.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    pub(crate) lat_deg: f64,
    pub(crate) lon_deg: f64,
}

/// East and north of the origin, in metres.
pub(crate) type East = [f64; 2];

/// `[propagation]`: how signals fade with distance, unless an emitter says otherwise.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Propagation {
    pub(crate) path_loss_exponent: f64,
    pub(crate) shadowing_db: f64,
    pub(crate) shadowing_distance_m: f64,
    pub(crate) fading_k_db: f64,
}

impl Default for Propagation {
    fn default() -> Self {
        Self {
            path_loss_exponent: 2.4,
            shadowing_db: 5.0,
            shadowing_distance_m: 20.0,
            fading_k_db: 5.0,
        }
    }
}

/// `[mix.NAME]`: what networks a generated place has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mix {
    pub(crate) security: BTreeMap<Protection, f64>,
    pub(crate) generation: BTreeMap<Generation, f64>,
    #[serde(default)]
    pub(crate) names: NameStyle,
    #[serde(default)]
    pub(crate) hidden_share: f64,
    #[serde(default)]
    pub(crate) wps_share: f64,
    #[serde(default = "default_clients")]
    pub(crate) clients_per_access_point: f64,
    #[serde(default = "default_power_range")]
    pub(crate) tx_power_dbm: [f64; 2],
}

fn default_clients() -> f64 {
    1.5
}

fn default_power_range() -> [f64; 2] {
    [14.0, 20.0]
}

/// Which invented names a mix uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameStyle {
    #[default]
    Home,
    Shop,
    Office,
}

/// `[[street]]`: a straight street, with houses along it when `houses` is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Street {
    pub(crate) name: String,
    pub(crate) from: East,
    pub(crate) to: East,
    #[serde(default = "default_street_width")]
    pub(crate) width_m: f64,
    pub(crate) houses: Option<Houses>,
}

fn default_street_width() -> f64 {
    12.0
}

/// Houses on both sides of a street.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Houses {
    pub(crate) every_m: f64,
    #[serde(default = "default_house_front")]
    pub(crate) front_m: f64,
    #[serde(default = "default_house_depth")]
    pub(crate) depth_m: f64,
    #[serde(default = "default_setback")]
    pub(crate) setback_m: f64,
    pub(crate) access_points_per_house: f64,
    pub(crate) mix: String,
    #[serde(default = "default_wall_loss")]
    pub(crate) wall_loss_db: f64,
}

fn default_house_front() -> f64 {
    12.0
}

fn default_house_depth() -> f64 {
    11.0
}

fn default_setback() -> f64 {
    5.0
}

fn default_wall_loss() -> f64 {
    8.0
}

fn default_inside_loss() -> f64 {
    0.3
}

/// `[[building]]`: a rectangle that attenuates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildingPlace {
    pub(crate) name: Option<String>,
    pub(crate) corner: East,
    pub(crate) size: East,
    #[serde(default = "default_wall_loss")]
    pub(crate) wall_loss_db: f64,
    #[serde(default = "default_inside_loss")]
    pub(crate) inside_loss_db_per_m: f64,
}

/// `[[grid]]`: blocks in rows and columns, each one building with access points in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grid {
    pub(crate) name: String,
    pub(crate) corner: East,
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    pub(crate) block_m: East,
    pub(crate) street_width_m: f64,
    pub(crate) access_points_per_block: u32,
    pub(crate) mix: Vec<String>,
    #[serde(default = "default_wall_loss")]
    pub(crate) wall_loss_db: f64,
    #[serde(default = "default_inside_loss")]
    pub(crate) inside_loss_db_per_m: f64,
}

/// `[[access_point]]`: one device, with one BSS for each channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessPointPlace {
    pub(crate) ssid: String,
    pub(crate) at: East,
    pub(crate) channels_mhz: Vec<u16>,
    pub(crate) width_mhz: Option<u16>,
    pub(crate) security: Protection,
    pub(crate) generation: Generation,
    #[serde(default)]
    pub(crate) hidden: bool,
    #[serde(default)]
    pub(crate) wps: bool,
    #[serde(default = "default_power")]
    pub(crate) tx_power_dbm: f64,
    pub(crate) path_loss_exponent: Option<f64>,
    #[serde(default = "default_interval")]
    pub(crate) beacon_interval_tu: u16,
    #[serde(default)]
    pub(crate) clients: u32,
}

fn default_power() -> f64 {
    18.0
}

fn default_interval() -> u16 {
    100
}

/// `[[client]]`: one client. With `network` it joins that network's nearest BSS, else it only looks around.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientPlace {
    pub(crate) at: East,
    pub(crate) network: Option<String>,
    #[serde(default = "default_client_generation")]
    pub(crate) generation: Generation,
    #[serde(default)]
    pub(crate) random_address: bool,
    #[serde(default)]
    pub(crate) asks_for: Vec<String>,
    #[serde(default = "default_client_power")]
    pub(crate) tx_power_dbm: f64,
}

fn default_client_generation() -> Generation {
    Generation::Wifi6
}

fn default_client_power() -> f64 {
    14.0
}

/// `[[crowd]]`: people with telephones that are joined to nothing, spread over a rectangle.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Crowd {
    pub(crate) corner: East,
    pub(crate) size: East,
    pub(crate) clients: u32,
    #[serde(default)]
    pub(crate) asks_for: Vec<String>,
}

/// `[[tunnel]]`: a rectangle without sky; signals lose `loss_db` across its boundary.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tunnel {
    pub(crate) name: String,
    pub(crate) corner: East,
    pub(crate) size: East,
    #[serde(default = "default_tunnel_loss")]
    pub(crate) loss_db: f64,
}

fn default_tunnel_loss() -> f64 {
    45.0
}

/// `[drive]`: where the sensor goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drive {
    #[serde(default = "default_speed")]
    pub(crate) speed_kmh: f64,
    #[serde(default = "default_laps")]
    pub(crate) laps: u32,
    pub(crate) waypoint: Vec<Waypoint>,
}

fn default_speed() -> f64 {
    30.0
}

fn default_laps() -> u32 {
    1
}

/// One waypoint: place, stop there, and the speed from there on.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Waypoint {
    pub(crate) at: East,
    #[serde(default)]
    pub(crate) stop_secs: f64,
    pub(crate) speed_kmh: Option<f64>,
}

/// `[gps]`: the position receiver.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Gps {
    pub(crate) rate_hz: f64,
    pub(crate) error_m: f64,
    pub(crate) correlation_secs: f64,
    pub(crate) noise_m: f64,
    pub(crate) satellites: u8,
    pub(crate) first_fix_secs: f64,
    pub(crate) reacquire_secs: f64,
    pub(crate) delay_ms: u32,
    pub(crate) outage: Vec<Outage>,
}

impl Default for Gps {
    fn default() -> Self {
        Self {
            rate_hz: 1.0,
            error_m: 2.5,
            correlation_secs: 45.0,
            noise_m: 0.3,
            satellites: 11,
            first_fix_secs: 0.0,
            reacquire_secs: 3.0,
            delay_ms: 80,
            outage: Vec::new(),
        }
    }
}

/// `[[gps.outage]]`: no fix between two moments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outage {
    pub(crate) from_secs: f64,
    pub(crate) to_secs: f64,
    #[serde(default = "default_cause")]
    pub(crate) cause: String,
}

fn default_cause() -> String {
    "outage".to_owned()
}

/// `[[radio]]`: one radio of the sensor and its hop plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Radio {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) bands: Vec<BandName>,
    #[serde(default)]
    pub(crate) channels_mhz: Vec<u16>,
    #[serde(default = "default_dwell")]
    pub(crate) dwell_ms: u32,
    #[serde(default = "default_switch")]
    pub(crate) switch_ms: u32,
    #[serde(default = "default_radio_width")]
    pub(crate) width_mhz: u16,
    #[serde(default = "default_noise")]
    pub(crate) noise_floor_dbm: f64,
    #[serde(default)]
    pub(crate) antenna_gain_dbi: f64,
}

fn default_dwell() -> u32 {
    200
}

fn default_switch() -> u32 {
    5
}

fn default_radio_width() -> u16 {
    20
}

fn default_noise() -> f64 {
    -95.0
}

/// A band in a hop plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) enum BandName {
    #[serde(rename = "2.4 GHz")]
    Ghz2_4,
    #[serde(rename = "5 GHz")]
    Ghz5,
    #[serde(rename = "6 GHz")]
    Ghz6,
}

/// `[expect]`: what a survey of this scenario should find; read by tests, not by the simulation.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// At least so many BSSs are heard.
    pub access_points_min: Option<usize>,
    /// At least so many client addresses are heard.
    pub clients_min: Option<usize>,
    /// At least so many frames are heard.
    pub frames_min: Option<u64>,
    /// Security labels that must be among those heard.
    pub security: Vec<String>,
    /// Network names that must be among those heard.
    pub ssids: Vec<String>,
    /// So many stretches without a position.
    pub gps_outages: Option<usize>,
}
