//! Tests whose promises cross crates.
