//! A sensor and a desktop that know each other, paired as people pair them.

use crate::process::{Piwardrive, RunningSensor, program};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The sensor `car` (not running) and a desktop that holds its key.
#[derive(Debug)]
pub struct Paired {
    /// The sensor's folder.
    pub state: PathBuf,
    /// The port it listens on.
    pub port: u16,
    /// The desktop.
    pub piwardrive: Piwardrive,
    /// The desktop's configuration folder.
    pub config: PathBuf,
    /// Path for a survey; nothing is there yet.
    pub survey: String,
}

impl Paired {
    /// Pairs the two by a code, below `folder`.
    ///
    /// # Errors
    /// A program fails.
    pub fn new(folder: &Path, port: u16) -> Result<Self> {
        let state = folder.join("sensor");
        let config = folder.join("desktop");
        std::fs::create_dir_all(&state)?;
        let piwardrive = Piwardrive::new(&config);
        let mut sensor =
            RunningSensor::start(&state, port, &["--source", "none", "--gps", "none"])?;
        let mut pairing = Command::new(program("piwardrive-sensor")?)
            .args(["pair", "--json", "--state"])
            .arg(&state)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = BufReader::new(pairing.stdout.take().context("stdout is piped")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let shown: serde_json::Value = serde_json::from_str(&line)
            .with_context(|| format!("no code: {line} {}", sensor.log()))?;
        let code = shown["code"].as_str().context("code")?;
        piwardrive.ok(&["pair", &sensor.address, code, "--name", "car"])?;
        ensure!(pairing.wait()?.success(), "the sensor's side of pairing failed");
        sensor.terminate(Duration::from_secs(10))?;
        let survey = folder.join("survey").display().to_string();
        Ok(Self { state, port, piwardrive, config, survey })
    }
}
