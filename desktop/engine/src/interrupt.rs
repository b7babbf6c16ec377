//! The person's wish to end the program, as a flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets `flag` at the first interruption.
pub(crate) async fn wait(flag: Arc<AtomicBool>) {
    if let Err(error) = interrupted().await {
        tracing::warn!("interruptions cannot be caught: {error}");
        return;
    }
    flag.store(true, Ordering::Release);
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = end.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
