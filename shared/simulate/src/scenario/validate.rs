//! Checks of a scenario file that its types cannot make, each with the path of the field.

use super::format::{AccessPointPlace, Drive, East, Gps, Grid, Houses, Mix, Radio, ScenarioFile};
use pw_model::{Band, Channel};
use std::collections::BTreeMap;

/// What is wrong, and where: a path as [`super::place::line_of`] takes it.
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) problem: String,
}

/// Result of one check.
pub(crate) type Check = Result<(), Problem>;

/// Most access points that one scenario may make; more is refused, so memory stays bounded.
pub(crate) const MOST_ACCESS_POINTS: usize = 20_000;
/// Most clients.
pub(crate) const MOST_CLIENTS: usize = 20_000;
/// Most buildings.
pub(crate) const MOST_BUILDINGS: usize = 20_000;
/// Longest drive, in seconds.
pub(crate) const LONGEST_SECS: f64 = 6.0 * 3600.0;
/// Farthest place from the origin, in metres: beyond it the flat map is no longer good.
const FARTHEST_M: f64 = 50_000.0;

fn refuse<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { field: field.into(), problem: problem.into() })
}

/// Refuses a number outside `low..=high`, or that is not finite.
fn within(field: impl Into<String>, value: f64, low: f64, high: f64) -> Check {
    if value.is_finite() && (low..=high).contains(&value) {
        return Ok(());
    }
    refuse(field, format!("{value} is outside {low} to {high}"))
}

fn place(field: &str, place: East) -> Check {
    for (at, value) in place.iter().enumerate() {
        within(format!("{field}.{at}"), *value, -FARTHEST_M, FARTHEST_M)?;
    }
    Ok(())
}

fn size(field: &str, size: East) -> Check {
    for (at, value) in size.iter().enumerate() {
        within(format!("{field}.{at}"), *value, 0.5, FARTHEST_M)?;
    }
    Ok(())
}

/// Checks everything that can be checked before the town is built.
pub(crate) fn validate(file: &ScenarioFile) -> Check {
    if file.scenario.name.trim().is_empty() {
        return refuse("scenario.name", "the name is empty");
    }
    if let Some(secs) = file.scenario.duration_secs {
        within("scenario.duration_secs", secs, 1.0, LONGEST_SECS)?;
    }
    // Near the poles degrees of longitude shrink to nothing; at 180 they change their sign.
    within("town.origin.lat_deg", file.town.origin.lat_deg, -80.0, 80.0)?;
    within("town.origin.lon_deg", file.town.origin.lon_deg, -177.0, 177.0)?;
    within("town.altitude_m", file.town.altitude_m, -400.0, 6000.0)?;
    let country = file.town.country.as_bytes();
    if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
        return refuse("town.country", "write two capital letters, like DE");
    }
    let propagation = &file.propagation;
    within("propagation.path_loss_exponent", propagation.path_loss_exponent, 1.5, 6.0)?;
    within("propagation.shadowing_db", propagation.shadowing_db, 0.0, 15.0)?;
    within("propagation.shadowing_distance_m", propagation.shadowing_distance_m, 1.0, 500.0)?;
    within("propagation.fading_k_db", propagation.fading_k_db, -20.0, 40.0)?;
    for (name, mix) in &file.mix {
        validate_mix(name, mix)?;
    }
    validate_ground(file)?;
    for (at, access_point) in file.access_point.iter().enumerate() {
        validate_access_point(&format!("access_point.{at}"), access_point)?;
    }
    validate_clients(file)?;
    validate_drive(&file.drive)?;
    validate_gps(&file.gps)?;
    if file.radio.is_empty() || file.radio.len() > 8 {
        return refuse("radio", "give one to eight [[radio]] tables");
    }
    for (at, radio) in file.radio.iter().enumerate() {
        validate_radio(&format!("radio.{at}"), radio)?;
    }
    Ok(())
}

fn validate_mix(name: &str, mix: &Mix) -> Check {
    let field = format!("mix.{name}");
    weights(&format!("{field}.security"), mix.security.values())?;
    weights(&format!("{field}.generation"), mix.generation.values())?;
    within(format!("{field}.hidden_share"), mix.hidden_share, 0.0, 1.0)?;
    within(format!("{field}.wps_share"), mix.wps_share, 0.0, 1.0)?;
    within(format!("{field}.clients_per_access_point"), mix.clients_per_access_point, 0.0, 20.0)?;
    let [low, high] = mix.tx_power_dbm;
    within(format!("{field}.tx_power_dbm.0"), low, -10.0, 36.0)?;
    within(format!("{field}.tx_power_dbm.1"), high, low, 36.0)
}

fn weights<'a>(field: &str, weights: impl Iterator<Item = &'a f64>) -> Check {
    let mut sum = 0.0;
    for weight in weights {
        within(field, *weight, 0.0, 1e6)?;
        sum += weight;
    }
    if sum > 0.0 { Ok(()) } else { refuse(field, "at least one weight must be above zero") }
}

fn known_mix(field: String, name: &str, mixes: &BTreeMap<String, Mix>) -> Check {
    if mixes.contains_key(name) {
        return Ok(());
    }
    let known: Vec<&str> = mixes.keys().map(String::as_str).collect();
    refuse(field, format!("there is no [mix.{name}]; there is: {}", known.join(", ")))
}

fn validate_ground(file: &ScenarioFile) -> Check {
    for (at, street) in file.street.iter().enumerate() {
        let field = format!("street.{at}");
        place(&format!("{field}.from"), street.from)?;
        place(&format!("{field}.to"), street.to)?;
        within(format!("{field}.width_m"), street.width_m, 2.0, 100.0)?;
        if let Some(houses) = &street.houses {
            validate_houses(&format!("{field}.houses"), houses, &file.mix)?;
        }
    }
    for (at, building) in file.building.iter().enumerate() {
        let field = format!("building.{at}");
        place(&format!("{field}.corner"), building.corner)?;
        size(&format!("{field}.size"), building.size)?;
        within(format!("{field}.wall_loss_db"), building.wall_loss_db, 0.0, 60.0)?;
        let inside = building.inside_loss_db_per_m;
        within(format!("{field}.inside_loss_db_per_m"), inside, 0.0, 10.0)?;
    }
    for (at, grid) in file.grid.iter().enumerate() {
        validate_grid(&format!("grid.{at}"), grid, &file.mix)?;
    }
    for (at, tunnel) in file.tunnel.iter().enumerate() {
        let field = format!("tunnel.{at}");
        place(&format!("{field}.corner"), tunnel.corner)?;
        size(&format!("{field}.size"), tunnel.size)?;
        within(format!("{field}.loss_db"), tunnel.loss_db, 0.0, 200.0)?;
    }
    Ok(())
}

fn validate_houses(field: &str, houses: &Houses, mixes: &BTreeMap<String, Mix>) -> Check {
    within(format!("{field}.every_m"), houses.every_m, 3.0, 1000.0)?;
    within(format!("{field}.front_m"), houses.front_m, 2.0, 200.0)?;
    within(format!("{field}.depth_m"), houses.depth_m, 2.0, 200.0)?;
    within(format!("{field}.setback_m"), houses.setback_m, 0.0, 200.0)?;
    within(format!("{field}.access_points_per_house"), houses.access_points_per_house, 0.0, 50.0)?;
    within(format!("{field}.wall_loss_db"), houses.wall_loss_db, 0.0, 60.0)?;
    known_mix(format!("{field}.mix"), &houses.mix, mixes)
}

fn validate_grid(field: &str, grid: &Grid, mixes: &BTreeMap<String, Mix>) -> Check {
    place(&format!("{field}.corner"), grid.corner)?;
    size(&format!("{field}.block_m"), grid.block_m)?;
    for (name, count) in [("columns", grid.columns), ("rows", grid.rows)] {
        within(format!("{field}.{name}"), f64::from(count), 1.0, 200.0)?;
    }
    within(
        format!("{field}.access_points_per_block"),
        f64::from(grid.access_points_per_block),
        0.0,
        500.0,
    )?;
    within(format!("{field}.street_width_m"), grid.street_width_m, 2.0, 200.0)?;
    within(format!("{field}.wall_loss_db"), grid.wall_loss_db, 0.0, 60.0)?;
    within(format!("{field}.inside_loss_db_per_m"), grid.inside_loss_db_per_m, 0.0, 10.0)?;
    if grid.mix.is_empty() {
        return refuse(format!("{field}.mix"), "name at least one mix");
    }
    for (at, name) in grid.mix.iter().enumerate() {
        known_mix(format!("{field}.mix.{at}"), name, mixes)?;
    }
    Ok(())
}

fn ssid_length(field: String, ssid: &str) -> Check {
    if ssid.len() <= 32 {
        return Ok(());
    }
    refuse(field, format!("'{ssid}' has {} bytes; a network name has at most 32", ssid.len()))
}

fn validate_access_point(field: &str, access_point: &AccessPointPlace) -> Check {
    place(&format!("{field}.at"), access_point.at)?;
    ssid_length(format!("{field}.ssid"), &access_point.ssid)?;
    within(format!("{field}.tx_power_dbm"), access_point.tx_power_dbm, -10.0, 36.0)?;
    if let Some(exponent) = access_point.path_loss_exponent {
        within(format!("{field}.path_loss_exponent"), exponent, 1.5, 6.0)?;
    }
    within(
        format!("{field}.beacon_interval_tu"),
        f64::from(access_point.beacon_interval_tu),
        10.0,
        5000.0,
    )?;
    within(format!("{field}.clients"), f64::from(access_point.clients), 0.0, 200.0)?;
    if let Some(width) = access_point.width_mhz
        && ![20, 40, 80, 160, 320].contains(&width)
    {
        let text = format!("{width} is no channel width: 20, 40, 80, 160 or 320");
        return refuse(format!("{field}.width_mhz"), text);
    }
    if access_point.channels_mhz.is_empty() || access_point.channels_mhz.len() > 4 {
        return refuse(format!("{field}.channels_mhz"), "give one to four channels");
    }
    for (at, mhz) in access_point.channels_mhz.iter().enumerate() {
        known_channel(format!("{field}.channels_mhz.{at}"), *mhz)?;
    }
    Ok(())
}

fn known_channel(field: String, frequency_mhz: u16) -> Check {
    match Channel::from_frequency_mhz(frequency_mhz).map(|channel| channel.band) {
        Some(Band::Ghz2_4 | Band::Ghz5 | Band::Ghz6) => Ok(()),
        _ => refuse(
            field,
            format!("{frequency_mhz} MHz is the centre of no channel at 2.4, 5 or 6 GHz"),
        ),
    }
}

fn validate_clients(file: &ScenarioFile) -> Check {
    for (at, client) in file.client.iter().enumerate() {
        let field = format!("client.{at}");
        place(&format!("{field}.at"), client.at)?;
        within(format!("{field}.tx_power_dbm"), client.tx_power_dbm, -20.0, 30.0)?;
        for (ask, ssid) in client.asks_for.iter().enumerate() {
            ssid_length(format!("{field}.asks_for.{ask}"), ssid)?;
        }
    }
    for (at, crowd) in file.crowd.iter().enumerate() {
        let field = format!("crowd.{at}");
        place(&format!("{field}.corner"), crowd.corner)?;
        size(&format!("{field}.size"), crowd.size)?;
        within(format!("{field}.clients"), f64::from(crowd.clients), 0.0, MOST_CLIENTS as f64)?;
        for (ask, ssid) in crowd.asks_for.iter().enumerate() {
            ssid_length(format!("{field}.asks_for.{ask}"), ssid)?;
        }
    }
    Ok(())
}

fn validate_drive(drive: &Drive) -> Check {
    within("drive.speed_kmh", drive.speed_kmh, 1.0, 250.0)?;
    within("drive.laps", f64::from(drive.laps), 1.0, 1000.0)?;
    if drive.waypoint.is_empty() || drive.waypoint.len() > 10_000 {
        return refuse("drive.waypoint", "give one to 10000 waypoints");
    }
    if drive.waypoint.len() * drive.laps as usize > 100_000 {
        return refuse("drive.laps", "waypoints times laps must not be more than 100000");
    }
    for (at, waypoint) in drive.waypoint.iter().enumerate() {
        let field = format!("drive.waypoint.{at}");
        place(&format!("{field}.at"), waypoint.at)?;
        within(format!("{field}.stop_secs"), waypoint.stop_secs, 0.0, LONGEST_SECS)?;
        if let Some(speed) = waypoint.speed_kmh {
            within(format!("{field}.speed_kmh"), speed, 1.0, 250.0)?;
        }
    }
    Ok(())
}

fn validate_gps(gps: &Gps) -> Check {
    within("gps.rate_hz", gps.rate_hz, 0.1, 20.0)?;
    within("gps.error_m", gps.error_m, 0.0, 200.0)?;
    within("gps.correlation_secs", gps.correlation_secs, 0.1, 3600.0)?;
    within("gps.noise_m", gps.noise_m, 0.0, 50.0)?;
    within("gps.satellites", f64::from(gps.satellites), 4.0, 40.0)?;
    within("gps.first_fix_secs", gps.first_fix_secs, 0.0, LONGEST_SECS)?;
    within("gps.reacquire_secs", gps.reacquire_secs, 0.0, 600.0)?;
    within("gps.delay_ms", f64::from(gps.delay_ms), 0.0, 900.0)?;
    for (at, outage) in gps.outage.iter().enumerate() {
        within(format!("gps.outage.{at}.from_secs"), outage.from_secs, 0.0, LONGEST_SECS)?;
        within(format!("gps.outage.{at}.to_secs"), outage.to_secs, outage.from_secs, LONGEST_SECS)?;
    }
    Ok(())
}

fn validate_radio(field: &str, radio: &Radio) -> Check {
    if radio.bands.is_empty() == radio.channels_mhz.is_empty() {
        return refuse(field, "give either bands or channels_mhz");
    }
    for (at, mhz) in radio.channels_mhz.iter().enumerate() {
        known_channel(format!("{field}.channels_mhz.{at}"), *mhz)?;
    }
    within(format!("{field}.dwell_ms"), f64::from(radio.dwell_ms), 10.0, 3_600_000.0)?;
    within(format!("{field}.switch_ms"), f64::from(radio.switch_ms), 0.0, 1000.0)?;
    within(format!("{field}.noise_floor_dbm"), radio.noise_floor_dbm, -110.0, -60.0)?;
    within(format!("{field}.antenna_gain_dbi"), radio.antenna_gain_dbi, -20.0, 30.0)?;
    if ![20, 40, 80, 160].contains(&radio.width_mhz) {
        return refuse(format!("{field}.width_mhz"), "write 20, 40, 80 or 160");
    }
    Ok(())
}
