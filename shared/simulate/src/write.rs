//! Plays a scenario into a capture and a position log.

use crate::{Scenario, SimulatedKind, Simulation, Truth};
use pw_dissect::LinkType;
use pw_dissect::write::{PacketNotes, PcapngWriter};
use std::io::{self, Write};

/// What captures of the simulator say of themselves, in the comment at their start.
const MARK: &str = "Simulated by PiWardrive";

/// True when the first bytes of a capture say that it was simulated.
#[must_use]
pub fn is_marked(start: &[u8]) -> bool {
    start.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

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
    let comment = format!(
        "{MARK}: scenario {}, seed {}. Nothing here was heard on the air.",
        scenario.name, scenario.seed
    );
    let application = concat!("PiWardrive ", env!("CARGO_PKG_VERSION"), " simulator");
    let mut capture = PcapngWriter::new(pcapng, application, Some(&comment))?;
    for name in scenario.radio_names() {
        capture.add_interface(LinkType::Radiotap, &name)?;
    }
    for event in simulation.by_ref() {
        match event.kind {
            SimulatedKind::Frame { radio, bytes } => {
                let length = u32::try_from(bytes.len())
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
                let notes = PacketNotes::default();
                capture.write_frame(u32::from(radio.0), event.time, &bytes, length, notes)?;
            }
            SimulatedKind::Nmea { sentence } => {
                nmea.write_all(sentence.as_bytes())?;
                nmea.write_all(b"\r\n")?;
            }
            SimulatedKind::Tune { .. } => {}
        }
    }
    capture.finish()?;
    nmea.flush()?;
    Ok(simulation.truth())
}
