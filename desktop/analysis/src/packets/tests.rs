//! The analysis as a whole, over frames made by hand whose truth is known.

use super::fixture::*;
use super::*;
use pw_dissect::LinkType;
use pw_model::FrameKind;

fn kinds(report: &PacketReport) -> Vec<AnomalyKind> {
    report.anomalies.list.iter().map(|anomaly| anomaly.kind).collect()
}

fn find(report: &PacketReport, kind: AnomalyKind) -> &Anomaly {
    report
        .anomalies
        .list
        .iter()
        .find(|anomaly| anomaly.kind == kind)
        .unwrap_or_else(|| panic!("{kind:?} in {:?}", kinds(report)))
}

#[test]
fn an_empty_analysis_has_results() {
    let report = PacketAnalysis::new(PacketSettings::default()).finish();
    assert_eq!((report.totals.packets, report.flows.len(), report.topology.nodes.len()), (0, 0, 0));
    assert_eq!(report.totals.frames_per_second, None);
    let json = serde_json::to_value(&report).expect("results are JSON");
    assert!(json["layer3"].is_null());
    assert!(json["not_available"].as_array().is_some_and(|list| list.len() == 6));
}

#[test]
fn totals_and_the_series() {
    let mut player = Player::default();
    for second in 0..1500 {
        player.at(second * 1000, &up(CLIENT, SERVER, second as u16 & 0xfff, 0, 72));
    }
    // Not believed: another protocol version. Not readable: no frame. Without a time.
    player.at(1_500_000, &[0x01, 0, 0, 0]);
    player.at(1_500_000, &[]);
    player.add(LinkType::Ieee80211, None, 0, &up(CLIENT, SERVER, 7, 0, 72));
    let report = player.finish();
    let totals = &report.totals;
    assert_eq!((totals.packets, totals.frames, totals.unreadable), (1503, 1501, 2));
    assert_eq!((totals.without_time, totals.protected, totals.airtime_unknown), (1, 1501, 1501));
    assert_eq!(totals.kinds.get("qos_data"), Some(&1501));
    // 26 header, 72 body, 4 FCS.
    assert_eq!(totals.bytes, 1501 * 102);
    assert_eq!(report.series.step_s, 4);
    assert_eq!(report.series.steps.iter().map(|step| step.frames).sum::<u64>(), 1501);
    assert!(report.series.steps.len() <= 600);
    let start = report.series.start.expect("dated");
    let rate = report.series.bits_per_second(start, start.saturating_add(Duration::from_secs(40)));
    assert_eq!(rate, Some(102.0 * 8.0));
}

/// Radiotap with a legacy rate: 6 Mbit/s.
fn at_6_mbps(mac: &[u8]) -> Vec<u8> {
    [&[0, 0, 9, 0, 4, 0, 0, 0, 12][..], mac].concat()
}

#[test]
fn airtime_is_summed_where_it_is_known_and_unknown_elsewhere() {
    let mut player = Player::default();
    player.at(0, &beacon(station(9), 1, 0, "net"));
    // 26 + 170 + 4 bytes at 6 Mbit/s: 20 µs and 68 symbols of 4 µs.
    for number in 0..3 {
        let mac = up(CLIENT, SERVER, number, 0, 170);
        player.add(LinkType::Radiotap, Some(1), 0, &at_6_mbps(&mac));
    }
    let report = player.finish();
    assert_eq!((report.totals.airtime_us, report.totals.airtime_unknown), (Some(3 * 292), 1));
    assert_eq!(report.flows[0].airtime_us, Some(3 * 292));
    let sent = |address| {
        let node = report.topology.nodes.iter().find(|node| node.address == address);
        node.expect("heard").airtime_sent_us
    };
    assert_eq!((sent(CLIENT), sent(station(9))), (Some(876), None));
}

#[test]
fn flows_of_both_directions_with_rates_gaps_and_expiry() {
    let mut player = Player::default();
    for step in 0..11i64 {
        player.at(step * 100, &up(CLIENT, SERVER, step as u16, 5, 100));
    }
    let again = up(CLIENT, SERVER, 10, 5, 100);
    let mut repeated = again.clone();
    repeated[1] |= RETRY;
    player.at(1001, &repeated);
    player.at(500, &down(CLIENT, SERVER, 1, 0, 1000));
    // Longer than the 300 s of the default: another flow.
    player.at(302_000, &up(CLIENT, SERVER, 12, 5, 50));
    let report = player.finish();
    let rows: Vec<_> = report
        .flows
        .iter()
        .map(|flow| (flow.source, flow.direction, flow.tid, flow.packets, flow.bytes, flow.end))
        .collect();
    assert_eq!(
        rows,
        [
            (Some(CLIENT), Direction::ToDs, Some(5), 11, 1100, FlowEnd::Timeout),
            (Some(SERVER), Direction::FromDs, Some(0), 1, 1000, FlowEnd::Timeout),
            (Some(CLIENT), Direction::ToDs, Some(5), 1, 50, FlowEnd::CaptureEnd),
        ]
    );
    let flow = &report.flows[0];
    assert_eq!((flow.destination, flow.bssid, flow.repeats), (Some(SERVER), Some(BSS), 1));
    assert_eq!((flow.duration_s, flow.protected), (Some(1.001), 11));
    assert!((flow.mean_gap_s.expect("gaps") - 0.1).abs() < 1e-9);
    assert!((flow.packets_per_second.expect("length") - 11.0 / 1.001).abs() < 1e-9);
    assert!((flow.bits_per_second.expect("length") - 8800.0 / 1.001).abs() < 1e-6);
    let one = &report.flows[1];
    assert_eq!((one.packets_per_second, one.mean_gap_s), (None, None));
}

#[test]
fn fragments_and_aggregates() {
    let mut player = Player::default();
    let addresses = [BSS, CLIENT, SERVER];
    player.at(0, &qos(TO_DS | MORE_FRAGMENTS, addresses, 9, 0, &[1; 60]));
    player.at(1, &fragment(qos(TO_DS, addresses, 9, 0, &[1; 40]), 1));
    // An aggregate in clear tells the ends of its parts, an encrypted one hides them.
    let mut parts = Vec::new();
    for (to, length) in [(SERVER, 10u8), (station(7), 20)] {
        parts.resize(parts.len().next_multiple_of(4), 0);
        parts.extend(to.0);
        parts.extend(CLIENT.0);
        parts.extend([0, length]);
        parts.extend(vec![0xaa; usize::from(length)]);
    }
    player.at(2, &qos(TO_DS, [BSS, CLIENT, BSS], 10, 0x80, &parts));
    player.at(3, &qos(TO_DS | PROTECTED, [BSS, CLIENT, BSS], 11, 0x80, &[1; 300]));
    let report = player.finish();
    let rows: Vec<_> = report
        .flows
        .iter()
        .map(|flow| (flow.source, flow.destination, flow.packets, flow.bytes, flow.fragments))
        .collect();
    assert_eq!(
        rows,
        [
            (None, None, 1, 300, 0),
            (Some(CLIENT), Some(SERVER), 2, 110, 1),
            (Some(CLIENT), Some(station(7)), 1, 20, 0),
        ]
    );
    // The encrypted aggregate is a conversation of the radio link's ends.
    assert!(report.conversations.iter().any(|c| (c.a, c.b) == (BSS, CLIENT) && c.bytes() == 300));
}

/// Traffic of known kinds, and what it is taken for.
#[test]
fn classes() {
    let check =
        |name: &str, class: TrafficClass, confidence: Confidence, send: &dyn Fn(&mut Player)| {
            let mut player = Player::default();
            send(&mut player);
            let report = player.finish();
            let conversation = report.conversations.first().expect("one");
            let found = &conversation.classified;
            assert_eq!((found.class, found.confidence), (class, confidence), "{name}: {found:?}");
            assert!(!found.evidence.is_empty());
            assert_eq!(report.classes.get(class.name()).map(|total| total.conversations), Some(1));
        };
    let call = |player: &mut Player, tid: u16, bytes: usize| {
        for step in 0..500u16 {
            let at = i64::from(step) * 20;
            player.at(at, &up(CLIENT, SERVER, step, tid, bytes));
            player.at(at + 7, &down(CLIENT, SERVER, step, tid, bytes));
        }
    };
    check("call", TrafficClass::Voice, Confidence::Low, &|player| call(player, 0, 220));
    check("call with priority", TrafficClass::Voice, Confidence::Medium, &|player| {
        call(player, 6, 220);
    });
    check("paced, but large", TrafficClass::Unknown, Confidence::None, &|player| {
        call(player, 0, 900);
    });
    check("video in segments", TrafficClass::Streaming, Confidence::Low, &|player| {
        let mut number = 0u16;
        for segment in 0..8i64 {
            for step in 0..400i64 {
                number = number.wrapping_add(1) & 0xfff;
                player.at(segment * 4000 + step * 2, &down(CLIENT, SERVER, number, 0, 1400));
                if step % 10 == 0 {
                    player.at(segment * 4000 + step * 2 + 1, &up(CLIENT, SERVER, number, 0, 60));
                }
            }
        }
    });
    check("download", TrafficClass::Bulk, Confidence::Low, &|player| {
        for step in 0..3000u16 {
            player.at(i64::from(step) * 2, &down(CLIENT, SERVER, step, 0, 1500));
            if step % 2 == 0 {
                player.at(i64::from(step) * 2 + 1, &up(CLIENT, SERVER, step, 0, 60));
            }
        }
    });
    check("pages", TrafficClass::Interactive, Confidence::Low, &|player| {
        for page in 0..6u16 {
            for step in 0..30u16 {
                let at = i64::from(page) * 7000 + i64::from(step) * 10;
                player.at(at, &down(CLIENT, SERVER, page * 30 + step, 0, 1200));
                player.at(at + 1, &up(CLIENT, SERVER, page * 30 + step, 0, 90));
            }
        }
    });
    check("keep-alive", TrafficClass::Background, Confidence::Low, &|player| {
        for step in 0..30u16 {
            player.at(i64::from(step) * 5000, &up(CLIENT, SERVER, step, 0, 90));
        }
    });
    check("too little", TrafficClass::Unknown, Confidence::None, &|player| {
        for step in 0..10u16 {
            player.at(i64::from(step) * 20, &up(CLIENT, SERVER, step, 0, 200));
        }
    });
}

/// One attack or fault each, made by hand, and the one anomaly that it is.
#[test]
fn anomalies_with_their_frames() {
    let check = |name: &str,
                 kind: AnomalyKind,
                 count: u64,
                 first: u64,
                 send: &dyn Fn(&mut Player)| {
        let mut player = Player::default();
        send(&mut player);
        let report = player.finish();
        let found = find(&report, kind);
        assert_eq!((found.count, found.frames.first()), (count, Some(&first)), "{name}: {found:?}");
        assert!(found.frames.len() <= MAX_FRAMES_LISTED && !found.explanation.is_empty());
        let others: Vec<_> = kinds(&report).into_iter().filter(|other| *other != kind).collect();
        let allowed = |other: &AnomalyKind| match kind {
            // What comes with it by nature.
            AnomalyKind::NavAbuse => *other == AnomalyKind::ExcessiveDuration,
            AnomalyKind::SequenceAlternation => *other == AnomalyKind::SequenceJump,
            AnomalyKind::TimerAlternation => *other == AnomalyKind::TimerJump,
            AnomalyKind::BeaconConflict => *other == AnomalyKind::BeaconChanged,
            _ => false,
        };
        assert!(others.iter().all(allowed), "{name}: {others:?}");
    };
    check("an element beyond the end", AnomalyKind::Malformed, 1, 1, &|player| {
        let mut cut = beacon(BSS, 1, 1000, "net");
        cut.pop();
        player.at(0, &cut);
    });
    check("protocol version 1", AnomalyKind::Malformed, 1, 1, &|player| {
        player.at(0, &[0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    });
    check("reserved management subtype", AnomalyKind::ReservedKind, 1, 1, &|player| {
        player.at(0, &frame(FrameKind::new(0, 15), 0, [CLIENT, BSS, BSS], 1, &[1]));
    });
    check("group address as transmitter", AnomalyKind::ImpossibleAddress, 1, 1, &|player| {
        player.at(0, &deauthentication(MacAddr::BROADCAST, CLIENT, BSS, 1));
    });
    check("reserved duration", AnomalyKind::ReservedDuration, 1, 1, &|player| {
        player.at(0, &lasting(up(CLIENT, SERVER, 1, 0, 50), 40_000));
    });
    check("PS-Poll without an identifier", AnomalyKind::ReservedDuration, 1, 2, &|player| {
        let poll =
            |low, high| [vec![0xa4, 0, low, high], BSS.0.to_vec(), CLIENT.0.to_vec()].concat();
        player.at(0, &poll(0x01, 0xc0));
        player.at(0, &poll(0x01, 0x00));
    });
    check("beacon with a duration", AnomalyKind::FixedDuration, 1, 1, &|player| {
        player.at(0, &lasting(beacon(BSS, 1, 0, "net"), 314));
    });
    check("one long duration", AnomalyKind::ExcessiveDuration, 1, 1, &|player| {
        player.at(0, &lasting(up(CLIENT, SERVER, 1, 0, 50), 32_767));
    });
    check("medium kept reserved", AnomalyKind::NavAbuse, 12, 1, &|player| {
        let cts = [vec![0xc4, 0, 0xff, 0x7f], CLIENT.0.to_vec()].concat();
        for step in 0..12 {
            player.at(step * 30, &cts);
        }
    });
    check("restarted counter", AnomalyKind::SequenceJump, 1, 2, &|player| {
        player.at(0, &up(CLIENT, SERVER, 3000, 0, 50));
        for number in 0..50 {
            player.at(10 + i64::from(number), &up(CLIENT, SERVER, number, 0, 50));
        }
    });
    check("two counters", AnomalyKind::SequenceAlternation, 15, 6, &|player| {
        for number in 0..10u16 {
            player.at(
                i64::from(number) * 100,
                &beacon(BSS, number, u64::from(number) * 100_000, "net"),
            );
            player.at(
                i64::from(number) * 100,
                &beacon(BSS, 2000 + number, u64::from(number) * 100_000, "net"),
            );
        }
    });
    check("forged deauthentication", AnomalyKind::DisconnectSequence, 6, 7, &|player| {
        for number in 0..6u16 {
            let body = [0, 0, 2, 0, 0, 0];
            let answer = frame(
                FrameKind::AUTHENTICATION,
                0,
                [station(number as u8), BSS, BSS],
                900 + number,
                &body,
            );
            player.at(i64::from(number) * 10, &answer);
        }
        for number in 0..6u16 {
            player.at(
                100 + i64::from(number) * 100,
                &deauthentication(BSS, CLIENT, BSS, 3000 + number),
            );
        }
    });
    check("a timer that stands still", AnomalyKind::TimerJump, 2, 2, &|player| {
        for step in 0..3u16 {
            player.at(i64::from(step) * 1000, &beacon(BSS, step, 0, "net"));
        }
    });
    check("timer set", AnomalyKind::TimerJump, 1, 2, &|player| {
        player.at(0, &beacon(BSS, 1, 90_000_000, "net"));
        player.at(100, &beacon(BSS, 2, 99_000_000, "net"));
        player.at(200, &beacon(BSS, 3, 99_100_000, "net"));
    });
    check("restart", AnomalyKind::TimerRestart, 1, 2, &|player| {
        player.at(0, &beacon(BSS, 1, 90_000_000, "net"));
        player.at(100, &beacon(BSS, 2, 1_000_000, "net"));
        player.at(200, &beacon(BSS, 3, 1_100_000, "net"));
    });
    check("two timers", AnomalyKind::TimerAlternation, 8, 5, &|player| {
        for step in 0..6u16 {
            let ms = i64::from(step) * 100;
            player.at(ms, &beacon(BSS, 2 * step, 90_000_000 + ms as u64 * 1000, "net"));
            player.at(ms, &beacon(BSS, 2 * step + 1, 99_000_000 + ms as u64 * 1000, "net"));
        }
    });
    check("deauthentication flood", AnomalyKind::DeauthenticationFlood, 40, 1, &|player| {
        for number in 0..40u16 {
            player.at(
                i64::from(number) * 50,
                &deauthentication(BSS, MacAddr::BROADCAST, BSS, number),
            );
        }
    });
    check("SAE flood", AnomalyKind::SaeFlood, 60, 1, &|player| {
        for number in 0..60u16 {
            let from = station(number as u8);
            let body = [3, 0, 1, 0, 0, 0, 19, 0, 1];
            player.at(
                i64::from(number) * 10,
                &frame(FrameKind::AUTHENTICATION, 0, [BSS, from, BSS], 1, &body),
            );
        }
    });
    check("probe flood", AnomalyKind::ProbeRequestFlood, 250, 1, &|player| {
        for number in 0..250u16 {
            let from = MacAddr([0x06, 1, 2, 3, (number >> 8) as u8, number as u8]);
            let body = element(0, b"");
            let all = MacAddr::BROADCAST;
            player.at(
                i64::from(number) * 3,
                &frame(FrameKind::PROBE_REQUEST, 0, [all, from, all], 1, &body),
            );
        }
    });
    check("RTS flood", AnomalyKind::RtsFlood, 32, 1, &|player| {
        let rts = [vec![0xb4, 0, 100, 0], BSS.0.to_vec(), CLIENT.0.to_vec()].concat();
        for step in 0..300 {
            player.at(step * 3, &rts);
        }
    });
    check("made-up networks", AnomalyKind::BeaconFlood, 40, 1, &|player| {
        for number in 0..40u8 {
            let spread = number.wrapping_mul(37);
            let bssid = MacAddr([spread & 0xfe | 2, number.wrapping_mul(91), spread, number, 5, 6]);
            let mac = beacon(bssid, 0, 0, &format!("net {number}"));
            player.add(
                LinkType::Radiotap,
                Some(i64::from(number) * 10),
                0,
                &radiotap(0, 2437, -40, &mac),
            );
        }
    });
    check("another name", AnomalyKind::BeaconChanged, 1, 2, &|player| {
        player.at(0, &beacon(BSS, 1, 0, "one"));
        player.at(100, &beacon(BSS, 2, 100_000, "other"));
        player.at(200, &beacon(BSS, 3, 200_000, "other"));
    });
    check("two names by turns", AnomalyKind::BeaconConflict, 6, 5, &|player| {
        for step in 0..10u16 {
            let name = if step % 2 == 0 { "one" } else { "other" };
            player.at(i64::from(step) * 100, &beacon(BSS, step, u64::from(step) * 100_000, name));
        }
    });
    check("channel 6 heard on 11", AnomalyKind::ChannelMismatch, 4, 1, &|player| {
        for step in 0..4u16 {
            let mac = beacon(BSS, step, u64::from(step) * 100_000, "net");
            player.add(
                LinkType::Radiotap,
                Some(i64::from(step) * 100),
                0,
                &radiotap(0, 2462, -40, &mac),
            );
        }
    });
}

/// What looks close to an attack and is none.
#[test]
fn what_is_usual_raises_nothing() {
    let check = |name: &str, send: &dyn Fn(&mut Player)| {
        let mut player = Player::default();
        send(&mut player);
        let report = player.finish();
        assert!(report.anomalies.list.is_empty(), "{name}: {:?}", report.anomalies.list);
    };
    check("an access point for a minute, its clock 100 ppm fast", &|player| {
        for step in 0..600u64 {
            let timer_us = 5_000_000 + step * 102_400 + step * 10;
            player.at(step as i64 * 102, &beacon(BSS, (step * 3) as u16 & 0xfff, timer_us, "net"));
        }
    });
    check("a shutdown that disconnects everybody", &|player| {
        for number in 0..8u16 {
            player.at(
                i64::from(number) * 5,
                &deauthentication(BSS, station(number as u8), BSS, number),
            );
        }
    });
    check("one frame tried again and again", &|player| {
        player.at(0, &deauthentication(BSS, CLIENT, BSS, 7));
        let mut again = deauthentication(BSS, CLIENT, BSS, 7);
        again[1] |= RETRY;
        for step in 1..30 {
            player.at(step, &again);
        }
    });
    check("counters of their own for each receiver and priority", &|player| {
        for step in 0..50u16 {
            let at = i64::from(step) * 10;
            player.at(at, &down(CLIENT, SERVER, step, 0, 50));
            player.at(at, &down(CLIENT, SERVER, 2000 + step, 6, 50));
            player.at(at, &down(station(2), SERVER, 3000 + step, 0, 50));
            if step % 10 == 0 {
                let timer_us = 1_000_000 + u64::from(step) * 10_000;
                player.at(at, &beacon(BSS, 1000 + step, timer_us, "net"));
            }
        }
    });
    check("a scan that comes back after seconds", &|player| {
        for visit in 0..20u64 {
            for step in 0..3u64 {
                let ms = visit * 5000 + step * 100;
                let number = (visit * 777 + step) as u16 & 0xfff;
                player.at(ms as i64, &beacon(BSS, number, ms * 1000, "net"));
            }
        }
    });
    check("two radios that hear the same frames a little apart", &|player| {
        for step in 0..40u16 {
            let mac = beacon(BSS, step * 200 % 4096, u64::from(step) * 100_000, "net");
            player.add(LinkType::Ieee80211, Some(i64::from(step) * 100), 0, &mac);
            player.add(LinkType::Ieee80211, Some(i64::from(step) * 100 + 30), 1, &mac);
        }
    });
    check("an access point that counts anew for each station", &|player| {
        for step in 0..12u16 {
            let body = [0, 0, 2, 0, 0, 0];
            let to = station(2 + step as u8);
            let one = frame(FrameKind::AUTHENTICATION, 0, [to, BSS, BSS], 0, &body);
            let other = frame(FrameKind::AUTHENTICATION, 0, [CLIENT, BSS, BSS], 2000 + step, &body);
            player.at(i64::from(step) * 100, &one);
            player.at(i64::from(step) * 100 + 50, &other);
        }
    });
    check("bursts of 13 ms", &|player| {
        let rts = [vec![0xb4, 0, 0x5e, 0x32], BSS.0.to_vec(), CLIENT.0.to_vec()].concat();
        for step in 0..60 {
            player.at(step * 15, &rts);
        }
    });
    check("a null frame may carry any number", &|player| {
        for step in 0..50u16 {
            let number = step.wrapping_mul(1237) & 0xfff;
            player.at(
                i64::from(step),
                &frame(FrameKind::new(2, 12), TO_DS, [BSS, CLIENT, BSS], number, &[0, 0]),
            );
        }
    });
    check("a busy exchange with RTS", &|player| {
        let rts = [vec![0xb4, 0, 100, 0], BSS.0.to_vec(), CLIENT.0.to_vec()].concat();
        let block_ack =
            [vec![0x94, 0, 0, 0], CLIENT.0.to_vec(), BSS.0.to_vec(), vec![5; 12]].concat();
        for step in 0..1000 {
            player.at(step, &rts);
            player.at(step, &block_ack);
        }
    });
    check("a channel switch", &|player| {
        for step in 0..6u16 {
            let mut body =
                announcement(u64::from(step) * 100_000, "net", if step < 3 { 1 } else { 11 });
            body.extend(element(37, &[0, 11, 3]));
            let all = MacAddr::BROADCAST;
            player.at(
                i64::from(step) * 100,
                &frame(FrameKind::BEACON, 0, [all, BSS, BSS], step, &body),
            );
        }
    });
    check("leakage from the next channels", &|player| {
        for step in 0..10u16 {
            let mac = beacon(BSS, step, u64::from(step) * 100_000, "net");
            player.add(
                LinkType::Radiotap,
                Some(i64::from(step) * 100),
                0,
                &radiotap(0, 2422, -90, &mac),
            );
        }
    });
}

#[test]
fn a_history_raises_the_bar() {
    let mut player = Player::default();
    // A crowd: 230 probe requests a second, give or take, for a minute; more than the floor of 200.
    let all = MacAddr::BROADCAST;
    let probe = |n: u64| {
        let [.., a, b] = n.to_be_bytes();
        frame(
            FrameKind::PROBE_REQUEST,
            0,
            [all, MacAddr([2, 9, 9, 9, a, b]), all],
            1,
            &element(0, b""),
        )
    };
    let mut number = 0;
    for second in 0..40i64 {
        for step in 0..190 {
            number += 1;
            player.at(second * 1000 + step * 5, &probe(number));
        }
    }
    // 240 a second now: above the floor, and above what was usual.
    for step in 0..240 {
        number += 1;
        player.at(40_000 + step * 4, &probe(number));
    }
    let report = player.finish();
    let flood = find(&report, AnomalyKind::ProbeRequestFlood);
    assert!(flood.explanation.contains("usual: 190 a second"), "{}", flood.explanation);
    assert_eq!(kinds(&report), [AnomalyKind::ProbeRequestFlood]);
}

#[test]
fn random_numbers_are_no_second_transmitter() {
    let mut alarms = 0;
    for seed in 1..200u32 {
        let mut player = Player::default();
        let mut state = seed;
        for step in 0..60u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 16) as u16 & 0xfff;
            let timer_us = u64::from(step) * 100_000;
            player.at(i64::from(step) * 100, &beacon(BSS, number, timer_us, "net"));
        }
        let report = player.finish();
        let has = |kind| kinds(&report).contains(&kind);
        assert!(has(AnomalyKind::SequenceJump));
        alarms += u32::from(has(AnomalyKind::SequenceAlternation));
    }
    assert_eq!(alarms, 0, "of 199");
}

#[test]
fn incidents_apart_in_time_are_two() {
    let mut player = Player::default();
    for start_s in [0i64, 60] {
        for number in 0..20u16 {
            let ms = start_s * 1000 + i64::from(number) * 20;
            player.at(ms, &deauthentication(BSS, MacAddr::BROADCAST, BSS, number));
        }
    }
    let report = player.finish();
    let counts: Vec<_> = report.anomalies.list.iter().map(|a| (a.kind, a.count)).collect();
    assert_eq!(counts, [(AnomalyKind::DeauthenticationFlood, 20); 2]);
}

#[test]
fn memory_stays_bounded_against_made_up_addresses() {
    let mut player = Player::default();
    let count = 150_000u64;
    for n in 0..count {
        let [.., a, b, c, d] = n.to_be_bytes();
        let from = MacAddr([0x02, 1, a, b, c, d]);
        player.at(n as i64 / 100, &up(from, SERVER, 1, 0, 20));
    }
    let report = player.finish();
    assert_eq!(report.totals.frames, count);
    assert_eq!(report.topology.nodes.len(), 65_536);
    assert!(report.topology.edges.len() <= 131_072);
    assert!(report.flows.len() <= 50_000 && report.conversations.len() <= 50_000);
    for what in [
        "packets of stations beyond the limit",
        "flows that ended early",
        "flows that are not listed",
        "times that known sequence numbers were forgotten",
    ] {
        assert!(report.left_out.get(what).is_some_and(|count| *count > 0), "{what}");
    }
}

#[test]
fn the_same_packets_give_the_same_results() {
    let run = || {
        let mut player = Player::new(PacketSettings { layer3: true, ..PacketSettings::default() });
        for n in 0..400u16 {
            let at = i64::from(n) * 9;
            player.at(at, &up(station(n as u8), SERVER, n, n % 8, usize::from(n % 90) * 16));
            player.at(at, &down(station(n as u8), SERVER, n, n % 8, 700));
            player.at(at, &beacon(station(n as u8), n, 77, "net"));
        }
        serde_json::to_string(&player.finish()).expect("results are JSON")
    };
    assert_eq!(run(), run());
}

#[test]
fn any_bytes_are_survived() {
    // Every truncation and a spread of corruptions of frames of many kinds.
    let mut player =
        Player::new(PacketSettings { layer3: true, names: true, ..PacketSettings::default() });
    let frames = [
        beacon(BSS, 1, 1, "net"),
        up(CLIENT, SERVER, 1, 0x80, 60),
        qos(TO_DS, [BSS, CLIENT, SERVER], 1, 0x80, &[7; 90]),
        frame(DATA, FROM_DS, [CLIENT, BSS, SERVER], 1, &snap(0x0800, &[0x45; 80])),
        frame(DATA, FROM_DS, [CLIENT, BSS, SERVER], 1, &snap(0x86dd, &[0x60; 80])),
        frame(DATA, FROM_DS, [CLIENT, BSS, SERVER], 1, &snap(0x0806, &[0; 28])),
    ];
    let mut added = 0;
    for bytes in &frames {
        for end in 0..=bytes.len() {
            player.at(added, &bytes[..end]);
            added += 1;
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x45, 0x60, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                player.at(added, &changed);
                added += 1;
            }
        }
    }
    assert_eq!(player.finish().totals.packets, added as u64);
}
