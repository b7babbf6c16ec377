//! Frame exchanges: frames that follow each other on the channel with short gaps
//! (IEEE Std 802.11-2020, 10.3.2.3 and 10.3.2.9).

use crate::frame::control::{ack, block_ack, cts, rts};
use crate::frame::data::{Direction, Fields, data};
use crate::frame::rate::Rate;
use crate::frame::{authentication, data as data_frames};
use crate::town::Bss;
use pw_model::{Band, MacAddr};
use rand::Rng;
use std::collections::VecDeque;

/// Short interframe space in nanoseconds: 10 µs at 2.4 GHz, 16 µs elsewhere.
pub(crate) const fn sifs_ns(frequency_mhz: u16) -> i64 {
    if frequency_mhz < 3000 { 10_000 } else { 16_000 }
}

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sender {
    /// BSS by index.
    Bss(usize),
    /// Client by index, with the address it uses.
    Client(usize, MacAddr),
}

/// A frame on the air.
#[derive(Clone, Debug)]
pub(crate) struct Transmission {
    /// Who sends.
    pub(crate) sender: Sender,
    /// Channel, MHz.
    pub(crate) frequency_mhz: u16,
    /// Rate.
    pub(crate) rate: Rate,
    /// The frame with its frame check sequence.
    pub(crate) mpdu: Vec<u8>,
    /// Number of the A-MPDU and whether this is its last frame.
    pub(crate) aggregate: Option<(u32, bool)>,
    /// BSS colour.
    pub(crate) color: u8,
    /// A beacon, for the count.
    pub(crate) beacon: bool,
    /// A probe response: its timestamp is written when it is sent.
    pub(crate) stamped: bool,
}

impl Transmission {
    /// Time on the air in nanoseconds.
    pub(crate) fn airtime_ns(&self) -> i64 {
        self.rate.airtime_ns(self.mpdu.len())
    }
}

/// Frames with the gap in front of each, all on one channel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange {
    /// Channel, MHz.
    pub(crate) frequency_mhz: u16,
    /// Gap in nanoseconds from the end of the frame before to the start of this one; negative within
    /// an aggregate, whose later frames share the preamble.
    pub(crate) frames: Vec<(i64, Transmission)>,
    /// Until when it may wait for the channel; later it is dropped, and what follows with it.
    pub(crate) give_up_ns: i64,
    /// What follows it, each with the pause in nanoseconds after the one before.
    pub(crate) then: VecDeque<(i64, Exchange)>,
}

/// The two ends of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// The BSS's index.
    pub(crate) bss: usize,
    /// The client's index.
    pub(crate) client: usize,
    /// The client's address.
    pub(crate) station: MacAddr,
}

impl Ends {
    fn sender(&self, direction: Direction) -> Sender {
        match direction {
            Direction::ToAccessPoint => Sender::Client(self.client, self.station),
            Direction::FromAccessPoint => Sender::Bss(self.bss),
        }
    }

    fn other(&self, direction: Direction) -> Sender {
        match direction {
            Direction::ToAccessPoint => Sender::Bss(self.bss),
            Direction::FromAccessPoint => Sender::Client(self.client, self.station),
        }
    }
}

/// A burst of data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burst {
    /// Rate of the data.
    pub(crate) rate: Rate,
    /// Sequence number of the first frame.
    pub(crate) first_sequence: u16,
    /// Number of the first frame under its key.
    pub(crate) packet: u64,
    /// Number of the aggregate.
    pub(crate) aggregate: u32,
    /// How many frames.
    pub(crate) count: u16,
}

/// Rate of control and management frames: the lowest basic rate, faster for answers to fast frames.
pub(crate) fn management_rate(band: Band) -> Rate {
    if band == Band::Ghz2_4 { Rate::Dsss(2) } else { Rate::Ofdm(12) }
}

fn answer_rate(band: Band, rate: Rate) -> Rate {
    match rate {
        Rate::Dsss(_) => management_rate(band),
        Rate::Ofdm(speed) if speed < 48 => Rate::Ofdm(12),
        _ => Rate::Ofdm(48),
    }
}

/// Microseconds that gap and answer take after a frame, for its duration field.
pub(crate) fn answer_us(band: Band, frequency_mhz: u16, rate: Rate) -> u16 {
    let ns = sifs_ns(frequency_mhz) + answer_rate(band, rate).airtime_ns(14);
    u16::try_from((ns + 999) / 1000).unwrap_or(32_767)
}

impl Exchange {
    pub(crate) fn new(frequency_mhz: u16) -> Self {
        Self { frequency_mhz, frames: Vec::new(), give_up_ns: i64::MAX, then: VecDeque::new() }
    }

    fn push(&mut self, gap_ns: i64, sender: Sender, rate: Rate, mpdu: Vec<u8>, color: u8) {
        self.frames.push((
            gap_ns,
            Transmission {
                sender,
                frequency_mhz: self.frequency_mhz,
                rate,
                mpdu,
                aggregate: None,
                color,
                beacon: false,
                stamped: false,
            },
        ));
    }

    /// Appends a frame of a sender that belongs to no network.
    pub(crate) fn push_single(&mut self, sender: Sender, rate: Rate, mpdu: Vec<u8>) {
        self.push(0, sender, rate, mpdu, 0);
    }

    /// A frame alone, not acknowledged.
    pub(crate) fn single(bss: &Bss, sender: Sender, rate: Rate, mpdu: Vec<u8>) -> Self {
        let mut exchange = Self::new(bss.network.operating.frequency_mhz);
        exchange.push(0, sender, rate, mpdu, bss.network.color);
        exchange
    }

    /// A frame to one station and its acknowledgement by the other end.
    pub(crate) fn acknowledged(
        bss: &Bss,
        ends: Ends,
        direction: Direction,
        rate: Rate,
        mpdu: Vec<u8>,
    ) -> Self {
        let network = &bss.network;
        let mut exchange = Self::new(network.operating.frequency_mhz);
        exchange.push(0, ends.sender(direction), rate, mpdu, network.color);
        let to = match direction {
            Direction::ToAccessPoint => ends.station,
            Direction::FromAccessPoint => network.bssid,
        };
        let gap = sifs_ns(exchange.frequency_mhz);
        let answer = answer_rate(network.band(), rate);
        exchange.push(gap, ends.other(direction), answer, ack(to), 0);
        exchange
    }

    /// A burst of protected data: RTS, CTS, an aggregate and its block acknowledgement where both
    /// ends have HT; one frame and its acknowledgement otherwise.
    pub(crate) fn burst(
        bss: &Bss,
        ends: Ends,
        direction: Direction,
        burst: Burst,
        random: &mut impl Rng,
    ) -> Self {
        let Burst { rate, first_sequence, packet, aggregate, count } = burst;
        let network = &bss.network;
        let band = network.band();
        let frequency_mhz = network.operating.frequency_mhz;
        let gap = sifs_ns(frequency_mhz);
        let length = |random: &mut dyn rand::RngCore| -> usize {
            if random.random_bool(0.6) {
                random.random_range(1200..1460)
            } else {
                random.random_range(40..400)
            }
        };
        let ack_us = answer_us(band, frequency_mhz, rate);
        if matches!(rate, Rate::Dsss(_) | Rate::Ofdm(_)) || count < 2 {
            let size = length(random);
            let fields =
                Fields { duration_us: ack_us, sequence: first_sequence, packet, length: size };
            let mpdu = data(network, ends.station, direction, fields, random);
            return Self::acknowledged(bss, ends, direction, rate, mpdu);
        }
        let mut exchange = Self::new(frequency_mhz);
        let control = Rate::Ofdm(48);
        let block_ack_ns = gap + control.airtime_ns(32);
        let block_ack_us = u16::try_from(block_ack_ns / 1000).unwrap_or(0);
        let mut mpdus = Vec::with_capacity(usize::from(count));
        for (number, step) in (0..count).zip(0u64..) {
            let size = length(random);
            let sequence = first_sequence.wrapping_add(number);
            let fields =
                Fields { duration_us: block_ack_us, sequence, packet: packet + step, length: size };
            mpdus.push(data(network, ends.station, direction, fields, random));
        }
        let total: usize = mpdus.iter().map(Vec::len).sum();
        let whole_ns = 2 * gap + control.airtime_ns(14) + rate.airtime_ns(total) + block_ack_ns;
        let (from, to) = match direction {
            Direction::ToAccessPoint => (ends.station, network.bssid),
            Direction::FromAccessPoint => (network.bssid, ends.station),
        };
        let us = |ns: i64| u16::try_from(ns / 1000).unwrap_or(32_767);
        exchange.push(0, ends.sender(direction), control, rts(to, from, us(whole_ns)), 0);
        let after_cts_ns = whole_ns - gap - control.airtime_ns(14);
        exchange.push(gap, ends.other(direction), control, cts(from, us(after_cts_ns)), 0);
        let last = mpdus.len().saturating_sub(1);
        let preamble_ns = (rate.preamble_us() * 1000.0) as i64;
        for (at, mpdu) in mpdus.into_iter().enumerate() {
            let gap_ns = if at == 0 { gap } else { -preamble_ns };
            exchange.push(gap_ns, ends.sender(direction), rate, mpdu, network.color);
            if let Some((_, frame)) = exchange.frames.last_mut() {
                frame.aggregate = Some((aggregate, at == last));
            }
        }
        let answer = block_ack(from, to, first_sequence, u32::from(count));
        exchange.push(gap, ends.other(direction), control, answer, 0);
        exchange
    }

    /// Null data of the station, telling that it sleeps or wakes, and the acknowledgement.
    pub(crate) fn null(bss: &Bss, ends: Ends, sleeping: bool, sequence: u16) -> Self {
        let network = &bss.network;
        let rate = if network.band() == Band::Ghz2_4 && !network.generation.ht() {
            Rate::Dsss(22)
        } else {
            Rate::Ofdm(48)
        };
        let duration = answer_us(network.band(), network.operating.frequency_mhz, rate);
        let mpdu = data_frames::null(network, ends.station, sleeping, duration, sequence);
        Self::acknowledged(bss, ends, Direction::ToAccessPoint, rate, mpdu)
    }

    /// A deauthentication from either end and the acknowledgement.
    pub(crate) fn deauthentication(
        bss: &Bss,
        ends: Ends,
        direction: Direction,
        reason: u16,
        sequence: u16,
    ) -> Self {
        let network = &bss.network;
        let rate = management_rate(network.band());
        let duration = answer_us(network.band(), network.operating.frequency_mhz, rate);
        let (from, to) = match direction {
            Direction::ToAccessPoint => (ends.station, network.bssid),
            Direction::FromAccessPoint => (network.bssid, ends.station),
        };
        let addresses = authentication::between(from, to, network.bssid);
        let mpdu = authentication::deauthentication(addresses, reason, duration, sequence);
        Self::acknowledged(bss, ends, direction, rate, mpdu)
    }
}
