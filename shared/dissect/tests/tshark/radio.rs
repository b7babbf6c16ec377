//! Every field of the radio header and of the capture file that has tshark's name, value by value.

use crate::rows::{Differences, Row, captures};
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Form, Packet, Part, Sink, Span, Value};
use std::collections::BTreeMap;

/// Values of the fields of the capture and radio parts, in order.
#[derive(Default)]
struct Values(BTreeMap<&'static str, Vec<Text>>);

/// A value as a number, or as text where it is none.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Text {
    Number(f64),
    Words(String),
}

impl Sink for Values {
    fn wants(&self, part: Part) -> bool {
        matches!(part, Part::Capture | Part::Radio)
    }

    fn field(&mut self, field: &'static Field, value: Value<'_>, _: Span) {
        let is_ours = matches!(field.part, Part::Capture | Part::Radio);
        // Of headings tshark gives the label.
        if is_ours && field.form != Form::Branch {
            let text = match value.number() {
                // tshark writes times in seconds.
                Some(nanoseconds) if field.form == Form::Time => Text::Number(nanoseconds / 1e9),
                Some(number) => Text::Number(number),
                None => {
                    let mut text = String::new();
                    field.write_plain(&value, &mut text).expect("a String");
                    // As tshark's: line ends are written as \\n, and bytes whose digits happen to be decimal are read as a number.
                    parse(&text.replace("\\x0a", "\\n"))
                }
            };
            self.0.entry(field.name).or_default().push(text);
        }
    }
}

fn parse(text: &str) -> Text {
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|value| value as f64),
        None => text.parse().ok(),
    };
    number.map_or_else(|| Text::Words(text.to_owned()), Text::Number)
}

fn equal(a: &Text, b: &Text) -> bool {
    match (a, b) {
        // tshark writes single precision with few digits.
        (Text::Number(a), Text::Number(b)) => (a - b).abs() <= 1e-5 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// Why a field differs where it does, and what then holds of our and tshark's values.
pub(crate) type Exception = (&'static str, &'static str, fn(&[Text], &[Text]) -> bool);

/// Differences in meaning, each with what both must be.
pub(crate) const EXCEPTIONS: &[Exception] = &[
    ("frame.number", "small captures are joined for tshark", |_, _| true),
    (
        "frame.interface_id",
        "libpcap files have one interface, which tshark does not count; small captures are joined",
        |ours, theirs| *ours == [Text::Number(0.0)] || !theirs.is_empty(),
    ),
    ("wlan_radio.duration", "see the test of the airtime", |_, _| true),
    ("wlan_radio.preamble", "see the test of the airtime", |_, _| true),
    (
        "wlan_radio.short_preamble",
        "ours is the long one where the header says nothing",
        |ours, theirs| *ours == [Text::Number(0.0)] && theirs.is_empty(),
    ),
    (
        "wlan_radio.start_tsf",
        "radiotap's timer is that of the first bit; tshark takes it for the end",
        |ours, theirs| ours.len() == 1 && theirs.len() == 1,
    ),
    ("wlan_radio.end_tsf", "as the start", |ours, theirs| ours.len() == 1 && theirs.len() == 1),
    ("wlan_radio.frequency", "follows from the channel of a Prism header", |ours, theirs| {
        ours.len() == 1 && theirs.is_empty()
    }),
    ("wlan_radio.channel", "of 60 GHz, which tshark does not number", |ours, theirs| {
        ours.len() == 1 && theirs.is_empty()
    }),
    (
        "wlan_radio.phy",
        "tshark tells it by channel flags where there is no rate, which is no PHY of a frame",
        |ours, _| ours.is_empty(),
    ),
    (
        "wlan_radio.signal_dbm",
        "of several antennas tshark has the last value, we the combined first; Prism's RSSI of 0 on the maker's scale it takes for 0 dBm",
        |ours, theirs| ours.len() == theirs.len() || *theirs == [Text::Number(0.0)],
    ),
    ("wlan_radio.snr", "as the signal", |ours, theirs| ours.len() == 1 && theirs.len() == 1),
];

/// Compares all values of one packet; returns how many tshark gave.
pub(crate) fn compare(
    names: &[&'static str],
    exceptions: &[Exception],
    capture: &str,
    packet: &Packet<'_>,
    row: &Row<'_>,
    differences: &mut Differences,
) -> u64 {
    let mut values = Values::default();
    describe(packet, &mut values);
    let mut compared = 0;
    let times_of_others = ["frame.time_relative", "frame.time_delta"];
    for field in names.iter().filter(|name| !row.is_joined || !times_of_others.contains(*name)) {
        let theirs: Vec<Text> = row.all(field).into_iter().map(parse).collect();
        let ours = values.0.remove(field).unwrap_or_default();
        compared += theirs.len() as u64;
        if theirs.len() == ours.len() && theirs.iter().zip(&ours).all(|(a, b)| equal(a, b)) {
            continue;
        }
        let exception = exceptions.iter().find(|(name, ..)| name == field);
        let holds = exception.filter(|(_, _, holds)| holds(&ours, &theirs));
        let class = holds.map_or((*field).to_owned(), |(name, why, _)| format!("{name}: {why}"));
        differences.add(&class, || {
            format!("{capture} #{}: tshark {theirs:?}, ours {ours:?}", packet.captured.number)
        });
    }
    compared
}

#[test]
fn radio_fields_equal_tshark() {
    let Some(captures) = captures() else { return };
    let names = captures.compared_names();
    let mut compared = 0u64;
    let mut differences = Differences::default();
    captures.for_each(|name, packet, row| {
        compared += compare(&names, EXCEPTIONS, name, packet, row, &mut differences);
    });
    let unequal = differences.count(|class| !class.contains(": "));
    eprintln!(
        "{compared} values of {} fields compared, {unequal} differ without reason",
        names.len()
    );
    differences.print();
    assert!(compared > 100_000);
    assert_eq!(unequal, 0);
}
