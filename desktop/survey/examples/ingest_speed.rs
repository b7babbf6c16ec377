//! Rough figures of ingest, opening and selection: `cargo run --release -p pw_survey --example
//! ingest_speed -- [OBSERVATIONS] [FOLDER]`. The load is made up: a drive past networks that come and
//! go, with clients, fixes and a channel hop.

use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Fix, FixMode, FrameFlags, FrameKind,
    MacAddr, NetworkTraits, Observation, Origin, Position, RadioId, SensorId, Ssid, TimeRange,
    Timestamp, TuneInterval,
};
use pw_survey::{Survey, SurveyError, SurveyReader};
use pw_wire::{Batch, BatchId, EncodedBatch, StreamInfo};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const ROWS: u64 = 2_000;
const START_NS: i64 = 1_780_000_000_000_000_000;
/// A row every 0.25 ms: 4,000 frames a second, a busy street.
const STEP_NS: i64 = 250_000;

/// A small repeatable generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn batch(seq: u64, random: &mut Random, said: &mut BTreeSet<u64>) -> Batch {
    let id = BatchId { sensor: SensorId([1; 16]), epoch: 1, seq };
    let stream = StreamInfo { name: "speed".to_owned(), origin: Origin::Simulated };
    let mut batch = Batch::new(id, stream);
    for row in 0..ROWS {
        let time_ns = START_NS + ((seq - 1) * ROWS + row) as i64 * STEP_NS;
        let time = Timestamp::from_unix_ns(time_ns);
        let metres = (time_ns - START_NS) as f64 / 1e9 * 12.0;
        let position = Position::new(50.0 + metres / 111_195.0, 8.0);
        // About 60 networks in range, moving on with the car.
        let network = (metres / 10.0) as u64 + random.below(60);
        let bssid = MacAddr::from_u64(0x0200_5e00_0000 + network);
        let client = MacAddr::from_u64(0x0600_5e00_0000 + network * 4 + random.below(4));
        let beacon = random.below(10) < 6;
        if beacon && said.insert(network) {
            batch.advertisements.push(Advertisement {
                id: AdvertisementId(network),
                time,
                kind: AdvertisementKind::Beacon,
                transmitter: bssid,
                bssid: Some(bssid),
                traits: NetworkTraits {
                    ssid: Some(Ssid::new(format!("network {network}"))),
                    ..NetworkTraits::default()
                },
                elements: vec![7; 200],
            });
        }
        batch.observations.push(Observation {
            time,
            radio: RadioId(0),
            kind: if beacon { FrameKind::BEACON } else { FrameKind::new(2, 8) },
            flags: if beacon { FrameFlags::default() } else { FrameFlags::TO_DS },
            transmitter: Some(if beacon { bssid } else { client }),
            receiver: Some(if beacon { MacAddr::BROADCAST } else { bssid }),
            bssid: Some(bssid),
            frequency_mhz: Some(2412 + 5 * (network % 11) as u16),
            signal_dbm: Some(-90 + random.below(50) as i8),
            noise_dbm: None,
            rate_100kbps: Some(60),
            phy: None,
            length: 100 + random.below(1000) as u32,
            airtime_us: Some(100),
            sequence: Some((row % 4096) as u16),
            advertisement: beacon.then_some(AdvertisementId(network)),
            detail: None,
            position,
        });
    }
    let start = Timestamp::from_unix_ns(START_NS + ((seq - 1) * ROWS) as i64 * STEP_NS);
    let position = batch.observations.first().and_then(|o| o.position);
    let end = start.saturating_add(std::time::Duration::from_millis(499));
    let (radio, frames) = (RadioId(0), ROWS as u32);
    batch.tunes.push(TuneInterval {
        radio,
        start,
        end,
        frequency_mhz: 2437,
        width_mhz: 20,
        frames,
    });
    batch.fixes.push(Fix {
        time: start,
        mode: FixMode::ThreeD,
        position,
        speed_mps: Some(12.0),
        track_deg: None,
        satellites: None,
        hdop: None,
    });
    batch
}

fn say(what: &str, count: u64, since: Instant) {
    let secs = since.elapsed().as_secs_f64();
    println!("{what:<38} {secs:>8.3} s  {:>12.0} observations/s", count as f64 / secs);
}

fn open(path: &Path, what: &str, count: u64) -> Result<Survey, SurveyError> {
    let since = Instant::now();
    let (mut survey, report) = Survey::open(path)?;
    survey.snapshot();
    say(what, count, since);
    println!("    replayed {} batches; {:?}", report.replayed_batches, report.repairs);
    Ok(survey)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let path = folder.join(format!("ingest-speed-{}", std::process::id()));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut said = BTreeSet::new();
    let batches: Vec<EncodedBatch> = (1..=count / ROWS)
        .map(|seq| batch(seq, &mut random, &mut said).encode())
        .collect::<Result<_, _>>()?;
    let bytes: usize = batches.iter().map(|batch| batch.bytes().len()).sum();
    println!(
        "{count} observations, {:.1} bytes each, {} networks",
        bytes as f64 / count as f64,
        said.len()
    );

    let since = Instant::now();
    let decoded: Result<Vec<Batch>, _> = batches.iter().map(EncodedBatch::decode).collect();
    say("decoding alone", count, since);
    let decoded = decoded?;
    let since = Instant::now();
    let mut tracker = pw_survey::Tracker::new();
    decoded.iter().for_each(|batch| {
        tracker.apply(batch);
    });
    say("tracker alone", count, since);
    drop((tracker, decoded));

    let mut survey = Survey::create(&path, "speed", Timestamp::from_unix_ns(START_NS))?;
    let since = Instant::now();
    for batch in batches {
        survey.ingest(batch)?;
        survey.commit()?;
    }
    say("ingest, a commit for each batch", count, since);
    let since = Instant::now();
    let snapshot = survey.snapshot();
    say("first snapshot", count, since);
    println!(
        "    {} access points, {} clients",
        snapshot.access_points.len(),
        snapshot.clients.len()
    );
    let since = Instant::now();
    survey.close()?;
    say("closing", count, since);
    drop(open(&path, "opening with the index", count)?);
    let survey = open(&path, "opening again", count)?;
    let reader: SurveyReader = survey.reader();
    let start = Timestamp::from_unix_ns(START_NS);
    let minute = TimeRange { start, end: Timestamp::from_unix_ns(START_NS + 60_000_000_000) };
    let since = Instant::now();
    let selected = reader.select(minute, &AtomicBool::new(false))?;
    say("selecting a minute", selected.totals.observations, since);
    drop(survey);
    std::fs::remove_dir_all(path.join("index"))?;
    drop(open(&path, "opening without the index", count)?);
    println!("    index {} bytes", pw_survey::info(&path)?.index_bytes);
    std::fs::remove_dir_all(&path)?;
    Ok(())
}
