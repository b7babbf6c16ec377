//! From captured frames to observations and advertisements.
//!
//! Every frame that comes in goes out as exactly one observation, or is counted as opted out.

mod advertisement_id;
mod generations;

use crate::LinkType;
use crate::airtime::Aggregate;
use crate::fault::Layer;
use crate::frame::{Fcs, Frame, parse};
use crate::ieee80211::elements::multiple_bssid::non_transmitted;
use crate::ieee80211::elements::{Elements, id};
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, network};
use generations::Generations;
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Detail, FrameFlags, FrameKind, MacAddr,
    Observation, Position, RadioId, Ssid, Timestamp,
};
use std::time::Duration;

/// How an [`Observer`] works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObserverSettings {
    /// Leave out networks whose name asks not to be recorded (`_nomap`, `_optout`).
    pub honour_opt_out: bool,
    /// How long after sending an advertisement it is not sent again.
    pub advertisement_interval: Duration,
    /// Most advertisements that are remembered as sent; beyond, those not heard for the longest are
    /// forgotten, and sent again when they are heard again.
    pub max_advertisements: usize,
    /// Most opted-out BSSIDs that are remembered; beyond, those not heard for the longest are
    /// forgotten until their name is heard again.
    pub max_opted_out: usize,
}

impl Default for ObserverSettings {
    fn default() -> Self {
        Self {
            honour_opt_out: true,
            advertisement_interval: Duration::from_secs(600),
            max_advertisements: 65_536,
            max_opted_out: 65_536,
        }
    }
}

/// One frame as a radio delivered it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FrameInput<'a> {
    /// When it was heard, in UTC.
    pub time: Timestamp,
    /// Which radio heard it.
    pub radio: RadioId,
    /// What the bytes begin with.
    pub link_type: LinkType,
    /// The captured bytes.
    pub data: &'a [u8],
    /// Length before a snap length cut it.
    pub original_len: u32,
    /// Channel the radio was tuned to, in MHz; used where the radio header does not say it.
    pub frequency_mhz: Option<u16>,
    /// Where the sensor was; where `None`, a position in the radio header (PPI-GPS) is used.
    pub position: Option<Position>,
}

/// What came of the frames given to [`Observer::observe`] since this was last cleared by its owner.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observed {
    /// One per frame that was not opted out.
    pub observations: Vec<Observation>,
    /// Descriptions that the receiver of the observations does not have yet.
    pub advertisements: Vec<Advertisement>,
    /// Frames left out because a network asks not to be recorded.
    pub opted_out: u64,
}

/// Turns frames into observations. Remembers, within bounds, what it has sent and who opted out.
pub struct Observer {
    settings: ObserverSettings,
    sent: Generations<u64, Timestamp>,
    opted_out: Generations<MacAddr, ()>,
    /// Per radio: the aggregate whose preamble has been counted. At most one entry per radio number.
    aggregates: Vec<(RadioId, Aggregate)>,
}

impl Observer {
    /// With nothing remembered.
    #[must_use]
    pub fn new(settings: ObserverSettings) -> Self {
        Self {
            settings,
            sent: Generations::new(settings.max_advertisements),
            opted_out: Generations::new(settings.max_opted_out),
            aggregates: Vec::new(),
        }
    }

    /// Takes one frame: adds one observation to `out`, and an advertisement when it is due, or counts
    /// the frame as opted out.
    pub fn observe(&mut self, input: &FrameInput<'_>, out: &mut Observed) {
        let frame = parse(input.link_type, input.data, input.original_len);
        let trusted = trusted_header(&frame);
        let management = trusted.and_then(|_| frame.management());
        let mut advertisement = None;
        if let Some(header) = trusted {
            if self.settings.honour_opt_out
                && self.asks_not_to_be_recorded(header, management.as_ref())
            {
                out.opted_out = out.opted_out.saturating_add(1);
                return;
            }
            if let Some((kind, elements)) = advertised(header, management.as_ref()) {
                advertisement =
                    self.advertise(input, &frame, header, kind, elements, management.as_ref(), out);
            }
        }
        let airtime_us = self.airtime_us(input.radio, &frame);
        out.observations.push(Observation {
            time: input.time,
            radio: input.radio,
            kind: kind_of(&frame),
            flags: flags_of(&frame),
            transmitter: trusted.and_then(Header::transmitter),
            receiver: trusted.and_then(Header::receiver),
            bssid: trusted.and_then(Header::bssid),
            frequency_mhz: frame.radio.frequency_mhz.or(input.frequency_mhz),
            signal_dbm: frame.radio.signal_dbm,
            noise_dbm: frame.radio.noise_dbm,
            rate_100kbps: frame.radio.rate_100kbps(),
            phy: frame.radio.modulation.map(|modulation| modulation.kind()),
            length: frame.length,
            airtime_us,
            sequence: trusted.and_then(|header| header.sequence),
            advertisement,
            detail: trusted.and_then(|_| detail(&frame, management.as_ref())),
            position: input.position.or(frame.radio.position),
        });
    }

    /// Forgets what was sent: every advertisement is sent anew when it is heard again.
    pub fn forget_sent(&mut self) {
        self.sent = Generations::new(self.settings.max_advertisements);
    }

    /// True when the frame belongs to a network that opted out, or names one.
    fn asks_not_to_be_recorded(
        &mut self,
        header: &Header,
        management: Option<&Management<'_>>,
    ) -> bool {
        let named =
            advertised(header, management).is_some_and(|(_, elements)| names_opted_out(elements));
        if named {
            // A probe request has no BSSID but broadcast, an association request its network's.
            for bssid in header.bssid().into_iter().filter(|bssid| !bssid.is_multicast()) {
                self.opted_out.insert(bssid, ());
            }
            return true;
        }
        if self.opted_out.is_empty() {
            return false;
        }
        let addresses = [header.bssid(), header.transmitter(), header.receiver()];
        addresses.into_iter().flatten().any(|address| self.opted_out.get(address).is_some())
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are views of one frame, made once")]
    fn advertise(
        &mut self,
        input: &FrameInput<'_>,
        frame: &Frame<'_>,
        header: &Header,
        kind: AdvertisementKind,
        elements: Elements<'_>,
        management: Option<&Management<'_>>,
        out: &mut Observed,
    ) -> Option<AdvertisementId> {
        let transmitter = header.transmitter()?;
        let id = advertisement_id::of(transmitter, kind, elements);
        if !self.is_due(id, input.time) {
            return Some(id);
        }
        let fixed = network::Fixed {
            heard_mhz: frame.radio.frequency_mhz.or(input.frequency_mhz),
            ..management.map_or(network::Fixed::default(), |management| {
                network::Fixed::of(management, None)
            })
        };
        let mut bytes = elements.bytes().to_vec();
        if matches!(kind, AdvertisementKind::Beacon | AdvertisementKind::ProbeResponse)
            && elements.find_id(id::MULTIPLE_BSSID).is_some()
            && !self.advertise_non_transmitted(input, header, elements, fixed, out)
        {
            bytes = without_multiple_bssid(elements);
        }
        out.advertisements.push(Advertisement {
            id,
            time: input.time,
            kind,
            transmitter,
            bssid: header.bssid(),
            traits: network::decode(fixed, elements),
            elements: bytes,
        });
        Some(id)
    }

    /// Sends the non-transmitted BSSs that a beacon describes; false when one of them opted out, so
    /// that the bytes that name it must not be kept.
    fn advertise_non_transmitted(
        &mut self,
        input: &FrameInput<'_>,
        header: &Header,
        elements: Elements<'_>,
        fixed: network::Fixed,
        out: &mut Observed,
    ) -> bool {
        let mut all_may_be_named = true;
        let Some(transmitted) = header.bssid() else { return true };
        for network in non_transmitted(transmitted, elements) {
            let own = Elements::new(&network.elements, 0);
            if self.settings.honour_opt_out && names_opted_out(own) {
                self.opted_out.insert(network.bssid, ());
                all_may_be_named = false;
                continue;
            }
            let kind = AdvertisementKind::NonTransmitted;
            let id = advertisement_id::of(network.bssid, kind, own);
            if self.is_due(id, input.time) {
                let fixed = network::Fixed { capability: Some(network.capability), ..fixed };
                out.advertisements.push(Advertisement {
                    id,
                    time: input.time,
                    kind,
                    transmitter: network.bssid,
                    bssid: Some(network.bssid),
                    traits: network::decode(fixed, own),
                    elements: network.elements.clone(),
                });
            }
        }
        all_may_be_named
    }

    fn is_due(&mut self, id: AdvertisementId, now: Timestamp) -> bool {
        let interval = self.settings.advertisement_interval;
        // A time before the last one (a clock set back) makes it due as well.
        let is_due =
            self.sent.get(id.0).is_none_or(|last| now < last || now.since(last) >= interval);
        if is_due {
            self.sent.insert(id.0, now);
        }
        is_due
    }

    /// Time on the air; frames of one aggregate after the first without the preamble they share.
    fn airtime_us(&mut self, radio: RadioId, frame: &Frame<'_>) -> Option<u32> {
        let modulation = frame.radio.modulation?;
        if let Some((_, last)) = self.aggregates.iter_mut().find(|(known, _)| *known == radio) {
            return last.add(frame.radio.ampdu, modulation, frame.length);
        }
        let mut first = Aggregate::default();
        let airtime_us = first.add(frame.radio.ampdu, modulation, frame.length);
        self.aggregates.push((radio, first));
        airtime_us
    }
}

/// The header, where its fields can be believed: checked or unchecked FCS, known protocol version,
/// and nothing cut off.
fn trusted_header<'f>(frame: &'f Frame<'_>) -> Option<&'f Header> {
    let header = frame.header.as_ref()?;
    let whole = !frame.faults.iter().any(|fault| fault.layer == Layer::Header);
    (frame.fcs != Fcs::Bad && whole).then_some(header)
}

fn kind_of(frame: &Frame<'_>) -> FrameKind {
    // Another protocol version has another header: its type bits mean something else.
    frame
        .header
        .filter(|header| header.version == 0)
        .map_or(FrameKind::UNREADABLE, |header| header.kind)
}

fn flags_of(frame: &Frame<'_>) -> FrameFlags {
    if kind_of(frame) == FrameKind::UNREADABLE {
        let kept = FrameFlags::BAD_FCS.0 | FrameFlags::TRUNCATED.0;
        return FrameFlags(frame.flags().0 & kept).with(FrameFlags::MALFORMED);
    }
    frame.flags()
}

/// Kind and elements of the frames that describe their sender.
fn advertised<'a>(
    header: &Header,
    management: Option<&Management<'a>>,
) -> Option<(AdvertisementKind, Elements<'a>)> {
    match management? {
        Management::Beacon { elements, .. } if header.kind == FrameKind::BEACON => {
            Some((AdvertisementKind::Beacon, *elements))
        }
        Management::Beacon { elements, .. } => Some((AdvertisementKind::ProbeResponse, *elements)),
        Management::ProbeRequest { elements } => Some((AdvertisementKind::ProbeRequest, *elements)),
        Management::AssociationRequest { elements, .. } => {
            Some((AdvertisementKind::AssociationRequest, *elements))
        }
        _ => None,
    }
}

/// The SSID element, or the name of the open twin in OWE transition mode, asks not to be recorded.
fn names_opted_out(elements: Elements<'_>) -> bool {
    for element in elements {
        let name = match (element.id, element.vendor()) {
            (id::SSID, _) => Some(element.body),
            // OUI and type, BSSID, length, name.
            (id::VENDOR, Some(id::VENDOR_OWE_TRANSITION)) => element.body.get(11..),
            _ => None,
        };
        // The marks end in these letters; looking for them first avoids a copy for each frame.
        let may_be = name.is_some_and(|name| name.contains(&b'_'));
        if may_be && name.is_some_and(|name| Ssid::new(name).asks_not_to_be_mapped()) {
            return true;
        }
    }
    false
}

fn without_multiple_bssid(elements: Elements<'_>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(elements.bytes().len());
    for element in elements.filter(|element| element.id != id::MULTIPLE_BSSID) {
        kept.extend([element.id, element.length]);
        kept.extend(element.extension);
        kept.extend(element.body);
    }
    kept
}

fn detail(frame: &Frame<'_>, management: Option<&Management<'_>>) -> Option<Detail> {
    match management {
        Some(
            Management::Deauthentication { reason, .. } | Management::Disassociation { reason, .. },
        ) => Some(Detail::Reason(*reason)),
        Some(Management::Authentication { algorithm, .. }) => {
            Some(Detail::AuthAlgorithm(*algorithm))
        }
        Some(Management::AssociationResponse { status, .. }) => Some(Detail::Status(*status)),
        Some(Management::Action { category, .. }) => Some(Detail::ActionCategory(*category)),
        Some(_) => None,
        None => frame.eapol_key().and_then(|key| key.message()).map(Detail::EapolKey),
    }
}

#[cfg(test)]
mod tests;
