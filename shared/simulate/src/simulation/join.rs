//! Joining a network: authentication, association and 4-way handshake, as exchanges in a row.

use super::exchange::{Ends, Exchange, answer_us, management_rate};
use crate::frame::association::{association_request, association_response};
use crate::frame::authentication::{Step, authentication, between};
use crate::frame::data::Direction;
use crate::frame::eapol::{Handshake, message};
use crate::frame::network::Protection;
use crate::frame::rate::Rate;
use crate::town::{Bss, Client};
use pw_model::Band;
use rand::Rng;
use std::collections::VecDeque;

/// Sequence numbers of the two ends, counted on.
pub(crate) struct Counters<'a> {
    pub(crate) bss: &'a mut u16,
    pub(crate) client: &'a mut u16,
}

impl Counters<'_> {
    fn next(&mut self, direction: Direction) -> u16 {
        let counter = match direction {
            Direction::ToAccessPoint => &mut *self.client,
            Direction::FromAccessPoint => &mut *self.bss,
        };
        *counter = counter.wrapping_add(1) & 0x0fff;
        *counter
    }
}

/// The exchanges of joining, each with the pause in nanoseconds after the one before.
pub(crate) fn join(
    bss: &Bss,
    client: &Client,
    ends: Ends,
    mut counters: Counters<'_>,
    random: &mut impl Rng,
) -> VecDeque<(i64, Exchange)> {
    let network = &bss.network;
    let rate = management_rate(network.band());
    let duration = answer_us(network.band(), network.operating.frequency_mhz, rate);
    let mut exchanges = VecDeque::with_capacity(10);
    let pause = |random: &mut dyn rand::RngCore, low_us: i64, high_us: i64| -> i64 {
        1000 * random.random_range(low_us..high_us)
    };
    let to = Direction::ToAccessPoint;
    let from = Direction::FromAccessPoint;
    let sae = matches!(network.protection, Protection::Wpa3 | Protection::Wpa3Transition);
    // What the RSN extension element announces.
    let commit = Step::SaeCommit(network.has_hash_to_element());
    let steps: &[(Direction, Step)] = if sae {
        &[(to, commit), (from, commit), (to, Step::SaeConfirm), (from, Step::SaeConfirm)]
    } else {
        &[(to, Step::Open(1)), (from, Step::Open(2))]
    };
    for (direction, step) in steps {
        let addresses = match direction {
            Direction::ToAccessPoint => between(ends.station, network.bssid, network.bssid),
            Direction::FromAccessPoint => between(network.bssid, ends.station, network.bssid),
        };
        let sequence = counters.next(*direction);
        let mpdu = authentication(addresses, *step, duration, sequence, random);
        let exchange = Exchange::acknowledged(bss, ends, *direction, rate, mpdu);
        // Elliptic curves take either end a few milliseconds.
        let wait = if sae { 6000 } else { 1500 };
        exchanges.push_back((pause(random, wait / 2, wait), exchange));
    }
    let sequence = counters.next(to);
    let request = association_request(
        network,
        ends.station,
        client.ability,
        client.mld_address,
        duration,
        sequence,
        random,
    );
    let exchange = Exchange::acknowledged(bss, ends, to, rate, request);
    exchanges.push_back((pause(random, 800, 2500), exchange));
    let sequence = counters.next(from);
    let id = client.association_id;
    let response = association_response(network, ends.station, id, duration, sequence, random);
    let exchange = Exchange::acknowledged(bss, ends, from, rate, response);
    exchanges.push_back((pause(random, 3000, 8000), exchange));
    if network.security.rsn.is_some() || network.security.wpa.is_some() {
        let handshake = Handshake::new(ends.station, random);
        let data_rate = if network.band() == Band::Ghz2_4 { Rate::Dsss(2) } else { Rate::Ofdm(12) };
        for number in 1..=4 {
            let direction = Handshake::direction(number);
            let sequence = counters.next(direction);
            let mpdu = message(network, &handshake, number, duration, sequence, random);
            let exchange = Exchange::acknowledged(bss, ends, direction, data_rate, mpdu);
            exchanges.push_back((pause(random, 1500, 5000), exchange));
        }
    }
    exchanges
}
