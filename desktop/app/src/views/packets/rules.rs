//! Colour rules: which packets get which colour, by filter expression. The first that holds counts.

use crate::style::Palette;
use egui::Color32;
use pw_engine::capture_file::Filter;
use serde::{Deserialize, Serialize};

/// A colour by its name; each theme has its own shade of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RuleColor {
    Red,
    Orange,
    Yellow,
    Green,
    Blue,
    Purple,
    #[default]
    Grey,
}

impl RuleColor {
    pub(super) const ALL: [Self; 7] =
        [Self::Red, Self::Orange, Self::Yellow, Self::Green, Self::Blue, Self::Purple, Self::Grey];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Grey => "grey",
        }
    }

    /// The shade of the theme. In the night theme all are red to amber.
    pub(super) fn ink(self, palette: &Palette) -> Color32 {
        use crate::views::security::SecurityClass as Class;
        match self {
            Self::Red => palette.bad,
            Self::Orange => palette.security(Class::Open).lerp_to_gamma(palette.warn, 0.3),
            Self::Yellow => palette.security(Class::Broken),
            Self::Green => palette.security(Class::Wpa3),
            Self::Blue => palette.security(Class::Wpa2),
            Self::Purple => palette.security(Class::Owe),
            Self::Grey => palette.weak,
        }
    }
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    /// Name in the legend.
    pub(crate) name: String,
    /// Filter expression.
    pub(crate) filter: String,
    /// Colour.
    pub(crate) color: RuleColor,
}

/// The rules that are used until the person makes others.
pub(crate) fn usual() -> Vec<Rule> {
    let rule = |name: &str, filter: &str, color| Rule {
        name: name.to_owned(),
        filter: filter.to_owned(),
        color,
    };
    vec![
        rule("Malformed", "_ws.malformed", RuleColor::Red),
        rule(
            "Disconnects",
            "wlan.fc.type_subtype in {deauthentication, disassociation}",
            RuleColor::Orange,
        ),
        rule(
            "Joins and keys",
            "wlan.fc.type_subtype in {authentication, \"association request\", \
             \"association response\", \"reassociation request\", \"reassociation response\"} \
             or eapol",
            RuleColor::Purple,
        ),
        rule("Retries", "wlan.fc.retry == true", RuleColor::Yellow),
        rule("Data", "wlan.fc.type == data", RuleColor::Blue),
        rule(
            "Probes",
            "wlan.fc.type_subtype in {\"probe request\", \"probe response\"}",
            RuleColor::Green,
        ),
        rule("Control", "wlan.fc.type == control", RuleColor::Grey),
    ]
}

/// The rules that can be understood, with their places among all.
pub(super) fn compiled(rules: &[Rule]) -> (Vec<Filter>, Vec<usize>) {
    let good = rules.iter().enumerate().filter_map(|(at, rule)| {
        // An empty one would colour everything; it is one that is being written.
        let written = !rule.filter.trim().is_empty();
        Some((Filter::compile(&rule.filter).ok().filter(|_| written)?, at))
    });
    good.unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::ThemeChoice;

    #[test]
    fn the_usual_rules_are_understood_and_have_names() {
        let rules = usual();
        let (filters, places) = compiled(&rules);
        assert_eq!(filters.len(), rules.len());
        assert_eq!(places, (0..rules.len()).collect::<Vec<_>>());
        assert!(rules.iter().all(|rule| !rule.name.is_empty()));
    }

    #[test]
    fn a_rule_that_is_wrong_leaves_the_places_of_the_others() {
        let mut rules = usual();
        rules[1].filter = "wlan.fc.type_subtype ==".to_owned();
        rules[2].filter = "  ".to_owned();
        let (filters, places) = compiled(&rules);
        assert_eq!(filters.len(), rules.len() - 2);
        assert_eq!(places[..2], [0, 3]);
    }

    #[test]
    fn night_has_no_blue_in_any_rule() {
        let palette = Palette::of(ThemeChoice::Night);
        for color in RuleColor::ALL {
            assert!(color.ink(&palette).b() < 0x50, "{}", color.name());
        }
    }
}
