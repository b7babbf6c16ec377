//! `piwardrive pair`, `sensors` and `record`

use super::WrongUsage;
use super::arguments::{Pair, Record, Sensors, SensorsAction};
use super::output::{json_array, stdout};
use super::survey::{Made, open_or_create};
use super::table::aligned;
use anyhow::Result;
use pw_engine::{
    Command, DiscoveredSensor, Engine, EngineError, Event, LinkRow, LinkState, PairedSensor,
    default_state_dir,
};
use pw_model::words::counted;
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long it is listened for sensors on the local network.
const DISCOVER: Duration = Duration::from_secs(3);

/// How often a line about the recording is written when standard error is no terminal.
const REPORT_EVERY: Duration = Duration::from_secs(10);

pub(super) fn pair(arguments: &Pair) -> Result<()> {
    let sensor = pw_engine::pair_and_wait(
        &default_state_dir(),
        &arguments.address,
        &arguments.code.join(" "),
        arguments.name.as_deref(),
    )
    .map_err(|error| match error {
        EngineError::NoPairingCode { .. } => WrongUsage(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    writeln!(
        stdout(),
        "paired with {} at {} (key {}); record from it: piwardrive record SURVEY --sensor '{}'",
        sensor.name,
        sensor.address,
        sensor.key,
        sensor.name
    )?;
    Ok(())
}

pub(super) fn run(arguments: &Sensors) -> Result<()> {
    match &arguments.action {
        None if arguments.discover => discover(arguments),
        None => list(arguments),
        Some(SensorsAction::Forget { name, yes }) => forget(name, *yes),
        Some(SensorsAction::Plan { name, plan, radio }) => {
            let done = pw_engine::set_plan(&default_state_dir(), name, *radio, plan)?;
            writeln!(stdout(), "{name}: {done}")?;
            Ok(())
        }
    }
}

fn forget(name: &str, yes: bool) -> Result<()> {
    let known = pw_engine::paired_sensors(&default_state_dir())?;
    let fits = |sensor: &&PairedSensor| sensor.name == name || name.starts_with(&sensor.key);
    let Some(sensor) = known.iter().find(fits) else {
        anyhow::bail!("no paired sensor is named '{name}'; see them with: piwardrive sensors");
    };
    if !yes {
        if !std::io::stdin().is_terminal() {
            anyhow::bail!("forgetting '{}' cannot be undone here; add --yes", sensor.name);
        }
        eprint!("Forget {} at {} (key {})? [y/N] ", sensor.name, sensor.address, sensor.key);
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            anyhow::bail!("'{}' was not forgotten", sensor.name);
        }
    }
    let forgotten = pw_engine::forget_sensor(&default_state_dir(), &sensor.name)?;
    writeln!(
        stdout(),
        "{} at {} (key {}) is forgotten; what was recorded from it stays. The sensor still knows \
         this desktop and keeps data for it; end that there: piwardrive-sensor keys revoke DESKTOP",
        forgotten.name,
        forgotten.address,
        forgotten.key
    )?;
    Ok(())
}

fn discover(arguments: &Sensors) -> Result<()> {
    let found = pw_engine::discover(DISCOVER)?;
    let paired = pw_engine::paired_sensors(&default_state_dir())?;
    let known = |found: &DiscoveredSensor| {
        paired.iter().find(|sensor| Some(sensor.id) == found.id).map(|sensor| sensor.name.clone())
    };
    if arguments.json {
        return json_array(found.iter().map(|sensor| {
            json!({
                "name": sensor.name,
                "address": sensor.address,
                "id": sensor.id.map(|id| id.to_string()),
                "paired_as": known(sensor),
            })
        }));
    }
    if found.is_empty() {
        eprintln!(
            "No sensor says that it is there. A sensor does so only when started with --announce \
             or configured with: announce = true"
        );
    }
    aligned(
        &found,
        &[
            ("NAME", &|sensor: &DiscoveredSensor| Some(sensor.name.clone())),
            ("ADDRESS", &|sensor| Some(sensor.address.clone())),
            ("PAIRED AS", &known),
        ],
    )
}

fn list(arguments: &Sensors) -> Result<()> {
    let sensors = pw_engine::paired_sensors(&default_state_dir())?;
    if arguments.json {
        return json_array(sensors.iter().map(|sensor| {
            json!({
                "name": sensor.name,
                "address": sensor.address,
                "id": sensor.id.to_string(),
                "key": sensor.key,
                "paired": sensor.paired.map(pw_model::Timestamp::rfc3339),
                "replaced_by": sensor.replaced_by,
            })
        }));
    }
    aligned(
        &sensors,
        &[
            ("NAME", &|sensor: &PairedSensor| Some(sensor.name.clone())),
            ("ADDRESS", &|sensor| Some(sensor.address.clone())),
            ("KEY", &|sensor| Some(sensor.key.clone())),
            ("PAIRED", &|sensor| sensor.paired.map(pw_model::Timestamp::rfc3339_secs)),
            ("REPLACED BY", &|sensor| sensor.replaced_by.clone()),
        ],
    )
}

pub(super) fn record(arguments: &Record) -> Result<()> {
    // A survey is not made for a sensor that nobody knows.
    let known = pw_engine::paired_sensors(&default_state_dir())?;
    let wanted = &arguments.sensor;
    if !known.iter().any(|sensor| sensor.name == *wanted || wanted.starts_with(&sensor.key)) {
        anyhow::bail!(
            "no paired sensor is named '{wanted}'; see them with: piwardrive sensors; pair with \
             one: piwardrive pair ADDR CODE"
        );
    }
    let (engine, made) = open_or_create(&arguments.survey, true)?;
    let recorded = record_into(engine, arguments, &made);
    if recorded.is_err() {
        // Where nothing came of it, nothing is left of it.
        made.take_back();
    }
    recorded
}

fn record_into(engine: Engine, arguments: &Record, made: &Made) -> Result<()> {
    let stop = engine.cancel_on_interrupt();
    let before = engine.snapshot().totals.observations;
    engine.send(Command::Connect { sensor: arguments.sensor.clone() })?;
    // Longer than a clock counts is without end.
    let end =
        arguments.for_secs.and_then(|secs| Instant::now().checked_add(Duration::from_secs(secs)));
    let terminal = std::io::stderr().is_terminal();
    let mut said = Instant::now();
    let mut connected = false;
    let mut refused = None;
    while !stop.load(Ordering::Acquire) && end.is_none_or(|end| Instant::now() < end) {
        std::thread::sleep(Duration::from_millis(200));
        tell(&engine);
        let Some(link) = engine.links().into_iter().next() else { continue };
        if link.state == LinkState::Refused {
            // It is not tried again here.
            let why = link.words.split("; next attempt").next().unwrap_or_default();
            refused = Some(why.to_owned());
            break;
        }
        let turned = connected != (link.last_heard.is_some());
        connected = link.last_heard.is_some();
        if terminal {
            eprint!("\r\x1b[K{}", line(&engine, &link, before));
        } else if turned || said.elapsed() >= REPORT_EVERY {
            eprintln!("{}", line(&engine, &link, before));
            said = Instant::now();
        }
    }
    if terminal {
        eprintln!();
    }
    let last = engine.links().into_iter().next();
    let survey = arguments.survey.display();
    engine.send(Command::Disconnect { sensor: arguments.sensor.clone() })?;
    // A disk that refuses until the end is told after what is stored.
    let closed = engine.close();
    let view = pw_engine::SurveyView::open(&arguments.survey)?;
    let frames = view.snapshot.totals.observations.saturating_sub(before);
    if connected || frames > 0 {
        made.tell()?;
    }
    writeln!(
        stdout(),
        "{survey}: {} recorded, {} in all",
        counted(frames, "frame", "frames"),
        counted(view.snapshot.access_points.len() as u64, "network", "networks")
    )?;
    if let Err(error) = closed {
        anyhow::bail!("{error}; what the sensor sent beyond that is still in its journal");
    }
    if let Some(why) = refused {
        anyhow::bail!("the sensor '{}' refused this desktop: {why}", arguments.sensor);
    }
    if !connected && frames == 0 {
        let why = last.map_or_else(String::new, |link| format!(": {}", link.words));
        anyhow::bail!("the sensor '{}' was not reached{why}", arguments.sensor);
    }
    Ok(())
}

fn tell(engine: &Engine) {
    for event in engine.events() {
        match event {
            Event::Trouble(words) => eprintln!("piwardrive: warning: {words}"),
            Event::Notice(words) => eprintln!("{words}"),
            _ => {}
        }
    }
}

fn line(engine: &Engine, link: &LinkRow, before: u64) -> String {
    let snapshot = engine.snapshot();
    let mut words = format!(
        "{}: {}; {}, {}",
        link.sensor,
        link.words,
        counted(snapshot.totals.observations.saturating_sub(before), "frame", "frames"),
        counted(snapshot.access_points.len() as u64, "network", "networks")
    );
    if let Some(gps) = &link.gps {
        words.push_str(&format!("; {gps}"));
    }
    if let Some(backlog) = link.backlog_batches.filter(|batches| *batches > 0) {
        let batches = counted(backlog, "batch", "batches");
        words.push_str(&format!("; {batches} to come"));
    }
    words
}
