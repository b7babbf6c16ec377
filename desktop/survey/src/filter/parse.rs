//! From the text of a filter to its expression.

use super::term::{Moment, Protected, Quantity, Relation, Term, Trait};
use super::{Expression, FilterError};
use pw_model::{Band, SecurityLabel, Standard, Timestamp};

/// Deepest nesting of parentheses and `not`; deeper ones are an error, not a full stack.
const MAX_DEPTH: usize = 64;

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A word, with the value behind its operator if it has one.
    Word {
        text: String,
        value: Option<(Relation, String, usize)>,
        quoted: bool,
    },
}

type Tokens = Vec<(usize, Token)>;

fn error<T>(position: usize, message: impl Into<String>) -> Result<T, FilterError> {
    Err(FilterError { position, message: message.into() })
}

/// Reads a whole filter; `None` for an empty one.
pub(super) fn parse(text: &str) -> Result<Option<Expression>, FilterError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens, at: 0, end: text.chars().count() };
    let expression = parser.any(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(Some(expression)),
        Some((position, _)) => error(*position, "')' without '('"),
    }
}

fn tokens(text: &str) -> Result<Tokens, FilterError> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Tokens::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let single = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '!' => Some(Token::Not),
            _ => None,
        };
        if let Some(token) = single {
            tokens.push((at, token));
            at += 1;
        } else {
            let (token, next) = word(&chars, at)?;
            tokens.push((at, token));
            at = next;
        }
    }
    Ok(tokens)
}

/// Reads one word from `start` on, and where it ends.
fn word(chars: &[char], start: usize) -> Result<(Token, usize), FilterError> {
    let mut text = String::new();
    let mut operator: Option<(Relation, usize)> = None;
    let mut name = String::new();
    let mut quoted = false;
    let mut at = start;
    while let Some(&c) = chars.get(at) {
        match c {
            '"' => {
                let rest = &chars[at + 1..];
                let Some(len) = rest.iter().position(|c| *c == '"') else {
                    return error(at, "this quote is not closed");
                };
                text.extend(&rest[..len]);
                quoted = true;
                at += len + 2;
            }
            '(' | ')' => break,
            c if c.is_whitespace() => match after_blanks(chars, at, &name, &text, operator) {
                Some(next) if !quoted => {
                    at = next;
                    if let Some((_, from)) = &mut operator {
                        *from = next;
                    }
                }
                _ => break,
            },
            ':' | '=' | '<' | '>' if operator.is_none() && !quoted => {
                let or_equal = c != ':' && c != '=' && chars.get(at + 1) == Some(&'=');
                let relation = match (c, or_equal) {
                    ('>', false) => Relation::Above,
                    ('>', true) => Relation::AtLeast,
                    ('<', false) => Relation::Below,
                    ('<', true) => Relation::AtMost,
                    _ => Relation::Equal,
                };
                at += 1 + usize::from(or_equal);
                operator = Some((relation, at));
                name = std::mem::take(&mut text);
            }
            c => {
                text.push(c);
                at += 1;
            }
        }
    }
    let token = match operator {
        Some((relation, from)) => {
            // Colons between hex digits make an address, not a term.
            if relation == Relation::Equal && is_address_part(&name, &text) {
                Token::Word { text: format!("{name}:{text}"), value: None, quoted: true }
            } else {
                Token::Word { text: name, value: Some((relation, text, from)), quoted }
            }
        }
        None => match text.to_lowercase().as_str() {
            "and" | "&&" if !quoted => Token::And,
            "or" | "||" if !quoted => Token::Or,
            "not" if !quoted => Token::Not,
            _ => Token::Word { text, value: None, quoted },
        },
    };
    Ok((token, at))
}

/// Where a term goes on behind blanks: at the operator after a name (`rssi >`), or at the value after
/// an operator (`> -60`). `None` where the blank ends the word.
fn after_blanks(
    chars: &[char],
    at: usize,
    name: &str,
    text: &str,
    operator: Option<(Relation, usize)>,
) -> Option<usize> {
    let rest = chars.get(at..)?;
    let next = at + rest.iter().position(|c| !c.is_whitespace())?;
    let c = *chars.get(next)?;
    let Some((relation, _)) = operator else {
        return matches!(c, ':' | '=' | '<' | '>').then_some(next);
    };
    // An address that is being typed (`02:`) is whole words, as before.
    if !text.is_empty() || (relation == Relation::Equal && is_address_part(name, "")) {
        return None;
    }
    // A joining word is no value: `rssi> and wps` lacks one.
    let end = |c: &char| c.is_whitespace() || matches!(c, '(' | ')');
    let word: String = chars.get(next..)?.iter().take_while(|c| !end(c)).collect();
    let joins = matches!(word.to_lowercase().as_str(), "and" | "&&" | "or" | "||" | "not");
    (!joins && !matches!(c, '(' | ')' | '!')).then_some(next)
}

/// `02` before and `00:5e` after a colon.
fn is_address_part(name: &str, rest: &str) -> bool {
    let pair = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit());
    let mut parts = rest.split(':').peekable();
    let mut fits = pair(name);
    while let Some(part) = parts.next() {
        // While it is being typed, the last pair may not be whole yet.
        let last = parts.peek().is_none();
        fits &=
            pair(part) || (last && part.len() < 2 && part.chars().all(|c| c.is_ascii_hexdigit()));
    }
    fits
}

struct Parser {
    tokens: Tokens,
    at: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn any(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            parts.push(self.all(depth)?);
        }
        Ok(joined(parts, Expression::Or))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let mut parts = vec![self.one(depth)?];
        loop {
            match self.peek() {
                Some(Token::And) => self.at += 1,
                Some(Token::Or | Token::Close) | None => break,
                Some(_) => {}
            }
            parts.push(self.one(depth)?);
        }
        Ok(joined(parts, Expression::And))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, FilterError> {
        let Some((position, token)) = self.tokens.get(self.at).cloned() else {
            return error(self.end, "a term is missing here");
        };
        if depth > MAX_DEPTH {
            return error(position, "nested too deeply");
        }
        self.at += 1;
        match token {
            Token::Not => Ok(Expression::Not(Box::new(self.one(depth + 1)?))),
            Token::Open => {
                let inner = self.any(depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return error(position, "this '(' is not closed");
                }
                self.at += 1;
                Ok(inner)
            }
            Token::Close => error(position, "a term is missing before ')'"),
            Token::And => error(position, "a term is missing before 'and'"),
            Token::Or => error(position, "a term is missing before 'or'"),
            Token::Word { text, value, quoted } => {
                let term = match value {
                    Some((relation, value, from)) => {
                        field(&text.to_lowercase(), relation, &value, position, from)?
                    }
                    None => bare(text, quoted),
                };
                Ok(Expression::Term(term))
            }
        }
    }
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

fn bare(text: String, quoted: bool) -> Term {
    let lower = text.to_lowercase();
    let is = match lower.as_str() {
        "hidden" => Trait::Hidden,
        "known" => Trait::Known,
        "wps" => Trait::Wps,
        "mesh" => Trait::Mesh,
        "adhoc" => Trait::AdHoc,
        "random" => Trait::Random,
        "pseudonym" => Trait::Pseudonym,
        "note" => Trait::Noted,
        "weak" if !quoted => return Term::Security(Protected::Weak),
        "open" if !quoted => return Term::Security(Protected::Label(lower)),
        _ => return Term::Word(lower),
    };
    if quoted { Term::Word(lower) } else { Term::Is(is) }
}

fn field(
    name: &str,
    relation: Relation,
    value: &str,
    position: usize,
    from: usize,
) -> Result<Term, FilterError> {
    if value.is_empty() {
        return error(from, format!("a value is missing after '{name}'"));
    }
    let quantity = match name {
        "rssi" | "signal" => Some(Quantity::Rssi),
        "frames" => Some(Quantity::Frames),
        "beacons" => Some(Quantity::Beacons),
        "bytes" => Some(Quantity::Bytes),
        "clients" => Some(Quantity::Clients),
        "frequency" => Some(Quantity::FrequencyMhz),
        "width" => Some(Quantity::WidthMhz),
        _ => None,
    };
    if let Some(quantity) = quantity {
        let number: Option<f64> = value.parse().ok().filter(|n: &f64| n.is_finite());
        let Some(number) = number else {
            return error(from, format!("'{value}' is not a number"));
        };
        return Ok(Term::Number(quantity, relation, number));
    }
    let moment = match name {
        "seen" => Some(Moment::Seen),
        "first" => Some(Moment::First),
        "last" => Some(Moment::Last),
        _ => None,
    };
    if let Some(moment) = moment {
        return Ok(Term::Time(moment, relation, time(value, from)?));
    }
    let term = text_field(name, value, position, from)?;
    if relation == Relation::Equal {
        Ok(term)
    } else {
        error(position, format!("'{name}' cannot be compared; write {name}:{value}"))
    }
}

fn text_field(name: &str, value: &str, position: usize, from: usize) -> Result<Term, FilterError> {
    let lower = value.to_lowercase();
    let one_of = |known: &str| error(from, format!("'{value}' is not one of {known}"));
    match name {
        "ssid" | "name" => Ok(Term::Ssid(lower)),
        "bssid" | "address" | "mac" => Ok(Term::Address(lower)),
        "vendor" | "maker" => Ok(Term::Vendor(lower)),
        "note" => Ok(Term::Note(lower)),
        "country" => Ok(Term::Country(lower)),
        "security" => security(lower, value, from),
        "pmf" => match lower.as_str() {
            "required" => Ok(Term::Pmf(Some("required"))),
            "capable" => Ok(Term::Pmf(Some("capable"))),
            "no" => Ok(Term::Pmf(Some("no"))),
            "unknown" => Ok(Term::Pmf(None)),
            _ => one_of("required, capable, no, unknown"),
        },
        "channel" => match lower.parse() {
            Ok(number) => Ok(Term::Channel(number)),
            Err(_) => error(from, format!("'{value}' is not a channel number")),
        },
        "band" => match lower.trim_end_matches("ghz").trim_end() {
            "2.4" | "2" => Ok(Term::Band(Band::Ghz2_4)),
            "5" => Ok(Term::Band(Band::Ghz5)),
            "6" => Ok(Term::Band(Band::Ghz6)),
            "60" => Ok(Term::Band(Band::Ghz60)),
            _ => one_of("2.4, 5, 6, 60"),
        },
        "standard" => match lower.trim_start_matches("802.11") {
            "b" => Ok(Term::Standard(Standard::B)),
            "a" | "g" | "a/g" => Ok(Term::Standard(Standard::AG)),
            "n" => Ok(Term::Standard(Standard::N)),
            "ac" => Ok(Term::Standard(Standard::Ac)),
            "ax" => Ok(Term::Standard(Standard::Ax)),
            "be" => Ok(Term::Standard(Standard::Be)),
            _ => one_of("b, a, g, n, ac, ax, be"),
        },
        _ => error(
            position,
            format!(
                "'{name}' is not known; to look for the text, put it in quotes. Known are ssid, bssid, vendor, security, channel, band, rssi, frames, beacons, clients, pmf, standard, country, frequency, width, bytes, seen, first, last, note"
            ),
        ),
    }
}

fn security(lower: String, value: &str, from: usize) -> Result<Term, FilterError> {
    use SecurityLabel as L;
    const LABELS: [SecurityLabel; 13] = [
        L::Open,
        L::Owe,
        L::Wep,
        L::Wpa,
        L::WpaWpa2,
        L::WpaWpa3Wpa2,
        L::WpaWpa3,
        L::WpaRsnOther,
        L::WpaOwe,
        L::Wpa2,
        L::Wpa3Wpa2,
        L::Wpa3,
        L::RsnOther,
    ];
    let known = LABELS.iter().any(|label| label.name().to_lowercase() == lower);
    match lower.as_str() {
        "weak" => Ok(Term::Security(Protected::Weak)),
        "unknown" => Ok(Term::Security(Protected::Unknown)),
        _ if known => Ok(Term::Security(Protected::Label(lower))),
        _ => error(
            from,
            format!(
                "'{value}' is not one of open, WEP, WPA, WPA2, WPA3, OWE, weak, unknown, or a whole label like WPA3/WPA2"
            ),
        ),
    }
}

/// RFC 3339; without a zone it is UTC, without a time of day it is midnight.
fn time(value: &str, from: usize) -> Result<Timestamp, FilterError> {
    let upper = value.to_uppercase();
    let whole = if upper.contains('T') { upper.clone() } else { format!("{upper}T00:00:00Z") };
    let seconds = format!("{whole}:00Z");
    let utc = format!("{whole}Z");
    let read = [whole.as_str(), &utc, &seconds]
        .into_iter()
        .find_map(|text| Timestamp::parse_rfc3339(text).ok());
    match read {
        Some(time) => Ok(time),
        None => error(
            from,
            format!("'{value}' is not a time; write 2026-05-01T10:00:00Z or 2026-05-01"),
        ),
    }
}
