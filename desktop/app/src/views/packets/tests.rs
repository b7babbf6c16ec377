//! The packet view in the window, on a capture that the simulator makes.

use super::*;
use crate::app::Open;
use crate::backend::{Backend, EngineBackend};
use crate::screenshot::{headless, settle};
use crate::style::ThemeChoice;
use crate::words;
use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use tempfile::TempDir;

type Window = Harness<'static, crate::app::App>;

/// A window on a simulated capture.
fn window(theme: ThemeChoice) -> anyhow::Result<(TempDir, Window)> {
    let folder = tempfile::tempdir()?;
    pw_engine::simulate::write_folder("quiet_street", None, folder.path())?;
    let capture = folder.path().join("capture.pcapng");
    let window = open(&capture, theme)?;
    Ok((folder, window))
}

fn open(capture: &Path, theme: ThemeChoice) -> anyhow::Result<Window> {
    let backend = |ctx: &egui::Context| -> Box<dyn Backend> {
        Box::new(EngineBackend::new(ctx.clone(), true))
    };
    let open = Open::Capture(capture.to_owned());
    let mut window = headless((1280, 800), theme, Some(open), backend)?;
    settle(&mut window)?;
    Ok(window)
}

fn total(window: &mut Window) -> u32 {
    window.state_mut().packets().session.as_ref().map_or(0, |session| session.file.count())
}

fn shown(window: &mut Window) -> u32 {
    window.state_mut().packets().session.as_ref().map_or(0, Session::rows)
}

fn chosen(window: &mut Window) -> Option<u32> {
    window.state_mut().packets().list.chosen
}

fn press(window: &mut Window, key: Key) -> anyhow::Result<()> {
    window.key_press(key);
    settle(window)
}

/// Writes a filter and applies it.
fn filter(window: &mut Window, text: &str) -> anyhow::Result<()> {
    let bar = window.get_by_label("Filter");
    bar.focus();
    window.run_steps(2);
    window.get_by_label("Filter").type_text(text);
    window.run_steps(3);
    press(window, Key::Enter)
}

#[test]
fn keys_walk_through_packets_and_the_panes_follow() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Dark)?;
    let last = total(&mut window);
    assert!(last > 500, "{last}");
    assert_eq!(chosen(&mut window), Some(1), "the first is chosen on opening");
    press(&mut window, Key::ArrowDown)?;
    assert_eq!(chosen(&mut window), Some(2));
    press(&mut window, Key::PageDown)?;
    assert!(chosen(&mut window).is_some_and(|number| number > 10));
    press(&mut window, Key::End)?;
    assert_eq!(chosen(&mut window), Some(last));
    assert!(window.query_by_label_contains(&format!("packet {last} ")).is_some(), "in sight");
    press(&mut window, Key::Home)?;
    assert_eq!(chosen(&mut window), Some(1));
    window.get_by_label("Packet");
    window.get_by_label("Number: 1");
    window.get_by_label("bytes from 0");
    window.get_by_label("SIMULATED DATA");
    Ok(())
}

#[test]
fn the_tree_is_walked_and_bytes_choose_fields() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Light)?;
    window.get_by_label("Packet").click();
    window.run_steps(3);
    window.get_by_label("Number: 1");
    press(&mut window, Key::ArrowLeft)?;
    assert!(window.query_by_label("Number: 1").is_none(), "closed");
    press(&mut window, Key::ArrowRight)?;
    window.get_by_label("Number: 1");
    // A click into the bytes of the second line chooses the field that they are.
    let before = window.state_mut().packets().tree.chosen;
    window.get_by_label("bytes from 16").click();
    window.run_steps(4);
    let state = window.state_mut().packets();
    assert_ne!(state.tree.chosen, before);
    let detail = state.detail.clone().expect("shown");
    let detail = detail.as_ref().as_ref().expect("readable");
    let span = detail.tree.nodes[state.tree.chosen.expect("chosen")].span;
    assert!(span.start < 32 && span.start + span.length > 16, "{span:?}");
    Ok(())
}

#[test]
fn a_filter_narrows_the_list_and_trouble_in_it_is_located() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Dark)?;
    let all = total(&mut window);
    filter(&mut window, "wlan.fc.type_subtype == beacon")?;
    let beacons = shown(&mut window);
    assert!((1..all).contains(&beacons), "{beacons} of {all}");
    let words = format!(
        "{} of {}",
        words::count(beacons.into()),
        words::counted(all.into(), "packet", "packets")
    );
    window.get_by_label(&words);
    window.get_by_label("Filter").focus();
    window.run_steps(2);
    window.get_by_label("Filter").type_text(" and (");
    window.run_steps(3);
    press(&mut window, Key::Escape)?;
    assert!(window.query_by_label_contains("filter, column").is_some());
    assert_eq!(shown(&mut window), beacons, "what is wrong is not applied");
    window.get_by_label("Clear").click();
    settle(&mut window)?;
    assert_eq!(shown(&mut window), all);
    Ok(())
}

#[test]
fn completions_are_offered_and_taken_with_tab() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Dark)?;
    window.get_by_label("Filter").focus();
    window.run_steps(2);
    window.get_by_label("Filter").type_text("wlan.fc.type_su");
    window.run_steps(3);
    window.get_by_label("wlan.fc.type_subtype");
    press(&mut window, Key::Tab)?;
    assert_eq!(window.state_mut().packets().bar.text, "wlan.fc.type_subtype ");
    window.get_by_label("Filter").type_text("== beac");
    window.run_steps(3);
    press(&mut window, Key::Tab)?;
    assert_eq!(window.state_mut().packets().bar.text, "wlan.fc.type_subtype == beacon ");
    press(&mut window, Key::Enter)?;
    assert_eq!(window.state_mut().packets().bar.applied, "wlan.fc.type_subtype == beacon");
    Ok(())
}

#[test]
fn a_device_is_followed_with_one_key() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Night)?;
    let row = {
        let state = window.state_mut().packets();
        state.session.as_ref().expect("open").file.row(1).expect("in sight")
    };
    let address = row.transmitter.or(row.receiver).expect("every frame has one");
    press(&mut window, Key::F)?;
    let applied = window.state_mut().packets().bar.applied.clone();
    assert!(applied.contains(&address.to_string()), "{applied}");
    assert!(shown(&mut window) < total(&mut window));
    assert_eq!(chosen(&mut window), Some(1), "the packet that was looked at stays");
    press(&mut window, Key::Escape)?;
    assert_eq!(shown(&mut window), total(&mut window));
    Ok(())
}

#[test]
fn a_selection_is_exported_through_the_dialog_and_opens_again() -> anyhow::Result<()> {
    let (folder, mut window) = window(ThemeChoice::Dark)?;
    filter(&mut window, "wlan.fc.type_subtype == beacon")?;
    let beacons = shown(&mut window);
    window.get_by_label("Export…").click();
    window.run_steps(3);
    window.get_by_label_contains("packets that pass");
    window.get_by_label("Export").click();
    window.run_steps(2);
    let out = folder.path().join("capture-selection.pcapng");
    let start = std::time::Instant::now();
    while !out.exists() {
        anyhow::ensure!(start.elapsed() < std::time::Duration::from_secs(60), "not exported");
        window.step();
    }
    let mut again = open(&out, ThemeChoice::Dark)?;
    assert_eq!(total(&mut again), beacons);
    again.get_by_label("SIMULATED DATA");
    Ok(())
}

#[test]
fn what_is_no_capture_is_said_with_a_way_on() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "nothing that a radio heard")?;
    let Err(error) = open(&path, ThemeChoice::Dark) else { panic!("it is text") };
    assert!(error.to_string().contains("not a capture"), "{error}");
    let mut window = headless((1280, 800), ThemeChoice::Dark, Some(Open::Capture(path)), |ctx| {
        Box::new(EngineBackend::new(ctx.clone(), true))
    })?;
    let start = std::time::Instant::now();
    while window.query_by_label("The capture cannot be read").is_none() {
        anyhow::ensure!(start.elapsed() < std::time::Duration::from_secs(60), "not said");
        window.step();
    }
    window.get_by_label("Open another capture…").click();
    window.run_steps(3);
    window.get_by_label("Capture file");
    Ok(())
}

#[test]
fn settings_are_bounded_and_the_latest_comes_first() {
    let mut settings = PacketSettings::default();
    for number in 0..50 {
        settings.opened(Path::new(&format!("/{number}.pcap")));
        settings.filtered(&format!("frame.number == {number}"));
    }
    settings.filtered("frame.number == 40");
    assert_eq!((settings.recent.len(), settings.filters.len()), (RECENT, HISTORY));
    assert_eq!(settings.recent[0], PathBuf::from("/49.pcap"));
    assert_eq!(settings.filters[0], "frame.number == 40");
}

/// Frame times on a large capture, for people: of the file that `PIWARDRIVE_CAPTURE` names; without it,
/// of the simulated one. What is scrolled to must come into sight, however fast that is.
#[test]
fn scrolling_paints_every_place_of_a_capture() -> anyhow::Result<()> {
    let (_folder, mut window) = match std::env::var_os("PIWARDRIVE_CAPTURE") {
        None => window(ThemeChoice::Dark)?,
        Some(path) => (tempfile::tempdir()?, open(Path::new(&path), ThemeChoice::Dark)?),
    };
    let last = total(&mut window);
    window.hover_at(egui::pos2(600.0, 260.0));
    let (mut frames, mut slowest) = (0u32, std::time::Duration::ZERO);
    let start = std::time::Instant::now();
    for jump in 1..=40u32 {
        let number = (u64::from(last) * u64::from(jump) / 40) as u32;
        window.state_mut().packets().choose(number);
        let mut left = 1000;
        // Again and again: the wheel of the place before may still be turning.
        while window.query_by_label_contains(&format!("packet {number} ")).is_none() {
            window.state_mut().packets().choose(number);
            let one = std::time::Instant::now();
            window.step();
            slowest = slowest.max(one.elapsed());
            frames += 1;
            left -= 1;
            anyhow::ensure!(left > 0, "packet {number} does not come into sight");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        // One page by the wheel, frame by frame.
        for _ in 0..10 {
            window.event(egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Line,
                delta: vec2(0.0, -3.0),
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Unknown,
                modifiers: Modifiers::NONE,
            });
            let one = std::time::Instant::now();
            window.step();
            slowest = slowest.max(one.elapsed());
            frames += 1;
        }
    }
    settle(&mut window)?;
    assert_eq!(chosen(&mut window), Some(last));
    println!(
        "{last} packets: {frames} frames, {:?} each, {slowest:?} at most",
        start.elapsed() / frames
    );
    Ok(())
}

/// A window on the simulated demonstration, whose devices restart now and then.
fn demonstration() -> anyhow::Result<(TempDir, Window)> {
    let folder = tempfile::tempdir()?;
    pw_engine::simulate::write_folder("demo", None, folder.path())?;
    let window = open(&folder.path().join("capture.pcapng"), ThemeChoice::Dark)?;
    Ok((folder, window))
}

#[test]
fn anomalies_lead_to_their_frames() -> anyhow::Result<()> {
    let (_folder, mut window) = demonstration()?;
    let all = total(&mut window);
    press(&mut window, Key::A)?;
    let (frame, count) = {
        let work = window.state_mut().packets().session.as_ref().and_then(Session::analysis);
        let outcome = work.and_then(pw_engine::capture_file::Work::result).expect("settled");
        let analysis = outcome.as_ref().as_ref().expect("readable");
        assert_eq!(analysis.report.totals.packets, u64::from(all));
        let anomaly =
            analysis.report.anomalies.list.first().expect("the simulator restarts devices");
        (*anomaly.frames.first().expect("listed"), anomaly.frames.len() as u32)
    };
    window.get_by_label_contains("Sequence number jumped (information)");
    // Whatever the filter hides, a click on a frame number shows that packet.
    window.get_by_label(&frame.to_string()).click();
    settle(&mut window)?;
    assert_eq!(chosen(&mut window), u32::try_from(frame).ok());
    assert!(window.query_by_label_contains(&format!("packet {frame} ")).is_some(), "in the list");
    press(&mut window, Key::A)?;
    press(&mut window, Key::Enter)?;
    assert_eq!(shown(&mut window), count, "all its listed frames and no other");
    press(&mut window, Key::Escape)?;
    assert_eq!(shown(&mut window), all);
    Ok(())
}

#[test]
fn who_talks_and_flows_lead_to_their_packets() -> anyhow::Result<()> {
    let (_folder, mut window) = demonstration()?;
    let all = total(&mut window);
    press(&mut window, Key::W)?;
    window.get_by_label_contains("stations");
    press(&mut window, Key::ArrowDown)?;
    press(&mut window, Key::F)?;
    assert!(window.state_mut().packets().bar.applied.starts_with("wlan.addr == "));
    assert!((1..all).contains(&shown(&mut window)));
    press(&mut window, Key::W)?;
    window.get_by_label_contains("not only those that pass the filter");
    press(&mut window, Key::Tab)?;
    press(&mut window, Key::Enter)?;
    assert_eq!(window.state_mut().packets().bar.applied.matches("wlan.addr == ").count(), 2);
    assert!((1..all).contains(&shown(&mut window)), "a relation has frames that name both");
    press(&mut window, Key::L)?;
    press(&mut window, Key::Enter)?;
    assert!(window.state_mut().packets().bar.applied.starts_with("wlan.sa == "));
    assert!((1..all).contains(&shown(&mut window)), "a flow has packets");
    Ok(())
}

#[test]
fn the_graph_is_drawn_and_a_click_chooses_a_station() -> anyhow::Result<()> {
    let (_folder, mut window) = demonstration()?;
    press(&mut window, Key::G)?;
    let view = window.get_by_label_contains("graph of ").rect();
    window.get_by_label_contains("without a relation are not drawn");
    assert!(window.query_by_label_contains("Follow ").is_none(), "nobody is chosen");
    // Somewhere there is a station: the view is walked over until one is hit.
    for step in 0..2000u16 {
        let (column, row) = (f32::from(step % 50) / 50.0, f32::from(step / 50) / 40.0);
        let at = view.min + vec2(view.width() * column, view.height() * row);
        window.hover_at(at);
        window.drag_at(at);
        window.drop_at(at);
        window.step();
        if window.query_by_label_contains("Follow ").is_some() {
            break;
        }
    }
    window.run_steps(2);
    let all = total(&mut window);
    press(&mut window, Key::F)?;
    assert!(window.state_mut().packets().bar.applied.starts_with("wlan.addr == "));
    assert!((1..all).contains(&shown(&mut window)));
    Ok(())
}

#[test]
fn unencrypted_traffic_is_read_only_when_switched_on_and_never_for_the_next_capture()
-> anyhow::Result<()> {
    let (folder, mut window) = demonstration()?;
    press(&mut window, Key::L)?;
    let reads = |window: &mut Window| {
        let work = window.state_mut().packets().session.as_ref().and_then(Session::analysis);
        let outcome = work.and_then(pw_engine::capture_file::Work::result).expect("settled");
        outcome.as_ref().as_ref().expect("readable").report.layer3.is_some()
    };
    assert!(!reads(&mut window));
    window.get_by_label_contains("Read unencrypted traffic too").click();
    settle(&mut window)?;
    assert!(reads(&mut window));
    window.get_by_label_contains("encrypted frames cannot be read");
    let ctx = window.ctx.clone();
    window.state_mut().packets().open(&folder.path().join("capture.pcapng"), &ctx);
    settle(&mut window)?;
    press(&mut window, Key::L)?;
    assert!(!reads(&mut window), "off again");
    Ok(())
}

#[test]
fn a_stopped_analysis_says_so_and_can_be_made_again() -> anyhow::Result<()> {
    let (_folder, mut window) = demonstration()?;
    // Stopped before it began to look: as on a capture of which it does not see the end.
    let state = window.state_mut().packets();
    state.carry_out(PacketsOrder::Show(PacketsTab::Talk));
    state.session.as_mut().expect("open").analyse().map_err(anyhow::Error::msg)?;
    state.carry_out(PacketsOrder::StopAnalysis);
    settle(&mut window)?;
    window.get_by_label("Analyse again").click();
    settle(&mut window)?;
    window.get_by_label_contains("stations");
    Ok(())
}

#[test]
fn tab_goes_to_the_fields_and_back_and_the_keys_with_it() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Dark)?;
    press(&mut window, Key::Tab)?;
    assert_eq!(window.state_mut().packets().pane, Pane::Tree);
    press(&mut window, Key::ArrowDown)?;
    assert_eq!(chosen(&mut window), Some(1), "the list stays where it is");
    press(&mut window, Key::Tab)?;
    press(&mut window, Key::ArrowDown)?;
    assert_eq!(chosen(&mut window), Some(2));
    Ok(())
}

#[test]
fn a_field_becomes_a_column_and_is_kept() -> anyhow::Result<()> {
    let (_folder, mut window) = window(ThemeChoice::Dark)?;
    filter(&mut window, "wlan.fixed.beacon")?;
    press(&mut window, Key::Tab)?;
    let detail = window.state_mut().packets().detail.clone().expect("chosen");
    let nodes = detail.as_ref().as_ref().expect("readable").tree.nodes.clone();
    let named = |node: &pw_engine::capture_file::Node| {
        node.field.is_some_and(|field| field.name == "wlan.fixed.beacon")
    };
    let at = nodes.iter().position(named).expect("a beacon has it");
    window.state_mut().packets().tree.reveal(&nodes, at);
    press(&mut window, Key::C)?;
    window.get_by_label("wlan.fixed.beacon");
    assert_eq!(window.state_mut().packets().settings.columns, ["wlan.fixed.beacon"]);
    let extra = |window: &mut Window| {
        let number = chosen(window).expect("chosen");
        let row = window.state_mut().packets().session.as_ref().and_then(|s| s.file.row(number));
        row.map(|row| row.extra.clone()).expect("made")
    };
    let interval = extra(&mut window);
    assert!(interval[0].parse::<u32>().is_ok_and(|units| units > 0), "{interval:?}");
    // The next capture has it too.
    let path = window.state_mut().packets().session.as_ref().expect("open").file.path().to_owned();
    let ctx = window.ctx.clone();
    window.state_mut().packets().open(&path, &ctx);
    settle(&mut window)?;
    window.get_by_label("wlan.fixed.beacon");
    window.state_mut().packets().carry_out(PacketsOrder::ToggleColumn("wlan.fixed.beacon"));
    settle(&mut window)?;
    assert!(window.query_by_label("wlan.fixed.beacon").is_none());
    assert!(extra(&mut window).is_empty());
    Ok(())
}
