//! Getting a QUIC connection to a sensor, and the stream of messages on it.

use super::levels::RECEIVE_BUFFER;
use super::state::LinkTrouble;
use super::store::with_port;
use pw_trust::{Identity, Purpose, Refusal, RefusalReason};
use pw_wire::{FrameError, FrameReader, LinkFrame, Message};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, ConnectionError, Endpoint, TransportConfig, TransportErrorCode, VarInt};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Longest time for looking up a name.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest time for a handshake with one address.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(8);

/// A connection over which nothing comes for so long is given up.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a sign of life is sent on a quiet connection. It is also how soon a sensor that was
/// restarted is noticed, which answers that it knows no such connection, and how soon the sensor
/// follows when a router on the way gave this desktop another address.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// Round trip assumed before it is known: how soon the first packets are repeated. Shorter than RFC
/// 9002 recommends (333 ms): a few packets more on a slow path against seconds on a lossy one.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(120);

/// Streams of batches: in their turn, and the newest ahead of them.
const BATCH_STREAMS: u32 = 2;

/// Bytes that a sensor may send ahead on one stream, and in all.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 6 << 20;

/// A message that cannot be handed to the link for so long ends the connection.
const STREAM_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes taken from a stream at once.
pub(super) const READ_CHUNK: usize = 64 << 10;

/// The alert by which a sensor says that it does not know the key (RFC 8446, 6.2).
const ACCESS_DENIED: u8 = 49;
/// The alert by which a sensor says that it speaks no version of the link that was offered, or does not
/// know the purpose (RFC 7301, 3.2).
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// At most this many of a name's addresses are tried.
const MAX_ADDRESSES: usize = 4;

/// The addresses of a sensor.
pub(super) async fn resolve(address: &str) -> Result<Vec<SocketAddr>, LinkTrouble> {
    let full = with_port(address);
    let trouble = |why| LinkTrouble::Resolve { address: address.to_owned(), why };
    let looked_up = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host(&full)).await;
    let found: Vec<_> = looked_up
        .map_err(|_elapsed| trouble("no answer in time".to_owned()))?
        .map_err(|error| trouble(error.to_string()))?
        .take(MAX_ADDRESSES)
        .collect();
    if found.is_empty() { Err(trouble("it has none".to_owned())) } else { Ok(found) }
}

/// A connection and the endpoint that it lives on.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) endpoint: Endpoint,
    pub(super) connection: quinn::Connection,
    /// Where the sensor was reached.
    pub(super) address: SocketAddr,
}

impl Dialled {
    /// Goes on from a fresh socket: QUIC moves the connection there (RFC 9000, 9).
    pub(super) fn rebind(&self) -> std::io::Result<()> {
        self.endpoint.rebind(UdpSocket::bind(any_port(self.address))?)
    }

    /// Closes the connection, and waits a moment so that the sensor hears of it.
    pub(super) async fn close(self) {
        self.connection.close(VarInt::from_u32(0), b"");
        // In time or not: the sensor notices by silence too.
        drop(tokio::time::timeout(Duration::from_secs(1), self.endpoint.wait_idle()).await);
    }
}

/// Connects to one address. TLS has proven the sensor's key then, but the sensor may still refuse
/// ours: with TLS 1.3 that shows only when something is read.
pub(super) async fn dial(
    identity: &Identity,
    purpose: &Purpose,
    address: SocketAddr,
) -> Result<Dialled, LinkTrouble> {
    let here = |why: String| LinkTrouble::Here(why);
    let tls = pw_trust::client_config(identity, purpose).map_err(|e| here(e.to_string()))?;
    let crypto = QuicClientConfig::try_from(tls).map_err(|e| here(e.to_string()))?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport()?));
    let endpoint = Endpoint::client(any_port(address)).map_err(|e| here(e.to_string()))?;
    // The name is not sent; the key is what counts.
    let connecting = endpoint
        .connect_with(config, address, "sensor")
        .map_err(|error| here(error.to_string()))?;
    let connected = tokio::time::timeout(HANDSHAKE_TIMEOUT, connecting).await;
    let connection = connected
        .map_err(|_elapsed| {
            LinkTrouble::NoAnswer(format!(
                "{address} does not answer; is the sensor on, and is UDP let through to its port?"
            ))
        })?
        .map_err(|error| match refusal(purpose) {
            Some(Refusal { key: Some(found), reason: RefusalReason::WrongKey { expected } }) => {
                LinkTrouble::WrongKey { found, expected }
            }
            Some(refusal) => LinkTrouble::Refused(refusal.to_string()),
            None => trouble_of(&error),
        })?;
    Ok(Dialled { endpoint, connection, address })
}

/// Any port of any own address, of the sensor's family.
const fn any_port(sensor: SocketAddr) -> SocketAddr {
    let any = match sensor {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(any, 0)
}

fn refusal(purpose: &Purpose) -> Option<Refusal> {
    match purpose {
        Purpose::Link(pinned) | Purpose::Command(pinned) => pinned.refusal(),
        Purpose::Pair(_) => None,
    }
}

fn transport() -> Result<TransportConfig, LinkTrouble> {
    let idle = IDLE_TIMEOUT
        .try_into()
        .map_err(|_too_long| LinkTrouble::Here("idle timeout".to_owned()))?;
    let mut transport = TransportConfig::default();
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(BATCH_STREAMS))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .max_idle_timeout(Some(idle))
        .initial_rtt(FIRST_ROUND_TRIP)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .datagram_receive_buffer_size(Some(RECEIVE_BUFFER));
    Ok(transport)
}

/// What the end of a connection means.
pub(super) fn trouble_of(error: &ConnectionError) -> LinkTrouble {
    match error {
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::crypto(ACCESS_DENIED) =>
        {
            LinkTrouble::NotPaired
        }
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::CONNECTION_REFUSED =>
        {
            LinkTrouble::Refused("the sensor takes no more connections right now".to_owned())
        }
        ConnectionError::ConnectionClosed(close)
            if close.error_code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) =>
        {
            another_version()
        }
        ConnectionError::TransportError(error)
            if error.code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) =>
        {
            another_version()
        }
        ConnectionError::VersionMismatch => another_version(),
        ConnectionError::Reset => LinkTrouble::Lost("the sensor was restarted".to_owned()),
        ConnectionError::TimedOut => {
            LinkTrouble::Lost(format!("nothing heard for {} s", IDLE_TIMEOUT.as_secs()))
        }
        ConnectionError::ApplicationClosed(_) => {
            LinkTrouble::Lost("the sensor closed it".to_owned())
        }
        other => LinkTrouble::Lost(other.to_string()),
    }
}

fn another_version() -> LinkTrouble {
    let words = "the sensor speaks none of the link that this program speaks; update the older of \
                 the two";
    LinkTrouble::Version(words.to_owned())
}

/// Why a stream cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    #[error("{0}")]
    Read(#[from] quinn::ReadError),
    #[error("{0}")]
    Write(#[from] quinn::WriteError),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Encode(#[from] pw_wire::EnvelopeError),
    #[error("the sensor ended the stream")]
    Ended,
    #[error("the sensor took no message for {} s", STREAM_TIMEOUT.as_secs())]
    Stuck,
    #[error("a message where a batch belongs, or the other way round")]
    WrongStream,
}

impl StreamError {
    /// What it means for the link.
    pub(super) fn trouble(&self) -> LinkTrouble {
        match self {
            Self::Connection(error)
            | Self::Read(quinn::ReadError::ConnectionLost(error))
            | Self::Write(quinn::WriteError::ConnectionLost(error)) => trouble_of(error),
            other => LinkTrouble::Lost(other.to_string()),
        }
    }
}

/// The two-way stream of messages.
#[derive(Debug)]
pub(super) struct ControlStream {
    send: quinn::SendStream,
    receive: quinn::RecvStream,
    frames: FrameReader,
}

impl ControlStream {
    pub(super) async fn open(connection: &quinn::Connection) -> Result<Self, StreamError> {
        let (send, receive) = connection.open_bi().await?;
        Ok(Self { send, receive, frames: FrameReader::for_messages() })
    }

    /// The next message; safe to be given up and called again.
    pub(super) async fn receive(&mut self) -> Result<Message, StreamError> {
        loop {
            match self.frames.pop()? {
                Some(LinkFrame::Message(message)) => return Ok(message),
                Some(LinkFrame::Later) => {}
                Some(LinkFrame::Batch(_)) => return Err(StreamError::WrongStream),
                None => {
                    let chunk = self.receive.read_chunk(READ_CHUNK, true).await?;
                    self.frames.push(&chunk.ok_or(StreamError::Ended)?.bytes);
                }
            }
        }
    }

    pub(super) async fn send(&mut self, message: &Message) -> Result<(), StreamError> {
        let bytes = message.encode()?;
        let sent = tokio::time::timeout(STREAM_TIMEOUT, self.send.write_all(&bytes)).await;
        Ok(sent.map_err(|_elapsed| StreamError::Stuck)??)
    }

    /// Ends the stream and waits a while until the sensor has all of it.
    pub(super) async fn finish(&mut self, patience: Duration) {
        if self.send.finish().is_ok() {
            // In time or not, the connection ends now.
            drop(tokio::time::timeout(patience, self.send.stopped()).await);
        }
    }
}
