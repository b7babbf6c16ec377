//! A fuzz target per parser. A target takes any bytes and panics only where the parser breaks a promise.
//!
//! `cargo test --package pw_fuzz` replays the corpora. To search for new inputs (nightly, cargo-fuzz):
//!
//! ```sh
//! cargo run --package pw_fuzz --example corpus -- unpack target/corpus
//! cargo +nightly fuzz run --fuzz-dir tests/fuzz/libfuzzer frame target/corpus/frame
//! cargo run --package pw_fuzz --example corpus -- pack target/corpus
//! ```

mod check;
pub mod corpus;
mod files;
mod frames;

pub use check::CheckedSink;

/// Bytes in, nothing out; panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target with its name, which is also that of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("radiotap", frames::radiotap),
    ("prism", frames::prism),
    ("avs", frames::avs),
    ("ppi", frames::ppi),
    ("cooked", frames::cooked),
    ("frame", frames::frame),
    ("elements", frames::elements),
    ("observe", frames::observe),
    ("capture", files::capture),
    ("segment", files::segment),
    ("link", files::link),
];

/// Runs the target of this name.
///
/// # Panics
/// There is no such target, or a promise is broken.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.unwrap_or_else(|| panic!("no fuzz target {name}"));
    target(data);
}
