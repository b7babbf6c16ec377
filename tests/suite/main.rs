//! Promises that cross crates, one file each.

mod boundaries;
mod tidy;
