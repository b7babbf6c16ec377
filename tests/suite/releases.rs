//! Journals and surveys of every release open: recordings of each stand in `fixtures/releases`.
//!
//! A new release adds a recording; an old one is never written again. `PIWARDRIVE_WRITE_RELEASE=1`
//! writes the recording of this release where there is none yet.

use anyhow::{Context, Result, ensure};
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Akm, Cipher, ClientAddresses, ClockEvent,
    ClockEventKind, ClockSource, ClockState, Detail, DiskWear, DoubtfulFix, Fix, FixDoubt, FixMode,
    FrameFlags, FrameKind, Gap, GapCause, Health, HealthDetails, MacAddr, Memory, MotionSample,
    MotionSource, NetworkTraits, Observation, Origin, PhyKind, Position, PrivacyDeclaration,
    RadioEvent, RadioEventKind, RadioId, RadioRate, Reading, RsnInfo, Security, SensorId, Ssid,
    SuiteSet, Throttling, Timestamp, Transmitted, TuneInterval, UsbDevices, Withheld, WithheldKind,
};
use pw_sensor::journal::{JournalError, Sealing, each_batch};
use pw_tests::{journal_batches, workspace_root};
use pw_trust::SealingKey;
use pw_wire::{
    Batch, BatchId, JournalRecord, SealedHead, SegmentHeader, StreamInfo, UserRecord, segment_start,
};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

fn time(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(1_780_000_000 + secs)
}

fn position() -> Option<Position> {
    Position::new(50.1, 8.7).map(|p| p.with_error_m(Some(4.5)).with_altitude_m(Some(112.0)))
}

/// One batch with every kind of record that the first layout holds, and then with those of later ones.
fn every_record() -> Batch {
    let mut batch = first_records();
    batch.privacy = Some(PrivacyDeclaration {
        clients: ClientAddresses::Pseudonyms,
        rotation_secs: Some(86_400),
        probe_names: false,
        audit: Some("release".to_owned()),
        home_zones: 2,
    });
    for kind in WithheldKind::ALL {
        batch.withheld.push(Withheld { kind, start: time(0), end: time(3), count: 7 });
    }
    let known = HealthDetails {
        time: time(3),
        throttling: Reading::Known(Throttling(0x5_0005)),
        under_voltage: Reading::Known(true),
        memory: Reading::Known(Memory { total_bytes: 1 << 32, available_bytes: 1 << 31 }),
        disk_total_bytes: Reading::Known(1 << 35),
        disk_wear: Reading::Known(DiskWear { life_used_tenths: Some(1), spare_blocks: None }),
        usb: Reading::Known(UsbDevices { devices: 4, changes: 1 }),
        ring_fill: Reading::Known(0.25),
        radio_rates: vec![RadioRate { radio: RadioId(0), frames_per_second: 12.5 }],
    };
    let unknown = HealthDetails {
        throttling: Reading::NotAvailable("no firmware".to_owned()),
        ring_fill: Reading::NotAvailable("not said".to_owned()),
        ..known.clone()
    };
    batch.health_details = vec![known, unknown];
    for frames in [Reading::Known(0), Reading::NotAvailable("gone".to_owned())] {
        batch.transmitted.push(Transmitted { time: time(3), radio: RadioId(0), frames });
    }
    for kind in [
        ClockEventKind::BeforeRelease,
        ClockEventKind::Stepped { by_us: -3_600_000_000 },
        ClockEventKind::WeekRollover { turns: 1 },
        ClockEventKind::Corrected { by_us: 1_780_000_000_000_000 },
    ] {
        batch.clock_events.push(ClockEvent { time: time(2), kind });
    }
    for doubt in [FixDoubt::Teleported, FixDoubt::Stale] {
        batch.doubtful_fixes.push(DoubtfulFix { fix: batch.fixes[0], doubt });
    }
    batch.motion = vec![
        MotionSample {
            time: time(2),
            source: MotionSource::Inertial,
            speed_mps: None,
            acceleration_mps2: Some([0.25, -0.5, 9.75]),
            angular_velocity_rps: Some([0.0, 0.125, -0.0625]),
        },
        MotionSample {
            time: time(3),
            source: MotionSource::Vehicle,
            speed_mps: Some(13.5),
            acceleration_mps2: None,
            angular_velocity_rps: None,
        },
    ];
    batch
}

/// A batch as it is written down in the recordings: what was added to it later, and is empty in an
/// older one, is left out.
fn shown(batch: &Batch) -> String {
    let added = [
        "privacy: None",
        "withheld: []",
        "health_details: []",
        "transmitted: []",
        "clock_events: []",
        "doubtful_fixes: []",
        "motion: []",
    ];
    let is_added = |line: &&str| !added.iter().any(|added| line.trim() == format!("{added},"));
    let text = format!("{batch:#?}");
    text.lines().filter(is_added).map(|line| format!("{line}\n")).collect()
}

fn first_records() -> Batch {
    let id = BatchId { sensor: SensorId([3; 16]), epoch: 77, seq: 1 };
    let mut batch =
        Batch::new(id, StreamInfo { name: "car".to_owned(), origin: Origin::Simulated });
    let bssid = MacAddr([2, 0, 0, 0, 0, 9]);
    let observation = Observation {
        time: time(1),
        radio: RadioId(0),
        kind: FrameKind::BEACON,
        flags: FrameFlags::RETRY,
        transmitter: Some(bssid),
        receiver: Some(MacAddr::BROADCAST),
        bssid: Some(bssid),
        frequency_mhz: Some(5180),
        signal_dbm: Some(-61),
        noise_dbm: Some(-95),
        rate_100kbps: Some(60),
        phy: Some(PhyKind::Ofdm),
        length: 211,
        airtime_us: Some(304),
        sequence: Some(4095),
        advertisement: Some(AdvertisementId(0x0123_4567_89ab_cdef)),
        detail: None,
        position: position(),
    };
    let unknown = Observation {
        time: time(2),
        kind: FrameKind::DEAUTHENTICATION,
        detail: Some(Detail::Reason(7)),
        advertisement: None,
        transmitter: None,
        frequency_mhz: None,
        signal_dbm: None,
        noise_dbm: None,
        rate_100kbps: None,
        phy: None,
        airtime_us: None,
        sequence: None,
        position: None,
        ..observation.clone()
    };
    batch.observations = vec![observation, unknown];
    let suites = SuiteSet {
        group: Some(Cipher::ieee(4)),
        pairwise: vec![Cipher::ieee(4), Cipher::ieee(9)],
        akm: vec![Akm::ieee(8), Akm::ieee(2)],
    };
    let rsn = RsnInfo {
        suites,
        capabilities: 0x80,
        pmkid_count: 0,
        group_management: Some(Cipher::ieee(6)),
    };
    batch.advertisements.push(Advertisement {
        id: AdvertisementId(0x0123_4567_89ab_cdef),
        time: time(1),
        kind: AdvertisementKind::Beacon,
        transmitter: bssid,
        bssid: Some(bssid),
        traits: NetworkTraits {
            ssid: Some(Ssid::new("release")),
            security: Security { privacy: true, rsn: Some(rsn), ..Security::default() },
            ..NetworkTraits::default()
        },
        elements: b"\x00\x07release".to_vec(),
    });
    batch.fixes.push(Fix {
        time: time(1),
        mode: FixMode::ThreeD,
        position: position(),
        speed_mps: Some(8.5),
        track_deg: Some(271.0),
        satellites: Some(9),
        hdop: Some(0.9),
    });
    batch.tunes.push(TuneInterval {
        radio: RadioId(0),
        start: time(0),
        end: time(3),
        frequency_mhz: 5180,
        width_mhz: 20,
        frames: 2,
    });
    batch.gaps.push(Gap {
        radio: None,
        start: time(0),
        end: time(1),
        cause: GapCause::SensorRestart,
        frames: None,
    });
    batch.health.push(Health {
        time: time(3),
        temperature_c: Some(51.5),
        memory_bytes: Some(1 << 24),
        disk_free_bytes: None,
        backlog_batches: 4,
        backlog_bytes: 4096,
        frames: 2,
        frames_lost: 0,
        gps_age_secs: Some(0.5),
        position: position(),
    });
    batch.clocks.push(ClockState {
        time: time(3),
        source: ClockSource::Gps,
        offset_us: Some(-1500),
        uncertainty_us: Some(20_000),
    });
    let kind = RadioEventKind::Started {
        source: "sim:release".to_owned(),
        origin: Origin::Simulated,
        hardware: String::new(),
    };
    batch.radio_events.push(RadioEvent { time: time(0), radio: RadioId(0), kind });
    batch
}

#[test]
fn recordings_of_old_releases_read_as_they_did() -> Result<()> {
    let root = workspace_root().join("tests/fixtures/releases");
    let own = root.join(concat!(env!("CARGO_PKG_VERSION"), "-layout3"));
    if !own.exists() && std::env::var_os("PIWARDRIVE_WRITE_RELEASE").is_some() {
        let header =
            SegmentHeader { number: 1, created: time(0), writer: "piwardrive-sensor".to_owned() };
        let mut segment = segment_start(&header)?;
        segment.extend(every_record().encode()?.bytes());
        let note = UserRecord::Note {
            time: time(9),
            device: MacAddr([2, 0, 0, 0, 0, 9]),
            text: "note".into(),
        };
        segment.extend(note.encode()?);
        fs::create_dir_all(&own)?;
        fs::write(own.join("segment.pws"), segment)?;
        fs::write(own.join("expected.txt"), shown(&every_record()))?;
    }
    let mut releases = 0;
    for release in fs::read_dir(&root).context("tests/fixtures/releases")? {
        let folder = release?.path();
        let expected = fs::read_to_string(folder.join("expected.txt"))?;
        let batches = journal_batches(&folder)?;
        ensure!(batches.len() == 1, "{}: one batch is expected", folder.display());
        let read = shown(&batches[0]);
        ensure!(read == expected, "{} reads differently:\n{read}", folder.display());
        releases += 1;
    }
    ensure!(releases > 0, "no recordings");
    ensure!(own.exists(), "this release has no recording: see the head of this file");
    Ok(())
}

/// Sealed as this release does it for the first time; what is in it reads like its plain recording.
#[test]
fn a_sealed_journal_of_an_old_release_opens() -> Result<()> {
    let fixtures = workspace_root().join("tests/fixtures");
    let folder = fixtures.join("sealed");
    if !folder.exists() && std::env::var_os("PIWARDRIVE_WRITE_RELEASE").is_some() {
        let key = SealingKey::generate()?;
        let batch = every_record();
        let mark = JournalRecord::Mark { seq: batch.id.seq, accounted: vec![1], restated: 0 };
        let mut record = mark.encode()?;
        record.extend_from_slice(batch.encode()?.bytes());
        let head = SealedHead { key: key.id().0, seq: batch.id.seq };
        let header =
            SegmentHeader { number: 1, created: time(0), writer: "piwardrive-sensor".to_owned() };
        let mut segment = segment_start(&header)?;
        segment.extend(head.encode(&key.seal(&head.to_bytes(), &record)?)?);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("key"), key.to_text())?;
        fs::write(folder.join("journal-0000000001.pws"), segment)?;
    }
    // A key that everybody may read is refused, and version control keeps no rights.
    let private = tempfile::tempdir()?;
    let path = private.path().join("key");
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&path)?;
    file.write_all(&fs::read(folder.join("key"))?)?;
    let sealing = Sealing::read(&path)?;
    let mut batches = Vec::new();
    each_batch::<JournalError>(&folder, Some(&sealing), |batch| {
        batches.push(batch);
        Ok(true)
    })?;
    ensure!(batches.len() == 1, "{} batches", batches.len());
    let expected = fs::read_to_string(fixtures.join("releases/0.1.0-layout2/expected.txt"))?;
    let read = shown(&batches[0]);
    ensure!(read == expected, "reads differently:\n{read}");
    Ok(())
}
