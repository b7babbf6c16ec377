//! The desktop's end of the link: its key, the sensors it knows, pairing, and connections that
//! come back by themselves.
//!
//! [`LinkStore`] holds key and sensors, [`pair`] adds a sensor, [`connect`] records from one. The
//! link hands batches to a [`BatchSink`] and acknowledges them once that says they are durable.

mod backoff;
mod command;
mod connection;
mod dial;
mod dialling;
mod handle;
mod levels;
mod pair;
mod route;
mod state;
mod store;
mod streams;

pub use command::{CommandError, command};
pub use connection::connect;
pub(crate) use connection::connect_with;
pub use handle::{LinkCounts, SensorLink};
pub(crate) use levels::LevelSink;
pub use pair::{PairError, pair};
pub use state::{LinkState, LinkTrouble};
pub(crate) use store::replaced_by;
pub use store::{KnownSensor, LinkStore, LinkStoreError};

use pw_model::SensorId;
use pw_wire::EncodedBatch;
use std::pin::Pin;

/// Done once the batch is on disk.
pub type Durable = Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send>>;

/// Why a batch was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// The batch itself is at fault; sending it again gives the same.
    #[error("the survey refused a batch: {0}")]
    Refused(String),
    /// The survey is closed.
    #[error("the survey was closed")]
    Closed,
}

/// Where batches go. Drops what it already holds, by (sensor, epoch, number).
pub trait BatchSink: Clone + Send + Sync + 'static {
    /// The highest batch of this sensor and epoch that is durable without holes from `oldest_seq`
    /// on; `oldest_seq - 1` for none.
    fn durable_through(
        &self,
        sensor: SensorId,
        epoch: u64,
        oldest_seq: u64,
    ) -> impl Future<Output = Result<u64, SinkError>> + Send;

    /// Takes a batch; waits while there is no room, and with it the link and the sensor.
    fn enqueue(
        &self,
        batch: EncodedBatch,
    ) -> impl Future<Output = Result<Durable, SinkError>> + Send;

    /// Takes a batch that came ahead of its turn, to be shown soon. It comes again through
    /// [`Self::enqueue`], so where there is no room it may be left out. Must not wait.
    fn enqueue_live(&self, batch: EncodedBatch);
}

#[cfg(test)]
mod tests;
