//! The speed that a vehicle states at its diagnostics socket (SAE J1979 / ISO 15031-5, mode 01, PID 0D),
//! asked for through an ELM327 or one that speaks like it, on a serial line.
//!
//! It asks the vehicle over that cable; nothing is sent on the air.

use super::{MotionInput, MotionReading};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a read comes back when nothing was said.
const READ_TIMEOUT: Duration = Duration::from_millis(100);
/// After a reset the adapter says who it is.
const RESET_TIMEOUT: Duration = Duration::from_secs(3);
/// The first question makes it look for the vehicle's protocol, which takes seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);
/// Longest answer in bytes; a speed takes some ten for each control unit that answers.
const ANSWER_MAX: usize = 512;
/// Says that the adapter has no more to say.
const PROMPT: u8 = b'>';
/// Mode 01 (what is now), PID 0D (vehicle speed).
const ASK_SPEED: &str = "010D";
/// What it is told first: reset; no echo, no line feeds, no headers; look for the protocol.
const BEGIN: [&str; 5] = ["ATZ", "ATE0", "ATL0", "ATH0", "ATSP0"];

/// An answer to the question for the speed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Kilometres per hour.
    Speed(u8),
    /// None, and why, in words.
    None(String),
}

/// Reads all that an adapter says up to its prompt. It may repeat the question, and several control
/// units may answer: the first that states a speed counts.
#[must_use]
pub fn parse_reply(text: &str) -> Reply {
    let mut why = None;
    for line in text.split(['\r', '\n']).map(str::trim) {
        let line = line.strip_prefix("SEARCHING...").unwrap_or(line).trim();
        if line.is_empty() || line == ASK_SPEED {
            continue;
        }
        match speed(line) {
            Some(kmh) => return Reply::Speed(kmh),
            None => why = why.or_else(|| Some(trouble(line))),
        }
    }
    Reply::None(why.unwrap_or_else(|| "the adapter's answer is empty".to_owned()))
}

/// `41 0D 3C`, with or without blanks: the answer to mode 01, PID 0D, and one byte.
fn speed(line: &str) -> Option<u8> {
    let digits: Vec<u8> = line.bytes().filter(|byte| *byte != b' ').collect();
    let [b'4', b'1', b'0', b'D', high, low] = digits[..] else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn trouble(line: &str) -> String {
    match line {
        "NO DATA" => "the vehicle does not answer; is its ignition on?".to_owned(),
        "UNABLE TO CONNECT" => {
            "the adapter finds no vehicle; is it plugged in, and the ignition on?".to_owned()
        }
        "?" => "the adapter does not know the question".to_owned(),
        "STOPPED" => "the adapter was interrupted".to_owned(),
        line if line.replace(' ', "").starts_with("7F01") => {
            "the vehicle does not state its speed".to_owned()
        }
        line => {
            let plain = |c: &char| c.is_ascii_graphic() || *c == ' ';
            let shown: String = line.chars().filter(plain).take(40).collect();
            format!("the adapter's answer is no speed: '{shown}'")
        }
    }
}

/// An adapter that is ready to be asked.
pub struct ObdInput {
    port: Box<dyn serialport::SerialPort>,
    name: String,
    /// Ends a question that waits for its answer.
    stop: Arc<AtomicBool>,
}

impl ObdInput {
    /// Opens the serial device and resets the adapter on it. Set `stop` ends every question.
    ///
    /// # Errors
    /// It cannot be opened, or nothing there speaks like an ELM327.
    pub fn open(path: &Path, baud: u32, stop: Arc<AtomicBool>) -> Result<Self, String> {
        let name = path.display().to_string();
        let port = serialport::new(path.to_string_lossy(), baud)
            .timeout(READ_TIMEOUT)
            .open()
            .map_err(|error| format!("cannot open {name}: {error}"))?;
        let mut input = Self { port, name, stop };
        for command in BEGIN {
            let timeout = if command == "ATZ" { RESET_TIMEOUT } else { ANSWER_TIMEOUT };
            let answer = input.ask(command, timeout)?;
            // Clones name themselves differently; all say OK to a setting.
            if command != "ATZ" && !answer.contains("OK") {
                return Err(format!("{}: '{command}' is not understood there", input.name));
            }
        }
        Ok(input)
    }

    /// Says `command` and gives what comes up to the prompt.
    fn ask(&mut self, command: &str, timeout: Duration) -> Result<String, String> {
        let failed = |name: &str, error: &std::io::Error| format!("{name}: {error}");
        // What is left of an earlier answer is no answer to this.
        self.port
            .clear(serialport::ClearBuffer::Input)
            .map_err(|error| format!("{}: {error}", self.name))?;
        let question = format!("{command}\r");
        self.port.write_all(question.as_bytes()).map_err(|error| failed(&self.name, &error))?;
        let until = Instant::now() + timeout;
        let mut answer = Vec::new();
        let mut bytes = [0; 64];
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(format!("{}: stopped", self.name));
            }
            let length = match self.port.read(&mut bytes) {
                Ok(0) => return Err(format!("{} has ended", self.name)),
                Ok(length) => length,
                Err(error)
                    if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) =>
                {
                    0
                }
                Err(error) => return Err(failed(&self.name, &error)),
            };
            let heard = bytes.get(..length).unwrap_or_default();
            let end = heard.iter().position(|byte| *byte == PROMPT);
            answer.extend_from_slice(heard.get(..end.unwrap_or(length)).unwrap_or_default());
            if end.is_some() {
                // NUL bytes are to be passed over (ELM327 data sheet, "Communicating with the ELM327").
                answer.retain(|byte| *byte != 0);
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
            if answer.len() > ANSWER_MAX {
                return Err(format!(
                    "{}: an answer without an end; is the baud rate right?",
                    self.name
                ));
            }
            if Instant::now() >= until {
                return Err(format!(
                    "{}: nothing speaks like an ELM327 there; is the baud rate right?",
                    self.name
                ));
            }
        }
    }
}

impl MotionInput for ObdInput {
    fn name(&self) -> String {
        format!("vehicle at {}", self.name)
    }

    fn read(&mut self) -> Result<MotionReading, String> {
        match parse_reply(&self.ask(ASK_SPEED, ANSWER_TIMEOUT)?) {
            Reply::Speed(kmh) => Ok(MotionReading {
                speed_mps: Some(f64::from(kmh) / 3.6),
                ..MotionReading::default()
            }),
            Reply::None(why) => Err(format!("{}: {why}", self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serialport::{SerialPort, TTYPort};
    use std::thread::JoinHandle;

    #[test]
    fn answers_as_adapters_give_them() {
        for (text, kmh) in [
            ("41 0D 3C \r\r", 60),
            ("410D00\r", 0),
            ("010D\r41 0D FF \r\r", 255),
            ("SEARCHING...\r41 0D 3C\r", 60),
            ("SEARCHING...41 0D 0A\r\n", 10),
            ("41 0D 3C \r41 0D 3D \r", 60),
            ("NO DATA\r41 0D 05\r", 5),
        ] {
            assert_eq!(parse_reply(text), Reply::Speed(kmh), "{text:?}");
        }
        for (text, words) in [
            ("NO DATA\r\r", "ignition"),
            ("SEARCHING...\rUNABLE TO CONNECT\r\r", "finds no vehicle"),
            ("?\r", "does not know"),
            ("STOPPED\r", "interrupted"),
            ("7F 01 12\r", "does not state"),
            ("BUS INIT: ...ERROR\r", "'BUS INIT: ...ERROR'"),
            ("41 0D\r", "no speed"),
            ("41 0D 3C 00\r", "no speed"),
            ("41 0C 1A F8\r", "no speed"),
            ("41 0D G0\r", "no speed"),
            ("\r\r", "empty"),
            ("010D\r", "empty"),
            ("\u{fffd}\u{7}\u{1b}[31m\r", "'[31m'"),
            ("ELM327 v1.5\r", "no speed"),
        ] {
            let Reply::None(why) = parse_reply(text) else { panic!("{text:?}") };
            assert!(why.contains(words), "{text:?}: {why}");
        }
    }

    /// An adapter at the other end of a pseudo terminal.
    struct Elm {
        path: std::path::PathBuf,
        stop: Arc<AtomicBool>,
        thread: Option<JoinHandle<Vec<String>>>,
    }

    impl Elm {
        /// `answer` gives what it says to a question, its prompt included.
        fn start(mut answer: impl FnMut(&str) -> String + Send + 'static) -> Self {
            let (mut adapter, sensor) = TTYPort::pair().expect("pseudo terminals");
            let path = sensor.name().expect("it has a name").into();
            adapter.set_timeout(Duration::from_millis(20)).expect("set");
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            let thread = std::thread::spawn(move || {
                // Open for as long as the adapter is, so that it does not end between two openings.
                let _sensor = sensor;
                let (mut asked, mut line) = (Vec::new(), String::new());
                let mut bytes = [0; 64];
                while !stopped.load(Ordering::Relaxed) {
                    let length = adapter.read(&mut bytes).unwrap_or(0);
                    for byte in &bytes[..length] {
                        if *byte == b'\r' {
                            let question = std::mem::take(&mut line);
                            adapter.write_all(answer(&question).as_bytes()).expect("it listens");
                            asked.push(question);
                        } else {
                            line.push(char::from(*byte));
                        }
                    }
                }
                asked
            });
            Self { path, stop, thread: Some(thread) }
        }

        fn asked(mut self) -> Vec<String> {
            self.stop.store(true, Ordering::Relaxed);
            let thread = self.thread.take().expect("not ended yet");
            thread.join().expect("it does not fail")
        }
    }

    fn usual(question: &str) -> Option<String> {
        match question {
            "ATZ" => Some("ATZ\r\r\rELM327 v1.5\r\r>".to_owned()),
            "ATE0" => Some("ATE0\rOK\r\r>".to_owned()),
            "ATL0" | "ATH0" | "ATSP0" => Some("OK\r\r>".to_owned()),
            _ => None,
        }
    }

    fn going() -> Arc<AtomicBool> {
        Arc::new(AtomicBool::new(false))
    }

    #[test]
    fn a_question_ends_when_all_is_to_stop() {
        let elm = Elm::start(|_| String::new());
        let error = ObdInput::open(&elm.path, 38_400, Arc::new(AtomicBool::new(true))).err();
        assert!(error.as_ref().is_some_and(|why| why.ends_with(": stopped")), "{error:?}");
        elm.asked();
        let stop = going();
        let stopped = Arc::clone(&stop);
        let elm = Elm::start(move |question| {
            usual(question).unwrap_or_else(|| {
                stopped.store(true, Ordering::Relaxed);
                String::new()
            })
        });
        let mut input = ObdInput::open(&elm.path, 38_400, stop).expect("it answers");
        assert!(input.read().expect_err("no answer").ends_with(": stopped"));
        elm.asked();
    }

    #[test]
    fn an_adapter_is_set_up_and_asked() {
        let mut turn = 0;
        let elm = Elm::start(move |question| {
            usual(question).unwrap_or_else(|| {
                turn += 1;
                match turn {
                    1 => "SEARCHING...\r41 0D 3C \r\r>".to_owned(),
                    2 => "\x00010D\r41 0D 48\r\r>".to_owned(),
                    _ => "NO DATA\r\r>".to_owned(),
                }
            })
        });
        let mut input = ObdInput::open(&elm.path, 38_400, going()).expect("it answers");
        for kmh in [60.0, 72.0] {
            let speed = input.read().expect("a speed").speed_mps.expect("a speed");
            assert!((speed - kmh / 3.6).abs() < 1e-9, "{speed}");
        }
        assert!(input.read().expect_err("no speed").contains("ignition"));
        let asked = elm.asked();
        assert_eq!(asked[..5], BEGIN);
        assert_eq!(asked[5..], [ASK_SPEED, ASK_SPEED, ASK_SPEED]);
    }

    #[test]
    fn what_is_no_adapter_is_said_to_be_none() {
        let elm = Elm::start(|_| "x".repeat(600));
        let error = ObdInput::open(&elm.path, 38_400, going()).err().expect("no adapter");
        assert!(error.contains("without an end"), "{error}");
        elm.asked();
        let elm = Elm::start(|question| match question {
            "ATZ" => "ready\r>".to_owned(),
            _ => "?\r>".to_owned(),
        });
        let error = ObdInput::open(&elm.path, 38_400, going()).err().expect("no adapter");
        assert!(error.contains("'ATE0' is not understood"), "{error}");
        elm.asked();
        let elm = Elm::start(|_| String::new());
        let error = ObdInput::open(&elm.path, 38_400, going()).err().expect("silent");
        assert!(error.contains("nothing speaks like an ELM327"), "{error}");
        elm.asked();
        let error =
            ObdInput::open(Path::new("/dev/no-such-tty"), 38_400, going()).err().expect("none");
        assert!(error.contains("cannot open /dev/no-such-tty"), "{error}");
    }
}
