//! What a file is, from its first bytes.

use super::super::wigle::looks_like_wigle;

/// Name of WiGLE CSV for people.
pub(super) const WIGLE: &str = "WiGLE CSV";

/// Name of position logs for people.
pub(super) const NMEA: &str = "position log (NMEA 0183)";

/// A format that can be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Pcap,
    PcapNg,
    WigleCsv,
    Nmea,
}

impl Format {
    /// Name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::PcapNg => "pcapng",
            Self::WigleCsv => WIGLE,
            Self::Nmea => NMEA,
        }
    }
}

/// First bytes of files that people mistake for captures, and what they are.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\xff\xd8\xff", "this is a JPEG picture"),
    (b"\x89PNG", "this is a PNG picture"),
    (b"GIF8", "this is a GIF picture"),
    (b"%PDF", "this is a PDF document"),
    (b"PK\x03\x04", "this is a ZIP archive; unpack it first"),
    (
        b"SQLite format 3\0",
        "this is an SQLite database (kismetdb and WiGLE backups are not read yet)",
    ),
    (b"BZh", "this is packed with bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "this is packed with xz; unpack it first"),
    (b"7z\xbc\xaf", "this is a 7-Zip archive; unpack it first"),
    (b"\x7fELF", "this is a program"),
    (b"PWDv", "this is a segment of a PiWardrive survey or journal, not an import format"),
    (b"\xff\xfe", "this is text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "this is text in UTF-16; save it as UTF-8"),
    (b"{", "this looks like JSON"),
];

/// The format of a file that begins with `start`, or what it is instead.
pub(super) fn format(start: &[u8]) -> Result<Format, String> {
    let magic: Option<[u8; 4]> = start.first_chunk().copied();
    match magic {
        // libpcap: microseconds and nanoseconds in both byte orders, and Kuznetzov's variant.
        Some(
            [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0xc3, 0xd4]
            | [0x4d, 0x3c, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x34, 0xcd, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0xcd, 0x34],
        ) => return Ok(Format::Pcap),
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => return Ok(Format::PcapNg),
        _ => {}
    }
    if looks_like_wigle(start) {
        return Ok(Format::WigleCsv);
    }
    if is_nmea(start) {
        return Ok(Format::Nmea);
    }
    let known = OTHERS.iter().find(|(magic, _)| start.starts_with(magic));
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The last character is cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => "",
    };
    let plain = |c: char| matches!(c, '\t' | '\n' | '\r') || !c.is_control();
    let text = !valid.is_empty() && valid.chars().all(plain);
    Err(match known {
        Some((_, what)) => (*what).to_owned(),
        None if text && valid.trim_start_matches('\u{feff}').starts_with('<') => markup(valid),
        None if text => "this is text of a kind that is not known".to_owned(),
        None => "the first bytes are of no known format".to_owned(),
    })
}

/// What a file in angle brackets is.
fn markup(text: &str) -> String {
    let holds = |name: &str| text.contains(name);
    let what = match () {
        () if holds("<gpx") => "a GPX track",
        () if holds("<kml") => "a KML file",
        () if holds("<detection-run") => "a Kismet netxml log",
        () if holds("<html") || holds("<!DOCTYPE html") => "a web page",
        () => "an XML file of a kind",
    };
    format!("this is {what} that is not read")
}

fn is_nmea(start: &[u8]) -> bool {
    let line = start.split(|b| *b == b'\n').find(|line| line.starts_with(b"$"));
    let sentence = line.and_then(|line| line.get(1..6));
    sentence.is_some_and(|s| s.iter().all(u8::is_ascii_uppercase))
        && start.iter().all(|b| b.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content() {
        let check = |start: &[u8], expected: Format| assert_eq!(format(start), Ok(expected));
        check(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0], Format::Pcap);
        check(&[0x0a, 0x0d, 0x0d, 0x0a], Format::PcapNg);
        check(b"WigleWifi-1.4,appRelease=1", Format::WigleCsv);
        check(b"# log\r\n$GPRMC,1,2\r\n", Format::Nmea);
        let refused = |start: &[u8], word: &str| {
            assert!(format(start).expect_err("refused").contains(word), "{word}");
        };
        refused(b"\xff\xd8\xff\xe0..JFIF", "JPEG");
        refused(b"SQLite format 3\0", "SQLite");
        refused(b"hello", "text");
        refused("h\u{e9}llo \u{1f697}".as_bytes(), "text of a kind");
        refused(&"h\u{e9}".as_bytes()[..2], "text of a kind");
        refused(b"\xff\xfe$\0G\0P\0", "UTF-16");
        refused(b"\xef\xbb\xbf<?xml version='1.0'?>\n<gpx>", "GPX");
        refused(b"<kml xmlns='x'>", "KML");
        refused(b"<?xml version='1.0'?><svg/>", "XML");
        refused(&[0, 1, 2, 3, 4], "no known format");
        refused(&[0xd4, 0xc3], "no known format");
    }
}
