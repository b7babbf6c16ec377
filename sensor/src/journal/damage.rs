//! What a damaged place in the journal cost, from the sums on both sides of it.

use super::index::Shared;
use super::segment::{Edge, Scan, less};
use crate::clock;
use pw_model::{Gap, GapCause, TimeRange, Timestamp};

/// The losses of segment `number` that have not been stated before.
pub(super) fn losses(shared: &Shared, number: u64) -> Vec<Gap> {
    // Deleted since it was met: its loss is no more, or was stated with the whole segment.
    let Some(path) = shared.path_in_index(number) else { return Vec::new() };
    let bytes = match shared.machine.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!("cannot read {}: {error}", path.display());
            return Vec::new();
        }
    };
    let scan = Scan::of(&bytes, 0, shared.sealing.as_deref());
    let acknowledged = shared.desktops().everywhere();
    let mut gaps: Vec<(Option<u64>, Gap)> = Vec::new();
    for damage in &scan.damage {
        if !shared.desktops().state_damage(number, damage.offset) {
            continue;
        }
        tracing::error!(
            "{}: {} bytes at byte {} are damaged ({}) and left out; lost batches are stated as a gap",
            path.display(),
            damage.len,
            damage.offset,
            damage.problem
        );
        let before = damage.before.or_else(|| end_before(shared, number));
        // Two damaged places with no batch between them share their loss; the first states it.
        let first = before.map(|edge| edge.seq);
        let everybody_has_it = damage.after.is_some_and(|edge| edge.seq <= acknowledged + 1);
        let no_batch = damage.after.is_some_and(|edge| edge.seq == first.unwrap_or(0) + 1);
        if everybody_has_it || no_batch {
            continue;
        }
        let frames = match (before, damage.after) {
            (Some(before), Some(after)) => {
                after.sums.zip(before.sums).map(|(after, before)| less(&after, &before).total())
            }
            _ => None,
        };
        let range = |edge: Option<Edge>| edge.and_then(|edge| edge.range);
        let (start, end) = between(range(before), range(damage.after));
        let gap = Gap { radio: None, start, end, cause: GapCause::JournalDamage, frames };
        if gaps.last().is_none_or(|(last, _)| *last != first) {
            gaps.push((first, gap));
        }
    }
    gaps.into_iter().map(|(_, gap)| gap).collect()
}

/// The last batch before segment `number`.
fn end_before(shared: &Shared, number: u64) -> Option<Edge> {
    let earlier = {
        let index = shared.index();
        let filled = |segment: &&super::index::IndexedSegment| {
            segment.number < number && segment.first_seq.is_some()
        };
        index.segments.iter().rev().find(filled)?.number
    };
    let bytes = shared.machine.read(&shared.path_in_index(earlier)?).ok()?;
    let scan = Scan::of(&bytes, 0, shared.sealing.as_deref());
    scan.last.as_ref().map(|last| Edge {
        seq: last.id.seq,
        sums: scan.known_sums(),
        range: last.range,
    })
}

fn between(before: Option<TimeRange>, after: Option<TimeRange>) -> (Timestamp, Timestamp) {
    match (before, after) {
        (Some(before), Some(after)) => (before.end, after.start.max(before.end)),
        (Some(before), None) => (before.end, before.end),
        (None, Some(after)) => (after.start, after.start),
        (None, None) => {
            let now = clock::now();
            (now, now)
        }
    }
}
