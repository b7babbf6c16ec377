//! Where the survey went and where the networks are thought to be.

use super::Facts;
use crate::document::{Block, Section};
use crate::figure;
use crate::words;
use pw_analysis::base_map;
use std::collections::BTreeMap;

pub(crate) fn section(facts: &Facts<'_>, figures: &mut BTreeMap<String, String>) -> Section {
    let mut section = Section::new("map", "Map");
    let Some(map) = figure::map::draw(facts) else {
        section.paragraph(
            "No position was known during the survey, so there is no map and no network is located.",
        );
        return section;
    };
    section.own_page = true;
    let located = facts.located().count();
    let mut text = match facts.distance_m() {
        Some(way) => format!("The track is {} long. ", words::metres(way)),
        None => String::new(),
    };
    text.push_str(&format!(
        "{} of {} could be located.",
        words::count(located as u64),
        words::counted(facts.networks.len(), "access point", "access points"),
    ));
    section.paragraph(text);
    let mut caption = format!(
        "Track and {} by protection.",
        words::counted(map.shown, "access point", "access points")
    );
    if map.numbers {
        caption.push_str(" Numbers are those of the table of networks, given for weak ones.");
    }
    if !map.circles {
        caption.push_str(" Errors are not drawn because there are many; the table states them.");
    }
    if map.outside > 0 {
        caption.push_str(&format!(
            " {} too far away to be shown.",
            words::counted(map.outside, "point lies", "points lie")
        ));
    }
    caption.push_str(&format!(" Mercator projection. {}.", base_map::ATTRIBUTION));
    figures.insert("map.svg".to_owned(), map.svg);
    section.blocks.push(Block::Figure {
        name: "map.svg".to_owned(),
        words: "Map of the track with the estimated places of the access points".to_owned(),
        caption,
    });
    section
}
