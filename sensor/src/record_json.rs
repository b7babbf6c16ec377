//! The records of a batch as JSON objects, for `journal dump`.

use crate::guard_json;
use pw_model::{MacAddr, Position, RadioEventKind, Timestamp};
use pw_wire::Batch;
use serde_json::{Value, json};

/// Every record of the batch; the batch itself first. Times are RFC 3339, unknown is null.
#[must_use]
pub fn records(batch: &Batch) -> Vec<Value> {
    let mut records = vec![json!({
        "record": "batch",
        "seq": batch.id.seq,
        "sensor": batch.id.sensor.to_string(),
        "epoch": format!("{:016x}", batch.id.epoch),
        "name": batch.stream.name,
        "origin": batch.stream.origin.name(),
        "observations": batch.observations.len(),
        "privacy": batch.privacy.as_ref().map(guard_json::declaration),
    })];
    records.extend(batch.radio_events.iter().map(|event| {
        let (what, words) = match &event.kind {
            RadioEventKind::Started { source, .. } => ("started", source),
            RadioEventKind::Stopped { reason } => ("stopped", reason),
            RadioEventKind::Failed { reason } => ("failed", reason),
        };
        json!({
            "record": "radio_event", "time": event.time.rfc3339(), "radio": event.radio.0,
            "event": what, "words": words,
        })
    }));
    records.extend(batch.clocks.iter().map(|clock| {
        json!({
            "record": "clock", "time": clock.time.rfc3339(),
            "source": format!("{:?}", clock.source).to_lowercase(),
            "offset_us": clock.offset_us, "uncertainty_us": clock.uncertainty_us,
        })
    }));
    records.extend(batch.health.iter().map(|health| {
        json!({
            "record": "health", "time": health.time.rfc3339(),
            "temperature_c": health.temperature_c, "memory_bytes": health.memory_bytes,
            "disk_free_bytes": health.disk_free_bytes, "backlog_batches": health.backlog_batches,
            "backlog_bytes": health.backlog_bytes, "frames": health.frames,
            "frames_lost": health.frames_lost, "gps_age_secs": health.gps_age_secs,
            "position": position(health.position.as_ref()),
        })
    }));
    records.extend(statements(batch));
    records.extend(batch.fixes.iter().map(|fix| {
        json!({
            "record": "fix", "time": fix.time.rfc3339(),
            "mode": format!("{:?}", fix.mode).to_lowercase(),
            "position": position(fix.position.as_ref()), "speed_mps": fix.speed_mps,
            "track_deg": fix.track_deg, "satellites": fix.satellites, "hdop": fix.hdop,
        })
    }));
    records.extend(batch.tunes.iter().map(|tune| {
        json!({
            "record": "tune", "radio": tune.radio.0, "start": tune.start.rfc3339(),
            "end": tune.end.rfc3339(), "frequency_mhz": tune.frequency_mhz,
            "width_mhz": tune.width_mhz, "frames": tune.frames,
        })
    }));
    records.extend(batch.gaps.iter().map(|gap| {
        json!({
            "record": "gap", "radio": gap.radio.map(|radio| radio.0),
            "start": gap.start.rfc3339(), "end": gap.end.rfc3339(),
            "cause": gap.cause.words(), "frames": gap.frames,
        })
    }));
    records.extend(batch.advertisements.iter().map(|advertisement| {
        let traits = &advertisement.traits;
        json!({
            "record": "advertisement", "id": format!("{:016x}", advertisement.id.0),
            "time": advertisement.time.rfc3339(),
            "kind": format!("{:?}", advertisement.kind).to_lowercase(),
            "transmitter": advertisement.transmitter.to_string(),
            "bssid": advertisement.bssid.map(|address| address.to_string()),
            "ssid": traits.ssid.as_ref().map(pw_model::Ssid::text),
            "channel": traits.channel.map(|channel| channel.to_string()),
            "elements_bytes": advertisement.elements.len(),
        })
    }));
    records.extend(batch.observations.iter().map(|o| {
        let address = |address: Option<MacAddr>| address.map(|address| address.to_string());
        json!({
            "record": "observation", "time": Timestamp::rfc3339(o.time), "radio": o.radio.0,
            "kind": o.kind.name(), "flags": o.flags.0, "transmitter": address(o.transmitter),
            "receiver": address(o.receiver), "bssid": address(o.bssid),
            "frequency_mhz": o.frequency_mhz, "signal_dbm": o.signal_dbm,
            "noise_dbm": o.noise_dbm,
            "rate_mbps": o.rate_100kbps.map(|rate| f64::from(rate) / 10.0),
            "length": o.length, "airtime_us": o.airtime_us, "sequence": o.sequence,
            "advertisement": o.advertisement.map(|id| format!("{:016x}", id.0)),
            "position": position(o.position.as_ref()),
        })
    }));
    records
}

/// What the sensor states of people's data, its machine, its clock and its silence.
fn statements(batch: &Batch) -> Vec<Value> {
    let mut records = Vec::new();
    let mut add = |name: &str, time: Timestamp, fields: Value| {
        let mut record = json!({ "record": name, "time": time.rfc3339() });
        if let (Value::Object(record), Value::Object(fields)) = (&mut record, fields) {
            fields.into_iter().filter(|(key, _)| key != "time").for_each(|(key, value)| {
                record.insert(key, value);
            });
        }
        records.push(record);
    };
    for details in &batch.health_details {
        add("machine", details.time, guard_json::machine(details));
    }
    for sent in &batch.transmitted {
        add("transmitted", sent.time, guard_json::transmitted(sent));
    }
    for event in &batch.clock_events {
        add("clock_event", event.time, guard_json::clock_event(event));
    }
    for doubtful in &batch.doubtful_fixes {
        let fix = &doubtful.fix;
        let record = json!({
            "doubt": guard_json::doubt_key(doubtful.doubt),
            "position": position(fix.position.as_ref()),
        });
        add("doubtful_fix", fix.time, record);
    }
    for sample in &batch.motion {
        add("motion", sample.time, guard_json::motion(sample));
    }
    for withheld in &batch.withheld {
        let record = json!({
            "what": withheld.kind.key(), "start": withheld.start.rfc3339(),
            "count": withheld.count,
        });
        add("withheld", withheld.end, record);
    }
    records
}

fn position(position: Option<&Position>) -> Value {
    position.map_or(Value::Null, |p| {
        json!({
            "lat": p.lat_deg, "lon": p.lon_deg, "altitude_m": p.altitude_m, "error_m": p.error_m,
        })
    })
}

/// A record on one line for people: `key=value`, what is not known left out.
#[must_use]
pub fn line(record: &Value) -> String {
    let Value::Object(fields) = record else { return record.to_string() };
    let mut words = Vec::new();
    for (key, value) in fields {
        match value {
            Value::Null => {}
            Value::String(text) if key == "record" => words.push(text.clone()),
            Value::String(text) if !text.contains(' ') => words.push(format!("{key}={text}")),
            other => words.push(format!("{key}={other}")),
        }
    }
    words.join(" ")
}
