//! `self-test`: what this machine has, looked at honestly. What cannot be looked at says why.

use super::checks::{self, Check};
use crate::gps::GpsSpec;
use anyhow::Result;
use std::path::Path;

/// Runs every check; true when none is bad.
pub(super) fn self_test(state: &Path, gps: Option<GpsSpec>, json: bool) -> Result<bool> {
    let mut checks: Vec<Check> = checks::radios();
    checks.push(checks::capture_rights());
    checks.push(checks::position(gps));
    checks.push(checks::disk(state));
    checks.push(checks::key(state));
    checks.push(checks::clock());
    checks.push(checks::throttling());
    checks.push(checks::temperature());
    checks::show(&checks, json)
}
