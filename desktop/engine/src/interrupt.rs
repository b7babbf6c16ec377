//! The person's wish to end the program, as a flag.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set when the person interrupts the program, for work that has no runtime. From then
/// on interrupting does nothing else.
///
/// # Errors
/// The system gives no thread or no way to wait for signals.
pub fn flag() -> std::io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || runtime.block_on(wait(set)))?;
    Ok(flag)
}

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
