//! The sensor's program.

use clap::Parser;
use pw_sensor::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap prints usage errors itself, and leaves with 2.
    pw_sensor::commands::run(Cli::parse())
}
