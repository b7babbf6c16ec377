//! `piwardrive import`, `export` and `report`

use super::WrongUsage;
use super::arguments::{Export, Import, Report, ReportType};
use super::list::filter;
use super::output::{json_array, stdout};
use super::progress::Progress;
use super::survey::{Made, open_or_create};
use anyhow::Result;
use pw_engine::exchange::{self, ExchangeError, ExportInput, ImportedFile};
use pw_engine::{Engine, ReportForm, ReportSettings, SurveyView};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

pub(super) fn import(arguments: &Import) -> Result<()> {
    let (engine, made) = open_or_create(&arguments.survey, false)?;
    let imported = bring(engine, arguments, &made);
    if imported.is_err() {
        // Where nothing came of it, nothing is left of it.
        made.take_back();
    }
    imported
}

fn bring(engine: Engine, arguments: &Import, made: &Made) -> Result<()> {
    let cancel = engine.cancel_on_interrupt();
    let bar = Progress::new("Import");
    let mut progress = |at: &exchange::ImportProgress| {
        bar.share(at.done_bytes as f32 / at.total_bytes.max(1) as f32);
        bar.words(&at.path.file_name().unwrap_or_default().to_string_lossy());
    };
    let results = engine.import_and_wait(&arguments.files, &mut progress, &cancel)?;
    drop(bar);
    engine.close()?;
    if !arguments.json && results.iter().any(|(_, result)| result.is_ok()) {
        made.tell()?;
    }
    if arguments.json {
        json_array(results.iter().map(|(path, result)| row(path, result)))?;
    }
    let mut out = stdout();
    let mut failed = Vec::new();
    for (path, result) in &results {
        match result {
            Ok(_) if arguments.json => {}
            Ok(file) => {
                writeln!(out, "{}: {}", path.display(), file.words())?;
                for warning in &file.warnings {
                    eprintln!("piwardrive: {}: warning: {warning}", path.display());
                }
            }
            Err(ExchangeError::Cancelled) => {
                anyhow::bail!(
                    "{}: stopped; what was read is stored, importing again goes on from there",
                    path.display()
                );
            }
            Err(error) => failed.push(error.to_string()),
        }
    }
    out.flush()?;
    // All but the last on lines of their own; the last is the error of the whole.
    if let Some(last) = failed.pop() {
        for error in failed {
            eprintln!("piwardrive: {error}");
        }
        anyhow::bail!(last);
    }
    Ok(())
}

/// What came of a file, for programs.
fn row(path: &Path, result: &Result<ImportedFile, ExchangeError>) -> serde_json::Value {
    match result {
        Ok(file) => json!({
            "path": path.display().to_string(),
            "format": file.format,
            "observations": file.observations,
            "positioned": file.positioned,
            "without_position": file.observations.saturating_sub(file.positioned),
            "bad_fcs": file.bad_fcs,
            "unreadable": file.unreadable,
            "opted_out": file.opted_out,
            "new_batches": file.new_batches,
            "known_batches": file.known_batches,
            "left_out": file.left_out,
            "warnings": file.warnings,
            "error": null,
        }),
        Err(error) => json!({ "path": path.display().to_string(), "error": error.to_string() }),
    }
}

/// A file that is there is replaced only where that was said, or where it is empty: then nothing is lost.
pub(super) fn may_write(path: &Path, force: bool) -> Result<()> {
    let holds_nothing =
        |meta: &std::fs::Metadata| meta.is_dir() || meta.is_file() && meta.len() == 0;
    if !force && path.symlink_metadata().is_ok_and(|meta| !holds_nothing(&meta)) {
        anyhow::bail!(
            "{}: exists already; add --force to replace it, or name another file",
            path.display()
        );
    }
    Ok(())
}

pub(super) fn export(arguments: &Export) -> Result<()> {
    let filter = filter(arguments.filter.as_deref())?;
    may_write(&arguments.out, arguments.force)?;
    let view = SurveyView::open(&arguments.survey)?;
    let input = ExportInput {
        snapshot: &view.snapshot,
        places: &view.places,
        reader: &view.reader,
        filter: &filter,
    };
    let bar = Progress::new("Export");
    let mut progress = |share| bar.share(share);
    let cancel = AtomicBool::new(false);
    let summary =
        exchange::export(arguments.format, &arguments.out, &input, &mut progress, &cancel)?;
    drop(bar);
    writeln!(stdout(), "{}: {}", arguments.out.display(), summary.words())?;
    Ok(())
}

pub(super) fn report(arguments: &Report) -> Result<()> {
    let ReportType::Survey = arguments.kind;
    if ReportForm::of(&arguments.out).is_none() {
        let words = format!("--out {}: must end in .pdf or .html", arguments.out.display());
        return Err(WrongUsage(words).into());
    }
    may_write(&arguments.out, arguments.force)?;
    let view = SurveyView::open_checked(&arguments.survey)?;
    let settings = ReportSettings {
        title: arguments.title.clone(),
        author: arguments.author.clone(),
        ..ReportSettings::default()
    };
    let bar = Progress::new("Report");
    let mut progress = |share: Option<f32>, words: &str| {
        bar.share(share.unwrap_or(0.0));
        bar.words(words);
    };
    view.report(&settings, &arguments.out, &mut progress)?;
    drop(bar);
    writeln!(stdout(), "{}: report of {}", arguments.out.display(), view.snapshot.survey.name)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_by_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.csv");
        may_write(&path, false).expect("nothing there");
        std::fs::write(&path, "mine").expect("written");
        let refused = may_write(&path, false).expect_err("it is there").to_string();
        assert!(refused.contains("out.csv") && refused.contains("--force"), "{refused}");
        may_write(&path, true).expect("by force");
    }
}
