//! Where a device was heard, gathered in small cells of the map.

use crate::snapshot::HeardCell;
use pw_model::Position;
use serde::{Deserialize, Serialize};

/// Most cells of one device. When full, a new cell replaces the weakest, or is left out when it is
/// weaker itself: the strong places say where the device is.
pub(crate) const MAX_CELLS: usize = 1024;

/// Height of a cell in degrees of latitude: 8 m.
const ROW_DEG: f64 = 8.0 / 111_195.0;

/// Cells by row and column. All sums are whole numbers, so their order does not matter.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cells(Vec<Cell>);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Cell {
    row: i32,
    column: i32,
    /// Sums over frames in units of 1e-7 degrees; below 2^63 for any u32 of frames.
    lat_sum: i64,
    lon_sum: i64,
    /// Sum in decimetres over those frames that had a height.
    altitude_sum: i64,
    altitude_frames: u32,
    /// Largest stated error in decimetres; 0 for none.
    error_dm: u32,
    max_dbm: i8,
    sum_dbm: i64,
    frames: u32,
}

impl Cell {
    fn of(position: &Position, signal_dbm: i8) -> Self {
        let row = (position.lat_deg / ROW_DEG).floor();
        // The width follows from the row alone, so that all cells of a row line up.
        let column_deg = ROW_DEG / (row * ROW_DEG).to_radians().cos().max(1e-3);
        let altitude_dm = position.altitude_m.map(|m| (f64::from(m) * 10.0).round() as i64);
        Self {
            row: row as i32,
            column: (position.lon_deg / column_deg).floor() as i32,
            lat_sum: (position.lat_deg * 1e7).round() as i64,
            lon_sum: (position.lon_deg * 1e7).round() as i64,
            // Heights beyond what a height can be are not summed: the sum must not overflow.
            altitude_sum: altitude_dm.filter(|dm| dm.abs() < 1_000_000).unwrap_or(0),
            altitude_frames: u32::from(altitude_dm.is_some_and(|dm| dm.abs() < 1_000_000)),
            error_dm: position.error_m.map_or(0, |m| (f64::from(m) * 10.0).ceil() as u32),
            max_dbm: signal_dbm,
            sum_dbm: i64::from(signal_dbm),
            frames: 1,
        }
    }

    fn include(&mut self, other: &Self) {
        let Some(frames) = self.frames.checked_add(other.frames) else { return };
        self.frames = frames;
        self.lat_sum += other.lat_sum;
        self.lon_sum += other.lon_sum;
        self.altitude_sum += other.altitude_sum;
        self.altitude_frames += other.altitude_frames;
        self.error_dm = self.error_dm.max(other.error_dm);
        self.max_dbm = self.max_dbm.max(other.max_dbm);
        self.sum_dbm += other.sum_dbm;
    }

    fn heard(&self) -> Option<HeardCell> {
        let frames = f64::from(self.frames);
        let altitude_m = (self.altitude_frames > 0)
            .then(|| (self.altitude_sum as f64 / f64::from(self.altitude_frames) / 10.0) as f32);
        let error_m = (self.error_dm > 0).then(|| (f64::from(self.error_dm) / 10.0) as f32);
        let position =
            Position::new(self.lat_sum as f64 / frames / 1e7, self.lon_sum as f64 / frames / 1e7)?;
        Some(HeardCell {
            position: position.with_altitude_m(altitude_m).with_error_m(error_m),
            max_dbm: self.max_dbm,
            mean_dbm: (self.sum_dbm as f64 / frames) as f32,
            frames: self.frames,
        })
    }
}

impl Cells {
    /// Adds one frame.
    pub(crate) fn add(&mut self, position: &Position, signal_dbm: i8) {
        self.include(&Cell::of(position, signal_dbm));
    }

    fn include(&mut self, cell: &Cell) {
        let key = (cell.row, cell.column);
        match self.0.binary_search_by_key(&key, |cell| (cell.row, cell.column)) {
            Ok(at) => self.0[at].include(cell),
            Err(at) if self.0.len() < MAX_CELLS => self.0.insert(at, *cell),
            Err(_) => {
                let weakest = self.0.iter().enumerate().min_by_key(|(_, cell)| cell.max_dbm);
                if let Some((at, weakest)) = weakest
                    && weakest.max_dbm < cell.max_dbm
                {
                    self.0.remove(at);
                    let at = self.0.partition_point(|c| (c.row, c.column) < key);
                    self.0.insert(at, *cell);
                }
            }
        }
    }

    /// What an analysis uses.
    pub(crate) fn heard(&self) -> Vec<HeardCell> {
        self.0.iter().filter_map(Cell::heard).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat_deg: f64, lon_deg: f64) -> Position {
        Position::new(lat_deg, lon_deg).expect("valid")
    }

    #[test]
    fn near_places_share_a_cell_and_far_ones_do_not() {
        let mut cells = Cells::default();
        let middle = ROW_DEG * 700_000.5;
        cells.add(&at(middle, 8.00001).with_altitude_m(Some(100.0)), -60);
        cells.add(&at(middle, 8.00001).with_error_m(Some(3.0)), -50);
        cells.add(&at(middle + 0.001, 8.00001), -70);
        let heard = cells.heard();
        assert_eq!(heard.len(), 2);
        assert_eq!((heard[0].frames, heard[0].max_dbm, heard[0].mean_dbm), (2, -50, -55.0));
        assert!(heard[0].position.distance_m(&at(middle, 8.00001)) < 0.02);
        assert_eq!(heard[0].position.altitude_m, Some(100.0));
        assert_eq!(heard[0].position.error_m, Some(3.0));
        assert_eq!(heard[1].position.error_m, None);
    }

    #[test]
    fn a_cell_is_about_eight_metres_wide_anywhere() {
        for lat_deg in [-60.0, 0.1, 35.0, 70.0] {
            let mut cells = Cells::default();
            // 800 m to the east in steps of 1 m.
            for step in 0..800 {
                let east_deg = f64::from(step) / (111_195.0 * f64::to_radians(lat_deg).cos());
                cells.add(&at(lat_deg, 10.0 + east_deg), -60);
            }
            assert!(
                (99..=102).contains(&cells.heard().len()),
                "{lat_deg}: {}",
                cells.heard().len()
            );
        }
    }

    #[test]
    fn when_full_the_strongest_stay() {
        let mut cells = Cells::default();
        for n in 0..3000 {
            let signal_dbm = if n % 3 == 0 { -40 } else { -80 };
            cells.add(&at(50.0 + f64::from(n) * 0.001, 8.0), signal_dbm);
        }
        let heard = cells.heard();
        assert_eq!(heard.len(), MAX_CELLS);
        assert_eq!(heard.iter().filter(|cell| cell.max_dbm == -40).count(), 1000);
    }

    #[test]
    fn hostile_places_do_not_panic() {
        let mut cells = Cells::default();
        for (lat_deg, lon_deg) in [(90.0, 180.0), (-90.0, -180.0), (0.0, 1e-7)] {
            let place =
                at(lat_deg, lon_deg).with_altitude_m(Some(f32::MAX)).with_error_m(Some(f32::MAX));
            cells.add(&place, i8::MIN);
        }
        assert_eq!(cells.heard().len(), 3);
    }
}
