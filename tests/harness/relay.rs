//! A path of datagrams between two programs that can be made bad: delay, loss, cuts, a smaller MTU,
//! and another address of the one who asks.
//!
//! It works in user space on loopback and needs no rights. Like a router that translates addresses
//! it has a socket of its own towards the server for every client.

use anyhow::{Context, Result};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Clients at once; the oldest goes when one more comes.
const MAX_CLIENTS: usize = 64;

/// Datagrams on their way at once; more are lost, as in a full queue of a router.
const MAX_QUEUED: usize = 8_192;

/// Datagrams that are kept for [`Relay::recorded`].
const MAX_RECORDED: usize = 10_000;

/// Wait when nothing is to be done.
const NAP: Duration = Duration::from_micros(300);

/// What the path does to datagrams, both ways.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Path {
    /// Nothing comes through.
    pub cut: bool,
    /// Nothing comes through to clients.
    pub one_way: bool,
    /// Time on the way, one way.
    pub delay: Duration,
    /// Share of datagrams that get lost, in percent.
    pub loss_percent: u8,
    /// Longest UDP payload that comes through, in bytes.
    pub longest: usize,
    /// Address of this machine from which the client appears to the server.
    pub client: Ipv4Addr,
}

impl Default for Path {
    fn default() -> Self {
        Self {
            cut: false,
            one_way: false,
            delay: Duration::ZERO,
            loss_percent: 0,
            longest: usize::MAX,
            client: Ipv4Addr::LOCALHOST,
        }
    }
}

/// What the path did.
#[derive(Debug, Default)]
struct Counts {
    passed: AtomicU64,
    lost: AtomicU64,
    too_long: AtomicU64,
}

/// The relay; ends when dropped.
#[derive(Debug)]
pub struct Relay {
    /// Where clients send to.
    pub address: SocketAddr,
    path: Arc<Mutex<Path>>,
    counts: Arc<Counts>,
    /// Datagrams of clients as they came, while that is wanted.
    record: Arc<Mutex<Option<Vec<Vec<u8>>>>>,
    /// Clients get fresh sockets towards the server, as a router does that was restarted.
    rebind: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Relays between clients on a port of loopback and `server`.
    ///
    /// # Errors
    /// No port, no thread.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").context("a port of loopback")?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let path = Arc::<Mutex<Path>>::default();
        let counts = Arc::<Counts>::default();
        let record = Arc::<Mutex<Option<Vec<Vec<u8>>>>>::default();
        let (rebind, stop) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let mut work = Work {
            socket,
            server,
            clients: Vec::new(),
            on_the_way: BinaryHeap::new(),
            number: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            path: Arc::clone(&path),
            counts: Arc::clone(&counts),
            rebind: Arc::clone(&rebind),
            record: Arc::clone(&record),
        };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("relay".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if !work.step() {
                    std::thread::sleep(NAP);
                }
            }
        })?;
        Ok(Self { address, path, counts, record, rebind, stop, thread: Some(thread) })
    }

    /// Changes what the path does from now on.
    pub fn change(&self, change: impl FnOnce(&mut Path)) {
        change(&mut lock(&self.path));
    }

    /// From now on the clients appear to the server at other ports, and at `client` of this machine.
    pub fn move_clients(&self, client: Ipv4Addr) {
        lock(&self.path).client = client;
        self.rebind.store(true, Ordering::Relaxed);
    }

    /// From now on keeps what clients send.
    pub fn record(&self) {
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What clients sent since [`Self::record`]; at most ten thousand datagrams.
    #[must_use]
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Datagrams that came through, that were lost, and that were too long.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.counts.passed), read(&self.counts.lost), read(&self.counts.too_long))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the relay shows as a path that is cut, and in the test's output.
            drop(thread.join());
        }
    }
}

fn lock(path: &Mutex<Path>) -> MutexGuard<'_, Path> {
    path.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client and its socket towards the server.
#[derive(Debug)]
struct Client {
    address: SocketAddr,
    towards_server: UdpSocket,
}

/// A datagram that arrives at its time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Datagram {
    due: Instant,
    /// In the order in which they came, where they are due at once.
    number: u64,
    client: SocketAddr,
    to_server: bool,
    bytes: Vec<u8>,
}

struct Work {
    socket: UdpSocket,
    server: SocketAddr,
    clients: Vec<Client>,
    on_the_way: BinaryHeap<Reverse<Datagram>>,
    number: u64,
    random: u64,
    path: Arc<Mutex<Path>>,
    counts: Arc<Counts>,
    rebind: Arc<AtomicBool>,
    record: Arc<Mutex<Option<Vec<Vec<u8>>>>>,
}

impl Work {
    /// Takes in what came and delivers what is due; false when there was nothing.
    fn step(&mut self) -> bool {
        let path = *lock(&self.path);
        if self.rebind.swap(false, Ordering::Relaxed) {
            for client in &mut self.clients {
                if let Ok(socket) = socket_from(path.client) {
                    client.towards_server = socket;
                }
            }
        }
        let mut busy = false;
        let mut buffer = [0; 65_536];
        while let Some((length, from)) = received(&self.socket, &mut buffer) {
            busy = true;
            self.take(&path, from, true, &buffer[..length]);
        }
        for at in 0..self.clients.len() {
            while let Some((length, _)) = received(&self.clients[at].towards_server, &mut buffer) {
                busy = true;
                self.take(&path, self.clients[at].address, false, &buffer[..length]);
            }
        }
        let now = Instant::now();
        while self.on_the_way.peek().is_some_and(|Reverse(next)| next.due <= now) {
            busy = true;
            if let Some(Reverse(datagram)) = self.on_the_way.pop() {
                self.deliver(&path, &datagram);
            }
        }
        busy
    }

    fn take(&mut self, path: &Path, client: SocketAddr, to_server: bool, bytes: &[u8]) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = record.as_mut().filter(|kept| to_server && kept.len() < MAX_RECORDED) {
            kept.push(bytes.to_vec());
        }
        drop(record);
        if bytes.len() > path.longest {
            self.counts.too_long.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let lost = path.cut
            || (path.one_way && !to_server)
            || self.random_percent() < path.loss_percent
            || self.on_the_way.len() >= MAX_QUEUED;
        if lost {
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.number += 1;
        self.on_the_way.push(Reverse(Datagram {
            due: Instant::now() + path.delay,
            number: self.number,
            client,
            to_server,
            bytes: bytes.to_vec(),
        }));
    }

    fn deliver(&mut self, path: &Path, datagram: &Datagram) {
        let sent = if datagram.to_server {
            let known = self.clients.iter().position(|c| c.address == datagram.client);
            let at = known.or_else(|| {
                let towards_server = socket_from(path.client).ok()?;
                if self.clients.len() >= MAX_CLIENTS {
                    self.clients.remove(0);
                }
                self.clients.push(Client { address: datagram.client, towards_server });
                Some(self.clients.len() - 1)
            });
            at.is_some_and(|at| {
                self.clients[at].towards_server.send_to(&datagram.bytes, self.server).is_ok()
            })
        } else {
            self.socket.send_to(&datagram.bytes, datagram.client).is_ok()
        };
        // A port that nobody listens on loses it, like any path.
        let count = if sent { &self.counts.passed } else { &self.counts.lost };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// The same sequence in each run: xorshift64* (Vigna 2016).
    fn random_percent(&mut self) -> u8 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u8 % 100
    }
}

fn socket_from(address: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((address, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The next datagram that waits. Errors of a port that is closed at the other end are no end.
fn received(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    for _ in 0..16 {
        match socket.recv_from(buffer) {
            Ok(received) => return Some(received),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            Err(_nothing) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_cuts_shortens_and_moves() -> Result<()> {
        let server = UdpSocket::bind("127.0.0.1:0")?;
        server.set_read_timeout(Some(Duration::from_millis(300)))?;
        let relay = Relay::start(server.local_addr()?)?;
        let client = UdpSocket::bind("127.0.0.1:0")?;
        client.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut buffer = [0; 2048];
        let mut heard = |server: &UdpSocket, length: usize| {
            client.send_to(&vec![1; length], relay.address).ok()?;
            server.recv_from(&mut buffer).ok()
        };
        let (length, first) = heard(&server, 1300).context("passes")?;
        assert_eq!(length, 1300);
        relay.change(|path| path.longest = 1232);
        assert!(heard(&server, 1233).is_none() && heard(&server, 1232).is_some());
        relay.change(|path| path.cut = true);
        assert!(heard(&server, 10).is_none());
        relay.change(|path| path.cut = false);
        relay.move_clients(Ipv4Addr::new(127, 0, 0, 2));
        std::thread::sleep(Duration::from_millis(20));
        let (_, moved) = heard(&server, 10).context("passes again")?;
        assert_eq!(moved.ip(), Ipv4Addr::new(127, 0, 0, 2));
        assert_ne!(first, moved);
        server.send_to(b"answer", moved)?;
        assert_eq!(client.recv_from(&mut buffer)?.0, 6);
        relay.change(|path| path.delay = Duration::from_millis(100));
        let begun = Instant::now();
        client.send_to(b"slow", relay.address)?;
        server.recv_from(&mut buffer)?;
        assert!(begun.elapsed() >= Duration::from_millis(100));
        Ok(())
    }
}
