//! The thread that computes what is shown beside the survey as a whole: the selected stretch of
//! time, and where access points are. Results are kept by (revision, selection).

use crate::command::Event;
use crate::shared::Shared;
use pw_analysis::locate::locate_all;
use pw_model::TimeRange;
use pw_survey::{Snapshot, SurveyError, SurveyReader};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Shortest time between two computations while data comes in.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// What the last results were computed from.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Basis {
    revision: u64,
    generation: u64,
}

/// Runs until the engine closes.
pub(crate) fn run(shared: &Shared, reader: &SurveyReader) {
    let mut selected: Option<Basis> = None;
    let mut located: Option<Basis> = None;
    let mut last_generation = 0;
    let mut refreshed: Option<Instant> = None;
    while !shared.closing() {
        let snapshot = shared.snapshot();
        let (wanted, generation, cancel) = {
            let selection = shared.selection();
            (selection.wanted, selection.generation, Arc::clone(&selection.cancel))
        };
        let basis = Basis { revision: snapshot.revision, generation };
        let due = generation != last_generation
            || refreshed.is_none_or(|at| at.elapsed() >= REFRESH_EVERY);
        if located == Some(basis) || !due {
            shared.wait_for_change(Duration::from_millis(250));
            continue;
        }
        let mut shown = Some(Arc::clone(&snapshot));
        if let Some(range) = wanted {
            if needs(&snapshot, range, selected, basis) {
                match reader.select(range, &cancel) {
                    Ok(result) => keep(shared, generation, result),
                    Err(SurveyError::Cancelled) => continue,
                    Err(error) => shared.tell(Event::Trouble(error.to_string())),
                }
            }
            selected = Some(basis);
            shown = shared.selection().snapshot.clone();
        }
        if let Some(shown) = shown.filter(|_| !cancel.load(Ordering::Acquire)) {
            shared.publish_located(Arc::new(locate_all(&shown)));
        }
        located = Some(basis);
        last_generation = generation;
        refreshed = Some(Instant::now());
    }
}

/// True when the selection changed, or new data may lie in it.
fn needs(snapshot: &Snapshot, range: TimeRange, before: Option<Basis>, now: Basis) -> bool {
    before.is_none_or(|before| before.generation != now.generation)
        || snapshot.range.is_some_and(|all| range.overlaps(&all))
}

/// Keeps a result, unless the person has asked for something else meanwhile.
fn keep(shared: &Shared, generation: u64, result: Arc<Snapshot>) {
    let mut selection = shared.selection();
    if selection.generation != generation {
        return;
    }
    selection.snapshot = Some(result);
    drop(selection);
    shared.tell(Event::SelectionReady);
}
