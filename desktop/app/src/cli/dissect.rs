//! `piwardrive dissect`

use super::WrongUsage;
use super::arguments::Dissect;
use super::output::{json, stdout};
use anyhow::Result;
use pw_engine::dissect::{CaptureEnd, FRAME_FIELDS, FrameRow, frames, summary};
use serde_json::{Map, Value};
use std::io::{self, Write};

pub(super) fn run(arguments: &Dissect) -> Result<()> {
    for field in &arguments.fields {
        if !FRAME_FIELDS.contains(&field.as_str()) {
            let known = FRAME_FIELDS.join(", ");
            return Err(
                WrongUsage(format!("there is no field '{field}'; fields are {known}")).into()
            );
        }
    }
    let end = if arguments.summary {
        print_summary(arguments)?
    } else {
        let mut out = stdout();
        let end = frames(&arguments.capture, |row, bytes| {
            if arguments.json || !arguments.fields.is_empty() {
                print_fields(&mut out, row, arguments)?;
            } else {
                writeln!(out, "{}", line(row))?;
            }
            if arguments.hex { hex(&mut out, bytes) } else { Ok(()) }
        })?;
        out.flush()?;
        end
    };
    if let Some(warning) = end.warning {
        eprintln!("piwardrive: {}: warning: {warning}", arguments.capture.display());
    }
    Ok(())
}

fn print_summary(arguments: &Dissect) -> Result<CaptureEnd> {
    let (counts, end) = summary(&arguments.capture)?;
    if arguments.json {
        json(&counts)?;
        return Ok(end);
    }
    let mut out = stdout();
    print_value(&mut out, &counts, 0)?;
    out.flush()?;
    Ok(end)
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

fn print_fields(out: &mut impl Write, row: &FrameRow, arguments: &Dissect) -> io::Result<()> {
    let mut value = serde_json::to_value(row).map_err(io::Error::other)?;
    if arguments.fields.is_empty() {
        return writeln!(out, "{value}");
    }
    let none = &mut Map::new();
    let all = value.as_object_mut().unwrap_or(none);
    if arguments.json {
        let chosen: Map<String, Value> = arguments
            .fields
            .iter()
            .map(|field| (field.clone(), all.get(field).cloned().unwrap_or(Value::Null)))
            .collect();
        return writeln!(out, "{}", Value::Object(chosen));
    }
    let cells: Vec<String> = arguments
        .fields
        .iter()
        .map(|field| match all.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::Array(items)) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
            Some(value) => plain(value),
        })
        .collect();
    writeln!(out, "{}", cells.join("\t"))
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

/// Sixteen bytes a line, with offset and what is printable.
fn hex(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for (number, chunk) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        writeln!(out, "       {:04x}  {:<47}  {text}", 16 * number, digits.join(" "))?;
    }
    writeln!(out)
}
