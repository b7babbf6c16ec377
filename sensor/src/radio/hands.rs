//! Calls that a driver may never return from, made on a thread that can be given up.
//!
//! Opening, tuning and closing an interface go through locks of the kernel that a driver in trouble
//! holds. The thread that hands frames on must not wait for them longer than a limit.

use super::control::RadioControl;
use super::identity::AdapterIdentity;
use super::numbers::Awaited;
use super::{RadioAbilities, RadioError};
use crate::capture::{FrameSource, SourceError};
use crate::hop::Tuning;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Threads given up that may still hang in the kernel. When as many do, no more are started: the
/// radio is tried again once one comes back.
const STUCK_MAX: usize = 4;

/// How one radio is found and opened, again and again.
pub trait Adapter: Send + Sync {
    /// Finds it, under whatever name, and opens it.
    ///
    /// # Errors
    /// It is not there, or may not be used.
    fn open(&self) -> Result<Equipment, SourceError>;

    /// It was not there at the start: this is known of the one that is waited for.
    fn await_it(&self, _awaited: Awaited) {}
}

/// An open radio.
pub struct Equipment {
    /// Its interface.
    pub interface: String,
    /// Which adapter it is; `None` without hardware.
    pub identity: Option<AdapterIdentity>,
    /// Driver and device in words; empty when not known.
    pub hardware: String,
    /// What tunes it; `None` when somebody else does.
    pub control: Option<Box<dyn RadioControl>>,
    /// Where its frames come from.
    pub frames: Box<dyn FrameSource>,
}

/// An open radio whose control stays with the [`Hands`].
pub(super) struct Opened {
    pub(super) interface: String,
    pub(super) identity: Option<AdapterIdentity>,
    pub(super) hardware: String,
    /// `None` when somebody else tunes it.
    pub(super) abilities: Option<RadioAbilities>,
    pub(super) frames: Box<dyn FrameSource>,
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Called<T> {
    Done(T),
    /// It did not return within the limit, and was given up.
    Hung,
}

type Reply<T> = SyncSender<T>;

enum Ask {
    Open { old: Option<Box<dyn FrameSource>>, reply: Reply<Result<Opened, SourceError>> },
    Tune { tuning: Tuning, reply: Reply<Result<(), RadioError>> },
    Restore { reply: Reply<Result<(), RadioError>> },
    Close { old: Box<dyn FrameSource>, reply: Reply<()> },
}

/// Makes the calls for one radio.
pub(super) struct Hands {
    adapter: Arc<dyn Adapter>,
    worker: Option<(SyncSender<Ask>, Weak<()>)>,
    given_up: Vec<Weak<()>>,
    /// What was open, while there is no thread that could close it.
    unclosed: Option<Box<dyn FrameSource>>,
}

impl Hands {
    pub(super) fn new(adapter: Arc<dyn Adapter>) -> Self {
        Self { adapter, worker: None, given_up: Vec::new(), unclosed: None }
    }

    /// Says which adapter is waited for.
    pub(super) fn await_it(&self, awaited: Awaited) {
        self.adapter.await_it(awaited);
    }

    /// Closes what was open and opens the radio.
    pub(super) fn open(
        &mut self,
        old: Option<Box<dyn FrameSource>>,
        limit: Duration,
    ) -> Called<Result<Opened, SourceError>> {
        let old = old.or_else(|| self.unclosed.take());
        if !self.is_ready() {
            self.unclosed = old;
            std::thread::sleep(limit);
            return Called::Hung;
        }
        self.call(limit, |reply| Ask::Open { old, reply })
    }

    /// Closes what is open. Where the driver hangs it stays open until the process ends.
    pub(super) fn close(&mut self, old: Box<dyn FrameSource>, limit: Duration) -> Called<()> {
        if !self.is_ready() {
            self.unclosed = Some(old);
            return Called::Hung;
        }
        self.call(limit, |reply| Ask::Close { old, reply })
    }

    /// Puts the radio on a channel.
    pub(super) fn tune(
        &mut self,
        tuning: Tuning,
        limit: Duration,
    ) -> Called<Result<(), RadioError>> {
        self.call(limit, |reply| Ask::Tune { tuning, reply })
    }

    /// Puts the radio back into the state it was found in.
    pub(super) fn restore(&mut self, limit: Duration) -> Called<Result<(), RadioError>> {
        self.call(limit, |reply| Ask::Restore { reply })
    }

    fn call<T>(&mut self, limit: Duration, ask: impl FnOnce(Reply<T>) -> Ask) -> Called<T> {
        if !self.is_ready() {
            std::thread::sleep(limit);
            return Called::Hung;
        }
        let (reply, answer) = sync_channel(1);
        let Some((asks, alive)) = &self.worker else { return Called::Hung };
        // It fails only when the thread has ended by a defect; then no answer comes either.
        drop(asks.send(ask(reply)));
        match answer.recv_timeout(limit) {
            Ok(answer) => Called::Done(answer),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                self.given_up.push(Weak::clone(alive));
                self.worker = None;
                Called::Hung
            }
        }
    }

    /// False when there is no thread that could make a call.
    fn is_ready(&mut self) -> bool {
        self.worker.is_some() || self.start()
    }

    /// Starts a thread; false when too many hang already or none can be started.
    fn start(&mut self) -> bool {
        self.given_up.retain(|stuck| stuck.strong_count() > 0);
        if self.given_up.len() >= STUCK_MAX {
            return false;
        }
        let (asks, queue) = sync_channel(1);
        let alive = Arc::new(());
        let watched = Arc::downgrade(&alive);
        let adapter = Arc::clone(&self.adapter);
        let started = std::thread::Builder::new().name("radio calls".to_owned()).spawn(move || {
            work(adapter.as_ref(), &queue);
            drop(alive);
        });
        match started {
            Ok(_detached) => {
                self.worker = Some((asks, watched));
                true
            }
            Err(error) => {
                tracing::warn!("no thread for a radio's calls: {error}");
                false
            }
        }
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        // Closing it here could keep this thread in the kernel for ever; it is closed with the process.
        self.unclosed.take().into_iter().for_each(std::mem::forget);
    }
}

/// Until the other end goes, or gave this thread up.
fn work(adapter: &dyn Adapter, asks: &Receiver<Ask>) {
    let mut control: Option<Box<dyn RadioControl>> = None;
    while let Ok(ask) = asks.recv() {
        let heard = match ask {
            Ask::Open { old, reply } => {
                drop(old);
                drop(control.take());
                let opened = adapter.open().and_then(|equipment| {
                    let Equipment { interface, identity, hardware, control: new, frames } =
                        equipment;
                    let mut new = new;
                    let abilities = new.as_mut().map(|control| control.abilities()).transpose();
                    let abilities = abilities.map_err(|error| unusable(&interface, &error))?;
                    control = new;
                    Ok(Opened { interface, identity, hardware, abilities, frames })
                });
                reply.send(opened).is_ok()
            }
            Ask::Tune { tuning, reply } => match &mut control {
                Some(control) => reply.send(control.set_channel(tuning)).is_ok(),
                None => reply.send(Err(closed())).is_ok(),
            },
            Ask::Restore { reply } => match &mut control {
                Some(control) => reply.send(control.restore()).is_ok(),
                None => reply.send(Ok(())).is_ok(),
            },
            Ask::Close { old, reply } => {
                drop(old);
                reply.send(()).is_ok()
            }
        };
        if !heard {
            break;
        }
    }
}

fn closed() -> RadioError {
    RadioError::Netlink("the radio is not open".to_owned())
}

/// Why a radio cannot be used, with its name said once.
pub(super) fn unusable(interface: &str, error: &RadioError) -> SourceError {
    let words = error.to_string();
    let message = words.strip_prefix(&format!("{interface}: ")).unwrap_or(&words).to_owned();
    SourceError::Interface { interface: interface.to_owned(), message }
}
