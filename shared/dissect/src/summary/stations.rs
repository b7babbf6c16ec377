//! The table of addresses, and what each was seen as.

use super::MAX_DISTINCT;
use crate::hash::SeededHash;
use pw_model::MacAddr;
use std::collections::HashMap;

/// What an address was seen as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Role {
    Transmitter = 0,
    Bssid = 1,
    Probing = 2,
}

const ROLES: usize = 3;

/// One address.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) address: MacAddr,
    roles: [bool; ROLES],
    /// Number in the list of access points, once it has sent a beacon or probe response.
    pub(super) access_point: Option<usize>,
}

/// Addresses, at most [`MAX_DISTINCT`] of each role; further ones are not counted apart.
#[derive(Debug, Default)]
pub(super) struct Stations {
    numbers: HashMap<u64, usize, SeededHash>,
    stations: Vec<Station>,
    counts: [usize; ROLES],
}

impl Stations {
    /// The station of an address; `None` when it is new and the table is full.
    #[inline]
    pub(super) fn of(&mut self, address: MacAddr) -> Option<&mut Station> {
        let next = self.stations.len();
        let key = address.to_u64();
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None if next < MAX_DISTINCT.saturating_mul(ROLES) => {
                self.numbers.insert(key, next);
                self.stations.push(Station { address, roles: [false; ROLES], access_point: None });
                next
            }
            None => return None,
        };
        self.stations.get_mut(number)
    }

    /// Notes that an address was seen in these roles.
    #[inline]
    pub(super) fn mark(&mut self, address: Option<MacAddr>, roles: &[Role]) {
        let Some(address) = address else { return };
        let mut counts = self.counts;
        let Some(station) = self.of(address) else { return };
        for role in roles {
            let role = *role as usize;
            if let (Some(has), Some(count)) = (station.roles.get_mut(role), counts.get_mut(role))
                && !*has
                && *count < MAX_DISTINCT
            {
                *has = true;
                *count = count.saturating_add(1);
            }
        }
        self.counts = counts;
    }

    /// How many addresses were seen in a role.
    pub(super) fn count(&self, role: Role) -> usize {
        self.counts.get(role as usize).copied().unwrap_or(0)
    }

    /// The addresses seen in a role, in order.
    pub(super) fn sorted(&self, role: Role) -> Vec<MacAddr> {
        let in_role =
            |station: &&Station| station.roles.get(role as usize).copied().unwrap_or(false);
        let mut addresses: Vec<_> =
            self.stations.iter().filter(in_role).map(|station| station.address).collect();
        addresses.sort_unstable();
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_counted_once_each() {
        let mut stations = Stations::default();
        let address = |last: u8| Some(MacAddr([2, 0, 0, 0, 0, last]));
        for _ in 0..3 {
            stations.mark(address(2), &[Role::Transmitter, Role::Bssid]);
            stations.mark(address(1), &[Role::Transmitter]);
            stations.mark(None, &[Role::Probing]);
        }
        assert_eq!(stations.count(Role::Transmitter), 2);
        assert_eq!(stations.count(Role::Bssid), 1);
        assert_eq!(stations.count(Role::Probing), 0);
        assert_eq!(
            stations.sorted(Role::Transmitter),
            [address(1), address(2)].map(|address| address.expect("some"))
        );
    }
}
