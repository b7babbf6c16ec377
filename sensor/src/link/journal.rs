//! The journal as the link sees it.

use super::BatchSource;
use crate::journal::{JournalReader, JournalState};
use pw_wire::{EncodedBatch, JournalRange};
use tokio::sync::watch;

impl BatchSource for JournalReader {
    type State = JournalState;

    fn epoch(&self) -> u64 {
        Self::epoch(self)
    }

    fn state(&self) -> watch::Receiver<JournalState> {
        Self::state(self)
    }

    fn range(state: &JournalState) -> JournalRange {
        JournalRange { oldest_seq: state.oldest_seq, durable_seq: state.durable_seq }
    }

    fn read_from(
        &self,
        from_seq: u64,
        max_batches: usize,
        max_bytes: usize,
    ) -> Result<Vec<EncodedBatch>, String> {
        Self::read_from(self, from_seq, max_batches, max_bytes).map_err(|error| error.to_string())
    }

    fn acknowledge(&self, desktop: [u8; 32], seq: u64) {
        Self::acknowledge(self, desktop, seq);
    }

    fn announce_again(&self) {
        Self::announce_again(self);
    }

    fn set_followed(&self, followed: bool) {
        Self::set_followed(self, followed);
    }

    fn set_desktops(&self, desktops: Vec<[u8; 32]>) {
        Self::set_desktops(self, desktops);
    }
}
