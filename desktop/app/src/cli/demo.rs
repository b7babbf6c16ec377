//! `piwardrive demo`: a simulated drive through everything that a real one goes through: the
//! sensor's own program, pairing by code, the encrypted link on loopback, a survey on disk.

use super::arguments::Demo;
use super::output::stdout;
use super::progress::Progress;
use anyhow::{Context, Result, bail};
use pw_engine::exchange::{self, ExportFormat, ExportInput};
use pw_engine::{Command as Order, Engine, EngineSettings, LinkState, ReportSettings, SurveyView};
use pw_model::words::{count, counted};
use pw_survey::Filter;
use std::fs::{self, File};
use std::io::Write;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Name of the sensor in the demo.
const SENSOR_NAME: &str = "demo";

/// How long the sensor may take to answer after its start.
const START_WITHIN: Duration = Duration::from_secs(20);

/// How long the drive may take to cross the link without a window.
const RECORD_WITHIN: Duration = Duration::from_secs(600);

/// The drive is over when the sensor has had nothing more to send for so long.
const QUIET: Duration = Duration::from_secs(3);

pub(super) fn run(arguments: &Demo) -> Result<()> {
    let headless = arguments.headless || !super::has_display();
    if headless && !arguments.headless {
        eprintln!("there is no display: the demo runs without a window");
    }
    // Without a window as fast as it goes; with one at ten times the pace of a real drive.
    let speed = if headless { "max" } else { "10" };
    let source = format!("sim:{},speed={speed}", scenario(&arguments.scenario)?);
    let program = sensor_program()?;
    let folder = Folder::new(arguments.out.as_deref())?;
    let played = play(&folder, program, &source, headless);
    if played.is_err() {
        // Where nothing was recorded, nothing is left of it.
        folder.take_back();
    }
    played
}

fn play(folder: &Folder, program: PathBuf, source: &str, headless: bool) -> Result<()> {
    let (mut sensor, address) = Sensor::start(folder, program, source)?;
    let code = sensor.pairing_code()?;
    let paired =
        pw_engine::pair_and_wait(&folder.desktop, &address, &code.text, Some(SENSOR_NAME))?;
    code.finish()?;
    eprintln!("paired with the simulated sensor at {} (key {})", paired.address, paired.key);
    if headless { without_window(folder, sensor) } else { with_window(folder, sensor) }
}

/// A built-in name as it is; a file by its full path, because the sensor runs elsewhere.
fn scenario(name: &str) -> Result<String> {
    let path = Path::new(name);
    if !path.exists() {
        return Ok(name.to_owned());
    }
    let full = path.canonicalize().with_context(|| format!("{name}: cannot be found"))?;
    Ok(full.display().to_string())
}

/// Where the demo keeps everything: nothing of the person's own keys and surveys is touched.
struct Folder {
    root: PathBuf,
    survey: PathBuf,
    desktop: PathBuf,
    sensor: PathBuf,
    /// Folders that were not there before, the innermost first.
    made: Vec<PathBuf>,
}

impl Folder {
    fn new(out: Option<&Path>) -> Result<Self> {
        let root = match out {
            Some(out) => out.to_owned(),
            None => (1..1000)
                .map(|number| PathBuf::from(format!("piwardrive-demo-{number}")))
                .find(|path| !path.exists())
                .context("a thousand demo folders are here already; name one with --out")?,
        };
        for part in ["demo.survey", "desktop-state", "sensor-state", "sensor.log"] {
            let path = root.join(part);
            if path.exists() {
                bail!("{}: already exists; name another folder with --out", path.display());
            }
        }
        let missing = root.ancestors();
        let missing = missing.take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        fs::create_dir_all(&root).with_context(|| format!("{}: cannot be made", root.display()))?;
        let made = made.into_iter().filter_map(|path| path.canonicalize().ok()).collect();
        let root =
            root.canonicalize().with_context(|| format!("{}: cannot be found", root.display()))?;
        let survey = root.join("demo.survey");
        let folder = Self {
            survey,
            desktop: root.join("desktop-state"),
            sensor: root.join("sensor-state"),
            root,
            made,
        };
        fs::create_dir_all(&folder.sensor)
            .with_context(|| format!("{}: cannot be made", folder.sensor.display()))?;
        Ok(folder)
    }

    /// Takes away what the demo made, unless something was recorded. None of these were there before.
    fn take_back(&self) {
        if self.survey.exists() && !pw_survey::remove_unused(&self.survey).unwrap_or(false) {
            return;
        }
        // What cannot be removed stays; the failure itself is what is told.
        drop(fs::remove_dir_all(&self.desktop));
        drop(fs::remove_dir_all(&self.sensor));
        drop(fs::remove_file(self.log()));
        for folder in &self.made {
            drop(fs::remove_dir(folder));
        }
    }

    fn log(&self) -> PathBuf {
        self.root.join("sensor.log")
    }
}

/// The sensor's program, found beside this one or on PATH.
fn sensor_program() -> Result<PathBuf> {
    let name = format!("piwardrive-sensor{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(&name)));
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).map(|dir| dir.join(&name)).collect::<Vec<_>>());
    beside.into_iter().chain(on_path.into_iter().flatten()).find(|path| path.is_file()).context(
        "the program piwardrive-sensor is neither beside this one nor on PATH; build it: \
         cargo build --release --package pw_sensor",
    )
}

/// A running sensor; ended when dropped.
struct Sensor {
    program: PathBuf,
    state: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Sensor {
    fn start(folder: &Folder, program: PathBuf, source: &str) -> Result<(Self, String)> {
        let port = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr());
        let port = port.context("there is no loopback network interface")?.port();
        let address = format!("127.0.0.1:{port}");
        let log = folder.log();
        let file =
            File::create(&log).with_context(|| format!("{}: cannot be made", log.display()))?;
        let child = Command::new(&program)
            .args(["run", "--name", SENSOR_NAME, "--source", source, "--listen", &address])
            .arg("--state")
            .arg(&folder.sensor)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{}: does not start", program.display()))?;
        Ok((Self { program, state: folder.sensor.clone(), log, child }, address))
    }

    /// Fails when the sensor has ended, with the last line of its log.
    fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the sensor ended ({status}): {}", self.last_words());
        }
        Ok(())
    }

    /// The last line of its log, which goes with the folder when nothing was recorded.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last = log.lines().rfind(|line| !line.trim().is_empty());
        last.map_or_else(|| "its log is empty".to_owned(), |line| line.trim().to_owned())
    }

    /// Opens a pairing window as a person would, and reads the code. A sensor that is only just
    /// starting may not take the request; then it is made again.
    fn pairing_code(&mut self) -> Result<PairingCode> {
        let output = self.state.join("pairing-words.txt");
        let start = Instant::now();
        let mut said = String::new();
        while start.elapsed() < START_WITHIN {
            self.check()?;
            let file = File::create(&output)?;
            let mut child = Command::new(&self.program)
                .args(["pair", "--state"])
                .arg(&self.state)
                .stdin(Stdio::null())
                .stdout(file.try_clone()?)
                .stderr(file)
                .spawn()
                .with_context(|| format!("{}: does not start", self.program.display()))?;
            while start.elapsed() < START_WITHIN {
                said = fs::read_to_string(&output).unwrap_or_default();
                if let Some(text) = code_in(&said) {
                    return Ok(PairingCode { text, child });
                }
                if child.try_wait()?.is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            drop(child.kill());
            child.wait()?;
        }
        let said = said.trim().replace('\n', " ");
        bail!("the sensor showed no pairing code: {said}; its log ends: {}", self.last_words())
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // It may have ended by itself, which is what dropping wants.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A code that the sensor shows, and the program that shows it.
struct PairingCode {
    text: String,
    child: Child,
}

impl PairingCode {
    /// Waits until the program has seen that the pairing is done.
    fn finish(mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// The pairing code among words: two groups of four digits.
fn code_in(words: &str) -> Option<String> {
    let groups: Vec<&str> =
        words.split(|c: char| c.is_whitespace() || c == '-').filter(|g| !g.is_empty()).collect();
    let is_group = |group: &str| group.len() == 4 && group.bytes().all(|b| b.is_ascii_digit());
    groups.windows(2).find_map(|pair| match pair {
        [one, other] if is_group(one) && is_group(other) => Some(format!("{one} {other}")),
        _ => None,
    })
}

fn engine(folder: &Folder) -> Result<Engine> {
    let settings =
        EngineSettings { state_dir: folder.desktop.clone(), ..EngineSettings::default() };
    Ok(Engine::create(&folder.survey, "Demo drive (simulated)", settings)?)
}

/// Records until the drive is over, then writes what a person would want of it.
fn without_window(folder: &Folder, mut sensor: Sensor) -> Result<()> {
    let engine = engine(folder)?;
    let stop = engine.cancel_on_interrupt();
    engine.send(Order::Connect { sensor: SENSOR_NAME.to_owned() })?;
    record(&engine, &mut sensor, &stop)?;
    engine.close()?;
    drop(sensor);
    if stop.load(Ordering::Acquire) {
        bail!("interrupted; what was recorded is in {}", folder.survey.display());
    }
    let written = write_results(folder)?;
    let view = SurveyView::open(&folder.survey)?;
    let (snapshot, totals) = (&view.snapshot, view.snapshot.totals);
    let mut out = stdout();
    writeln!(
        out,
        "A simulated drive: {}, {} of them with a position, {} lost; {}, {}.",
        counted(totals.observations, "frame", "frames"),
        count(totals.positioned),
        count(totals.frames_lost),
        counted(snapshot.access_points.len() as u64, "network", "networks"),
        counted(snapshot.clients.len() as u64, "client", "clients")
    )?;
    writeln!(out, "Everything is in {}:", folder.root.display())?;
    writeln!(out, "  {}", folder.survey.display())?;
    for path in written {
        writeln!(out, "  {}", path.display())?;
    }
    writeln!(out, "Look at it: piwardrive {}", folder.survey.display())?;
    Ok(out.flush()?)
}

fn record(engine: &Engine, sensor: &mut Sensor, stop: &AtomicBool) -> Result<()> {
    let bar = Progress::new("Drive");
    let start = Instant::now();
    let (mut seen, mut changed) = (0, Instant::now());
    while !stop.load(Ordering::Acquire) {
        std::thread::sleep(Duration::from_millis(100));
        let totals = engine.snapshot().totals;
        if totals.batches != seen {
            (seen, changed) = (totals.batches, Instant::now());
            bar.words(&counted(totals.observations, "frame", "frames"));
        }
        let link = engine.links().into_iter().next();
        let all_sent = link.as_ref().is_some_and(|link| {
            link.state == LinkState::Connected && link.backlog_batches == Some(0)
        });
        if seen > 0 && all_sent && changed.elapsed() >= QUIET {
            return Ok(());
        }
        if seen == 0 && start.elapsed() > START_WITHIN {
            sensor.check()?;
            let why = link.map_or_else(|| "no link".to_owned(), |link| link.words);
            bail!("nothing arrived from the sensor: {why}; its log ends: {}", sensor.last_words());
        }
        if start.elapsed() > RECORD_WITHIN {
            bail!("the drive did not end within {} s", RECORD_WITHIN.as_secs());
        }
    }
    Ok(())
}

fn write_results(folder: &Folder) -> Result<Vec<PathBuf>> {
    let view = SurveyView::open(&folder.survey)?;
    let bar = Progress::new("Report");
    let mut progress = |share: Option<f32>, words: &str| {
        bar.share(share.unwrap_or(0.0));
        bar.words(words);
    };
    let report = folder.root.join("demo.pdf");
    view.report(&ReportSettings::default(), &report, &mut progress)?;
    drop(bar);
    let mut written = vec![report];
    let filter = Filter::default();
    let input = ExportInput {
        snapshot: &view.snapshot,
        places: &view.places,
        reader: &view.reader,
        filter: &filter,
    };
    let cancel = AtomicBool::new(false);
    for format in ExportFormat::ALL {
        let path = folder.root.join(format!("demo-{}.{}", format.name(), format.extension()));
        exchange::export(format, &path, &input, &mut |_share| {}, &cancel)?;
        written.push(path);
    }
    Ok(written)
}

/// The window opens on the survey and connects by itself to the sensors that this desktop knows.
fn with_window(folder: &Folder, sensor: Sensor) -> Result<()> {
    engine(folder)?.close()?;
    let own = std::env::current_exe().context("this program's own path is not known")?;
    // A process of its own, so that the demo's keys are the only ones the window sees.
    let status = Command::new(own)
        .arg(&folder.survey)
        .env("PIWARDRIVE_CONFIG_DIR", &folder.desktop)
        .status()
        .context("the window does not start")?;
    drop(sensor);
    if !status.success() {
        bail!("the window ended ({status})");
    }
    writeln!(stdout(), "The demo's survey is {}", folder.survey.display())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_among_words() {
        assert_eq!(code_in("Code: 4711 0815\n(2 minutes)").as_deref(), Some("4711 0815"));
        assert_eq!(code_in("code 4711-0815").as_deref(), Some("4711 0815"));
        assert_eq!(code_in("2026-05-01T10:00:00Z INFO start 1234"), None);
    }
}
