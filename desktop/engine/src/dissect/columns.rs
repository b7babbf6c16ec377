//! Chosen fields of packets: names of the register, and the short names of a [`FrameRow`].

use super::{FRAME_FIELDS, FrameRow, Rows};
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Packet, Separator, Sink, Span, TableWriter, Value, by_name};
use serde_json::{Map, Value as Json, json};
use std::io;

/// How chosen fields are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldsFormat {
    /// Tab-separated, without a head.
    Tabs,
    /// Comma-separated, with the names in the first line.
    Commas,
    /// An object a line.
    Json,
}

/// Where the value of a column comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A member of [`FrameRow`].
    Short(&'static str),
    /// The register; with its number among the columns of the table.
    Register(&'static Field, usize),
}

/// Chosen fields, ready to be written packet by packet.
#[derive(Debug)]
pub struct Columns {
    sources: Vec<Source>,
    table: TableWriter,
    format: FieldsFormat,
    /// Made only where a short name is asked for.
    rows: Option<Rows>,
}

impl Columns {
    /// Columns of these names.
    ///
    /// # Errors
    /// A name that is none, with names like it.
    pub fn new(names: &[String], format: FieldsFormat) -> Result<Self, String> {
        let mut fields = Vec::new();
        let mut sources = Vec::new();
        for name in names {
            let short = FRAME_FIELDS.iter().find(|short| *short == name);
            if let Some(short) = short {
                sources.push(Source::Short(short));
            } else if let Some(field) = by_name(name) {
                sources.push(Source::Register(field, fields.len()));
                fields.push(field);
            } else {
                let like = pw_dissect::filter::similar_fields(name);
                let like = like
                    .unwrap_or_else(|| "; piwardrive dissect --list-fields shows all".to_owned());
                return Err(format!(
                    "there is no field '{name}'{like}; short names are {}",
                    FRAME_FIELDS.join(", ")
                ));
            }
        }
        let any_short = sources.iter().any(|source| matches!(source, Source::Short(_)));
        let separator =
            if format == FieldsFormat::Commas { Separator::Comma } else { Separator::Tab };
        Ok(Self {
            sources,
            table: TableWriter::new(&fields, separator),
            format,
            rows: any_short.then(Rows::default),
        })
    }

    /// Appends what stands before the first packet.
    pub fn head(&self, out: &mut Vec<u8>) {
        if self.format == FieldsFormat::Commas {
            let names: Vec<_> = self.sources.iter().map(|source| source.name()).collect();
            out.extend_from_slice(names.join(",").as_bytes());
            out.push(b'\n');
        }
    }

    /// Appends the line of one packet.
    ///
    /// # Errors
    /// A value cannot be written as JSON.
    pub fn line(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        if self.format == FieldsFormat::Json {
            return self.object(packet, out);
        }
        let Some(rows) = &mut self.rows else {
            self.table.row(packet, out);
            return Ok(());
        };
        let row = members(&rows.row(packet))?;
        let mut walked = false;
        for (number, source) in self.sources.iter().enumerate() {
            if number > 0 {
                out.push(if self.format == FieldsFormat::Commas { b',' } else { b'\t' });
            }
            match *source {
                Source::Register(_, at) => self.table.cell(at, packet, &mut walked, out),
                Source::Short(name) => {
                    let text = cell(row.get(name));
                    if self.format == FieldsFormat::Commas && text.contains([',', '"']) {
                        out.push(b'"');
                        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                        out.push(b'"');
                    } else {
                        out.extend_from_slice(text.as_bytes());
                    }
                }
            }
        }
        out.push(b'\n');
        Ok(())
    }

    fn object(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let row = match &mut self.rows {
            Some(rows) => members(&rows.row(packet))?,
            None => Map::new(),
        };
        let mut found =
            Found { sources: &self.sources, values: vec![Vec::new(); self.sources.len()] };
        if self.sources.iter().any(|source| matches!(source, Source::Register(..))) {
            describe(packet, &mut found);
        }
        let mut object = Map::new();
        for (source, mut values) in self.sources.iter().zip(found.values) {
            let value = match source {
                Source::Short(name) => row.get(*name).cloned().unwrap_or(Json::Null),
                Source::Register(..) if values.len() > 1 => Json::Array(values),
                Source::Register(..) => values.pop().unwrap_or(Json::Null),
            };
            object.insert(source.name().to_owned(), value);
        }
        serde_json::to_writer(&mut *out, &object).map_err(io::Error::other)?;
        out.push(b'\n');
        Ok(())
    }
}

impl Source {
    const fn name(&self) -> &'static str {
        match *self {
            Self::Short(name) => name,
            Self::Register(field, _) => field.name,
        }
    }
}

fn members(row: &FrameRow) -> io::Result<Map<String, Json>> {
    match serde_json::to_value(row).map_err(io::Error::other)? {
        Json::Object(members) => Ok(members),
        _ => Err(io::Error::other("a row that is no object")),
    }
}

fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(items)) => {
            items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join("; ")
        }
        Some(value) => value.to_string(),
    }
}

/// Collects the values of the chosen fields.
struct Found<'f> {
    sources: &'f [Source],
    values: Vec<Vec<Json>>,
}

impl Sink for Found<'_> {
    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        for (source, values) in self.sources.iter().zip(&mut self.values) {
            if !matches!(source, Source::Register(wanted, _) if *wanted == field) {
                continue;
            }
            values.push(match value {
                Value::Nothing => Json::Null,
                Value::Flag(yes) => json!(yes),
                Value::Unsigned(number) if field.form != pw_dissect::fields::Form::Time => {
                    json!(number)
                }
                Value::Signed(number) if field.form != pw_dissect::fields::Form::Time => {
                    json!(number)
                }
                Value::Float(number) => json!(number),
                other => {
                    let mut text = String::new();
                    // Writing to memory cannot fail.
                    field.write_plain(&other, &mut text).unwrap_or(());
                    json!(text)
                }
            });
        }
    }

    fn fault(&mut self, fault: pw_dissect::Fault) {
        self.field(
            &pw_dissect::fields::MALFORMED,
            Value::Word(fault.reason),
            Span::new(fault.offset as usize, 0),
        );
    }
}
