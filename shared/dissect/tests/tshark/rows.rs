//! tshark's rows of all captures, read once.

use crate::fields::COMPARED;
use pw_dissect::LinkType;
use pw_dissect::capture::CaptureReader;
use pw_dissect::fields::{Form, MALFORMED, Packet, Part, all};
use pw_dissect::write::{InterfaceSettings, PacketNotes, PcapngWriter};
use pw_model::Timestamp;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// Fields asked for beside those of the radio header and of the capture file.
const FIELDS: &[&str] = &[
    "_ws.malformed",
    "wlan.fc.type",
    "wlan.fc.subtype",
    "wlan.ra",
    "wlan.ta",
    "wlan.da",
    "wlan.sa",
    "wlan.bssid",
    "wlan.ssid",
    "wlan.rsn.gcs",
    "wlan.rsn.pcs",
    "wlan.rsn.akms",
    "wlan_radio.phy",
    "wlan_radio.preamble",
    "wlan_radio.assumed.short_preamble",
    "wlan_radio.aggregate",
];

/// Stands between the values of one field.
const AGGREGATOR: char = '\u{1f}';

/// What tshark says of one frame.
pub(crate) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    values: Vec<&'a str>,
    /// tshark read the capture as a part of another file: its times are measured against that one's.
    pub(crate) is_joined: bool,
}

impl<'a> Row<'a> {
    /// The values of a field, in order; none when tshark gives none.
    pub(crate) fn all(&self, field: &str) -> Vec<&'a str> {
        let text = self.columns.get(field).and_then(|at| self.values.get(*at)).copied();
        text.filter(|text| !text.is_empty())
            .map_or_else(Vec::new, |text| text.split(AGGREGATOR).collect())
    }

    /// The first value of a field.
    pub(crate) fn first(&self, field: &str) -> Option<&'a str> {
        self.all(field).first().copied()
    }

    /// True when tshark calls the frame malformed.
    pub(crate) fn is_malformed(&self) -> bool {
        !self.all("_ws.malformed").is_empty()
    }
}

/// One capture with tshark's output for it.
pub(crate) struct Capture {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
    output: String,
    is_joined: bool,
}

/// Captures up to this size are joined into one for tshark, whose start takes far longer than they do.
const SMALL: u64 = 6000;

/// All captures, and which column holds which field.
pub(crate) struct Captures {
    pub(crate) files: Vec<Capture>,
    columns: HashMap<String, usize>,
}

/// The rows of all captures; `None`, with a message, where tshark or the captures are absent.
pub(crate) fn captures() -> Option<&'static Captures> {
    static CAPTURES: OnceLock<Option<Captures>> = OnceLock::new();
    let captures = CAPTURES.get_or_init(read_all).as_ref();
    if captures.is_none() {
        eprintln!("skipped: no tshark, or no captures (set PIWARDRIVE_DATA)");
    }
    captures
}

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("PIWARDRIVE_DATA").map(PathBuf::from);
    let path =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    path.join("wifi").is_dir().then(|| path.join("wifi"))
}

/// What a program writes; `None` where it is not installed.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(name).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// True where tshark is installed; says that the test was skipped where not.
pub(crate) fn has_tshark() -> bool {
    let has = tool("tshark", &["--version"]).is_some();
    if !has {
        eprintln!("skipped: no tshark");
    }
    has
}

fn tshark(arguments: &[&str]) -> Option<String> {
    tool("tshark", arguments)
}

/// The rows of one capture; `None` where tshark is absent.
pub(crate) fn read_one(path: &Path) -> Option<Captures> {
    let names = all_names()?;
    let path_text = path.display().to_string();
    let arguments = arguments(&names);
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["-r", &path_text]);
    let name = path.file_name()?.display().to_string();
    let output = tshark(&arguments)?;
    let files = vec![Capture { path: path.to_owned(), name, output, is_joined: false }];
    Some(Captures { files, columns: columns(&names) })
}

/// The fields asked for.
fn all_names() -> Option<Vec<&'static str>> {
    let mut names = known_to_tshark()?;
    let below = COMPARED.iter().map(|(name, _)| *name);
    for name in FIELDS.iter().copied().chain(below) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names)
}

fn columns(names: &[&str]) -> HashMap<String, usize> {
    names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), at)).collect()
}

fn arguments(names: &[&str]) -> Vec<String> {
    let aggregator = format!("aggregator={AGGREGATOR}");
    let fixed = ["-n", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E"];
    // No decryption, and no joining of fragments: what stands in the frame itself.
    let rest = [
        aggregator.as_str(),
        "-o",
        "wlan.enable_decryption:FALSE",
        "-o",
        "wlan.defragment:FALSE",
        "-o",
        "wlan.ignore_wep:No",
    ];
    let wanted = names.iter().flat_map(|name| ["-e", name]);
    fixed.into_iter().chain(rest).chain(wanted).map(str::to_owned).collect()
}

/// Names of ours in the capture and radio parts that tshark has too.
fn known_to_tshark() -> Option<Vec<&'static str>> {
    let listed = tshark(&["-G", "fields"])?;
    let known: HashSet<&str> =
        listed.lines().filter_map(|line| line.strip_prefix("F\t")?.split('\t').nth(1)).collect();
    let ours = all().filter(|field| matches!(field.part, Part::Radio | Part::Capture));
    Some(ours.map(|field| field.name).filter(|name| known.contains(name)).collect())
}

fn read_all() -> Option<Captures> {
    let data = data()?;
    let names = all_names()?;
    let mut paths = Vec::new();
    find(&data, &mut paths);
    paths.sort();
    let arguments = arguments(&names);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (joined, counts) = join_small(&paths)?;
    let large = paths.iter().filter(|path| !counts.contains_key(*path));
    let waiting = Mutex::new(std::iter::once(&joined).chain(large));
    let done = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = waiting.lock().ok().and_then(|mut paths| paths.next()) {
                    let mut arguments = arguments.clone();
                    let path_text = path.display().to_string();
                    arguments.extend(["-r", &path_text]);
                    let output = tshark(&arguments).unwrap_or_default();
                    if let Ok(mut done) = done.lock() {
                        done.insert(path.clone(), output);
                    }
                }
            });
        }
    });
    let mut outputs = done.into_inner().ok()?;
    let of_joined = outputs.remove(&joined)?;
    let mut joined_lines = of_joined.lines();
    let mut files = Vec::new();
    for path in paths {
        let is_joined = counts.contains_key(&path);
        let output = match counts.get(&path) {
            Some(count) => joined_lines.by_ref().take(*count).collect::<Vec<_>>().join("\n"),
            None => outputs.remove(&path)?,
        };
        let name = path.strip_prefix(&data).unwrap_or(&path).display().to_string();
        files.push(Capture { path, name, output, is_joined });
    }
    assert_eq!(joined_lines.next(), None, "tshark reads as many frames as were written");
    Some(Captures { files, columns: columns(&names) })
}

/// Joins the small captures that can be read to their end into one, and says how many frames each has.
fn join_small(paths: &[PathBuf]) -> Option<(PathBuf, HashMap<PathBuf, usize>)> {
    let joined = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-captures.pcapng");
    let mut writer =
        PcapngWriter::new(File::create(&joined).ok()?, "PiWardrive test", None).ok()?;
    let mut counts = HashMap::new();
    for path in paths {
        let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= SMALL);
        let Some(frames) = is_small.then(|| read_whole(path)).flatten() else { continue };
        counts.insert(path.clone(), frames.len());
        let mut interfaces = HashMap::new();
        for Owned { link_type, fcs_len, time, data, original_len, comment } in frames {
            let interface = match interfaces.get(&(link_type, fcs_len)) {
                Some(interface) => *interface,
                None => {
                    let settings = InterfaceSettings { fcs_len, ..InterfaceSettings::default() };
                    let added = writer.describe_interface(link_type, &settings).ok()?;
                    *interfaces.entry((link_type, fcs_len)).or_insert(added)
                }
            };
            let notes = PacketNotes { comment: comment.as_deref(), ..PacketNotes::default() };
            writer.write_frame(interface, time, &data, original_len, notes).ok()?;
        }
    }
    writer.finish().ok()?;
    Some((joined, counts))
}

/// A frame of a small capture.
struct Owned {
    link_type: LinkType,
    fcs_len: Option<u8>,
    time: Timestamp,
    data: Vec<u8>,
    original_len: u32,
    comment: Option<String>,
}

/// The frames of a capture; `None` when it does not end as it should or says no times.
fn read_whole(path: &Path) -> Option<Vec<Owned>> {
    let mut reader = CaptureReader::open(File::open(path).ok()?).ok()?;
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame().ok()? {
        let comment = frame.options.comments().next();
        frames.push(Owned {
            link_type: frame.link_type,
            fcs_len: frame.fcs_len,
            time: frame.time?,
            data: frame.data.to_vec(),
            original_len: frame.original_len,
            comment: comment.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        });
    }
    reader.warning().is_none().then_some(frames)
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_none_or(|extension| extension != "md") {
            found.push(path);
        }
    }
}

impl Captures {
    /// Fields of the capture and radio parts that tshark was asked for.
    pub(crate) fn compared_names(&self) -> Vec<&'static str> {
        let names = all().filter(|field| matches!(field.part, Part::Radio | Part::Capture));
        // What contradicts the format is each program's own judgement, in its own words.
        let names = names.filter(|field| **field != MALFORMED && field.form != Form::Branch);
        let names = names.map(|field| field.name);
        names.filter(|name| self.columns.contains_key(*name)).collect()
    }

    /// Calls `check` with each frame that both read: name of the capture, packet, and tshark's row.
    ///
    /// A capture whose frames are not the same in number is in the list returned.
    pub(crate) fn for_each(
        &self,
        mut check: impl FnMut(&str, &Packet<'_>, &Row<'_>),
    ) -> Vec<String> {
        let mut unequal = Vec::new();
        for file in &self.files {
            let mut rows = file.output.lines();
            let mut reader = match File::open(&file.path).map(CaptureReader::open) {
                Ok(Ok(reader)) => reader,
                Ok(Err(error)) => {
                    if rows.next().is_some() {
                        unequal.push(format!("{}: {error}", file.name));
                    }
                    continue;
                }
                Err(error) => {
                    unequal.push(format!("{}: {error}", file.name));
                    continue;
                }
            };
            let mut frames = 0u64;
            loop {
                match reader.next_frame() {
                    Ok(Some(captured)) => {
                        frames += 1;
                        let Some(line) = rows.next() else { continue };
                        let row = Row {
                            columns: &self.columns,
                            values: line.split('\t').collect(),
                            is_joined: file.is_joined,
                        };
                        let length = captured.original_len.to_string();
                        assert_eq!(row.first("frame.len"), Some(length.as_str()), "{}", file.name);
                        check(&file.name, &Packet::new(captured), &row);
                    }
                    Ok(None) => break,
                    Err(error) => {
                        unequal.push(format!("{}: {error}", file.name));
                        break;
                    }
                }
            }
            let theirs = file.output.lines().count() as u64;
            if theirs != frames {
                unequal.push(format!("{}: {theirs} frames by tshark, {frames} by us", file.name));
            }
        }
        unequal
    }
}

/// Differences gathered by class, with a few examples of each.
#[derive(Default)]
pub(crate) struct Differences {
    classes: std::collections::BTreeMap<String, (u64, Vec<String>)>,
}

impl Differences {
    pub(crate) fn add(&mut self, class: &str, example: impl FnOnce() -> String) {
        let (count, examples) = self.classes.entry(class.to_owned()).or_default();
        *count += 1;
        if examples.len() < 4 {
            examples.push(example());
        }
    }

    /// How many, over all classes that `counts` takes.
    pub(crate) fn count(&self, counts: impl Fn(&str) -> bool) -> u64 {
        self.classes.iter().filter(|(class, _)| counts(class)).map(|(_, (count, _))| count).sum()
    }

    pub(crate) fn print(&self) {
        for (class, (count, examples)) in &self.classes {
            eprintln!("  {count} × {class}");
            for example in examples {
                eprintln!("      {example}");
            }
        }
    }
}
