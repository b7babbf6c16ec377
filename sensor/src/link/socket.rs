//! The UDP socket under QUIC: drops what is no QUIC of ours before anything could answer it, and
//! says so in the log.

use pw_trust::keyed_digest;
use quinn::crypto::{CryptoError, HmacKey};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, ConnectionId, ConnectionIdGenerator, UdpPoller};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// How often what was dropped is summed up in the log.
pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// At most this many addresses are told apart in one interval; more are counted together.
const MAX_ADDRESSES: usize = 16;

/// Length of the connection identifiers we give out.
const CID_LEN: usize = 8;

/// Smallest datagram that may carry a client's first packet (RFC 9000, 14.1).
const MIN_INITIAL: usize = 1200;

/// Draws connection identifiers that can be told from foreign ones: four bytes, and four bytes of
/// keyed digest over them. That sorts out strangers' noise; TLS does the authentication.
///
/// The key lasts as long as the sensor's, so a sensor that was restarted knows the connections of
/// before as its own and ends them at once (stateless reset, RFC 9000, 10.3).
#[derive(Clone)]
pub(super) struct OwnIds {
    key: [u8; 32],
}

impl OwnIds {
    pub(super) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn with_tag(&self, nonce: [u8; 4]) -> [u8; CID_LEN] {
        let [a, b, c, d] = nonce;
        let [e, f, g, h, ..] = keyed_digest(&self.key, &nonce);
        [a, b, c, d, e, f, g, h]
    }

    fn is_ours(&self, id: [u8; CID_LEN]) -> bool {
        let [a, b, c, d, ..] = id;
        self.with_tag([a, b, c, d]) == id
    }
}

impl std::fmt::Debug for OwnIds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("OwnIds(secret)")
    }
}

impl ConnectionIdGenerator for OwnIds {
    fn generate_cid(&mut self) -> ConnectionId {
        // The standard library's random keys: an identifier need not be secret, only not be told
        // from another one's; the QUIC stack draws again when one is in use.
        let nonce = (RandomState::new().hash_one(()) as u32).to_le_bytes();
        ConnectionId::new(&self.with_tag(nonce))
    }

    fn cid_len(&self) -> usize {
        CID_LEN
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// The key of stateless resets.
pub(super) struct ResetKey(pub(super) [u8; 32]);

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        let digest = keyed_digest(&self.0, data);
        for (to, from) in signature_out.iter_mut().zip(digest) {
            *to = from;
        }
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        if keyed_digest(&self.0, data) == signature { Ok(()) } else { Err(CryptoError) }
    }
}

/// What was dropped in the running interval and in all.
#[derive(Debug, Default)]
struct Dropped {
    total: u64,
    by_address: BTreeMap<IpAddr, u64>,
    others: u64,
}

/// A socket that passes on only what may be QUIC for us.
#[derive(Debug)]
pub(super) struct GuardedSocket {
    inner: Arc<dyn AsyncUdpSocket>,
    ids: OwnIds,
    dropped: Mutex<Dropped>,
    /// Newcomers are not heard any more.
    leaving: AtomicBool,
}

impl GuardedSocket {
    pub(super) fn new(inner: Arc<dyn AsyncUdpSocket>, ids: OwnIds) -> Self {
        Self { inner, ids, dropped: Mutex::default(), leaving: AtomicBool::new(false) }
    }

    /// From now on a newcomer's first packets are passed over: a desktop that asks while the sensor
    /// stops asks on by itself, and is let in by the one that starts next, instead of being refused.
    pub(super) fn hear_no_newcomer(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Datagrams dropped since the start.
    pub(super) fn dropped(&self) -> u64 {
        self.counts().total
    }

    /// Sums up the interval that ends, in the log.
    pub(super) fn report(&self) {
        let (by_address, others) = {
            let mut counts = self.counts();
            (std::mem::take(&mut counts.by_address), std::mem::take(&mut counts.others))
        };
        let secs = REPORT_INTERVAL.as_secs();
        // The first one of an address was logged when it came.
        for (address, count) in by_address.into_iter().filter(|(_, count)| *count > 1) {
            tracing::info!(
                "{count} datagrams from {address} in {secs} s were not QUIC for us: dropped"
            );
        }
        if others > 0 {
            tracing::info!(
                "{others} datagrams from further addresses were not QUIC for us: dropped"
            );
        }
    }

    fn drop_from(&self, address: SocketAddr, datagrams: u64) {
        let address = address.ip().to_canonical();
        let mut counts = self.counts();
        counts.total += datagrams;
        let room = counts.by_address.len() < MAX_ADDRESSES;
        match counts.by_address.get_mut(&address) {
            Some(count) => *count += datagrams,
            None if room => {
                counts.by_address.insert(address, datagrams);
                drop(counts);
                tracing::info!("a datagram from {address} was not QUIC for us: dropped");
            }
            None => counts.others += datagrams,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Dropped> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LONG: u8 = 0x80;
const TYPE: u8 = 0x30;

/// True for a datagram that begins with a packet of type Initial (RFC 9000, 17.2.2).
fn is_initial(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 0, 0, 0, 1, ..] if first & LONG != 0 && first & TYPE == 0)
}

/// True when a datagram may be QUIC version 1 for this end (RFC 8999; RFC 9000, 17.2 and 17.3).
/// What is true here is still checked by the QUIC stack; what is false would be dropped there too,
/// or answered with a version negotiation, which tells a stranger that somebody is here.
fn may_be_quic(datagram: &[u8], ids: &OwnIds) -> bool {
    match datagram {
        [first, 0, 0, 0, 1, ..] if first & LONG != 0 => {
            first & TYPE != 0 || datagram.len() >= MIN_INITIAL
        }
        [first, a, b, c, d, e, f, g, h, ..] if first & LONG == 0 => {
            ids.is_ours([*a, *b, *c, *d, *e, *f, *g, *h])
        }
        _ => false,
    }
}

impl AsyncUdpSocket for GuardedSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.inner.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = std::task::ready!(self.inner.poll_recv(cx, bufs, meta))?;
        for (buffer, meta) in bufs.iter().zip(meta.iter_mut()).take(received) {
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            // The kernel may hand over several datagrams of one sender at once.
            let mut datagrams = bytes.chunks(meta.stride.max(1));
            if !datagrams.any(|datagram| may_be_quic(datagram, &self.ids)) {
                let count = bytes.len().div_ceil(meta.stride.max(1)).max(1);
                self.drop_from(meta.addr, count as u64);
                // An empty one is passed over by the QUIC stack.
                meta.len = 0;
            } else if self.leaving.load(Ordering::Relaxed)
                && bytes.chunks(meta.stride.max(1)).all(is_initial)
            {
                meta.len = 0;
            }
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_identifiers_are_known_and_others_are_not() {
        let mut ids = OwnIds::new([1; 32]);
        let given = ids.generate_cid();
        let short = [&[0x40][..], &given, &[0; 20]].concat();
        assert!(may_be_quic(&short, &ids));
        assert!(!may_be_quic(&short, &OwnIds::new([2; 32])));
        assert_ne!(given, ids.generate_cid());
    }

    #[test]
    fn only_quic_version_1_passes() {
        let ids = OwnIds::new([1; 32]);
        let long = |first: u8, version: u32, len: usize| {
            let mut datagram = vec![0; len];
            datagram[0] = first;
            datagram[1..5].copy_from_slice(&version.to_be_bytes());
            may_be_quic(&datagram, &ids)
        };
        assert!(long(0xc0, 1, 1200), "a client's first packet");
        assert!(!long(0xc0, 1, 100), "too short for one");
        assert!(long(0xe0, 1, 100), "handshake");
        assert!(!long(0xc0, 0x6b33_43cf, 1200), "version 2");
        assert!(!long(0xc0, 0, 1200), "version negotiation");
        for noise in [&b""[..], b"\0", b"M-SEARCH * HTTP/1.1\r\n", &[0xff; 1400], &[0; 40]] {
            assert!(!may_be_quic(noise, &ids), "{noise:?}");
        }
    }
}
