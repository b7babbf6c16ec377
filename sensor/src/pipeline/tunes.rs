//! The listening ledger of radios that somebody else tunes: what the frames say of their channel.

use pw_model::{RadioId, Timestamp, TuneInterval};
use std::collections::BTreeMap;
use std::time::Duration;

/// A pause without frames of so long ends an interval: nobody knows whether the radio listened.
const PAUSE: Duration = Duration::from_secs(10);
/// A longer interval is written down in pieces, so that the ledger is never far behind.
const PIECE: Duration = Duration::from_secs(10);
/// Width that is stated: what a receiver on one primary channel surely listens to.
const WIDTH_MHZ: u16 = 20;

/// Puts frames into runs on one channel.
#[derive(Debug, Default)]
pub(super) struct TuneLedger {
    open: BTreeMap<RadioId, TuneInterval>,
}

impl TuneLedger {
    /// A radio heard a frame on that channel. Gives the interval that thereby ended.
    pub(super) fn heard(
        &mut self,
        radio: RadioId,
        time: Timestamp,
        frequency_mhz: u16,
    ) -> Option<TuneInterval> {
        let begin = |start| TuneInterval {
            radio,
            start,
            end: time.max(start),
            frequency_mhz,
            width_mhz: WIDTH_MHZ,
            frames: 1,
        };
        let Some(open) = self.open.get_mut(&radio) else {
            self.open.insert(radio, begin(time));
            return None;
        };
        let moved = open.frequency_mhz != frequency_mhz;
        let paused = time.since(open.end) > PAUSE || open.start.since(time) > PAUSE;
        if moved || paused {
            return Some(std::mem::replace(open, begin(time)));
        }
        if time.since(open.start) > PIECE {
            // The next piece begins where this one ends: it listened in between.
            let start = open.end;
            return Some(std::mem::replace(open, begin(start)));
        }
        // Files are not always in order of time.
        open.start = open.start.min(time);
        open.end = open.end.max(time);
        open.frames = open.frames.saturating_add(1);
        None
    }

    /// The radio stopped or failed: what it had listened to.
    pub(super) fn end(&mut self, radio: RadioId) -> Option<TuneInterval> {
        self.open.remove(&radio)
    }

    /// All radios stopped.
    pub(super) fn end_all(&mut self) -> impl Iterator<Item = TuneInterval> {
        std::mem::take(&mut self.open).into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(frames: &[(i64, u16)]) -> Vec<(i64, i64, u16, u32)> {
        let mut ledger = TuneLedger::default();
        let mut intervals = Vec::new();
        for (millis, frequency) in frames {
            let time = Timestamp::from_unix_ns(millis * 1_000_000);
            intervals.extend(ledger.heard(RadioId(0), time, *frequency));
        }
        intervals.extend(ledger.end_all());
        let millis = |time: Timestamp| time.unix_ns() / 1_000_000;
        intervals
            .into_iter()
            .map(|i| (millis(i.start), millis(i.end), i.frequency_mhz, i.frames))
            .collect()
    }

    #[test]
    fn runs_on_one_channel() {
        assert_eq!(
            ledger(&[(0, 2412), (100, 2412), (300, 2437), (350, 2437), (500, 2412)]),
            [(0, 100, 2412, 2), (300, 350, 2437, 2), (500, 500, 2412, 1)]
        );
    }

    #[test]
    fn a_long_silence_is_not_listening_time() {
        assert_eq!(
            ledger(&[(0, 2412), (60_000, 2412)]),
            [(0, 0, 2412, 1), (60_000, 60_000, 2412, 1)]
        );
    }

    #[test]
    fn a_long_run_is_in_pieces_without_holes() {
        let frames: Vec<_> = (0..30).map(|second| (second * 1000, 2412)).collect();
        let pieces = ledger(&frames);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.iter().map(|p| p.3).sum::<u32>(), 30);
        assert_eq!((pieces[0].0, pieces[2].1), (0, 29_000));
        assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }
}
