//! The streams of batches of one connection.

use super::dial::{READ_CHUNK, StreamError};
use pw_wire::{EncodedBatch, FrameReader, LinkFrame};
use tokio::sync::mpsc;

/// Batches, or why there are no more.
pub(super) type BatchQueue = mpsc::Sender<Result<EncodedBatch, StreamError>>;

/// Reads the sensor's streams of batches into the queues until they end: the first holds them in
/// their turn, the second, where there is one, the newest ahead of it.
pub(super) async fn read_streams(
    connection: quinn::Connection,
    queue: BatchQueue,
    live: mpsc::Sender<EncodedBatch>,
) {
    let outcome = async {
        let in_turn = connection.accept_uni().await?;
        let newest = async {
            let outcome =
                async { read_batches(connection.accept_uni().await?, |b| live.send(b)).await };
            if let Err(error) = outcome.await {
                // All of them come again in their turn.
                tracing::debug!("the newest batches: {error}");
            }
            std::future::pending().await
        };
        tokio::select! {
            ended = read_batches(in_turn, |batch| queue.send(Ok(batch))) => ended,
            ended = newest => ended,
        }
    };
    if let Err(error) = outcome.await {
        // Nobody listens any more when the session is over.
        drop(queue.send(Err(error)).await);
    }
}

/// Reads batches from one stream until it ends, or until nobody takes them.
async fn read_batches<T, E, F: Future<Output = Result<T, E>>>(
    mut stream: quinn::RecvStream,
    take: impl Fn(EncodedBatch) -> F,
) -> Result<(), StreamError> {
    let mut frames = FrameReader::for_batches();
    loop {
        while let Some(frame) = frames.pop()? {
            match frame {
                LinkFrame::Batch(batch) => {
                    if take(batch).await.is_err() {
                        return Ok(());
                    }
                }
                LinkFrame::Later => {}
                LinkFrame::Message(_) => return Err(StreamError::WrongStream),
            }
        }
        let chunk = stream.read_chunk(READ_CHUNK, true).await?;
        frames.push(&chunk.ok_or(StreamError::Ended)?.bytes);
    }
}
