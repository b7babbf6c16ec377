//! Sensors that say on the local network where they are (mDNS and DNS-SD, RFC 6762 and 6763).
//!
//! What is said there proves nothing: it saves typing an address, and pairing proves who answers.

use crate::error::EngineError;
use mdns_sd::{ServiceDaemon, ServiceEvent};
use pw_model::SensorId;
use pw_wire::{SERVICE, SERVICE_ID, plain_name};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Sensors that are told of; whoever answers more often is not shown.
const MAX_FOUND: usize = 64;

/// A sensor that says that it is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscoveredSensor {
    /// What it calls itself.
    pub name: String,
    /// Where it says that it listens: host and port, as for pairing.
    pub address: String,
    /// The identifier that it says; `None` where it says none that can be read.
    pub id: Option<SensorId>,
}

/// Listens for so long to what is said on the local network. Sorted by name.
///
/// # Errors
/// The network cannot be asked.
pub fn discover(within: Duration) -> Result<Vec<DiscoveredSensor>, EngineError> {
    let failed = |error| EngineError::Link(format!("the local network cannot be asked: {error}"));
    let daemon = ServiceDaemon::new().map_err(failed)?;
    let events = daemon.browse(SERVICE).map_err(failed)?;
    let end = Instant::now() + within;
    let mut found = BTreeMap::new();
    while let Ok(event) = events.recv_timeout(end.saturating_duration_since(Instant::now())) {
        match event {
            ServiceEvent::ServiceResolved(service) => {
                let addresses = service.get_addresses().iter().map(|scoped| scoped.to_ip_addr());
                let name = service.get_fullname().strip_suffix(SERVICE).unwrap_or_default();
                let Some(address) = best(addresses) else { continue };
                let id = service.get_property_val_str(SERVICE_ID);
                let sensor = DiscoveredSensor {
                    name: plain_name(name.trim_end_matches('.')),
                    address: SocketAddr::new(address, service.get_port()).to_string(),
                    id: id.and_then(|id| id.parse().ok()),
                };
                let room = found.len() < MAX_FOUND;
                if room || found.contains_key(service.get_fullname()) {
                    found.insert(service.get_fullname().to_owned(), sensor);
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => {
                found.remove(&name);
            }
            _ => {}
        }
        if Instant::now() >= end {
            break;
        }
    }
    if let Err(error) = daemon.shutdown() {
        tracing::debug!("{error}");
    }
    let mut found: Vec<DiscoveredSensor> = found.into_values().collect();
    found.sort_by(|one, other| one.name.cmp(&other.name).then(one.address.cmp(&other.address)));
    Ok(found)
}

/// The address that is reached most likely: IPv4, else IPv6 that is not of one link only.
fn best(addresses: impl Iterator<Item = IpAddr>) -> Option<IpAddr> {
    addresses
        .filter(|address| match address {
            IpAddr::V4(v4) => !v4.is_loopback(),
            IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_is_reached_most_likely() {
        let best = |texts: &[&str]| {
            let found = best(texts.iter().map(|text| text.parse().expect("an address")));
            found.map(|address| address.to_string())
        };
        assert_eq!(best(&["fe80::1", "2001:db8::1", "10.0.0.2"]).as_deref(), Some("10.0.0.2"));
        assert_eq!(best(&["fe80::1", "2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(best(&["fe80::1", "::1", "127.0.0.1"]), None);
    }
}
