//! How addresses and times are written in results: as people and other programs write them.

use pw_model::{MacAddr, Timestamp};
use serde::Serializer;

/// `02:00:5e:10:00:01`.
pub(super) fn address<S: Serializer>(address: &MacAddr, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(address)
}

/// The address, or null.
pub(super) fn maybe_address<S: Serializer>(
    address: &Option<MacAddr>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => out.collect_str(address),
        None => out.serialize_none(),
    }
}

/// RFC 3339 in UTC, or null.
pub(super) fn maybe_time<S: Serializer>(
    time: &Option<Timestamp>,
    out: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => out.serialize_str(&time.rfc3339()),
        None => out.serialize_none(),
    }
}
