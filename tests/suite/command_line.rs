//! What a person meets on the command line when something goes wrong: nothing is left behind by a
//! command that failed, what was lost is said, and an interruption is heard.

use crate::bad_input::small_capture;
use anyhow::{Context, Result, ensure};
use pw_tests::{Paired, Piwardrive, RunningSensor, free_port, skip};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Everything below a folder, but for what an index keeps for itself.
fn all_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("index") {
            found.extend(all_below(&path)?);
        }
        found.insert(path);
    }
    Ok(found)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A pcap of Ethernet packets: a capture, but none of 802.11.
fn ethernet_capture() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend([
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0,
    ]);
    bytes.extend([1, 0, 0, 0x6a, 0, 0, 0, 0, 14, 0, 0, 0, 14, 0, 0, 0]);
    bytes.extend([0xff; 14]);
    bytes
}

#[test]
fn failed_commands_leave_nothing_behind() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let work = folder.path().join("work");
    fs::create_dir(&work)?;
    let path = |name: &str| work.join(name).display().to_string();
    fs::write(work.join("text.pcap"), "no capture")?;
    fs::write(work.join("ethernet.pcap"), ethernet_capture())?;
    fs::write(work.join("short.pcap"), &ethernet_capture()[..20])?;
    fs::write(work.join("no-columns.csv"), "WigleWifi-1.4,x\nA,B\n")?;
    fs::write(work.join("log.nmea"), "$GPRMC,1,2\r\n")?;
    fs::create_dir(work.join("taken"))?;
    fs::create_dir(work.join("taken.pdf"))?;
    piwardrive.ok(&["survey", "new", &path("empty.survey")])?;
    let before = all_below(&work)?;
    let (new, deep) = (path("new.survey"), path("a/b/new.survey"));
    let imports: Vec<Vec<String>> =
        ["text.pcap", "ethernet.pcap", "short.pcap", "no-columns.csv", "log.nmea", "absent"]
            .iter()
            .flat_map(|file| [&new, &deep].map(|to| vec!["import".into(), to.clone(), path(file)]))
            .collect();
    let mut commands = imports;
    for command in [
        vec!["record", &new, "--sensor", "nobody"],
        vec!["export", &new, "--format", "kml", "--out", &path("out.kml")],
        vec!["export", &path("empty.survey"), "--format", "kml", "--out", &path("taken")],
        vec!["export", &path("empty.survey"), "--format", "csv", "--out", &path("x/out.csv")],
        vec!["report", &new, "--type", "survey", "--out", &path("out.pdf")],
        vec!["report", &path("empty.survey"), "--type", "survey", "--out", &path("taken.pdf")],
        vec!["demo", "--headless", "--scenario", "no_such_scenario", "--out", &path("demo")],
        vec!["demo", "--headless", "--scenario", "no_such_scenario", "--out", &path("c/d/demo")],
        vec!["survey", "info", &path("taken")],
        vec!["survey", "verify", &path("taken")],
        vec!["list", &path("taken"), "networks"],
    ] {
        commands.push(command.into_iter().map(str::to_owned).collect());
    }
    for command in commands {
        let output = piwardrive.run(&command)?;
        ensure!(
            output.status.code() == Some(1),
            "{command:?}: {}: {}",
            output.status,
            said(&output)
        );
        ensure!(
            output.stdout.is_empty(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let after = all_below(&work)?;
        let left: Vec<_> = after.difference(&before).collect();
        ensure!(left.is_empty(), "{command:?} left {left:?}: {}", said(&output));
        ensure!(after == before, "{command:?} took something away");
    }
    Ok(())
}

#[test]
fn a_bad_file_among_good_ones_keeps_none_out() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    small_capture(&folder.path().join("good.pcapng"))?;
    fs::write(folder.path().join("README"), "words")?;
    let arguments = ["import", &path("s"), &path("README"), &path("good.pcapng"), "--json"];
    let output = piwardrive.run(&arguments)?;
    ensure!(output.status.code() == Some(1) && said(&output).contains("README"), "{output:?}");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    ensure!(rows[0]["error"].as_str().is_some_and(|e| e.contains("text of a kind")), "{rows}");
    let good = &rows[1];
    ensure!(good["error"].is_null() && good["observations"].as_u64() > Some(100), "{good}");
    let info = piwardrive.json(&["survey", "info", &path("s"), "--json"])?;
    for key in ["observations", "positioned", "bad_fcs", "unreadable"] {
        ensure!(good[key] == info[key] && good[key].is_u64(), "{key}: {good} {info}");
    }
    Ok(())
}

#[test]
fn two_imports_into_a_survey_that_is_not_there_yet() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    for n in 0..2 {
        small_capture(&folder.path().join(format!("{n}.pcapng")))?;
    }
    let csv = "WigleWifi-1.4,x\nMAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,\
               CurrentLongitude,AltitudeMeters,AccuracyMeters,Type\n\
               02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:00,6,-61,50.1,8.6,120,5,WIFI\n";
    fs::write(folder.path().join("1.csv"), csv)?;
    for round in 0..6 {
        let survey = path(&format!("s{round}"));
        let start = |file: &str| -> Result<Child> {
            let mut command = piwardrive.command()?;
            command.args(["import", &survey, &path(file)]);
            Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
        };
        let children = [start("0.pcapng")?, start("1.csv")?];
        let mut done = 0;
        for child in children {
            let output = child.wait_with_output()?;
            let words = said(&output);
            if output.status.success() {
                done += 1;
            } else {
                ensure!(words.contains("in use by another PiWardrive"), "{words}");
            }
        }
        ensure!(done > 0, "neither import was done");
        let found = piwardrive.json(&["survey", "verify", &survey, "--json"])?;
        ensure!(found["sound"] == true, "{found}");
        let sensors = piwardrive.json(&["list", &survey, "sensors", "--json"])?;
        ensure!(sensors.as_array().map(Vec::len) == Some(done), "{done}: {sensors}");
    }
    Ok(())
}

#[test]
fn what_was_cut_off_is_said_everywhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let survey = folder.path().join("s").display().to_string();
    let capture = folder.path().join("good.pcapng");
    small_capture(&capture)?;
    let import = ["import", &survey, &capture.display().to_string()];
    piwardrive.ok(&import)?;
    let whole = piwardrive.json(&["survey", "info", &survey, "--json"])?;
    let segment = folder.path().join("s/segments/survey-000001.pws");
    let len = fs::metadata(&segment)?.len();
    fs::File::options().write(true).open(&segment)?.set_len(len - 10)?;
    for rebuilt in [false, true] {
        if rebuilt {
            let words = piwardrive.ok(&["survey", "rebuild", &survey])?;
            ensure!(words.contains("lost after having been stored"), "{words}");
            ensure!(!words.contains("never acknowledged"), "{words}");
        }
        let output = piwardrive.run(&["survey", "verify", &survey])?;
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(output.status.code() == Some(1), "{words} {}", said(&output));
        ensure!(words.contains("not whole") && words.contains("good.pcapng"), "{words}");
        let info = piwardrive.json(&["survey", "info", &survey, "--json"])?;
        let lost = info["lost_from_survey"]["observations"].as_u64();
        let left = info["observations"].as_u64().context("a count")?;
        ensure!(lost.is_some_and(|lost| lost > 0), "{info}");
        ensure!(lost.map(|lost| lost + left) == whole["observations"].as_u64(), "{info} {whole}");
        let gaps = piwardrive.json(&["list", &survey, "gaps", "--json"])?;
        let stated = gaps.as_array().context("rows")?.iter();
        let stated = stated.filter(|gap| {
            gap["cause"].as_str().is_some_and(|cause| cause.contains("damaged or cut off"))
        });
        let frames: Vec<_> = stated.map(|gap| gap["frames"].as_u64()).collect();
        ensure!(frames == [lost], "{gaps}");
    }
    // The same file once more brings it all back.
    piwardrive.ok(&import)?;
    piwardrive.ok(&["survey", "verify", &survey])?;
    let info = piwardrive.json(&["survey", "info", &survey, "--json"])?;
    ensure!(info["observations"] == whole["observations"], "{info}");
    Ok(())
}

/// A small file system of its own, if the system lets us make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(std::thread::panicking() || done.is_ok_and(|s| s.success()), "unmounted");
    }
}

fn interrupt(child: &Child, signal: i32) -> Result<()> {
    // SAFETY: a signal to a child that has not been waited for.
    #[allow(unsafe_code)]
    let sent = unsafe { libc::kill(child.id() as libc::pid_t, signal) };
    ensure!(sent == 0, "kill: {}", std::io::Error::last_os_error());
    Ok(())
}

#[test]
fn a_recording_on_a_full_disk_hears_the_interruption() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = folder.path().join("disk");
    fs::create_dir(&disk)?;
    let Some(_disk) = SmallDisk::mount(&disk, "2m") else {
        skip("full disk", "a small file system cannot be mounted here (that needs root)");
        return Ok(());
    };
    let capture = folder.path().join("load");
    let paired = Paired::new(folder.path(), free_port()?)?;
    paired.piwardrive.ok(&["simulate", "dense_centre", "--out", &capture.display().to_string()])?;
    let source = format!("file:{},speed=60", capture.join("capture.pcapng").display());
    let arguments = ["--source", &source, "--gps", "none"];
    let _sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
    let survey = disk.join("s");
    paired.piwardrive.ok(&["survey", "new", &survey.display().to_string()])?;
    // All but the last 384 KiB is taken: some batches are stored, also when the first come together on a
    // slow machine; then there is no room.
    let mut ballast = fs::File::create(disk.join("ballast"))?;
    while std::io::Write::write_all(&mut ballast, &[1; 4096]).is_ok() {}
    let taken = ballast.metadata()?.len();
    ballast.set_len(taken.saturating_sub(384 << 10))?;
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let mut child = paired
            .piwardrive
            .command()?
            .args(["record"])
            .arg(&survey)
            .args(["--sensor", "car"])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("words"))?)
            .spawn()?;
        let words = || fs::read_to_string(folder.path().join("words")).unwrap_or_default();
        let start = Instant::now();
        while !words().contains("disk is full") {
            ensure!(start.elapsed() < Duration::from_secs(60), "never full: {}", words());
            ensure!(child.try_wait()?.is_none(), "ended by itself: {}", words());
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_millis(500));
        interrupt(&child, signal)?;
        let asked = Instant::now();
        while child.try_wait()?.is_none() {
            if asked.elapsed() > Duration::from_secs(10) {
                child.kill()?;
                child.wait()?;
                anyhow::bail!("does not hear signal {signal}: {}", words());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(told.contains("frames recorded"), "{told} {}", words());
        ensure!(words().contains("still in its journal"), "{told} {}", words());
        ensure!(output.status.code() == Some(1), "{}: {}", output.status, words());
    }
    let survey = survey.display().to_string();
    let found = paired.piwardrive.json(&["survey", "verify", &survey, "--json"])?;
    ensure!(found["sound"] == true && found["batches"].as_u64() > Some(0), "{found}");
    Ok(())
}

/// What is at the path stays, unless it is empty or its loss was asked for.
#[test]
fn nothing_is_replaced_unasked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    small_capture(&folder.path().join("in.pcap"))?;
    let survey = path("town.survey");
    piwardrive.ok(&["import", &survey, &path("in.pcap")])?;
    let (export, write, report) = (path("out.csv"), path("out.pcapng"), path("out.html"));
    for (command, out) in [
        (vec!["export", &survey, "--format", "csv", "--out", &export], &export),
        (vec!["dissect", &path("in.pcap"), "--write", &write], &write),
        (vec!["report", &survey, "--type", "survey", "--out", &report], &report),
    ] {
        fs::write(out, "precious")?;
        let refused = piwardrive.run(&command)?;
        ensure!(refused.status.code() == Some(1), "{command:?}: {refused:?}");
        ensure!(said(&refused).contains("exists already; add --force"), "{}", said(&refused));
        ensure!(fs::read_to_string(out)? == "precious", "{command:?} replaced a file");
        fs::write(out, "")?;
        piwardrive.ok(&command)?;
        ensure!(fs::metadata(out)?.len() > 0, "{command:?} wrote nothing");
        fs::write(out, "precious")?;
        let forced: Vec<&str> = command.iter().copied().chain(["--force"]).collect();
        piwardrive.ok(&forced)?;
        ensure!(fs::read(out)? != b"precious", "{forced:?} replaced nothing");
    }
    let blank = piwardrive.run(&["list", &survey, "networks", "--where", " "])?;
    ensure!(blank.status.code() == Some(2), "a blank filter: {blank:?}");
    Ok(())
}

/// What is no pairing code is told before anything is made for it, with the exit code of wrong usage.
#[test]
fn what_is_no_pairing_code_is_wrong_usage() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config");
    let piwardrive = Piwardrive::new(&config);
    for code in [&["1234"][..], &["1234", "567x"], &["123456789"], &[]] {
        let arguments: Vec<&str> = ["pair", "127.0.0.1:9"].iter().chain(code).copied().collect();
        let output = piwardrive.run(&arguments)?;
        ensure!(output.status.code() == Some(2), "{code:?}: {output:?}");
    }
    ensure!(!config.exists(), "a key was drawn for it");
    Ok(())
}

/// Every output that another program may read says of simulated data that it is; of other data none does.
#[test]
fn outputs_of_simulated_data_say_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (out, survey) = (path("drive"), path("s"));
    piwardrive.ok(&["simulate", "quiet_street", "--out", &out])?;
    let capture = format!("{out}/capture.pcapng");
    piwardrive.ok(&["import", &survey, &capture, &format!("{out}/gps.nmea")])?;
    // Another capture, of which nothing says that it was simulated.
    fs::write(folder.path().join("plain.pcap"), ethernet_capture())?;
    for form in [
        &["packets", "--json"][..],
        &["packets", "--json", "--topology"],
        &["packets", "--json", "--flows"],
        &["packets", "--json", "--anomalies"],
        &["dissect", "--summary", "--json"],
        &["dissect", "--statistics", "--json"],
    ] {
        let of = |capture: &str| {
            let arguments: Vec<&str> =
                [form[0], capture].iter().chain(&form[1..]).copied().collect();
            piwardrive.json(&arguments)
        };
        ensure!(of(&capture)?["simulated"] == true, "{form:?}");
        ensure!(of(&path("plain.pcap"))?.get("simulated").is_none(), "{form:?}");
    }
    for (form, mark) in
        [("--graphml", "<data key=\"graph_simulated\">true</data>"), ("--dot", "label=\"simulated")]
    {
        let of = |capture: &str| piwardrive.ok(&["packets", capture, form]);
        ensure!(of(&capture)?.contains(mark), "{form}");
        ensure!(!of(&path("plain.pcap"))?.contains("simulated"), "{form}");
    }
    let located = piwardrive.json(&["locate", &survey, "--json"])?;
    let rows = located.as_array().context("rows")?;
    ensure!(!rows.is_empty() && rows.iter().all(|row| row["simulated"] == true), "{located}");
    Ok(())
}

/// A row of another program's table is no frame, wherever it is counted.
#[test]
fn rows_of_a_table_are_sightings_and_no_frames() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let csv = "WigleWifi-1.4,x\nMAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,\
               CurrentLongitude,AltitudeMeters,AccuracyMeters,Type\n\
               02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:00,6,-61,50.1,8.6,120,5,WIFI\n\
               02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:09,6,-63,50.2,8.6,120,5,WIFI\n";
    fs::write(folder.path().join("1.csv"), csv)?;
    small_capture(&folder.path().join("in.pcapng"))?;
    let survey = path("s");
    for (file, rebuilt) in [("1.csv", false), ("in.pcapng", false), ("in.pcapng", true)] {
        if rebuilt {
            piwardrive.ok(&["survey", "rebuild", &survey])?;
        } else {
            piwardrive.ok(&["import", &survey, &path(file)])?;
        }
        let info = piwardrive.json(&["survey", "info", &survey, "--json"])?;
        ensure!(info["sightings"] == 2, "{info}");
        let sensors = piwardrive.json(&["list", &survey, "sensors", "--json"])?;
        let sensors = sensors.as_array().context("rows")?.clone();
        let table = sensors.iter().find(|row| row["name"] == "1.csv").context("the table")?;
        ensure!(table["sightings"] == 2 && table["observations"] == 2, "{table}");
        let networks = piwardrive.json(&["list", &survey, "networks", "--json"])?;
        let networks = networks.as_array().context("rows")?.clone();
        let seen = networks.iter().find(|row| row["bssid"] == "02:00:5e:00:00:01");
        let seen = seen.context("the network")?;
        ensure!(seen["sightings"] == 2 && seen["frames"] == 0 && seen["beacons"] == 0, "{seen}");
        ensure!(seen["rssi_dbm"]["max"] == -61, "{seen}");
        let coverage = piwardrive.json(&["list", &survey, "coverage", "--json"])?;
        let heard: u64 = coverage
            .as_array()
            .context("rows")?
            .iter()
            .filter_map(|row| row["frames"].as_u64())
            .sum();
        let frames = info["observations"].as_u64().context("a count")? - 2;
        ensure!(heard <= frames, "{heard} of {frames} frames: {coverage}");
        let others = networks.iter().filter(|row| row["bssid"] != "02:00:5e:00:00:01");
        ensure!(others.into_iter().all(|row| row.get("sightings").is_none()), "{networks:?}");
        let words = piwardrive.ok(&["survey", "info", &survey])?;
        ensure!(words.contains(&format!("Frames        {frames} (")), "{words}");
        ensure!(words.contains("Sightings     2: "), "{words}");
    }
    Ok(())
}

/// A picture is made where that was asked for, of what was asked for, and nothing else is said.
#[test]
fn screenshots_make_no_folders_and_ignore_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    small_capture(&folder.path().join("in.pcapng"))?;
    let (capture, picture, survey) = (path("in.pcapng"), path("p.png"), path("s"));
    piwardrive.ok(&["import", &survey, &capture])?;
    let before = all_below(folder.path())?;
    for (of, more, words) in [
        (&capture, vec!["--out", &path("no/p.png")], "there is no folder"),
        (&capture, vec!["--out", &picture, "--select", "4000000000"], "choose one from 1 to "),
        (&capture, vec!["--out", &picture, "--select", "0"], "choose one from 1 to "),
        (
            &capture,
            vec!["--out", &picture, "--select", "1", "--where", "frame.number > 1"],
            "does not pass the filter",
        ),
        (&survey, vec!["--out", &picture, "--select", "1"], "no capture file"),
    ] {
        let arguments: Vec<&str> =
            ["screenshot", of, "--view", "packets"].into_iter().chain(more).collect();
        let output = piwardrive.run(&arguments)?;
        if said(&output).contains("nothing here can paint") {
            skip("screenshots", "no renderer is installed here");
            return Ok(());
        }
        ensure!(output.status.code() == Some(1), "{arguments:?}: {output:?}");
        ensure!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
        let after = all_below(folder.path())?;
        ensure!(after == before, "{arguments:?} left {:?}", after.difference(&before));
    }
    let arguments =
        ["screenshot", &capture, "--view", "packets", "--select", "2", "--out", &picture];
    let output = piwardrive.command()?.args(arguments).env_remove("XDG_RUNTIME_DIR").output()?;
    ensure!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    ensure!(fs::read(&picture)?.starts_with(b"\x89PNG"), "no picture");
    Ok(())
}

/// Every name that the tree of a packet gives is one that can be asked for, in the program as it is built:
/// the compiler lays out fields that stand in tables otherwise there than in a test of one crate.
#[test]
fn every_field_that_is_printed_can_be_asked_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("drive");
    let piwardrive = Piwardrive::new(&folder.path().join("config"));
    piwardrive.ok(&["simulate", "quiet_street", "--out", &out.display().to_string()])?;
    let capture = out.join("capture.pcapng").display().to_string();
    let packets = piwardrive.ok(&["dissect", &capture, "--json", "--limit", "150"])?;
    let mut names = BTreeSet::new();
    for line in packets.lines() {
        gather(&serde_json::from_str(line)?, &mut names);
    }
    ensure!(names.len() > 150, "only {} names in 150 packets", names.len());
    let names: Vec<_> = names.into_iter().collect();
    let table =
        piwardrive.ok(&["dissect", &capture, "--fields", &names.join(","), "--limit", "150"])?;
    let mut filled = vec![false; names.len()];
    for row in table.lines() {
        for (filled, cell) in filled.iter_mut().zip(row.split('\t')) {
            *filled |= !cell.is_empty();
        }
    }
    let empty: Vec<_> = names.iter().zip(filled).filter(|(_, filled)| !filled).collect();
    ensure!(empty.is_empty(), "printed by --json, empty by --fields: {empty:?}");
    Ok(())
}

/// The names in a packet's tree whose fields have values.
fn gather(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                if name.contains('.') && !value.is_object() && !value.is_array() && !value.is_null()
                {
                    names.insert(name.clone());
                }
                gather(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, names)),
        _ => {}
    }
}
