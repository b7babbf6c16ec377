//! The filter of tables and of `--where`: words, terms, `and`, `or`, `not`, parentheses.

mod parse;
mod term;
#[cfg(test)]
mod tests;

use crate::snapshot::{AccessPoint, Client};
use pw_model::MacAddr;
use term::{Term, Vendor};

/// Chooses devices. See [`Filter::help`] for what can be written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    /// `None` matches everything.
    expression: Option<Expression>,
}

#[derive(Clone, PartialEq, Debug)]
enum Expression {
    Term(Term),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
}

/// Why a text is not a filter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("filter, character {}: {message}", position + 1)]
pub struct FilterError {
    /// Character of the text where it goes wrong, counted from 0.
    pub position: usize,
    /// What is wrong and what to write.
    pub message: String,
}

impl Filter {
    /// Reads a filter. An empty text matches everything.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(|expression| Self { expression })
    }

    /// True when everything passes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.expression.is_none()
    }

    /// True when `ap` passes. `vendor` gives the maker's name of an address where it is known.
    pub fn matches_ap<V: AsRef<str>>(
        &self,
        ap: &AccessPoint,
        vendor: impl Fn(MacAddr) -> Option<V>,
    ) -> bool {
        let vendor: &Vendor<'_> = &|part| {
            vendor(ap.bssid).is_some_and(|name| name.as_ref().to_lowercase().contains(part))
        };
        self.expression.as_ref().is_none_or(|e| e.holds(&|term| term.matches_ap(ap, vendor)))
    }

    /// True when `client` passes. `vendor` gives the maker's name of an address where it is known.
    /// Terms that only networks can have, like `channel:6`, no client passes.
    pub fn matches_client<V: AsRef<str>>(
        &self,
        client: &Client,
        vendor: impl Fn(MacAddr) -> Option<V>,
    ) -> bool {
        let vendor: &Vendor<'_> = &|part| {
            vendor(client.address).is_some_and(|name| name.as_ref().to_lowercase().contains(part))
        };
        let expression = self.expression.as_ref();
        expression.is_none_or(|e| e.holds(&|term| term.matches_client(client, vendor)))
    }

    /// What can be written, in a few lines.
    #[must_use]
    pub const fn help() -> &'static str {
        "\
Words are looked for in name, address and maker; all must be found: cafe 5g
  ssid:NAME  bssid:02:00  vendor:NAME  note:TEXT  country:DE   parts of the text
  security:WPA2|WPA3|WPA|WEP|OWE|open|weak|unknown   pmf:required|capable|no|unknown
  channel:6  band:2.4|5|6  frequency:2437  width:80  standard:b|g|n|ac|ax|be
  rssi>-60  frames>100  beacons>=1  bytes<1000  clients>0       also = >= <=, blanks too: rssi > -60
  seen>2026-05-01T10:00:00Z  seen<2026-05-02  first>…  last<…   times in UTC
  hidden  known  wps  mesh  adhoc  random  pseudonym  note      yes or no
Put together with and, or, not and ( ); quotes keep blanks: ssid:\"Guest net\" not (band:5 or weak)"
    }
}

impl Expression {
    fn holds(&self, matches: &dyn Fn(&Term) -> bool) -> bool {
        match self {
            Self::Term(term) => matches(term),
            Self::Not(inner) => !inner.holds(matches),
            Self::And(all) => all.iter().all(|e| e.holds(matches)),
            Self::Or(any) => any.iter().any(|e| e.holds(matches)),
        }
    }
}
