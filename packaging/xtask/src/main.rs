//! `cargo xtask deb`: makes the sensor's Debian package, for this machine or for a Raspberry Pi.

mod cross;
mod deb;
mod elf;

use anyhow::{Context, Result, bail};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
Usage: cargo xtask deb [--arch amd64|arm64] [--binary FILE] [--install]

  --arch     the machine that the package is for [default: amd64]
  --binary   take this sensor instead of building one
  --install  for arm64: install the cross compiler first (with apt-get, as root), and say what

amd64 is built with the machine's own Rust and libpcap. arm64 (Raspberry Pi OS 12 or later) is
built on a Debian or Ubuntu of amd64 with Debian's own Rust for arm64, unpacked below target/.
The package is written to target/deb/.";

/// What the package is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arch {
    /// 64-bit PC.
    Amd64,
    /// 64-bit Raspberry Pi.
    Arm64,
}

impl Arch {
    /// Debian's name.
    pub(crate) const fn debian(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    arch: Arch,
    binary: Option<PathBuf>,
    install: bool,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty() || words.iter().any(|word| word == "--help" || word == "-h") {
        return match writeln!(std::io::stdout(), "{USAGE}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_gone) => ExitCode::FAILURE,
        };
    }
    let options = match parse(&words) {
        Ok(options) => options,
        Err(error) => {
            say(&format!("xtask: {error}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(package) => {
            say(&format!("xtask: wrote {}", package.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn parse(words: &[String]) -> Result<Options> {
    let mut options = Options { arch: Arch::Amd64, binary: None, install: false };
    let mut words = words.iter().map(String::as_str);
    match words.next() {
        Some("deb") => {}
        other => bail!("'{}' is no task; there is: deb", other.unwrap_or_default()),
    }
    while let Some(word) = words.next() {
        match word {
            "--arch" => {
                options.arch = match words.next() {
                    Some("amd64") => Arch::Amd64,
                    Some("arm64") => Arch::Arm64,
                    other => {
                        bail!("--arch '{}': amd64 or arm64", other.unwrap_or_default())
                    }
                }
            }
            "--binary" => {
                options.binary = Some(words.next().context("--binary needs a file")?.into());
            }
            "--install" => options.install = true,
            other => bail!("'{other}' is not understood"),
        }
    }
    Ok(options)
}

fn run(options: Options) -> Result<PathBuf> {
    let binary = match options.binary {
        Some(binary) => binary,
        None => match options.arch {
            Arch::Amd64 => build_here()?,
            Arch::Arm64 => cross::build(options.install)?,
        },
    };
    deb::build(options.arch, &binary)
}

fn build_here() -> Result<PathBuf> {
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        bail!("amd64 packages are built on Linux on a 64-bit PC");
    }
    run_command(
        Command::new(cargo()).current_dir(root()).args([
            "build",
            "--release",
            "--locked",
            "--package",
            "pw_sensor",
        ]),
        "",
    )?;
    Ok(target().join("release/piwardrive-sensor"))
}

/// The cargo that runs this.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Where build output goes.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command to its good end; `advice` says what to do where the program is not there.
pub(crate) fn run_command(command: &mut Command, advice: &str) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} does not start{advice}"))?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Says something to the person. Where even stderr is gone, nobody is left to tell.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_or_refused() {
        let parse = |words: &[&str]| {
            parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        let arm = Options { arch: Arch::Arm64, binary: Some("x".into()), install: true };
        let words = ["deb", "--arch", "arm64", "--binary", "x", "--install"];
        assert_eq!(parse(&words).expect("good"), arm);
        for words in [&["rpm"][..], &["deb", "--arch"], &["deb", "--arch", "mips"], &["deb", "x"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
        assert!(root().join("Cargo.lock").exists());
    }
}
