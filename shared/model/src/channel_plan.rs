//! Channel plans: which channels radios listen to, as people write them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most channels that a plan names; the bands have some 110.
pub const PLAN_CHANNELS_MAX: usize = 256;

/// Which channels radios listen to, and how they share their time among them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum ChannelPlan {
    /// Every channel, those that most networks use more often.
    #[default]
    All,
    /// These channels only, as centres of the primary channels in MHz; the list of the sensor's
    /// configuration when empty.
    Favourites(Vec<u16>),
    /// One channel, without pause.
    Lock {
        /// Centre of the primary channel in MHz.
        frequency_mhz: u16,
        /// Width in MHz; the sensor's configured one when `None`.
        width_mhz: Option<u16>,
    },
    /// Every channel equally often and as shortly as a beacon allows: a fast pass.
    Survey,
    /// Every channel, longer where transmitters are heard that were not heard before.
    Adaptive,
}

/// Widths in MHz that a radio can be asked for.
pub const PLAN_WIDTHS_MHZ: [u16; 4] = [20, 40, 80, 160];

impl ChannelPlan {
    /// Looks whether a plan that came as data could have been written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Favourites(channels) if channels.is_empty() => Ok(()),
            plan => match plan.to_string().parse::<Self>() {
                Ok(again) if again == *plan => Ok(()),
                Ok(again) => Err(format!("'{plan}' would be read as '{again}'")),
                Err(why) => Err(why),
            },
        }
    }

    /// The plan in few words, without a list of channels.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Favourites(_) => "favourites".to_owned(),
            plan => plan.to_string(),
        }
    }
}

impl fmt::Display for ChannelPlan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("all"),
            Self::Survey => out.write_str("survey"),
            Self::Adaptive => out.write_str("adaptive"),
            Self::Lock { frequency_mhz, width_mhz: None } => write!(out, "lock:{frequency_mhz}"),
            Self::Lock { frequency_mhz, width_mhz: Some(width) } => {
                write!(out, "lock:{frequency_mhz}/{width}")
            }
            Self::Favourites(channels) => {
                out.write_str("favourites")?;
                for (at, channel) in channels.iter().enumerate() {
                    write!(out, "{}{channel}", if at == 0 { ':' } else { ',' })?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for ChannelPlan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        match (kind, rest) {
            ("all", None) => Ok(Self::All),
            ("survey", None) => Ok(Self::Survey),
            ("adaptive", None) => Ok(Self::Adaptive),
            ("favourites", None) => Ok(Self::Favourites(Vec::new())),
            ("favourites", Some(list)) => {
                let channels = list.split(',').map(frequency).collect::<Result<Vec<_>, _>>()?;
                if channels.len() > PLAN_CHANNELS_MAX {
                    return Err(format!(
                        "{} channels are more than {PLAN_CHANNELS_MAX}",
                        channels.len()
                    ));
                }
                Ok(Self::Favourites(channels))
            }
            ("lock", Some(rest)) => {
                let (channel, width) = match rest.split_once('/') {
                    Some((channel, width)) => (channel, Some(self::width(width)?)),
                    None => (rest, None),
                };
                Ok(Self::Lock { frequency_mhz: frequency(channel)?, width_mhz: width })
            }
            _ => Err(format!(
                "'{text}' is no channel plan: all, survey, adaptive, favourites, \
                 favourites:MHZ,MHZ,… or lock:MHZ[/WIDTH]"
            )),
        }
    }
}

/// The centre of a channel in MHz.
fn frequency(text: &str) -> Result<u16, String> {
    let wrong =
        || format!("'{text}' is not the centre of a channel in MHz, like 2437 for channel 6");
    let mhz = text.trim().parse::<u16>().ok().ok_or_else(wrong)?;
    crate::Channel::from_frequency_mhz(mhz).map(|_channel| mhz).ok_or_else(wrong)
}

fn width(text: &str) -> Result<u16, String> {
    let width = text.trim().parse::<u16>().ok().filter(|mhz| PLAN_WIDTHS_MHZ.contains(mhz));
    width.ok_or_else(|| format!("width '{text}': 20, 40, 80 or 160 MHz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_as_they_are_written() {
        let plans = [
            ("all", ChannelPlan::All),
            ("survey", ChannelPlan::Survey),
            ("adaptive", ChannelPlan::Adaptive),
            ("favourites", ChannelPlan::Favourites(vec![])),
            ("favourites:2412,5180", ChannelPlan::Favourites(vec![2412, 5180])),
            ("lock:2437", ChannelPlan::Lock { frequency_mhz: 2437, width_mhz: None }),
            ("lock:5180/80", ChannelPlan::Lock { frequency_mhz: 5180, width_mhz: Some(80) }),
        ];
        for (text, plan) in plans {
            assert_eq!(text.parse(), Ok(plan.clone()), "{text}");
            assert_eq!(plan.to_string(), text);
        }
    }

    #[test]
    fn plans_that_come_as_data_are_looked_at() {
        let lock = |frequency_mhz, width_mhz| ChannelPlan::Lock { frequency_mhz, width_mhz };
        for plan in [ChannelPlan::All, lock(2437, Some(40)), ChannelPlan::Favourites(vec![])] {
            assert_eq!(plan.check(), Ok(()));
        }
        let many = ChannelPlan::Favourites(vec![2412; PLAN_CHANNELS_MAX + 1]);
        for plan in [many, lock(2438, None), lock(2437, Some(7)), lock(0, None)] {
            assert!(plan.check().is_err(), "{plan}");
        }
        assert_eq!(ChannelPlan::Favourites(vec![2412, 2437]).short(), "favourites");
    }

    #[test]
    fn what_is_no_plan_is_refused_with_what_to_write() {
        let many = format!("favourites:{}", vec!["2412"; PLAN_CHANNELS_MAX + 1].join(","));
        for (text, words) in [
            ("", "is no channel plan"),
            ("lock", "is no channel plan"),
            ("all:2412", "is no channel plan"),
            ("lock:6", "like 2437 for channel 6"),
            ("lock:2412/30", "20, 40, 80 or 160"),
            ("favourites:", "not the centre"),
            ("favourites:2412,,2437", "not the centre"),
            (many.as_str(), "more than 256"),
        ] {
            let error = text.parse::<ChannelPlan>().expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
