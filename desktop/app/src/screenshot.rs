//! A picture of the window without a display: the real app, painted by the real renderer.

use crate::app::App;
use crate::backend::{Backend, EngineBackend};
use crate::command::{DialogKind, View};
use crate::feed::Feed;
use crate::picker::wait_for;
use crate::settings::SettingsFile;
use crate::style::ThemeChoice;
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
    pub const NAMES: [&'static str; 8] =
        ["drive", "networks", "detail", "map", "spectrum", "sensors", "report", "help"];

    /// The picture of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "drive" => Self::View(View::Drive),
            "networks" => Self::View(View::Networks),
            "map" => Self::View(View::Map),
            "spectrum" => Self::View(View::Spectrum),
            "sensors" => Self::View(View::Sensors),
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
    /// The survey; opened for reading only.
    pub survey: PathBuf,
    /// What to show.
    pub view: Picture,
    /// Width and height in pixels, 320 to 8192.
    pub size: (u32, u32),
    /// Theme.
    pub theme: ThemeChoice,
    /// The PNG file to write.
    pub out: PathBuf,
}

/// Opens the survey, waits until everything is computed, paints the view and writes the picture.
///
/// # Errors
/// The survey cannot be opened, no renderer is there (a Vulkan driver or OpenGL, in software too), or
/// the file cannot be written.
pub fn screenshot(request: &ScreenshotRequest) -> anyhow::Result<()> {
    let survey = request.survey.clone();
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
    survey: Option<PathBuf>,
    backend: impl FnOnce(&egui::Context) -> Box<dyn Backend>,
) -> anyhow::Result<image::RgbaImage> {
    let mut harness = headless(size, theme, survey, backend)?;
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
    harness.render().map_err(|error| {
        anyhow::anyhow!("the picture could not be painted: {error}; try a smaller --size")
    })
}

/// The app without a display, with its data there.
pub(crate) fn headless(
    (width, height): (u32, u32),
    theme: ThemeChoice,
    survey: Option<PathBuf>,
    backend: impl FnOnce(&egui::Context) -> Box<dyn Backend>,
) -> anyhow::Result<Harness<'static, App>> {
    ensure!(
        (LEAST..=MOST).contains(&width) && (LEAST..=MOST).contains(&height),
        "the size {width}x{height} cannot be painted: {LEAST} to {MOST} pixels each way"
    );
    let mut harness = Harness::builder()
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
            let mut app = App::new(&cc.egui_ctx, backend, SettingsFile::none(), survey);
            app.set_theme(theme);
            app.for_picture();
            app
        });
    wait_until(&mut harness, is_ready)?;
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

/// Writes a picture as PNG.
pub(crate) fn write_png(image: &image::RgbaImage, out: &Path) -> anyhow::Result<()> {
    if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    image
        .save_with_format(out, image::ImageFormat::Png)
        .with_context(|| format!("{}: the picture cannot be written", out.display()))
}
