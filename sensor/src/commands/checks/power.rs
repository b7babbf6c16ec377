//! Whether a Raspberry Pi is held back by its power supply or its heat.

use super::{Check, Outcome};
use crate::machine::Machine;
use pw_model::{Reading, Throttling};

/// What the firmware says of voltage and throttling.
pub(in crate::commands) fn throttling() -> Check {
    match Machine::new("/").throttling() {
        Reading::Known(flags) => judge(flags),
        Reading::NotAvailable(why) => Check::new("power", Outcome::NotAvailable, why),
    }
}

fn judge(flags: Throttling) -> Check {
    let outcome = match (flags.now().is_empty(), flags.since_start().is_empty()) {
        (true, true) => return Check::new("power", Outcome::Good, flags.words()),
        (true, false) => Outcome::Attention,
        (false, _) => Outcome::Bad,
    };
    Check::new("power", outcome, flags.words()).advise(if flags.is_low_voltage() {
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
        for (flags, outcome, words) in [
            (0, Outcome::Good, "never"),
            (0x5_0000, Outcome::Attention, "voltage is too low, the processor is"),
            (0x5_0005, Outcome::Bad, "voltage is too low"),
            (0x8, Outcome::Bad, "soft temperature"),
        ] {
            let check = judge(Throttling(flags));
            assert_eq!(check.outcome, outcome, "{flags:x}");
            assert!(check.words.contains(words), "{flags:x}: {}", check.words);
            assert_eq!(check.advice.is_none(), outcome == Outcome::Good, "{flags:x}");
        }
    }
}
