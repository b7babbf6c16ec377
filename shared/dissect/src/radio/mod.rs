//! What the receiver says of a frame: time, channel, signal, modulation.
//!
//! One form for radiotap, PPI, Prism and AVS; each header has its own file.

pub mod avs;
pub mod modulation;
pub mod ppi;
pub mod prism;
pub mod radiotap;
mod radiotap_phy;

pub use modulation::{GuardInterval, Modulation};
use pw_model::Position;

/// Signal of one antenna.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AntennaSignal {
    /// Antenna number, when the header says it.
    pub antenna: Option<u8>,
    /// Received signal strength in dBm.
    pub signal_dbm: Option<i8>,
    /// Noise floor in dBm.
    pub noise_dbm: Option<i8>,
}

/// How many antennas of one frame are kept; further ones are left out.
pub const MAX_ANTENNAS: usize = 4;

/// Membership of an aggregate (A-MPDU).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AMpdu {
    /// The same for all frames of one aggregate.
    pub reference: u32,
    /// Known to be the last frame of the aggregate.
    pub is_last: bool,
}

/// Radio metadata of one frame; `None` is what the header does not say.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct RadioMeta {
    /// Bytes of the radio header.
    pub header_len: u32,
    /// The receiver's timer at the frame's first bit, in microseconds.
    pub tsft_us: Option<u64>,
    /// Centre of the channel the receiver was tuned to, in MHz.
    pub frequency_mhz: Option<u16>,
    /// Channel flags as radiotap defines them (also used by PPI).
    pub channel_flags: Option<u32>,
    /// Received signal strength in dBm: the combined value where there is one, else the first.
    pub signal_dbm: Option<i8>,
    /// Noise floor in dBm.
    pub noise_dbm: Option<i8>,
    /// Values per antenna, in the header's order.
    pub antennas: [Option<AntennaSignal>; MAX_ANTENNAS],
    /// Transmit power in dBm, of frames that this host sent.
    pub tx_power_dbm: Option<i8>,
    /// Modulation and rate.
    pub modulation: Option<Modulation>,
    /// The frame ends in a frame check sequence.
    pub has_fcs: bool,
    /// The receiver says that the frame check sequence is wrong.
    pub bad_fcs: bool,
    /// The receiver says that decoding the PLCP or PHY header failed.
    pub bad_plcp: bool,
    /// 802.11 header and body are separated by padding to a multiple of 4 bytes.
    pub data_pad: bool,
    /// The header has a transmit flags field: this host sent the frame.
    pub is_transmitted: bool,
    /// Membership of an aggregate.
    pub ampdu: Option<AMpdu>,
    /// Kind of a PPDU without payload (radiotap 0-length PSDU: 0 sounding, 1 not captured, 0xff vendor).
    pub zero_length_psdu: Option<u8>,
    /// Bytes of vendor namespaces that were stepped over.
    pub vendor_bytes: u32,
    /// Where the receiver was (PPI-GPS).
    pub position: Option<Position>,
}

impl RadioMeta {
    /// Keeps one antenna's values; without effect when [`MAX_ANTENNAS`] are kept.
    pub(crate) fn add_antenna(&mut self, values: AntennaSignal) {
        if let Some(slot) = self.antennas.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(values);
        }
    }

    /// PHY rate in units of 100 kbit/s.
    #[must_use]
    pub fn rate_100kbps(&self) -> Option<u32> {
        self.modulation.and_then(|modulation| modulation.rate_100kbps())
    }
}
