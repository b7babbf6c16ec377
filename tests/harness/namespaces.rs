//! A sensor and a desktop on machines of their own, as far as the network goes. Needs root.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// Two network namespaces with two wires between them; gone when dropped.
#[derive(Debug)]
pub struct Namespaces {
    /// Name of the sensor's.
    pub sensor: String,
    /// Name of the desktop's.
    pub desktop: String,
}

fn ip(arguments: &str) -> Result<()> {
    let output = Command::new("ip").args(arguments.split(' ')).output().context("ip")?;
    ensure!(
        output.status.success(),
        "ip {arguments}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

impl Namespaces {
    /// The sensor is 10.9.0.1, and reached by the first wire from 10.9.1.2, by the second from
    /// 10.9.2.2.
    ///
    /// # Errors
    /// The system does not allow it: not root, or `ip` is not installed.
    pub fn create() -> Result<Self> {
        let own = std::process::id();
        let names = Self { sensor: format!("pws{own}"), desktop: format!("pwd{own}") };
        let Self { sensor, desktop } = &names;
        ip(&format!("netns add {sensor}"))?;
        ip(&format!("netns add {desktop}"))?;
        ip(&format!("-n {sensor} link set lo up"))?;
        ip(&format!("-n {desktop} link set lo up"))?;
        ip(&format!("-n {sensor} address add 10.9.0.1/32 dev lo"))?;
        for wire in [1, 2] {
            ip(&format!(
                "link add pws{wire} netns {sensor} type veth peer name pwd{wire} netns {desktop}"
            ))?;
            ip(&format!("-n {sensor} address add 10.9.{wire}.1/24 dev pws{wire}"))?;
            ip(&format!("-n {desktop} address add 10.9.{wire}.2/24 dev pwd{wire}"))?;
            ip(&format!("-n {sensor} link set pws{wire} up"))?;
            ip(&format!("-n {desktop} link set pwd{wire} up"))?;
        }
        names.lead_over(1)?;
        Ok(names)
    }

    /// The desktop reaches the sensor over this wire from now on.
    ///
    /// # Errors
    /// There is no such wire.
    pub fn lead_over(&self, wire: u8) -> Result<()> {
        ip(&format!("-n {} route replace 10.9.0.1/32 via 10.9.{wire}.1", self.desktop))
    }

    /// A command that runs `program` in one of the two.
    #[must_use]
    pub fn command(namespace: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(program);
        command
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in [&self.sensor, &self.desktop] {
            if let Err(error) = ip(&format!("netns del {name}")) {
                eprintln!("{error:#}");
            }
        }
    }
}
