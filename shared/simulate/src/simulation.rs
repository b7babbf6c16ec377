//! The simulation: a stream of frames, tunings and sentences in order of time.

mod exchange;
mod join;
mod queue;
mod radio;
pub(crate) mod streams;
mod tally;
mod traffic;

use crate::frame::beacon::BeaconMoment;
use crate::frame::crc::append_fcs;
use crate::frame::radiotap::push_radiotap;
use crate::frame::rate::Rate;
use crate::gps::{Receiver, nmea};
use crate::propagation::{Emitter, fading_db, mean_power_dbm};
use crate::scenario::Scenario;
use crate::truth::Truth;
use exchange::{Exchange, Sender, Transmission};
use pw_model::{RadioId, Timestamp};
use queue::{Due, Queue};
use radio::{RadioState, reception};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tally::Tally;

/// The received power of a near emitter is taken as unchanged for so long.
const LINK_NS: i64 = 200_000_000;
/// Emitters so far below the weakest decodable signal are looked at only once a second.
const FAR_DB: f64 = 25.0;
/// Beacons of such emitters are passed over for so long.
const FAR_NS: i64 = 1_000_000_000;
/// Beacons on a channel that nobody listens to are passed over for so long at most.
const IDLE_NS: i64 = 500_000_000;
/// A beacon that could not be sent for so long is left out.
const BEACON_PATIENCE_NS: i64 = 90_000_000;
/// Time between two sentences of one epoch: a serial line at 115200 baud.
const SENTENCE_NS: i64 = 6_000_000;

/// One thing that the sensor would notice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimulatedEvent {
    /// When: for a frame, when its preamble began.
    pub time: Timestamp,
    /// What.
    pub kind: SimulatedKind,
}

/// What the sensor notices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimulatedKind {
    /// A radio heard a frame.
    Frame {
        /// Which radio.
        radio: RadioId,
        /// Radiotap header, frame and frame check sequence: link type 127.
        bytes: Vec<u8>,
    },
    /// A radio listens on another channel from now on.
    Tune {
        /// Which radio.
        radio: RadioId,
        /// Centre of the primary channel in MHz.
        frequency_mhz: u16,
        /// Width listened to in MHz.
        width_mhz: u16,
    },
    /// The position receiver wrote a line.
    Nmea {
        /// The sentence with its checksum, without the line end.
        sentence: String,
    },
}

/// Power at the sensor, kept for a moment.
#[derive(Clone, Copy, Debug)]
struct Link {
    mean_dbm: f64,
    frequency_mhz: u16,
    until_ns: i64,
}

/// What changes in a BSS.
#[derive(Clone, Copy, Debug)]
struct BssState {
    link: Link,
    beacon_number: u64,
    sequence: u16,
    data_sequence: u16,
    packet: u64,
}

/// What changes in a client.
#[derive(Clone, Copy, Debug)]
struct ClientState {
    link: Link,
    sequence: u16,
    data_sequence: u16,
    packet: u64,
    sleeping: bool,
}

/// A playing scenario: an iterator over what the sensor notices, in order of time. Frames are made
/// as they are asked for; memory does not grow with the length of the drive.
#[derive(Debug)]
pub struct Simulation {
    scenario: Scenario,
    queue: Queue,
    ready: VecDeque<SimulatedEvent>,
    end_ns: i64,
    radios: Vec<RadioState>,
    /// Weakest mean power in dBm that any radio can decode at the lowest rate.
    floor_dbm: f64,
    busy_until_ns: BTreeMap<u16, i64>,
    bsses: Vec<BssState>,
    clients: Vec<ClientState>,
    receiver: Receiver,
    aggregate: u32,
    traffic: ChaCha8Rng,
    air: ChaCha8Rng,
    tally: Tally,
}

/// A generator for one purpose.
fn generator(scenario: &Scenario, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(scenario.seed);
    random.set_stream(stream);
    random
}

impl Simulation {
    /// Begins at the start of `scenario`.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let scenario = scenario.clone();
        let mut traffic = generator(&scenario, streams::TRAFFIC);
        let mut air = generator(&scenario, streams::RECEPTION);
        let radios: Vec<RadioState> =
            scenario.file.radio.iter().map(|radio| RadioState::new(radio, &mut air)).collect();
        let floor_dbm = radios
            .iter()
            .map(|radio| radio.noise_floor_dbm - radio.gain_dbi + Rate::LEAST_SNR_DB)
            .fold(f64::INFINITY, f64::min);
        let link = Link { mean_dbm: f64::NEG_INFINITY, frequency_mhz: 0, until_ns: i64::MIN };
        let bsses = scenario
            .town
            .bsses
            .iter()
            .map(|bss| {
                let interval_us = u64::from(bss.network.beacon_interval_tu) * 1024;
                BssState {
                    link,
                    beacon_number: bss.tsf_us.div_ceil(interval_us),
                    sequence: traffic.random_range(0..4096),
                    data_sequence: traffic.random_range(0..4096),
                    packet: traffic.random_range(1..1 << 24),
                }
            })
            .collect();
        let clients = scenario
            .town
            .clients
            .iter()
            .map(|_| ClientState {
                link,
                sequence: traffic.random_range(0..4096),
                data_sequence: traffic.random_range(0..4096),
                packet: traffic.random_range(1..1 << 20),
                sleeping: false,
            })
            .collect();
        let mut simulation = Self {
            queue: Queue::default(),
            ready: VecDeque::new(),
            end_ns: i64::try_from(scenario.duration.as_nanos()).unwrap_or(i64::MAX),
            radios,
            floor_dbm,
            busy_until_ns: BTreeMap::new(),
            bsses,
            clients,
            receiver: Receiver::new(generator(&scenario, streams::POSITION)),
            aggregate: 0,
            traffic,
            air,
            tally: Tally::new(&scenario),
            scenario,
        };
        simulation.put_in_first();
        simulation
    }

    fn put_in_first(&mut self) {
        for radio in 0..self.radios.len() {
            self.queue.push(0, Due::Listen(radio));
        }
        self.queue.push(0, Due::Epoch);
        for bss in 0..self.bsses.len() {
            self.queue.push(self.beacon_time_ns(bss), Due::Beacon(bss));
        }
        for client in 0..self.clients.len() {
            let first = self.traffic.random_range(0..20_000_000_000);
            self.queue.push(first, Due::Client(client));
        }
    }

    /// The truth about the town, and about what has been put out so far.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.tally.truth(&self.scenario)
    }

    /// The scenario that is played.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    fn time(&self, at_ns: i64) -> Timestamp {
        let since = Duration::from_nanos(u64::try_from(at_ns).unwrap_or(0));
        self.scenario.start.saturating_add(since)
    }

    fn put_out(&mut self, at_ns: i64, kind: SimulatedKind) {
        let time = self.time(at_ns);
        self.ready.push_back(SimulatedEvent { time, kind });
    }

    fn handle(&mut self, now_ns: i64, due: Due) {
        match due {
            Due::Leave(radio) => self.leave(now_ns, radio),
            Due::Listen(radio) => self.listen(now_ns, radio),
            Due::Epoch => self.epoch(now_ns),
            Due::Sentence(sentence) => self.put_out(now_ns, SimulatedKind::Nmea { sentence }),
            Due::Beacon(bss) => self.beacon(now_ns, bss),
            Due::LateBeacon(bss, since_ns) => self.send_beacon(now_ns, bss, since_ns),
            Due::Client(client) => self.client(now_ns, client),
            Due::Probe { client, address, channel, frequency_mhz, named } => {
                self.probe(now_ns, client, address, channel, frequency_mhz, named);
            }
            Due::Exchange(exchange) => self.exchange(now_ns, exchange),
            Due::Transmission(transmission) => self.receive(now_ns, &transmission),
        }
    }

    fn leave(&mut self, now_ns: i64, radio: usize) {
        if let Some(state) = self.radios.get_mut(radio) {
            state.frequency_mhz = None;
            self.queue.push(now_ns + state.switch_ns, Due::Listen(radio));
        }
    }

    fn listen(&mut self, now_ns: i64, radio: usize) {
        let Some(state) = self.radios.get_mut(radio) else { return };
        let Some((frequency_mhz, leaves)) = state.listen(now_ns) else { return };
        let width_mhz = state.width_mhz;
        if let Some(leaves) = leaves {
            self.queue.push(leaves, Due::Leave(radio));
        }
        let radio = RadioId(u8::try_from(radio).unwrap_or(u8::MAX));
        self.put_out(now_ns, SimulatedKind::Tune { radio, frequency_mhz, width_mhz });
    }

    fn epoch(&mut self, now_ns: i64) {
        let file = &self.scenario.file;
        let gps = &file.gps;
        let report = self.receiver.epoch(
            gps,
            &self.scenario.town,
            file.town.altitude_m,
            &self.scenario.track,
            self.scenario.start,
        );
        self.tally.note_epoch(report.time, self.receiver.outage());
        let mut at_ns = now_ns + i64::from(gps.delay_ms) * 1_000_000;
        for sentence in nmea::sentences(&report) {
            self.queue.push(at_ns, Due::Sentence(sentence));
            at_ns += SENTENCE_NS;
        }
        let next_ns = (self.receiver.next_epoch_secs(gps) * 1e9) as i64;
        self.queue.push(next_ns, Due::Epoch);
    }

    /// True when a radio listens on the channel now.
    fn somebody_listens(&self, frequency_mhz: u16) -> bool {
        self.radios.iter().any(|radio| radio.frequency_mhz == Some(frequency_mhz))
    }

    /// Nanoseconds until a radio listens on the channel; 0 while one does.
    fn until_somebody_listens_ns(&self, frequency_mhz: u16, now_ns: i64) -> i64 {
        let waits = self.radios.iter().map(|radio| radio.until_listening_ns(frequency_mhz, now_ns));
        waits.min().unwrap_or(i64::MAX)
    }

    /// Mean power of an emitter at the sensor, looked up again when `link` is out of date.
    fn power(&self, link: Link, emitter: &Emitter, frequency_mhz: u16, now_ns: i64) -> Link {
        if now_ns < link.until_ns && link.frequency_mhz == frequency_mhz {
            return link;
        }
        let place = self.scenario.track.at(now_ns as f64 / 1e9).point;
        let mean_dbm = mean_power_dbm(
            &self.scenario.town,
            &self.scenario.file.propagation,
            emitter,
            frequency_mhz,
            place,
            self.floor_dbm - FAR_DB,
        );
        // Far emitters are looked up less often.
        let near = mean_dbm > self.floor_dbm - FAR_DB / 2.0;
        let until_ns = now_ns + if near { LINK_NS } else { 3 * LINK_NS };
        Link { mean_dbm, frequency_mhz, until_ns }
    }

    fn bss_power(&mut self, at: usize, now_ns: i64) -> f64 {
        let (Some(bss), Some(state)) = (self.scenario.town.bsses.get(at), self.bsses.get(at))
        else {
            return f64::NEG_INFINITY;
        };
        let link =
            self.power(state.link, &bss.emitter, bss.network.operating.frequency_mhz, now_ns);
        if let Some(state) = self.bsses.get_mut(at) {
            state.link = link;
        }
        link.mean_dbm
    }

    fn client_power(&mut self, at: usize, frequency_mhz: u16, now_ns: i64) -> f64 {
        let (Some(client), Some(state)) =
            (self.scenario.town.clients.get(at), self.clients.get(at))
        else {
            return f64::NEG_INFINITY;
        };
        let link = self.power(state.link, &client.emitter, frequency_mhz, now_ns);
        if let Some(state) = self.clients.get_mut(at) {
            state.link = link;
        }
        link.mean_dbm
    }

    /// When the beacon that is next is due, by the BSS's own timer.
    fn beacon_time_ns(&self, at: usize) -> i64 {
        let (Some(bss), Some(state)) = (self.scenario.town.bsses.get(at), self.bsses.get(at))
        else {
            return i64::MAX;
        };
        let due_us = state.beacon_number * u64::from(bss.network.beacon_interval_tu) * 1024;
        let left_us = due_us.saturating_sub(bss.tsf_us) as f64;
        (left_us * 1000.0 / (1.0 + bss.drift_ppm * 1e-6)) as i64
    }

    fn beacon(&mut self, now_ns: i64, at: usize) {
        let power = self.bss_power(at, now_ns);
        let Some(bss) = self.scenario.town.bsses.get(at) else { return };
        let frequency_mhz = bss.network.operating.frequency_mhz;
        let needed = self.floor_dbm - Rate::LEAST_SNR_DB + bss.beacon_rate.needed_snr_db();
        let far = power < self.floor_dbm - FAR_DB;
        // Beacons that nobody listens to are counted, not made: on to the next that may be heard,
        // but the power is looked at again before long.
        let idle_ns = self.until_somebody_listens_ns(frequency_mhz, now_ns);
        let interval_ns = i64::from(bss.network.beacon_interval_tu) * 1_024_000;
        let (longest_ns, idle_ns) = if far { (FAR_NS, FAR_NS) } else { (IDLE_NS, idle_ns) };
        let steps = u64::try_from(idle_ns.min(longest_ns) / interval_ns).unwrap_or(0).max(1);
        if power >= needed {
            self.tally.note_decodable(at, steps);
        }
        let Some(state) = self.bsses.get_mut(at) else { return };
        state.beacon_number += steps;
        if idle_ns == 0 {
            self.send_beacon(now_ns, at, now_ns);
        } else {
            let passed = u16::try_from(steps & 0x0fff).unwrap_or(0);
            state.sequence = state.sequence.wrapping_add(passed) & 0x0fff;
        }
        self.queue.push(self.beacon_time_ns(at), Due::Beacon(at));
    }

    /// Sends a beacon, or waits while the channel is busy.
    fn send_beacon(&mut self, now_ns: i64, at: usize, since_ns: i64) {
        let Some(bss) = self.scenario.town.bsses.get(at) else { return };
        let frequency_mhz = bss.network.operating.frequency_mhz;
        if let Some(later_ns) = self.wait_for_channel(frequency_mhz, now_ns) {
            if later_ns - since_ns < BEACON_PATIENCE_NS {
                self.queue.push(later_ns, Due::LateBeacon(at, since_ns));
            }
            return;
        }
        let Some(bss) = self.scenario.town.bsses.get(at) else { return };
        let tsf_us = self.timestamp_us(at, now_ns, bss.beacon_rate);
        let Some(state) = self.bsses.get_mut(at) else { return };
        state.sequence = state.sequence.wrapping_add(1) & 0x0fff;
        let period = u64::from(bss.network.dtim_period.max(1));
        let dtim_count = (period - state.beacon_number % period) % period;
        let moment = BeaconMoment {
            tsf_us,
            sequence: state.sequence,
            dtim_count: u8::try_from(dtim_count).unwrap_or(0),
            station_count: bss.stations,
            utilization: bss.utilization.saturating_add(self.traffic.random_range(0..12)),
        };
        let mut mpdu = Vec::with_capacity(bss.beacon.length());
        bss.beacon.push(&mut mpdu, &moment);
        let transmission = Transmission {
            sender: Sender::Bss(at),
            frequency_mhz,
            rate: bss.beacon_rate,
            mpdu,
            aggregate: None,
            color: bss.network.color,
            beacon: true,
            stamped: false,
        };
        self.busy_until_ns.insert(frequency_mhz, now_ns + transmission.airtime_ns());
        self.receive(now_ns, &transmission);
    }

    /// `None` when the channel is free; otherwise when to try again: after it gets free, the
    /// distributed interframe space and a random number of slots (10.3.3).
    fn wait_for_channel(&mut self, frequency_mhz: u16, now_ns: i64) -> Option<i64> {
        let busy_until_ns = self.busy_until_ns.get(&frequency_mhz).copied().unwrap_or(i64::MIN);
        (busy_until_ns > now_ns).then(|| {
            let slots: i64 = self.traffic.random_range(0..16);
            busy_until_ns + exchange::sifs_ns(frequency_mhz) + (2 + slots) * 9_000
        })
    }

    /// Starts an exchange, or waits while the channel is busy.
    fn exchange(&mut self, now_ns: i64, exchange: Box<Exchange>) {
        if let Some(later_ns) = self.wait_for_channel(exchange.frequency_mhz, now_ns) {
            if later_ns < exchange.give_up_ns {
                self.queue.push(later_ns, Due::Exchange(exchange));
            }
            return;
        }
        let Exchange { frequency_mhz, frames, mut then, .. } = *exchange;
        let mut at_ns = now_ns;
        for (gap_ns, mut frame) in frames {
            // The later frames of an aggregate have no preamble of their own: they begin where the
            // one before ends, though their airtime is counted with one.
            let start_ns = at_ns + gap_ns;
            at_ns = start_ns + frame.airtime_ns();
            if let (true, Sender::Bss(at)) = (frame.stamped, frame.sender) {
                stamp(&mut frame.mpdu, self.timestamp_us(at, start_ns, frame.rate));
            }
            self.queue.push(start_ns, Due::Transmission(Box::new(frame)));
        }
        self.busy_until_ns.insert(frequency_mhz, at_ns);
        if let Some((pause_ns, mut next)) = then.pop_front() {
            next.then = then;
            self.begin(at_ns + pause_ns, next);
        }
    }

    /// Timer of a BSS at the first bit of the timestamp field of a frame whose preamble begins at
    /// `start_ns`: after preamble and header.
    fn timestamp_us(&self, at: usize, start_ns: i64, rate: Rate) -> u64 {
        let Some(bss) = self.scenario.town.bsses.get(at) else { return 0 };
        let field_us = start_ns as f64 / 1000.0 + rate.preamble_us() + 24.0 * 8.0 / rate.mbps();
        bss.tsf_us + (field_us * (1.0 + bss.drift_ppm * 1e-6)) as u64
    }

    /// A frame is on the air: every radio that listens and hears it well enough puts it out.
    fn receive(&mut self, now_ns: i64, transmission: &Transmission) {
        let end_ns = now_ns + transmission.airtime_ns();
        let frequency_mhz = transmission.frequency_mhz;
        let width_mhz = transmission.rate.width_mhz();
        if !self.radios.iter().any(|radio| radio.hears(frequency_mhz, width_mhz, end_ns)) {
            return;
        }
        let (mean_dbm, uplink) = match transmission.sender {
            Sender::Bss(at) => (self.bss_power(at, now_ns), false),
            Sender::Client(at, _) => (self.client_power(at, frequency_mhz, now_ns), true),
        };
        if mean_dbm < self.floor_dbm - FAR_DB {
            return;
        }
        let k_db = self.scenario.file.propagation.fading_k_db;
        let needed_db = transmission.rate.needed_snr_db();
        for index in 0..self.radios.len() {
            let Some(radio) = self.radios.get(index) else { continue };
            if !radio.hears(frequency_mhz, width_mhz, end_ns) {
                continue;
            }
            let power_dbm = mean_dbm + radio.gain_dbi + fading_db(k_db, &mut self.air);
            let margin_db = power_dbm - radio.noise_floor_dbm - needed_db;
            let levels = radio.levels(power_dbm, &mut self.air);
            if !self.air.random_bool(RadioState::decode_probability(margin_db)) {
                continue;
            }
            let header = reception(radio, transmission, now_ns, levels, uplink);
            let mut bytes = Vec::with_capacity(48 + transmission.mpdu.len());
            push_radiotap(&mut bytes, &header);
            bytes.extend_from_slice(&transmission.mpdu);
            self.tally.note_frame(transmission.sender, transmission.beacon, levels.0);
            let radio = RadioId(u8::try_from(index).unwrap_or(u8::MAX));
            self.put_out(now_ns, SimulatedKind::Frame { radio, bytes });
        }
    }
}

/// Writes the timestamp of a probe response and closes the frame anew.
fn stamp(mpdu: &mut Vec<u8>, tsf_us: u64) {
    if let Some(field) = mpdu.get_mut(24..32) {
        field.copy_from_slice(&tsf_us.to_le_bytes());
        mpdu.truncate(mpdu.len() - 4);
        append_fcs(mpdu);
    }
}

impl Iterator for Simulation {
    type Item = SimulatedEvent;

    fn next(&mut self) -> Option<SimulatedEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let (now_ns, due) = self.queue.pop()?;
            if now_ns > self.end_ns {
                return None;
            }
            self.handle(now_ns, due);
        }
    }
}

#[cfg(test)]
mod tests;
