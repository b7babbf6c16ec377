//! Whether a Raspberry Pi is held back by its power supply or its heat.

use super::{Check, Outcome};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the firmware's driver shows the flags.
const SYSFS: &str = "/sys/devices/platform/soc/soc:firmware/get_throttled";

/// The flags of the firmware's `get_throttled`: bit, word; the same word 16 bits up for "since the
/// start" (Raspberry Pi documentation, vcgencmd).
const FLAGS: [(u32, &str); 4] = [
    (0, "the supply's voltage is too low"),
    (1, "the processor's frequency is capped"),
    (2, "the processor is throttled"),
    (3, "the soft temperature limit is reached"),
];

/// What the firmware says of voltage and throttling.
pub(in crate::commands) fn throttling() -> Check {
    match flags() {
        Some(flags) => judge(flags),
        None => Check::new(
            "power",
            Outcome::NotAvailable,
            "no Raspberry Pi firmware tells of voltage and throttling here",
        ),
    }
}

fn flags() -> Option<u32> {
    if Path::new(SYSFS).exists() {
        return parse(&std::fs::read_to_string(SYSFS).ok()?);
    }
    let output = Command::new("vcgencmd")
        .arg("get_throttled")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// `throttled=0x50005`, or the bare number as the driver shows it.
fn parse(text: &str) -> Option<u32> {
    let number = text.trim();
    let number = number.strip_prefix("throttled=").unwrap_or(number);
    u32::from_str_radix(number.strip_prefix("0x").unwrap_or(number), 16).ok()
}

fn judge(flags: u32) -> Check {
    let words = |shift: u32| -> Vec<&str> {
        FLAGS
            .iter()
            .filter(|(bit, _)| flags & (1 << (bit + shift)) != 0)
            .map(|(_, word)| *word)
            .collect()
    };
    let (now, before) = (words(0), words(16));
    let (outcome, words) = match (now.as_slice(), before.as_slice()) {
        ([], []) => return Check::new("power", Outcome::Good, "enough, and never throttled"),
        ([], before) => {
            (Outcome::Attention, format!("good now; since the start: {}", before.join(", ")))
        }
        (now, _) => (Outcome::Bad, now.join(", ")),
    };
    let low = flags & 0x1_0001 != 0;
    Check::new("power", outcome, words).advise(if low {
        "use a supply and a cable that hold 5 V under load, and a powered hub for the radios"
    } else {
        "give it a heat sink or a fan, and keep it out of the sun"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_firmware() {
        for (text, outcome, words) in [
            ("throttled=0x0\n", Outcome::Good, "never"),
            ("throttled=0x50000\n", Outcome::Attention, "voltage is too low, the processor is"),
            ("50005\n", Outcome::Bad, "voltage is too low"),
            ("0x8", Outcome::Bad, "soft temperature"),
        ] {
            let check = judge(parse(text).expect(text));
            assert_eq!(check.outcome, outcome, "{text}");
            assert!(check.words.contains(words), "{text}: {}", check.words);
            assert_eq!(check.advice.is_none(), outcome == Outcome::Good, "{text}");
        }
        assert_eq!(parse("VCHI initialization failed"), None);
        assert_eq!(parse(""), None);
    }
}
