//! What a sensor states of people's data, of its machine, of its clock and of its own silence.

use pw_model::{
    ClockEvent, FixDoubt, HealthDetails, PrivacyDeclaration, RadioId, TimeRange, Transmitted,
    WithheldKind, words,
};
use pw_wire::Batch;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most findings of a clock that are listed; the earliest go, all are counted.
const MAX_CLOCK_EVENTS: usize = 16;
/// Most purposes of audits that are listed of one sensor; more are not.
const MAX_AUDITS: usize = 16;
/// Most different declarations that are listed of one sensor; the earliest go.
const MAX_DECLARATIONS: usize = 16;

/// Statements of one stream; empty for an import, which makes none.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Guard {
    /// Declarations, each with the first and the last time it was made for; the latest is at the end.
    /// Empty when none was made.
    pub privacy: Vec<(TimeRange, PrivacyDeclaration)>,
    /// Purposes of all audits declared.
    pub audits: BTreeSet<String>,
    /// What never left the sensor.
    pub withheld: BTreeMap<WithheldKind, u64>,
    /// Latest state of the machine.
    pub health: Option<HealthDetails>,
    /// By radio, the latest count of frames sent.
    pub transmitted: BTreeMap<RadioId, Transmitted>,
    /// By radio, the most frames that were ever stated as sent; radios that never sent are not in it.
    pub sent: BTreeMap<RadioId, u64>,
    /// The latest findings of its clock, by time.
    pub clock_events: Vec<ClockEvent>,
    /// Number of all findings.
    pub clock_event_count: u64,
    /// Reports of the receiver that were not believed.
    pub doubtful_fixes: BTreeMap<FixDoubt, u64>,
}

impl Guard {
    /// How people's data were treated, in words; `None` when the stream does not say.
    #[must_use]
    pub fn privacy_words(&self) -> Option<String> {
        let several = self.privacy.len() > 1;
        let words = |(range, declared): &(TimeRange, PrivacyDeclaration)| {
            let names = if declared.probe_names { "kept" } else { "left out" };
            let mut words = format!(
                "addresses of clients: {}; names they asked for: {names}",
                declared.addresses_words()
            );
            if declared.home_zones > 0 {
                words.push_str(&format!("; home zones: {}", declared.home_zones));
            }
            if several {
                let (start, end) = (range.start.rfc3339_secs(), range.end.rfc3339_secs());
                words = format!("between {start} and {end}: {words}");
            }
            words
        };
        let words: Vec<String> = self.privacy.iter().map(words).collect();
        (!words.is_empty()).then(|| words.join(". "))
    }

    /// In some of the data, names that clients asked for were left out.
    #[must_use]
    pub fn leaves_names_out(&self) -> bool {
        self.privacy.iter().any(|(_, declared)| !declared.probe_names)
    }

    /// Purposes of the audits that were declared, in words; `None` when there was none.
    #[must_use]
    pub fn audit_words(&self) -> Option<String> {
        let purposes: Vec<&str> = self.audits.iter().map(String::as_str).collect();
        (!purposes.is_empty()).then(|| purposes.join("; "))
    }

    /// What never left the sensor, each with its count.
    #[must_use]
    pub fn withheld_words(&self) -> Vec<String> {
        let words = |(kind, count): (&WithheldKind, &u64)| match kind {
            WithheldKind::PayloadBytes => {
                format!("{} of frame bodies, of which none is ever kept", words::bytes(*count))
            }
            kind => format!("{} {}", words::count(*count), kind.words()),
        };
        self.withheld.iter().map(words).collect()
    }

    /// What the counters of the radios say, and whether it needs a look.
    #[must_use]
    pub fn silence_words(&self) -> Vec<(RadioId, String, bool)> {
        let words = |(radio, stated): (&RadioId, &Transmitted)| {
            let earlier = self.sent.get(radio).filter(|_| !stated.is_alarming());
            let mut words = stated.words();
            if let Some(frames) = earlier {
                let sent = words::counted(*frames, "frame was", "frames were");
                words.push_str(&format!("; before that, {sent} SENT"));
            }
            (*radio, words, self.sent.contains_key(radio))
        };
        self.transmitted.iter().map(words).collect()
    }

    /// Findings of the clock and reports that were not believed; empty when there are none.
    #[must_use]
    pub fn clock_words(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .clock_events
            .iter()
            .map(|event| format!("{}: {}", event.time.rfc3339_secs(), event.words()))
            .collect();
        let listed = lines.len() as u64;
        if self.clock_event_count > listed {
            lines.insert(0, format!("{} earlier findings", self.clock_event_count - listed));
        }
        lines.extend(self.doubtful_fixes.iter().map(|(doubt, count)| {
            let reports = words::counted(*count, "report", "reports");
            format!("{reports} of the receiver {}: not used", doubt.words())
        }));
        lines
    }

    /// Takes in the statements of a batch. `is_newest`: none that was taken in comes after it.
    pub(crate) fn apply(&mut self, batch: &Batch, is_newest: bool) {
        if let (Some(declared), Some(range)) = (&batch.privacy, batch.range()) {
            let known = self.privacy.iter().position(|(_, known)| known == declared);
            let range = match known.map(|at| self.privacy.remove(at)) {
                Some((known, _)) => known.union(&range),
                None => range,
            };
            let at = if is_newest { self.privacy.len() } else { known.unwrap_or(0) };
            self.privacy.insert(at, (range, declared.clone()));
            if self.privacy.len() > MAX_DECLARATIONS {
                self.privacy.remove(0);
            }
            if let Some(purpose) = &declared.audit
                && self.audits.len() < MAX_AUDITS
            {
                self.audits.insert(purpose.clone());
            }
        }
        for withheld in &batch.withheld {
            let count = self.withheld.entry(withheld.kind).or_default();
            *count = count.saturating_add(withheld.count);
        }
        if let Some(details) = batch.health_details.last().filter(|_| is_newest) {
            self.health = Some(details.clone());
        }
        for stated in &batch.transmitted {
            if is_newest || !self.transmitted.contains_key(&stated.radio) {
                self.transmitted.insert(stated.radio, stated.clone());
            }
            if let Some(frames) = stated.frames.known().filter(|frames| **frames > 0) {
                let most = self.sent.entry(stated.radio).or_default();
                *most = (*most).max(*frames);
            }
        }
        for event in &batch.clock_events {
            self.clock_event_count += 1;
            let at = self.clock_events.partition_point(|known| known.time <= event.time);
            self.clock_events.insert(at, *event);
            if self.clock_events.len() > MAX_CLOCK_EVENTS {
                self.clock_events.remove(0);
            }
        }
        for doubtful in &batch.doubtful_fixes {
            *self.doubtful_fixes.entry(doubtful.doubt).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{
        ClientAddresses, ClockEventKind, Origin, Reading, SensorId, Timestamp, Withheld,
    };
    use pw_wire::{BatchId, StreamInfo};

    fn batch(second: i64, sent: u64) -> Batch {
        let id = BatchId { sensor: SensorId([1; 16]), epoch: 1, seq: second as u64 + 1 };
        let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Live };
        let time = Timestamp::from_unix_secs(second);
        let mut batch = Batch::new(id, stream);
        batch.privacy = Some(PrivacyDeclaration {
            clients: ClientAddresses::Clear,
            rotation_secs: None,
            probe_names: true,
            audit: Some(format!("purpose {}", second / 10)),
            home_zones: (second / 10) as u16,
        });
        let kind = WithheldKind::PayloadBytes;
        batch.withheld.push(Withheld { kind, start: time, end: time, count: 10 });
        let frames = Reading::Known(sent);
        batch.transmitted.push(Transmitted { time, radio: RadioId(0), frames });
        let kind = ClockEventKind::Stepped { by_us: second };
        batch.clock_events.push(ClockEvent { time, kind });
        batch
    }

    #[test]
    fn the_order_of_batches_does_not_matter() {
        let batches = [batch(0, 0), batch(10, 7), batch(11, 0)];
        let of = |order: [usize; 3]| {
            let mut guard = Guard::default();
            let mut newest = 0;
            for batch in order.map(|at| &batches[at]) {
                guard.apply(batch, batch.id.seq >= newest);
                newest = newest.max(batch.id.seq);
            }
            guard
        };
        let guard = of([0, 1, 2]);
        for order in [[2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            assert_eq!(of(order), guard);
        }
        assert_eq!(guard.withheld[&WithheldKind::PayloadBytes], 30);
        assert_eq!(guard.transmitted[&RadioId(0)].frames, Reading::Known(0));
        assert_eq!(guard.sent[&RadioId(0)], 7, "what was once sent is not forgotten");
        assert_eq!(guard.audits.len(), 2);
        let words = guard.silence_words();
        assert!(words[0].1.contains("7 frames were SENT") && words[0].2, "{words:?}");
        assert!(guard.withheld_words()[0].ends_with("of frame bodies, of which none is ever kept"));
        assert_eq!(guard.audit_words().as_deref(), Some("purpose 0; purpose 1"));
        let words = guard.privacy_words().expect("declared");
        assert_eq!(words.matches("as heard on the air").count(), 2, "{words}");
        assert!(words.starts_with("between 1970-01-01T00:00:00Z and "), "{words}");
        assert!(words.ends_with("home zones: 1"), "the latest comes last: {words}");
        assert_eq!(guard.clock_event_count, 3);
    }

    #[test]
    fn findings_are_bounded() {
        let mut guard = Guard::default();
        (0..100).for_each(|second| guard.apply(&batch(second * 10, 0), true));
        assert_eq!(guard.clock_events.len(), MAX_CLOCK_EVENTS);
        assert_eq!(guard.clock_event_count, 100);
        assert_eq!(guard.audits.len(), MAX_AUDITS);
    }
}
