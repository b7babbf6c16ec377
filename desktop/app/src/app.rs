//! The window: bar, views, timeline, dialogs. `logic` brings data up to date, `ui` paints it.

mod bar;
pub(crate) mod toasts;

use crate::backend::{self, Backend};
use crate::command::{Command, DialogKind, Order, View};
use crate::dialogs::{self, Dialog, Surroundings};
use crate::feed::{Feed, Notice};
use crate::settings::{Settings, SettingsFile};
use crate::style::{self, Palette, ThemeChoice};
use crate::views::detail::DetailState;
use crate::views::map::MapState;
use crate::views::networks::NetworksState;
use crate::views::packets::{PacketsOrder, PacketsState};
use crate::views::spectrum::Measure;
use crate::views::timeline::TimelineState;
use crate::views::{detail, drive, map, networks, packets, sensors, spectrum, timeline};
use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, Stroke, Ui};
use pw_model::MacAddr;
use std::path::PathBuf;

/// What is opened at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Open {
    Survey(PathBuf),
    Capture(PathBuf),
}

/// The window's state.
pub(crate) struct App {
    backend: Box<dyn Backend>,
    feed: Feed,
    settings: Settings,
    file: SettingsFile,
    /// The theme that was put on last.
    themed: Option<ThemeChoice>,
    view: View,
    chosen: Option<MacAddr>,
    networks: NetworksState,
    detail: DetailState,
    map: MapState,
    measure: Measure,
    packets: PacketsState,
    timeline: TimelineState,
    dialog: Option<Dialog>,
    toasts: toasts::Toasts,
    commands: Vec<Command>,
    /// Say in the bar that the survey is open for reading only.
    say_read_only: bool,
    /// The survey that was last put among the recent ones.
    noted: Option<PathBuf>,
    /// Where a sensor was last looked for: a wrong code is no reason to write the address again.
    pair_address: String,
    /// The person agreed that what is under way ends with the window.
    may_leave: bool,
}

impl App {
    pub(crate) fn new(
        ctx: &egui::Context,
        backend: Box<dyn Backend>,
        file: SettingsFile,
        open: Option<Open>,
    ) -> Self {
        let (settings, trouble) = file.load();
        let mut app = Self {
            backend,
            feed: Feed::empty(pw_engine::now()),
            settings,
            file,
            themed: None,
            view: View::default(),
            chosen: None,
            networks: NetworksState::default(),
            detail: DetailState::default(),
            map: MapState::default(),
            measure: Measure::default(),
            packets: PacketsState::default(),
            timeline: TimelineState::default(),
            dialog: None,
            toasts: toasts::Toasts::default(),
            commands: Vec::new(),
            say_read_only: true,
            noted: None,
            pair_address: String::new(),
            may_leave: false,
        };
        app.packets = PacketsState::new(app.settings.packets.clone());
        app.toasts.extend(trouble.map(Notice::failed), app.feed.now);
        if app.settings.online_tiles {
            app.map.set_online(true, ctx);
        }
        match open {
            Some(Open::Survey(path)) => {
                app.commands.push(Command::Engine(Order::Open { path }));
            }
            Some(Open::Capture(path)) => app.commands.push(Command::OpenCapture(path)),
            None => {}
        }
        app
    }

    /// Chooses the view.
    pub(crate) fn show(&mut self, view: View) {
        self.view = view;
    }

    /// Leaves out of the bar what is only so because a picture is made.
    pub(crate) const fn for_picture(&mut self) {
        self.say_read_only = false;
    }

    /// Chooses the theme.
    pub(crate) fn set_theme(&mut self, theme: ThemeChoice) {
        self.settings.theme = theme;
    }

    /// Opens a dialog.
    pub(crate) fn open_dialog(&mut self, kind: DialogKind) {
        if kind == DialogKind::Messages {
            self.toasts.read();
        }
        let palette = Palette::of(self.settings.theme);
        let around = Surroundings {
            feed: &self.feed,
            palette: &palette,
            filter: self.networks.filter(),
            filter_text: &self.networks.filter_text,
            author: &self.settings.author,
            messages: self.toasts.list(),
            pair_address: &self.pair_address,
        };
        self.dialog = Some(Dialog::new(kind, &around));
    }

    /// Chooses an access point.
    pub(crate) fn choose(&mut self, bssid: Option<MacAddr>) {
        self.chosen = bssid;
    }

    /// The packet view.
    pub(crate) const fn packets(&mut self) -> &mut PacketsState {
        &mut self.packets
    }

    /// What the views were given last.
    pub(crate) const fn feed(&self) -> &Feed {
        &self.feed
    }

    /// What went wrong and is still shown.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.toasts.trouble()
    }

    /// Brings the data up to date. Takes locks for as long as it takes to copy a pointer.
    fn pull(&mut self, ctx: &egui::Context) {
        let notices = self.backend.pull(&mut self.feed);
        self.toasts.extend(notices, self.feed.now);
        self.pull_packets();
        if let Some(wait) = self.toasts.expire(self.feed.now) {
            ctx.request_repaint_after(wait);
        }
        let path = self.feed.survey.as_ref().map(|survey| survey.survey.path.clone());
        if self.noted != path {
            if let Some(path) = &path {
                self.settings.opened(path);
                self.save();
                let name = self.feed.survey.as_ref().map(|survey| survey.survey.name.clone());
                let title = format!("{} – PiWardrive", name.unwrap_or_default());
                ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
            }
            self.chosen = None;
            self.noted = path;
        }
        // Ages in words move on while something is live, and only then.
        if self.feed.is_live() {
            ctx.request_repaint_after(std::time::Duration::from_secs(1));
        }
    }

    fn pull_packets(&mut self) {
        if let Some(notice) = self.packets.pull() {
            self.tell(notice);
        }
        if self.settings.packets != self.packets.settings {
            self.settings.packets = self.packets.settings.clone();
            self.save();
        }
    }

    fn save(&mut self) {
        if let Err(words) = self.file.save(&self.settings) {
            self.toasts.extend([Notice::failed(words)], self.feed.now);
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context) {
        let commands = std::mem::take(&mut self.commands);
        let mut question = None;
        if !commands.is_empty() {
            ctx.request_repaint();
        }
        for command in commands {
            match command {
                Command::Show(view) => self.view = view,
                Command::Choose(bssid) => self.chosen = bssid,
                Command::ShowOnMap(bssid) => {
                    self.chosen = Some(bssid);
                    self.map.bring = Some(bssid);
                    self.view = View::Map;
                    if !self.feed.located.contains_key(&bssid) {
                        let words = "This network was never heard at a known position.";
                        self.tell(Notice::Info(words.to_owned()));
                    }
                }
                Command::Copy(text) => {
                    let short: String = text.chars().take(60).collect();
                    ctx.copy_text(text);
                    self.tell(Notice::Info(format!("Copied: {short}")));
                }
                Command::OpenDialog(kind) => self.open_dialog(kind),
                // From a question it goes back to where that was asked.
                Command::CloseDialog => {
                    self.dialog = self.dialog.take().and_then(Dialog::behind);
                }
                Command::AskForget { sensor, address } => {
                    self.dialog = Some(Dialog::Forget { sensor, address });
                }
                Command::Write { path, may_replace, order } => {
                    if may_replace || path.symlink_metadata().is_err() {
                        self.dialog = None;
                        self.order(order);
                    } else {
                        let behind = self.dialog.take().map(Box::new);
                        self.dialog = Some(Dialog::Replace { path, order, behind });
                    }
                }
                Command::NextTheme => {
                    self.settings.theme = self.settings.theme.next();
                    self.save();
                }
                Command::SetOnlineTiles(online) => {
                    self.map.set_online(online, ctx);
                    self.settings.online_tiles = online;
                    self.save();
                }
                Command::OpenFile(path) => {
                    if let Err(words) = backend::open_with_system(&path) {
                        self.tell(Notice::failed(words));
                    }
                }
                Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
                Command::OpenCapture(path) => {
                    self.packets.open(&path, ctx);
                    self.view = View::Packets;
                }
                Command::Packets(order) => {
                    if order == PacketsOrder::AskOpen {
                        self.view = View::Packets;
                    }
                    if let Some(notice) = self.packets.carry_out(order) {
                        self.tell(notice);
                    }
                }
                Command::Engine(order) if self.would_end_recording(&order) => {
                    question = Some(Dialog::EndRecording { order });
                }
                Command::EndRecording(order) | Command::Engine(order) => self.order(order),
                Command::Leave => {
                    self.may_leave = true;
                    ctx.send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
        }
        // After the dialog that ordered it has closed.
        if question.is_some() {
            self.dialog = question;
        }
    }

    /// The window is about to close, by us or by the desktop: asks first where something is under way.
    fn ask_before_leaving(&mut self, ctx: &egui::Context) {
        let closing = ctx.input(|input| input.viewport().close_requested());
        if closing && !self.may_leave && dialogs::under_way(&self.feed).is_some() {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.dialog = Some(Dialog::Leave);
        }
    }

    /// True when a sensor sends and `order` would close the survey that it is stored in.
    fn would_end_recording(&self, order: &Order) -> bool {
        matches!(order, Order::Open { .. } | Order::New { .. } | Order::Close)
            && self.feed.is_live()
            && !self.feed.read_only
    }

    fn order(&mut self, order: Order) {
        if let Order::Report { settings, .. } = &order {
            self.settings.author = settings.author.clone().unwrap_or_default();
            self.save();
        }
        if let Order::Pair { address, .. } = &order {
            self.pair_address.clone_from(address);
        }
        let undo = match &order {
            Order::Forget { sensor } => Some(Notice::Undo {
                text: format!("{sensor} is forgotten. What was recorded from it stays."),
                order: Order::Remember { sensor: sensor.clone() },
            }),
            _ => None,
        };
        match self.backend.order(order) {
            Ok(()) => undo.into_iter().for_each(|notice| self.tell(notice)),
            Err(words) => self.tell(Notice::failed(words)),
        }
    }

    fn tell(&mut self, notice: Notice) {
        self.toasts.extend([notice], self.feed.now);
    }

    fn shortcuts(&mut self, ui: &Ui) {
        let with_command =
            |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
        let number = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];
        for (key, view) in number.into_iter().zip(View::ALL) {
            if with_command(key) {
                self.commands.push(Command::Show(view));
            }
        }
        let open = Modifiers::COMMAND | Modifiers::SHIFT;
        // Before Ctrl+O, which would take it too.
        if ui.input_mut(|input| input.consume_key(open, Key::O)) {
            self.commands.push(Command::Packets(PacketsOrder::AskOpen));
        }
        if self.view == View::Packets && self.packets.is_open() && with_command(Key::E) {
            self.commands.push(Command::Packets(PacketsOrder::AskExport));
        }
        let dialogs = [
            (Key::O, DialogKind::Open),
            (Key::N, DialogKind::New),
            (Key::I, DialogKind::Import),
            (Key::E, DialogKind::Export),
            (Key::P, DialogKind::Report),
            (Key::M, DialogKind::Messages),
        ];
        for (key, kind) in dialogs {
            if with_command(key) {
                self.commands.push(Command::OpenDialog(kind));
            }
        }
        if with_command(Key::T) {
            self.commands.push(Command::NextTheme);
        }
        if with_command(Key::Q) {
            self.commands.push(Command::Quit);
        }
        let writing = ui.ctx().egui_wants_keyboard_input();
        if self.chosen.is_some()
            && !writing
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
        {
            self.commands.push(Command::Choose(None));
        }
        let help = ui.input_mut(|input| {
            input.consume_key(Modifiers::NONE, Key::F1)
                || (!writing && input.events.iter().any(is_question_mark))
        });
        if help {
            self.commands.push(Command::OpenDialog(DialogKind::Help));
        }
    }

    /// Opens a capture that was dropped on the window; the first, when there are several.
    fn take_dropped(&mut self, ui: &Ui) {
        let dropped = ui.input(|input| input.raw.dropped_files.clone());
        let Some(file) = dropped.first() else { return };
        // Whether it is a capture is told from its content, by the thread that reads it.
        self.commands.push(Command::OpenCapture(file.path().to_owned()));
    }

    fn body(&mut self, ui: &mut Ui, palette: &Palette) {
        let frame = Frame::new().fill(palette.ground).inner_margin(Margin::symmetric(12, 8));
        let with_detail = matches!(self.view, View::Networks | View::Map | View::Drive);
        // Drive shows the whole survey, whatever stretch of time is selected.
        let snapshot = if self.view == View::Drive {
            self.feed.survey.clone()
        } else {
            self.feed.shown.clone()
        };
        if let Some((bssid, snapshot)) = self.chosen.filter(|_| with_detail).zip(snapshot) {
            let side = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(14, 6));
            Panel::right("detail")
                .frame(side)
                .default_size(384.0)
                .size_range(300.0..=620.0)
                .resizable(true)
                .show(ui, |ui| {
                    let state = &mut self.detail;
                    let commands = &mut self.commands;
                    detail::ui(ui, state, &snapshot, &self.feed, palette, bssid, commands);
                });
        } else {
            self.commands.extend(self.detail.watch_none());
        }
        let frame = if self.view == View::Map { frame.inner_margin(Margin::ZERO) } else { frame };
        let (feed, commands, chosen) = (&self.feed, &mut self.commands, self.chosen);
        CentralPanel::default().frame(frame).show(ui, |ui| match self.view {
            View::Drive => drive::ui(ui, feed, palette, chosen, commands),
            View::Networks => {
                networks::ui(ui, &mut self.networks, feed, palette, chosen, commands);
            }
            View::Map => map::ui(ui, &mut self.map, feed, palette, chosen, commands),
            View::Spectrum => spectrum::ui(ui, &mut self.measure, feed, palette, commands),
            View::Sensors => sensors::ui(ui, feed, palette, commands),
            View::Packets => packets::ui(ui, &mut self.packets, palette, commands),
        });
    }
}

fn is_question_mark(event: &egui::Event) -> bool {
    matches!(event, egui::Event::Text(text) if text == "?")
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        self.pull(ctx);
        self.carry_out(ctx);
        self.ask_before_leaving(ctx);
        if self.themed != Some(self.settings.theme) {
            style::apply(ctx, self.settings.theme);
            self.themed = Some(self.settings.theme);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        let palette = Palette::of(self.settings.theme);
        if self.dialog.is_none() && !self.packets.has_dialog() {
            self.shortcuts(ui);
        }
        self.take_dropped(ui);
        let line = Stroke::new(1.0, palette.line);
        let bar = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(12, 6));
        Panel::top("bar").frame(bar).show(ui, |ui| {
            let shown = bar::Shown {
                view: self.view,
                theme: self.settings.theme,
                recent: &self.settings.recent,
                recent_captures: &self.settings.packets.recent,
                say_read_only: self.say_read_only,
                missed: self.toasts.missed(),
            };
            bar::ui(ui, &self.feed, &shown, &palette, &mut self.commands);
            ui.painter().hline(ui.clip_rect().x_range(), ui.clip_rect().bottom() - 0.5, line);
        });
        // The strip of time belongs to the survey, which a capture is no part of.
        if self.feed.survey.is_some() && self.view != View::Packets {
            let foot = Frame::new().fill(palette.panel).inner_margin(Margin {
                left: 12,
                right: 12,
                top: 4,
                bottom: 4,
            });
            Panel::bottom("timeline").frame(foot).exact_size(108.0).show(ui, |ui| {
                timeline::ui(ui, &mut self.timeline, &self.feed, &palette, &mut self.commands);
            });
        }
        if !self.feed.jobs.is_empty() {
            let strip = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(12, 4));
            Panel::bottom("jobs").frame(strip).show(ui, |ui| {
                bar::jobs(ui, &self.feed.jobs, &palette, &mut self.commands);
            });
        }
        self.body(ui, &palette);
        self.toasts.ui(ui, &palette, &mut self.commands);
        packets::dialog(ui, &mut self.packets, &palette, &mut self.commands);
        if let Some(dialog) = &mut self.dialog {
            let around = Surroundings {
                feed: &self.feed,
                palette: &palette,
                filter: self.networks.filter(),
                filter_text: &self.networks.filter_text,
                author: &self.settings.author,
                messages: self.toasts.list(),
                pair_address: &self.pair_address,
            };
            dialogs::ui(ui, dialog, &around, &mut self.commands);
        }
        if !self.commands.is_empty() {
            ui.ctx().request_repaint();
        }
    }
}
