//! The command line: what can be asked, and the way an answer or an error is given.
//!
//! A contract: names, keys and exit codes only ever grow. 0 is success, 1 failure, 2 wrong usage;
//! an error is one line on standard error.

mod arguments;
mod demo;
mod dissect;
mod exchange;
mod list;
mod locate;
mod output;
mod packets;
mod progress;
mod screenshot;
mod sensors;
mod simulate;
mod survey;
mod table;

use anyhow::Result;
use arguments::{Arguments, Task};
use clap::Parser;
use output::is_closed_pipe;
use pw_app::RuntimeFolder;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// What is logged unless PIWARDRIVE_LOG asks for more: nothing of other crates, whose words about
/// drivers and files would stand between our own lines.
const LOG_FILTER: &str = "off,piwardrive=error,pw_app=error,pw_engine=error,pw_survey=error";

/// Does what the arguments say.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| {
        if error.kind() == clap::error::ErrorKind::DisplayVersion {
            // After the line that other programs read, and only when asked: the lists are unpacked.
            print!("{error}");
            println!("makers' names: {}", pw_engine::vendor_lists());
            std::process::exit(0);
        }
        error.exit()
    });
    let filter =
        EnvFilter::try_from_env("PIWARDRIVE_LOG").unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match dispatch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has seen enough, like `head`: no failure of ours.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("piwardrive: {}", one_line(&error));
            ExitCode::from(if error.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}

/// An argument that clap cannot judge: a filter, a field, a view.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// The error and its causes in one line; causes that the error has told already are left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !line.contains(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    line.replace(['\n', '\r'], " ")
}

fn dispatch(arguments: Arguments) -> Result<()> {
    let Some(task) = arguments.task else { return window(arguments.survey) };
    match task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Pair(arguments) => sensors::pair(&arguments),
        Task::Sensors(arguments) => sensors::run(&arguments),
        Task::Record(arguments) => sensors::record(&arguments),
        Task::Survey(arguments) => survey::run(&arguments),
        Task::Import(arguments) => exchange::import(&arguments),
        Task::Export(arguments) => exchange::export(&arguments),
        Task::List(arguments) => list::run(&arguments),
        Task::Dissect(arguments) => dissect::run(&arguments),
        Task::Packets(arguments) => packets::run(&arguments),
        Task::Locate(arguments) => locate::run(&arguments),
        Task::Report(arguments) => exchange::report(&arguments),
        Task::Simulate(arguments) => simulate::run(&arguments),
        Task::Screenshot(arguments) => {
            let _removed_at_the_end = RuntimeFolder::ensure();
            screenshot::run(&arguments)
        }
    }
}

/// Opens the window. Without a display it says what can be done instead.
fn window(survey: Option<std::path::PathBuf>) -> Result<()> {
    if !has_display() {
        anyhow::bail!(
            "there is no display (neither WAYLAND_DISPLAY nor DISPLAY is set); use the command \
             line (piwardrive --help), or see the whole without a window: piwardrive demo --headless"
        );
    }
    let _removed_at_the_end = RuntimeFolder::ensure();
    pw_app::run_window(survey)
}

/// True where a window can be opened. Only Linux and its relatives can be without one.
fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", target_os = "windows"))
        || set("WAYLAND_DISPLAY")
        || set("WAYLAND_SOCKET")
        || set("DISPLAY")
}
