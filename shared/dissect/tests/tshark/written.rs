//! Headers that no capture has, written by our writer and read by tshark, and what capinfos says of it.

use crate::radio::{Exception, Text, compare};
use crate::rows::{Differences, has_tshark, read_one, tool};
use pw_dissect::LinkType;
use pw_dissect::capture::CaptureReader;
use pw_dissect::write::{InterfaceSettings, PacketNotes, PcapResolution, PcapWriter, PcapngWriter};
use pw_model::{Position, Timestamp};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An acknowledgement.
const ACK: [u8; 10] = [0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1];

/// Alignment and length of the radiotap fields under test by presence bit, without those whose
/// values tshark 4.0 reads otherwise.
const FIELDS: [(u32, usize, usize); 21] = [
    (0, 8, 8),
    (1, 1, 1),
    (2, 1, 1),
    (3, 2, 4),
    (4, 2, 2),
    (5, 1, 1),
    (6, 1, 1),
    (7, 2, 2),
    (8, 2, 2),
    (9, 2, 2),
    (10, 1, 1),
    (11, 1, 1),
    (12, 1, 1),
    (13, 1, 1),
    (14, 2, 2),
    (18, 4, 8),
    (19, 1, 3),
    (20, 4, 8),
    (21, 2, 12),
    (22, 8, 12),
    (27, 2, 4),
];

/// A generator of patterns: xorshift, so that a failure can be repeated.
struct Pattern(u64);

impl Pattern {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_le_bytes()[3]
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }
}

fn radiotap(present: u32, fields: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + fields.len()).expect("short");
    let mut header = vec![0, 0];
    header.extend(length.to_le_bytes());
    header.extend(present.to_le_bytes());
    header.extend(fields);
    header
}

/// A header with one field of arbitrary bytes, and one with all of them.
fn radiotap_headers(pattern: &mut Pattern) -> Vec<Vec<u8>> {
    let mut headers = Vec::new();
    for (bit, alignment, length) in FIELDS {
        for _ in 0..8 {
            let mut fields = vec![0; 8usize.next_multiple_of(alignment) - 8];
            fields.extend(pattern.bytes(length));
            headers.push(radiotap(1 << bit, &fields));
        }
    }
    let mut present = 0u32;
    let mut fields = Vec::new();
    for (bit, alignment, length) in FIELDS {
        present |= 1 << bit;
        fields.resize((8usize + fields.len()).next_multiple_of(alignment) - 8, 0);
        fields.extend(pattern.bytes(length));
    }
    headers.push(radiotap(present, &fields));
    // HE of each format, all known and arbitrary; HE-MU; S1G as a TLV field.
    for format in 0..4u8 {
        for known in [[0xff, 0xff], [0, 0]] {
            let mut he = vec![known[0] & 0xfc | format, known[1], known[0], known[1] & 0x7f];
            he.extend(pattern.bytes(8));
            headers.push(radiotap(1 << 23, &he));
        }
    }
    for flags1 in [0xffffu16, 0] {
        let mut mu = flags1.to_le_bytes().to_vec();
        let flags2 = u16::from(pattern.byte()) | 0x0604;
        mu.extend(if flags1 == 0 { 0u16 } else { flags2 }.to_le_bytes());
        mu.extend(pattern.bytes(8));
        headers.push(radiotap(1 << 24, &mu));
    }
    for _ in 0..8 {
        let mut tlv = vec![32, 0, 6, 0, 0xff, 0];
        tlv.extend(pattern.bytes(4));
        tlv.extend([0; 2]);
        headers.push(radiotap(1 << 28, &tlv));
    }
    headers
}

fn ppi_headers(pattern: &mut Pattern) -> Vec<Vec<u8>> {
    let mut headers = Vec::new();
    for (kind, length) in
        [(2u16, 20usize), (3, 12), (4, 48), (5, 8), (6, 8), (7, 8), (8, 4), (9, 8)]
    {
        let mut field = kind.to_le_bytes().to_vec();
        field.extend(u16::try_from(length).expect("short").to_le_bytes());
        field.extend(pattern.bytes(length));
        headers.push(field);
    }
    // GPS with flags, place, heights, time and errors.
    let mut gps = vec![2, 0xcf, 48, 0];
    gps.extend(0x3ffu32.to_le_bytes());
    for value in [
        0x102u32,
        2_305_000_000,
        1_882_500_000,
        1_801_200_000,
        1_800_020_000,
        1_700_000_000,
        123_456_789,
        3_500_000,
        7_250_000,
        1500,
    ] {
        gps.extend(value.to_le_bytes());
    }
    let mut field = 30002u16.to_le_bytes().to_vec();
    field.extend(48u16.to_le_bytes());
    field.extend(gps);
    headers.push(field);
    for header in &mut headers {
        let length = u16::try_from(8 + header.len()).expect("short");
        let mut whole = vec![0, 0];
        whole.extend(length.to_le_bytes());
        whole.extend(105u32.to_le_bytes());
        whole.append(header);
        *header = whole;
    }
    headers
}

fn avs_headers() -> Vec<Vec<u8>> {
    let header = |version: u32, kind: u32, channel: u32| {
        let length = if version == 2 { 80 } else { 64 };
        let mut words =
            vec![0x8021_1000 | version, length, 0, 77, 0, 99, 5, channel, 110, 1, 2, kind];
        words.extend([-41i32, -95].map(i32::cast_unsigned));
        words.extend([2, 1]);
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.resize(usize::try_from(length).expect("short"), 7);
        bytes
    };
    vec![header(1, 2, 6), header(1, 1, 2437), header(2, 3, 6), header(2, 2, 11)]
}

/// Writes all headers, each before an acknowledgement, into one file.
fn write(path: &Path) -> std::io::Result<u64> {
    let mut pattern = Pattern(0x9e37_79b9_7f4a_7c15);
    let mut writer = PcapngWriter::new(File::create(path)?, "PiWardrive test", Some("headers"))?;
    let groups = [
        (LinkType::Radiotap, radiotap_headers(&mut pattern)),
        (LinkType::Ppi, ppi_headers(&mut pattern)),
        (LinkType::Avs, avs_headers()),
    ];
    let mut time = Timestamp::from_unix_ns(1_700_000_000_123_456_789);
    let mut count = 0;
    for (link_type, headers) in groups {
        let name = link_type.name();
        let settings = InterfaceSettings { name: Some(&name), ..InterfaceSettings::default() };
        let interface = writer.describe_interface(link_type, &settings)?;
        for header in headers {
            let bytes = [header.as_slice(), &ACK].concat();
            let comment = format!("header {count}");
            let notes = PacketNotes {
                comment: Some(&comment),
                position: Position::new(50.5, 8.25),
                flags: Some(count & 3),
                dropped: Some(u64::from(count)),
            };
            let length = u32::try_from(bytes.len()).expect("short");
            writer.write_frame(interface, time, &bytes, length, notes)?;
            time = Timestamp::from_unix_ns(time.unix_ns() + 1_000_001);
            count += 1;
        }
        writer.write_statistics(interface, time, 1000, 17)?;
    }
    writer.finish()?;
    Ok(u64::from(count))
}

/// What tshark 4.0 does otherwise with the fields that only appear here.
const EXCEPTIONS: &[Exception] = &[
    ("ppi.field_type", "left out where a dissector of its own reads the field", no_theirs),
    ("ppi.field_len", "left out where a dissector of its own reads the field", no_theirs),
    ("ppi.spectrum-map", "with the 4 bytes of type and length", ends_in_ours),
    ("ppi.proc-info", "with the 4 bytes of type and length", ends_in_ours),
    ("ppi.cap-info", "with the 4 bytes of type and length", ends_in_ours),
    ("ppi_gps.gpstime", "joined with the fraction", |ours, theirs| ours.len() == theirs.len()),
    ("ppi_gps.fractime", "joined into the time", no_theirs),
    ("radiotap.he.data_2.pri_sec_80_mhz", "also where not known", no_ours),
    ("radiotap.he.data_2.ru_allocation_offset", "also where not known", no_ours),
    ("radiotap.he.data_4.sta_id_user", "also where not known", no_ours),
    ("radiotap.he_mu.preamble_puncturing", "also where not known", no_ours),
    ("radiotap.he_mu.sig_b_dcm", "also where not known", no_ours),
    ("radiotap.he_mu.sig_b_mcs", "also where not known", no_ours),
    ("radiotap.l_sig.length", "also where not known", no_ours),
    ("radiotap.l_sig.rate", "also where not known", no_ours),
    ("radiotap.he_mu.chan1_center_26_tone_ru_bit_known", "left out where not set", no_theirs),
    ("radiotap.he_mu.chan1_rus_known", "left out where not set", no_theirs),
    ("radiotap.he_mu.chan2_center_26_tone_ru_bit_known", "left out where not set", no_theirs),
    ("radiotap.he_mu.chan2_rus_known", "left out where not set", no_theirs),
    ("radiotap.he_mu.sig_b_mcs_known", "left out where not set", no_theirs),
    ("radiotap.he_mu.symbol_cnt_or_user_cnt_known", "left out where not set", no_theirs),
    ("radiotap.mcs.have_bw", "also the name of the bit of the VHT field", no_ours_or_first),
    ("radiotap.vht.known", "a number of 8 bits for tshark, of 16 in the header", |ours, theirs| {
        ours.len() == theirs.len()
    }),
    ("radiotap.vht.ldpc_extra", "also the name of the bit of what is known", no_ours_or_first),
    ("radiotap.vht.nsts.0", "only of an MCS that has a rate", no_theirs),
    ("radiotap.vht.nsts.1", "only of an MCS that has a rate", no_theirs),
    ("radiotap.vht.nsts.2", "only of an MCS that has a rate", no_theirs),
    ("radiotap.vht.nsts.3", "only of an MCS that has a rate", no_theirs),
];

fn no_theirs(_: &[Text], theirs: &[Text]) -> bool {
    theirs.is_empty()
}

fn no_ours(ours: &[Text], _: &[Text]) -> bool {
    ours.is_empty()
}

fn no_ours_or_first(ours: &[Text], theirs: &[Text]) -> bool {
    ours.iter().all(|value| theirs.contains(value)) && ours.len() < theirs.len()
}

fn ends_in_ours(ours: &[Text], theirs: &[Text]) -> bool {
    match (ours, theirs) {
        ([Text::Words(ours)], [Text::Words(theirs)]) => {
            theirs.len() == ours.len() + 8 && theirs.ends_with(ours.as_str())
        }
        _ => false,
    }
}

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn written_headers_equal_tshark() {
    if !has_tshark() {
        return;
    }
    let path = temporary("written-headers.pcapng");
    let count = write(&path).expect("the target folder can be written");
    let captures = read_one(&path).expect("tshark is there");
    let mut differences = Differences::default();
    // What is derived of arbitrary bytes says nothing; what stands in the header does.
    let mut names = captures.compared_names();
    names.retain(|name| !name.starts_with("wlan_radio."));
    let (mut frames, mut compared) = (0, 0);
    let unequal = captures.for_each(|name, packet, row| {
        frames += 1;
        compared += compare(&names, EXCEPTIONS, name, packet, row, &mut differences);
    });
    eprintln!("{compared} values of {frames} written frames compared");
    differences.print();
    assert_eq!((unequal, frames), (Vec::new(), count));
    assert_eq!(differences.count(|class| !class.contains(": ")), 0);
}

#[test]
fn capinfos_reads_what_is_written() {
    if !has_tshark() {
        return;
    }
    let pcapng = temporary("written-capinfos.pcapng");
    let count = write(&pcapng).expect("the target folder can be written");
    let said = tool("capinfos", &[&pcapng.display().to_string()]).expect("beside tshark");
    for expected in [
        format!("Number of packets:   {count}"),
        "File timestamp precision:  nanoseconds (9)".to_owned(),
        "Capture comment:     headers".to_owned(),
        "Capture application: PiWardrive test".to_owned(),
        "Number of interfaces in file: 3".to_owned(),
        "First packet time:   2023-11-14 22:13:20.123456789".to_owned(),
    ] {
        assert!(said.contains(&expected), "{expected} is not in\n{said}");
    }
    for (resolution, precision) in [
        (PcapResolution::Microseconds, "microseconds (6)"),
        (PcapResolution::Nanoseconds, "nanoseconds (9)"),
    ] {
        let pcap = temporary("written-capinfos.pcap");
        let file = File::create(&pcap).expect("the target folder can be written");
        let mut writer = PcapWriter::new(file, LinkType::Radiotap, resolution).expect("written");
        let mut source = CaptureReader::open(File::open(&pcapng).expect("written"))
            .expect("what was written is a capture");
        let mut written = 0;
        while let Some(frame) = source.next_frame().expect("sound") {
            if frame.link_type == LinkType::Radiotap {
                let time = frame.time.expect("written with times");
                writer.write_frame(time, frame.data, frame.original_len).expect("written");
                written += 1;
            }
        }
        writer.finish().expect("written");
        let said = tool("capinfos", &[&pcap.display().to_string()]).expect("beside tshark");
        for expected in [
            format!("Number of packets:   {written}"),
            format!("File timestamp precision:  {precision}"),
            "IEEE 802.11 plus radiotap radio header".to_owned(),
        ] {
            assert!(said.contains(&expected), "{expected} is not in\n{said}");
        }
    }
}
