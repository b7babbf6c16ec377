//! `keys`: the paired desktops.

use super::{or_dash, say, say_json};
use crate::link::{KeyStore, PairedDesktop};
use anyhow::Result;
use pw_model::Timestamp;
use serde_json::{Value, json};
use std::path::Path;

fn value(desktop: &PairedDesktop) -> Value {
    json!({
        "name": desktop.name,
        "key": desktop.fingerprint.to_string().replace(' ', ""),
        "paired": desktop.paired.map(Timestamp::rfc3339_secs),
    })
}

pub(super) fn list(state: &Path, json: bool) -> Result<bool> {
    let desktops = KeyStore::open(state)?.desktops();
    if json {
        say_json(&Value::Array(desktops.iter().map(value).collect()))?;
        return Ok(true);
    }
    if desktops.is_empty() {
        say("No desktop is paired. Pair one with: piwardrive-sensor pair")?;
    }
    for desktop in &desktops {
        let paired = or_dash(desktop.paired.map(Timestamp::rfc3339_secs));
        say(format!("{}  paired {paired}  key {}", desktop.name, desktop.fingerprint))?;
    }
    Ok(true)
}

pub(super) fn revoke(state: &Path, desktop: &str, json: bool) -> Result<bool> {
    let revoked = KeyStore::open(state)?.revoke(desktop)?;
    if json {
        say_json(&json!({ "revoked": value(&revoked) }))?;
    } else {
        say(format!("Revoked {}: it is not let in any more", revoked.name))?;
    }
    Ok(true)
}
