//! All radios of this machine: what they are, what they can do, and what the country allows.

use super::abilities::RadioAbilities;
use super::adapter::SYS;
use super::control::RadioError;
use super::identity::AdapterIdentity;
use super::netlink::{Answer, Netlink};
use super::regulatory::RegulatoryDomain;
use crate::capture::hardware;
use std::collections::BTreeMap;
use std::path::Path;
use wl_nl80211::{Nl80211Attr, Nl80211Command};

/// Attributes of radios and interfaces (nl80211.h).
const ATTR_WIPHY: u16 = 1;
const ATTR_WIPHY_NAME: u16 = 2;
const ATTR_IFNAME: u16 = 4;
const ATTR_IFTYPE: u16 = 5;

/// What the kernel says of all radios.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Radios {
    /// By the kernel's number.
    pub radios: Vec<FoundRadio>,
    /// Interfaces that deliver 802.11 frames already, whoever tunes them.
    pub delivering: Vec<String>,
    /// What the country allows; `None` when the kernel does not say.
    pub regulatory: Option<RegulatoryDomain>,
    /// Why there is none, or why more cannot be said.
    pub trouble: Option<String>,
}

/// A radio.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FoundRadio {
    /// The kernel's number for it.
    pub wiphy: u32,
    /// The kernel's name for it, like `phy0`.
    pub name: String,
    /// What it can do.
    pub abilities: RadioAbilities,
    /// Its interfaces.
    pub interfaces: Vec<FoundInterface>,
    /// Driver and device in words; empty when not known.
    pub hardware: String,
    /// Who it is; `None` when no interface leads to it.
    pub identity: Option<AdapterIdentity>,
}

/// An interface of a radio.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundInterface {
    /// Its name.
    pub name: String,
    /// Its mode in words, like `managed`.
    pub mode: String,
}

/// Asks the kernel. Changes nothing, and needs no rights.
#[must_use]
pub fn discover() -> Radios {
    let delivering = delivering(Path::new(SYS));
    let none = |trouble: &str| Radios {
        trouble: Some(trouble.to_owned()),
        delivering: delivering.clone(),
        ..Radios::default()
    };
    let words = |error: RadioError| error.to_string();
    let mut netlink = match Netlink::open() {
        Ok(Some(netlink)) => netlink,
        Ok(None) => {
            return none(
                "the kernel has no Wi-Fi subsystem loaded (nl80211): no adapter is plugged in \
                 whose driver it has; see: lsusb, dmesg",
            );
        }
        Err(failure) => return none(&words(failure.about("radios", "be asked"))),
    };
    let mut ask = |command, attributes| {
        netlink
            .dump(command, attributes)
            .map_err(|failure| words(failure.about("radios", "be read")))
    };
    let wiphys = match ask(Nl80211Command::GetWiphy, vec![Nl80211Attr::SplitWiphyDump]) {
        Ok(parts) => parts,
        Err(trouble) => return none(&trouble),
    };
    let interfaces = ask(Nl80211Command::GetInterface, Vec::new());
    let regulatory = netlink.ask(Nl80211Command::GetReg, Vec::new());
    let mut found = gather(&wiphys, interfaces.as_deref().unwrap_or_default());
    for radio in &mut found {
        if let Some(interface) = radio.interfaces.first() {
            radio.hardware = hardware(&interface.name);
            radio.identity = AdapterIdentity::of(Path::new(SYS), &interface.name);
        }
    }
    let trouble = interfaces.err().or_else(|| {
        found.is_empty().then(|| {
            "the kernel knows no Wi-Fi adapter (its Wi-Fi subsystem is loaded); see: lsusb, dmesg"
                .to_owned()
        })
    });
    let regulatory = match &regulatory {
        Ok(parts) => RegulatoryDomain::from_answers(parts),
        Err(_) => None,
    };
    Radios { radios: found, delivering, regulatory, trouble }
}

/// Interfaces whose frames are of 802.11 (ARPHRD_IEEE80211, _PRISM, _RADIOTAP), by name.
fn delivering(sys: &Path) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(sys.join("class/net"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let kind = std::fs::read_to_string(entry.path().join("type")).ok();
            let kind = kind.and_then(|text| text.trim().parse::<i32>().ok());
            matches!(kind, Some(801..=803))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

/// Puts the parts of both dumps together.
fn gather(wiphys: &[Answer], interfaces: &[Answer]) -> Vec<FoundRadio> {
    let number = |message: &Answer| message.number(ATTR_WIPHY);
    let mut parts: BTreeMap<u32, Vec<&Answer>> = BTreeMap::new();
    let mut last = None;
    for message in wiphys {
        // Every part names its radio; should one not, it belongs to the one before.
        last = number(message).or(last);
        if let Some(wiphy) = last {
            parts.entry(wiphy).or_default().push(message);
        }
    }
    let radio = |(wiphy, parts): (u32, Vec<&Answer>)| {
        let name = parts.iter().find_map(|part| part.text(ATTR_WIPHY_NAME));
        let of_it = interfaces.iter().filter(|message| number(message) == Some(wiphy));
        FoundRadio {
            wiphy,
            name: name.unwrap_or_else(|| format!("phy{wiphy}")),
            abilities: RadioAbilities::from_answers(parts),
            interfaces: of_it.filter_map(interface).collect(),
            hardware: String::new(),
            identity: None,
        }
    };
    parts.into_iter().map(radio).collect()
}

fn interface(message: &Answer) -> Option<FoundInterface> {
    let name = message.text(ATTR_IFNAME)?;
    Some(FoundInterface { name, mode: mode_words(message.number(ATTR_IFTYPE)) })
}

/// The mode of an interface (nl80211.h, enum nl80211_iftype) in the words of `iw`.
fn mode_words(mode: Option<u32>) -> String {
    match mode {
        Some(1) => "IBSS".to_owned(),
        Some(2) => "managed".to_owned(),
        Some(3) => "access point".to_owned(),
        Some(6) => "monitor".to_owned(),
        Some(7) => "mesh point".to_owned(),
        Some(other) => format!("mode {other}"),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::netlink::tests::attribute;

    #[test]
    fn parts_are_put_together_by_radio() {
        let wiphy = |number: u32| attribute(ATTR_WIPHY, &number.to_ne_bytes());
        let wiphys = [
            Answer::of(&[wiphy(0), attribute(ATTR_WIPHY_NAME, b"phy0\0")]),
            Answer::of(&[wiphy(3)]),
            Answer::of(&[attribute(ATTR_WIPHY_NAME, b"late\0")]),
        ];
        let interfaces = [
            Answer::of(&[
                wiphy(3),
                attribute(ATTR_IFNAME, b"wlan1\0"),
                attribute(ATTR_IFTYPE, &6_u32.to_ne_bytes()),
            ]),
            Answer::of(&[wiphy(9), attribute(ATTR_IFNAME, b"other\0")]),
        ];
        let radios = gather(&wiphys, &interfaces);
        let told: Vec<_> = radios
            .iter()
            .map(|r| {
                (r.wiphy, r.name.as_str(), r.interfaces.iter().map(|i| i.mode.as_str()).collect())
            })
            .collect::<Vec<(u32, &str, Vec<&str>)>>();
        assert_eq!(told, [(0, "phy0", vec![]), (3, "late", vec!["monitor"])]);
    }

    #[test]
    fn where_there_is_none_it_says_why() {
        let found = discover();
        assert_eq!(found.radios.is_empty(), found.trouble.is_some(), "{found:?}");
    }
}
