//! A radio of this machine, through netlink: nl80211 for monitor mode and channels, rtnetlink for up
//! and down. Only configuration: no frame is ever given to the kernel to send.

use super::abilities::RadioAbilities;
use super::control::{RadioControl, RadioError};
use super::netlink::{Answer, Failure, Netlink};
use crate::hop::Tuning;
use wl_nl80211::{
    Nl80211Attr, Nl80211ChannelWidth, Nl80211Command, Nl80211Interface, Nl80211InterfaceType,
};

/// The mode of an interface (nl80211.h).
const ATTR_IFTYPE: u16 = 5;

/// One interface and the sockets it is configured through.
pub struct Nl80211Radio {
    interface: String,
    index: u32,
    netlink: Netlink,
    found_as: Option<Nl80211InterfaceType>,
}

impl Nl80211Radio {
    /// Finds the interface and puts it into monitor mode.
    ///
    /// # Errors
    /// There is none, it is no Wi-Fi radio, or the kernel refuses.
    pub fn open(interface: &str) -> Result<Self, RadioError> {
        let mut radio = Self::find(interface)?;
        if radio.found_as != Some(Nl80211InterfaceType::Monitor) {
            radio.set_type(Nl80211InterfaceType::Monitor)?;
        }
        radio.set_up(true)?;
        Ok(radio)
    }

    /// What the radio behind this interface can do. Changes nothing, and needs no rights.
    ///
    /// # Errors
    /// There is none, it is no Wi-Fi radio, or the kernel cannot be asked.
    pub fn abilities_of(interface: &str) -> Result<RadioAbilities, RadioError> {
        Self::find(interface)?.abilities()
    }

    fn find(interface: &str) -> Result<Self, RadioError> {
        let path = std::path::Path::new("/sys/class/net").join(interface).join("ifindex");
        let index = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
        let index =
            index.ok_or_else(|| RadioError::NoInterface { interface: interface.to_owned() })?;
        let netlink = Netlink::open().map_err(|failure| failure.about(interface, "be asked"))?;
        let netlink =
            netlink.ok_or_else(|| RadioError::NotWifi { interface: interface.to_owned() })?;
        let mut radio = Self { interface: interface.to_owned(), index, netlink, found_as: None };
        radio.found_as = radio.interface_type()?;
        Ok(radio)
    }

    fn interface_type(&mut self) -> Result<Option<Nl80211InterfaceType>, RadioError> {
        let index = vec![Nl80211Attr::IfIndex(self.index)];
        let answers = match self.netlink.ask(Nl80211Command::GetInterface, index) {
            Err(Failure::Refused(source)) if source.raw_os_error() == Some(libc::ENODEV) => {
                return Err(RadioError::NotWifi { interface: self.interface.clone() });
            }
            found => found.map_err(|failure| failure.about(&self.interface, "read the state"))?,
        };
        let kind = answers.iter().find_map(|answer| answer.number(ATTR_IFTYPE));
        Ok(kind.map(Nl80211InterfaceType::from))
    }

    /// All that the kernel says of the radio behind the interface.
    fn wiphy(&mut self) -> Result<Vec<Answer>, RadioError> {
        let filter = vec![Nl80211Attr::SplitWiphyDump, Nl80211Attr::IfIndex(self.index)];
        let found = self.netlink.dump(Nl80211Command::GetWiphy, filter);
        found.map_err(|failure| failure.about(&self.interface, "read its channels"))
    }

    /// The type can be changed only while the interface is down.
    fn set_type(&mut self, kind: Nl80211InterfaceType) -> Result<(), RadioError> {
        self.set_up(false)?;
        let attributes = Nl80211Interface::new(self.index).interface_type(kind).build();
        let set = self.netlink.ask(Nl80211Command::SetInterface, attributes);
        set.map(drop).map_err(|failure| failure.about(&self.interface, "change the mode"))
    }

    fn set_up(&mut self, up: bool) -> Result<(), RadioError> {
        let what = if up { "bring it up" } else { "bring it down" };
        let set = self.netlink.set_up(self.index, up);
        set.map_err(|failure| failure.about(&self.interface, what))
    }
}

/// What nl80211 is told to put an interface on a channel.
pub(super) fn channel_attributes(index: u32, tuning: Tuning) -> Vec<Nl80211Attr> {
    let width = match tuning.width_mhz {
        20 => Nl80211ChannelWidth::NoHt20,
        mhz => Nl80211ChannelWidth::Mhz(u32::from(mhz)),
    };
    let mut attributes = vec![
        Nl80211Attr::IfIndex(index),
        Nl80211Attr::WiphyFreq(u32::from(tuning.frequency_mhz)),
        Nl80211Attr::ChannelWidth(width),
    ];
    if tuning.width_mhz > 20 {
        attributes.push(Nl80211Attr::CenterFreq1(u32::from(tuning.centre_mhz)));
    }
    attributes
}

impl RadioControl for Nl80211Radio {
    fn abilities(&mut self) -> Result<RadioAbilities, RadioError> {
        Ok(RadioAbilities::from_answers(&self.wiphy()?))
    }

    fn set_channel(&mut self, tuning: Tuning) -> Result<(), RadioError> {
        let attributes = channel_attributes(self.index, tuning);
        let set = self.netlink.ask(Nl80211Command::SetWiphy, attributes);
        set.map(drop).map_err(|failure| {
            let what = match tuning.width_mhz {
                20 => format!("listen to {} MHz", tuning.frequency_mhz),
                width => format!("listen to {} MHz, {width} MHz wide", tuning.frequency_mhz),
            };
            failure.about(&self.interface, &what)
        })
    }

    fn restore(&mut self) -> Result<(), RadioError> {
        match self.found_as {
            Some(kind) if kind != Nl80211InterfaceType::Monitor => {
                self.set_type(kind)?;
                self.set_up(true)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_radio_is_refused_in_one_line() {
        for interface in ["no-such-dev0", "lo"] {
            let error = match Nl80211Radio::open(interface) {
                Ok(_) => panic!("{interface} is a radio"),
                Err(error) => error.to_string(),
            };
            assert!(!error.contains('\n'), "{error}");
            assert!(error.contains(interface) || error.starts_with("netlink"), "{error}");
        }
    }
}
