//! What the configuration says of people's data, and what follows where it says nothing.

use anyhow::{Context, Result, bail, ensure};
use pw_model::{ClientAddresses, Origin, Position, PrivacyDeclaration};
use serde::Deserialize;

/// Longest purpose of an audit in characters.
const PURPOSE_MAX: usize = 500;
/// Most home zones.
const ZONES_MAX: usize = 64;

/// `[privacy]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyConfig {
    /// `pseudonyms` or `clear`; see [`PrivacySettings::new`] for what is usual.
    pub clients: Option<Clients>,
    /// A new key every so many hours; 24 unless said.
    pub rotation_hours: Option<u64>,
    /// Keep the names of networks that clients ask for; as clients' addresses unless said.
    pub probe_names: Option<bool>,
    /// Purpose of an audit, for which its owner allowed clear addresses.
    pub audit: Option<String>,
    /// Circles in which nothing, or no position, is recorded.
    pub home_zone: Vec<HomeZoneConfig>,
}

/// `privacy.clients`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clients {
    /// Keyed pseudonyms.
    Pseudonyms,
    /// As heard.
    Clear,
}

/// `[[privacy.home_zone]]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeZoneConfig {
    /// Middle, degrees north.
    pub lat: f64,
    /// Middle, degrees east.
    pub lon: f64,
    /// Radius in metres that is covered for certain.
    pub radius_m: f64,
    /// How far the edge may be moved, in metres; half the radius, and 100 at least, unless said.
    pub fuzz_m: Option<f64>,
    /// What is recorded in it; nothing unless said.
    #[serde(default)]
    pub records: ZoneRecords,
}

/// What is recorded in a home zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneRecords {
    /// Nothing at all; frames are counted.
    #[default]
    Nothing,
    /// Frames without a position.
    NoPosition,
}

/// A home zone as asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HomeZone {
    /// Its middle.
    pub middle: Position,
    /// Radius in metres that is covered for certain.
    pub radius_m: f64,
    /// How far the edge may be moved, in metres.
    pub fuzz_m: f64,
    /// What is recorded in it.
    pub records: ZoneRecords,
}

/// What holds for a run of the sensor.
#[derive(Clone, PartialEq, Debug)]
pub struct PrivacySettings {
    /// Stated in every batch.
    pub declaration: PrivacyDeclaration,
    /// Home zones.
    pub home_zones: Vec<HomeZone>,
}

impl PrivacySettings {
    /// Live radios hear people who were not asked: their addresses become pseudonyms unless an audit
    /// is declared. Recordings and simulations are the person's own data and stay as they are unless
    /// the configuration says otherwise.
    ///
    /// # Errors
    /// A value is out of its range, or clear addresses of live radios are asked for without an audit.
    pub fn new(config: &PrivacyConfig, origin: Origin) -> Result<Self> {
        let audit = config.audit.as_deref().map(purpose).transpose()?;
        let usual = match (origin, &audit) {
            (Origin::Live, None) => Clients::Pseudonyms,
            _ => Clients::Clear,
        };
        let clients = config.clients.unwrap_or(usual);
        if clients == Clients::Clear && origin == Origin::Live && audit.is_none() {
            bail!(
                "privacy.clients = \"clear\": clear addresses of people's devices need a declared \
                 audit; say its purpose in privacy.audit"
            );
        }
        let hours = config.rotation_hours.unwrap_or(24);
        ensure!((1..=744).contains(&hours), "privacy.rotation_hours = {hours}: 1 to 744");
        let zones = &config.home_zone;
        ensure!(zones.len() <= ZONES_MAX, "privacy.home_zone: more than {ZONES_MAX}");
        let home_zones = (1..).zip(zones).map(|(number, zone)| {
            home_zone(zone).with_context(|| format!("privacy.home_zone, number {number}"))
        });
        let home_zones = home_zones.collect::<Result<Vec<_>>>()?;
        let pseudonyms = clients == Clients::Pseudonyms;
        let declaration = PrivacyDeclaration {
            clients: match clients {
                Clients::Pseudonyms => ClientAddresses::Pseudonyms,
                Clients::Clear => ClientAddresses::Clear,
            },
            rotation_secs: pseudonyms.then_some(hours * 3600),
            probe_names: config.probe_names.unwrap_or(!pseudonyms),
            audit,
            // At most ZONES_MAX.
            home_zones: home_zones.len() as u16,
        };
        Ok(Self { declaration, home_zones })
    }
}

fn purpose(text: &str) -> Result<String> {
    let plain = pw_wire::plain_text(text, PURPOSE_MAX);
    ensure!(
        !plain.is_empty() && text.chars().count() <= PURPOSE_MAX,
        "privacy.audit: the purpose of the audit in 1 to {PURPOSE_MAX} characters"
    );
    Ok(plain)
}

fn home_zone(zone: &HomeZoneConfig) -> Result<HomeZone> {
    let middle = Position::new(zone.lat, zone.lon)
        .context("lat and lon: -90 to 90 and -180 to 180 degrees, and not 0, 0")?;
    let radius = zone.radius_m;
    ensure!((50.0..=20_000.0).contains(&radius), "radius_m = {radius}: 50 to 20000");
    let fuzz = zone.fuzz_m.unwrap_or_else(|| (radius / 2.0).max(100.0));
    ensure!((50.0..=20_000.0).contains(&fuzz), "fuzz_m = {fuzz}: 50 to 20000");
    Ok(HomeZone { middle, radius_m: radius, fuzz_m: fuzz, records: zone.records })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, origin: Origin) -> Result<PrivacySettings> {
        PrivacySettings::new(&toml::from_str(text)?, origin)
    }

    #[test]
    fn live_radios_give_pseudonyms_unless_an_audit_is_declared() {
        use ClientAddresses::{Clear, Pseudonyms};
        for (text, origin, clients, names) in [
            ("", Origin::Live, Pseudonyms, false),
            ("", Origin::Replay, Clear, true),
            ("", Origin::Simulated, Clear, true),
            ("clients = 'pseudonyms'", Origin::Simulated, Pseudonyms, false),
            ("audit = 'coverage of our halls'", Origin::Live, Clear, true),
            ("audit = 'x'\nclients = 'pseudonyms'", Origin::Live, Pseudonyms, false),
            ("probe_names = true", Origin::Live, Pseudonyms, true),
            ("audit = 'x'\nprobe_names = false", Origin::Live, Clear, false),
        ] {
            let declared = settings(text, origin).expect(text).declaration;
            assert_eq!((declared.clients, declared.probe_names), (clients, names), "{text}");
            assert_eq!(declared.rotation_secs.is_some(), clients == Pseudonyms, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("clients = 'clear'", "declared audit"),
            ("audit = ' '", "purpose"),
            ("rotation_hours = 0", "1 to 744"),
            ("[[home_zone]]\nlat = 0.0\nlon = 0.0\nradius_m = 100", "number 1: lat and lon"),
            ("[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 10", "50 to 20000"),
            ("[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = nan", "50 to 20000"),
            ("[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 90\nfuzz_m = 1", "fuzz_m = 1"),
            ("clients = 'hidden'", "unknown variant"),
        ] {
            let error = format!("{:#}", settings(text, Origin::Live).expect_err(text));
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_home_zone_is_never_sharp() {
        let text = "[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 120\nrecords = 'no-position'";
        let settings = settings(text, Origin::Live).expect("valid");
        let zone = settings.home_zones[0];
        assert_eq!((zone.fuzz_m, zone.records), (100.0, ZoneRecords::NoPosition));
        assert_eq!(settings.declaration.home_zones, 1);
    }
}
