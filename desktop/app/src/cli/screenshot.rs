//! `piwardrive screenshot`

use super::WrongUsage;
use super::arguments::Screenshot;
use super::exchange::may_write;
use anyhow::Result;
use pw_app::{PacketsTab, Picture, ScreenshotRequest, ThemeChoice};
use pw_engine::capture_file::Filter;

pub(super) fn run(arguments: &Screenshot) -> Result<()> {
    let view = Picture::from_name(&arguments.view).ok_or_else(|| {
        let names = Picture::NAMES.join(", ");
        WrongUsage(format!("there is no view '{}'; views are {names}", arguments.view))
    })?;
    let mut themes = ThemeChoice::ALL.into_iter();
    let theme = themes.find(|theme| theme.name() == arguments.theme).ok_or_else(|| {
        let names = ThemeChoice::ALL.map(ThemeChoice::name).join(", ");
        WrongUsage(format!("there is no theme '{}'; themes are {names}", arguments.theme))
    })?;
    if (arguments.select.is_some() || arguments.filter.is_some()) && arguments.view != "packets" {
        let words = "--select and --where are for --view packets".to_owned();
        return Err(WrongUsage(words).into());
    }
    let mut tabs = PacketsTab::ALL.into_iter();
    let tab = tabs.find(|tab| tab.name() == arguments.tab).ok_or_else(|| {
        let names = PacketsTab::ALL.map(PacketsTab::name).join(", ");
        WrongUsage(format!("there is no tab '{}'; tabs are {names}", arguments.tab))
    })?;
    if tab != PacketsTab::Packets && arguments.view != "packets" {
        return Err(WrongUsage("--tab is for --view packets".to_owned()).into());
    }
    if let Some(filter) = &arguments.filter {
        Filter::compile(filter).map_err(|error| WrongUsage(error.to_string()))?;
    }
    may_write(&arguments.out, arguments.force)?;
    pw_app::screenshot(&ScreenshotRequest {
        path: arguments.survey.clone(),
        view,
        size: arguments.size,
        theme,
        out: arguments.out.clone(),
        select: arguments.select,
        filter: arguments.filter.clone(),
        tab,
    })
}
