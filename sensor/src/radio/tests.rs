//! Radios in trouble, played by a scripted one: it hangs, refuses, goes and comes as a real one does.

use super::abilities::RadioAbilities;
use super::*;
use crate::capture::{
    Dwelling, Feed, FrameChunk, FrameMeta, FrameSource, Gone, Heard as HeardFrames, SourceContext,
    SourceError,
};
use crate::clock;
use crate::hop::{HopSettings, RadioChannel, Tuning};
use crate::journal::{Journal, JournalSettings};
use crate::machine::{Machine, TransmitWatch};
use crate::pipeline::{Event, Join, Pipeline, PipelineSettings};
use crate::privacy::{Privacy, PrivacyConfig, PrivacySettings};
use pw_dissect::LinkType;
use pw_model::{Gap, GapCause, Origin, RadioEventKind, RadioId, SensorId, TuneInterval};
use pw_wire::StreamInfo;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// The state of a scripted radio.
#[derive(Clone, Debug, Default)]
struct Script {
    /// It is not plugged in.
    pulled: bool,
    /// Counts how often it was plugged in: what was open before is of no use after.
    plugged: u32,
    /// Every call blocks.
    hangs: bool,
    /// Every channel but these is refused.
    only: Option<Vec<u16>>,
    /// It hears nothing.
    deaf: bool,
    /// Time that a switch takes.
    switch: Duration,
    /// Where it listens.
    channel: Option<u16>,
    /// Calls under way.
    calls: u32,
    /// How often it was opened.
    opened: u32,
}

#[derive(Default)]
struct Scripted {
    script: Mutex<Script>,
    changed: Condvar,
}

impl Scripted {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script());
        self.changed.notify_all();
    }

    /// A call into the driver: blocks while it hangs.
    fn call(&self) -> MutexGuard<'_, Script> {
        let mut script = self.script();
        script.calls += 1;
        while script.hangs {
            script = self.changed.wait(script).unwrap_or_else(PoisonError::into_inner);
        }
        script.calls -= 1;
        script
    }
}

struct ScriptedAdapter(Arc<Scripted>, &'static [u16]);
struct ScriptedControl(Arc<Scripted>, &'static [u16], u32);
struct ScriptedFrames(Arc<Scripted>, u32);

impl Adapter for ScriptedAdapter {
    fn open(&self) -> Result<Equipment, SourceError> {
        let mut script = self.0.call();
        script.opened += 1;
        if script.pulled {
            let message = "No such device".to_owned();
            return Err(SourceError::Interface { interface: "fake0".to_owned(), message });
        }
        let plugged = script.plugged;
        Ok(Equipment {
            interface: format!("fake{plugged}"),
            identity: Some(fake_identity()),
            hardware: "scripted".to_owned(),
            control: Some(Box::new(ScriptedControl(Arc::clone(&self.0), self.1, plugged))),
            frames: Box::new(ScriptedFrames(Arc::clone(&self.0), plugged)),
        })
    }
}

fn fake_identity() -> AdapterIdentity {
    AdapterIdentity { address: Some("00:c0:ca:00:00:01".to_owned()), driver: None, place: None }
}

fn refused(number: i32) -> RadioError {
    let source = io::Error::from_raw_os_error(number);
    RadioError::Refused { interface: "fake0".to_owned(), what: "listen there".to_owned(), source }
}

impl RadioControl for ScriptedControl {
    fn abilities(&mut self) -> Result<RadioAbilities, RadioError> {
        drop(self.0.call());
        let channels = self.1.iter().map(|mhz| RadioChannel::narrow(*mhz)).collect();
        Ok(RadioAbilities { monitor: true, channels, disabled: 0 })
    }

    fn set_channel(&mut self, tuning: Tuning) -> Result<(), RadioError> {
        let script = self.0.call();
        let switch = script.switch;
        drop(script);
        std::thread::sleep(switch);
        let mut script = self.0.script();
        if script.pulled || script.plugged != self.2 {
            return Err(refused(libc::ENODEV));
        }
        if script.only.as_ref().is_some_and(|only| !only.contains(&tuning.frequency_mhz)) {
            return Err(refused(libc::EINVAL));
        }
        script.channel = Some(tuning.frequency_mhz);
        Ok(())
    }

    fn restore(&mut self) -> Result<(), RadioError> {
        drop(self.0.call());
        Ok(())
    }
}

impl FrameSource for ScriptedFrames {
    fn listen(
        &mut self,
        context: &SourceContext,
        feed: &mut Feed,
        dwelling: Option<Dwelling>,
        until: Option<Instant>,
    ) -> Result<HeardFrames, Gone> {
        let mut heard = HeardFrames::default();
        while !context.is_stopped() && until.is_none_or(|until| Instant::now() < until) {
            let script = self.0.script().clone();
            if script.pulled || script.plugged != self.1 {
                heard.failure = Some("The interface disappeared".to_owned());
                return Ok(heard);
            }
            if !script.deaf && !script.hangs {
                let meta = FrameMeta {
                    time: clock::now(),
                    link_type: LinkType::Ieee80211,
                    original_len: 4,
                    frequency_mhz: dwelling.map(|dwelling| dwelling.frequency_mhz),
                    position: None,
                };
                feed.push(meta, &[0xd4, 0, 0, 0])?;
                heard.frames += 1;
            }
            feed.flush()?;
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(heard)
    }

    fn finish(&mut self, feed: &mut Feed, _cause: GapCause) -> Result<(), Gone> {
        feed.flush()
    }
}

impl Drop for ScriptedFrames {
    /// To close an interface is a call too.
    fn drop(&mut self) {
        drop(self.0.call());
    }
}

/// Scripted radios that run.
struct Running {
    scripts: Vec<Arc<Scripted>>,
    plans: Plans,
    queue: Receiver<Event>,
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<Result<(), Gone>>>,
    _folder: tempfile::TempDir,
    _journal: Journal,
}

const CHANNELS: &[u16] = &[2412, 2437, 2462, 5180];

impl Running {
    fn start(radios: usize, settings: HopSettings, switch: Duration) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let stream = StreamInfo { name: String::new(), origin: Origin::Live };
        let directory = folder.path().join("journal");
        let journal =
            Journal::open(JournalSettings::new(directory, SensorId([1; 16]), stream)).expect("new");
        let plans = Plans::new(settings);
        let (events, queue) = sync_channel(100_000);
        let stop = Arc::new(AtomicBool::new(false));
        let (mut scripts, mut threads) = (Vec::new(), Vec::new());
        for number in 0..radios as u8 {
            let scripted = Arc::<Scripted>::default();
            scripted.set(|script| script.switch = switch);
            let limits = Limits {
                call: Duration::from_millis(300),
                failing: Duration::from_millis(300),
                retry: Duration::from_millis(20),
            };
            let adapter = Arc::new(ScriptedAdapter(Arc::clone(&scripted), CHANNELS));
            let source = RadioSource::open("fake0", adapter, limits).expect("opens");
            let counter = journal.radio_counter(number).expect("a counter");
            let feed = Feed::new(RadioId(number), events.clone(), counter, true);
            plans.add(RadioId(number), &format!("fake{number}"), None);
            let context = SourceContext {
                first_radio: number,
                events: events.clone(),
                stop: Arc::clone(&stop),
                plans: plans.clone(),
                numbers: NumberBook::default(),
            };
            scripts.push(scripted);
            threads.push(std::thread::spawn(move || source.run(&context, feed)));
        }
        Self { scripts, plans, queue, stop, threads, _folder: folder, _journal: journal }
    }

    /// The next thing that `wanted` recognises; what comes before it is thrown away.
    fn next<T>(&self, what: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        while let Ok(event) =
            self.queue.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
        panic!("{what} did not come");
    }

    fn failure(&self, radio: u8) -> String {
        self.next("a failure", |event| match event {
            Event::Radio(event) if event.radio == RadioId(radio) => match &event.kind {
                RadioEventKind::Failed { reason } => Some(reason.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    fn gap_and_return(&self, radio: u8) -> (Gap, String) {
        let gap = self.next("a gap", |event| match event {
            Event::Lost(gap) if gap.radio == Some(RadioId(radio)) => Some(gap.clone()),
            _ => None,
        });
        let name = self.next("a return", |event| match event {
            Event::Radio(event) if event.radio == RadioId(radio) => match &event.kind {
                RadioEventKind::Started { source, .. } => Some(source.clone()),
                _ => None,
            },
            _ => None,
        });
        (gap, name)
    }

    fn frames_of(&self, radio: u8) {
        self.next("frames", |event| match event {
            Event::Frames(chunk) if chunk.radio == RadioId(radio) => Some(()),
            _ => None,
        });
    }

    fn intervals(&self, count: usize) -> Vec<TuneInterval> {
        let mut found = Vec::new();
        self.next("stays", |event| {
            if let Event::Tuned(interval) = event {
                found.push(interval.clone());
            }
            (found.len() >= count).then_some(())
        });
        found
    }

    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for scripted in &self.scripts {
            scripted.set(|script| script.hangs = false);
        }
        for thread in std::mem::take(&mut self.threads) {
            assert_eq!(thread.join().expect("no panic"), Ok(()));
        }
    }
}

fn fast(plan: &str) -> HopSettings {
    let plan = plan.parse().expect("a plan");
    let dwell = Duration::from_millis(20);
    HopSettings { plan, dwell, shortest: Duration::from_millis(10), ..HopSettings::default() }
}

#[test]
fn switching_is_no_listening() {
    let switch = Duration::from_millis(30);
    let running = Running::start(1, fast("all"), switch);
    running.scripts[0].set(|script| script.only = Some(vec![2412, 2437, 5180]));
    let intervals = running.intervals(40);
    for pair in intervals.windows(2) {
        let pause = pair[1].start.since(pair[0].end);
        assert!(pair[1].start >= pair[0].end, "{pair:?}");
        let moved = pair[0].frequency_mhz != pair[1].frequency_mhz;
        assert!(!moved || pause >= switch, "the switch of {switch:?} is in a stay: {pair:?}");
    }
    // One stay may still be of the time before it was refused.
    let refused = intervals.iter().skip(5).filter(|interval| interval.frequency_mhz == 2462);
    assert_eq!(refused.count(), 0, "a channel that cannot be set is not listened to");
    assert!(intervals.iter().all(|interval| interval.frames > 0 && interval.width_mhz == 20));
    running.end();
}

#[test]
fn a_radio_that_goes_is_back_when_it_comes_and_others_go_on() {
    let running = Running::start(2, fast("all"), Duration::ZERO);
    running.frames_of(0);
    running.scripts[0].set(|script| script.pulled = true);
    assert!(running.failure(0).starts_with("gone: "));
    // The other takes over all channels meanwhile, and goes on.
    let share = || running.plans.order(RadioId(1), 0).map_or(0, |(_, order)| order.share.len());
    assert_eq!(share(), CHANNELS.len());
    running.frames_of(1);
    running.scripts[0].set(|script| {
        script.pulled = false;
        script.plugged += 1;
    });
    let (gap, name) = running.gap_and_return(0);
    assert_eq!((gap.cause, gap.frames), (GapCause::RadioGone, None));
    assert!(gap.end > gap.start);
    assert_eq!(name, "fake1", "under the name that it has now");
    running.frames_of(0);
    assert!(share() < CHANNELS.len(), "the channels are shared again");
    running.end();
}

#[test]
fn a_driver_that_hangs_is_given_up_and_tried_again() {
    let running = Running::start(2, fast("adaptive"), Duration::ZERO);
    running.frames_of(0);
    running.scripts[0].set(|script| script.hangs = true);
    let reason = running.failure(0);
    assert!(reason.starts_with("hung: its driver did not answer"), "{reason}");
    running.frames_of(1);
    // However long it hangs, few threads hang with it.
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        assert!(running.scripts[0].script().calls <= 4, "{:?}", running.scripts[0].script());
        running.frames_of(1);
    }
    running.scripts[0].set(|script| script.hangs = false);
    let (gap, _) = running.gap_and_return(0);
    assert_eq!(gap.cause, GapCause::RadioGone);
    assert!(gap.end.since(gap.start) >= Duration::from_secs(3), "all of the time: {gap:?}");
    running.frames_of(0);
    running.end();
}

#[test]
fn a_radio_that_refuses_everything_and_hears_nothing_hangs() {
    let running = Running::start(1, fast("survey"), Duration::ZERO);
    running.frames_of(0);
    running.scripts[0].set(|script| {
        script.only = Some(Vec::new());
        script.deaf = true;
    });
    let reason = running.failure(0);
    assert!(reason.starts_with("hung: ") || reason.starts_with("no channel"), "{reason}");
    running.scripts[0].set(|script| {
        script.only = None;
        script.deaf = false;
    });
    running.gap_and_return(0);
    running.frames_of(0);
    running.end();
}

#[test]
fn a_radio_that_is_not_there_yet_is_listened_to_when_it_comes() {
    let (events, queue) = sync_channel(100_000);
    let folder = tempfile::tempdir().expect("temporary folder");
    let stream = StreamInfo { name: String::new(), origin: Origin::Live };
    let directory = folder.path().join("journal");
    let journal =
        Journal::open(JournalSettings::new(directory, SensorId([1; 16]), stream)).expect("new");
    let scripted = Arc::<Scripted>::default();
    scripted.set(|script| script.pulled = true);
    let adapter = Arc::new(ScriptedAdapter(Arc::clone(&scripted), CHANNELS));
    let retry = Duration::from_millis(20);
    let source = RadioSource::awaited("fake0", adapter, Limits { retry, ..Limits::default() });
    let counter = journal.radio_counter(0).expect("a counter");
    let feed = Feed::new(RadioId(0), events.clone(), counter, true);
    let plans = Plans::new(fast("all"));
    plans.add(RadioId(0), "fake0", None);
    let stop = Arc::new(AtomicBool::new(false));
    let mut numbers = RadioNumbers::default();
    assert_eq!(numbers.assign(&[("fake0".to_owned(), None)]), Some(vec![0]));
    let state = folder.path().to_owned();
    let context = SourceContext {
        first_radio: 0,
        events,
        stop: Arc::clone(&stop),
        plans: plans.clone(),
        numbers: NumberBook::new(&state, numbers, vec![0]),
    };
    let thread = std::thread::spawn(move || source.run(&context, feed));
    let running = Running {
        scripts: vec![scripted],
        plans,
        queue,
        stop,
        threads: vec![thread],
        _folder: folder,
        _journal: journal,
    };
    assert!(running.failure(0).contains("not there at the start"));
    running.scripts[0].set(|script| script.pulled = false);
    running.gap_and_return(0);
    running.frames_of(0);
    // At the next start it is there, behind another interface and after a new one.
    let mut numbers = RadioNumbers::read(&state).expect("written when it came");
    let new = AdapterIdentity { address: Some("00:c0:ca:00:00:02".to_owned()), ..fake_identity() };
    let radios = [("wlan0".to_owned(), Some(new)), ("wlan1".to_owned(), Some(fake_identity()))];
    assert_eq!(numbers.assign(&radios), Some(vec![1, 0]), "it keeps its number");
    running.end();
}

#[test]
fn a_driver_that_hangs_does_not_keep_its_radio_from_stopping() {
    for is_given_up_before in [false, true] {
        let running = Running::start(1, fast("lock:2437"), Duration::ZERO);
        running.frames_of(0);
        running.scripts[0].set(|script| script.hangs = true);
        if is_given_up_before {
            running.scripts[0].set(|script| script.plugged += 1);
            running.failure(0);
        }
        running.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + PATIENCE;
        while !running.threads[0].is_finished() {
            assert!(Instant::now() < until, "it waits for a driver that hangs");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(running.scripts[0].script().calls > 0, "it hangs still");
        running.end();
    }
}

#[test]
fn a_radio_that_takes_no_channel_is_not_opened_without_end() {
    let running = Running::start(1, fast("lock:2437"), Duration::ZERO);
    running.frames_of(0);
    running.scripts[0].set(|script| script.only = Some(Vec::new()));
    running.scripts[0].set(|script| script.plugged += 1);
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        std::thread::sleep(Duration::from_millis(100));
    }
    let opened = running.scripts[0].script().opened;
    // Pauses of 40, 80, 160, … ms: at most seven in the time, fewer on a slow machine.
    assert!((2..=10).contains(&opened), "opened {opened} times");
    running.end();
}

#[test]
fn a_plan_is_changed_while_radios_run() {
    let running = Running::start(2, fast("all"), Duration::ZERO);
    running.frames_of(0);
    running.frames_of(1);
    let lock = "lock:2437".parse().expect("a plan");
    let words = running.plans.set(Some(RadioId(0)), &lock).expect("it can");
    assert_eq!(words, "fake0: lock:2437, only 2437 MHz");
    assert_eq!(running.scripts[0].script().channel, Some(2437));
    running.scripts[0].set(|script| script.only = Some(vec![2437]));
    let error = running.plans.set(Some(RadioId(0)), &"lock:5180".parse().expect("a plan"));
    assert!(error.as_ref().is_err_and(|why| why.contains("the plan is as before")), "{error:?}");
    assert_eq!(running.plans.tuning()[0].plan.as_deref(), Some("lock:2437"));
    running.end();
}

#[test]
fn a_radio_that_answers_again_is_back_within_five_seconds() {
    // The worst: a call that has just begun to hang runs out, then a pause, then one of opening.
    let Limits { call, failing, retry } = Limits::default();
    assert!(call + retry + call <= Duration::from_secs(5));
    assert!(failing + retry + call <= Duration::from_secs(5));
}

/// A probe request of this station: header, an empty name, one rate.
fn probe_request(station: u8) -> Vec<u8> {
    let mut frame = vec![0x40, 0, 0, 0];
    frame.extend_from_slice(&[0xff; 6]);
    frame.extend_from_slice(&[2, 0, 0, 0, 0, station]);
    frame.extend_from_slice(&[0xff; 6]);
    frame.extend_from_slice(&[0, 0, 0, 0, 1, 1, 0x82]);
    frame
}

#[test]
fn the_pipeline_tells_where_transmitters_are_new() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let stream = StreamInfo { name: String::new(), origin: Origin::Live };
    let sensor = SensorId([1; 16]);
    let directory = folder.path().join("journal");
    let journal =
        Journal::open(JournalSettings::new(directory, sensor, stream.clone())).expect("new");
    let plans = Plans::new(HopSettings::default());
    let usual = PrivacySettings::new(&PrivacyConfig::default(), Origin::Live).expect("valid");
    let settings = PipelineSettings {
        sensor,
        stream,
        radios: vec![(RadioId(0), "fake0".to_owned()), (RadioId(1), "file".to_owned())],
        sources: 1,
        join: Join::None,
        state_dir: folder.path().to_owned(),
        privacy: Privacy::open(&usual, folder.path(), None).expect("keys"),
        machine: Machine::new("/"),
        transmit: TransmitWatch::new("/", Vec::new()),
        confine: false,
        plans: plans.clone(),
    };
    let pipeline = Pipeline::new(settings, journal);
    let (events, queue) = sync_channel(100);
    let chunk = |radio: u8, frames: &[(u16, u8)]| {
        let mut chunk = FrameChunk::new(RadioId(radio));
        for (frequency_mhz, station) in frames {
            let data = probe_request(*station);
            let meta = FrameMeta {
                time: clock::now(),
                link_type: LinkType::Ieee80211,
                original_len: data.len() as u32,
                frequency_mhz: Some(*frequency_mhz),
                position: None,
            };
            chunk.push(meta, &data);
        }
        Event::Frames(chunk)
    };
    let radio = RadioId(0);
    for event in [
        Event::Listening { radio, frequency_mhz: 2412 },
        chunk(0, &[(2412, 1), (2412, 1), (2412, 2), (2437, 1), (2437, 3)]),
        // A radio that tells of no stays of its own has no plan to be told.
        chunk(1, &[(2462, 9)]),
        Event::Ended,
        Event::Stop,
    ] {
        events.send(event).expect("room");
    }
    pipeline.run(&queue).expect("written");
    assert_eq!(plans.novelty().take(RadioId(0)), [(2412, 2), (2437, 1)]);
    assert_eq!(plans.novelty().take(RadioId(1)), []);
}
