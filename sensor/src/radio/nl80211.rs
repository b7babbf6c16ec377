//! A radio of this machine, through netlink: nl80211 for monitor mode and channels, rtnetlink for up
//! and down. Only configuration: no frame is ever given to the kernel to send.

use super::control::{RadioControl, RadioError};
use netlink_sys::{Socket, SocketAddr, protocols};
use std::io;
use wl_nl80211::packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use wl_nl80211::packet_generic::GenlMessage;
use wl_nl80211::packet_generic::ctrl::nlas::GenlCtrlAttrs;
use wl_nl80211::packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use wl_nl80211::{
    Nl80211Attr, Nl80211BandInfo, Nl80211Channel, Nl80211ChannelWidth, Nl80211Command,
    Nl80211FrequencyInfo, Nl80211IfMode, Nl80211Interface, Nl80211InterfaceType, Nl80211Message,
};

/// The control family's fixed number (genetlink.h).
const GENL_ID_CTRL: u16 = 0x10;
/// Answers read for one request at most; a wiphy's dump has some hundred parts.
const MOST_ANSWERS: usize = 10_000;
/// RTM_NEWLINK (rtnetlink.h), and the flag of an interface that is up (if.h).
const RTM_NEWLINK: u16 = 16;
const IFF_UP: u32 = 1;

/// One interface and the sockets it is configured through.
pub struct Nl80211Radio {
    interface: String,
    index: u32,
    generic: Socket,
    route: Socket,
    family: u16,
    sequence: u32,
    found_as: Option<Nl80211InterfaceType>,
}

fn netlink_error(error: impl std::fmt::Display) -> RadioError {
    RadioError::Netlink(error.to_string())
}

fn socket(protocol: isize) -> Result<Socket, RadioError> {
    let mut socket = Socket::new(protocol).map_err(netlink_error)?;
    socket.bind_auto().map_err(netlink_error)?;
    socket.connect(&SocketAddr::new(0, 0)).map_err(netlink_error)?;
    Ok(socket)
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
    pub fn abilities(interface: &str) -> Result<RadioAbilities, RadioError> {
        let mut radio = Self::find(interface)?;
        let answers = radio.wiphy()?;
        let monitor = answers.iter().flat_map(|answer| &answer.attributes).any(|attribute| {
            matches!(attribute, Nl80211Attr::SupportedIftypes(modes)
                if modes.contains(&Nl80211IfMode::Monitor))
        });
        Ok(RadioAbilities { monitor, frequencies_mhz: frequencies(&answers) })
    }

    fn find(interface: &str) -> Result<Self, RadioError> {
        let path = std::path::Path::new("/sys/class/net").join(interface).join("ifindex");
        let index = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok());
        let index =
            index.ok_or_else(|| RadioError::NoInterface { interface: interface.to_owned() })?;
        let mut radio = Self {
            interface: interface.to_owned(),
            index,
            generic: socket(protocols::NETLINK_GENERIC)?,
            route: socket(protocols::NETLINK_ROUTE)?,
            family: 0,
            sequence: 0,
            found_as: None,
        };
        radio.family = radio.find_family()?;
        radio.found_as = radio.interface_type()?;
        Ok(radio)
    }

    fn not_wifi(&self) -> RadioError {
        RadioError::NotWifi { interface: self.interface.clone() }
    }

    fn refused(&self, what: impl Into<String>, source: io::Error) -> RadioError {
        RadioError::Refused { interface: self.interface.clone(), what: what.into(), source }
    }

    /// The number that the kernel gave to nl80211 at its start.
    fn find_family(&mut self) -> Result<u16, RadioError> {
        let mut message = GenlMessage::from_payload(GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName("nl80211".to_owned())],
        });
        message.set_resolved_family_id(GENL_ID_CTRL);
        message.finalize();
        self.sequence += 1;
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST;
        request.header.sequence_number = self.sequence;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.generic.send(&bytes, 0).map_err(netlink_error)?;
        let (answer, _) = self.generic.recv_from_full().map_err(netlink_error)?;
        let answer = NetlinkMessage::<GenlMessage<GenlCtrl>>::deserialize(&answer);
        match answer.map_err(netlink_error)?.payload {
            NetlinkPayload::InnerMessage(message) => {
                let id = |nla: &GenlCtrlAttrs| match nla {
                    GenlCtrlAttrs::FamilyId(id) => Some(*id),
                    _ => None,
                };
                message.payload.nlas.iter().find_map(id).ok_or_else(|| self.not_wifi())
            }
            _ => Err(self.not_wifi()),
        }
    }

    /// Sends a request and collects the answers up to the acknowledgement or the dump's end.
    fn request(
        &mut self,
        what: &str,
        command: Nl80211Command,
        attributes: Vec<Nl80211Attr>,
        flags: u16,
    ) -> Result<Vec<Nl80211Message>, RadioError> {
        let mut message = GenlMessage::from_payload(Nl80211Message { cmd: command, attributes });
        message.set_resolved_family_id(self.family);
        message.finalize();
        self.sequence += 1;
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | flags;
        request.header.sequence_number = self.sequence;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.generic.send(&bytes, 0).map_err(netlink_error)?;
        let mut answers = Vec::new();
        for _ in 0..MOST_ANSWERS {
            let (bytes, _) = self.generic.recv_from_full().map_err(netlink_error)?;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let answer = NetlinkMessage::<GenlMessage<Nl80211Message>>::deserialize(rest)
                    .map_err(netlink_error)?;
                let length = (answer.header.length as usize).next_multiple_of(4);
                rest = rest.get(length..).unwrap_or_default();
                if answer.header.sequence_number != self.sequence {
                    continue;
                }
                match answer.payload {
                    NetlinkPayload::InnerMessage(message) => answers.push(message.payload),
                    NetlinkPayload::Done(_) => return Ok(answers),
                    NetlinkPayload::Error(error) if error.code.is_none() => return Ok(answers),
                    NetlinkPayload::Error(error) => return Err(self.refused(what, error.to_io())),
                    _ => {}
                }
            }
        }
        Err(netlink_error("the kernel's answer does not end"))
    }

    fn interface_type(&mut self) -> Result<Option<Nl80211InterfaceType>, RadioError> {
        let index = vec![Nl80211Attr::IfIndex(self.index)];
        let found = self.request("read the state", Nl80211Command::GetInterface, index, NLM_F_ACK);
        let answers = match found {
            Err(RadioError::Refused { source, .. })
                if source.raw_os_error() == Some(libc::ENODEV) =>
            {
                return Err(self.not_wifi());
            }
            found => found?,
        };
        Ok(answers.iter().flat_map(|answer| &answer.attributes).find_map(
            |attribute| match attribute {
                Nl80211Attr::IfType(kind) => Some(*kind),
                _ => None,
            },
        ))
    }

    /// All that the kernel says of the radio behind the interface.
    fn wiphy(&mut self) -> Result<Vec<Nl80211Message>, RadioError> {
        let filter = vec![Nl80211Attr::SplitWiphyDump, Nl80211Attr::IfIndex(self.index)];
        self.request("read its channels", Nl80211Command::GetWiphy, filter, NLM_F_DUMP)
    }

    /// The type can be changed only while the interface is down.
    fn set_type(&mut self, kind: Nl80211InterfaceType) -> Result<(), RadioError> {
        self.set_up(false)?;
        let attributes = Nl80211Interface::new(self.index).interface_type(kind).build();
        self.request("change the mode", Nl80211Command::SetInterface, attributes, NLM_F_ACK)?;
        Ok(())
    }

    /// Brings the interface up or down: a message of RTM_NEWLINK with nothing but flags.
    fn set_up(&mut self, up: bool) -> Result<(), RadioError> {
        self.sequence += 1;
        let flags = if up { IFF_UP } else { 0 };
        let mut bytes = Vec::with_capacity(32);
        bytes.extend_from_slice(&32_u32.to_ne_bytes());
        bytes.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
        bytes.extend_from_slice(&(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
        bytes.extend_from_slice(&self.sequence.to_ne_bytes());
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        // ifinfomsg: family, padding, type, index, flags, which flags to change.
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.index.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&IFF_UP.to_ne_bytes());
        self.route.send(&bytes, 0).map_err(netlink_error)?;
        let (answer, _) = self.route.recv_from_full().map_err(netlink_error)?;
        // The acknowledgement: a header of 16 bytes, then the error's number, 0 for none.
        let code = answer.get(16..20).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes);
        match code {
            Some(0) => Ok(()),
            Some(code) => {
                let what = if up { "bring it up" } else { "bring it down" };
                Err(self.refused(what, io::Error::from_raw_os_error(-code)))
            }
            None => Err(netlink_error("an answer that is too short")),
        }
    }
}

impl RadioControl for Nl80211Radio {
    fn frequencies_mhz(&mut self) -> Result<Vec<u16>, RadioError> {
        Ok(frequencies(&self.wiphy()?))
    }

    fn set_channel(&mut self, frequency_mhz: u16) -> Result<(), RadioError> {
        let attributes = Nl80211Channel::new(self.index)
            .frequency(u32::from(frequency_mhz))
            .channel_width(Nl80211ChannelWidth::NoHt20)
            .build();
        let what = format!("listen to {frequency_mhz} MHz");
        self.request(&what, Nl80211Command::SetWiphy, attributes, NLM_F_ACK)?;
        Ok(())
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

/// What a radio can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RadioAbilities {
    /// Its driver has monitor mode.
    pub monitor: bool,
    /// Centres of the channels that the regulatory domain lets it listen to, in MHz, ascending.
    pub frequencies_mhz: Vec<u16>,
}

impl RadioAbilities {
    /// Channels by band, for people.
    #[must_use]
    pub fn bands_words(&self) -> String {
        let count = |from: u16, to: u16| {
            self.frequencies_mhz.iter().filter(|mhz| (from..to).contains(mhz)).count()
        };
        // IEEE 802.11-2020, Annex E: channel starting frequencies of 2.407, 5 and 5.950 GHz.
        let bands =
            [("2.4", count(2400, 2500)), ("5", count(4900, 5925)), ("6", count(5925, 7200))];
        let words: Vec<String> = bands
            .iter()
            .filter(|(_, channels)| *channels > 0)
            .map(|(band, channels)| format!("{band} GHz with {channels}"))
            .collect();
        if words.is_empty() {
            return "no channel that is allowed".to_owned();
        }
        format!("channels: {}", words.join(", "))
    }
}

fn frequencies(answers: &[Nl80211Message]) -> Vec<u16> {
    let mut frequencies = Vec::new();
    for attribute in answers.iter().flat_map(|answer| &answer.attributes) {
        let Nl80211Attr::WiphyBands(bands) = attribute else { continue };
        for info in bands.iter().flat_map(|band| &band.info) {
            let Nl80211BandInfo::Freqs(channels) = info else { continue };
            frequencies.extend(channels.iter().filter_map(|channel| usable(&channel.info)));
        }
    }
    frequencies.sort_unstable();
    frequencies.dedup();
    frequencies
}

/// The centre of a channel that is not disabled. Channels on which nobody may begin to transmit are
/// fine: listening is all that is done.
fn usable(info: &[Nl80211FrequencyInfo]) -> Option<u16> {
    if info.iter().any(|info| matches!(info, Nl80211FrequencyInfo::Disabled)) {
        return None;
    }
    let frequency = info.iter().find_map(|info| match info {
        Nl80211FrequencyInfo::Freq(mhz) => Some(*mhz),
        _ => None,
    })?;
    u16::try_from(frequency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_told_by_band() {
        let radio = |frequencies_mhz: &[u16]| RadioAbilities {
            monitor: true,
            frequencies_mhz: frequencies_mhz.to_vec(),
        };
        let words = radio(&[2412, 2484, 5180, 5885, 5955]).bands_words();
        assert_eq!(words, "channels: 2.4 GHz with 2, 5 GHz with 2, 6 GHz with 1");
        assert_eq!(radio(&[]).bands_words(), "no channel that is allowed");
    }

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
