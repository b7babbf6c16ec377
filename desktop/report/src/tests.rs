//! Whole reports: that they are made, are the same each time, tell the truth, and stand hostile names.

use crate::fixture::{self, Shape};
use crate::input::{Include, Progress, ReportError, ReportInput};
use crate::{preview, render_html, render_pdf};
use pw_model::Origin;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Makes both forms; with PIWARDRIVE_REPORTS set they are left in that folder, to be looked at.
fn check_renders(name: &str, input: &ReportInput) -> (Vec<u8>, String) {
    let start = Instant::now();
    let pdf = render_pdf(input, &go_on).expect("a report");
    println!("{name}: {} bytes in {:.2?}", pdf.len(), start.elapsed());
    let html = render_html(input);
    check_structure(name, &html);
    assert!(pdf.starts_with(b"%PDF-"), "{name}");
    assert!(pdf.windows(5).rev().take(20).any(|tail| tail == b"%%EOF"), "{name}");
    if let Some(folder) = std::env::var_os("PIWARDRIVE_REPORTS") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(format!("{name}.pdf")), &pdf).expect("written");
        std::fs::write(folder.join(format!("{name}.html")), &html).expect("written");
    }
    (pdf, html)
}

/// The page as a strict reader takes it: elements are closed in their order, nothing is named twice or
/// refers to what is not there or outside, every table has a head as wide as its rows, every picture says
/// what it shows, and no heading skips a level.
fn check_structure(name: &str, html: &str) {
    let style = html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>"));
    let (style, body) = style.expect("a style sheet");
    assert!(
        !style.contains("url(") && !style.contains("@import"),
        "{name}: the style loads nothing"
    );
    // The style stands inside of these.
    let mut open = vec!["html", "head"];
    let (mut ids, mut used) = (BTreeSet::new(), Vec::new());
    let (mut heads, mut cells, mut level, mut label) = (0, 0, 1, None);
    for part in body.split('<').skip(1) {
        let (inside, _) = part.split_once('>').expect("a tag has an end");
        let tag = inside.trim_end_matches('/').split(' ').next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}: {part}");
            assert!(
                closed != "tr" || cells == 0 || cells == heads,
                "{name}: {cells} of {heads} cells"
            );
            continue;
        }
        for outside in ["href", "src", "srcset", "action", "data", "poster", "onclick", "onload"] {
            assert_eq!(attribute_of(inside, outside), None, "{name}: {inside}");
        }
        if let Some(id) = attribute_of(inside, "id") {
            assert!(ids.insert(id.clone()), "{name}: two things are called {id}");
        }
        let urls = inside.split("url(").skip(1).filter_map(|rest| rest.split_once(')'));
        used.extend(urls.map(|(target, _)| target.to_owned()));
        match tag {
            "table" => heads = 0,
            "tr" => cells = 0,
            "th" => {
                heads += 1;
                assert_eq!(attribute_of(inside, "scope").as_deref(), Some("col"), "{name}");
            }
            "td" => cells += 1,
            "svg" => {
                let says = label.as_ref().is_some_and(|label: &String| !label.is_empty());
                assert!(says, "{name}: a picture in silence");
            }
            "h2" | "h3" => {
                let this = if tag == "h2" { 2 } else { 3 };
                assert!(this <= level + 1, "{name}: a heading skips a level: {part}");
                level = this;
            }
            _ => {}
        }
        label = attribute_of(inside, "aria-label");
        if !inside.ends_with('/') {
            open.push(tag);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "{name}: not closed");
    for target in used {
        let id = target.strip_prefix('#').unwrap_or_else(|| panic!("{name}: {target} is outside"));
        assert!(ids.contains(id), "{name}: nothing is called {id}");
    }
}

fn attribute_of(inside: &str, attribute: &str) -> Option<String> {
    let (_, rest) = inside.split_once(&format!(" {attribute}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[test]
fn a_survey_of_sixty() {
    let input = fixture::input(fixture::survey(&Shape::of(60)));
    let (_, html) = check_renders("sixty", &input);
    assert!(html.contains("SIMULATED DATA"));
    assert!(html.contains("<b>60</b>access points"), "the count on the tile");
    assert!(html.contains(&input.vendor_lists), "how old the makers' names are");
    assert!(!html.contains("a private name"), "names that clients ask for are never printed");
    for client in &input.snapshot.clients {
        assert!(!html.contains(&client.address.to_string()), "no client's address is printed");
    }
    for ap in &input.snapshot.access_points {
        assert!(html.contains(&ap.bssid.to_string()), "every network is in the table");
    }
}

#[test]
fn a_survey_of_a_thousand() {
    let input = fixture::input(fixture::survey(&Shape::of(1_000)));
    let (_, html) = check_renders("thousand", &input);
    assert!(html.contains("<b>1,000</b>access points"));
}

#[test]
fn a_drive_across_europe() {
    let mut snapshot = fixture::survey(&Shape::of(40));
    let far = [(38.7, -9.1), (41.4, 2.2), (48.9, 2.3), (52.5, 13.4), (59.9, 30.3), (41.0, 29.0)];
    let track = snapshot.track.iter().take(far.len()).zip(far);
    let moved = track.map(|(point, (lat_deg, lon_deg))| pw_survey::TrackPoint {
        position: pw_model::Position::new(lat_deg, lon_deg),
        ..*point
    });
    snapshot.track = std::sync::Arc::new(moved.collect());
    let (_, html) = check_renders("europe", &fixture::input(snapshot));
    for country in ["Portugal", "Spain", "France", "Germany", "Russia", "Turkey"] {
        assert!(html.contains(country), "{country}");
    }
}

#[test]
fn one_and_none() {
    check_renders("one", &fixture::input(fixture::survey(&Shape::of(1))));
    let (_, html) = check_renders("empty", &fixture::input(fixture::empty()));
    assert!(html.contains("The survey holds no data"));
    assert!(!html.contains("SIMULATED"));
}

#[test]
fn without_positions_there_is_no_map() {
    let shape = Shape { positions: false, origin: Origin::Live, ..Shape::of(40) };
    let input = fixture::input(fixture::survey(&shape));
    let (_, html) = check_renders("nowhere", &input);
    assert!(!html.contains("SIMULATED"));
    assert!(html.contains("No position was known during the survey"));
    let preview = preview(&input);
    assert!(preview.warnings.iter().any(|w| w.contains("the map is left out")), "{preview:?}");
}

#[test]
fn hostile_names_are_only_text() {
    let shape = Shape { hostile: true, ..Shape::of(32) };
    let mut snapshot = fixture::survey(&shape);
    snapshot.survey.name = "#panic() ] $ \u{202e} <b>".to_owned();
    let mut input = fixture::input(snapshot);
    input.settings.title = Some("] #eval(\"1\") \\".to_owned());
    input.settings.marking = Some("*not* _markup_".to_owned());
    let (_, html) = check_renders("hostile", &input);
    assert!(!html.contains("<script"), "no markup from a name");
    assert!(!html.contains('\u{202e}'), "no character that turns the text round");
    assert!(html.contains("&lt;script&gt;"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let input = fixture::input(fixture::survey(&Shape::of(60)));
    let first = render_pdf(&input, &go_on).expect("a report");
    let second = render_pdf(&input, &go_on).expect("a report");
    assert!(first == second, "{} and {} bytes", first.len(), second.len());
    let mut later = input;
    later.generated_at = pw_model::Timestamp::from_unix_secs(1_777_999_999);
    assert!(render_pdf(&later, &go_on).expect("a report") != first);
}

#[test]
fn what_is_left_out_is_left_out() {
    let mut input = fixture::input(fixture::survey(&Shape::of(60)));
    input.settings.include = Include {
        findings: false,
        map: false,
        channels: false,
        networks: false,
        clients: false,
        method: false,
        quality: false,
        glossary: false,
    };
    let (_, html) = check_renders("short", &input);
    for section in ["findings", "map", "channels", "networks", "clients", "method", "quality"] {
        assert!(!html.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    assert!(html.contains("<section id=\"limits\""), "limits always stand");
    assert_eq!(preview(&input).sections.iter().filter(|section| section.included).count(), 2);
}

#[test]
fn the_work_can_be_stopped() {
    let input = fixture::input(fixture::empty());
    let result = render_pdf(&input, &|progress| {
        if progress.step < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(matches!(result, Err(ReportError::Stopped)), "{result:?}");
}

#[test]
fn what_sensors_state_of_people_and_of_their_silence_is_printed() {
    let mut snapshot = fixture::survey(&Shape::of(10));
    let time = pw_model::Timestamp::from_unix_secs(1_780_000_000);
    for client in &mut snapshot.clients {
        *client = std::sync::Arc::new(pw_survey::Client { pseudonym: true, ..(**client).clone() });
    }
    let guard = &mut snapshot.sensors[0].guard;
    let declared = pw_model::PrivacyDeclaration {
        clients: pw_model::ClientAddresses::Pseudonyms,
        rotation_secs: Some(86_400),
        probe_names: false,
        audit: Some("our <own> halls".to_owned()),
        home_zones: 1,
    };
    guard.privacy = vec![(pw_model::TimeRange { start: time, end: time }, declared)];
    guard.audits.insert("our <own> halls".to_owned());
    guard.withheld.insert(pw_model::WithheldKind::HomeZoneFrames, 4711);
    let radio = pw_model::RadioId(0);
    let frames = pw_model::Reading::Known(3);
    guard.transmitted.insert(radio, pw_model::Transmitted { time, radio, frames });
    guard.sent.insert(radio, 3);
    let (_, html) = check_renders("statements", &fixture::input(snapshot));
    for words in [
        "pseudonyms, with a new key every day",
        "our &lt;own&gt; halls",
        "4,711 frames heard in a home zone",
        "3 frames were SENT while listening",
        "3 frames were sent through its radios by another program",
        "another program on the sensor sent frames",
        "not known: the sensor left the names out",
        "Of these, pseudonyms made by a sensor",
    ] {
        assert!(html.contains(words), "'{words}' is missing");
    }
    // Where nothing is stated, nothing is claimed.
    let (_, plain) = check_renders("plain", &fixture::input(fixture::survey(&Shape::of(10))));
    assert!(plain.contains("it does not say; addresses and names stand as they came"));
    assert!(plain.contains("No source states counters of frames sent"));
    assert!(!plain.contains("SENT"));
}
