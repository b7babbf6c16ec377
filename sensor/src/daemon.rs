//! `run`: opens everything, listens until it is told to stop, leaves everything on disk.

use crate::capture::{
    LiveSettings, Prepared, SourceContext, SourceError, SourceSpec, await_radio, prepare,
};
use crate::cli::{RunArguments, SourceArgument};
use crate::commands::UsageError;
use crate::config::Config;
use crate::control::ControlSocket;
use crate::gps::{GpsEvent, GpsSpec, GpsThread, read_nmea_file};
use crate::journal::{Journal, JournalReader, JournalSettings, RadioCounter};
use crate::link::{self, Duties, Link, LinkSettings};
use crate::machine::{Machine, TransmitWatch};
use crate::pipeline::{Event, Join, Pipeline, PipelineSettings, PipelineState, QUEUE_EVENTS};
use crate::privacy::{Privacy, PrivacySettings};
use crate::radio::{AdapterIdentity, Plans, RadioNumbers, SYS};
use crate::service::ServiceManager;
use crate::status_sign::StatusSign;
use crate::{seccomp, state_dir, status_json};
use anyhow::{Context, Result};
use pw_model::{Origin, RadioId};
use pw_wire::{CommandOutcome, DEFAULT_PORT, SensorCommand, StreamInfo, plain_name};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// With `--exit-at-end`: how long paired desktops have to take the rest.
const DRAIN: Duration = Duration::from_secs(60);
/// What the program calls itself.
const SOFTWARE: &str = concat!("piwardrive-sensor ", env!("CARGO_PKG_VERSION"));

/// What the command line and the file say together.
struct Settings {
    sources: Vec<SourceSpec>,
    gps: Option<GpsSpec>,
    listen: SocketAddr,
    announce: bool,
    name: String,
    state: PathBuf,
    config: Config,
    exit_at_end: bool,
}

impl Settings {
    fn new(arguments: RunArguments) -> Result<Self> {
        let usage = |error: anyhow::Error| anyhow::Error::from(UsageError(format!("{error:#}")));
        let config = match &arguments.config {
            Some(path) => Config::read(path).map_err(usage)?,
            None => Config::default(),
        };
        let mut sources = Vec::new();
        for source in &arguments.sources {
            if let SourceArgument::Spec(spec) = source {
                sources.push(spec.clone());
            }
        }
        if arguments.sources.is_empty() {
            sources = config.sources().map_err(usage)?;
            if sources.is_empty() {
                let words = "no source: give --source, or --source none to serve what is there; \
                             see --help";
                return Err(UsageError(words.to_owned()).into());
            }
        }
        let origins: Vec<Origin> = sources.iter().map(SourceSpec::origin).collect();
        if origins.windows(2).any(|pair| pair[0] != pair[1]) {
            let words = "live, replayed and simulated sources cannot be mixed: what is measured \
                         must not stand beside what is not";
            return Err(UsageError(words.to_owned()).into());
        }
        let gps = match arguments.gps {
            Some(gps) => Some(gps),
            None => config.gps().map_err(usage)?,
        };
        let name = arguments.name.or_else(|| config.name.clone());
        let name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(machine_name);
        Ok(Self {
            sources,
            gps,
            listen: arguments
                .listen
                .or(config.listen)
                .unwrap_or_else(|| SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT))),
            announce: arguments.announce || config.announce,
            name: plain_name(&name),
            state: arguments
                .state
                .or_else(|| config.state.clone())
                .unwrap_or_else(state_dir::default_state_dir),
            config,
            exit_at_end: arguments.exit_at_end,
        })
    }

    fn origin(&self) -> Origin {
        self.sources.first().map_or(Origin::Live, SourceSpec::origin)
    }
}

fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "sensor".to_owned() } else { name.trim().to_owned() }
}

/// Runs the sensor until it is stopped.
///
/// # Errors
/// Something that it was told to use cannot be used.
pub fn run(arguments: RunArguments) -> Result<()> {
    start_log(arguments.log.filter())?;
    let settings = Settings::new(arguments)?;
    // Before any other thread is started: each takes the filter with it.
    let confine = settings.config.security.seccomp;
    if confine && let Err(error) = seccomp::confine_process() {
        tracing::warn!("{error}");
    }
    let mut service =
        ServiceManager::from_environment().context("the service manager's NOTIFY_SOCKET")?;
    let live = settings.config.live_settings()?;
    // Whatever can be wrong with sources and receiver is found before anything is written or made.
    let sources = prepare_all(&settings.sources, &live)?;
    let (join, receiver) = join(&settings)?;
    state_dir::create(&settings.state)?;
    let privacy = privacy(&settings, &join)?;
    let identity = link::identity(&settings.state)?;
    let sensor = identity.fingerprint().sensor_id();
    let stream = StreamInfo { name: settings.name.clone(), origin: settings.origin() };
    let mut journal_settings =
        JournalSettings::new(state_dir::journal(&settings.state), sensor, stream.clone());
    if let Some(quota) = settings.config.journal.quota_mib {
        journal_settings.quota_bytes = quota.saturating_mul(1 << 20);
    }
    let journal = Journal::open(journal_settings)?;
    let reader = journal.reader();
    let numbers = radio_numbers(&settings, &sources)?;
    let names = sources.iter().flat_map(|source| source.radios.clone());
    let radios: Vec<(RadioId, String)> = numbers.iter().copied().map(RadioId).zip(names).collect();
    let plans = Plans::new(live.hop.clone());
    let counters = (0..crate::journal::RADIOS_MAX)
        .filter_map(|number| journal.radio_counter(u8::try_from(number).ok()?))
        .collect();

    let (events, queue) = sync_channel(QUEUE_EVENTS);
    let stop = Arc::new(AtomicBool::new(false));
    let mut threads = Vec::new();
    // The radios that could send: a live one's name is that of its interface.
    let interfaces = if settings.origin() == Origin::Live { radios.clone() } else { Vec::new() };
    let pipeline_settings = PipelineSettings {
        sensor,
        stream,
        radios,
        sources: sources.len(),
        join,
        state_dir: settings.state.clone(),
        privacy,
        machine: Machine::new("/"),
        confine,
        transmit: TransmitWatch::new("/", interfaces),
        plans: plans.clone(),
    };
    let mut starts = Vec::new();
    let mut numbers = numbers.into_iter();
    for source in sources {
        // The radios of one source have numbers that follow each other.
        let first_radio = numbers.next().unwrap_or(0);
        numbers.by_ref().take(source.radios.len().saturating_sub(1)).for_each(drop);
        let context = SourceContext {
            first_radio,
            events: events.clone(),
            stop: Arc::clone(&stop),
            plans: plans.clone(),
        };
        starts.push(source.ready(context, &journal)?);
    }
    let pipeline = Pipeline::new(pipeline_settings, journal);
    let progress = pipeline.state();
    let status = pipeline.status();

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the network threads")?;
    let link_settings = LinkSettings {
        listen: settings.listen,
        state_dir: settings.state.clone(),
        name: settings.name.clone(),
        software: SOFTWARE.to_owned(),
        origin: settings.origin(),
    };
    let link = {
        let _guard = runtime.enter();
        link::start_with(link_settings, identity, reader.clone(), status, duties(&plans))?
    };
    let listen = link.local_addr().context("the link has no address")?;
    // A network without multicast is no reason not to listen.
    let _announcement = settings.announce.then(|| {
        link::Announcement::start(&settings.name, sensor, listen)
            .inspect_err(|error| tracing::warn!("not announced on the local network: {error}"))
    });
    let link = Arc::new(link);
    let running = Running {
        settings,
        reader,
        progress,
        link: Arc::clone(&link),
        counters,
        plans,
        listen: listen.to_string(),
    };
    let control = running.control()?;
    tracing::info!(
        "{SOFTWARE} '{}' ({sensor}) listens for desktops on {listen}, state in {}",
        running.settings.name,
        running.settings.state.display()
    );

    let pipeline = std::thread::Builder::new()
        .name("pipeline".to_owned())
        .spawn(move || pipeline.run(&queue))
        .context("cannot start the pipeline's thread")?;
    for start in starts {
        threads.push(start.start()?);
    }
    if let Some(receiver) = receiver {
        let gps_events = events.clone();
        let send = move |event: GpsEvent| gps_events.send(Event::Gps(event)).is_ok();
        GpsThread::start(receiver, Arc::clone(&stop), send)
            .context("cannot start the position thread")?;
    }
    service.ready(&format!("listens for desktops on {listen}"));
    let waited = runtime.block_on(running.wait(&pipeline, &mut service));
    service.stopping();
    leave(Leaving { stop, events, threads, pipeline, control, runtime, link, running })?;
    waited
}

/// How people's data are treated: said in the log, because a person may expect otherwise.
fn privacy(settings: &Settings, join: &Join) -> Result<Privacy> {
    let privacy = PrivacySettings::new(&settings.config.privacy, settings.origin())
        .map_err(|error| UsageError(format!("{error:#}")))?;
    if !privacy.home_zones.is_empty() && matches!(join, Join::None) {
        let words = "home zones need to know where the sensor is: give a position source with \
                     --gps, or take privacy.home_zone out of the configuration";
        return Err(UsageError(words.to_owned()).into());
    }
    let declared = &privacy.declaration;
    tracing::info!("addresses of clients: {}", declared.addresses_words());
    if let Some(purpose) = &declared.audit {
        tracing::warn!("an audit is declared: {purpose}");
    }
    let now = (settings.origin() == Origin::Live).then(crate::clock::now);
    let privacy = Privacy::open(&privacy, &settings.state, now)?;
    if privacy.is_silent() {
        tracing::warn!("nothing is recorded until a fix shows that this is no home zone");
    }
    Ok(privacy)
}

/// How frames get their positions, and the live receiver that has to be started for it.
fn join(settings: &Settings) -> Result<(Join, Option<GpsSpec>)> {
    let origin = settings.origin();
    let Some(gps) = settings.gps.clone() else {
        let join = if origin == Origin::Simulated { Join::Simulated } else { Join::None };
        return Ok((join, None));
    };
    let is_file = |path: &Path| std::fs::metadata(path).is_ok_and(|data| data.is_file());
    Ok(match gps {
        GpsSpec::None => (Join::None, None),
        GpsSpec::Fixed(position) => (Join::Fixed(position), None),
        GpsSpec::Nmea { path, .. } if origin != Origin::Live || is_file(&path) => {
            let fixes = read_nmea_file(&path)?;
            if origin == Origin::Live {
                tracing::warn!(
                    "{} is a recorded file: its fixes are joined by their own times, which lie in the past",
                    path.display()
                );
            }
            (Join::Recorded(fixes), None)
        }
        receiver => {
            if origin != Origin::Live {
                tracing::warn!(
                    "{receiver} reports the present; replayed frames lie in the past and get no position"
                );
            }
            (Join::Live, Some(receiver))
        }
    })
}

/// Opens all sources. A radio that is not plugged in is waited for, as long as another source works;
/// alone it is an error, which most likely is a slip of the pen.
fn prepare_all(specs: &[SourceSpec], live: &LiveSettings) -> Result<Vec<Prepared>> {
    let opened: Vec<_> = specs.iter().map(|spec| (spec, prepare(spec, live))).collect();
    let some_work = opened.iter().any(|(_, opened)| opened.is_ok());
    let source = |(spec, opened): (&SourceSpec, Result<Prepared, SourceError>)| match opened {
        Ok(source) => Ok(source),
        Err(error) if some_work => await_radio(spec, live).ok_or(error),
        Err(error) => Err(error),
    };
    Ok(opened.into_iter().map(source).collect::<Result<_, _>>()?)
}

/// What paired desktops may ask for.
fn duties(plans: &Plans) -> Duties {
    let told = plans.clone();
    let plans = plans.clone();
    Duties {
        commands: Arc::new(move |command| match command {
            SensorCommand::SetPlan { radio, plan } => match plans.set(radio, &plan) {
                Ok(words) => CommandOutcome::Done { words },
                Err(words) => CommandOutcome::Refused { words },
            },
        }),
        tuning: Arc::new(move || told.tuning()),
    }
}

/// The numbers of all radios in the order of the sources: of adapters the ones they always had, of
/// files and scenarios one after the other.
fn radio_numbers(settings: &Settings, sources: &[Prepared]) -> Result<Vec<u8>> {
    let names = || sources.iter().flat_map(|source| &source.radios);
    if settings.origin() != Origin::Live {
        return Ok((0..=u8::MAX).take(names().count()).collect());
    }
    let radios: Vec<_> =
        names().map(|name| (name.clone(), AdapterIdentity::of(Path::new(SYS), name))).collect();
    let mut known = RadioNumbers::read(&settings.state)?;
    let before = known.clone();
    let numbers = known.assign(&radios).ok_or(SourceError::TooManyRadios)?;
    if known != before {
        known.write(&settings.state)?;
    }
    Ok(numbers)
}

fn start_log(filter: &str) -> Result<()> {
    let filter = match std::env::var("PIWARDRIVE_LOG") {
        Ok(own) => own,
        Err(_not_set) => filter.to_owned(),
    };
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| UsageError(format!("PIWARDRIVE_LOG: {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}

/// The running sensor.
struct Running {
    settings: Settings,
    reader: JournalReader,
    progress: watch::Receiver<PipelineState>,
    link: Arc<Link>,
    counters: Vec<RadioCounter>,
    plans: Plans,
    listen: String,
}

impl Running {
    fn control(&self) -> Result<ControlSocket> {
        let progress = self.progress.clone();
        let reader = self.reader.clone();
        let link = Arc::downgrade(&self.link);
        let counters = self.counters.clone();
        let plans = self.plans.clone();
        let name = self.settings.name.clone();
        let origin = self.settings.origin();
        let listen = self.listen.clone();
        ControlSocket::listen(&self.settings.state, move |command| {
            if command != "status" {
                return None;
            }
            let frames_in = counters.iter().map(RadioCounter::total).sum();
            let link = link.upgrade();
            Some(status_json::status(&status_json::Parts {
                name: &name,
                origin,
                listen: &listen,
                sensor: link.as_ref().map(|link| link.sensor()),
                traffic: link.as_ref().map(|link| link.traffic()).unwrap_or_default(),
                progress: &progress.borrow().clone(),
                journal: &reader.state().borrow().clone(),
                tuning: &plans.tuning(),
                frames_in,
            }))
        })
    }

    /// Until a signal comes, everything asked for is done, or the pipeline has ended by a defect.
    async fn wait<T>(&self, pipeline: &JoinHandle<T>, service: &mut ServiceManager) -> Result<()> {
        let mut progress = self.progress.clone();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut look = tokio::time::interval(Duration::from_millis(100));
        let mut settled: Option<Instant> = None;
        let mut sign = StatusSign::new(&self.settings.config.status);
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                _ = look.tick() => {}
            }
            if pipeline.is_finished() {
                anyhow::bail!("the pipeline has ended by a defect; what was journaled is safe");
            }
            // The pipeline tells of itself twice a second; the watchdog hears of it only then, so
            // that a pipeline that hangs is started anew.
            if progress.has_changed().unwrap_or(false) {
                progress.mark_unchanged();
                service.alive();
                sign.show(&progress.borrow(), &self.reader.state().borrow());
            }
            sign.blink();
            if !self.settings.exit_at_end || !self.progress.borrow().settled {
                continue;
            }
            let since = *settled.get_or_insert_with(Instant::now);
            if self.link.keys().desktops().is_empty() {
                return Ok(());
            }
            let left = self.reader.state().borrow().backlog_batches;
            if left == 0 && since.elapsed() > Duration::from_millis(500) {
                return Ok(());
            }
            if since.elapsed() >= DRAIN {
                tracing::warn!(
                    "{left} batches wait in the journal: no paired desktop took them in time"
                );
                return Ok(());
            }
        }
    }
}

struct Leaving {
    stop: Arc<AtomicBool>,
    events: SyncSender<Event>,
    threads: Vec<JoinHandle<()>>,
    pipeline: JoinHandle<Result<(), crate::journal::JournalError>>,
    control: ControlSocket,
    runtime: Runtime,
    link: Arc<Link>,
    running: Running,
}

/// Stops everything in order: sources, pipeline, journal, link.
fn leave(leaving: Leaving) -> Result<()> {
    leaving.stop.store(true, Ordering::Relaxed);
    // It fails only when the pipeline is gone already.
    drop(leaving.events.send(Event::Stop));
    drop(leaving.events);
    for thread in leaving.threads {
        if thread.join().is_err() {
            tracing::error!("a source has ended by a defect");
        }
    }
    let result = match leaving.pipeline.join() {
        Ok(result) => result.map_err(anyhow::Error::from),
        Err(_panic) => Err(anyhow::anyhow!("the pipeline has ended by a defect")),
    };
    drop(leaving.control);
    let state = leaving.running.reader.state().borrow().clone();
    drop(leaving.running);
    match Arc::try_unwrap(leaving.link) {
        Ok(link) => leaving.runtime.block_on(link.shutdown()),
        Err(shared) => drop(shared),
    }
    leaving.runtime.shutdown_timeout(Duration::from_secs(2));
    tracing::info!(
        "stopped; the journal holds batches {} to {}, {} wait for a desktop",
        state.oldest_seq,
        state.durable_seq,
        state.backlog_batches
    );
    result
}
