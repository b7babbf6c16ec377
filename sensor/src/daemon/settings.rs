//! What the command line and the configuration say together.

use crate::capture::SourceSpec;
use crate::cli::{RunArguments, SourceArgument};
use crate::commands::UsageError;
use crate::config::Config;
use crate::gps::GpsSpec;
use crate::state_dir;
use anyhow::Result;
use pw_model::Origin;
use pw_wire::{DEFAULT_PORT, plain_name};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// What the command line and the file say together.
pub(super) struct Settings {
    pub(super) sources: Vec<SourceSpec>,
    pub(super) gps: Option<GpsSpec>,
    pub(super) listen: SocketAddr,
    pub(super) announce: bool,
    pub(super) name: String,
    pub(super) state: PathBuf,
    pub(super) config: Config,
    pub(super) exit_at_end: bool,
    pub(super) await_radios: bool,
}

impl Settings {
    pub(super) fn new(arguments: RunArguments) -> Result<Self> {
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
            await_radios: arguments.await_radios,
        })
    }

    pub(super) fn origin(&self) -> Origin {
        self.sources.first().map_or(Origin::Live, SourceSpec::origin)
    }
}

fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "sensor".to_owned() } else { name.trim().to_owned() }
}
