//! What a report is made from, and what can be asked of it.

use pw_analysis::locate::Located;
use pw_model::{MacAddr, Timestamp};
use pw_survey::Snapshot;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Everything that a report is made from. Equal inputs give equal bytes.
#[derive(Clone)]
pub struct ReportInput {
    /// The survey, or the stretch of time of it that was selected.
    pub snapshot: Arc<Snapshot>,
    /// Estimated places, from [`pw_analysis::locate::locate_all`] over the same snapshot.
    pub located: Arc<BTreeMap<MacAddr, Located>>,
    /// What the person asked for.
    pub settings: ReportSettings,
    /// When the report was made.
    pub generated_at: Timestamp,
    /// Name and version of the program, as the footer shows it.
    pub software: String,
    /// Who made the device, by its address; `None` when the registry does not say.
    pub vendor: fn(MacAddr) -> Option<String>,
    /// The lists that `vendor` asks, with their date, as the method section names them.
    pub vendor_lists: String,
}

impl fmt::Debug for ReportInput {
    /// The survey's name and the settings; not what was heard.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ReportInput")
            .field("survey", &self.snapshot.survey.name)
            .field("settings", &self.settings)
            .field("generated_at", &self.generated_at)
            .finish_non_exhaustive()
    }
}

/// What the person asked for. Lines that are `None` are left out of the cover.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReportSettings {
    /// Title on the cover; `None` says "Wi-Fi survey report".
    pub title: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// The author's organisation.
    pub organisation: Option<String>,
    /// For whom it was made.
    pub client: Option<String>,
    /// Why the survey was made, and with whose permission.
    pub purpose: Option<String>,
    /// A marking for every page, such as "Confidential".
    pub marking: Option<String>,
    /// Which parts go in.
    pub include: Include,
    /// How much of a network's address is printed.
    pub addresses: AddressStyle,
}

/// Which parts of the report go in. Cover, summary and limits always do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Include {
    /// Findings with evidence and advice.
    pub findings: bool,
    /// Map of the track and the networks.
    pub map: bool,
    /// Use of the channels, and how long each was listened to.
    pub channels: bool,
    /// Table of all networks.
    pub networks: bool,
    /// Counts of clients.
    pub clients: bool,
    /// How the survey was made and what the numbers mean.
    pub method: bool,
    /// Losses, clock, positions, sensors.
    pub quality: bool,
    /// Words explained.
    pub glossary: bool,
}

impl Default for Include {
    /// Everything.
    fn default() -> Self {
        Self {
            findings: true,
            map: true,
            channels: true,
            networks: true,
            clients: true,
            method: true,
            quality: true,
            glossary: true,
        }
    }
}

/// How much of a network's address is printed. Addresses of clients are never printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AddressStyle {
    /// All six octets.
    #[default]
    Full,
    /// The maker's three octets and the last one.
    Shortened,
}

/// A step of the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Reading the survey.
    Gather,
    /// Drawing map and charts.
    Draw,
    /// Setting the pages.
    Typeset,
    /// Writing the PDF.
    Write,
}

impl Stage {
    /// What is being done, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gather => "Reading the survey",
            Self::Draw => "Drawing map and charts",
            Self::Typeset => "Setting the pages",
            Self::Write => "Writing the PDF",
        }
    }
}

/// How far the work is: told before each step, so that it can be stopped there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The step that begins.
    pub stage: Stage,
    /// Its number, from 1.
    pub step: u32,
    /// How many there are.
    pub steps: u32,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The progress function said to stop.
    #[error("the report was stopped")]
    Stopped,
    /// The pages could not be set: a fault of this program.
    #[error("the report's pages could not be set: {0}; please report this with the survey's log")]
    Typeset(String),
    /// The PDF could not be written: a fault of this program.
    #[error("the PDF could not be written: {0}; please report this with the survey's log")]
    Pdf(String),
    /// The document could not be handed to the typesetter: a fault of this program.
    #[error("the report's data could not be encoded: {0}")]
    Encode(#[from] serde_json::Error),
}
