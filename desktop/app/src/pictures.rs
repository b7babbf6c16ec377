//! Tests that paint the whole window on a made-up survey, and look at its data first.

use crate::app::App;
use crate::backend::Backend;
use crate::command::{Order, View};
use crate::feed::{Feed, Notice};
use crate::screenshot::{Picture, headless, picture};
use crate::style::ThemeChoice;
use crate::{fixture, views};
use anyhow::Context;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use pw_survey::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shows one snapshot for ever.
struct Still(Option<Arc<Snapshot>>);

impl Backend for Still {
    fn pull(&mut self, feed: &mut Feed) -> Vec<Notice> {
        feed.now = fixture::now();
        feed.survey = self.0.clone();
        feed.shown = self.0.clone();
        if let Some(snapshot) = self.0.take() {
            feed.located = Arc::new(pw_analysis::locate::locate_all(&snapshot));
            feed.histogram = Arc::new(views::timeline::histogram(&snapshot));
            self.0 = Some(snapshot);
        }
        Vec::new()
    }

    fn order(&mut self, _: Order) -> Result<(), String> {
        Ok(())
    }
}

fn paint(view: Picture, size: (u32, u32), theme: ThemeChoice) -> anyhow::Result<image::RgbaImage> {
    picture(view, size, theme, None, |_| Box::new(Still(Some(fixture::snapshot()))))
}

/// How many different colours there are, in rough steps: an empty or broken picture has few.
fn colors(image: &image::RgbaImage) -> usize {
    let mut seen = BTreeMap::new();
    for pixel in image.pixels() {
        let [red, green, blue, _] = pixel.0;
        *seen.entry([red >> 3, green >> 3, blue >> 3]).or_insert(0usize) += 1;
    }
    seen.len()
}

/// Pictures for people, into the folder that `PIWARDRIVE_PICTURES` names; without it, nothing to do.
#[test]
fn pictures_to_look_at() -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("PIWARDRIVE_PICTURES") else { return Ok(()) };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let only = std::env::var("PIWARDRIVE_VIEWS").unwrap_or_default();
    for name in Picture::NAMES.into_iter().filter(|name| only.is_empty() || only.contains(name)) {
        let Some(view) = Picture::from_name(name) else { continue };
        for theme in ThemeChoice::ALL {
            for size in [(1280, 800), (1920, 1080)] {
                let image = paint(view, size, theme)?;
                let file = format!("{name}-{}-{}.png", theme.name(), size.0);
                crate::screenshot::write_png(&image, &folder.join(file))?;
            }
        }
    }
    Ok(())
}

#[test]
fn every_view_paints_something_in_every_theme() -> anyhow::Result<()> {
    for (view, theme) in
        View::ALL.into_iter().flat_map(|view| ThemeChoice::ALL.map(|theme| (view, theme)))
    {
        let image = paint(Picture::View(view), (1280, 800), theme)?;
        assert_eq!((image.width(), image.height()), (1280, 800));
        assert!(colors(&image) > 25, "{view:?} {theme:?}: {}", colors(&image));
    }
    Ok(())
}

#[test]
fn night_paints_no_blue() -> anyhow::Result<()> {
    for name in ["drive", "networks", "spectrum"] {
        let view = Picture::from_name(name).expect("a view of this name");
        let image = paint(view, (1280, 800), ThemeChoice::Night)?;
        let blue = image.pixels().filter(|pixel| pixel.0[2] > 0x60).count();
        assert_eq!(blue, 0, "{name}");
    }
    Ok(())
}

#[test]
fn a_filter_narrows_the_table_and_trouble_in_it_is_said() -> anyhow::Result<()> {
    let backend =
        |_: &egui::Context| -> Box<dyn Backend> { Box::new(Still(Some(fixture::snapshot()))) };
    let mut window = headless((1280, 800), ThemeChoice::Light, None, backend)?;
    window.run_steps(4);
    window.get_by_label("148 networks");
    window.get_by_label("SIMULATED DATA");
    window.get_by_label("Filter").focus();
    window.run_steps(2);
    window.get_by_label("Filter").type_text("security=open");
    window.run_steps(4);
    assert!(window.query_by_label("148 networks").is_none());
    window.get_by_label("12 of 148");
    window.get_by_label("Filter").type_text(" and (");
    window.run_steps(4);
    assert!(window.query_by_label_contains("filter, character").is_some());
    Ok(())
}

#[test]
fn keys_walk_through_the_table_and_open_the_details() -> anyhow::Result<()> {
    let backend =
        |_: &egui::Context| -> Box<dyn Backend> { Box::new(Still(Some(fixture::snapshot()))) };
    let mut window = headless((1280, 800), ThemeChoice::Dark, None, backend)?;
    window.run_steps(4);
    assert!(window.query_by_label("Key management").is_none());
    window.key_press(egui::Key::ArrowDown);
    window.run_steps(4);
    window.get_by_label("Heard");
    window.key_press(egui::Key::Enter);
    window.run_steps(4);
    window.get_by_label("Show all");
    window.key_press(egui::Key::F1);
    window.run_steps(4);
    window.get_by_label("Keyboard shortcuts");
    Ok(())
}

/// [`Still`], with a sensor that sends.
struct Sending(Still);

impl Backend for Sending {
    fn pull(&mut self, feed: &mut Feed) -> Vec<Notice> {
        feed.links = vec![fixture::link(crate::feed::LinkKind::Connected)];
        self.0.pull(feed)
    }

    fn order(&mut self, order: Order) -> Result<(), String> {
        self.0.order(order)
    }
}

#[test]
fn a_window_that_records_asks_before_it_closes() -> anyhow::Result<()> {
    let asked = |backend: Box<dyn Backend>| -> anyhow::Result<(Harness<'static, App>, bool)> {
        let mut window = headless((1280, 800), ThemeChoice::Dark, None, |_| backend)?;
        window.run_steps(2);
        let root = window.input_mut().viewports.get_mut(&egui::ViewportId::ROOT);
        root.context("a window")?.events.push(egui::ViewportEvent::Close);
        window.step();
        let stays = has_command(&window, &egui::ViewportCommand::CancelClose);
        window.run_steps(2);
        Ok((window, stays))
    };
    let (window, stays) = asked(Box::new(Still(Some(fixture::snapshot()))))?;
    assert!(!stays && window.query_by_label("Quit PiWardrive?").is_none(), "nothing is under way");
    let (mut window, stays) = asked(Box::new(Sending(Still(Some(fixture::snapshot())))))?;
    assert!(stays);
    window.get_by_label("Quit PiWardrive?");
    window.get_by_label_contains("roof is recording into");
    window.get_by_label("Quit").click();
    let mut closes = false;
    for _ in 0..4 {
        window.step();
        closes |= has_command(&window, &egui::ViewportCommand::Close);
    }
    assert!(closes, "the person agreed");
    Ok(())
}

/// True when the app asked this of its window in the last step.
fn has_command(window: &Harness<'static, App>, command: &egui::ViewportCommand) -> bool {
    let root = window.output().viewport_output.get(&egui::ViewportId::ROOT);
    root.is_some_and(|root| root.commands.contains(command))
}

#[test]
fn without_a_survey_the_window_says_what_to_do() -> anyhow::Result<()> {
    let mut harness = Harness::builder().build_eframe(|cc| {
        crate::fonts::install(&cc.egui_ctx);
        let file = crate::settings::SettingsFile::none();
        App::new(&cc.egui_ctx, Box::new(Still(None)), file, None)
    });
    harness.run_steps(3);
    harness.get_by_label("No survey is open");
    harness.get_by_label("New survey…").click();
    harness.run_steps(3);
    harness.get_by_label("Make survey");
    Ok(())
}
