//! The promises of a survey folder: exactly once, nothing committed is lost, the index is derived.

mod crash;
mod losses;

use super::*;
use crate::fixture::{ROWS, START_SECS, STARTING, batch, bssid, id, packed, sensor};
use crate::upkeep::{rebuild, verify};
use pw_model::{MacAddr, TimeRange};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// What a snapshot says, without what may differ between two openings.
fn told(survey: &mut Survey) -> String {
    told_by(&survey.snapshot())
}

fn told_by(snapshot: &Snapshot) -> String {
    let mut snapshot = snapshot.clone();
    snapshot.revision = 0;
    snapshot.survey.path = PathBuf::new();
    // Says what came since the opening, which is not what the survey holds.
    snapshot.sensors.iter_mut().for_each(|sensor| sensor.latest = None);
    format!("{snapshot:#?}")
}

fn create(path: &Path) -> Survey {
    Survey::create(path, "test", Timestamp::from_unix_secs(START_SECS)).expect("made")
}

fn open(path: &Path) -> (Survey, OpenReport) {
    Survey::open(path).expect("opens")
}

fn fill(survey: &mut Survey, seqs: impl Iterator<Item = u64>) {
    for seq in seqs {
        assert_eq!(survey.ingest(packed(1, seq)).expect("sound"), Ingested::New, "{seq}");
    }
    survey.commit().expect("written");
}

/// Stops using the survey as SIGKILL would: nothing is written, locks go with the process.
fn kill(survey: Survey, path: &Path) -> PathBuf {
    // The lock and sled's threads live on in this process, so the folder is copied away from them.
    let copy = path.with_extension("killed");
    if copy.exists() {
        fs::remove_dir_all(&copy).expect("removed");
    }
    copy_folder(path, &copy);
    drop(survey);
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("readable").map(|entry| entry.expect("readable")) {
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

/// What a survey with exactly these batches says.
fn reference(seqs: impl Iterator<Item = u64>) -> String {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut survey = create(&scratch.path().join("reference"));
    fill(&mut survey, seqs);
    told(&mut survey)
}

fn segment(path: &Path) -> PathBuf {
    path.join("segments/survey-000001.pws")
}

#[test]
fn closed_and_opened_it_says_the_same() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=60);
    let before = told(&mut survey);
    survey.close().expect("closed");
    let (mut survey, report) = open(&path);
    assert_eq!(report, OpenReport::default(), "nothing to mend, nothing to replay");
    assert_eq!(told(&mut survey), before);
    assert_eq!(survey.ingest(packed(1, 7)).expect("sound"), Ingested::Duplicate);
    fill(&mut survey, 61..=80);
    assert_eq!(told(&mut survey), reference(1..=80));
    assert_eq!(survey.snapshot().totals.observations, 80 * ROWS as u64);
}

#[test]
fn without_the_index_nothing_is_lost() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=60);
    let note = UserRecord::Note {
        time: Timestamp::from_unix_secs(5),
        device: bssid(3),
        text: "mine".to_owned(),
    };
    survey.write_user(note).expect("taken");
    let before = told(&mut survey);
    survey.close().expect("closed");
    fs::remove_dir_all(path.join("index")).expect("removed");
    let (mut survey, report) = open(&path);
    assert_eq!(report.replayed_batches, 60);
    assert_eq!(report.repairs, ["The index was missing; it was made anew."]);
    assert_eq!(told(&mut survey), before);
    let snapshot = survey.snapshot();
    let noted = snapshot.access_point(bssid(3)).expect("heard");
    assert_eq!(noted.note.as_deref(), Some("mine"));
    for seq in 1..=60 {
        assert_eq!(survey.ingest(packed(1, seq)).expect("sound"), Ingested::Duplicate);
    }
    assert_eq!(verify(&path, &mut |_| {}).expect("readable").batches, 60);
}

#[test]
fn a_kill_at_any_byte_of_the_last_records_keeps_all_before() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=5);
    survey.checkpoint().expect("saved");
    let mut ends = vec![(fs::metadata(segment(&path)).expect("there").len(), 5)];
    for seq in 6..=7 {
        fill(&mut survey, seq..=seq);
        ends.push((fs::metadata(segment(&path)).expect("there").len(), seq));
    }
    let killed = kill(survey, &path);
    let whole = fs::read(segment(&killed)).expect("readable");
    let expected: Vec<String> = (5..=7).map(|last| reference(1..=last)).collect();
    // Every byte at the borders, a stride between: an opening takes some milliseconds.
    for cut in ends[0].0..=whole.len() as u64 {
        let near = ends.iter().any(|(end, _)| cut.abs_diff(*end) < 20);
        if !near && cut % 61 != 0 {
            continue;
        }
        fs::write(segment(&killed), &whole[..cut as usize]).expect("written");
        let last = ends.iter().rev().find(|(end, _)| *end <= cut).expect("one").1;
        let (mut survey, report) = open(&killed);
        let torn = !ends.iter().any(|(end, _)| *end == cut);
        let told_torn = report.repairs.iter().any(|r| r.contains("middle of a record"));
        assert_eq!(told_torn, torn, "{cut}: {:?}", report.repairs);
        assert_eq!(survey.durable_through(sensor(1), 7), last, "cut at {cut}");
        assert!(told(&mut survey) == expected[last as usize - 5], "cut at {cut}");
        // The sensor sends again what was not acknowledged.
        fill(&mut survey, last + 1..=7);
        assert!(told(&mut survey) == expected[2], "cut at {cut}");
        // As if never indexed: the copy's index goes back with the next cut.
        std::mem::forget(survey.writer.take());
        drop(survey);
        let report = verify(&killed, &mut |_| {}).expect("readable");
        assert!(report.is_sound() && report.batches == 7 && report.torn_bytes == 0, "{report:?}");
        fs::remove_dir_all(&killed).expect("removed");
        copy_folder(&path, &killed);
        fs::remove_dir_all(killed.join("index")).expect("removed");
    }
}

#[test]
fn a_damaged_index_is_mended_or_made_anew() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    for start in (1..=36).step_by(5) {
        fill(&mut survey, start..start + 5);
        survey.checkpoint().expect("saved");
    }
    let before = told(&mut survey);
    survey.close().expect("closed");
    let kept = scratch.path().join("kept");
    copy_folder(&path, &kept);
    let mut harmed = 0;
    for (name, harm) in damages(&kept.join("index")) {
        fs::remove_dir_all(&path).expect("removed");
        copy_folder(&kept, &path);
        harm(&path.join("index"));
        let (mut survey, report) = open(&path);
        assert!(told(&mut survey) == before, "{name}: {report:?}");
        assert_eq!(survey.ingest(packed(1, 40)).expect("sound"), Ingested::Duplicate, "{name}");
        fill(&mut survey, 41..=42);
        survey.close().expect("closed");
        let (survey, second) = open(&path);
        assert_eq!(survey.durable_through(sensor(1), 7), 42, "{name}");
        assert!(second.repairs.is_empty(), "{name}: {:?}", second.repairs);
        harmed += usize::from(!report.repairs.is_empty());
    }
    // A cut or turned log mostly opens at an older checkpoint, which is right and needs no words.
    assert!(harmed >= 4, "what is not an index any more is told: {harmed}");
}

type Harm = Box<dyn Fn(&Path)>;

/// Kinds of damage to an index like the one at `index`.
fn damages(index: &Path) -> Vec<(String, Harm)> {
    let snapshot = fs::read_dir(index)
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name())
        .find(|name| name.to_string_lossy().starts_with("snap."));
    let mut damages: Vec<(String, Harm)> = vec![
        (
            "empty folder".to_owned(),
            Box::new(|index| {
                fs::remove_dir_all(index).expect("removed");
                fs::create_dir(index).expect("made");
            }),
        ),
        (
            "empty database".to_owned(),
            Box::new(|index| {
                fs::write(index.join("db"), "").expect("written");
            }),
        ),
        (
            "garbage for a database".to_owned(),
            Box::new(|index| {
                fs::write(index.join("db"), vec![0xa5; 300_000]).expect("written");
            }),
        ),
        (
            "garbage for a configuration".to_owned(),
            Box::new(|index| {
                fs::write(index.join("conf"), "nonsense").expect("written");
            }),
        ),
        (
            "a file for a folder".to_owned(),
            Box::new(|index| {
                fs::remove_dir_all(index).expect("removed");
                fs::write(index, "x").expect("written");
            }),
        ),
    ];
    let len = fs::metadata(index.join("db")).expect("there").len() as usize;
    for part in 1..=12 {
        let at = len * part / 13;
        damages.push((
            format!("cut at {at} of {len}"),
            Box::new(move |index| {
                let bytes = fs::read(index.join("db")).expect("readable");
                fs::write(index.join("db"), &bytes[..at]).expect("written");
            }),
        ));
        damages.push((
            format!("bytes from {at} of {len} turned"),
            Box::new(move |index| {
                let mut bytes = fs::read(index.join("db")).expect("readable");
                bytes.iter_mut().skip(at).take(50).for_each(|byte| *byte ^= 0xff);
                fs::write(index.join("db"), bytes).expect("written");
            }),
        ));
    }
    if let Some(snapshot) = snapshot {
        damages.push((
            "empty snapshot".to_owned(),
            Box::new(move |index| {
                fs::write(index.join(&snapshot), "").expect("written");
            }),
        ));
    }
    damages
}

#[test]
fn an_index_of_other_segments_is_not_believed() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (one, two) = (scratch.path().join("one"), scratch.path().join("two"));
    let mut survey = create(&one);
    fill(&mut survey, 1..=10);
    survey.close().expect("closed");
    let mut survey = create(&two);
    fill(&mut survey, 1..=20);
    let before = told(&mut survey);
    survey.close().expect("closed");
    fs::remove_dir_all(two.join("index")).expect("removed");
    copy_folder(&one.join("index"), &two.join("index"));
    let (mut survey, report) = open(&two);
    assert!(report.repairs[0].contains("another survey"), "{report:?}");
    assert_eq!(told(&mut survey), before);
    survey.close().expect("closed");
    // Segments put back from an older copy: the index knows more than there is.
    let bytes = fs::read(segment(&two)).expect("readable");
    fs::write(segment(&two), &bytes[..bytes.len() / 2]).expect("written");
    let (survey, report) = open(&two);
    assert!(report.repairs[0].contains("knows more"), "{report:?}");
    assert!(survey.durable_through(sensor(1), 7) < 20);
}

#[test]
fn damage_in_the_middle_costs_only_what_it_hits_and_is_told() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=10);
    let entry = survey.state.batches[4];
    let last = survey.state.batches[9];
    survey.close().expect("closed");
    let mut bytes = fs::read(segment(&path)).expect("readable");
    bytes[entry.place.offset as usize + 30] ^= 1;
    fs::write(segment(&path), &bytes).expect("written");
    fs::remove_dir_all(path.join("index")).expect("removed");
    let (survey, report) = open(&path);
    assert!(report.repairs.iter().any(|r| r.contains("checksum")), "{report:?}");
    assert_eq!(survey.holes(), vec![Hole { sensor: sensor(1), epoch: 7, first: 5, last: 5 }]);
    drop(survey);
    let found = verify(&path, &mut |_| {}).expect("readable");
    assert_eq!((found.batches, found.damaged_records, found.holes.len()), (9, 1, 1));
    assert!(!found.is_sound());
    // Damage at the very end is kept as it is; a new segment goes on.
    bytes[entry.place.offset as usize + 30] ^= 1;
    bytes[last.place.offset as usize + 30] ^= 1;
    fs::write(segment(&path), &bytes).expect("written");
    let (mut survey, report) = open(&path);
    assert!(report.repairs.iter().any(|r| r.contains("segment 2 goes on")), "{report:?}");
    assert_eq!(survey.ingest(packed(1, 10)).expect("sound"), Ingested::New);
    survey.close().expect("closed");
    assert_eq!(fs::read(segment(&path)).expect("readable"), bytes);
    assert_eq!(verify(&path, &mut |_| {}).expect("readable").batches, 10);
    // A segment that somebody deleted is missed, and the rest stays readable.
    fs::remove_file(segment(&path)).expect("removed");
    let (survey, report) = open(&path);
    let told = report.repairs.join(" ");
    assert!(told.contains("knows more of segment 1"), "{told}");
    assert!(told.contains("Segments 1 to 1 are missing"), "{told}");
    assert!(survey.holds(id(1, 10)) && !survey.holds(id(1, 9)));
    assert!(!verify(&path, &mut |_| {}).expect("readable").is_sound());
}

#[test]
fn one_writes_while_others_read() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=10);
    let error = Survey::open(&path).expect_err("held").to_string();
    assert!(error.contains("in use by another PiWardrive"), "{error}");
    let (mut read, report) = Survey::open_read_only(&path).expect("opens");
    assert!(report.read_only && report.repairs.is_empty());
    assert_eq!(told(&mut read), told(&mut survey));
    assert!(matches!(read.ingest(packed(1, 11)), Err(SurveyError::ReadOnly)));
    assert!(matches!(read.commit(), Err(SurveyError::ReadOnly)));
    fill(&mut survey, 11..=15);
    read.refresh().expect("readable");
    assert_eq!(told(&mut read), told(&mut survey));
    assert_eq!(read.reader().batches(None).count(), 15);
    survey.close().expect("closed");
    // With the index free it is used, and let go again.
    let (mut quick, report) = Survey::open_read_only(&path).expect("opens");
    assert_eq!(report.replayed_batches, 0);
    assert_eq!(told(&mut quick), told(&mut read));
    open(&path);
}

#[test]
fn a_damaged_batch_is_refused_and_nothing_of_it_stays() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut survey = create(&scratch.path().join("s"));
    fill(&mut survey, 1..=3);
    let before = told(&mut survey);
    let good = packed(1, 4);
    let mut bytes = good.bytes().to_vec();
    // Damage behind a right checksum, as a faulty sensor could send it.
    let at = bytes.len() - 20;
    bytes[at] ^= 0xff;
    let header: [u8; 8] = bytes[4..12].try_into().expect("eight");
    let sum = crc32c::crc32c_append(crc32c::crc32c(&header), &bytes[16..]);
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    let bad = EncodedBatch::from_bytes(bytes).expect("a sound envelope");
    assert!(matches!(survey.ingest(bad), Err(SurveyError::Batch(_))));
    assert_eq!(told(&mut survey), before);
    assert_eq!(survey.ingest(good).expect("sound"), Ingested::New);
}

#[test]
fn durable_is_what_was_committed() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    let through = |survey: &Survey| survey.durable_through(sensor(1), 7);
    assert_eq!(through(&survey), 0);
    survey.ingest(packed(1, 1)).expect("sound");
    survey.ingest(packed(1, 2)).expect("sound");
    assert_eq!(through(&survey), 0, "not yet");
    survey.commit().expect("written");
    assert_eq!(through(&survey), 2);
    survey.ingest(packed(1, 5)).expect("sound");
    survey.commit().expect("written");
    assert_eq!((through(&survey), survey.durable_through_from(sensor(1), 7, 5)), (2, 5));
    assert_eq!(survey.durable_through_from(sensor(1), 7, 3), 2);
    assert_eq!(survey.holes(), vec![Hole { sensor: sensor(1), epoch: 7, first: 3, last: 4 }]);
    assert!(survey.holds(id(1, 5)) && !survey.holds(id(1, 3)) && !survey.holds(id(2, 1)));
    survey.ingest(packed(1, 3)).expect("sound");
    survey.ingest(packed(1, 4)).expect("sound");
    assert_eq!(through(&survey), 2, "3 waits");
    let killed = kill(survey, &path);
    let (survey, _) = open(&killed);
    assert_eq!(through(&survey), 2, "what waited is gone, and was never called durable");
}

#[test]
fn a_selection_is_what_lies_in_it() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut survey = create(&scratch.path().join("s"));
    fill(&mut survey, 1..=60);
    let reader = survey.reader();
    let go = AtomicBool::new(false);
    let at = |ms: i64| Timestamp::from_unix_ns(START_SECS * 1_000_000_000 + ms * 1_000_000);
    for (from, to) in [(0, 70_000), (20_500, 33_210), (35_000, 35_000), (70_000, 80_000)] {
        let range = TimeRange { start: at(from), end: at(to) };
        let selected = reader.select(range, &go).expect("readable");
        let rows: Vec<_> = (1..=60).flat_map(|seq| batch(1, seq).observations).collect();
        let inside = || rows.iter().filter(|o| range.contains(o.time));
        assert_eq!(selected.totals.observations, inside().count() as u64);
        let sent: u64 = selected.access_points.iter().map(|ap| ap.frames).sum();
        let by_clients: u64 = selected.clients.iter().map(|client| client.frames).sum();
        assert_eq!(sent + by_clients, inside().count() as u64);
        for ap in &selected.access_points {
            let own = || inside().filter(|o| o.transmitter == Some(ap.bssid));
            assert_eq!(ap.frames, own().count() as u64);
            assert_eq!(Some(ap.first_seen), own().map(|o| o.time).min());
            assert_eq!(Some(ap.last_seen), own().map(|o| o.time).max());
        }
        let outside = |time: Timestamp| !range.contains(time);
        assert!(!selected.range.is_some_and(|own| outside(own.start) || outside(own.end)));
        assert!(selected.track.iter().all(|point| range.contains(point.time)));
        assert_eq!(selected.selected, Some(range));
    }
    // All of it is the whole, names said before the range included.
    let all = TimeRange { start: at(0), end: at(1_000_000) };
    let mut selected = (*reader.select(all, &go).expect("readable")).clone();
    selected.selected = None;
    assert_eq!(told_by(&selected), told(&mut survey));
    let late = TimeRange { start: at(15_000), end: at(18_000) };
    let late = reader.select(late, &go).expect("readable");
    let named = |ap: &&Arc<crate::AccessPoint>| ap.name().is_some();
    assert!(late.access_points.iter().filter(named).count() > 5, "said at 1 s");
    let cancelled = reader.select(all, &AtomicBool::new(true));
    assert!(matches!(cancelled, Err(SurveyError::Cancelled)));
}

#[test]
fn snapshots_share_what_did_not_change() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut survey = create(&scratch.path().join("s"));
    fill(&mut survey, 1..=20);
    let first = survey.snapshot();
    assert!(Arc::ptr_eq(&first, &survey.snapshot()));
    let known = UserRecord::Known {
        time: Timestamp::from_unix_secs(9),
        device: first.access_points[0].bssid,
        known: true,
    };
    survey.write_user(known).expect("taken");
    let second = survey.snapshot();
    assert!(second.revision > first.revision && second.access_points[0].known);
    let shared = first.access_points.iter().zip(&second.access_points);
    let shared = shared.filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, first.access_points.len() - 1);
    assert!(Arc::ptr_eq(&first.track, &second.track));
}

#[test]
fn whatever_the_order_of_batches() {
    let forward = reference(1..=30);
    let scratch = tempfile::tempdir().expect("a folder");
    let mut survey = create(&scratch.path().join("s"));
    // Batches that introduce advertisements come first, as on a link; the rest in any order.
    fill(&mut survey, [1, 21].into_iter());
    fill(&mut survey, (1..=30).rev().filter(|seq| ![1, 21].contains(seq)));
    // The track is thinned as it comes, so it alone may differ.
    let without_track = |told: &str| {
        let keep = told.split("track: [").next().map(str::to_owned);
        keep.unwrap_or_default()
    };
    assert_eq!(without_track(&told(&mut survey)), without_track(&forward));
}

#[test]
fn rebuilt_is_what_it_was() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    for seq in 1..=100 {
        survey.ingest(packed(1 + (seq % 3) as u8, seq)).expect("sound");
        if seq % 7 == 0 {
            survey.commit().expect("written");
        }
        if seq % 23 == 0 {
            // Whether snapshots or checkpoints were taken on the way makes no difference.
            survey.snapshot();
            survey.checkpoint().expect("saved");
        }
    }
    let before = told(&mut survey);
    assert!(matches!(rebuild(&path, &mut |_| {}), Err(SurveyError::InUse { .. })));
    survey.close().expect("closed");
    let mut calls = 0;
    let report = rebuild(&path, &mut |_| calls += 1).expect("rebuilt");
    assert_eq!((report.batches, report.observations, calls), (100, 100 * ROWS as u64, 1));
    assert!(report.repairs.is_empty());
    let (mut survey, report) = open(&path);
    assert_eq!(report, OpenReport::default());
    assert_eq!(told(&mut survey), before);
    let info = crate::upkeep::info(&path).expect("readable");
    assert!(info.in_use && info.segments == 1 && info.index_bytes > 0 && info.format == 1);
    assert!(survey.snapshot().access_points.iter().all(|ap| ap.bssid != MacAddr::ZERO));
}

#[test]
fn zeros_at_the_end_are_a_torn_write() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=3);
    survey.close().expect("closed");
    let whole = fs::read(segment(&path)).expect("readable");
    fs::write(segment(&path), [&whole[..], &[0; 5000]].concat()).expect("written");
    // A name that is not ours is left alone.
    fs::write(path.join("segments/survey-99999999999999999999.pws"), "x").expect("written");
    fs::write(path.join("segments/survey-2.pws"), "x").expect("written");
    assert_eq!(verify(&path, &mut |_| {}).expect("readable").torn_bytes, 5000);
    let (survey, report) = open(&path);
    assert_eq!(report.repairs.len(), 1, "{report:?}");
    assert!(report.repairs[0].contains("5000 bytes"), "{report:?}");
    assert_eq!(survey.durable_through(sensor(1), 7), 3);
    assert_eq!(fs::read(segment(&path)).expect("readable"), whole);
}

#[test]
fn a_file_too_large_to_be_ours_is_refused_and_not_cut() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    create(&path).close().expect("closed");
    let file = fs::OpenOptions::new().write(true).open(segment(&path)).expect("there");
    // Sparse: takes no room.
    file.set_len(300 << 20).expect("set");
    let error = Survey::open(&path).expect_err("refused").to_string();
    assert!(error.contains("larger than any segment"), "{error}");
    assert_eq!(fs::metadata(segment(&path)).expect("there").len(), 300 << 20);
}

#[test]
fn a_survey_can_go_to_another_thread() {
    fn sent<T: Send>() {}
    sent::<Survey>();
    sent::<SurveyReader>();
}
