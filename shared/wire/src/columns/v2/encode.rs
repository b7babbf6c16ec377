//! Writing of the columns.

use super::{Airtime, ColumnsV2, Context, Expected, Listening, at, bit, counts_apart, place_bit};
use crate::columns::{Place, Table, phy_number, put, put_detail, put_option, zigzag};
use pw_model::{MacAddr, Observation, Position};

/// Makes columns, again and again in the same memory.
#[derive(Default)]
pub(crate) struct ColumnsEncoder {
    columns: ColumnsV2,
    addresses: Table<u64>,
    advertisements: Table<u64>,
    expected: Expected,
}

impl ColumnsEncoder {
    /// The columns of these observations, valid until the next call.
    pub(crate) fn encode(&mut self, observations: &[Observation]) -> &ColumnsV2 {
        let base_time_ns = observations.first().map_or(0, |o| o.time.unix_ns());
        // Far enough from the ends of 64 bits that no step between two rows wraps.
        let is_whole = |ns: i64| ns % 1000 == 0 && ns.unsigned_abs() < 1 << 62;
        let whole_us = observations
            .iter()
            .all(|o| o.time.unix_ns().checked_sub(base_time_ns).is_some_and(is_whole));
        self.clear();
        self.columns.count = observations.len() as u32;
        self.columns.base_time_ns = base_time_ns;
        self.columns.time_unit_ns = if whole_us { 1000 } else { 1 };
        let mut last_time_ns = base_time_ns;
        for observation in observations {
            let time_ns = observation.time.unix_ns();
            let step_ns = time_ns.wrapping_sub(last_time_ns);
            last_time_ns = time_ns;
            // Both divisors are constants, which a processor multiplies by instead.
            let step = if whole_us { step_ns / 1000 } else { step_ns };
            self.row(observation, step);
        }
        let Self { columns, addresses, advertisements, .. } = self;
        columns.addresses.extend(addresses.items.iter().map(|a| MacAddr::from_u64(*a).0));
        columns.advertisements.extend_from_slice(&advertisements.items);
        columns
    }

    fn row(&mut self, o: &Observation, step: i64) {
        let Self { columns, addresses, advertisements, expected } = self;
        let columns = &mut columns.columns;
        put(&mut columns[at::TIME].0, zigzag(step));
        let transmitter = addresses.place_of(o.transmitter.map(MacAddr::to_u64));
        put(&mut columns[at::TRANSMITTER].0, transmitter);
        let sender = expected.sender(transmitter as usize);
        let same_kind = sender.last_kind == Some(o.kind.0);
        sender.last_kind = Some(o.kind.0);
        put(&mut columns[at::KIND].0, if same_kind { 0 } else { u64::from(o.kind.0) + 1 });
        let place = expected.context(transmitter as usize, o.kind.0);
        let was = expected.contexts[place];
        let receiver = addresses.place_of(o.receiver.map(MacAddr::to_u64));
        // In most frames the network is also the one that sends.
        let bssid = match o.bssid {
            bssid if bssid == o.transmitter => transmitter,
            bssid => addresses.place_of(bssid.map(MacAddr::to_u64)),
        };
        let like = Airtime {
            length: o.length,
            rate_100kbps: o.rate_100kbps,
            phy: o.phy,
            airtime_us: None,
        };
        let now = Context {
            flags: o.flags.0,
            receiver,
            bssid,
            rate_100kbps: o.rate_100kbps,
            phy: o.phy,
            length: o.length,
            airtime_us: o.airtime_us,
            advertisement: advertisements.place_of(o.advertisement.map(|a| a.0)),
            detail: o.detail,
            ..was
        };
        let mut differs = 0;
        let mut tell = |column: usize, differing: bool, write: &dyn Fn(&mut Vec<u8>)| {
            if differing {
                differs |= bit(column);
                write(&mut columns[column].0);
            }
        };
        tell(at::FLAGS, now.flags != was.flags, &|c| put(c, u64::from(now.flags)));
        tell(at::LENGTH, now.length != was.length, &|c| put(c, u64::from(now.length)));
        let airtime_us = expected.airtime_of(like, &was);
        tell(at::AIRTIME, now.airtime_us != airtime_us, &|c| {
            put_option(c, now.airtime_us.map(u64::from));
        });
        tell(at::RATE, now.rate_100kbps != was.rate_100kbps, &|c| {
            put_option(c, now.rate_100kbps.map(u64::from));
        });
        tell(at::RECEIVER, receiver != was.receiver, &|c| put(c, receiver));
        tell(at::PHY, now.phy != was.phy, &|c| put_option(c, now.phy.map(phy_number)));
        tell(at::ADVERTISEMENT, now.advertisement != was.advertisement, &|c| {
            put(c, now.advertisement);
        });
        let listening = *expected.listening(o.radio.0);
        tell(at::FREQUENCY, o.frequency_mhz != listening.frequency_mhz, &|c| {
            put_option(c, o.frequency_mhz.map(u64::from));
        });
        tell(at::RADIO, o.radio.0 != expected.radio, &|c| put(c, u64::from(o.radio.0)));
        tell(at::BSSID, bssid != was.bssid, &|c| put(c, bssid));
        tell(at::DETAIL, now.detail != was.detail, &|c| put_detail(c, now.detail));
        put(&mut columns[at::DIFFERS].0, differs);
        *expected.airtime(&like) = Airtime { airtime_us: o.airtime_us, ..like };
        let noise = o.noise_dbm.map(|dbm| zigzag(i64::from(dbm.wrapping_sub(listening.noise_dbm))));
        put_option(&mut columns[at::NOISE].0, noise);
        *expected.listening(o.radio.0) = Listening {
            frequency_mhz: o.frequency_mhz,
            noise_dbm: o.noise_dbm.unwrap_or(listening.noise_dbm),
        };
        expected.radio = o.radio.0;
        expected.note(place, now);
        self.signal_and_sequence(o, transmitter as usize, place);
        self.place(o.position.as_ref());
    }

    fn signal_and_sequence(&mut self, o: &Observation, transmitter: usize, context: usize) {
        let columns = &mut self.columns.columns;
        let sender = &mut self.expected.senders[transmitter];
        let step = o.signal_dbm.map(|dbm| zigzag(i64::from(dbm.wrapping_sub(sender.signal_dbm))));
        put_option(&mut columns[at::SIGNAL].0, step);
        sender.signal_dbm = o.signal_dbm.unwrap_or(sender.signal_dbm);
        let last = match counts_apart(o.kind.0) {
            true => &mut self.expected.contexts[context].sequence,
            false => &mut sender.sequence,
        };
        // Numbers go round at 4096, where the step is small again only in that arithmetic.
        let step = o.sequence.map(|sequence| match sequence < 4096 && *last < 4096 {
            true => u64::from(sequence.wrapping_sub(*last) % 4096),
            false => 4096 + u64::from(sequence),
        });
        put_option(&mut columns[at::SEQUENCE].0, step);
        *last = o.sequence.unwrap_or(*last);
    }

    fn place(&mut self, position: Option<&Position>) {
        let columns = &mut self.columns.columns;
        let Some(now) = position.map(Place::of) else {
            put(&mut columns[at::PLACE].0, 0);
            return;
        };
        let was = std::mem::replace(&mut self.expected.place, now);
        let mut bits = place_bit::KNOWN;
        if (now.lat_e7, now.lon_e7) != (was.lat_e7, was.lon_e7) {
            bits |= place_bit::MOVED;
            put(&mut columns[at::LATITUDE].0, zigzag(now.lat_e7.wrapping_sub(was.lat_e7)));
            put(&mut columns[at::LONGITUDE].0, zigzag(now.lon_e7.wrapping_sub(was.lon_e7)));
        }
        if now.altitude_dm != was.altitude_dm {
            bits |= place_bit::ALTITUDE;
            let step =
                now.altitude_dm.map(|dm| zigzag(dm.wrapping_sub(was.altitude_dm.unwrap_or(0))));
            put_option(&mut columns[at::ALTITUDE].0, step);
        }
        if now.error_dm != was.error_dm {
            bits |= place_bit::ERROR;
            let step = now.error_dm.map(|dm| zigzag(dm.wrapping_sub(was.error_dm.unwrap_or(0))));
            put_option(&mut columns[at::ERROR].0, step);
        }
        put(&mut columns[at::PLACE].0, bits);
    }

    /// Empties everything and keeps the room.
    fn clear(&mut self) {
        self.addresses.clear();
        self.advertisements.clear();
        self.expected.clear();
        self.columns.addresses.clear();
        self.columns.advertisements.clear();
        self.columns.columns.iter_mut().for_each(|column| column.0.clear());
    }
}
