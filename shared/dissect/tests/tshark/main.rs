//! Every frame of every capture compared with what `tshark -T fields` says of it.
//!
//! Runs where tshark is installed and the captures are present (see `truth.rs`); elsewhere each test
//! says that it was skipped. tshark runs once per capture for all tests together.

mod airtime;
mod fields;
mod frames;
mod radio;
mod rows;
mod written;
