//! How long filtering, a table of eight fields and JSON of a capture take, without other programs.
//!
//! `cargo run --release --package pw_dissect --example fields_speed -- CAPTURE [filter|table|json|statistics]`

use pw_dissect::capture::CaptureReader;
use pw_dissect::fields::{JsonWriter, Packet, Separator, TableWriter, by_name};
use pw_dissect::filter::Filter;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::time::Instant;

/// Number, time, kind, addresses, signal, network.
const FIELDS: [&str; 8] = [
    "frame.number",
    "frame.time_epoch",
    "wlan.fc.type_subtype",
    "wlan.ta",
    "wlan.ra",
    "wlan.bssid",
    "wlan_radio.signal_dbm",
    "wlan.ssid",
];

/// Bytes gathered before they are written.
const CHUNK: usize = 64 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name a capture")?;
    let only = arguments.next();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let fields: Vec<_> = FIELDS.iter().filter_map(|name| by_name(name)).collect();
    if wanted("filter") {
        let filter = Filter::compile("wlan.fc.type_subtype == deauthentication")?;
        let mut kept = 0u64;
        timed("filter", || {
            let mut reader = CaptureReader::open(File::open(&path)?)?;
            while let Some(frame) = reader.next_frame()? {
                kept += u64::from(filter.accepts(&frame));
            }
            Ok(())
        })?;
        println!("  {kept} kept over all runs");
    }
    if wanted("table") {
        let mut table = TableWriter::new(&fields, Separator::Comma);
        written("table", &path, |packet, out| table.row(packet, out))?;
    }
    if wanted("json") {
        let mut json = JsonWriter::default();
        written("json", &path, |packet, out| {
            json.packet(packet, out);
            out.push(b'\n');
        })?;
    }
    Ok(())
}

fn written(
    name: &str,
    path: &str,
    mut each: impl FnMut(&Packet<'_>, &mut Vec<u8>),
) -> Result<(), Box<dyn Error>> {
    timed(name, || {
        let mut file = File::create("/dev/null")?;
        let mut out = Vec::with_capacity(2 * CHUNK);
        let mut reader = CaptureReader::open(File::open(path)?)?;
        while let Some(frame) = reader.next_frame()? {
            each(&Packet::new(frame), &mut out);
            if out.len() >= CHUNK {
                file.write_all(&out)?;
                out.clear();
            }
        }
        Ok(file.write_all(&out)?)
    })
}

fn timed(
    name: &str,
    mut run: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    for _ in 0..3 {
        let start = Instant::now();
        run()?;
        println!("{name}: {:.3} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}
