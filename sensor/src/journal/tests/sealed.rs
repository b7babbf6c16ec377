//! A sealed journal: nothing is read or lost without its key, and plain segments stand beside sealed ones.

use super::*;
use crate::journal::segment::Scan;
use std::collections::BTreeMap;

/// Every file of the journal but its lock.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder.join("journal")).expect("readable");
    let names = entries.map(|entry| entry.expect("readable").file_name().into_string());
    let names = names.map(|name| name.expect("our own names")).filter(|name| name != "lock");
    names
        .map(|name| {
            let bytes = fs::read(folder.join("journal").join(&name)).expect("readable");
            (name, bytes)
        })
        .collect()
}

fn write_some(settings: &JournalSettings, batches: i64) -> JournalReader {
    let journal = Journal::open(settings.clone()).expect("opens");
    let reader = journal.reader();
    fill(&journal, batches, 3);
    journal.close().expect("closed");
    reader
}

/// The stream's name stands in the head of every batch, before what is packed.
const NAME: &[u8] = b"name of the stream";

fn named(folder: &Path, sealing: Option<Arc<Sealing>>) -> BTreeMap<String, Vec<u8>> {
    let mut settings = settings(folder);
    settings.sealing = sealing;
    let journal = Journal::open(settings).expect("opens");
    for number in 0..20 {
        let mut batch = batch(number, 3);
        batch.stream.name = String::from_utf8_lossy(NAME).into_owned();
        journal.submit(batch).expect("taken");
    }
    let reader = journal.reader();
    reader.set_desktops(vec![[1; 32]]);
    reader.acknowledge([1; 32], 3);
    journal.close().expect("closed");
    assert_eq!(all(&reader).len(), 20);
    content(folder)
}

#[test]
fn nothing_of_what_was_heard_lies_in_the_clear() {
    let holds = |files: &BTreeMap<String, Vec<u8>>| {
        files.values().any(|bytes| bytes.windows(NAME.len()).any(|window| window == NAME))
    };
    let plain = tempfile::tempdir().expect("temporary folder");
    assert!(holds(&named(plain.path(), None)), "else this test could not fail");
    let sealed = tempfile::tempdir().expect("temporary folder");
    let files = named(sealed.path(), Some(key(1)));
    assert!(!holds(&files));
    let segment = &files["journal-0000000001.pws"];
    let envelopes = |kind| {
        let records = pw_wire::SegmentScanner::new(segment);
        let of_kind = records.filter(move |item| {
            matches!(item, pw_wire::ScanItem::Record { envelope, .. } if envelope.kind == Some(kind))
        });
        of_kind.count()
    };
    assert_eq!(envelopes(pw_wire::EnvelopeKind::Sealed), 20);
    assert_eq!(envelopes(pw_wire::EnvelopeKind::Batch), 0);
    assert_eq!(envelopes(pw_wire::EnvelopeKind::Journal), 0, "sums tell how much was heard when");
}

#[test]
fn without_its_key_a_journal_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut own = settings(folder.path());
    own.segment_bytes = 2_000;
    own.sealing = Some(key(1));
    write_some(&own, 60);
    // What a start would settle: a segment on its way out, and a torn end.
    let journal = folder.path().join("journal");
    fs::rename(
        segment_files(folder.path()).remove(0),
        journal.join("journal-0000000001-9999.expired"),
    )
    .expect("renamed");
    let last = segment_files(folder.path()).pop().expect("segments");
    let whole = fs::read(&last).expect("readable");
    fs::write(&last, &whole[..whole.len() - 5]).expect("written");
    let before = content(folder.path());
    for (sealing, words) in [(None, "no key is given"), (Some(key(2)), "the one in /key is")] {
        let mut other = own.clone();
        other.sealing = sealing;
        let error = Journal::open(other).expect_err(words);
        let text = error.to_string();
        assert!(matches!(error, JournalError::Sealed { .. }), "{text}");
        assert!(text.contains(words) && text.contains(&key(1).id().to_string()), "{text}");
        assert!(text.contains("nothing was changed"), "{text}");
        assert_eq!(content(folder.path()), before, "{words}");
    }
    let journal = Journal::open(own).expect("its own key opens it");
    let reader = journal.reader();
    wait(&reader, "the torn batch is missed", |state| state.durable_seq > 60);
    assert_eq!(sum(&all(&reader)), 180);
}

#[test]
fn a_key_can_come_and_sealing_can_end() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut settings = settings(folder.path());
    write_some(&settings, 10);
    settings.sealing = Some(key(1));
    write_some(&settings, 10);
    write_some(&settings, 10);
    let text = "piwardrive-seal-1:".to_owned() + &"01".repeat(32);
    let opening = Sealing::of(pw_trust::SealingKey::from_text(&text).expect("a key"));
    settings.sealing = Some(Arc::new(opening.only_opening()));
    let reader = write_some(&settings, 10);
    let read = all(&reader);
    assert_eq!(seqs(&read), (1..=40).collect::<Vec<_>>());
    assert_eq!((sum(&read), gaps(&read).len()), (120, 0));
    let state = reader.state().borrow().clone();
    assert_eq!((state.seals, state.sealed_segments, state.plain_segments), (false, 1, 2));

    // Once nothing sealed is left, no key is needed.
    let sealed = segment_files(folder.path()).remove(1);
    let kept = fs::read(&sealed).expect("readable");
    settings.sealing = None;
    let refused = Journal::open(settings.clone());
    assert!(matches!(refused, Err(JournalError::Sealed { path, .. }) if path == sealed));
    assert_eq!(fs::read(&sealed).expect("readable"), kept);
    fs::remove_file(&sealed).expect("removed");
    assert_eq!(all(&write_some(&settings, 1)).len(), 21);
}

#[test]
fn who_has_no_key_sees_numbers_and_damage_and_is_told_what_is_missing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut own = settings(folder.path());
    write_some(&own, 5);
    own.sealing = Some(key(1));
    write_some(&own, 10);
    let journal = folder.path().join("journal");
    let reports = inspect(&journal, None).expect("readable");
    let seen = |report: &SegmentReport| (report.batches, report.sealed, report.observations);
    assert_eq!(seen(&reports[0]), (5, 0, 15));
    assert_eq!(seen(&reports[1]), (10, 10, 0));
    assert_eq!((reports[1].first_seq, reports[1].last_seq), (Some(6), Some(15)));
    assert_eq!(reports[1].closed, Some((10, key(1).id())));
    assert!(reports.iter().all(|report| report.damage.is_empty()));
    let mut read = 0;
    let error = each_batch::<JournalError>(&journal, None, |_| {
        read += 1;
        Ok(true)
    });
    let text = error.expect_err("sealed").to_string();
    assert!(read == 5 && text.contains("--key-file"), "{read}, {text}");

    let reports = inspect(&journal, Some(&key(1))).expect("readable");
    assert_eq!((seen(&reports[1]), reports[1].closed), ((10, 10, 30), None));
    let path = reports[1].path.clone();
    let mut damaged = fs::read(&path).expect("readable");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 4;
    for sealing in [None, Some(key(1))] {
        let scan = Scan::of(&damaged, 0, sealing.as_deref());
        assert_eq!(scan.damage.len(), 1, "found without the key as well");
        assert_eq!(scan.batches + scan.closed.map_or(0, |closed| closed.batches), 9);
    }
    // Whoever writes a checksum that fits does not get far either: it is damage, told with its place.
    let mut forged =
        pw_wire::SealedHead { key: key(1).id().0, seq: 99 }.encode(&[7; 80]).expect("small");
    let at = fs::read(&path).expect("readable").len() as u64;
    let mut bytes = fs::read(&path).expect("readable");
    bytes.append(&mut forged);
    let scan = Scan::of(&bytes, 0, Some(&key(1)));
    assert_eq!((scan.batches, scan.damage[0].offset), (10, at));
    assert!(scan.damage[0].problem.contains("does not open"), "{:?}", scan.damage);
}

#[test]
fn the_key_is_found_where_the_start_of_a_segment_is_damaged() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut own = settings(folder.path());
    own.sealing = Some(key(1));
    write_some(&own, 10);
    let path = segment_files(folder.path()).remove(0);
    let bytes = fs::read(&path).expect("readable");
    let first = pw_wire::Envelope::read(&bytes).expect("the header").len;
    for at in [2, first + 2, first + 20, first + 60] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).expect("written");
        for at_hand in [None, Some(key(1).id()), Some(key(2).id())] {
            let found = sealing::key_of(&RealMachine, &path, at_hand);
            assert_eq!(found.expect("readable"), Some(key(1).id()), "byte {at}, {at_hand:?}");
        }
        let mut plain = own.clone();
        plain.sealing = None;
        assert!(Journal::open(plain).is_err(), "byte {at}");
        let journal = Journal::open(own.clone()).expect("damage does not lock it");
        assert!(all(&journal.reader()).len() >= 9, "byte {at}");
        journal.close().expect("closed");
        for file in segment_files(folder.path()).into_iter().skip(1) {
            fs::remove_file(file).expect("removed");
        }
    }
}
