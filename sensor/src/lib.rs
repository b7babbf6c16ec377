//! The headless sensor: listens, dissects, journals, streams.
