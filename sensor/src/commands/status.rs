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
    thinning(&status).map_or(Ok(()), say)?;
    sealing(&status).map_or(Ok(()), say)?;
    say(format!(
        "link: {} connected, {} refused, listens on {}",
        counted(number("desktops_connected"), "desktop", "desktops"),
        field("connections_refused"),
        field("listen")
    ))?;
    status_guard::lines(&status).iter().try_for_each(say)?;
    Ok(true)
}

/// What was thinned out to make room; nothing where nothing was.
fn thinning(status: &Value) -> Option<String> {
    let number = |key: &str| status.get(key).and_then(Value::as_u64);
    let segments = number("journal_thinned_segments").filter(|segments| *segments > 0)?;
    let mut words = format!(
        "journal: near its quota; in {} only the strongest frames of each transmitter are left",
        counted(segments, "segment", "segments")
    );
    if let Some(frames) = number("journal_thinned_frames").filter(|frames| *frames > 0) {
        let frames = counted(frames, "frame", "frames");
        words.push_str(&format!(" ({frames} left out since the start, and stated)"));
    }
    Some(words)
}

/// Whether the journal is sealed; nothing of one that never was.
fn sealing(status: &Value) -> Option<String> {
    let number = |key: &str| status.get(key).and_then(Value::as_u64).unwrap_or(0);
    let (sealed, plain) = (number("journal_sealed_segments"), number("journal_plain_segments"));
    let segments = |count| counted(count, "segment", "segments");
    match (status.get("journal_seals").and_then(Value::as_bool)?, sealed, plain) {
        (true, _, 0) => Some("journal: sealed".to_owned()),
        (true, _, plain) => Some(format!(
            "journal: new records are sealed; {} of before can be read without the key",
            segments(plain)
        )),
        (false, 0, _) => None,
        (false, sealed, _) => Some(format!(
            "journal: new records are not sealed; {} of before need the key",
            segments(sealed)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_thinned_is_said() {
        let words = |segments: u64, frames: u64| {
            thinning(&json!({
                "journal_thinned_segments": segments,
                "journal_thinned_frames": frames,
            }))
        };
        assert_eq!(words(0, 0), None);
        let before = words(1, 0).expect("words");
        assert!(before.contains("in 1 segment only") && !before.contains("since"), "{before}");
        let now = words(2, 4096).expect("words");
        assert!(now.contains("left out since the start"), "{now}");
    }

    #[test]
    fn a_journal_that_is_partly_sealed_says_so() {
        let words = |seals: bool, sealed: u64, plain: u64| {
            sealing(&json!({
                "journal_seals": seals,
                "journal_sealed_segments": sealed,
                "journal_plain_segments": plain,
            }))
        };
        assert_eq!(words(false, 0, 3), None);
        assert_eq!(words(true, 3, 0).as_deref(), Some("journal: sealed"));
        let mixed = words(true, 3, 1).expect("words");
        assert!(mixed.contains("1 segment of before can be read without the key"), "{mixed}");
        let mixed = words(false, 3, 1).expect("words");
        assert!(mixed.contains("3 segments of before need the key"), "{mixed}");
        assert_eq!(sealing(&json!({})), None, "a sensor of before says nothing of it");
    }
}
