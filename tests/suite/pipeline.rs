//! Facts and what is derived from them: imports count once, and the index can be thrown away.

use crate::bad_input::small_capture;
use anyhow::{Context, Result, ensure};
use pw_simulate::{Scenario, Simulation};
use pw_tests::Piwardrive;
use std::collections::BTreeSet;
use std::fs;

/// Everything `list networks` says, with the order taken out.
fn networks(piwardrive: &Piwardrive, survey: &str) -> Result<BTreeSet<String>> {
    let listed = piwardrive.json(&["list", survey, "networks", "--json"])?;
    Ok(listed.as_array().context("an array")?.iter().map(ToString::to_string).collect())
}

#[test]
fn the_index_can_be_deleted_and_a_file_counts_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let capture = folder.path().join("capture.pcapng");
    small_capture(&capture)?;
    let capture = capture.display().to_string();
    let survey = folder.path().join("survey").display().to_string();
    piwardrive.ok(&["survey", "new", &survey])?;
    piwardrive.ok(&["import", &survey, &capture])?;
    let before = networks(&piwardrive, &survey)?;
    ensure!(!before.is_empty(), "no networks");

    piwardrive.ok(&["import", &survey, &capture])?;
    ensure!(networks(&piwardrive, &survey)? == before, "the same file counted twice");

    fs::remove_dir_all(folder.path().join("survey/index"))?;
    ensure!(
        networks(&piwardrive, &survey)? == before,
        "without its index the survey says something else"
    );
    piwardrive.ok(&["survey", "rebuild", &survey])?;
    ensure!(networks(&piwardrive, &survey)? == before, "a rebuilt index says something else");
    let verified = piwardrive.json(&["survey", "verify", &survey, "--json"])?;
    ensure!(verified["sound"] == true, "{verified}");
    Ok(())
}

#[test]
fn what_was_simulated_is_found_and_labelled() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let out = folder.path().join("out").display().to_string();
    piwardrive.ok(&["simulate", "quiet_street", "--out", &out])?;
    let survey = folder.path().join("survey").display().to_string();
    piwardrive.ok(&["survey", "new", &survey])?;
    piwardrive.ok(&[
        "import",
        &survey,
        &format!("{out}/capture.pcapng"),
        &format!("{out}/gps.nmea"),
    ])?;
    let listed = piwardrive.json(&["list", &survey, "networks", "--json"])?;
    let found: BTreeSet<&str> =
        listed.as_array().context("an array")?.iter().filter_map(|n| n["bssid"].as_str()).collect();

    let text = pw_simulate::builtin("quiet_street").context("built in")?;
    let scenario = Scenario::from_toml(text)?;
    let mut simulation = Simulation::new(&scenario);
    simulation.by_ref().for_each(drop);
    let truth = serde_json::to_value(simulation.truth())?;
    let heard: BTreeSet<&str> = truth["access_points"]
        .as_array()
        .context("access points")?
        .iter()
        .filter(|ap| ap["beacons_heard"].as_u64().unwrap_or(0) > 0)
        .filter_map(|ap| ap["bssid"].as_str())
        .collect();
    ensure!(!heard.is_empty() && heard.is_subset(&found), "missed: {:?}", heard.difference(&found));

    // Whatever leaves the survey says that it was simulated.
    for (format, file) in
        [("geojson", "out.geojson"), ("kml", "out.kml"), ("gpx", "out.gpx"), ("wigle", "out.csv")]
    {
        let path = folder.path().join(file);
        piwardrive.ok(&[
            "export",
            &survey,
            "--format",
            format,
            "--out",
            &path.display().to_string(),
        ])?;
        let text = fs::read_to_string(&path)?.to_lowercase();
        ensure!(text.contains("simulated"), "{format} does not say that it was simulated");
    }
    let pdf = folder.path().join("report.pdf");
    piwardrive.ok(&["report", &survey, "--type", "survey", "--out", &pdf.display().to_string()])?;
    let page = folder.path().join("report.html");
    piwardrive.ok(&[
        "report",
        &survey,
        "--type",
        "survey",
        "--out",
        &page.display().to_string(),
    ])?;
    let html = fs::read_to_string(&page)?;
    ensure!(html.trim_start().to_lowercase().starts_with("<!doctype html"), "no HTML page");
    ensure!(html.to_lowercase().contains("simulated"), "the page does not say it was simulated");
    ensure!(fs::read(&pdf)?.starts_with(b"%PDF-"), "no PDF");
    Ok(())
}
