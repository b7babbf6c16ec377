//! The table of addresses, and what each was seen as.

use super::MAX_DISTINCT;
use crate::hash::SeededHash;
use pw_model::MacAddr;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What an address was seen as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Role {
    Transmitter = 0,
    Bssid = 1,
    Probing = 2,
}

const ROLES: usize = 3;

impl Role {
    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// One address: bits of [`Role`], and above them the number that it has in the list of access points
/// once it has sent a beacon or probe response, counted from 1. Small, so that the table stays in the
/// processor's cache.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Station(u32);

impl Station {
    /// Its number in the list of access points, from 0.
    #[inline]
    pub(super) fn access_point(self) -> Option<usize> {
        usize::try_from(self.0 >> ROLES).ok()?.checked_sub(1)
    }

    /// Gives it a number, which is less than [`MAX_DISTINCT`].
    pub(super) fn set_access_point(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(0).saturating_add(1);
        self.0 = self.0 & ROLE_BITS | number << ROLES;
    }

    const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }
}

const ROLE_BITS: u32 = (1 << ROLES) - 1;

/// Addresses, at most [`MAX_DISTINCT`] of each role; further ones are not counted apart.
#[derive(Debug, Default)]
pub(super) struct Stations {
    stations: HashMap<u64, Station, SeededHash>,
    counts: [usize; ROLES],
}

impl Stations {
    /// The station of an address; `None` when it is new and the table is full.
    #[inline]
    pub(super) fn of(&mut self, address: MacAddr) -> Option<&mut Station> {
        station(&mut self.stations, address)
    }

    /// Notes that an address was seen in these roles; what is known of it.
    #[inline]
    pub(super) fn mark(&mut self, address: Option<MacAddr>, roles: &[Role]) -> Option<Station> {
        let station = station(&mut self.stations, address?)?;
        for role in roles.iter().copied() {
            if !station.has(role)
                && let Some(count) = self.counts.get_mut(role as usize)
                && *count < MAX_DISTINCT
            {
                station.0 |= role.bit();
                *count = count.saturating_add(1);
            }
        }
        Some(*station)
    }

    /// How many addresses were seen in a role.
    pub(super) fn count(&self, role: Role) -> usize {
        self.counts.get(role as usize).copied().unwrap_or(0)
    }

    /// The addresses seen in a role, in order.
    pub(super) fn sorted(&self, role: Role) -> Vec<MacAddr> {
        let in_role = self.stations.iter().filter(|(_, station)| station.has(role));
        let mut addresses: Vec<_> =
            in_role.map(|(address, _)| MacAddr::from_u64(*address)).collect();
        addresses.sort_unstable();
        addresses
    }
}

#[inline]
fn station(
    stations: &mut HashMap<u64, Station, SeededHash>,
    address: MacAddr,
) -> Option<&mut Station> {
    let has_room = stations.len() < MAX_DISTINCT.saturating_mul(ROLES);
    match stations.entry(address.to_u64()) {
        Entry::Occupied(known) => Some(known.into_mut()),
        Entry::Vacant(new) if has_room => Some(new.insert(Station::default())),
        Entry::Vacant(_) => None,
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
