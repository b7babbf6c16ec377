//! The document as one HTML file: no script, no link, no outside resource.

use crate::content::{self, Facts};
use crate::document::{Align, Block, Cell, Document, Finding, Section, Table};
use crate::input::ReportInput;
use std::fmt::{self, Display, Write};

const STYLE: &str = include_str!("../../../assets/report/report.css");

/// Tables of more columns than this are wide.
const WIDE: usize = 8;

/// Makes the HTML file.
#[must_use]
pub fn render_html(input: &ReportInput) -> String {
    let document = content::build(&Facts::new(input));
    let mut page = String::new();
    write_document(&mut page, &document).expect("writing to a string cannot fail");
    page
}

/// Text with everything escaped that HTML gives a meaning.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            c => out.write_char(c),
        })
    }
}

fn write_document(page: &mut String, document: &Document) -> fmt::Result {
    let title = format!("{}: {}", document.title, document.survey);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; img-src data:\"><title>{}</title><style>{STYLE}</style></head><body>",
        Text(&title)
    )?;
    if let Some(words) = &document.simulated {
        write!(page, "<p class=\"simulated\"><strong>SIMULATED DATA</strong> {}</p>", Text(words))?;
    }
    if let Some(marking) = &document.marking {
        write!(page, "<p class=\"marking\">{}</p>", Text(marking))?;
    }
    write!(
        page,
        "<h1>{}</h1><p class=\"survey\">{}</p><dl>",
        Text(&document.title),
        Text(&document.survey)
    )?;
    let people = [
        ("For", &document.client),
        ("By", &document.author),
        ("Organisation", &document.organisation),
    ];
    for (what, who) in people.iter().filter_map(|(what, who)| Some((what, who.as_ref()?))) {
        write!(page, "<dt>{what}</dt><dd>{}</dd>", Text(who))?;
    }
    for [what, value] in &document.cover {
        write!(page, "<dt>{}</dt><dd>{}</dd>", Text(what), Text(value))?;
    }
    write!(page, "<dt>Report made</dt><dd>{}</dd></dl>", Text(&document.generated))?;
    if let Some(purpose) = &document.purpose {
        write!(page, "<p class=\"purpose\">{}</p>", Text(purpose))?;
    }
    for (at, section) in document.sections.iter().enumerate() {
        write_section(page, at + 1, section, document)?;
    }
    writeln!(
        page,
        "<footer>{} · {}</footer></body></html>",
        Text(&document.software),
        Text(&document.generated)
    )
}

fn write_section(
    page: &mut String,
    number: usize,
    section: &Section,
    document: &Document,
) -> fmt::Result {
    write!(
        page,
        "<section id=\"{}\"><h2>{number}. {}</h2>",
        Text(section.id),
        Text(&section.title)
    )?;
    for block in &section.blocks {
        write_block(page, block, document)?;
    }
    page.write_str("</section>")
}

fn write_block(page: &mut String, block: &Block, document: &Document) -> fmt::Result {
    match block {
        Block::Heading { text } => write!(page, "<h3>{}</h3>", Text(text)),
        Block::Paragraph { text } => write!(page, "<p>{}</p>", Text(text)),
        Block::Note { text } => write!(page, "<p class=\"note\">{}</p>", Text(text)),
        Block::List { items } => {
            page.write_str("<ul>")?;
            for item in items {
                write!(page, "<li>{}</li>", Text(item))?;
            }
            page.write_str("</ul>")
        }
        Block::Tiles { tiles } => {
            page.write_str("<div class=\"tiles\">")?;
            for tile in tiles {
                write!(
                    page,
                    "<div{}><b>{}</b>{}</div>",
                    if tile.alert { " class=\"alert\"" } else { "" },
                    Text(&tile.value),
                    Text(&tile.label)
                )?;
            }
            page.write_str("</div>")
        }
        Block::Facts { rows } => {
            page.write_str("<dl>")?;
            for [what, value] in rows {
                write!(page, "<dt>{}</dt><dd>{}</dd>", Text(what), Text(value))?;
            }
            page.write_str("</dl>")
        }
        Block::Table(table) => write_table(page, table),
        Block::Figure { name, words, caption } => {
            let svg = document.figures.get(name).map_or("", String::as_str);
            write!(
                page,
                "<figure><div role=\"img\" aria-label=\"{}\">{svg}</div><figcaption>{}</figcaption></figure>",
                Text(words),
                Text(caption)
            )
        }
        Block::Finding(finding) => write_finding(page, finding),
    }
}

fn write_finding(page: &mut String, finding: &Finding) -> fmt::Result {
    write!(
        page,
        "<h3>{}. {} <span class=\"{}\">{}</span></h3><p>{}</p>\
         <p><b>Why it matters.</b> {}</p><p><b>What to do.</b> {}</p>",
        finding.number,
        Text(&finding.title),
        finding.weight.name().to_lowercase(),
        finding.weight.name(),
        Text(&finding.seen),
        Text(&finding.meaning),
        Text(&finding.advice)
    )?;
    write_table(page, &finding.evidence)?;
    match &finding.more {
        Some(more) => write!(page, "<p class=\"small\">{}</p>", Text(more)),
        None => Ok(()),
    }
}

fn write_table(page: &mut String, table: &Table) -> fmt::Result {
    // What is wider than a narrow screen moves to and fro by itself, and not the whole page with it.
    page.write_str(if table.columns.len() > WIDE {
        "<div class=\"table\" tabindex=\"0\"><table class=\"wide\">"
    } else {
        "<div class=\"table\"><table>"
    })?;
    if let Some(caption) = &table.caption {
        write!(page, "<caption>{}</caption>", Text(caption))?;
    }
    page.write_str("<thead><tr>")?;
    for column in &table.columns {
        let right = if column.align == Align::Right { " class=\"right\"" } else { "" };
        write!(page, "<th scope=\"col\"{right}>{}</th>", Text(column.title))?;
    }
    page.write_str("</tr></thead><tbody>")?;
    for row in &table.rows {
        page.write_str("<tr>")?;
        for (cell, column) in row.iter().zip(&table.columns) {
            write_cell(page, cell, column.align)?;
        }
        page.write_str("</tr>")?;
    }
    page.write_str("</tbody></table></div>")
}

fn write_cell(page: &mut String, cell: &Cell, align: Align) -> fmt::Result {
    page.write_str(if align == Align::Right { "<td class=\"right\">" } else { "<td>" })?;
    match cell {
        Cell::Text { text } => write!(page, "{}", Text(text)),
        // The direction of a foreign name must not reach what stands beside it.
        Cell::Name { text } => write!(page, "<bdi>{}</bdi>", Text(text)),
        Cell::Code { text } => write!(page, "<code>{}</code>", Text(text)),
        Cell::Chip { text, colour } => {
            write!(page, "<i style=\"background:{colour}\"></i>{}", Text(text))
        }
        Cell::Bar { text, share, colour } => write!(
            page,
            "<span class=\"bar\"><i style=\"width:{:.1}%;background:{colour}\"></i></span>{}",
            share.clamp(0.0, 1.0) * 100.0,
            Text(text)
        ),
    }?;
    page.write_str("</td>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let text = Text("<img src=x onerror='alert(1)'>&\"").to_string();
        assert_eq!(text, "&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;&quot;");
    }
}
