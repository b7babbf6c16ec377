//! `self-test`: what this machine has, looked at honestly. What cannot be looked at says why.

use super::{bytes_words, say, say_json};
use crate::capture::supported_link_type;
use crate::gps::{GpsSpec, GpsdClient, GpsdLine, read_nmea_file};
use crate::{health, link, state_dir};
use anyhow::Result;
use pw_model::{ClockSource, FixMode};
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Bad,
    NotAvailable,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::NotAvailable => "not available",
        }
    }
}

struct Check {
    name: String,
    outcome: Outcome,
    words: String,
}

impl Check {
    fn new(name: impl Into<String>, outcome: Outcome, words: impl Into<String>) -> Self {
        Self { name: name.into(), outcome, words: words.into() }
    }
}

/// Runs every check; true when none is bad.
pub(super) fn self_test(state: &Path, gps: Option<GpsSpec>, json: bool) -> Result<bool> {
    let mut checks = radios();
    checks.push(capture_rights());
    checks.push(position(gps));
    checks.push(disk(state));
    checks.push(key(state));
    checks.push(clock());
    checks.push(temperature());
    let good = checks.iter().all(|check| check.outcome != Outcome::Bad);
    if json {
        let list: Vec<_> = checks
            .iter()
            .map(|c| json!({ "check": c.name, "outcome": c.outcome.word(), "words": c.words }))
            .collect();
        say_json(&json!({ "good": good, "checks": list }))?;
    } else {
        for check in &checks {
            say(format!("{:<13}  {:<13}  {}", check.outcome.word(), check.name, check.words))?;
        }
    }
    Ok(good)
}

fn radios() -> Vec<Check> {
    let mut radios = Vec::new();
    for entry in std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind: Option<i32> = std::fs::read_to_string(path.join("type"))
            .ok()
            .and_then(|text| text.trim().parse().ok());
        // ARPHRD_IEEE80211, _PRISM, _RADIOTAP: the interface delivers 802.11 frames already.
        if matches!(kind, Some(801..=803)) {
            let words = "delivers 802.11 frames: use it as live:";
            radios.push(Check::new(
                format!("radio {name}"),
                Outcome::Good,
                format!("{words}{name}"),
            ));
        } else if path.join("phy80211").exists() {
            let words = format!("a Wi-Fi radio: use it as wifi:{name}");
            radios.push(Check::new(format!("radio {name}"), Outcome::Good, words));
        }
    }
    if radios.is_empty() {
        let words =
            "no Wi-Fi radio and no interface in monitor mode; captures and simulations can be used";
        radios.push(Check::new("radios", Outcome::NotAvailable, words));
    }
    radios
}

/// Opening the loopback interface needs the same rights as opening a radio.
fn capture_rights() -> Check {
    let name = "capture";
    match pcap::Capture::from_device("lo").and_then(|capture| capture.timeout(10).open()) {
        Ok(capture) => {
            let wifi = supported_link_type(capture.get_datalink().0).is_some();
            let words = if wifi { "allowed" } else { "allowed (libpcap opens interfaces)" };
            Check::new(name, Outcome::Good, words)
        }
        Err(error) => {
            let words = format!(
                "libpcap cannot open an interface: {error}; run as root, or setcap cap_net_raw,cap_net_admin+ep"
            );
            Check::new(name, Outcome::Bad, words)
        }
    }
}

fn position(gps: Option<GpsSpec>) -> Check {
    let name = "position";
    let asked = gps.is_some();
    let gps = gps.unwrap_or(GpsSpec::Gpsd { host: "localhost".to_owned(), port: 2947 });
    match &gps {
        GpsSpec::Gpsd { host, port } => match gpsd(host, *port) {
            Ok(words) => Check::new(name, Outcome::Good, format!("{gps}: {words}")),
            Err(words) => {
                let outcome = if asked { Outcome::Bad } else { Outcome::NotAvailable };
                Check::new(name, outcome, format!("{gps}: {words}"))
            }
        },
        GpsSpec::Nmea { path, .. } if path.is_file() => match read_nmea_file(path) {
            Ok(fixes) => {
                let good = fixes.iter().filter(|fix| fix.position.is_some()).count();
                let words = format!("{} reports, {good} with a position", fixes.len());
                Check::new(name, Outcome::Good, words)
            }
            Err(error) => Check::new(name, Outcome::Bad, error.to_string()),
        },
        GpsSpec::Nmea { path, .. } => match File::open(path) {
            Ok(_) => Check::new(name, Outcome::Good, format!("{} can be opened", path.display())),
            Err(error) => Check::new(name, Outcome::Bad, format!("{}: {error}", path.display())),
        },
        GpsSpec::Fixed(_) => Check::new(name, Outcome::Good, "a fixed place"),
        GpsSpec::None => Check::new(name, Outcome::NotAvailable, "none asked for"),
    }
}

/// Listens to gpsd for three seconds.
fn gpsd(host: &str, port: u16) -> Result<String, String> {
    let mut client = GpsdClient::connect(host, port).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let (mut release, mut best) = (String::new(), None);
    while begun.elapsed() < Duration::from_secs(3) {
        match client.next_line().map_err(|error| error.to_string())? {
            Some(GpsdLine::Version { release: found, .. }) => release = found,
            Some(GpsdLine::Devices(0)) => {
                return Err(format!("release {release}, but it has no receiver"));
            }
            Some(GpsdLine::Fix { fix, .. }) => best = best.max(Some(fix.mode)),
            _ => {}
        }
    }
    match best {
        Some(FixMode::NoFix) => Ok(format!("release {release}; the receiver has no fix yet")),
        Some(_) => Ok(format!("release {release}; the receiver has a fix")),
        None => Err(format!("release {release}; no report within 3 s")),
    }
}

fn disk(state: &Path) -> Check {
    let name = "disk";
    let try_disk = || -> Result<Duration> {
        state_dir::create(state)?;
        let path = state.join("self-test.tmp");
        let mut file = File::create(&path)?;
        file.write_all(&[0; 64 << 10])?;
        let begun = Instant::now();
        file.sync_all()?;
        let took = begun.elapsed();
        drop(file);
        std::fs::remove_file(&path)?;
        Ok(took)
    };
    match try_disk() {
        Ok(took) => {
            let free = health::disk_free_bytes(state);
            let words = format!(
                "{} can be written; a sync of 64 KiB takes {:.1} ms; {} free",
                state.display(),
                took.as_secs_f64() * 1e3,
                free.map_or("unknown".to_owned(), bytes_words)
            );
            let enough = free.is_none_or(|free| free > 100 << 20);
            Check::new(name, if enough { Outcome::Good } else { Outcome::Bad }, words)
        }
        Err(error) => Check::new(name, Outcome::Bad, format!("{}: {error:#}", state.display())),
    }
}

fn key(state: &Path) -> Check {
    match link::KeyStore::open(state) {
        Ok(keys) => {
            let words = format!("{} desktops are paired", keys.desktops().len());
            Check::new("keys", Outcome::Good, words)
        }
        Err(error) => Check::new("keys", Outcome::Bad, error.to_string()),
    }
}

fn clock() -> Check {
    let name = "clock";
    match health::system_clock() {
        (ClockSource::System, _) => Check::new(
            name,
            Outcome::NotAvailable,
            "the kernel says that nothing keeps the clock right; a receiver's time is written down beside it",
        ),
        (_, Some(most)) => {
            let words = format!(
                "kept by the network time protocol, wrong by {:.1} ms at most",
                most as f64 / 1e3
            );
            Check::new(name, Outcome::Good, words)
        }
        (_, None) => Check::new(name, Outcome::Good, "kept by the network time protocol"),
    }
}

fn temperature() -> Check {
    let name = "temperature";
    match health::temperature_c() {
        Some(degrees) if degrees >= 80.0 => {
            Check::new(name, Outcome::Bad, format!("{degrees:.0} °C: a Pi slows down from 80 on"))
        }
        Some(degrees) => Check::new(name, Outcome::Good, format!("{degrees:.0} °C")),
        None => Check::new(name, Outcome::NotAvailable, "this machine does not say"),
    }
}
