//! WiGLE CSV into a survey: every row becomes one observation.
//!
//! A row says that the phone's radio listed the network: that it heard at least one beacon or probe
//! response. It is stored as one beacon, with no length, rate or elements, in a stream that is
//! marked as imported.

use super::super::ExchangeError;
use super::super::wigle::{Row, Sighting, WigleReader};
use super::batches::Batches;
use super::source::Source;
use super::{ImportContext, ImportedFile, Meter, empty_result};
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Channel, FrameKind, NetworkTraits,
    Observation, Origin, RadioId,
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Descriptions that are remembered so that each is stored once. When full it starts anew: some are
/// stored twice, none is lost.
const REMEMBERED: usize = 1 << 20;

/// Rows between two looks at progress and the wish to stop.
const ROWS_PER_STEP: u64 = 1_000;

pub(super) fn import(
    mut source: Source,
    epoch: u64,
    meter: &Meter,
    context: &mut ImportContext<'_>,
) -> Result<ImportedFile, ExchangeError> {
    let path = source.path.clone();
    let read_failed = |error| ExchangeError::Read { path: path.clone(), source: error };
    let content = source.content()?;
    let mut reader = WigleReader::new(content).map_err(read_failed)?.map_err(|error| {
        ExchangeError::Damaged { path: path.clone(), reason: error.to_string() }
    })?;
    // Our own exports say in their first line when the data was simulated.
    let first_line = source.start.split(|b| *b == b'\n').next().unwrap_or_default();
    let simulated = first_line.windows(16).any(|w| w == b"device=simulated");
    let origin = if simulated { Origin::Simulated } else { Origin::Imported };
    let result = empty_result(&path, source.format.name());
    let mut batches = Batches::new(context.queue, &source, epoch, origin, result);
    let mut seen = HashSet::new();
    let mut rows = 0u64;
    while let Some(row) = reader.next_row().map_err(read_failed)? {
        rows += 1;
        if rows.is_multiple_of(ROWS_PER_STEP) {
            meter.step(source.done(), context)?;
        }
        match row {
            Ok(Row::Wifi(sighting)) if asks_not_to_be_mapped(&sighting) => {
                batches.result.opted_out += 1;
            }
            Ok(Row::Wifi(sighting)) => {
                if sighting.traits.is_none() && sighting.ssid.is_some() {
                    let what = "names not kept, because their rows do not say the protection";
                    leave_out(&mut batches.result, what);
                }
                let (observation, advertisement) = observation(*sighting);
                let advertisement = advertisement.filter(|a| {
                    if seen.len() >= REMEMBERED {
                        seen.clear();
                    }
                    seen.insert(a.id)
                });
                batches.observation(observation, advertisement.into_iter().collect())?;
            }
            Ok(Row::Other(kind)) => {
                leave_out(&mut batches.result, &format!("rows of kind {kind} left out"));
            }
            Err(error) => {
                leave_out(&mut batches.result, "rows that cannot be read left out");
                batches.result.warn(error.to_string());
            }
        }
    }
    batches.finish()
}

fn leave_out(result: &mut ImportedFile, what: &str) {
    *result.left_out.entry(what.to_owned()).or_default() += 1;
}

fn asks_not_to_be_mapped(sighting: &Sighting) -> bool {
    sighting.ssid.as_ref().is_some_and(pw_model::Ssid::asks_not_to_be_mapped)
}

fn observation(sighting: Sighting) -> (Observation, Option<Advertisement>) {
    let advertisement = sighting.traits.clone().map(|traits| {
        let channel = sighting.frequency_mhz.and_then(Channel::from_frequency_mhz);
        // An empty name in a row stands for a hidden one.
        let ssid = Some(sighting.ssid.clone().unwrap_or_default());
        let traits = NetworkTraits { ssid, channel, ..traits };
        Advertisement {
            id: advertisement_id(&sighting, &traits),
            time: sighting.time,
            kind: AdvertisementKind::Beacon,
            transmitter: sighting.bssid,
            bssid: Some(sighting.bssid),
            traits,
            elements: Vec::new(),
        }
    });
    let observation = Observation {
        transmitter: Some(sighting.bssid),
        bssid: Some(sighting.bssid),
        frequency_mhz: sighting.frequency_mhz,
        signal_dbm: sighting.signal_dbm,
        advertisement: advertisement.as_ref().map(|a| a.id),
        position: sighting.position,
        ..Observation::new(sighting.time, RadioId(0), FrameKind::BEACON)
    };
    (observation, advertisement)
}

fn advertisement_id(sighting: &Sighting, traits: &NetworkTraits) -> AdvertisementId {
    let digest = Sha256::digest(format!("{} {traits:?}", sighting.bssid));
    let bytes = digest.first_chunk::<8>().copied().unwrap_or_default();
    AdvertisementId(u64::from_be_bytes(bytes))
}
