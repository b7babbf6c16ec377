//! `audit`: who did what with this sensor.

use super::{say, say_json};
use crate::audit::read;
use anyhow::{Context, Result};
use pw_model::words::counted;
use serde_json::json;
use std::path::Path;

pub(super) fn audit(state: &Path, json: bool) -> Result<bool> {
    let read = read(state).with_context(|| format!("the audit log in {}", state.display()));
    let (entries, damaged) = read?;
    if json {
        say_json(&json!({ "entries": entries, "damaged_lines": damaged }))?;
        return Ok(damaged == 0);
    }
    if entries.is_empty() {
        say("Nothing is noted yet: it begins with the first start of the sensor")?;
    }
    for entry in &entries {
        let mut line = format!("{}  {}", entry.time, entry.event.words());
        if let Some(desktop) = &entry.desktop {
            line.push_str(&format!("  {desktop}"));
        }
        if let Some(key) = &entry.key {
            line.push_str(&format!("  key {}", key.get(..8).unwrap_or(key)));
        }
        if let Some(address) = &entry.address {
            line.push_str(&format!("  from {address}"));
        }
        if let Some(detail) = &entry.detail {
            line.push_str(&format!("  ({detail})"));
        }
        say(line)?;
    }
    if damaged > 0 {
        let lines = counted(damaged as u64, "line is", "lines are");
        say(format!("{lines} damaged, as a power cut leaves them"))?;
    }
    Ok(damaged == 0)
}
