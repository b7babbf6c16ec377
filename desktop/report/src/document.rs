//! A report as plain data: sections of blocks, which a renderer sets without adding anything.

use serde::Serialize;
use std::collections::BTreeMap;

/// A report.
#[derive(Serialize, Debug)]
pub(crate) struct Document {
    pub(crate) title: String,
    pub(crate) survey: String,
    pub(crate) author: Option<String>,
    pub(crate) organisation: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) marking: Option<String>,
    /// Set when any of the data is simulated; said on every page.
    pub(crate) simulated: Option<String>,
    /// Lines of the cover: what and its value.
    pub(crate) cover: Vec<[String; 2]>,
    pub(crate) generated: String,
    pub(crate) software: String,
    pub(crate) sections: Vec<Section>,
    /// SVG by name; figures refer to them.
    #[serde(skip)]
    pub(crate) figures: BTreeMap<String, String>,
}

/// A numbered part.
#[derive(Serialize, Debug)]
pub(crate) struct Section {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) landscape: bool,
    /// Begins a new page.
    pub(crate) own_page: bool,
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &str) -> Self {
        Self { id, title: title.to_owned(), landscape: false, own_page: false, blocks: Vec::new() }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading { text: text.to_owned() });
    }

    pub(crate) fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph { text: text.into() });
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Note { text: text.into() });
    }

    pub(crate) fn list(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::List { items });
        }
    }
}

/// A piece of a section.
#[derive(Serialize, Debug)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Block {
    Heading { text: String },
    Paragraph { text: String },
    Note { text: String },
    List { items: Vec<String> },
    Tiles { tiles: Vec<Tile> },
    Facts { rows: Vec<[String; 2]> },
    Table(Table),
    Figure { name: String, words: String, caption: String },
    Finding(Finding),
}

/// A number with its meaning, set large.
#[derive(Serialize, Debug)]
pub(crate) struct Tile {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) alert: bool,
}

/// A table whose head is repeated on every page.
#[derive(Serialize, Debug, Default)]
pub(crate) struct Table {
    pub(crate) caption: Option<String>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Set in small type.
    pub(crate) dense: bool,
}

/// A column of a table.
#[derive(Serialize, Debug)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Share of the free width; 0 for as wide as needed.
    pub(crate) width: f32,
    pub(crate) align: Align,
}

impl Column {
    /// As wide as needed, to the left.
    pub(crate) const fn narrow(title: &'static str) -> Self {
        Self { title, width: 0.0, align: Align::Left }
    }

    /// As wide as needed, to the right.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self { title, width: 0.0, align: Align::Right }
    }

    /// A share of the free width, to the left.
    pub(crate) const fn wide(title: &'static str, width: f32) -> Self {
        Self { title, width, align: Align::Left }
    }
}

/// Side of a column that its text stands at.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Align {
    Left,
    Right,
}

/// What stands in one place of a table.
#[derive(Serialize, Debug)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Cell {
    /// Words or a number.
    Text { text: String },
    /// A name from the air: may be of any characters and without a place to break.
    Name { text: String },
    /// An address or identifier, in type of one width.
    Code { text: String },
    /// A coloured mark before the words.
    Chip { text: String, colour: &'static str },
    /// A bar of 0 to 1 before the words.
    Bar { text: String, share: f64, colour: &'static str },
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    pub(crate) fn name(text: impl Into<String>) -> Self {
        Self::Name { text: text.into() }
    }

    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self::Code { text: text.into() }
    }
}

/// Something that deserves attention: what, how often, why it matters, what to do, where.
#[derive(Serialize, Debug)]
pub(crate) struct Finding {
    pub(crate) number: usize,
    pub(crate) weight: Weight,
    pub(crate) title: String,
    pub(crate) seen: String,
    pub(crate) meaning: String,
    pub(crate) advice: String,
    pub(crate) evidence: Table,
    pub(crate) more: Option<String>,
}

/// How much a finding matters.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Weight {
    High,
    Medium,
    Low,
    Note,
}

impl Weight {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Note => "Note",
        }
    }
}
