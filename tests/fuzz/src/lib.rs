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
mod families;
mod files;
mod frames;
mod outputs;

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
    ("elements_alliance", families::alliance),
    ("elements_channel_switch", families::channel_switch),
    ("elements_drone_id", families::drone_id),
    ("elements_eht", families::eht),
    ("elements_extended_capabilities", families::extended_capabilities),
    ("elements_fast_transition", families::fast_transition),
    ("elements_he", families::he),
    ("elements_he_operation", families::he_operation),
    ("elements_ht", families::ht),
    ("elements_identity", families::identity),
    ("elements_interworking", families::interworking),
    ("elements_load", families::load),
    ("elements_makers", families::makers),
    ("elements_measurement", families::measurement),
    ("elements_mesh", families::mesh),
    ("elements_multi_link", families::multi_link),
    ("elements_multiple_bssid", families::multiple_bssid),
    ("elements_neighbour", families::neighbour),
    ("elements_open_drone_id", families::open_drone_id),
    ("elements_others", families::others),
    ("elements_p2p", families::p2p),
    ("elements_rates", families::rates),
    ("elements_regulatory", families::regulatory),
    ("elements_rsn", families::rsn),
    ("elements_twt", families::twt),
    ("elements_vht", families::vht),
    ("elements_wmm", families::wmm),
    ("elements_wps", families::wps),
    ("eapol", frames::eapol),
    ("action", frames::action),
    ("data", frames::data),
    ("observe", frames::observe),
    ("outputs", outputs::outputs),
    ("filter", outputs::filter),
    ("capture", files::capture),
    ("segment", files::segment),
    ("link", files::link),
    ("levels", files::levels),
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
