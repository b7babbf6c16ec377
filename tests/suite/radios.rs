//! Live interfaces that go and come, that keep back what is not wanted, and that hear the same frames.

use anyhow::{Context, Result, ensure};
use pw_model::{GapCause, RadioEventKind};
use pw_simulate::{Scenario, SimulatedKind, Simulation};
use pw_tests::{Paired, RunningSensor, Tap, free_port, journal_batches, skip};
use std::time::{Duration, Instant};

/// Frames of a small town, as a radio would deliver them.
fn some_frames(count: usize) -> Result<Vec<Vec<u8>>> {
    let scenario = pw_simulate::builtin("quiet_street").context("the scenario is built in")?;
    let scenario = Scenario::from_toml(scenario)?;
    let frames = Simulation::new(&scenario).filter_map(|event| match event.kind {
        SimulatedKind::Frame { bytes, .. } => Some(bytes),
        _ => None,
    });
    Ok(frames.take(count).collect())
}

fn taps(test: &str, names: &[&str]) -> Option<Vec<Tap>> {
    match names.iter().map(|name| Tap::create(name)).collect() {
        Ok(taps) => Some(taps),
        Err(error) => {
            skip(test, &format!("no TAP interface can be made here: {error:#}"));
            None
        }
    }
}

#[test]
fn an_interface_that_goes_is_listened_to_again_and_the_other_all_the_time() -> Result<()> {
    let test = "an_interface_that_goes_is_listened_to_again_and_the_other_all_the_time";
    let Some(mut taps) = taps(test, &["pwgone0", "pwgone1"]) else { return Ok(()) };
    let frames = some_frames(100)?;
    let folder = tempfile::tempdir()?;
    let arguments = ["--gps", "none", "--source", "live:pwgone0", "--source", "live:pwgone1"];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    sensor.wait_until_listening(2)?;
    for frame in &frames {
        taps[0].deliver(frame)?;
        taps[1].deliver(frame)?;
    }
    drop(taps.remove(0));
    sensor.wait_until_listening(1)?;
    for frame in &frames {
        taps[0].deliver(frame)?;
    }
    let mut again = Tap::create("pwgone0")?;
    let came = Instant::now();
    sensor.wait_until_listening(2)?;
    println!("listened to again {:.1} s after it came", came.elapsed().as_secs_f64());
    for frame in &frames {
        again.deliver(frame)?;
    }
    std::thread::sleep(Duration::from_secs(1));
    sensor.terminate(Duration::from_secs(20))?;

    let batches = journal_batches(folder.path())?;
    let heard = |radio: u8| {
        let observations = batches.iter().flat_map(|batch| &batch.observations);
        observations.filter(|observation| observation.radio.0 == radio).count()
    };
    let gaps: Vec<_> = batches.iter().flat_map(|batch| &batch.gaps).collect();
    let lost = gaps.iter().filter_map(|gap| gap.frames).sum::<u64>() as usize;
    ensure!(heard(0) + lost == 200, "{} heard, {lost} stated as lost: {gaps:?}", heard(0));
    ensure!(heard(1) == 200, "the other heard {}", heard(1));
    ensure!(
        gaps.iter()
            .any(|gap| gap.cause == GapCause::RadioGone && gap.radio.is_some_and(|r| r.0 == 0)),
        "no gap: {gaps:?}"
    );
    let events: Vec<&str> = batches
        .iter()
        .flat_map(|batch| &batch.radio_events)
        .filter(|event| event.radio.0 == 0)
        .map(|event| match event.kind {
            RadioEventKind::Started { .. } => "started",
            RadioEventKind::Failed { .. } => "failed",
            RadioEventKind::Stopped { .. } => "stopped",
        })
        .collect();
    ensure!(events == ["started", "failed", "started", "stopped"], "{events:?}");
    Ok(())
}

#[test]
fn a_radio_that_is_plugged_in_later_is_listened_to() -> Result<()> {
    let test = "a_radio_that_is_plugged_in_later_is_listened_to";
    let Some(mut taps) = taps(test, &["pwlate0"]) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let arguments = ["--gps", "none", "--source", "live:pwlate1", "--source", "live:pwlate0"];
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    sensor.wait_until_listening(1)?;
    // Each radio has a thread of its own: the one that listens may be told of first.
    let begin = Instant::now();
    loop {
        let trouble = sensor.status()?["radios"][0]["trouble"].clone();
        if trouble.as_str().is_some_and(|why| why.contains("not there")) {
            break;
        }
        ensure!(begin.elapsed() < Duration::from_secs(20), "{trouble}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut late = Tap::create("pwlate1")?;
    sensor.wait_until_listening(2)?;
    for frame in &some_frames(50)? {
        late.deliver(frame)?;
        taps[0].deliver(frame)?;
    }
    std::thread::sleep(Duration::from_secs(1));
    sensor.terminate(Duration::from_secs(20))?;
    let batches = journal_batches(folder.path())?;
    for radio in [0, 1] {
        let observations = batches.iter().flat_map(|batch| &batch.observations);
        let heard = observations.filter(|observation| observation.radio.0 == radio).count();
        ensure!(heard == 50, "radio {radio} heard {heard} of 50");
    }
    Ok(())
}

#[test]
fn the_kernel_keeps_back_what_is_not_wanted() -> Result<()> {
    let Some(mut taps) = taps("the_kernel_keeps_back_what_is_not_wanted", &["pwfilt0"]) else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("sensor.toml");
    std::fs::write(
        &config,
        "source = ['live:pwfilt0']\ngps = 'none'\n[capture]\nfilter = 'type mgt subtype beacon'\n\
         snap = 'management'\n",
    )?;
    let config = config.display().to_string();
    let mut sensor =
        RunningSensor::start(folder.path(), free_port()?, &["--config", config.as_str()])?;
    sensor.wait_until_listening(1)?;
    let frames = some_frames(500)?;
    // Radiotap's length stands in its bytes 2 and 3; then comes the frame, whose first byte says what
    // it is: 0x80 is a beacon.
    let is_beacon = |frame: &&Vec<u8>| {
        let at = usize::from(u16::from_le_bytes([frame[2], frame[3]]));
        frame.get(at) == Some(&0x80)
    };
    let beacons = frames.iter().filter(is_beacon).count();
    ensure!(beacons > 0 && beacons < frames.len(), "{beacons} beacons");
    for frame in &frames {
        taps[0].deliver(frame)?;
    }
    std::thread::sleep(Duration::from_secs(1));
    sensor.terminate(Duration::from_secs(20))?;
    let batches = journal_batches(folder.path())?;
    let heard: usize = batches.iter().map(|batch| batch.observations.len()).sum();
    let gaps: Vec<_> = batches.iter().flat_map(|batch| &batch.gaps).collect();
    ensure!(heard == beacons && gaps.is_empty(), "{heard} of {beacons} beacons, {gaps:?}");
    Ok(())
}

#[test]
fn frames_that_two_radios_hear_are_kept_twice_and_counted_once() -> Result<()> {
    let test = "frames_that_two_radios_hear_are_kept_twice_and_counted_once";
    let Some(mut taps) = taps(test, &["pwtwo0", "pwtwo1"]) else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let paired = Paired::new(folder.path(), port)?;
    let arguments = ["--gps", "none", "--source", "live:pwtwo0", "--source", "live:pwtwo1"];
    let mut sensor = RunningSensor::start(&paired.state, port, &arguments)?;
    sensor.wait_until_listening(2)?;
    let frames = some_frames(300)?;
    for frame in &frames {
        taps.iter_mut().try_for_each(|tap| tap.deliver(frame))?;
    }
    std::thread::sleep(Duration::from_secs(1));
    let survey = paired.survey.as_str();
    paired.piwardrive.ok(&["record", survey, "--sensor", "car", "--for", "5"])?;
    sensor.terminate(Duration::from_secs(20))?;
    let info = paired.piwardrive.json(&["survey", "info", survey, "--json"])?;
    let number = |key: &str| info[key].as_u64().context(key.to_owned());
    let (receptions, again) = (number("observations")?, number("heard_again")?);
    ensure!(receptions == 600, "{receptions} of 600 receptions are kept");
    let several = number("frames_of_several_radios")?;
    // Control frames cannot be told apart, and a slow machine may let some lie too far apart.
    let is_control = |frame: &&Vec<u8>| {
        let at = usize::from(u16::from_le_bytes([frame[2], frame[3]]));
        frame.get(at).is_some_and(|first| first >> 2 & 3 == 1)
    };
    let most = 300 - frames.iter().filter(is_control).count() as u64;
    ensure!(several == again && again > 0 && again <= most, "{several} frames, {again} of {most}");
    println!("300 frames on two interfaces, {most} of them no control frames: {again} linked");
    Ok(())
}
