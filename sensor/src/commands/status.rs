//! `status`: asks the running sensor through its socket.

use super::{bytes_words, say, say_json, status_guard};
use crate::control;
use anyhow::Result;
use pw_model::words::counted;
use serde_json::Value;
use std::path::Path;

pub(super) fn status(state: &Path, json: bool) -> Result<bool> {
    let status = control::ask(state, "status")?;
    if json {
        say_json(&status)?;
        return Ok(true);
    }
    let text = |value: &Value| match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number = |key: &str| status.get(key).and_then(Value::as_u64).unwrap_or(0);
    let field = |key: &str| text(status.get(key).unwrap_or(&Value::Null));
    say(format!("{} ({}), up {} s", field("name"), field("sensor"), field("uptime_secs")))?;
    match status.get("origin").and_then(Value::as_str) {
        Some("simulated") => say("SIMULATED: nothing of this was heard on the air")?,
        Some("replay") => say("played from a recording")?,
        _ => {}
    }
    for radio in status.get("radios").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| text(radio.get(key).unwrap_or(&Value::Null));
        let listening = radio.get("listening").and_then(Value::as_bool) == Some(true);
        say(format!(
            "radio {}: {}, {}, {} MHz, {} frames, {} lost{}{}",
            part("radio"),
            part("source"),
            if listening { "listens" } else { "does not listen" },
            part("frequency_mhz"),
            part("frames"),
            part("frames_lost"),
            match radio.get("plan_words").and_then(Value::as_str) {
                Some(plan) => format!("; plan: {plan}"),
                None => String::new(),
            },
            match radio.get("trouble").and_then(Value::as_str) {
                Some(trouble) => format!("; {trouble}"),
                None => String::new(),
            },
        ))?;
    }
    match status.get("gps") {
        Some(Value::Object(gps)) => {
            let part = |key: &str| text(gps.get(key).unwrap_or(&Value::Null));
            let trouble = match gps.get("trouble").and_then(Value::as_str) {
                Some(trouble) => format!("; {trouble}"),
                None => String::new(),
            };
            let tenths = |key: &str| match gps.get(key).and_then(Value::as_f64) {
                Some(value) => format!("{value:.1}"),
                None => part(key),
            };
            say(format!(
                "position: fix {}, {} satellites, error {} m, {} s old{trouble}",
                part("mode"),
                part("satellites"),
                tenths("error_m"),
                tenths("position_age_secs")
            ))?;
        }
        _ => say("position: no receiver")?,
    }
    say(format!("frames: {} in, {} lost", field("frames"), field("frames_lost")))?;
    say(format!(
        "journal: {} ({}) for a desktop, {} on disk, {} free{}",
        counted(number("backlog_batches"), "batch waits", "batches wait"),
        bytes_words(number("backlog_bytes")),
        bytes_words(number("journal_bytes")),
        status
            .get("disk_free_bytes")
            .and_then(Value::as_u64)
            .map_or("unknown".to_owned(), bytes_words),
        match status.get("journal_trouble").and_then(Value::as_str) {
            Some(trouble) => format!("; {trouble}"),
            None => String::new(),
        },
    ))?;
    say(format!(
        "link: {} connected, {} refused, listens on {}",
        counted(number("desktops_connected"), "desktop", "desktops"),
        field("connections_refused"),
        field("listen")
    ))?;
    status_guard::lines(&status).iter().try_for_each(say)?;
    Ok(true)
}
