//! The adapters of this machine: found by what they are, opened through libpcap and nl80211.

use super::hands::{Adapter, Equipment};
use super::identity::AdapterIdentity;
use super::nl80211::Nl80211Radio;
use super::numbers::Awaited;
use crate::capture::{LiveSettings, Open, SourceError, hardware};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where the kernel tells of its devices.
pub const SYS: &str = "/sys";

/// An interface of this machine, followed when it is renamed.
pub struct LocalAdapter {
    interface: String,
    who: Mutex<Who>,
    /// Where the kernel tells of its devices; [`SYS`] but in tests.
    sys: PathBuf,
    settings: LiveSettings,
    /// True when the sensor puts it into monitor mode and tunes it.
    tuned: bool,
}

#[derive(Default)]
struct Who {
    /// Who it is, as soon as it was seen once.
    identity: Option<AdapterIdentity>,
    /// Until then, who is waited for.
    awaited: Awaited,
}

impl LocalAdapter {
    /// The adapter that is behind `interface` now.
    #[must_use]
    pub fn new(interface: &str, settings: &LiveSettings, tuned: bool) -> Self {
        Self::below(Path::new(SYS), interface, settings, tuned)
    }

    fn below(sys: &Path, interface: &str, settings: &LiveSettings, tuned: bool) -> Self {
        let identity = AdapterIdentity::of(sys, interface);
        Self {
            interface: interface.to_owned(),
            who: Mutex::new(Who { identity, awaited: Awaited::default() }),
            sys: sys.to_owned(),
            settings: settings.clone(),
            tuned,
        }
    }

    /// The interface behind which the adapter is now, and who it is, as far as it is hardware.
    fn choose(&self) -> Result<(String, Option<AdapterIdentity>), SourceError> {
        let mut who = self.who.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = who.identity.as_ref().or(who.awaited.own.as_ref());
        let elsewhere = wanted.and_then(|wanted| wanted.interface(&self.sys));
        let interface = elsewhere.unwrap_or_else(|| self.interface.clone());
        let there = AdapterIdentity::of(&self.sys, &interface);
        let not_its = |message: &str| {
            let (interface, message) = (interface.clone(), message.to_owned());
            Err(SourceError::Interface { interface, message })
        };
        match (&who.identity, &there) {
            // Another adapter may have taken the name of one that is gone.
            (Some(own), Some(there)) if !own.is(there) => {
                not_its("another adapter has this name now; waiting for the one it was")
            }
            // Of several that share an address, each has its place.
            (None, Some(there))
                if who.awaited.own.as_ref().is_none_or(|own| !own.is(there))
                    && who.awaited.others.iter().any(|other| {
                        other.is(there)
                            && other.interface(&self.sys).as_deref() == Some(&*interface)
                    }) =>
            {
                not_its("the adapter of another radio has this name now; waiting for its own")
            }
            (None, _) => {
                who.identity.clone_from(&there);
                Ok((interface, there))
            }
            (Some(_), _) => Ok((interface, there)),
        }
    }
}

impl Adapter for LocalAdapter {
    fn await_it(&self, awaited: Awaited) {
        self.who.lock().unwrap_or_else(PoisonError::into_inner).awaited = awaited;
    }

    fn open(&self) -> Result<Equipment, SourceError> {
        let (interface, identity) = self.choose()?;
        let control = if self.tuned {
            let radio = Nl80211Radio::open(&interface)
                .map_err(|error| super::hands::unusable(&interface, &error))?;
            Some(Box::new(radio) as Box<dyn super::RadioControl>)
        } else {
            None
        };
        let frames = Box::new(Open::interface(&interface, &self.settings)?);
        let hardware = hardware(&interface);
        Ok(Equipment { interface, identity, hardware, control, frames })
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::fake::{plug, pull};
    use super::*;

    #[test]
    fn a_radio_that_is_waited_for_takes_its_own_adapter_or_one_that_is_nobodys() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let sys = folder.path();
        let own = AdapterIdentity {
            address: Some("00:c0:ca:00:00:01".to_owned()),
            driver: Some("mt76x2u".to_owned()),
            place: Some("1-1:1.0".to_owned()),
        };
        let other =
            AdapterIdentity { address: Some("00:c0:ca:00:00:02".to_owned()), ..own.clone() };
        let adapter = |own: Option<&AdapterIdentity>| {
            let adapter = LocalAdapter::below(sys, "wlan1", &LiveSettings::default(), true);
            adapter.await_it(Awaited { own: own.cloned(), others: vec![other.clone()] });
            adapter
        };
        let chosen = |adapter: &LocalAdapter| {
            adapter.choose().map(|(interface, _)| interface).map_err(|error| error.to_string())
        };
        let never_again = AdapterIdentity { address: None, place: None, ..own.clone() };
        let (known, new) = (adapter(Some(&own)), adapter(None));
        let replaced = adapter(Some(&never_again));
        // The other radio's adapter comes first and gets the name.
        plug(sys, "wlan1", "00:c0:ca:00:00:02", "mt76x2u", "1-2:1.0");
        for waiting in [&known, &new, &replaced] {
            let error = chosen(waiting).expect_err("it is another one's");
            assert!(error.contains("of another radio"), "{error}");
        }
        plug(sys, "wlan2", "00:c0:ca:00:00:01", "mt76x2u", "1-3:1.0");
        assert_eq!(chosen(&known).as_deref(), Ok("wlan2"), "found by what it is");
        pull(sys, "wlan1");
        plug(sys, "wlan1", "00:c0:ca:00:00:03", "mt76x2u", "1-4:1.0");
        assert_eq!(chosen(&new).as_deref(), Ok("wlan1"), "nobody else's");
        // From here on it is this one and no other.
        pull(sys, "wlan1");
        plug(sys, "wlan1", "00:c0:ca:00:00:04", "mt76x2u", "1-5:1.0");
        assert!(chosen(&new).is_err_and(|error| error.contains("the one it was")));
        // Instead of one that never comes again, another one is taken.
        assert_eq!(chosen(&replaced).as_deref(), Ok("wlan1"));
    }
}
