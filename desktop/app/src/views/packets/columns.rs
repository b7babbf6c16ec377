//! The columns of the packet list: what stands in them, as text.

use crate::words::UNKNOWN;
use pw_engine::capture_file::{Field, PacketRow};
use pw_model::{Band, Channel, MacAddr, Timestamp};

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Column {
    Number,
    Time,
    Channel,
    Signal,
    Rate,
    Length,
    Kind,
    Transmitter,
    Receiver,
    Network,
    /// A field that the person added, by its place among these.
    Added(u8),
    #[default]
    Info,
}

/// How times are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TimeBase {
    /// Since the first packet.
    Relative(Option<Timestamp>),
    /// UTC.
    Absolute,
}

/// Most columns that can be added.
pub(super) const MOST_ADDED: usize = 8;

impl Column {
    /// Without those that the person added.
    pub(super) const USUAL: [Self; 11] = [
        Self::Number,
        Self::Time,
        Self::Channel,
        Self::Signal,
        Self::Rate,
        Self::Length,
        Self::Kind,
        Self::Transmitter,
        Self::Receiver,
        Self::Network,
        Self::Info,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Number => "No.",
            Self::Time => "Time",
            Self::Channel => "Ch.",
            Self::Signal => "Signal",
            Self::Rate => "Rate",
            Self::Length => "Length",
            Self::Kind => "Kind",
            Self::Transmitter => "Transmitter",
            Self::Receiver => "Receiver",
            Self::Network => "Network",
            Self::Info => "Info",
            Self::Added(_) => "Field",
        }
    }

    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Number => "Number in the file",
            Self::Time => "Click or T: since the first packet, or UTC",
            Self::Channel => "Channel the receiver was tuned to; 6G: in the 6 GHz band",
            Self::Signal => "Received signal strength in dBm",
            Self::Rate => "PHY rate in Mbit/s",
            Self::Length => "Bytes on the air, with frame check sequence",
            Self::Kind => "Type and subtype",
            Self::Transmitter => {
                "Transmitter address, and who its block is assigned to; local: assigned to nobody"
            }
            Self::Receiver => "Receiver address, and who its block is assigned to",
            Self::Network => "Network name that the frame carries",
            Self::Info => "What the frame says",
            Self::Added(_) => "A field that was added",
        }
    }

    /// Width at first, and the least.
    pub(super) const fn width(self) -> (f32, f32) {
        match self {
            Self::Number => (64.0, 40.0),
            Self::Time => (96.0, 60.0),
            Self::Channel => (50.0, 36.0),
            Self::Signal => (52.0, 40.0),
            Self::Rate => (50.0, 40.0),
            Self::Length => (54.0, 40.0),
            Self::Kind => (132.0, 60.0),
            Self::Transmitter | Self::Receiver => (196.0, 80.0),
            Self::Network | Self::Added(_) => (110.0, 60.0),
            Self::Info => (240.0, 120.0),
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Time | Self::Channel | Self::Signal | Self::Rate | Self::Length
        )
    }

    /// The cell as text.
    pub(super) fn text(self, row: &PacketRow, base: TimeBase) -> String {
        let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        match self {
            Self::Number => row.number.to_string(),
            Self::Time => or_unknown(time(row.time, base)),
            Self::Channel => or_unknown(
                row.channel
                    .map(channel)
                    .or_else(|| row.frequency_mhz.map(|mhz| format!("{mhz} MHz"))),
            ),
            Self::Signal => or_unknown(row.signal_dbm.map(|dbm| dbm.to_string())),
            Self::Rate => or_unknown(row.rate_100kbps.map(rate)),
            Self::Length => or_unknown(row.length.map(|bytes| bytes.to_string())),
            Self::Kind => row.kind.clone(),
            Self::Transmitter => row.transmitter.map_or_else(String::new, named),
            Self::Receiver => row.receiver.map_or_else(String::new, named),
            Self::Network => row.network.clone().unwrap_or_default(),
            // Rows made before the column was added have no value yet.
            Self::Added(at) => row.extra.get(usize::from(at)).cloned().unwrap_or_default(),
            Self::Info => match &row.emphasis {
                Some(emphasis) if row.info.is_empty() => emphasis.words(),
                Some(emphasis) => format!("{}; {}", row.info, emphasis.words()),
                None => row.info.clone(),
            },
        }
    }
}

/// The columns that are shown, from left to right, and how wide they are.
#[derive(Debug)]
pub(super) struct Columns {
    added: Vec<&'static Field>,
    shown: Vec<(Column, f32)>,
}

impl Default for Columns {
    fn default() -> Self {
        let shown = Column::USUAL.map(|column| (column, column.width().0)).to_vec();
        Self { added: Vec::new(), shown }
    }
}

impl Columns {
    /// Shows these fields too, before the last column. The usual ones keep their widths.
    pub(super) fn set_added(&mut self, fields: Vec<&'static Field>) {
        let last = self.shown.pop();
        self.shown.retain(|(column, _)| !matches!(column, Column::Added(_)));
        let added = (0..).zip(&fields).take(MOST_ADDED);
        self.shown.extend(added.map(|(at, _)| (Column::Added(at), Column::Added(at).width().0)));
        self.shown.extend(last);
        self.added = fields;
    }

    pub(super) fn shown(&self) -> impl ExactSizeIterator<Item = (Column, f32)> {
        self.shown.iter().copied()
    }

    /// Makes a column wider by so many points.
    pub(super) fn widen(&mut self, column: Column, by: f32) {
        if let Some((_, width)) = self.shown.iter_mut().find(|(shown, _)| *shown == column) {
            *width = (*width + by).clamp(column.width().1, 600.0);
        }
    }

    /// The field of an added column.
    pub(super) fn field(&self, column: Column) -> Option<&'static Field> {
        let Column::Added(at) = column else { return None };
        self.added.get(usize::from(at)).copied()
    }

    pub(super) fn title(&self, column: Column) -> &'static str {
        self.field(column).map_or_else(|| column.title(), |field| field.name)
    }

    pub(super) fn meaning(&self, column: Column) -> String {
        let meaning = |field: &Field| format!("{} ({})", field.label, field.clause);
        self.field(column).map_or_else(|| column.meaning().to_owned(), meaning)
    }

    /// The column beside this one, `by` columns to the right.
    pub(super) fn neighbour(&self, column: Column, by: isize) -> Column {
        let at = self.shown.iter().position(|(shown, _)| *shown == column).unwrap_or(0);
        let last = self.shown.len().saturating_sub(1);
        self.shown.get(at.saturating_add_signed(by).min(last)).map_or(column, |(found, _)| *found)
    }

    /// All cells of a row, separated by tabs.
    pub(super) fn line(&self, row: &PacketRow, base: TimeBase) -> String {
        self.shown().map(|(column, _)| column.text(row, base)).collect::<Vec<_>>().join("\t")
    }
}

/// Seconds with microseconds, or the time of day.
pub(super) fn time(time: Option<Timestamp>, base: TimeBase) -> Option<String> {
    let time = time?;
    match base {
        TimeBase::Relative(first) => {
            let microseconds = (time.unix_ns() - first?.unix_ns()) / 1000;
            let sign = if microseconds < 0 { "-" } else { "" };
            let whole = microseconds.unsigned_abs();
            Some(format!("{sign}{}.{:06}", whole / 1_000_000, whole % 1_000_000))
        }
        TimeBase::Absolute => {
            let microseconds = time.unix_ns().rem_euclid(1_000_000_000) / 1000;
            Some(format!("{}.{microseconds:06}", crate::words::clock(time)))
        }
    }
}

/// The number, and before it the band where the bare number would be mistaken.
fn channel(channel: Channel) -> String {
    match channel.band {
        Band::Ghz2_4 | Band::Ghz5 => channel.number.to_string(),
        Band::Ghz6 => format!("6G {}", channel.number),
        Band::Ghz60 => format!("60G {}", channel.number),
    }
}

/// Mbit/s.
fn rate(rate_100kbps: u32) -> String {
    if rate_100kbps.is_multiple_of(10) {
        (rate_100kbps / 10).to_string()
    } else {
        format!("{}.{}", rate_100kbps / 10, rate_100kbps % 10)
    }
}

/// An address in words where it is not a station's, else with its maker's name.
pub(super) fn named(address: MacAddr) -> String {
    match who(address) {
        Some(who) if address == MacAddr::BROADCAST => who.to_owned(),
        Some(who) => format!("{address}  {who}"),
        None => address.to_string(),
    }
}

/// Whose an address is, as far as it says.
pub(super) fn who(address: MacAddr) -> Option<&'static str> {
    if address == MacAddr::BROADCAST {
        return Some("broadcast");
    }
    if address.is_multicast() {
        return Some("multicast");
    }
    if address.is_locally_administered() {
        // Mostly made up by the device itself, so that it is not known again.
        return Some("local");
    }
    pw_engine::vendor(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_engine::capture_file::Emphasis;

    fn row() -> PacketRow {
        PacketRow {
            number: 12,
            time: Some(Timestamp::from_unix_ns(1_700_000_001_000_250_999)),
            channel: None,
            frequency_mhz: None,
            signal_dbm: Some(-61),
            rate_100kbps: Some(55),
            length: Some(300),
            kind: "beacon".to_owned(),
            transmitter: Some(MacAddr([0x00, 0x00, 0x0c, 1, 2, 3])),
            receiver: Some(MacAddr::BROADCAST),
            network: Some("café".to_owned()),
            info: "WPA2".to_owned(),
            emphasis: None,
            rule: None,
            extra: vec!["100".to_owned()],
        }
    }

    #[test]
    fn cells_are_text_and_unknown_is_a_dash() {
        let relative = TimeBase::Relative(Some(Timestamp::from_unix_secs(1_700_000_000)));
        let cells = Column::USUAL.map(|column| column.text(&row(), relative));
        assert_eq!(cells[..7], ["12", "1.000250", UNKNOWN, "-61", "5.5", "300", "beacon"]);
        assert!(cells[7].starts_with("00:00:0c:01:02:03  Cisco"), "{}", cells[7]);
        assert_eq!(cells[8..], ["broadcast", "café", "WPA2"]);
        assert_eq!(Column::Time.text(&row(), TimeBase::Absolute), "22:13:21.000250");
        let later = TimeBase::Relative(Some(Timestamp::from_unix_secs(1_700_000_002)));
        assert_eq!(Column::Time.text(&row(), later), "-0.999749");
        assert_eq!(Column::Time.text(&row(), TimeBase::Relative(None)), UNKNOWN);
        assert_eq!(Columns::default().line(&row(), relative).matches('\t').count(), 10);
        let on = |number, band| PacketRow { channel: Some(Channel { band, number }), ..row() };
        assert_eq!(Column::Channel.text(&on(37, Band::Ghz6), relative), "6G 37");
        assert_eq!(Column::Channel.text(&on(36, Band::Ghz5), relative), "36");
    }

    #[test]
    fn what_is_wrong_stands_beside_what_is_said() {
        let bad = PacketRow { emphasis: Some(Emphasis::BadFcs), ..row() };
        let text = Column::Info.text(&bad, TimeBase::Absolute);
        assert!(text.starts_with("WPA2; wrong frame check sequence"), "{text}");
    }

    #[test]
    fn walking_ends_at_the_edges() {
        let mut columns = Columns::default();
        assert_eq!(columns.neighbour(Column::Number, -1), Column::Number);
        assert_eq!(columns.neighbour(Column::Number, 1), Column::Time);
        assert_eq!(columns.neighbour(Column::Info, 1), Column::Info);
        let field = pw_engine::capture_file::field_by_name("wlan.fixed.beacon").expect("known");
        columns.set_added(vec![field]);
        assert_eq!(columns.neighbour(Column::Network, 1), Column::Added(0));
        assert_eq!(columns.neighbour(Column::Added(0), 1), Column::Info);
        assert_eq!(columns.title(Column::Added(0)), "wlan.fixed.beacon");
        assert_eq!(Column::Added(0).text(&row(), TimeBase::Absolute), "100");
        assert!(columns.line(&row(), TimeBase::Absolute).ends_with("\t100\tWPA2"));
        columns.set_added(Vec::new());
        assert_eq!(columns.shown().len(), Column::USUAL.len());
    }
}
