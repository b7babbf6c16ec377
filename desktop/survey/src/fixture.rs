//! Made-up batches for the tests of this crate: a drive past a few networks, repeatable by number.

use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Channel, Fix, FixMode, FrameFlags,
    FrameKind, Gap, GapCause, MacAddr, NetworkTraits, Observation, Origin, Position, RadioEvent,
    RadioEventKind, RadioId, SensorId, Ssid, Timestamp, TuneInterval,
};
use pw_wire::{Batch, BatchId, EncodedBatch, StreamInfo};
use std::sync::RwLock;

/// Between its beginning and its program a child process holds whatever files are open here, locks
/// included: whoever starts one takes this alone, who looks whether a survey is in use shares it.
pub(crate) static STARTING: RwLock<()> = RwLock::new(());

/// Observations in each batch.
pub(crate) const ROWS: i64 = 40;
/// Start of the drive.
pub(crate) const START_SECS: i64 = 1_780_000_000;

/// A sensor by number.
pub(crate) const fn sensor(number: u8) -> SensorId {
    SensorId([number; 16])
}

/// Name of a batch.
pub(crate) const fn id(number: u8, seq: u64) -> BatchId {
    BatchId { sensor: sensor(number), epoch: 7, seq }
}

/// Address of a network.
pub(crate) fn bssid(n: u64) -> MacAddr {
    MacAddr::from_u64(0x0200_5e00_0000 + n)
}

/// A frame with nothing but a transmitter and a time.
pub(crate) fn observation(transmitter: MacAddr, time: Timestamp) -> Observation {
    Observation {
        time,
        radio: RadioId(0),
        kind: FrameKind::BEACON,
        flags: FrameFlags::default(),
        transmitter: Some(transmitter),
        receiver: Some(MacAddr::BROADCAST),
        bssid: Some(transmitter),
        frequency_mhz: Some(2437),
        signal_dbm: Some(-60),
        noise_dbm: None,
        rate_100kbps: Some(10),
        phy: None,
        length: 200,
        airtime_us: Some(1700),
        sequence: None,
        advertisement: None,
        detail: None,
        position: None,
    }
}

/// What a station says of itself.
pub(crate) fn advertisement(
    id: u64,
    kind: AdvertisementKind,
    transmitter: MacAddr,
    ssid: &str,
) -> Advertisement {
    Advertisement {
        id: AdvertisementId(id),
        time: Timestamp::from_unix_secs(START_SECS),
        kind,
        transmitter,
        bssid: Some(transmitter),
        traits: NetworkTraits {
            ssid: Some(Ssid::new(ssid)),
            channel: Channel::from_frequency_mhz(2412 + 5 * (id % 11) as u16),
            ..NetworkTraits::default()
        },
        elements: vec![0; (id % 50) as usize],
    }
}

/// An empty batch of a sensor.
pub(crate) fn empty(number: u8, seq: u64) -> Batch {
    let stream = StreamInfo { name: format!("sensor {number}"), origin: Origin::Live };
    Batch::new(id(number, seq), stream)
}

/// Batch `seq` of a drive: one second long, one batch after the other.
pub(crate) fn batch(number: u8, seq: u64) -> Batch {
    let mut batch = empty(number, seq);
    let second = START_SECS + seq as i64;
    let start = Timestamp::from_unix_secs(second);
    let here = Position::new(50.0 + seq as f64 * 0.0001, 8.0 + f64::from(number) * 0.01);
    let here = here.filter(|_| seq % 10 != 9);
    let speed_mps = Some(11.0);
    let mode = if here.is_some() { FixMode::ThreeD } else { FixMode::NoFix };
    let fix = Fix {
        time: start,
        mode,
        position: here,
        speed_mps,
        track_deg: None,
        satellites: None,
        hdop: None,
    };
    batch.fixes.push(fix);
    for row in 0..ROWS {
        let time = Timestamp::from_unix_ns(start.unix_ns() + row * 20_000_000);
        let mixed = (seq * 41 + row as u64 * 13) % 60;
        let mut o = Observation {
            signal_dbm: Some(-90 + (mixed % 50) as i8),
            position: here,
            frequency_mhz: Some(2412 + 5 * (mixed % 11) as u16),
            ..observation(bssid(mixed % 30 + seq / 20), time)
        };
        if mixed < 40 {
            let said = mixed % 30 + seq / 20;
            o.advertisement = Some(AdvertisementId(said));
            let name = if said.is_multiple_of(7) { String::new() } else { format!("net {said}") };
            let kind = AdvertisementKind::Beacon;
            // Sent once, like a sensor does: with the first batch that can refer to it.
            if seq % 20 == 1 && !batch.advertisements.iter().any(|a| a.id.0 == said) {
                let said = advertisement(said, kind, bssid(said), &name);
                batch.advertisements.push(Advertisement { time, ..said });
            }
        } else {
            o.kind = FrameKind::new(2, 8);
            o.flags = FrameFlags::TO_DS;
            o.receiver = o.bssid;
            o.transmitter = Some(MacAddr::from_u64(0x0a00_0000_0000 + mixed));
        }
        batch.observations.push(o);
    }
    let end = Timestamp::from_unix_ns(start.unix_ns() + 999_000_000);
    let (radio, frames) = (RadioId(0), ROWS as u32);
    batch.tunes.push(TuneInterval {
        radio,
        start,
        end,
        frequency_mhz: 2437,
        width_mhz: 20,
        frames,
    });
    if seq.is_multiple_of(5) {
        let cause = GapCause::KernelDrop;
        batch.gaps.push(Gap { radio: Some(radio), start, end, cause, frames: Some(seq) });
    }
    if seq == 1 {
        let kind = RadioEventKind::Started {
            source: "wlan1".to_owned(),
            origin: Origin::Live,
            hardware: "mt76".to_owned(),
        };
        batch.radio_events.push(RadioEvent { time: start, radio, kind });
    }
    batch
}

/// The same, packed.
pub(crate) fn packed(number: u8, seq: u64) -> EncodedBatch {
    batch(number, seq).encode().expect("a small batch")
}
