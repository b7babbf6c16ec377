//! The chart of a band: networks and airtime on each channel, and where nobody listened.

use super::svg::{Anchor, Svg, round_down};
use pw_model::{Band, Channel};
use pw_survey::ChannelUse;

/// Width of the drawing: that of the text on the page, in points.
const WIDTH: f64 = 482.0;
/// Left of the bars: the axis.
const LEFT: f64 = 34.0;
/// Height of the bars for networks.
const NETWORKS: f64 = 70.0;
/// Height of the bars for airtime.
const AIRTIME: f64 = 48.0;
/// Between and around them.
const TOP: f64 = 19.0;
const GAP: f64 = 32.0;
const BOTTOM: f64 = 12.0;

/// The usual 20 MHz channels of 5 GHz.
const CHANNELS_5_GHZ: [u8; 28] = [
    36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140, 144,
    149, 153, 157, 161, 165, 169, 173, 177,
];

/// What is known about listening on a channel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Listened {
    /// For so many seconds.
    For(f64),
    /// The ledger covers the survey and has no interval on it.
    Not,
    /// No ledger says it.
    Unknown,
}

/// One place on the axis.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Slot {
    pub(crate) channel: Channel,
    pub(crate) used: Option<ChannelUse>,
    pub(crate) listened: Listened,
}

/// The channels of a band in order: the usual ones and all with data.
pub(crate) fn slots(uses: &[ChannelUse], band: Band, has_ledger: bool) -> Vec<Slot> {
    let usual: Vec<u8> = match band {
        Band::Ghz2_4 => (1..=13).collect(),
        Band::Ghz5 => CHANNELS_5_GHZ.to_vec(),
        Band::Ghz6 => (1..=233).step_by(4).collect(),
        Band::Ghz60 => Vec::new(),
    };
    let heard = uses.iter().filter_map(|used| used.channel).filter(|channel| channel.band == band);
    let mut channels: Vec<Channel> =
        usual.into_iter().map(|number| Channel { band, number }).chain(heard).collect();
    // The 4.9 GHz channels have high numbers and low frequencies.
    channels.sort_by_key(|channel| (channel.frequency_mhz(), channel.number));
    channels.dedup();
    channels
        .into_iter()
        .map(|channel| {
            let used = uses.iter().find(|used| used.channel == Some(channel)).cloned();
            let listened = match used.as_ref().and_then(|used| used.listened_ns) {
                Some(ns) if ns > 0 => Listened::For(ns as f64 / 1e9),
                _ if has_ledger => Listened::Not,
                _ => Listened::Unknown,
            };
            Slot { channel, used, listened }
        })
        .collect()
}

/// Draws a band; without the airtime where no listening time is known. Where several drawings stand in
/// one page, `name` tells apart what they refer to.
pub(crate) fn draw(name: &str, slots: &[Slot]) -> String {
    let has_airtime = slots.iter().any(|slot| slot.listened != Listened::Unknown);
    let networks_foot = TOP + NETWORKS;
    let airtime_foot = networks_foot + if has_airtime { GAP + AIRTIME } else { 0.0 };
    let mut svg = Svg::new(WIDTH, airtime_foot + BOTTOM);
    svg.raw(format_args!(
        "<pattern id=\"{name}-not\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect width=\"4\" height=\"4\" fill=\"#f3f4f6\"/>\
         <line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"4\" stroke=\"#c3cad1\" stroke-width=\"1\"/></pattern>"
    ));
    let step = (WIDTH - LEFT) / slots.len().max(1) as f64;
    let most = slots.iter().filter_map(|slot| slot.used.as_ref()).map(|used| used.networks).max();
    let most = f64::from(most.unwrap_or(0).max(1));
    let ink = "fill=\"#4a5864\"";
    svg.label([0.0, 7.0], 7.0, Anchor::Start, ink, "Access points");
    if has_airtime {
        svg.label([0.0, networks_foot + GAP - 10.0], 7.0, Anchor::Start, ink, "Airtime share");
    }
    for (at, _) in slots.iter().enumerate().filter(|(_, slot)| slot.listened == Listened::Not) {
        let x = LEFT + step * at as f64 + 0.5;
        // Unknown and not listened never stand together, so that there is an airtime part here.
        for (foot, height) in [(networks_foot, NETWORKS), (airtime_foot, AIRTIME)] {
            let fill = format!("fill=\"url(#{name}-not)\"");
            svg.rect([x, foot - height, step - 1.0, height], &fill);
        }
    }
    let whole = round_down(most / 2.0).max(1.0);
    draw_axis(&mut svg, [networks_foot, NETWORKS], [most, whole], |value| format!("{value:.0}"));
    let top_share = top_share(slots);
    if has_airtime {
        let ends = [top_share, top_share / 2.0];
        draw_axis(&mut svg, [airtime_foot, AIRTIME], ends, |share| {
            format!("{:.0}%", share * 100.0)
        });
    }
    let every = label_every(slots.len());
    for (at, slot) in slots.iter().enumerate() {
        let x = LEFT + step * at as f64;
        draw_slot(&mut svg, slot, [x, step], [networks_foot, airtime_foot], [most, top_share]);
        if at % every == 0 {
            let number = slot.channel.number.to_string();
            let middle = [x + step / 2.0, networks_foot + 8.0];
            svg.label(middle, 6.0, Anchor::Middle, "fill=\"#1d2a35\"", &number);
        }
    }
    svg.finish()
}

/// With so many channels every how many-th is labelled.
fn label_every(slots: usize) -> usize {
    slots.div_ceil(32).max(1)
}

/// Upper end of the airtime axis: a round share not below the largest.
fn top_share(slots: &[Slot]) -> f64 {
    let largest =
        slots.iter().filter_map(|slot| slot.used.as_ref()?.airtime_share()).fold(0.0f64, f64::max);
    [0.04, 0.1, 0.2, 0.5].into_iter().find(|end| largest <= *end).unwrap_or(1.0)
}

/// Lines from 0 to `most` by `step`, with their values.
fn draw_axis(
    svg: &mut Svg,
    [foot, height]: [f64; 2],
    [most, step]: [f64; 2],
    words: impl Fn(f64) -> String,
) {
    let mut value = 0.0;
    while value <= most * 1.001 {
        let y = foot - value / most * height;
        let style = if value == 0.0 {
            "stroke=\"#5f6b76\" stroke-width=\"0.6\""
        } else {
            "stroke=\"#dde2e6\" stroke-width=\"0.4\""
        };
        svg.line([LEFT, y], [WIDTH, y], style);
        svg.label([LEFT - 4.0, y + 2.0], 6.0, Anchor::End, "fill=\"#4a5864\"", &words(value));
        value += step;
    }
}

fn draw_slot(svg: &mut Svg, slot: &Slot, [x, step]: [f64; 2], feet: [f64; 2], most: [f64; 2]) {
    let [networks_foot, airtime_foot] = feet;
    let (inset, wide) = (step * 0.16, step * 0.68);
    let Some(used) = &slot.used else { return };
    if used.networks > 0 {
        let height = f64::from(used.networks) / most[0] * NETWORKS;
        svg.rect([x + inset, networks_foot - height, wide, height], "fill=\"#0072b2\"");
        if step > 11.0 {
            let words = used.networks.to_string();
            let at = [x + step / 2.0, networks_foot - height - 2.0];
            svg.label(at, 5.5, Anchor::Middle, "fill=\"#1d2a35\"", &words);
        }
    }
    if let Some(share) = used.airtime_share() {
        let height = (share / most[1]).min(1.0) * AIRTIME;
        svg.rect([x + inset, airtime_foot - height, wide, height], "fill=\"#e69f00\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(frequency_mhz: u16, listened_ns: Option<u64>) -> ChannelUse {
        ChannelUse {
            frequency_mhz,
            channel: Channel::from_frequency_mhz(frequency_mhz),
            listened_ns,
            networks: 3,
            frames: 10,
            airtime_us: 1000,
            strongest_dbm: None,
            retries: 0,
        }
    }

    #[test]
    fn not_listened_is_not_nothing_heard() {
        let uses = [used(2412, Some(5_000_000_000)), used(2437, Some(0)), used(2484, None)];
        let slots = slots(&uses, Band::Ghz2_4, true);
        assert_eq!(slots.len(), 14);
        assert_eq!(slots[0].listened, Listened::For(5.0));
        assert_eq!(slots[1].listened, Listened::Not);
        assert_eq!(slots[5].listened, Listened::Not);
        assert!(slots[5].used.is_some());
        assert_eq!(slots[13].listened, Listened::Not);
    }

    #[test]
    fn without_a_ledger_nothing_is_known() {
        let slots = slots(&[used(2412, None)], Band::Ghz2_4, false);
        assert!(slots.iter().all(|slot| slot.listened == Listened::Unknown));
    }

    #[test]
    fn drawings_of_nothing_and_of_much() {
        assert!(draw("none", &[]).ends_with("</svg>"));
        let all: Vec<ChannelUse> = (0..59).map(|n| used(5955 + 20 * n, Some(1))).collect();
        assert!(draw("much", &slots(&all, Band::Ghz6, true)).contains("233"));
    }
}
