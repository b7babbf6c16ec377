//! `piwardrive simulate`

use super::arguments::Simulate;
use super::output::stdout;
use anyhow::Result;
use pw_engine::simulate;
use std::io::Write;

pub(super) fn run(arguments: &Simulate) -> Result<()> {
    let made = simulate::write_folder(&arguments.scenario, arguments.seed, &arguments.out)?;
    let mut out = stdout();
    for file in &made.files {
        writeln!(out, "{}", file.display())?;
    }
    writeln!(out, "simulated: {}", made.words)?;
    Ok(out.flush()?)
}
