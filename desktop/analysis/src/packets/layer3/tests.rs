//! Headers and protocols made by hand from their standards.

use super::*;
use crate::packets::fixture::*;
use crate::packets::{AnomalyKind, PacketReport, PacketSettings};
use std::net::Ipv4Addr;

const A: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const B: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);

fn ipv4(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0];
    bytes.extend((20 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 99]);
    bytes.extend(fragment.to_be_bytes());
    bytes.extend([64, protocol, 0, 0]);
    bytes.extend(A.octets());
    bytes.extend(B.octets());
    bytes.extend(payload);
    bytes
}

fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend((8 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

fn tcp(from: u16, to: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [from.to_be_bytes(), to.to_be_bytes()].concat();
    bytes.extend([0; 8]);
    bytes.extend([0x50, flags, 1, 0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

fn dns_query(name: &str) -> Vec<u8> {
    let mut bytes = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

fn dhcp_ack(client: MacAddr, given: Ipv4Addr, host: &str) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[..3].copy_from_slice(&[2, 1, 6]);
    bytes[16..20].copy_from_slice(&given.octets());
    bytes[28..34].copy_from_slice(&client.0);
    bytes[236..].copy_from_slice(&[0x63, 0x82, 0x53, 0x63]);
    bytes.extend([53, 1, 5, 12, host.len() as u8]);
    bytes.extend(host.as_bytes());
    bytes.push(255);
    bytes
}

fn arp(operation: u16, sender: MacAddr, sender_ip: Ipv4Addr) -> Vec<u8> {
    let mut bytes = vec![0, 1, 8, 0, 6, 4];
    bytes.extend(operation.to_be_bytes());
    bytes.extend(sender.0);
    bytes.extend(sender_ip.octets());
    bytes.extend([0; 6]);
    bytes.extend(B.octets());
    bytes
}

fn send(ethertype: u16, packet: &[u8], number: u16) -> Vec<u8> {
    frame(DATA, TO_DS, [BSS, CLIENT, SERVER], number, &snap(ethertype, packet))
}

fn settings(layer3: bool, names: bool) -> PacketSettings {
    PacketSettings { layer3, names, ..PacketSettings::default() }
}

/// Plays packets of IPv4 a second apart.
fn play(names: bool, packets: &[Vec<u8>]) -> PacketReport {
    let mut player = Player::new(settings(true, names));
    for (number, packet) in (0u16..).zip(packets) {
        player.at(i64::from(number) * 1000, &send(0x0800, packet, number));
    }
    player.finish()
}

#[test]
fn nothing_is_read_unless_switched_on() {
    let mut player = Player::new(settings(false, true));
    player.at(0, &send(0x0800, &ipv4(17, 0, &udp(5000, 53, &dns_query("secret.example"))), 1));
    let report = player.finish();
    assert!(report.layer3.is_none());
    assert!(!serde_json::to_string(&report).expect("JSON").contains("secret"));
}

#[test]
fn encrypted_frames_are_only_counted() {
    let mut player = Player::new(settings(true, true));
    let mut mac = send(0x0800, &ipv4(6, 0, &tcp(1, 80, 2, b"")), 1);
    mac[1] |= PROTECTED;
    player.at(0, &mac);
    let layer3 = player.finish().layer3.expect("on");
    assert_eq!((layer3.read, layer3.encrypted, layer3.flows.len()), (0, 1, 0));
}

/// What a segment carries, by content before port.
#[test]
fn applications() {
    let hello = [&[22, 3, 1, 0, 5, 1][..], &[0; 4]].concat();
    let mut ntp = vec![0x23];
    ntp.resize(48, 0);
    let quic = [&[0xc3, 0, 0, 0, 1, 8][..], &[0; 20]].concat();
    for (packet, application, by) in [
        (udp(5000, 53, &dns_query("a.example")), Application::Dns, NamedBy::Content),
        (udp(5353, 5353, &dns_query("_x._tcp.local")), Application::Mdns, NamedBy::Content),
        (udp(68, 67, &dhcp_ack(CLIENT, A, "h")), Application::Dhcp, NamedBy::Content),
        (udp(123, 123, &ntp), Application::Ntp, NamedBy::Content),
        (udp(123, 123, &[0; 4]), Application::Ntp, NamedBy::Port),
        (udp(40000, 1900, b"M-SEARCH * HTTP/1.1\r\n"), Application::Ssdp, NamedBy::Content),
        (udp(40000, 443, &quic), Application::Quic, NamedBy::Content),
        (
            tcp(40000, 80, 0x18, b"GET /x HTTP/1.1\r\nHost: h\r\n"),
            Application::Http,
            NamedBy::Content,
        ),
        (tcp(40000, 12345, 0x18, b"HTTP/1.1 200 OK\r\n"), Application::Http, NamedBy::Content),
        (tcp(40000, 443, 0x18, &hello), Application::Tls, NamedBy::Content),
        (tcp(40000, 443, 0x10, b""), Application::Tls, NamedBy::Port),
        (tcp(22, 40000, 0x18, b"SSH-2.0-x\r\n"), Application::Ssh, NamedBy::Content),
    ] {
        let number = if packet.len() >= 20 && packet[12] == 0x50 && packet[4..12] == [0; 8] {
            6
        } else {
            17
        };
        let report = play(false, &[ipv4(number, 0, &packet)]);
        let layer3 = report.layer3.expect("on");
        let flow = layer3.flows.first().expect("a flow");
        assert_eq!((flow.application, flow.named_by), (Some(application), Some(by)), "{flow:?}");
        assert_eq!(layer3.applications.get(application.name()), Some(&1));
        assert!(report.anomalies.list.is_empty(), "{:?}", report.anomalies.list);
    }
}

#[test]
fn names_are_counted_and_kept_only_when_wanted() {
    let packets = [
        ipv4(17, 0, &udp(5000, 53, &dns_query("one.example"))),
        ipv4(17, 0, &udp(5000, 53, &dns_query("one.example"))),
        ipv4(17, 0, &udp(67, 68, &dhcp_ack(CLIENT, A, "laptop"))),
    ];
    let counted = play(false, &packets);
    let text = serde_json::to_string(&counted).expect("JSON");
    assert!(!text.contains("example") && !text.contains("laptop"), "{text}");
    let layer3 = counted.layer3.expect("on");
    assert_eq!((layer3.dns.queries, layer3.dns.questions, layer3.names.len()), (2, 2, 0));
    assert_eq!(layer3.dhcp.get("ack"), Some(&1));

    let kept = play(true, &packets);
    let layer3 = kept.layer3.expect("on");
    assert_eq!(layer3.names.get("one.example"), Some(&2));
    let node = kept.topology.nodes.iter().find(|node| node.address == CLIENT).expect("heard");
    assert_eq!(
        (&node.ip_addresses[..], node.host_name.as_deref()),
        (&["192.0.2.1".to_owned()][..], Some("laptop"))
    );
}

#[test]
fn a_flow_counts_packets_flags_and_fragments() {
    let long = udp(7000, 7001, &[0; 100]);
    let report = play(
        false,
        &[
            ipv4(6, 0, &tcp(40000, 80, 0x02, b"")),
            ipv4(6, 0, &tcp(40000, 80, 0x10, b"")),
            ipv4(6, 0, &tcp(40000, 80, 0x11, b"")),
            ipv4(17, 0x2000, &long[..64]),
            ipv4(17, 8, &long[64..]),
            ipv4(1, 0, &[8, 0, 0, 0]),
        ],
    );
    let layer3 = report.layer3.expect("on");
    let rows: Vec<_> = layer3
        .flows
        .iter()
        .map(|flow| {
            (flow.transport, flow.destination.port, flow.packets, flow.bytes, flow.fragments)
        })
        .collect();
    assert_eq!(
        rows,
        [
            (Transport::Udp, Some(7001), 2, 148, 1),
            (Transport::Tcp, Some(80), 3, 120, 0),
            (Transport::Icmp, None, 1, 24, 0),
        ]
    );
    let connection = &layer3.flows[1];
    assert_eq!((connection.tcp_flags, connection.syn, connection.fin), (0x13, 1, 1));
    assert_eq!(connection.packets_per_second, Some(1.5));
    assert_eq!(layer3.icmp.get("icmp 8/0"), Some(&1));
    assert_eq!(layer3.transports.get("udp"), Some(&2));
}

#[test]
fn a_frame_in_fragments_and_an_aggregate() {
    let mut player = Player::new(settings(true, false));
    let packet = snap(0x0800, &ipv4(17, 0, &udp(7000, 7001, &[0; 100])));
    let addresses = [BSS, CLIENT, SERVER];
    player.at(0, &frame(DATA, TO_DS | MORE_FRAGMENTS, addresses, 5, &packet[..60]));
    player.at(1, &fragment(frame(DATA, TO_DS, addresses, 5, &packet[60..]), 1));
    let mut parts = Vec::new();
    for port in [8001, 8002] {
        parts.resize(usize::next_multiple_of(parts.len(), 4), 0);
        let packet = snap(0x0800, &ipv4(17, 0, &udp(7000, port, b"x")));
        parts.extend([SERVER.0, CLIENT.0].concat());
        parts.extend((packet.len() as u16).to_be_bytes());
        parts.extend(packet);
    }
    player.at(2, &qos(TO_DS, [BSS, CLIENT, BSS], 6, 0x80, &parts));
    let report = player.finish();
    assert!(report.anomalies.list.is_empty(), "{:?}", report.anomalies.list);
    let layer3 = report.layer3.expect("on");
    let rows: Vec<_> = layer3
        .flows
        .iter()
        .map(|flow| (flow.destination.port, flow.packets, flow.bytes, flow.fragments))
        .collect();
    assert_eq!(rows, [(Some(7001), 1, 128, 1), (Some(8001), 1, 29, 0), (Some(8002), 1, 29, 0)]);
}

#[test]
fn ipv6_with_extension_headers() {
    let segment = udp(5000, 6000, b"hi");
    let mut rest = vec![44, 0, 1, 4, 0, 0, 0, 0];
    rest.extend([17, 0, 0, 1, 0, 0, 0, 5]);
    rest.extend(&segment);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((rest.len() as u16).to_be_bytes());
    packet.extend([0, 64]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend(&rest);
    let mut player = Player::new(settings(true, false));
    player.at(0, &send(0x86dd, &packet, 1));
    let layer3 = player.finish().layer3.expect("on");
    let flow = layer3.flows.first().expect("a flow");
    assert_eq!(flow.source.address.to_string(), "2001:db8::1");
    assert_eq!(
        (flow.transport, flow.destination.port, flow.bytes),
        (Transport::Udp, Some(6000), 66)
    );
}

#[test]
fn contradictions_have_their_frames() {
    let check = |name: &str, kind: AnomalyKind, count: u64, packets: &[Vec<u8>]| {
        let report = play(false, packets);
        let found: Vec<_> = report.anomalies.list.iter().map(|a| (a.kind, a.count)).collect();
        assert_eq!(found, [(kind, count)], "{name}: {:?}", report.anomalies.list);
    };
    let mut short_header = ipv4(17, 0, &udp(1000, 2000, b""));
    short_header[0] = 0x44;
    check("header of 16 bytes", AnomalyKind::MalformedHeader, 1, &[short_header]);
    let mut beyond = ipv4(17, 0, &udp(1000, 2000, b""));
    beyond[3] = 200;
    check("length beyond the frame", AnomalyKind::MalformedHeader, 1, &[beyond]);
    for (name, flags) in
        [("none", 0), ("SYN and FIN", 3), ("SYN and RST", 6), ("FIN, PSH, URG", 0x29)]
    {
        check(name, AnomalyKind::MalformedHeader, 1, &[ipv4(6, 0, &tcp(4000, 5000, flags, b""))]);
    }
    check(
        "HTTP on the port of TLS",
        AnomalyKind::UnexpectedProtocol,
        1,
        &[ipv4(6, 0, &tcp(4000, 443, 0x18, b"GET / HTTP/1.1\r\n"))],
    );
    let scan: Vec<Vec<u8>> =
        (0..25).map(|port| ipv4(6, 0, &tcp(4000, 100 + port, 2, b""))).collect();
    check("scan", AnomalyKind::PortScan, 25, &scan);
    let few: Vec<Vec<u8>> =
        (0..100).map(|n| ipv4(6, 0, &tcp(4000 + n, 100 + n % 5, 2, b""))).collect();
    assert!(play(false, &few).anomalies.list.is_empty());
}

#[test]
fn an_address_claimed_by_two() {
    let mut player = Player::new(settings(true, false));
    player.at(0, &send(0x0806, &arp(2, CLIENT, A), 1));
    player.at(1000, &send(0x0806, &arp(2, CLIENT, A), 2));
    player.at(2000, &send(0x0806, &arp(2, station(66), A), 3));
    // Much later it is a new owner.
    player.at(90_000, &send(0x0806, &arp(1, CLIENT, A), 4));
    let report = player.finish();
    let found: Vec<_> =
        report.anomalies.list.iter().map(|a| (a.kind, a.subject, a.frames.clone())).collect();
    assert_eq!(found, [(AnomalyKind::AddressConflict, Some(station(66)), vec![3])]);
    let layer3 = report.layer3.expect("on");
    assert_eq!((layer3.arp.get("reply"), layer3.arp.get("request")), (Some(&3), Some(&1)));
    assert_eq!(layer3.station(CLIENT).expect("claimed").ip_addresses, ["192.0.2.1"]);
}
