//! The command line.

use crate::capture::SourceSpec;
use crate::gps::GpsSpec;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Listens to Wi-Fi and nothing else: dissects, joins with the position, journals, streams.
#[derive(Debug, Parser)]
#[command(
    name = "piwardrive-sensor",
    version,
    max_term_width = 100,
    after_help = "Examples:
  piwardrive-sensor run --source wifi:wlan1 --gps gpsd:localhost:2947
  piwardrive-sensor run --source file:drive.pcapng,speed=max --gps nmea:drive.nmea --exit-at-end
  piwardrive-sensor run --source sim:demo
  piwardrive-sensor setup
  piwardrive-sensor pair
  piwardrive-sensor status --json

It never transmits."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Listen, journal, and serve paired desktops until stopped
    Run(RunArguments),
    /// Show a code with which a desktop can be paired within two minutes
    Pair(CommonArguments),
    /// The paired desktops
    #[command(subcommand)]
    Keys(KeysCommand),
    /// How the running sensor is
    Status(CommonArguments),
    /// The radios of this machine: what they can do, and what the country allows
    Radios(CommonArguments),
    /// Who did what: pairings, connections, refusals; exit code 1 when a line is damaged
    Audit(CommonArguments),
    /// Check what this machine has and how fast it is, against its baseline
    SelfTest(SelfTestArguments),
    /// Check whether this machine can be a sensor, and say what to do where it cannot yet
    Setup(SetupArguments),
    /// Look at the journal, also while a sensor writes it
    #[command(subcommand)]
    Journal(JournalCommand),
}

/// `run`.
#[derive(Debug, Args)]
#[command(after_help = "Sources:
  wifi:IFACE                     put the radio into monitor mode and hop over its channels
  live:IFACE                     an interface that delivers 802.11 frames already
  file:PATH[,speed=1|N|max]      a capture (pcap, pcapng, also gzip); in real time unless said
  sim:SCENARIO[,speed=1|N|max]   a simulated drive (file or built-in name); max unless said
  none                           nothing new: serve what the journal holds

Positions:
  gpsd:HOST:PORT | nmea:PATH[,baud=N] | fixed:LAT,LON[,ERROR_M] | none
  A simulation brings its own receiver unless another is given.")]
pub struct RunArguments {
    /// Where frames come from; may be given more than once
    #[arg(long = "source", value_name = "SPEC", value_parser = source)]
    pub sources: Vec<SourceArgument>,
    /// Where the position comes from
    #[arg(long, value_name = "SPEC", value_parser = gps)]
    pub gps: Option<GpsSpec>,
    /// Where desktops connect (UDP) [default: [::]:47147]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Say on the local network where this sensor is, so that desktops find it (mDNS)
    #[arg(long)]
    pub announce: bool,
    /// Name of this sensor, for people [default: the machine's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Leave once all sources have ended and paired desktops hold everything (or after 60 s)
    #[arg(long)]
    pub exit_at_end: bool,
    /// Start also where none of the radios is there: they are listened to once they are plugged in
    #[arg(long)]
    pub await_radios: bool,
    /// A file that says the same as these options
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Log level
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = LogLevel::Info)]
    pub log: LogLevel,
    /// Folder of key, journal and socket
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// `--source`.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceArgument {
    /// A source.
    Spec(SourceSpec),
    /// `none`.
    None,
}

/// `--log`. Addresses, names and positions are never logged above `debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What fails.
    Error,
    /// What needs a look.
    Warn,
    /// What happens.
    Info,
    /// Much more.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The filter for the log; other crates only from `warn` on.
    #[must_use]
    pub const fn filter(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "warn,pw_sensor=info",
            Self::Debug => "info,pw_sensor=debug",
            Self::Trace => "trace",
        }
    }
}

/// Options that most commands have.
#[derive(Debug, Args)]
pub struct CommonArguments {
    /// Folder of key, journal and socket
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `self-test`.
#[derive(Debug, Args)]
#[command(
    after_help = "The exit code is 1 when something is bad, or much slower than the baseline."
)]
pub struct SelfTestArguments {
    /// Keep what is measured now as this sensor's baseline
    #[arg(long)]
    pub save_baseline: bool,
    /// Where desktops are to connect (UDP) [default: [::]:47147]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// The position source to try [default: gpsd:localhost:2947]
    #[arg(long, value_name = "SPEC", value_parser = gps)]
    pub gps: Option<GpsSpec>,
    /// What most commands have.
    #[command(flatten)]
    pub common: CommonArguments,
}

/// `setup`.
#[derive(Debug, Args)]
#[command(after_help = "It changes nothing. The exit code is 1 when something is bad.")]
pub struct SetupArguments {
    /// The configuration to look at [default: /etc/piwardrive/sensor.toml, where it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The position source to try [default: as configured, else gpsd:localhost:2947]
    #[arg(long, value_name = "SPEC", value_parser = gps)]
    pub gps: Option<GpsSpec>,
    /// Where desktops are to connect (UDP) [default: as configured, else [::]:47147]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// What most commands have.
    #[command(flatten)]
    pub common: CommonArguments,
}

/// `keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the paired desktops
    List(CommonArguments),
    /// Unpair a desktop: it is disconnected and not let in again
    Revoke {
        /// Its name, or the first eight digits of its key
        desktop: String,
        /// What most commands have.
        #[command(flatten)]
        common: CommonArguments,
    },
}

/// `journal`.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// What it holds
    Info(JournalArguments),
    /// Read and check every record; exit code 1 when there is damage
    Verify(JournalArguments),
    /// Print every record
    Dump {
        /// From this batch on
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        from: u64,
        /// What all of these have.
        #[command(flatten)]
        journal: JournalArguments,
    },
    /// Make a new key for sealing the journal, in a file of its own
    NewKey {
        /// The file; nothing may be there yet
        path: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `journal info`, `verify` and `dump`.
#[derive(Debug, Args)]
pub struct JournalArguments {
    /// The key of a sealed journal [default: journal.key_file of the installed configuration]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// What most commands have.
    #[command(flatten)]
    pub common: CommonArguments,
}

fn source(text: &str) -> Result<SourceArgument, String> {
    if text == "none" { Ok(SourceArgument::None) } else { text.parse().map(SourceArgument::Spec) }
}

fn gps(text: &str) -> Result<GpsSpec, String> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
        let parse = |words: &[&str]| Cli::try_parse_from(words.iter().copied());
        assert!(parse(&["x", "run", "--source", "sim:demo", "--gps", "none"]).is_ok());
        assert!(parse(&["x", "run", "--source", "none", "--listen", "127.0.0.1:0"]).is_ok());
        assert!(parse(&["x", "status", "--json", "--state", "/tmp"]).is_ok());
        assert!(parse(&["x", "run", "--source", "nonsense"]).is_err());
        assert!(parse(&["x", "run", "--gps", "fixed:0,0"]).is_err());
    }
}
