//! What both `self-test` and `setup` look at: radios, rights, receiver, disk, keys, clock, temperature.

use super::{Check, Outcome};
use crate::capture::supported_link_type;
use crate::commands::bytes_words;
use crate::gps::{GpsSpec, GpsdClient, GpsdLine, read_nmea_file};
use crate::radio::Nl80211Radio;
use crate::{health, link, state_dir};
use anyhow::Result;
use pw_model::words::counted;
use pw_model::{ClockSource, FixMode};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the kernel lists as a network interface and is one for Wi-Fi.
pub(super) enum RadioFound {
    /// Delivers 802.11 frames already.
    Live(String),
    /// A radio that can be asked for monitor mode.
    Wifi(String),
}

/// Every interface that frames could come from, by name.
pub(super) fn radios_found() -> Vec<RadioFound> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind: Option<i32> = std::fs::read_to_string(path.join("type"))
            .ok()
            .and_then(|text| text.trim().parse().ok());
        // ARPHRD_IEEE80211, _PRISM, _RADIOTAP: the interface delivers 802.11 frames already.
        if matches!(kind, Some(801..=803)) {
            found.push((name.clone(), RadioFound::Live(name)));
        } else if path.join("phy80211").exists() {
            found.push((name.clone(), RadioFound::Wifi(name)));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.into_iter().map(|(_, radio)| radio).collect()
}

/// Each radio: whether the kernel says that it has monitor mode.
pub(in crate::commands) fn radios() -> Vec<Check> {
    let mut radios: Vec<Check> = radios_found().iter().map(radio).collect();
    if radios.is_empty() {
        let words =
            "no Wi-Fi radio and no interface in monitor mode; captures and simulations can be used";
        let check = Check::new("radios", Outcome::NotAvailable, words);
        radios.push(check.advise(
            "plug in a radio whose driver has monitor mode (lsusb and dmesg show whether the \
             kernel knows it)",
        ));
    }
    radios
}

fn radio(found: &RadioFound) -> Check {
    let name = match found {
        RadioFound::Live(name) => {
            let words = format!("delivers 802.11 frames: use it as live:{name}");
            return Check::new(format!("radio {name}"), Outcome::Good, words);
        }
        RadioFound::Wifi(name) => name,
    };
    let title = format!("radio {name}");
    match Nl80211Radio::abilities_of(name) {
        Ok(abilities) if !abilities.monitor => {
            Check::new(title, Outcome::Attention, "its driver has no monitor mode")
                .advise("use another radio for listening")
        }
        Ok(abilities) => {
            let bands = abilities.bands_words();
            Check::new(
                title,
                Outcome::Good,
                format!("monitor mode, {bands}: use it as wifi:{name}"),
            )
        }
        Err(error) => Check::new(title, Outcome::Bad, format!("cannot be asked: {error}")),
    }
}

/// Opening the loopback interface needs the same rights as opening a radio.
pub(in crate::commands) fn capture_rights() -> Check {
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

/// The receiver, listened to for three seconds.
pub(in crate::commands) fn position(gps: Option<GpsSpec>) -> Check {
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

/// Whether the state folder can be written, how fast, and how much is free.
pub(in crate::commands) fn disk(state: &Path) -> Check {
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

/// Whether the keys can be read.
pub(in crate::commands) fn key(state: &Path) -> Check {
    match link::KeyStore::open(state) {
        Ok(keys) => {
            let words =
                counted(keys.desktops().len() as u64, "desktop is", "desktops are") + " paired";
            Check::new("keys", Outcome::Good, words)
        }
        Err(error) => Check::new("keys", Outcome::Bad, error.to_string()),
    }
}

/// Whether something keeps the clock right.
pub(in crate::commands) fn clock() -> Check {
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

/// Whether the processor is too warm.
pub(in crate::commands) fn temperature() -> Check {
    let name = "temperature";
    match health::temperature_c() {
        Some(degrees) if degrees >= 80.0 => {
            Check::new(name, Outcome::Bad, format!("{degrees:.0} °C: a Pi slows down from 80 on"))
        }
        Some(degrees) => Check::new(name, Outcome::Good, format!("{degrees:.0} °C")),
        None => Check::new(name, Outcome::NotAvailable, "this machine does not say"),
    }
}
