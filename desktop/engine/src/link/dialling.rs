//! Asks for a connection until one stands: rounds that overlap, so that it stands soon after the
//! path is back however long that was away.
//!
//! A QUIC handshake repeats its packets at growing distances, so one attempt alone would notice the
//! path late. A new round begins every two seconds at most while the older ones go on for their
//! time; the first that comes through counts, and the sensor hears a word from that one only.

use super::backoff::{Backoff, LONGEST};
use super::dial::{Dialled, dial, resolve};
use super::route::own_address;
use super::state::{LinkState, LinkTrouble};
use super::store::{KnownSensor, LinkStore};
use pw_trust::{PinnedKey, Purpose, random_bytes};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Rounds at once; the next waits until one of them is over.
const MAX_ROUNDS: usize = 6;

/// How often the way to the sensor is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whom to ask, and whom to tell.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) store: LinkStore,
    pub(super) sensor: KnownSensor,
    pub(super) state: watch::Sender<LinkState>,
}

/// Rounds that are under way.
#[derive(Debug)]
pub(super) struct Dialling {
    target: Target,
    rounds: JoinSet<Result<Dialled, LinkTrouble>>,
    next_round: Instant,
    look: tokio::time::Interval,
    /// Where the sensor was asked last, and from which address of ours.
    way: watch::Sender<Option<SocketAddr>>,
    own: Option<IpAddr>,
}

impl Dialling {
    /// The first round begins after `wait`.
    pub(super) fn after(target: Target, wait: Duration) -> Self {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        Self {
            target,
            rounds: JoinSet::new(),
            next_round: Instant::now() + wait,
            look,
            way: watch::Sender::new(None),
            own: None,
        }
    }

    /// The first connection that stands, or why a round failed; then ask again for the next. May be
    /// given up at any time, and called again.
    pub(super) async fn next(&mut self, backoff: &mut Backoff) -> Result<Dialled, LinkTrouble> {
        loop {
            let room = self.rounds.len() < MAX_ROUNDS;
            tokio::select! {
                Some(round) = self.rounds.join_next() => match round {
                    Ok(outcome) => return outcome,
                    Err(error) if error.is_panic() => {
                        std::panic::resume_unwind(error.into_panic())
                    }
                    // Ended by `hold`.
                    Err(_cancelled) => {}
                },
                () = tokio::time::sleep_until(self.next_round), if room => {
                    self.rounds.spawn(round(self.target.clone(), self.way.clone()));
                    let [chance] = random_bytes().unwrap_or([127]);
                    self.next_round = Instant::now() + backoff.next(chance);
                }
                _ = self.look.tick() => self.look_at_the_way(),
            }
        }
    }

    /// A person has to do something first: nothing more is asked for a while.
    pub(super) fn hold(&mut self) {
        self.rounds.abort_all();
        self.next_round = Instant::now() + LONGEST;
    }

    /// The next round begins now.
    pub(super) fn hurry(&mut self) {
        self.next_round = Instant::now();
    }

    /// When the next round begins.
    pub(super) const fn next_round(&self) -> Instant {
        self.next_round
    }

    /// Another network is another chance.
    fn look_at_the_way(&mut self) {
        let Some(sensor) = *self.way.borrow() else { return };
        let own = own_address(sensor);
        if own.is_some() && self.own.is_some() && own != self.own {
            self.hurry();
        }
        self.own = own.or(self.own);
    }
}

/// One round: looks the sensor up and asks all its addresses at once.
async fn round(
    target: Target,
    way: watch::Sender<Option<SocketAddr>>,
) -> Result<Dialled, LinkTrouble> {
    // Paired again or moved since: the store knows.
    let address = match target.store.find_key(&target.sensor.fingerprint) {
        Ok(Some(sensor)) => sensor.address,
        _ => target.sensor.address.clone(),
    };
    let mut asked = JoinSet::new();
    for address in resolve(&address).await? {
        way.send_replace(Some(address));
        target.state.send_if_modified(|state| {
            let first = *state == LinkState::Resolving;
            if first {
                *state = LinkState::Connecting { address };
            }
            first
        });
        let target = target.clone();
        asked.spawn(async move {
            let pinned = Arc::new(PinnedKey::new(target.sensor.fingerprint));
            dial(target.store.identity(), &Purpose::Link(pinned), address).await
        });
    }
    let mut told: Option<LinkTrouble> = None;
    while let Some(outcome) = asked.join_next().await {
        match outcome {
            Ok(Ok(dialled)) => return Ok(dialled),
            Ok(Err(trouble)) => {
                if told.as_ref().is_none_or(|told| trouble.weight() > told.weight()) {
                    told = Some(trouble);
                }
            }
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_cancelled) => {}
        }
    }
    Err(told.unwrap_or_else(|| LinkTrouble::NoAnswer("no address".to_owned())))
}
