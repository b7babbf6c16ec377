//! Who else is at the radios, whether they are switched off, and whether the port is free.

use super::machine::{RadioFound, radios_found};
use super::{Check, Outcome};
use crate::control;
use pw_model::words::counted;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

/// Programs that take a radio for a connection, as `/proc/PID/comm` names them (15 characters).
const MANAGERS: [&str; 6] =
    ["NetworkManager", "wpa_supplicant", "iwd", "hostapd", "connmand", "dhcpcd"];

/// For each radio, who else may use it.
pub(in crate::commands) fn others_at_the_radios() -> Vec<Check> {
    let running = running_managers();
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let wifi = radios_found().into_iter().filter_map(|found| match found {
        RadioFound::Wifi(name) => Some(name),
        RadioFound::Live(_) => None,
    });
    wifi.map(|interface| {
        let index =
            fs::read_to_string(Path::new("/sys/class/net").join(&interface).join("ifindex"))
                .unwrap_or_default();
        let managed =
            fs::read_to_string(Path::new("/run/NetworkManager/devices").join(index.trim()))
                .ok()
                .and_then(|text| network_manager_has_it(&text));
        let users = users_of(&interface, &running, managed);
        judge(&interface, &users, carries_the_default_route(&routes, &interface))
    })
    .collect()
}

/// Name and arguments of each manager that runs.
fn running_managers() -> Vec<(String, String)> {
    let mut running = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(name) = fs::read_to_string(path.join("comm")) else { continue };
        if MANAGERS.contains(&name.trim()) {
            let arguments = fs::read_to_string(path.join("cmdline")).unwrap_or_default();
            running.push((name.trim().to_owned(), arguments.replace('\0', " ")));
        }
    }
    running.sort();
    running.dedup();
    running
}

/// `managed=` in NetworkManager's own record of the device; `None` when it does not say.
fn network_manager_has_it(record: &str) -> Option<bool> {
    record.lines().find_map(|line| match line.trim() {
        "managed=true" => Some(true),
        "managed=false" => Some(false),
        _ => None,
    })
}

/// Those of the running managers that have this interface, or may have it.
fn users_of(
    interface: &str,
    running: &[(String, String)],
    network_manager: Option<bool>,
) -> Vec<String> {
    let mut users: Vec<String> = running
        .iter()
        .filter(|(name, arguments)| match name.as_str() {
            "NetworkManager" => network_manager != Some(false),
            // Started by hand or by ifupdown it names its interfaces; started over D-Bus it does
            // not, and does what NetworkManager says.
            "wpa_supplicant" => {
                let names_it = arguments
                    .split(' ')
                    .any(|word| word.strip_prefix("-i").unwrap_or(word) == interface);
                let is_asked = arguments.split(' ').any(|word| word.starts_with("-u"));
                names_it || (is_asked && network_manager != Some(false))
            }
            _ => true,
        })
        .map(|(name, _)| name.clone())
        .collect();
    users.dedup();
    users
}

fn judge(interface: &str, users: &[String], default_route: bool) -> Check {
    let title = format!("use of {interface}");
    if default_route {
        let words = "this machine's connection goes through it; monitor mode would cut it";
        return Check::new(title, Outcome::Attention, words).advise(format!(
            "leave {interface} out of the sources and listen with another radio, or connect by cable"
        ));
    }
    if users.is_empty() {
        return Check::new(title, Outcome::Good, "no program that connects is at it");
    }
    Check::new(title, Outcome::Attention, format!("{} may change its mode", users.join(" and ")))
        .advise(advice(interface, users))
}

fn advice(interface: &str, users: &[String]) -> String {
    let one = |user: &String| match user.as_str() {
        "NetworkManager" => format!(
            "in /etc/NetworkManager/conf.d/piwardrive.conf write the two lines [keyfile] and \
             unmanaged-devices=interface-name:{interface}, then: sudo systemctl reload NetworkManager"
        ),
        "wpa_supplicant" if users.iter().any(|user| user == "NetworkManager") => {
            "wpa_supplicant then leaves it alone too".to_owned()
        }
        "dhcpcd" => format!("in /etc/dhcpcd.conf write: denyinterfaces {interface}"),
        other => format!("stop {other} on {interface}"),
    };
    users.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// From `/proc/net/route`: interface, then destination 00000000.
fn carries_the_default_route(routes: &str, interface: &str) -> bool {
    routes.lines().skip(1).any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some(interface) && fields.next() == Some("00000000")
    })
}

/// Whether a switch holds the radios off: on a Raspberry Pi until a country is set.
pub(in crate::commands) fn radio_switches() -> Check {
    let name = "radio switch";
    let (mut soft, mut hard, mut radios) = (0u32, 0u32, 0u32);
    for entry in fs::read_dir("/sys/class/rfkill").into_iter().flatten().flatten() {
        let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        if read("type").trim() == "wlan" {
            radios += 1;
            soft += u32::from(read("soft").trim() == "1");
            hard += u32::from(read("hard").trim() == "1");
        }
    }
    if hard > 0 {
        let words = format!("{hard} of {radios} radios are off by a switch of the machine");
        return Check::new(name, Outcome::Bad, words).advise("turn the switch on");
    }
    if soft > 0 {
        return Check::new(name, Outcome::Bad, format!("{soft} of {radios} radios are held off"))
            .advise(
                "sudo rfkill unblock wifi; on Raspberry Pi OS set the country first: \
                 sudo raspi-config nonint do_wifi_country XX",
            );
    }
    if radios == 0 {
        return Check::new(name, Outcome::NotAvailable, "no radio has one");
    }
    Check::new(name, Outcome::Good, counted(u64::from(radios), "radio is", "radios are") + " on")
}

/// Whether desktops can be listened for, or the sensor already does.
pub(in crate::commands) fn port(listen: SocketAddr, state: &Path) -> Check {
    let name = "port";
    match UdpSocket::bind(listen) {
        Ok(_free) => Check::new(name, Outcome::Good, format!("{listen} (UDP) is free")),
        Err(error) => {
            if control::ask(state, "status").is_ok() {
                let words = format!("the running sensor listens on {listen} (UDP)");
                return Check::new(name, Outcome::Good, words);
            }
            Check::new(name, Outcome::Bad, format!("{listen} (UDP): {error}")).advise(format!(
                "see who has it: sudo ss -ulpn sport = :{}; or change listen in the configuration",
                listen.port()
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, words)| ((*name).to_owned(), (*words).to_owned())).collect()
    }

    #[test]
    fn who_is_at_a_radio() {
        let by_bus = "/sbin/wpa_supplicant -u -s -O DIR=/run/wpa_supplicant";
        let by_name = "wpa_supplicant -B -iwlan1 -c /etc/x.conf";
        let both = running(&[("NetworkManager", ""), ("wpa_supplicant", by_bus)]);
        for (list, managed, users) in [
            (both.clone(), Some(true), "NetworkManager wpa_supplicant"),
            (both.clone(), None, "NetworkManager wpa_supplicant"),
            (both, Some(false), ""),
            (running(&[("wpa_supplicant", by_name)]), None, "wpa_supplicant"),
            (running(&[("wpa_supplicant", "wpa_supplicant -i wlan1")]), None, "wpa_supplicant"),
            (running(&[("wpa_supplicant", "wpa_supplicant -iwlan10")]), None, ""),
            (running(&[("dhcpcd", "")]), Some(false), "dhcpcd"),
            (running(&[]), None, ""),
        ] {
            assert_eq!(users_of("wlan1", &list, managed).join(" "), users, "{list:?} {managed:?}");
        }
        assert_eq!(network_manager_has_it("[device]\nmanaged=false\n"), Some(false));
        assert_eq!(network_manager_has_it("[device]\nmanaged=unknown\n"), None);
    }

    #[test]
    fn the_machines_own_connection_is_not_taken() {
        let routes = "Iface\tDestination\tGateway\nwlan0\t00000000\t0101A8C0\neth0\t0001A8C0\t0\n";
        assert!(carries_the_default_route(routes, "wlan0"));
        assert!(!carries_the_default_route(routes, "eth0"));
        let check = judge("wlan0", &[], true);
        assert_eq!(check.outcome, Outcome::Attention);
        assert!(check.advice.is_some_and(|advice| advice.contains("wlan0")));
        assert_eq!(judge("wlan1", &[], false).outcome, Outcome::Good);
    }

    #[test]
    fn a_taken_port_is_found() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let taken = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("bound");
        let check = port(address, folder.path());
        assert_eq!(check.outcome, Outcome::Bad, "{}", check.words);
        drop(taken);
        assert_eq!(port(address, folder.path()).outcome, Outcome::Good);
    }
}
