//! The threads that listen to position receivers, and recorded receivers read from a file.

use super::live_clock::LiveClock;
use super::{GpsSpec, GpsdClient, GpsdLine, NmeaReader, ReportedFix};
use crate::{clock, clock_watch};
use pw_model::{Fix, Timestamp};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// First pause before a receiver that is gone is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A receiver that says nothing for so long is in trouble.
const SILENCE: Duration = Duration::from_secs(10);
/// How often a serial line comes back, so that the thread can be stopped.
const SERIAL_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest line from a serial receiver; what is longer is passed over.
const MAX_LINE: usize = 1024;
/// Fixes read from a recorded file at most: 11 days at one a second, about 80 MB. A longer file is
/// refused.
const MAX_RECORDED: usize = 1_000_000;

/// What a receiver's thread tells the pipeline.
#[derive(Clone, PartialEq, Debug)]
pub enum GpsEvent {
    /// A report, its time on the sensor's clock.
    Fix(Fix),
    /// The receiver's clock against the sensor's.
    Clock {
        /// Receiver less sensor in microseconds.
        offset_us: i64,
        /// How far that may be off, in microseconds.
        uncertainty_us: Option<u64>,
    },
    /// Its dates lie so many turns of the week counter in the past, and are put right from now on.
    WeekRollover {
        /// Turns.
        turns: u8,
    },
    /// What is wrong with the receiver; `None` when nothing is any more.
    Trouble(Option<String>),
}

/// Listens to one live receiver until it is stopped.
pub struct GpsThread<F> {
    stop: Arc<AtomicBool>,
    send: F,
    clock: LiveClock,
    clock_sent: Option<Instant>,
    trouble: Option<String>,
    heard: Instant,
    /// Turns of the week counter that were added to its dates.
    turns: u8,
}

impl<F: FnMut(GpsEvent) -> bool + Send + 'static> GpsThread<F> {
    /// Starts the thread for a live receiver. `send` says false when nobody listens any more.
    /// The thread ends within a second after `stop`, or, when it waits for a pipe, with the process.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(spec: GpsSpec, stop: Arc<AtomicBool>, send: F) -> io::Result<()> {
        let mut thread = Self {
            stop,
            send,
            clock: LiveClock::default(),
            clock_sent: None,
            trouble: None,
            heard: Instant::now(),
            turns: 0,
        };
        let builder = std::thread::Builder::new().name("gps".to_owned());
        builder.spawn(move || match spec {
            GpsSpec::Gpsd { host, port } => {
                thread.keep_trying(|thread| thread.gpsd(&host, port));
            }
            GpsSpec::Nmea { path, baud } => {
                thread.keep_trying(|thread| thread.device(&path, baud));
            }
            GpsSpec::Fixed(_) | GpsSpec::None => {}
        })?;
        Ok(())
    }

    /// Runs `listen`, and after each failure again, with growing pauses.
    fn keep_trying(&mut self, mut listen: impl FnMut(&mut Self) -> Result<(), String>) {
        let mut pause = FIRST_PAUSE;
        while !self.is_stopped() {
            self.heard = Instant::now();
            let before = Instant::now();
            match listen(self) {
                Ok(()) => return,
                Err(trouble) => self.set_trouble(Some(trouble)),
            }
            if before.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            let until = Instant::now() + pause;
            while Instant::now() < until && !self.is_stopped() {
                std::thread::sleep(Duration::from_millis(100));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn emit(&mut self, event: GpsEvent) {
        if !(self.send)(event) {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn set_trouble(&mut self, trouble: Option<String>) {
        if self.trouble == trouble {
            return;
        }
        match &trouble {
            Some(words) => tracing::warn!("position receiver: {words}"),
            None => tracing::info!("position receiver: reports come in"),
        }
        self.trouble.clone_from(&trouble);
        self.emit(GpsEvent::Trouble(trouble));
    }

    fn gpsd(&mut self, host: &str, port: u16) -> Result<(), String> {
        let mut client = GpsdClient::connect(host, port)
            .map_err(|error| format!("no gpsd at {host}, port {port}: {error}"))?;
        while !self.is_stopped() {
            let line = client
                .next_line()
                .map_err(|error| format!("gpsd at {host}, port {port}: {error}"))?;
            match line {
                Some(GpsdLine::Fix { fix, .. }) => self.report(&fix),
                Some(GpsdLine::Version { release, protocol }) => {
                    tracing::info!("gpsd {release} at {host}, port {port}, protocol {protocol}");
                    if protocol != 3 {
                        tracing::warn!(
                            "gpsd speaks protocol {protocol}; this release was made for 3"
                        );
                    }
                }
                Some(GpsdLine::Devices(0)) => {
                    self.set_trouble(Some("gpsd has no receiver".to_owned()));
                }
                Some(GpsdLine::Error(message)) => tracing::debug!("gpsd: {message}"),
                Some(GpsdLine::Sky { .. } | GpsdLine::Devices(_) | GpsdLine::Other) => {}
                None if self.heard.elapsed() > SILENCE => {
                    self.set_trouble(Some("gpsd is there, but its receiver is silent".to_owned()));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn device(&mut self, path: &Path, baud: u32) -> Result<(), String> {
        let cannot =
            |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
        let kind = std::fs::metadata(path).map_err(|error| cannot(&error))?.file_type();
        if kind.is_char_device() {
            let name = path.to_string_lossy();
            let port = serialport::new(name, baud)
                .timeout(SERIAL_TIMEOUT)
                .open()
                .map_err(|error| cannot(&error))?;
            self.lines(port, path)
        } else {
            let pipe = File::open(path).map_err(|error| cannot(&error))?;
            self.lines(pipe, path)
        }
    }

    fn lines(&mut self, mut source: impl Read, path: &Path) -> Result<(), String> {
        let mut nmea = NmeaReader::default();
        let mut line = Vec::new();
        let mut bytes = [0; 256];
        while !self.is_stopped() {
            let length = match source.read(&mut bytes) {
                Ok(0) => return Err(format!("{} has ended", path.display())),
                Ok(length) => length,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::TimedOut
                            | io::ErrorKind::WouldBlock
                            | io::ErrorKind::Interrupted
                    ) =>
                {
                    0
                }
                Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            };
            for byte in bytes.iter().take(length) {
                if *byte == b'\n' {
                    let report = nmea.line(&String::from_utf8_lossy(&line));
                    line.clear();
                    if let Some(report) = report {
                        self.report(&report);
                    }
                } else if line.len() < MAX_LINE {
                    line.push(*byte);
                }
            }
            if self.heard.elapsed() > SILENCE {
                self.set_trouble(Some(format!("{} gives no reports", path.display())));
            }
        }
        Ok(())
    }

    fn report(&mut self, report: &ReportedFix) {
        self.heard = Instant::now();
        self.set_trouble(None);
        let said = match report.time.filter(|_| report.position.is_some()) {
            Some(said) => Some(self.with_all_turns(said)),
            None => report.time,
        };
        let time = self.clock.place(said, clock::now());
        self.emit(GpsEvent::Fix(report.at(time)));
        if self.clock_sent.is_none_or(|sent| sent.elapsed() >= Duration::from_secs(10))
            && let Some(offset) = self.clock.offset_ns()
        {
            self.clock_sent = Some(Instant::now());
            let uncertainty_us =
                self.clock.spread().and_then(|spread| u64::try_from(spread.as_micros()).ok());
            self.emit(GpsEvent::Clock { offset_us: offset / 1000, uncertainty_us });
        }
    }
}

impl<F: FnMut(GpsEvent) -> bool + Send + 'static> GpsThread<F> {
    /// The receiver's time with the turns of its week counter that it does not know of.
    fn with_all_turns(&mut self, said: Timestamp) -> Timestamp {
        let Some((time, turns)) = clock_watch::unrolled(said) else { return said };
        if std::mem::replace(&mut self.turns, turns) != turns {
            tracing::warn!(
                "position receiver: its dates lie {turns} x 1,024 weeks in the past; put right"
            );
            self.emit(GpsEvent::WeekRollover { turns });
        }
        time
    }
}

/// Why a recorded position file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NmeaFileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No report in it.
    #[error("{}: no NMEA position report with date and time in it (RMC or ZDA give the date)", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
    },
    /// More reports than are held in memory.
    #[error("{}: more than {MAX_RECORDED} reports at line {line}; split the file", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
    },
}

/// Reads a recorded receiver: all reports that have a time, in order of time.
///
/// # Errors
/// The file cannot be read, holds no report, or too many.
pub fn read_nmea_file(path: &Path) -> Result<Vec<Fix>, NmeaFileError> {
    let failed = |source| NmeaFileError::Read { path: path.to_path_buf(), source };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut nmea = NmeaReader::default();
    let mut fixes: Vec<Fix> = Vec::new();
    let mut keep = |report: Option<ReportedFix>, line| {
        let Some(report) = report else { return Ok(()) };
        let Some(time) = report.time else { return Ok(()) };
        if fixes.len() >= MAX_RECORDED {
            return Err(NmeaFileError::TooLong { path: path.to_path_buf(), line });
        }
        fixes.push(report.at(time));
        Ok(())
    };
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        let length =
            (&mut reader).take(MAX_LINE as u64).read_until(b'\n', &mut bytes).map_err(failed)?;
        if length == 0 {
            break;
        }
        number += 1;
        keep(nmea.line(&String::from_utf8_lossy(&bytes)), number)?;
    }
    keep(nmea.finish(), number)?;
    if nmea.damaged() > 0 {
        tracing::warn!("{}: {} lines are damaged and left out", path.display(), nmea.damaged());
    }
    if fixes.is_empty() {
        return Err(NmeaFileError::Nothing { path: path.to_path_buf() });
    }
    fixes.sort_by_key(|fix: &Fix| fix.time);
    Ok(fixes)
}

/// The first and last time of recorded fixes.
#[must_use]
pub fn recorded_range(fixes: &[Fix]) -> Option<(Timestamp, Timestamp)> {
    Some((fixes.first()?.time, fixes.last()?.time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const EPOCHS: &str = "$GPRMC,093000,A,5230.9780,N,01322.6620,E,10.0,90.0,010526,,,A*70\r\n\
                          $GPRMC,093001,A,5230.9780,N,01322.6620,E,10.0,90.0,010526,,,A*71\r\n";

    #[test]
    fn a_recorded_file() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("drive.nmea");
        std::fs::write(&path, EPOCHS).expect("written");
        let fixes = read_nmea_file(&path).expect("two epochs");
        assert_eq!(fixes.len(), 2);
        let (first, last) = recorded_range(&fixes).expect("two");
        assert_eq!(last.since(first), Duration::from_secs(1));
        std::fs::write(&path, "no sentence\n").expect("written");
        assert!(matches!(read_nmea_file(&path), Err(NmeaFileError::Nothing { .. })));
        assert!(matches!(read_nmea_file(folder.path()), Err(NmeaFileError::Read { .. })));
    }

    #[test]
    fn a_receiver_whose_week_counter_turned_over_is_put_right() {
        let (sender, events) = mpsc::channel();
        let mut thread = GpsThread {
            stop: Arc::new(AtomicBool::new(false)),
            send: move |event| sender.send(event).is_ok(),
            clock: LiveClock::default(),
            clock_sent: None,
            trouble: None,
            heard: Instant::now(),
            turns: 0,
        };
        let mut nmea = NmeaReader::default();
        // 1,024 weeks before 2026-11-20.
        let old = "$GPRMC,093000,A,5230.9780,N,01322.6620,E,10.0,90.0,060407,,,A*";
        let sum = old.bytes().skip(1).take_while(|b| *b != b'*').fold(0, |sum, b| sum ^ b);
        nmea.line(&format!("{old}{sum:02X}"));
        let report = nmea.finish().expect("a report");
        thread.report(&report);
        thread.report(&report);
        drop(thread);
        let events: Vec<GpsEvent> = events.iter().collect();
        let rollovers = events.iter().filter(|e| **e == GpsEvent::WeekRollover { turns: 1 });
        assert_eq!(rollovers.count(), 1, "said once: {events:?}");
        let offset = events.iter().find_map(|event| match event {
            GpsEvent::Clock { offset_us, .. } => Some(*offset_us),
            _ => None,
        });
        let said = Timestamp::from_unix_ns(clock::now().unix_ns() + offset.expect("stated") * 1000);
        assert!(said.rfc3339().starts_with("2026-11-20T09:30"), "{}", said.rfc3339());
    }

    #[test]
    fn a_gpsd_that_is_not_there_is_trouble_in_words() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let (sender, events) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let spec = GpsSpec::Gpsd { host: "127.0.0.1".to_owned(), port };
        GpsThread::start(spec, Arc::clone(&stop), move |event| sender.send(event).is_ok())
            .expect("started");
        let event = events.recv_timeout(Duration::from_secs(10)).expect("an event");
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(event, GpsEvent::Trouble(Some(words)) if words.contains("no gpsd at")));
    }
}
