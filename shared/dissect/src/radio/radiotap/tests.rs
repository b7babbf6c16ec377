//! Headers written by hand from radiotap.org.

use super::*;
use crate::radio::GuardInterval;

fn header(words: &[u32], fields: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend(u16::try_from(4 + 4 * words.len() + fields.len()).expect("short").to_le_bytes());
    for word in words {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(fields);
    bytes
}

fn sound(bytes: &[u8]) -> RadioMeta {
    let mut faults = Faults::default();
    let meta = read(bytes, &mut faults).expect("a header");
    assert!(faults.is_empty(), "{faults:?}");
    meta
}

const fn dbm(value: i8) -> u8 {
    value.cast_unsigned()
}

#[test]
fn fields_are_aligned() {
    // TSFT, flags, rate, channel, signal, noise, antenna: 8 + 1 + 1 + 2·2 + 3.
    let mut fields = 0x0102_0304_0506_0708u64.to_le_bytes().to_vec();
    fields.extend([0x10, 12]);
    fields.extend(2437u16.to_le_bytes());
    fields.extend(0x00c0u16.to_le_bytes());
    fields.extend([dbm(-61), dbm(-95), 1]);
    let meta = sound(&header(&[0x0000_086f], &[&[0; 0], fields.as_slice()].concat()));
    assert_eq!(meta.tsft_us, Some(0x0102_0304_0506_0708));
    assert_eq!(
        (meta.frequency_mhz, meta.signal_dbm, meta.noise_dbm),
        (Some(2437), Some(-61), Some(-95))
    );
    assert_eq!(meta.rate_100kbps(), Some(60));
    assert!(meta.has_fcs && !meta.bad_fcs);
    // The same with an odd field before the channel: two bytes of padding appear before it.
    let mut fields = vec![0x10, 0, 0, 0];
    fields[1] = 0;
    fields[2..4].copy_from_slice(&5180u16.to_le_bytes());
    fields.extend(0x0140u16.to_le_bytes());
    assert_eq!(sound(&header(&[0x0000_000a], &fields)).frequency_mhz, Some(5180));
}

#[test]
fn several_antennas_in_chained_words() {
    let words = [0xa000_0020, 0xa000_0820, 0x0000_0820];
    let meta = sound(&header(&words, &[dbm(-40), dbm(-42), 0, dbm(-44), 1]));
    assert_eq!(meta.signal_dbm, Some(-40));
    let signals: Vec<_> = meta
        .antennas
        .iter()
        .flatten()
        .map(|antenna| (antenna.antenna, antenna.signal_dbm))
        .collect();
    assert_eq!(signals, [(None, Some(-40)), (Some(0), Some(-42)), (Some(1), Some(-44))]);
}

#[test]
fn vendor_namespaces_are_stepped_over() {
    // Flags; then a vendor's namespace with 3 bytes; then radiotap again with a signal.
    let words = [0xc000_0002, 0xa000_0001, 0x0000_0020];
    let fields = [0x10, 0, 0xaa, 0xbb, 0xcc, 7, 3, 0, 1, 2, 3, dbm(-50)];
    let meta = sound(&header(&words, &fields));
    assert_eq!((meta.has_fcs, meta.signal_dbm, meta.vendor_bytes), (true, Some(-50), 3));
}

#[test]
fn ht_vht_and_he() {
    let ht = sound(&header(&[1 << 19], &[0x07, 0x05, 15]));
    assert_eq!(ht.rate_100kbps(), Some(3000));
    let mut vht = vec![0x44, 0x00, 0x04, 4, 0x93, 0, 0, 0, 1, 0, 0, 0];
    assert_eq!(sound(&header(&[1 << 21], &vht)).rate_100kbps(), Some(13000));
    vht[4] = 0;
    assert_eq!(sound(&header(&[1 << 21], &vht)).modulation, None, "no user with streams");
    let mut he = Vec::new();
    for word in [0x4020u16, 0x0002, 0x0b00, 0, 0x0002, 0x0002] {
        he.extend(word.to_le_bytes());
    }
    assert_eq!(sound(&header(&[1 << 23], &he)).rate_100kbps(), Some(12009));
}

#[test]
fn usig_and_eht_in_type_length_value_fields() {
    let mut fields = Vec::new();
    fields.extend([33, 0, 12, 0]);
    fields.extend((0x02u32 | 4 << 15).to_le_bytes());
    fields.extend([0; 8]);
    fields.extend([34, 0, 44, 0]);
    fields.extend(0x14u32.to_le_bytes());
    fields.extend([0; 36]);
    fields.extend((0x80u32 | 0x12 | 13 << 20 | 1 << 24).to_le_bytes());
    let meta = sound(&header(&[1 << 28], &fields));
    assert_eq!(meta.rate_100kbps(), Some(57647));
    assert!(matches!(
        meta.modulation,
        Some(Modulation::Eht { guard: Some(GuardInterval::Ns800), tones: Some(3984), .. })
    ));
}

#[test]
fn fields_past_the_header_are_faults() {
    let whole = header(&[0x0000_082e], &[0x10, 12, 0x85, 0x09, 0xc0, 0, dbm(-61), 1]);
    for end in 8..whole.len() {
        let mut cut = whole[..end].to_vec();
        cut[2] = u8::try_from(end).expect("short");
        let mut faults = Faults::default();
        assert!(read(&cut, &mut faults).is_some());
        assert_eq!(faults.count(), 1, "{end}");
    }
    let mut faults = Faults::default();
    assert_eq!(read(&whole[..10], &mut faults), None, "longer than the captured bytes");
    assert_eq!(faults.count(), 1);
}
