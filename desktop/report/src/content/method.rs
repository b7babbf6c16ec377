//! How the survey was made and what its numbers mean.

use super::{Facts, cover};
use crate::document::Section;
use crate::words;
use pw_analysis::locate::LocateMethod;
use pw_model::Origin;
use std::collections::BTreeMap;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("method", "Method");
    section.paragraph(format!(
        "The survey is passive: receivers listened to what devices send of their own accord, and \
         nothing was transmitted, no network was joined, and no content was decrypted or kept. \
         Data comes from {}.",
        if facts.snapshot.sensors.is_empty() {
            "no source yet".to_owned()
        } else {
            cover::sources(&facts.snapshot.sensors)
        }
    ));
    if facts.snapshot.sensors.iter().any(|sensor| !sensor.guard.sent.is_empty()) {
        section.paragraph(
            "The counters of the radios show that another program on the sensor sent frames \
             meanwhile; the section on the quality of the data says how many.",
        );
    }
    let origins = facts.snapshot.origins();
    if origins.contains(&Origin::Imported) {
        section.paragraph(
            "Imported files were recorded by other programs. How they listened, and whether they \
             only listened, the files do not say.",
        );
    }
    if origins.contains(&Origin::Simulated) {
        section.paragraph("Simulated data was computed from a scenario; no radio heard it.");
    }
    section.heading("What was heard");
    section.paragraph(
        "A receiver hears one channel at a time and goes round the channels it was told to. Access \
         points announce themselves about ten times a second with a beacon that states their name, \
         channel and protection. Protection is reported as announced, from the latest beacon or \
         probe response. Frames with a wrong check sequence are counted, but nothing is learned \
         from them.",
    );
    section.paragraph(format!(
        "Makers are told from the addresses, by the {}; addresses that a device gave itself name \
         none.",
        words::safe(&facts.input.vendor_lists)
    ));
    section.heading("Positions");
    section.paragraph(positions(facts));
    section.heading("Airtime");
    section.paragraph(
        "The airtime of a frame is worked out from its length and data rate. The share of a channel \
         is the airtime of the frames heard there divided by the time listened there. It is a lower \
         bound: frames too weak to be heard, and frames whose rate is not known, are not in it.",
    );
    section.heading("Weight of findings");
    section.paragraph(
        "High: anybody in range can read or join, or the protection is known to be broken. Medium: \
         a weakness that needs circumstances. Low: a protection that is customary today is missing. \
         For information: worth knowing, no weakness.",
    );
    section
}

fn positions(facts: &Facts<'_>) -> String {
    let mut by_method: BTreeMap<LocateMethod, usize> = BTreeMap::new();
    for (_, located) in facts.located() {
        *by_method.entry(located.method).or_default() += 1;
    }
    if by_method.is_empty() {
        return "No access point was heard at a known position, so none was located.".to_owned();
    }
    let parts: Vec<String> = by_method
        .into_iter()
        .map(|(method, n)| {
            let placed = words::counted(n, "access point", "access points");
            match method {
                LocateMethod::WeightedCentroid => format!(
                    "{placed} by the weighted centroid of the places where {} heard, stronger \
                     signals weighing more ({})",
                    if n == 1 { "it was" } else { "they were" },
                    method.name()
                ),
                LocateMethod::SinglePlace => format!(
                    "{placed} heard in one place only, which is then the estimate, with the usual \
                     range of a network as its error ({})",
                    method.name()
                ),
                LocateMethod::Imported => {
                    format!("{placed} as stated by an imported file ({})", method.name())
                }
            }
        })
        .collect();
    format!(
        "Places are estimates: {}. The radius given with each should hold the true place in 95 of \
         100 cases. It is worked out from the spread and number of the places and the receiver's own \
         error; walls, height and driving on one side only can make the true error larger.",
        parts.join("; ")
    )
}
