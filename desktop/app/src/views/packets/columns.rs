//! The columns of the packet list: what stands in them, as text.

use crate::words::UNKNOWN;
use pw_engine::capture_file::PacketRow;
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

impl Column {
    pub(super) const ALL: [Self; 11] = [
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
            Self::Network => (110.0, 60.0),
            Self::Info => (240.0, 120.0),
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Time | Self::Channel | Self::Signal | Self::Rate | Self::Length
        )
    }

    /// The column beside this one, `by` columns to the right.
    pub(super) fn neighbour(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|column| *column == self).unwrap_or(0);
        let last = Self::ALL.len() - 1;
        Self::ALL[at.saturating_add_signed(by).min(last)]
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
            Self::Info => match &row.emphasis {
                Some(emphasis) if row.info.is_empty() => emphasis.words(),
                Some(emphasis) => format!("{}; {}", row.info, emphasis.words()),
                None => row.info.clone(),
            },
        }
    }
}

/// All cells of a row, separated by tabs.
pub(super) fn line(row: &PacketRow, base: TimeBase) -> String {
    Column::ALL.map(|column| column.text(row, base)).join("\t")
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
        }
    }

    #[test]
    fn cells_are_text_and_unknown_is_a_dash() {
        let relative = TimeBase::Relative(Some(Timestamp::from_unix_secs(1_700_000_000)));
        let cells = Column::ALL.map(|column| column.text(&row(), relative));
        assert_eq!(cells[..7], ["12", "1.000250", UNKNOWN, "-61", "5.5", "300", "beacon"]);
        assert!(cells[7].starts_with("00:00:0c:01:02:03  Cisco"), "{}", cells[7]);
        assert_eq!(cells[8..], ["broadcast", "café", "WPA2"]);
        assert_eq!(Column::Time.text(&row(), TimeBase::Absolute), "22:13:21.000250");
        let later = TimeBase::Relative(Some(Timestamp::from_unix_secs(1_700_000_002)));
        assert_eq!(Column::Time.text(&row(), later), "-0.999749");
        assert_eq!(Column::Time.text(&row(), TimeBase::Relative(None)), UNKNOWN);
        assert_eq!(line(&row(), relative).matches('\t').count(), 10);
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
        assert_eq!(Column::Number.neighbour(-1), Column::Number);
        assert_eq!(Column::Number.neighbour(1), Column::Time);
        assert_eq!(Column::Info.neighbour(1), Column::Info);
    }
}
