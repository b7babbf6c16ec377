//! What clients do: look around, join, send, sleep, leave.

use super::exchange::{Burst, Ends, Exchange, Sender, answer_us, management_rate};
use super::join::{Counters, join};
use super::queue::Due;
use super::{FAR_DB, Simulation};
use crate::frame::beacon::{BeaconMoment, probe_response};
use crate::frame::data::{Direction, Fields, data};
use crate::frame::network::Protection;
use crate::frame::probe::probe_request;
use crate::frame::rate::Rate;
use crate::town::{Bss, Client, Identity};
use pw_model::{Band, Channel, MacAddr, Ssid};
use rand::Rng;
use std::collections::VecDeque;
use std::sync::Arc;

/// Mean time between two actions of a joined client.
const JOINED_SECS: f64 = 1.0;
/// Mean time between two scans of a client that is joined to nothing.
const SCAN_SECS: f64 = 25.0;
/// Time a scan stays on one channel.
const SCAN_STEP_NS: i64 = 25_000_000;
/// An access point farther from a client than this does not hear its probe request.
const PROBE_RANGE_M: f64 = 70.0;
/// Most answers to one probe request.
const MOST_ANSWERS: usize = 6;
/// An exchange that could not start for so long is dropped.
const PATIENCE_NS: i64 = 60_000_000;

/// What a joined client does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Data,
    Sleep,
    Group,
    Scan,
    Join,
    Leave,
}

impl Simulation {
    /// A client's turn.
    pub(super) fn client(&mut self, now_ns: i64, at: usize) {
        let town = Arc::clone(&self.scenario.town);
        let Some(client) = town.clients.get(at) else { return };
        let home = client.home.and_then(|home| town.bsses.get(home));
        let mean_secs = if home.is_some() { JOINED_SECS } else { SCAN_SECS };
        let wait_secs = -mean_secs * (1.0 - self.traffic.random::<f64>()).ln();
        self.queue.push(now_ns + ((wait_secs + 0.02) * 1e9) as i64, Due::Client(at));
        let frequency_mhz = home.map_or(2437, |bss| bss.network.operating.frequency_mhz);
        if self.client_power(at, frequency_mhz, now_ns) < self.floor_dbm - FAR_DB {
            return;
        }
        let (Some(bss), Some(home)) = (home, client.home) else {
            self.scan(now_ns, at, client);
            return;
        };
        let Identity::Kept(station) = client.identity else { return };
        let action = match self.traffic.random_range(0..100) {
            0..58 => Action::Data,
            58..82 => Action::Sleep,
            82..91 => Action::Group,
            91..96 => Action::Scan,
            96..99 => Action::Join,
            _ => Action::Leave,
        };
        if action == Action::Scan {
            self.scan(now_ns, at, client);
        } else if self.somebody_listens(frequency_mhz) {
            let ends = Ends { bss: home, client: at, station };
            self.act(now_ns, action, bss, client, ends);
        } else {
            // Unheard, but the counters move on.
            let skipped = self.traffic.random_range(1..12);
            if let Some(state) = self.clients.get_mut(at) {
                state.data_sequence = state.data_sequence.wrapping_add(skipped) & 0x0fff;
                state.packet += u64::from(skipped);
            }
        }
    }

    fn act(&mut self, now_ns: i64, action: Action, bss: &Bss, client: &Client, ends: Ends) {
        match action {
            Action::Data => self.send_data(now_ns, bss, client, ends),
            Action::Sleep => {
                let Some(state) = self.clients.get_mut(ends.client) else { return };
                state.sleeping = !state.sleeping;
                state.sequence = state.sequence.wrapping_add(1) & 0x0fff;
                let exchange = Exchange::null(bss, ends, state.sleeping, state.sequence);
                self.begin(now_ns, exchange);
            }
            Action::Group => self.send_to_group(now_ns, bss, ends),
            Action::Join => self.join(now_ns, bss, client, ends),
            Action::Leave => self.part(now_ns, bss, ends),
            Action::Scan => {}
        }
    }

    /// Puts an exchange in, to be dropped when the channel stays busy.
    pub(super) fn begin(&mut self, at_ns: i64, mut exchange: Exchange) {
        exchange.give_up_ns = at_ns + PATIENCE_NS;
        self.queue.push(at_ns, Due::Exchange(Box::new(exchange)));
    }

    fn send_data(&mut self, now_ns: i64, bss: &Bss, client: &Client, ends: Ends) {
        let rate = data_rate(bss, client, &mut self.traffic);
        let down = self.traffic.random_bool(0.65);
        let direction = if down { Direction::FromAccessPoint } else { Direction::ToAccessPoint };
        let count = self.traffic.random_range(1..=8u16);
        self.aggregate = self.aggregate.wrapping_add(1);
        let (Some(station), Some(point)) =
            (self.clients.get_mut(ends.client), self.bsses.get_mut(ends.bss))
        else {
            return;
        };
        let (sequence, packet) = if down {
            (&mut point.data_sequence, &mut point.packet)
        } else {
            (&mut station.data_sequence, &mut station.packet)
        };
        let (first, first_packet) = (*sequence, *packet);
        *sequence = sequence.wrapping_add(count) & 0x0fff;
        *packet += u64::from(count);
        let burst = Burst {
            rate,
            first_sequence: first,
            packet: first_packet,
            aggregate: self.aggregate,
            count,
        };
        let exchange = Exchange::burst(bss, ends, direction, burst, &mut self.traffic);
        self.begin(now_ns, exchange);
    }

    /// A broadcast by the access point, not acknowledged, at the lowest basic rate.
    fn send_to_group(&mut self, now_ns: i64, bss: &Bss, ends: Ends) {
        let Some(state) = self.bsses.get_mut(ends.bss) else { return };
        state.sequence = state.sequence.wrapping_add(1) & 0x0fff;
        state.packet += 1;
        let length = self.traffic.random_range(28..160);
        let (sequence, packet) = (state.sequence, state.packet);
        let fields = Fields { duration_us: 0, sequence, packet, length };
        let direction = Direction::FromAccessPoint;
        let mpdu = data(&bss.network, MacAddr::BROADCAST, direction, fields, &mut self.traffic);
        let rate = management_rate(bss.network.band());
        self.begin(now_ns, Exchange::single(bss, Sender::Bss(ends.bss), rate, mpdu));
    }

    fn join(&mut self, now_ns: i64, bss: &Bss, client: &Client, ends: Ends) {
        let (Some(station), Some(point)) =
            (self.clients.get_mut(ends.client), self.bsses.get_mut(ends.bss))
        else {
            return;
        };
        let counters = Counters { bss: &mut point.sequence, client: &mut station.sequence };
        let mut exchanges = join(bss, client, ends, counters, &mut self.traffic);
        if let Some((pause_ns, mut first)) = exchanges.pop_front() {
            first.then = exchanges;
            self.begin(now_ns + pause_ns, first);
        }
    }

    /// The client leaves in the open, which protected management frames would encrypt.
    fn part(&mut self, now_ns: i64, bss: &Bss, ends: Ends) {
        if bss.network.protection.requires_pmf() {
            return;
        }
        // 3: the station leaves; 4: the access point ends an idle association.
        let (direction, reason) = if self.traffic.random_bool(0.7) {
            (Direction::ToAccessPoint, 3)
        } else {
            (Direction::FromAccessPoint, 4)
        };
        let (Some(station), Some(point)) =
            (self.clients.get_mut(ends.client), self.bsses.get_mut(ends.bss))
        else {
            return;
        };
        let counter = match direction {
            Direction::ToAccessPoint => &mut station.sequence,
            Direction::FromAccessPoint => &mut point.sequence,
        };
        *counter = counter.wrapping_add(1) & 0x0fff;
        let exchange = Exchange::deauthentication(bss, ends, direction, reason, *counter);
        self.begin(now_ns, exchange);
    }

    /// A scan: probe requests channel after channel, with one address.
    fn scan(&mut self, now_ns: i64, at: usize, client: &Client) {
        let address = match client.identity {
            Identity::Kept(address) => address,
            Identity::Rotating => {
                let mut octets: [u8; 6] = self.traffic.random();
                // Individual, locally administered.
                octets[0] = octets[0] & 0xfc | 0x02;
                MacAddr(octets)
            }
        };
        if let (Identity::Rotating, Some(state)) = (client.identity, self.clients.get_mut(at)) {
            // A new address starts a new count.
            state.sequence = self.traffic.random_range(0..4096);
        }
        let named = (!client.asks_for.is_empty())
            .then(|| self.traffic.random_range(0..client.asks_for.len()));
        let low = (1..=13).map(|number| Channel { band: Band::Ghz2_4, number });
        let high = [36, 40, 44, 48].map(|number| Channel { band: Band::Ghz5, number });
        let both = client.ability.generation.vht();
        let channels = low.chain(high.into_iter().filter(|_| both));
        for (step, channel) in (0i64..).zip(channels) {
            let Some(frequency_mhz) = channel.frequency_mhz() else { continue };
            let when_ns = now_ns + step * SCAN_STEP_NS + self.traffic.random_range(0..3_000_000);
            let probe = Due::Probe { client: at, address, channel, frequency_mhz, named };
            self.queue.push(when_ns, probe);
        }
    }

    /// One channel of a scan: a probe request for any network, one for a named network where the
    /// client has one in mind, and the answers.
    pub(super) fn probe(
        &mut self,
        now_ns: i64,
        at: usize,
        address: MacAddr,
        channel: Channel,
        frequency_mhz: u16,
        named: Option<usize>,
    ) {
        if !self.somebody_listens(frequency_mhz) {
            return;
        }
        let town = Arc::clone(&self.scenario.town);
        let Some(client) = town.clients.get(at) else { return };
        let wildcard = Ssid::default();
        let asked = named.and_then(|index| client.asks_for.get(index));
        let sender = Sender::Client(at, address);
        let rate = management_rate(channel.band);
        let mut exchanges = VecDeque::new();
        for ssid in std::iter::once(&wildcard).chain(asked) {
            let Some(state) = self.clients.get_mut(at) else { return };
            state.sequence = state.sequence.wrapping_add(1) & 0x0fff;
            let mpdu = probe_request(address, ssid, client.ability, channel, state.sequence);
            let mut request = Exchange::new(frequency_mhz);
            request.push_single(sender, rate, mpdu);
            exchanges.push_back((400_000, request));
        }
        let answering = town
            .bsses
            .iter()
            .enumerate()
            .filter(|(_, bss)| {
                bss.network.operating.frequency_mhz == frequency_mhz
                    && (!bss.network.hidden || asked == Some(&bss.network.ssid))
                    && bss.emitter.point.distance_m(client.emitter.point) < PROBE_RANGE_M
            })
            .take(MOST_ANSWERS);
        for (index, bss) in answering {
            let ends = Ends { bss: index, client: at, station: address };
            let pause_ns = self.traffic.random_range(200_000..2_000_000);
            exchanges.extend(self.answer(bss, ends).map(|answer| (pause_ns, answer)));
        }
        if let Some((_, mut first)) = exchanges.pop_front() {
            first.then = exchanges;
            self.begin(now_ns, first);
        }
    }

    /// A probe response with its acknowledgement; the timestamp is written when it is sent.
    fn answer(&mut self, bss: &Bss, ends: Ends) -> Option<Exchange> {
        let state = self.bsses.get_mut(ends.bss)?;
        state.sequence = state.sequence.wrapping_add(1) & 0x0fff;
        let moment = BeaconMoment {
            tsf_us: 0,
            sequence: state.sequence,
            dtim_count: 0,
            station_count: bss.stations,
            utilization: bss.utilization,
        };
        let network = &bss.network;
        let rate = management_rate(network.band());
        let duration = answer_us(network.band(), network.operating.frequency_mhz, rate);
        let mpdu = probe_response(network, ends.station, duration, &moment);
        let direction = Direction::FromAccessPoint;
        let mut exchange = Exchange::acknowledged(bss, ends, direction, rate, mpdu);
        if let Some((_, response)) = exchange.frames.first_mut() {
            response.stamped = true;
        }
        Some(exchange)
    }
}

/// A rate that both ends know; near each other, so mostly fast.
fn data_rate(bss: &Bss, client: &Client, random: &mut impl Rng) -> Rate {
    let network = &bss.network;
    let generation = network.generation.min(client.ability.generation);
    let streams = network.streams.min(client.ability.streams).max(1);
    let width = if network.band() == Band::Ghz2_4 {
        20
    } else {
        network.operating.width_mhz.min(client.ability.width_mhz)
    };
    // Part of the traffic goes narrow: old peers, busy secondary channels.
    let width_mhz = if random.random_bool(0.3) { 20 } else { width };
    let forbids_ht = network.protection.forbids_ht() || network.protection == Protection::Wep;
    if !generation.ht() || forbids_ht {
        let speeds = [24, 48, 72, 96, 108];
        let speed = speeds.get(random.random_range(0..speeds.len())).copied().unwrap_or(48);
        return Rate::Ofdm(speed);
    }
    if network.has_he() && generation.he() {
        return Rate::He { mcs: random.random_range(3..=11), streams, width_mhz };
    }
    let short_gi = random.random_bool(0.7);
    if network.has_vht() && generation.vht() {
        // MCS 9 does not exist at 20 MHz with one or two streams (21.5).
        let most = if width_mhz == 20 { 8 } else { 9 };
        let mcs = random.random_range(2..=most);
        return Rate::Vht { mcs, streams, width_mhz, short_gi };
    }
    let mcs = random.random_range(2..=7) + 8 * (streams.min(4) - 1);
    Rate::Ht { mcs, width_mhz: width_mhz.min(40), short_gi }
}
