//! Sequence numbers that leave their line (802.11-2020, 10.3.2.14).
//!
//! A transmitter counts in several lines: one for QoS data by receiver and traffic identifier, one for
//! all else; many devices keep more, for beacons and for probe responses that the radio sends by
//! itself. Each line is followed apart, and by interface, so that two radios of a sensor that hear the
//! same frames a little apart do not look like two transmitters. A number may run ahead by as many
//! frames as can have been missed; what was not heard for two seconds begins anew.

use super::{AnomalyKind, Log, MAX_FOLLOWED, is_stale};
use crate::packets::Seen;
use crate::packets::bounded::Bounded;
use pw_model::{FrameKind, MacAddr};

/// Numbers are counted modulo this.
const MODULUS: u16 = 4096;

/// Numbers that may be missing at once: frames that were not heard.
const AHEAD: u16 = 64;

/// Numbers that may be missing for each second that passed: frames a transmitter sends at most in a
/// line, by the busiest beacons' line that also counts group data.
const AHEAD_PER_S: u16 = 2000;

/// How far back a number may be: the window of a block acknowledgement (256 in HE) for QoS data, a
/// few frames reordered by the receiver for the rest.
const BACK_QOS: u16 = 256;
const BACK: u16 = 16;

/// After so long a silence nothing is said.
const SILENCE_NS: i64 = 2_000_000_000;

/// Returns from one line to the other that make two transmitters likely. One jump is a restart.
const RETURNS: u32 = 4;

/// Disconnecting frames off every line that make a forged transmitter likely.
const DISCONNECTS: u32 = 5;

/// Kinds of line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Space {
    Beacon,
    ProbeResponse,
    ProbeRequest,
    /// By receiver: some access points count anew for each station.
    Management(Option<MacAddr>),
    Data,
    GroupQos,
    Qos(MacAddr, u8),
}

#[derive(Clone, Copy, Debug)]
struct Line {
    number: u16,
    at_ns: i64,
}

#[derive(Debug, Default)]
struct Lines {
    current: Option<Line>,
    other: Option<Line>,
    jumps: u32,
    returns: u32,
}

/// Where a transmitter's lines other than disconnecting frames stand.
#[derive(Debug, Default)]
struct Heard {
    /// Beacon, probe response, management, data, group QoS.
    lines: [Option<Line>; 5],
    strays: Vec<(u64, i64)>,
    stray_count: u32,
}

#[derive(Debug)]
pub(super) struct Sequences {
    pub(super) examined: u64,
    lines: Bounded<(u32, MacAddr, Space), Lines>,
    heard: Bounded<(u32, MacAddr), Heard>,
}

impl Default for Sequences {
    fn default() -> Self {
        Self {
            examined: 0, // A transmitter has several.
            lines: Bounded::new(4 * MAX_FOLLOWED),
            heard: Bounded::new(MAX_FOLLOWED),
        }
    }
}

impl Sequences {
    pub(super) const fn not_followed(&self) -> u64 {
        self.lines.refused() + self.heard.refused()
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let header = &seen.header;
        let (Some(number), Some(from), Some(now)) =
            (header.sequence, header.transmitter(), seen.time_ns())
        else {
            return;
        };
        // Null frames of QoS stations may carry any number (10.3.2.14.2).
        let is_null = header.kind.is_data() && !header.has_payload();
        if is_null || from.is_multicast() || from == MacAddr::ZERO {
            return;
        }
        self.examined += 1;
        let is_disconnect =
            matches!(header.kind, FrameKind::DEAUTHENTICATION | FrameKind::DISASSOCIATION);
        if is_disconnect {
            self.disconnect(seen, from, number, now, log);
            return;
        }
        let space = space_of(seen);
        self.remember(seen.interface, from, space, Line { number, at_ns: now });
        let qos = matches!(space, Space::Qos(..));
        let key = (seen.interface, from, space);
        let Some(lines) = self.lines.entry_over_stale(key, Lines::default, |lines| {
            is_stale(lines.current.map(|line| line.at_ns), now)
        }) else {
            return;
        };
        let Some(current) = lines.current else {
            lines.current = Some(Line { number, at_ns: now });
            return;
        };
        if current.continues(number, now, qos, seen.is_retry()) {
            lines.current = Some(current.moved(number, now));
            return;
        }
        let returns = lines.other.is_some_and(|other| {
            other.continues(number, now, qos, seen.is_retry())
                && now.saturating_sub(other.at_ns) <= SILENCE_NS
        });
        lines.other = Some(current);
        lines.current = Some(Line { number, at_ns: now });
        if !returns {
            lines.jumps += 1;
            log.add((AnomalyKind::SequenceJump, Some(from), 0), seen.number, seen.time, || {
                format!(
                    "A sequence number off its line: {number} follows {}. A restart, a stretch that \
                     was not heard, a device that counts in its own way, or a second transmitter \
                     with the same address.",
                    current.number
                )
            });
            return;
        }
        lines.returns += 1;
        // A device that numbers at random jumps far more often than it returns.
        if lines.returns >= RETURNS && lines.returns >= 2 * lines.jumps {
            log.add(
                (AnomalyKind::SequenceAlternation, Some(from), 0),
                seen.number,
                seen.time,
                || {
                    format!(
                        "Two lines of sequence numbers alternate under one transmitter address, here \
                         at {} and {number}: two transmitters use it, so one of them forges it. A \
                         device with more counters than the standard has does the same.",
                        current.number
                    )
                },
            );
        }
    }

    fn remember(&mut self, interface: u32, from: MacAddr, space: Space, line: Line) {
        let slot = match space {
            Space::Beacon => 0,
            Space::ProbeResponse => 1,
            Space::Management(_) => 2,
            Space::Data => 3,
            Space::GroupQos => 4,
            Space::ProbeRequest | Space::Qos(..) => return,
        };
        let heard = self.heard.entry_over_stale((interface, from), Heard::default, |heard| {
            is_stale(heard.lines.iter().flatten().map(|line| line.at_ns).max(), line.at_ns)
        });
        if let Some(heard) = heard {
            heard.lines[slot] = Some(line);
        }
    }

    /// A disconnecting frame belongs to the line of management frames. Where that is heard, or the one
    /// of data that is the same in most devices, and the number fits none of the transmitter's lines,
    /// somebody else may have sent it (Guo and Chiueh, RAID 2005).
    fn disconnect(&mut self, seen: &Seen<'_>, from: MacAddr, number: u16, now: i64, log: &mut Log) {
        let Some(heard) = self.heard.get_mut(&(seen.interface, from)) else { return };
        let is_fresh = |line: &Line| now.saturating_sub(line.at_ns) <= SILENCE_NS;
        let fresh: Vec<(usize, Line)> = heard
            .lines
            .iter()
            .enumerate()
            .filter_map(|(slot, line)| Some((slot, line.filter(is_fresh)?)))
            .collect();
        // Beacons, probe responses and group data are often counted apart: alone they prove nothing.
        if !fresh.iter().any(|(slot, _)| matches!(slot, 2 | 3)) || seen.is_repeat {
            return;
        }
        let fits = |(_, line): &(usize, Line)| line.continues(number, now, false, seen.is_retry());
        if fresh.iter().any(fits) {
            return;
        }
        heard.strays.push((seen.number, now));
        heard.stray_count = heard.stray_count.saturating_add(1);
        if heard.stray_count < DISCONNECTS {
            return;
        }
        // The ones before the limit come with it, later ones as they are.
        let strays = std::mem::take(&mut heard.strays);
        for (frame, at_ns) in strays {
            let time = Some(pw_model::Timestamp::from_unix_ns(at_ns));
            log.add((AnomalyKind::DisconnectSequence, Some(from), 0), frame, time, || {
                format!(
                    "{DISCONNECTS} or more deauthentication or disassociation frames whose sequence \
                     numbers fit none of the lines that their transmitter counts in (here {number}): \
                     a sign that somebody else sent them under its address."
                )
            });
        }
    }
}

impl Line {
    /// True when `number` can be of this line, or nothing can be said after so long.
    fn continues(self, number: u16, now: i64, qos: bool, retry: bool) -> bool {
        let silent_ns = now.saturating_sub(self.at_ns).max(0);
        if silent_ns > SILENCE_NS {
            return true;
        }
        let ahead = number.wrapping_sub(self.number) % MODULUS;
        let back = (MODULUS - ahead) % MODULUS;
        // At most 2 s: fits.
        let missed = (silent_ns as u64 * u64::from(AHEAD_PER_S) / 1_000_000_000) as u16;
        let may_be_back = match (qos, retry) {
            (true, _) => BACK_QOS,
            (false, true) => AHEAD,
            (false, false) => BACK,
        };
        ahead <= (AHEAD + missed).min(MODULUS / 2) || back <= may_be_back
    }

    /// The line after `number`; one from further back does not move it back.
    fn moved(self, number: u16, now: i64) -> Self {
        let ahead = number.wrapping_sub(self.number) % MODULUS;
        let silent = now.saturating_sub(self.at_ns) > SILENCE_NS;
        if ahead < MODULUS / 2 || silent { Self { number, at_ns: now } } else { self }
    }
}

fn space_of(seen: &Seen<'_>) -> Space {
    let header = &seen.header;
    match header.kind {
        FrameKind::BEACON => Space::Beacon,
        FrameKind::PROBE_RESPONSE => Space::ProbeResponse,
        FrameKind::PROBE_REQUEST => Space::ProbeRequest,
        kind if kind.is_management() => Space::Management(header.address1),
        _ => match (header.address1, seen.tid()) {
            (Some(to), Some(tid)) if !to.is_multicast() => Space::Qos(to, tid),
            (_, Some(_)) => Space::GroupQos,
            _ => Space::Data,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_continues_a_line() {
        const MS: i64 = 1_000_000;
        // Line at number, then: number, milliseconds later, QoS, retry, and whether it continues.
        for (line, number, later_ms, qos, retry, expected) in [
            (10, 11, 1, false, false, true),
            (10, 74, 0, false, false, true),
            (10, 75, 0, false, false, false),
            // 100 ms allow 200 more.
            (10, 274, 100, false, false, true),
            (10, 275, 100, false, false, false),
            (4090, 3, 1, false, false, true),
            (100, 84, 1, false, false, true),
            (100, 83, 1, false, false, false),
            (100, 40, 1, false, true, true),
            (300, 44, 1, true, false, true),
            (300, 43, 1, true, false, false),
            (10, 2000, 2001, false, false, true),
            (10, 2000, 500, false, false, false),
        ] {
            let line = Line { number: line, at_ns: 0 };
            let continues = line.continues(number, later_ms * MS, qos, retry);
            assert_eq!(continues, expected, "{line:?} {number} after {later_ms} ms");
        }
    }
}
