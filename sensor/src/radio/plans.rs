//! Who listens where: the plans of all radios, shared out among those that are there, and changed
//! while they run.

use super::novelty::Novelty;
use crate::hop::{HopSettings, RadioChannel, Schedule, Tuning, split, tuning, weight};
use pw_model::{ChannelPlan, RadioId};
use pw_wire::RadioTuning;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer to a command waits for the radios to do it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one radio is to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// By which plan.
    pub plan: ChannelPlan,
    /// On which channels.
    pub share: Vec<Tuning>,
}

/// The plans of a sensor's radios. Clones are the same plans.
#[derive(Clone)]
pub struct Plans(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Held by whoever sets a plan, until it is done or taken back.
    setting: Mutex<()>,
    changed: Condvar,
    /// Goes up with every change of an order.
    version: AtomicU64,
    novelty: Novelty,
}

struct State {
    settings: HopSettings,
    /// For radios that come without a plan of their own.
    plan: ChannelPlan,
    radios: BTreeMap<RadioId, Radio>,
}

struct Radio {
    name: String,
    /// Why it cannot be tuned.
    fixed: Option<&'static str>,
    /// What was said for it since the start.
    own: Option<ChannelPlan>,
    /// What it can listen to; `None` while it is gone.
    channels: Option<Vec<RadioChannel>>,
    order: Order,
    version: u64,
    /// What came of the order with that number.
    outcome: Option<(u64, Result<Tuning, String>)>,
}

impl Radio {
    fn can_hear(&self, plan: &ChannelPlan, favourites: &[u16]) -> bool {
        let Some(channels) = &self.channels else { return true };
        let Some(named) = named(plan, favourites) else { return !channels.is_empty() };
        channels.iter().any(|channel| named.contains(&channel.frequency_mhz))
    }
}

/// The channels that a plan names; `None` for one that takes what there is.
fn named<'a>(plan: &'a ChannelPlan, favourites: &'a [u16]) -> Option<Vec<u16>> {
    match plan {
        ChannelPlan::Lock { frequency_mhz, .. } => Some(vec![*frequency_mhz]),
        ChannelPlan::Favourites(list) if list.is_empty() => Some(favourites.to_vec()),
        ChannelPlan::Favourites(list) => Some(list.clone()),
        ChannelPlan::All | ChannelPlan::Survey | ChannelPlan::Adaptive => None,
    }
}

impl Plans {
    /// As configured; no radio yet.
    #[must_use]
    pub fn new(settings: HopSettings) -> Self {
        let plan = settings.plan.clone();
        Self(Arc::new(Shared {
            state: Mutex::new(State { settings, plan, radios: BTreeMap::new() }),
            setting: Mutex::new(()),
            changed: Condvar::new(),
            version: AtomicU64::new(0),
            novelty: Novelty::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where transmitters are heard for the first time.
    #[must_use]
    pub fn novelty(&self) -> &Novelty {
        &self.0.novelty
    }

    /// How radios hop.
    #[must_use]
    pub fn settings(&self) -> HopSettings {
        self.state().settings.clone()
    }

    /// There is such a radio. `fixed` says why it cannot be tuned, where it cannot.
    pub fn add(&self, radio: RadioId, name: &str, fixed: Option<&'static str>) {
        let mut state = self.state();
        let own = state.settings.radios.get(name).and_then(|own| own.plan.clone());
        state.radios.insert(
            radio,
            Radio {
                name: name.to_owned(),
                fixed,
                own,
                channels: None,
                order: Order::default(),
                version: 0,
                outcome: None,
            },
        );
    }

    /// A radio is there and can listen to these channels: the plans are shared out anew.
    pub fn opened(&self, radio: RadioId, channels: &[RadioChannel]) {
        self.change(radio, Some(channels.to_vec()));
    }

    /// A radio is gone: others take its channels.
    pub fn gone(&self, radio: RadioId) {
        self.change(radio, None);
    }

    fn change(&self, radio: RadioId, channels: Option<Vec<RadioChannel>>) {
        let mut state = self.state();
        if let Some(radio) = state.radios.get_mut(&radio) {
            radio.channels = channels;
            // Whatever it was told before: it begins anew.
            radio.order = Order::default();
            radio.outcome = None;
        }
        self.share_out(&mut state);
    }

    /// A number that changes with every change of an order: a cheap look whether there is one.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version.load(Ordering::Acquire)
    }

    /// The order of a radio and its number, when it is a later one than `seen`.
    #[must_use]
    pub fn order(&self, radio: RadioId, seen: u64) -> Option<(u64, Order)> {
        let state = self.state();
        let radio = state.radios.get(&radio)?;
        (radio.version > seen).then(|| (radio.version, radio.order.clone()))
    }

    /// A radio has done the first step of its order, or could not.
    pub fn report(&self, radio: RadioId, version: u64, outcome: Result<Tuning, String>) {
        let mut state = self.state();
        if let Some(radio) = state.radios.get_mut(&radio) {
            radio.outcome = Some((version, outcome));
        }
        drop(state);
        self.0.changed.notify_all();
    }

    /// Gives every radio that is there its share. Plans that name their channels come first; the
    /// others leave these channels out.
    fn share_out(&self, state: &mut State) {
        let mut groups: BTreeMap<(u8, String), (ChannelPlan, Vec<RadioId>)> = BTreeMap::new();
        for (id, radio) in &state.radios {
            if radio.fixed.is_none() && radio.channels.is_some() {
                let plan = radio.own.clone().unwrap_or_else(|| state.plan.clone());
                let key = (rank(&plan), plan.to_string());
                groups.entry(key).or_insert_with(|| (plan, Vec::new())).1.push(*id);
            }
        }
        let mut taken: BTreeSet<u16> = BTreeSet::new();
        let mut orders = Vec::new();
        for (plan, members) in groups.into_values() {
            for (id, share) in state.shares(&plan, &members, &taken) {
                orders.push((id, Order { plan: plan.clone(), share }));
            }
            let shares = orders.iter().flat_map(|(_, order)| &order.share);
            taken.extend(shares.map(|tuning| tuning.frequency_mhz));
        }
        for (id, order) in orders {
            let Some(radio) = state.radios.get_mut(&id) else { continue };
            if radio.order != order || radio.version == 0 {
                radio.order = order;
                // Under the lock that orders are read under.
                radio.version = self.0.version.fetch_add(1, Ordering::AcqRel) + 1;
            }
        }
    }

    /// Sets the plan of one radio or of all that can hear it, and waits until they do it or say why
    /// not. Gives what was done in words.
    ///
    /// # Errors
    /// Why nothing was done.
    pub fn set(&self, radio: Option<RadioId>, plan: &ChannelPlan) -> Result<String, String> {
        plan.check()?;
        // One after the other: what is taken back must not be what another was told is done.
        let _one_at_a_time = self.0.setting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state();
        let targets = state.targets(radio, plan)?;
        let owns = state.radios.iter().map(|(id, radio)| (*id, radio.own.clone())).collect();
        let before: (ChannelPlan, BTreeMap<RadioId, Option<ChannelPlan>>) =
            (state.plan.clone(), owns);
        if radio.is_none() {
            // Those that are not meant keep what they have.
            let before = std::mem::replace(&mut state.plan, plan.clone());
            for other in state.radios.values_mut().filter(|radio| radio.own.is_none()) {
                other.own = Some(before.clone());
            }
        }
        for id in &targets {
            if let Some(radio) = state.radios.get_mut(id) {
                radio.own = Some(plan.clone());
            }
        }
        self.share_out(&mut state);
        let answers: Vec<Result<String, String>> = self.wait(state, &targets);
        let failed = answers.iter().all(Result::is_err);
        let words = answers.into_iter().map(|answer| answer.unwrap_or_else(|why| why));
        let words = words.collect::<Vec<_>>().join("; ");
        if !failed {
            return Ok(words);
        }
        // A radio that cannot do what it is told does what it did before.
        let mut state = self.state();
        state.plan = before.0;
        for (id, own) in before.1 {
            if let Some(radio) = state.radios.get_mut(&id) {
                radio.own = own;
            }
        }
        self.share_out(&mut state);
        Err(format!("{words}; the plan is as before"))
    }

    fn wait(
        &self,
        mut state: MutexGuard<'_, State>,
        targets: &[RadioId],
    ) -> Vec<Result<String, String>> {
        let until = Instant::now() + PATIENCE;
        while targets
            .iter()
            .any(|id| state.radios.get(id).is_some_and(|radio| !radio.has_answered()))
        {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let settings = &state.settings;
        targets.iter().filter_map(|id| Some(state.radios.get(id)?.answer(settings))).collect()
    }

    /// What every radio is told right now, for the link.
    #[must_use]
    pub fn tuning(&self) -> Vec<RadioTuning> {
        let state = self.state();
        let one = |(id, radio): (&RadioId, &Radio)| {
            let plan = radio.own.as_ref().unwrap_or(&state.plan);
            let width = radio.order.share.iter().map(|tuning| tuning.width_mhz).max();
            RadioTuning {
                radio: *id,
                plan: radio.fixed.is_none().then(|| plan.to_string()),
                width_mhz: width,
                words: match (radio.fixed, &radio.channels) {
                    (Some(why), _) => format!("cannot be tuned: {why}"),
                    (None, None) => format!("{}, once it is there", plan.short()),
                    (None, Some(_)) => words(&radio.order, &state.settings),
                },
            }
        };
        state.radios.iter().map(one).collect()
    }
}

impl Radio {
    fn has_answered(&self) -> bool {
        self.channels.is_none()
            || self.order.share.is_empty()
            || self.outcome.as_ref().is_some_and(|(version, _)| *version >= self.version)
    }

    fn answer(&self, settings: &HopSettings) -> Result<String, String> {
        let name = &self.name;
        if self.channels.is_none() {
            return Ok(format!("{name} is not there now; it holds once it comes back"));
        }
        match &self.outcome {
            Some((version, Err(why))) if *version >= self.version => {
                Err(format!("{name} does not do it: {why}"))
            }
            Some((version, Ok(_))) if *version >= self.version => {
                Ok(format!("{name}: {}", words(&self.order, settings)))
            }
            _ if self.order.share.is_empty() => Err(format!("{name}: no channel is left for it")),
            _ => {
                Err(format!("{name} was told, and has not done it within {} s", PATIENCE.as_secs()))
            }
        }
    }
}

impl State {
    /// Which radios a plan is for; those that can hear none of its channels keep theirs.
    fn targets(&self, radio: Option<RadioId>, plan: &ChannelPlan) -> Result<Vec<RadioId>, String> {
        let list = || {
            let one = |(id, radio): (&RadioId, &Radio)| format!("{} ({})", id.0, radio.name);
            self.radios.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        if self.radios.is_empty() {
            return Err("the sensor runs without a radio".to_owned());
        }
        if let Some(id) = radio
            && !self.radios.contains_key(&id)
        {
            return Err(format!("there is no radio {}; there are: {}", id.0, list()));
        }
        let favourites = &self.settings.favourites_mhz;
        if named(plan, favourites).is_some_and(|named| named.is_empty()) {
            return Err("the sensor's configuration has no favourites (favourites_mhz in [hop]); \
                        name them: favourites:2412,2437,…"
                .to_owned());
        }
        let asked: Vec<(&RadioId, &Radio)> = self
            .radios
            .iter()
            .filter(|(id, _)| radio.is_none_or(|wanted| wanted == **id))
            .collect();
        let tunable: Vec<_> = asked.iter().filter(|(_, radio)| radio.fixed.is_none()).collect();
        if tunable.is_empty() {
            let why: BTreeSet<String> = asked
                .iter()
                .filter_map(|(_, radio)| Some(format!("{}: {}", radio.name, radio.fixed?)))
                .collect();
            return Err(why.into_iter().collect::<Vec<_>>().join("; "));
        }
        let able: Vec<RadioId> = tunable
            .iter()
            .filter(|(_, radio)| radio.can_hear(plan, favourites))
            .map(|(id, _)| **id)
            .collect();
        if able.is_empty() {
            let hears = |(_, radio): &&(&RadioId, &Radio)| {
                let channels = radio.channels.as_deref().unwrap_or_default();
                let range = channels.first().zip(channels.last()).map_or_else(
                    || "no channel".to_owned(),
                    |(low, high)| format!("{} to {} MHz", low.frequency_mhz, high.frequency_mhz),
                );
                format!("{} hears {range}", radio.name)
            };
            let hear: Vec<String> = tunable.iter().copied().map(|r| hears(&r)).collect();
            return Err(format!("no radio can listen to that ({plan}): {}", hear.join(", ")));
        }
        Ok(able)
    }

    fn shares(
        &self,
        plan: &ChannelPlan,
        members: &[RadioId],
        taken: &BTreeSet<u16>,
    ) -> Vec<(RadioId, Vec<Tuning>)> {
        let radios: Vec<&Radio> = members.iter().filter_map(|id| self.radios.get(id)).collect();
        let channels = |radio: &Radio| radio.channels.clone().unwrap_or_default();
        let sets: Vec<BTreeSet<u16>> = radios
            .iter()
            .map(|radio| channels(radio).iter().map(|channel| channel.frequency_mhz).collect())
            .collect();
        let wanted: Vec<u16> = match named(plan, &self.settings.favourites_mhz) {
            Some(named) => named,
            None => {
                let allowed = &self.settings.frequencies_mhz;
                let all: BTreeSet<u16> = sets.iter().flatten().copied().collect();
                let all: Vec<u16> = all
                    .into_iter()
                    .filter(|mhz| allowed.is_empty() || allowed.contains(mhz))
                    .collect();
                let free: Vec<u16> = all.iter().copied().filter(|m| !taken.contains(m)).collect();
                if free.is_empty() { all } else { free }
            }
        };
        let heaviness = |mhz: u16| if *plan == ChannelPlan::All { weight(mhz) } else { 1 };
        let wanted: Vec<(u16, u32)> = wanted.iter().map(|mhz| (*mhz, heaviness(*mhz))).collect();
        let width = |radio: &Radio| match plan {
            ChannelPlan::Lock { width_mhz: Some(width), .. } => *width,
            _ => {
                let own = self.settings.radios.get(&radio.name).and_then(|own| own.width_mhz);
                own.unwrap_or(self.settings.width_mhz)
            }
        };
        let tune = |radio: &&Radio, share: Vec<u16>| {
            let channels = channels(radio);
            share.into_iter().map(|mhz| tuning(mhz, width(radio), &channels)).collect()
        };
        let shares = split(&wanted, &sets);
        let tunings = radios.iter().zip(shares).map(|(radio, share)| tune(radio, share));
        members.iter().copied().zip(tunings).collect()
    }
}

/// Plans that name more come first.
const fn rank(plan: &ChannelPlan) -> u8 {
    match plan {
        ChannelPlan::Lock { .. } => 0,
        ChannelPlan::Favourites(_) => 1,
        ChannelPlan::Survey | ChannelPlan::Adaptive => 2,
        ChannelPlan::All => 3,
    }
}

/// An order for people.
fn words(order: &Order, settings: &HopSettings) -> String {
    let Some(schedule) = Schedule::new(&order.plan, &order.share, settings) else {
        return format!("{}: no channel is left for it", order.plan.short());
    };
    let widest = order.share.iter().map(|tuning| tuning.width_mhz).max().unwrap_or(20);
    let width = if widest > 20 { format!(", up to {widest} MHz wide") } else { String::new() };
    match order.share.as_slice() {
        [only] => format!("{}, only {} MHz{width}", order.plan.short(), only.frequency_mhz),
        share => format!(
            "{}, {} channels{width}, each again within {:.1} s and the time of switching",
            order.plan.short(),
            share.len(),
            schedule.longest_absence().as_secs_f64()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(frequencies: &[u16]) -> Vec<RadioChannel> {
        frequencies.iter().map(|mhz| RadioChannel::narrow(*mhz)).collect()
    }

    /// Does what it is told at once.
    fn obey(plans: &Plans) -> impl Drop {
        struct Obedient(Arc<std::sync::atomic::AtomicBool>, Option<std::thread::JoinHandle<()>>);
        impl Drop for Obedient {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
                drop(self.1.take().map(std::thread::JoinHandle::join));
            }
        }
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (plans, stopped) = (plans.clone(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeMap::new();
            while !stopped.load(Ordering::Relaxed) {
                for radio in [RadioId(0), RadioId(1)] {
                    let last = seen.entry(radio).or_insert(0);
                    if let Some((version, order)) = plans.order(radio, *last)
                        && let Some(first) = order.share.first()
                    {
                        *last = version;
                        let regulated = first.frequency_mhz == 5500;
                        let refused = || Err("the regulatory domain".to_owned());
                        plans.report(
                            radio,
                            version,
                            if regulated { refused() } else { Ok(*first) },
                        );
                    }
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Obedient(stop, Some(thread))
    }

    fn two(settings: HopSettings) -> Plans {
        let plans = Plans::new(settings);
        plans.add(RadioId(0), "wlan1", None);
        plans.add(RadioId(1), "wlan2", None);
        plans.opened(RadioId(0), &channels(&[2412, 2437, 2462]));
        plans.opened(RadioId(1), &channels(&[2412, 2437, 2462, 5180, 5500]));
        plans
    }

    fn share(plans: &Plans, radio: u8) -> Vec<u16> {
        let order = plans.order(RadioId(radio), 0).map(|(_, order)| order);
        order.unwrap_or_default().share.iter().map(|tuning| tuning.frequency_mhz).collect()
    }

    fn plan(text: &str) -> ChannelPlan {
        text.parse().expect("a plan")
    }

    #[test]
    fn radios_share_a_plan_and_take_over_from_one_that_goes() {
        let plans = two(HopSettings::default());
        assert_eq!((share(&plans, 0).len(), share(&plans, 1).len()), (2, 3));
        let version = plans.version();
        plans.gone(RadioId(0));
        assert!(plans.version() > version);
        assert_eq!(share(&plans, 1), [2412, 2437, 2462, 5180, 5500]);
        plans.opened(RadioId(0), &channels(&[2412, 2437, 2462]));
        assert_eq!((share(&plans, 0).len(), share(&plans, 1).len()), (2, 3));
    }

    #[test]
    fn a_locked_radio_leaves_the_rest_to_the_other() {
        let plans = two(HopSettings::default());
        let _radios = obey(&plans);
        let words = plans.set(Some(RadioId(1)), &plan("lock:2437")).expect("it can");
        assert!(words.contains("wlan2: lock:2437, only 2437 MHz"), "{words}");
        assert_eq!(share(&plans, 1), [2437]);
        assert_eq!(share(&plans, 0), [2412, 2462]);
        // For all: those that cannot hear it keep their plan.
        let words = plans.set(None, &plan("lock:5180")).expect("one can");
        assert!(words.starts_with("wlan2: ") && !words.contains("wlan1"), "{words}");
        assert_eq!((share(&plans, 0), share(&plans, 1)), (vec![2412, 2437, 2462], vec![5180]));
        plans.set(None, &plan("adaptive")).expect("both can");
        assert_eq!(plans.tuning()[1].plan.as_deref(), Some("adaptive"));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let plans = two(HopSettings::default());
        let _radios = obey(&plans);
        for (radio, text, words) in [
            (Some(7), "all", "there is no radio 7; there are: 0 (wlan1), 1 (wlan2)"),
            (Some(0), "lock:5180", "wlan1 hears 2412 to 2462 MHz"),
            (None, "lock:5955", "no radio can listen to that"),
            (None, "favourites", "has no favourites"),
            (None, "lock:5500", "does not do it: the regulatory domain; the plan is as before"),
        ] {
            let error = plans.set(radio.map(RadioId), &plan(text)).expect_err(text);
            assert!(error.contains(words), "{error}");
            assert!(plans.tuning().iter().all(|radio| radio.plan.as_deref() == Some("all")));
            assert_eq!(share(&plans, 0).len() + share(&plans, 1).len(), 5);
        }
        let file = Plans::new(HopSettings::default());
        assert!(file.set(None, &plan("all")).expect_err("none").contains("without a radio"));
        file.add(RadioId(0), "drive.pcap", Some("a capture file"));
        let error = file.set(None, &plan("all")).expect_err("a file");
        assert_eq!(error, "drive.pcap: a capture file");
        assert_eq!(file.tuning()[0].plan, None);
    }

    #[test]
    fn what_the_configuration_says_for_one_radio_holds_for_it_alone() {
        let own = crate::hop::RadioHop { plan: Some(plan("favourites")), width_mhz: None };
        let plans = two(HopSettings {
            favourites_mhz: vec![2437],
            frequencies_mhz: vec![2412, 5180],
            radios: BTreeMap::from([("wlan1".to_owned(), own)]),
            ..HopSettings::default()
        });
        assert_eq!((share(&plans, 0), share(&plans, 1)), (vec![2437], vec![2412, 5180]));
    }

    #[test]
    fn a_radio_that_is_away_is_told_when_it_comes() {
        let plans = two(HopSettings::default());
        plans.gone(RadioId(0));
        let words = plans.set(Some(RadioId(0)), &plan("lock:2412")).expect("noted");
        assert!(words.contains("once it comes back"), "{words}");
        plans.opened(RadioId(0), &channels(&[2412, 2437]));
        assert_eq!(share(&plans, 0), [2412]);
    }
}
