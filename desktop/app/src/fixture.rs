//! A made-up survey for tests of the views: deterministic, and labelled simulated like any other.

use crate::feed::{LinkKind, LinkRow};
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Akm, Channel, ChannelWidth, Cipher,
    ClockSource, ClockState, FrameKind, Gap, GapCause, Health, MacAddr, MldLink, NetworkTraits,
    Origin, Position, RadioId, RsnInfo, Security, SensorId, Ssid, Standard, SuiteSet, TimeRange,
    Timestamp, Wps,
};
use pw_survey::{
    AccessPoint, ChannelUse, Client, Drive, GapRow, Guard, HeardCell, LossTotals, Protection,
    SensorState, SignalPoint, SignalStats, Snapshot, SurveyInfo, Totals, TrackPoint,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When the made-up drive began.
const START_SECS: i64 = 1_777_620_600;
/// How long it took.
const LENGTH_SECS: i64 = 900;
/// From here to here the receiver had no fix.
const TUNNEL_SECS: std::ops::Range<i64> = 480..540;

/// A small generator of numbers that are the same in every run (Numerical Recipes' LCG).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(START_SECS + secs)
}

/// Where the sensor was: round two blocks of a town.
fn place(secs: i64) -> Option<Position> {
    let way = secs as f64 * 9.0;
    let (x, y) = match way as i64 {
        0..=1799 => (way, 0.0),
        1800..=2799 => (1800.0, way - 1800.0),
        2800..=4599 => (1800.0 - (way - 2800.0), 1000.0),
        4600..=5599 => (0.0, 1000.0 - (way - 4600.0)),
        _ => ((way - 5600.0) * 0.7, (way - 5600.0) * 0.3),
    };
    Position::new(48.137 + y / 111_320.0, 11.575 + x / 74_300.0)
        .map(|position| position.with_error_m(Some(4.5)))
}

/// The made-up survey.
pub(crate) fn snapshot() -> Arc<Snapshot> {
    let mut numbers = Numbers(7);
    let mut access_points: Vec<Arc<AccessPoint>> =
        (0..148).map(|number| Arc::new(access_point(number, &mut numbers))).collect();
    access_points.sort_by_key(|ap| ap.bssid);
    let clients: Vec<Arc<Client>> =
        access_points.iter().flat_map(|ap| ap.clients.iter().map(|c| client(*c, ap))).collect();
    let frames: u64 = access_points.iter().map(|ap| ap.frames).sum();
    let track = (0..LENGTH_SECS).map(|secs| TrackPoint {
        time: at(secs),
        sensor: SensorId([7; 16]),
        position: place(secs).filter(|_| !TUNNEL_SECS.contains(&secs)),
        speed_mps: (!TUNNEL_SECS.contains(&secs)).then_some(9.0 + (secs % 40) as f32 / 12.0),
    });
    let range = TimeRange::new(at(0), at(LENGTH_SECS));
    let gaps = vec![
        gap(300, 302, GapCause::QueueFull, Some(412)),
        gap(610, 625, GapCause::RadioGone, None),
    ];
    Arc::new(Snapshot {
        revision: 41,
        survey: SurveyInfo {
            path: "/surveys/old-town".into(),
            name: "Old town, first drive".to_owned(),
            created: at(-60),
        },
        selected: None,
        range: Some(range),
        channels: channels(&access_points),
        sensors: vec![sensor(range)],
        track: Arc::new(track.collect()),
        gaps: Arc::new(gaps),
        drives: vec![Drive {
            number: 1,
            sensor: SensorId([7; 16]),
            range,
            observations: frames,
            sightings: 0,
            length_m: Some(8100.0),
        }],
        totals: Totals {
            batches: 1800,
            observations: frames + 31_204,
            sightings: 0,
            positioned: frames + 28_771,
            frames_lost: 412,
            uncounted_gaps: 1,
            bad_fcs: 1311,
            unreadable: 12,
            evicted_access_points: 0,
            evicted_clients: 0,
            frames_of_several_radios: 0,
            heard_again: 0,
        },
        access_points,
        clients,
    })
}

/// The same survey without anything in it.
pub(crate) fn empty_snapshot() -> Arc<Snapshot> {
    let mut empty = Snapshot::clone(&snapshot());
    empty.access_points.clear();
    empty.clients.clear();
    empty.channels.clear();
    empty.sensors.clear();
    empty.drives.clear();
    empty.range = None;
    empty.track = Arc::new(Vec::new());
    empty.gaps = Arc::new(Vec::new());
    empty.totals = Totals::default();
    Arc::new(empty)
}

/// A link in this state, of which nothing more is known.
pub(crate) fn link(kind: LinkKind) -> LinkRow {
    LinkRow {
        id: SensorId([1; 16]),
        name: "roof".to_owned(),
        address: "192.0.2.1:47147".to_owned(),
        kind,
        words: "because".to_owned(),
        last_heard: None,
        radios: None,
        is_played: false,
        sensor_time: None,
        has_position: None,
        gps: None,
        backlog_batches: None,
        backlog_bytes: None,
        frames_per_sec: None,
        frames_lost: None,
        round_trip: None,
        warnings: Vec::new(),
    }
}

fn gap(from: i64, to: i64, cause: GapCause, frames: Option<u64>) -> GapRow {
    let gap = Gap { radio: Some(RadioId(0)), start: at(from), end: at(to), cause, frames };
    GapRow { sensor: SensorId([7; 16]), gap }
}

fn sensor(range: TimeRange) -> SensorState {
    let radios = [
        (RadioId(0), "simulated radio, 2.4 GHz".to_owned()),
        (RadioId(1), "simulated radio, 5 and 6 GHz".to_owned()),
    ];
    SensorState {
        id: SensorId([7; 16]),
        name: "roof-pi".to_owned(),
        origin: Origin::Simulated,
        radios: radios.into(),
        received: BTreeMap::from([(1, 1800)]),
        missing_batches: 0,
        observations: 61_000,
        sightings: 0,
        health: Some(Health {
            time: range.end,
            temperature_c: Some(54.5),
            memory_bytes: Some(41 << 20),
            disk_free_bytes: Some(19 << 30),
            backlog_batches: 3,
            backlog_bytes: 81_000,
            frames: 62_000,
            frames_lost: 412,
            gps_age_secs: Some(0.4),
            position: place(LENGTH_SECS),
        }),
        clock: Some(ClockState {
            time: range.end,
            source: ClockSource::Gps,
            offset_us: Some(1200),
            uncertainty_us: Some(5000),
        }),
        range: Some(range),
        latest: None,
        guard: Guard::default(),
        losses: BTreeMap::from([
            (GapCause::QueueFull, LossTotals { gaps: 1, frames: 412, uncounted: 0 }),
            (GapCause::RadioGone, LossTotals { gaps: 1, frames: 0, uncounted: 1 }),
        ]),
    }
}

const NAMES: [&str; 24] = [
    "Bakery am Markt",
    "FRITZ!Box 7590 XK",
    "Stadtbibliothek",
    "eduroam",
    "Vodafone-8F3A",
    "Hotel Krone Guest",
    "WLAN-482915",
    "Praxis Dr. Wagner",
    "TP-Link_5C20",
    "Café Central",
    "Free Wi-Fi",
    "o2-WLAN77",
    "DIRECT-5F-Printer",
    "Familie Huber",
    "NETGEAR81",
    "Apotheke",
    "MagentaWLAN-K2LD",
    "Studio Nord",
    "Bürgernetz",
    "iPhone von Jana",
    "UPC3391284",
    "Kanzlei Berg",
    "Galerie 12",
    "Werkstatt",
];

/// What a network announces, by its number: a mix like that of a European town.
fn security(number: u64) -> Security {
    let suites = |akm: &[u8], pairwise: u8| SuiteSet {
        group: Some(Cipher::ieee(pairwise)),
        pairwise: vec![Cipher::ieee(pairwise)],
        akm: akm.iter().map(|akm| Akm::ieee(*akm)).collect(),
    };
    let rsn = |akm: &[u8], capabilities: u16| {
        Some(RsnInfo {
            suites: suites(akm, 4),
            capabilities,
            pmkid_count: 0,
            group_management: None,
        })
    };
    match number % 12 {
        0 => Security::default(),
        1 if number > 60 => Security { privacy: true, ..Security::default() },
        2 => Security { privacy: true, rsn: rsn(&[8], 0xc0), ..Security::default() },
        3 | 4 => Security { privacy: true, rsn: rsn(&[2, 8], 0x80), ..Security::default() },
        5 if number > 90 => {
            Security { privacy: true, rsn: rsn(&[18], 0xc0), ..Security::default() }
        }
        6 => Security { privacy: true, rsn: rsn(&[1], 0x80), ..Security::default() },
        _ => Security { privacy: true, rsn: rsn(&[2], 0), ..Security::default() },
    }
}

fn channel(number: u64) -> (u16, ChannelWidth, Standard) {
    match number % 10 {
        0 | 1 => (2412, ChannelWidth::Mhz20, Standard::N),
        2 | 3 => (2437, ChannelWidth::Mhz20, Standard::Ax),
        4 => (2462, ChannelWidth::Mhz40, Standard::N),
        5 => (5180, ChannelWidth::Mhz80, Standard::Ac),
        6 => (5260, ChannelWidth::Mhz80, Standard::Ax),
        7 => (5500, ChannelWidth::Mhz160, Standard::Ax),
        8 if number > 70 => (5975, ChannelWidth::Mhz320, Standard::Be),
        8 => (2417, ChannelWidth::Mhz20, Standard::AG),
        _ => (5745, ChannelWidth::Mhz40, Standard::Ac),
    }
}

fn access_point(number: u64, numbers: &mut Numbers) -> AccessPoint {
    let bssid = MacAddr([0x02, 0x5e, number as u8, numbers.below(256) as u8, 0x10, number as u8]);
    let near_secs = numbers.below(LENGTH_SECS as u64) as i64;
    let reach_secs = 12 + numbers.below(40) as i64;
    let peak_dbm = -38 - numbers.below(42) as i64;
    let mut history = Vec::new();
    let mut heard = Vec::new();
    for secs in (near_secs - reach_secs).max(0)..(near_secs + reach_secs).min(LENGTH_SECS) {
        let away = (secs - near_secs).abs();
        let level = (peak_dbm - away * 45 / reach_secs - numbers.below(5) as i64).max(-96) as i8;
        if numbers.below(8) == 0 {
            continue;
        }
        let frames = 8 + numbers.below(6) as u32;
        let mean_dbm = f32::from(level) - 2.5;
        history.push(SignalPoint { time: at(secs), max_dbm: level, mean_dbm, frames });
        let position = place(secs).filter(|_| !TUNNEL_SECS.contains(&secs));
        if let Some(position) = position {
            heard.push(HeardCell { position, max_dbm: level, mean_dbm, frames });
        }
    }
    let frames: u64 = history.iter().map(|point| u64::from(point.frames)).sum();
    let levels = || history.iter().map(|point| point.max_dbm);
    let signal = levels()
        .max()
        .zip(levels().min())
        .zip(levels().next_back())
        .map(|((max_dbm, min_dbm), last_dbm)| SignalStats { max_dbm, min_dbm, last_dbm });
    let advertised = number % 37 != 36;
    let hidden = number % 17 == 9;
    let advertisement = advertised.then(|| Arc::new(advertisement(number, bssid, hidden)));
    let (frequency_mhz, ..) = channel(number);
    let ssid = Ssid::new(ssid(number).into_bytes());
    let clients = (0..numbers.below(5))
        .map(|client| MacAddr([0x06, 0x11, number as u8, client as u8, 0x22, 0x33]))
        .collect();
    AccessPoint {
        bssid,
        ssids: if hidden || !advertised { Vec::new() } else { vec![ssid] },
        hidden,
        protection: advertisement.as_ref().map(|_| {
            let security = security(number);
            Protection { label: security.label(), security }
        }),
        advertisement,
        channel: Channel::from_frequency_mhz(frequency_mhz),
        frequency_mhz: Some(frequency_mhz),
        beacons: frames * 4 / 5,
        frames,
        sightings: 0,
        heard_again: 0,
        kinds: BTreeMap::from([
            (FrameKind::BEACON, frames * 4 / 5),
            (FrameKind::new(2, 8), frames - frames * 4 / 5),
        ]),
        bytes: frames * 310,
        clients,
        first_seen: history.first().map_or(at(near_secs), |point| point.time),
        last_seen: history.last().map_or(at(near_secs), |point| point.time),
        signal,
        history,
        heard,
        stated_position: None,
        sensors: vec![SensorId([7; 16])],
        note: (number == 5).then(|| "Ask the owner about WPS.".to_owned()),
        known: number == 5,
    }
}

fn ssid(number: u64) -> String {
    let name = NAMES.get(number as usize % NAMES.len()).copied().unwrap_or("Network");
    if number < NAMES.len() as u64 { name.to_owned() } else { format!("{name} {}", number / 24) }
}

fn advertisement(number: u64, bssid: MacAddr, hidden: bool) -> Advertisement {
    let (frequency_mhz, width, standard) = channel(number);
    let traits = NetworkTraits {
        ssid: (!hidden).then(|| Ssid::new(ssid(number).into_bytes())),
        security: security(number),
        channel: Channel::from_frequency_mhz(frequency_mhz),
        width: Some(width),
        center_mhz: Some(frequency_mhz + width.mhz() / 2 - 10),
        standard: Some(standard),
        max_rate_100kbps: Some(if standard >= Standard::Ax { 24_020 } else { 1444 }),
        spatial_streams: Some(2),
        country: Some("DE".to_owned()),
        beacon_interval_tu: Some(100),
        wps: number.is_multiple_of(5).then(|| Wps {
            configured: Some(true),
            version2: true,
            manufacturer: Some("Example Works".to_owned()),
            model_name: Some("EW-300".to_owned()),
            ..Wps::default()
        }),
        station_count: number.is_multiple_of(3).then_some(4),
        channel_utilization: number.is_multiple_of(3).then_some(61),
        mld_address: (standard == Standard::Be).then_some(MacAddr([2, 9, 9, 9, 9, number as u8])),
        mld_links: if standard == Standard::Be {
            vec![
                MldLink { link_id: 0, address: None },
                MldLink { link_id: 1, address: Some(bssid) },
            ]
        } else {
            Vec::new()
        },
        ht: true,
        he: standard >= Standard::Ax,
        ..NetworkTraits::default()
    };
    Advertisement {
        id: AdvertisementId(number),
        time: at(1),
        kind: AdvertisementKind::Beacon,
        transmitter: bssid,
        bssid: Some(bssid),
        traits,
        elements: vec![0, 0],
    }
}

fn client(address: MacAddr, ap: &AccessPoint) -> Arc<Client> {
    Arc::new(Client {
        address,
        bssid: Some(ap.bssid),
        probed: Vec::new(),
        pseudonym: false,
        advertisement: None,
        frames: 40,
        heard_again: 0,
        bytes: 9000,
        first_seen: ap.first_seen,
        last_seen: ap.last_seen,
        signal: ap.signal,
        history: Vec::new(),
        heard: Vec::new(),
    })
}

fn channels(access_points: &[Arc<AccessPoint>]) -> Vec<ChannelUse> {
    let two: Vec<u16> = (0..13).map(|number| 2412 + 5 * number).collect();
    let five = (0..4).map(|n| 5180 + 20 * n).chain((0..4).map(|n| 5260 + 20 * n));
    let five = five.chain((0..12).map(|n| 5500 + 20 * n)).chain((0..5).map(|n| 5745 + 20 * n));
    let six = (0..4).map(|number| 5955 + 20 * number);
    let of = |frequency_mhz: u16| {
        let on: Vec<_> =
            access_points.iter().filter(|ap| ap.frequency_mhz == Some(frequency_mhz)).collect();
        let frames: u64 = on.iter().map(|ap| ap.frames).sum();
        // Two channels without dwell, as with a radio that may not listen there.
        let listened = !matches!(frequency_mhz, 2467 | 2472 | 5600 | 5620 | 5640);
        ChannelUse {
            frequency_mhz,
            channel: Channel::from_frequency_mhz(frequency_mhz),
            listened_ns: Some(if listened { 38_000_000_000 } else { 0 }),
            networks: on.len() as u32,
            frames: frames + if listened { 37 } else { 0 },
            airtime_us: frames * 620 + 900,
            strongest_dbm: on.iter().filter_map(|ap| ap.signal).map(|signal| signal.max_dbm).max(),
            retries: frames / 11,
        }
    };
    two.into_iter().chain(five).chain(six).map(of).collect()
}

/// The moment at which the made-up drive is looked at.
pub(crate) fn now() -> Timestamp {
    at(LENGTH_SECS).saturating_add(Duration::from_secs(2))
}
