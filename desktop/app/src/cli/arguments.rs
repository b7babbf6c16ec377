//! The arguments, as clap reads them and `--help` shows them.

use clap::{Args, Parser, Subcommand, ValueEnum};
use pw_engine::exchange::ExportFormat;
use pw_model::ChannelPlan;
use std::path::PathBuf;

/// See, keep and report what Wi-Fi sensors heard on a drive.
#[derive(Debug, Parser)]
#[command(
    name = "piwardrive",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  piwardrive                                  open the window
  piwardrive town.survey                      open the window on a survey
  piwardrive drive.pcapng                     open the window on the packets of a capture
  piwardrive demo                             a simulated drive through the whole pipeline
  piwardrive pair 192.168.4.1 4711-0815    pair with a sensor that shows this code
  piwardrive record town.survey --sensor pi   record from it, without a window
  piwardrive import town.survey drive.pcapng  bring in a capture
  piwardrive list town.survey networks --where 'security=WEP or security=OPEN'
  piwardrive report town.survey --out town.pdf

Exit code: 0 success, 1 failure, 2 wrong usage. PIWARDRIVE_LOG=debug shows what happens inside;
PIWARDRIVE_CONFIG_DIR names the folder of this desktop's key and pairings."
)]
pub(crate) struct Arguments {
    /// Survey, or capture, to open in the window.
    pub(crate) survey: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Play a simulated drive through sensor, link, survey and window.
    Demo(Demo),
    /// Pair with a sensor by the code it shows.
    Pair(Pair),
    /// List the sensors that this desktop is paired with, or forget one.
    Sensors(Sensors),
    /// Record from a paired sensor, without a window.
    Record(Record),
    /// Make, describe, check or mend a survey.
    Survey(Survey),
    /// Bring captures and other programs' files into a survey.
    Import(Import),
    /// Write a survey in another program's format.
    Export(Export),
    /// Print what is in a survey.
    List(List),
    /// Print what is in a capture.
    Dissect(Dissect),
    /// Say who talks to whom in a capture, its flows, and what contradicts the protocol.
    Packets(Packets),
    /// Print where the access points of a survey are, and how sure that is.
    Locate(Locate),
    /// Write a report.
    Report(Report),
    /// Play a scenario into a capture, a position log and the truth.
    Simulate(Simulate),
    /// Paint a view into a picture, without a display.
    Screenshot(Screenshot),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piwardrive demo
  piwardrive demo --headless --out /tmp/demo")]
pub(crate) struct Demo {
    /// No window: leave survey, report and exports in a folder and say where.
    #[arg(long)]
    pub(crate) headless: bool,
    /// Folder to work in; default: a new one in the current folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Scenario: a file, or the name of a built-in one.
    #[arg(long, default_value = "demo")]
    pub(crate) scenario: String,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  piwardrive pair raspberrypi.local 4711-0815 --name car

The sensor shows its code after: piwardrive-sensor pair")]
pub(crate) struct Pair {
    /// Where the sensor listens: host, or host:port.
    pub(crate) address: String,
    /// The code it shows: eight digits.
    #[arg(required = true)]
    pub(crate) code: Vec<String>,
    /// Name to give it on this desktop; default: the one it states.
    #[arg(long)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  piwardrive sensors
  piwardrive sensors plan car adaptive
  piwardrive sensors plan car lock:5180/80 --radio 1
  piwardrive sensors --discover
  piwardrive sensors forget car"
)]
pub(crate) struct Sensors {
    /// Listen for three seconds to which sensors say on the local network that they are there.
    #[arg(long)]
    pub(crate) discover: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) action: Option<SensorsAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SensorsAction {
    /// Tell a sensor's radios what to listen to, until it is restarted.
    #[command(after_help = "Plans:
  all                     every channel, those that most networks use more often
  survey                  every channel equally often, as shortly as a beacon allows
  adaptive                every channel, longer where transmitters are new
  favourites[:MHZ,MHZ,…]  these channels only; else those of the sensor's configuration
  lock:MHZ[/WIDTH]        one channel without pause, 20, 40, 80 or 160 MHz wide")]
    Plan {
        /// Name of the paired sensor, or the digits of its key.
        name: String,
        /// Which channels.
        plan: ChannelPlan,
        /// Number of one radio; default: all that can hear it.
        #[arg(long, value_name = "NUMBER")]
        radio: Option<u8>,
    },
    /// Forget a pairing. What was recorded from the sensor stays.
    Forget {
        /// Name of the paired sensor, or the digits of its key.
        name: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  piwardrive record town.survey --sensor pi --for 600")]
pub(crate) struct Record {
    /// The survey; made where there is none.
    pub(crate) survey: PathBuf,
    /// Name of the paired sensor.
    #[arg(long, value_name = "NAME")]
    pub(crate) sensor: String,
    /// Stop after so many seconds; default: until interrupted.
    #[arg(long = "for", value_name = "SECS")]
    pub(crate) for_secs: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Survey {
    #[command(subcommand)]
    pub(crate) action: SurveyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SurveyAction {
    /// Make a new, empty survey.
    New {
        /// Where: a folder that does not exist yet.
        survey: PathBuf,
        /// Its name; default: the folder's.
        #[arg(long)]
        name: Option<String>,
    },
    /// Say what a survey is and holds.
    Info {
        /// The survey.
        survey: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read every record and say what is damaged, missing or lost after it was stored; changes
    /// nothing. Exit code 1 when something is.
    Verify {
        /// The survey.
        survey: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the index anew from the facts.
    Rebuild {
        /// The survey.
        survey: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(
    after_help = "What a file is, is told from its content: pcap and pcapng, plain or packed with gzip or zstd, WiGLE
CSV 1.4 and 1.6. A position log (NMEA 0183) named beside a capture gives its frames their places.
Importing a file again adds nothing.

Examples:
  piwardrive import town.survey drive.pcapng drive.nmea
  piwardrive import town.survey WigleWifi_20260501.csv.gz"
)]
pub(crate) struct Import {
    /// The survey; made where there is none.
    pub(crate) survey: PathBuf,
    /// The files. One that cannot be read does not keep the others out.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Print what came of each file as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piwardrive export town.survey --format wigle --out town.csv
  piwardrive export town.survey --format geojson --out open.geojson --where security=OPEN")]
pub(crate) struct Export {
    /// The survey.
    pub(crate) survey: PathBuf,
    /// The format.
    #[arg(long, value_parser = export_format)]
    pub(crate) format: ExportFormat,
    /// File to write.
    #[arg(long, value_name = "PATH")]
    pub(crate) out: PathBuf,
    /// Replace the file where there is one already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Only access points that pass; see piwardrive list --help.
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

fn export_format(name: &str) -> Result<ExportFormat, String> {
    ExportFormat::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.name()).collect();
        format!("known are {}", names.join(", "))
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Subject {
    /// Access points.
    Networks,
    /// Stations that are no access points.
    Clients,
    /// Both.
    Devices,
    /// Streams that gave data: sensors and imported files.
    Sensors,
    /// Recordings.
    Drives,
    /// Stated losses.
    Gaps,
    /// Time listened on each channel, and what was heard.
    Coverage,
    /// How sensors moved, by an inertial sensor or the vehicle's own speed. It is recorded for later;
    /// no position is reckoned from it yet.
    Motion,
}

#[derive(Debug, Args)]
#[command(after_help = list_help())]
pub(crate) struct List {
    /// The survey.
    pub(crate) survey: PathBuf,
    /// What to print.
    pub(crate) subject: Subject,
    /// Only those that pass; for networks, clients and devices.
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Print a JSON array.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print comma-separated values.
    #[arg(long)]
    pub(crate) csv: bool,
}

fn list_help() -> String {
    format!(
        "Filter:\n{}\n\nExamples:\n  piwardrive list town.survey networks --json\n  \
         piwardrive list town.survey networks --where 'security=WEP and rssi>-60'",
        pw_survey::Filter::help().trim_end()
    )
}

#[derive(Debug, Args)]
#[command(after_help = dissect_help())]
pub(crate) struct Dissect {
    /// The capture: pcap or pcapng, plain or packed with gzip or zstd.
    #[arg(required_unless_present = "list_fields")]
    pub(crate) capture: Option<PathBuf>,
    /// Only packets that pass this filter.
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Only packets that name this address in their header.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) follow: Option<String>,
    /// Stop after so many packets that passed.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Counts and networks instead of packets.
    #[arg(long, conflicts_with_all = ["fields", "hex", "tree", "statistics"])]
    pub(crate) summary: bool,
    /// Frames, bytes, retries and time on the air by kind, channel, rate and device.
    #[arg(long, conflicts_with_all = ["fields", "hex", "tree"])]
    pub(crate) statistics: bool,
    /// Only these fields, tab-separated (or as JSON with --json, or comma-separated with --csv).
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "tree")]
    pub(crate) fields: Vec<String>,
    /// Print JSON: with --summary or --statistics one object, else all fields of each packet, an
    /// object a line.
    #[arg(long, conflicts_with_all = ["csv", "tree"])]
    pub(crate) json: bool,
    /// Print --fields comma-separated, with their names in the first line.
    #[arg(long, requires = "fields")]
    pub(crate) csv: bool,
    /// Print every field of each packet, with its place in the bytes, name and clause.
    #[arg(long)]
    pub(crate) tree: bool,
    /// Add the bytes of each packet.
    #[arg(long, conflicts_with = "fields")]
    pub(crate) hex: bool,
    /// Write the packets to a new pcapng file instead of printing them.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["summary", "statistics", "fields", "json", "tree", "hex"])]
    pub(crate) write: Option<PathBuf>,
    /// Replace the file that --write names, if it is there.
    #[arg(long, requires = "write")]
    pub(crate) force: bool,
    /// Print the name, label, unit and clause of every field and end.
    #[arg(
        long,
        visible_alias = "fields-list",
        conflicts_with_all = ["summary", "statistics", "fields", "tree", "hex", "write"]
    )]
    pub(crate) list_fields: bool,
}

fn dissect_help() -> String {
    format!(
        "Filter:\n{}\n\nFields: names of --list-fields, which are Wireshark's where it has the field, and the \
         short names\n{}.\n\nExamples:\n  \
         piwardrive dissect drive.pcapng | head\n  \
         piwardrive dissect drive.pcapng --summary --json\n  \
         piwardrive dissect drive.pcapng --where 'wlan.fc.type_subtype == deauthentication' --tree\n  \
         piwardrive dissect drive.pcapng --fields frame.number,wlan.ta,wlan.ssid --csv\n  \
         piwardrive dissect drive.pcapng --follow 02:00:5e:10:00:01 --write one.pcapng",
        pw_engine::dissect::Filter::help(),
        pw_engine::dissect::FRAME_FIELDS.join(", ")
    )
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  piwardrive packets drive.pcapng
  piwardrive packets drive.pcapng --anomalies
  piwardrive packets drive.pcapng --graphml > who.graphml
  piwardrive packets open.pcap --flows --layer3 --json

Classes of traffic are estimates from sizes and times. Anomalies are hints with their frames, not verdicts.")]
pub(crate) struct Packets {
    /// The capture: pcap or pcapng, plain or packed with gzip or zstd.
    pub(crate) capture: PathBuf,
    /// Stations and the relations between them.
    #[arg(long, group = "part")]
    pub(crate) topology: bool,
    /// Flows at layer 2, and conversations with their class.
    #[arg(long, group = "part")]
    pub(crate) flows: bool,
    /// What contradicts the protocol or its own history.
    #[arg(long, group = "part")]
    pub(crate) anomalies: bool,
    /// Print JSON: the part asked for, or all.
    #[arg(long, group = "form")]
    pub(crate) json: bool,
    /// Print the topology as GraphML.
    #[arg(long, group = "form", conflicts_with_all = ["flows", "anomalies"])]
    pub(crate) graphml: bool,
    /// Print the topology as Graphviz DOT.
    #[arg(long, group = "form", conflicts_with_all = ["flows", "anomalies"])]
    pub(crate) dot: bool,
    /// Read layers 3 and 4 of frames that were sent without encryption: they hold what people do.
    #[arg(long)]
    pub(crate) layer3: bool,
    /// Keep names that devices ask for or give themselves; else they are only counted.
    #[arg(long, requires = "layer3")]
    pub(crate) names: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Locate {
    /// The survey.
    pub(crate) survey: PathBuf,
    /// Print a JSON array.
    #[arg(long, conflicts_with = "geojson")]
    pub(crate) json: bool,
    /// Print GeoJSON.
    #[arg(long)]
    pub(crate) geojson: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ReportType {
    /// What was heard, where, how sure, and what was not listened to.
    Survey,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  piwardrive report town.survey --type survey --out town.pdf")]
pub(crate) struct Report {
    /// The survey.
    pub(crate) survey: PathBuf,
    /// Kind of report.
    #[arg(long = "type", value_enum, default_value = "survey")]
    pub(crate) kind: ReportType,
    /// File to write: .pdf, or .html for one page without script.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file where there is one already.
    #[arg(long)]
    pub(crate) force: bool,
    /// Title; default: Wi-Fi survey report.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Who made it.
    #[arg(long)]
    pub(crate) author: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = simulate_help())]
pub(crate) struct Simulate {
    /// A scenario file, or the name of a built-in one.
    pub(crate) scenario: String,
    /// Folder for capture.pcapng, gps.nmea and truth.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Another seed than the scenario's.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Replace such files, if they are there.
    #[arg(long)]
    pub(crate) force: bool,
}

fn simulate_help() -> String {
    format!(
        "Built in: {}.\n\nExample:\n  piwardrive simulate quiet_street --out /tmp/street",
        pw_engine::simulate::builtin_names().join(", ")
    )
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  piwardrive screenshot town.survey --view map --out map.png --size 1920x1080 --theme night
  piwardrive screenshot drive.pcapng --view packets --select 12 --where wlan.fc.retry --out p.png")]
pub(crate) struct Screenshot {
    /// The survey; for packets, a capture.
    pub(crate) survey: PathBuf,
    /// The view: drive, networks, map, spectrum, sensors, report or packets.
    #[arg(long)]
    pub(crate) view: String,
    /// Picture to write (PNG).
    #[arg(long, value_name = "PNG")]
    pub(crate) out: PathBuf,
    /// Width and height in points.
    #[arg(long, value_name = "WxH", default_value = "1280x800", value_parser = size)]
    pub(crate) size: (u32, u32),
    /// light, dark or night.
    #[arg(long, default_value = "dark")]
    pub(crate) theme: String,
    /// Packets: number of the packet to choose.
    #[arg(long, value_name = "N")]
    pub(crate) select: Option<u32>,
    /// Packets: show only those that pass this display filter.
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Packets: the side to show: packets, anomalies, talk, graph or flows.
    #[arg(long, default_value = "packets")]
    pub(crate) tab: String,
    /// Replace the picture, if it is there.
    #[arg(long)]
    pub(crate) force: bool,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once(['x', 'X', '×']).and_then(|(width, height)| {
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    });
    parsed
        .filter(|(width, height)| (320..=7680).contains(width) && (240..=4320).contains(height))
        .ok_or_else(|| "write WIDTHxHEIGHT, 320x240 to 7680x4320, like 1280x800".to_owned())
}
