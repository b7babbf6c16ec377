//! `self-test`: what this machine has, looked at honestly, and how fast it is, measured. What cannot be
//! looked at says why.

use super::checks::{self, Check, Outcome};
use super::{baseline, measure};
use crate::cli::SelfTestArguments;
use crate::{clock, state_dir};
use anyhow::Result;
use pw_wire::DEFAULT_PORT;
use serde_json::{Map, json};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::Path;

/// Runs every check; true when none is bad.
pub(super) fn self_test(state: &Path, arguments: &SelfTestArguments) -> Result<bool> {
    let missing = state_dir::missing(state);
    let usual = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
    let mut checks: Vec<Check> = checks::radios();
    checks.push(checks::capture_rights());
    checks.push(checks::position(arguments.gps.clone()));
    checks.push(checks::disk(state));
    checks.push(checks::key(state));
    checks.push(checks::port(arguments.listen.unwrap_or(usual), state));
    checks.push(checks::clock());
    checks.push(checks::throttling());
    checks.push(checks::temperature());
    checks.extend(checks::health_of_machine(state, clock::now()));
    let mut more = Map::new();
    match measure::measure(state) {
        Ok(measured) => {
            let before = baseline::read(state);
            more.insert("measured".to_owned(), json!(measured));
            more.insert(
                "baseline".to_owned(),
                json!(before.as_ref().ok().and_then(Option::as_ref)),
            );
            if arguments.save_baseline {
                let words = format!("kept in {}", baseline::save(state, measured)?.display());
                checks.extend(baseline::compare(&measured, baseline::read(state)));
                checks.push(Check::new("baseline", Outcome::Good, words));
            } else {
                checks.extend(baseline::compare(&measured, before));
            }
        }
        Err(error) => checks.push(Check::new("storage", Outcome::Bad, format!("{error:#}"))),
    }
    if !arguments.save_baseline {
        // The folder was made to be measured; it goes where nothing is in it.
        state_dir::remove_empty(&missing);
    }
    checks::show_with(&checks, arguments.common.json, more)
}
