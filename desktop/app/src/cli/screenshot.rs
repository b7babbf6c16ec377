//! `piwardrive screenshot`

use super::WrongUsage;
use super::arguments::Screenshot;
use anyhow::Result;
use pw_app::{Picture, ScreenshotRequest, ThemeChoice};

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
    pw_app::screenshot(&ScreenshotRequest {
        survey: arguments.survey.clone(),
        view,
        size: arguments.size,
        theme,
        out: arguments.out.clone(),
    })
}
