//! Findings to PDF and HTML.
//!
//! A report is built in two steps. [`content`] reads a snapshot and yields a [`document::Document`]:
//! words, tables and figures, every number of it from the snapshot. [`pdf`] and [`html`] set it.
//! Nothing here reads a clock, a file or the network; the same input gives the same bytes.

mod content;
mod document;
mod figure;
mod html;
mod input;
mod pdf;
mod preview;
mod protection;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use html::render_html;
pub use input::{AddressStyle, Include, Progress, ReportError, ReportInput, ReportSettings, Stage};
pub use pdf::render_pdf;
pub use preview::{PreviewSection, ReportPreview, preview};
