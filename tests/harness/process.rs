//! The two programs as processes, run as a person runs them.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Path of one of the project's programs, built first if it is older than its sources. With
/// `PIWARDRIVE_PROGRAMS` those in that folder are taken as they are.
///
/// # Errors
/// It does not build.
pub fn program(name: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PIWARDRIVE_PROGRAMS") {
        return Ok(PathBuf::from(folder).join(name));
    }
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    match folder {
        Ok(folder) => Ok(folder.join(name)),
        Err(error) => bail!("{error}"),
    }
}

fn build() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PIWARDRIVE_PROGRAMS") {
        let folder = crate::workspace_root().join(folder);
        ensure!(
            folder.join("piwardrive-sensor").is_file() && folder.join("piwardrive").is_file(),
            "PIWARDRIVE_PROGRAMS: the programs are not in {}",
            folder.display()
        );
        return Ok(folder);
    }
    // The test's own binary stands in target/PROFILE/deps; the programs stand one folder up.
    let own = std::env::current_exe()?;
    let folder =
        own.parent().and_then(Path::parent).context("the test stands outside a target folder")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "pw_sensor",
        "--package",
        "pw_app",
        "--bins",
    ]);
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status =
        cargo.current_dir(crate::workspace_root()).status().context("cargo does not start")?;
    ensure!(status.success(), "the programs do not build");
    Ok(folder.to_owned())
}

/// A UDP port that nobody uses at this moment.
///
/// # Errors
/// There is no loopback interface.
pub fn free_port() -> Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The desktop's command line with a configuration folder of its own.
#[derive(Debug)]
pub struct Piwardrive {
    config: PathBuf,
}

impl Piwardrive {
    /// Uses `config` as the folder for keys and settings.
    #[must_use]
    pub fn new(config: &Path) -> Self {
        Self { config: config.to_owned() }
    }

    /// A command with the program and the configuration set.
    ///
    /// # Errors
    /// The program does not build.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(program("piwardrive")?);
        command.env("PIWARDRIVE_CONFIG_DIR", &self.config).stdin(Stdio::null());
        Ok(command)
    }

    /// Runs it with `arguments` and waits.
    ///
    /// # Errors
    /// It does not start.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<Output> {
        Ok(self.command()?.args(arguments).output()?)
    }

    /// Runs it, demands success, and returns what it printed.
    ///
    /// # Errors
    /// It fails; the error holds what it said.
    pub fn ok<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<String> {
        let output = self.run(arguments)?;
        let words: Vec<_> =
            arguments.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
        ensure!(
            output.status.success(),
            "piwardrive {} failed ({}): {}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs it and reads what it printed as JSON.
    ///
    /// # Errors
    /// It fails or prints something else.
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<serde_json::Value> {
        let text = self.ok(arguments)?;
        serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))
    }
}

/// A sensor process; killed when dropped.
#[derive(Debug)]
pub struct RunningSensor {
    child: Child,
    state: PathBuf,
    /// Address it listens on.
    pub address: String,
}

impl RunningSensor {
    /// Starts `piwardrive-sensor run` with `state` as its folder, listening on `port` of loopback.
    ///
    /// # Errors
    /// It does not start.
    pub fn start<S: AsRef<std::ffi::OsStr>>(
        state: &Path,
        port: u16,
        arguments: &[S],
    ) -> Result<Self> {
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program("piwardrive-sensor")?);
        command.args(["run", "--listen", &address, "--state"]);
        let mut sensor = Self::spawn(&mut command, state, arguments)?;
        sensor.address = address;
        Ok(sensor)
    }

    /// Runs `command`, a sensor whose last argument so far is `--state`, with `state` and
    /// `arguments`.
    ///
    /// # Errors
    /// It does not start.
    pub fn spawn<S: AsRef<std::ffi::OsStr>>(
        command: &mut Command,
        state: &Path,
        arguments: &[S],
    ) -> Result<Self> {
        let log = std::fs::File::options().create(true).append(true).open(state.join("log.txt"))?;
        let child = command
            .arg(state)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self { child, state: state.to_owned(), address: String::new() })
    }

    /// Its process identifier.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until exactly so many of its radios listen.
    ///
    /// # Errors
    /// They do not within half a minute.
    pub fn wait_until_listening(&self, count: usize) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(30) {
            let status = self.status()?;
            let radios = status["radios"].as_array().cloned().unwrap_or_default();
            if radios.iter().filter(|radio| radio["listening"] == true).count() == count {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("{count} radios do not listen: {}", self.log())
    }

    /// Sends SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// The process cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM, as `systemctl stop` does, and waits until it has written everything.
    ///
    /// # Errors
    /// It does not end within `limit`, or fails.
    pub fn terminate(&mut self, limit: Duration) -> Result<()> {
        // SAFETY: a signal to a child that has not been waited for.
        #[allow(unsafe_code)]
        let sent = unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        ensure!(sent == 0, "kill: {}", std::io::Error::last_os_error());
        self.wait(limit)
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// It is still running after `limit`, or failed.
    pub fn wait(&mut self, limit: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the sensor failed ({status}): {}", self.log());
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the sensor still runs after {limit:?}: {}", self.log())
    }

    /// What it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.state.join("log.txt")).unwrap_or_default()
    }

    /// What `status --json` says, as soon as it answers.
    ///
    /// # Errors
    /// It does not answer within ten seconds.
    pub fn status(&self) -> Result<serde_json::Value> {
        let start = Instant::now();
        loop {
            match self.command(&["status", "--json"]) {
                Ok(text) => return Ok(serde_json::from_str(&text)?),
                Err(error) if start.elapsed() > Duration::from_secs(10) => {
                    return Err(error.context(self.log()));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// What the running sensor says on its control socket; `None` while it does not answer. Cheaper
    /// than [`Self::status`], so that times can be taken with it.
    #[must_use]
    pub fn ask(&self) -> Option<serde_json::Value> {
        let mut socket = UnixStream::connect(self.state.join("control.sock")).ok()?;
        socket.write_all(b"{\"command\":\"status\"}\n").ok()?;
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).ok()?;
        let answer: serde_json::Value = serde_json::from_str(&line).ok()?;
        Some(answer["ok"].clone())
    }

    /// Newest batch that every paired desktop holds on disk; `None` while the sensor does not answer.
    #[must_use]
    pub fn acknowledged(&self) -> Option<u64> {
        let status = self.ask()?;
        Some(status["durable_seq"].as_u64()?.saturating_sub(status["backlog_batches"].as_u64()?))
    }

    /// Runs another command of the sensor's program on the same folder.
    ///
    /// # Errors
    /// The command fails.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Result<String> {
        let output = Command::new(program("piwardrive-sensor")?)
            .args(arguments)
            .arg("--state")
            .arg(&self.state)
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for RunningSensor {
    fn drop(&mut self) {
        // It may have ended by itself, which is what dropping wants.
        drop(self.kill());
    }
}
