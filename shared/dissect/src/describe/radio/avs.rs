//! AVS headers, field by field (AVS Monitor Header 2.1.1).

use crate::fields::{Field, Reader, Span, Value, Walk, fields};

fields! {
    Radio => FIELDS;
    /// The AVS header.
    WLANCAP: branch("wlancap", "AVS");
    /// Magic.
    MAGIC: hex("wlancap.magic", "Magic", 8).clause("AVS Monitor Header 2.1.1");
    /// Version.
    VERSION: unsigned("wlancap.version", "Version").clause("AVS Monitor Header 2.1.1");
    /// Length of the whole header.
    LENGTH: unsigned("wlancap.length", "Length").unit("bytes").clause("AVS Monitor Header 2.1.1");
    /// The receiver's timer.
    MACTIME: unsigned("wlancap.mactime", "MAC time").unit("µs").clause("AVS Monitor Header 2.1.1");
    /// Host time.
    HOSTTIME: unsigned("wlancap.hosttime", "Host time").clause("AVS Monitor Header 2.1.1");
    /// PHY type.
    PHYTYPE: unsigned("wlancap.phytype", "PHY type").names(phy_name).clause("AVS Monitor Header 2.1.1");
    /// Hop set.
    FHSS_HOP_SET: hex("wlancap.fhss.hop_set", "Hop set", 2).clause("AVS Monitor Header 2.1.1");
    /// Hop pattern.
    FHSS_HOP_PATTERN: hex("wlancap.fhss.hop_pattern", "Hop pattern", 2).clause("AVS Monitor Header 2.1.1");
    /// Hop index.
    FHSS_HOP_INDEX: hex("wlancap.fhss.hop_index", "Hop index", 2).clause("AVS Monitor Header 2.1.1");
    /// Channel.
    CHANNEL: unsigned("wlancap.channel", "Channel").clause("AVS Monitor Header 2.1.1");
    /// Channel frequency.
    CHANNEL_FREQUENCY: unsigned("wlancap.channel_frequency", "Channel frequency").unit("MHz").clause("AVS Monitor Header 2.1.1");
    /// Rate.
    DATA_RATE: unsigned("wlancap.data_rate", "Rate").unit("bit/s").clause("AVS Monitor Header 2.1.1");
    /// Antenna.
    ANTENNA: unsigned("wlancap.antenna", "Antenna").clause("AVS Monitor Header 2.1.1");
    /// Priority.
    PRIORITY: unsigned("wlancap.priority", "Priority").clause("AVS Monitor Header 2.1.1");
    /// Signal type.
    SSI_TYPE: unsigned("wlancap.ssi_type", "Signal type").names(signal_type).clause("AVS Monitor Header 2.1.1");
    /// Signal, normalised.
    NORMRSSI_ANTSIGNAL: unsigned("wlancap.normrssi_antsignal", "Signal, normalised").clause("AVS Monitor Header 2.1.1");
    /// Signal.
    DBM_ANTSIGNAL: signed("wlancap.dbm_antsignal", "Signal").unit("dBm").clause("AVS Monitor Header 2.1.1");
    /// Signal on the maker's scale.
    RAWRSSI_ANTSIGNAL: unsigned("wlancap.rawrssi_antsignal", "Signal on the maker's scale").clause("AVS Monitor Header 2.1.1");
    /// Noise, normalised.
    NORMRSSI_ANTNOISE: unsigned("wlancap.normrssi_antnoise", "Noise, normalised").clause("AVS Monitor Header 2.1.1");
    /// Noise.
    DBM_ANTNOISE: signed("wlancap.dbm_antnoise", "Noise").unit("dBm").clause("AVS Monitor Header 2.1.1");
    /// Noise on the maker's scale.
    RAWRSSI_ANTNOISE: unsigned("wlancap.rawrssi_antnoise", "Noise on the maker's scale").clause("AVS Monitor Header 2.1.1");
    /// Preamble.
    PREAMBLE: unsigned("wlancap.preamble", "Preamble").names(preamble).clause("AVS Monitor Header 2.1.1");
    /// Encoding.
    ENCODING: unsigned("wlancap.encoding", "Encoding").names(encoding).clause("AVS Monitor Header 2.1.1");
    /// Receive sequence.
    SEQUENCE: unsigned("wlancap.sequence", "Receive sequence").clause("AVS Monitor Header 2.1.1");
    /// Dropped frames.
    DROPS: unsigned("wlancap.drops", "Dropped frames").clause("AVS Monitor Header 2.1.1");
    /// Receiver.
    RECEIVER_ADDR: address("wlancap.receiver_addr", "Receiver").clause("AVS Monitor Header 2.1.1");
    /// Padding.
    PADDING: bytes("wlancap.padding", "Padding").clause("AVS Monitor Header 2.1.1");
}

pub(super) fn describe(walk: &mut Walk<'_>, mut reader: Reader<'_>) -> Option<()> {
    let start = reader.offset();
    let mut ahead = reader;
    ahead.take(4)?;
    let length = usize::try_from(ahead.big_endian(4)?).ok()?;
    let mut header = reader.part(length)?;
    walk.branch(&WLANCAP, Value::Nothing, Span::new(start, length), |walk| {
        let span = Span::new(start, 4);
        let first = header.big_endian(4)?;
        walk.field(&MAGIC, Value::Unsigned(first >> 4), span);
        let version = first & 0x0f;
        walk.field(&VERSION, Value::Unsigned(version), span);
        walk.number_be(&mut header, &LENGTH, 4)?;
        walk.number_be(&mut header, &MACTIME, 8)?;
        walk.number_be(&mut header, &HOSTTIME, 8)?;
        let phy = walk.number_be(&mut header, &PHYTYPE, 4)?;
        channel(walk, &mut header, phy)?;
        rate(walk, &mut header)?;
        walk.number_be(&mut header, &ANTENNA, 4)?;
        walk.number_be(&mut header, &PRIORITY, 4)?;
        let kind = walk.number_be(&mut header, &SSI_TYPE, 4)?;
        strength(
            walk,
            &mut header,
            kind,
            [&NORMRSSI_ANTSIGNAL, &DBM_ANTSIGNAL, &RAWRSSI_ANTSIGNAL],
        )?;
        strength(walk, &mut header, kind, [&NORMRSSI_ANTNOISE, &DBM_ANTNOISE, &RAWRSSI_ANTNOISE])?;
        walk.number_be(&mut header, &PREAMBLE, 4)?;
        walk.number_be(&mut header, &ENCODING, 4)?;
        if version >= 2 && header.left() >= 14 {
            walk.number_be(&mut header, &SEQUENCE, 4)?;
            walk.number_be(&mut header, &DROPS, 4)?;
            walk.address(&mut header, &RECEIVER_ADDR)?;
        }
        walk.rest(&mut header, &PADDING);
        Some(())
    })
}

/// A channel number, a frequency where it is too large for one, or the hopping of FHSS.
fn channel(walk: &mut Walk<'_>, header: &mut Reader<'_>, phy: u64) -> Option<()> {
    if phy == 1 {
        for field in [&FHSS_HOP_SET, &FHSS_HOP_PATTERN, &FHSS_HOP_INDEX] {
            walk.u8(header, field)?;
        }
        return header.take(1).map(|_| ());
    }
    let mut ahead = *header;
    let field = if ahead.big_endian(4)? < 256 { &CHANNEL } else { &CHANNEL_FREQUENCY };
    walk.number_be(header, field, 4).map(|_| ())
}

/// Units of 100 kbit/s; older drivers write 500 kbit/s units below 100, as the parser knows.
fn rate(walk: &mut Walk<'_>, header: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(header.offset(), 4);
    let value = header.big_endian(4)?;
    let stated = walk.packet.frame.radio.rate_100kbps().map_or(value, u64::from);
    walk.field(&DATA_RATE, Value::Unsigned(stated.saturating_mul(100_000)), span);
    Some(())
}

/// Signal or noise in the unit that the signal type says; nothing of an unknown type.
fn strength(
    walk: &mut Walk<'_>,
    header: &mut Reader<'_>,
    kind: u64,
    [normalised, dbm, raw]: [&'static Field; 3],
) -> Option<()> {
    let span = Span::new(header.offset(), 4);
    let value = header.big_endian(4)?;
    match kind {
        1 => walk.field(normalised, Value::Unsigned(value), span),
        2 => {
            let signed = u32::try_from(value).ok()?.cast_signed();
            walk.field(dbm, Value::Signed(i64::from(signed)), span);
        }
        3 => walk.field(raw, Value::Unsigned(value), span),
        _ => {}
    }
    Some(())
}

fn phy_name(value: u64) -> Option<&'static str> {
    super::pick(
        &[
            "unknown",
            "FHSS 97",
            "DSSS 97",
            "infrared",
            "DSSS 99",
            "HR-DSSS",
            "PBCC",
            "DSSS-OFDM",
            "OFDM",
        ],
        value,
    )
}

fn signal_type(value: u64) -> Option<&'static str> {
    super::pick(&["none", "normalised", "dBm", "the maker's scale"], value)
}

fn preamble(value: u64) -> Option<&'static str> {
    super::pick(&["unknown", "short", "long"], value)
}

fn encoding(value: u64) -> Option<&'static str> {
    super::pick(&["unknown", "CCK", "PBCC", "OFDM", "DSSS-OFDM"], value)
}
