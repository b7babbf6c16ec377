//! The path between sensor and desktop is cut, slow, lossy, narrow, and leads from other addresses:
//! nothing is lost, nothing appears twice, and the stream goes on soon after the path is back.
//!
//! Four cuts by default. `PIWARDRIVE_CUTS` asks for more, `PIWARDRIVE_LONGEST_CUT_SECS` for longer
//! ones (3 by default): `PIWARDRIVE_CUTS=500 PIWARDRIVE_LONGEST_CUT_SECS=120`; `PIWARDRIVE_PATH=loss` for the paths of that
//! name only. How long it took until
//! the next batch was acknowledged is printed; only that it happens is demanded.

use anyhow::{Context, Result, bail, ensure};
use pw_tests::{Namespaces, Paired, Path, Relay, RunningSensor, free_port, lasting_source, skip};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Far beyond anything that is hoped for, so that a slow machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(60);

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Kinds of bad path; each cut goes over to the next one.
fn paths() -> Vec<(&'static str, Path)> {
    let path = Path::default();
    let ms = Duration::from_millis;
    let wanted = std::env::var("PIWARDRIVE_PATH").unwrap_or_default();
    let all = [
        ("a good path", path),
        ("round trip 600 ms", Path { delay: ms(300), ..path }),
        ("loss 30 %", Path { loss_percent: 30, ..path }),
        // UDP payload of an IPv6 packet of 1,280 bytes.
        ("MTU 1,280", Path { longest: 1_280 - 40 - 8, ..path }),
        ("loss 10 %, round trip 100 ms", Path { delay: ms(50), loss_percent: 10, ..path }),
    ];
    all.into_iter().filter(|(what, _)| what.contains(&wanted)).collect()
}

/// Waits until a batch is acknowledged that was not at the start of the call.
fn next_acknowledged(sensor: &RunningSensor) -> Result<Duration> {
    let begin = Instant::now();
    let before = loop {
        if let Some(before) = sensor.acknowledged() {
            break before;
        }
        ensure!(begin.elapsed() < PATIENCE, "the sensor does not answer: {}", sensor.log());
    };
    while begin.elapsed() < PATIENCE {
        if sensor.acknowledged().is_some_and(|now| now > before) {
            return Ok(begin.elapsed());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!("nothing acknowledged within {PATIENCE:?} after the path was back: {}", sensor.log())
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let Some(longest) = times.last() else { return };
    let late = times.iter().filter(|time| **time > Duration::from_secs(3)).count();
    eprintln!(
        "{what}: {} times, half within {:.2} s, all within {:.2} s, {late} of them over 3 s",
        times.len(),
        times[times.len() / 2].as_secs_f64(),
        longest.as_secs_f64()
    );
}

#[test]
fn a_bad_path_loses_nothing_and_is_gone_on_with() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let source = lasting_source(folder.path(), 4)?;
    let start = || RunningSensor::start(&paired.state, paired.port, &["--source", source.as_str()]);
    let mut sensor = start()?;
    let relay = Relay::start(sensor.address.parse()?)?;
    paired.move_sensor(&relay.address.to_string())?;
    let mut desktop = paired.record()?;
    next_acknowledged(&sensor).context("the first batches")?;

    let cuts = number("PIWARDRIVE_CUTS", 4);
    let paths = paths();
    ensure!(!paths.is_empty(), "PIWARDRIVE_PATH names no path");
    let longest_ms = number("PIWARDRIVE_LONGEST_CUT_SECS", 3).max(1) * 1_000;
    let mut resumed: Vec<Vec<Duration>> = vec![Vec::new(); paths.len()];
    for cut in 0..cuts {
        if sensor.status()?["settled"] == true {
            // It has been round the town for hours; from the start again.
            sensor.terminate(Duration::from_secs(20))?;
            sensor = start()?;
            next_acknowledged(&sensor).context("after the sensor's restart")?;
        }
        // Most are short and some are long, as between houses: a square of an even sequence.
        let share = (cut * 7 % 16 + 1) as f64 / 16.0;
        let length = Duration::from_millis(
            1_000 + ((longest_ms - 1_000) as f64 * share * share).round() as u64,
        );
        relay.change(|path| path.cut = true);
        std::thread::sleep(length);
        let kind = cut as usize % paths.len();
        relay.change(|path| *path = Path { client: path.client, ..paths[kind].1 });
        resumed[kind].push(
            next_acknowledged(&sensor)
                .with_context(|| format!("cut {cut} of {length:?}, then {}", paths[kind].0))?,
        );
        // Until it runs as usual again, so that each cut stands for itself.
        std::thread::sleep(Duration::from_millis(500));
    }
    for (times, (what, _)) in resumed.into_iter().zip(&paths) {
        tell(&format!("after a cut, then {what}"), times);
    }

    // The desktop's address changes in mid-session, as from one network to another.
    relay.change(|path| *path = Path::default());
    next_acknowledged(&sensor)?;
    let mut moved = Vec::new();
    for host in [2, 3, 1] {
        relay.move_clients(Ipv4Addr::new(127, 0, 0, host));
        moved.push(next_acknowledged(&sensor).context("another address of the desktop")?);
        std::thread::sleep(Duration::from_millis(500));
    }
    tell("another address of the desktop", moved);
    // The MTU shrinks in mid-session.
    relay.change(|path| path.longest = 1_232);
    tell("a narrower path", vec![next_acknowledged(&sensor).context("a narrower path")?]);
    let (passed, lost, too_long) = relay.counts();
    eprintln!("datagrams: {passed} passed, {lost} lost, {too_long} too long");
    let status = sensor.status()?;
    eprintln!(
        "at the sensor: {} refused, {} ignored, {} not QUIC",
        status["connections_refused"], status["connections_ignored"], status["datagrams_not_quic"]
    );

    sensor.terminate(Duration::from_secs(20))?;
    desktop.kill()?;
    desktop.wait()?;
    paired.move_sensor(&sensor.address)?;
    paired.account(Duration::from_secs(120))?;
    Ok(())
}

/// A laptop that goes from one network to another: the same session goes on.
#[test]
fn another_network_of_the_desktop_keeps_the_session() -> Result<()> {
    const TEST: &str = "another_network_of_the_desktop_keeps_the_session";
    let namespaces = match Namespaces::create() {
        Ok(namespaces) => namespaces,
        Err(error) => {
            skip(TEST, &format!("no network namespaces can be made here: {error:#}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let paired = Paired::new(folder.path(), port)?;
    paired.move_sensor(&format!("10.9.0.1:{port}"))?;
    let mut inside =
        Namespaces::command(&namespaces.sensor, &pw_tests::program("piwardrive-sensor")?);
    let source = lasting_source(folder.path(), 4)?;
    let sensor = RunningSensor::spawn(
        inside.args(["run", "--listen", &format!("0.0.0.0:{port}"), "--state"]),
        &paired.state,
        &["--source", source.as_str()],
    )?;
    let said = std::fs::File::create(folder.path().join("record.txt"))?;
    let mut desktop = Namespaces::command(&namespaces.desktop, &pw_tests::program("piwardrive")?)
        .env("PIWARDRIVE_CONFIG_DIR", &paired.config)
        .args(["record", &paired.survey, "--sensor", "car"])
        .stdout(std::process::Stdio::null())
        .stderr(said)
        .spawn()?;
    next_acknowledged(&sensor).context("the first batches")?;
    let connections = || sensor.log().matches("connected from").count();
    let before = connections();
    let mut resumed = Vec::new();
    for wire in [2, 1, 2] {
        namespaces.lead_over(wire)?;
        resumed.push(next_acknowledged(&sensor).context("over another network")?);
        std::thread::sleep(Duration::from_secs(1));
    }
    tell("another network of the desktop", resumed);
    ensure!(connections() == before, "a new session was needed: {}", sensor.log());
    drop(sensor);
    desktop.kill()?;
    desktop.wait()?;
    paired.move_sensor(&format!("127.0.0.1:{port}"))?;
    paired.account(Duration::from_secs(120))?;
    Ok(())
}

/// A sensor that says where it is is found from another machine, and one that does not is not.
#[test]
fn a_sensor_is_found_on_the_local_network_where_it_says_that_it_is_there() -> Result<()> {
    const TEST: &str = "a_sensor_is_found_on_the_local_network_where_it_says_that_it_is_there";
    let namespaces = match Namespaces::create() {
        Ok(namespaces) => namespaces,
        Err(error) => {
            skip(TEST, &format!("no network namespaces can be made here: {error:#}"));
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let paired = Paired::new(folder.path(), port)?;
    let listen = format!("0.0.0.0:{port}");
    let discover = || -> Result<serde_json::Value> {
        let output = Namespaces::command(&namespaces.desktop, &pw_tests::program("piwardrive")?)
            .env("PIWARDRIVE_CONFIG_DIR", &paired.config)
            .args(["sensors", "--discover", "--json"])
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let start = |more: &[&str]| {
        let program = pw_tests::program("piwardrive-sensor")?;
        let mut inside = Namespaces::command(&namespaces.sensor, &program);
        let words = ["--source", "none", "--gps", "none", "--name", "Car of tests"];
        let command = inside.args(["run", "--listen", &listen, "--state"]);
        RunningSensor::spawn(command, &paired.state, &[&words[..], more].concat())
    };
    let silent = start(&[])?;
    silent.status()?;
    ensure!(discover()? == serde_json::json!([]), "a sensor that says nothing is found");
    drop(silent);
    let mut sensor = start(&["--announce"])?;
    sensor.status()?;
    let found = discover()?;
    let one = &found[0];
    ensure!(one["name"] == "Car of tests" && one["paired_as"] == "car", "{found} {}", sensor.log());
    let address = one["address"].as_str().context("an address")?;
    ensure!(address.starts_with("10.9.") && address.ends_with(&format!(":{port}")), "{found}");
    sensor.terminate(Duration::from_secs(20))?;
    ensure!(discover()? == serde_json::json!([]), "a sensor that has left is found");
    Ok(())
}
