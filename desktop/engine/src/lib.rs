//! The desktop without a window: link, workers, exchange formats.
