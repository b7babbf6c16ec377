//! What the service manager is told: ready, alive, stopping (systemd's `sd_notify` datagrams).
//!
//! Outside a service manager nothing is sent. See sd_notify(3) and systemd.service(5), WatchdogSec.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::{Duration, Instant};

/// The way to the service manager that started this process.
#[derive(Debug, Default)]
pub struct ServiceManager {
    way: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that the sensor is alive; `None` when it does not.
    watchdog: Option<Duration>,
    last_alive: Option<Instant>,
}

impl ServiceManager {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    ///
    /// # Errors
    /// A socket is named and cannot be used.
    pub fn from_environment() -> io::Result<Self> {
        let microseconds = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
        let for_us = std::env::var("WATCHDOG_PID")
            .map_or(true, |text| text.parse() == Ok(std::process::id()));
        Self::new(std::env::var_os("NOTIFY_SOCKET"), microseconds.filter(|_| for_us))
    }

    fn new(socket: Option<OsString>, watchdog_us: Option<u64>) -> io::Result<Self> {
        let Some(socket) = socket else { return Ok(Self::default()) };
        // '@' stands for the zero byte with which an address without a file begins.
        let address = match socket.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(Path::new(&socket))?,
        };
        let way = UnixDatagram::unbound()?;
        // A manager that does not read must not hold the sensor up.
        way.set_nonblocking(true)?;
        // Twice as often as asked, as sd_watchdog_enabled(3) recommends.
        let watchdog = watchdog_us.filter(|us| *us > 0).map(|us| Duration::from_micros(us / 2));
        Ok(Self { way: Some((way, address)), watchdog, last_alive: None })
    }

    /// The sensor listens and serves.
    pub fn ready(&mut self, words: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", words.replace('\n', " ")));
    }

    /// The sensor leaves because it was told to.
    pub fn stopping(&mut self) {
        self.tell("STOPPING=1");
    }

    /// The sensor made progress; passed on as often as the watchdog wants it.
    pub fn alive(&mut self) {
        let Some(interval) = self.watchdog else { return };
        if self.last_alive.is_none_or(|last| last.elapsed() >= interval) {
            self.last_alive = Some(Instant::now());
            self.tell("WATCHDOG=1");
        }
    }

    fn tell(&self, message: &str) {
        let Some((way, address)) = &self.way else { return };
        if let Err(error) = way.send_to_addr(message.as_bytes(), address) {
            tracing::warn!("the service manager cannot be told '{message}': {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(manager: &UnixDatagram) -> Option<String> {
        let mut bytes = [0; 256];
        let length = manager.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(bytes.get(..length)?).into_owned())
    }

    fn check(socket: OsString, manager: &UnixDatagram) {
        manager.set_nonblocking(true).expect("set");
        let mut service = ServiceManager::new(Some(socket), Some(100_000)).expect("a socket");
        service.ready("two\nlines");
        assert_eq!(heard(manager).as_deref(), Some("READY=1\nSTATUS=two lines"));
        service.alive();
        service.alive();
        assert_eq!(heard(manager).as_deref(), Some("WATCHDOG=1"));
        assert_eq!(heard(manager), None, "not more often than half the interval");
        std::thread::sleep(Duration::from_millis(60));
        service.alive();
        assert_eq!(heard(manager).as_deref(), Some("WATCHDOG=1"));
        service.stopping();
        assert_eq!(heard(manager).as_deref(), Some("STOPPING=1"));
    }

    #[test]
    fn a_socket_with_a_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("bound");
        check(path.into_os_string(), &manager);
    }

    #[test]
    fn a_socket_without_a_file() {
        let name = format!("piwardrive-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let manager = UnixDatagram::bind_addr(&address).expect("bound");
        check(format!("@{name}").into(), &manager);
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        let mut service = ServiceManager::new(None, Some(1)).expect("nothing to open");
        service.ready("x");
        service.alive();
        service.stopping();
        assert!(service.watchdog.is_none());
    }
}
