//! Bytes that an observation takes in a batch, and the time to pack and unpack it.
//!
//! `cargo run --release --package pw_wire --example batch_bytes -- JOURNAL [ROWS] [TIMES_AS_FAST]`
//! reads the segments of a journal or survey, and packs their observations anew in batches of ROWS
//! (1,000), as if they had been heard TIMES_AS_FAST (1) on a way that is as much shorter.

use pw_model::{Observation, Position, Timestamp};
use pw_wire::{Batch, BatchEncoder, Envelope, EnvelopeKind, ScanItem, SegmentScanner};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of a journal")?;
    let rows: usize = arguments.next().map_or(Ok(1000), |rows| rows.parse())?;
    let fast: f64 = arguments.next().map_or(Ok(1.0), |fast| fast.parse())?;
    let (mut batches, mut stored) = (Vec::new(), 0);
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    for file in files.iter().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path())?;
        for item in SegmentScanner::new(&bytes) {
            let ScanItem::Record { envelope, .. } = item else { continue };
            if envelope.kind == Some(EnvelopeKind::Batch) {
                stored += envelope.len;
                batches.push(Batch::read(&envelope)?);
            }
        }
    }
    let first = batches.first().ok_or("there is no batch")?.clone();
    let observations: Vec<Observation> =
        batches.iter().flat_map(|batch| batch.observations.clone()).collect();
    let place = observations.iter().find_map(|row| row.position);
    let begin = observations.first().map_or(0, |row| row.time.unix_ns());
    let observations: Vec<Observation> = observations
        .into_iter()
        .map(|row| {
            // As a radio tells it: whole microseconds.
            let since = ((row.time.unix_ns() - begin) as f64 / fast / 1000.0).round() as i64;
            let position = row.position.as_ref().zip(place.as_ref()).and_then(|(now, first)| {
                let near = |now: f64, first: f64| first + (now - first) / fast;
                let lat_deg = near(now.lat_deg, first.lat_deg);
                Some(
                    Position::new(lat_deg, near(now.lon_deg, first.lon_deg))?
                        .with_altitude_m(now.altitude_m)
                        .with_error_m(now.error_m),
                )
            });
            Observation { time: Timestamp::from_unix_ns(begin + since * 1000), position, ..row }
        })
        .collect();
    let count = observations.len() as f64;
    println!(
        "{count} observations in {} batches, {:.2} bytes each",
        batches.len(),
        stored as f64 / count
    );
    let anew: Vec<Batch> = observations
        .chunks(rows)
        .map(|rows| {
            let mut batch = Batch::new(first.id, first.stream.clone());
            batch.observations = rows.to_vec();
            batch
        })
        .collect();
    let mut encoder = BatchEncoder::new()?;
    let start = Instant::now();
    let packed = anew.iter().map(|batch| encoder.encode(batch)).collect::<Result<Vec<_>, _>>()?;
    let packing = start.elapsed();
    let bytes: usize = packed.iter().map(|batch| batch.bytes().len()).sum();
    let start = Instant::now();
    for (packed, batch) in packed.iter().zip(&anew) {
        let unpacked = Batch::read(&Envelope::read(packed.bytes())?)?;
        // Positions are kept to a centimetre.
        let times = |batch: &Batch| batch.observations.iter().map(|o| o.time).collect::<Vec<_>>();
        if times(&unpacked) != times(batch) {
            return Err(format!("batch {} came back as another", batch.id.seq).into());
        }
    }
    println!(
        "packed anew, {rows} to a batch, advertisements left out: {:.2} bytes, {:.0} ns to pack, {:.0} ns to unpack and compare",
        bytes as f64 / count,
        packing.as_nanos() as f64 / count,
        start.elapsed().as_nanos() as f64 / count
    );
    Ok(())
}
