//! Everything that the sensor hears with, opened: whatever can be wrong with it is found before
//! anything is written.

use super::settings::Settings;
use crate::capture::{LiveSettings, Prepared, SourceError, SourceSpec, await_radio, prepare};
use crate::commands::UsageError;
use crate::gps::{GpsSpec, read_nmea_file};
use crate::motion::{ImuSpec, SpeedSpec};
use crate::pipeline::Join;
use crate::privacy::{Privacy, PrivacySettings};
use crate::radio::{AdapterIdentity, NumberBook, RadioNumbers, SYS};
use crate::state_dir;
use anyhow::Result;
use pw_model::Origin;
use std::path::Path;

/// Sources, position and privacy, ready.
pub(super) struct Inputs {
    pub(super) sources: Vec<Prepared>,
    pub(super) join: Join,
    /// The live receiver that has to be started.
    pub(super) receiver: Option<GpsSpec>,
    /// What says how the sensor moves.
    pub(super) motion: (Option<ImuSpec>, Option<SpeedSpec>),
    pub(super) privacy: Privacy,
    pub(super) live: LiveSettings,
}

impl Inputs {
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        let live = settings.config.live_settings()?;
        let sources = prepare_all(&settings.sources, &live, settings.await_radios)?;
        let (join, receiver) = join(settings)?;
        let privacy = privacy(settings, &join)?;
        let motion = motion(settings)?;
        Ok(Self { sources, join, receiver, motion, privacy, live })
    }
}

/// What says how the sensor moves, where it is configured.
fn motion(settings: &Settings) -> Result<(Option<ImuSpec>, Option<SpeedSpec>)> {
    let (imu, speed) = settings.config.motion()?;
    if settings.origin() == Origin::Live {
        return Ok((imu, speed));
    }
    if imu.is_some() || speed.is_some() {
        tracing::warn!("motion is of the present; beside frames that are not, it is not recorded");
    }
    Ok((None, None))
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
    // What could be wrong was looked at: a sensor that cannot start leaves nothing behind.
    state_dir::create(&settings.state)?;
    let mut privacy = Privacy::open(&privacy, &settings.state, now)?;
    if let Join::Fixed(place) = join {
        privacy.stand(place);
    }
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

/// Opens all sources. A radio that is not plugged in is waited for, as long as another source works or
/// `await_radios` says so; else it is an error, which at a keyboard most likely is a slip of the pen.
fn prepare_all(
    specs: &[SourceSpec],
    live: &LiveSettings,
    await_radios: bool,
) -> Result<Vec<Prepared>> {
    let opened: Vec<_> = specs.iter().map(|spec| (spec, prepare(spec, live))).collect();
    let some_work = await_radios || opened.iter().any(|(_, opened)| opened.is_ok());
    let source = |(spec, opened): (&SourceSpec, Result<Prepared, SourceError>)| match opened {
        Ok(source) => Ok(source),
        Err(error) if some_work => await_radio(spec, live).ok_or(error),
        Err(error) => Err(error),
    };
    Ok(opened.into_iter().map(source).collect::<Result<_, _>>()?)
}

/// The numbers of all radios in the order of the sources: of adapters the ones they always had, of
/// files and scenarios one after the other. And where adapters that come later are written down.
pub(super) fn radio_numbers(
    settings: &Settings,
    sources: &[Prepared],
) -> Result<(Vec<u8>, NumberBook)> {
    let names = || sources.iter().flat_map(|source| &source.radios);
    if settings.origin() != Origin::Live {
        return Ok(((0..=u8::MAX).take(names().count()).collect(), NumberBook::default()));
    }
    let radios: Vec<_> =
        names().map(|name| (name.clone(), AdapterIdentity::of(Path::new(SYS), name))).collect();
    let mut known = RadioNumbers::read(&settings.state)?;
    let before = known.clone();
    let numbers = known.assign(&radios).ok_or(SourceError::TooManyRadios)?;
    if known != before {
        known.write(&settings.state)?;
    }
    let book = NumberBook::new(&settings.state, known, numbers.clone());
    Ok((numbers, book))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_that_is_not_there_is_an_error_unless_it_is_to_be_waited_for() {
        let live = LiveSettings::default();
        let missing: SourceSpec = "wifi:no-such-dev0".parse().expect("a source");
        let error = prepare_all(std::slice::from_ref(&missing), &live, false).err();
        let error = format!("{:#}", error.expect("alone and not there"));
        assert!(error.starts_with("no-such-dev0: "), "{error}");
        let waiting = prepare_all(&[missing], &live, true).expect("waited for");
        assert_eq!(
            waiting.iter().map(|source| source.name.as_str()).collect::<Vec<_>>(),
            ["no-such-dev0"]
        );
        // What is no radio does not come by being plugged in.
        let file: SourceSpec = "file:no-such-file.pcap".parse().expect("a source");
        assert!(prepare_all(&[file], &live, true).is_err());
    }
}
