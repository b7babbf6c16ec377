//! Signal levels of this moment come over a path that loses three datagrams of ten, and while a backlog
//! is fetched over it; what is stored is unharmed by them, and they name nobody whom batches do not.
//!
//! How late they are is printed; only that they come is demanded. `PIWARDRIVE_BACKLOG_SECS` asks for a
//! longer time in which a backlog grows, 10 s by default.

use anyhow::{Context, Result, ensure};
use pw_engine::{Command, Engine, EngineSettings};
use pw_model::MacAddr;
use pw_tests::{Paired, Path, Relay, RunningSensor, Tap, free_port, lasting_source, skip};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Far beyond anything that is hoped for, so that a slow machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(120);

/// The network that is looked for.
const WANTED: MacAddr = MacAddr([0x06, 0xfe, 0xed, 1, 2, 3]);

/// Time between two of its beacons.
const BEACON: Duration = Duration::from_millis(50);

/// Levels it is heard with, one after the other: each tells which of the last beacons it is.
const LEVELS: i32 = 60;

fn engine(paired: &Paired) -> Result<Engine> {
    let settings = EngineSettings { state_dir: paired.config.clone(), ..EngineSettings::default() };
    let path = std::path::Path::new(&paired.survey);
    let engine = if path.exists() {
        Engine::open(path, settings)?
    } else {
        Engine::create(path, "levels", settings)?
    };
    engine.watch_levels(&[WANTED]);
    engine.send(Command::Connect { sensor: "car".to_owned() })?;
    Ok(engine)
}

/// A beacon with this level in its radiotap header.
fn beacon(level_dbm: i8) -> Vec<u8> {
    let mut frame = vec![0, 0, 9, 0, 0x20, 0, 0, 0, level_dbm.to_le_bytes()[0]];
    frame.extend([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    frame.extend(WANTED.0);
    frame.extend(WANTED.0);
    frame.extend([0; 10]);
    frame.extend([100, 0, 1, 0, 0, 6, b'w', b'a', b'n', b't', b'e', b'd', 1, 1, 0x82]);
    frame
}

/// Sends beacons until `count` levels of them were shown and `over` says so; gives for each level
/// that was shown how long ago its beacon had been sent when it was.
fn lateness(
    engine: &Engine,
    tap: &mut Tap,
    count: usize,
    over: impl Fn() -> bool,
) -> Result<Vec<Duration>> {
    let sent: Mutex<Vec<Instant>> = Mutex::default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| -> Result<()> {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let level = i8::try_from(-30 - number % LEVELS)?;
                sent.lock().expect("nothing panics here").push(Instant::now());
                tap.deliver(&beacon(level))?;
                number += 1;
                std::thread::sleep(BEACON);
            }
            Ok(())
        });
        let mut late = Vec::new();
        let mut last = None;
        let begin = Instant::now();
        let outcome = loop {
            let levels = engine.live_levels(WANTED);
            let shown = levels.first().map(|level| (level.signal_dbm, level.heard));
            if shown.is_some() && shown != last {
                last = shown;
                let now = Instant::now();
                let sent = sent.lock().expect("nothing panics here");
                let of_this_level = sent.iter().enumerate().rev().find(|(number, _)| {
                    let number = i32::try_from(*number).unwrap_or(i32::MAX);
                    shown.is_some_and(|(level, _)| i32::from(level) == -30 - number % LEVELS)
                });
                if let Some((_, at)) = of_this_level {
                    late.push(now.duration_since(*at));
                }
            }
            if late.len() >= count && over() {
                break Ok(late);
            }
            if begin.elapsed() > PATIENCE {
                break Err(anyhow::anyhow!("only {} levels in {PATIENCE:?}", late.len()));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        stop.store(true, Ordering::Relaxed);
        sending.join().map_err(|_panic| anyhow::anyhow!("the sending thread failed"))??;
        outcome
    })
}

fn tell(what: &str, mut late: Vec<Duration>) {
    late.sort();
    let share =
        |percent: usize| late.get(late.len() * percent / 100).map_or(0, Duration::as_millis);
    let most = late.last().map_or(0, Duration::as_millis);
    eprintln!(
        "frame to level {what}: p50 {} ms, p95 {} ms, all within {most} ms ({} levels)",
        share(50),
        share(95),
        late.len()
    );
}

#[test]
fn levels_come_through_loss_and_beside_a_backlog() -> Result<()> {
    const TEST: &str = "levels_come_through_loss_and_beside_a_backlog";
    let mut tap = match Tap::create("pwlevels0") {
        Ok(tap) => tap,
        Err(error) => {
            skip(TEST, &format!("no TAP interface can be made here: {error:#}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let live = format!("live:{}", tap.name);
    let arguments = ["--source", live.as_str(), "--gps", "none"];
    let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
    let relay = Relay::start(sensor.address.parse()?)?;
    paired.move_sensor(&relay.address.to_string())?;

    let desktop = engine(&paired)?;
    tell("on a good path", lateness(&desktop, &mut tap, 40, || true)?);
    let bad = Path { loss_percent: 30, delay: Duration::from_millis(20), ..Path::default() };
    relay.change(|path| *path = bad);
    tell("with 30 % loss and 20 ms each way", lateness(&desktop, &mut tap, 40, || true)?);
    let received = desktop.links().first().map(|link| desktop.levels_received(link.id));
    let received = received.context("a link")?;
    eprintln!(
        "datagrams: {} taken, {} late, {} lost",
        received.taken,
        received.late,
        received.lost()
    );
    ensure!(received.garbage == 0 && received.duplicates == 0, "{received:?}");
    desktop.close()?;
    sensor.terminate(Duration::from_secs(20))?;

    let backlog_secs = std::env::var("PIWARDRIVE_BACKLOG_SECS");
    let backlog_secs = backlog_secs.ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    // While nobody fetches, it hears a town as fast as it can.
    let town = lasting_source(folder.path(), 4)?.replace("speed=4", "speed=max");
    let town = ["--source", town.as_str()];
    let mut sensor = RunningSensor::start(&paired.state, paired.port, &town)?;
    std::thread::sleep(Duration::from_secs(backlog_secs));
    sensor.terminate(Duration::from_secs(20))?;
    let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
    let backlog = sensor.status()?["backlog_batches"].as_u64().context("a backlog")?;
    let desktop = engine(&paired)?;
    let is_fetched = || {
        let batches = desktop.links().first().and_then(|link| link.backlog_batches);
        batches.is_some_and(|batches| batches < 20)
    };
    let late = lateness(&desktop, &mut tap, 40, is_fetched)?;
    tell(&format!("while {backlog} batches are fetched over that"), late);
    let levels = sensor.status()?["levels"].clone();
    ensure!(levels["datagrams_sent"].as_u64().is_some_and(|sent| sent >= 40), "{levels}");
    desktop.close()?;
    sensor.terminate(Duration::from_secs(20))?;

    relay.change(|path| *path = Path::default());
    paired.account(PATIENCE)?;
    Ok(())
}

#[test]
fn a_client_has_no_level_under_its_own_address() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let config = folder.path().join("sensor.toml");
    std::fs::write(&config, "[privacy]\nclients = 'pseudonyms'\n")?;
    let config = config.display().to_string();
    let (clients, networks) = crate::privacy::heard_clients()?;
    ensure!(clients.len() > 10, "too few clients to say anything: {}", clients.len());

    let arguments = ["--source", "sim:quiet_street,speed=10", "--config", &config];
    let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
    let desktop = engine(&paired)?;
    // They are asked for by name, and would come first.
    desktop.watch_levels(&clients);
    let begin = Instant::now();
    let shown = |addresses: &[MacAddr]| {
        addresses.iter().filter(|address| !desktop.live_levels(**address).is_empty()).count()
    };
    while shown(&networks) < 5 || begin.elapsed() < Duration::from_secs(10) {
        ensure!(begin.elapsed() < PATIENCE, "only {} networks are shown", shown(&networks));
        std::thread::sleep(Duration::from_millis(100));
    }
    ensure!(shown(&clients) == 0, "{} clients are shown by their own address", shown(&clients));
    desktop.close()?;
    sensor.terminate(Duration::from_secs(20))
}
