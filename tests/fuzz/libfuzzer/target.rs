//! One program for every target: its name says which.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pw_fuzz::run(env!("CARGO_BIN_NAME"), data));
