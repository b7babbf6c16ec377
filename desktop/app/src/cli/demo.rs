//! `piwardrive demo`

use super::arguments::Demo;
use anyhow::Result;

pub(super) fn run(_arguments: &Demo) -> Result<()> {
    anyhow::bail!("INTERIM")
}
