//! What the hop plan needs of a radio. Nothing in it can transmit.

use super::abilities::RadioAbilities;
use crate::hop::Tuning;
use std::io;

/// A radio that can be put onto a channel to listen.
pub trait RadioControl: Send {
    /// What it can do.
    ///
    /// # Errors
    /// The kernel does not say.
    fn abilities(&mut self) -> Result<RadioAbilities, RadioError>;

    /// Listens there from now on.
    ///
    /// # Errors
    /// The kernel says no: a channel that the regulatory domain forbids, a radio that is gone.
    fn set_channel(&mut self, tuning: Tuning) -> Result<(), RadioError>;

    /// Puts the radio back into the state it was found in, as far as that is possible.
    ///
    /// # Errors
    /// The kernel says no.
    fn restore(&mut self) -> Result<(), RadioError>;
}

/// Why a radio does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum RadioError {
    /// No such interface.
    #[error("{interface}: no such interface; see: ip link")]
    NoInterface {
        /// The interface.
        interface: String,
    },
    /// The kernel has no Wi-Fi subsystem loaded, or the interface is no Wi-Fi radio.
    #[error(
        "{interface}: not a Wi-Fi radio that the kernel can be asked for (nl80211); see: iw dev"
    )]
    NotWifi {
        /// The interface.
        interface: String,
    },
    /// The kernel refuses.
    #[error("{interface}: cannot {what}: {source}{}", advice(source))]
    Refused {
        /// The interface.
        interface: String,
        /// What was asked.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// The kernel cannot be talked to, or its answer not be read.
    #[error("netlink: {0}")]
    Netlink(String),
}

impl RadioError {
    /// True when the interface is not there any more, so that no other channel would help.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::NoInterface { .. } | Self::NotWifi { .. } => true,
            Self::Refused { source, .. } => matches!(
                source.raw_os_error(),
                Some(libc::ENODEV | libc::ENXIO | libc::ENETDOWN | libc::ESHUTDOWN)
            ),
            Self::Netlink(_) => false,
        }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => "; run as root, or give CAP_NET_ADMIN",
        Some(libc::EBUSY) => {
            "; another program holds it: stop NetworkManager or wpa_supplicant on it"
        }
        Some(libc::EOPNOTSUPP) => "; its driver has no monitor mode",
        Some(libc::ERFKILL) => "; it is switched off: rfkill unblock wifi",
        _ => "",
    }
}
