//! `pair`: shows a code and waits for the desktop.

use super::{say, say_json};
use crate::link::{PairingRequest, PairingState};
use anyhow::{Error, Result, anyhow, bail};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// A running sensor opens the window within a second.
const PATIENCE: Duration = Duration::from_secs(4);

fn nobody(state: &Path) -> Error {
    anyhow!(
        "no sensor runs with the state folder {}; start it first: piwardrive-sensor run",
        state.display()
    )
}

/// Opens a pairing window in the running sensor.
pub(super) fn pair(state: &Path, json: bool) -> Result<bool> {
    let begun = Instant::now();
    // A sensor that is just starting makes its folder; where none does, nothing is made for it.
    while !state.is_dir() {
        if begun.elapsed() > PATIENCE {
            return Err(nobody(state));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let request = PairingRequest::write(state)?;
    let mut shown = false;
    loop {
        match request.state()? {
            PairingState::Idle if begun.elapsed() > PATIENCE => return Err(nobody(state)),
            PairingState::Idle => {}
            PairingState::Open if !shown => {
                shown = true;
                let code = request.code().to_string();
                if json {
                    say(json!({ "code": code }).to_string())?;
                } else {
                    say(format!("Code: {code}"))?;
                    say("On the desktop, within two minutes: piwardrive pair ADDRESS CODE")?;
                }
            }
            PairingState::Open => {}
            PairingState::Paired { name, key } => {
                let key = key.to_string();
                if json {
                    say_json(&json!({ "paired": name, "key": key }))?;
                } else {
                    say(format!("Paired with {name} (key {key})"))?;
                }
                return Ok(true);
            }
            PairingState::Closed { reason } => bail!("not paired: {reason}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
