//! What was stored and is gone is said: by a check, in every snapshot, and until it comes again.

use super::*;
use crate::{Loss, VerifyReport, remove_unused};
use pw_model::GapCause;

fn checked(path: &Path) -> VerifyReport {
    verify(path, &mut |_| {}).expect("readable")
}

/// A closed survey of 20 batches and where they stand.
fn stored(path: &Path) -> Vec<BatchEntry> {
    let mut survey = create(path);
    fill(&mut survey, 1..=20);
    let batches = survey.state.batches.clone();
    survey.close().expect("closed");
    batches
}

fn cut(path: &Path, at: u64) {
    let file = fs::OpenOptions::new().write(true).open(segment(path)).expect("there");
    file.set_len(at).expect("cut");
}

fn turn(path: &Path, at: u64) {
    let mut bytes = fs::read(segment(path)).expect("readable");
    bytes[at as usize] ^= 1;
    fs::write(segment(path), bytes).expect("written");
}

/// Frames and uncounted gaps of the losses that a snapshot states.
fn stated(snapshot: &Snapshot) -> (u64, usize) {
    let gaps = snapshot.gaps.iter().filter(|row| row.gap.cause == GapCause::SurveyDamage);
    let frames: Vec<Option<u64>> = gaps.map(|row| row.gap.frames).collect();
    (frames.iter().flatten().sum(), frames.iter().filter(|frames| frames.is_none()).count())
}

fn read_only(path: &Path) -> Survey {
    let (mut survey, _) = Survey::open_read_only(path).expect("opens");
    survey.check_segments().expect("readable");
    survey
}

fn expected(batches: &[BatchEntry], first: u64, last: u64) -> Loss {
    let range = |seq: u64| batches[seq as usize - 1].range.expect("has times");
    Loss {
        sensor: sensor(1),
        name: Some("sensor 1".to_owned()),
        epoch: 7,
        first,
        last,
        range: Some(range(first).union(&range(last))),
        observations: Some((last - first + 1) * ROWS as u64),
    }
}

#[test]
fn a_tail_cut_after_it_was_indexed() {
    let _nobody_starts = STARTING.read();
    for rebuilt in [false, true] {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("s");
        let batches = stored(&path);
        assert_eq!(checked(&path).lost, []);
        cut(&path, batches[14].place.offset + 10);
        let found = checked(&path);
        assert!(!found.is_sound() && found.damaged_records == 0 && found.not_compared.is_none());
        assert_eq!(found.lost, [expected(&batches, 15, 20)]);
        let before = fs::read(segment(&path)).expect("readable");
        let mut survey = read_only(&path);
        let snapshot = survey.snapshot();
        assert_eq!(stated(&snapshot), (6 * ROWS as u64, 0));
        // The fixture's own gaps of batches 5 and 10 have as many frames as their numbers.
        assert_eq!(snapshot.totals.frames_lost, 6 * ROWS as u64 + 5 + 10);
        assert_eq!(snapshot.sensors[0].losses[&GapCause::SurveyDamage].frames, 6 * ROWS as u64);
        drop(survey);
        assert_eq!(fs::read(segment(&path)).expect("readable"), before);
        assert_eq!(checked(&path).lost, found.lost, "looking changes nothing");
        let repairs = if rebuilt {
            rebuild(&path, &mut |_| {}).expect("rebuilt").repairs
        } else {
            let (survey, report) = open(&path);
            survey.close().expect("closed");
            report.repairs
        };
        let told_all = repairs.join("\n");
        assert!(told_all.contains("Batches 15 to 20 of sensor 1"), "{told_all}");
        assert!(told_all.contains("240 observations, 2026-05-28T"), "{told_all}");
        assert!(told_all.contains("were part of what had been stored"), "{told_all}");
        // It stays said, with and without the index.
        assert_eq!(checked(&path).lost, found.lost);
        assert!(rebuild(&path, &mut |_| {}).expect("rebuilt").repairs.is_empty());
        assert_eq!(checked(&path).lost, found.lost);
        let (mut survey, report) = open(&path);
        assert_eq!(report, OpenReport::default());
        assert_eq!(stated(&survey.snapshot()), (6 * ROWS as u64, 0));
        let range = expected(&batches, 17, 17).range.expect("has times");
        let go = AtomicBool::new(false);
        let selected = survey.reader().select(range, &go).expect("readable");
        assert_eq!(stated(&selected).0, 6 * ROWS as u64 / 6, "one of them lies there");
        // What comes again is lost no more.
        assert_eq!(survey.durable_through(sensor(1), 7), 14);
        fill(&mut survey, 15..=16);
        assert_eq!(stated(&survey.snapshot()), (4 * ROWS as u64, 0));
        fill(&mut survey, 17..=20);
        assert_eq!(told(&mut survey), reference(1..=20));
        survey.close().expect("closed");
        assert!(checked(&path).is_sound());
        let (mut survey, _) = open(&path);
        assert_eq!(told(&mut survey), reference(1..=20));
    }
}

#[test]
fn a_torn_tail_that_no_index_knew_is_no_loss() {
    let _nobody_starts = STARTING.read();
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=4);
    let killed = kill(survey, &path);
    let len = fs::metadata(segment(&killed)).expect("there").len();
    cut(&killed, len - 7);
    let found = checked(&killed);
    assert!(found.is_sound() && found.torn_bytes > 0 && found.lost.is_empty(), "{found:?}");
    let (_, report) = open(&killed);
    assert!(report.repairs[0].contains("nothing tells that they were ever stored"), "{report:?}");
}

#[test]
fn damage_in_the_middle() {
    let _nobody_starts = STARTING.read();
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let batches = stored(&path);
    turn(&path, batches[6].place.offset + 30);
    // The index is sound and is not made anew: only reading the bytes tells.
    let found = checked(&path);
    assert_eq!((found.damaged_records, &found.lost[..]), (1, &[expected(&batches, 7, 7)][..]));
    assert_eq!(stated(&read_only(&path).snapshot()), (ROWS as u64, 0));
    // A rebuild knows it from the old index and keeps it.
    rebuild(&path, &mut |_| {}).expect("rebuilt");
    let (mut survey, _) = open(&path);
    assert_eq!(stated(&survey.snapshot()), (ROWS as u64, 0));
    survey.close().expect("closed");
    assert_eq!(checked(&path).lost, [expected(&batches, 7, 7)]);
    assert_eq!(stated(&read_only(&path).snapshot()), (ROWS as u64, 0), "said once");
    let (mut survey, _) = open(&path);
    fill(&mut survey, 7..=7);
    survey.close().expect("closed");
    assert_eq!(stated(&read_only(&path).snapshot()), (0, 0), "it came again");
    rebuild(&path, &mut |_| {}).expect("rebuilt");
    assert_eq!(stated(&read_only(&path).snapshot()), (0, 0), "it came again");
}

#[test]
fn damage_without_an_index_is_told_by_its_neighbours() {
    let _nobody_starts = STARTING.read();
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let batches = stored(&path);
    turn(&path, batches[6].place.offset + 30);
    fs::remove_dir_all(path.join("index")).expect("removed");
    let found = checked(&path);
    assert_eq!(found.not_compared.as_deref(), Some("there is no index"));
    let lost = &found.lost[0];
    assert_eq!((lost.first, lost.last, lost.observations), (7, 7, None));
    assert_eq!(stated(&read_only(&path).snapshot()), (0, 1));
    let (mut survey, _) = open(&path);
    assert_eq!(stated(&survey.snapshot()), (0, 1));
    survey.close().expect("closed");
    let (mut survey, _) = open(&path);
    assert_eq!(stated(&survey.snapshot()), (0, 1), "from the index");
    fill(&mut survey, 7..=7);
    assert_eq!(stated(&survey.snapshot()), (0, 0));
}

#[test]
fn a_segment_that_is_gone() {
    let _nobody_starts = STARTING.read();
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let batches = stored(&path);
    fs::remove_file(segment(&path)).expect("removed");
    assert_eq!(checked(&path).lost, [expected(&batches, 1, 20)]);
    let (mut survey, report) = open(&path);
    assert!(report.repairs.join(" ").contains("Batches 1 to 20 of sensor 1"), "{report:?}");
    assert_eq!(stated(&survey.snapshot()), (20 * ROWS as u64, 0));
    survey.close().expect("closed");
    // Nothing but the record names it now, and the index that took it over.
    assert_eq!(checked(&path).lost, [expected(&batches, 1, 20)]);
    rebuild(&path, &mut |_| {}).expect("rebuilt");
    assert_eq!(checked(&path).lost, [expected(&batches, 1, 20)]);
}

#[test]
fn only_what_holds_nothing_is_taken_away() {
    let _nobody_starts = STARTING.read();
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    let survey = create(&path);
    assert!(matches!(remove_unused(&path), Err(SurveyError::InUse { .. })));
    survey.close().expect("closed");
    assert!(remove_unused(&path).expect("removed"));
    assert!(!path.exists());
    // A note is something, and so are files of others.
    let mut survey = create(&path);
    let note = |text: &str| UserRecord::Note {
        time: Timestamp::from_unix_secs(5),
        device: bssid(3),
        text: text.to_owned(),
    };
    survey.write_user(note("mine")).expect("taken");
    survey.close().expect("closed");
    assert!(!remove_unused(&path).expect("looked at"));
    let (mut survey, _) = open(&path);
    assert_eq!(survey.snapshot().revision, 1);
    survey.close().expect("closed");
    let other = scratch.path().join("other");
    create(&other).close().expect("closed");
    fs::write(other.join("mine.txt"), "mine").expect("written");
    assert!(remove_unused(&other).expect("removed"));
    assert_eq!(fs::read_dir(&other).expect("there").count(), 1);
}
