//! Headers of layers 3 and 4, read out of bytes that may end anywhere and say anything.

use super::Transport;
use pw_model::MacAddr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Extension headers of IPv6 that are stepped over; a packet with more is an oddity of its own.
const MAX_EXTENSIONS: usize = 8;

/// An IP packet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Ip<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) transport: Transport,
    /// Bytes by the header.
    pub(super) length: u64,
    /// What follows the headers, as far as captured, without padding.
    pub(super) payload: &'a [u8],
    pub(super) fragment: Option<Fragment>,
    /// What contradicts the standard.
    pub(super) fault: Option<&'static str>,
}

/// Part of a fragmented packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fragment {
    pub(super) identification: u32,
    /// Not the first.
    pub(super) is_later: bool,
}

fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk::<N>().copied()
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

pub(super) fn transport(number: u8) -> Transport {
    match number {
        1 => Transport::Icmp,
        6 => Transport::Tcp,
        17 => Transport::Udp,
        58 => Transport::Icmpv6,
        other => Transport::Other(other),
    }
}

/// IPv4. `None` when the bytes end before the header does, or it is not IPv4. `whole` says that all
/// of the frame was captured, so that a length beyond it is a contradiction.
pub(super) fn ipv4(data: &[u8], whole: bool) -> Option<Ip<'_>> {
    let [first, _, high, low] = array(data, 0)?;
    if first >> 4 != 4 {
        return None;
    }
    let header = usize::from(first & 0x0f) * 4;
    let length = u16::from_be_bytes([high, low]);
    let total = usize::from(length);
    let fragment = u16_at(data, 6)?;
    let number = *data.get(9)?;
    let source = IpAddr::V4(Ipv4Addr::from(array::<4>(data, 12)?));
    let destination = IpAddr::V4(Ipv4Addr::from(array::<4>(data, 16)?));
    let fault = if header < 20 {
        Some("IPv4 header length below 20 bytes")
    } else if total < header {
        Some("IPv4 total length below the header's")
    } else if whole && total > data.len() {
        Some("IPv4 total length beyond the frame")
    } else if source == destination
        && !matches!(source, IpAddr::V4(ip) if ip.is_unspecified() || ip.is_loopback())
    {
        Some("IPv4 source and destination are the same")
    } else {
        None
    };
    let end = total.min(data.len());
    Some(Ip {
        source,
        destination,
        transport: transport(number),
        length: u64::from(length),
        payload: data.get(header.max(20)..end).unwrap_or(&[]),
        fragment: (fragment & 0x3fff != 0).then_some(Fragment {
            identification: u32::from(u16_at(data, 4)?),
            is_later: fragment & 0x1fff != 0,
        }),
        fault,
    })
}

/// IPv6 with its extension headers. `None` when the bytes end before the fixed header does, or it is
/// not IPv6.
pub(super) fn ipv6(data: &[u8], whole: bool) -> Option<Ip<'_>> {
    if data.first()? >> 4 != 6 {
        return None;
    }
    let stated = usize::from(u16_at(data, 4)?);
    let mut next = *data.get(6)?;
    let source = IpAddr::V6(Ipv6Addr::from(array::<16>(data, 8)?));
    let destination = IpAddr::V6(Ipv6Addr::from(array::<16>(data, 24)?));
    let mut fault = (whole && stated + 40 > data.len()).then_some("IPv6 length beyond the frame");
    let mut rest = data.get(40..(40 + stated).min(data.len())).unwrap_or(&[]);
    let mut fragment = None;
    for step in 0..=MAX_EXTENSIONS {
        let length = match next {
            // Hop-by-hop, routing, destination options: units of 8 bytes beyond the first.
            0 | 43 | 60 => rest.get(1).map(|units| (usize::from(*units) + 1) * 8),
            44 => Some(8),
            // Authentication header: units of 4 bytes, less two.
            51 => rest.get(1).map(|units| (usize::from(*units) + 2) * 4),
            _ => break,
        };
        if step == MAX_EXTENSIONS {
            fault = fault.or(Some("more than eight IPv6 extension headers"));
            break;
        }
        let Some((head, after)) = length.and_then(|length| rest.split_at_checked(length)) else {
            fault = fault.or(whole.then_some("an IPv6 extension header that is cut"));
            rest = &[];
            break;
        };
        if next == 44 {
            let offset = u16_at(head, 2)?;
            let identification = u32::from_be_bytes(array(head, 4)?);
            fragment = Some(Fragment { identification, is_later: offset & 0xfff8 != 0 });
        }
        next = *head.first()?;
        rest = after;
    }
    Some(Ip {
        source,
        destination,
        transport: transport(next),
        length: (stated + 40) as u64,
        payload: rest,
        fragment,
        fault,
    })
}

/// Ports, flags and what follows the header of TCP or UDP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment<'a> {
    pub(super) source: u16,
    pub(super) destination: u16,
    pub(super) flags: u8,
    pub(super) payload: &'a [u8],
    pub(super) fault: Option<&'static str>,
}

/// TCP. `None` when the bytes end before the header does.
pub(super) fn tcp(data: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(*data.get(12)? >> 4) * 4;
    let flags = *data.get(13)?;
    data.get(..20)?;
    // FIN, SYN, RST, PSH, ACK, URG.
    let fault = match flags & 0x3f {
        _ if header < 20 => Some("TCP header length below 20 bytes"),
        0 => Some("TCP without any flag"),
        both if both & 0x03 == 0x03 => Some("TCP with SYN and FIN together"),
        both if both & 0x06 == 0x06 => Some("TCP with SYN and RST together"),
        lone if lone & 0x16 == 0 => Some("TCP with neither ACK nor SYN nor RST"),
        _ => None,
    };
    Some(Segment {
        source: u16_at(data, 0)?,
        destination: u16_at(data, 2)?,
        flags,
        payload: data.get(header.max(20)..).unwrap_or(&[]),
        fault,
    })
}

/// UDP. `None` when the bytes end before the header does.
pub(super) fn udp(data: &[u8]) -> Option<Segment<'_>> {
    let length = usize::from(u16_at(data, 4)?);
    let (source, destination) = (u16_at(data, 0)?, u16_at(data, 2)?);
    data.get(..8)?;
    Some(Segment {
        source,
        destination,
        flags: 0,
        payload: data.get(8..length.min(data.len())).unwrap_or(&[]),
        fault: (length < 8).then_some("UDP length below its header's"),
    })
}

/// ARP of IPv4 over 802.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Arp {
    /// 1 request, 2 reply.
    pub(super) operation: u16,
    pub(super) sender: MacAddr,
    pub(super) sender_ip: Ipv4Addr,
    pub(super) target_ip: Ipv4Addr,
}

/// ARP. `None` for other hardware and protocols, and when the bytes end early.
pub(super) fn arp(data: &[u8]) -> Option<Arp> {
    let is_ipv4 = array(data, 0)? == [0, 1, 8, 0, 6, 4];
    if !is_ipv4 {
        return None;
    }
    Some(Arp {
        operation: u16_at(data, 6)?,
        sender: MacAddr(array(data, 8)?),
        sender_ip: Ipv4Addr::from(array::<4>(data, 14)?),
        target_ip: Ipv4Addr::from(array::<4>(data, 24)?),
    })
}

/// What a DHCP message says (RFC 2131).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Dhcp {
    pub(super) message: Option<u8>,
    pub(super) client: MacAddr,
    /// Address that the client is given.
    pub(super) given: Ipv4Addr,
    pub(super) host_name: Option<Vec<u8>>,
}

const DHCP_COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];

/// DHCP. `None` when it is not DHCP over 802.
pub(super) fn dhcp(data: &[u8]) -> Option<Dhcp> {
    let is_ethernet = array(data, 1)? == [1, 6];
    if !is_ethernet || array(data, 236)? != DHCP_COOKIE {
        return None;
    }
    let mut dhcp = Dhcp {
        message: None,
        client: MacAddr(array(data, 28)?),
        given: Ipv4Addr::from(array::<4>(data, 16)?),
        host_name: None,
    };
    let mut rest = data.get(240..)?;
    while let Some((code, after)) = rest.split_first() {
        match code {
            0 => rest = after,
            255 => break,
            code => {
                let Some((length, after)) = after.split_first() else { break };
                let Some((value, after)) = after.split_at_checked(usize::from(*length)) else {
                    break;
                };
                match code {
                    53 => dhcp.message = value.first().copied(),
                    12 => dhcp.host_name = Some(value.to_vec()),
                    _ => {}
                }
                rest = after;
            }
        }
    }
    Some(dhcp)
}

/// Header and first question of a DNS message (RFC 1035, 4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Dns {
    pub(super) is_response: bool,
    pub(super) code: u8,
    pub(super) questions: u16,
    pub(super) answers: u16,
    /// First name asked for, in the bytes of its labels with dots between.
    pub(super) name: Option<Vec<u8>>,
}

/// DNS over UDP. `None` when the header is cut or its counts and codes are none of DNS.
pub(super) fn dns(data: &[u8]) -> Option<Dns> {
    let flags = u16_at(data, 2)?;
    let [questions, answers, authorities, additional] =
        [4, 6, 8, 10].map(|at| u16_at(data, at).unwrap_or(u16::MAX));
    let operation = flags >> 11 & 0x0f;
    // Query, inverse query, status, notify, update; the zero bit of the header is zero; a message over
    // UDP has no more than a few hundred records.
    let sound = matches!(operation, 0..=2 | 4 | 5)
        && flags & 0x0040 == 0
        && [questions, answers, authorities, additional].iter().all(|count| *count <= 512)
        && u32::from(questions) + u32::from(answers) > 0;
    if !sound {
        return None;
    }
    Some(Dns {
        is_response: flags & 0x8000 != 0,
        // Four bits.
        code: (flags & 0x0f) as u8,
        questions,
        answers,
        name: if questions > 0 { name(data, 12) } else { None },
    })
}

/// The labels at `at`; a first question has no pointers. `None` when cut, or longer than names are.
fn name(data: &[u8], mut at: usize) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    loop {
        let length = usize::from(*data.get(at)?);
        if length == 0 {
            return (!name.is_empty()).then_some(name);
        }
        if length > 63 || name.len() + length > 254 {
            return None;
        }
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend(data.get(at + 1..at + 1 + length)?);
        at += 1 + length;
    }
}
