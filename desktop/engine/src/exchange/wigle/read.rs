//! Rows of a WiGLE CSV as many programs write them: columns by the header's names, short rows by
//! their known shapes, line by line, so that one bad row costs that row only.

use super::{RADIUS_95_OF_68, auth_mode};
use pw_model::{Channel, MacAddr, NetworkTraits, Position, Ssid, Timestamp};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// Longest line that is read; the rest of a longer one is skipped and the row reported.
const LONGEST_LINE: u64 = 64 * 1024;

/// Longest quoted name as it stands in a file: 32 bytes, each as an escape of four characters.
const LONGEST_NAME: usize = 128;

/// Line breaks that a name of 32 bytes can hold.
const MOST_BREAKS: usize = 32;

/// Columns of version 1.4, in order.
const COLUMNS_1_4: [&str; 11] = [
    "MAC",
    "SSID",
    "AuthMode",
    "FirstSeen",
    "Channel",
    "RSSI",
    "CurrentLatitude",
    "CurrentLongitude",
    "AltitudeMeters",
    "AccuracyMeters",
    "Type",
];

/// What Kismet writes under the header of version 1.6.
const COLUMNS_KISMET: [&str; 12] = [
    "MAC",
    "SSID",
    "AuthMode",
    "FirstSeen",
    "Channel",
    "Frequency",
    "RSSI",
    "CurrentLatitude",
    "CurrentLongitude",
    "AltitudeMeters",
    "AccuracyMeters",
    "Type",
];

/// Times before this are how programs say that they did not know it.
const FIRST_CREDIBLE: Timestamp = Timestamp::from_unix_secs(946_684_800);

/// One row: a network was seen, there and then.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Sighting {
    pub(crate) bssid: MacAddr,
    /// `None` when the row gives no name.
    pub(crate) ssid: Option<Ssid>,
    /// What AuthMode says; `None` when it says nothing about protection.
    pub(crate) traits: Option<NetworkTraits>,
    pub(crate) time: Timestamp,
    pub(crate) frequency_mhz: Option<u16>,
    pub(crate) signal_dbm: Option<i8>,
    pub(crate) position: Option<Position>,
}

/// What a sound row holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Row {
    /// A Wi-Fi network.
    Wifi(Box<Sighting>),
    /// Another radio technology, by the name in the Type column.
    Other(String),
}

/// Why a row is left out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct RowError {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    /// What is wrong.
    pub(crate) reason: String,
}

/// How the program that wrote the file writes names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Escapes {
    /// As they are.
    None,
    /// `\ooo` for commas, quotes and bytes that are not ASCII.
    Octal,
    /// `\xhh` for control characters, bytes that are not UTF-8 and backslashes that would look like
    /// such, as this program does.
    Hex,
}

/// A line of the file.
#[derive(Debug)]
struct Line {
    /// From 1.
    number: u64,
    text: Vec<u8>,
    /// The bytes that end it.
    end: Vec<u8>,
}

/// True when a file that begins with `start` is a WiGLE CSV.
pub(crate) fn looks_like_wigle(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    start.starts_with(b"WigleWifi-")
        || start.get(..17).is_some_and(|s| s.eq_ignore_ascii_case(b"MAC,SSID,AuthMode"))
}

/// Reads row by row.
#[derive(Debug)]
pub(crate) struct WigleReader<R> {
    input: R,
    /// Lines read so far.
    lines: u64,
    /// Lines that were looked at and are still to come.
    ahead: VecDeque<Line>,
    columns: Vec<String>,
    escapes: Escapes,
}

impl<R: BufRead> WigleReader<R> {
    /// Reads the pre-header, where there is one, and the header.
    pub(crate) fn new(input: R) -> io::Result<Result<Self, RowError>> {
        let (columns, escapes) = (Vec::new(), Escapes::None);
        let mut reader = Self { input, lines: 0, ahead: VecDeque::new(), columns, escapes };
        let mut header = reader.next_line()?.map(|line| line.text).unwrap_or_default();
        if header.starts_with(b"\xef\xbb\xbf") {
            header.drain(..3);
        }
        if header.starts_with(b"WigleWifi-") {
            let words = String::from_utf8_lossy(&header).to_ascii_lowercase();
            if words.contains("=kismet") {
                reader.escapes = Escapes::Octal;
            } else if words.contains("apprelease=piwardrive") {
                reader.escapes = Escapes::Hex;
            }
            header = reader.next_line()?.map(|line| line.text).unwrap_or_default();
        }
        let columns = fields(&header);
        let columns: Vec<String> =
            columns.iter().map(|c| String::from_utf8_lossy(c).trim().to_owned()).collect();
        let missing = ["MAC", "FirstSeen", "CurrentLatitude", "CurrentLongitude"]
            .into_iter()
            .find(|name| !columns.iter().any(|c| c.eq_ignore_ascii_case(name)));
        if let Some(name) = missing {
            let reason =
                format!("the header has no column {name}: not a WiGLE CSV that can be read");
            return Ok(Err(RowError { line: reader.lines.max(1), reason }));
        }
        reader.columns = columns;
        Ok(Ok(reader))
    }

    /// The next row that is not empty; `None` at the end.
    pub(crate) fn next_row(&mut self) -> io::Result<Option<Result<Row, RowError>>> {
        loop {
            let Some(line) = self.next_line()? else { return Ok(None) };
            if line.text.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if let Some(row) = self.row_of_several_lines(&line)? {
                return Ok(Some(Ok(row)));
            }
            let row = if line.text.len() as u64 >= LONGEST_LINE {
                Err(format!("longer than {LONGEST_LINE} bytes"))
            } else {
                self.row(&line.text)
            };
            return Ok(Some(row.map_err(|reason| RowError { line: line.number, reason })));
        }
    }

    /// A row whose quoted name holds line breaks (RFC 4180, 2.6). A quote that stays open, as small
    /// programs write it, is none: then the lines stay as they are.
    fn row_of_several_lines(&mut self, first: &Line) -> io::Result<Option<Row>> {
        let mut joined = first.text.clone();
        let mut end = first.end.clone();
        let mut taken = Vec::new();
        while matches!(quotes(&joined), Quotes::Open(len) if len <= LONGEST_NAME)
            && taken.len() < MOST_BREAKS
        {
            let Some(line) = self.next_line()? else { break };
            joined.append(&mut end);
            joined.extend_from_slice(&line.text);
            end.clone_from(&line.end);
            taken.push(line);
        }
        if !taken.is_empty()
            && quotes(&joined) == Quotes::Closed
            && let Ok(row) = self.row(&joined)
        {
            return Ok(Some(row));
        }
        for line in taken.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok(None)
    }

    /// A line without its end; `None` at the end of the file.
    fn next_line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut text = Vec::new();
        if self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        self.lines += 1;
        let mut end = Vec::new();
        if text.last() != Some(&b'\n') && text.len() as u64 == LONGEST_LINE {
            skip_line(&mut self.input)?;
        } else {
            let whole = text.iter().rposition(|b| !matches!(b, b'\n' | b'\r'));
            end = text.split_off(whole.map_or(0, |at| at + 1));
        }
        Ok(Some(Line { number: self.lines, text, end }))
    }

    fn row(&self, line: &[u8]) -> Result<Row, String> {
        let mut fields = fields(line);
        let named = self.columns.len();
        let columns: Vec<&str> = match fields.len() {
            count if count == named => self.columns.iter().map(String::as_str).collect(),
            12 if named == 14 => COLUMNS_KISMET.to_vec(),
            11 if named == 14 => COLUMNS_1_4.to_vec(),
            count if count > named => {
                // A comma in a name that was not quoted.
                let surplus = count - named;
                let at = self.columns.iter().position(|c| c.eq_ignore_ascii_case("SSID"));
                let at = at.filter(|at| *at + surplus < count).ok_or("too many fields")?;
                let name = fields.get(at..=at + surplus).unwrap_or_default().join(&b',');
                fields.splice(at..=at + surplus, [name]);
                self.columns.iter().map(String::as_str).collect()
            }
            count => return Err(format!("{count} fields where {named} are named")),
        };
        let bytes = |name: &str| {
            let at = columns.iter().position(|c| c.eq_ignore_ascii_case(name))?;
            fields.get(at).map(Vec::as_slice)
        };
        let text = |name: &str| {
            let text = bytes(name).and_then(|b| std::str::from_utf8(b).ok()).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        match text("Type") {
            None => {}
            Some(kind) if kind.eq_ignore_ascii_case("WIFI") || kind == "W" => {}
            Some(kind) if kind.len() <= 8 && kind.bytes().all(|b| b.is_ascii_alphabetic()) => {
                return Ok(Row::Other(kind.to_ascii_uppercase()));
            }
            Some(_) => return Err("no known kind in the column Type".to_owned()),
        }
        let bssid: MacAddr = text("MAC")
            .ok_or("no address in the column MAC")?
            .parse()
            .map_err(|error: pw_model::AddressError| error.to_string())?;
        let time = time(text("FirstSeen").ok_or("no time in the column FirstSeen")?)?;
        let ssid = bytes("SSID").filter(|name| !name.is_empty()).map(|name| self.name(name));
        if ssid.as_ref().is_some_and(|ssid| ssid.bytes().len() > 32) {
            return Err("a name of more than 32 bytes in the column SSID".to_owned());
        }
        Ok(Row::Wifi(Box::new(Sighting {
            bssid,
            ssid,
            traits: text("AuthMode").and_then(auth_mode::read),
            time,
            frequency_mhz: frequency(number(text("Frequency")), number(text("Channel"))),
            signal_dbm: number(text("RSSI"))
                .filter(|dbm| (-127.0..0.0).contains(dbm))
                .map(|dbm| dbm.round() as i8),
            position: position(&text),
        })))
    }

    fn name(&self, name: &[u8]) -> Ssid {
        match self.escapes {
            Escapes::None => Ssid::new(name),
            Escapes::Octal => Ssid::new(unescape(name, 8, |_| true)),
            Escapes::Hex => Ssid::new(unescape(name, 16, |b| b == b'\\' || !is_plain(b))),
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

/// Fields of a line. A quote that is not closed is part of the name, as small programs write it.
fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        if let Quoted::Closed(field, after) = quoted(rest) {
            fields.push(field);
            match after {
                Some(after) => rest = after,
                None => return fields,
            }
            continue;
        }
        match rest.iter().position(|b| *b == b',') {
            Some(at) => {
                fields.push(rest[..at].to_vec());
                rest = &rest[at + 1..];
            }
            None => {
                fields.push(rest.to_vec());
                return fields;
            }
        }
    }
}

/// How the quotes of a line stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// Every field that begins with one is closed.
    Closed,
    /// Nothing closes the last, which so many bytes follow.
    Open(usize),
    /// A field goes on behind its closing quote: no quoted field after all.
    Stray,
}

fn quotes(line: &[u8]) -> Quotes {
    let mut rest = line;
    loop {
        let after = match quoted(rest) {
            Quoted::Open => return Quotes::Open(rest.len() - 1),
            Quoted::Closed(_, after) => after,
            Quoted::No if rest.starts_with(b"\"") => return Quotes::Stray,
            Quoted::No => rest.iter().position(|b| *b == b',').map(|comma| &rest[comma + 1..]),
        };
        match after {
            Some(after) => rest = after,
            None => return Quotes::Closed,
        }
    }
}

/// What stands at the start of a field.
enum Quoted<'a> {
    /// A quoted field, and what comes after its comma.
    Closed(Vec<u8>, Option<&'a [u8]>),
    /// A quote that nothing closes.
    Open,
    /// No quoted field.
    No,
}

fn quoted(rest: &[u8]) -> Quoted<'_> {
    let Some(mut inner) = rest.strip_prefix(b"\"") else { return Quoted::No };
    let mut field = Vec::new();
    loop {
        let Some(at) = inner.iter().position(|b| *b == b'"') else { return Quoted::Open };
        field.extend_from_slice(&inner[..at]);
        match inner.get(at + 1) {
            Some(b'"') => {
                field.push(b'"');
                inner = &inner[at + 2..];
            }
            Some(b',') => return Quoted::Closed(field, Some(&inner[at + 2..])),
            None => return Quoted::Closed(field, None),
            Some(_) => return Quoted::No,
        }
    }
}

/// True for a printable ASCII character.
pub(super) const fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..0x7f)
}

/// Resolves `\ooo` (base 8) or `\xhh` (base 16) where `wanted` says that the byte is written so.
fn unescape(name: &[u8], base: u32, wanted: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let digits = match base {
            8 => after.get(..3),
            _ => after.strip_prefix(b"x").and_then(|hex| hex.get(..2)),
        };
        let value = digits
            .filter(|_| first == b'\\')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, base).ok());
        if let Some(value) = value.filter(|value| wanted(*value)) {
            bytes.push(value);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    bytes
}

fn number(text: Option<&str>) -> Option<f64> {
    text?.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// `yyyy-MM-dd HH:mm:ss` in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let error =
        || format!("'{text}' in the column FirstSeen is no time (yyyy-MM-dd HH:mm:ss, UTC)");
    let mut civil = text.replacen(' ', "T", 1);
    if !civil.ends_with(['Z', 'z']) && !civil.contains('+') {
        civil.push('Z');
    }
    let time = Timestamp::parse_rfc3339(&civil).ok().ok_or_else(error)?;
    if time < FIRST_CREDIBLE {
        return Err(format!(
            "'{text}' in the column FirstSeen stands for a time that is not known"
        ));
    }
    Ok(time)
}

/// Frequency of the row in MHz, from what programs write: MHz, kHz (Kismet), or only a channel.
fn frequency(frequency: Option<f64>, channel: Option<f64>) -> Option<u16> {
    let channel = channel.filter(|c| (1.0..=233.0).contains(c)).map(|c| c.round() as u16);
    let mhz = frequency.filter(|f| *f > 0.0).map(|f| if f > 100_000.0 { f / 1000.0 } else { f });
    if let Some(mhz) = mhz.filter(|mhz| *mhz < f64::from(u16::MAX)).map(|mhz| mhz.round() as u16) {
        // Vistumbler's documented formula for 6 GHz is one raster step too high.
        let shifted = channel.is_some_and(|c| mhz == 5955 + 5 * c);
        return Some(if shifted && Channel::from_frequency_mhz(mhz).is_none() {
            mhz - 5
        } else {
            mhz
        });
    }
    match channel? {
        14 => Some(2484),
        c @ 1..=13 => Some(2407 + 5 * c),
        // Kismet numbers 6 GHz as if it were 5 GHz: 191 and above.
        c => Some(5000 + 5 * c).filter(|mhz| Channel::from_frequency_mhz(*mhz).is_some()),
    }
}

fn position<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Position> {
    let lat_deg = number(text("CurrentLatitude"))?;
    let lon_deg = number(text("CurrentLongitude"))?;
    let accuracy_m = number(text("AccuracyMeters")).filter(|m| *m > 0.0);
    let error_m = accuracy_m.map(|m| m as f32 * RADIUS_95_OF_68);
    let altitude_m = number(text("AltitudeMeters")).map(|m| m as f32);
    Some(Position::new(lat_deg, lon_deg)?.with_error_m(error_m).with_altitude_m(altitude_m))
}

#[cfg(test)]
mod tests;
