//! The capture that is open: the file, the packets that pass the filter, and work under way on them.

use pw_engine::capture_file::analysed::PacketSettings;
use pw_engine::capture_file::{
    CaptureAnalysis, CaptureFile, Filter, Report, Selection, SelectionPhase, Wake, Work,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open capture.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) file: CaptureFile,
    /// What passes the filter; `None` while there is no filter.
    pub(super) selection: Option<Selection>,
    pub(super) export: Option<Export>,
    /// Counts of what is shown; `None` while nobody wants them.
    pub(super) counting: Option<Work<Report>>,
    /// The analysis without and with layers 3 and 4; `None` until somebody wants it.
    analyses: [Option<Work<CaptureAnalysis>>; 2],
    /// Unencrypted traffic is analysed too. Never on from the start.
    pub(super) layer3: bool,
}

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) path: PathBuf,
    pub(super) work: Work<String>,
}

impl Session {
    /// Begins to open a file.
    pub(super) fn open(path: &Path, ctx: &egui::Context) -> Result<Self, String> {
        let ctx = ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        let file = CaptureFile::open(path, wake)
            .map_err(|error| format!("{}: no thread to read it: {error}", path.display()))?;
        Ok(Self {
            file,
            selection: None,
            export: None,
            counting: None,
            analyses: [None, None],
            layer3: false,
        })
    }

    /// Shows only what passes; everything for an empty filter.
    pub(super) fn select(&mut self, filter: Filter) -> Result<(), String> {
        self.selection = None;
        self.counting = None;
        if !filter.is_empty() {
            let selection = self.file.select(filter);
            self.selection = Some(selection.map_err(|error| format!("no thread: {error}"))?);
        }
        Ok(())
    }

    /// Rows of the list.
    pub(super) fn rows(&self) -> u32 {
        self.selection.as_ref().map_or_else(|| self.file.count(), Selection::len)
    }

    /// Number of the packet in a row.
    pub(super) fn number(&self, at: u32) -> Option<u32> {
        match &self.selection {
            Some(selection) => selection.number(at),
            None => (at < self.file.count()).then_some(at + 1),
        }
    }

    /// Row of a packet, or of the next one that is shown.
    pub(super) fn place(&self, number: u32) -> u32 {
        match &self.selection {
            Some(selection) => selection.place(number),
            None => number.saturating_sub(1),
        }
    }

    /// True while packets that pass are being looked for.
    pub(super) fn is_searching(&self) -> bool {
        let selection = self.selection.as_ref();
        selection.is_some_and(|selection| selection.phase() == SelectionPhase::Searching)
    }

    /// Begins to count what is shown, once all of it is known.
    pub(super) fn count(&mut self) -> Result<(), String> {
        if self.counting.is_none() && !self.is_searching() && !self.file.is_indexing() {
            let counting = self.file.count_by_group(self.selection.as_ref());
            self.counting = Some(counting.map_err(|error| format!("no thread: {error}"))?);
        }
        Ok(())
    }

    /// The analysis that is wanted, under way or done.
    pub(super) fn analysis(&self) -> Option<&Work<CaptureAnalysis>> {
        self.analyses[usize::from(self.layer3)].as_ref()
    }

    /// Begins to analyse all packets, once they are known, unless that was done before.
    pub(super) fn analyse(&mut self) -> Result<(), String> {
        let analysis = &mut self.analyses[usize::from(self.layer3)];
        if analysis.is_none() && !self.file.is_indexing() {
            let settings = PacketSettings { layer3: self.layer3, ..PacketSettings::default() };
            let work = self.file.analyse(settings);
            *analysis = Some(work.map_err(|error| format!("no thread: {error}"))?);
        }
        Ok(())
    }

    /// Forgets the analysis, so that it is made anew.
    pub(super) fn forget_analysis(&mut self) {
        self.analyses[usize::from(self.layer3)] = None;
    }

    /// True while anything that is to be seen is not there yet.
    pub(super) fn is_busy(&self) -> bool {
        let counting = self.counting.as_ref();
        self.file.is_busy()
            || self.is_searching()
            || counting.is_some_and(|counting| counting.result().is_none())
            || self.analysis().is_some_and(|analysis| analysis.result().is_none())
    }
}
