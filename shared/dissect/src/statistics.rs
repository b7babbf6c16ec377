//! Counts of a capture by kind, channel, rate and device: how many frames and bytes, how much of
//! them were retransmissions, and how much time on the air they took.

use crate::airtime::Aggregate;
use crate::fields::Packet;
use pw_model::{Channel, FrameFlags, FrameKind, MacAddr, TimeRange};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Most transmitters counted apart; frames of further ones count in [`Report::other_devices`].
pub const MAX_DEVICES: usize = 100_000;

/// Most frequencies, and most rates, counted apart; frames beyond count as unknown. There are fewer,
/// unless somebody makes them up.
const MAX_GROUPS: usize = 4096;

/// Counts of a group of frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Frames.
    pub frames: u64,
    /// Bytes on the air, frame check sequence included.
    pub bytes: u64,
    /// Frames that are retransmissions.
    pub retries: u64,
    /// Frames whose kind can be retransmitted: management and data.
    pub retriable: u64,
    /// Time on the air in microseconds, of frames whose modulation is known.
    pub airtime_us: u64,
    /// Frames whose time on the air is unknown.
    pub without_airtime: u64,
}

impl Counts {
    /// Time on the air of the frames it is known of; `None` where it is known of none.
    #[must_use]
    pub const fn known_airtime_us(&self) -> Option<u64> {
        if self.frames > 0 && self.without_airtime >= self.frames {
            None
        } else {
            Some(self.airtime_us)
        }
    }

    /// As JSON: unknown is null.
    fn to_json(self) -> Value {
        let mut counts = json!(self);
        if let Some(airtime) = counts.get_mut("airtime_us") {
            *airtime = json!(self.known_airtime_us());
        }
        counts
    }

    fn add(&mut self, one: &Self) {
        self.frames = self.frames.saturating_add(one.frames);
        self.bytes = self.bytes.saturating_add(one.bytes);
        self.retries = self.retries.saturating_add(one.retries);
        self.retriable = self.retriable.saturating_add(one.retriable);
        self.airtime_us = self.airtime_us.saturating_add(one.airtime_us);
        self.without_airtime = self.without_airtime.saturating_add(one.without_airtime);
    }

    /// Retransmissions among the frames that can be retransmitted, 0 to 1; `None` when there are none.
    #[must_use]
    pub fn retry_share(&self) -> Option<f64> {
        (self.retriable > 0).then(|| self.retries as f64 / self.retriable as f64)
    }
}

/// Counts of one group, with its name and its shares.
#[derive(Clone, PartialEq, Debug)]
pub struct Group<K> {
    /// What the frames have in common; `None` for those of which it is unknown.
    pub key: Option<K>,
    /// Their counts.
    pub counts: Counts,
    /// Retransmissions among management and data frames, 0 to 1.
    pub retry_share: Option<f64>,
    /// Part of all known time on the air, 0 to 1; `None` when none is known.
    pub airtime_share: Option<f64>,
}

/// A frequency that frames were received on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChannelKey {
    /// Centre in MHz.
    pub frequency_mhz: u16,
    /// Number of the channel, where the frequency has one.
    pub channel: Option<u8>,
}

/// What was counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// All frames.
    pub total: Counts,
    /// Retransmissions among management and data frames, 0 to 1.
    pub retry_share: Option<f64>,
    /// First and last time; `None` when no frame has one.
    pub time: Option<TimeRange>,
    /// Time on the air as part of the time between first and last frame, 0 to 1 on one channel (a
    /// capture of several radios can have more); `None` without times.
    pub busy_share: Option<f64>,
    /// By type and subtype, most frames first.
    pub kinds: Vec<Group<String>>,
    /// By frequency, in its order, then unknown.
    pub channels: Vec<Group<ChannelKey>>,
    /// By rate in Mbit/s, in its order, then unknown.
    pub rates: Vec<Group<f64>>,
    /// By transmitter, most time on the air first, as many as asked for.
    pub devices: Vec<Group<MacAddr>>,
    /// How many transmitters were counted apart.
    pub device_count: u64,
    /// Frames of transmitters beyond [`MAX_DEVICES`].
    pub other_devices: Counts,
    /// Frames that name no transmitter: acknowledgements, clears to send, damaged headers.
    pub without_transmitter: Counts,
}

/// Counts frames. Its memory grows with the number of distinct transmitters, up to [`MAX_DEVICES`].
#[derive(Clone, Debug)]
pub struct Statistics {
    total: Counts,
    time: Option<TimeRange>,
    kinds: [Counts; 256],
    channels: BTreeMap<u16, Counts>,
    unknown_channel: Counts,
    /// By rate in units of 100 kbit/s.
    rates: BTreeMap<u32, Counts>,
    unknown_rate: Counts,
    devices: HashMap<MacAddr, Counts>,
    other_devices: Counts,
    without_transmitter: Counts,
    /// The aggregate that the last frame belonged to, and its interface.
    aggregate: (u32, Aggregate),
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            total: Counts::default(),
            time: None,
            kinds: [Counts::default(); 256],
            channels: BTreeMap::new(),
            unknown_channel: Counts::default(),
            rates: BTreeMap::new(),
            unknown_rate: Counts::default(),
            devices: HashMap::new(),
            other_devices: Counts::default(),
            without_transmitter: Counts::default(),
            aggregate: (0, Aggregate::default()),
        }
    }
}

impl Statistics {
    /// Adds one packet.
    pub fn add(&mut self, packet: &Packet<'_>) {
        let frame = &packet.frame;
        let kind = frame.kind();
        let retriable = kind.is_management() || kind.is_data();
        let airtime_us = self.airtime_us(packet);
        let one = Counts {
            frames: 1,
            bytes: u64::from(frame.length),
            retries: u64::from(retriable && frame.flags().contains(FrameFlags::RETRY)),
            retriable: u64::from(retriable),
            airtime_us: airtime_us.map_or(0, u64::from),
            without_airtime: u64::from(airtime_us.is_none()),
        };
        self.total.add(&one);
        if let Some(time) = packet.captured.time {
            let now = TimeRange::new(time, time);
            self.time = Some(self.time.map_or(now, |range| range.union(&now)));
        }
        if let Some(counts) = self.kinds.get_mut(usize::from(kind.0)) {
            counts.add(&one);
        }
        let channel = frame.radio.frequency_mhz;
        bounded(&mut self.channels, channel, &mut self.unknown_channel).add(&one);
        bounded(&mut self.rates, frame.radio.rate_100kbps(), &mut self.unknown_rate).add(&one);
        self.device(packet).add(&one);
    }

    /// Time on the air; of an aggregate the preamble counts once.
    fn airtime_us(&mut self, packet: &Packet<'_>) -> Option<u32> {
        let frame = &packet.frame;
        let modulation = frame.radio.modulation?;
        let interface = packet.captured.interface;
        if self.aggregate.0 != interface {
            self.aggregate = (interface, Aggregate::default());
        }
        self.aggregate.1.add(frame.radio.ampdu, modulation, frame.length)
    }

    fn device(&mut self, packet: &Packet<'_>) -> &mut Counts {
        let Some(transmitter) = packet.frame.header.and_then(|header| header.transmitter()) else {
            return &mut self.without_transmitter;
        };
        if self.devices.len() >= MAX_DEVICES && !self.devices.contains_key(&transmitter) {
            return &mut self.other_devices;
        }
        self.devices.entry(transmitter).or_default()
    }

    /// What was counted, with so many devices.
    #[must_use]
    pub fn report(&self, devices: usize) -> Report {
        let known_us = self.total.airtime_us;
        let mut kinds: Vec<_> = (0u8..=255)
            .zip(&self.kinds)
            .filter(|(_, counts)| counts.frames > 0)
            .map(|(kind, counts)| group(Some(FrameKind(kind).name()), counts, known_us))
            .collect();
        kinds.sort_by_key(|group| std::cmp::Reverse(group.counts.frames));
        let channel = |frequency_mhz: &u16| ChannelKey {
            frequency_mhz: *frequency_mhz,
            channel: Channel::from_frequency_mhz(*frequency_mhz).map(|channel| channel.number),
        };
        let rate = |rate_100kbps: &u32| f64::from(*rate_100kbps) / 10.0;
        let mut talkers: Vec<_> = self.devices.iter().collect();
        talkers.sort_by_key(|(address, counts)| {
            (std::cmp::Reverse((counts.airtime_us, counts.frames)), **address)
        });
        let span_us = self.time.map(|time| time.duration().as_micros()).filter(|us| *us > 0);
        Report {
            total: self.total,
            retry_share: self.total.retry_share(),
            time: self.time,
            busy_share: span_us
                .zip(self.total.known_airtime_us())
                .map(|(span_us, known_us)| known_us as f64 / span_us as f64),
            kinds,
            channels: groups(&self.channels, channel, &self.unknown_channel, known_us),
            rates: groups(&self.rates, rate, &self.unknown_rate, known_us),
            devices: talkers
                .into_iter()
                .take(devices)
                .map(|(address, counts)| group(Some(*address), counts, known_us))
                .collect(),
            device_count: u64::try_from(self.devices.len()).unwrap_or(u64::MAX),
            other_devices: self.other_devices,
            without_transmitter: self.without_transmitter,
        }
    }
}

impl Report {
    /// The report as JSON: groups as arrays of objects, unknown as null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let kind = |kind: &String| json!({ "kind": kind });
        let channel = |key: &ChannelKey| json!({ "frequency_mhz": key.frequency_mhz, "channel": key.channel });
        let rate = |rate: &f64| json!({ "rate_mbps": rate });
        let device = |address: &MacAddr| json!({ "transmitter": address.to_string() });
        json!({
            "total": self.total.to_json(),
            "retry_share": self.retry_share,
            "first": self.time.map(|time| time.start.rfc3339()),
            "last": self.time.map(|time| time.end.rfc3339()),
            "busy_share": self.busy_share,
            "kinds": groups_json(&self.kinds, json!({ "kind": null }), kind),
            "channels": groups_json(
                &self.channels,
                json!({ "frequency_mhz": null, "channel": null }),
                channel,
            ),
            "rates": groups_json(&self.rates, json!({ "rate_mbps": null }), rate),
            "device_count": self.device_count,
            "devices": groups_json(&self.devices, json!({ "transmitter": null }), device),
            "other_devices": self.other_devices.to_json(),
            "without_transmitter": self.without_transmitter.to_json(),
        })
    }
}

fn groups_json<K>(groups: &[Group<K>], unknown: Value, key: impl Fn(&K) -> Value) -> Value {
    let rows = groups.iter().map(|group| {
        let mut row = group.key.as_ref().map_or_else(|| unknown.clone(), &key);
        if let Some(fields) = row.as_object_mut() {
            let counts = group.counts.to_json();
            fields.extend(counts.as_object().cloned().unwrap_or_default());
            fields.insert("retry_share".to_owned(), json!(group.retry_share));
            fields.insert("airtime_share".to_owned(), json!(group.airtime_share));
        }
        row
    });
    rows.collect()
}

/// The counts of `key`; `unknown` without a key, and for new keys when there are enough.
fn bounded<'m, K: Ord>(
    groups: &'m mut BTreeMap<K, Counts>,
    key: Option<K>,
    unknown: &'m mut Counts,
) -> &'m mut Counts {
    match key {
        Some(key) if groups.len() < MAX_GROUPS || groups.contains_key(&key) => {
            groups.entry(key).or_default()
        }
        _ => unknown,
    }
}

fn group<K>(key: Option<K>, counts: &Counts, known_us: u64) -> Group<K> {
    Group {
        key,
        counts: *counts,
        retry_share: counts.retry_share(),
        airtime_share: (known_us > 0).then(|| counts.airtime_us as f64 / known_us as f64),
    }
}

fn groups<K, N>(
    known: &BTreeMap<K, Counts>,
    name: impl Fn(&K) -> N,
    unknown: &Counts,
    known_us: u64,
) -> Vec<Group<N>> {
    let mut groups: Vec<_> =
        known.iter().map(|(key, counts)| group(Some(name(key)), counts, known_us)).collect();
    if unknown.frames > 0 {
        groups.push(group(None, unknown, known_us));
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use pw_model::Timestamp;

    /// Radiotap with a rate in units of 500 kbit/s and a frequency, before `mac`.
    fn frame(rate: u8, frequency_mhz: u16, mac: &[u8]) -> Vec<u8> {
        let [low, high] = frequency_mhz.to_le_bytes();
        [&[0, 0, 14, 0, 0x0c, 0, 0, 0, rate, 0, low, high, 0xa0, 0][..], mac].concat()
    }

    fn header(control: [u8; 2], transmitter: u8) -> Vec<u8> {
        let mut mac = control.to_vec();
        mac.extend([0, 0, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, transmitter, 2, 0, 0, 0, 0, 9, 0, 0]);
        mac
    }

    fn add(statistics: &mut Statistics, unix_ns: i64, data: &[u8]) {
        statistics.add(&Packet::new(CapturedFrame {
            time: Some(Timestamp::from_unix_ns(unix_ns)),
            ..CapturedFrame::new(LinkType::Radiotap, data)
        }));
    }

    #[test]
    fn groups_shares_and_talkers() {
        let mut statistics = Statistics::default();
        // 24 bytes and FCS at 1 Mbit/s: 192 + 224 µs; at 12 Mbit/s: 20 + 6 symbols of 4 µs.
        add(&mut statistics, 0, &frame(2, 2437, &header([0x08, 0x08], 1)));
        add(&mut statistics, 500_000, &frame(2, 2437, &header([0x08, 0x00], 1)));
        add(&mut statistics, 700_000, &frame(24, 5180, &header([0x40, 0x00], 2)));
        add(&mut statistics, 1_000_000, &frame(0, 0, &[0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 9]));
        let report = statistics.report(1);
        assert_eq!(report.total.frames, 4);
        assert_eq!(report.total.bytes, 3 * 28 + 14);
        assert_eq!(report.total.airtime_us, 416 + 416 + 44);
        assert_eq!(report.total.known_airtime_us(), Some(876), "known of some frames");
        let silent = Counts { frames: 2, without_airtime: 2, ..Counts::default() };
        assert_eq!(silent.known_airtime_us(), None);
        assert!(silent.to_json()["airtime_us"].is_null(), "unknown is not zero");
        assert_eq!(report.total.without_airtime, 1);
        assert_eq!(report.retry_share, Some(1.0 / 3.0), "an acknowledgement cannot be a retry");
        assert_eq!(report.busy_share, Some(0.876));
        let kinds: Vec<_> = report
            .kinds
            .iter()
            .map(|group| (group.key.as_deref().unwrap_or(""), group.counts.frames))
            .collect();
        assert_eq!(kinds, [("data", 2), ("probe_req", 1), ("ack", 1)]);
        assert_eq!(report.kinds[0].retry_share, Some(0.5));
        assert_eq!(report.kinds[2].retry_share, None);
        let channels: Vec<_> = report
            .channels
            .iter()
            .map(|group| {
                (group.key.map(|key| (key.frequency_mhz, key.channel)), group.counts.frames)
            })
            .collect();
        assert_eq!(channels[0], (Some((2437, Some(6))), 2));
        assert_eq!(channels[1], (Some((5180, Some(36))), 1));
        assert_eq!(report.rates[0].key, Some(1.0));
        assert_eq!(report.rates[0].airtime_share, Some(832.0 / 876.0));
        assert_eq!(
            report.rates.last().and_then(|group| group.key),
            None,
            "no rate is known of one"
        );
        assert_eq!(report.devices.len(), 1, "as many as asked for");
        assert_eq!(report.devices[0].key, Some(MacAddr([2, 0, 0, 0, 0, 1])));
        assert_eq!(report.device_count, 2);
        assert_eq!(report.without_transmitter.frames, 1);
        let json = report.to_json();
        assert_eq!(json["channels"][0]["channel"], 6);
        assert_eq!(json["channels"][0]["frames"], 2);
        assert_eq!(json["devices"][0]["transmitter"], "02:00:00:00:00:01");
        assert_eq!(json["kinds"][2]["retry_share"], Value::Null);
    }

    #[test]
    fn devices_are_bounded() {
        let mut statistics = Statistics::default();
        let mut mac = header([0x08, 0], 0);
        let extra = 10u32;
        for number in 0..MAX_DEVICES as u32 + extra {
            mac[10..14].copy_from_slice(&number.to_be_bytes());
            mac[10] = 2;
            add(&mut statistics, 0, &frame(2, 2437, &mac));
        }
        let report = statistics.report(3);
        assert_eq!(report.device_count, MAX_DEVICES as u64);
        assert_eq!(report.other_devices.frames, u64::from(extra));
        assert_eq!(report.devices.len(), 3);
    }
}
