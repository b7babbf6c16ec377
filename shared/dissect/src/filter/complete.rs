//! What can be written next, for the line in which a filter is typed.

use super::lex::{Lexed, Sign, Token, is_word_character, lex};
use super::literal::{Kind, value_names};
use crate::fields::{self, Field, Form};
use std::borrow::Cow;

/// Most completions given.
const MAX_COMPLETIONS: usize = 60;

/// What a completion is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompletionKind {
    /// The name of a field.
    Field,
    /// An operator, or a word that joins tests.
    Operator,
    /// A value of the field before.
    Value,
}

/// One way to go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// What to put in place of [`Completion::replaces`].
    pub text: String,
    /// What it means: a field's label and unit, an operator in words.
    pub label: String,
    /// Bytes of the filter's text that it replaces: the word at the cursor, as far as it is typed.
    pub replaces: std::ops::Range<usize>,
    /// What it is.
    pub kind: CompletionKind,
}

/// Where a completion stands: how well it fits, whether its own name is another than what was typed,
/// and the length of the name.
type Place = (u8, (bool, usize));

/// What the grammar allows at a place.
#[derive(Clone, Copy)]
enum Expected {
    /// A test.
    Test,
    /// An operator for this field, or the end of the test.
    Operator(&'static Field),
    /// A value of this field.
    Value(&'static Field),
    /// A set of values of this field.
    Set(&'static Field),
    /// A value of this field, in a set.
    SetValue(&'static Field),
    /// `,`, `..` or `}` in a set.
    SetGoesOn(&'static Field),
    /// What joins tests.
    Joint,
    /// Something only the person knows.
    Free,
}

/// What can stand at `cursor`, a byte of `text`; those that begin with what is typed first.
/// Empty inside quotes, and where nothing can follow.
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Vec<Completion> {
    let Some(before) = text.get(..cursor.min(text.len())) else { return Vec::new() };
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, character)| is_word_character(*character))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let (head, typed) = before.split_at_checked(start).unwrap_or((before, ""));
    // An unfinished quotation does not lex.
    let Ok(tokens) = lex(head) else { return Vec::new() };
    let mut found =
        Found { typed: typed.to_ascii_lowercase(), replaces: start..before.len(), all: Vec::new() };
    match expected(&tokens) {
        Expected::Test => {
            for field in fields::all() {
                found.add(field.name, &field_label(field), CompletionKind::Field);
            }
            found.add("not", "the test after it must not hold", CompletionKind::Operator);
        }
        Expected::Operator(field) => {
            for (operator, label) in operators(field) {
                found.add(operator, label, CompletionKind::Operator);
            }
            found.joints();
        }
        Expected::Value(field) | Expected::SetValue(field) => found.values(field),
        Expected::Set(_) => found.add("{", "a set of values and ranges", CompletionKind::Operator),
        Expected::SetGoesOn(_) => {
            found.add(",", "a further value", CompletionKind::Operator);
            found.add("..", "up to", CompletionKind::Operator);
            found.add("}", "the end of the set", CompletionKind::Operator);
        }
        Expected::Joint => found.joints(),
        Expected::Free => {}
    }
    found.finish()
}

fn expected(tokens: &[Lexed<'_>]) -> Expected {
    let mut state = Expected::Test;
    let mut slice = None;
    for lexed in tokens {
        state = match (state, &lexed.token) {
            (Expected::Test, Token::Word(name)) => fields::by_name(&name.to_ascii_lowercase())
                .map_or(Expected::Free, Expected::Operator),
            (Expected::Test, _) => Expected::Test,
            (Expected::Operator(field), Token::Sign(Sign::SliceOpen)) => {
                slice = Some(field);
                Expected::Free
            }
            (Expected::Free, Token::Sign(Sign::SliceClose)) => {
                slice.take().map_or(Expected::Free, Expected::Operator)
            }
            (Expected::Operator(field), Token::Sign(Sign::In)) => Expected::Set(field),
            (Expected::Operator(field), Token::Sign(Sign::Not)) => Expected::Operator(field),
            (_, Token::Sign(Sign::And | Sign::Or)) => Expected::Test,
            (Expected::Operator(_) | Expected::Joint, Token::Sign(Sign::Close)) => Expected::Joint,
            (Expected::Operator(field), Token::Sign(_)) => Expected::Value(field),
            (Expected::Set(field), Token::Sign(Sign::SetOpen)) => Expected::SetValue(field),
            (Expected::SetGoesOn(_), Token::Sign(Sign::SetClose)) => Expected::Joint,
            (Expected::SetGoesOn(field), Token::Sign(Sign::Comma | Sign::Range)) => {
                Expected::SetValue(field)
            }
            (Expected::SetValue(field), _) => Expected::SetGoesOn(field),
            (Expected::Value(_), _) => Expected::Joint,
            (other, _) => other,
        };
    }
    state
}

fn field_label(field: &Field) -> String {
    match field.unit {
        "" => field.label.to_owned(),
        unit => format!("{} in {unit}", field.label),
    }
}

/// True when `typed`, which is lower case, stands in `label` in any case.
fn contains_word(label: &str, typed: &str) -> bool {
    let (label, typed) = (label.as_bytes(), typed.as_bytes());
    typed.is_empty() || label.windows(typed.len()).any(|part| part.eq_ignore_ascii_case(typed))
}

/// The operators that suit a field, in words.
fn operators(field: &'static Field) -> impl Iterator<Item = (&'static str, &'static str)> {
    let kind = Kind::of(field, None);
    let ordered = !matches!(field.form, Form::Flag | Form::Branch);
    let always = [("==", "equal to"), ("!=", "different from"), ("in", "one of")];
    let order = [("<", "less than"), ("<=", "at most"), (">", "greater than"), (">=", "at least")];
    let search = [("contains", "holds this part"), ("matches", "matches this regular expression")];
    always
        .into_iter()
        .chain(order.into_iter().filter(move |_| ordered))
        .chain(search.into_iter().filter(move |_| kind.has_bytes()))
}

/// Completions found so far.
struct Found {
    typed: String,
    replaces: std::ops::Range<usize>,
    /// With how well each fits: lower is better.
    all: Vec<(Place, Completion)>,
}

impl Found {
    /// Adds `text` if what is typed is in it or in its label.
    fn add(&mut self, text: &str, label: &str, kind: CompletionKind) {
        // Names of fields are lower case already; only values and operators need a copy.
        let lower = match kind {
            CompletionKind::Field => Cow::Borrowed(text),
            CompletionKind::Operator | CompletionKind::Value => text.to_ascii_lowercase().into(),
        };
        let plain = lower.trim_matches('"');
        let rank = if plain.starts_with(&self.typed) {
            0
        } else if plain.split(['.', '_', ' ']).any(|part| part.starts_with(&self.typed)) {
            1
        } else if plain.contains(&self.typed) {
            2
        } else if contains_word(label, &self.typed) {
            3
        } else {
            return;
        };
        let completion = Completion {
            text: text.to_owned(),
            label: label.to_owned(),
            replaces: self.replaces.clone(),
            kind,
        };
        // Of fields that fit alike, the one whose own name is what was typed, then the shortest name.
        let field = match kind {
            CompletionKind::Field => {
                (plain.rsplit('.').next() != Some(self.typed.as_str()), plain.len())
            }
            CompletionKind::Operator | CompletionKind::Value => (false, 0),
        };
        self.all.push(((rank, field), completion));
    }

    fn joints(&mut self) {
        self.add("and", "both must hold", CompletionKind::Operator);
        self.add("or", "one must hold", CompletionKind::Operator);
    }

    fn values(&mut self, field: &'static Field) {
        for name in value_names(field) {
            let quoted = !name.chars().all(is_word_character);
            let text = if quoted { format!("\"{name}\"") } else { name.to_owned() };
            self.add(&text, field.label, CompletionKind::Value);
        }
        if field.form == Form::Flag && field.names.is_none() {
            self.add("true", field.label, CompletionKind::Value);
            self.add("false", field.label, CompletionKind::Value);
        }
        if field.form == Form::Address {
            self.add("broadcast", "all stations", CompletionKind::Value);
        }
    }

    fn finish(mut self) -> Vec<Completion> {
        self.all.sort_by_key(|(place, _)| *place);
        self.all.truncate(MAX_COMPLETIONS);
        self.all.into_iter().map(|(_, completion)| completion).collect()
    }
}
