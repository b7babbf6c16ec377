//! Access point devices: one BSS for each channel, multi-link devices, OWE pairs.

use super::channels::{operating, widest_mhz};
use super::names::device_text;
use super::{Bss, Builder};
use crate::frame::beacon::BeaconTemplate;
use crate::frame::network::{
    Generation, MldPart, Neighbour, Network, Operating, Protection, WpsText,
};
use crate::frame::rate::Rate;
use crate::geometry::Point;
use crate::propagation::{Emitter, ShadowField};
use crate::scenario::{MOST_ACCESS_POINTS, Problem};
use pw_model::{Akm, Band, Cipher, MacAddr, Ssid};
use rand::Rng;
use std::ops::Range;

/// A device before its BSSs are made.
pub(super) struct Device {
    pub(super) ssid: String,
    pub(super) point: Point,
    pub(super) height_m: f64,
    pub(super) channels_mhz: Vec<u16>,
    pub(super) width_mhz: Option<u16>,
    pub(super) security: Protection,
    pub(super) generation: Generation,
    pub(super) hidden: bool,
    pub(super) wps: Option<WpsText>,
    pub(super) tx_power_dbm: f64,
    pub(super) exponent: f64,
    pub(super) beacon_interval_tu: u16,
}

/// A BSS before it is described in full.
struct Sketch {
    bssid: MacAddr,
    ssid: Ssid,
    hidden: bool,
    protection: Protection,
    operating: Operating,
    owe_twin: Option<(MacAddr, Ssid)>,
    mld: Option<MldPart>,
}

impl Builder<'_> {
    /// Adds the access points that the file lists one by one.
    pub(super) fn add_access_points(&mut self) -> Result<(), Problem> {
        for (at, place) in self.file.access_point.iter().enumerate() {
            let field = format!("access_point.{at}");
            for (channel_at, mhz) in place.channels_mhz.iter().enumerate() {
                check_channel(
                    &format!("{field}.channels_mhz.{channel_at}"),
                    *mhz,
                    place.generation,
                )?;
            }
            let wps = place.wps.then(|| device_text(place.generation, &mut self.random));
            let device = Device {
                ssid: place.ssid.clone(),
                point: place.at.into(),
                height_m: 3.0,
                channels_mhz: place.channels_mhz.clone(),
                width_mhz: place.width_mhz,
                security: place.security,
                generation: place.generation,
                hidden: place.hidden,
                wps,
                tx_power_dbm: place.tx_power_dbm,
                exponent: place
                    .path_loss_exponent
                    .unwrap_or(self.file.propagation.path_loss_exponent),
                beacon_interval_tu: place.beacon_interval_tu,
            };
            let bsses = self.add_device(&field, &device)?;
            self.add_household(&field, bsses, place.clients)?;
        }
        Ok(())
    }

    /// Adds the BSSs of one device and returns their indices.
    pub(super) fn add_device(
        &mut self,
        field: &str,
        device: &Device,
    ) -> Result<Range<usize>, Problem> {
        self.devices += 1;
        let [_, _, high, low] = self.devices.to_be_bytes();
        // Locally administered (bit 1 of the first octet): no maker's block is touched.
        let maker = self.random.random::<u8>();
        let address = |last: u8| MacAddr([0x02, 0x5e, maker, high, low, last]);
        let sketches = sketch(device, address);
        let first = self.town.bsses.len();
        if first + sketches.len() > MOST_ACCESS_POINTS || self.devices > u32::from(u16::MAX) {
            return Err(Problem {
                field: field.to_owned(),
                problem: format!("more than {MOST_ACCESS_POINTS} networks"),
            });
        }
        let drift_ppm = self.random.random_range(-20.0..20.0);
        let up_secs = self.random.random_range(3_600.0..3_000_000.0);
        for at in 0..sketches.len() {
            let bss = self.bss(device, &sketches, at, drift_ppm, up_secs);
            self.town.bsses.extend(bss);
        }
        Ok(first..self.town.bsses.len())
    }

    fn bss(
        &mut self,
        device: &Device,
        sketches: &[Sketch],
        at: usize,
        drift_ppm: f64,
        up_secs: f64,
    ) -> Option<Bss> {
        let sketch = sketches.get(at)?;
        let country = self.file.town.country.as_bytes();
        let mut security = sketch.protection.security();
        if sketch.mld.is_some()
            && sketch.protection == Protection::Wpa3
            && let Some(rsn) = &mut security.rsn
        {
            // Wi-Fi 7 adds SAE with the group-dependent hash, and GCMP-256 beside CCMP.
            rsn.suites.akm.push(Akm::ieee(24));
            rsn.suites.pairwise.push(Cipher::ieee(9));
        }
        let band = sketch.operating.channel.band;
        let network = Network {
            bssid: sketch.bssid,
            ssid: sketch.ssid.clone(),
            hidden: sketch.hidden,
            protection: sketch.protection,
            security,
            operating: sketch.operating,
            generation: device.generation,
            streams: match device.generation {
                Generation::Legacy => 1,
                Generation::Wifi6e | Generation::Wifi7 => 4,
                _ => 2,
            },
            beacon_interval_tu: device.beacon_interval_tu,
            dtim_period: self.random.random_range(1..=3),
            country: [
                country.first().copied().unwrap_or(b'D'),
                country.get(1).copied().unwrap_or(b'E'),
            ],
            color: self.random.random_range(1..=63),
            power_limit_dbm: if band == Band::Ghz2_4 { 20 } else { 23 },
            wps: device.wps.clone().filter(|_| band != Band::Ghz6),
            mld: sketch.mld,
            neighbours: neighbours(device.generation, sketches, at),
            owe_twin: sketch.owe_twin.clone(),
            bss_load: device.generation >= Generation::Wifi5,
        };
        let distance_m = self.file.propagation.shadowing_distance_m;
        Some(Bss {
            beacon: BeaconTemplate::new(&network),
            beacon_rate: if band == Band::Ghz2_4 { Rate::Dsss(2) } else { Rate::Ofdm(12) },
            emitter: Emitter {
                point: device.point,
                height_m: device.height_m,
                tx_power_dbm: device.tx_power_dbm,
                exponent: device.exponent,
                shadow: ShadowField::new(distance_m, &mut self.random),
            },
            // Radios of one device start within half a second of each other.
            tsf_us: (up_secs * 1e6) as u64 + self.random.random_range(0..500_000),
            drift_ppm,
            stations: 0,
            utilization: self.random.random_range(4..90),
            network,
        })
    }
}

/// Refuses channels that the generation does not know.
fn check_channel(field: &str, mhz: u16, generation: Generation) -> Result<(), Problem> {
    let at_6_ghz = mhz > 5925;
    if at_6_ghz && generation < Generation::Wifi6e {
        return Err(Problem {
            field: field.to_owned(),
            problem: format!("{} does not work at 6 GHz; write wifi6e or wifi7", generation.name()),
        });
    }
    Ok(())
}

/// The BSSs of a device: one for each channel, two for each with OWE transition.
fn sketch(device: &Device, address: impl Fn(u8) -> MacAddr) -> Vec<Sketch> {
    let ssid = Ssid::new(device.ssid.as_bytes());
    let mut sketches: Vec<Sketch> = Vec::new();
    let operatings = device
        .channels_mhz
        .iter()
        .filter_map(|mhz| operating(*mhz, device.width_mhz, device.generation));
    for (number, mut operating) in (0u8..).zip(operatings) {
        operating.width_mhz = operating.width_mhz.min(widest_mhz(operating.channel));
        let at_6_ghz = operating.channel.band == Band::Ghz6;
        let protection = if at_6_ghz { device.security.at_6_ghz() } else { device.security };
        let bssid = address(number);
        let mut sketch = Sketch {
            bssid,
            ssid: ssid.clone(),
            hidden: device.hidden,
            protection,
            operating,
            owe_twin: None,
            mld: None,
        };
        if protection == Protection::OweTransition {
            let twin = address(0x80 | number);
            let [.., high, low, _] = bssid.0;
            let twin_ssid = Ssid::new(format!("_owe_{high:02x}{low:02x}{number}"));
            sketch.owe_twin = Some((twin, twin_ssid.clone()));
            sketches.push(sketch);
            sketches.push(Sketch {
                bssid: twin,
                ssid: twin_ssid,
                hidden: true,
                protection: Protection::Owe,
                operating,
                owe_twin: Some((bssid, ssid.clone())),
                mld: None,
            });
        } else {
            sketches.push(sketch);
        }
    }
    // Multi-link needs protected management frames on every link (IEEE Std 802.11be-2024, 12.2.4).
    let multi_link = device.generation.eht()
        && matches!(
            device.security,
            Protection::Wpa3
                | Protection::Wpa3Transition
                | Protection::Wpa3Enterprise192
                | Protection::Owe
        );
    if multi_link {
        let links = u8::try_from(sketches.len()).unwrap_or(1);
        for (link_id, sketch) in (0u8..).zip(&mut sketches) {
            sketch.mld = Some(MldPart { address: address(0xf0), link_id, links });
        }
    }
    sketches
}

/// What the reduced neighbour report of BSS `at` lists: the other links of a multi-link device, and
/// the 6 GHz BSSs of any device with 6 GHz (IEEE Std 802.11ax-2021, 26.17.2.4).
fn neighbours(generation: Generation, sketches: &[Sketch], at: usize) -> Vec<Neighbour> {
    let own_mld = sketches.get(at).is_some_and(|own| own.mld.is_some());
    sketches
        .iter()
        .enumerate()
        .filter(|(other, sketch)| {
            let at_6_ghz = sketch.operating.channel.band == Band::Ghz6;
            *other != at && (own_mld || (generation >= Generation::Wifi6e && at_6_ghz))
        })
        .map(|(_, sketch)| Neighbour {
            bssid: sketch.bssid,
            ssid: sketch.ssid.clone(),
            operating: sketch.operating,
            link_id: sketch.mld.map(|mld| mld.link_id),
        })
        .collect()
}
