//! Opening a journal: what is there, what is torn, what the last run did not write.

use super::accounting::{Accounted, RADIOS_MAX};
use super::counters::{Counters, LeftBehind};
use super::desktops::Desktops;
use super::directory::{Expired, SegmentName};
use super::index::{Index, IndexedSegment, Shared};
use super::machine::{Access, Machine, OpenFile};
use super::sealing::{self, Sealing};
use super::segment::{Scan, Step, walk};
use super::{JournalError, JournalSettings, directory};
use crate::clock;
use pw_model::{Gap, GapCause, Origin, RadioId, Timestamp};
use pw_wire::BatchHeader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Numbers that are passed over when the end of the journal is damaged and nothing says how many
/// batches stood there: more than fit into a segment, so that none is given twice.
const UNKNOWN_BATCHES: u64 = 1 << 20;

/// No batch with its mark is shorter: two envelopes of 16 bytes, the mark's and the batch's header.
const BATCH_BYTES_MIN: u64 = 64;

/// Bytes at the start of an older segment in which its first batch is looked for.
const HEAD_BYTES: u64 = 512 << 10;

/// A journal, ready to be written.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<Counters>,
    /// Held as long as the writer lives.
    pub(super) lock: Box<dyn OpenFile>,
    /// Number for the next segment.
    pub(super) next_segment: u64,
    /// The last segment may be written on from here; `None` to begin a new one.
    pub(super) append_at: Option<u64>,
    /// Number for the next batch.
    pub(super) next_seq: u64,
    /// Sums after the last batch.
    pub(super) sums: Accounted,
    /// What the last run left unwritten.
    pub(super) gaps: Vec<Gap>,
}

/// Opens the journal in its folder.
pub(super) fn recover(
    settings: &JournalSettings,
    machine: &Arc<dyn Machine>,
) -> Result<Recovered, JournalError> {
    let folder = &settings.directory;
    let files = &**machine;
    directory::create(files, folder)?;
    let lock = directory::lock(files, folder)?;
    let listing = directory::list(files, folder)?;
    let sealing = settings.sealing.as_deref();
    let paths = listing.segments.iter().map(|segment| segment.path(folder));
    let paths = paths.chain(listing.expired.iter().map(|segment| segment.path(folder)));
    sealing::check_key(files, paths, sealing)?;
    let mut names = listing.segments;
    settle_thinned(files, folder, &mut names, &listing.unfinished, sealing)?;
    settle_expired(files, folder, &mut names, &listing.expired, sealing)?;
    let mut end = read_end(settings, files, &names)?;
    let epoch = match (directory::read_epoch(files, folder)?, &end.last) {
        (Some(epoch), _) if !names.is_empty() => epoch,
        (None, Some(last)) => last.id.epoch,
        _ => draw_epoch()?,
    };
    if directory::read_epoch(files, folder)? != Some(epoch) {
        directory::write_epoch(files, folder, epoch)?;
    }
    let segments = index_segments(settings, files, &names, &end)?;
    let desktops = Desktops::read(files, folder);
    let (counters, left) = Counters::open(files, &folder.join("counters"), epoch)?;

    let last_seq = end.last.as_ref().map_or(0, |last| last.id.seq);
    let known = left.as_ref().map_or(0, |left| left.durable_seq).max(desktops.anywhere());
    let mut next_seq = last_seq.max(known) + 1;
    if end.damaged {
        next_seq += match &left {
            None => UNKNOWN_BATCHES,
            // After a power cut the counters may be older than what stood in the damaged place.
            Some(left) if !left.exact => end.hidden_batches(),
            Some(_) => 0,
        };
    }
    let gaps =
        if names.is_empty() { Vec::new() } else { restart_gaps(settings, left.as_ref(), &end) };
    // From here on the difference is stated by the first batch, so both sides begin equal.
    counters.restart(&restarted(left.as_ref(), &end.sums, &gaps), next_seq - 1);
    let path = folder.join("counters");
    counters.flush().map_err(|error| JournalError::io("cannot sync", &path, error))?;
    // Sealed and plain batches do not stand in one segment, and a thinned one is not written on.
    let seals = settings.sealing.as_ref().is_some_and(|sealing| sealing.seals());
    let thinned = names.last().is_some_and(|last| last.thinned);
    if end.damaged || thinned || end.sealed.is_some_and(|sealed| sealed != seals) {
        end.append_at = None;
    }
    let index = Index { segments: segments.into(), durable_seq: next_seq - 1 };
    let shared = Shared::new(
        Arc::clone(machine),
        folder.clone(),
        epoch,
        settings.sensor,
        settings.sealing.clone(),
        index,
        desktops,
    );
    if end.damaged
        && let Some(last) = names.last()
    {
        shared.suspects().insert(last.number);
    }
    Ok(Recovered {
        shared: Arc::new(shared),
        counters: Arc::new(counters),
        lock,
        next_segment: names.last().map_or(1, |last| last.number + 1),
        append_at: end.append_at,
        next_seq,
        sums: end.sums,
        gaps,
    })
}

/// Finishes what thinning had begun when the last run ended: a thinned form that is not whole goes, and
/// of a segment that stands there in both forms the older one, since the newer was whole before it got
/// its name.
fn settle_thinned(
    machine: &dyn Machine,
    folder: &Path,
    names: &mut Vec<SegmentName>,
    unfinished: &[PathBuf],
    sealing: Option<&Sealing>,
) -> Result<(), JournalError> {
    let mut gone = unfinished.to_vec();
    let twice = names.windows(2).filter(|pair| matches!(pair, [a, b] if a.number == b.number));
    for pair in twice {
        let [whole, thinned] = pair else { continue };
        let ends = |segment: &SegmentName| -> Result<_, JournalError> {
            let path = segment.path(folder);
            let bytes =
                machine.read(&path).map_err(|e| JournalError::io("cannot read", &path, e))?;
            let scan = Scan::of(&bytes, 0, sealing);
            let seq = |header: Option<BatchHeader>| header.map(|header| header.id.seq);
            let sound = scan.damage.is_empty() && scan.torn.is_none();
            Ok((seq(scan.first), seq(scan.last), sound))
        };
        let (first, last, sound) = ends(thinned)?;
        let (whole_first, whole_last, _) = ends(whole)?;
        let same = sound && (first, last) == (whole_first, whole_last);
        gone.push(if same { whole.path(folder) } else { thinned.path(folder) });
    }
    if gone.is_empty() {
        return Ok(());
    }
    for path in &gone {
        machine.remove(path).map_err(|e| JournalError::io("cannot delete", path, e))?;
    }
    directory::sync_names(machine, folder)?;
    *names = directory::list(machine, folder)?.segments;
    Ok(())
}

/// Deletes segments that were being driven out when the last run ended, and takes those back whose
/// loss was not stated yet: the quota drives them out again, and then it is.
fn settle_expired(
    machine: &dyn Machine,
    folder: &Path,
    names: &mut Vec<SegmentName>,
    expired: &[Expired],
    sealing: Option<&Sealing>,
) -> Result<(), JournalError> {
    if expired.is_empty() {
        return Ok(());
    }
    for segment in expired {
        let path = segment.path(folder);
        let stated = match segment.statement {
            Some(seq) => is_stated(machine, folder, names, seq, sealing)?,
            None => false,
        };
        let number = segment.segment.number;
        if stated || names.iter().any(|name| name.number == number) {
            machine.remove(&path).map_err(|e| JournalError::io("cannot delete", &path, e))?;
        } else {
            let back = segment.segment.path(folder);
            machine
                .rename(&path, &back)
                .map_err(|error| JournalError::io("cannot rename", &path, error))?;
        }
    }
    directory::sync_names(machine, folder)?;
    *names = directory::list(machine, folder)?.segments;
    Ok(())
}

/// True when batch `seq` is in the journal, or had been and was acknowledged and deleted.
fn is_stated(
    machine: &dyn Machine,
    folder: &Path,
    names: &[SegmentName],
    seq: u64,
    sealing: Option<&Sealing>,
) -> Result<bool, JournalError> {
    let mut oldest = None;
    for segment in names.iter().rev() {
        let path = segment.path(folder);
        let bytes = machine.read(&path).map_err(|e| JournalError::io("cannot read", &path, e))?;
        let mut seqs = walk(&bytes, sealing).filter_map(|step| match step {
            Step::Batch { header, .. } => Some(header.id.seq),
            _ => None,
        });
        let Some(first) = seqs.next() else { continue };
        if first == seq || (first < seq && seqs.any(|found| found == seq)) {
            return Ok(true);
        }
        if first < seq {
            return Ok(false);
        }
        oldest = Some(first);
    }
    Ok(oldest.is_some_and(|first| first > seq))
}

/// The end of the journal.
struct End {
    last: Option<BatchHeader>,
    sums: Accounted,
    /// Damage in the last segment.
    damaged: bool,
    /// The last segment is sealed; `None` while it holds no batch.
    sealed: Option<bool>,
    append_at: Option<u64>,
    /// Of the last segment.
    scan: Scan,
    file_len: u64,
}

impl End {
    /// No more batches than that stood in the damaged places after the last sound one.
    fn hidden_batches(&self) -> u64 {
        let last = self.scan.damage.iter().filter(|damage| damage.after.is_none());
        last.map(|damage| damage.len / BATCH_BYTES_MIN).sum()
    }
}

/// Reads the last segment, cuts off a torn end, and goes back to the last batch there is.
fn read_end(
    settings: &JournalSettings,
    machine: &dyn Machine,
    names: &[SegmentName],
) -> Result<End, JournalError> {
    let mut end = End {
        last: None,
        sums: Accounted::default(),
        damaged: false,
        sealed: None,
        append_at: None,
        scan: Scan::default(),
        file_len: 0,
    };
    for (back, name) in names.iter().rev().enumerate() {
        let path = name.path(&settings.directory);
        let bytes = machine.read(&path).map_err(|e| JournalError::io("cannot read", &path, e))?;
        let scan = Scan::of(&bytes, 0, settings.sealing.as_deref());
        if back == 0 {
            end.damaged = !scan.damage.is_empty();
            end.file_len = bytes.len() as u64;
            if !end.damaged {
                end.append_at = cut_torn_end(machine, &path, &scan, bytes.len() as u64)?;
                end.file_len = scan.sound_end;
            }
        }
        if back == 0 && scan.batches > 0 {
            end.sealed = Some(scan.sealed > 0);
        }
        let found = scan.last.clone();
        let sums = scan.sums;
        if back == 0 {
            end.scan = scan;
        }
        if let Some(last) = found {
            if last.id.sensor != settings.sensor {
                return Err(JournalError::Foreign {
                    path: settings.directory.clone(),
                    found: last.id.sensor,
                    own: settings.sensor,
                });
            }
            end.last = Some(last);
            end.sums = sums;
            break;
        }
    }
    Ok(end)
}

/// Cuts the last segment after its last whole batch; `None` when not even its header is whole.
fn cut_torn_end(
    machine: &dyn Machine,
    path: &Path,
    scan: &Scan,
    length: u64,
) -> Result<Option<u64>, JournalError> {
    if length > scan.sound_end {
        let file = machine
            .open(path, Access::Write)
            .map_err(|e| JournalError::io("cannot open", path, e))?;
        file.set_length(scan.sound_end)
            .and_then(|()| file.sync())
            .map_err(|e| JournalError::io("cannot cut the torn end of", path, e))?;
        tracing::warn!(
            "{}: cut off {} bytes after byte {} that the last run did not finish writing",
            path.display(),
            length - scan.sound_end,
            scan.sound_end
        );
    }
    Ok(Some(scan.sound_end).filter(|end| *end > 0))
}

fn index_segments(
    settings: &JournalSettings,
    machine: &dyn Machine,
    names: &[SegmentName],
    end: &End,
) -> Result<Vec<IndexedSegment>, JournalError> {
    let mut segments = Vec::new();
    let mut last_seq = end.last.as_ref().map_or(0, |last| last.id.seq);
    for (back, name) in names.iter().rev().enumerate() {
        let mut segment = IndexedSegment {
            number: name.number,
            first_seq: None,
            last_seq,
            end: end.file_len,
            sealed: end.sealed == Some(true),
            thinned: name.thinned,
            places: Vec::new(),
        };
        if back == 0 {
            // Where it holds a header only, what is written there next is.
            let seals = settings.sealing.as_ref().is_some_and(|sealing| sealing.seals());
            segment.sealed = end.sealed.unwrap_or(seals);
            segment.first_seq = end.scan.first.as_ref().map(|first| first.id.seq);
            segment.places.clone_from(&end.scan.places);
        } else {
            let path = name.path(&settings.directory);
            let sealing = settings.sealing.as_deref();
            let first = |limit| first_batch(machine, &path, limit, sealing);
            let (found, length) = match first(HEAD_BYTES)? {
                (None, length) if length > HEAD_BYTES => first(u64::MAX)?,
                found => found,
            };
            segment.end = length;
            segment.first_seq = found.map(|(seq, _)| seq);
            segment.sealed = found.is_some_and(|(_, sealed)| sealed);
        }
        if let Some(first) = segment.first_seq {
            last_seq = first.saturating_sub(1);
        }
        segments.push(segment);
    }
    segments.reverse();
    Ok(segments)
}

/// Number of the first batch in a segment and whether it is sealed, and the segment's length.
fn first_batch(
    machine: &dyn Machine,
    path: &Path,
    limit: u64,
    sealing: Option<&Sealing>,
) -> Result<(Option<(u64, bool)>, u64), JournalError> {
    let unreadable = |error| JournalError::io("cannot read", path, error);
    let file = machine.open(path, Access::Read).map_err(unreadable)?;
    let length = file.length().map_err(unreadable)?;
    let mut bytes = vec![0; usize::try_from(length.min(limit)).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, 0).map_err(unreadable)?;
    let first = walk(&bytes, sealing).find_map(|step| match step {
        Step::Batch { header, body, .. } => Some((header.id.seq, body.is_sealed())),
        _ => None,
    });
    Ok((first, length))
}

fn draw_epoch() -> Result<u64, JournalError> {
    let bytes: [u8; 8] =
        pw_trust::random_bytes().map_err(|error| JournalError::Random(error.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}

/// What the last run counted in and did not write.
fn restart_gaps(settings: &JournalSettings, left: Option<&LeftBehind>, end: &End) -> Vec<Gap> {
    let (start, finish) = restart_range(settings, end);
    let gap = |radio: Option<RadioId>, frames| Gap {
        radio,
        start,
        end: finish,
        cause: GapCause::SensorRestart,
        frames,
    };
    let Some(left) = left.filter(|left| left.exact) else {
        return vec![gap(None, None)];
    };
    let mut gaps = Vec::new();
    for (radio, (came_in, accounted)) in left.frames_in.iter().zip(end.sums.by_radio).enumerate() {
        let lost = came_in.saturating_sub(accounted);
        if lost > 0 {
            // RADIOS_MAX is far below 256.
            gaps.push(gap(Some(RadioId(radio as u8)), Some(lost)));
        }
    }
    if gaps.is_empty() && !left.clean {
        gaps.push(gap(None, Some(0)));
    }
    gaps
}

/// From the last time in the journal to now; for replays and simulations, whose times are not ours,
/// that last time alone.
fn restart_range(settings: &JournalSettings, end: &End) -> (Timestamp, Timestamp) {
    let now = clock::now();
    let last = end.last.as_ref();
    let start = last.and_then(|last| last.range).map_or(now, |range| range.end);
    let live = last.map_or(settings.stream.origin, |last| last.stream.origin) == Origin::Live;
    (start, if live { start.max(now) } else { start })
}

/// The counters as they are once the first batch has stated `gaps`.
fn restarted(left: Option<&LeftBehind>, sums: &Accounted, gaps: &[Gap]) -> [u64; RADIOS_MAX] {
    let mut frames = sums.by_radio;
    if left.is_some() {
        for gap in gaps {
            if let (Some(radio), Some(lost)) = (gap.radio, gap.frames)
                && let Some(sum) = frames.get_mut(usize::from(radio.0))
            {
                *sum += lost;
            }
        }
    }
    frames
}
