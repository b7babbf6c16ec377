//! What the owner of a network asks not to be recorded is not, what is heard is not logged, and what is
//! heard of people does not leave the sensor as it was heard.

use anyhow::{Context, Result, ensure};
use pw_dissect::capture::CaptureReader;
use pw_model::{AdvertisementKind, GapCause, MacAddr, Position, WithheldKind};
use pw_simulate::{Scenario, Simulation};
use pw_tests::{Paired, RunningSensor, data_dir, free_port, journal_batches, skip};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
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

/// What a sensor played of the quiet street with this configuration, fetched into a survey.
struct Recorded {
    /// Its folder; deleted when this is dropped.
    _folder: tempfile::TempDir,
    paired: Paired,
    status: serde_json::Value,
}

impl Recorded {
    fn new(privacy: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let paired = Paired::new(folder.path(), free_port()?)?;
        let config = folder.path().join("sensor.toml");
        fs::write(&config, format!("[privacy]\n{privacy}\n"))?;
        let config = config.display().to_string();
        let source = "sim:quiet_street,speed=max";
        let arguments = ["--source", source, "--exit-at-end", "--config", &config];
        let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
        let status = loop {
            let status = sensor.status()?;
            if status["settled"] == true {
                break status;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        paired.piwardrive.ok(&["survey", "new", &paired.survey])?;
        let mut record = paired.piwardrive.command()?;
        let mut record =
            record.args(["record", &paired.survey, "--sensor", "car", "--for", "60"]).spawn()?;
        sensor.wait(Duration::from_secs(60))?;
        // SAFETY: a signal to a child that has not been waited for.
        #[allow(unsafe_code)]
        let sent = unsafe { libc::kill(record.id() as libc::pid_t, libc::SIGTERM) };
        ensure!(sent == 0, "kill: {}", std::io::Error::last_os_error());
        record.wait()?;
        Ok(Self { _folder: folder, paired, status })
    }

    /// How many of these addresses stand anywhere in the survey: in a file as bytes or text, or in a
    /// batch once it is unpacked.
    fn found(&self, addresses: &[MacAddr]) -> Result<usize> {
        let mut texts = Vec::new();
        let mut folders = vec![Path::new(&self.paired.survey).to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    texts.push(fs::read(&path)?);
                }
            }
        }
        for batch in self.batches()? {
            for advertisement in &batch.advertisements {
                texts.push(advertisement.elements.clone());
            }
            texts.push(format!("{batch:?}").into_bytes());
        }
        ensure!(texts.iter().map(Vec::len).sum::<usize>() > 100_000, "the survey is empty");
        Ok(addresses_in(&texts, addresses).len())
    }

    fn batches(&self) -> Result<Vec<pw_wire::Batch>> {
        journal_batches(&Path::new(&self.paired.survey).join("segments"))
    }
}

/// Those of the addresses that stand in a text, as their bytes or in words.
fn addresses_in(texts: &[Vec<u8>], addresses: &[MacAddr]) -> BTreeSet<MacAddr> {
    let bytes: BTreeSet<[u8; 6]> = addresses.iter().map(|address| address.0).collect();
    let words: BTreeSet<String> = addresses.iter().map(MacAddr::to_string).collect();
    let mut found = BTreeSet::new();
    for text in texts {
        let sixes = text.array_windows::<6>().filter(|six| bytes.contains(*six));
        found.extend(sixes.map(|six| MacAddr(*six)));
        for word in text.windows(17).filter(|word| word.get(2) == Some(&b':')) {
            let word = std::str::from_utf8(word).ok().filter(|word| words.contains(*word));
            found.extend(word.and_then(|word| word.parse::<MacAddr>().ok()));
        }
    }
    found
}

/// Addresses of clients that the drive `quiet_street` hears, none of which is a network's, and those
/// of its networks.
pub(crate) fn heard_clients() -> Result<(Vec<MacAddr>, Vec<MacAddr>)> {
    let text = pw_simulate::builtin("quiet_street").context("built in")?;
    let mut simulation = Simulation::new(&Scenario::from_toml(text)?);
    simulation.by_ref().for_each(drop);
    let truth = simulation.truth();
    let networks: Vec<MacAddr> =
        truth.access_points.iter().filter_map(|ap| ap.bssid.parse().ok()).collect();
    let clients = truth.clients.iter().filter(|client| client.frames_heard > 0);
    let clients: Vec<MacAddr> = clients
        .flat_map(|client| &client.addresses)
        .filter_map(|address| address.parse().ok())
        .filter(|address| !networks.contains(address))
        .collect();
    Ok((clients, networks))
}

#[test]
fn no_client_address_reaches_a_survey_under_pseudonyms() -> Result<()> {
    let (clients, networks) = heard_clients()?;
    ensure!(clients.len() > 10, "too few clients to say anything: {}", clients.len());
    // The search itself finds them where they are meant to stand.
    let clear = Recorded::new("audit = 'a test of our own street'")?;
    let found = clear.found(&clients)?;
    ensure!(found > 10, "the search finds only {found} of {} clear addresses", clients.len());

    let recorded = Recorded::new("clients = 'pseudonyms'")?;
    let found = recorded.found(&clients)?;
    ensure!(found == 0, "{found} of {} addresses of clients are in the survey", clients.len());
    ensure!(recorded.found(&networks)? > 5, "access points keep their addresses");

    // The desktop knows that they are pseudonyms, and says so wherever it shows them.
    let survey = recorded.paired.survey.as_str();
    let desktop = &recorded.paired.piwardrive;
    let listed = desktop.json(&["list", survey, "clients", "--json"])?;
    let listed = listed.as_array().context("an array")?;
    let in_clear = desktop.json(&["list", &clear.paired.survey, "clients", "--json"])?;
    ensure!(listed.len() > 10 && in_clear.as_array().is_some_and(|c| c.len() > 10));
    for client in listed {
        ensure!(client["pseudonym"] == true, "{client}");
        ensure!(client["randomised"].is_null() && client["vendor"].is_null(), "{client}");
        ensure!(client["probed"].as_array().is_some_and(Vec::is_empty), "{client}");
    }
    for client in in_clear.as_array().into_iter().flatten() {
        ensure!(client["pseudonym"] == false && client["randomised"].is_boolean(), "{client}");
    }
    let info = desktop.ok(&["survey", "info", survey])?;
    ensure!(info.contains("pseudonyms, with a new key every day"), "{info}");
    ensure!(info.contains("of frame bodies, of which none is ever kept"), "{info}");
    let info = desktop.ok(&["survey", "info", &clear.paired.survey])?;
    ensure!(info.contains("a test of our own street"), "the audit's purpose is lost: {info}");
    ensure!(recorded.status["privacy"]["clients"] == "pseudonyms", "{}", recorded.status);
    let bodies = recorded.status["withheld"]["payload_bytes"].as_u64();
    ensure!(bodies.is_some_and(|bytes| bytes > 1000), "{}", recorded.status["withheld"]);
    Ok(())
}

#[test]
fn a_home_zone_leaves_no_trace() -> Result<()> {
    // The western half of the street, and the place where the drive begins.
    let home = Position::new(50.2105, 8.9130).context("a place")?;
    let zone = "[[privacy.home_zone]]\nlat = 50.2105\nlon = 8.9130\nradius_m = 150\nfuzz_m = 50\n";
    let recorded = Recorded::new(&format!("{zone}records = 'nothing'"))?;
    let batches = recorded.batches()?;
    let inside = |position: &Option<Position>| {
        position.as_ref().is_some_and(|place| place.distance_m(&home) < 150.0)
    };
    let observations = || batches.iter().flat_map(|batch| &batch.observations);
    ensure!(observations().count() > 300, "nothing is recorded outside either");
    ensure!(!observations().any(|o| inside(&o.position)), "frames heard at home are stored");
    // What networks say of themselves goes with the frames that say it.
    let told: BTreeSet<u64> =
        observations().filter_map(|o| o.advertisement).map(|id| id.0).collect();
    let silent = batches
        .iter()
        .flat_map(|batch| &batch.advertisements)
        .filter(|ad| ad.kind != AdvertisementKind::NonTransmitted)
        .filter(|ad| !told.contains(&ad.id.0))
        .count();
    ensure!(silent == 0, "{silent} advertisements of frames that are not stored");
    let unplaced = observations().filter(|o| o.position.is_none()).count();
    ensure!(unplaced * 50 < observations().count(), "{unplaced} frames without a place are kept");
    ensure!(!batches.iter().flat_map(|b| &b.fixes).any(|fix| inside(&fix.position)));
    ensure!(!batches.iter().flat_map(|b| &b.health).any(|health| inside(&health.position)));
    let kept_back: u64 = batches
        .iter()
        .flat_map(|batch| &batch.withheld)
        .filter(|withheld| withheld.kind == WithheldKind::HomeZoneFrames)
        .map(|withheld| withheld.count)
        .sum();
    ensure!(kept_back > 300, "only {kept_back} frames are counted as kept back");
    let shown = recorded.status["withheld"]["home_zone_frames"].as_u64();
    ensure!(shown == Some(kept_back), "status says {shown:?}, the records {kept_back}");
    Ok(())
}

/// Addresses of real captures by their role, as tshark tells it: nothing of the sensor's own reading or
/// of its rules is in it.
#[derive(Default)]
struct Heard {
    /// Whoever announces a network or answers for one, and what data frames name as their network.
    networks: BTreeSet<MacAddr>,
    /// Whoever asks for networks or asks to be let in, who is answered, and whom data frames name as a
    /// station.
    stations: BTreeSet<MacAddr>,
}

impl Heard {
    /// Adds a capture; false when the file is none of 802.11.
    fn add(&mut self, path: &Path) -> Result<bool> {
        if !is_wifi(path) {
            return Ok(false);
        }
        const FIELDS: [&str; 5] =
            ["wlan.fc.type_subtype", "wlan.sa", "wlan.da", "wlan.bssid", "wlan.staa"];
        let mut tshark = Command::new("tshark");
        tshark.args(["-n", "-o", "wlan.check_checksum:TRUE", "-r"]).arg(path);
        tshark.args(["-Y", "wlan && !(wlan.fcs.status == 0) && !_ws.malformed"]);
        tshark.args(["-T", "fields", "-E", "separator=,", "-E", "occurrence=f"]);
        FIELDS.iter().for_each(|field| {
            tshark.args(["-e", field]);
        });
        // One that ends in the middle of a packet is read up to there, and tshark says so.
        let output = tshark.output().context("tshark")?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let mut fields = line.split(',');
            let kind = fields.next().and_then(|kind| {
                u8::from_str_radix(kind.strip_prefix("0x").unwrap_or(kind), 16).ok()
            });
            let mut address = || fields.next()?.parse::<MacAddr>().ok().filter(is_one_device);
            let (sender, receiver) = (address(), address());
            let (network, station) = (address(), address());
            let Some(kind) = kind else { continue };
            // Type and subtype as Wireshark joins them (IEEE Std 802.11-2020, table 9-1).
            match kind {
                // Requests to associate and to reassociate, probe requests.
                0x00 | 0x02 | 0x04 => self.stations.extend(sender),
                // Their answers.
                0x01 | 0x03 | 0x05 => {
                    self.networks.extend(network);
                    self.stations.extend(receiver);
                }
                // Beacons.
                0x08 => self.networks.extend(network),
                // What a station and its network say to each other of coming and going.
                0x0a..=0x0c if network.is_some() => {
                    let sides = [sender, receiver].into_iter().filter(|side| *side != network);
                    self.stations.extend(sides.flatten());
                }
                // Data.
                0x20..=0x2f => {
                    self.networks.extend(network);
                    self.stations.extend(station);
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Stations that are no networks themselves. Addresses like 22:22:22:22:22:22, which somebody
    /// wrote over the true ones, are bytes that capabilities consist of too.
    fn clients(&self) -> Vec<MacAddr> {
        let written_over = |address: &&MacAddr| address.0.iter().all(|byte| *byte == address.0[0]);
        let clients = self.stations.difference(&self.networks);
        clients.filter(|address| !written_over(address)).copied().collect()
    }
}

fn is_one_device(address: &MacAddr) -> bool {
    !address.is_multicast() && *address != MacAddr::ZERO
}

/// True for a capture whose packets are all of 802.11.
fn is_wifi(path: &Path) -> bool {
    let Ok(file) = fs::File::open(path) else { return false };
    let Ok(mut reader) = CaptureReader::open(file) else { return false };
    let mut is_wifi = false;
    while let Ok(Some(packet)) = reader.next_frame() {
        is_wifi = packet.link_type.is_ieee80211();
        if !is_wifi {
            return false;
        }
    }
    is_wifi
}

/// Plays the captures to a sensor that treats clients so; gives the number of frames in its journal, and
/// which of these addresses stand there.
fn named_in_journal(
    captures: &[&Path],
    treatment: &str,
    clients: &[MacAddr],
) -> Result<(usize, BTreeSet<MacAddr>)> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("sensor.toml");
    fs::write(&config, format!("[privacy]\nclients = '{treatment}'\n"))?;
    let state = folder.path().join("state");
    fs::create_dir(&state)?;
    let config = config.display().to_string();
    let mut arguments = vec!["--exit-at-end".to_owned(), "--config".to_owned(), config];
    for capture in captures {
        arguments.push("--source".to_owned());
        arguments.push(format!("file:{},speed=max", capture.display()));
    }
    let mut sensor = RunningSensor::start(&state, free_port()?, &arguments)?;
    sensor.wait(Duration::from_secs(120))?;
    let (mut frames, mut named) = (0, BTreeSet::new());
    for batch in journal_batches(&state)? {
        let mut texts: Vec<Vec<u8>> =
            batch.advertisements.iter().map(|ad| ad.elements.clone()).collect();
        texts.push(format!("{batch:?}").into_bytes());
        named.extend(addresses_in(&texts, clients));
        frames += batch.observations.len();
    }
    Ok((frames, named))
}

#[test]
fn real_captures_name_no_client_under_pseudonyms() -> Result<()> {
    const TEST: &str = "real_captures_name_no_client_under_pseudonyms";
    /// As many as a sensor has radios.
    const FILES: usize = 24;
    let Some(data) = data_dir().map(|data| data.join("wifi")).filter(|data| data.is_dir()) else {
        skip(TEST, "no folder of captures (PIWARDRIVE_DATA)");
        return Ok(());
    };
    if Command::new("tshark").arg("--version").output().is_err() {
        skip(TEST, "no tshark, which tells whose addresses they are");
        return Ok(());
    }
    let mut files = Vec::new();
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::metadata(&path)?.len() < 4 << 20 {
                files.push(path);
            }
        }
    }
    files.sort();
    let (mut checked, mut clients_seen, mut is_search_proven) = (0, 0, false);
    for group in files.chunks(FILES) {
        let mut heard = Heard::default();
        let mut captures = Vec::new();
        for path in group {
            if heard.add(path)? {
                captures.push(path.as_path());
            }
        }
        let clients = heard.clients();
        if captures.is_empty() {
            continue;
        }
        let (frames, leaked) = named_in_journal(&captures, "pseudonyms", &clients)?;
        ensure!(
            leaked.is_empty(),
            "{} of {} clients are named in the journal of {captures:?}: {}",
            leaked.len(),
            clients.len(),
            // In the output of a failed test the addresses say where to look.
            leaked.iter().map(MacAddr::to_string).collect::<Vec<_>>().join(" ")
        );
        if !is_search_proven && clients.len() > 10 {
            // The search itself finds them where they are meant to stand.
            let (_, found) = named_in_journal(&captures, "clear", &clients)?;
            let (found, all) = (found.len(), clients.len());
            ensure!(found * 2 > all, "the search finds only {found} of {all} clear addresses");
            is_search_proven = true;
        }
        checked += frames;
        clients_seen += clients.len();
    }
    eprintln!("{checked} frames, {clients_seen} clients, none of them named");
    ensure!(is_search_proven, "nothing to search for");
    ensure!(checked > 1000 && clients_seen > 50, "{checked} frames of {clients_seen} clients");
    Ok(())
}
