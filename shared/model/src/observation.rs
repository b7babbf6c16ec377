//! The one fact the product is made of: a frame was heard, so strong, there and then.

use crate::{AdvertisementId, FrameFlags, FrameKind, MacAddr, Position, RadioId, Timestamp};
use serde::{Deserialize, Serialize};

/// How the frame was modulated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PhyKind {
    /// 802.11b direct sequence (DSSS, CCK).
    Dsss,
    /// 802.11a/g OFDM.
    Ofdm,
    /// 802.11n.
    Ht,
    /// 802.11ac.
    Vht,
    /// 802.11ax.
    He,
    /// 802.11be.
    Eht,
}

/// One more fact of a frame, where its kind has one worth keeping for every frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Detail {
    /// Reason code of a deauthentication or disassociation (IEEE Std 802.11-2020, 9.4.1.7).
    Reason(u16),
    /// Algorithm number of an authentication frame.
    AuthAlgorithm(u16),
    /// Number, 1 to 4, of an EAPOL-Key message of the 4-way handshake.
    EapolKey(u8),
    /// Category of an action frame.
    ActionCategory(u8),
    /// Status code of an association response.
    Status(u16),
}

/// One frame as one radio heard it. No frame body rides along.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// When it was heard, in UTC.
    pub time: Timestamp,
    /// Which radio of the sensor heard it.
    pub radio: RadioId,
    /// Type and subtype.
    pub kind: FrameKind,
    /// Header flags and faults.
    pub flags: FrameFlags,
    /// Transmitter address; control frames such as ACK and CTS carry none.
    pub transmitter: Option<MacAddr>,
    /// Receiver address.
    pub receiver: Option<MacAddr>,
    /// BSSID, where the frame carries one.
    pub bssid: Option<MacAddr>,
    /// Centre of the channel the radio was tuned to when it heard the frame, in MHz.
    pub frequency_mhz: Option<u16>,
    /// Received signal strength in dBm.
    pub signal_dbm: Option<i8>,
    /// Noise floor in dBm.
    pub noise_dbm: Option<i8>,
    /// PHY data rate in units of 100 kbit/s.
    pub rate_100kbps: Option<u32>,
    /// Modulation.
    pub phy: Option<PhyKind>,
    /// Length of the frame on the air in bytes, without radiotap, with FCS.
    pub length: u32,
    /// Time on the air in microseconds, preamble included.
    pub airtime_us: Option<u32>,
    /// Sequence number, 0 to 4095.
    pub sequence: Option<u16>,
    /// What the transmitter said of itself in this frame or in an earlier equal one.
    pub advertisement: Option<AdvertisementId>,
    /// A further fact that depends on the kind.
    pub detail: Option<Detail>,
    /// Where the sensor was. `None` when that is not known.
    pub position: Option<Position>,
}

impl Observation {
    /// Of a frame of which no more is known than when, by which radio and what; its length is 0.
    #[must_use]
    pub fn new(time: Timestamp, radio: RadioId, kind: FrameKind) -> Self {
        Self {
            time,
            radio,
            kind,
            flags: FrameFlags::default(),
            transmitter: None,
            receiver: None,
            bssid: None,
            frequency_mhz: None,
            signal_dbm: None,
            noise_dbm: None,
            rate_100kbps: None,
            phy: None,
            length: 0,
            airtime_us: None,
            sequence: None,
            advertisement: None,
            detail: None,
            position: None,
        }
    }

    /// True for a row of another program's table (WiGLE CSV): it says that a network was listed there
    /// and then, which stands for any number of frames. Such a row is kept as a beacon without a
    /// length, which no frame on the air is.
    #[must_use]
    pub fn is_sighting(&self) -> bool {
        self.length == 0 && self.kind == FrameKind::BEACON
    }
}
