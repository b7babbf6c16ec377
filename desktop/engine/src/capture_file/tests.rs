//! Captures opened, looked through, filtered, exported; damaged ones as far as they go.

use super::*;
use pw_dissect::LinkType;
use pw_dissect::capture::CaptureReader;
use pw_dissect::write::{PacketNotes, PcapResolution, PcapWriter, PcapngWriter};
use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const AP: [u8; 6] = [0x02, 0x00, 0x5e, 0x10, 0x00, 0x01];

/// An 802.11 frame without radio header: a beacon, or a deauthentication for every tenth.
fn frame(number: u32) -> Vec<u8> {
    let deauthentication = number.is_multiple_of(10);
    let mut mac = vec![if deauthentication { 0xc0 } else { 0x80 }, 0, 0, 0];
    mac.extend([0xff; 6]);
    mac.extend([AP, AP].concat());
    mac.extend((number as u16).wrapping_mul(16).to_le_bytes());
    if deauthentication {
        mac.extend([7, 0]);
    } else {
        mac.extend([0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0x11, 0]);
        let name = format!("net {number}");
        mac.extend([0, name.len() as u8]);
        mac.extend(name.bytes());
        // Not all of the same length.
        mac.extend([254, (number % 50) as u8]);
        mac.extend(vec![number as u8; number as usize % 50]);
    }
    mac
}

fn time(number: u32) -> Timestamp {
    Timestamp::from_unix_ns(1_700_000_000_000_000_000 + i64::from(number) * 1_000_000)
}

fn pcap(count: u32) -> Vec<u8> {
    let mut out = PcapWriter::new(Vec::new(), LinkType::Ieee80211, PcapResolution::Microseconds)
        .expect("memory");
    for number in 1..=count {
        let bytes = frame(number);
        out.write_frame(time(number), &bytes, bytes.len() as u32).expect("memory");
    }
    out.finish().expect("memory")
}

struct Open {
    folder: TempDir,
    file: CaptureFile,
}

/// Writes the bytes to a file and opens it.
fn open(name: &str, bytes: &[u8]) -> Open {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("writable");
    let file = CaptureFile::open(&path, Arc::new(|| {})).expect("threads");
    Open { folder, file }
}

/// Waits until `done`, for a minute at most.
fn wait(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn indexed(open: &Open) -> Status {
    wait("indexing", || open.file.status().phase != Phase::Indexing);
    open.file.status()
}

#[test]
fn times_since_other_packets_are_those_of_the_file_whatever_the_filter() {
    let open = open("a.pcap", &pcap(3000));
    indexed(&open);
    let field = |name| pw_dissect::fields::by_name(name).expect("a field");
    open.file.set_fields(vec![field("frame.time_relative"), field("frame.time_delta")]);
    // Packets are a millisecond apart; asked for in an order that is not theirs.
    for (number, relative, delta) in
        [(1, "0", "0"), (3000, "2.999", "0.001"), (2, "0.001", "0.001"), (1500, "1.499", "0.001")]
    {
        assert_eq!(row(&open.file, number).extra, [relative, delta], "{number}");
    }
    for (filter, passing) in [
        ("frame.time_relative >= 2.999", vec![3000]),
        ("frame.time_relative == 0.017", vec![18]),
        ("frame.time_delta == 0", vec![1]),
        ("frame.time_delta > 0.001", vec![]),
        ("frame.number in {5, 9} and frame.time_delta == 0.001", vec![5, 9]),
    ] {
        let selection =
            open.file.select(Filter::compile(filter).expect("valid")).expect("a thread");
        wait("the search", || selection.phase() != SelectionPhase::Searching);
        let found: Vec<u32> = (0..selection.len()).filter_map(|at| selection.number(at)).collect();
        assert_eq!(found, passing, "{filter}");
    }
}

fn row(file: &CaptureFile, number: u32) -> Arc<PacketRow> {
    file.want(vec![number], None);
    wait("a row", || file.row(number).is_some());
    file.row(number).expect("it is there")
}

fn detail(file: &CaptureFile, number: u32) -> Arc<Result<PacketDetail, String>> {
    file.want(Vec::new(), Some(number));
    wait("a packet", || file.detail(number).is_some());
    file.detail(number).expect("it is there")
}

fn select(file: &CaptureFile, filter: &str) -> Selection {
    let filter = Filter::compile(filter).expect("a filter");
    let selection = file.select(filter).expect("a thread");
    wait("the filter", || selection.phase() != SelectionPhase::Searching);
    selection
}

#[test]
fn any_packet_of_any_container_is_found_again() {
    const COUNT: u32 = 20_000;
    let plain = pcap(COUNT);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("memory");
    let zstd = zstd::encode_all(plain.as_slice(), 1).expect("memory");
    let mut pcapng = PcapngWriter::new(Vec::new(), "test", None).expect("memory");
    let interface = pcapng.add_interface(LinkType::Ieee80211, "wlan9").expect("memory");
    for number in 1..=COUNT {
        let bytes = frame(number);
        let length = bytes.len() as u32;
        pcapng
            .write_frame(interface, time(number), &bytes, length, PacketNotes::default())
            .expect("memory");
    }
    let files = [
        ("a.pcap", plain, false),
        ("a.gz", gzip.finish().expect("memory"), true),
        ("a.zst", zstd, true),
        ("a.pcapng", pcapng.finish().expect("memory"), false),
    ];
    for (name, bytes, is_unpacked) in files {
        let open = open(name, &bytes);
        let status = indexed(&open);
        assert_eq!(status.phase, Phase::Complete { warning: None }, "{name}");
        assert_eq!((status.packets, status.is_unpacked), (COUNT, is_unpacked), "{name}");
        assert!((status.share - 1.0).abs() < 1e-6, "{name}: {}", status.share);
        for number in [1, 2, 8192, 8193, 19_999, 20_000, 7] {
            let detail = detail(&open.file, number);
            let detail = detail.as_ref().as_ref().expect("readable");
            assert_eq!(detail.bytes, frame(number), "{name} {number}");
            assert_eq!(open.file.time(number), Some(time(number)), "{name} {number}");
        }
        assert_eq!(open.file.time(0), None);
        assert_eq!(open.file.time(COUNT + 1), None);
    }
}

#[test]
fn rows_say_what_a_packet_is_in_words() {
    let open = open("a.pcap", &pcap(30));
    indexed(&open);
    let beacon = row(&open.file, 3);
    assert_eq!((beacon.kind.as_str(), beacon.network.as_deref()), ("beacon", Some("net 3")));
    assert_eq!(beacon.transmitter.map(|a| a.0), Some(AP));
    assert_eq!(beacon.receiver, Some(pw_model::MacAddr::BROADCAST));
    assert_eq!((beacon.channel, beacon.signal_dbm, beacon.rate_100kbps), (None, None, None));
    assert!(beacon.info.contains("WEP"), "{}", beacon.info);
    assert_eq!(beacon.emphasis, None);
    let gone = row(&open.file, 10);
    assert_eq!(gone.kind, "deauthentication");
    assert!(gone.info.starts_with("reason 7"), "{}", gone.info);
}

#[test]
fn colour_rules_are_tried_in_their_order() {
    let open = open("a.pcap", &pcap(30));
    indexed(&open);
    let rules = ["wlan.fc.type_subtype == deauthentication", "wlan.fc.type == 0", "wlan"];
    let compiled = |rules: &[&str]| {
        rules.iter().map(|rule| Filter::compile(rule).expect("a filter")).collect::<Vec<_>>()
    };
    open.file.set_rules(compiled(&rules));
    assert_eq!((row(&open.file, 10).rule, row(&open.file, 11).rule), (Some(0), Some(1)));
    open.file.set_rules(compiled(&rules[..1]));
    assert_eq!((row(&open.file, 10).rule, row(&open.file, 11).rule), (Some(0), None));
}

#[test]
fn a_filter_finds_every_match_and_nothing_else() {
    let open = open("a.pcap", &pcap(20_005));
    // Asked for while the file is indexed, it waits for the rest.
    let selection = select(&open.file, "wlan.fc.type_subtype == deauthentication");
    assert_eq!(selection.phase(), SelectionPhase::Complete);
    assert_eq!((selection.len(), selection.asked()), (2000, 20_005));
    for at in 0..2000 {
        assert_eq!(selection.number(at), Some((at + 1) * 10));
    }
    assert_eq!(selection.number(2000), None);
    assert_eq!((selection.place(10), selection.place(11), selection.place(99_999)), (0, 1, 2000));
    assert_eq!(select(&open.file, "").len(), 20_005);
    assert!(select(&open.file, "frame.number > 99999").is_empty());
}

#[test]
fn searching_and_indexing_can_be_stopped() {
    let open = open("a.pcap", &pcap(200_000));
    let filter = Filter::compile("wlan.ssid contains \"9\"").expect("a filter");
    let selection = open.file.select(filter).expect("a thread");
    selection.cancel();
    wait("cancelling", || selection.phase() != SelectionPhase::Searching);
    assert_eq!(selection.phase(), SelectionPhase::Cancelled);
    assert!(selection.asked() < 200_000);

    let bytes = fs::read(open.file.path()).expect("there");
    let packed = zstd::encode_all(bytes.as_slice(), 1).expect("memory");
    let other = tests::open("b.zst", &packed);
    other.file.cancel_indexing();
    let status = indexed(&other);
    assert_eq!(status.phase, Phase::Cancelled);
    assert!(status.packets < 200_000);
    // What was indexed can be looked at.
    if status.packets > 0 {
        assert_eq!(row(&other.file, 1).kind, "beacon");
    }
}

#[test]
fn a_damaged_file_shows_what_could_be_read_and_says_where_it_ends() {
    let whole = pcap(100);
    let cut = &whole[..whole.len() - 5];
    let check = |name: &str, bytes: &[u8], packets: u32, words: &[&str]| {
        let open = open(name, bytes);
        let status = indexed(&open);
        let Phase::Complete { warning: Some(warning) } = status.phase else {
            panic!("{name}: {:?}", status.phase);
        };
        assert!(words.iter().all(|word| warning.contains(word)), "{name}: {warning}");
        assert_eq!(status.packets, packets, "{name}: {warning}");
        assert_eq!(row(&open.file, packets).number, packets);
    };
    check("cut.pcap", cut, 99, &["cut in the middle of a record", "after 99 packets"]);
    let mut damaged = whole.clone();
    // The length of the second record.
    let second = 24 + 16 + frame(1).len() + 8;
    damaged[second..second + 4].copy_from_slice(&[0xff; 4]);
    check("damaged.pcap", &damaged, 1, &["damaged at byte", "what comes before it is shown"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gzip.write_all(&whole).expect("memory");
    let packed = gzip.finish().expect("memory");
    let half = &packed[..packed.len() / 2];
    let open = open("half.gz", half);
    let status = indexed(&open);
    assert!((1..99).contains(&status.packets), "{}", status.packets);
    let Phase::Complete { warning: Some(warning) } = status.phase else {
        panic!("{:?}", status.phase);
    };
    assert!(warning.contains("packed file is cut"), "{warning}");
}

#[test]
fn what_is_no_capture_is_refused_with_the_reason() {
    let twice = zstd::encode_all(zstd::encode_all(&[0u8; 9][..], 1).expect("memory").as_slice(), 1);
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty", b"", "empty"),
        ("text", b"hello, this is no capture at all", "text"),
        ("short", &pcap(1)[..20], "ends inside its header"),
        ("twice.zst", &twice.expect("memory"), "packed twice"),
    ];
    for (name, bytes, word) in cases {
        let open = open(name, bytes);
        let Phase::Failed(words) = indexed(&open).phase else { panic!("{name}") };
        assert!(words.contains(word) && words.contains(name), "{words}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (path, word) in [(folder.path().to_owned(), "folder"), (folder.path().join("x"), "x")] {
        let file = CaptureFile::open(&path, Arc::new(|| {})).expect("threads");
        wait("failing", || file.status().phase != Phase::Indexing);
        let Phase::Failed(words) = file.status().phase else { panic!("{word}") };
        assert!(words.contains(word), "{words}");
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_open_is_said_not_guessed() {
    let open = open("a.pcap", &pcap(5000));
    indexed(&open);
    let file = fs::OpenOptions::new().write(true).open(open.file.path()).expect("writable");
    file.set_len(1000).expect("writable");
    let row = row(&open.file, 4000);
    assert!(row.info.contains("has changed since it was opened"), "{}", row.info);
    assert_eq!(row.time, Some(time(4000)), "the index still knows it");
    assert!(detail(&open.file, 4001).as_ref().as_ref().is_err_and(|w| w.contains("4001")));
    let selection = select(&open.file, "wlan");
    assert!(matches!(selection.phase(), SelectionPhase::Failed(_)));
}

#[test]
fn a_selection_is_exported_and_nothing_is_overwritten_by_mistake() {
    let open = open("a.pcap", &pcap(3000));
    indexed(&open);
    let selection = select(&open.file, "wlan.fc.type_subtype == deauthentication");
    let out = open.folder.path().join("out.pcapng");
    let export = |path: &Path, selection: Option<&Selection>, may_replace: bool| {
        let work = open.file.export(selection, path, may_replace).expect("a thread");
        let result = work.wait(Duration::from_secs(60)).expect("in time");
        Result::clone(&result)
    };
    assert_eq!(export(&out, Some(&selection), false), Ok("300 packets written".to_owned()));
    let bytes = fs::read(&out).expect("written");
    let mut reader = CaptureReader::open(bytes.as_slice()).expect("a capture");
    let mut count = 0;
    while let Some(captured) = reader.next_frame().expect("sound") {
        count += 1;
        assert_eq!(captured.data, frame(count * 10));
        assert_eq!(captured.time, Some(time(count * 10)));
        assert_eq!(captured.link_type, LinkType::Ieee80211);
    }
    assert_eq!(count, 300);
    assert_eq!(export(&out, None, false), Err(WorkError::Exists));
    assert_eq!(fs::read(&out).expect("there"), bytes, "untouched");
    assert_eq!(export(&out, None, true), Ok("3000 packets written".to_owned()));
    let own = export(open.file.path(), None, true);
    assert!(matches!(own, Err(WorkError::Failed(words)) if words.contains("is open")));
    let nowhere = export(Path::new("/no/such/folder/x.pcapng"), None, false);
    assert!(matches!(nowhere, Err(WorkError::Failed(words)) if words.contains("/no/such/folder")));
    assert_eq!(fs::read_dir(open.folder.path()).expect("there").count(), 2, "no leftovers");
}

#[test]
fn every_value_can_be_copied_and_asked_for() {
    let open = open("a.pcap", &pcap(20));
    indexed(&open);
    for number in [3, 10] {
        let detail = detail(&open.file, number);
        let detail = detail.as_ref().as_ref().expect("readable");
        let (mut tried, nodes) = (0, detail.tree.nodes.len());
        for at in 0..nodes {
            let node = &detail.tree.nodes[at];
            let Some(filter) = detail.filter(at) else { continue };
            let compiled = Filter::compile(&filter)
                .unwrap_or_else(|error| panic!("{}: {filter}: {error}", node.text));
            let mut scanner = packets::Scanner::in_order(&open.file.shared.packets);
            let captured = scanner.packet(number).expect("readable");
            assert!(compiled.accepts(&captured), "{}: {filter}", node.text);
            tried += 1;
        }
        assert!(tried > 15 && tried <= nodes, "{tried} of {nodes}");
        let at = detail.tree.nodes.iter().position(|node| node.text.contains("Transmitter"));
        assert_eq!(at.map(|at| detail.value(at)), Some("02:00:5e:10:00:01"));
    }
}

#[test]
fn a_selection_is_counted_and_counting_can_be_stopped() {
    let open = open("a.pcap", &pcap(20_000));
    indexed(&open);
    let selection = select(&open.file, "wlan.fc.type_subtype == deauthentication");
    let count = |selection: Option<&Selection>| {
        let work = open.file.count_by_group(selection).expect("a thread");
        let result = work.wait(Duration::from_secs(60)).expect("in time");
        Result::clone(&result).expect("readable")
    };
    let report = count(Some(&selection));
    assert_eq!((report.total.frames, report.kinds.len()), (2000, 1));
    let report = count(None);
    let kinds: Vec<u64> = report.kinds.iter().map(|group| group.counts.frames).collect();
    assert_eq!((report.total.frames, kinds), (20_000, vec![18_000, 2000]));
    let work = open.file.count_by_group(None).expect("a thread");
    work.cancel();
    let result = work.wait(Duration::from_secs(60)).expect("in time");
    assert!(matches!(*result, Err(WorkError::Cancelled) | Ok(_)));
}

#[test]
fn an_analysis_is_of_all_packets_and_tells_flows_with_their_class() {
    let open = open("a.pcap", &pcap(5_000));
    indexed(&open);
    let settings = analysed::PacketSettings::default();
    let work = open.file.analyse(settings).expect("a thread");
    let outcome = work.wait(Duration::from_secs(60)).expect("in time");
    let analysis = outcome.as_ref().as_ref().expect("readable");
    assert_eq!(analysis.report.totals.packets, 5_000);
    assert!(analysis.report.layer3.is_none(), "off unless asked for");
    let flood = analysis.report.anomalies.list.first().expect("a flood");
    assert_eq!(flood.kind, analysed::AnomalyKind::DeauthenticationFlood);
    assert!(flood.frames.iter().all(|number| number % 10 == 0), "{:?}", flood.frames);
    assert_eq!(analysis.classified(0), None, "no data frames, no flows");
}

#[test]
fn each_flow_has_the_conversation_that_it_is_half_of() {
    let data = |number: u32, to_ap: bool| {
        let station = [0x02, 0, 0x5e, 0x20, 0, 2];
        let mut mac = vec![0x08, if to_ap { 1 } else { 2 }, 0, 0];
        let ends = if to_ap { [AP, station, AP] } else { [station, AP, AP] };
        mac.extend(ends.concat());
        mac.extend((number as u16).wrapping_mul(16).to_le_bytes());
        mac.extend(vec![0xaa; 200]);
        mac
    };
    let mut out = PcapWriter::new(Vec::new(), LinkType::Ieee80211, PcapResolution::Microseconds)
        .expect("memory");
    // Two stretches, with more silence between them than a flow lives.
    for (number, gap_ms) in (1..=400).map(|number| (number, if number > 200 { 700_000 } else { 0 }))
    {
        let bytes = data(number, number.is_multiple_of(2));
        out.write_frame(time(number * 25 + gap_ms), &bytes, bytes.len() as u32).expect("memory");
    }
    let open = open("a.pcap", &out.finish().expect("memory"));
    indexed(&open);
    let work = open.file.analyse(analysed::PacketSettings::default()).expect("a thread");
    let outcome = work.wait(Duration::from_secs(60)).expect("in time");
    let analysis = outcome.as_ref().as_ref().expect("readable");
    let report = &analysis.report;
    assert_eq!((report.flows.len(), report.conversations.len()), (4, 2));
    for (at, flow) in report.flows.iter().enumerate() {
        let classified = analysis.classified(at).expect("its conversation is kept");
        let of = report.conversations.iter().find(|one| std::ptr::eq(&one.classified, classified));
        let span = of.expect("one of them").span;
        assert!(span.first <= flow.span.first && flow.span.last <= span.last);
    }
}
