//! A desktop tells a sensor what to listen to, over the link and with the rights of a paired desktop.

use anyhow::{Result, ensure};
use pw_tests::{Paired, Piwardrive, RunningSensor, Tap, free_port, skip};
use std::time::Duration;

#[test]
fn a_source_that_cannot_be_tuned_says_so_and_strangers_are_not_heard() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let paired = Paired::new(folder.path(), port)?;
    let simulated = ["--source", "sim:quiet_street,speed=1"];
    let mut sensor = RunningSensor::start(&paired.state, port, &simulated)?;
    sensor.status()?;
    let refused = |arguments: &[&str]| -> Result<String> {
        let output = paired.piwardrive.run(arguments)?;
        ensure!(!output.status.success(), "{arguments:?} was done");
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let words = refused(&["sensors", "plan", "car", "adaptive"])?;
    ensure!(words.contains("a simulated radio listens as its scenario says"), "{words}");
    let words = refused(&["sensors", "plan", "car", "all", "--radio", "9"])?;
    ensure!(words.contains("there is no radio 9; there are: 0 ("), "{words}");
    let words = refused(&["sensors", "plan", "car", "lock:6"])?;
    ensure!(words.contains("like 2437 for channel 6"), "{words}");
    // A desktop that was never paired knows no sensor; one whose key was revoked is not let in.
    let stranger = Piwardrive::new(&folder.path().join("stranger"));
    let output = stranger.run(&["sensors", "plan", "car", "all"])?;
    ensure!(!output.status.success(), "a stranger was heard");
    let keys = sensor.command(&["keys", "list", "--json"])?;
    let keys: serde_json::Value = serde_json::from_str(&keys)?;
    let name = keys[0]["name"].as_str().unwrap_or_default().to_owned();
    sensor.command(&["keys", "revoke", &name])?;
    std::thread::sleep(Duration::from_secs(2));
    let words = refused(&["sensors", "plan", "car", "all"])?;
    ensure!(words.contains("does not know this desktop"), "{words}");
    sensor.terminate(Duration::from_secs(10))
}

#[test]
fn an_interface_that_somebody_else_tunes_says_so() -> Result<()> {
    let tap = match Tap::create("pwplan0") {
        Ok(tap) => tap,
        Err(error) => {
            let why = format!("no TAP interface can be made here: {error:#}");
            skip("an_interface_that_somebody_else_tunes_says_so", &why);
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let port = free_port()?;
    let paired = Paired::new(folder.path(), port)?;
    let source = format!("live:{}", tap.name);
    let mut sensor =
        RunningSensor::start(&paired.state, port, &["--source", &source, "--gps", "none"])?;
    sensor.status()?;
    let output = paired.piwardrive.run(&["sensors", "plan", "car", "survey"])?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success() && words.contains("somebody else tunes it"), "{words}");
    sensor.terminate(Duration::from_secs(10))
}
