//! A sensor and a desktop that know each other, paired as people pair them.

use crate::process::{Piwardrive, RunningSensor, program};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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

/// What became of the frames.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Frames that came to the sensor.
    pub frames_in: u64,
    /// Frames that the survey holds.
    pub stored: u64,
    /// Frames that gap records state as lost.
    pub lost: u64,
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

    /// Lets the desktop look for the sensor at `address`.
    ///
    /// # Errors
    /// The list of sensors cannot be written.
    pub fn move_sensor(&self, address: &str) -> Result<()> {
        let path = self.config.join("sensors.toml");
        let mut list = std::fs::read_to_string(&path)?;
        let from = list.find("address = \"").context("an address in the list of sensors")?;
        let from = from + "address = \"".len();
        let to = from + list[from..].find('"').context("a quoted address")?;
        list.replace_range(from..to, address);
        Ok(std::fs::write(&path, list)?)
    }

    /// Starts `piwardrive record` from the sensor.
    ///
    /// # Errors
    /// It does not start.
    pub fn record(&self) -> Result<Child> {
        self.record_into(&self.survey)
    }

    /// Starts `piwardrive record` from the sensor into another survey.
    ///
    /// # Errors
    /// It does not start.
    pub fn record_into(&self, survey: &str) -> Result<Child> {
        let mut command: Command = self.piwardrive.command()?;
        command.args(["record", survey, "--sensor", "car"]);
        Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// Lets the desktop fetch what the sensor still holds, without faults and new frames, and
    /// demands that every frame is accounted for. Gives frames in, stored, and in stated gaps.
    ///
    /// # Errors
    /// Not fetched within `limit`, the survey is not sound, or a frame is missing or counted twice.
    pub fn account(&self, limit: Duration) -> Result<Account> {
        let idle = ["--source", "none", "--gps", "none"];
        let mut sensor = RunningSensor::start(&self.state, self.port, &idle)?;
        let mut desktop = self.record()?;
        let begin = Instant::now();
        let status = loop {
            let status = sensor.status()?;
            if status["backlog_batches"] == 0 {
                break status;
            }
            ensure!(begin.elapsed() < limit, "not drained: {status}\n{}", sensor.log());
            std::thread::sleep(Duration::from_millis(200));
        };
        sensor.terminate(Duration::from_secs(20))?;
        desktop.kill()?;
        desktop.wait()?;

        let verified = self.piwardrive.json(&["survey", "verify", &self.survey, "--json"])?;
        ensure!(verified["sound"] == true, "{verified}");
        ensure!(verified["duplicates"] == 0 && verified["missing_batches"] == 0, "{verified}");
        let stored = verified["observations"].as_u64().context("observations")?;
        let info = self.piwardrive.json(&["survey", "info", &self.survey, "--json"])?;
        let lost = info["frames_lost"].as_u64().context("frames_lost")?;
        let frames_in =
            status["frames_in"].as_u64().with_context(|| format!("frames_in: {status}"))?;
        eprintln!("frames in {frames_in} = stored {stored} + stated gaps {lost}");
        ensure!(
            frames_in > 0 && frames_in == stored + lost,
            "frames in {frames_in}, stored {stored}, stated as lost {lost}"
        );
        Ok(Account { frames_in, stored, lost })
    }
}
