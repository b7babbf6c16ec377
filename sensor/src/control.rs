//! The control socket: how other commands ask the running sensor. JSON lines over a Unix socket that
//! only the sensor's owner may use.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::state_dir;

/// Longest request in bytes; a longer one is refused.
const MAX_REQUEST: u64 = 4096;
/// Longest answer that is read.
const MAX_ANSWER: u64 = 1 << 20;
/// A client that says nothing for so long is sent away.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The listening socket; its file goes when this is dropped.
pub struct ControlSocket {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ControlSocket {
    /// Listens in the state folder; `answer` is asked for each command it may know. One client at a
    /// time is served, in the order of their coming; the kernel lets some 128 wait.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn listen(
        state: &Path,
        answer: impl Fn(&str) -> Option<Value> + Send + 'static,
    ) -> Result<Self> {
        let path = state_dir::socket(state);
        // The journal's lock is held: a socket that is there is the leaving of a killed sensor.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", path.display()));
            }
            _ => {}
        }
        let failed = || format!("cannot listen on {}", path.display());
        let listener = UnixListener::bind(&path).with_context(failed)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
            .with_context(failed)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let served = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let served = client.map_err(anyhow::Error::from).and_then(|c| serve(&c, &answer));
                if let Err(error) = served {
                    tracing::debug!("control socket: {error:#}");
                }
            }
        })?;
        Ok(Self { path, stop, thread: Some(served) })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread, so that it sees that it is over. Both may fail only when it is gone.
        drop(UnixStream::connect(&self.path));
        drop(std::fs::remove_file(&self.path));
        // Whom it serves holds what is about to end; it is served or given up within the time limit.
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("control socket: its thread has ended by a defect");
        }
    }
}

fn serve(client: &UnixStream, answer: &impl Fn(&str) -> Option<Value>) -> Result<()> {
    client.set_read_timeout(Some(TIMEOUT))?;
    client.set_write_timeout(Some(TIMEOUT))?;
    let mut line = String::new();
    BufReader::new(client.take(MAX_REQUEST)).read_line(&mut line)?;
    let request: Result<Value, _> = serde_json::from_str(&line);
    let command = request.as_ref().ok().and_then(|request| request.get("command")?.as_str());
    let reply = match command {
        Some(command) => match answer(command) {
            Some(value) => json!({ "ok": value }),
            None => json!({ "error": format!("no such command: {}", plain(command)) }),
        },
        None => json!({ "error": "a request is a line like {\"command\":\"status\"}" }),
    };
    let mut text = reply.to_string();
    text.push('\n');
    let mut client = client;
    client.write_all(text.as_bytes())?;
    Ok(())
}

fn plain(text: &str) -> String {
    pw_wire::plain_text(text, 40)
}

/// Asks the sensor that runs with this state folder.
///
/// # Errors
/// None runs there, or it does not know the command.
pub fn ask(state: &Path, command: &str) -> Result<Value> {
    let path = state_dir::socket(state);
    let mut stream = UnixStream::connect(&path).with_context(|| {
        format!(
            "no sensor runs with the state folder {} (start it with piwardrive-sensor run, or name another with --state)",
            state.display()
        )
    })?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(format!("{}\n", json!({ "command": command })).as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_ANSWER))
        .read_line(&mut line)
        .with_context(|| format!("no answer from {}", path.display()))?;
    let mut answer: Value = serde_json::from_str(&line)
        .with_context(|| format!("an answer from {} that is no JSON", path.display()))?;
    match answer.get_mut("ok") {
        Some(value) => Ok(value.take()),
        None => bail!("{}", answer["error"].as_str().unwrap_or("the sensor gave no reason")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_and_answers() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let answer = |command: &str| (command == "status").then(|| json!({ "frames": 7 }));
        let socket = ControlSocket::listen(folder.path(), answer).expect("listens");
        let mode =
            std::fs::metadata(state_dir::socket(folder.path())).expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert_eq!(ask(folder.path(), "status").expect("an answer"), json!({ "frames": 7 }));
        let error = ask(folder.path(), "reboot").expect_err("unknown").to_string();
        assert!(error.contains("no such command: reboot"), "{error}");
        // Garbage and an endless request cost nothing but an answer.
        let mut stream = UnixStream::connect(state_dir::socket(folder.path())).expect("listens");
        stream.write_all(&[b'x'; 4096]).expect("written");
        let mut reply = String::new();
        BufReader::new(&stream).read_line(&mut reply).expect("an answer");
        assert!(reply.contains("error"), "{reply}");
        drop(socket);
        assert!(!state_dir::socket(folder.path()).exists());
        let error = ask(folder.path(), "status").expect_err("gone").to_string();
        assert!(error.starts_with("no sensor runs with"), "{error}");
    }

    #[test]
    fn the_leaving_of_a_killed_sensor_is_replaced() {
        let folder = tempfile::tempdir().expect("temporary folder");
        drop(UnixListener::bind(state_dir::socket(folder.path())).expect("bound"));
        let socket = ControlSocket::listen(folder.path(), |_| Some(Value::Null)).expect("listens");
        assert_eq!(ask(folder.path(), "status").expect("an answer"), Value::Null);
        drop(socket);
    }
}
