//! Levels of this moment are those of the rows that go into batches, and motion is recorded, after
//! everything that privacy demands.

use super::*;
use crate::capture::{FrameChunk, FrameMeta};
use crate::gps::GpsEvent;
use crate::journal::JournalSettings;
use crate::levels::{HandedOver, Levels};
use crate::machine::{Machine, TransmitWatch};
use crate::motion::MotionEvent;
use crate::privacy::{Privacy, PrivacyConfig, PrivacySettings};
use crate::radio::Plans;
use crate::{clock, hop::HopSettings};
use pw_dissect::LinkType;
use pw_model::{MacAddr, MotionSample, MotionSource, Position, SensorId};
use pw_wire::StreamInfo;
use tokio::sync::broadcast;

const CLIENT: MacAddr = MacAddr([0x00, 0x1b, 0x63, 7, 7, 7]);
const NETWORK: MacAddr = MacAddr([0x00, 0x1b, 0x63, 8, 8, 8]);

struct Bench {
    pipeline: Pipeline,
    levels: broadcast::Receiver<HandedOver>,
    _folder: tempfile::TempDir,
}

/// A live sensor with a receiver, and this configuration of privacy.
fn bench(privacy: &str) -> Bench {
    let folder = tempfile::tempdir().expect("temporary folder");
    let stream = StreamInfo { name: String::new(), origin: Origin::Live };
    let sensor = SensorId([1; 16]);
    let journal = JournalSettings::new(folder.path().join("journal"), sensor, stream.clone());
    let config: PrivacyConfig = toml::from_str(privacy).expect("a configuration");
    let privacy = PrivacySettings::new(&config, Origin::Live).expect("valid");
    let levels = Levels::default();
    let settings = PipelineSettings {
        sensor,
        stream,
        radios: vec![(RadioId(0), "fake0".to_owned())],
        sources: 1,
        join: Join::Live,
        state_dir: folder.path().to_owned(),
        privacy: Privacy::open(&privacy, folder.path(), Some(clock::now())).expect("keys"),
        machine: Machine::new("/"),
        transmit: TransmitWatch::new("/", Vec::new()),
        confine: false,
        plans: Plans::new(HopSettings::default()),
        levels: levels.clone(),
    };
    let pipeline = Pipeline::new(settings, Journal::open(journal).expect("new"));
    let mut bench = Bench { pipeline, levels: levels.subscribe(), _folder: folder };
    bench.handed();
    bench
}

impl Bench {
    /// What is handed over after the time that lies between two hand-overs.
    fn handed(&mut self) -> Vec<MacAddr> {
        std::thread::sleep(Duration::from_millis(60));
        self.pipeline.upkeep().expect("the journal takes it");
        let mut all = Vec::new();
        while let Ok(heard) = self.levels.try_recv() {
            all.extend(heard.iter().map(|level| level.transmitter));
        }
        all.sort();
        all
    }

    /// The receiver said so long ago that it is so far north of the middle of the zone. A step of more
    /// than 100 m is believed only where there was time for it.
    fn fix(&mut self, north_m: f64, ago: Duration) {
        self.fix_at(north_m, clock::now().saturating_sub(ago));
    }

    fn fix_at(&mut self, north_m: f64, time: Timestamp) {
        let lat_deg = 50.0 + north_m / 111_195.0;
        let fix = Fix {
            time,
            mode: FixMode::ThreeD,
            position: Position::new(lat_deg, 8.0).map(|place| place.with_error_m(Some(3.0))),
            speed_mps: None,
            track_deg: None,
            satellites: None,
            hdop: None,
        };
        self.pipeline.take(Event::Gps(GpsEvent::Fix(fix))).expect("taken");
    }

    /// A beacon of the network and a probe request of the client.
    fn frames(&mut self) {
        let mut chunk = FrameChunk::new(RadioId(0));
        for (control, from, body) in [
            (0x80u8, NETWORK, &[0u8, 0, 0, 0, 0, 0, 0, 0, 100, 0, 1, 0, 0, 2, b'h', b'i'][..]),
            (0x40, CLIENT, &[0, 0, 1, 1, 0x82][..]),
        ] {
            // Radiotap with the signal only.
            let mut data = vec![0, 0, 9, 0, 0x20, 0, 0, 0, (-50i8) as u8];
            data.extend([control, 0, 0, 0]);
            data.extend([0xff; 6]);
            data.extend(from.0);
            data.extend(if control == 0x80 { from.0 } else { [0xff; 6] });
            data.extend([0, 0]);
            data.extend(body);
            let meta = FrameMeta {
                time: clock::now(),
                link_type: LinkType::Radiotap,
                original_len: data.len() as u32,
                frequency_mhz: Some(2_412),
                position: None,
            };
            chunk.push(meta, &data);
        }
        self.pipeline.take(Event::Frames(chunk)).expect("taken");
    }

    /// Transmitters of the rows in the batch.
    fn rows(&mut self) -> Vec<MacAddr> {
        // Where it was heard is not waited for any more.
        self.fix(300.0, Duration::ZERO);
        self.pipeline.release().expect("the journal takes it");
        let batch = self.pipeline.batch.close().expect("something was heard");
        let mut rows: Vec<MacAddr> =
            batch.observations.iter().filter_map(|row| row.transmitter).collect();
        rows.sort();
        rows
    }
}

#[test]
fn a_client_is_shown_by_its_pseudonym() {
    let mut pseudonyms = bench("clients = 'pseudonyms'");
    pseudonyms.frames();
    let shown = pseudonyms.handed();
    assert_eq!(shown.len(), 2);
    assert!(shown.contains(&NETWORK) && !shown.contains(&CLIENT), "{shown:?}");
    assert_eq!(shown, pseudonyms.rows(), "as in the batch");
    let mut clear = bench("audit = 'a test'");
    clear.frames();
    assert!(clear.handed().contains(&CLIENT), "an audit is declared");
}

#[test]
fn a_network_that_opted_out_is_not_shown() {
    let mut bench = bench("clients = 'pseudonyms'");
    let mut chunk = FrameChunk::new(RadioId(0));
    let mut data = vec![0, 0, 9, 0, 0x20, 0, 0, 0, 200, 0x80, 0, 0, 0];
    data.extend([0xff; 6]);
    data.extend(NETWORK.0);
    data.extend(NETWORK.0);
    data.extend([0; 10]);
    data.extend([100, 0, 1, 0, 0, 8]);
    data.extend(b"it_nomap");
    let meta = FrameMeta {
        time: clock::now(),
        link_type: LinkType::Radiotap,
        original_len: data.len() as u32,
        frequency_mhz: None,
        position: None,
    };
    chunk.push(meta, &data);
    bench.pipeline.take(Event::Frames(chunk)).expect("taken");
    assert!(bench.handed().is_empty());
    bench.frames();
    assert!(!bench.handed().contains(&NETWORK), "its other frames neither");
}

const HOME: &str = "[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 100\nfuzz_m = 50\nrecords = ";

#[test]
fn where_nothing_is_recorded_no_level_is_shown_not_even_before_that_is_known() {
    let sensor = || bench(&format!("{HOME}'nothing'"));
    let before = Duration::from_millis(2_500);
    let mut away = sensor();
    away.frames();
    assert!(away.handed().is_empty(), "it may be home, until a fix says otherwise");
    away.fix(300.0, before);
    away.frames();
    assert!(away.handed().is_empty(), "the next fix decides where it was heard");
    away.fix(300.0, Duration::ZERO);
    assert_eq!(away.handed().len(), 2, "not at home");

    let mut home = sensor();
    home.fix(300.0, before);
    home.frames();
    std::thread::sleep(Duration::from_millis(5));
    // So soon after the frames that these were heard in the zone too.
    home.fix(0.0, Duration::ZERO);
    assert!(home.handed().is_empty(), "heard at home");
    home.frames();
    assert!(home.handed().is_empty(), "at home");
    let left_out: u64 = home.pipeline.guard_state().withheld.values().sum();
    assert!(left_out >= 4, "what is left out is counted: {left_out}");
}

#[test]
fn a_level_does_not_wait_for_a_place_that_nobody_hides() {
    for privacy in ["", &format!("{HOME}'no-position'")] {
        let mut bench = bench(privacy);
        bench.fix(300.0, Duration::ZERO);
        bench.frames();
        assert_eq!(bench.handed().len(), 2, "before the next fix: {privacy}");
    }
}

impl Bench {
    /// Something says that the sensor moves.
    fn moves(&mut self) {
        self.moved(clock::now());
    }

    fn moved(&mut self, time: Timestamp) {
        let sample = MotionSample {
            time,
            source: MotionSource::Vehicle,
            speed_mps: Some(8.0),
            acceleration_mps2: None,
            angular_velocity_rps: None,
        };
        let event = Event::Motion(MotionEvent::Sample(sample));
        self.pipeline.take(event).expect("taken");
        // The fix that follows is later.
        std::thread::sleep(Duration::from_millis(5));
    }

    /// Samples of motion that are in the batch since this was last asked.
    fn motion(&mut self) -> usize {
        self.pipeline.batch.close().map_or(0, |batch| batch.motion.len())
    }

    fn speed(&mut self) -> MotionInputState {
        self.pipeline.guard_state().motion.speed.expect("an input")
    }
}

#[test]
fn motion_is_recorded_when_a_later_fix_says_that_it_was_not_at_home() {
    for records in ["'nothing'", "'no-position'"] {
        let mut bench = bench(&format!("{HOME}{records}"));
        bench.moves();
        bench.fix(0.0, Duration::from_secs(40));
        bench.moves();
        bench.fix(300.0, Duration::from_secs(20));
        assert_eq!(bench.motion(), 0, "at home, or nobody knows: {records}");
        bench.moves();
        bench.fix(300.0, Duration::from_secs(2));
        assert_eq!((bench.motion(), bench.speed().latest), (0, None), "of before it: {records}");
        bench.fix(300.0, Duration::ZERO);
        assert_eq!(bench.motion(), 1, "not at home: {records}");
        let speed = bench.speed();
        assert_eq!((speed.samples, speed.left_out), (3, 2));
        assert_eq!(speed.latest.and_then(|sample| sample.speed_mps), Some(8.0));
        bench.moves();
        // So soon it cannot be there; it is believed for the sake of the zone alone.
        bench.fix(0.0, Duration::ZERO);
        bench.fix(300.0, Duration::ZERO);
        assert_eq!(bench.motion(), 0, "a doubtful fix at home: {records}");
        let speed = bench.speed();
        assert_eq!((speed.samples, speed.left_out, speed.latest), (4, 3, None));
    }
}

#[test]
fn motion_before_a_fix_at_home_and_at_the_end_is_left_out() {
    let mut bench = bench(&format!("{HOME}'nothing'"));
    bench.fix(300.0, Duration::from_secs(20));
    bench.moves();
    bench.fix(0.0, Duration::ZERO);
    assert_eq!((bench.motion(), bench.speed().left_out), (0, 1));
    bench.fix(300.0, Duration::ZERO);
    assert_eq!(bench.motion(), 0);

    let mut bench = self::bench(&format!("{HOME}'nothing'"));
    bench.fix(300.0, Duration::ZERO);
    bench.moves();
    let state = bench.pipeline.state();
    bench.pipeline.finish().expect("the journal takes it");
    let speed = state.borrow().guard.motion.speed.clone().expect("an input");
    assert_eq!((speed.samples, speed.left_out, speed.latest), (1, 1, None));
}

#[test]
fn motion_on_the_way_through_a_zone_between_two_fixes_is_left_out() {
    let zone =
        "[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 50\nfuzz_m = 50\nrecords = 'nothing'";
    let mut bench = bench(zone);
    let begin = clock::now();
    let after = |ms| begin.saturating_add(Duration::from_millis(ms));
    bench.fix_at(-240.0, begin);
    bench.moved(after(10));
    bench.moved(after(1_450));
    bench.fix_at(240.0, after(2_900));
    assert_eq!((bench.motion(), bench.speed().left_out), (1, 1));
}

#[test]
fn motion_between_fixes_so_far_apart_that_nobody_knows_the_way_is_left_out() {
    let mut bench = bench(&format!("{HOME}'nothing'"));
    let begin = clock::now();
    let after = |ms| begin.saturating_add(Duration::from_millis(ms));
    bench.fix_at(300.0, begin);
    bench.moved(after(3_000));
    bench.fix_at(300.0, after(6_000));
    assert_eq!((bench.motion(), bench.speed().left_out), (0, 1));
}

#[test]
fn motion_waits_for_nothing_where_there_is_no_zone() {
    let mut bench = bench("");
    bench.moves();
    assert_eq!((bench.motion(), bench.speed().left_out), (1, 0));
}
