//! The position receiver: true place to reported place, with correlated error and outages.

pub(crate) mod nmea;

use crate::drive::{Moment, Track};
use crate::geometry::Point;
use crate::propagation::normal_pair;
use crate::scenario::format::Gps;
use crate::town::Town;
use pw_model::Timestamp;
use rand_chacha::ChaCha8Rng;

/// What the receiver reports of one epoch.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Report {
    /// The epoch, in UTC.
    pub(crate) time: Timestamp,
    /// The fix, or `None` without one.
    pub(crate) fix: Option<ReportedFix>,
}

/// A fix as reported.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct ReportedFix {
    pub(crate) lat_deg: f64,
    pub(crate) lon_deg: f64,
    pub(crate) altitude_m: f64,
    pub(crate) speed_mps: f64,
    pub(crate) heading_deg: f64,
    pub(crate) satellites: u8,
    pub(crate) hdop: f64,
    /// Standard deviation of each axis in metres, as the receiver believes it.
    pub(crate) deviation_m: f64,
}

/// The receiver's state from epoch to epoch.
#[derive(Debug)]
pub(crate) struct Receiver {
    random: ChaCha8Rng,
    /// Correlated error, east and north, in units of its standard deviation.
    error: [f64; 2],
    epoch: u64,
    clear_at_secs: Option<f64>,
    regained_at_secs: Option<f64>,
    lost_because: Option<String>,
}

/// For so long after an outage the error is greater, in seconds.
const SETTLING_SECS: f64 = 20.0;
/// The cause of having no fix before the first one.
const FIRST_SEARCH: &str = "searching for satellites";

impl Receiver {
    pub(crate) fn new(random: ChaCha8Rng) -> Self {
        let mut random = random;
        let (east, north) = normal_pair(&mut random);
        Self {
            random,
            error: [east, north],
            epoch: 0,
            clear_at_secs: None,
            regained_at_secs: None,
            lost_because: None,
        }
    }

    /// Seconds after the start of the next epoch.
    pub(crate) fn next_epoch_secs(&self, gps: &Gps) -> f64 {
        self.epoch as f64 / gps.rate_hz
    }

    /// Why there is no fix now, or `None` with one.
    pub(crate) fn outage(&self) -> Option<&str> {
        self.lost_because.as_deref()
    }

    /// Takes the epoch that is due.
    pub(crate) fn epoch(
        &mut self,
        gps: &Gps,
        town: &Town,
        altitude_m: f64,
        track: &Track,
        start: Timestamp,
    ) -> Report {
        let secs = self.next_epoch_secs(gps);
        self.epoch += 1;
        let moment = track.at(secs);
        let time = Timestamp::from_unix_ns(start.unix_ns() + (secs * 1e9).round() as i64);
        // First-order Gauss-Markov process on each axis.
        let kept = (-1.0 / (gps.rate_hz * gps.correlation_secs)).exp();
        let fresh = (1.0 - kept * kept).sqrt();
        let (east, north) = normal_pair(&mut self.random);
        self.error = [self.error[0] * kept + east * fresh, self.error[1] * kept + north * fresh];
        let white = normal_pair(&mut self.random);
        let up = normal_pair(&mut self.random).0;
        self.follow_sky(gps, town, secs, moment.point);
        if self.lost_because.is_some() {
            return Report { time, fix: None };
        }
        let settling = self
            .regained_at_secs
            .map_or(0.0, |regained| (1.0 - (secs - regained) / SETTLING_SECS).clamp(0.0, 1.0));
        let scale = 1.0 + 2.0 * settling;
        let place = moment.point.moved(
            gps.error_m * scale * self.error[0] + gps.noise_m * white.0,
            gps.error_m * scale * self.error[1] + gps.noise_m * white.1,
        );
        let altitude_m = altitude_m + 1.5 * gps.error_m * scale * up * 0.3;
        let fix = self.report(gps, town, moment, place, altitude_m, settling);
        Report { time, fix: Some(fix) }
    }

    /// Follows whether the sky is seen, and what it means for the fix.
    fn follow_sky(&mut self, gps: &Gps, town: &Town, secs: f64, point: Point) {
        let blocked = if secs < gps.first_fix_secs {
            Some(FIRST_SEARCH.to_owned())
        } else {
            let outage = gps
                .outage
                .iter()
                .find(|outage| (outage.from_secs..outage.to_secs).contains(&secs))
                .map(|outage| outage.cause.clone());
            let tunnel = town.tunnels.iter().find(|tunnel| tunnel.area.contains(point));
            outage.or_else(|| tunnel.map(|tunnel| tunnel.name.clone()))
        };
        match (blocked, &self.lost_because) {
            (Some(cause), None) => {
                self.lost_because = Some(cause);
                self.clear_at_secs = None;
            }
            // Blocked again while searching: the search starts anew.
            (Some(_), Some(_)) => self.clear_at_secs = None,
            (None, Some(cause)) => {
                let clear_since = *self.clear_at_secs.get_or_insert(secs);
                if cause == FIRST_SEARCH || secs - clear_since >= gps.reacquire_secs {
                    self.lost_because = None;
                    self.clear_at_secs = None;
                    self.regained_at_secs = Some(secs);
                }
            }
            (None, None) => {}
        }
    }

    fn report(
        &self,
        gps: &Gps,
        town: &Town,
        moment: Moment,
        place: Point,
        altitude_m: f64,
        settling: f64,
    ) -> ReportedFix {
        let (lat_deg, lon_deg) = town.plane.degrees(place);
        let satellites = f64::from(gps.satellites) * (1.0 - 0.4 * settling);
        // More satellites, better geometry.
        let hdop = (9.0 / satellites).clamp(0.6, 5.0);
        ReportedFix {
            lat_deg,
            lon_deg,
            altitude_m,
            speed_mps: moment.speed_mps,
            heading_deg: moment.heading_deg,
            satellites: satellites.round() as u8,
            hdop,
            deviation_m: gps.error_m.hypot(gps.noise_m) * (1.0 + 2.0 * settling),
        }
    }
}
