//! Filters: what they mean, and what is wrong with those that mean nothing.

use super::*;
use crate::LinkType;
use crate::fields::Value;
use pw_model::Timestamp;

const AP: [u8; 6] = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];
const STATION: [u8; 6] = [0x02, 0x00, 0x5e, 0x1f, 0x00, 0x09];

/// Radiotap with a rate of 5.5 Mbit/s, channel 6 and a signal of -61 dBm, before `mac`.
fn radiotap(mac: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 14, 0, 0x2c, 0, 0, 0, 11, 0, 0x85, 0x09, 0xa0, 0x00];
    bytes[2] = 15;
    bytes.push(0xc3);
    bytes.extend(mac);
    bytes
}

fn management(subtype: u8, receiver: [u8; 6], body: &[u8]) -> Vec<u8> {
    let mut mac = vec![subtype << 4, 0, 0x3a, 0x01];
    mac.extend([receiver, AP, AP].concat());
    mac.extend([0x50, 0x00]);
    mac.extend(body);
    radiotap(&mac)
}

/// A beacon with two SSIDs, one of them no UTF-8, and a BSS load.
fn beacon() -> Vec<u8> {
    let mut body = vec![1, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0x11, 0];
    body.extend(b"\x00\x0aCaf\xc3\xa9 Nord\x00\x03a\xffb\x0b\x05\x07\x00\x3c\x00\x00");
    management(8, [0xff; 6], &body)
}

fn captured(data: &[u8]) -> CapturedFrame<'_> {
    CapturedFrame {
        time: Some(Timestamp::from_unix_ns(1_700_000_000_500_000_000)),
        number: 7,
        ..CapturedFrame::new(LinkType::Radiotap, data)
    }
}

/// Every way to ask gives this answer.
fn check(filter: &str, data: &[u8], expected: bool) {
    let compiled = Filter::compile(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let captured = captured(data);
    assert_eq!(compiled.matches(&Packet::new(captured)), expected, "{filter}");
    assert_eq!(compiled.accepts(&captured), expected, "{filter}, without parsing");
    assert_eq!(compiled.select(captured).is_some(), expected, "{filter}, selected");
    if compiled.is_empty() {
        return;
    }
    let negated = Filter::compile(&format!("not ({filter})")).expect("a filter in parentheses");
    assert_eq!(negated.accepts(&captured), !expected, "not ({filter})");
}

#[test]
fn suites_are_written_as_the_standard_does() {
    let mut body = vec![1, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0x11, 0, 48, 24, 1, 0];
    body.extend([0x00, 0x0f, 0xac, 4, 1, 0, 0x00, 0x0f, 0xac, 4]);
    body.extend([2, 0, 0x00, 0x0f, 0xac, 2, 0x00, 0x0f, 0xac, 8, 0, 0]);
    let data = management(8, [0xff; 6], &body);
    for (filter, expected) in [
        ("wlan.rsn.akms == 00:0f:ac:02", true),
        ("wlan.rsn.akms == 00-0F-AC-08", true),
        ("wlan.rsn.akms == 0x000fac08", true),
        ("wlan.rsn.akms == 00:0f:ac:06", false),
        ("wlan.rsn.akms in {00:0f:ac:05, 00:0f:ac:07..00:0f:ac:09}", true),
        ("wlan.rsn.gcs == 00:0f:ac:04", true),
    ] {
        check(filter, &data, expected);
    }
    for short in ["wlan.rsn.akms == 00:0f:ac", "wlan.rsn.akms == 00:0f:ac:02:01"] {
        assert!(Filter::compile(short).is_err(), "{short}");
    }
}

#[test]
fn a_data_frame_says_which_way_it_goes() {
    for (flags, expected) in
        [(1u8, "to the DS"), (2, "from the DS"), (0x43, "between access points or mesh stations")]
    {
        let mut mac = vec![0x08, flags, 0, 0];
        mac.extend([AP, STATION, AP].concat());
        mac.extend([0; 8]);
        let data = radiotap(&mac);
        check(&format!("wlan.fc.ds == {}", flags & 3), &data, true);
        check(&format!("wlan.fc.ds == \"{expected}\""), &data, true);
        check("wlan.fc.ds == 0", &data, false);
    }
}

#[test]
fn what_a_beacon_passes() {
    let data = beacon();
    for (filter, expected) in [
        ("", true),
        ("wlan.ssid", true),
        ("wlan.qbss.scount", true),
        ("wlan.fixed.reason_code", false),
        ("wlan", true),
        ("wlan.fc.type_subtype == beacon", true),
        ("wlan.fc.type_subtype == 0x08 && wlan.fc.type eq management", true),
        ("wlan.fc.type_subtype != Beacon", false),
        ("wlan.fc.type_subtype == probe_request or wlan.fc.subtype == 8", true),
        ("wlan.fc.type_subtype in {\"probe response\", beacon}", true),
        ("wlan.fc.type_subtype not in {0..7}", true),
        // 'and' binds before 'or'; 'not' before both.
        ("wlan.ssid or wlan.ssid and wlan.fixed.reason_code", true),
        ("not wlan.ssid and wlan.ssid or wlan.qbss.cu", true),
        ("!wlan.ssid || !(wlan.ssid && wlan.ssid)", false),
        // Numbers.
        ("wlan_radio.signal_dbm == -61", true),
        ("wlan_radio.signal_dbm > -62 and wlan_radio.signal_dbm < -60", true),
        ("wlan_radio.signal_dbm >= -60", false),
        ("wlan_radio.signal_dbm in {-40, -70..-60}", true),
        ("wlan_radio.data_rate == 5.5", true),
        ("wlan_radio.data_rate > 5.5", false),
        ("wlan_radio.data_rate in {1..5.4, 6}", false),
        (
            "frame.number lt 8 and frame.number le 7 and frame.number ge 7 and frame.number gt 6",
            true,
        ),
        ("wlan.fc == 0x80", true),
        ("wlan.fc.retry", true),
        ("wlan.fc.retry == true", false),
        ("wlan.fc.retry == 0", true),
        ("wlan.fc.ds == 0x00 and wlan.fc.ds == \"inside the BSS\"", true),
        ("wlan.fc.ds in {1..3}", false),
        ("wlan.fixed.beacon == 100 and wlan.fixed.capabilities.privacy == yes", true),
        ("wlan.qbss.cu > 59 and wlan.qbss.cu <= 60", true),
        // Addresses.
        ("wlan.ta == 02:00:5e:10:00:01", true),
        ("wlan.ta == 02-00-5E-10-00-01", true),
        ("wlan.ta == 02005e100001", true),
        ("wlan.ta == 02:00:5e", true),
        ("wlan.ta == 02:00:5f", false),
        ("wlan.ta == 02:00:5e:00:00:00/24", true),
        ("wlan.ta == 02:00:5e:10:00:00/28", true),
        ("wlan.ta == 02:00:5e:20:00:00/28", false),
        ("wlan.ta == 02:00:5e:10:00:00/36", true),
        ("wlan.ta == 02:00:5e:10:10:00/36", false),
        ("wlan.ta in {02:00:5f, 02:00:5e:00:00:00..02:00:5e:20:00:00}", true),
        ("wlan.ta < 02:00:5f and wlan.ta > 02:00:5d", true),
        ("wlan.ta[0:3] == 02:00:5e", true),
        ("wlan.ta[3-4] == 10:00", true),
        ("wlan.ta[5] == 02", false),
        ("wlan.ta[5:4] == 01", false),
        ("wlan.ta contains 5e:10", true),
        ("wlan.ra == broadcast", true),
        ("wlan.ta == wlan.sa and wlan.ra == wlan.da", true),
        ("wlan.ta == wlan.ra", false),
        ("wlan.ta != wlan.ra", true),
        ("frame.len > frame.cap_len", false),
        // Text: any occurrence.
        ("wlan.ssid == \"Café Nord\"", true),
        ("wlan.ssid == \"a\\xffb\"", true),
        ("wlan.ssid != \"Café Nord\"", false),
        ("wlan.ssid != \"other\"", true),
        ("wlan.ssid !== \"Café Nord\"", true),
        ("wlan.ssid === \"Café Nord\"", false),
        ("all wlan.ssid contains \"a\"", true),
        ("any wlan.ssid contains \"N\"", true),
        ("all wlan.ssid contains \"N\"", false),
        ("wlan.ssid contains nord", false),
        ("wlan.ssid matches \"nord$\"", true),
        ("wlan.ssid matches \"(?-i)nord$\"", false),
        ("wlan.ssid ~ r\"^caf\\w nord$\"", true),
        ("wlan.ssid matches r\"(?-u)\\xff\"", true),
        ("wlan.ssid[0:2] == Ca", true),
        ("wlan.ssid > B and wlan.ssid < D", true),
        ("wlan.tag == \"BSS load\"", true),
        ("wlan.tag == \"RSN\"", false),
        // Time.
        ("frame.time_epoch == 1700000000.5", true),
        ("frame.time_epoch == 2023-11-14", true),
        ("frame.time_epoch < \"2023-11-14 22:13:20\"", false),
        ("frame.time_epoch > 2023-11-14T22:13:20Z", true),
        ("frame.time_epoch > 2023-11-14", false),
        ("_ws.malformed", false),
    ] {
        check(filter, &data, expected);
    }
}

#[test]
fn what_other_packets_pass() {
    let deauthentication = management(12, STATION, &[7, 0]);
    let cut = management(12, STATION, &[7]);
    let ack = radiotap(&[0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 9]);
    let headless = radiotap(&[0xd4]);
    for (filter, expected) in [
        ("wlan.fc.type_subtype == deauthentication", [true, true, false, false]),
        ("wlan.fc.type_subtype != deauthentication", [false, false, true, false]),
        ("not wlan.fc.type_subtype == deauthentication", [false, false, true, true]),
        ("wlan.fc.type == 1", [false, false, true, false]),
        ("wlan.fc.type_subtype", [true, true, true, false]),
        ("wlan.ta", [true, true, false, false]),
        ("wlan.ta != 02:00:5e:10:00:01", [false; 4]),
        ("wlan.fixed.reason_code == 7", [true, false, false, false]),
        ("wlan.ra == 02:00:5e:10:00:00/28", [true, true, false, false]),
        ("_ws.malformed", [false, true, false, true]),
        ("_ws.malformed contains \"fixed fields\"", [false, true, false, false]),
    ] {
        for (data, expected) in [&deauthentication, &cut, &ack, &headless].iter().zip(expected) {
            check(filter, data, expected);
        }
    }
}

#[test]
fn type_and_subtype_decide_without_parsing() {
    let by_kind = |filter: &str, data: &[u8]| {
        let compiled = Filter::compile(filter).expect("a filter");
        compiled.program.expect("not blank").by_kind(LinkType::Radiotap, data)
    };
    let deauthentication = management(12, STATION, &[7, 0]);
    let beacon = beacon();
    let filter = "wlan.fc.type_subtype == deauthentication and wlan.ta == 02:00:5e";
    assert_eq!(by_kind(filter, &deauthentication), None, "the address has to be looked at");
    assert_eq!(by_kind(filter, &beacon), Some(false));
    assert_eq!(by_kind("wlan.fc.type == 0", &beacon), Some(true));
    assert_eq!(by_kind("wlan.fc.type == 0 or wlan.ssid", &beacon), Some(true));
    assert_eq!(by_kind("wlan.ssid", &beacon), None);
    // Frames of every kind and length, also damaged ones: the short way and the long one agree.
    for filter in
        ["wlan.fc.type == 1", "wlan.fc.type_subtype in {8, 0x16}", "not wlan.fc.subtype > 3"]
    {
        let compiled = Filter::compile(filter).expect("a filter");
        for first in 0..=255u8 {
            for length in 0..8 {
                let mac = [first, 0x16, 0, 0, 1, 2, 3, 4];
                for header in [15, 8, 7, 200] {
                    let mut data = radiotap(&mac[..length]);
                    data[2] = header;
                    let captured = captured(&data);
                    let long = compiled.matches(&Packet::new(captured));
                    assert_eq!(compiled.accepts(&captured), long, "{filter} {data:x?}");
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_is_located_and_explained() {
    for (filter, column, words) in [
        ("wlan.sid == 1", 1, "did you mean wlan.ssid"),
        ("wlan.ssid == \"é\" and ssid", 22, "did you mean wlan.ssid"),
        ("wlan.ssid ==", 13, "missing at the end"),
        ("wlan.ssid = x", 11, "write =="),
        ("wlan.ssid wlan.ta", 11, "an operator is missing"),
        ("(wlan.ssid", 11, "')' is missing"),
        ("wlan.ssid)", 10, "remove it"),
        ("wlan.ssid == \"x", 14, "close it"),
        ("wlan.ssid == \"\\q\"", 15, "unknown escape"),
        ("wlan.seq contains 5", 10, "is a number"),
        ("wlan.seq == five", 13, "write digits"),
        ("wlan.seq == 99999999999999999999", 13, "write digits"),
        ("wlan.fc.type_subtype == beecon", 25, "did you mean beacon"),
        ("wlan.fc.retry == maybe", 18, "true or false"),
        ("wlan.ta == 02:00:5g", 12, "is not an address"),
        ("wlan.ta == 02:00:5e:00:00:00/49", 12, "48 bits"),
        ("wlan.ta == 02:00:5e:00:00:00:00", 12, "is not an address"),
        ("wlan.ta in 5", 12, "a set is missing"),
        ("wlan.seq in {1 2}", 16, "',' or '}'"),
        ("wlan.seq in {5..1}", 13, "swap them"),
        ("wlan.ssid matches \"(\"", 19, "cannot be read"),
        ("wlan.ssid matches \"\\\\w{900}{900}\"", 19, "bytes allowed"),
        ("wlan.seq[0] == 1", 10, "no bytes to choose from"),
        ("wlan.ta[x] == 1", 9, "write [start:length]"),
        ("1 < wlan.seq", 1, "there is no field '1'"),
        ("wlan.seq < 5 < 6", 14, "cannot be chained"),
        ("wlan.ta == wlan.tag.oui", 12, "occur"),
        ("wlan.ta == wlan.seq", 12, "different kinds"),
        ("any wlan.ssid", 14, "stand before a comparison"),
        ("wlan.ssid and", 14, "missing at the end"),
        ("wlan.ssid; wlan.ta", 10, "means nothing here"),
        ("frame.time_epoch == yesterday", 21, "seconds since 1970"),
    ] {
        let error = Filter::compile(filter).expect_err(filter);
        assert_eq!(error.column, column, "{filter}: {error}");
        assert!(error.message.contains(words), "{filter}: {error}");
        assert!(!error.to_string().contains('\n'), "{filter}: {error}");
        assert!(filter.get(error.span.clone()).is_some(), "{filter}: {:?}", error.span);
    }
}

#[test]
fn size_is_bounded() {
    let deep = format!("{}wlan{}", "(".repeat(200_000), ")".repeat(200_000));
    let nested = format!("{}wlan", "not ".repeat(1000));
    let many = vec!["wlan.ssid"; 200].join(" or ");
    let set = format!("wlan.seq in {{{}}}", vec!["1"; 2000].join(","));
    let long = format!("wlan.ssid == \"{}\"", "x".repeat(2000));
    for (filter, words) in [
        (deep, "bytes, more than"),
        (nested, "nested deeper"),
        (many, "tests allowed"),
        (set, "values allowed"),
        (long, "shorten it"),
    ] {
        let error = Filter::compile(&filter).expect_err("too large");
        assert!(error.message.contains(words), "{error}");
    }
    let most = vec!["wlan.qbss.cu == 60"; parse::MAX_TESTS].join(" and ");
    check(&most, &beacon(), true);
}

#[test]
fn no_text_breaks_the_compiler() {
    let good =
        "all wlan.ssid[0:2] != \"a\\x41\" and (wlan.ta in {02:00/7..03, 1}) or wlan.ssid ~ r\"x\"";
    let signs: Vec<char> = "()[]{}!=<>&|~\"'\\ ..,:-/0aé\u{0}".chars().collect();
    for at in 0..good.len() {
        if !good.is_char_boundary(at) {
            continue;
        }
        let (head, tail) = good.split_at(at);
        let mut texts = vec![head.to_owned(), tail.to_owned()];
        texts.extend(signs.iter().map(|sign| format!("{head}{sign}{tail}")));
        for text in texts {
            if let Ok(filter) = Filter::compile(&text) {
                assert!(filter.is_empty() || !filter.text().trim().is_empty());
            }
            // Round the place of the sign and at the end: elsewhere the text is as it was.
            for cursor in [at, at + 1, at + 2, text.len()] {
                for completion in complete(&text, cursor) {
                    assert!(text.get(completion.replaces).is_some());
                }
            }
        }
    }
}

#[test]
fn what_can_follow() {
    let texts = |text: &str| -> Vec<String> {
        complete(text, text.len()).into_iter().map(|completion| completion.text).collect()
    };
    assert_eq!(texts("wlan.ss").first().map(String::as_str), Some("wlan.ssid"));
    assert_eq!(texts("ssid").first().map(String::as_str), Some("wlan.ssid"));
    assert!(texts("wlan.ta == 02:00:5e and (wlan.fc.ty").contains(&"wlan.fc.type".to_owned()));
    assert!(texts("wlan.ssid ").contains(&"matches".to_owned()));
    assert!(!texts("wlan.seq ").contains(&"matches".to_owned()));
    assert_eq!(texts("wlan.seq >= 5 "), ["and", "or"]);
    assert_eq!(texts("wlan.fc.type_subtype == dea"), ["deauthentication"]);
    assert_eq!(texts("wlan.fc.type_subtype == probe")[0], "\"probe request\"");
    assert_eq!(texts("wlan.fc.type_subtype in {beacon, dea"), ["deauthentication"]);
    assert!(texts("wlan.seq in {1").is_empty(), "the number may go on");
    assert_eq!(texts("wlan.seq in {1 "), [",", "..", "}"]);
    assert_eq!(texts("wlan.fc.retry == "), ["true", "false"]);
    assert!(texts("wlan.ssid == \"unfinished ").is_empty());
    let inside = complete("wlan.ss == 1", 7);
    assert_eq!(inside[0].replaces, 0..7);
    assert!(inside[0].label.contains("SSID"));
}

#[test]
fn the_help_compiles() {
    for line in Filter::help().lines().filter(|line| line.starts_with(['w', '_'])) {
        let filter = line.split("  ").next().unwrap_or(line);
        assert!(Filter::compile(filter).is_ok(), "{filter}");
    }
}

#[test]
fn the_short_way_and_the_walk_agree() {
    struct First(Vec<(&'static str, String)>);
    impl crate::fields::Sink for First {
        fn field(
            &mut self,
            field: &'static crate::fields::Field,
            value: Value<'_>,
            _span: crate::fields::Span,
        ) {
            self.0.push((field.name, field.value_text(&value)));
        }
    }
    let mut doubled = vec![1, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0x11, 0];
    for id in (0..=255u8).chain(0..=255) {
        doubled.extend([id, 30]);
        doubled.extend([1; 30]);
    }
    let mut data = vec![0x88, 0x01, 0, 0];
    data.extend([AP, STATION, AP].concat());
    data.extend([0x50, 0, 0, 0]);
    let frames = [
        beacon(),
        management(8, [0xff; 6], &doubled),
        management(12, STATION, &[7, 0]),
        radiotap(&data),
        radiotap(&[0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 9]),
        radiotap(&[0xd4]),
    ];
    for frame in &frames {
        let packet = Packet::new(captured(frame));
        let mut walked = First(Vec::new());
        crate::describe::describe(&packet, &mut walked);
        for field in crate::fields::all().filter(|field| field.read.is_some()) {
            let values: Vec<&String> =
                walked.0.iter().filter(|(name, _)| *name == field.name).map(|(_, v)| v).collect();
            let read = field.read.and_then(|read| read(&packet));
            assert_eq!(
                read.map(|value| field.value_text(&value)).as_ref(),
                values.first().copied(),
                "{}: the short way is not the first value",
                field.name
            );
            assert!(
                values.len() < 2 || field.only(&packet).is_err(),
                "{} occurs {} times; say when in .repeats()",
                field.name,
                values.len()
            );
        }
    }
}
