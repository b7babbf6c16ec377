//! The PPI-GPS field (PPI-GEOLOCATION 1.2.1).

use super::{Bits, name_bits};
use crate::fields::{Field, Reader, Span, Value, Walk, fields};

fields! {
    Radio => FIELDS;
    /// Where the receiver was.
    PPI_GPS: branch("ppi_gps", "PPI-GPS");
    /// Version.
    VERSION: unsigned("ppi_gps.version", "Version").clause("PPI-GEOLOCATION 1.2.1");
    /// Magic.
    PAD: unsigned("ppi_gps.pad", "Magic").clause("PPI-GEOLOCATION 1.2.1");
    /// Length.
    LENGTH: unsigned("ppi_gps.length", "Length").unit("bytes").clause("PPI-GEOLOCATION 1.2.1");
    /// Present.
    PRESENT: hex("ppi_gps.present", "Present", 8).clause("PPI-GEOLOCATION 1.2.1");
    /// Flags.
    PRESENT_GPSFLAGSS: flag("ppi_gps.present.gpsflagss", "Flags").clause("PPI-GEOLOCATION 1.2.1");
    /// Latitude.
    PRESENT_LAT: flag("ppi_gps.present.lat", "Latitude").clause("PPI-GEOLOCATION 1.2.1");
    /// Longitude.
    PRESENT_LON: flag("ppi_gps.present.lon", "Longitude").clause("PPI-GEOLOCATION 1.2.1");
    /// Altitude.
    PRESENT_ALT: flag("ppi_gps.present.alt", "Altitude").clause("PPI-GEOLOCATION 1.2.1");
    /// Altitude above ground.
    PRESENT_ALT_GND: flag("ppi_gps.present.alt_gnd", "Altitude above ground").clause("PPI-GEOLOCATION 1.2.1");
    /// Time.
    PRESENT_GPSTIME: flag("ppi_gps.present.gpstime", "Time").clause("PPI-GEOLOCATION 1.2.1");
    /// Fraction of the second.
    PRESENT_FRACTIME: flag("ppi_gps.present.fractime", "Fraction of the second").clause("PPI-GEOLOCATION 1.2.1");
    /// Horizontal error.
    PRESENT_EPH: flag("ppi_gps.present.eph", "Horizontal error").clause("PPI-GEOLOCATION 1.2.1");
    /// Vertical error.
    PRESENT_EPV: flag("ppi_gps.present.epv", "Vertical error").clause("PPI-GEOLOCATION 1.2.1");
    /// Time error.
    PRESENT_EPT: flag("ppi_gps.present.ept", "Time error").clause("PPI-GEOLOCATION 1.2.1");
    /// Description.
    PRESENT_DESCR: flag("ppi_gps.present.descr", "Description").clause("PPI-GEOLOCATION 1.2.1");
    /// Application id.
    PRESENT_APPID: flag("ppi_gps.present.appid", "Application id").clause("PPI-GEOLOCATION 1.2.1");
    /// Application data.
    PRESENT_APPDATA: flag("ppi_gps.present.appdata", "Application data").clause("PPI-GEOLOCATION 1.2.1");
    /// More words follow.
    PRESENT_EXT: flag("ppi_gps.present.ext", "More words follow").clause("PPI-GEOLOCATION 1.2.1");
    /// Flags.
    GPSFLAGS: hex("ppi_gps.gpsflags", "Flags", 8).clause("PPI-GEOLOCATION 1.2.1");
    /// No fix.
    GPSFLAGSS_NOFIX: flag("ppi_gps.gpsflagss.nofix", "No fix").clause("PPI-GEOLOCATION 1.2.1");
    /// GPS fix.
    GPSFLAGSS_GPS: flag("ppi_gps.gpsflagss.gps", "GPS fix").clause("PPI-GEOLOCATION 1.2.1");
    /// Differential fix.
    GPSFLAGSS_DIFFGPS: flag("ppi_gps.gpsflagss.diffgps", "Differential fix").clause("PPI-GEOLOCATION 1.2.1");
    /// PPS fix.
    GPSFLAGSS_PPS: flag("ppi_gps.gpsflagss.pps", "PPS fix").clause("PPI-GEOLOCATION 1.2.1");
    /// RTK fix.
    GPSFLAGSS_RTK: flag("ppi_gps.gpsflagss.rtk", "RTK fix").clause("PPI-GEOLOCATION 1.2.1");
    /// Float RTK fix.
    GPSFLAGSS_FRTK: flag("ppi_gps.gpsflagss.frtk", "Float RTK fix").clause("PPI-GEOLOCATION 1.2.1");
    /// Dead reckoning.
    GPSFLAGSS_DEAD_RECK: flag("ppi_gps.gpsflagss.dead_reck", "Dead reckoning").clause("PPI-GEOLOCATION 1.2.1");
    /// Manual.
    GPSFLAGSS_MANUAL: flag("ppi_gps.gpsflagss.manual", "Manual").clause("PPI-GEOLOCATION 1.2.1");
    /// Simulated.
    GPSFLAGSS_SIMULATION: flag("ppi_gps.gpsflagss.simulation", "Simulated").clause("PPI-GEOLOCATION 1.2.1");
    /// Latitude.
    LAT: float("ppi_gps.lat", "Latitude").unit("°").clause("PPI-GEOLOCATION 1.2.1");
    /// Longitude.
    LON: float("ppi_gps.lon", "Longitude").unit("°").clause("PPI-GEOLOCATION 1.2.1");
    /// Altitude above mean sea level.
    ALT: float("ppi_gps.alt", "Altitude").unit("m").clause("PPI-GEOLOCATION 1.2.1");
    /// Altitude above ground.
    ALT_GND: float("ppi_gps.alt_gnd", "Altitude above ground").unit("m").clause("PPI-GEOLOCATION 1.2.1");
    /// Time of the fix.
    GPSTIME: time("ppi_gps.gpstime", "Time").clause("PPI-GEOLOCATION 1.2.1");
    /// Fraction of the second.
    FRACTIME: unsigned("ppi_gps.fractime", "Fraction of the second").unit("ns").clause("PPI-GEOLOCATION 1.2.1");
    /// Horizontal error.
    EPH: float("ppi_gps.eph", "Horizontal error").unit("m").clause("PPI-GEOLOCATION 1.2.1");
    /// Vertical error.
    EPV: float("ppi_gps.epv", "Vertical error").unit("m").clause("PPI-GEOLOCATION 1.2.1");
    /// Time error.
    EPT: float("ppi_gps.ept", "Time error").unit("s").clause("PPI-GEOLOCATION 1.2.1");
    /// Description.
    DESCR: text("ppi_gps.descr", "Description").clause("PPI-GEOLOCATION 1.2.1");
    /// Application id.
    APPID: hex("ppi_gps.appid", "Application id", 8).clause("PPI-GEOLOCATION 1.2.1");
    /// Application data.
    APPDATA: bytes("ppi_gps.appdata", "Application data").clause("PPI-GEOLOCATION 1.2.1");
}

/// Bits of what is present.
static PRESENT_BITS: &[Bits] = &[
    (&PRESENT_GPSFLAGSS, 0, 1),
    (&PRESENT_LAT, 1, 1),
    (&PRESENT_LON, 2, 1),
    (&PRESENT_ALT, 3, 1),
    (&PRESENT_ALT_GND, 4, 1),
    (&PRESENT_GPSTIME, 5, 1),
    (&PRESENT_FRACTIME, 6, 1),
    (&PRESENT_EPH, 7, 1),
    (&PRESENT_EPV, 8, 1),
    (&PRESENT_EPT, 9, 1),
    (&PRESENT_DESCR, 28, 1),
    (&PRESENT_APPID, 29, 1),
    (&PRESENT_APPDATA, 30, 1),
    (&PRESENT_EXT, 31, 1),
];
/// Bits of the flags.
static GPS_BITS: &[Bits] = &[
    (&GPSFLAGSS_NOFIX, 0, 1),
    (&GPSFLAGSS_GPS, 1, 1),
    (&GPSFLAGSS_DIFFGPS, 2, 1),
    (&GPSFLAGSS_PPS, 3, 1),
    (&GPSFLAGSS_RTK, 4, 1),
    (&GPSFLAGSS_FRTK, 5, 1),
    (&GPSFLAGSS_DEAD_RECK, 6, 1),
    (&GPSFLAGSS_MANUAL, 7, 1),
    (&GPSFLAGSS_SIMULATION, 8, 1),
];

/// Describes the field; `None` where it ends before what it says is present.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&PPI_GPS, Value::Nothing, span, |walk| {
        walk.u8(reader, &VERSION)?;
        walk.u8(reader, &PAD)?;
        walk.u16(reader, &LENGTH)?;
        let present = walk.word(reader, &PRESENT, 4, |walk, word| {
            name_bits(walk, word, PRESENT_BITS);
            word
        })?;
        // Values stand in the order of their bits.
        for bit in 0..31 {
            if present.bit(bit) {
                value(walk, reader, bit)?;
            }
        }
        Some(())
    })
}

fn value(walk: &mut Walk<'_>, reader: &mut Reader<'_>, bit: u32) -> Option<()> {
    match bit {
        0 => walk.table(reader, &GPSFLAGS, 4, GPS_BITS).map(|_| ()),
        1 => fixed(walk, reader, &LAT, 1e7, 180.0),
        2 => fixed(walk, reader, &LON, 1e7, 180.0),
        3 => fixed(walk, reader, &ALT, 1e4, 180_000.0),
        4 => fixed(walk, reader, &ALT_GND, 1e4, 180_000.0),
        5 => {
            let seconds = reader.word(4)?;
            let time_ns = seconds.value.saturating_mul(1_000_000_000);
            walk.field(&GPSTIME, Value::Unsigned(time_ns), seconds.span);
            Some(())
        }
        6 => walk.number(reader, &FRACTIME, 4).map(|_| ()),
        7 => fixed(walk, reader, &EPH, 1e6, 0.0),
        8 => fixed(walk, reader, &EPV, 1e6, 0.0),
        9 => fixed(walk, reader, &EPT, 1e9, 0.0),
        28 => text(walk, reader),
        29 => walk.number(reader, &APPID, 4).map(|_| ()),
        30 => walk.bytes(reader, &APPDATA, 60).map(|_| ()),
        // Four bytes each, of what the format has not defined.
        _ => reader.take(4).map(|_| ()),
    }
}

/// A fixed-point number of 4 bytes with an offset.
fn fixed(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    scale: f64,
    offset: f64,
) -> Option<()> {
    let word = reader.word(4)?;
    let value = f64::from(u32::try_from(word.value).ok()?) / scale - offset;
    walk.field(field, Value::Float(value), word.span);
    Some(())
}

/// 32 bytes, filled up with zeros.
fn text(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 32);
    let bytes = reader.take(32)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    walk.field(&DESCR, Value::Bytes(bytes.get(..end)?), span);
    Some(())
}
