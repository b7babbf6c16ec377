//! The datagrams of one connection: signal levels of this moment.

use crate::levels::LiveLevels;
use pw_model::{MacAddr, SensorId};
use pw_wire::LevelsReceived;
use std::sync::Arc;
use std::time::Instant;

/// Bytes of datagrams that wait to be looked at: some seconds of what a sensor sends. When full, the
/// oldest goes.
pub(super) const RECEIVE_BUFFER: usize = 32 << 10;

/// What a link does with levels.
#[derive(Clone)]
pub(crate) struct LevelSink {
    /// Where they go.
    pub(crate) levels: Arc<LiveLevels>,
    /// Told when a watched transmitter was heard.
    pub(crate) wake: Arc<dyn Fn() + Send + Sync>,
    /// Whose levels are asked for first; none at all while it is `None`.
    pub(crate) watched: tokio::sync::watch::Receiver<Option<Vec<MacAddr>>>,
}

impl std::fmt::Debug for LevelSink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("LevelSink")
    }
}

/// Takes levels in until the connection ends. On its own, so that no batch makes a level late.
pub(super) async fn read_levels(connection: quinn::Connection, sensor: SensorId, sink: LevelSink) {
    let mut received = LevelsReceived::default();
    // A sensor that sends levels allows datagrams, though none are sent to it (sensor/src/link).
    sink.levels.connected(sensor, connection.max_datagram_size().is_some());
    // It fails only at the end of the connection, which its driver finds out and tells.
    while let Ok(bytes) = connection.read_datagram().await {
        if sink.levels.receive(sensor, &mut received, &bytes, Instant::now()) {
            (sink.wake)();
        }
    }
}
