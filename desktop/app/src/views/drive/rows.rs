//! What the view for the car says: link, position and losses in words, numbers, the latest networks.

use crate::feed::{Feed, LinkKind, LinkRow};
use crate::words;
use pw_engine::RadioRow;
use pw_model::{Origin, SensorId};
use pw_survey::{AccessPoint, SensorState, Snapshot};
use std::sync::Arc;
use std::time::Duration;

/// How good news is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mood {
    Good,
    Wait,
    Bad,
    Quiet,
}

/// A state with its words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) mood: Mood,
    pub(super) title: String,
    pub(super) detail: String,
}

/// A large number and what it counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Figure {
    pub(super) value: String,
    pub(super) name: &'static str,
}

/// What the view shows.
#[derive(Debug)]
pub(super) struct DriveRows {
    pub(super) link: State,
    pub(super) place: State,
    pub(super) loss: State,
    pub(super) figures: Vec<Figure>,
    /// The latest first, with their ages while a stream that heard them sends.
    pub(super) new: Vec<(Option<Duration>, Arc<AccessPoint>)>,
}

/// From the snapshot of the whole survey and the links to words and numbers.
///
/// Ages are counted by the time of the stream that heard, [`Feed::stream_now`], never by this
/// computer's clock: a sensor may have none, and a recording or the simulator is of another day.
pub(super) fn rows(snapshot: &Snapshot, feed: &Feed) -> DriveRows {
    let live = feed.is_live();
    let mut new: Vec<(Option<Duration>, Arc<AccessPoint>)> =
        snapshot.access_points.iter().map(|ap| (age(ap, snapshot, feed), Arc::clone(ap))).collect();
    new.sort_by_key(|(age, ap)| {
        (age.unwrap_or(Duration::MAX), std::cmp::Reverse(ap.first_seen), ap.bssid)
    });
    let fresh = new.iter().filter(|(age, _)| age.is_some_and(is_fresh)).count();
    new.truncate(40);
    DriveRows {
        link: link_state(&feed.links, &snapshot.sensors),
        place: place_state(snapshot, feed),
        loss: loss_state(snapshot),
        figures: figures(snapshot, feed, fresh, live),
        new,
    }
}

/// How long ago it was heard first, by the time of a stream that heard it; `None` while none of them
/// sends.
fn age(ap: &AccessPoint, snapshot: &Snapshot, feed: &Feed) -> Option<Duration> {
    if !feed.is_live() {
        return None;
    }
    let now = |id: &SensorId| feed.stream_now.get(id).copied();
    // Streams may live in different times: the one that was listening at that moment counts.
    let listened = |id: &&SensorId| {
        let state = snapshot.sensors.iter().find(|state| state.id == **id);
        state.and_then(|state| state.range).is_some_and(|range| range.contains(ap.first_seen))
    };
    let now = ap
        .sensors
        .iter()
        .filter(listened)
        .find_map(now)
        .or_else(|| ap.sensors.iter().find_map(now))?;
    // What lies ahead was heard before the sensor's clock was set back: nobody knows how long ago.
    (ap.first_seen.since(now) < AHEAD).then(|| now.since(ap.first_seen))
}

/// Times within a batch and between radios differ by less.
const AHEAD: Duration = Duration::from_secs(5);

/// A live sensor this far behind its own clock is catching up: a batch, a wait for the next fix and
/// the link take a few seconds.
const BEHIND: Duration = Duration::from_secs(15);
/// Fewer batches than this wait in the ordinary course of things.
const BEHIND_BATCHES: u64 = 5;

/// How much of what the sensor has is still to come, in words; `None` when it is up to date.
fn behind(link: &LinkRow, sensors: &[SensorState]) -> Option<String> {
    let batches = link.backlog_batches.filter(|batches| *batches >= BEHIND_BATCHES)?;
    let state = sensors.iter().find(|sensor| sensor.id == link.id);
    let live = state.filter(|state| state.origin == Origin::Live);
    let newest = live.and_then(|state| state.latest.or(state.range.map(|range| range.end)));
    match link.sensor_time.zip(newest) {
        // The count is of what any paired desktop lacks; the time says what this one does.
        Some((now, newest)) => {
            let lag = now.since(newest);
            (lag >= BEHIND).then(|| words::duration(lag))
        }
        None => Some(words::counted(batches, "batch", "batches")),
    }
}

/// What is wrong with a sensor that is connected, or worth saying.
fn remark(link: &LinkRow, sensors: &[SensorState]) -> Option<String> {
    if link.has_ended() {
        return None;
    }
    let radios = link.radios.as_deref().unwrap_or_default();
    // Of several recordings one ends first.
    let ended = |radio: &RadioRow| link.is_played && radio.trouble.is_none();
    let mut silent = radios.iter().filter(|radio| !radio.listening && !ended(radio));
    let why = |radio: &RadioRow| {
        let trouble = radio.trouble.as_deref().unwrap_or("it ended");
        format!("{}: {trouble}", radio.source)
    };
    if link.is_deaf() {
        let why = silent.next().map_or_else(|| "it has none".to_owned(), why);
        return Some(format!("connected, but no radio is listening ({why})"));
    }
    if let Some(radio) = silent.next() {
        return Some(format!("not listening: {}", why(radio)));
    }
    behind(link, sensors).map(|behind| format!("catching up, {behind} behind"))
}

fn link_state(links: &[LinkRow], sensors: &[SensorState]) -> State {
    let of = |kind: LinkKind| links.iter().filter(|link| link.kind == kind).collect::<Vec<_>>();
    let names = |links: &[&LinkRow]| {
        links.iter().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (connected, connecting) = (of(LinkKind::Connected), of(LinkKind::Connecting));
    let refused = of(LinkKind::Refused);
    // With one sensor the title names it already.
    let several = connected.len() + connecting.len() + refused.len() > 1;
    let of_one = |link: &LinkRow, words: String| {
        if several { format!("{}: {words}", link.name) } else { words }
    };
    let troubles = refused.iter().chain(&connecting);
    let troubles = troubles.map(|link| of_one(link, link.words.clone()));
    if connected.is_empty() {
        let details: Vec<String> = troubles.collect();
        let (mood, title) = if !refused.is_empty() {
            (Mood::Bad, format!("{} refused", names(&refused)))
        } else if !connecting.is_empty() {
            (Mood::Wait, format!("Connecting to {}", names(&connecting)))
        } else {
            let paired = links.iter().any(|link| link.kind != LinkKind::Replaced);
            let detail = if paired { "no sensor is connected" } else { "no sensor is paired yet" };
            let title = "Not recording".to_owned();
            return State { mood: Mood::Quiet, title, detail: detail.to_owned() };
        };
        return State { mood, title, detail: details.join("; ") };
    }
    let remarks = connected.iter().filter_map(|link| Some(of_one(link, remark(link, sensors)?)));
    let details: Vec<String> = remarks.chain(troubles).collect();
    let title = if connected.iter().all(|link| link.has_ended()) {
        "Played to its end".to_owned()
    } else if connected.iter().all(|link| link.is_deaf()) {
        "No radio is listening".to_owned()
    } else {
        format!("Connected to {}", names(&connected))
    };
    if details.is_empty() {
        return State { mood: Mood::Good, title, detail: "up to date".to_owned() };
    }
    State { mood: Mood::Wait, title, detail: details.join("; ") }
}

fn place_state(snapshot: &Snapshot, feed: &Feed) -> State {
    let connected = feed.links.iter().filter(|link| link.kind == LinkKind::Connected);
    // The one that lacks a position is told of first.
    let gps = connected
        .filter_map(|link| Some((link.has_position?, link.gps.clone()?)))
        .min_by_key(|(known, _)| *known);
    if let Some((known, detail)) = gps {
        let (mood, title) =
            if known { (Mood::Good, "Position known") } else { (Mood::Wait, "No position") };
        return State { mood, title: title.to_owned(), detail };
    }
    let Some(last) = snapshot.track.last() else {
        let detail = "no position receiver gave data".to_owned();
        return State { mood: Mood::Quiet, title: "No positions".to_owned(), detail };
    };
    match last.position {
        Some(place) => State {
            mood: Mood::Good,
            title: if feed.is_live() { "Position known" } else { "Ended at a known position" }
                .to_owned(),
            detail: place.error_m.map_or_else(
                || "error not stated".to_owned(),
                |error_m| format!("± {} (95 %)", words::metres(f64::from(error_m))),
            ),
        },
        None => State {
            mood: Mood::Wait,
            title: "No position".to_owned(),
            detail: format!("unknown since {} UTC", words::clock(last.time)),
        },
    }
}

fn loss_state(snapshot: &Snapshot) -> State {
    let totals = &snapshot.totals;
    let missing: u64 = snapshot.sensors.iter().map(|sensor| sensor.missing_batches).sum();
    if totals.frames_lost == 0 && totals.uncounted_gaps == 0 && missing == 0 {
        let detail = "no sensor stated a gap".to_owned();
        return State { mood: Mood::Good, title: "Nothing lost".to_owned(), detail };
    }
    let mut parts = Vec::new();
    if totals.frames_lost > 0 {
        parts.push(words::counted(totals.frames_lost, "frame", "frames"));
    }
    if totals.uncounted_gaps > 0 {
        parts.push(words::counted(
            totals.uncounted_gaps,
            "gap without a count",
            "gaps without a count",
        ));
    }
    if missing > 0 {
        parts.push(words::counted(missing, "batch not here yet", "batches not here yet"));
    }
    let lost = totals.frames_lost > 0 || totals.uncounted_gaps > 0;
    let title = if lost { "Some data lost" } else { "Not all here yet" }.to_owned();
    State { mood: Mood::Wait, title, detail: parts.join(", ") }
}

fn figures(snapshot: &Snapshot, feed: &Feed, fresh: usize, live: bool) -> Vec<Figure> {
    let unknown = || words::UNKNOWN.to_owned();
    let rate = match live {
        // What the sensor hears, not what arrives here: a backlog arrives much faster.
        true => (feed.heard_per_sec().map(f64::from), "frames heard per second"),
        false => (mean_rate(snapshot), "frames per second, mean"),
    };
    let length_m: f64 = snapshot.drives.iter().filter_map(|drive| drive.length_m).sum();
    let motion = if live {
        let value = speed_mps(snapshot, feed)
            .map_or_else(unknown, |mps| format!("{:.0}", f64::from(mps) * 3.6));
        Figure { value, name: "km/h" }
    } else {
        let value = if length_m > 0.0 { words::metres(length_m) } else { unknown() };
        Figure { value, name: "driven" }
    };
    let weak = snapshot
        .access_points
        .iter()
        .filter(|ap| ap.protection.as_ref().is_some_and(|p| p.label.is_weak()))
        .count();
    vec![
        Figure { value: words::count(snapshot.access_points.len() as u64), name: "networks" },
        if live {
            Figure { value: words::count(fresh as u64), name: "new in the last minute" }
        } else {
            Figure { value: words::count(weak as u64), name: "open or badly protected" }
        },
        Figure { value: words::count(snapshot.clients.len() as u64), name: "clients" },
        Figure {
            value: rate.0.map_or_else(unknown, |rate| words::count(rate.round() as u64)),
            name: rate.1,
        },
        motion,
    ]
}

/// The latest speed of a sensor that sends, when it is not old.
fn speed_mps(snapshot: &Snapshot, feed: &Feed) -> Option<f32> {
    feed.stream_now.iter().find_map(|(id, now)| {
        let last = snapshot.track.iter().rev().find(|point| point.sensor == *id)?;
        last.speed_mps.filter(|_| now.since(last.time) < Duration::from_secs(10))
    })
}

pub(super) const fn is_fresh(age: Duration) -> bool {
    age.as_secs() < 60
}

fn mean_rate(snapshot: &Snapshot) -> Option<f64> {
    // Rows of tables say nothing of how long anybody listened.
    let heard = snapshot.drives.iter().filter(|drive| drive.observations > drive.sightings);
    let secs: f64 = heard.map(|drive| drive.range.duration().as_secs_f64()).sum();
    (secs >= 1.0).then(|| snapshot.totals.frames() as f64 / secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use pw_model::Timestamp;

    fn link(kind: LinkKind, backlog: u64) -> LinkRow {
        LinkRow { backlog_batches: Some(backlog), ..fixture::link(kind) }
    }

    fn radio(listening: bool) -> RadioRow {
        RadioRow { source: "wlan1".to_owned(), listening, ..RadioRow::default() }
    }

    #[test]
    fn trouble_is_told_and_does_not_hide_what_works() {
        let state = |links: &[LinkRow]| link_state(links, &[]);
        let connected = link(LinkKind::Connected, 0);
        assert_eq!(state(&[]).mood, Mood::Quiet);
        assert_eq!(state(&[link(LinkKind::Replaced, 0)]).detail, "no sensor is paired yet");
        let alone = state(std::slice::from_ref(&connected));
        assert_eq!((alone.mood, alone.detail.as_str()), (Mood::Good, "up to date"));
        let replaced = state(&[link(LinkKind::Replaced, 0), connected.clone()]);
        assert_eq!(replaced, alone);
        let refused = LinkRow { name: "old".to_owned(), ..link(LinkKind::Refused, 0) };
        let both = state(&[refused.clone(), connected]);
        assert_eq!((both.mood, both.title.as_str()), (Mood::Wait, "Connected to roof"));
        assert_eq!(both.detail, "old: because");
        let alone = state(&[refused]);
        assert_eq!((alone.mood, alone.title.as_str()), (Mood::Bad, "old refused"));
    }

    #[test]
    fn a_sensor_without_a_radio_is_not_well() {
        let state = |radios: Vec<RadioRow>| {
            link_state(&[LinkRow { radios: Some(radios), ..link(LinkKind::Connected, 0) }], &[])
        };
        assert_eq!(state(vec![radio(true)]).mood, Mood::Good);
        let broken = RadioRow { trouble: Some("no such device".to_owned()), ..radio(false) };
        for radios in [vec![], vec![radio(false)], vec![broken.clone()]] {
            let deaf = state(radios);
            assert_eq!((deaf.mood, deaf.title.as_str()), (Mood::Wait, "No radio is listening"));
            assert!(deaf.detail.contains("connected, but no radio"), "{}", deaf.detail);
        }
        // What was played has an end, and that is no trouble; a broken radio is.
        let played = |radios: Vec<RadioRow>| {
            let link = link(LinkKind::Connected, 0);
            link_state(&[LinkRow { radios: Some(radios), is_played: true, ..link }], &[])
        };
        let ended = played(vec![radio(false), radio(false)]);
        assert_eq!((ended.mood, ended.title.as_str()), (Mood::Good, "Played to its end"));
        assert_eq!(played(vec![radio(false), broken.clone()]).mood, Mood::Wait);
        assert_eq!(played(vec![radio(true), radio(false)]).mood, Mood::Good);
        let one_of_two = state(vec![radio(true), broken]);
        assert_eq!((one_of_two.mood, one_of_two.title.as_str()), (Mood::Wait, "Connected to roof"));
        assert_eq!(one_of_two.detail, "not listening: wlan1: no such device");
    }

    #[test]
    fn a_backlog_is_told_by_the_sensors_own_time() {
        let mut sensor = fixture::snapshot().sensors[0].clone();
        let newest = fixture::now();
        sensor.latest = Some(newest);
        let after = |secs, batches| LinkRow {
            id: sensor.id,
            sensor_time: Some(newest.saturating_add(Duration::from_secs(secs))),
            ..link(LinkKind::Connected, batches)
        };
        let words = |link: LinkRow, origin| {
            link_state(&[link], &[SensorState { origin, ..sensor.clone() }]).detail
        };
        assert_eq!(words(after(200, 90), Origin::Live), "catching up, 3 min 20 s behind");
        // What another desktop has not fetched yet is none of this one's business.
        assert_eq!(words(after(2, 90), Origin::Live), "up to date");
        assert_eq!(words(after(200, 2), Origin::Live), "up to date");
        // A recording's time is not the sensor's.
        assert_eq!(words(after(2, 90), Origin::Simulated), "catching up, 90 batches behind");
    }

    /// A feed of one sensor that hears 120 frames per second; its stream is at `now`.
    fn live(now: Timestamp) -> Feed {
        let id = SensorId([7; 16]);
        let connected = LinkRow { id, frames_per_sec: Some(120.4), ..link(LinkKind::Connected, 0) };
        Feed {
            links: vec![connected, link(LinkKind::Off, 0)],
            stream_now: [(id, now)].into(),
            ..Feed::empty(Timestamp::from_unix_secs(0))
        }
    }

    #[test]
    fn ages_and_speed_are_by_the_time_of_the_stream() {
        let snapshot = fixture::snapshot();
        // This computer's clock stands at 1970; the stream is at the end of its drive.
        let end = snapshot.range.expect("a drive").end;
        let rows = rows(&snapshot, &live(end));
        let ages: Vec<Duration> = rows.new.iter().filter_map(|(age, _)| *age).collect();
        assert_eq!(ages.len(), 40);
        assert!(ages.is_sorted(), "{ages:?}");
        assert!(ages.iter().all(|age| age.as_secs() <= 900), "{ages:?}");
        let speed = rows.figures[4].value.parse::<f64>().expect("a number");
        assert!((20.0..80.0).contains(&speed), "{speed}");
        // The sensor started again with a clock that stands a day before: no age is known.
        let set_back = super::rows(&snapshot, &live(end.saturating_sub(Duration::from_hours(24))));
        assert!(set_back.new.iter().all(|(age, _)| age.is_none()));
        assert_eq!(set_back.figures[1].value, "0");
        // A minute later nothing is new, and the last speed is old.
        let late = super::rows(&snapshot, &live(end.saturating_add(Duration::from_secs(61))));
        assert_eq!(
            (late.figures[1].value.as_str(), late.figures[4].value.as_str()),
            ("0", words::UNKNOWN)
        );
    }

    #[test]
    fn the_rate_is_what_the_sensor_hears() {
        let figure = &rows(&fixture::snapshot(), &live(fixture::now())).figures[3];
        assert_eq!((figure.value.as_str(), figure.name), ("120", "frames heard per second"));
        let mut silent = live(fixture::now());
        silent.links[0].frames_per_sec = None;
        assert_eq!(rows(&fixture::snapshot(), &silent).figures[3].value, words::UNKNOWN);
    }

    #[test]
    fn losses_are_told() {
        let state = loss_state(&fixture::snapshot());
        assert_eq!(state.mood, Mood::Wait);
        assert!(state.detail.contains("412 frames"), "{}", state.detail);
        assert_eq!(state.title, "Some data lost");
        let mut snapshot = Snapshot::clone(&fixture::empty_snapshot());
        assert_eq!(loss_state(&snapshot).mood, Mood::Good);
        snapshot.sensors = fixture::snapshot().sensors.clone();
        snapshot.sensors[0].missing_batches = 2;
        let state = loss_state(&snapshot);
        assert_eq!(state.title, "Not all here yet");
        assert_eq!(state.detail, "2 batches not here yet");
    }

    #[test]
    fn nothing_heard_is_not_zero_speed() {
        let feed = Feed::empty(fixture::now());
        let figures = figures(&fixture::empty_snapshot(), &feed, 0, false);
        assert_eq!(figures[3].value, words::UNKNOWN);
        assert_eq!(figures[4].value, words::UNKNOWN);
        assert_eq!(figures[0].value, "0");
    }

    #[test]
    fn the_newest_comes_first() {
        let rows = rows(&fixture::snapshot(), &Feed::empty(fixture::now()));
        assert!(rows.new.windows(2).all(|pair| pair[0].1.first_seen >= pair[1].1.first_seen));
        assert_eq!(rows.new.len(), 40);
    }
}
