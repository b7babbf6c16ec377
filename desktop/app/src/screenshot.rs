//! A picture of the window without a display: the real app, painted by the real renderer.

use crate::app::{App, Open};
use crate::backend::{Backend, EngineBackend};
use crate::command::{DialogKind, View};
use crate::feed::{Feed, Notice};
use crate::picker::wait_for;
use crate::settings::SettingsFile;
use crate::style::ThemeChoice;
use crate::views::packets::{PacketsOrder, PacketsState, PacketsTab};
use anyhow::{Context, bail, ensure};
use eframe::{egui_wgpu, wgpu};
use egui_kittest::Harness;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Least width and height in points.
const LEAST: u32 = 320;
/// Greatest width and height in points; larger ones exceed what renderers take.
const MOST: u32 = 8192;
/// How long a survey may take to open.
const PATIENCE: Duration = Duration::from_secs(300);
/// Frames painted after the data is there, so that sizes settle.
const SETTLE: usize = 8;

/// What a picture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Picture {
    /// A view.
    View(View),
    /// The table with the details of the network heard strongest.
    Detail,
    /// The report dialog over the table.
    Report,
    /// The list of shortcuts over the table.
    Help,
}

impl Picture {
    /// Names on the command line.
    pub const NAMES: [&'static str; 9] =
        ["drive", "networks", "detail", "map", "spectrum", "sensors", "packets", "report", "help"];

    /// The picture of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "drive" => Self::View(View::Drive),
            "networks" => Self::View(View::Networks),
            "map" => Self::View(View::Map),
            "spectrum" => Self::View(View::Spectrum),
            "sensors" => Self::View(View::Sensors),
            "packets" => Self::View(View::Packets),
            "detail" => Self::Detail,
            "report" => Self::Report,
            "help" => Self::Help,
            _ => return None,
        })
    }
}

/// A picture to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScreenshotRequest {
    /// The survey, opened for reading only; for the packet view a capture.
    pub path: PathBuf,
    /// What to show.
    pub view: Picture,
    /// Width and height in pixels, 320 to 8192.
    pub size: (u32, u32),
    /// Theme.
    pub theme: ThemeChoice,
    /// The PNG file to write.
    pub out: PathBuf,
    /// In the packet view: number of the packet to choose.
    pub select: Option<u32>,
    /// In the packet view: the filter.
    pub filter: Option<String>,
    /// In the packet view: the side to show.
    pub tab: PacketsTab,
}

/// Opens the survey, waits until everything is computed, paints the view and writes the picture.
///
/// # Errors
/// The survey cannot be opened, no renderer is there (a Vulkan driver or OpenGL, in software too), or
/// the file cannot be written.
pub fn screenshot(request: &ScreenshotRequest) -> anyhow::Result<()> {
    // Before the work, not after it.
    check_folder(&request.out)?;
    let of_capture =
        request.select.is_some() || request.filter.is_some() || request.tab != PacketsTab::Packets;
    ensure!(
        !of_capture || request.path.is_file(),
        "{}: this is no capture file: there are no packets to choose or to filter in it",
        request.path.display()
    );
    if request.view == Picture::View(View::Packets) && request.path.is_file() {
        return write_png(&packets_picture(request)?, &request.out);
    }
    let survey = Open::Survey(request.path.clone());
    let backend = |ctx: &egui::Context| -> Box<dyn Backend> {
        Box::new(EngineBackend::new(ctx.clone(), true))
    };
    let image = picture(request.view, request.size, request.theme, Some(survey), backend)?;
    write_png(&image, &request.out)
}

/// Paints a picture of the app on any backend.
pub(crate) fn picture(
    view: Picture,
    size: (u32, u32),
    theme: ThemeChoice,
    open: Option<Open>,
    backend: impl FnOnce(&egui::Context) -> Box<dyn Backend>,
) -> anyhow::Result<image::RgbaImage> {
    let mut harness = headless(size, theme, open, backend)?;
    wait_until(&mut harness, is_ready)?;
    match view {
        Picture::View(view) => harness.state_mut().show(view),
        Picture::Detail => harness.state_mut().show(View::Networks),
        Picture::Report => harness.state_mut().open_dialog(DialogKind::Report),
        Picture::Help => harness.state_mut().open_dialog(DialogKind::Help),
    }
    let strongest = strongest(harness.state().feed());
    harness.state_mut().choose(strongest.filter(|_| view == Picture::Detail));
    harness.run_steps(SETTLE);
    if view == Picture::Report {
        wait_until(&mut harness, |feed| feed.preview.is_some() || cfg!(test))?;
        harness.run_steps(SETTLE);
    }
    render(&mut harness)
}

/// Paints the packet view on a capture, without a survey.
fn packets_picture(request: &ScreenshotRequest) -> anyhow::Result<image::RgbaImage> {
    let backend = |ctx: &egui::Context| -> Box<dyn Backend> {
        Box::new(EngineBackend::new(ctx.clone(), true))
    };
    let open = Open::Capture(request.path.clone());
    let mut harness = headless(request.size, request.theme, Some(open), backend)?;
    settle(&mut harness)?;
    if let Some(filter) = &request.filter {
        let order = PacketsOrder::Filter(filter.clone());
        if let Some(Notice::Failed { text: words, .. }) =
            harness.state_mut().packets().carry_out(order)
        {
            bail!("{words}");
        }
        settle(&mut harness)?;
    }
    if let Some(number) = request.select {
        check_number(number, harness.state_mut().packets(), &request.path)?;
        harness.state_mut().packets().choose(number);
        settle(&mut harness)?;
    }
    if request.tab != PacketsTab::Packets {
        harness.state_mut().packets().carry_out(PacketsOrder::Show(request.tab));
        settle(&mut harness)?;
    }
    render(&mut harness)
}

/// Fails where the list has no packet of this number, and says which it has.
fn check_number(number: u32, packets: &PacketsState, capture: &Path) -> anyhow::Result<()> {
    let (capture, count) = (capture.display(), packets.count());
    ensure!(count > 0, "{capture}: it has no packet that could be chosen");
    ensure!(
        (1..=count).contains(&number),
        "{capture}: there is no packet {number}; choose one from 1 to {count}"
    );
    ensure!(
        packets.lists(number),
        "{capture}: packet {number} does not pass the filter; choose one that does, or leave --where out"
    );
    Ok(())
}

/// Lets the app run until the packet view has everything that it shows.
pub(crate) fn settle(harness: &mut Harness<'static, App>) -> anyhow::Result<()> {
    let start = Instant::now();
    harness.run_steps(SETTLE);
    while !harness.state_mut().packets().is_settled() {
        ensure!(start.elapsed() < PATIENCE, "the capture took longer than five minutes to read");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Some(words) = harness.state_mut().packets().trouble() {
        bail!("{words}");
    }
    harness.run_steps(SETTLE);
    Ok(())
}

fn render(harness: &mut Harness<'static, App>) -> anyhow::Result<image::RgbaImage> {
    harness.render().map_err(|error| {
        anyhow::anyhow!("the picture could not be painted: {error}; try a smaller --size")
    })
}

/// The app without a display.
pub(crate) fn headless(
    (width, height): (u32, u32),
    theme: ThemeChoice,
    open: Option<Open>,
    backend: impl FnOnce(&egui::Context) -> Box<dyn Backend>,
) -> anyhow::Result<Harness<'static, App>> {
    ensure!(
        (LEAST..=MOST).contains(&width) && (LEAST..=MOST).contains(&height),
        "the size {width}x{height} cannot be painted: {LEAST} to {MOST} pixels each way"
    );
    let harness = Harness::builder()
        .with_size(egui::vec2(width as f32, height as f32))
        .with_pixels_per_point(1.0)
        .with_render_cursor(false)
        .with_max_steps(4)
        .with_accessibility_check(cfg!(test))
        .allow_missing_glyphs()
        .renderer(renderer()?)
        .build_eframe(|cc| {
            crate::fonts::install(&cc.egui_ctx);
            let backend = backend(&cc.egui_ctx);
            let mut app = App::new(&cc.egui_ctx, backend, SettingsFile::none(), open);
            app.set_theme(theme);
            app.for_picture();
            app
        });
    Ok(harness)
}

/// Lets the app run until its data is as wanted.
fn wait_until(
    harness: &mut Harness<'static, App>,
    wanted: impl Fn(&Feed) -> bool,
) -> anyhow::Result<()> {
    let start = Instant::now();
    while !wanted(harness.state().feed()) {
        if let Some(words) = harness.state().trouble() {
            bail!("{words}");
        }
        ensure!(start.elapsed() < PATIENCE, "the survey took longer than five minutes to open");
        harness.step();
        std::thread::sleep(Duration::from_millis(15));
    }
    Ok(())
}

/// A renderer that needs no display. Vulkan, Metal or Direct3D first, in software where there is one,
/// and OpenGL only when there is none of them.
fn renderer() -> anyhow::Result<egui_kittest::wgpu::WgpuTestRenderer> {
    let mut reason = String::new();
    for backends in [wgpu::Backends::PRIMARY, wgpu::Backends::all()] {
        let mut setup = egui_kittest::wgpu::default_wgpu_setup();
        if let egui_wgpu::WgpuSetup::CreateNew(new) = &mut setup {
            new.instance_descriptor.backends = backends - wgpu::Backends::BROWSER_WEBGPU;
        }
        let instance = wait_for(setup.new_instance());
        let settings = egui_wgpu::WgpuConfiguration {
            wgpu_setup: setup,
            ..egui_wgpu::WgpuConfiguration::default()
        };
        let options = egui_wgpu::RendererOptions::PREDICTABLE;
        let state = egui_wgpu::RenderState::create(&settings, &instance, None, options);
        match wait_for(state) {
            Ok(state) => return Ok(egui_kittest::wgpu::WgpuTestRenderer::from_render_state(state)),
            Err(error) => reason = error.to_string(),
        }
    }
    bail!("nothing here can paint: {reason}; install a Vulkan or OpenGL driver, such as Mesa's")
}

fn strongest(feed: &Feed) -> Option<pw_model::MacAddr> {
    let shown = feed.shown.as_ref()?;
    let heard = shown.access_points.iter().filter_map(|ap| Some((ap.signal?.max_dbm, ap.bssid)));
    heard.max_by_key(|(level, bssid)| (*level, std::cmp::Reverse(*bssid))).map(|(_, bssid)| bssid)
}

/// True when everything that views show was computed.
fn is_ready(feed: &Feed) -> bool {
    let Some(survey) = &feed.survey else { return false };
    let placed =
        survey.access_points.iter().any(|ap| !ap.heard.is_empty() || ap.stated_position.is_some());
    let counted = survey.range.is_none() || feed.histogram.range.is_some();
    counted && !feed.selecting && (!placed || !feed.located.is_empty())
}

/// Fails where the folder of a new file is not there; none is made unasked.
fn check_folder(out: &Path) -> anyhow::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    ensure!(
        folder.is_dir(),
        "{}: there is no folder {}; make it first",
        out.display(),
        folder.display()
    );
    Ok(())
}

/// Writes a picture as PNG.
pub(crate) fn write_png(image: &image::RgbaImage, out: &Path) -> anyhow::Result<()> {
    check_folder(out)?;
    image
        .save_with_format(out, image::ImageFormat::Png)
        .with_context(|| format!("{}: the picture cannot be written", out.display()))
}
