//! `status`: how people's data are treated, what never left the sensor, and how machine, clock and
//! silence are, in plain words from the running sensor's JSON.

use super::bytes_words;
use serde_json::Value;

/// The lines, in the order they are shown.
pub(super) fn lines(status: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(privacy(&status["privacy"]));
    lines.push(format!("kept back: {}", kept_back(&status["withheld"])));
    for sent in list(&status["transmitted"]) {
        lines.push(format!("silence: radio {}: {}", sent["radio"], text(&sent["words"])));
    }
    lines.push(format!("confinement: {}", text(&status["confinement"])));
    lines.push(clock(status));
    for event in list(&status["clock_events"]) {
        lines.push(format!("clock: {}: {}", text(&event["time"]), text(&event["words"])));
    }
    lines.extend(motion("imu", &status["motion"]["imu"]));
    lines.extend(motion("speed", &status["motion"]["speed"]));
    lines.extend(machine(&status["machine"]));
    lines
}

/// An input of motion; nothing where none is configured.
fn motion(what: &str, input: &Value) -> Option<String> {
    let samples = input["samples"].as_u64()?;
    if let Some(why) = input["not_available"].as_str() {
        return Some(format!("{what}: not available, because {why}"));
    }
    let name = input["name"].as_str().unwrap_or("nothing read yet");
    let left_out = match input["left_out"].as_u64() {
        None | Some(0) => String::new(),
        Some(count) => format!(", {count} of them in a home zone, or perhaps, and not recorded"),
    };
    let crowded_out = match input["crowded_out"].as_u64() {
        None | Some(0) => String::new(),
        Some(count) => format!(", {count} of them not recorded: too many waited for a fix"),
    };
    // The sensor states it only while it is of now.
    let speed = input["latest"]["speed_mps"].as_f64();
    let speed = speed.map(|mps| format!(", {:.0} km/h", mps * 3.6)).unwrap_or_default();
    Some(format!(
        "{what}: {name}, {samples} samples{left_out}{crowded_out}{speed}; recorded, and not used for positions yet"
    ))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn privacy(privacy: &Value) -> Option<String> {
    let clients = match privacy["clients"].as_str()? {
        "pseudonyms" => {
            let hours = privacy["rotation_secs"].as_u64().unwrap_or(0) / 3600;
            format!("clients are pseudonyms, a new key every {hours} h")
        }
        _ => "addresses of clients are kept as heard".to_owned(),
    };
    let names = match privacy["probe_names"].as_bool() {
        Some(true) => "names they ask for are kept",
        _ => "names they ask for are left out",
    };
    let audit = privacy["audit"].as_str().map(|audit| format!("; audit: {audit}"));
    let zones = match privacy["home_zones"].as_u64() {
        None | Some(0) => String::new(),
        Some(zones) if privacy["in_home_zone"] == true => {
            format!("; home zones: {zones}, and this is one, as far as is known")
        }
        Some(zones) => format!("; home zones: {zones}"),
    };
    Some(format!("privacy: {clients}; {names}{}{zones}", audit.unwrap_or_default()))
}

fn kept_back(counts: &Value) -> String {
    let count = |key: &str| counts[key].as_u64().unwrap_or(0);
    format!(
        "{} of frame bodies, {} frames of networks that opted out, {} frames and {} positions in \
         home zones, {} names asked for, {} elements that name a client",
        bytes_words(count("payload_bytes")),
        count("opted_out_frames"),
        count("home_zone_frames"),
        count("home_zone_positions"),
        count("probe_names"),
        count("elements"),
    )
}

fn clock(status: &Value) -> String {
    let clock = &status["clock"];
    let source = match clock["source"].as_str() {
        Some("system") => "kept by nobody",
        Some("ntp") => "kept by the network time protocol",
        Some("gps") => "set by the receiver",
        Some("pps") => "disciplined by pulse per second",
        Some("file") => "times of the file or scenario",
        _ => "nothing known yet",
    };
    let milliseconds = |key: &str| clock[key].as_i64().map(|us| us as f64 / 1000.0);
    let uncertainty = milliseconds("uncertainty_us")
        .map_or("uncertainty not known".to_owned(), |ms| format!("uncertainty {ms:.1} ms"));
    let offset =
        milliseconds("offset_us").map(|ms| format!("; the receiver's time differs by {ms:.1} ms"));
    let doubtful: Vec<String> = status["doubtful_fixes"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(doubt, count)| format!("{count} {doubt}"))
        .collect();
    let doubtful = if doubtful.is_empty() {
        String::new()
    } else {
        format!("; reports not believed: {}", doubtful.join(", "))
    };
    format!("clock: {source}, {uncertainty}{}{doubtful}", offset.unwrap_or_default())
}

fn machine(machine: &Value) -> Vec<String> {
    if machine.is_null() {
        return vec!["machine: nothing said yet".to_owned()];
    }
    let known = |key: &str, words: &dyn Fn(&Value) -> String| match machine[key]["not_available"]
        .as_str()
    {
        Some(why) => format!("not available: {why}"),
        None => words(&machine[key]),
    };
    let throttled = |flags: &Value| {
        let flags = u32::try_from(flags["flags"].as_u64().unwrap_or(0)).unwrap_or(0);
        pw_model::Throttling(flags).words()
    };
    let wear = |wear: &Value| {
        let part = |key: &str| wear[key].as_u64().and_then(|part| u8::try_from(part).ok());
        let (life_used_tenths, spare_blocks) = (part("life_used_tenths"), part("spare_blocks"));
        pw_model::DiskWear { life_used_tenths, spare_blocks }.words()
    };
    let bytes = |value: &Value| value.as_u64().map_or("unknown".to_owned(), bytes_words);
    let voltage = |low: &Value| if low == true { "TOO LOW" } else { "enough" }.to_owned();
    let mut lines = vec![
        format!("power: {}", known("throttling", &throttled)),
        format!("supply's voltage: {}", known("under_voltage", &voltage)),
        format!(
            "memory: {}",
            known("memory", &|memory| format!(
                "{} of {} free",
                bytes(&memory["available_bytes"]),
                bytes(&memory["total_bytes"])
            ))
        ),
        format!("disk's size: {}", known("disk_total_bytes", &bytes)),
        format!("disk's wear: {}", known("disk_wear", &wear)),
        format!(
            "USB: {}",
            known("usb", &|usb| format!(
                "{} devices, {} came, went or were set up anew",
                usb["devices"], usb["changes"]
            ))
        ),
        format!("capture ring: {}", known("ring_fill", &|fill| format!("{fill} full"))),
    ];
    for rate in list(&machine["radio_rates"]) {
        let frames = rate["frames_per_second"].as_f64().unwrap_or(0.0);
        lines.push(format!("rate: radio {}: {frames:.0} frames per second", rate["radio"]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plain_words() {
        let status = json!({
            "privacy": { "clients": "pseudonyms", "rotation_secs": 86_400, "probe_names": false,
                "audit": null, "home_zones": 2, "in_home_zone": true },
            "withheld": { "payload_bytes": 2048, "opted_out_frames": 3 },
            "transmitted": [{ "radio": 0, "frames": 0, "words": "no frame was sent" }],
            "clock": { "source": "ntp", "offset_us": -1500, "uncertainty_us": 20_000 },
            "clock_events": [],
            "doubtful_fixes": { "stale": 4 },
            "motion": {
                "speed": { "name": "a car", "samples": 9, "left_out": 2, "crowded_out": 1,
                    "latest": { "speed_mps": 20.0 } },
                "imu": { "name": "a chip", "samples": 5, "left_out": 0, "latest": null },
            },
            "machine": {
                "throttling": { "flags": 0x5_0000 },
                "under_voltage": { "not_available": "no sensor" },
                "memory": { "total_bytes": 4096, "available_bytes": 1024 },
                "disk_total_bytes": 1 << 30,
                "disk_wear": { "life_used_tenths": 1, "spare_blocks": null },
                "usb": { "devices": 3, "changes": 0 },
                "ring_fill": { "not_available": "it does not say" },
                "radio_rates": [{ "radio": 0, "frames_per_second": 99.6 }],
            },
        });
        let text = lines(&status).join("\n");
        for words in [
            "clients are pseudonyms, a new key every 24 h; names they ask for are left out; home \
             zones: 2, and this is one",
            "2.0 KiB of frame bodies, 3 frames of networks that opted out",
            "silence: radio 0: no frame was sent",
            "kept by the network time protocol, uncertainty 20.0 ms; the receiver's time differs \
             by -1.5 ms; reports not believed: 4 stale",
            "power: good now; since the start",
            "supply's voltage: not available: no sensor",
            "1.0 KiB of 4.0 KiB free",
            "0 to 10 % of its life used",
            "radio 0: 100 frames per second",
            "speed: a car, 9 samples, 2 of them in a home zone, or perhaps, and not recorded, 1 of \
             them not recorded: too many waited for a fix, 72 km/h; recorded",
            "imu: a chip, 5 samples; recorded",
        ] {
            assert!(text.contains(words), "'{words}' is missing in\n{text}");
        }
    }
}
