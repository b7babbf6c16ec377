//! The corpora, which lie in the project as lines of hex, as the folders of files that libFuzzer wants.
//!
//! `cargo run --package pw_fuzz --example corpus -- seeds` adds the seeds that a corpus lacks: frames of
//! the simulator, and by hand what it does not send.
//! `… -- unpack FOLDER` writes each input as a file below FOLDER/TARGET.
//! `… -- pack FOLDER` adds the files below FOLDER/TARGET that are not in the corpus yet.

use pw_dissect::describe::elements::heads;
use pw_dissect::write::{PacketNotes, PcapResolution, PcapWriter, PcapngWriter};
use pw_dissect::{LinkType, parse};
use pw_fuzz::{TARGETS, corpus};
use pw_model::{
    AdvertisementId, ClientAddresses, ClockEvent, ClockEventKind, Detail, FrameFlags, FrameKind,
    MacAddr, Observation, Origin, PhyKind, Position, PrivacyDeclaration, RadioId, Reading,
    SensorId, Timestamp, Transmitted, Withheld, WithheldKind,
};
use pw_simulate::{Scenario, SimulatedKind, Simulation, builtin};
use pw_wire::{Batch, BatchId, SignalLevel, SignalLevels, StreamInfo};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fs;
use std::path::Path;

/// How many frames of each kind become seeds.
const PER_KIND: u32 = 3;

#[derive(Default)]
struct Corpora {
    inputs: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Corpora {
    fn add(&mut self, target: &str, bytes: &[u8]) -> std::io::Result<()> {
        let inputs = self.inputs.entry(target.to_owned()).or_default();
        if !inputs.iter().any(|known| known == bytes) {
            inputs.push(bytes.to_vec());
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["seeds"] => seeds(),
        ["unpack", folder] => unpack(Path::new(folder)),
        ["pack", folder] => pack(Path::new(folder)),
        _ => Err("usage: corpus seeds | unpack FOLDER | pack FOLDER".into()),
    }
}

fn unpack(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (target, _) in TARGETS {
        let folder = folder.join(target);
        fs::create_dir_all(&folder)?;
        for (number, input) in corpus::read(target)?.iter().enumerate() {
            fs::write(folder.join(format!("{number:05}")), input)?;
        }
    }
    Ok(())
}

fn pack(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (target, _) in TARGETS {
        let mut inputs = corpus::read(target)?;
        let known: HashSet<Vec<u8>> = inputs.iter().cloned().collect();
        let mut found = Vec::new();
        for entry in fs::read_dir(folder.join(target))? {
            found.push(fs::read(entry?.path())?);
        }
        found.retain(|input| !known.contains(input));
        // The same files give the same lines, whatever they are called.
        found.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        println!("{target}: {} new inputs", found.len());
        inputs.extend(found);
        corpus::write(target, &inputs)?;
    }
    Ok(())
}

fn seeds() -> Result<(), Box<dyn Error>> {
    let mut corpora = Corpora::default();
    let frames = simulated_frames()?;
    for radiotap in &frames {
        let frame = parse(LinkType::Radiotap, radiotap, u32::try_from(radiotap.len())?);
        corpora.add("radiotap", radiotap)?;
        corpora.add("frame", frame.mac)?;
        corpora.add("outputs", frame.mac)?;
        if let Some(elements) = frame.elements() {
            corpora.add("elements", elements.bytes())?;
        }
    }
    for mac in by_hand() {
        corpora.add("frame", &mac)?;
    }
    for element in elements_by_hand() {
        corpora.add("elements", &element)?;
    }
    families(&mut corpora)?;
    for filter in FILTERS {
        corpora.add("filter", filter.as_bytes())?;
    }
    let short: Vec<&[u8]> = frames.iter().map(|frame| mac_of(frame)).collect();
    for mac in short.iter().take(4) {
        for (target, header) in radio_headers() {
            corpora.add(target, &[&header, *mac].concat())?;
        }
    }
    let several: Vec<u8> = short
        .iter()
        .filter(|mac| mac.len() < 1020 && mac.len() % 4 == 0)
        .take(6)
        .flat_map(|mac| [&[u8::try_from(mac.len() / 4).unwrap_or(0)], *mac].concat())
        .collect();
    corpora.add("observe", &several)?;
    for file in captures(&short)? {
        corpora.add("capture", &file)?;
    }
    wire(&mut corpora)?;
    for (target, seeds) in corpora.inputs {
        // What was found by searching stays.
        let mut inputs = corpus::read(&target)?;
        let known = inputs.len();
        for seed in seeds {
            if !inputs.contains(&seed) {
                inputs.push(seed);
            }
        }
        println!("{target}: {} new seeds", inputs.len() - known);
        corpus::write(&target, &inputs)?;
    }
    Ok(())
}

fn mac_of(radiotap: &[u8]) -> &[u8] {
    parse(LinkType::Radiotap, radiotap, u32::try_from(radiotap.len()).unwrap_or(0)).mac
}

/// One filter of every form.
const FILTERS: &[&str] = &[
    "wlan.ssid",
    "wlan.fc.type_subtype == deauthentication and not wlan.ta == 02:00:5e",
    "wlan.ta == 02:00:5e:00:00:00/28 || wlan.bssid != ff:ff:ff:ff:ff:ff",
    "wlan.ssid contains \"to\" && (wlan.ssid matches \"^T.*n$\")",
    "wlan_radio.signal_dbm >= -60 and wlan_radio.data_rate lt 11.5",
    "wlan.tag.number in {0, 48, 100..127}",
    "all wlan.tag.length <= 0x20 or any wlan.tag.length === 4",
    "wlan.ta[0:3] == 02:00:00 xor true",
    "_ws.malformed and frame.time_epoch > \"2026-01-01T00:00:00Z\"",
    "!wlan.fc.retry or wlan.sa == wlan.ta",
];

/// The first frames of each kind of the demo.
fn simulated_frames() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let text = builtin("demo").ok_or("the demo scenario is built in")?;
    let mut seen: HashMap<FrameKind, u32> = HashMap::new();
    let mut frames = Vec::new();
    for event in Simulation::new(&Scenario::from_toml(text)?) {
        let SimulatedKind::Frame { bytes, .. } = event.kind else { continue };
        let kind = parse(LinkType::Radiotap, &bytes, u32::try_from(bytes.len())?).kind();
        let count = seen.entry(kind).or_insert(0);
        if *count < PER_KIND && bytes.len() <= 600 {
            *count += 1;
            frames.push(bytes);
        }
    }
    Ok(frames)
}

const AP: [u8; 6] = [2, 0, 0, 0, 0, 1];
const CLIENT: [u8; 6] = [2, 0, 0, 0, 0, 9];

/// A frame of this type and subtype, from the client to the access point, with this body.
fn frame(frame_type: u8, subtype: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut mac = vec![frame_type << 2 | subtype << 4, flags, 0x3c, 0];
    mac.extend([AP, CLIENT, AP].concat());
    mac.extend([0x10, 0]);
    mac.extend(body);
    mac
}

/// Frames that the simulator does not send: one of every kind, and of every action category.
fn by_hand() -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for frame_type in 0..4 {
        for subtype in 0..16 {
            frames.push(frame(frame_type, subtype, 0, &[0; 24]));
            frames.push(frame(frame_type, subtype, 0, &[0xff; 24]));
        }
    }
    for category in (0u8..38).chain([126, 127]) {
        for action in 0..4 {
            frames.push(frame(0, 13, 0, &[category, action, 1, 3, 0, 1, 2, 0, 0, 0, 0, 0]));
        }
    }
    // Authentication: open, SAE commit of group 19 and confirm.
    frames.push(frame(0, 11, 0, &[0, 0, 1, 0, 0, 0]));
    frames.push(frame(0, 11, 0, &[&[3, 0, 1, 0, 0, 0, 19, 0][..], &[7; 96]].concat()));
    frames.push(frame(0, 11, 0, &[&[3, 0, 2, 0, 0, 0, 1, 0][..], &[7; 32]].concat()));
    let llc = [0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e];
    let qos = [0, 0];
    for information in [0x008au16, 0x010a, 0x13ca, 0x030a] {
        let mut key = vec![2, 3, 0, 117, 2];
        key.extend(information.to_be_bytes());
        key.extend([0, 16, 0, 0, 0, 0, 0, 0, 0, 1]);
        key.extend([7; 32]);
        key.extend([0; 48]);
        key.extend([0, 22, 0xdd, 20, 0, 0x0f, 0xac, 4]);
        key.extend([5; 16]);
        frames.push(frame(2, 8, 2, &[&qos[..], &llc, &key].concat()));
    }
    // EAP identity request and response.
    for code in [1, 2] {
        let eap = [2, 0, 0, 9, code, 1, 0, 9, 1, b'u', b's', b'e', b'r'];
        frames.push(frame(2, 8, 2, &[&qos[..], &llc, &eap].concat()));
    }
    // An aggregate of two.
    let mut part = [AP, CLIENT].concat();
    part.extend([0, 8]);
    part.extend([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
    frames.push(frame(2, 8, 1, &[&[0x80, 0][..], &part, &[0, 0], &part].concat()));
    frames
}

/// One element of every identifier, extension and vendor form, short and long.
fn elements_by_hand() -> Vec<Vec<u8>> {
    let mut elements = Vec::new();
    for id in 0..=250u8 {
        for body in [&[1u8; 4][..], &[0x11; 30]] {
            elements.push([&[id, u8::try_from(body.len()).unwrap_or(0)], body].concat());
        }
    }
    for extension in 0..=140u8 {
        for body in [&[0u8; 12][..], &[0x21; 60]] {
            let length = u8::try_from(body.len() + 1).unwrap_or(0);
            elements.push([&[255, length, extension], body].concat());
        }
    }
    let vendors = [
        [0x00, 0x50, 0xf2],
        [0x50, 0x6f, 0x9a],
        [0x00, 0x0f, 0xac],
        [0x00, 0x40, 0x96],
        [0x00, 0x0b, 0x86],
        [0x26, 0x37, 0x12],
        [0xfa, 0x0b, 0xbc],
        [0x00, 0x10, 0x18],
        [0x00, 0x17, 0xf2],
    ];
    for [a, b, c] in vendors {
        for kind in [0u8, 1, 2, 4, 9, 10, 13, 16, 18, 22, 27, 28] {
            let body = [0x10, 0x49, 0, 6, 0, 0x37, 0x2a, 0, 1, 0x20, 1, 2, 3, 4];
            elements.push([&[221, 18, a, b, c, kind], &body[..]].concat());
        }
    }
    // A multi-link element in fragments, and a set of BSSs with a profile.
    let mut fragmented = vec![255, 255, 107, 0x10, 0, 8, 2, 0, 0, 0, 0, 9, 1];
    fragmented.extend([0, 9, 0x22, 0, 7, 2, 0, 0, 0, 0, 2]);
    fragmented.resize(257, 0);
    fragmented.extend([242, 3, 9, 9, 9]);
    elements.push(fragmented);
    let profile = [&[83, 2, 0x11, 0, 0, 3][..], b"two", &[85, 3, 1, 3, 1]].concat();
    let length = u8::try_from(profile.len()).unwrap_or(0);
    elements.push([&[71, length + 3, 3, 0, length], &profile[..]].concat());
    elements
}

/// Of every family each element, with bodies that are short, long, and of small and of large numbers;
/// and the parts of data and action frames behind their headers.
fn families(corpora: &mut Corpora) -> std::io::Result<()> {
    let mut rows: BTreeMap<&str, u8> = BTreeMap::new();
    for (family, _) in heads() {
        let row = rows.entry(family).or_insert(0);
        for (length, fill) in [(4u8, 1u8), (40, 0), (40, 0x11), (90, 0xff)] {
            let mut input = vec![*row, length];
            input.extend(std::iter::repeat_n(fill, usize::from(length)));
            corpora.add(&format!("elements_{family}"), &input)?;
        }
        *row = row.wrapping_add(1);
    }
    for mac in by_hand() {
        let (Some(first), Some(body)) = (mac.first(), mac.get(24..)) else { continue };
        match (first >> 2 & 3, first >> 4) {
            (0, 13) => corpora.add("action", body)?,
            (2, 8) => {
                corpora.add("data", body)?;
                if let Some(packet) = body.get(10..).filter(|_| body.starts_with(&[0, 0, 0xaa])) {
                    corpora.add("eapol", packet)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn radio_headers() -> Vec<(&'static str, Vec<u8>)> {
    let mut prism = vec![0x44, 0, 0, 0, 24 + 36, 0, 0, 0];
    prism.extend([0; 16]);
    for (item, value) in [(3u32, 11u32), (6, 0xffff_ffc4), (8, 22)] {
        prism.extend((item << 16 | 0x44).to_le_bytes());
        prism.extend([0, 0, 4, 0]);
        prism.extend(value.to_le_bytes());
    }
    let mut avs = vec![0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64];
    avs.extend([0; 16]);
    for value in [8u32, 36, 540, 0, 0, 2, 0xffff_ffc4, 0xffff_ffa0, 0, 0] {
        avs.extend(value.to_be_bytes());
    }
    let mut ppi = vec![0, 0, 52, 0, 105, 0, 0, 0, 2, 0, 20, 0];
    ppi.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0x85, 9, 0xc0, 0, 0, 0, 200, 160]);
    ppi.extend([0x32, 0x75, 16, 0, 2, 0xcf, 16, 0, 6, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x90]);
    let mut cooked = vec![0, 0, 0x03, 0x21, 0, 6];
    cooked.extend([2, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    vec![("prism", prism), ("avs", avs), ("ppi", ppi), ("cooked", cooked)]
}

fn captures(frames: &[&[u8]]) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut pcap = PcapWriter::new(Vec::new(), LinkType::Ieee80211, PcapResolution::Microseconds)?;
    let mut pcapng = PcapngWriter::new(Vec::new(), "seeds", Some("a seed"))?;
    pcapng.add_interface(LinkType::Ieee80211, "one")?;
    let notes = PacketNotes { comment: Some("a packet"), ..PacketNotes::default() };
    for (second, frame) in (1..).zip(frames.iter().filter(|frame| frame.len() < 120).take(3)) {
        let time = Timestamp::from_unix_secs(second);
        let length = u32::try_from(frame.len())?;
        pcap.write_frame(time, frame, length)?;
        pcapng.write_frame(0, time, frame, length, notes)?;
    }
    let (pcap, pcapng) = (pcap.finish()?, pcapng.finish()?);
    let mut big_endian = vec![0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4];
    big_endian.extend([0; 8]);
    big_endian.extend([0, 0, 0xff, 0xff, 0, 0, 0, 105]);
    big_endian.extend([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 10, 0, 0, 0, 10]);
    big_endian.extend([0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
    Ok(vec![pcap, pcapng, big_endian])
}

/// Frames of a few stations, each a little unlike the one before.
fn observation(number: u8) -> Observation {
    let address = |number: u8| Some(MacAddr([2, 0, 0, 0, 0, number % 5]));
    Observation {
        time: Timestamp::from_unix_ns(1_000_000_000 + i64::from(number) * 512_000),
        radio: RadioId(number % 2),
        kind: if number.is_multiple_of(3) { FrameKind::BEACON } else { FrameKind::new(2, 8) },
        flags: FrameFlags(u16::from(number % 4)),
        transmitter: address(number),
        receiver: address(number / 2),
        bssid: address(number / 3),
        frequency_mhz: Some(2412 + 5 * u16::from(number / 10)),
        signal_dbm: Some(-60 - (number % 9) as i8),
        noise_dbm: Some(-95),
        rate_100kbps: Some(10 * u32::from(number % 3)),
        phy: Some(PhyKind::Dsss),
        length: 100 + u32::from(number),
        airtime_us: Some(900 + 8 * u32::from(number % 4)),
        sequence: Some(4090 + u16::from(number % 6)),
        advertisement: number.is_multiple_of(3).then_some(AdvertisementId(u64::from(number))),
        detail: number.is_multiple_of(7).then_some(Detail::Reason(7)),
        position: Position::new(50.0 + f64::from(number) * 1e-6, 8.0),
    }
}

/// A datagram of so many levels.
fn levels(count: usize) -> SignalLevels {
    let level = |number: u8| SignalLevel {
        transmitter: MacAddr([2, 0, 0, 0, 0, number]),
        radio: RadioId(number % 2),
        signal_dbm: -60 - (number % 9) as i8,
        strongest_dbm: -50,
        frequency_mhz: number.is_multiple_of(2).then_some(2_412),
        age_ms: 3 * u16::from(number),
        frames: 1 + u16::from(number),
    };
    let time = Timestamp::from_unix_ns(1_000_000_000);
    let levels = (0..u8::MAX).take(count).map(level).collect();
    SignalLevels { sequence: 7, time, left_out: 9, levels }
}

fn wire(corpora: &mut Corpora) -> Result<(), Box<dyn Error>> {
    let id = BatchId { sensor: SensorId([1; 16]), epoch: 1, seq: 1 };
    let stream = StreamInfo { name: "seed".to_owned(), origin: Origin::Simulated };
    let batch = Batch::new(id, stream);
    let mut second = batch.clone();
    let time = Timestamp::from_unix_secs(1);
    second.privacy = Some(PrivacyDeclaration {
        clients: ClientAddresses::Pseudonyms,
        rotation_secs: Some(86_400),
        probe_names: false,
        audit: Some("seed".to_owned()),
        home_zones: 1,
    });
    for kind in WithheldKind::ALL {
        second.withheld.push(Withheld { kind, start: time, end: time, count: 300 });
    }
    let radio = RadioId(0);
    let frames = Reading::NotAvailable("gone".to_owned());
    second.transmitted.push(Transmitted { time, radio, frames });
    second.clock_events.push(ClockEvent { time, kind: ClockEventKind::Stepped { by_us: -7 } });
    let second = second.encode()?;
    corpora.add("segment", second.bytes())?;
    corpora.add("link", second.bytes().get(pw_wire::HEADER_LEN..).unwrap_or(&[]))?;
    let mut heard = batch.clone();
    heard.observations = (0..40).map(observation).collect();
    let heard = heard.encode()?;
    corpora.add("segment", heard.bytes())?;
    corpora.add("link", heard.bytes().get(pw_wire::HEADER_LEN..).unwrap_or(&[]))?;
    let batch = batch.encode()?;
    let bytes = batch.bytes();
    corpora.add("segment", bytes)?;
    corpora.add("segment", &[bytes, b"damage", bytes, &bytes[..bytes.len() / 2]].concat())?;
    corpora.add("link", bytes)?;
    // The payload alone, which the target seals itself.
    corpora.add("link", bytes.get(pw_wire::HEADER_LEN..).unwrap_or(&[]))?;
    for count in [1, 2, pw_wire::MAX_LEVELS] {
        corpora.add("levels", &levels(count).encode())?;
    }
    for number in 0..12u8 {
        corpora.add("link", &[number, 1, 0, 0, 0, 0, 0, 0])?;
    }
    Ok(())
}
