//! Segment files: appended to by one writer, read by anyone.
//!
//! Records wait in memory until [`SegmentWriter::commit`] puts them behind what is durable. A write
//! that fails is cut off again and tried anew with the next commit, so a full disk loses nothing.

use super::folder::sync_folder;
use crate::error::SurveyError;
use crate::losses::Region;
use pw_model::Timestamp;
use pw_wire::{ScanItem, SegmentHeader, SegmentScanner, segment_start};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A segment is not made longer than this; the next one is begun.
const MAX_SEGMENT: u64 = 64 << 20;
/// Records wait in memory up to this many bytes; then they are committed without being asked.
const MAX_WAITING: usize = 8 << 20;
/// Segments are numbered from 1 to here, which nobody reaches.
const MAX_NUMBER: u64 = 999_999_999;
/// Who writes, as segment headers say it.
const WRITER: &str = concat!("piwardrive ", env!("CARGO_PKG_VERSION"));

/// A segment file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SegmentFile {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
}

/// Where a record begins.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

/// Path of a segment.
pub(crate) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("survey-{number:06}.pws"))
}

/// All segments by number.
pub(crate) fn list(folder: &Path) -> Result<Vec<SegmentFile>, SurveyError> {
    let failed = |error| SurveyError::io("read the folder", folder, error);
    let mut segments = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(segments),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|n| n.strip_prefix("survey-")?.strip_suffix(".pws"));
        let number = number.and_then(|n| n.parse().ok()).filter(|n| *n <= MAX_NUMBER);
        if let Some(number) = number {
            let path = entry.path();
            // `survey-1.pws` beside `survey-000001.pws` is nothing of ours.
            if path != segment_path(folder, number) {
                continue;
            }
            let metadata = fs::metadata(&path).map_err(|e| SurveyError::io("read", &path, e))?;
            segments.push(SegmentFile { number, path, len: metadata.len() });
        }
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// Reads a segment from `offset` on. One of more than four times what we write is refused: it is not
/// ours, and must neither fill the memory nor be cut where we stopped reading.
pub(crate) fn read_from(path: &Path, offset: u64) -> Result<Vec<u8>, SurveyError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| {
            if file.metadata()?.len() > 4 * MAX_SEGMENT {
                let words = "larger than any segment that PiWardrive writes";
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, words));
            }
            file.seek(SeekFrom::Start(offset))?;
            file.take(4 * MAX_SEGMENT).read_to_end(&mut bytes)
        })
        .map_err(|error| SurveyError::io("read", path, error))?;
    Ok(bytes)
}

/// Reads `len` bytes from `offset` of an open segment.
pub(crate) fn read_at(
    file: &mut File,
    path: &Path,
    offset: u64,
    len: u32,
) -> Result<Vec<u8>, SurveyError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))
        .and_then(|_| file.take(u64::from(len)).read_to_end(&mut bytes))
        .map_err(|error| SurveyError::io("read", path, error))?;
    Ok(bytes)
}

/// Appends to the last segment.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    number: u64,
    /// Bytes of the current segment that are durable.
    durable: u64,
    /// Records that are not.
    waiting: Vec<u8>,
    /// Times are arguments in this crate; a segment is stamped with the latest that was seen.
    stamp: Timestamp,
}

impl SegmentWriter {
    /// Begins segment `number`.
    pub(crate) fn begin(folder: &Path, number: u64, stamp: Timestamp) -> Result<Self, SurveyError> {
        let path = segment_path(folder, number);
        let header = SegmentHeader { number, created: stamp, writer: WRITER.to_owned() };
        let bytes = segment_start(&header)?;
        let make = || {
            // Overwrites only what a former try to begin the same segment left.
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            sync_folder(folder)?;
            Ok(file)
        };
        match make() {
            Ok(file) => Ok(Self {
                folder: folder.to_owned(),
                path,
                file,
                number,
                durable: bytes.len() as u64,
                waiting: Vec::new(),
                stamp,
            }),
            Err(error) => {
                // An empty or torn segment would be mended at the next opening as well.
                if let Err(left) = fs::remove_file(&path) {
                    tracing::debug!("{} stays behind: {left}", path.display());
                }
                Err(SurveyError::io("begin a segment", &path, error))
            }
        }
    }

    /// Goes on behind byte `end` of an existing segment; what stands there after it is cut off.
    pub(crate) fn resume(
        folder: &Path,
        number: u64,
        end: u64,
        stamp: Timestamp,
    ) -> Result<Self, SurveyError> {
        let path = segment_path(folder, number);
        let open = || {
            let file = OpenOptions::new().read(true).write(true).open(&path)?;
            if file.metadata()?.len() != end {
                file.set_len(end)?;
            }
            // What was read at opening may never have reached the disk: it does now, before any of
            // it is called durable.
            file.sync_all()?;
            Ok(file)
        };
        let file = open().map_err(|error| SurveyError::io("open a segment", &path, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            path,
            file,
            number,
            durable: end,
            waiting: Vec::new(),
            stamp,
        })
    }

    /// Takes a record in and says where it will stand.
    pub(crate) fn push(&mut self, record: &[u8], stamp: Timestamp) -> Result<Place, SurveyError> {
        self.stamp = self.stamp.max(stamp);
        let len = record.len() as u64;
        if self.waiting.len() + record.len() > MAX_WAITING {
            self.commit()?;
        }
        if self.end().offset + len > MAX_SEGMENT {
            self.commit()?;
            let next = Self::begin(&self.folder, self.number + 1, self.stamp)?;
            *self = next;
        }
        let place = self.end();
        self.waiting.extend_from_slice(record);
        Ok(place)
    }

    /// Behind the last record, durable or not.
    pub(crate) fn end(&self) -> Place {
        Place { segment: self.number, offset: self.durable + self.waiting.len() as u64 }
    }

    /// Writes what waits and waits until it is on the disk.
    pub(crate) fn commit(&mut self) -> Result<(), SurveyError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut write = || {
            self.file.seek(SeekFrom::Start(self.durable))?;
            self.file.write_all(&self.waiting)?;
            self.file.sync_data()
        };
        if let Err(error) = write() {
            // The same place is written again with the next try, so a cut that fails loses nothing.
            if let Err(left) = self.file.set_len(self.durable) {
                tracing::warn!(
                    "{}: a partial write stays until the next: {left}",
                    self.path.display()
                );
            }
            return Err(SurveyError::io("write", &self.path, error));
        }
        self.durable += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// What the end of a segment looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SegmentEnd {
    /// Behind the last sound record.
    pub(crate) sound: u64,
    /// Bytes of a record that was not written to its end.
    pub(crate) torn: u64,
    /// Bytes at the end that are no record at all.
    pub(crate) damaged: u64,
}

/// True for zeros up to the end: a power cut can leave the length of a file without its bytes.
pub(crate) fn is_unwritten(bytes: &[u8], offset: usize, len: usize) -> bool {
    let part = bytes.get(offset..).unwrap_or(&[]);
    part.len() == len && part.iter().all(|byte| *byte == 0)
}

/// Walks the records of `bytes`, which begin with a record.
pub(crate) fn scan<'a>(bytes: &'a [u8], mut each: impl FnMut(ScanItem<'a>)) -> SegmentEnd {
    let mut end = SegmentEnd { sound: 0, torn: 0, damaged: 0 };
    for item in SegmentScanner::new(bytes) {
        match &item {
            ScanItem::Record { offset, envelope } => {
                end = SegmentEnd { sound: (offset + envelope.len) as u64, torn: 0, damaged: 0 };
            }
            ScanItem::Damage { offset, len, .. } => {
                let unwritten = is_unwritten(bytes, *offset, *len);
                let field = if unwritten { &mut end.torn } else { &mut end.damaged };
                *field = *len as u64;
            }
            ScanItem::TornTail { len, .. } => end.torn = *len as u64,
        }
        each(item);
    }
    end
}

/// Bytes before `end` that are no record, and segments before it that are not there.
pub(crate) fn damaged_before(folder: &Path, end: Place) -> Result<Vec<Region>, SurveyError> {
    let mut regions = Vec::new();
    let mut expected = 1;
    for file in list(folder)?.into_iter().filter(|file| file.number <= end.segment) {
        if file.number > expected {
            let place = Place { segment: file.number - 1, offset: 0 };
            regions.push(Region { place, len: None });
        }
        expected = file.number + 1;
        let mut bytes = read_from(&file.path, 0)?;
        if file.number == end.segment {
            bytes.truncate(usize::try_from(end.offset).unwrap_or(usize::MAX));
        }
        let mut region = |offset: usize, len: usize| {
            let place = Place { segment: file.number, offset: offset as u64 };
            regions.push(Region { place, len: Some(len as u64) });
        };
        scan(&bytes, |item| match item {
            ScanItem::Record { .. } => {}
            ScanItem::Damage { offset, len, .. } | ScanItem::TornTail { offset, len } => {
                region(offset, len);
            }
        });
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_wire::UserRecord;

    fn note(n: u8, len: usize) -> Vec<u8> {
        let text = char::from(b'a' + n % 26).to_string().repeat(len);
        let device = pw_model::MacAddr([n; 6]);
        let time = Timestamp::from_unix_secs(0);
        UserRecord::Note { time, device, text }.encode().expect("small")
    }

    fn records(folder: &Path) -> usize {
        let mut found = 0;
        for segment in list(folder).expect("readable") {
            scan(&read_from(&segment.path, 0).expect("readable"), |item| {
                found += usize::from(matches!(item, ScanItem::Record { .. }));
            });
        }
        found
    }

    #[test]
    fn only_committed_records_are_in_the_file() {
        let scratch = tempfile::tempdir().expect("a folder");
        let stamp = Timestamp::from_unix_secs(1);
        let mut writer = SegmentWriter::begin(scratch.path(), 1, stamp).expect("begun");
        writer.push(&note(1, 10), stamp).expect("taken");
        assert_eq!(records(scratch.path()), 1, "the header only");
        writer.commit().expect("written");
        let end = writer.end();
        assert_eq!(records(scratch.path()), 2);
        drop(writer);
        let mut writer =
            SegmentWriter::resume(scratch.path(), 1, end.offset, stamp).expect("resumed");
        assert_eq!(writer.push(&note(2, 10), stamp).expect("taken"), end);
        writer.commit().expect("written");
        assert_eq!(records(scratch.path()), 3);
    }

    #[test]
    fn a_full_segment_is_followed_by_the_next() {
        let scratch = tempfile::tempdir().expect("a folder");
        let stamp = Timestamp::from_unix_secs(1);
        let mut writer = SegmentWriter::begin(scratch.path(), 1, stamp).expect("begun");
        let record = note(1, 7 << 20);
        for n in 1..=20u64 {
            let place = writer.push(&record, stamp).expect("taken");
            assert_eq!(place.segment, 1 + (n - 1) / 9, "record {n}");
        }
        writer.commit().expect("written");
        let segments = list(scratch.path()).expect("readable");
        assert_eq!(segments.len(), 3);
        assert!(segments.iter().all(|segment| segment.len <= MAX_SEGMENT));
        assert_eq!(records(scratch.path()), 23);
    }

    #[test]
    fn a_write_that_fails_is_cut_and_tried_again() {
        let scratch = tempfile::tempdir().expect("a folder");
        let stamp = Timestamp::from_unix_secs(1);
        let mut writer = SegmentWriter::begin(scratch.path(), 1, stamp).expect("begun");
        writer.push(&note(1, 10), stamp).expect("taken");
        writer.commit().expect("written");
        let path = segment_path(scratch.path(), 1);
        let len = fs::metadata(&path).expect("there").len();
        // A handle that may not write stands for a disk that refuses.
        let good = std::mem::replace(&mut writer.file, File::open(&path).expect("readable"));
        let place = writer.push(&note(2, 10), stamp).expect("taken");
        writer.commit().expect_err("refused");
        assert_eq!(fs::metadata(&path).expect("there").len(), len);
        writer.file = good;
        writer.commit().expect("written");
        assert_eq!((records(scratch.path()), place.offset), (3, len));
    }
}
