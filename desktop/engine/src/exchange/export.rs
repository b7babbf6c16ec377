//! Writing a survey in other programs' formats.

use super::{ExchangeError, NewFile, geojson, gpx, kml, table, wigle};
use crate::shared::Places;
use crate::vendor::vendor;
use pw_model::Origin;
use pw_model::words::counted;
use pw_survey::{AccessPoint, Filter, Snapshot, SurveyReader};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A format that can be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExportFormat {
    /// WiGLE CSV 1.6: one row per place and network.
    WigleCsv,
    /// KML 2.2 for globes and maps.
    Kml,
    /// GPX 1.1: the track with times, networks as waypoints.
    Gpx,
    /// GeoJSON (RFC 7946).
    GeoJson,
    /// A table of the networks, comma-separated.
    Csv,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::WigleCsv, Self::Kml, Self::Gpx, Self::GeoJson, Self::Csv];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WigleCsv => "wigle",
            Self::Kml => "kml",
            Self::Gpx => "gpx",
            Self::GeoJson => "geojson",
            Self::Csv => "csv",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::WigleCsv => "WiGLE CSV 1.6",
            Self::Kml => "KML",
            Self::Gpx => "GPX 1.1",
            Self::GeoJson => "GeoJSON",
            Self::Csv => "CSV table of networks",
        }
    }

    /// Usual end of a file name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::WigleCsv | Self::Csv => "csv",
            Self::Kml => "kml",
            Self::Gpx => "gpx",
            Self::GeoJson => "geojson",
        }
    }
}

/// What an export takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExportSource {
    /// The whole survey.
    #[default]
    Everything,
    /// The selected stretch of time; the whole survey when none is selected.
    Selection,
}

/// What is exported.
#[derive(Debug)]
pub struct ExportInput<'a> {
    /// The state that is written.
    pub snapshot: &'a Snapshot,
    /// Where its access points are.
    pub places: &'a Places,
    /// The facts behind it.
    pub reader: &'a SurveyReader,
    /// Which access points.
    pub filter: &'a Filter,
}

impl ExportInput<'_> {
    /// Access points that pass the filter.
    pub(crate) fn access_points(&self) -> impl Iterator<Item = &Arc<AccessPoint>> {
        self.snapshot.access_points.iter().filter(|ap| self.filter.matches_ap(ap, vendor))
    }

    /// What must be said of all of it: `simulated data`, or that some is; `None` for real data.
    pub(crate) fn label(&self) -> Option<&'static str> {
        match (self.snapshot.is_simulated(), self.snapshot.origins().as_slice()) {
            (false, _) => None,
            (true, [Origin::Simulated]) => Some("simulated data: nothing here was measured"),
            (true, _) => Some("partly simulated data: what is, is marked"),
        }
    }
}

/// What was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExportSummary {
    /// Networks.
    pub networks: u64,
    /// Rows, where a network has several.
    pub rows: Option<u64>,
    /// Networks that were left out, or stand there without a place, because none is known.
    pub without_place: u64,
    /// True when those are left out.
    pub left_out: bool,
}

impl ExportSummary {
    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        let rows = self.rows.map(|rows| format!(" in {}", counted(rows, "row", "rows")));
        let rows = rows.unwrap_or_default();
        let without = match (self.without_place, self.left_out) {
            (0, _) => String::new(),
            (count, true) => format!("; {count} left out: no position is known"),
            (count, false) => format!("; {count} of them without a known position"),
        };
        format!("{}{rows}{without}", counted(self.networks, "network", "networks"))
    }
}

/// What a long export tells and asks: progress 0 to 1, and whether to stop.
pub(crate) struct Watch<'a> {
    pub(crate) progress: &'a mut dyn FnMut(f32),
    pub(crate) cancel: &'a AtomicBool,
}

impl Watch<'_> {
    pub(crate) fn step(&mut self, progress: f32) -> Result<(), ExchangeError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(ExchangeError::Cancelled);
        }
        (self.progress)(progress);
        Ok(())
    }
}

/// Writes `input` to `path`. What is there is replaced once the new file is complete.
///
/// # Errors
/// The file cannot be written, the survey not be read, or it was cancelled; then nothing is left
/// behind and what was there stays.
pub fn export(
    format: ExportFormat,
    path: &Path,
    input: &ExportInput<'_>,
    progress: &mut dyn FnMut(f32),
    cancel: &AtomicBool,
) -> Result<ExportSummary, ExchangeError> {
    let mut file = NewFile::create(path)?;
    let failed = |source: io::Error| ExchangeError::Write { path: path.to_owned(), source };
    let mut watch = Watch { progress, cancel };
    watch.step(0.0)?;
    let summary = match format {
        ExportFormat::WigleCsv => wigle::write(&mut file, path, input, &mut watch)?,
        ExportFormat::Kml => kml::write(&mut file, input).map_err(failed)?,
        ExportFormat::Gpx => gpx::write(&mut file, input).map_err(failed)?,
        ExportFormat::GeoJson => geojson::write(&mut file, input).map_err(failed)?,
        ExportFormat::Csv => table::write(&mut file, input).map_err(failed)?,
    };
    watch.step(1.0)?;
    file.finish()?;
    Ok(summary)
}
