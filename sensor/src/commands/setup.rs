//! `setup`: whether this machine can be a sensor, and what to do where it cannot yet.

use super::checks::{self, Account, Check, Outcome};
use crate::capture::SourceSpec;
use crate::cli::SetupArguments;
use crate::config::Config;
use crate::gps::GpsSpec;
use crate::privacy::PrivacySettings;
use crate::state_dir;
use anyhow::Result;
use pw_model::Origin;
use pw_wire::DEFAULT_PORT;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The installed configuration.
pub(super) const INSTALLED: &str = "/etc/piwardrive/sensor.toml";

/// What the checks look at.
struct Wanted {
    state: PathBuf,
    gps: Option<GpsSpec>,
    listen: SocketAddr,
}

/// Looks and says; true when nothing is bad. Changes nothing on the machine.
pub(super) fn setup(arguments: SetupArguments) -> Result<bool> {
    let json = arguments.common.json;
    let (configuration, config) = configuration(arguments.config.as_deref());
    let account = Account::of_the_sensor();
    // Of a file that cannot be read nobody knows what it says of people's data.
    let privacy = match configuration.outcome {
        Outcome::Bad if !config_was_read(&config) => {
            let words = "the configuration cannot be read";
            Check::new("privacy", Outcome::NotAvailable, words)
        }
        _ => privacy(&config),
    };
    let journal = config.journal.clone();
    let wanted = wanted(arguments, config);
    let mut checks = vec![configuration, privacy, checks::kernel(), checks::libpcap()];
    let radios = checks::radios();
    let has_radio = radios.iter().any(|radio| radio.outcome == Outcome::Good);
    checks.extend(radios);
    checks.push(checks::radio_switches());
    checks.extend(checks::others_at_the_radios());
    checks.push(checks::capabilities());
    checks.push(checks::position(wanted.gps));
    checks.extend(checks::serial_receivers(account.as_ref()));
    checks.push(checks::state_folder(&wanted.state, account.as_ref()));
    checks.push(checks::journal_key(&journal, &wanted.state));
    checks.push(checks::clock());
    checks.push(checks::throttling());
    checks.push(checks::temperature());
    checks.push(checks::port(wanted.listen, &wanted.state));
    let good = checks::show(&checks, json)?;
    if !json {
        let bad = checks.iter().filter(|check| check.outcome == Outcome::Bad).count();
        super::say(match bad {
            0 if !has_radio => "Nothing is wrong, but there is no radio to listen with.".to_owned(),
            0 => "This machine can be a sensor.".to_owned(),
            1 => "One thing must be put right first.".to_owned(),
            bad => format!("{bad} things must be put right first."),
        })?;
    }
    Ok(good)
}

fn configuration(asked: Option<&Path>) -> (Check, Config) {
    let name = "configuration";
    let path = match asked {
        Some(path) => path,
        None if Path::new(INSTALLED).exists() => Path::new(INSTALLED),
        None => {
            let words = "none is installed; what is usual is looked at";
            return (Check::new(name, Outcome::NotAvailable, words), Config::default());
        }
    };
    match Config::read(path) {
        Ok(config) => {
            if let Some(interface) = missing_interface(&config) {
                let words =
                    format!("{} listens to {interface}, which is not there", path.display());
                let check = Check::new(name, Outcome::Bad, words).advise(
                    "plug the radio in, or name one of the radios below in the line source = […]",
                );
                return (check, config);
            }
            let sources = match config.source.as_slice() {
                [] => "no source".to_owned(),
                sources => sources.join(", "),
            };
            let words = format!("{} is understood; it listens to: {sources}", path.display());
            (Check::new(name, Outcome::Good, words), config)
        }
        Err(error) => {
            let check = Check::new(name, Outcome::Bad, format!("{error:#}"));
            let advice =
                if path.exists() { "put that line right" } else { "name a file that is there" };
            (check.advise(advice), Config::default())
        }
    }
}

/// A configuration that could not be read is the usual one, without a source.
fn config_was_read(config: &Config) -> bool {
    !config.source.is_empty()
}

/// How the configuration treats people's data.
fn privacy(config: &Config) -> Check {
    let name = "privacy";
    // A machine without a source yet is going to have a radio.
    let sources = config.sources().unwrap_or_default();
    let origin = sources.first().map_or(Origin::Live, SourceSpec::origin);
    let declared = match PrivacySettings::new(&config.privacy, origin) {
        Ok(settings) => settings.declaration,
        // A file with a setting that is not understood has been told of already.
        Err(error) => return Check::new(name, Outcome::Bad, format!("{error:#}")),
    };
    // As the sensor itself would say at its start.
    let no_place = matches!(config.gps(), Ok(None | Some(GpsSpec::None)));
    if declared.home_zones > 0 && no_place {
        let words = "home zones need to know where the sensor is, and there is no position source";
        let check = Check::new(name, Outcome::Bad, words);
        return check.advise("give one in the line gps = …, or take privacy.home_zone out");
    }
    let mut words = format!("addresses of clients: {}", declared.addresses_words());
    if let Some(purpose) = &declared.audit {
        words.push_str(&format!("; declared audit: {purpose}"));
    }
    if declared.home_zones > 0 {
        words.push_str(&format!("; home zones: {}", declared.home_zones));
    }
    Check::new(name, Outcome::Good, words)
}

/// The first interface of the sources that the kernel does not have.
fn missing_interface(config: &Config) -> Option<String> {
    // A file with a source that is not understood has been refused.
    config.sources().ok()?.into_iter().find_map(|source| match source {
        SourceSpec::Wifi { interface } | SourceSpec::Live { interface } => {
            let there = Path::new("/sys/class/net").join(&interface).exists();
            (!there).then_some(interface)
        }
        SourceSpec::File { .. } | SourceSpec::Simulated { .. } => None,
    })
}

/// The command line wins over the configuration, as in `run`.
fn wanted(arguments: SetupArguments, config: Config) -> Wanted {
    let usual = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    Wanted {
        // A file that is not understood has been told of already.
        gps: arguments.gps.or_else(|| config.gps().ok().flatten()),
        listen: arguments.listen.or(config.listen).unwrap_or(usual),
        state: arguments.common.state.or(config.state).unwrap_or_else(state_dir::default_state_dir),
    }
}
