//! The running sensor's state as JSON, for `status`.

use crate::guard_json;
use crate::journal::JournalState;
use crate::link::LinkTraffic;
use crate::pipeline::PipelineState;
use pw_model::{FixMode, Origin, SensorId};
use pw_wire::RadioTuning;
use serde_json::{Value, json};

/// What the state is put together from.
pub struct Parts<'a> {
    /// Name of the sensor.
    pub name: &'a str,
    /// Where its frames come from.
    pub origin: Origin,
    /// Where it listens for desktops.
    pub listen: &'a str,
    /// Who it is; `None` while it is leaving.
    pub sensor: Option<SensorId>,
    /// What the link did.
    pub traffic: LinkTraffic,
    /// How the pipeline is.
    pub progress: &'a PipelineState,
    /// What the journal holds.
    pub journal: &'a JournalState,
    /// What radios are told to listen to.
    pub tuning: &'a [RadioTuning],
    /// Frames that ever came in with this journal.
    pub frames_in: u64,
}

/// The state; what is not known is null.
#[must_use]
pub fn status(parts: &Parts<'_>) -> Value {
    let status = parts.progress.status.as_ref();
    let gps = status.and_then(|status| status.gps.as_ref()).map(|gps| {
        json!({
            "mode": gps.mode.map(mode_name),
            "satellites": gps.satellites,
            "position_age_secs": gps.position_age_secs,
            "error_m": gps.error_m,
            "trouble": gps.trouble,
        })
    });
    let radios: Vec<Value> = status
        .into_iter()
        .flat_map(|status| &status.radios)
        .map(|radio| {
            let tuning = parts.tuning.iter().find(|tuning| tuning.radio == radio.radio);
            json!({
                "radio": radio.radio.0,
                "source": radio.source,
                "listening": radio.listening,
                "frequency_mhz": radio.frequency_mhz,
                "plan": tuning.and_then(|tuning| tuning.plan.as_ref()),
                "plan_words": tuning.map(|tuning| &tuning.words),
                "frames": radio.frames,
                "frames_lost": radio.frames_lost,
                "trouble": radio.trouble,
            })
        })
        .collect();
    let mut answer = json!({
        "name": parts.name,
        "sensor": parts.sensor.map(|sensor| sensor.to_string()),
        "origin": parts.origin.name(),
        "time": status.map(|status| status.time.rfc3339()),
        "uptime_secs": status.map(|status| status.uptime_secs),
        "radios": radios,
        "running_sources": parts.progress.running_sources,
        "settled": parts.progress.settled,
        "gps": gps,
        "frames": status.map(|status| status.frames),
        "frames_per_second": status.and_then(|status| status.frames_per_second),
        "frames_lost": status.map(|status| status.frames_lost),
        "frames_in": parts.frames_in,
        "oldest_seq": parts.journal.oldest_seq,
        "durable_seq": parts.journal.durable_seq,
        "backlog_batches": parts.journal.backlog_batches,
        "backlog_bytes": parts.journal.backlog_bytes,
        "journal_bytes": parts.journal.disk_bytes,
        "journal_thinned_segments": parts.journal.thinned_segments,
        "journal_thinned_frames": parts.journal.thinned_frames,
        "journal_last_thinning_ms": parts.journal.last_thinning_ms,
        "journal_seals": parts.journal.seals,
        "journal_sealed_segments": parts.journal.sealed_segments,
        "journal_plain_segments": parts.journal.plain_segments,
        "journal_trouble": parts.journal.trouble,
        "disk_free_bytes": status.and_then(|status| status.disk_free_bytes),
        "temperature_c": status.and_then(|status| status.temperature_c),
        "listen": parts.listen,
        "desktops_connected": parts.traffic.connected,
        "connections_refused": parts.traffic.refused,
        "connections_ignored": parts.traffic.ignored,
        "datagrams_not_quic": parts.traffic.not_quic,
        "levels": {
            "datagrams_sent": parts.traffic.levels.datagrams,
            "datagrams_delayed": parts.traffic.levels.delayed,
            "frames_left_out": parts.traffic.levels.frames_left_out,
            "levels_left_out": parts.traffic.levels.levels_left_out,
            "hand_overs_missed": parts.traffic.levels.missed,
        },
    });
    if let Value::Object(answer) = &mut answer {
        guard_json::add(&parts.progress.guard, answer);
    }
    answer
}

const fn mode_name(mode: FixMode) -> &'static str {
    match mode {
        FixMode::NoFix => "none",
        FixMode::TwoD => "2d",
        FixMode::ThreeD => "3d",
        FixMode::Fixed => "fixed",
    }
}
