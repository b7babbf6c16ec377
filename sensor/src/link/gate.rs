//! Who may come in right now: the paired desktops, and one stranger while a pairing window is open.

use super::keys::KeyStore;
use crate::audit::{Audit, AuditEntry, AuditKind};
use pw_trust::{
    KeyFingerprint, KeyPolicy, PairingCode, PairingError, PairingWindow, Refusal, RefusalReason,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What became of the pairing window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PairingState {
    /// None was opened yet.
    Idle,
    /// It is open.
    Open,
    /// A desktop was paired, and the window closed.
    Paired {
        /// Name of the desktop.
        name: String,
        /// Its key.
        key: KeyFingerprint,
    },
    /// It closed without a desktop.
    Closed {
        /// Why, in words.
        reason: String,
    },
}

#[derive(Debug)]
pub(super) struct Gate {
    pub(super) keys: KeyStore,
    pub(super) audit: Audit,
    window: Mutex<Option<PairingWindow>>,
    started: Instant,
    state: watch::Sender<PairingState>,
}

impl Gate {
    pub(super) fn new(keys: KeyStore, audit: Audit) -> Self {
        Self {
            keys,
            audit,
            window: Mutex::new(None),
            started: Instant::now(),
            state: watch::Sender::new(PairingState::Idle),
        }
    }

    /// Opens a window; one that was open is replaced.
    pub(super) fn open_window(&self, code: PairingCode) {
        *self.window() = Some(PairingWindow::open(code, self.now()));
        self.state.send_replace(PairingState::Open);
        self.audit.record(&AuditEntry::new(AuditKind::PairingOpened));
        tracing::info!("pairing window open for {} s", pw_trust::PAIRING_WINDOW.as_secs());
    }

    pub(super) fn state(&self) -> watch::Receiver<PairingState> {
        self.state.subscribe()
    }

    /// Uses up one attempt of the window.
    pub(super) fn attempt(&self) -> Result<PairingCode, PairingError> {
        let now = self.now();
        self.window().as_mut().map_or(Err(PairingError::WindowClosed), |w| w.attempt(now))
    }

    /// Attempts left, after one that failed.
    pub(super) fn attempt_failed(&self) -> u8 {
        let left = self.window().as_ref().map_or(0, PairingWindow::attempts_left);
        if left == 0 {
            self.close_window(PairingState::Closed {
                reason: PairingError::TooManyAttempts.to_string(),
            });
        }
        left
    }

    /// Closes the window if its time is over.
    pub(super) fn expire(&self) {
        let now = self.now();
        let over = self.window().as_ref().is_some_and(|w| w.remaining(now).is_none());
        if over {
            let reason = "no desktop came within the time".to_owned();
            self.close_window(PairingState::Closed { reason });
        }
    }

    pub(super) fn close_window(&self, state: PairingState) {
        if self.window().take().is_some() {
            match &state {
                PairingState::Closed { reason } => {
                    let entry = AuditEntry::new(AuditKind::PairingClosed).detail(reason);
                    self.audit.record(&entry);
                    tracing::info!("pairing window closed: {reason}");
                }
                _ => tracing::info!("pairing window closed"),
            }
            self.state.send_replace(state);
        }
    }

    fn window_is_open(&self) -> bool {
        let now = self.now();
        self.window().as_ref().is_some_and(|window| window.remaining(now).is_some())
    }

    fn window(&self) -> MutexGuard<'_, Option<PairingWindow>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The gate as one connection sees it; remembers what was decided, so that the connection's task
/// can log it beside the address.
#[derive(Debug)]
pub(super) struct Visitor {
    gate: Arc<Gate>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    key: Option<KeyFingerprint>,
    refusal: Option<Refusal>,
}

impl Visitor {
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, seen: Mutex::default() }
    }

    /// The key that was let in; TLS has proven it once the handshake is done.
    pub(super) fn key(&self) -> Option<KeyFingerprint> {
        self.seen().key
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.seen().refusal.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyPolicy for Visitor {
    fn judge(&self, key: &KeyFingerprint) -> Result<(), RefusalReason> {
        if self.gate.keys.find(key).is_some() || self.gate.window_is_open() {
            self.seen().key = Some(*key);
            Ok(())
        } else {
            Err(RefusalReason::NotPaired)
        }
    }

    fn refused(&self, refusal: &Refusal) {
        self.seen().refusal = Some(refusal.clone());
    }
}
