//! The menu that tells a sensor's radios what to listen to.

use crate::command::{Command, Order};
use crate::feed::LinkRow;
use crate::style::Palette;
use egui::containers::menu::{MenuButton, MenuConfig, SubMenuButton};
use egui::{PopupCloseBehavior, RichText, Ui};
use pw_engine::RadioRow;
use pw_model::ChannelPlan;

/// One entry: what is written on it, and the plan it asks for.
#[derive(Clone, PartialEq, Debug)]
struct Entry {
    text: String,
    plan: ChannelPlan,
    /// It is the plan that holds now.
    holds: bool,
}

/// What can be asked of these radios together; nothing when none of them can be tuned.
fn entries(radios: &[&RadioRow]) -> Vec<Entry> {
    let tunable: Vec<&&RadioRow> = radios.iter().filter(|radio| radio.plan.is_some()).collect();
    if tunable.is_empty() {
        return Vec::new();
    }
    let entry = |text: &str, plan: ChannelPlan| {
        let written = plan.to_string();
        let holds = tunable.iter().all(|radio| radio.plan.as_deref() == Some(written.as_str()));
        Entry { text: text.to_owned(), plan, holds }
    };
    let mut entries = vec![
        entry("All channels, the busy ones more often", ChannelPlan::All),
        entry("Fast pass over all channels", ChannelPlan::Survey),
        entry("Longer where more is new", ChannelPlan::Adaptive),
        entry("The sensor's favourites", ChannelPlan::Favourites(Vec::new())),
    ];
    if let [radio] = radios
        && let Some(frequency_mhz) = radio.frequency_mhz
    {
        let text = format!("Stay on {frequency_mhz} MHz, where it is now");
        entries.push(entry(&text, ChannelPlan::Lock { frequency_mhz, width_mhz: None }));
    }
    entries
}

/// Paints the menu, where the sensor says that a radio of it can be tuned.
pub(super) fn menu(ui: &mut Ui, link: &LinkRow, palette: &Palette, commands: &mut Vec<Command>) {
    let radios: Vec<&RadioRow> = link.radios.iter().flatten().collect();
    if entries(&radios).is_empty() {
        return;
    }
    // A click into the field of the menu must not close it.
    let config = || MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new("Channel plan…").config(config()).ui(ui, |ui| {
        match radios.as_slice() {
            [one] => plans(ui, link, Some(one.number), &radios, palette, commands),
            several => {
                plans(ui, link, None, several, palette, commands);
                ui.separator();
                for radio in several.iter().filter(|radio| radio.plan.is_some()) {
                    let button = SubMenuButton::new(format!("Only {}", radio.source));
                    button.config(config()).ui(ui, |ui| {
                        plans(ui, link, Some(radio.number), &[radio], palette, commands);
                    });
                }
            }
        };
    });
}

fn plans(
    ui: &mut Ui,
    link: &LinkRow,
    radio: Option<u8>,
    radios: &[&RadioRow],
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let mut ask = |plan: ChannelPlan| {
        let sensor = link.name.clone();
        commands.push(Command::Engine(Order::SetPlan { sensor, radio, plan }));
    };
    for entry in entries(radios) {
        if ui.selectable_label(entry.holds, entry.text).clicked() {
            ask(entry.plan);
            ui.close();
        }
    }
    let id = ui.scope_id().with(("channel plan", radio));
    let mut text = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_default();
    ui.horizontal(|ui| {
        let field = egui::TextEdit::singleline(&mut text)
            .hint_text("lock:5180/80 or favourites:2412,2437")
            .desired_width(230.0);
        let entered =
            ui.add(field).lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let parsed = text.trim().parse::<ChannelPlan>();
        if (ui.add_enabled(parsed.is_ok(), egui::Button::new("Set")).clicked() || entered)
            && let Ok(plan) = parsed
        {
            ask(plan);
            ui.close();
        }
    });
    if !text.trim().is_empty()
        && let Err(why) = text.trim().parse::<ChannelPlan>()
    {
        ui.label(RichText::new(why).small().color(palette.weak));
    }
    ui.data_mut(|data| data.insert_temp(id, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radio(number: u8, plan: Option<&str>) -> RadioRow {
        RadioRow {
            number,
            source: format!("wlan{number}"),
            listening: true,
            frequency_mhz: Some(2437),
            plan: plan.map(str::to_owned),
            ..RadioRow::default()
        }
    }

    #[test]
    fn only_what_can_be_tuned_is_offered_a_plan() {
        assert_eq!(entries(&[&radio(0, None)]), []);
        let both = [&radio(0, Some("all")), &radio(1, Some("adaptive"))];
        assert!(entries(&both).iter().all(|entry| !entry.holds), "they differ");
        assert_eq!(entries(&both).len(), 4, "several radios have no place in common");
        let one = entries(&[&radio(0, Some("lock:2437"))]);
        let held: Vec<&str> =
            one.iter().filter(|entry| entry.holds).map(|entry| entry.text.as_str()).collect();
        assert_eq!(held, ["Stay on 2437 MHz, where it is now"]);
    }

    #[test]
    fn a_plan_is_asked_for_by_the_menu_and_by_its_spelling() {
        use crate::feed::LinkKind;
        use crate::style::ThemeChoice;
        use egui_kittest::kittest::Queryable;
        use std::cell::RefCell;
        use std::rc::Rc;

        let asked = Rc::new(RefCell::new(Vec::new()));
        let link = LinkRow {
            radios: Some(vec![radio(0, Some("all")), radio(1, Some("all"))]),
            ..crate::fixture::link(LinkKind::Connected)
        };
        let told = Rc::clone(&asked);
        let palette = Palette::of(ThemeChoice::Dark);
        let mut window = egui_kittest::Harness::new_ui(move |ui| {
            menu(ui, &link, &palette, &mut told.borrow_mut());
        });
        let order = |radio, plan: &str| {
            let (sensor, plan) = ("roof".to_owned(), plan.parse().expect("a plan"));
            Command::Engine(Order::SetPlan { sensor, radio, plan })
        };
        window.get_by_label("Channel plan…").click();
        window.run();
        window.get_by_label("Longer where more is new").click();
        window.run();
        assert_eq!(asked.take(), [order(None, "adaptive")]);
        window.get_by_label("Channel plan…").click();
        window.run();
        let field = || egui_kittest::kittest::By::new().role(egui::accesskit::Role::TextInput);
        window.get(field()).click();
        window.run();
        window.get(field()).type_text("lock:5180/8");
        window.run();
        assert!(window.query_by_label_contains("20, 40, 80 or 160 MHz").is_some(), "why not yet");
        window.get(field()).type_text("0");
        window.run();
        window.get_by_label("Set").click();
        window.run();
        assert_eq!(asked.take(), [order(None, "lock:5180/80")]);
    }
}
