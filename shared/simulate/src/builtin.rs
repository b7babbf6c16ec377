//! The scenarios that come with the program.

/// Name and text of each, in the order of `--help`.
const BUILTIN: [(&str, &str); 4] = [
    ("demo", include_str!("../../../assets/scenarios/demo.toml")),
    ("quiet_street", include_str!("../../../assets/scenarios/quiet_street.toml")),
    ("dense_centre", include_str!("../../../assets/scenarios/dense_centre.toml")),
    ("tunnel", include_str!("../../../assets/scenarios/tunnel.toml")),
];

/// The scenario text with this name, for [`crate::Scenario::from_toml`].
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names that [`builtin`] knows.
#[must_use]
pub fn builtin_names() -> Vec<&'static str> {
    BUILTIN.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;

    #[test]
    fn every_one_is_valid_and_called_as_its_file() {
        for name in builtin_names() {
            let text = builtin(name).expect("listed");
            let scenario = Scenario::from_toml(text)
                .map_err(|error| format!("{name}: {error}"))
                .expect("a valid scenario");
            assert_eq!(scenario.name, name);
            assert!(scenario.town_name.contains("simulated"), "{name}");
            assert!(scenario.expect.is_some(), "{name}");
        }
        assert_eq!(builtin("nothing"), None);
    }
}
