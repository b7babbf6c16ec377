//! Counts of the packets that are shown: by kind, channel, rate and device.

use super::PacketsOrder;
use super::columns::who;
use crate::command::Command;
use crate::style::Palette;
use crate::views::parts;
use crate::words::{self, UNKNOWN};
use egui::{Align, FontId, Layout, RichText, Sense, Ui, vec2};
use pw_engine::capture_file::{Counts, Group, Report};
use pw_model::{Channel, MacAddr};
use std::time::Duration;

/// Rows of a table at first; the rest is folded away.
const ROWS: usize = 12;

/// One row of a table.
#[derive(Clone, PartialEq, Debug)]
struct Row {
    name: String,
    frames: u64,
    /// Part of all frames, 0 to 1.
    share: f64,
    retry: String,
    airtime: String,
    /// Shows only these.
    filter: Option<String>,
}

fn row<K>(group: &Group<K>, total: &Counts, name: String, filter: Option<String>) -> Row {
    let percent = |share: Option<f64>| share.map_or_else(|| UNKNOWN.to_owned(), words::percent);
    Row {
        name,
        frames: group.counts.frames,
        share: group.counts.frames as f64 / total.frames.max(1) as f64,
        retry: percent(group.retry_share),
        airtime: percent(group.airtime_share),
        filter,
    }
}

fn kinds(report: &Report) -> Vec<Row> {
    let name =
        |group: &Group<String>| group.key.as_deref().map_or_else(|| "unknown".to_owned(), in_words);
    report.kinds.iter().map(|group| row(group, &report.total, name(group), None)).collect()
}

/// The short names of kinds written out, as the list has them.
fn in_words(kind: &str) -> String {
    let word = |word| match word {
        "assoc" => "association",
        "reassoc" => "reassociation",
        "disassoc" => "disassociation",
        "auth" => "authentication",
        "deauth" => "deauthentication",
        "req" => "request",
        "resp" => "response",
        "adv" => "advertisement",
        "qos" => "QoS",
        "noack" => "no ack",
        other => other,
    };
    kind.split('_').map(word).collect::<Vec<_>>().join(" ")
}

fn channels(report: &Report) -> Vec<Row> {
    let rows = report.channels.iter().map(|group| {
        let Some(key) = group.key else {
            return row(group, &report.total, "unknown".to_owned(), None);
        };
        let mhz = key.frequency_mhz;
        let name = Channel::from_frequency_mhz(mhz)
            .map_or_else(|| format!("{mhz} MHz"), |channel| format!("{channel} – {mhz} MHz"));
        let filter = Some(format!("wlan_radio.frequency == {mhz}"));
        row(group, &report.total, name, filter)
    });
    rows.collect()
}

fn rates(report: &Report) -> Vec<Row> {
    let rows = report.rates.iter().map(|group| {
        let Some(rate) = group.key else {
            return row(group, &report.total, "unknown".to_owned(), None);
        };
        let filter = Some(format!("wlan_radio.data_rate == {rate}"));
        row(group, &report.total, format!("{rate} Mbit/s"), filter)
    });
    rows.collect()
}

fn devices(report: &Report) -> Vec<Row> {
    let named = |address: MacAddr| match who(address) {
        Some(who) => format!("{address} {who}"),
        None => address.to_string(),
    };
    let rows = report.devices.iter().filter_map(|group| {
        let address = group.key?;
        Some(row(group, &report.total, named(address), Some(format!("wlan.ta == {address}"))))
    });
    rows.collect()
}

/// Paints the panel's content.
pub(super) fn ui(
    ui: &mut Ui,
    report: &Report,
    what: &str,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    egui::ScrollArea::vertical().id_salt("packet-statistics").auto_shrink([false, false]).show(
        ui,
        |ui| {
            ui.add(egui::Label::new(RichText::new(what).color(palette.weak)).wrap());
            facts(ui, report, palette, commands);
            table(ui, "By kind", &kinds(report), palette, commands);
            table(ui, "By channel", &channels(report), palette, commands);
            table(ui, "By rate", &rates(report), palette, commands);
            table(ui, "Transmitters by time on the air", &devices(report), palette, commands);
            if report.device_count > report.devices.len() as u64 {
                let words = format!(
                    "{} of {} transmitters are listed.",
                    report.devices.len(),
                    words::count(report.device_count)
                );
                ui.label(RichText::new(words).color(palette.weak));
            }
        },
    );
}

fn facts(ui: &mut Ui, report: &Report, palette: &Palette, commands: &mut Vec<Command>) {
    let total = &report.total;
    let mut fact = |name: &str, value: &str| parts::fact(ui, palette, name, value, commands);
    fact("Packets", &words::count(total.frames));
    fact("Bytes on the air", &words::bytes(total.bytes));
    if let Some(time) = report.time {
        fact("Time", &words::duration(time.duration()));
    }
    let retry = report.retry_share.map_or_else(|| UNKNOWN.to_owned(), words::percent);
    fact("Retries", &format!("{retry} of management and data frames"));
    let airtime = words::duration(Duration::from_micros(total.airtime_us));
    let known = total.frames - total.without_airtime.min(total.frames);
    if known > 0 {
        let share = report
            .busy_share
            .map_or_else(String::new, |share| format!(", {} of the time", words::percent(share)));
        fact("Time on the air", &format!("{airtime}{share}"));
    }
    if total.without_airtime > 0 {
        let words = format!("of {}", words::counted(total.without_airtime, "packet", "packets"));
        fact("… is not known", &words);
    }
}

fn table(ui: &mut Ui, title: &str, rows: &[Row], palette: &Palette, commands: &mut Vec<Command>) {
    if rows.is_empty() {
        return;
    }
    parts::section(ui, palette, title);
    heads(ui, palette);
    let id = ui.scope_id().with(title);
    let all = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    let shown = if all { rows.len() } else { ROWS };
    for row in rows.iter().take(shown) {
        line(ui, row, palette, commands);
    }
    if rows.len() > ROWS {
        let words = if all { "Fewer".to_owned() } else { format!("{} more", rows.len() - ROWS) };
        if ui.small_button(words).clicked() {
            ui.data_mut(|data| data.insert_temp(id, !all));
        }
    }
}

/// Right edges of the columns of numbers, from the right edge of the panel.
const EDGES: [f32; 3] = [128.0, 66.0, 4.0];

fn heads(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 15.0), Sense::hover());
    for (edge, head) in EDGES.into_iter().zip(["frames", "retry", "air"]) {
        let at = rect.right_center() - vec2(edge, 0.0);
        let font = FontId::proportional(11.0);
        ui.painter().text(at, egui::Align2::RIGHT_CENTER, head, font, palette.weak);
    }
}

fn line(ui: &mut Ui, row: &Row, palette: &Palette, commands: &mut Vec<Command>) {
    let sense = if row.filter.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 19.0), sense);
    response.widget_info(|| {
        let words = format!("{} {}", row.name, words::count(row.frames));
        egui::WidgetInfo::labeled(egui::Role::Row, true, words)
    });
    if response.hovered() && row.filter.is_some() {
        ui.painter().rect_filled(rect, 2.0, palette.accent_soft);
    }
    let bar = rect.with_max_x(rect.left() + rect.width() * row.share.min(1.0) as f32);
    ui.painter().rect_filled(bar, 2.0, palette.accent.gamma_multiply(0.22));
    let room = rect.with_max_x(rect.right() - 184.0).shrink2(vec2(4.0, 0.0));
    let mut child = ui.new_child(
        egui::UiBuilder::new().max_rect(room).layout(Layout::left_to_right(Align::Center)),
    );
    child.add(egui::Label::new(RichText::new(&row.name).color(palette.text)).truncate());
    let frames = words::count(row.frames);
    for (edge, text) in EDGES.into_iter().zip([&frames, &row.retry, &row.airtime]) {
        let at = rect.right_center() - vec2(edge, 0.0);
        let font = FontId::monospace(11.5);
        ui.painter().text(at, egui::Align2::RIGHT_CENTER, text, font, palette.text);
    }
    if let Some(filter) = &row.filter {
        let response = response.on_hover_text(format!("Click: show only these\n{filter}"));
        if response.clicked() {
            commands.push(Command::Packets(PacketsOrder::Narrow(filter.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_engine::capture_file::{ChannelKey, Filter};

    fn group<K>(key: Option<K>, frames: u64) -> Group<K> {
        let counts = Counts { frames, ..Counts::default() };
        Group { key, counts, retry_share: None, airtime_share: Some(0.5) }
    }

    #[test]
    fn rows_have_names_shares_and_filters_that_can_be_read() {
        let report = Report {
            total: Counts { frames: 10, ..Counts::default() },
            retry_share: None,
            time: None,
            busy_share: None,
            kinds: vec![group(Some("probe_req".to_owned()), 4)],
            channels: vec![
                group(Some(ChannelKey { frequency_mhz: 2437, channel: Some(6) }), 5),
                group(None, 5),
            ],
            rates: vec![group(Some(5.5), 10)],
            devices: vec![group(Some(MacAddr([2, 0, 0, 0, 0, 1])), 10)],
            device_count: 1,
            other_devices: Counts::default(),
            without_transmitter: Counts::default(),
        };
        assert_eq!(kinds(&report)[0].name, "probe request");
        assert_eq!((kinds(&report)[0].share, kinds(&report)[0].retry.as_str()), (0.4, UNKNOWN));
        assert_eq!(channels(&report)[0].name, "6 – 2437 MHz");
        assert_eq!(
            (channels(&report)[1].name.as_str(), &channels(&report)[1].filter),
            ("unknown", &None)
        );
        assert_eq!(devices(&report)[0].name, "02:00:00:00:00:01 local");
        let all = [channels(&report), rates(&report), devices(&report)].concat();
        for filter in all.iter().filter_map(|row| row.filter.as_ref()) {
            assert!(Filter::compile(filter).is_ok(), "{filter}");
        }
    }
}
