//! Questions to the kernel over generic netlink, with a limit of time, and its answers.

use super::control::RadioError;
use netlink_sys::{Socket, SocketAddr, protocols};
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use wl_nl80211::packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage};
use wl_nl80211::packet_generic::GenlMessage;
use wl_nl80211::packet_generic::ctrl::nlas::GenlCtrlAttrs;
use wl_nl80211::packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use wl_nl80211::{Nl80211Attr, Nl80211Command, Nl80211Message};

/// The control family's fixed number (genetlink.h).
const GENL_ID_CTRL: u16 = 0x10;
/// Where its answer holds a family's number (genetlink.h).
const CTRL_ATTR_FAMILY_ID: u16 = 1;
/// Answers read for one request at most; a wiphy's dump has some hundred parts.
const MOST_ANSWERS: usize = 10_000;
/// RTM_NEWLINK (rtnetlink.h), and the flag of an interface that is up (if.h).
const RTM_NEWLINK: u16 = 16;
const IFF_UP: u32 = 1;
/// Longest wait for a part of an answer in seconds; for all of it, [`PATIENCE`].
const PATIENCE_SECS: libc::time_t = 2;
const PATIENCE: Duration = Duration::from_secs(4);
/// Length of a netlink header (netlink.h).
const HEADER: usize = 16;

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The kernel says no.
    Refused(io::Error),
    /// It cannot be asked, or its answer not be read.
    Netlink(String),
}

impl Failure {
    /// In words about an interface.
    pub(super) fn about(self, interface: &str, what: &str) -> RadioError {
        match self {
            Self::Refused(source) => RadioError::Refused {
                interface: interface.to_owned(),
                what: what.to_owned(),
                source,
            },
            Self::Netlink(words) => RadioError::Netlink(words),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Netlink(error.to_string())
}

/// A socket that answers within [`PATIENCE_SECS`] or fails.
fn socket(protocol: isize) -> Result<Socket, Failure> {
    let mut socket = Socket::new(protocol).map_err(failed)?;
    socket.bind_auto().map_err(failed)?;
    socket.connect(&SocketAddr::new(0, 0)).map_err(failed)?;
    let limit = libc::timeval { tv_sec: PATIENCE_SECS, tv_usec: 0 };
    // SAFETY: the option takes a timeval of this length, which outlives the call.
    #[allow(unsafe_code)]
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVTIMEO,
            (&raw const limit).cast(),
            size_of::<libc::timeval>() as libc::socklen_t,
        )
    };
    if set == 0 { Ok(socket) } else { Err(failed(io::Error::last_os_error())) }
}

fn receive(socket: &Socket) -> Result<Vec<u8>, Failure> {
    match socket.recv_from_full() {
        Ok((bytes, _)) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(failed(format!("the kernel did not answer within {PATIENCE_SECS} s")))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The sockets through which the kernel's Wi-Fi subsystem is asked.
pub(super) struct Netlink {
    generic: Socket,
    route: Socket,
    family: u16,
    sequence: u32,
}

impl Netlink {
    /// Finds nl80211; `None` when the kernel has no Wi-Fi subsystem loaded.
    pub(super) fn open() -> Result<Option<Self>, Failure> {
        let generic = socket(protocols::NETLINK_GENERIC)?;
        let route = socket(protocols::NETLINK_ROUTE)?;
        let mut netlink = Self { generic, route, family: 0, sequence: 0 };
        let Some(family) = netlink.find_family()? else { return Ok(None) };
        netlink.family = family;
        Ok(Some(netlink))
    }

    /// The number that the kernel gave to nl80211 at its start.
    fn find_family(&mut self) -> Result<Option<u16>, Failure> {
        let mut message = GenlMessage::from_payload(GenlCtrl {
            cmd: GenlCtrlCmd::GetFamily,
            nlas: vec![GenlCtrlAttrs::FamilyName("nl80211".to_owned())],
        });
        message.set_resolved_family_id(GENL_ID_CTRL);
        message.finalize();
        self.sequence += 1;
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | NLM_F_ACK;
        request.header.sequence_number = self.sequence;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.generic.send(&bytes, 0).map_err(failed)?;
        match collect(|| receive(&self.generic), self.sequence, PATIENCE) {
            Ok(answers) => Ok(answers.iter().find_map(|answer| {
                let id = answer.get(CTRL_ATTR_FAMILY_ID)?;
                half(id, 0)
            })),
            Err(Failure::Refused(error)) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Asks with an acknowledgement behind the answers.
    pub(super) fn ask(
        &mut self,
        command: Nl80211Command,
        attributes: Vec<Nl80211Attr>,
    ) -> Result<Vec<Answer>, Failure> {
        self.request(command, attributes, NLM_F_ACK)
    }

    /// Asks for everything there is.
    pub(super) fn dump(
        &mut self,
        command: Nl80211Command,
        attributes: Vec<Nl80211Attr>,
    ) -> Result<Vec<Answer>, Failure> {
        self.request(command, attributes, NLM_F_DUMP)
    }

    /// Sends a request and collects the answers up to the acknowledgement or the dump's end.
    fn request(
        &mut self,
        command: Nl80211Command,
        attributes: Vec<Nl80211Attr>,
        flags: u16,
    ) -> Result<Vec<Answer>, Failure> {
        self.sequence += 1;
        let bytes = request_bytes(self.family, self.sequence, command, attributes, flags);
        self.generic.send(&bytes, 0).map_err(failed)?;
        collect(|| receive(&self.generic), self.sequence, PATIENCE)
    }

    /// Brings an interface up or down: a message of RTM_NEWLINK with nothing but flags.
    pub(super) fn set_up(&mut self, index: u32, up: bool) -> Result<(), Failure> {
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
        bytes.extend_from_slice(&index.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&IFF_UP.to_ne_bytes());
        self.route.send(&bytes, 0).map_err(failed)?;
        collect(|| receive(&self.route), self.sequence, PATIENCE).map(drop)
    }
}

/// What the kernel says to the request with this number, up to the acknowledgement or the dump's end.
/// What it says to an earlier one, which was not waited for any longer, is passed over.
fn collect(
    mut receive: impl FnMut() -> Result<Vec<u8>, Failure>,
    sequence: u32,
    patience: Duration,
) -> Result<Vec<Answer>, Failure> {
    let until = Instant::now() + patience;
    let mut answers = Vec::new();
    for _ in 0..MOST_ANSWERS {
        let bytes = receive()?;
        if take_answers(&bytes, sequence, &mut answers)? {
            return Ok(answers);
        }
        if Instant::now() >= until {
            let secs = patience.as_secs_f64();
            return Err(failed(format!("the kernel's answer did not end within {secs} s")));
        }
    }
    Err(failed("the kernel's answer does not end"))
}

/// The bytes of a request.
fn request_bytes(
    family: u16,
    sequence: u32,
    command: Nl80211Command,
    attributes: Vec<Nl80211Attr>,
    flags: u16,
) -> Vec<u8> {
    let mut message = GenlMessage::from_payload(Nl80211Message { cmd: command, attributes });
    message.set_resolved_family_id(family);
    message.finalize();
    let mut request = NetlinkMessage::from(message);
    request.header.flags = NLM_F_REQUEST | flags;
    request.header.sequence_number = sequence;
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    bytes
}

/// One message of the kernel's answer. Its attributes are read from the bytes: what drivers say is not
/// always what libraries expect, and one odd attribute must not hide the others.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Answer {
    attributes: Vec<u8>,
}

impl Answer {
    /// Of these attributes.
    #[cfg(test)]
    pub(super) fn of(attributes: &[Vec<u8>]) -> Self {
        Self { attributes: attributes.concat() }
    }

    /// Number and value of each attribute.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (u16, &[u8])> {
        nested(&self.attributes)
    }

    /// The value of the first attribute with this number.
    pub(super) fn get(&self, number: u16) -> Option<&[u8]> {
        self.attributes().find(|(found, _)| *found == number).map(|(_, value)| value)
    }

    /// The same as a number of four bytes.
    pub(super) fn number(&self, number: u16) -> Option<u32> {
        word(self.get(number)?, 0)
    }

    /// The same as text.
    pub(super) fn text(&self, number: u16) -> Option<String> {
        let text = String::from_utf8_lossy(self.get(number)?).into_owned();
        Some(text.trim_end_matches('\0').to_owned())
    }
}

/// Number and value of each attribute in these bytes (netlink(7)); ends where they are damaged.
pub(super) fn nested(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(half(bytes, 0)?);
        // The two highest bits say "nested" and "network order".
        let number = half(bytes, 2)? & 0x3fff;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((number, value))
    })
}

/// Kinds of netlink messages (netlink.h).
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// Numbers below it are netlink's own.
const NLMSG_MIN_TYPE: u16 = 16;
/// Length of the header of generic netlink (genetlink.h).
const GENERIC_HEADER: usize = 4;

/// Reads what the kernel sent at once. True when nothing follows: the acknowledgement, the end of a
/// dump.
fn take_answers(
    mut bytes: &[u8],
    sequence: u32,
    answers: &mut Vec<Answer>,
) -> Result<bool, Failure> {
    while !bytes.is_empty() {
        let length = word(bytes, 0).map_or(0, |length| length as usize);
        let Some(part) = bytes.get(..length).filter(|part| part.len() >= HEADER) else {
            return Err(failed(format!(
                "an answer of {} bytes that states a length of {length}",
                bytes.len()
            )));
        };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        if word(part, 8) != Some(sequence) {
            continue;
        }
        match half(part, 4) {
            Some(NLMSG_DONE) => return Ok(true),
            Some(NLMSG_ERROR) => match word(part, HEADER).map(u32::cast_signed) {
                Some(0) => return Ok(true),
                Some(code) => {
                    let source = io::Error::from_raw_os_error(code.saturating_neg());
                    return Err(Failure::Refused(source));
                }
                None => return Err(failed("a refusal that is too short")),
            },
            Some(NLMSG_MIN_TYPE..) => {
                let attributes = part.get(HEADER + GENERIC_HEADER..).unwrap_or_default();
                answers.push(Answer { attributes: attributes.to_vec() });
            }
            _ => {}
        }
    }
    Ok(false)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let half = bytes.get(at..at.checked_add(2)?)?;
    half.try_into().ok().map(u16::from_ne_bytes)
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    word.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::hop::Tuning;
    use crate::radio::abilities::RadioAbilities;
    use crate::radio::nl80211::channel_attributes;

    /// An attribute with this number and value (netlink.h), padded to four bytes.
    pub(in crate::radio) fn attribute(number: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).expect("short");
        let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn part(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + body.len()).expect("short");
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    /// A message of nl80211: command, version, two bytes of nothing, attributes.
    fn message(sequence: u32, command: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let body = [vec![command, 1, 0, 0], attributes.concat()].concat();
        part(0x1c, 2, sequence, &body)
    }

    const NEW_WIPHY: u8 = 3;

    /// A channel of a band: its frequency and flags, numbered as in nl80211.h.
    fn channel(number: u16, mhz: u32, flags: &[u16]) -> Vec<u8> {
        let mut inner = attribute(1, &mhz.to_ne_bytes());
        flags.iter().for_each(|flag| inner.extend(attribute(*flag, &[])));
        attribute(number, &inner)
    }

    fn band(number: u16, infos: &[Vec<u8>]) -> Vec<u8> {
        attribute(22, &attribute(number, &infos.concat()))
    }

    /// The dump of a radio of 2.4, 5 and 6 GHz, in parts as the kernel makes them.
    fn dump(sequence: u32) -> Vec<u8> {
        let modes: Vec<u8> = [2_u16, 6].iter().flat_map(|mode| attribute(*mode, &[])).collect();
        // HT: 20 and 40 MHz. VHT: channel width set 1. HE: first byte of the PHY capabilities.
        let ht = attribute(4, &0x0062_u16.to_le_bytes());
        let vht = attribute(8, &0x0338_01b6_u32.to_le_bytes());
        let he = attribute(9, &attribute(1, &attribute(3, &[0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])));
        let freqs = |channels: &[Vec<u8>]| attribute(1, &channels.concat());
        [
            message(
                sequence,
                NEW_WIPHY,
                &[attribute(1, &0_u32.to_ne_bytes()), attribute(32, &modes)],
            ),
            message(sequence, NEW_WIPHY, &[band(0, std::slice::from_ref(&ht))]),
            message(
                sequence,
                NEW_WIPHY,
                // 2484 MHz is forbidden here; 2412 MHz has nothing below it.
                &[band(
                    0,
                    &[freqs(&[
                        channel(0, 2412, &[9]),
                        channel(1, 2437, &[]),
                        channel(2, 2484, &[2]),
                    ])],
                )],
            ),
            message(
                sequence,
                NEW_WIPHY,
                &[band(
                    1,
                    &[ht, vht, freqs(&[channel(0, 5180, &[3, 9]), channel(1, 5260, &[5, 12])])],
                )],
            ),
            message(sequence, NEW_WIPHY, &[band(3, &[he, freqs(&[channel(0, 5955, &[3])])])]),
            // NLMSG_DONE.
            part(3, 2, sequence, &0_i32.to_ne_bytes()),
        ]
        .concat()
    }

    #[test]
    fn abilities_are_read_from_the_parts_of_a_dump() {
        let mut answers = Vec::new();
        assert!(take_answers(&dump(7), 7, &mut answers).expect("sound"), "it ends");
        let abilities = RadioAbilities::from_answers(&answers);
        assert!(abilities.monitor);
        assert_eq!(abilities.disabled, 1);
        let told: Vec<(u16, u16, bool, bool)> = abilities
            .channels
            .iter()
            .map(|c| (c.frequency_mhz, c.widest_mhz(), c.radar, c.passive_only))
            .collect();
        assert_eq!(
            told,
            [
                (2412, 40, false, false),
                (2437, 40, false, false),
                (5180, 160, false, true),
                (5260, 80, true, false),
                (5955, 160, false, true),
            ]
        );
        assert!(!abilities.channels[0].mhz40_below && abilities.channels[0].mhz40_above);
    }

    #[test]
    fn answers_of_others_are_left_out_and_refusals_are_told() {
        let mut answers = Vec::new();
        assert!(!take_answers(&dump(7), 8, &mut answers).expect("sound"));
        assert!(answers.is_empty(), "another question's answer");
        // NLMSG_ERROR with the number, then the request's header.
        let error =
            |number: i32| part(2, 0, 8, &[number.to_ne_bytes().to_vec(), vec![0; 16]].concat());
        assert!(take_answers(&error(0), 8, &mut answers).expect("an acknowledgement"));
        match take_answers(&error(-libc::EBUSY), 8, &mut answers) {
            Err(failure) => {
                let words = failure.about("wlan1", "listen to 2412 MHz").to_string();
                assert!(words.starts_with("wlan1: cannot listen to 2412 MHz"), "{words}");
                assert!(words.contains("another program holds it"), "{words}");
            }
            Ok(_) => panic!("refused"),
        }
    }

    #[test]
    fn an_answer_belongs_to_the_request_with_its_number() {
        // NLMSG_ERROR with a number, then the request's header.
        let said = |sequence, number: i32| {
            part(2, 0, sequence, &[number.to_ne_bytes().to_vec(), vec![0; 16]].concat())
        };
        let hear = |mut said: Vec<Vec<u8>>| {
            said.reverse();
            let receive = || said.pop().ok_or_else(|| failed("nothing more is said"));
            collect(receive, 8, Duration::from_secs(60)).map(|answers| answers.len())
        };
        // What was asked before and not waited for was refused; this was done, and the other way round.
        assert!(matches!(hear(vec![said(7, -libc::EBUSY), said(8, 0)]), Ok(0)));
        let refused = hear(vec![said(7, 0), said(8, -libc::EBUSY)]);
        match refused {
            Err(Failure::Refused(error)) => assert_eq!(error.raw_os_error(), Some(libc::EBUSY)),
            other => panic!("{other:?}"),
        }
        assert!(matches!(hear(vec![said(7, 0)]), Err(Failure::Netlink(_))), "not its answer");
        assert!(matches!(hear(vec![dump(7), dump(8)]), Ok(5)));
        assert!(matches!(hear(vec![vec![0; 8]]), Err(Failure::Netlink(_))), "too short");
        // One that never ends is not listened to for ever.
        let endless = || Ok(said(7, 0));
        let failure = collect(endless, 8, Duration::ZERO).expect_err("never its answer");
        let words = failure.about("wlan1", "bring it up").to_string();
        assert!(words.contains("did not end within 0 s"), "{words}");
    }

    #[test]
    fn damaged_answers_end() {
        let whole = dump(7);
        for cut in 0..whole.len() {
            let mut answers = Vec::new();
            let cut_short = take_answers(&whole[..cut], 7, &mut answers);
            assert!(!matches!(cut_short, Ok(true)), "cut at {cut}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                let mut answers = Vec::new();
                // Whatever it says, it says it in time and without a panic.
                drop(take_answers(&damaged, 7, &mut answers));
                drop(RadioAbilities::from_answers(&answers));
            }
        }
        assert!(take_answers(&[0; 16], 7, &mut Vec::new()).is_err(), "a length of nothing");
    }

    #[test]
    fn a_tuning_is_asked_for_as_nl80211_wants_it() {
        let tuning = Tuning { frequency_mhz: 5220, width_mhz: 80, centre_mhz: 5210 };
        let attributes = channel_attributes(4, tuning);
        let bytes = request_bytes(0x1c, 9, Nl80211Command::SetWiphy, attributes, NLM_F_ACK);
        let expected = [
            // NL80211_CMD_SET_WIPHY, then IFINDEX, WIPHY_FREQ, CHANNEL_WIDTH (80 MHz), CENTER_FREQ1.
            vec![2, 1, 0, 0],
            attribute(3, &4_u32.to_ne_bytes()),
            attribute(38, &5220_u32.to_ne_bytes()),
            attribute(159, &3_u32.to_ne_bytes()),
            attribute(160, &5210_u32.to_ne_bytes()),
        ]
        .concat();
        assert_eq!(bytes[HEADER..], expected);
        assert_eq!(word(&bytes, 0), u32::try_from(bytes.len()).ok());
        let narrow = channel_attributes(4, Tuning::narrow(2412));
        let bytes = request_bytes(0x1c, 9, Nl80211Command::SetWiphy, narrow, NLM_F_ACK);
        let expected = [
            vec![2, 1, 0, 0],
            attribute(3, &4_u32.to_ne_bytes()),
            attribute(38, &2412_u32.to_ne_bytes()),
            attribute(159, &0_u32.to_ne_bytes()),
        ]
        .concat();
        assert_eq!(bytes[HEADER..], expected);
    }
}
