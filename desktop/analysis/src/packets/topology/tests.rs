//! Roles and relations of small networks whose truth is known.

use super::*;
use crate::packets::fixture::*;
use pw_model::FrameKind;

fn multi_link(device: MacAddr, own_link: u8, other: (u8, MacAddr)) -> Vec<u8> {
    let mut body = vec![107, 0x10, 0x00, 8];
    body.extend(device.0);
    body.push(own_link);
    body.extend([0, 9, 0x20 | other.0, 0x00, 7]);
    body.extend(other.1.0);
    element(255, &body)
}

#[test]
fn a_network_with_a_client_and_what_is_behind_it() {
    let mut player = Player::default();
    player.at(0, &beacon(BSS, 1, 0, "home"));
    let body = [&[0x01, 0x00, 10, 0][..], &element(0, b"home")].concat();
    player.at(10, &frame(FrameKind::AUTHENTICATION, 0, [BSS, CLIENT, BSS], 1, &[0, 0, 1, 0, 0, 0]));
    player.at(20, &frame(FrameKind::ASSOCIATION_REQUEST, 0, [BSS, CLIENT, BSS], 2, &body));
    let accepted = [&[1, 0, 0, 0, 1, 0xc0][..], &element(1, &[0x82])].concat();
    player.at(30, &frame(FrameKind::ASSOCIATION_RESPONSE, 0, [CLIENT, BSS, BSS], 2, &accepted));
    player.at(40, &up(CLIENT, SERVER, 3, 0, 100));
    player.at(50, &down(CLIENT, SERVER, 3, 0, 500));
    let mut again = down(CLIENT, SERVER, 3, 0, 500);
    again[1] |= RETRY;
    player.at(51, &again);
    // Asked, and went no further.
    let probe = frame(FrameKind::PROBE_REQUEST, 0, [BSS, station(8), BSS], 1, &element(0, b"home"));
    player.at(60, &probe);
    let topology = player.finish().topology;

    let roles: Vec<_> = topology.nodes.iter().map(|node| (node.address, node.role)).collect();
    assert_eq!(
        roles,
        [
            (SERVER, Role::DistributionSide),
            (BSS, Role::AccessPoint),
            (CLIENT, Role::Client),
            (station(8), Role::Unknown),
        ]
    );
    assert!(topology.nodes[0].vendor.is_some_and(|vendor| vendor.starts_with("Cisco")));
    assert_eq!((topology.nodes[1].vendor, topology.nodes[1].locally_administered), (None, true));
    assert_eq!(
        (&topology.nodes[1].networks[..], topology.nodes[1].frames_sent),
        (&["home".to_owned()][..], 4)
    );
    let rows: Vec<_> = topology
        .edges
        .iter()
        .map(|edge| {
            (
                edge.source,
                edge.target,
                edge.kind,
                edge.via,
                edge.forward.frames,
                edge.backward.frames,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (CLIENT, SERVER, EdgeKind::DistributionPath, Some(BSS), 1, 2),
            (CLIENT, BSS, EdgeKind::Association, None, 3, 3),
            (station(8), BSS, EdgeKind::Probe, None, 1, 0),
        ]
    );
    let evidence = topology.edges[1].evidence;
    assert_eq!(
        (
            evidence.authentications,
            evidence.association_requests,
            evidence.associations_accepted,
            evidence.data_frames
        ),
        (1, 1, 1, 3)
    );
    assert_eq!(topology.edges[1].backward.retries, 1);
    assert_eq!(topology.path(CLIENT, SERVER), Some(vec![CLIENT, BSS, SERVER]));
    assert_eq!(topology.path(station(8), SERVER), None);
    assert_eq!(topology.statistics.segments, 2);
    assert_eq!(topology.nodes.iter().map(|node| node.segment).collect::<Vec<_>>(), [0, 0, 0, 1]);
}

#[test]
fn a_handshake_is_evidence() {
    let key = |information: u16, nonce: u8, data: &[u8]| {
        let mut body = vec![2];
        body.extend(information.to_be_bytes());
        body.extend([0, 16, 0, 0, 0, 0, 0, 0, 0, 1]);
        body.extend([nonce; 32]);
        body.extend([0; 48]);
        body.extend((data.len() as u16).to_be_bytes());
        body.extend(data);
        let mut packet = vec![1, 3];
        packet.extend((body.len() as u16).to_be_bytes());
        packet.extend(body);
        snap(0x888e, &packet)
    };
    let mut player = Player::default();
    for (number, (information, nonce, data)) in (0u16..).zip([
        (0x008a, 7, &[][..]),
        (0x010a, 7, &[0x30, 2, 1, 0][..]),
        (0x13ca, 7, &[1][..]),
        (0x030a, 0, &[][..]),
    ]) {
        let body = key(information, nonce, data);
        let mac = if number % 2 == 0 {
            frame(DATA, FROM_DS, [CLIENT, BSS, BSS], number, &body)
        } else {
            frame(DATA, TO_DS, [BSS, CLIENT, BSS], number, &body)
        };
        player.at(i64::from(number), &mac);
    }
    let topology = player.finish().topology;
    assert_eq!(topology.edges.len(), 1);
    assert_eq!(topology.edges[0].evidence.handshake_messages, [1, 1, 1, 1]);
    assert_eq!(topology.statistics.handshakes, 1);
}

/// Frames between two stations, and what they are taken for.
#[test]
fn relations_without_a_client() {
    let other = MacAddr([0x02, 0xaa, 0, 0, 0, 2]);
    let check = |name: &str, kind: EdgeKind, role: Role, send: &dyn Fn(&mut Player)| {
        let mut player = Player::default();
        send(&mut player);
        let topology = player.finish().topology;
        let edge = topology.edges.first().unwrap_or_else(|| panic!("{name}: no relation"));
        assert_eq!(edge.kind, kind, "{name}");
        let node = topology.nodes.iter().find(|node| node.address == edge.source).expect("its end");
        assert_eq!(node.role, role, "{name}");
    };
    let four = |third: MacAddr, fourth: MacAddr| {
        let body = [&fourth.0[..], &[0x5a; 40]].concat();
        frame(DATA, TO_DS | FROM_DS | PROTECTED, [other, BSS, third], 1, &body)
    };
    check("bridge of access points", EdgeKind::Wds, Role::AccessPoint, &|player| {
        player.at(0, &beacon(BSS, 1, 0, "a"));
        player.at(1, &four(SERVER, CLIENT));
    });
    check("mesh", EdgeKind::Mesh, Role::Mesh, &|player| {
        player.at(0, &frame(FrameKind::ACTION, 0, [other, BSS, BSS], 1, &[15, 1, 0, 0]));
        player.at(1, &four(SERVER, CLIENT));
    });
    check("ad hoc", EdgeKind::Ibss, Role::Ibss, &|player| {
        let bssid = MacAddr([0x02, 7, 7, 7, 7, 7]);
        player.at(0, &frame(DATA, 0, [other, BSS, bssid], 1, &[1; 40]));
    });
    check("direct link within a BSS", EdgeKind::Direct, Role::Unknown, &|player| {
        player.at(0, &beacon(BSS, 1, 0, "a"));
        player.at(1, &frame(DATA, PROTECTED, [station(2), station(1), BSS], 1, &[1; 40]));
    });
}

#[test]
fn links_of_one_device_are_grouped() {
    let device = MacAddr([0x02, 0xdd, 0, 0, 0, 1]);
    let second = MacAddr([0x02, 0xaa, 0, 0, 0, 2]);
    let announce = |bssid: MacAddr, own, other| {
        let mut body = announcement(0, "seven", 6);
        body.extend(multi_link(device, own, other));
        frame(FrameKind::BEACON, 0, [MacAddr::BROADCAST, bssid, bssid], 1, &body)
    };
    let mut player = Player::default();
    player.at(0, &announce(BSS, 0, (1, second)));
    player.at(1, &announce(second, 1, (0, BSS)));
    let topology = player.finish().topology;
    let links =
        vec![Link { address: BSS, link_id: Some(0) }, Link { address: second, link_id: Some(1) }];
    assert_eq!(topology.multi_link_devices, [MultiLinkDevice { address: device, links }]);
    assert!(topology.nodes.iter().all(|node| node.multi_link_device == Some(device)));
    assert_eq!(topology.statistics.segments, 1);
}

#[test]
fn exports_are_well_formed_whatever_the_name() {
    let name = "a<b>&\"c\\\u{1}";
    let mut player = Player::default();
    player.at(0, &beacon(BSS, 1, 0, name));
    player.at(1, &up(CLIENT, SERVER, 1, 0, 10));
    let topology = player.finish().topology;
    let graphml = topology.to_graphml(false);
    assert!(
        graphml.contains("a&lt;b&gt;&amp;&quot;c\\\\x01")
            || graphml.contains("a&lt;b&gt;&amp;&quot;c\\\\x01"),
        "{graphml}"
    );
    assert_eq!(graphml.matches("<node ").count(), 3);
    assert_eq!(graphml.matches("<edge ").count(), 2);
    // Every tag that is opened is closed, in order.
    let mut open = Vec::new();
    for tag in
        graphml.split('<').skip(1).filter_map(|part| part.split_once('>').map(|(tag, _)| tag))
    {
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()));
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            open.push(tag.split(' ').next().unwrap_or(tag).to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let dot = topology.to_dot(false);
    assert!(dot.contains("a<b>&\\\"c"), "{dot}");
    assert_eq!(dot.matches(" -- ").count(), 2);
    assert!(!graphml.contains("simulated") && !dot.contains("simulated"));
    let marked = topology.to_graphml(true);
    for part in
        ["for=\"graph\" attr.name=\"simulated\"", "<data key=\"graph_simulated\">true</data>"]
    {
        assert_eq!(marked.matches(part).count(), 1, "{marked}");
    }
    assert_eq!(topology.to_dot(true).matches("label=\"simulated: ").count(), 1);
    let json = serde_json::to_value(&topology).expect("JSON");
    assert_eq!(json["nodes"][0]["address"], "00:00:0c:00:00:09");
    assert_eq!(json["edges"][0]["kind"], "distribution_path");
    assert_eq!(json["statistics"]["nodes"]["client"], 1);
}
