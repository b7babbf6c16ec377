//! The document as a PDF, set by typst with the fonts that the program brings along.
//!
//! The template is ours; the document goes in as a JSON file that the template reads, so that no
//! text of it can become markup. There is no file system, no package and no clock behind it.

use crate::content;
use crate::document::Document;
use crate::input::{Progress, ReportError, ReportInput, Stage};
use pw_model::Timestamp;
use serde_json::Value;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use typst::foundations::{Bytes, Datetime, Smart};
use typst::text::Font;
use typst_as_lib::TypstEngine;
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

const TEMPLATE: &str = include_str!("../../../assets/report/report.typ");

const FONTS: [&[u8]; 5] = [
    include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf"),
    include_bytes!("../../../assets/fonts/IBMPlexMono-Regular.ttf"),
    include_bytes!("../../../assets/fonts/DejaVuSans.ttf"),
    include_bytes!("../../../assets/fonts/NotoEmoji-Regular.ttf"),
];

/// Letters in a row that a name may have before a line can break inside it.
const UNBROKEN: usize = 12;

/// Makes the PDF. `progress` is told each step before it begins and may stop the work there.
///
/// # Errors
/// The progress function stopped it, or the typesetter failed, which would be a fault of this
/// program: no survey can cause it.
pub fn render_pdf(
    input: &ReportInput,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<Vec<u8>, ReportError> {
    let steps = [Stage::Gather, Stage::Draw, Stage::Typeset, Stage::Write];
    let begin = |stage: Stage| -> Result<(), ReportError> {
        let step = steps.iter().position(|known| *known == stage).map_or(0, |at| at as u32 + 1);
        match progress(Progress { stage, step, steps: steps.len() as u32 }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReportError::Stopped),
        }
    };
    begin(Stage::Gather)?;
    let facts = content::Facts::new(input);
    begin(Stage::Draw)?;
    let document = content::build(&facts);
    begin(Stage::Typeset)?;
    let pages = typeset(&document)?;
    begin(Stage::Write)?;
    let options = PdfOptions {
        ident: Smart::Custom(format!("{} {}", document.survey, document.generated)),
        creator: Smart::Custom(Some(document.software.clone())),
        timestamp: timestamp(input.generated_at),
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|errors| {
        let words: Vec<String> = errors.iter().map(|error| error.message.to_string()).collect();
        ReportError::Pdf(words.join("; "))
    })
}

fn typeset(document: &Document) -> Result<PagedDocument, ReportError> {
    let mut data = serde_json::to_value(document)?;
    make_printable(&mut data);
    let mut files: Vec<(&str, Vec<u8>)> = vec![("data.json", serde_json::to_vec(&data)?)];
    for (name, svg) in &document.figures {
        files.push((name, svg.clone().into_bytes()));
    }
    let engine = TypstEngine::builder()
        .main_file(("report.typ", TEMPLATE))
        .fonts(fonts().iter().cloned())
        .with_static_file_resolver(files)
        .build();
    engine
        .compile::<PagedDocument>()
        .output
        .map_err(|error| ReportError::Typeset(error.to_string()))
}

fn timestamp(time: Timestamp) -> Option<typst_pdf::Timestamp> {
    let civil = time.civil();
    let datetime = Datetime::from_ymd_hms(
        civil.year(),
        civil.month().into(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second(),
    )?;
    Some(typst_pdf::Timestamp::new_utc(datetime))
}

fn fonts() -> &'static [Font] {
    static PARSED: OnceLock<Vec<Font>> = OnceLock::new();
    PARSED.get_or_init(|| FONTS.iter().flat_map(|bytes| Font::iter(Bytes::new(*bytes))).collect())
}

/// Replaces what no font can show by its code, and lets long names break.
fn make_printable(value: &mut Value) {
    match value {
        Value::String(text) => *text = printable(text),
        Value::Array(values) => values.iter_mut().for_each(make_printable),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(_, value)| make_printable(value));
            let is_name = fields.get("kind").is_some_and(|kind| kind == "name");
            if let Some(Value::String(text)) = fields.get_mut("text").filter(|_| is_name) {
                *text = breakable(text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with `\u{hhhh}` for characters that none of the fonts has.
fn printable(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        // The selector of coloured emoji has no shape of its own.
        let shown = c == '\u{fe0f}'
            || fonts().iter().any(|font| font.info().coverage.contains(u32::from(c)));
        if shown {
            printable.push(c);
        } else {
            printable.push_str(&format!("\\u{{{:04x}}}", u32::from(c)));
        }
    }
    printable
}

/// The text with places to break in words that are too long for a column.
fn breakable(text: &str) -> String {
    let mut broken = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if c.is_whitespace() || c == '-' { 0 } else { run + 1 };
        // Only between plain characters: inside a joined shape a break would tear it.
        if run > UNBROKEN && c.is_ascii() {
            broken.push('\u{200b}');
            run = 1;
        }
        broken.push(c);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fonts_are_there() {
        let families: Vec<&str> = fonts().iter().map(|font| font.info().family.as_str()).collect();
        for family in ["IBM Plex Sans", "IBM Plex Mono", "DejaVu Sans", "Noto Emoji"] {
            assert!(families.contains(&family), "{family} not in {families:?}");
        }
    }

    #[test]
    fn characters_without_a_shape_become_their_code() {
        assert_eq!(printable("Café Ωд שלום 😀"), "Café Ωд שלום 😀");
        assert_eq!(printable("中"), "\\u{4e2d}");
    }

    #[test]
    fn long_names_can_break() {
        assert_eq!(breakable("short name"), "short name");
        let long = breakable(&"\\xff".repeat(32));
        assert!(long.split('\u{200b}').all(|part| part.len() <= UNBROKEN), "{long}");
        assert_eq!(long.replace('\u{200b}', ""), "\\xff".repeat(32));
    }
}
