//! Advertisements by identifier: observations refer to them long after they came.

use pw_model::{Advertisement, AdvertisementId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most advertisements in memory. When full the one that came first goes; devices keep their
/// latest, so only an observation that refers to an old one again is left without.
const MAX_ADVERTISEMENTS: usize = 262_144;

/// All that came, with the order in which they did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adverts {
    by_id: Arc<HashMap<AdvertisementId, Arc<Advertisement>>>,
    by_number: BTreeMap<u64, AdvertisementId>,
    next_number: u64,
    /// Numbers from here on are not stored yet.
    unsaved_from: u64,
    /// Numbers that are stored and gone from memory.
    dropped: Vec<u64>,
}

impl Adverts {
    /// Adds one; an identifier that is known keeps what it stands for.
    pub(crate) fn add(&mut self, advertisement: &Advertisement) -> Arc<Advertisement> {
        if let Some(known) = self.by_id.get(&advertisement.id) {
            return Arc::clone(known);
        }
        let shared = Arc::new(advertisement.clone());
        self.put(self.next_number, Arc::clone(&shared));
        if self.by_number.len() > MAX_ADVERTISEMENTS
            && let Some((number, id)) = self.by_number.pop_first()
        {
            Arc::make_mut(&mut self.by_id).remove(&id);
            if number < self.unsaved_from {
                self.dropped.push(number);
            }
        }
        shared
    }

    fn put(&mut self, number: u64, advertisement: Arc<Advertisement>) {
        self.by_number.insert(number, advertisement.id);
        // Copied only while a reader holds the table.
        Arc::make_mut(&mut self.by_id).insert(advertisement.id, advertisement);
        self.next_number = self.next_number.max(number + 1);
    }

    /// Puts a stored one back.
    pub(crate) fn restore(&mut self, number: u64, advertisement: Advertisement) {
        self.put(number, Arc::new(advertisement));
        self.unsaved_from = self.next_number;
    }

    pub(crate) fn get(&self, id: AdvertisementId) -> Option<&Arc<Advertisement>> {
        self.by_id.get(&id)
    }

    /// The table as it is now.
    pub(crate) fn table(&self) -> Arc<HashMap<AdvertisementId, Arc<Advertisement>>> {
        Arc::clone(&self.by_id)
    }

    /// Takes what came since the last call, and the numbers that are to be deleted.
    pub(crate) fn take_changed(&mut self) -> (Vec<(u64, Arc<Advertisement>)>, Vec<u64>) {
        let new = self.by_number.range(self.unsaved_from..);
        let new = new.filter_map(|(n, id)| Some((*n, Arc::clone(self.by_id.get(id)?)))).collect();
        self.unsaved_from = self.next_number;
        (new, std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{AdvertisementKind, MacAddr, NetworkTraits, Timestamp};

    fn advertisement(id: u64) -> Advertisement {
        Advertisement {
            id: AdvertisementId(id),
            time: Timestamp::from_unix_secs(0),
            kind: AdvertisementKind::Beacon,
            transmitter: MacAddr::from_u64(id),
            bssid: None,
            traits: NetworkTraits::default(),
            elements: Vec::new(),
        }
    }

    #[test]
    fn bounded_and_stored_once() {
        let mut adverts = Adverts::default();
        for id in 0..10 {
            adverts.add(&advertisement(id));
            adverts.add(&advertisement(id));
        }
        let (new, dropped) = adverts.take_changed();
        assert_eq!((new.len(), dropped.len()), (10, 0));
        for id in 10..MAX_ADVERTISEMENTS as u64 + 5 {
            adverts.add(&advertisement(id));
        }
        assert!(adverts.get(AdvertisementId(4)).is_none());
        assert!(adverts.get(AdvertisementId(5)).is_some());
        let (new, dropped) = adverts.take_changed();
        assert_eq!((new.len(), dropped), (MAX_ADVERTISEMENTS - 5, vec![0, 1, 2, 3, 4]));
    }
}
