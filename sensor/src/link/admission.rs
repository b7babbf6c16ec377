//! How many newcomers at once, and what is said of those who are not let in.

use super::socket::REPORT_INTERVAL;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Handshakes at once, up to a desktop's first word. Above it, newcomers are ignored; their QUIC
/// tries again by itself.
pub const MAX_HANDSHAKES: usize = 16;

/// Handshakes at once from one address (IPv6: one network of 64 bits), so that one stranger does
/// not keep the desktops out.
const MAX_HANDSHAKES_OF_ONE: usize = MAX_HANDSHAKES / 2;

/// Causes of refusals, each with its address, that are told in the log in one [`REPORT_INTERVAL`]:
/// the first of each when it comes, the others summed up, so that a stranger cannot fill the disk.
const MAX_REFUSAL_CAUSES: usize = 30;

#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Connections for commands right now.
    pub(super) commanding: AtomicUsize,
    pub(super) handshakes: Arc<Handshakes>,
    pub(super) refused: AtomicU64,
    pub(super) ignored: AtomicU64,
    lately: Mutex<Lately>,
}

/// What was refused in the running interval.
#[derive(Debug, Default)]
struct Lately {
    /// Refusals by address and cause, in words.
    by_cause: BTreeMap<(IpAddr, String), u64>,
    /// Refusals beyond [`MAX_REFUSAL_CAUSES`].
    others: u64,
    /// Newcomers ignored.
    ignored: u64,
}

impl Counts {
    /// Sums up the interval that ends, in the log; gives it in a sentence, where there was anything
    /// that was not told when it came.
    pub(super) fn report(&self) -> Option<String> {
        let Lately { by_cause, others, ignored } = std::mem::take(&mut *self.lately());
        let secs = REPORT_INTERVAL.as_secs();
        let again: u64 = by_cause.values().map(|count| count - 1).sum();
        for ((address, why), count) in by_cause.into_iter().filter(|(_, count)| *count > 1) {
            tracing::warn!("refused {address} {} more times in {secs} s: {why}", count - 1);
        }
        if others > 0 {
            tracing::warn!("refused {others} more connections in {secs} s, for further causes");
        }
        if ignored > 0 {
            tracing::warn!(
                "ignored {ignored} newcomers in {secs} s: too many handshakes were under way"
            );
        }
        (again + others + ignored > 0).then(|| {
            format!("in {secs} s: {again} more as before, {others} others, {ignored} ignored")
        })
    }

    /// Counts a refusal; true for the first of its kind, which is to be told.
    pub(super) fn refuse(&self, address: IpAddr, why: &str) -> bool {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let mut lately = self.lately();
        let room = lately.by_cause.len() < MAX_REFUSAL_CAUSES;
        match lately.by_cause.get_mut(&(address, why.to_owned())) {
            Some(count) => *count += 1,
            None if room => {
                lately.by_cause.insert((address, why.to_owned()), 1);
                return true;
            }
            None => lately.others += 1,
        }
        false
    }

    pub(super) fn ignore(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
        self.lately().ignored += 1;
    }

    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.lately.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handshakes under way, by address.
#[derive(Debug, Default)]
pub(super) struct Handshakes(Mutex<BTreeMap<IpAddr, usize>>);

/// The place of one handshake; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    handshakes: Arc<Handshakes>,
    address: IpAddr,
}

impl Handshakes {
    fn by_address(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.by_address().values().sum()
    }

    /// `None` when there is no room.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut by_address = self.by_address();
        if by_address.values().sum::<usize>() >= MAX_HANDSHAKES {
            return None;
        }
        let own = by_address.entry(address).or_default();
        if *own >= MAX_HANDSHAKES_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Place { handshakes: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self.handshakes.by_address();
        if let Some(own) = by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: an IPv6 host has a whole network of 64 bits to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_cause_is_told_once_and_their_number_is_bounded() {
        let counts = Counts::default();
        let one = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert!(counts.refuse(one, "not paired"));
        (0..1_000).for_each(|_| assert!(!counts.refuse(one, "not paired")));
        assert!(counts.refuse(one, "showed no certificate"), "another cause is told");
        let told = (0..1_000).filter(|key| counts.refuse(one, &format!("key {key}"))).count();
        assert_eq!(told, MAX_REFUSAL_CAUSES - 2);
        assert_eq!(counts.refused.load(Ordering::Relaxed), 2_002);
        assert_eq!(counts.lately().others, 1_000 - told as u64);
        let told = counts.report().expect("there is something to tell");
        assert_eq!(told, "in 30 s: 1000 more as before, 972 others, 0 ignored");
        assert_eq!(counts.report(), None);
        assert!(counts.refuse(one, "not paired"), "told again in the next interval");
    }

    #[test]
    fn one_address_leaves_room_for_others() {
        let handshakes = Arc::<Handshakes>::default();
        let v6 = |last: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
        let places: Vec<Place> = (0..100).filter_map(|n| handshakes.enter(v6(n))).collect();
        assert_eq!(places.len(), MAX_HANDSHAKES_OF_ONE, "one network of 64 bits is one");
        let other = handshakes.enter(IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(other.is_some());
        drop(places);
        assert_eq!(handshakes.count(), 1);
        drop(other);
        assert_eq!(handshakes.count(), 0);
        assert!(handshakes.by_address().is_empty());
    }
}
