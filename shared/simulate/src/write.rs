//! Plays a scenario into a capture and a position log.

use crate::{Scenario, SimulatedKind, Simulation, Truth};
use pw_model::Timestamp;
use std::io::{self, Write};

/// Plays the whole of `scenario`: frames to `pcapng` (one interface for each radio, link type 127,
/// nanosecond times, a comment that says they are simulated), sentences to `nmea` (lines ended by
/// CR LF). Memory does not grow with the length of the drive.
///
/// # Errors
/// One of the two could not be written.
pub fn write_all(
    scenario: &Scenario,
    pcapng: &mut impl Write,
    nmea: &mut impl Write,
) -> io::Result<Truth> {
    let mut simulation = Simulation::new(scenario);
    section_header(pcapng, scenario)?;
    for name in scenario.radio_names() {
        interface(pcapng, &name)?;
    }
    for event in simulation.by_ref() {
        match event.kind {
            SimulatedKind::Frame { radio, bytes } => {
                packet(pcapng, u32::from(radio.0), event.time, &bytes)?;
            }
            SimulatedKind::Nmea { sentence } => {
                nmea.write_all(sentence.as_bytes())?;
                nmea.write_all(b"\r\n")?;
            }
            SimulatedKind::Tune { .. } => {}
        }
    }
    pcapng.flush()?;
    nmea.flush()?;
    Ok(simulation.truth())
}

/// Writes a block: type, length, body padded to four octets, length
/// (draft-ietf-opsawg-pcapng, 3.1).
fn block(out: &mut impl Write, block_type: u32, body: &[&[u8]]) -> io::Result<()> {
    let length: usize = body.iter().map(|part| part.len()).sum();
    let padding = length.next_multiple_of(4) - length;
    let total = u32::try_from(12 + length + padding)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?
        .to_le_bytes();
    out.write_all(&block_type.to_le_bytes())?;
    out.write_all(&total)?;
    for part in body {
        out.write_all(part)?;
    }
    out.write_all(&[0; 3][..padding])?;
    out.write_all(&total)
}

/// Appends an option: code, length, value padded to four octets (3.5).
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(0xffff)];
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn section_header(out: &mut impl Write, scenario: &Scenario) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    body.extend_from_slice(&[1, 0, 0, 0]); // version 1.0
    body.extend_from_slice(&u64::MAX.to_le_bytes()); // length not stated
    let comment = format!(
        "Simulated by PiWardrive: scenario {}, seed {}. Nothing here was heard on the air.",
        scenario.name, scenario.seed
    );
    option(&mut body, 1, comment.as_bytes());
    option(&mut body, 4, concat!("PiWardrive ", env!("CARGO_PKG_VERSION")).as_bytes());
    option(&mut body, 0, &[]);
    block(out, 0x0a0d_0d0a, &[&body])
}

fn interface(out: &mut impl Write, name: &str) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend_from_slice(&127u16.to_le_bytes()); // IEEE 802.11 with radiotap header
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&0u32.to_le_bytes()); // no limit on the length
    option(&mut body, 2, name.as_bytes());
    option(&mut body, 3, b"simulated radio");
    option(&mut body, 9, &[9]); // nanoseconds
    option(&mut body, 0, &[]);
    block(out, 1, &[&body])
}

fn packet(out: &mut impl Write, interface: u32, time: Timestamp, bytes: &[u8]) -> io::Result<()> {
    let ns = u64::try_from(time.unix_ns()).unwrap_or(0);
    let length = u32::try_from(bytes.len())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut head = [0u8; 20];
    head[0..4].copy_from_slice(&interface.to_le_bytes());
    head[4..8].copy_from_slice(&((ns >> 32) as u32).to_le_bytes());
    head[8..12].copy_from_slice(&(ns as u32).to_le_bytes());
    head[12..16].copy_from_slice(&length.to_le_bytes());
    head[16..20].copy_from_slice(&length.to_le_bytes());
    block(out, 6, &[&head, bytes])
}
