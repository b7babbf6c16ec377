//! Tests of reading and refusing scenario files.

use super::{Scenario, ScenarioError};

const SMALL: &str = r#"
[scenario]
name = "small"
seed = 1
start = "2026-05-09T09:00:00Z"
duration_secs = 20.0

[town]
name = "Klein (simulated)"
origin = { lat_deg = 50.0, lon_deg = 8.0 }

[[access_point]]
ssid = "Eins"
at = [10.0, 10.0]
channels_mhz = [2437]
security = "wpa2"
generation = "wifi5"

[drive]
[[drive.waypoint]]
at = [0.0, 0.0]

[[radio]]
name = "wlan1"
channels_mhz = [2437]
"#;

fn refused(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replace(from, to);
    let error = Scenario::from_toml(&text).expect_err("must be refused").to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_small_scenario_is_read() {
    let scenario = Scenario::from_toml(SMALL).expect("valid");
    assert_eq!(scenario.name, "small");
    assert_eq!(scenario.duration.as_secs(), 20);
    assert_eq!(scenario.radio_names(), ["wlan1"]);
    assert!(scenario.expect.is_none());
}

#[test]
fn unknown_and_missing_fields_name_their_line() {
    let error = refused("security = ", "sekurity = ");
    assert!(error.starts_with("line 16: ") && error.contains("sekurity"), "{error}");
    let error = refused("seed = 1\n", "");
    assert!(error.contains("seed"), "{error}");
    let error = refused("\"wpa2\"", "\"wpa9\"");
    assert!(error.starts_with("line 16: ") && error.contains("wpa9"), "{error}");
    let error = refused("[town]", "[town");
    assert!(error.starts_with("line 8: "), "{error}");
}

#[test]
fn impossible_values_name_their_field_and_line() {
    for (from, to, start) in [
        ("[2437]\nsecurity", "[2438]\nsecurity", "line 15: access_point.0.channels_mhz.0: "),
        ("[2437]\nsecurity", "[6135]\nsecurity", "line 15: access_point.0.channels_mhz.0: "),
        ("lat_deg = 50.0", "lat_deg = 95.0", "line 10: town.origin.lat_deg: "),
        ("lat_deg = 50.0", "lat_deg = nan", "line 10: town.origin.lat_deg: "),
        ("2026-05-09T09:00:00Z", "tomorrow", "line 5: scenario.start: "),
        ("duration_secs = 20.0", "duration_secs = 1e9", "line 6: scenario.duration_secs: "),
        ("ssid = \"Eins\"", "ssid = \"123456789012345678901234567890123\"", "line 13: "),
    ] {
        let error = refused(from, to);
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn a_client_of_no_network_and_an_unknown_mix_are_refused() {
    let text = format!("{SMALL}\n[[client]]\nat = [0.0, 0.0]\nnetwork = \"Zwei\"\n");
    let error = Scenario::from_toml(&text).expect_err("no such network").to_string();
    assert!(error.contains("client.0.network") && error.contains("Zwei"), "{error}");
    let text = format!(
        "{SMALL}\n[[grid]]\nname = \"g\"\ncorner = [0.0, 0.0]\ncolumns = 2\nrows = 2\n\
         block_m = [50.0, 50.0]\nstreet_width_m = 10.0\naccess_points_per_block = 2\n\
         mix = [\"flats\"]\n"
    );
    let error = Scenario::from_toml(&text).expect_err("no such mix").to_string();
    assert!(error.contains("grid.0.mix.0") && error.contains("flats"), "{error}");
}

#[test]
fn too_many_networks_are_refused_without_building_them() {
    let text = format!(
        "{SMALL}\n[mix.flats]\nsecurity = {{ wpa2 = 1 }}\ngeneration = {{ wifi4 = 1 }}\n\
         [[grid]]\nname = \"g\"\ncorner = [0.0, 0.0]\ncolumns = 100\nrows = 100\n\
         block_m = [50.0, 50.0]\nstreet_width_m = 10.0\naccess_points_per_block = 10\n\
         mix = [\"flats\"]\n"
    );
    let error = Scenario::from_toml(&text).expect_err("too many").to_string();
    assert!(error.contains("more than 20000"), "{error}");
    let long = " ".repeat(5 << 20);
    assert!(matches!(Scenario::from_toml(&long), Err(ScenarioError::TooLong { .. })));
}

#[test]
fn another_seed_is_another_town() {
    let text = crate::builtin("quiet_street").expect("built in");
    let one = Scenario::from_toml(text).expect("valid");
    let other = one.with_seed(99).expect("valid");
    let names = |scenario: &Scenario| -> Vec<String> {
        scenario.town.bsses.iter().map(|bss| bss.network.ssid.text()).collect()
    };
    assert_ne!(names(&one), names(&other));
}
