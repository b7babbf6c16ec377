//! Surveys for tests, made by arithmetic and labelled simulated; equal arguments, equal surveys.

use crate::input::{ReportInput, ReportSettings};
use pw_analysis::locate::locate_all;
use pw_model::*;
use pw_survey::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a survey is like.
pub(crate) struct Shape {
    /// Access points.
    pub(crate) access_points: usize,
    /// The sensor knew where it was.
    pub(crate) positions: bool,
    /// Names that try to break something.
    pub(crate) hostile: bool,
    /// What the data claims to be.
    pub(crate) origin: Origin,
}

impl Shape {
    pub(crate) fn of(access_points: usize) -> Self {
        Self { access_points, positions: true, hostile: false, origin: Origin::Simulated }
    }
}

const START_SECS: i64 = 1_777_627_800;
const SENSOR: SensorId = SensorId([7; 16]);

/// Names that must be shown as they are and do nothing.
pub(crate) fn hostile_names() -> Vec<Vec<u8>> {
    vec![
        b"#eval(\"1+1\")".to_vec(),
        b"]] #panic() [[".to_vec(),
        b"$ x^2 $ \\ * _ ` @ref <label>".to_vec(),
        b"<script>alert(1)</script>".to_vec(),
        b"\x1b[31mred\x07\r\n\x00end".to_vec(),
        "שלום עולם".as_bytes().to_vec(),
        "مرحبا بالعالم".as_bytes().to_vec(),
        "\u{202e}gnirts".as_bytes().to_vec(),
        "Café 😀📶".as_bytes().to_vec(),
        "咖啡店 Wi-Fi".as_bytes().to_vec(),
        vec![0xff; 32],
        b"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW".to_vec(),
        b"-- // /* */ = heading".to_vec(),
        b"\" , \\\" }] json".to_vec(),
        vec![0; 8],
        Vec::new(),
    ]
}

/// A pseudo-random number from 0 to 1 for the `at`-th thing of a kind.
fn dice(kind: u64, at: usize) -> f64 {
    let mut x =
        kind.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at as u64).wrapping_mul(0xd134_2543_de82_ef95);
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 29;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

fn moment(secs: f64) -> Timestamp {
    Timestamp::from_unix_ns(START_SECS * 1_000_000_000 + (secs * 1e9) as i64)
}

fn place(lat_deg: f64, lon_deg: f64) -> Position {
    Position::new(lat_deg, lon_deg).expect("a place in town").with_error_m(Some(6.5))
}

/// The drive: round four blocks of a made-up town.
fn way(share: f64) -> Position {
    let corners =
        [[52.510, 13.37], [52.516, 13.372], [52.517, 13.388], [52.509, 13.392], [52.508, 13.374]];
    let leg = share.clamp(0.0, 0.9999) * (corners.len() - 1) as f64;
    let (from, part) = (leg as usize, leg.fract());
    let (a, b) = (corners[from], corners[from + 1]);
    place(a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1]))
}

fn suites(pairwise: &[u8], group: u8, akm: &[u8]) -> SuiteSet {
    SuiteSet {
        group: Some(Cipher::ieee(group)),
        pairwise: pairwise.iter().map(|number| Cipher::ieee(*number)).collect(),
        akm: akm.iter().map(|number| Akm::ieee(*number)).collect(),
    }
}

fn security(at: usize) -> Security {
    let rsn = |pairwise: &[u8], group, akm: &[u8], capabilities| {
        Some(RsnInfo { suites: suites(pairwise, group, akm), capabilities, ..RsnInfo::default() })
    };
    let (privacy, wpa, rsn, owe_transition) = match (dice(1, at) * 100.0) as u32 {
        0..=7 => (false, None, None, at.is_multiple_of(3)),
        8..=9 => (true, None, None, false),
        10..=12 => (true, Some(suites(&[2], 2, &[2])), None, false),
        13..=20 => (true, Some(suites(&[2], 2, &[2])), rsn(&[4, 2], 2, &[2], 0), false),
        21..=23 => (true, None, rsn(&[4], 4, &[18], 0xc0), false),
        24..=68 => (true, None, rsn(&[4], 4, &[2], 0x80 * u16::from(at.is_multiple_of(2))), false),
        69..=84 => (true, None, rsn(&[4], 4, &[2, 8], 0x80), false),
        85..=97 => (true, None, rsn(&[4], 4, &[8], 0xc0), false),
        _ => (true, None, rsn(&[4], 4, &[99], 0), false),
    };
    Security { privacy, wpa, rsn, owe_transition }
}

fn traits(at: usize, name: &[u8], channel: Channel) -> NetworkTraits {
    let wps = (dice(2, at) < 0.25).then(|| Wps {
        configured: Some(true),
        locked: Some(dice(3, at) < 0.5),
        methods: [Some(0x0008), Some(0x0080), None][at % 3],
        version2: true,
        manufacturer: None,
        model_name: None,
        model_number: None,
        device_name: None,
    });
    NetworkTraits {
        ssid: Some(Ssid::new(name)),
        security: security(at),
        channel: Some(channel),
        wps,
        ..NetworkTraits::default()
    }
}

fn channel(at: usize) -> Channel {
    let pick = |numbers: &[u8]| numbers[(dice(5, at) * numbers.len() as f64) as usize];
    if dice(4, at) < 0.55 {
        Channel { band: Band::Ghz2_4, number: pick(&[1, 1, 6, 6, 11, 11, 11, 3, 9, 13]) }
    } else {
        Channel { band: Band::Ghz5, number: pick(&[36, 36, 44, 52, 100, 112, 149]) }
    }
}

fn name(at: usize, shape: &Shape) -> Vec<u8> {
    let hostile = hostile_names();
    if shape.hostile {
        return hostile[at % hostile.len()].clone();
    }
    let words = ["Harbour", "Linden", "Cafe Nord", "Workshop", "Studio", "Library", "Guest"];
    match at % 9 {
        8 => Vec::new(),
        7 => b"Guest".to_vec(),
        _ => format!("{} {}", words[at % words.len()], 10 + at).into_bytes(),
    }
}

fn access_point(at: usize, shape: &Shape) -> AccessPoint {
    let octets = [0x02, 0x5e, (at >> 16) as u8, (at >> 8) as u8, at as u8, 0x10];
    let bssid = MacAddr(octets);
    let (name, channel) = (name(at, shape), channel(at));
    let ssid = Ssid::new(name.clone());
    let traits = traits(at, &name, channel);
    let heard_none = dice(6, at) < 0.03 && shape.access_points > 20;
    let protection = (!heard_none)
        .then(|| Protection { security: traits.security.clone(), label: traits.security.label() });
    let when = dice(7, at);
    let heard = (0..if shape.positions { 1 + at % 7 } else { 0 }).map(|step| {
        let at_way = way(when + step as f64 * 0.004);
        let aside = (dice(8, at) - 0.5) * 0.0016;
        HeardCell {
            position: place(at_way.lat_deg + aside, at_way.lon_deg + aside * 0.7),
            max_dbm: -50 - (step as i8) * 5,
            mean_dbm: -60.0,
            frames: 20,
        }
    });
    AccessPoint {
        bssid,
        hidden: ssid.is_hidden(),
        ssids: if ssid.is_hidden() { Vec::new() } else { vec![ssid] },
        advertisement: (!heard_none).then(|| {
            Arc::new(Advertisement {
                id: AdvertisementId(at as u64),
                time: moment(when * 1800.0),
                kind: AdvertisementKind::Beacon,
                transmitter: bssid,
                bssid: Some(bssid),
                traits,
                elements: vec![0, 0],
            })
        }),
        protection,
        channel: Some(channel),
        frequency_mhz: channel.frequency_mhz(),
        beacons: 40,
        frames: 40 + (dice(9, at) * 3000.0) as u64,
        sightings: 0,
        heard_again: 0,
        kinds: BTreeMap::from([(FrameKind::BEACON, 40)]),
        bytes: 10_000,
        clients: (0..at % 3).map(|n| MacAddr([2, 9, at as u8, n as u8, 0, 0])).collect(),
        first_seen: moment(when * 1800.0),
        last_seen: moment(when * 1800.0 + 45.0),
        signal: Some(SignalStats { max_dbm: -45 - (at % 40) as i8, min_dbm: -92, last_dbm: -80 }),
        history: Vec::new(),
        heard: heard.collect(),
        stated_position: None,
        sensors: vec![SENSOR],
        note: (at == 2).then(|| "Asked the owner; being replaced.".to_owned()),
        known: at == 2,
    }
}

fn client(at: usize) -> Client {
    Client {
        address: MacAddr([
            if at.is_multiple_of(4) { 0x00 } else { 0x02 },
            1,
            2,
            3,
            (at >> 8) as u8,
            at as u8,
        ]),
        bssid: at.is_multiple_of(3).then_some(MacAddr([2, 0x5e, 0, 0, at as u8, 0x10])),
        probed: if at.is_multiple_of(5) { vec![Ssid::new("a private name")] } else { Vec::new() },
        pseudonym: false,
        advertisement: None,
        frames: 12,
        heard_again: 0,
        bytes: 900,
        first_seen: moment(10.0),
        last_seen: moment(20.0),
        signal: None,
        history: Vec::new(),
        heard: Vec::new(),
    }
}

fn channels(access_points: &[Arc<AccessPoint>]) -> Vec<ChannelUse> {
    let listened = [1u8, 6, 11, 36, 44, 52, 100, 149];
    let mut by_channel: BTreeMap<u16, ChannelUse> = BTreeMap::new();
    let all = [
        (1, 2412),
        (6, 2437),
        (11, 2462),
        (36, 5180),
        (44, 5220),
        (52, 5260),
        (100, 5500),
        (149, 5745),
    ];
    let empty = |frequency_mhz: u16, listened: bool| ChannelUse {
        frequency_mhz,
        channel: Channel::from_frequency_mhz(frequency_mhz),
        listened_ns: listened.then_some(225_000_000_000),
        networks: 0,
        frames: 0,
        airtime_us: 0,
        strongest_dbm: None,
        retries: 0,
    };
    for (_, frequency_mhz) in all {
        by_channel.insert(frequency_mhz, empty(frequency_mhz, true));
    }
    for ap in access_points {
        let Some(frequency_mhz) = ap.frequency_mhz else { continue };
        let is_listened = ap.channel.is_some_and(|c| listened.contains(&c.number));
        let used = by_channel.entry(frequency_mhz).or_insert(empty(frequency_mhz, is_listened));
        used.networks += 1;
        used.frames += ap.frames;
        used.airtime_us += ap.frames * 420;
        used.retries += ap.frames / 11;
        used.strongest_dbm = used.strongest_dbm.max(ap.signal.map(|signal| signal.max_dbm));
    }
    by_channel.into_values().collect()
}

fn sensor(shape: &Shape, observations: u64, range: TimeRange) -> SensorState {
    SensorState {
        id: SENSOR,
        name: "car one".to_owned(),
        origin: shape.origin,
        radios: BTreeMap::from([
            (RadioId(0), "simulated radio, 2.4 GHz".to_owned()),
            (RadioId(1), "simulated radio, 5 GHz".to_owned()),
        ]),
        received: BTreeMap::new(),
        missing_batches: 0,
        observations,
        sightings: 0,
        health: None,
        clock: Some(ClockState {
            time: range.start,
            source: ClockSource::Pps,
            offset_us: Some(-12),
            uncertainty_us: Some(40),
        }),
        range: Some(range),
        latest: None,
        guard: Guard::default(),
        losses: BTreeMap::from([
            (GapCause::KernelDrop, LossTotals { gaps: 2, frames: 310, uncounted: 0 }),
            (GapCause::SensorRestart, LossTotals { gaps: 1, frames: 0, uncounted: 1 }),
        ]),
    }
}

fn gaps(range: TimeRange) -> Vec<GapRow> {
    [
        (GapCause::KernelDrop, Some(300)),
        (GapCause::KernelDrop, Some(10)),
        (GapCause::SensorRestart, None),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (cause, frames))| GapRow {
        sensor: SENSOR,
        gap: Gap {
            radio: Some(RadioId(0)),
            start: range.start.saturating_add(std::time::Duration::from_secs(60 * at as u64 + 5)),
            end: range.start.saturating_add(std::time::Duration::from_secs(60 * at as u64 + 9)),
            cause,
            frames,
        },
    })
    .collect()
}

fn info(name: &str) -> SurveyInfo {
    SurveyInfo { path: PathBuf::from("survey"), name: name.to_owned(), created: moment(0.0) }
}

/// A survey without anything in it.
pub(crate) fn empty() -> Snapshot {
    Snapshot {
        revision: 0,
        survey: info("Nothing yet"),
        selected: None,
        range: None,
        access_points: Vec::new(),
        clients: Vec::new(),
        track: Arc::default(),
        channels: Vec::new(),
        sensors: Vec::new(),
        gaps: Arc::default(),
        drives: Vec::new(),
        totals: Totals::default(),
    }
}

/// A survey of this shape.
pub(crate) fn survey(shape: &Shape) -> Snapshot {
    let mut access_points: Vec<Arc<AccessPoint>> =
        (0..shape.access_points).map(|at| Arc::new(access_point(at, shape))).collect();
    access_points.sort_by_key(|ap| ap.bssid);
    let range = TimeRange::new(moment(0.0), moment(1800.0));
    let clients: Vec<Arc<Client>> =
        (0..shape.access_points * 2).map(|at| Arc::new(client(at))).collect();
    let observations: u64 =
        access_points.iter().map(|ap| ap.frames).sum::<u64>() + 12 * clients.len() as u64;
    let track: Vec<TrackPoint> = (0..1800)
        .filter(|_| shape.positions)
        .map(|second| TrackPoint {
            time: moment(f64::from(second)),
            sensor: SENSOR,
            // A tunnel.
            position: (!(900..980).contains(&second)).then(|| way(f64::from(second) / 1800.0)),
            speed_mps: Some(8.0),
        })
        .collect();
    Snapshot {
        revision: 1,
        survey: info("Riverside, spring"),
        selected: None,
        range: Some(range),
        channels: channels(&access_points),
        access_points,
        clients,
        track: Arc::new(track),
        sensors: vec![sensor(shape, observations, range)],
        gaps: Arc::new(gaps(range)),
        drives: vec![Drive {
            number: 1,
            sensor: SENSOR,
            range,
            observations,
            sightings: 0,
            length_m: shape.positions.then_some(4_310.0),
        }],
        totals: Totals {
            batches: 3_600,
            observations,
            sightings: 0,
            positioned: if shape.positions { observations - observations / 20 } else { 0 },
            frames_lost: 310,
            uncounted_gaps: 1,
            bad_fcs: 57,
            unreadable: 3,
            evicted_access_points: 0,
            evicted_clients: 0,
            frames_of_several_radios: 0,
            heard_again: 0,
        },
    }
}

/// The input of a report about `snapshot`.
pub(crate) fn input(snapshot: Snapshot) -> ReportInput {
    let located = locate_all(&snapshot);
    ReportInput {
        snapshot: Arc::new(snapshot),
        located: Arc::new(located),
        settings: ReportSettings {
            author: Some("A. Surveyor".to_owned()),
            client: Some("Riverside Properties".to_owned()),
            purpose: Some(
                "To see how the tenants' networks are protected, by order of the owner.".to_owned(),
            ),
            ..ReportSettings::default()
        },
        generated_at: moment(90_000.0),
        software: "PiWardrive 0.1.0".to_owned(),
        vendor: |address| (address.0[4] % 3 == 0).then(|| "Example Networks Ltd".to_owned()),
        vendor_lists: "IEEE lists of 2026-01".to_owned(),
    }
}
