//! Use of each channel, band by band: networks, frames, airtime, strongest signal, and what was not listened to.

use crate::command::Command;
use crate::feed::Feed;
use crate::style::{self, Palette};
use crate::views::parts;
use crate::words;
use egui::{Align2, Color32, FontId, Painter, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use pw_model::{Band, Channel};
use pw_survey::{ChannelUse, Snapshot};
use std::time::Duration;

/// What the bars show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Measure {
    /// Access points whose channel it is.
    #[default]
    Networks,
    /// Frames heard.
    Frames,
    /// Share of the listening time with frames on the air.
    Airtime,
    /// Strongest signal.
    Strongest,
}

impl Measure {
    const ALL: [Self; 4] = [Self::Networks, Self::Frames, Self::Airtime, Self::Strongest];

    const fn name(self) -> &'static str {
        match self {
            Self::Networks => "Networks",
            Self::Frames => "Frames per second listened",
            Self::Airtime => "Airtime",
            Self::Strongest => "Strongest signal",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Networks => "Access points whose primary channel it is",
            Self::Frames => "Frames heard there, divided by the time listened there",
            Self::Airtime => {
                "Share of the listening time in which frames of known rate were on the air"
            }
            Self::Strongest => "Strongest signal heard there, in dBm",
        }
    }
}

/// Whether a channel was listened to.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Listening {
    /// For this long.
    For(Duration),
    /// The ledger says: not at all.
    Not,
    /// No ledger, as with imported captures.
    Unknown,
}

/// A channel as the view shows it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct ChannelBar {
    label: String,
    frequency_mhz: u16,
    listening: Listening,
    networks: u32,
    frames: u64,
    frames_per_sec: Option<f64>,
    airtime: Option<f64>,
    strongest_dbm: Option<i8>,
    retry_share: Option<f64>,
}

/// The channels of a band.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct BandBars {
    band: Option<Band>,
    bars: Vec<ChannelBar>,
}

/// From the use of channels to bars, by band.
pub(crate) fn rows(snapshot: &Snapshot) -> Vec<BandBars> {
    let mut bands: Vec<BandBars> = Vec::new();
    let silent = not_listened(&snapshot.channels);
    let mut channels: Vec<&ChannelUse> = snapshot.channels.iter().chain(&silent).collect();
    channels.sort_by_key(|channel| (channel.channel.is_none(), channel.frequency_mhz));
    for channel in channels {
        let band = channel.channel.map(|channel| channel.band);
        let bar = bar(channel);
        match bands.last_mut().filter(|bars| bars.band == band) {
            Some(bars) => bars.bars.push(bar),
            None => bands.push(BandBars { band, bars: vec![bar] }),
        }
    }
    bands
}

/// The usual channels of the bands in use that nobody listened to, where a ledger says what was
/// listened to: they are shown, because not listened is not the same as nothing there.
fn not_listened(uses: &[ChannelUse]) -> Vec<ChannelUse> {
    if !uses.iter().any(|used| used.listened_ns.is_some_and(|ns| ns > 0)) {
        return Vec::new();
    }
    let usual = |band| -> Vec<u8> {
        match band {
            Band::Ghz2_4 => (1..=13).collect(),
            Band::Ghz5 => (36..=64)
                .step_by(4)
                .chain((100..=144).step_by(4))
                .chain((149..=177).step_by(4))
                .collect(),
            Band::Ghz6 => (1..=233).step_by(4).collect(),
            Band::Ghz60 => Vec::new(),
        }
    };
    let mut silent = Vec::new();
    for band in [Band::Ghz2_4, Band::Ghz5, Band::Ghz6] {
        let in_band = |used: &&ChannelUse| used.channel.is_some_and(|channel| channel.band == band);
        if uses.iter().find(in_band).is_none() {
            continue;
        }
        for channel in usual(band).into_iter().map(|number| Channel { band, number }) {
            let is_known = uses.iter().any(|used| used.channel == Some(channel));
            if let Some(frequency_mhz) = channel.frequency_mhz().filter(|_| !is_known) {
                silent.push(ChannelUse {
                    frequency_mhz,
                    channel: Some(channel),
                    listened_ns: Some(0),
                    networks: 0,
                    frames: 0,
                    airtime_us: 0,
                    strongest_dbm: None,
                    retries: 0,
                });
            }
        }
    }
    silent
}

fn bar(channel: &ChannelUse) -> ChannelBar {
    let listening = match channel.listened_ns {
        None => Listening::Unknown,
        Some(0) => Listening::Not,
        Some(ns) => Listening::For(Duration::from_nanos(ns)),
    };
    let frames_per_sec = match listening {
        Listening::For(time) if time.as_secs_f64() >= 0.1 => {
            Some(channel.frames as f64 / time.as_secs_f64())
        }
        _ => None,
    };
    let retry_share =
        (channel.frames > 0).then(|| (channel.retries as f64 / channel.frames as f64).min(1.0));
    ChannelBar {
        label: channel.channel.map_or_else(
            || format!("{} MHz", channel.frequency_mhz),
            |channel| channel.number.to_string(),
        ),
        frequency_mhz: channel.frequency_mhz,
        listening,
        networks: channel.networks,
        frames: channel.frames,
        frames_per_sec,
        airtime: channel.airtime_share(),
        strongest_dbm: channel.strongest_dbm,
        retry_share,
    }
}

impl ChannelBar {
    /// The value of a measure; `None` when it is not known.
    fn value(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Networks => Some(f64::from(self.networks)),
            Measure::Frames => self.frames_per_sec,
            Measure::Airtime => self.airtime,
            Measure::Strongest => self.strongest_dbm.map(f64::from),
        }
    }

    /// The value as text.
    fn text(&self, measure: Measure) -> String {
        let unknown = || words::UNKNOWN.to_owned();
        match measure {
            Measure::Networks => self.networks.to_string(),
            Measure::Frames => self.frames_per_sec.map_or_else(unknown, |rate| {
                if rate < 10.0 { format!("{rate:.1}") } else { words::count(rate.round() as u64) }
            }),
            Measure::Airtime => self.airtime.map_or_else(unknown, words::percent),
            Measure::Strongest => {
                self.strongest_dbm.map_or_else(unknown, |level| level.to_string())
            }
        }
    }

    fn listened(&self) -> String {
        match self.listening {
            Listening::For(time) => words::duration(time),
            Listening::Not => "not listened".to_owned(),
            Listening::Unknown => "unknown: the data has no listening times".to_owned(),
        }
    }

    fn hover(&self) -> String {
        let retries = self.retry_share.map_or_else(|| words::UNKNOWN.to_owned(), words::percent);
        format!(
            "Channel {} ({} MHz)\nListened: {}\nNetworks: {}\nFrames: {}\nAirtime: {}\n\
             Strongest: {}\nRetransmissions: {retries}",
            self.label,
            self.frequency_mhz,
            self.listened(),
            self.networks,
            words::count(self.frames),
            self.text(Measure::Airtime),
            words::dbm(self.strongest_dbm),
        )
    }
}

/// Top and foot of the scale of a measure over all bands.
fn scale(bands: &[BandBars], measure: Measure) -> (f64, f64) {
    let values = bands.iter().flat_map(|band| &band.bars).filter_map(|bar| bar.value(measure));
    match measure {
        Measure::Strongest => (-100.0, -20.0),
        Measure::Airtime => {
            let most = values.fold(0.0, f64::max);
            (0.0, [0.05, 0.1, 0.25, 0.5].into_iter().find(|top| most <= *top).unwrap_or(1.0))
        }
        Measure::Networks | Measure::Frames => (0.0, round_up(values.fold(0.0, f64::max))),
    }
}

/// The next round number whose quarters, where the lines of the axis are, are whole; 4 at least.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1.0).log10().floor());
    let tops =
        [12.0, 16.0, 20.0, 24.0, 32.0, 40.0, 60.0, 80.0, 100.0, 120.0].map(|n| n * power / 10.0);
    let fits = |top: &f64| *top >= value && (top / 4.0).fract() == 0.0;
    tops.into_iter().find(fits).unwrap_or(12.0 * power)
}

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    measure: &mut Measure,
    feed: &Feed,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let Some(snapshot) = feed.shown.clone() else {
        parts::no_survey(ui, palette, commands);
        return;
    };
    let bands = rows(&snapshot);
    if bands.is_empty() {
        let body =
            "Channels appear here once a sensor listened, or a capture with channels was imported.";
        parts::empty(ui, palette, "Nothing was heard on any channel", body, &[], commands);
        return;
    }
    ui.horizontal(|ui| {
        for choice in Measure::ALL {
            ui.selectable_value(measure, choice, choice.name()).on_hover_text(choice.meaning());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            key(ui, palette, "unknown", Listening::Unknown);
            key(ui, palette, "not listened", Listening::Not);
        });
    });
    ui.add_space(6.0);
    let (low, high) = scale(&bands, *measure);
    let gaps = 10.0 * (bands.len() as f32 - 1.0);
    let height = ((ui.available_height() - gaps) / bands.len() as f32 - 1.0).clamp(150.0, 420.0);
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 10.0;
        for band in &bands {
            style::card(palette).show(ui, |ui| {
                ui.set_width(ui.available_width());
                band_ui(ui, band, *measure, (low, high), height - 22.0, palette, commands);
            });
        }
    });
}

fn key(ui: &mut Ui, palette: &Palette, words: &str, listening: Listening) {
    ui.label(RichText::new(words).color(palette.weak));
    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 12.0), Sense::hover());
    ground(ui.painter(), rect, listening, palette);
}

/// The ground of a channel: hatched when not listened, dotted when not known.
fn ground(painter: &Painter, rect: Rect, listening: Listening, palette: &Palette) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    match listening {
        Listening::For(_) => {}
        Listening::Not => {
            painter.rect_filled(rect, 2.0, palette.line.gamma_multiply(0.35));
            let mut x = rect.left() - rect.height();
            while x < rect.right() {
                let foot = pos2(x, rect.bottom());
                let top = pos2(x + rect.height(), rect.top());
                painter.line_segment([foot, top], Stroke::new(1.0, palette.line));
                x += 6.0;
            }
        }
        Listening::Unknown => {
            let mut y = rect.top() + 3.0;
            while y < rect.bottom() {
                let mut x = rect.left() + 3.0;
                while x < rect.right() {
                    painter.circle_filled(pos2(x, y), 0.7, palette.weak);
                    x += 6.0;
                }
                y += 6.0;
            }
        }
    }
}

fn band_ui(
    ui: &mut Ui,
    band: &BandBars,
    measure: Measure,
    (low, high): (f64, f64),
    height: f32,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        let name = band.band.map_or("Other frequencies", Band::name);
        ui.label(RichText::new(name).size(15.0).family(crate::fonts::bold()).color(palette.strong));
        ui.label(RichText::new(summary(band)).color(palette.weak));
    });
    let size = vec2(ui.available_width(), (height - 38.0).max(90.0));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let plot =
        Rect::from_min_max(pos2(rect.left() + 44.0, rect.top() + 16.0), rect.max - vec2(0.0, 18.0));
    axis(ui.painter(), plot, measure, (low, high), palette);
    let step = (plot.width() / band.bars.len().max(1) as f32).min(92.0);
    let font = FontId::proportional(11.5);
    // Where the last number ends.
    let mut written = f32::MIN;
    for (number, bar) in band.bars.iter().enumerate() {
        let left = plot.left() + number as f32 * step;
        let column = Rect::from_min_max(
            pos2(left + step * 0.10, plot.top()),
            pos2(left + step * 0.90, plot.bottom()),
        );
        let response = ui.allocate_rect(column.with_max_y(rect.bottom()), Sense::click());
        let painter = ui.painter();
        // Where something was heard, somebody listened.
        let silent = bar.value(measure).is_none() || (bar.networks == 0 && bar.frames == 0);
        if bar.listening != Listening::Unknown || silent {
            ground(painter, column, bar.listening, palette);
        }
        if response.hovered() {
            painter.rect_filled(column, 2.0, palette.accent.gamma_multiply(0.10));
        }
        if let Some(value) = bar.value(measure).filter(|_| bar.listening != Listening::Not) {
            let share = ((value - low) / (high - low)).clamp(0.0, 1.0) as f32;
            let top = plot.bottom() - plot.height() * share;
            let fill = Rect::from_min_max(pos2(column.left(), top), column.max);
            if value > low {
                painter.rect_filled(fill, 2.0, palette.accent);
            }
            if step >= 22.0 && value > low {
                let at = pos2(column.center().x, top - 2.0);
                painter.text(
                    at,
                    Align2::CENTER_BOTTOM,
                    bar.text(measure),
                    font.clone(),
                    palette.text,
                );
            }
        }
        let at = pos2(column.center().x, plot.bottom() + 4.0);
        let color: Color32 = if bar.networks > 0 { palette.text } else { palette.weak };
        // Three digits need about 26 points: where columns are narrower, channels with networks keep
        // their number, and of the others those that have room beside what is written already.
        let half = 13.0;
        let next_network = band.bars.iter().skip(number + 1).position(|bar| bar.networks > 0);
        let room = next_network.is_none_or(|after| (after + 1) as f32 * step >= 2.0 * half);
        if bar.networks > 0 || (room && at.x - half >= written) {
            painter.text(at, Align2::CENTER_TOP, &bar.label, font.clone(), color);
            written = at.x + half;
        }
        parts::copy_menu(&response, &bar.hover(), commands);
        response.on_hover_text_at_pointer(bar.hover());
    }
}

fn summary(band: &BandBars) -> String {
    let networks: u32 = band.bars.iter().map(|bar| bar.networks).sum();
    let heard = band.bars.iter().filter(|bar| bar.networks > 0).count();
    let not = band.bars.iter().filter(|bar| bar.listening == Listening::Not).count();
    let time: Duration = band
        .bars
        .iter()
        .map(|bar| if let Listening::For(time) = bar.listening { time } else { Duration::ZERO })
        .sum();
    let known = band.bars.iter().any(|bar| bar.listening != Listening::Unknown);
    let mut text = format!(
        "{} on {}",
        words::counted(u64::from(networks), "network", "networks"),
        words::counted(heard as u64, "channel", "channels")
    );
    if known {
        text.push_str(&format!("; listened for {} in all", words::duration(time)));
    } else {
        text.push_str("; how long was listened is not known");
    }
    if not > 0 {
        text.push_str(&format!(
            "; {} not listened to",
            words::counted(not as u64, "channel", "channels")
        ));
    }
    text
}

/// What stands at a line of the axis that is `step` apart from the next.
fn tick(measure: Measure, value: f64, step: f64) -> String {
    let (value, step, unit) = match measure {
        Measure::Airtime => (value * 100.0, step * 100.0, " %"),
        _ => (value, step, ""),
    };
    // As many digits as the step needs, so that no two lines that differ say the same.
    let is_whole = |digits: i32| {
        let scaled = step * 10f64.powi(digits);
        (scaled - scaled.round()).abs() < 1e-6
    };
    let digits = (0..3).find(|digits| is_whole(*digits)).unwrap_or(3);
    if digits == 0 && value >= 0.0 {
        format!("{}{unit}", words::count(value.round() as u64))
    } else {
        format!("{value:.width$}{unit}", width = usize::try_from(digits).unwrap_or(0))
    }
}

fn axis(
    painter: &Painter,
    plot: Rect,
    measure: Measure,
    (low, high): (f64, f64),
    palette: &Palette,
) {
    let font = FontId::proportional(11.0);
    for step in 0..=4u8 {
        let share = f64::from(step) / 4.0;
        let y = plot.bottom() - plot.height() * share as f32;
        painter.hline(plot.x_range(), y, Stroke::new(1.0, palette.line));
        let text = tick(measure, low + (high - low) * share, (high - low) / 4.0);
        painter.text(
            pos2(plot.left() - 8.0, y),
            Align2::RIGHT_CENTER,
            text,
            font.clone(),
            palette.weak,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn not_listened_is_not_zero_and_not_unknown() {
        let mut snapshot = Snapshot::clone(&fixture::snapshot());
        if let Some(first) = snapshot.channels.first_mut() {
            first.listened_ns = None;
        }
        let bands = rows(&snapshot);
        let bars: Vec<&ChannelBar> = bands.iter().flat_map(|band| &band.bars).collect();
        let by = |mhz: u16| bars.iter().find(|bar| bar.frequency_mhz == mhz).expect("there");
        assert_eq!(by(2412).listening, Listening::Unknown);
        assert_eq!(by(2412).value(Measure::Airtime), None);
        assert_eq!(by(2467).listening, Listening::Not);
        assert_eq!(by(2467).value(Measure::Frames), None);
        assert!(by(2437).value(Measure::Frames).expect("listened") > 0.0);
        assert!(by(2467).hover().contains("not listened"));
        assert!(by(2412).hover().contains("unknown"));
    }

    #[test]
    fn bands_are_apart_and_in_order() {
        let bands = rows(&fixture::snapshot());
        let names: Vec<Option<Band>> = bands.iter().map(|band| band.band).collect();
        assert_eq!(names, [Some(Band::Ghz2_4), Some(Band::Ghz5), Some(Band::Ghz6)]);
        assert!(bands.iter().all(|band| {
            band.bars.windows(2).all(|pair| pair[0].frequency_mhz < pair[1].frequency_mhz)
        }));
    }

    #[test]
    fn lines_of_the_axis_have_the_digits_of_their_step() {
        for (measure, low, high, ticks) in [
            (Measure::Frames, 0.0, 10.0, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
            (Measure::Networks, 0.0, 4.0, ["0", "1", "2", "3", "4"]),
            (Measure::Frames, 0.0, 4000.0, ["0", "1,000", "2,000", "3,000", "4,000"]),
            (Measure::Strongest, -100.0, -20.0, ["-100", "-80", "-60", "-40", "-20"]),
            (Measure::Airtime, 0.0, 0.05, ["0.00 %", "1.25 %", "2.50 %", "3.75 %", "5.00 %"]),
            (Measure::Airtime, 0.0, 1.0, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        ] {
            let step = (high - low) / 4.0;
            let shown = [0.0, 1.0, 2.0, 3.0, 4.0].map(|n| tick(measure, low + n * step, step));
            assert_eq!(shown, ticks, "{measure:?}");
        }
    }

    #[test]
    fn no_axis_counts_parts_of_a_network() {
        for most in 0..2000u32 {
            let high = round_up(f64::from(most));
            assert!(high >= f64::from(most) && (high / 4.0).fract() == 0.0, "{most}: {high}");
        }
    }

    #[test]
    fn scales_hold_every_bar() {
        let bands = rows(&fixture::snapshot());
        for measure in Measure::ALL {
            let (low, high) = scale(&bands, measure);
            assert!(low < high);
            for value in bands.iter().flat_map(|b| &b.bars).filter_map(|bar| bar.value(measure)) {
                assert!(value <= high && value >= low, "{measure:?} {value}");
            }
        }
        assert!((round_up(0.0) - 4.0).abs() < 1e-9);
        assert!((round_up(17.0) - 20.0).abs() < 1e-9);
    }
}
