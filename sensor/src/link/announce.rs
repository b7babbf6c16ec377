//! Saying on the local network where the sensor is (mDNS and DNS-SD, RFC 6762 and 6763).
//!
//! Only where the owner asked for it: everybody on that network reads the sensor's name. It is a hint
//! for people who pair; who a sensor is, its key proves.

use mdns_sd::{ServiceDaemon, ServiceInfo};
use pw_model::SensorId;
use pw_wire::{SERVICE, SERVICE_ID};
use std::net::SocketAddr;

/// Why it cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum AnnouncementError {
    /// The network does not allow it.
    #[error("{0}")]
    Network(#[from] mdns_sd::Error),
    /// Nobody else could connect there.
    #[error("it listens on {0} only, which no other machine reaches")]
    Loopback(SocketAddr),
}

/// It is said as long as this lives.
pub struct Announcement {
    daemon: ServiceDaemon,
    name: String,
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Announcement({})", self.name)
    }
}

impl Announcement {
    /// Begins to say that `sensor`, called `name`, listens at `listen`. For an unspecified address all
    /// addresses of this machine are told, as they come and go.
    ///
    /// # Errors
    /// The network does not allow it, or it listens on loopback.
    pub fn start(
        name: &str,
        sensor: SensorId,
        listen: SocketAddr,
    ) -> Result<Self, AnnouncementError> {
        let address = listen.ip();
        if address.is_loopback() {
            return Err(AnnouncementError::Loopback(listen));
        }
        // The machine's own name may be another service's; this one is the sensor's alone.
        let host = format!("piwardrive-{sensor}.local.");
        let told = if address.is_unspecified() { String::new() } else { address.to_string() };
        let id = sensor.to_string();
        let properties = [(SERVICE_ID, id.as_str())];
        let mut info =
            ServiceInfo::new(SERVICE, name, &host, told, listen.port(), &properties[..])?;
        if address.is_unspecified() {
            info = info.enable_addr_auto();
        }
        let name = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new()?;
        daemon.register(info)?;
        tracing::info!("announced on the local network as '{name}'");
        Ok(Self { daemon, name })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Others forget it after its time anyhow; so is said sooner that it is gone.
        let said = self.daemon.unregister(&self.name);
        if let Ok(done) = said {
            drop(done.recv_timeout(std::time::Duration::from_millis(500)));
        }
        drop(self.daemon.shutdown());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_not_announced() {
        let listen: SocketAddr = "127.0.0.1:47147".parse().expect("an address");
        let refused = Announcement::start("car", SensorId([1; 16]), listen);
        assert!(matches!(refused, Err(AnnouncementError::Loopback(_))));
    }
}
