//! Frames from a capture file, in its own time.

use super::pace::Pacer;
use super::{Feed, FrameMeta, Gone, Pace, SourceContext, SourceError};
use pw_dissect::LinkType;
use pw_dissect::capture::CaptureReader;
use pw_model::{Gap, GapCause, Origin, RadioEventKind, Timestamp};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A capture file, opened and found to be one.
pub(super) struct FileSource {
    path: PathBuf,
    reader: CaptureReader<BufReader<File>>,
    pacer: Pacer,
}

impl FileSource {
    pub(super) fn open(path: &Path, pace: Pace) -> Result<Self, SourceError> {
        let unreadable = |error| SourceError::Read { path: path.to_path_buf(), error };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(unreadable(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        let reader = CaptureReader::open(BufReader::with_capacity(256 << 10, file))
            .map_err(|error| SourceError::Capture { path: path.to_path_buf(), error })?;
        let types: Vec<LinkType> = reader.interfaces().iter().map(|i| i.link_type).collect();
        if let Some(found) = types.first().filter(|_| types.iter().all(|t| !t.is_ieee80211())) {
            return Err(SourceError::LinkType {
                name: path.display().to_string(),
                found: found.name(),
                advice: "capture on an interface in monitor mode",
            });
        }
        Ok(Self { path: path.to_path_buf(), reader, pacer: Pacer::new(pace) })
    }

    /// Plays the file to its end.
    pub(super) fn run(mut self, context: &SourceContext, mut feed: Feed) -> Result<(), Gone> {
        let mut last: Option<Timestamp> = None;
        let mut others = 0_u64;
        let mut without_time = 0_u64;
        let failure = loop {
            if context.is_stopped() {
                break None;
            }
            let frame = match self.reader.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            };
            if !frame.link_type.is_ieee80211() {
                others += 1;
                continue;
            }
            // A frame without a time was captured after the one before it.
            let Some(time) = frame.time.or(last) else {
                without_time += 1;
                continue;
            };
            if last.is_none() {
                let kind = RadioEventKind::Started {
                    source: self.path.display().to_string(),
                    origin: Origin::Replay,
                    hardware: String::new(),
                };
                context.radio(feed.radio(), time, kind)?;
            }
            last = Some(time);
            let wait = self.pacer.wait(time);
            if !wait.is_zero() {
                feed.flush()?;
                context.sleep(wait);
            }
            let meta = FrameMeta {
                time,
                link_type: frame.link_type,
                original_len: frame.original_len,
                frequency_mhz: None,
                position: frame.position,
            };
            feed.push(meta, frame.data)?;
        };
        feed.finish()?;
        if others > 0 {
            tracing::warn!(
                "{}: {others} frames are not 802.11 and were left out",
                self.path.display()
            );
        }
        if without_time > 0 {
            tracing::warn!(
                "{}: {without_time} frames have no time and were left out",
                self.path.display()
            );
        }
        self.end(context, &mut feed, last, failure)
    }

    fn end(
        &self,
        context: &SourceContext,
        feed: &mut Feed,
        last: Option<Timestamp>,
        failure: Option<String>,
    ) -> Result<(), Gone> {
        let path = self.path.display();
        let cut = self.reader.warning().map(ToString::to_string);
        if let Some(problem) = failure.as_ref().or(cut.as_ref()) {
            tracing::warn!("{path}: {problem}; what came before it is kept");
        }
        let Some(time) = last else {
            if failure.is_none() {
                tracing::warn!("{path}: no 802.11 frame in it");
            }
            return Ok(());
        };
        if failure.is_some() || cut.is_some() {
            let (radio, cause) = (Some(feed.radio()), GapCause::FileCut);
            feed.lost(Gap { radio, start: time, end: time, cause, frames: None })?;
        }
        let kind = match failure {
            Some(reason) => RadioEventKind::Failed { reason },
            None if context.is_stopped() => {
                RadioEventKind::Stopped { reason: "stopped".to_owned() }
            }
            None => RadioEventKind::Stopped { reason: "end of the file".to_owned() },
        };
        context.radio(feed.radio(), time, kind)
    }
}
