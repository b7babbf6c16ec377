//! The system below the sensor: kernel, libpcap, rights, receivers' devices, the state folder.

use super::{Account, Check, Outcome};
use crate::commands::bytes_words;
use crate::config::JournalConfig;
use crate::health;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The oldest kernel with all that is used: nl80211's split answers came with 3.10.
const OLDEST_KERNEL: (u32, u32) = (3, 10);
/// The oldest libpcap that the sensor is built for: 1.5 brought immediate mode and nanoseconds.
const OLDEST_LIBPCAP: (u32, u32) = (1, 5);
/// CAP_NET_ADMIN and CAP_NET_RAW of linux/capability.h.
const CAPABILITIES: [(u32, &str); 2] = [(12, "CAP_NET_ADMIN"), (13, "CAP_NET_RAW")];
/// The installed service's unit.
const UNIT: &str = "/usr/lib/systemd/system/piwardrive-sensor.service";
/// Less free space than this is bad, less than the other is worth a look.
const LEAST_FREE_BYTES: u64 = 100 << 20;
const COMFORTABLE_FREE_BYTES: u64 = 4 << 30;

/// Kernel, processor and, where it says so, the model of the machine.
pub(in crate::commands) fn kernel() -> Check {
    let name = "kernel";
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let model = fs::read_to_string("/proc/device-tree/model").ok();
    let model = model.map(|model| format!(", {}", model.trim_end_matches('\0').trim()));
    let words = format!("Linux {release}, {}{}", std::env::consts::ARCH, model.unwrap_or_default());
    match version(release) {
        Some(found) if found >= OLDEST_KERNEL => Check::new(name, Outcome::Good, words),
        Some(_) => Check::new(name, Outcome::Bad, format!("{words}: too old"))
            .advise("install a system with Linux 3.10 or later"),
        None => Check::new(name, Outcome::NotAvailable, "this machine does not say"),
    }
}

/// The libpcap that this program runs with.
pub(in crate::commands) fn libpcap() -> Check {
    let name = "libpcap";
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let Some(release) = library_release(&maps, "libpcap.so.") else {
        return Check::new(
            name,
            Outcome::NotAvailable,
            "the system does not say which one is used",
        );
    };
    match version(release) {
        Some(found) if found >= OLDEST_LIBPCAP => Check::new(name, Outcome::Good, release),
        _ => Check::new(name, Outcome::Bad, format!("{release}: too old or not known"))
            .advise("install libpcap 1.5 or later (Debian: libpcap0.8)"),
    }
}

/// What stands after `name` in the file name of a loaded library.
fn library_release<'a>(maps: &'a str, name: &str) -> Option<&'a str> {
    let path = maps
        .lines()
        .find_map(|line| line.split_whitespace().nth(5).filter(|p| p.contains(name)))?;
    path.rsplit('/').next()?.strip_prefix(name)
}

/// The first two numbers of a release.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether whoever runs this may capture and tune, or the service may.
pub(in crate::commands) fn capabilities() -> Check {
    let name = "rights";
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let Some(missing) = missing_capabilities(&status) else {
        return Check::new(name, Outcome::NotAvailable, "the kernel does not say which there are");
    };
    if missing.is_empty() {
        return Check::new(name, Outcome::Good, "this user may capture and tune radios");
    }
    let words = format!("this user lacks {}", missing.join(" and "));
    if Path::new(UNIT).exists() {
        let words = format!("{words}; the service gets them from its unit");
        return Check::new(name, Outcome::Good, words);
    }
    Check::new(name, Outcome::Bad, words).advise(
        "install the package and use its service, run the sensor with sudo, or: \
         sudo setcap cap_net_raw,cap_net_admin+ep PATH/piwardrive-sensor",
    )
}

/// From proc(5), `CapEff`; `None` when it is not there.
fn missing_capabilities(status: &str) -> Option<Vec<&'static str>> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let held = u64::from_str_radix(line.trim(), 16).ok()?;
    let missing = CAPABILITIES.iter().filter(|(bit, _)| held & (1 << bit) == 0);
    Some(missing.map(|(_, name)| *name).collect())
}

/// Serial devices that may be receivers, and whether the sensor's user may read them.
pub(in crate::commands) fn serial_receivers(account: Option<&Account>) -> Vec<Check> {
    let mut devices: Vec<String> = fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            ["ttyACM", "ttyUSB", "ttyAMA", "serial", "gps"].iter().any(|p| name.starts_with(p))
        })
        .filter(|name| name.bytes().any(|byte| byte.is_ascii_digit()))
        .collect();
    devices.sort();
    if devices.is_empty() {
        let words = "no serial device that could be a receiver; gpsd may have another way to one";
        return vec![Check::new("receiver", Outcome::NotAvailable, words)];
    }
    devices.iter().map(|name| serial_receiver(&Path::new("/dev").join(name), account)).collect()
}

fn serial_receiver(path: &Path, account: Option<&Account>) -> Check {
    let name =
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (data, account) = match (fs::metadata(path), account) {
        (Ok(data), Some(account)) => (data, account),
        (Err(error), _) => {
            return Check::new(name, Outcome::NotAvailable, format!("{}: {error}", path.display()));
        }
        (_, None) => {
            let words = format!("{}: the system does not say who may read it", path.display());
            return Check::new(name, Outcome::NotAvailable, words);
        }
    };
    let user = &account.name;
    if account.may_use(&data) {
        let words = format!("{} can be read by {user}", path.display());
        return Check::new(name, Outcome::Good, words);
    }
    let words = format!("{} cannot be read by {user}", path.display());
    Check::new(name, Outcome::Attention, words).advise(format!(
        "leave it to gpsd, or: sudo usermod --append --groups dialout {user}, and log in again"
    ))
}

/// Whether the state folder is closed to others and has room.
pub(in crate::commands) fn state_folder(state: &Path, account: Option<&Account>) -> Check {
    let name = "state folder";
    let shown = state.display();
    let Some(there) = state.ancestors().find(|path| path.exists()) else {
        return Check::new(name, Outcome::Bad, format!("{shown}: no such place"));
    };
    let free = health::disk_free_bytes(there);
    let free_words = free.map_or_else(|| "unknown".to_owned(), bytes_words);
    if free.is_some_and(|free| free < LEAST_FREE_BYTES) {
        return Check::new(name, Outcome::Bad, format!("{shown}: only {free_words} free"))
            .advise("make room, or set state in the configuration to a larger disk");
    }
    if there != state {
        let words = format!("{shown} is made at the first start; {free_words} free");
        return Check::new(name, Outcome::Good, words);
    }
    let data = match fs::metadata(state) {
        Ok(data) => data,
        Err(error) => return Check::new(name, Outcome::Bad, format!("{shown}: {error}")),
    };
    if data.mode() & 0o077 != 0 {
        let words =
            format!("{shown} has mode {:o}: others can reach the keys", data.mode() & 0o777);
        return Check::new(name, Outcome::Bad, words).advise(format!("sudo chmod 700 {shown}"));
    }
    if let Some(account) = account.filter(|account| account.user_id != data.uid()) {
        let words = format!("{shown} belongs to user {}, not to {}", data.uid(), account.name);
        return Check::new(name, Outcome::Bad, words)
            .advise(format!("sudo chown --recursive {0}: {shown}", account.name));
    }
    let words = format!("{shown}, for its owner only; {free_words} free");
    if free.is_some_and(|free| free < COMFORTABLE_FREE_BYTES) {
        return Check::new(name, Outcome::Attention, words).advise(
            "a day at 2,000 frames a second takes up to 2 GB: make room, or set quota_mib lower",
        );
    }
    Check::new(name, Outcome::Good, words)
}

/// Whether the journal is sealed, and whether the key is where it helps.
pub(in crate::commands) fn journal_key(journal: &JournalConfig, state: &Path) -> Check {
    let name = "journal key";
    match journal.sealing() {
        Ok(None) => Check::new(
            name,
            Outcome::NotAvailable,
            "the journal is not sealed: whoever takes the disk can read what was heard",
        ),
        Ok(Some(sealing)) => {
            let words = format!(
                "{}, key {}; {}",
                sealing.path().display(),
                sealing.id(),
                if sealing.seals() {
                    "new records are sealed"
                } else {
                    "it only opens old records"
                }
            );
            if sealing.lies_beside(state) == Some(true) {
                let words = format!("{words}; it lies on the same disk as the journal");
                return Check::new(name, Outcome::Attention, words).advise(
                    "put it on a stick that does not stay with the sensor; whoever takes the disk \
                     has both",
                );
            }
            Check::new(name, Outcome::Good, words)
        }
        // The service manager hands a credential to the service alone.
        Err(error) if is_credential(journal) => {
            let words = format!("only the service can read it: {error:#}");
            Check::new(name, Outcome::NotAvailable, words)
        }
        Err(error) => Check::new(name, Outcome::Bad, format!("{error:#}"))
            .advise("the sensor does not start without it; nothing stored is changed meanwhile"),
    }
}

fn is_credential(journal: &JournalConfig) -> bool {
    journal.key_file.as_ref().is_some_and(|path| path.to_string_lossy().starts_with("credential:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_the_system_says_is_read() {
        assert_eq!(version("6.12.25+rpt-rpi-v8"), Some((6, 12)));
        assert_eq!(version("1.10.3"), Some((1, 10)));
        assert_eq!(version(""), None);
        assert!(version("2.6.39").is_some_and(|found| found < OLDEST_KERNEL));
        let maps = "7f00-7f01 r-xp 00000000 08:01 42  /usr/lib/x/libpcap.so.1.10.3\n";
        assert_eq!(library_release(maps, "libpcap.so."), Some("1.10.3"));
        assert_eq!(library_release("7f00-7f01 r-xp 0 0 0\n", "libpcap.so."), None);
        for (line, missing) in [
            ("CapEff:\t0000000000003000\n", Some(vec![])),
            ("CapEff:\t0000000000001000\n", Some(vec!["CAP_NET_RAW"])),
            ("CapEff:\t0000000000000000\n", Some(vec!["CAP_NET_ADMIN", "CAP_NET_RAW"])),
            ("CapEff:\tx\n", None),
            ("", None),
        ] {
            assert_eq!(missing_capabilities(line), missing, "{line}");
        }
    }

    #[test]
    fn an_open_state_folder_is_bad() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let state = folder.path().join("state");
        assert!(state_folder(&state, None).words.contains("first start"));
        fs::create_dir(&state).expect("made");
        let check = |mode: u32, account: Option<&Account>| {
            fs::set_permissions(&state, Permissions::from_mode(mode)).expect("set");
            state_folder(&state, account)
        };
        let open = check(0o755, None);
        assert_eq!(open.outcome, Outcome::Bad);
        assert!(open.words.contains("755"), "{}", open.words);
        assert_ne!(check(0o700, None).outcome, Outcome::Bad);
        let owner = fs::metadata(&state).expect("there").uid();
        let other = Account { name: "other".to_owned(), user_id: owner + 1, group_ids: [1].into() };
        assert_eq!(check(0o700, Some(&other)).outcome, Outcome::Bad);
    }

    #[test]
    fn a_key_beside_the_journal_and_a_missing_one_are_said() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut journal = JournalConfig::default();
        assert_eq!(journal_key(&journal, folder.path()).outcome, Outcome::NotAvailable);
        let path = folder.path().join("key");
        journal.key_file = Some(path.clone());
        assert_eq!(journal_key(&journal, folder.path()).outcome, Outcome::Bad);
        crate::journal::new_key(&path).expect("made");
        let beside = journal_key(&journal, folder.path());
        assert_eq!(beside.outcome, Outcome::Attention);
        assert!(beside.words.contains("same disk"), "{}", beside.words);
        // /proc is another file system wherever there is one.
        assert_eq!(journal_key(&journal, Path::new("/proc")).outcome, Outcome::Good);
        journal.key_file = Some("credential:nonsense".into());
        assert_eq!(journal_key(&journal, folder.path()).outcome, Outcome::NotAvailable);
    }

    #[test]
    fn a_device_of_others_is_said() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let device = folder.path().join("ttyUSB0");
        fs::write(&device, "").expect("written");
        fs::set_permissions(&device, Permissions::from_mode(0o660)).expect("set");
        let owner = fs::metadata(&device).expect("there");
        let account = |user_id: u32, group: u32| Account {
            name: "piwardrive".to_owned(),
            user_id,
            group_ids: [group].into(),
        };
        let mine = account(owner.uid() + 1, owner.gid());
        assert_eq!(serial_receiver(&device, Some(&mine)).outcome, Outcome::Good);
        let not_mine = account(owner.uid() + 1, owner.gid() + 1);
        let check = serial_receiver(&device, Some(&not_mine));
        assert_eq!(check.outcome, Outcome::Attention);
        assert!(check.advice.is_some_and(|advice| advice.contains("dialout piwardrive")));
    }
}
