//! The adapters of this machine: found by what they are, opened through libpcap and nl80211.

use super::hands::{Adapter, Equipment};
use super::identity::AdapterIdentity;
use super::nl80211::Nl80211Radio;
use crate::capture::{LiveSettings, Open, SourceError, hardware};
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Where the kernel tells of its devices.
pub const SYS: &str = "/sys";

/// An interface of this machine, followed when it is renamed.
pub struct LocalAdapter {
    interface: String,
    /// Who it is, as soon as it was seen once.
    identity: Mutex<Option<AdapterIdentity>>,
    settings: LiveSettings,
    /// True when the sensor puts it into monitor mode and tunes it.
    tuned: bool,
}

impl LocalAdapter {
    /// The adapter that is behind `interface` now.
    #[must_use]
    pub fn new(interface: &str, settings: &LiveSettings, tuned: bool) -> Self {
        let identity = Mutex::new(AdapterIdentity::of(Path::new(SYS), interface));
        Self { interface: interface.to_owned(), identity, settings: settings.clone(), tuned }
    }

    fn interface(&self) -> String {
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        match &*identity {
            Some(identity) => {
                identity.interface(Path::new(SYS)).unwrap_or_else(|| self.interface.clone())
            }
            None => {
                *identity = AdapterIdentity::of(Path::new(SYS), &self.interface);
                self.interface.clone()
            }
        }
    }
}

impl Adapter for LocalAdapter {
    fn open(&self) -> Result<Equipment, SourceError> {
        let interface = self.interface();
        let identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let there = AdapterIdentity::of(Path::new(SYS), &interface);
        // Another adapter may have taken the name of one that is gone.
        if let (Some(wanted), Some(there)) = (&identity, &there)
            && !wanted.is(there)
        {
            return Err(SourceError::Interface {
                interface,
                message: "another adapter has this name now; waiting for the one it was".to_owned(),
            });
        }
        let control = if self.tuned {
            let radio = Nl80211Radio::open(&interface)
                .map_err(|error| super::hands::unusable(&interface, &error))?;
            Some(Box::new(radio) as Box<dyn super::RadioControl>)
        } else {
            None
        };
        let frames = Box::new(Open::interface(&interface, &self.settings)?);
        let hardware = hardware(&interface);
        Ok(Equipment { interface, hardware, control, frames })
    }
}
