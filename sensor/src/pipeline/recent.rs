//! Advertisements heard lately, to be sent once more when a desktop begins in the middle.

use pw_model::hash::SeededHash;
use pw_model::{Advertisement, AdvertisementId, Timestamp};
use std::collections::HashMap;
use std::time::Duration;

/// Advertisements kept. When they are more, those not heard for the longest are forgotten; their
/// turn comes when the observer sends them anew by itself (every ten minutes).
const KEPT: usize = 8192;
/// Heard within so long counts as lately.
const LATELY: Duration = Duration::from_secs(600);

/// What stations said of themselves lately.
#[derive(Debug, Default)]
pub(super) struct RecentAdvertisements {
    by_id: HashMap<AdvertisementId, (Advertisement, Timestamp), SeededHash>,
}

impl RecentAdvertisements {
    /// A new one, or one sent anew.
    pub(super) fn insert(&mut self, advertisement: &Advertisement) {
        if self.by_id.len() >= KEPT && !self.by_id.contains_key(&advertisement.id) {
            let mut times: Vec<Timestamp> = self.by_id.values().map(|(_, time)| *time).collect();
            times.sort_unstable();
            if let Some(median) = times.get(times.len() / 2).copied() {
                self.by_id.retain(|_, (_, time)| *time > median);
            }
            if self.by_id.len() >= KEPT {
                // All were heard at the same moment: none is older than another.
                self.by_id.clear();
            }
        }
        self.by_id.insert(advertisement.id, (advertisement.clone(), advertisement.time));
    }

    /// An observation refers to it.
    pub(super) fn heard(&mut self, id: AdvertisementId, time: Timestamp) {
        if let Some((_, last)) = self.by_id.get_mut(&id) {
            *last = time.max(*last);
        }
    }

    /// Forgets all: what is heard from now on is sent anew.
    pub(super) fn clear(&mut self) {
        self.by_id.clear();
    }

    /// All that were heard lately, oldest first.
    pub(super) fn lately(&self, now: Timestamp) -> Vec<Advertisement> {
        let mut found: Vec<_> = self
            .by_id
            .values()
            .filter(|(_, last)| now.since(*last) <= LATELY)
            .map(|(advertisement, _)| advertisement.clone())
            .collect();
        found.sort_by_key(|advertisement| (advertisement.time, advertisement.id));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{AdvertisementKind, MacAddr, NetworkTraits};

    fn advertisement(id: u64, secs: i64) -> Advertisement {
        Advertisement {
            id: AdvertisementId(id),
            time: Timestamp::from_unix_secs(secs),
            kind: AdvertisementKind::Beacon,
            transmitter: MacAddr::ZERO,
            bssid: None,
            traits: NetworkTraits::default(),
            elements: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_heard_lately_and_never_too_many() {
        let mut recent = RecentAdvertisements::default();
        recent.insert(&advertisement(1, 0));
        recent.insert(&advertisement(2, 0));
        recent.heard(AdvertisementId(2), Timestamp::from_unix_secs(900));
        let ids = |recent: &RecentAdvertisements, now| {
            recent.lately(Timestamp::from_unix_secs(now)).iter().map(|a| a.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(&recent, 1000), [2]);
        (0..20_000).for_each(|id| recent.insert(&advertisement(id, 1000 + id as i64)));
        assert!(recent.by_id.len() <= KEPT);
        assert!(ids(&recent, 21_000).contains(&19_999));
        (0..20_000).for_each(|id| recent.insert(&advertisement(1_000_000 + id, 30_000)));
        assert!(recent.by_id.len() <= KEPT);
    }
}
