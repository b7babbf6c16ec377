//! `piwardrive`: the window, and everything it can do from the command line.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
