//! What is no capture or no survey is refused in one clear line, and nothing stored is lost.

use anyhow::{Result, ensure};
use pw_simulate::{Scenario, write_all};
use pw_tests::Piwardrive;
use std::fs;
use std::path::Path;

/// A small simulated capture.
pub(crate) fn small_capture(path: &Path) -> Result<()> {
    let text = pw_simulate::builtin("quiet_street").ok_or_else(|| anyhow::anyhow!("built in"))?;
    let scenario = Scenario::from_toml(text)?;
    let mut capture = Vec::new();
    let mut nmea = Vec::new();
    write_all(&scenario, &mut capture, &mut nmea)?;
    fs::write(path, capture)?;
    fs::write(path.with_extension("nmea"), nmea)?;
    Ok(())
}

/// Runs a command that must fail, and checks that it says so in one line that names the file.
fn refuses(piwardrive: &Piwardrive, arguments: &[&str], file: &Path, words: &[&str]) -> Result<()> {
    let output = piwardrive.run(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.code() == Some(1),
        "{arguments:?}: exit {:?}: {said}",
        output.status.code()
    );
    ensure!(said.trim_end().lines().count() == 1, "{arguments:?}: not one line: {said}");
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    ensure!(said.contains(&name), "{arguments:?}: does not name {name}: {said}");
    let lower = said.to_lowercase();
    ensure!(
        words.iter().any(|word| lower.contains(word)),
        "{arguments:?}: says none of {words:?}: {said}"
    );
    Ok(())
}

fn observations(piwardrive: &Piwardrive, survey: &str) -> Result<u64> {
    let info = piwardrive.json(&["survey", "info", survey, "--json"])?;
    info["observations"].as_u64().ok_or_else(|| anyhow::anyhow!("no count: {info}"))
}

#[test]
fn files_that_are_no_captures() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let survey = folder.path().join("survey").display().to_string();
    piwardrive.ok(&["survey", "new", &survey])?;
    let good = folder.path().join("good.pcapng");
    small_capture(&good)?;
    piwardrive.ok(&["import", &survey, &good.display().to_string()])?;
    let before = observations(&piwardrive, &survey)?;
    ensure!(before > 0, "nothing was imported");

    let empty = folder.path().join("empty.pcap");
    fs::write(&empty, b"")?;
    let picture = folder.path().join("picture.pcap");
    fs::write(&picture, [0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1])?;
    let directory = folder.path().join("directory.pcap");
    fs::create_dir(&directory)?;
    let absent = folder.path().join("absent.pcap");
    for (file, words) in [
        (&empty, ["empty", "0 bytes"]),
        (&picture, ["jpeg", "not a"]),
        (&directory, ["directory", "folder"]),
        (&absent, ["no such file", "not found"]),
    ] {
        let name = file.display().to_string();
        refuses(&piwardrive, &["import", &survey, &name], file, &words)?;
        refuses(&piwardrive, &["dissect", &name, "--summary"], file, &words)?;
    }
    ensure!(observations(&piwardrive, &survey)? == before, "a refused file changed the survey");
    Ok(())
}

#[test]
fn a_capture_that_ends_within_a_packet() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let good = folder.path().join("good.pcapng");
    small_capture(&good)?;
    let bytes = fs::read(&good)?;
    let cut = folder.path().join("cut.pcapng");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3])?;
    let survey = folder.path().join("survey").display().to_string();
    piwardrive.ok(&["survey", "new", &survey])?;
    let output = piwardrive.run(&["import", &survey, &cut.display().to_string()])?;
    ensure!(output.status.success(), "a cut capture imports as far as it goes");
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    ensure!(
        said.contains("cut.pcapng") && said.contains("byte"),
        "no warning with its place: {said}"
    );
    ensure!(observations(&piwardrive, &survey)? > 0, "the packets before the cut count");
    Ok(())
}

#[test]
fn folders_that_are_no_surveys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let other = folder.path().join("other");
    fs::create_dir(&other)?;
    fs::write(other.join("Kismet.kismet"), b"SQLite format 3\0")?;
    let file = folder.path().join("file");
    fs::write(&file, b"text")?;
    for path in [&other, &file, &folder.path().join("absent")] {
        let name = path.display().to_string();
        refuses(&piwardrive, &["list", &name, "networks"], path, &["survey"])?;
    }
    let entries = fs::read_dir(&other)?.count();
    ensure!(entries == 1, "looking at a foreign folder changed it");
    Ok(())
}

#[test]
fn wrong_usage_is_exit_code_2() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    for arguments in
        [&["list"][..], &["export", "x", "--format", "nonsense", "--out", "y"], &["--nonsense"]]
    {
        let output = piwardrive.run(arguments)?;
        ensure!(output.status.code() == Some(2), "{arguments:?}: {:?}", output.status.code());
    }
    Ok(())
}
