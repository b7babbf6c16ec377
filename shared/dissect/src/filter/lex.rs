//! The words of a filter: names, numbers, quoted text and signs, each with its place.

use super::FilterError;

/// Longest text of a filter in bytes.
pub(super) const MAX_TEXT: usize = 8192;

/// What a stretch of the text is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token<'t> {
    /// A name, number, address: anything that needs no quotes.
    Word(&'t str),
    /// Quoted text, escapes resolved.
    Quoted(Vec<u8>),
    /// Anything else.
    Sign(Sign),
}

/// Signs, and the words that mean the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `{`
    SetOpen,
    /// `}`
    SetClose,
    /// `[`
    SliceOpen,
    /// `]`
    SliceClose,
    /// `,`
    Comma,
    /// `..`
    Range,
    /// `==`: any occurrence is equal.
    Equal,
    /// `!=`: all occurrences differ.
    NotEqual,
    /// `===`: all occurrences are equal.
    AllEqual,
    /// `!==`: any occurrence differs.
    AnyNotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `contains`
    Contains,
    /// `matches`, `~`
    Matches,
    /// `in`
    In,
    /// `and`, `&&`
    And,
    /// `or`, `||`
    Or,
    /// `not`, `!`
    Not,
    /// `any` before a test.
    Any,
    /// `all` before a test.
    All,
}

/// Signs by their spelling, longer ones before those they begin with.
const SIGNS: [(&str, Sign); 21] = [
    ("===", Sign::AllEqual),
    ("!==", Sign::AnyNotEqual),
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    ("<=", Sign::LessEqual),
    (">=", Sign::GreaterEqual),
    ("&&", Sign::And),
    ("||", Sign::Or),
    ("..", Sign::Range),
    ("(", Sign::Open),
    (")", Sign::Close),
    ("{", Sign::SetOpen),
    ("}", Sign::SetClose),
    ("[", Sign::SliceOpen),
    ("]", Sign::SliceClose),
    (",", Sign::Comma),
    ("<", Sign::Less),
    (">", Sign::Greater),
    ("~", Sign::Matches),
    ("!", Sign::Not),
    ("¬", Sign::Not),
];

/// Words that are signs.
const WORDS: [(&str, Sign); 18] = [
    ("eq", Sign::Equal),
    ("any_eq", Sign::Equal),
    ("ne", Sign::NotEqual),
    ("all_ne", Sign::NotEqual),
    ("all_eq", Sign::AllEqual),
    ("any_ne", Sign::AnyNotEqual),
    ("lt", Sign::Less),
    ("le", Sign::LessEqual),
    ("gt", Sign::Greater),
    ("ge", Sign::GreaterEqual),
    ("contains", Sign::Contains),
    ("matches", Sign::Matches),
    ("in", Sign::In),
    ("and", Sign::And),
    ("or", Sign::Or),
    ("not", Sign::Not),
    ("any", Sign::Any),
    ("all", Sign::All),
];

/// A token and where it stands, in bytes of the text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Lexed<'t> {
    pub(super) token: Token<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// True for characters of names, numbers and addresses.
pub(super) fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | ':' | '-' | '/' | '+')
}

/// How long the word at the start of `text` is, in bytes. `..` ends a word.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next_is_dot = matches!(characters.peek(), Some((_, '.')));
        if !is_word_character(character) || (character == '.' && next_is_dot) {
            return at;
        }
    }
    text.len()
}

/// Splits a text into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<Lexed<'_>>, FilterError> {
    if text.len() > MAX_TEXT {
        return Err(FilterError::new(
            text,
            0..0,
            format!(
                "the filter has {} bytes, more than the {MAX_TEXT} allowed; shorten it",
                text.len()
            ),
        ));
    }
    let mut tokens = Vec::new();
    let mut at = 0usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.len().saturating_sub(rest.trim_start().len());
        at = at.saturating_add(blanks);
        let rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { break };
        let raw = rest.starts_with("r\"") || rest.starts_with("r'");
        let (token, length) = if raw || matches!(first, '"' | '\'') {
            quoted(text, at, raw)?
        } else if let Some((spelling, sign)) = sign_at(rest) {
            (Token::Sign(sign), spelling.len())
        } else {
            let length = word_length(rest);
            let word = rest.get(..length).unwrap_or("");
            if word.is_empty() {
                let advice = match first {
                    '=' => "write == to compare",
                    '&' => "write && or 'and'",
                    '|' => "write || or 'or'",
                    _ => "put text in quotes",
                };
                return Err(FilterError::new(
                    text,
                    at..at.saturating_add(first.len_utf8()),
                    format!("'{first}' means nothing here; {advice}"),
                ));
            }
            (word_token(word), length)
        };
        let end = at.saturating_add(length);
        tokens.push(Lexed { token, start: at, end });
        at = end;
    }
    Ok(tokens)
}

fn sign_at(rest: &str) -> Option<(&'static str, Sign)> {
    SIGNS.iter().find(|(spelling, _)| rest.starts_with(spelling)).copied()
}

fn word_token(word: &str) -> Token<'_> {
    let sign = WORDS.iter().find(|(spelling, _)| word.eq_ignore_ascii_case(spelling));
    sign.map_or(Token::Word(word), |(_, sign)| Token::Sign(*sign))
}

/// A quoted text at `at`: its bytes, and its length with the quotes. `raw` has no escapes.
fn quoted(text: &str, at: usize, raw: bool) -> Result<(Token<'_>, usize), FilterError> {
    let start = at.saturating_add(usize::from(raw));
    let mut characters = text.get(start..).unwrap_or("").char_indices();
    let quote = characters.next().map_or('"', |(_, quote)| quote);
    let mut bytes = Vec::new();
    while let Some((offset, character)) = characters.next() {
        let place = start.saturating_add(offset);
        if character == quote {
            let end = place.saturating_add(1);
            return Ok((Token::Quoted(bytes), end.saturating_sub(at)));
        }
        if character != '\\' {
            let mut buffer = [0; 4];
            bytes.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        let escaped = characters.next().map_or('\0', |(_, escaped)| escaped);
        if raw {
            // A backslash stays, and keeps a quote after it from ending the text.
            bytes.push(b'\\');
            let mut buffer = [0; 4];
            bytes.extend_from_slice(escaped.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        match escape(escaped, &mut characters) {
            Some(byte) => bytes.push(byte),
            None => {
                return Err(FilterError::new(
                    text,
                    place..place.saturating_add(2),
                    "unknown escape; known are \\\\ \\\" \\' \\n \\r \\t \\0 and \\x with two hex \
                     digits; in a pattern write r\"…\" to keep backslashes"
                        .to_owned(),
                ));
            }
        }
    }
    Err(FilterError::new(
        text,
        at..text.len(),
        format!("the text has no end; close it with {quote}"),
    ))
}

fn escape(escaped: char, rest: &mut std::str::CharIndices<'_>) -> Option<u8> {
    Some(match escaped {
        '\\' | '"' | '\'' => u8::try_from(u32::from(escaped)).ok()?,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        '0' => 0,
        'x' => {
            let mut digit = || rest.next().and_then(|(_, digit)| digit.to_digit(16));
            let value = digit()?.checked_mul(16)?.checked_add(digit()?)?;
            u8::try_from(value).ok()?
        }
        _ => return None,
    })
}
