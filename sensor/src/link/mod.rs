//! The sensor's end of the link: QUIC for paired desktops, pairing by a short code, nothing else.
//!
//! [`identity`] loads the sensor's key (and with it the sensor's identifier), [`start`] serves the
//! journal. Bounds: [`MAX_HANDSHAKES`] handshakes and [`MAX_CONNECTIONS`]
//! connections at once, [`pw_wire::MAX_IN_FLIGHT_BYTES`] unacknowledged per connection; what comes
//! above is refused and counted.

mod admission;
mod announce;
mod command;
mod connection;
mod gate;
mod journal;
mod keys;
mod levels;
mod pair;
mod pairing_file;
mod server;
mod socket;

pub use admission::MAX_HANDSHAKES;
pub use announce::{Announcement, AnnouncementError};
pub use command::Duties;
pub use gate::PairingState;
pub use keys::{KeyStore, KeyStoreError, PairedDesktop, identity};
pub use pairing_file::{PairingRequest, PairingRequestError};
pub use server::{Link, LinkError, LinkSettings, LinkTraffic, MAX_CONNECTIONS, start, start_with};

use pw_wire::{EncodedBatch, JournalRange};
use tokio::sync::watch;

/// What the link needs of the journal.
pub trait BatchSource: Clone + Send + Sync + 'static {
    /// What [`Self::state`] carries.
    type State: Send + Sync + 'static;

    /// Which journal it is.
    fn epoch(&self) -> u64;

    /// Follows the journal as it grows and shrinks.
    fn state(&self) -> watch::Receiver<Self::State>;

    /// What the journal holds in that state.
    fn range(state: &Self::State) -> JournalRange;

    /// Durable batches from `from_seq` on, at most so many and so large, but one in any case;
    /// none when it holds none. Runs where it may block.
    ///
    /// # Errors
    /// Why the journal cannot be read, in words.
    fn read_from(
        &self,
        from_seq: u64,
        max_batches: usize,
        max_bytes: usize,
    ) -> Result<Vec<EncodedBatch>, String>;

    /// The desktop with this key holds this batch and all before it on disk. Must not block.
    fn acknowledge(&self, desktop: [u8; 32], seq: u64);

    /// A desktop begins in the middle of the journal: every advertisement has to be written once
    /// more. Must not block.
    fn announce_again(&self);

    /// Whether a desktop is connected right now, and follows what is written. Must not block.
    fn set_followed(&self, followed: bool);

    /// These desktops are paired: the journal keeps a batch until all of them hold it.
    /// Must not block.
    fn set_desktops(&self, desktops: Vec<[u8; 32]>);
}

#[cfg(test)]
mod tests;
