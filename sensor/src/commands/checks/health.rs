//! What the kernel says of supply, memory, wear and USB, as checks.

use super::{Check, Outcome};
use crate::commands::bytes_words;
use crate::machine::Machine;
use pw_model::words::counted;
use pw_model::{DiskWear, Memory, Reading, Timestamp, UsbDevices};
use std::path::Path;

/// One check each.
pub(in crate::commands) fn machine(state: &Path, time: Timestamp) -> Vec<Check> {
    // Before the first start the state folder is not there; what holds it is.
    let there = state.ancestors().find(|folder| folder.exists()).unwrap_or(state);
    let details = Machine::new("/").details(time, there, Vec::new());
    vec![
        check("supply", &details.under_voltage, |low| match low {
            false => (Outcome::Good, "its voltage is high enough".to_owned()),
            true => (Outcome::Bad, "its voltage is too low".to_owned()),
        }),
        check("memory", &details.memory, |memory: &Memory| {
            let words = format!(
                "{} of {} free",
                bytes_words(memory.available_bytes),
                bytes_words(memory.total_bytes)
            );
            // The sensor itself needs some 100 MiB under load.
            let enough = memory.available_bytes >= 128 << 20;
            (if enough { Outcome::Good } else { Outcome::Attention }, words)
        }),
        check("wear", &details.disk_wear, |wear: &DiskWear| {
            (if wear.is_worn() { Outcome::Attention } else { Outcome::Good }, wear.words())
        }),
        check("USB", &details.usb, |usb: &UsbDevices| {
            (Outcome::Good, counted(u64::from(usb.devices), "device", "devices"))
        }),
    ]
}

fn check<T>(
    name: &str,
    reading: &Reading<T>,
    judge: impl FnOnce(&T) -> (Outcome, String),
) -> Check {
    match reading {
        Reading::Known(value) => {
            let (outcome, words) = judge(value);
            Check::new(name, outcome, words)
        }
        Reading::NotAvailable(why) => Check::new(name, Outcome::NotAvailable, why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_something() {
        let checks = machine(Path::new("/no/such/folder/yet"), Timestamp::from_unix_secs(0));
        assert_eq!(checks.len(), 4);
        assert!(checks.iter().all(|check| !check.words.is_empty()));
        let memory = checks.iter().find(|check| check.name == "memory").expect("looked at");
        assert!(memory.words.contains(" of "), "{}", memory.words);
    }
}
