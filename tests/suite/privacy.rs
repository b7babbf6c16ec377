//! What the owner of a network asks not to be recorded is not, and what is heard is not logged.

use anyhow::{Context, Result, ensure};
use pw_model::GapCause;
use pw_simulate::{Scenario, Simulation};
use pw_tests::{RunningSensor, free_port, journal_batches};
use std::fs;
use std::time::Duration;

/// The quiet street with one more network, whose owner opted out.
fn scenario_with_opt_out() -> Result<String> {
    let text = pw_simulate::builtin("quiet_street").context("built in")?;
    let network = "\n[[access_point]]\nssid = \"corner_nomap\"\nat = [120.0, 12.0]\n\
        channels_mhz = [2412]\nsecurity = \"wpa2\"\ngeneration = \"wifi4\"\nclients = 1\n";
    Ok(format!("{text}{network}"))
}

#[test]
fn opted_out_networks_are_counted_and_nothing_heard_is_logged() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let text = scenario_with_opt_out()?;
    let path = folder.path().join("scenario.toml");
    fs::write(&path, &text)?;
    let mut simulation = Simulation::new(&Scenario::from_toml(&text)?);
    simulation.by_ref().for_each(drop);
    let truth = simulation.truth();
    let opted_out = truth
        .access_points
        .iter()
        .find(|ap| ap.ssid == "corner_nomap")
        .context("it stands in the town")?;
    ensure!(opted_out.beacons_heard > 0, "the drive does not pass it");

    let source = format!("sim:{},speed=max", path.display());
    let state = folder.path().join("state");
    fs::create_dir(&state)?;
    let arguments = ["--source", source.as_str(), "--exit-at-end", "--log", "info"];
    let mut sensor = RunningSensor::start(&state, free_port()?, &arguments)?;
    sensor.wait(Duration::from_secs(120))?;
    let batches = journal_batches(&state)?;
    let observations = batches.iter().flat_map(|b| &b.observations);
    let stored =
        observations.filter(|o| o.bssid.is_some_and(|b| b.to_string() == opted_out.bssid)).count();
    ensure!(stored == 0, "{stored} frames of a network that opted out are stored");
    let said: u64 = batches
        .iter()
        .flat_map(|b| &b.gaps)
        .filter(|gap| gap.cause == GapCause::OptedOut)
        .filter_map(|gap| gap.frames)
        .sum();
    ensure!(said >= opted_out.beacons_heard, "only {said} of its frames are accounted for");

    let log = sensor.log();
    for ap in &truth.access_points {
        ensure!(!log.contains(&ap.bssid), "the log holds the address of a network");
        ensure!(ap.ssid.len() < 4 || !log.contains(&ap.ssid), "the log holds a network's name");
    }
    ensure!(!log.contains("50.21"), "the log holds a position");
    Ok(())
}
