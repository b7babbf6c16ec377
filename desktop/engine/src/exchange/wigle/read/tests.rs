//! The quirks of programs that write WiGLE CSV, one row each.

use super::*;

const HEAD_1_6: &str = "WigleWifi-1.6,appRelease=2.85,model=X,release=14,device=x,display=,board=,brand=,star=Sol,body=3,subBody=0\nMAC,SSID,AuthMode,FirstSeen,Channel,Frequency,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,RCOIs,MfgrId,Type\n";
const HEAD_KISMET: &str = "WigleWifi-1.6,appRelease=Kismet202307R1,model=Kismet,release=2023,device=kismet,display=kismet,board=kismet,brand=kismet,star=Sol,body=3,subBody=0\nMAC,SSID,AuthMode,FirstSeen,Channel,Frequency,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,RCOIs,MfgrId,Type\n";
const HEAD_1_4: &str = "WigleWifi-1.4,appRelease=2.53,model=X,release=10,device=x,display=,board=,brand=\nMAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,Type\n";
const HEAD_1_0: &str = "MAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters\n";

fn rows(text: &[u8]) -> Vec<Result<Row, RowError>> {
    let mut reader = WigleReader::new(text).expect("memory").expect("a header");
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().expect("memory") {
        rows.push(row);
    }
    rows
}

fn sighting(head: &str, row: &str) -> Sighting {
    match rows(format!("{head}{row}\n").as_bytes()).pop().expect("a row") {
        Ok(Row::Wifi(sighting)) => *sighting,
        other => panic!("{row}: {other:?}"),
    }
}

fn check(head: &str, row: &str, ssid: Option<&str>, mhz: Option<u16>, dbm: Option<i8>) {
    let found = sighting(head, row);
    assert_eq!(found.ssid, ssid.map(Ssid::new), "{row}");
    assert_eq!(found.frequency_mhz, mhz, "{row}");
    assert_eq!(found.signal_dbm, dbm, "{row}");
}

#[test]
fn every_known_shape() {
    check(
        HEAD_1_6,
        "02:00:5e:00:00:01,Home,[WPA2-PSK-CCMP][ESS],2026-05-01 10:00:00,6,2437,-61,50.1,8.6,120,5,,,WIFI",
        Some("Home"),
        Some(2437),
        Some(-61),
    );
    check(
        HEAD_1_4,
        "02:00:5e:00:00:01,\"A, B\",[ESS],2026-05-01 10:00:00,36,-61,50.1,8.6,120,5,WIFI",
        Some("A, B"),
        Some(5180),
        Some(-61),
    );
    check(
        HEAD_1_0,
        "02:00:5e:00:00:01,,[ESS],2026-05-01 10:00:00,14,-61,50.1,8.6,120,5",
        None,
        Some(2484),
        Some(-61),
    );
    // Kismet: twelve fields under the header of fourteen, frequency in kHz, octal names, 6 GHz
    // channels counted from 5 GHz.
    check(
        HEAD_KISMET,
        "02:00:5e:00:00:01,Caf\\303\\251\\054 x,[WPA2-PSK] [ESS],2026-05-01 10:00:00,191,5955000,-61,50.1,8.6,120,0,WIFI",
        Some("Café, x"),
        Some(5955),
        Some(-61),
    );
    check(
        HEAD_KISMET,
        "02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:00,191,,-61,50.1,8.6,120,0,WIFI",
        Some("x"),
        Some(5955),
        Some(-61),
    );
    // Rows of 1.4 under the header of 1.6.
    check(
        HEAD_1_6,
        "02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:00,11,-70,50.1,8.6,120,5,WIFI",
        Some("x"),
        Some(2462),
        Some(-70),
    );
    // A comma in a name without quotes; a quote that is not closed.
    check(
        HEAD_1_4,
        "02:00:5e:00:00:01,A, B,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI",
        Some("A, B"),
        Some(2412),
        Some(-61),
    );
    check(
        HEAD_1_4,
        "02:00:5e:00:00:01,\"half,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI",
        Some("\"half"),
        Some(2412),
        Some(-61),
    );
    // Backslashes are only escapes where the writer says so; 0 dBm is no signal; Vistumbler's 6 GHz.
    check(
        HEAD_1_6,
        "02:00:5e:00:00:01,a\\054b,[ESS],2026-05-01T10:00:00Z,1,5960,0,50.1,8.6,120,5,,,WIFI",
        Some("a\\054b"),
        Some(5955),
        None,
    );
}

#[test]
fn line_breaks_in_quoted_names() {
    let tail = "[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI";
    let text = format!(
        "{HEAD_1_4}02:00:5e:00:00:01,\"two\nlines\",{tail}\r\n\
         02:00:5e:00:00:02,\"a\r\n\r\n\"\"b\"\"\n\",{tail}\r\n\
         bad\n\
         02:00:5e:00:00:03,\"half,{tail}\n\
         02:00:5e:00:00:04,\"s\n\
         02:00:5e:00:00:05,\"5\",{tail}\n\
         02:00:5e:00:00:06,\"six\n\",nonsense\n\
         02:00:5e:00:00:07,\"seven\"\"\",{tail}\n\
         02:00:5e:00:00:08,\"cut"
    );
    let rows = rows(text.as_bytes());
    let told: Vec<Result<(u8, String), u64>> = rows
        .iter()
        .map(|row| match row {
            Ok(Row::Wifi(s)) => {
                let name = s.ssid.as_ref().expect("named").bytes().to_vec();
                Ok((s.bssid.0[5], String::from_utf8(name).expect("text")))
            }
            Ok(Row::Other(kind)) => panic!("{kind}"),
            Err(error) => Err(error.line),
        })
        .collect();
    let named = |n: u8, name: &str| Ok((n, name.to_owned()));
    assert_eq!(
        told,
        [
            named(1, "two\nlines"),
            named(2, "a\r\n\r\n\"b\"\n"),
            Err(9),
            named(3, "\"half"),
            Err(11),
            named(5, "5"),
            Err(13),
            Err(14),
            named(7, "seven\""),
            Err(16),
        ]
    );
}

#[test]
fn positions_and_their_error() {
    let at = |lat: &str, lon: &str, accuracy: &str| {
        let row = format!(
            "02:00:5e:00:00:01,x,[ESS],2026-05-01 10:00:00,1,-61,{lat},{lon},12.5,{accuracy},WIFI"
        );
        sighting(HEAD_1_4, &row).position
    };
    let position = at("50.1", "8.6", "10").expect("there");
    assert!((position.error_m.expect("set") - 16.21).abs() < 0.01);
    assert_eq!(position.altitude_m, Some(12.5));
    assert_eq!(at("50.1", "8.6", "0").expect("there").error_m, None);
    assert_eq!(at("0.0", "0.0", "5"), None);
    assert_eq!(at("Infinity", "8", "5"), None);
    assert_eq!(at("", "", ""), None);
}

#[test]
fn bad_rows_cost_themselves_only() {
    let text = format!(
        "{HEAD_1_4}nonsense\n\
         02:00:5e:00:00:01,x,[ESS],1970-01-01 00:00:00,1,-61,50.1,8.6,120,5,WIFI\n\
         02:00:5e:00:00,x,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI\n\
         310_410_1_2,x,Misc,2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,LTE\n\
         02:00:5e:00:00:01,x,[ESS],01.05.2026 10:00,1,-61,50.1,8.6,120,5,WIFI\n\
         \n\
         {}\n\
         02:00:5e:00:00:02,y,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI\r\n",
        "x".repeat(200_000)
    );
    let rows = rows(text.as_bytes());
    let lines: Vec<u64> = rows.iter().filter_map(|r| r.as_ref().err()).map(|e| e.line).collect();
    assert_eq!(lines, [3, 4, 5, 7, 9]);
    assert_eq!(rows[3], Ok(Row::Other("LTE".to_owned())));
    assert!(matches!(rows.last(), Some(Ok(Row::Wifi(s))) if s.bssid.0[5] == 2));
}

#[test]
fn what_is_no_wigle_csv() {
    assert!(looks_like_wigle(HEAD_1_4.as_bytes()));
    assert!(looks_like_wigle(b"\xef\xbb\xbfWigleWifi-1.4,x"));
    assert!(looks_like_wigle(HEAD_1_0.as_bytes()));
    assert!(!looks_like_wigle(b"BSSID,SSID"));
    let error = WigleReader::new(&b"WigleWifi-1.4,x\nA,B\n"[..]).expect("memory").expect_err("bad");
    assert_eq!(error.line, 2);
    let empty = WigleReader::new(&b""[..]).expect("memory").expect_err("bad");
    assert_eq!(empty.line, 1);
}

#[test]
fn any_bytes_are_survived() {
    let mut seed = 1u32;
    let good = format!(
        "{HEAD_KISMET}02:00:5e:00:00:01,\"Caf\\303\",[WPA2-PSK],2026-05-01 10:00:00,191,5955000,-61,50.1,8.6,120,0,WIFI\n"
    );
    for _ in 0..5_000 {
        let mut text = good.clone().into_bytes();
        for _ in 0..4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = seed as usize % text.len();
            text[at] = (seed >> 8) as u8;
        }
        if let Ok(mut reader) = WigleReader::new(&text[..]).expect("memory") {
            while reader.next_row().expect("memory").is_some() {}
        }
    }
}
