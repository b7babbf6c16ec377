//! `piwardrive simulate`

use super::arguments::Simulate;
use super::exchange::may_write;
use super::output::stdout;
use anyhow::Result;
use pw_engine::simulate;
use std::io::Write;

pub(super) fn run(arguments: &Simulate) -> Result<()> {
    // A capture of a real drive may have the same name.
    for name in simulate::FILES {
        may_write(&arguments.out.join(name), arguments.force)?;
    }
    let made = simulate::write_folder(&arguments.scenario, arguments.seed, &arguments.out)?;
    let mut out = stdout();
    for file in &made.files {
        writeln!(out, "{}", file.display())?;
    }
    writeln!(out, "simulated: {}", made.words)?;
    Ok(out.flush()?)
}
