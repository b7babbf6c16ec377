//! Remote identification of drones (ASTM F3411-22a, 5.4.5), which beacons and NAN frames carry.

use super::{Known, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};

element_fields! {
    fields "ASTM F3411-22a, 5.4.5" {
        MESSAGE: branch("opendroneid.message", "Remote identification message");
        COUNTER: unsigned("opendroneid.message_counter", "Message counter");
        HEADER: hex("opendroneid.message_header", "Header", 2);
        PACK_SIZE: unsigned("opendroneid.pack.message_size", "Message size").unit("bytes");
        PACK_COUNT: unsigned("opendroneid.pack.message_count", "Messages");
        BASIC_TYPES: hex("opendroneid.basic_id.types", "Types", 2);
        BASIC_ID: text("opendroneid.basic_id.uas_id", "UAS identifier");
        LOCATION_FLAGS: hex("opendroneid.location.flags", "Status and flags", 2);
        DIRECTION: unsigned("opendroneid.location.track_direction", "Track direction").unit("°");
        SPEED: float("opendroneid.location.speed", "Ground speed").unit("m/s");
        VERTICAL_SPEED: float("opendroneid.location.vertical_speed", "Vertical speed").unit("m/s");
        LATITUDE: float("opendroneid.location.latitude", "Latitude").unit("°");
        LONGITUDE: float("opendroneid.location.longitude", "Longitude").unit("°");
        PRESSURE_ALTITUDE: float("opendroneid.location.pressure_altitude", "Pressure altitude").unit("m");
        GEODETIC_ALTITUDE: float("opendroneid.location.geodetic_altitude", "Geodetic altitude").unit("m");
        HEIGHT: float("opendroneid.location.height", "Height").unit("m");
        ACCURACY: hex("opendroneid.location.accuracy", "Position accuracy", 2);
        SPEED_ACCURACY: hex("opendroneid.location.speed_accuracy_byte", "Altitude and speed accuracy", 2);
        TENTHS: unsigned("opendroneid.location.timestamp", "Time after the hour").unit("0.1 s");
        TIME_ACCURACY: hex("opendroneid.location.timestamp_accuracy_byte", "Time accuracy", 2);
        RESERVED: bytes("opendroneid.reserved", "Reserved");
        AUTHENTICATION_TYPE: hex("opendroneid.authentication.type_byte", "Type and page", 2);
        AUTHENTICATION_LAST: unsigned("opendroneid.authentication.last_page_index", "Last page");
        AUTHENTICATION_LENGTH: unsigned("opendroneid.authentication.length", "Length").unit("bytes");
        AUTHENTICATION_TIME: unsigned("opendroneid.authentication.timestamp", "Seconds since 2019-01-01 UTC").unit("s");
        AUTHENTICATION_DATA: bytes("opendroneid.authentication.data", "Authentication data");
        SELF_TYPE: unsigned("opendroneid.self_id.description_type", "Description type")
            .names(|value| pick(&["text", "emergency", "extended status"], value));
        SELF_TEXT: text("opendroneid.self_id.description", "Description");
        SYSTEM_FLAGS: hex("opendroneid.system.flags", "Flags", 2);
        OPERATOR_LATITUDE: float("opendroneid.system.operator_latitude", "Operator latitude").unit("°");
        OPERATOR_LONGITUDE: float("opendroneid.system.operator_longitude", "Operator longitude").unit("°");
        AREA_COUNT: unsigned("opendroneid.system.area_count", "Aircraft in the area");
        AREA_RADIUS: unsigned("opendroneid.system.area_radius", "Area radius").unit("m");
        AREA_CEILING: float("opendroneid.system.area_ceiling", "Area ceiling").unit("m");
        AREA_FLOOR: float("opendroneid.system.area_floor", "Area floor").unit("m");
        CLASSIFICATION: hex("opendroneid.system.classification", "European classification", 2);
        OPERATOR_ALTITUDE: float("opendroneid.system.operator_altitude", "Operator altitude").unit("m");
        SYSTEM_TIME: unsigned("opendroneid.system.timestamp", "Seconds since 2019-01-01 UTC").unit("s");
        OPERATOR_TYPE: unsigned("opendroneid.operator_id.type", "Operator identifier type");
        OPERATOR_ID: text("opendroneid.operator_id.id", "Operator identifier");
    }
    layout HEADER_BITS "ASTM F3411-22a, table 3" {
        0, 4: unsigned("opendroneid.protocol_version", "Protocol version");
        4, 4: unsigned("opendroneid.message_type", "Message type").names(message_name);
    }
    layout BASIC_BITS "ASTM F3411-22a, table 5" {
        0, 4: unsigned("opendroneid.basic_id.ua_type", "Aircraft type").names(|value| pick(&[
            "none", "aeroplane", "helicopter or multirotor", "gyroplane", "hybrid lift", "ornithopter",
            "glider", "kite", "free balloon", "captive balloon", "airship", "free fall or parachute",
            "rocket", "tethered powered aircraft", "ground obstacle", "other"], value));
        4, 4: unsigned("opendroneid.basic_id.id_type", "Identifier type").names(|value| pick(&[
            "none", "serial number", "registration of a civil aviation authority",
            "UTM identifier (UUID)", "session identifier"], value));
    }
    layout LOCATION_BITS "ASTM F3411-22a, table 6" {
        0, 1: unsigned("opendroneid.location.speed_multiplier", "Speed multiplier");
        1, 1: flag("opendroneid.location.east_west", "Direction of 180° and more");
        2, 1: unsigned("opendroneid.location.height_type", "Height is above")
            .names(|value| pick(&["take-off", "ground"], value));
        4, 4: unsigned("opendroneid.location.status", "Status").names(|value| pick(&[
            "undeclared", "on the ground", "airborne", "emergency", "remote identification failure"], value));
    }
    layout ACCURACY_BITS "ASTM F3411-22a, table 6" {
        0, 4: unsigned("opendroneid.location.horizontal_accuracy", "Horizontal accuracy").names(|value| pick(&[
            "unknown", "< 18.52 km", "< 7.408 km", "< 3.704 km", "< 1.852 km", "< 926 m", "< 555.6 m",
            "< 185.2 m", "< 92.6 m", "< 30 m", "< 10 m", "< 3 m", "< 1 m"], value));
        4, 4: unsigned("opendroneid.location.vertical_accuracy", "Vertical accuracy").names(vertical_name);
    }
    layout SPEED_BITS "ASTM F3411-22a, table 6" {
        0, 4: unsigned("opendroneid.location.speed_accuracy", "Speed accuracy")
            .names(|value| pick(&["unknown", "< 10 m/s", "< 3 m/s", "< 1 m/s", "< 0.3 m/s"], value));
        4, 4: unsigned("opendroneid.location.barometric_accuracy", "Pressure altitude accuracy").names(vertical_name);
    }
    layout TIME_BITS "ASTM F3411-22a, table 6" {
        0, 4: unsigned("opendroneid.location.timestamp_accuracy", "Time accuracy").unit("0.1 s");
    }
    layout AUTHENTICATION_BITS "ASTM F3411-22a, table 7" {
        0, 4: unsigned("opendroneid.authentication.page", "Page");
        4, 4: unsigned("opendroneid.authentication.type", "Authentication type").names(|value| pick(&[
            "none", "UAS identifier signature", "operator identifier signature", "message set signature",
            "network remote identification", "specific method"], value));
    }
    layout SYSTEM_BITS "ASTM F3411-22a, table 9" {
        0, 2: unsigned("opendroneid.system.operator_location_type", "Operator location is")
            .names(|value| pick(&["take-off", "live", "fixed"], value));
        2, 3: unsigned("opendroneid.system.classification_type", "Classification type")
            .names(|value| pick(&["undeclared", "European Union"], value));
    }
    layout CLASS_BITS "ASTM F3411-22a, table 9" {
        0, 4: unsigned("opendroneid.system.class", "Class").names(|value| pick(&[
            "undeclared", "C0", "C1", "C2", "C3", "C4", "C5", "C6"], value));
        4, 4: unsigned("opendroneid.system.category", "Category")
            .names(|value| pick(&["undeclared", "open", "specific", "certified"], value));
    }
}

pub(super) static ELEMENTS: &[Known] =
    &[Known::vendor([0xfa, 0x0b, 0xbc, 0x0d], "ASTM remote identification", open_drone_id)];

/// Bytes of one message.
const MESSAGE_SIZE: usize = 25;
/// Message type of a pack, which holds up to 9 others.
const PACK: u64 = 15;

fn message_name(value: u64) -> Option<&'static str> {
    match value {
        PACK => Some("message pack"),
        _ => pick(
            &["basic ID", "location", "authentication", "self-ID", "system", "operator ID"],
            value,
        ),
    }
}

fn vertical_name(value: u64) -> Option<&'static str> {
    pick(&["unknown", "< 150 m", "< 45 m", "< 25 m", "< 10 m", "< 3 m", "< 1 m"], value)
}

/// Names remote identification from its message counter on: what follows OUI and type in the element
/// of a beacon, and the service information of a NAN service discovery frame.
pub fn open_drone_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &COUNTER)?;
    let [head] = reader.peek::<1>()?;
    if u64::from(head >> 4) != PACK {
        return message(walk, reader);
    }
    bits(walk, reader, &HEADER, 1, HEADER_BITS)?;
    let size = usize::from(walk.u8(reader, &PACK_SIZE)?);
    let count = walk.u8(reader, &PACK_COUNT)?;
    if size != MESSAGE_SIZE {
        walk.fault(reader.offset(), "messages of a remote identification pack have 25 bytes");
        return Some(());
    }
    for _ in 0..count {
        message(walk, reader)?;
    }
    Some(())
}

fn message(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let start = reader.offset();
    let mut inner = reader.part(MESSAGE_SIZE)?;
    let kind = u64::from(inner.peek::<1>().map_or(0, |[head]| head >> 4));
    let name = message_name(kind).map_or(Value::Nothing, Value::Word);
    walk.branch(&MESSAGE, name, Span::new(start, MESSAGE_SIZE), |walk| {
        bits(walk, &mut inner, &HEADER, 1, HEADER_BITS)?;
        match kind {
            0 => basic_id(walk, &mut inner),
            1 => location(walk, &mut inner),
            2 => authentication(walk, &mut inner),
            3 => {
                walk.u8(&mut inner, &SELF_TYPE)?;
                padded_text(walk, &mut inner, &SELF_TEXT, 23)
            }
            4 => system(walk, &mut inner),
            5 => {
                walk.u8(&mut inner, &OPERATOR_TYPE)?;
                padded_text(walk, &mut inner, &OPERATOR_ID, 20)
            }
            _ => Some(()),
        }?;
        walk.rest(&mut inner, &RESERVED);
        Some(())
    })
}

/// Text that is filled up with zero bytes.
fn padded_text(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    length: usize,
) -> Option<()> {
    let span = Span::new(reader.offset(), length);
    let bytes = reader.take(length)?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    walk.field(field, Value::Bytes(bytes.get(..end).unwrap_or(&[])), span);
    Some(())
}

/// Degrees in units of 10⁻⁷.
fn degrees(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(reader.offset(), 4);
    let raw = i32::from_le_bytes(reader.array()?);
    walk.field(field, Value::Float(f64::from(raw) / 1e7), span);
    Some(())
}

/// Half metres above -1000 m; 0 is unknown, and then nothing is said.
fn altitude(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(reader.offset(), 2);
    let raw = u16::from_le_bytes(reader.array()?);
    if raw != 0 {
        walk.field(field, Value::Float(f64::from(raw) / 2.0 - 1000.0), span);
    }
    Some(())
}

fn basic_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let types = bits(walk, reader, &BASIC_TYPES, 1, BASIC_BITS)?;
    // A UUID or session identifier is binary; as text it is escaped.
    match types.get(4, 4) {
        3 | 4 => walk.bytes(reader, &BASIC_ID, 20).map(|_| ()),
        _ => padded_text(walk, reader, &BASIC_ID, 20),
    }
}

fn location(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let flags = bits(walk, reader, &LOCATION_FLAGS, 1, LOCATION_BITS)?;
    let span = Span::new(reader.offset(), 1);
    let direction = u64::from(reader.array::<1>()?[0]);
    let half_turn = if flags.is_set(1) { 180 } else { 0 };
    walk.field(&DIRECTION, Value::Unsigned(direction.saturating_add(half_turn)), span);
    let span = Span::new(reader.offset(), 1);
    // 255 is unknown.
    match reader.array::<1>()?[0] {
        255 => {}
        raw if flags.is_set(0) => {
            walk.field(&SPEED, Value::Float(f64::from(raw) * 0.75 + 63.75), span);
        }
        raw => walk.field(&SPEED, Value::Float(f64::from(raw) * 0.25), span),
    }
    let span = Span::new(reader.offset(), 1);
    let vertical = i8::from_le_bytes(reader.array()?);
    // 63 m/s is unknown.
    if vertical != 126 {
        walk.field(&VERTICAL_SPEED, Value::Float(f64::from(vertical) / 2.0), span);
    }
    degrees(walk, reader, &LATITUDE)?;
    degrees(walk, reader, &LONGITUDE)?;
    altitude(walk, reader, &PRESSURE_ALTITUDE)?;
    altitude(walk, reader, &GEODETIC_ALTITUDE)?;
    altitude(walk, reader, &HEIGHT)?;
    bits(walk, reader, &ACCURACY, 1, ACCURACY_BITS)?;
    bits(walk, reader, &SPEED_ACCURACY, 1, SPEED_BITS)?;
    walk.u16(reader, &TENTHS)?;
    bits(walk, reader, &TIME_ACCURACY, 1, TIME_BITS).map(|_| ())
}

fn authentication(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let kind = bits(walk, reader, &AUTHENTICATION_TYPE, 1, AUTHENTICATION_BITS)?;
    if kind.get(0, 4) == 0 {
        walk.u8(reader, &AUTHENTICATION_LAST)?;
        walk.u8(reader, &AUTHENTICATION_LENGTH)?;
        walk.number(reader, &AUTHENTICATION_TIME, 4)?;
    }
    walk.rest(reader, &AUTHENTICATION_DATA);
    Some(())
}

fn system(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &SYSTEM_FLAGS, 1, SYSTEM_BITS)?;
    degrees(walk, reader, &OPERATOR_LATITUDE)?;
    degrees(walk, reader, &OPERATOR_LONGITUDE)?;
    walk.u16(reader, &AREA_COUNT)?;
    let span = Span::new(reader.offset(), 1);
    let radius = u64::from(reader.array::<1>()?[0]).saturating_mul(10);
    walk.field(&AREA_RADIUS, Value::Unsigned(radius), span);
    altitude(walk, reader, &AREA_CEILING)?;
    altitude(walk, reader, &AREA_FLOOR)?;
    bits(walk, reader, &CLASSIFICATION, 1, CLASS_BITS)?;
    altitude(walk, reader, &OPERATOR_ALTITUDE)?;
    walk.number(reader, &SYSTEM_TIME, 4).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    fn pack(messages: &[[u8; 25]]) -> Vec<String> {
        let mut element = vec![221, (8 + 25 * messages.len()) as u8, 0xfa, 0x0b, 0xbc, 0x0d, 7];
        element.extend([0xf2, 25, messages.len() as u8]);
        element.extend(messages.concat());
        body_lines(&element)
    }

    #[test]
    fn identity_position_and_operator() {
        let mut identity = [0; 25];
        identity[..2].copy_from_slice(&[0x02, 0x12]);
        identity[2..10].copy_from_slice(b"TEST0001");
        let mut position = [0; 25];
        position[..5].copy_from_slice(&[0x12, 0x22, 10, 40, 0xfe]);
        position[5..9].copy_from_slice(&523_000_000i32.to_le_bytes());
        position[9..13].copy_from_slice(&(-5_000_000i32).to_le_bytes());
        position[15..17].copy_from_slice(&2240u16.to_le_bytes());
        position[19..22].copy_from_slice(&[0x5b, 0x43, 0x10]);
        let mut system = [0; 25];
        system[0] = 0x42;
        system[1] = 0x05;
        system[2..6].copy_from_slice(&523_000_000i32.to_le_bytes());
        system[10..13].copy_from_slice(&[1, 0, 5]);
        system[17] = 0x12;
        let mut operator = [0; 25];
        operator[0] = 0x52;
        operator[2..9].copy_from_slice(b"OP-TEST");
        let lines = pack(&[identity, position, system, operator]);
        for line in [
            "Message counter: 7",
            "  Message type: message pack (15)",
            "Messages: 4",
            "Remote identification message: basic ID",
            "    Aircraft type: helicopter or multirotor (2)",
            "    Identifier type: serial number (1)",
            "  UAS identifier: TEST0001",
            "    Status: airborne (2)",
            "  Track direction: 190 °",
            "  Ground speed: 10 m/s",
            "  Vertical speed: -1 m/s",
            "  Latitude: 52.3 °",
            "  Longitude: -0.5 °",
            "  Geodetic altitude: 120 m",
            "    Horizontal accuracy: < 3 m (11)",
            "    Vertical accuracy: < 3 m (5)",
            "  Operator latitude: 52.3 °",
            "    Operator location is: live (1)",
            "    Classification type: European Union (1)",
            "  Area radius: 50 m",
            "    Class: C1 (2)",
            "    Category: open (1)",
            "  Operator identifier: OP-TEST",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(
            !lines.iter().any(|line| line.contains("Pressure altitude:")),
            "unknown is not said"
        );
    }

    #[test]
    fn text_and_authentication() {
        let mut text = [0; 25];
        text[0] = 0x32;
        text[2..9].copy_from_slice(b"Mapping");
        let mut first = [0xaa; 25];
        first[..8].copy_from_slice(&[0x22, 0x10, 1, 30, 1, 0, 0, 0]);
        let mut second = [0xbb; 25];
        second[..2].copy_from_slice(&[0x22, 0x11]);
        let lines = pack(&[text, first, second]);
        for line in [
            "  Description: Mapping",
            "    Authentication type: UAS identifier signature (1)",
            "  Last page: 1",
            "  Length: 30 bytes",
            "  Authentication data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "    Page: 1",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
