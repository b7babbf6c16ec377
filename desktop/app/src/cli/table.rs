//! Aligned text for people, and comma-separated values for programs, from the same JSON rows.

use super::output::stdout;
use anyhow::Result;
use pw_engine::exchange::harmless;
use serde_json::{Map, Value};
use std::io::Write;

/// What stands for "not known".
const UNKNOWN: &str = "–";

/// A column of a table: title, and the cell of a row, `None` for what is not known.
pub(crate) type Column<'a, T> = (&'a str, &'a dyn Fn(&T) -> Option<String>);

/// Columns of a table.
pub(crate) type Columns<'a, T> = &'a [Column<'a, T>];

/// Prints rows under `columns`. The last column is not padded.
pub(crate) fn aligned<T>(rows: &[T], columns: Columns<'_, T>) -> Result<()> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().map(|(_, cell)| cell(row));
            cells.map(|cell| cell.unwrap_or_else(|| UNKNOWN.to_owned())).collect()
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, (title, _))| {
            let cells = cells.iter().filter_map(|row| row.get(at)).map(|cell| width(cell));
            cells.chain([width(title)]).max().unwrap_or(0)
        })
        .collect();
    let mut out = stdout();
    let titles: Vec<String> = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    for row in std::iter::once(&titles).chain(&cells) {
        let mut line = String::new();
        for (cell, column) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', 2 + column.saturating_sub(width(cell))));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(out.flush()?)
}

/// Cells of a terminal: not exact for wide characters, which then only break the alignment.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// Prints rows as comma-separated values: nested objects become columns like `rssi_dbm_max`, lists
/// become words with spaces between, unknown becomes empty.
pub(crate) fn csv(rows: impl IntoIterator<Item = Value>, columns: &[&str]) -> Result<()> {
    let mut out = stdout();
    writeln!(out, "{}", columns.join(","))?;
    for row in rows {
        let mut flat = Map::new();
        flatten("", &row, &mut flat);
        let cells: Vec<String> = columns.iter().map(|column| cell(flat.get(*column))).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(out.flush()?)
}

fn flatten(prefix: &str, value: &Value, flat: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}_{key}") };
                flatten(&name, value, flat);
            }
        }
        value => {
            flat.insert(prefix.to_owned(), value.clone());
        }
    }
}

fn cell(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => harmless(text),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" "),
        Some(value) => value.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_of_csv() {
        let check = |value: Value, expected: &str| assert_eq!(cell(Some(&value)), expected);
        check(json!("a,b \"c\""), "\"a,b \"\"c\"\"\"");
        check(json!("=1+1"), "'=1+1");
        check(json!(-61), "-61");
        check(json!(["SAE", "PSK"]), "SAE PSK");
        check(Value::Null, "");
        let mut flat = Map::new();
        flatten("", &json!({"a": {"b": 1}, "c": null}), &mut flat);
        assert_eq!(flat.get("a_b"), Some(&json!(1)));
        assert_eq!(cell(flat.get("c")), "");
    }
}
