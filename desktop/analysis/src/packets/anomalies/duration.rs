//! Durations that cannot be, and the medium kept reserved by them (802.11-2020, 9.2.4.2 and 9.2.5).

use super::{AnomalyKind, Log, MAX_FOLLOWED, is_stale};
use crate::packets::Seen;
use crate::packets::bounded::Bounded;
use pw_model::{FrameKind, MacAddr, Timestamp};
use std::collections::VecDeque;

/// Longest duration that an exchange can need, in microseconds. The longest frame that DSSS carries,
/// 2,346 bytes at 1 Mbit/s with a long preamble, lasts 18,960 µs; with SIFS and the acknowledgement
/// (314 µs) or the CTS before it 19,588. PPDUs of OFDM and later end at 5,484 µs.
const LONGEST_EXCHANGE_US: u16 = 20_000;

/// So many frames beyond that from one station within a second are abuse: together they reserve a fifth
/// of the medium or more (Bellardo and Savage, USENIX Security 2003, stopped a network with 30 of 32,767 µs
/// a second). Shorter durations are not judged: access points grant themselves 13 ms for bursts.
const ABUSE_COUNT: usize = 10;

const PS_POLL: FrameKind = FrameKind::new(1, 10);
const CF_END: FrameKind = FrameKind::new(1, 14);

#[derive(Debug)]
pub(super) struct Durations {
    pub(super) examined: u64,
    long: Bounded<MacAddr, Long>,
}

/// Excessive durations of one station.
#[derive(Debug, Default)]
struct Long {
    /// Times and numbers of the last of them.
    recent: VecDeque<(i64, u64)>,
    /// Number of the last frame that was given to an anomaly.
    told: u64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { examined: 0, long: Bounded::new(MAX_FOLLOWED) }
    }
}

impl Durations {
    pub(super) const fn not_followed(&self) -> u64 {
        self.long.refused()
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let header = &seen.header;
        // Extension frames (DMG, S1G) have other fields there.
        if header.kind.frame_type() == Some(3) {
            return;
        }
        self.examined += 1;
        let duration = header.duration;
        let kind = header.kind;
        // Of CTS and ACK only the receiver is known, who was given the medium.
        let subject = header.transmitter().or(header.address1);
        let mut note = |anomaly, explain: &dyn Fn() -> String| {
            log.add((anomaly, subject, u64::from(kind.0)), seen.number, seen.time, explain);
        };
        if kind == PS_POLL {
            // Both upper bits set, and an association identifier of 1 to 2007.
            if duration >> 14 != 3 || !(1..=2007).contains(&(duration & 0x3fff)) {
                note(AnomalyKind::ReservedDuration, &|| {
                    format!(
                        "PS-Poll with the value {duration} where an association identifier of 1 to \
                         2007 with both upper bits set belongs."
                    )
                });
            }
            return;
        }
        if duration > 32_768 {
            note(AnomalyKind::ReservedDuration, &|| {
                format!(
                    "Duration field {duration} in {}: values above 32,768 are reserved (802.11-2020, \
                     table 9-9). Damaged frames in a capture without FCS look the same.",
                    kind.name()
                )
            });
            return;
        }
        // 32,768 was what frames carried during a contention-free period.
        if duration == 32_768 {
            return;
        }
        if fixed_at_zero(seen) && duration != 0 {
            note(AnomalyKind::FixedDuration, &|| {
                format!(
                    "{} with duration {duration} µs, where the standard has 0: nothing follows that \
                     would need the medium (802.11-2020, 9.2.5).",
                    kind.name()
                )
            });
        }
        let excessive = duration > LONGEST_EXCHANGE_US;
        if excessive {
            note(AnomalyKind::ExcessiveDuration, &|| {
                format!(
                    "{} reserves the medium for {duration} µs; the longest exchange of any PHY needs \
                     less than {LONGEST_EXCHANGE_US} µs.",
                    kind.name()
                )
            });
        }
        if excessive {
            self.abuse(seen, subject, log);
        }
    }

    fn abuse(&mut self, seen: &Seen<'_>, subject: Option<MacAddr>, log: &mut Log) {
        let (Some(subject), Some(now)) = (subject, seen.time_ns()) else { return };
        let Some(long) = self.long.entry_over_stale(subject, Long::default, |long| {
            is_stale(long.recent.back().map(|(at, _)| *at), now)
        }) else {
            return;
        };
        long.recent.retain(|(at, _)| now.saturating_sub(*at) < 1_000_000_000);
        if long.recent.len() >= 4 * ABUSE_COUNT {
            long.recent.pop_front();
        }
        long.recent.push_back((now, seen.number));
        if long.recent.len() < ABUSE_COUNT {
            return;
        }
        // With the tenth come those before it that were not told yet.
        for (at, number) in long.recent.iter().filter(|(_, number)| *number > long.told) {
            let time = Some(Timestamp::from_unix_ns(*at));
            log.add((AnomalyKind::NavAbuse, Some(subject), 0), *number, time, || {
                format!(
                    "{ABUSE_COUNT} or more frames within a second that each reserve the medium for \
                     more than {LONGEST_EXCHANGE_US} µs, from (or, of CTS and ACK, to) one address. \
                     Other stations stay silent meanwhile."
                )
            });
        }
        long.told = seen.number;
    }
}

/// Frames after which nothing of their exchange follows: CF-End outside of DMG; group-addressed
/// management and non-QoS data (9.2.5.2; QoS data may be followed by more of a TXOP).
fn fixed_at_zero(seen: &Seen<'_>) -> bool {
    let header = &seen.header;
    let group = header.address1.is_some_and(MacAddr::is_multicast);
    let whole =
        group && (header.kind.is_management() || header.kind.is_data()) && !header.is_qos_data();
    header.kind == CF_END || whole
}
