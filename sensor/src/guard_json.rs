//! What the sensor states of people's data, its machine, its clock and its silence, as JSON. What is
//! not available is an object that says why.

use crate::pipeline::{GuardState, MotionInputState};
use pw_model::{
    ClientAddresses, ClockEvent, ClockEventKind, ClockState, DiskWear, FixDoubt, HealthDetails,
    Memory, MotionSample, PrivacyDeclaration, Reading, Throttling, Transmitted, UsbDevices,
    WithheldKind,
};
use serde_json::{Map, Value, json};

/// Adds the statements to the answer of `status`.
pub fn add(state: &GuardState, answer: &mut Map<String, Value>) {
    let mut privacy = state.privacy.as_ref().map_or(Value::Null, declaration);
    if let Value::Object(privacy) = &mut privacy {
        privacy.insert("in_home_zone".to_owned(), json!(state.in_home_zone));
    }
    answer.insert("privacy".to_owned(), privacy);
    answer.insert("confinement".to_owned(), json!(state.confinement));
    let mut kept_back = Map::new();
    kept_back.insert("opted_out_frames".to_owned(), json!(state.opted_out_frames));
    for kind in WithheldKind::ALL {
        let count = state.withheld.get(&kind).copied().unwrap_or(0);
        kept_back.insert(kind.key().to_owned(), json!(count));
    }
    answer.insert("withheld".to_owned(), Value::Object(kept_back));
    let sent: Vec<Value> = state.transmitted.iter().map(transmitted).collect();
    answer.insert("transmitted".to_owned(), Value::Array(sent));
    answer.insert("machine".to_owned(), state.health.as_ref().map_or(Value::Null, machine));
    answer.insert("clock".to_owned(), state.clock.as_ref().map_or(Value::Null, clock));
    let events: Vec<Value> = state.clock_events.iter().map(clock_event).collect();
    answer.insert("clock_events".to_owned(), Value::Array(events));
    let doubtful: Map<String, Value> =
        state.doubtful_fixes.iter().map(|(doubt, n)| (doubt_key(*doubt), json!(n))).collect();
    answer.insert("doubtful_fixes".to_owned(), Value::Object(doubtful));
    let inputs = [("imu", &state.motion.imu), ("speed", &state.motion.speed)];
    let inputs = inputs.map(|(key, input)| (key.to_owned(), motion_input(input.as_ref())));
    answer.insert("motion".to_owned(), Value::Object(inputs.into_iter().collect()));
}

/// An input of motion; null when none is configured.
fn motion_input(input: Option<&MotionInputState>) -> Value {
    input.map_or(Value::Null, |input| {
        json!({
            "name": input.name,
            "not_available": input.trouble,
            "samples": input.samples,
            "left_out": input.left_out,
            "crowded_out": input.crowded_out,
            "latest": input.latest.as_ref().map(motion),
        })
    })
}

/// How the sensor moved.
#[must_use]
pub fn motion(sample: &MotionSample) -> Value {
    json!({
        "time": sample.time.rfc3339(),
        "source": sample.source.name(),
        "speed_mps": sample.speed_mps,
        "acceleration_mps2": sample.acceleration_mps2,
        "angular_velocity_rps": sample.angular_velocity_rps,
    })
}

/// How people's data are treated.
#[must_use]
pub fn declaration(declared: &PrivacyDeclaration) -> Value {
    json!({
        "clients": match declared.clients {
            ClientAddresses::Clear => "clear",
            ClientAddresses::Pseudonyms => "pseudonyms",
        },
        "rotation_secs": declared.rotation_secs,
        "probe_names": declared.probe_names,
        "audit": declared.audit,
        "home_zones": declared.home_zones,
    })
}

/// Frames sent.
#[must_use]
pub fn transmitted(sent: &Transmitted) -> Value {
    json!({
        "radio": sent.radio.0,
        "frames": reading(&sent.frames, |frames| json!(frames)),
        "words": sent.words(),
    })
}

/// A state of the clock.
#[must_use]
pub fn clock(clock: &ClockState) -> Value {
    json!({
        "time": clock.time.rfc3339(),
        "source": format!("{:?}", clock.source).to_lowercase(),
        "offset_us": clock.offset_us,
        "uncertainty_us": clock.uncertainty_us,
    })
}

/// A finding of the clock.
#[must_use]
pub fn clock_event(event: &ClockEvent) -> Value {
    let (kind, by_us, turns) = match event.kind {
        ClockEventKind::BeforeRelease => ("before_release", None, None),
        ClockEventKind::Stepped { by_us } => ("stepped", Some(by_us), None),
        ClockEventKind::Corrected { by_us } => ("corrected", Some(by_us), None),
        ClockEventKind::WeekRollover { turns } => ("week_rollover", None, Some(turns)),
    };
    json!({
        "time": event.time.rfc3339(), "event": kind, "by_us": by_us, "turns": turns,
        "words": event.words(),
    })
}

/// Its key in JSON.
#[must_use]
pub fn doubt_key(doubt: FixDoubt) -> String {
    format!("{doubt:?}").to_lowercase()
}

/// The machine.
#[must_use]
pub fn machine(details: &HealthDetails) -> Value {
    let rates: Vec<Value> = details
        .radio_rates
        .iter()
        .map(|rate| json!({ "radio": rate.radio.0, "frames_per_second": rate.frames_per_second }))
        .collect();
    json!({
        "time": details.time.rfc3339(),
        "throttling": reading(&details.throttling, |flags: &Throttling| json!({
            "flags": flags.0, "now": flags.now(), "since_start": flags.since_start(),
        })),
        "under_voltage": reading(&details.under_voltage, |low| json!(low)),
        "memory": reading(&details.memory, |memory: &Memory| json!({
            "total_bytes": memory.total_bytes, "available_bytes": memory.available_bytes,
        })),
        "disk_total_bytes": reading(&details.disk_total_bytes, |bytes| json!(bytes)),
        "disk_wear": reading(&details.disk_wear, |wear: &DiskWear| json!({
            "life_used_tenths": wear.life_used_tenths, "spare_blocks": wear.spare_blocks,
        })),
        "usb": reading(&details.usb, |usb: &UsbDevices| json!({
            "devices": usb.devices, "changes": usb.changes,
        })),
        "ring_fill": reading(&details.ring_fill, |fill| json!(fill)),
        "radio_rates": rates,
    })
}

fn reading<T>(reading: &Reading<T>, value: impl FnOnce(&T) -> Value) -> Value {
    match reading {
        Reading::Known(known) => value(known),
        Reading::NotAvailable(why) => json!({ "not_available": why }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{RadioId, Timestamp};

    #[test]
    fn what_is_not_available_says_why_and_counts_are_complete() {
        let time = Timestamp::from_unix_secs(0);
        let gone = |why: &str| Reading::NotAvailable(why.to_owned());
        let frames = gone("wlan1 has no counter");
        let state = GuardState {
            transmitted: vec![Transmitted { time, radio: RadioId(1), frames }],
            ..GuardState::default()
        };
        let mut answer = Map::new();
        add(&state, &mut answer);
        let answer = Value::Object(answer);
        assert_eq!(answer["transmitted"][0]["frames"]["not_available"], "wlan1 has no counter");
        let kept_back = answer["withheld"].as_object().expect("an object");
        assert_eq!(kept_back.len(), 1 + WithheldKind::ALL.len());
        assert!(kept_back.values().all(|count| count == 0));
        assert_eq!(answer["privacy"], Value::Null, "nothing is declared before the first look");
    }
}
