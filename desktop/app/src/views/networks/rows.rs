//! Rows of the table of access points: pure, from a snapshot, a filter and an order.

use crate::views::security::SecurityClass;
use crate::words;
use pw_model::{MacAddr, Standard};
use pw_survey::{AccessPoint, Filter, Snapshot};
use std::cmp::Ordering;
use std::sync::Arc;

/// A column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Column {
    #[default]
    Name,
    Bssid,
    Security,
    Channel,
    Signal,
    Trend,
    Standard,
    Clients,
    Frames,
    FirstSeen,
    LastSeen,
    Vendor,
}

impl Column {
    /// All, from the left.
    pub(crate) const ALL: [Self; 12] = [
        Self::Name,
        Self::Bssid,
        Self::Security,
        Self::Channel,
        Self::Signal,
        Self::Trend,
        Self::Standard,
        Self::Clients,
        Self::Frames,
        Self::FirstSeen,
        Self::LastSeen,
        Self::Vendor,
    ];

    /// Heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Name => "Network name",
            Self::Bssid => "Address",
            Self::Security => "Security",
            Self::Channel => "Channel",
            Self::Signal => "Signal",
            Self::Trend => "Over time",
            Self::Standard => "Standard",
            Self::Clients => "Clients",
            Self::Frames => "Frames",
            Self::FirstSeen => "First seen",
            Self::LastSeen => "Last seen",
            Self::Vendor => "Vendor",
        }
    }

    /// Tooltip of the heading.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Name => "The network name (SSID) it announced last",
            Self::Bssid => "Its BSSID",
            Self::Security => "Protection as announced",
            Self::Channel => "Primary channel; 6 GHz channels say so",
            Self::Signal => "Strongest signal in dBm",
            Self::Trend => "Strongest signal over the time shown; a gap means not heard",
            Self::Standard => "Newest generation of 802.11 that it announces",
            Self::Clients => "Clients seen with it",
            Self::Frames => {
                "Frames that it sent and that were heard; rows of imported tables are none"
            }
            Self::FirstSeen => "First heard, UTC",
            Self::LastSeen => "Last heard, UTC",
            Self::Vendor => "Maker by the address; unknown for addresses given by software",
        }
    }

    /// Width at first and least width, in points.
    pub(crate) const fn width(self) -> (f32, f32) {
        match self {
            Self::Name => (172.0, 80.0),
            Self::Bssid => (134.0, 90.0),
            Self::Security => (106.0, 60.0),
            Self::Channel => (72.0, 50.0),
            Self::Signal => (66.0, 50.0),
            Self::Trend => (106.0, 50.0),
            Self::Standard => (64.0, 40.0),
            Self::Clients => (60.0, 40.0),
            Self::Frames => (66.0, 40.0),
            Self::FirstSeen | Self::LastSeen => (78.0, 50.0),
            Self::Vendor => (120.0, 60.0),
        }
    }

    /// Shown at the right edge of its column.
    pub(crate) const fn is_number(self) -> bool {
        matches!(self, Self::Channel | Self::Signal | Self::Clients | Self::Frames)
    }

    /// Left out where there is little room.
    pub(crate) const fn only_when_wide(self) -> bool {
        matches!(self, Self::Standard | Self::Frames | Self::FirstSeen | Self::Vendor)
    }

    /// The column of `shown` so many to the right, stopping at the ends.
    pub(crate) fn neighbour(self, shown: &[Self], step: isize) -> Self {
        let at = shown.iter().position(|column| *column == self).unwrap_or(0);
        let to = at.saturating_add_signed(step).min(shown.len().saturating_sub(1));
        shown.get(to).copied().unwrap_or_default()
    }
}

/// By which column, and which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sort {
    pub(crate) column: Column,
    pub(crate) descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { column: Column::Signal, descending: true }
    }
}

impl Sort {
    /// The order after a click on a heading: the other way round, or a new column in its usual way.
    pub(crate) fn toggled(self, column: Column) -> Self {
        let descending = if self.column == column {
            !self.descending
        } else {
            matches!(column, Column::Signal | Column::Clients | Column::Frames | Column::LastSeen)
        };
        Self { column, descending }
    }
}

/// One access point as the table shows it.
#[derive(Clone, Debug)]
pub(crate) struct NetworkRow {
    pub(crate) ap: Arc<AccessPoint>,
    /// `None` when hidden.
    pub(crate) name: Option<String>,
    pub(crate) class: SecurityClass,
    pub(crate) vendor: Option<&'static str>,
}

impl NetworkRow {
    pub(crate) fn standard(&self) -> Option<Standard> {
        self.ap.advertisement.as_ref()?.traits.standard
    }

    /// The value of a column as text, as it is copied.
    pub(crate) fn text(&self, column: Column) -> String {
        let unknown = || words::UNKNOWN.to_owned();
        let ap = &self.ap;
        match column {
            Column::Name => self.name.clone().unwrap_or_else(|| "hidden".to_owned()),
            Column::Bssid => ap.bssid.to_string(),
            Column::Security => {
                ap.protection.as_ref().map_or_else(unknown, |p| p.label.name().to_owned())
            }
            Column::Channel => ap.channel.map_or_else(unknown, |channel| channel.to_string()),
            Column::Signal => words::dbm(ap.signal.map(|signal| signal.max_dbm)),
            Column::Trend => words::dbm(ap.signal.map(|signal| signal.last_dbm)),
            Column::Standard => self.standard().map_or_else(unknown, |s| short(s).to_owned()),
            Column::Clients => words::count(ap.clients.len() as u64),
            Column::Frames => words::count(ap.frames),
            Column::FirstSeen => words::date_clock(ap.first_seen),
            Column::LastSeen => words::date_clock(ap.last_seen),
            Column::Vendor => self.vendor.map_or_else(unknown, str::to_owned),
        }
    }

    /// The time of day of a time column.
    pub(crate) fn short_time(&self, column: Column) -> String {
        words::clock(if column == Column::FirstSeen {
            self.ap.first_seen
        } else {
            self.ap.last_seen
        })
    }

    /// All columns, separated by tabs.
    pub(crate) fn line(&self) -> String {
        let columns = Column::ALL.into_iter().filter(|column| *column != Column::Trend);
        columns.map(|column| self.text(column)).collect::<Vec<_>>().join("\t")
    }
}

/// The generation in a word.
pub(crate) const fn short(standard: Standard) -> &'static str {
    match standard {
        Standard::B => "11b",
        Standard::AG => "11a/g",
        Standard::N => "Wi-Fi 4",
        Standard::Ac => "Wi-Fi 5",
        Standard::Ax => "Wi-Fi 6",
        Standard::Be => "Wi-Fi 7",
    }
}

/// The rows that pass `filter`, in order. Equal rows keep the order of their addresses.
pub(crate) fn rows(
    snapshot: &Snapshot,
    filter: &Filter,
    sort: Sort,
    vendor: fn(MacAddr) -> Option<&'static str>,
) -> Vec<NetworkRow> {
    let mut rows: Vec<NetworkRow> = snapshot
        .access_points
        .iter()
        .filter(|ap| filter.matches_ap(ap, vendor))
        .map(|ap| NetworkRow {
            ap: Arc::clone(ap),
            name: ap.name(),
            class: SecurityClass::of(ap),
            vendor: vendor(ap.bssid),
        })
        .collect();
    match sort.column {
        // Lower case once per row and not once per comparison.
        Column::Name => {
            rows.sort_by_cached_key(|row| row.name.as_ref().map(|name| name.to_lowercase()));
            move_unknown_last(&mut rows, sort.descending, |row| row.name.is_none());
        }
        Column::Vendor => {
            rows.sort_by_key(|row| row.vendor);
            move_unknown_last(&mut rows, sort.descending, |row| row.vendor.is_none());
        }
        column => rows.sort_by(|one, other| compare(one, other, column, sort.descending)),
    }
    rows
}

/// Turns the known ones round when descending, and puts the unknown last either way.
fn move_unknown_last(
    rows: &mut Vec<NetworkRow>,
    descending: bool,
    unknown: impl Fn(&NetworkRow) -> bool,
) {
    let (last, mut first): (Vec<_>, Vec<_>) = rows.drain(..).partition(|row| unknown(row));
    if descending {
        first.reverse();
    }
    first.extend(last);
    *rows = first;
}

fn compare(one: &NetworkRow, other: &NetworkRow, column: Column, descending: bool) -> Ordering {
    let (a, b) = (&one.ap, &other.ap);
    let known = match column {
        Column::Signal => {
            return unknown_last(
                a.signal.map(|signal| signal.max_dbm),
                b.signal.map(|signal| signal.max_dbm),
                descending,
            );
        }
        Column::Trend => {
            return unknown_last(
                a.signal.map(|signal| signal.last_dbm),
                b.signal.map(|signal| signal.last_dbm),
                descending,
            );
        }
        Column::Channel => return unknown_last(a.channel, b.channel, descending),
        Column::Standard => return unknown_last(one.standard(), other.standard(), descending),
        Column::Security => {
            one.class.cmp(&other.class).then_with(|| one.text(column).cmp(&other.text(column)))
        }
        Column::Clients => a.clients.len().cmp(&b.clients.len()),
        Column::Frames => a.frames.cmp(&b.frames),
        Column::FirstSeen => a.first_seen.cmp(&b.first_seen),
        Column::LastSeen => a.last_seen.cmp(&b.last_seen),
        Column::Bssid | Column::Name | Column::Vendor => a.bssid.cmp(&b.bssid),
    };
    if descending { known.reverse() } else { known }
}

fn unknown_last<T: Ord>(one: Option<T>, other: Option<T>, descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn sorted(column: Column, descending: bool) -> Vec<NetworkRow> {
        let snapshot = fixture::snapshot();
        rows(&snapshot, &Filter::default(), Sort { column, descending }, |_| None)
    }

    #[test]
    fn the_strongest_comes_first() {
        let rows = sorted(Column::Signal, true);
        let levels: Vec<i8> =
            rows.iter().filter_map(|row| row.ap.signal.map(|signal| signal.max_dbm)).collect();
        assert!(levels.len() > 20);
        assert!(levels.windows(2).all(|pair| pair[0] >= pair[1]), "{levels:?}");
    }

    #[test]
    fn unknown_is_last_whichever_way() {
        for descending in [false, true] {
            for column in [Column::Name, Column::Signal, Column::Channel] {
                let rows = sorted(column, descending);
                let unknown: Vec<bool> = rows
                    .iter()
                    .map(|row| match column {
                        Column::Name => row.name.is_none(),
                        Column::Signal => row.ap.signal.is_none(),
                        _ => row.ap.channel.is_none(),
                    })
                    .collect();
                let first = unknown.iter().position(|unknown| *unknown).unwrap_or(unknown.len());
                assert!(unknown[first..].iter().all(|unknown| *unknown), "{column:?}");
            }
        }
    }

    #[test]
    fn a_click_turns_the_order_round() {
        let sort = Sort::default().toggled(Column::Name);
        assert_eq!(sort, Sort { column: Column::Name, descending: false });
        assert!(sort.toggled(Column::Name).descending);
        assert!(sort.toggled(Column::Frames).descending);
    }

    #[test]
    fn a_row_copies_as_tabs() {
        let rows = sorted(Column::Bssid, false);
        let row = rows.first().expect("the fixture has networks");
        assert_eq!(row.line().split('\t').count(), Column::ALL.len() - 1);
        assert!(row.line().contains(&row.ap.bssid.to_string()));
    }

    #[test]
    fn neighbours_stop_at_the_ends() {
        let all = &Column::ALL;
        assert_eq!(Column::Name.neighbour(all, -1), Column::Name);
        assert_eq!(Column::Vendor.neighbour(all, 1), Column::Vendor);
        assert_eq!(Column::Name.neighbour(all, 1), Column::Bssid);
    }
}
