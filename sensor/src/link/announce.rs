//! Saying on the local network where the sensor is (mDNS and DNS-SD, RFC 6762 and 6763).
//!
//! Only where the owner asked for it: everybody on that network reads the sensor's name. It is a hint
//! for people who pair; who a sensor is, its key proves.

use mdns_sd::{IfKind, IfPredicate, ServiceDaemon, ServiceInfo};
use pw_model::SensorId;
use pw_wire::{SERVICE, SERVICE_ID};
use std::net::SocketAddr;
use std::path::Path;

/// Longest name of a service in bytes (RFC 1035, 2.3.4; RFC 6763, 4.1.1).
const NAME_MAX_BYTES: usize = 63;
/// Where the kernel tells of its interfaces.
const NETWORKS: &str = "/sys/class/net";
/// A bridge over a bond over an adapter, and one more.
const LAYERS_MAX: usize = 4;

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
    /// addresses of this machine are told, as they come and go, each in its own network: those of
    /// interfaces that lead to other machines, and not those of containers and virtual machines in
    /// this one. A name that is too long is cut.
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
        let mut info = ServiceInfo::new(
            SERVICE,
            &label(name, sensor),
            &host,
            told,
            listen.port(),
            &properties[..],
        )?;
        if address.is_unspecified() {
            info = info.enable_addr_auto();
        }
        let name = info.get_fullname().to_owned();
        let daemon = ServiceDaemon::new()?;
        if address.is_unspecified() {
            let inner = |name: &str| {
                let networks = Path::new(NETWORKS);
                !leads_outside(networks, name, LAYERS_MAX) && any_leads_outside(networks)
            };
            let inner = IfPredicate::new(move |interface| inner(&interface.name));
            daemon.disable_interface(IfKind::Predicate(inner))?;
        }
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

/// The name as a service may have it. One that is too long is cut between characters, and the
/// beginning of the sensor's identifier tells it from another one that begins alike.
fn label(name: &str, sensor: SensorId) -> String {
    if name.len() <= NAME_MAX_BYTES {
        return name.to_owned();
    }
    let id = sensor.to_string();
    let id: String = id.chars().take(8).collect();
    let end = name.floor_char_boundary(NAME_MAX_BYTES - id.len() - 1);
    format!("{}-{id}", name.get(..end).unwrap_or_default().trim_end())
}

/// True for an interface of hardware, and for one that lies over such a one: a bridge, a bond, a VLAN.
/// A bridge that only joins containers lies over nothing but their ends, and a tunnel over nothing.
fn leads_outside(networks: &Path, interface: &str, layers: usize) -> bool {
    let folder = networks.join(interface);
    if folder.join("device").exists() {
        return true;
    }
    if layers == 0 {
        return false;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("lower_").map(str::to_owned))
        .any(|lower| leads_outside(networks, &lower, layers - 1))
}

/// False in a container, whose only way out looks like one of the inside.
fn any_leads_outside(networks: &Path) -> bool {
    let entries = std::fs::read_dir(networks).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|interface| leads_outside(networks, &interface, LAYERS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters_and_stays_its_own() {
        let (one, other) = (SensorId([1; 16]), SensorId([2; 16]));
        for name in ["car", "", &"x".repeat(63), "Müllers Wagen"] {
            assert_eq!(label(name, one), name);
        }
        for character in ["x", "ü", "€", "🚗"] {
            for pad in ["", "a", "ab", "abc"] {
                let name = pad.to_owned() + &character.repeat(70);
                let cut = label(&name, one);
                assert!(cut.len() <= NAME_MAX_BYTES && cut.len() > 50, "{cut}");
                let (begin, id) = cut.rsplit_once('-').expect("an identifier");
                assert!(name.starts_with(begin) && one.to_string().starts_with(id), "{cut}");
                assert_ne!(cut, label(&name, other));
            }
        }
    }

    #[test]
    fn what_only_joins_containers_is_not_announced() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let interface = |name: &str, lower: &[&str]| {
            let own = folder.path().join(name);
            std::fs::create_dir(&own).expect("made");
            for lower in lower {
                let link = own.join(format!("lower_{lower}"));
                std::os::unix::fs::symlink(folder.path().join(lower), link).expect("linked");
            }
            own
        };
        let leads = |name: &str| leads_outside(folder.path(), name, LAYERS_MAX);
        interface("lo", &[]);
        interface("veth12", &[]);
        interface("docker0", &["veth12"]);
        interface("wg0", &[]);
        // Goes round in a circle, which the kernel does not allow and must not hang.
        interface("loop0", &["loop1"]);
        interface("loop1", &["loop0"]);
        assert!(!any_leads_outside(folder.path()), "as in a container");
        std::fs::create_dir(interface("eth0", &[]).join("device")).expect("made");
        interface("bond0", &["eth0"]);
        interface("bond0.7", &["bond0"]);
        interface("br0", &["veth12", "bond0.7"]);
        for name in ["eth0", "bond0", "bond0.7", "br0"] {
            assert!(leads(name), "{name}");
        }
        for name in ["lo", "veth12", "docker0", "wg0", "loop0", "gone0"] {
            assert!(!leads(name), "{name}");
        }
        assert!(any_leads_outside(folder.path()));
    }

    #[test]
    fn loopback_is_not_announced() {
        let listen: SocketAddr = "127.0.0.1:47147".parse().expect("an address");
        let refused = Announcement::start("car", SensorId([1; 16]), listen);
        assert!(matches!(refused, Err(AnnouncementError::Loopback(_))));
    }
}
