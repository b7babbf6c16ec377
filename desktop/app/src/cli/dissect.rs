//! `piwardrive dissect`

use super::WrongUsage;
use super::arguments::Dissect;
use super::exchange::may_write;
use super::list::not_blank;
use super::output::{json, json_array, stdout};
use super::progress::Progress;
use anyhow::{Context, Result};
use pw_engine::cancel_on_interrupt;
use pw_engine::dissect::{
    self, CaptureEnd, Columns, Counts, FieldsFormat, FrameRow, Group, Selection, StatisticsReport,
    Watch,
};
use pw_model::words::{count, counted};
use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// How many transmitters the statistics name.
const DEVICES: usize = 20;

pub(super) fn run(arguments: &Dissect) -> Result<()> {
    if arguments.list_fields {
        return list_fields(arguments.json);
    }
    let capture = arguments.capture.as_deref().context("name a capture")?;
    let usage = |message: String| anyhow::Error::from(WrongUsage(message));
    arguments.filter.as_deref().map_or(Ok(()), not_blank)?;
    let selection =
        Selection::new(arguments.filter.as_deref(), arguments.follow.as_deref(), arguments.limit)
            .map_err(|error| usage(error.to_string()))?;
    let format = match (arguments.json, arguments.csv) {
        (true, _) => FieldsFormat::Json,
        (_, true) => FieldsFormat::Commas,
        _ => FieldsFormat::Tabs,
    };
    let mut columns = Columns::new(&arguments.fields, format).map_err(usage)?;
    // Lines that scroll by show progress enough.
    let shows_lines = !arguments.summary && !arguments.statistics && arguments.write.is_none();
    let bar = (!shows_lines || !io::stdout().is_terminal()).then(|| Progress::new("Dissect"));
    let mut progress = |share: f32| {
        if let Some(bar) = &bar {
            bar.share(share);
        }
    };
    // Only a file under way has to be taken back; else interrupting ends the program at once.
    let interrupted;
    let never = AtomicBool::new(false);
    let cancel = if arguments.write.is_some() {
        interrupted = cancel_on_interrupt()?;
        &*interrupted
    } else {
        &never
    };
    let mut watch = Watch { progress: &mut progress, cancel };
    let end = if let Some(target) = &arguments.write {
        may_write(target, arguments.force)?;
        let end = dissect::export(capture, &selection, target, &mut watch)?;
        let packets = counted(end.packets, "packet", "packets");
        println!("{} of {packets}: {}", count(end.selected), target.display());
        end
    } else if arguments.summary {
        print_summary(arguments, capture, &selection, &mut watch)?
    } else if arguments.statistics {
        print_statistics(arguments, capture, &selection, &mut watch)?
    } else {
        print_packets(arguments, capture, &selection, &mut columns, &mut watch)?
    };
    drop(bar);
    if is_simulated(capture) {
        say_simulated(capture);
    }
    if let Some(warning) = end.warning {
        eprintln!("piwardrive: {}: warning: {warning}", capture.display());
    }
    Ok(())
}

fn print_packets(
    arguments: &Dissect,
    capture: &Path,
    selection: &Selection,
    columns: &mut Columns,
    watch: &mut Watch<'_>,
) -> Result<CaptureEnd> {
    let mut out = stdout();
    let end = if !arguments.fields.is_empty() {
        dissect::chosen(capture, selection, columns, watch, &mut out)?
    } else if arguments.json {
        dissect::json(capture, selection, arguments.hex, watch, &mut out)?
    } else if arguments.tree {
        dissect::trees(capture, selection, arguments.hex, watch, &mut out)?
    } else {
        dissect::frames(capture, selection, watch, |row, bytes| {
            writeln!(out, "{}", line(row))?;
            if arguments.hex { dissect::hex(&mut out, bytes) } else { Ok(()) }
        })?
    };
    out.flush()?;
    Ok(end)
}

/// The register: name, label, unit and clause, tab-separated.
fn list_fields(as_json: bool) -> Result<()> {
    if as_json {
        return json_array(dissect::register());
    }
    let mut out = stdout();
    for field in dissect::register() {
        let line = format!("{}\t{}\t{}\t{}", field.name, field.label, field.unit, field.clause);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(out.flush()?)
}

fn print_summary(
    arguments: &Dissect,
    capture: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
) -> Result<CaptureEnd> {
    let (counts, end) = dissect::summary(capture, selection, watch)?;
    if arguments.json {
        json(&marked(counts, capture))?;
        return Ok(end);
    }
    let mut out = stdout();
    print_value(&mut out, &counts, 0)?;
    out.flush()?;
    Ok(end)
}

fn print_statistics(
    arguments: &Dissect,
    capture: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
) -> Result<CaptureEnd> {
    let (report, end) = dissect::statistics(capture, selection, DEVICES, watch)?;
    if arguments.json {
        json(&marked(report.to_json(), capture))?;
        return Ok(end);
    }
    let mut out = stdout();
    write_statistics(&mut out, &report)?;
    out.flush()?;
    Ok(end)
}

fn write_statistics(out: &mut impl Write, report: &StatisticsReport) -> io::Result<()> {
    let total = &report.total;
    let frames = counted(total.frames, "frame", "frames");
    writeln!(out, "{frames}, {} on the air", counted(total.bytes, "byte", "bytes"))?;
    if let Some(time) = report.time {
        writeln!(out, "{} to {}", time.start.rfc3339(), time.end.rfc3339())?;
    }
    writeln!(
        out,
        "retries {} of management and data frames; on the air {}, {} of the time{}",
        percent(report.retry_share),
        total.known_airtime_us().map_or_else(unknown, |us| format!("{:.3} s", us as f64 / 1e6)),
        percent(report.busy_share),
        match total.without_airtime {
            0 => String::new(),
            frames => format!("; unknown of {}", counted(frames, "frame", "frames")),
        }
    )?;
    section(out, "kind", &report.kinds, String::clone)?;
    section(out, "channel", &report.channels, |key| match key.channel {
        Some(channel) => format!("{channel} ({} MHz)", key.frequency_mhz),
        None => format!("{} MHz", key.frequency_mhz),
    })?;
    section(out, "rate in Mbit/s", &report.rates, f64::to_string)?;
    let title = format!("transmitter, {} of {}", report.devices.len(), report.device_count);
    section(out, &title, &report.devices, ToString::to_string)?;
    for (words, counts) in [
        ("of transmitters beyond those counted apart", &report.other_devices),
        ("without the address of a transmitter", &report.without_transmitter),
    ] {
        if *counts != Counts::default() {
            writeln!(out, "{} {words}", counted(counts.frames, "frame", "frames"))?;
        }
    }
    Ok(())
}

fn section<K>(
    out: &mut impl Write,
    title: &str,
    groups: &[Group<K>],
    name: impl Fn(&K) -> String,
) -> io::Result<()> {
    writeln!(
        out,
        "\n{title:<28} {:>10} {:>14} {:>8} {:>12} {:>8}",
        "frames", "bytes", "retries", "on air in ms", "share"
    )?;
    for group in groups {
        writeln!(
            out,
            "{:<28} {:>10} {:>14} {:>8} {:>12} {:>8}",
            group.key.as_ref().map_or_else(|| "unknown".to_owned(), &name),
            group.counts.frames,
            group.counts.bytes,
            percent(group.retry_share),
            group
                .counts
                .known_airtime_us()
                .map_or_else(unknown, |us| format!("{:.1}", us as f64 / 1e3)),
            percent(group.airtime_share),
        )?;
    }
    Ok(())
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// Says on standard error that a capture is simulated: what is printed can be mistaken for what was heard.
pub(super) fn say_simulated(capture: &Path) {
    eprintln!("piwardrive: {}: simulated; nothing in it was heard on the air", capture.display());
}

fn is_simulated(capture: &Path) -> bool {
    // A capture that cannot be read is told of where it is read.
    pw_engine::is_simulated(capture).unwrap_or(false)
}

/// With the mark of simulated data, where it is such.
fn marked(mut value: Value, capture: &Path) -> Value {
    if let Value::Object(members) = &mut value
        && is_simulated(capture)
    {
        members.insert("simulated".to_owned(), Value::Bool(true));
    }
    value
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "unknown".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

/// A JSON value for people: names and values, nested by indentation.
fn print_value(out: &mut impl Write, value: &Value, depth: usize) -> io::Result<()> {
    let Value::Object(fields) = value else { return writeln!(out, "{}", plain(value)) };
    for (name, value) in fields {
        write!(out, "{:width$}{name}: ", "", width = 2 * depth)?;
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                writeln!(out)?;
                print_value(out, value, depth + 1)?;
            }
            Value::Object(_) => writeln!(out, "none")?,
            value => writeln!(out, "{}", plain(value))?,
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

/// A frame in a line: number, time, channel, signal, kind, from, to, and what is special.
fn line(row: &FrameRow) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let mut line = format!(
        "{:>6} {} {:>4} {:>4} {:<12} {:<17} > {:<17}",
        row.number,
        or_dash(row.time.clone()),
        or_dash(row.channel.map(|channel| channel.to_string())),
        or_dash(row.signal_dbm.map(|dbm| dbm.to_string())),
        row.kind,
        or_dash(row.transmitter.clone()),
        or_dash(row.receiver.clone()),
    );
    if let Some(ssid) = &row.ssid {
        line.push_str(&format!(" \"{ssid}\""));
    }
    for (set, word) in
        [(row.retry, "retry"), (row.protected, "protected"), (row.fcs == Some("bad"), "bad FCS")]
    {
        if set {
            line.push_str(&format!(" [{word}]"));
        }
    }
    if let Some(detail) = &row.detail {
        line.push_str(&format!(" {detail}"));
    }
    for fault in &row.faults {
        line.push_str(&format!(" ! {fault}"));
    }
    line
}
