//! `run`: opens everything, listens until it is told to stop, leaves everything on disk.

mod inputs;
mod line;
mod running;
mod settings;

use crate::cli::RunArguments;
use crate::commands::UsageError;
use crate::journal::{Journal, JournalSettings, Sealing};
use crate::levels::Levels;
use crate::link::{self, Duties, Link, LinkSettings};
use crate::radio::Plans;
use crate::service::ServiceManager;
use crate::{seccomp, state_dir};
use anyhow::{Context, Result};
use inputs::Inputs;
use line::Line;
use pw_model::SensorId;
use pw_wire::{CommandOutcome, SensorCommand, StreamInfo};
use running::{Leaving, Running, leave};
use settings::Settings;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the program calls itself.
const SOFTWARE: &str = concat!("piwardrive-sensor ", env!("CARGO_PKG_VERSION"));

/// Runs the sensor until it is stopped.
///
/// # Errors
/// Something that it was told to use cannot be used.
pub fn run(arguments: RunArguments) -> Result<()> {
    start_log(arguments.log.filter())?;
    let settings = Settings::new(arguments)?;
    // Before any other thread is started: each takes the filter with it.
    if settings.config.security.seccomp
        && let Err(error) = seccomp::confine_process()
    {
        tracing::warn!("{error}");
    }
    let mut service =
        ServiceManager::from_environment().context("the service manager's NOTIFY_SOCKET")?;
    let sealing = sealing(&settings)?;
    let inputs = Inputs::open(&settings)?;
    let identity = link::identity(&settings.state)?;
    let sensor = identity.fingerprint().sensor_id();
    let stream = StreamInfo { name: settings.name.clone(), origin: settings.origin() };
    let journal = open_journal(&settings, sealing, sensor, &stream)?;
    let reader = journal.reader();
    let counters = (0..crate::journal::RADIOS_MAX)
        .filter_map(|number| journal.radio_counter(u8::try_from(number).ok()?))
        .collect();
    let line = Line::new(&settings, inputs, sensor, stream, journal)?;
    let plans = line.plans();

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the network threads")?;
    let link = {
        let _guard = runtime.enter();
        let (status, duties) = (line.status(), duties(&plans, line.levels()));
        link::start_with(link_settings(&settings), identity, reader.clone(), status, duties)?
    };
    let listen = link.local_addr().context("the link has no address")?;
    let _announcement = announce(&settings, sensor, listen);
    let link: Arc<Link> = Arc::new(link);
    let running = Running {
        settings,
        reader,
        progress: line.progress(),
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

    let threads = line.start()?;
    service.ready(&format!("listens for desktops on {listen}"));
    let waited = runtime.block_on(running.wait(&threads.pipeline, &mut service));
    service.stopping();
    leave(Leaving { threads, control, runtime, link, running })?;
    waited
}

/// The journal's key: said in the log, because a journal that is plain against expectation tells whoever
/// takes the card what was heard.
fn sealing(settings: &Settings) -> Result<Option<Sealing>> {
    let Some(sealing) = settings.config.journal.sealing()? else { return Ok(None) };
    if sealing.seals() {
        tracing::info!("the journal is sealed with the key {}", sealing.id());
    } else {
        tracing::info!("new records are not sealed; the key {} opens old ones", sealing.id());
    }
    if sealing.lies_beside(&settings.state) == Some(true) {
        tracing::warn!(
            "the journal's key {} lies on the same disk as the journal: whoever takes that disk has \
             both",
            sealing.path().display()
        );
    }
    Ok(Some(sealing))
}

fn open_journal(
    settings: &Settings,
    sealing: Option<Sealing>,
    sensor: SensorId,
    stream: &StreamInfo,
) -> Result<Journal> {
    let folder = state_dir::journal(&settings.state);
    let mut journal = JournalSettings::new(folder, sensor, stream.clone());
    if let Some(quota) = settings.config.journal.quota_mib {
        journal.set_quota(quota.saturating_mul(1 << 20));
    }
    journal.thin = settings.config.journal.thin.unwrap_or(true);
    journal.sealing = sealing.map(Arc::new);
    Ok(Journal::open(journal)?)
}

fn link_settings(settings: &Settings) -> LinkSettings {
    LinkSettings {
        listen: settings.listen,
        state_dir: settings.state.clone(),
        name: settings.name.clone(),
        software: SOFTWARE.to_owned(),
        origin: settings.origin(),
    }
}

/// Says on the local network where the sensor is, if its owner wants that. A network without multicast
/// is no reason not to listen.
fn announce(
    settings: &Settings,
    sensor: SensorId,
    listen: SocketAddr,
) -> Option<link::Announcement> {
    if !settings.announce {
        return None;
    }
    let started = link::Announcement::start(&settings.name, sensor, listen);
    started.inspect_err(|error| tracing::warn!("not announced on the local network: {error}")).ok()
}

/// What paired desktops may ask for.
fn duties(plans: &Plans, levels: Levels) -> Duties {
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
        levels,
    }
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
