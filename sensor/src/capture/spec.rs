//! What `--source` says.

use super::Pace;
use pw_model::Origin;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A source of frames.
#[derive(Clone, PartialEq, Debug)]
pub enum SourceSpec {
    /// `wifi:IFACE`: a radio that is put into monitor mode and hops.
    Wifi {
        /// The interface.
        interface: String,
    },
    /// `live:IFACE`: an interface that delivers 802.11 frames already.
    Live {
        /// The interface.
        interface: String,
    },
    /// `file:PATH[,speed=1|N|max]`: a capture file; in real time unless said.
    File {
        /// The file.
        path: PathBuf,
        /// How fast it is played.
        pace: Pace,
    },
    /// `sim:SCENARIO[,speed=1|N|max]`: a scenario file, or a built-in one by name; as fast as it goes
    /// unless said.
    Simulated {
        /// The file or name.
        scenario: PathBuf,
        /// How fast it is played.
        pace: Pace,
    },
}

impl SourceSpec {
    /// What its frames are. A capture that says of itself that it was simulated stays so; one that
    /// cannot be read is refused where it is opened.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Wifi { .. } | Self::Live { .. } => Origin::Live,
            Self::File { path, .. } if says_simulated(path) => Origin::Simulated,
            Self::File { .. } => Origin::Replay,
            Self::Simulated { .. } => Origin::Simulated,
        }
    }
}

/// How far into a capture its own comment may stand.
const START: u64 = 4096;

fn says_simulated(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.is_ok() && pw_simulate::is_marked(&start)
}

impl FromStr for SourceSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is no source: wifi:IFACE, live:IFACE, file:PATH[,speed=1|N|max] or sim:SCENARIO.toml"
            )
        };
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        if rest.is_empty() {
            return Err(wrong());
        }
        match kind {
            "wifi" => Ok(Self::Wifi { interface: interface(rest)? }),
            "live" => Ok(Self::Live { interface: interface(rest)? }),
            "file" => {
                let (path, pace) = with_pace(rest, Pace::Times(1.0))?;
                Ok(Self::File { path: PathBuf::from(path), pace })
            }
            "sim" => {
                let (path, pace) = with_pace(rest, Pace::Unlimited)?;
                Ok(Self::Simulated { scenario: PathBuf::from(path), pace })
            }
            _ => Err(wrong()),
        }
    }
}

fn with_pace(rest: &str, usual: Pace) -> Result<(&str, Pace), String> {
    match rest.rsplit_once(",speed=") {
        Some((path, pace)) if !path.is_empty() => Ok((path, pace.parse()?)),
        _ => Ok((rest, usual)),
    }
}

/// The kernel's rule for names: up to 15 bytes, no slash, no blank.
fn interface(name: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_graphic() && c != '/' && c != ':';
    if name.len() <= 15 && name.chars().all(allowed) && !matches!(name, "." | "..") {
        Ok(name.to_owned())
    } else {
        Err(format!("'{name}' is no interface name; see: ip link"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<SourceSpec, String> {
        text.parse()
    }

    #[test]
    fn specs() {
        let file = |path: &str, pace| SourceSpec::File { path: PathBuf::from(path), pace };
        assert_eq!(spec("file:a,b.pcap"), Ok(file("a,b.pcap", Pace::Times(1.0))));
        assert_eq!(spec("file:a:b.pcap,speed=1"), Ok(file("a:b.pcap", Pace::Times(1.0))));
        assert_eq!(spec("file:x,speed=max"), Ok(file("x", Pace::Unlimited)));
        assert_eq!(spec("live:mon0"), Ok(SourceSpec::Live { interface: "mon0".to_owned() }));
        assert_eq!(spec("wifi:wlan1").map(|spec| spec.origin()), Ok(Origin::Live));
        assert_eq!(spec("sim:demo,speed=10").map(|spec| spec.origin()), Ok(Origin::Simulated));
        for wrong in
            ["", "wlan0", "live:", "live:a/b", "wifi:averylongname1234", "file:x,speed=0", "tcp:x"]
        {
            assert!(spec(wrong).is_err(), "{wrong}");
        }
    }
}
