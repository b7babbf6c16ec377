//! The regulatory domain as the kernel states it. Pure.

use super::netlink::{Answer, nested, word};

/// Numbers of nl80211.h.
const ATTR_REG_ALPHA2: u16 = 33;
const ATTR_REG_RULES: u16 = 34;
const RULE_FLAGS: u16 = 1;
const RULE_START_KHZ: u16 = 2;
const RULE_END_KHZ: u16 = 3;
const RULE_WIDTH_KHZ: u16 = 4;
const RULE_POWER_MBM: u16 = 6;
/// Flags of a rule: radar detection, nobody may begin to transmit, indoors only.
const FLAG_INDOOR: u32 = 1 << 2;
const FLAG_RADAR: u32 = 1 << 4;
const FLAG_NO_IR: u32 = 1 << 7;

/// What a country allows on the air.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegulatoryDomain {
    /// Two letters of the country; `00` for the world, where the country is not known.
    pub country: String,
    /// Rules by frequency.
    pub rules: Vec<RegulatoryRule>,
}

/// One range of frequencies.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RegulatoryRule {
    /// From, in kHz.
    pub start_khz: u32,
    /// To, in kHz.
    pub end_khz: u32,
    /// Widest channel, in kHz.
    pub width_khz: u32,
    /// Most power of a transmitter, in mBm (100 mBm are 1 dBm).
    pub power_mbm: u32,
    /// Transmitters must look for radar.
    pub radar: bool,
    /// Nobody may begin to transmit.
    pub passive_only: bool,
    /// Transmitters indoors only.
    pub indoor: bool,
}

impl RegulatoryDomain {
    /// Reads the kernel's answer; `None` when it names no country.
    #[must_use]
    pub(super) fn from_answers<'a>(parts: impl IntoIterator<Item = &'a Answer>) -> Option<Self> {
        let mut country = None;
        let mut rules = Vec::new();
        for (number, value) in parts.into_iter().flat_map(Answer::attributes) {
            match number {
                ATTR_REG_ALPHA2 => {
                    let letters = value.iter().take(2).map(|byte| char::from(*byte));
                    let letters: String = letters.filter(char::is_ascii_alphanumeric).collect();
                    country = Some(letters).filter(|letters| letters.len() == 2);
                }
                ATTR_REG_RULES => {
                    rules.extend(nested(value).filter_map(|(_, rule)| self::rule(rule)))
                }
                _ => {}
            }
        }
        rules.sort_by_key(|rule: &RegulatoryRule| rule.start_khz);
        Some(Self { country: country?, rules })
    }

    /// The country in words.
    #[must_use]
    pub fn country_words(&self) -> String {
        match self.country.as_str() {
            "00" => "world (00): the country is not known; set it with: iw reg set XX".to_owned(),
            "99" => "set by the driver (99)".to_owned(),
            country => country.to_owned(),
        }
    }
}

fn rule(bytes: &[u8]) -> Option<RegulatoryRule> {
    let mut rule = RegulatoryRule::default();
    for (kind, value) in nested(bytes) {
        let number = word(value, 0)?;
        match kind {
            RULE_FLAGS => {
                rule.radar = number & FLAG_RADAR != 0;
                rule.passive_only = number & FLAG_NO_IR != 0;
                rule.indoor = number & FLAG_INDOOR != 0;
            }
            RULE_START_KHZ => rule.start_khz = number,
            RULE_END_KHZ => rule.end_khz = number,
            RULE_WIDTH_KHZ => rule.width_khz = number,
            RULE_POWER_MBM => rule.power_mbm = number,
            _ => {}
        }
    }
    (rule.end_khz > rule.start_khz).then_some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::netlink::tests::attribute;

    fn read(attributes: &[Vec<u8>]) -> Option<RegulatoryDomain> {
        RegulatoryDomain::from_answers([&Answer::of(attributes)])
    }

    #[test]
    fn a_domain_is_read() {
        let rule = |flags: u32, start: u32, end: u32, width: u32, power: u32| {
            let numbers = [(1, flags), (2, start), (3, end), (4, width), (6, power)];
            numbers.iter().flat_map(|(n, v)| attribute(*n, &v.to_ne_bytes())).collect::<Vec<u8>>()
        };
        let rules = [
            attribute(0, &rule(0x10, 5_250_000, 5_350_000, 80_000, 2000)),
            attribute(1, &rule(0, 2_400_000, 2_483_500, 40_000, 2000)),
            attribute(2, &rule(0, 5, 5, 0, 0)),
        ];
        let domain =
            read(&[attribute(33, b"DE\0"), attribute(34, &rules.concat())]).expect("a country");
        assert_eq!(domain.country_words(), "DE");
        let told: Vec<_> =
            domain.rules.iter().map(|r| (r.start_khz, r.width_khz, r.radar)).collect();
        assert_eq!(told, [(2_400_000, 40_000, false), (5_250_000, 80_000, true)]);
        assert!(
            read(&[attribute(33, b"00\0")]).is_some_and(|d| d.country_words().starts_with("world"))
        );
        assert_eq!(read(&[attribute(33, b"?\0")]), None);
        // What is damaged is left out.
        assert!(read(&[attribute(33, b"DE\0"), attribute(34, &[9, 9, 9, 9, 9])]).is_some());
    }
}
