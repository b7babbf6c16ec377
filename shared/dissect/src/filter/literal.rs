//! What is written behind an operator, read as the field at its left has its values.

use super::check::{Check, Relation, Slice};
use super::lex::{Lexed, Token};
use super::suggest;
use crate::fields::{Field, Form};
use pw_model::{MacAddr, Timestamp};
use regex::bytes::{Regex, RegexBuilder};

/// Longest text or bytes of one literal.
const MAX_LITERAL: usize = 1024;

/// Memory that one compiled pattern, and its cache, may take in bytes.
const MAX_PATTERN_MEMORY: usize = 1 << 20;

/// Deepest nesting inside a pattern.
const MAX_PATTERN_DEPTH: u32 = 64;

/// Numbers whose names are looked through: all of 17 bits, and the suites of the usual OUIs.
const NAMED: [std::ops::RangeInclusive<u64>; 4] =
    [0..=0x1_ffff, 0x000f_ac00..=0x000f_acff, 0x0050_f200..=0x0050_f2ff, 0x506f_9a00..=0x506f_9aff];

/// Which kind of check suits a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Integer,
    Float,
    Address,
    Time,
    /// Text, and the words of headings.
    Text,
    Bytes,
}

impl Kind {
    /// Of a field, or of a slice of it.
    pub(super) fn of(field: &Field, slice: Option<Slice>) -> Self {
        match field.form {
            Form::Address if slice.is_some() => Self::Bytes,
            Form::Flag | Form::Unsigned | Form::Hex(_) | Form::Signed => Self::Integer,
            Form::Float => Self::Float,
            Form::Address => Self::Address,
            Form::Time => Self::Time,
            Form::Text | Form::Branch => Self::Text,
            Form::Bytes => Self::Bytes,
        }
    }

    /// True when values are bytes that can be searched in.
    pub(super) const fn has_bytes(self) -> bool {
        matches!(self, Self::Address | Self::Text | Self::Bytes)
    }

    /// What its values are, for errors.
    const fn words(self) -> &'static str {
        match self {
            Self::Integer => "a whole number",
            Self::Float => "a number",
            Self::Address => "an address",
            Self::Time => "a time",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// A literal: the lowest and highest value that it stands for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Literal {
    /// Mostly one range; several for a name that several values have.
    Integers(Vec<(i128, i128)>),
    Float(f64),
    Bytes(Vec<u8>),
}

/// Reads a literal for `field`. The error says what is wrong and what to write.
pub(super) fn read(
    field: &'static Field,
    kind: Kind,
    lexed: &Lexed<'_>,
) -> Result<Literal, String> {
    let text = match &lexed.token {
        Token::Word(word) => std::borrow::Cow::Borrowed(*word),
        Token::Quoted(bytes) => String::from_utf8_lossy(bytes),
        Token::Sign(_) => {
            return Err(format!(
                "a value is missing here; {} is {}{}",
                field.name,
                kind.words(),
                example(kind)
            ));
        }
    };
    let quoted = match &lexed.token {
        Token::Quoted(bytes) => Some(bytes.as_slice()),
        _ => None,
    };
    if text.len() > MAX_LITERAL {
        return Err(format!("a value of more than {MAX_LITERAL} bytes; shorten it"));
    }
    match kind {
        Kind::Integer => whole_number(field, &text).map(Literal::Integers),
        Kind::Float => number(&text).map(Literal::Float).ok_or_else(|| wrong(field, kind, &text)),
        Kind::Address => address(&text)?.map(one).ok_or_else(|| wrong(field, kind, &text)),
        Kind::Time => time(&text).map(one).ok_or_else(|| wrong(field, kind, &text)),
        Kind::Text => Ok(Literal::Bytes(quoted.unwrap_or(text.as_bytes()).to_vec())),
        Kind::Bytes => match quoted {
            Some(bytes) => Ok(Literal::Bytes(bytes.to_vec())),
            None => hex_bytes(&text).map(Literal::Bytes).ok_or_else(|| wrong(field, kind, &text)),
        },
    }
}

fn one(range: (i128, i128)) -> Literal {
    Literal::Integers(vec![range])
}

fn wrong(field: &Field, kind: Kind, text: &str) -> String {
    format!("'{text}' is not {}, as {} is{}", kind.words(), field.name, example(kind))
}

const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "; write digits like 12 or 0x0c",
        Kind::Float => "; write digits like 5.5",
        Kind::Address => {
            "; write 02:00:5e:10:00:01, the first bytes of one, or with a length like 02:00:5e:00:00:00/28"
        }
        Kind::Time => {
            "; write seconds since 1970 like 1700000000.5, a day like 2026-05-01, or 2026-05-01T10:00:00Z"
        }
        Kind::Text => "; write it in quotes",
        Kind::Bytes => "; write hex digits like 00:0f:ac or text in quotes",
    }
}

/// The check that a value has `relation` to a literal.
pub(super) fn relation(relation: Relation, literal: Literal) -> Check {
    match literal {
        Literal::Integers(ranges) => {
            let low = ranges.iter().map(|(low, _)| *low).min().unwrap_or(0);
            let high = ranges.iter().map(|(_, high)| *high).max().unwrap_or(0);
            Check::Integers(match relation {
                Relation::Equal => ranges,
                Relation::Less => vec![(i128::MIN, low.saturating_sub(1))],
                Relation::LessEqual => vec![(i128::MIN, high)],
                Relation::Greater => vec![(high.saturating_add(1), i128::MAX)],
                Relation::GreaterEqual => vec![(low, i128::MAX)],
            })
        }
        Literal::Float(value) => Check::Floats(vec![match relation {
            Relation::Equal => (value, value),
            Relation::Less => (f64::NEG_INFINITY, value.next_down()),
            Relation::LessEqual => (f64::NEG_INFINITY, value),
            Relation::Greater => (value.next_up(), f64::INFINITY),
            Relation::GreaterEqual => (value, f64::INFINITY),
        }]),
        Literal::Bytes(bytes) => match relation {
            Relation::Equal => Check::Ranges(vec![(bytes.clone(), bytes)]),
            other => Check::Order(other, bytes),
        },
    }
}

/// The check that a value is in a set of ranges; each with its lowest and highest literal.
pub(super) fn set(members: Vec<(Literal, Literal)>) -> Result<Check, String> {
    let (mut integers, mut floats, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (low, high) in members {
        match (low, high) {
            (Literal::Integers(low), Literal::Integers(high)) if low == high => {
                integers.extend(low);
            }
            (Literal::Integers(low), Literal::Integers(high)) => {
                let low = low.iter().map(|(low, _)| *low).min().unwrap_or(0);
                let high = high.iter().map(|(_, high)| *high).max().unwrap_or(0);
                integers.push((low, high));
            }
            (Literal::Float(low), Literal::Float(high)) => floats.push((low, high)),
            (Literal::Bytes(low), Literal::Bytes(high)) => bytes.push((low, high)),
            _ => return Err("the ends of a range must be of one kind".to_owned()),
        }
    }
    let backwards = integers.iter().any(|(low, high)| low > high)
        || floats.iter().any(|(low, high)| low > high)
        || bytes.iter().any(|(low, high)| low > high);
    if backwards {
        return Err("a range whose first value is greater than its last; swap them".to_owned());
    }
    Ok(match (integers.is_empty(), floats.is_empty()) {
        (false, _) => Check::Integers(integers),
        (_, false) => Check::Floats(floats),
        _ => Check::Ranges(bytes),
    })
}

/// A pattern for `matches`: case does not matter, as in Wireshark; `(?-i)` makes it matter.
pub(super) fn pattern(lexed: &Lexed<'_>) -> Result<Regex, String> {
    let text = match &lexed.token {
        Token::Word(word) => *word,
        Token::Quoted(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                return Err(format!(
                    "a pattern must be UTF-8 ({error}); write bytes as r\"(?-u)\\xff\""
                ));
            }
        },
        Token::Sign(_) => return Err("a pattern is missing here; write it in quotes".to_owned()),
    };
    if text.len() > MAX_LITERAL {
        return Err(format!("a pattern of more than {MAX_LITERAL} bytes; shorten it"));
    }
    RegexBuilder::new(text)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(MAX_PATTERN_MEMORY)
        .dfa_size_limit(MAX_PATTERN_MEMORY)
        .nest_limit(MAX_PATTERN_DEPTH)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!(
                "the pattern needs more than the {MAX_PATTERN_MEMORY} bytes allowed; repeat less"
            ),
            // The last line says what is wrong; those before it show where.
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or("").trim_start_matches("error: ");
                format!("the pattern cannot be read: {last}")
            }
        })
}

/// A name or number of a field of whole numbers.
fn whole_number(field: &'static Field, text: &str) -> Result<Vec<(i128, i128)>, String> {
    if let Some(value) = integer(text) {
        return Ok(vec![(value, value)]);
    }
    if let Some(value) = pairs(field, text) {
        return Ok(vec![(value, value)]);
    }
    if let Some(names) = field.names {
        let wanted = simplified(text);
        let named = |value: &u64| names(*value).is_some_and(|name| simplified(name) == wanted);
        let all = NAMED.iter().cloned().flatten();
        let found: Vec<_> =
            all.filter(named).map(|value| (i128::from(value), i128::from(value))).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let known: Vec<&str> = value_names(field).collect();
        return Err(format!(
            "no value of {} is called '{text}'{}",
            field.name,
            suggest::did_you_mean(text, known.iter().copied())
                .unwrap_or_else(|| "; write a number or one of its names, in quotes".to_owned())
        ));
    }
    if field.form == Form::Flag {
        return match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(vec![(1, 1)]),
            "false" | "no" => Ok(vec![(0, 0)]),
            _ => Err(format!("'{text}' is neither yes nor no; write 1, 0, true or false")),
        };
    }
    Err(wrong(field, Kind::Integer, text))
}

/// A number in hexadecimal as all its bytes, as the standard writes suites: 00:0f:ac:02.
fn pairs(field: &Field, text: &str) -> Option<i128> {
    let Form::Hex(digits) = field.form else { return None };
    let bytes = hex_bytes(text).filter(|_| text.contains([':', '-']))?;
    if bytes.len().saturating_mul(2) != usize::from(digits) {
        return None;
    }
    Some(bytes.iter().fold(0, |value, byte| value << 8 | i128::from(*byte)))
}

/// Names of the values of a field, in the order of the values, each once.
pub(super) fn value_names(field: &'static Field) -> impl Iterator<Item = &'static str> {
    let mut last = None;
    let values = field.names.into_iter().flat_map(|_| NAMED.iter().cloned().flatten());
    values.filter_map(move |value| {
        let name = field.names.and_then(|names| names(value))?;
        (last != Some(name)).then(|| {
            last = Some(name);
            name
        })
    })
}

/// Case, blanks, hyphens and underscores make no difference between names.
fn simplified(name: &str) -> String {
    let kept = name.chars().filter(|character| !matches!(character, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).collect()
}

/// A whole number: decimal or hexadecimal, with sign.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let value = match hex {
        Some(digits) if !digits.starts_with(['-', '+']) => u64::from_str_radix(digits, 16),
        Some(_) => return None,
        None => digits.parse::<u64>(),
    };
    let value = i128::from(value.ok()?);
    Some(if negative { value.saturating_neg() } else { value })
}

fn number(text: &str) -> Option<f64> {
    match integer(text) {
        Some(value) => Some(value as f64),
        // `inf` and `nan` are read as numbers elsewhere.
        None if text.chars().any(|character| character.is_ascii_digit()) => {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        }
        None => None,
    }
}

/// The lowest and highest address that a text stands for; `Ok(None)` when it is no address at all.
fn address(text: &str) -> Result<Option<(i128, i128)>, String> {
    if text.eq_ignore_ascii_case("broadcast") {
        let all = i128::from(MacAddr::BROADCAST.to_u64());
        return Ok(Some((all, all)));
    }
    let (digits, bits) = match text.split_once('/') {
        Some((digits, bits)) => match bits.parse::<u32>().ok().filter(|bits| *bits <= 48) {
            Some(bits) => (digits, Some(bits)),
            None => return Err(format!("'/{bits}': an address has 48 bits; write /0 to /48")),
        },
        None => (text, None),
    };
    let Some(bytes) = hex_bytes(digits).filter(|bytes| (1..=6).contains(&bytes.len())) else {
        return Ok(None);
    };
    let given = u32::try_from(bytes.len()).unwrap_or(6).saturating_mul(8);
    let mut octets = [0u8; 6];
    for (place, byte) in octets.iter_mut().zip(&bytes) {
        *place = *byte;
    }
    let below = 48u32.saturating_sub(bits.unwrap_or(given));
    let mask = 1u64.checked_shl(below).map_or(u64::MAX, |limit| limit.saturating_sub(1));
    let low = MacAddr(octets).to_u64() & !mask;
    Ok(Some((i128::from(low), i128::from(low | mask))))
}

/// Pairs of hex digits, with `:` or `-` between all of them or none.
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let separated = text.contains([':', '-']);
    let pairs: Vec<&str> = if separated {
        text.split([':', '-']).collect()
    } else {
        (0..text.len())
            .step_by(2)
            .map(|at| text.get(at..at.saturating_add(2)))
            .collect::<Option<_>>()?
    };
    let byte = |pair: &&str| {
        let digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        digits.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    };
    pairs.iter().map(byte).collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

/// First and last nanosecond that a text stands for: seconds, a day, or a moment of RFC 3339.
fn time(text: &str) -> Option<(i128, i128)> {
    const SECOND_NS: i128 = 1_000_000_000;
    const DAY_NS: i128 = 86_400 * SECOND_NS;
    let moment =
        |text: &str| Timestamp::parse_rfc3339(text).ok().map(|time| i128::from(time.unix_ns()));
    if text.len() == 10 && text.contains('-') {
        let start = moment(&format!("{text}T00:00:00Z"))?;
        return Some((start, start.saturating_add(DAY_NS).saturating_sub(1)));
    }
    if text.contains('-') || text.contains(':') {
        let with_t = text.replacen(' ', "T", 1);
        let exact = moment(&with_t).or_else(|| moment(&format!("{with_t}Z")))?;
        return Some((exact, exact));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let start = integer(whole)?.checked_mul(SECOND_NS)?.checked_add(fraction)?;
    Some((start, start))
}
