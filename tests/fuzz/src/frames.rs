//! Targets that take one captured frame.

use crate::CheckedSink;
use pw_dissect::LinkType;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::describe::describe;
use pw_dissect::fields::Packet;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::summary::Summary;
use pw_model::{RadioId, Timestamp};

pub(crate) fn captured(link_type: LinkType, data: &[u8]) -> CapturedFrame<'_> {
    CapturedFrame {
        time: Some(Timestamp::from_unix_secs(1)),
        ..CapturedFrame::new(link_type, data)
    }
}

/// Every field of the frame, and its counts.
fn whole(link_type: LinkType, data: &[u8]) {
    let captured = captured(link_type, data);
    let mut sink = CheckedSink::new(data.len());
    describe(&Packet::new(captured), &mut sink);
    sink.finish();
    let mut summary = Summary::default();
    summary.add(&captured);
}

pub(crate) fn radiotap(data: &[u8]) {
    whole(LinkType::Radiotap, data);
}

pub(crate) fn prism(data: &[u8]) {
    whole(LinkType::Prism, data);
}

pub(crate) fn avs(data: &[u8]) {
    whole(LinkType::Avs, data);
}

pub(crate) fn ppi(data: &[u8]) {
    whole(LinkType::Ppi, data);
}

pub(crate) fn cooked(data: &[u8]) {
    whole(LinkType::LinuxCooked, data);
}

/// An 802.11 frame without a radio header.
pub(crate) fn frame(data: &[u8]) {
    whole(LinkType::Ieee80211, data);
}

/// The elements of a beacon.
pub(crate) fn elements(data: &[u8]) {
    let mut beacon = vec![0x80, 0, 0, 0];
    beacon.extend([0xff; 6]);
    beacon.extend([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 1]].concat());
    beacon.extend([0; 2]);
    beacon.extend([0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0x11, 0]);
    beacon.extend(data);
    whole(LinkType::Ieee80211, &beacon);
}

/// A frame of this type and subtype, between two stations, with this body.
fn framed(first: u8, flags: u8, body: &[u8]) {
    let mut mac = vec![first, flags, 0, 0];
    mac.extend([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]].concat());
    mac.extend([0; 2]);
    mac.extend(body);
    whole(LinkType::Ieee80211, &mac);
}

/// An action frame, from its category on.
pub(crate) fn action(data: &[u8]) {
    framed(0xd0, 0, data);
}

/// A data frame with QoS control, from that on.
pub(crate) fn data(data: &[u8]) {
    framed(0x88, 1, data);
}

/// An EAPOL packet, from its version on.
pub(crate) fn eapol(data: &[u8]) {
    let llc = [0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e];
    framed(0x88, 1, &[&llc, data].concat());
}

/// Observations and advertisements of several frames, each after its length in one byte times four.
pub(crate) fn observe(mut data: &[u8]) {
    let mut observer = Observer::new(ObserverSettings {
        max_advertisements: 8,
        max_opted_out: 8,
        ..ObserverSettings::default()
    });
    let mut observed = Observed::default();
    let mut frames = 0u64;
    while let Some((length, rest)) = data.split_first() {
        let (frame, rest) = rest.split_at((usize::from(*length) * 4).min(rest.len()));
        data = rest;
        frames += 1;
        observer.observe(
            &FrameInput {
                time: Timestamp::from_unix_secs(i64::from(*length)),
                radio: RadioId(*length & 1),
                link_type: LinkType::Ieee80211,
                data: frame,
                original_len: u32::try_from(frame.len()).unwrap_or(u32::MAX),
                frequency_mhz: Some(2412),
                position: None,
            },
            &mut observed,
        );
    }
    let out = observed.observations.len() as u64 + observed.opted_out;
    assert_eq!(frames, out, "every frame is observed or counted as opted out");
    for advertisement in &observed.advertisements {
        assert!(advertisement.elements.len() <= 4096, "an advertisement is bounded by its frame");
    }
}
