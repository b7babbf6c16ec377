//! A scenario: the file that describes town, drive and sensor, checked and made ready to play.

pub(crate) mod format;
mod place;
mod validate;

use crate::drive::Track;
use crate::town::Town;
use format::ScenarioFile;
use pw_model::Timestamp;
use std::sync::Arc;
use std::time::Duration;

pub use format::Expect;
pub(crate) use validate::{
    LONGEST_SECS, MOST_ACCESS_POINTS, MOST_BUILDINGS, MOST_CLIENTS, Problem,
};

/// Longest scenario text in bytes; a longer one is refused.
const LONGEST_TEXT: usize = 4 << 20;

/// Why a text is not a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not TOML, or a field is unknown, missing or of the wrong type.
    #[error("{}{message}", Line(.line))]
    Syntax {
        /// 1-based line, where known.
        line: Option<usize>,
        /// What is wrong, in one line.
        message: String,
    },
    /// A value that cannot be.
    #[error("{}{field}: {problem}", Line(.line))]
    Invalid {
        /// 1-based line, where known.
        line: Option<usize>,
        /// Path of the field, array positions counted from 0.
        field: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The text is too long to be a scenario.
    #[error("the scenario has {length} bytes; at most {LONGEST_TEXT} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
}

/// `line 12: `, or nothing when the line is not known.
struct Line<'a>(&'a Option<usize>);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(line) => write!(out, "line {line}: "),
            None => Ok(()),
        }
    }
}

/// A scenario, checked, with its town built and its drive planned. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name, as the file gives it.
    pub name: String,
    /// What it is for, in words; may be empty.
    pub description: String,
    /// Name of the invented town.
    pub town_name: String,
    /// The number that everything random is drawn from.
    pub seed: u64,
    /// When it begins.
    pub start: Timestamp,
    /// How long it plays.
    pub duration: Duration,
    /// What a survey of it should find, where the file says so.
    pub expect: Option<Expect>,
    pub(crate) file: Arc<ScenarioFile>,
    pub(crate) town: Arc<Town>,
    pub(crate) track: Arc<Track>,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// The text is not TOML, has a field that is unknown, missing or of the wrong type, or a value
    /// that cannot be; the message names the line and the field.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        if text.len() > LONGEST_TEXT {
            return Err(ScenarioError::TooLong { length: text.len() });
        }
        let file: ScenarioFile = toml::from_str(text).map_err(|error| ScenarioError::Syntax {
            line: error.span().map(|span| place::line_at(text, span.start)),
            message: error.message().trim().replace('\n', "; "),
        })?;
        Self::from_file(file).map_err(|problem| ScenarioError::Invalid {
            line: place::line_of(text, &problem.field),
            field: problem.field,
            problem: problem.problem,
        })
    }

    fn from_file(file: ScenarioFile) -> Result<Self, Problem> {
        validate::validate(&file)?;
        let start = Timestamp::parse_rfc3339(&file.scenario.start).map_err(|error| Problem {
            field: "scenario.start".to_owned(),
            problem: error.to_string(),
        })?;
        let track = Track::plan(&file.drive, file.scenario.duration_secs)?;
        let town = Town::build(&file)?;
        Ok(Self {
            name: file.scenario.name.clone(),
            description: file.scenario.description.clone(),
            town_name: file.town.name.clone(),
            seed: file.scenario.seed,
            start,
            duration: Duration::from_secs_f64(track.duration_secs()),
            expect: file.expect.clone(),
            file: Arc::new(file),
            town: Arc::new(town),
            track: Arc::new(track),
        })
    }

    /// Names of the radios, in the order of their [`pw_model::RadioId`].
    #[must_use]
    pub fn radio_names(&self) -> Vec<String> {
        self.file.radio.iter().map(|radio| radio.name.clone()).collect()
    }

    /// The same scenario played with another seed: other networks in generated places, other
    /// shadows, other errors.
    ///
    /// # Errors
    /// The other seed makes more than a scenario may hold.
    pub fn with_seed(&self, seed: u64) -> Result<Self, ScenarioError> {
        let mut file = (*self.file).clone();
        file.scenario.seed = seed;
        Self::from_file(file).map_err(|problem| ScenarioError::Invalid {
            line: None,
            field: problem.field,
            problem: problem.problem,
        })
    }
}

#[cfg(test)]
mod tests;
