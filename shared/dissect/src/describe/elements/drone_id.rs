//! DJI DroneID, which that maker's drones put into beacons. Not published by the maker; read as
//! independent researchers described it (Kismet; Department 13, 2017).

use super::{Known, bits, element_fields};
use crate::fields::{Field, Reader, Span, Value, Walk};

element_fields! {
    fields "DJI DroneID" {
        HEAD: bytes("droneid.head", "Head");
        KIND: hex("droneid.subcommand", "Kind", 2).names(|value| match value {
            0x10 => Some("flight information"),
            0x11 => Some("flight purpose"),
            _ => None,
        });
        VERSION: unsigned("droneid.version", "Version");
        SEQUENCE: unsigned("droneid.sequence", "Sequence number");
        STATE: hex("droneid.state", "State", 4);
        SERIAL: text("droneid.serial_number", "Serial number");
        LONGITUDE: float("droneid.longitude", "Longitude").unit("°");
        LATITUDE: float("droneid.latitude", "Latitude").unit("°");
        ALTITUDE: signed("droneid.altitude", "Altitude").unit("m");
        HEIGHT: signed("droneid.height", "Height").unit("m");
        NORTH: signed("droneid.velocity_north", "Velocity north").unit("cm/s");
        EAST: signed("droneid.velocity_east", "Velocity east").unit("cm/s");
        UP: signed("droneid.velocity_up", "Velocity up").unit("cm/s");
        PITCH: float("droneid.pitch", "Pitch").unit("°");
        ROLL: float("droneid.roll", "Roll").unit("°");
        YAW: float("droneid.yaw", "Yaw").unit("°");
        PILOT_TIME: unsigned("droneid.pilot_time", "Time of the pilot's position").unit("ms since 1970");
        PILOT_LATITUDE: float("droneid.pilot_latitude", "Latitude of the pilot").unit("°");
        PILOT_LONGITUDE: float("droneid.pilot_longitude", "Longitude of the pilot").unit("°");
        HOME_LONGITUDE: float("droneid.home_longitude", "Longitude of the home point").unit("°");
        HOME_LATITUDE: float("droneid.home_latitude", "Latitude of the home point").unit("°");
        PRODUCT: unsigned("droneid.product_type", "Product type");
        UUID_LENGTH: unsigned("droneid.uuid_length", "Length of the owner's identifier").unit("bytes");
        UUID: text("droneid.uuid", "Owner's identifier");
        NAME_LENGTH: unsigned("droneid.drone_id_length", "Length of the drone's name").unit("bytes");
        NAME: text("droneid.drone_id", "Drone's name");
        PURPOSE_LENGTH: unsigned("droneid.purpose_length", "Length of the purpose").unit("bytes");
        PURPOSE: text("droneid.purpose", "Purpose");
    }
    layout STATE_BITS "DJI DroneID" {
        0, 1: flag("droneid.state.serial_valid", "Serial number valid");
        1, 1: flag("droneid.state.user_privacy", "User privacy");
        2, 1: flag("droneid.state.home_point_set", "Home point set");
        3, 1: flag("droneid.state.uuid_set", "Owner's identifier set");
        4, 1: flag("droneid.state.motor_on", "Motor on");
        5, 1: flag("droneid.state.in_air", "In the air");
        6, 1: flag("droneid.state.gps_valid", "Position valid");
        7, 1: flag("droneid.state.altitude_valid", "Altitude valid");
        8, 1: flag("droneid.state.height_valid", "Height valid");
        9, 1: flag("droneid.state.horizontal_valid", "Horizontal velocity valid");
        10, 1: flag("droneid.state.vertical_valid", "Vertical velocity valid");
        11, 1: flag("droneid.state.attitude_valid", "Pitch and roll valid");
    }
}

pub(super) static ELEMENTS: &[Known] =
    &[Known::vendor([0x26, 0x37, 0x12, 0x58], "DJI DroneID", drone_id)];

/// Positions are radians in units of 10⁻⁷: 174 533 of them are one degree.
const UNITS_PER_DEGREE: f64 = 174_533.0;

fn position(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(reader.offset(), 4);
    let raw = i32::from_le_bytes(reader.array()?);
    walk.field(field, Value::Float(f64::from(raw) / UNITS_PER_DEGREE), span);
    Some(())
}

fn signed(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(reader.offset(), 2);
    let raw = i16::from_le_bytes(reader.array()?);
    walk.field(field, Value::Signed(i64::from(raw)), span);
    Some(())
}

/// Radians in units of 1/100 degree times 57.296: what the maker sends, turned into degrees.
fn angle(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(reader.offset(), 2);
    let raw = i16::from_le_bytes(reader.array()?);
    walk.field(field, Value::Float(f64::from(raw) / 100.0 / 57.296), span);
    Some(())
}

fn text(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    length: usize,
) -> Option<()> {
    let span = Span::new(reader.offset(), length);
    let bytes = reader.take(length)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(length);
    walk.field(field, Value::Bytes(bytes.get(..end).unwrap_or(&[])), span);
    Some(())
}

fn drone_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    // Two bytes more of the head (62 13) before the kind.
    walk.bytes(reader, &HEAD, 2)?;
    match walk.u8(reader, &KIND)? {
        0x10 => flight(walk, reader),
        0x11 => purpose(walk, reader),
        _ => Some(()),
    }
}

fn flight(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let version = walk.u8(reader, &VERSION)?;
    walk.u16(reader, &SEQUENCE)?;
    bits(walk, reader, &STATE, 2, STATE_BITS)?;
    text(walk, reader, &SERIAL, 16)?;
    position(walk, reader, &LONGITUDE)?;
    position(walk, reader, &LATITUDE)?;
    for field in [&ALTITUDE, &HEIGHT, &NORTH, &EAST, &UP] {
        signed(walk, reader, field)?;
    }
    if version < 2 {
        for field in [&PITCH, &ROLL, &YAW] {
            angle(walk, reader, field)?;
        }
    } else {
        angle(walk, reader, &YAW)?;
        walk.number(reader, &PILOT_TIME, 8)?;
        position(walk, reader, &PILOT_LATITUDE)?;
        position(walk, reader, &PILOT_LONGITUDE)?;
    }
    position(walk, reader, &HOME_LONGITUDE)?;
    position(walk, reader, &HOME_LATITUDE)?;
    walk.u8(reader, &PRODUCT)?;
    let length = usize::from(walk.u8(reader, &UUID_LENGTH)?);
    text(walk, reader, &UUID, length.min(reader.left()))
}

fn purpose(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    text(walk, reader, &SERIAL, 16)?;
    walk.u8(reader, &NAME_LENGTH)?;
    text(walk, reader, &NAME, 10)?;
    let length = usize::from(walk.u8(reader, &PURPOSE_LENGTH)?);
    text(walk, reader, &PURPOSE, length.min(reader.left()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn flight_information() {
        let mut element =
            vec![221, 0, 0x26, 0x37, 0x12, 0x58, 0x62, 0x13, 0x10, 1, 9, 0, 0x75, 0x0f];
        element.extend(b"SERIAL-000000001");
        element.extend(1_745_330i32.to_le_bytes());
        element.extend((-872_665i32).to_le_bytes());
        for value in [120i16, 30, -100, 50, 0, 0, 0, 5730] {
            element.extend(value.to_le_bytes());
        }
        element.extend(1_745_330i32.to_le_bytes());
        element.extend((-872_665i32).to_le_bytes());
        element.extend([16, 4]);
        element.extend(b"1234");
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "Kind: flight information (0x10)",
            "  Motor on: yes",
            "  User privacy: no",
            "Serial number: SERIAL-000000001",
            "Longitude: 10 °",
            "Latitude: -5 °",
            "Altitude: 120 m",
            "Velocity north: -100 cm/s",
            "Latitude of the home point: -5 °",
            "Product type: 16",
            "Owner's identifier: 1234",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.starts_with('!')), "{lines:#?}");
    }

    #[test]
    fn purpose() {
        let mut element = vec![221, 0, 0x26, 0x37, 0x12, 0x58, 0x62, 0x13, 0x11];
        element.extend(b"SERIAL-000000001\x04demo\0\0\0\0\0\0\x06survey");
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        assert_eq!(
            lines[lines.len() - 3..],
            ["Drone's name: demo", "Length of the purpose: 6 bytes", "Purpose: survey"]
        );
    }
}
