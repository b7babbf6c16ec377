//! `piwardrive screenshot`

use super::arguments::Screenshot;
use anyhow::{Context, Result};
use pw_app::{Picture, ScreenshotRequest, ThemeChoice};

pub(super) fn run(arguments: &Screenshot) -> Result<()> {
    let view = Picture::from_name(&arguments.view).with_context(|| {
        format!("there is no view '{}'; views are {}", arguments.view, Picture::NAMES.join(", "))
    })?;
    let mut themes = ThemeChoice::ALL.into_iter();
    let theme = themes.find(|theme| theme.name() == arguments.theme).with_context(|| {
        let names = ThemeChoice::ALL.map(ThemeChoice::name).join(", ");
        format!("there is no theme '{}'; themes are {names}", arguments.theme)
    })?;
    pw_app::screenshot(&ScreenshotRequest {
        survey: arguments.survey.clone(),
        view,
        size: arguments.size,
        theme,
        out: arguments.out.clone(),
    })
}
