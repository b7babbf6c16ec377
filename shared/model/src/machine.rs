//! The machine under a sensor: what it says of its power, memory, disk, buses and radios.

use crate::{RadioId, Timestamp};
use serde::{Deserialize, Serialize};

/// A value that was read, or why it is not available.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reading<T> {
    /// Read.
    Known(T),
    /// Not available, because of this; the words follow "not available: ".
    NotAvailable(String),
}

impl<T> Reading<T> {
    /// The value, where there is one.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::NotAvailable(_) => None,
        }
    }

    /// The value in words, or why there is none.
    pub fn words(&self, words: impl FnOnce(&T) -> String) -> String {
        match self {
            Self::Known(value) => words(value),
            Self::NotAvailable(why) => format!("not available: {why}"),
        }
    }
}

/// Flags of a Raspberry Pi's firmware (Raspberry Pi documentation, `get_throttled`): bits 0 to 3 are
/// now, the same 16 bits up are since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Throttling(pub u32);

impl Throttling {
    const FLAGS: [(u32, &'static str); 4] = [
        (0, "the supply's voltage is too low"),
        (1, "the processor's frequency is capped"),
        (2, "the processor is throttled"),
        (3, "the soft temperature limit is reached"),
    ];

    /// What holds now.
    #[must_use]
    pub fn now(self) -> Vec<&'static str> {
        self.flags(0)
    }

    /// What held at some time since the machine started.
    #[must_use]
    pub fn since_start(self) -> Vec<&'static str> {
        self.flags(16)
    }

    /// True when the voltage is or was too low.
    #[must_use]
    pub const fn is_low_voltage(self) -> bool {
        self.0 & 0x1_0001 != 0
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match (self.now().as_slice(), self.since_start().as_slice()) {
            ([], []) => "enough, and never throttled".to_owned(),
            ([], before) => format!("good now; since the start: {}", before.join(", ")),
            (now, _) => now.join(", "),
        }
    }

    fn flags(self, shift: u32) -> Vec<&'static str> {
        let set = |bit: u32| self.0.checked_shr(bit + shift).is_some_and(|bits| bits & 1 == 1);
        Self::FLAGS.iter().filter(|(bit, _)| set(*bit)).map(|(_, words)| *words).collect()
    }
}

/// Memory of the machine in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// All.
    pub total_bytes: u64,
    /// What programs can still get without swapping.
    pub available_bytes: u64,
}

/// Wear of an eMMC or SD card as it says itself (JEDEC eMMC 5.0, EXT_CSD bytes 267 to 269).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DiskWear {
    /// Life used, the higher of the two estimates, in tenths: 1 is 0 to 10 %, 11 is past its life.
    pub life_used_tenths: Option<u8>,
    /// Spare blocks: 1 normal, 2 mostly used, 3 nearly all used.
    pub spare_blocks: Option<u8>,
}

impl DiskWear {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        let life = match self.life_used_tenths {
            Some(tenths @ 1..=10) => {
                let to = u32::from(tenths) * 10;
                format!("{} to {to} % of its life used", to - 10)
            }
            Some(11) => "past its stated life".to_owned(),
            _ => "life used: not stated".to_owned(),
        };
        match self.spare_blocks {
            Some(2) => format!("{life}; most spare blocks are used"),
            Some(3) => format!("{life}; nearly all spare blocks are used: replace it"),
            _ => life,
        }
    }

    /// True when it should be replaced soon.
    #[must_use]
    pub fn is_worn(self) -> bool {
        self.life_used_tenths.is_some_and(|tenths| tenths >= 9)
            || self.spare_blocks.is_some_and(|spare| spare >= 2)
    }
}

/// Devices on the USB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UsbDevices {
    /// Devices now, without hubs of the machine itself.
    pub devices: u16,
    /// Times that one was given a new number, went or came since the sensor started: unplugged,
    /// without power, or reset so hard that it had to be set up anew. A reset that keeps the number
    /// stands only in the kernel's log, which the sensor may not read.
    pub changes: u64,
}

/// Frames per second of one radio over the time since the last report.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct RadioRate {
    /// Which radio.
    pub radio: RadioId,
    /// Frames per second.
    pub frames_per_second: f32,
}

/// How the machine is, beside [`Health`](crate::Health).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HealthDetails {
    /// When.
    pub time: Timestamp,
    /// Power and heat, by the firmware.
    pub throttling: Reading<Throttling>,
    /// The supply's voltage is too low now, by the kernel's sensor.
    pub under_voltage: Reading<bool>,
    /// Memory of the machine.
    pub memory: Reading<Memory>,
    /// Size in bytes of the disk that holds the journal.
    pub disk_total_bytes: Reading<u64>,
    /// Its wear.
    pub disk_wear: Reading<DiskWear>,
    /// Devices on the USB.
    pub usb: Reading<UsbDevices>,
    /// Share of the capture ring that is full, 0 to 1.
    pub ring_fill: Reading<f32>,
    /// Frames per second of each radio.
    pub radio_rates: Vec<RadioRate>,
}

/// Frames that the interfaces of a radio sent, by the kernel's counters: the proof that the sensor
/// only listens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transmitted {
    /// When it was read.
    pub time: Timestamp,
    /// Which radio.
    pub radio: RadioId,
    /// Frames sent since the sensor began to listen with it.
    pub frames: Reading<u64>,
}

impl Transmitted {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        self.frames.words(|frames| match frames {
            0 => "no frame was sent while listening".to_owned(),
            1 => "1 frame was SENT while listening: another program uses this radio".to_owned(),
            n => format!("{n} frames were SENT while listening: another program uses this radio"),
        })
    }

    /// True when something was sent.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.frames.known().is_some_and(|frames| *frames > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_firmware() {
        assert_eq!(Throttling(0).words(), "enough, and never throttled");
        assert!(Throttling(0x5_0000).words().starts_with("good now; since the start: the supply"));
        assert_eq!(Throttling(0x8).words(), "the soft temperature limit is reached");
        assert!(Throttling(0x5_0005).is_low_voltage() && !Throttling(0x4_0004).is_low_voltage());
    }

    #[test]
    fn wear_in_words() {
        let wear = |life, spare| DiskWear { life_used_tenths: life, spare_blocks: spare };
        assert_eq!(wear(Some(1), Some(1)).words(), "0 to 10 % of its life used");
        assert!(wear(Some(11), Some(3)).is_worn() && !wear(Some(3), Some(1)).is_worn());
        assert_eq!(
            wear(None, Some(2)).words(),
            "life used: not stated; most spare blocks are used"
        );
    }
}
