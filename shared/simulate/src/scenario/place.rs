//! From a field's path to the line of the scenario file that holds it, for error messages.

use toml::de::{DeTable, DeValue};

/// The 1-based line of the value at `path`, or of the deepest part of `path` that the text has.
/// A path is keys and array positions with dots between: `access_point.3.channels_mhz.0`.
pub(crate) fn line_of(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut offset = None;
    let mut table_now = Some(table.get_ref());
    let mut value_now: Option<&DeValue<'_>> = None;
    for step in path.split('.') {
        let found = match (table_now, value_now) {
            (Some(table), _) => table.get(step),
            (None, Some(DeValue::Array(array))) => {
                step.parse::<usize>().ok().and_then(|at| array.get(at))
            }
            _ => None,
        };
        let Some(found) = found else { break };
        offset = Some(found.span().start);
        value_now = Some(found.get_ref());
        table_now = match found.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
    }
    offset.map(|offset| line_at(text, offset))
}

/// The 1-based line that holds the byte at `offset`.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset.min(text.len())).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_path() {
        let text = "[a]\nb = 1\n[[c]]\nd = [1,\n 2]\n[[c]]\nd = 3\n";
        assert_eq!(line_of(text, "a.b"), Some(2));
        assert_eq!(line_of(text, "c.0.d.1"), Some(5));
        assert_eq!(line_of(text, "c.1.d"), Some(7));
        assert_eq!(line_of(text, "c.1.nothing"), Some(6));
        assert_eq!(line_of(text, "nothing"), None);
    }
}
