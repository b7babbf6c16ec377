//! Where access points are, from where they were heard and how strong.
//!
//! Weighted centroid with weights of received power to the exponent 0.55, the measured best of the
//! simple methods when several streets were driven (Blumenthal et al., "Weighted centroid
//! localization in Zigbee-based sensor networks", 2007, with a fitted exponent).

use pw_model::{MacAddr, Position};
use pw_survey::{AccessPoint, HeardCell, Snapshot};
use std::collections::BTreeMap;

/// Exponent of the received power in the weights.
const POWER_EXPONENT: f64 = 0.55;

/// How a position came about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LocateMethod {
    /// Power-weighted centroid of the places where it was heard.
    WeightedCentroid,
    /// Heard in one place only: that place, with an error of the usual range of a network.
    SinglePlace,
    /// Stated by an imported file, which does not say how.
    Imported,
}

impl LocateMethod {
    /// Name in output and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WeightedCentroid => "weighted-centroid",
            Self::SinglePlace => "single-place",
            Self::Imported => "imported",
        }
    }
}

/// An estimated place of an access point.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Located {
    /// The estimate; its `error_m` is always set.
    pub position: Position,
    /// How it came about.
    pub method: LocateMethod,
    /// Map cells in which it was heard.
    pub cells: u32,
}

/// Error of a place known only as "heard from here", in metres: a usual outdoor range of Wi-Fi.
const SINGLE_PLACE_ERROR_M: f64 = 100.0;

/// Estimates every access point of `snapshot` that was heard at a known position.
#[must_use]
pub fn locate_all(snapshot: &Snapshot) -> BTreeMap<MacAddr, Located> {
    snapshot.access_points.iter().filter_map(|ap| Some((ap.bssid, locate(ap)?))).collect()
}

/// Estimates one access point. `None` when it was never heard at a known position.
#[must_use]
pub fn locate(ap: &AccessPoint) -> Option<Located> {
    if ap.heard.is_empty() {
        return ap.stated_position.map(|position| Located {
            position: position.with_error_m(position.error_m.or(Some(SINGLE_PLACE_ERROR_M as f32))),
            method: LocateMethod::Imported,
            cells: 0,
        });
    }
    let weight = |cell: &HeardCell| 10f64.powf(f64::from(cell.max_dbm) / 10.0 * POWER_EXPONENT);
    let total: f64 = ap.heard.iter().map(weight).sum();
    let origin = ap.heard.first()?.position;
    // Offsets from the first cell keep a centroid across the date line right.
    let (mut lat_deg, mut lon_deg) = (0.0, 0.0);
    for cell in &ap.heard {
        let share = weight(cell) / total;
        let mut east_deg = cell.position.lon_deg - origin.lon_deg;
        east_deg -= 360.0 * (east_deg / 360.0).round();
        lat_deg += share * (cell.position.lat_deg - origin.lat_deg);
        lon_deg += share * east_deg;
    }
    let mut lon_deg = origin.lon_deg + lon_deg;
    lon_deg -= 360.0 * (lon_deg / 360.0).round();
    let centre = Position::new(origin.lat_deg + lat_deg, lon_deg)?;
    let method = if ap.heard.len() == 1 {
        LocateMethod::SinglePlace
    } else {
        LocateMethod::WeightedCentroid
    };
    let error_m = error_m(&ap.heard, &centre, weight);
    Some(Located {
        position: centre.with_error_m(Some(error_m as f32)),
        method,
        cells: ap.heard.len() as u32,
    })
}

/// A 95 % radius: the weighted spread of the places heard from, a term that falls with their effective
/// number, and the receiver's own error. Held for at least 95 % of the access points of the four
/// built-in simulated drives; not yet calibrated on real ones.
fn error_m(heard: &[HeardCell], centre: &Position, weight: impl Fn(&HeardCell) -> f64) -> f64 {
    let total: f64 = heard.iter().map(&weight).sum();
    let spread_m2: f64 = heard
        .iter()
        .map(|cell| weight(cell) / total * cell.position.distance_m(centre).powi(2))
        .sum();
    let squares: f64 = heard.iter().map(|cell| (weight(cell) / total).powi(2)).sum();
    let effective = 1.0 / squares;
    let receiver_m =
        heard.iter().filter_map(|cell| cell.position.error_m).map(f64::from).fold(0.0, f64::max);
    let few_m = if heard.len() == 1 {
        SINGLE_PLACE_ERROR_M
    } else {
        SINGLE_PLACE_ERROR_M / 2.0 / effective
    };
    spread_m2.sqrt().hypot(few_m).hypot(receiver_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(lat_deg: f64, lon_deg: f64, max_dbm: i8) -> HeardCell {
        let position = Position::new(lat_deg, lon_deg).expect("valid");
        HeardCell { position, max_dbm, mean_dbm: f32::from(max_dbm), frames: 1 }
    }

    fn centre(cells: &[HeardCell]) -> Position {
        let total: f64 = cells.len() as f64;
        assert!(total > 0.0);
        let ap = crate::tests::access_point(cells.to_vec());
        locate(&ap).expect("heard").position
    }

    #[test]
    fn stronger_places_pull_more() {
        let at = centre(&[cell(50.0, 8.0, -40), cell(50.001, 8.0, -80)]);
        assert!((at.lat_deg - 50.0).abs() < 0.0001, "{at:?}");
        let middle = centre(&[cell(50.0, 8.0, -60), cell(50.001, 8.0, -60)]);
        assert!((middle.lat_deg - 50.0005).abs() < 1e-9);
    }

    #[test]
    fn across_the_date_line() {
        let at = centre(&[cell(10.0, 179.999, -60), cell(10.0, -179.999, -60)]);
        assert!(at.lon_deg.abs() > 179.99, "{at:?}");
    }

    #[test]
    fn one_place_is_said_to_be_one_place() {
        let ap = crate::tests::access_point(vec![cell(50.0, 8.0, -60)]);
        let located = locate(&ap).expect("heard");
        assert_eq!(located.method, LocateMethod::SinglePlace);
        assert!(located.position.error_m.expect("set") >= 100.0);
        assert_eq!(locate(&crate::tests::access_point(Vec::new())), None);
    }
}
