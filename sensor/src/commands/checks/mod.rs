//! Checks of a machine, shared by `self-test` and `setup`: each says how it is and what to do.

mod accounts;
mod health;
mod machine;
mod network;
mod power;
mod system;

pub(super) use accounts::Account;
pub(super) use health::machine as health_of_machine;
pub(super) use machine::{capture_rights, clock, disk, key, position, radios, temperature};
pub(super) use network::{others_at_the_radios, port, radio_switches};
pub(super) use power::throttling;
pub(super) use system::{
    capabilities, journal_key, kernel, libpcap, serial_receivers, state_folder,
};

use super::{say, say_json};
use anyhow::Result;
use serde_json::{Map, Value, json};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Good,
    /// The sensor works, but not as well as it could, or not with everything that is there.
    Attention,
    Bad,
    NotAvailable,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
            Self::NotAvailable => "not available",
        }
    }
}

/// What was looked at, how it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    pub(super) words: String,
    /// What the person can do, where something can be done.
    pub(super) advice: Option<String>,
}

impl Check {
    pub(super) fn new(name: impl Into<String>, outcome: Outcome, words: impl Into<String>) -> Self {
        Self { name: name.into(), outcome, words: words.into(), advice: None }
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Prints the checks; true when none is bad.
pub(super) fn show(checks: &[Check], json: bool) -> Result<bool> {
    show_with(checks, json, Map::new())
}

/// The same, with more in the JSON object.
pub(super) fn show_with(checks: &[Check], json: bool, more: Map<String, Value>) -> Result<bool> {
    let good = checks.iter().all(|check| check.outcome != Outcome::Bad);
    if json {
        let list: Vec<_> = checks
            .iter()
            .map(|check| {
                json!({
                    "check": check.name,
                    "outcome": check.outcome.word(),
                    "words": check.words,
                    "advice": check.advice,
                })
            })
            .collect();
        let mut answer = Map::from_iter([
            ("good".to_owned(), json!(good)),
            ("checks".to_owned(), Value::Array(list)),
        ]);
        answer.extend(more);
        say_json(&Value::Object(answer))?;
    } else {
        for check in checks {
            say(format!("{:<13}  {:<14}  {}", check.outcome.word(), check.name, check.words))?;
            if let Some(advice) = &check.advice {
                say(format!("{:31}to do: {advice}", ""))?;
            }
        }
    }
    Ok(good)
}
