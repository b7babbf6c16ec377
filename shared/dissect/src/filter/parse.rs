//! The grammar of filters, from tokens to a program.
//!
//! ```text
//! or      = and { ("or" | "||") and }
//! and     = not { ("and" | "&&") not }
//! not     = ("not" | "!") not | "(" or ")" | test
//! test    = ["any" | "all"] field [slice] [operator value | ["not"] "in" set]
//! set     = "{" range { "," range } "}"         range = value [".." value]
//! slice   = "[" start ":" length | first "-" last | index "]"
//! ```

use super::check::{Check, Relation, Slice};
use super::lex::{Lexed, Sign, Token, lex};
use super::literal::{self, Kind};
use super::program::{Node, Pair, Program, Subject, Test};
use super::{FilterError, similar_fields};
use crate::fields::{self, Field, Form};

/// Deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 64;

/// Most tests in a filter.
pub(super) const MAX_TESTS: usize = 128;

/// Most members of a set.
const MAX_MEMBERS: usize = 1024;

/// Reads a text that is not blank.
pub(super) fn parse(text: &str) -> Result<Program, FilterError> {
    let tokens = lex(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, tests: Vec::new() };
    let root = parser.either(0)?;
    if let Some(extra) = parser.peek() {
        let what = match extra.token {
            Token::Sign(Sign::Close) => "there is no '(' for this ')'; remove it",
            Token::Sign(Sign::SetClose) => "there is no '{' for this '}'; remove it",
            _ => "the filter should end here; join tests with 'and' or 'or'",
        };
        return Err(parser.error(Some(extra), what.to_owned()));
    }
    Ok(Program::new(root, parser.tests))
}

struct Parser<'p> {
    text: &'p str,
    tokens: &'p [Lexed<'p>],
    at: usize,
    tests: Vec<Test>,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p Lexed<'p>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'p Lexed<'p>> {
        let token = self.peek()?;
        self.at = self.at.saturating_add(1);
        Some(token)
    }

    fn peek_sign(&self) -> Option<Sign> {
        match self.peek()?.token {
            Token::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// Steps over `sign` if it is next.
    fn take(&mut self, sign: Sign) -> bool {
        let taken = self.peek_sign() == Some(sign);
        self.at = self.at.saturating_add(usize::from(taken));
        taken
    }

    /// An error at a token, or at the end of the text.
    fn error(&self, at: Option<&Lexed<'_>>, message: String) -> FilterError {
        let span = at.map_or(self.text.len()..self.text.len(), |token| token.start..token.end);
        FilterError::new(self.text, span, message)
    }

    fn either(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut parts = vec![self.both(depth)?];
        while self.take(Sign::Or) {
            parts.push(self.both(depth)?);
        }
        Ok(Node::any(parts))
    }

    fn both(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut parts = vec![self.negated(depth)?];
        while self.take(Sign::And) {
            parts.push(self.negated(depth)?);
        }
        Ok(Node::all(parts))
    }

    fn negated(&mut self, depth: usize) -> Result<Node, FilterError> {
        let here = self.peek();
        if depth >= MAX_DEPTH {
            let message = format!("nested deeper than the {MAX_DEPTH} allowed; simplify it");
            return Err(self.error(here, message));
        }
        let deeper = depth.saturating_add(1);
        if self.take(Sign::Not) {
            return Ok(Node::Not(Box::new(self.negated(deeper)?)));
        }
        if self.take(Sign::Open) {
            let inner = self.either(deeper)?;
            if !self.take(Sign::Close) {
                let message = match self.peek() {
                    None => "a ')' is missing for the '(' before".to_owned(),
                    Some(_) => "'and', 'or' or ')' is missing before this".to_owned(),
                };
                return Err(self.error(self.peek(), message));
            }
            return Ok(inner);
        }
        self.test()
    }

    fn add(&mut self, test: Test) -> Result<Node, FilterError> {
        let number = self.tests.len();
        if number >= MAX_TESTS {
            let message = format!(
                "more than the {MAX_TESTS} tests allowed; put values of one field into a set {{…}}"
            );
            return Err(self.error(self.tokens.get(self.at.saturating_sub(1)), message));
        }
        self.tests.push(test);
        Ok(Node::Test(number))
    }

    fn test(&mut self) -> Result<Node, FilterError> {
        let quantifier = match self.peek_sign() {
            Some(Sign::Any) => Some(false),
            Some(Sign::All) => Some(true),
            _ => None,
        };
        self.at = self.at.saturating_add(usize::from(quantifier.is_some()));
        let (field, named_at) = self.field()?;
        let slice = if self.take(Sign::SliceOpen) { Some(self.slice(field)?) } else { None };
        let subject = Subject { field, slice };
        let operator = self.peek();
        let Some(sign) = self.peek_sign() else { return self.presence(subject, quantifier) };
        self.at = self.at.saturating_add(1);
        let (relation, negate, all) = match sign {
            Sign::Equal => (Relation::Equal, false, false),
            Sign::NotEqual => (Relation::Equal, true, true),
            Sign::AllEqual => (Relation::Equal, false, true),
            Sign::AnyNotEqual => (Relation::Equal, true, false),
            Sign::Less => (Relation::Less, false, false),
            Sign::LessEqual => (Relation::LessEqual, false, false),
            Sign::Greater => (Relation::Greater, false, false),
            Sign::GreaterEqual => (Relation::GreaterEqual, false, false),
            Sign::Contains | Sign::Matches => {
                let check = self.search(subject, sign, operator)?;
                let all = quantifier.unwrap_or(false);
                return self.add(Test::One { subject, check, negate: false, all });
            }
            Sign::In => {
                let check = self.set(subject)?;
                let all = quantifier.unwrap_or(false);
                return self.add(Test::One { subject, check, negate: false, all });
            }
            Sign::Not if self.peek_sign() == Some(Sign::In) => {
                self.at = self.at.saturating_add(1);
                let check = self.set(subject)?;
                let all = quantifier.unwrap_or(false);
                let inside = self.add(Test::One { subject, check, negate: false, all })?;
                return Ok(Node::Not(Box::new(inside)));
            }
            _ => {
                self.at = self.at.saturating_sub(1);
                return self.presence(subject, quantifier);
            }
        };
        let all = quantifier.unwrap_or(all);
        if let Some(right) = self.field_at_right(subject) {
            return self.pair(subject, relation, negate, right, named_at);
        }
        let literal = self.literal(subject)?;
        self.refuse_chain()?;
        let check = literal::relation(relation, literal);
        self.add(Test::One { subject, check, negate, all })
    }

    fn presence(
        &mut self,
        subject: Subject,
        quantifier: Option<bool>,
    ) -> Result<Node, FilterError> {
        if quantifier.is_some() {
            let message = "'any' and 'all' stand before a comparison, like: any wlan.seq > 5";
            return Err(self.error(self.peek(), message.to_owned()));
        }
        if let Some(next) = self.peek()
            && !matches!(next.token, Token::Sign(Sign::And | Sign::Or | Sign::Close))
        {
            let message = format!(
                "an operator is missing after {}: == != < <= > >= contains matches in, or 'and', 'or'",
                subject.field.name
            );
            return Err(self.error(Some(next), message));
        }
        self.add(Test::One { subject, check: Check::Present, negate: false, all: false })
    }

    /// The field that a test is about.
    fn field(&mut self) -> Result<(&'static Field, &'p Lexed<'p>), FilterError> {
        let Some(token) = self.next() else {
            return Err(self.error(None, "a field is missing at the end".to_owned()));
        };
        let Token::Word(name) = token.token else {
            return Err(self.error(Some(token), "the name of a field is missing here".to_owned()));
        };
        let lower = name.to_ascii_lowercase();
        match fields::by_name(&lower) {
            Some(field) => Ok((field, token)),
            None => {
                let like = similar_fields(name).unwrap_or_else(|| {
                    "; piwardrive dissect --list-fields shows all fields".to_owned()
                });
                Err(self.error(Some(token), format!("there is no field '{name}'{like}")))
            }
        }
    }

    fn slice(&mut self, field: &'static Field) -> Result<Slice, FilterError> {
        let token = self.next();
        if !matches!(field.form, Form::Address | Form::Text | Form::Bytes) {
            let message = format!("{} has no bytes to choose from", field.name);
            return Err(self.error(token, message));
        }
        let read = match token.map(|token| &token.token) {
            Some(Token::Word(word)) => slice_bounds(word),
            _ => None,
        };
        let Some(slice) = read else {
            let message = "write [start:length], [first-last] or [index], counted from 0";
            return Err(self.error(token, message.to_owned()));
        };
        if !self.take(Sign::SliceClose) {
            return Err(self.error(self.peek(), "a ']' is missing".to_owned()));
        }
        Ok(slice)
    }

    /// The field at the right of an operator; behind a text field any word is text.
    fn field_at_right(&mut self, subject: Subject) -> Option<(&'static Field, &'p Lexed<'p>)> {
        let token = self.peek()?;
        let Token::Word(name) = token.token else { return None };
        if subject.slice.is_some() || Kind::of(subject.field, None) == Kind::Text {
            return None;
        }
        let field = fields::by_name(name)?;
        self.at = self.at.saturating_add(1);
        Some((field, token))
    }

    fn pair(
        &mut self,
        subject: Subject,
        relation: Relation,
        negate: bool,
        (right, right_at): (&'static Field, &'p Lexed<'p>),
        left_at: &'p Lexed<'p>,
    ) -> Result<Node, FilterError> {
        let left = subject.field;
        for (field, at) in [(left, left_at), (right, right_at)] {
            if field.read.is_none() || field.repeats.is_some() {
                let message = format!(
                    "{} can occur several times in a packet; only fields that occur once can be compared with each other",
                    field.name
                );
                return Err(self.error(Some(at), message));
            }
        }
        if Kind::of(left, None) != Kind::of(right, None) {
            let message =
                format!("{} and {} have different kinds of values", left.name, right.name);
            return Err(self.error(Some(right_at), message));
        }
        self.add(Test::Pair(Pair { left, right, relation, negate }))
    }

    fn literal(&mut self, subject: Subject) -> Result<literal::Literal, FilterError> {
        let kind = Kind::of(subject.field, subject.slice);
        let Some(token) = self.next() else {
            let message = format!("a value for {} is missing at the end", subject.field.name);
            return Err(self.error(None, message));
        };
        literal::read(subject.field, kind, token)
            .map_err(|message| self.error(Some(token), message))
    }

    /// `1 < a < 3` would not mean what it looks like.
    fn refuse_chain(&self) -> Result<(), FilterError> {
        use Sign::{
            AllEqual, AnyNotEqual, Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual,
        };
        match self.peek_sign() {
            Some(
                Equal | NotEqual | AllEqual | AnyNotEqual | Less | LessEqual | Greater
                | GreaterEqual,
            ) => {
                let message = "comparisons cannot be chained; join two with 'and'".to_owned();
                Err(self.error(self.peek(), message))
            }
            _ => Ok(()),
        }
    }

    fn search(
        &mut self,
        subject: Subject,
        sign: Sign,
        operator: Option<&'p Lexed<'p>>,
    ) -> Result<Check, FilterError> {
        let kind = Kind::of(subject.field, subject.slice);
        if !kind.has_bytes() {
            let message = format!(
                "{} is a number; 'contains' and 'matches' look into text, bytes and addresses; \
                 use == < > or in",
                subject.field.name
            );
            return Err(self.error(operator, message));
        }
        let Some(token) = self.next() else {
            return Err(self.error(None, "a value is missing at the end".to_owned()));
        };
        let failed = |message| FilterError::new(self.text, token.start..token.end, message);
        if sign == Sign::Matches {
            return literal::pattern(token)
                .map(|regex| Check::Matches(Box::new(regex)))
                .map_err(failed);
        }
        // Part of an address is bytes.
        let kind = if kind == Kind::Address { Kind::Bytes } else { kind };
        match literal::read(subject.field, kind, token).map_err(failed)? {
            literal::Literal::Bytes(bytes) => {
                Ok(Check::Contains(Box::new(memchr::memmem::Finder::new(&bytes).into_owned())))
            }
            _ => Err(failed("text or bytes are missing here".to_owned())),
        }
    }

    fn set(&mut self, subject: Subject) -> Result<Check, FilterError> {
        let start = self.peek();
        if !self.take(Sign::SetOpen) {
            let message = "a set is missing after 'in', like {1, 6, 11} or {1..5}".to_owned();
            return Err(self.error(start, message));
        }
        let mut members = Vec::new();
        loop {
            if members.len() >= MAX_MEMBERS {
                let message = format!("more than the {MAX_MEMBERS} values allowed in a set");
                return Err(self.error(self.peek(), message));
            }
            let low = self.literal(subject)?;
            let high = if self.take(Sign::Range) { self.literal(subject)? } else { low.clone() };
            members.push((low, high));
            if self.take(Sign::SetClose) {
                break;
            }
            if !self.take(Sign::Comma) {
                let message = "',' or '}' is missing here".to_owned();
                return Err(self.error(self.peek(), message));
            }
        }
        literal::set(members).map_err(|message| self.error(start, message))
    }
}

/// `start:length`, `start:`, `:length`, `first-last` or `index`.
fn slice_bounds(word: &str) -> Option<Slice> {
    let number = |text: &str| text.parse::<u16>().ok().map(usize::from);
    if let Some((start, length)) = word.split_once(':') {
        let start = if start.is_empty() { 0 } else { number(start)? };
        let length = if length.is_empty() { None } else { Some(number(length)?) };
        return Some(Slice { start, length });
    }
    if let Some((first, last)) = word.split_once('-') {
        let first = number(first)?;
        let length = number(last)?.checked_sub(first)?.checked_add(1)?;
        return Some(Slice { start: first, length: Some(length) });
    }
    Some(Slice { start: number(word)?, length: Some(1) })
}
