//! The tracker's state as rows of the index, and back.
//!
//! A row's key begins with one letter that says what it is; see [`Row`]. The manifest counts and
//! digests all rows, so that an index that lost some is found out and made anew.

use super::segments::Place;
use crate::directory::BatchEntry;
use crate::losses::Losses;
use crate::tracker::device::{Device, Role, Said};
use crate::tracker::stream::Stream;
use crate::tracker::track::Point;
use crate::tracker::{Bss, GapKey, Head, Tracker};
use pw_model::{Advertisement, Gap, MacAddr, SensorId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// Layout of the rows. An index of another layout is made anew from the segments.
pub(super) const LAYOUT: u32 = 3;
/// Largest row that is read.
const MAX_ROW: usize = 256 << 20;

/// The key of the manifest; no other key is this short.
pub(super) const MANIFEST: &[u8] = b"m";

/// What an index is of, and how far it goes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) layout: u32,
    /// Identifier of the survey.
    pub(super) survey: String,
    /// Everything before this place is in the index.
    pub(super) end: Place,
    /// Rows, the manifest not counted, and the sum of their checksums.
    pub(super) rows: u64,
    pub(super) digest: u64,
}

/// Keys.
enum Row {
    /// `a`, number: an advertisement.
    Advertisement(u64),
    /// `b`, place: a stored batch.
    Batch(Place),
    /// `d`, address: a device.
    Device(MacAddr),
    /// `g`, start, stream, batch, place in it: a stated loss.
    Gap(GapKey),
    /// `h0`: everything small.
    Head,
    /// `l0`: what was lost from the segments. An index without such losses has no such row.
    Losses,
    /// `n`, BSSID: a network.
    Network(MacAddr),
    /// `s`, stream.
    Stream(SensorId),
    /// `t`, stream, piece: a piece of a track.
    Track(SensorId, i64),
}

impl Row {
    fn key(&self) -> Vec<u8> {
        match self {
            Self::Advertisement(number) => key(b'a', &[&number.to_be_bytes()]),
            Self::Batch(place) => {
                key(b'b', &[&place.segment.to_be_bytes(), &place.offset.to_be_bytes()])
            }
            Self::Device(address) => key(b'd', &[&address.0]),
            Self::Gap((start, sensor, epoch, seq, place)) => key(
                b'g',
                &[
                    &start.unix_ns().to_be_bytes(),
                    &sensor.0,
                    &epoch.to_be_bytes(),
                    &seq.to_be_bytes(),
                    &place.to_be_bytes(),
                ],
            ),
            Self::Head => key(b'h', &[b"0"]),
            Self::Losses => key(b'l', &[b"0"]),
            Self::Network(bssid) => key(b'n', &[&bssid.0]),
            Self::Stream(sensor) => key(b's', &[&sensor.0]),
            Self::Track(sensor, piece) => key(b't', &[&sensor.0, &piece.to_be_bytes()]),
        }
    }
}

fn key(letter: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![letter];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// Checksum of a row, summed up in the manifest.
pub(super) fn row_digest(key: &[u8], value: &[u8]) -> u64 {
    u64::from(crc32c::crc32c_append(crc32c::crc32c(key), value)) + 1
}

pub(super) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(value, bincode::config::standard()).map_err(|e| e.to_string())
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let config = bincode::config::standard().with_limit::<MAX_ROW>();
    match bincode::serde::decode_from_slice(bytes, config) {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        Ok(_) => Err("a row is longer than its value".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A change of the index: a new value, or `None` to delete the row.
pub(super) type Change = (Vec<u8>, Option<Vec<u8>>);

/// Everything that changed since the last checkpoint, row by row.
pub(super) fn changes(
    tracker: &mut Tracker,
    batches: &[BatchEntry],
    mut put: impl FnMut(Change) -> Result<(), String>,
) -> Result<(), String> {
    let (advertisements, dropped) = tracker.adverts.take_changed();
    for (number, advertisement) in advertisements {
        put((Row::Advertisement(number).key(), Some(encode(advertisement.as_ref())?)))?;
    }
    for number in dropped {
        put((Row::Advertisement(number).key(), None))?;
    }
    for batch in batches {
        put((Row::Batch(batch.place).key(), Some(encode(batch)?)))?;
    }
    let mut unsaved = tracker.take_unsaved();
    unsaved.devices.sort_unstable();
    unsaved.devices.dedup();
    for address in unsaved.devices {
        let device = tracker.devices.get(&address).map(encode).transpose()?;
        put((Row::Device(address).key(), device))?;
    }
    unsaved.networks.sort_unstable();
    unsaved.networks.dedup();
    for bssid in unsaved.networks {
        let network = tracker.networks.get(&bssid).map(encode).transpose()?;
        put((Row::Network(bssid).key(), network))?;
    }
    for gap in unsaved.gaps {
        let value = tracker.gaps.get(&gap).map(encode).transpose()?;
        put((Row::Gap(gap).key(), value))?;
    }
    if std::mem::take(&mut tracker.losses_unsaved) {
        let losses = (!tracker.losses.is_empty()).then(|| encode(&tracker.losses)).transpose()?;
        put((Row::Losses.key(), losses))?;
    }
    for (sensor, stream) in &mut tracker.streams {
        if std::mem::take(&mut stream.unsaved) {
            put((Row::Stream(*sensor).key(), Some(encode(stream)?)))?;
        }
        for (piece, points) in stream.track.take_changed() {
            let value = (!points.is_empty()).then(|| encode(&points)).transpose()?;
            put((Row::Track(*sensor, piece).key(), value))?;
        }
    }
    put((Row::Head.key(), Some(encode(&tracker.head)?)))
}

/// Puts one row back. Rows come in the order of their keys: advertisements before devices, streams
/// before their tracks.
pub(super) fn restore(
    tracker: &mut Tracker,
    batches: &mut Vec<BatchEntry>,
    key: &[u8],
    value: &[u8],
) -> Result<(), String> {
    let wrong = || format!("a row with the key {key:02x?}");
    let (letter, rest) = key.split_first().ok_or_else(wrong)?;
    match letter {
        b'a' => {
            let number = u64::from_be_bytes(rest.try_into().ok().ok_or_else(wrong)?);
            let number = Some(number).filter(|n| *n < u64::MAX).ok_or_else(wrong)?;
            tracker.adverts.restore(number, decode::<Advertisement>(value)?);
        }
        b'b' => batches.push(decode(value)?),
        b'd' => {
            let mut device: Device = decode(value)?;
            share(tracker, &mut device);
            tracker.devices.insert(MacAddr(rest.try_into().ok().ok_or_else(wrong)?), device);
        }
        b'g' => {
            let key = gap_key(rest).ok_or_else(wrong)?;
            tracker.gaps.insert(key, decode::<Gap>(value)?);
        }
        b'h' => tracker.head = decode::<Head>(value)?,
        b'l' => tracker.losses = decode::<Losses>(value)?,
        b'n' => {
            let bssid = MacAddr(rest.try_into().ok().ok_or_else(wrong)?);
            tracker.networks.insert(bssid, decode::<Bss>(value)?);
        }
        b's' => {
            let sensor = SensorId(rest.try_into().ok().ok_or_else(wrong)?);
            tracker.streams.insert(sensor, decode::<Stream>(value)?);
        }
        b't' => {
            let sensor = rest.first_chunk::<16>().ok_or_else(wrong)?;
            let stream = tracker.streams.get_mut(&SensorId(*sensor)).ok_or_else(wrong)?;
            stream.track.restore(decode::<Vec<(Timestamp, Point)>>(value)?);
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

fn gap_key(bytes: &[u8]) -> Option<GapKey> {
    let (start, bytes) = bytes.split_first_chunk::<8>()?;
    let (sensor, bytes) = bytes.split_first_chunk::<16>()?;
    let (epoch, bytes) = bytes.split_first_chunk::<8>()?;
    let (seq, bytes) = bytes.split_first_chunk::<8>()?;
    Some((
        Timestamp::from_unix_ns(i64::from_be_bytes(*start)),
        SensorId(*sensor),
        u64::from_be_bytes(*epoch),
        u64::from_be_bytes(*seq),
        u32::from_be_bytes(bytes.try_into().ok()?),
    ))
}

/// Lets a device share its advertisements with the table again, where they are in it.
fn share(tracker: &Tracker, device: &mut Device) {
    let share = |said: &mut Option<Said>| {
        if let Some(said) = said
            && let Some(known) = tracker.adverts.get(said.what.0.id)
            && **known == *said.what.0
        {
            said.what.0 = Arc::clone(known);
        }
    };
    match &mut device.role {
        Role::AccessPoint(part) => {
            [&mut part.beacon, &mut part.response].into_iter().for_each(share)
        }
        Role::Client(part) => share(&mut part.request),
    }
}
