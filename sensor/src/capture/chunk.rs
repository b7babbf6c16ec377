//! Frames on their way from a source to the pipeline, in chunks that cost one allocation.

use crate::journal::RadioCounter;
use crate::pipeline::Event;
use pw_dissect::LinkType;
use pw_model::{Gap, GapCause, Position, RadioId, Timestamp};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

/// Frames in a chunk of a live feed, which is dropped as a whole when there is no room for it.
const CHUNK_FRAMES: usize = 256;
/// Bytes in it, the last frame not counted.
const CHUNK_BYTES: usize = 64 << 10;
/// Frames in a chunk of a feed that waits: each hand-over between threads costs a switch.
const WAITING_CHUNK_FRAMES: usize = 1024;
/// Bytes in it, the last frame not counted.
const WAITING_CHUNK_BYTES: usize = 256 << 10;
/// Chunks of a feed that waits. So few stay in the processor's cache.
const WAITING_CHUNKS: usize = 4;
/// Worked-off chunks that a feed keeps to fill them again.
const RETURNED_CHUNKS: usize = 16;
/// A live chunk is sent on at this age even when it is not full.
const CHUNK_AGE: Duration = Duration::from_millis(20);

/// After so many frames of a live chunk it is looked at the clock.
const FRAMES_BETWEEN_CLOCKS: usize = 16;

/// What is known of a frame beside its bytes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FrameMeta {
    /// When it was heard.
    pub time: Timestamp,
    /// What its bytes begin with.
    pub link_type: LinkType,
    /// Length before a snap length cut it.
    pub original_len: u32,
    /// Channel the radio was tuned to, in MHz, where the source knows.
    pub frequency_mhz: Option<u16>,
    /// Where the receiver was, where the file says so.
    pub position: Option<Position>,
}

/// Frames of one radio.
#[derive(Debug)]
pub struct FrameChunk {
    /// Which radio.
    pub radio: RadioId,
    bytes: Vec<u8>,
    frames: Vec<(FrameMeta, usize)>,
    /// The feed that fills it again.
    home: Option<SyncSender<FrameChunk>>,
}

impl FrameChunk {
    /// An empty chunk.
    #[must_use]
    pub const fn new(radio: RadioId) -> Self {
        Self { radio, bytes: Vec::new(), frames: Vec::new(), home: None }
    }

    fn returning(radio: RadioId, home: SyncSender<Self>) -> Self {
        Self { home: Some(home), ..Self::new(radio) }
    }

    /// Empties the chunk and hands its memory back to the feed it came from, to be filled again.
    pub fn give_back(mut self) {
        let Some(home) = self.home.clone() else { return };
        self.bytes.clear();
        self.frames.clear();
        // A feed that has ended fills no more chunks, and none keeps all of a burst.
        drop(home.try_send(self));
    }

    /// Adds a frame.
    pub fn push(&mut self, meta: FrameMeta, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        self.frames.push((meta, self.bytes.len()));
    }

    /// The frames in order.
    pub fn frames(&self) -> impl Iterator<Item = (&FrameMeta, &[u8])> {
        let mut start = 0;
        self.frames.iter().map(move |(meta, end)| {
            let data = self.bytes.get(start..*end).unwrap_or_default();
            start = *end;
            (meta, data)
        })
    }

    /// Number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// True without frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    const fn is_full(&self, live: bool) -> bool {
        let (frames, bytes) = if live {
            (CHUNK_FRAMES, CHUNK_BYTES)
        } else {
            (WAITING_CHUNK_FRAMES, WAITING_CHUNK_BYTES)
        };
        self.frames.len() >= frames || self.bytes.len() >= bytes
    }

    fn range(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.frames.iter().map(|(meta, _)| meta.time);
        Some((times().min()?, times().max()?))
    }
}

/// The pipeline has ended: there is nobody to send to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Counts frames in and hands them to the pipeline.
///
/// A live feed never waits: frames for which the queue has no room are dropped and stated as a gap.
/// A feed of a file or a simulation waits for room instead.
pub struct Feed {
    chunk: FrameChunk,
    begun: Instant,
    events: SyncSender<Event>,
    counter: RadioCounter,
    live: bool,
    dropped: Option<Gap>,
    /// Chunks that were worked off.
    returned: Receiver<FrameChunk>,
    /// For a chunk more where none has come back; a feed that waits has all its chunks from the
    /// beginning.
    home: Option<SyncSender<FrameChunk>>,
}

impl Feed {
    /// For one radio.
    #[must_use]
    pub fn new(
        radio: RadioId,
        events: SyncSender<Event>,
        counter: RadioCounter,
        live: bool,
    ) -> Self {
        let (home, returned) = sync_channel(RETURNED_CHUNKS);
        if !live {
            for _ in 1..WAITING_CHUNKS {
                FrameChunk::returning(radio, home.clone()).give_back();
            }
        }
        Self {
            chunk: FrameChunk::returning(radio, home.clone()),
            returned,
            home: live.then_some(home),
            begun: Instant::now(),
            events,
            counter,
            live,
            dropped: None,
        }
    }

    /// Which radio it feeds.
    #[must_use]
    pub const fn radio(&self) -> RadioId {
        self.chunk.radio
    }

    /// Takes a frame in.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn push(&mut self, meta: FrameMeta, data: &[u8]) -> Result<(), Gone> {
        self.counter.add(1);
        if self.chunk.is_empty() {
            self.begun = Instant::now();
        }
        self.chunk.push(meta, data);
        // Where frames come one after the other the clock is asked only now and then, for it costs as
        // much as the copy; where they do not, the source hands over what there is itself.
        let is_asked = self.live && self.chunk.len().is_multiple_of(FRAMES_BETWEEN_CLOCKS);
        if self.chunk.is_full(self.live) || (is_asked && self.begun.elapsed() >= CHUNK_AGE) {
            self.flush()?;
        }
        Ok(())
    }

    /// Counts frames that never came this far, and states them as lost.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn lost(&mut self, gap: Gap) -> Result<(), Gone> {
        self.counter.add(gap.frames.unwrap_or(0));
        // Rare, and short: worth waiting for, even by a live feed.
        self.events.send(Event::Lost(gap)).map_err(|_unsent| Gone)
    }

    /// Hands over what there is.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn flush(&mut self) -> Result<(), Gone> {
        self.state_dropped()?;
        if self.chunk.is_empty() {
            return Ok(());
        }
        let none = FrameChunk::new(self.radio());
        let chunk = std::mem::replace(&mut self.chunk, none);
        let sent = self.send(chunk);
        self.chunk = self.next_chunk()?;
        sent
    }

    fn send(&mut self, chunk: FrameChunk) -> Result<(), Gone> {
        if !self.live {
            return self.events.send(Event::Frames(chunk)).map_err(|_unsent| Gone);
        }
        match self.events.try_send(Event::Frames(chunk)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Disconnected(_)) => Err(Gone),
            Err(TrySendError::Full(Event::Frames(chunk))) => {
                self.drop_chunk(&chunk);
                chunk.give_back();
                Ok(())
            }
            Err(TrySendError::Full(_)) => Ok(()),
        }
    }

    /// An empty chunk. A feed that waits waits for one.
    fn next_chunk(&self) -> Result<FrameChunk, Gone> {
        match &self.home {
            Some(home) => Ok(self
                .returned
                .try_recv()
                .unwrap_or_else(|_none| FrameChunk::returning(self.radio(), home.clone()))),
            // Only the chunks under way hold the other ends: they are gone when the pipeline is.
            None => self.returned.recv().map_err(|_gone| Gone),
        }
    }

    fn drop_chunk(&mut self, chunk: &FrameChunk) {
        let Some((start, end)) = chunk.range() else { return };
        let frames = chunk.len() as u64;
        match &mut self.dropped {
            Some(gap) => {
                gap.end = gap.end.max(end);
                gap.frames = Some(gap.frames.unwrap_or(0) + frames);
            }
            None => {
                self.dropped = Some(Gap {
                    radio: Some(chunk.radio),
                    start,
                    end,
                    cause: GapCause::QueueFull,
                    frames: Some(frames),
                });
            }
        }
    }

    /// States drops as soon as the queue has room for the statement.
    fn state_dropped(&mut self) -> Result<(), Gone> {
        let Some(gap) = self.dropped.take() else { return Ok(()) };
        match self.events.try_send(Event::Lost(gap)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(Event::Lost(gap))) => {
                self.dropped = Some(gap);
                Ok(())
            }
            Err(_) => Err(Gone),
        }
    }

    /// Hands over everything, drops included, waiting for room.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub fn finish(&mut self) -> Result<(), Gone> {
        let next = FrameChunk::new(self.radio());
        let chunk = std::mem::replace(&mut self.chunk, next);
        if !chunk.is_empty() {
            self.events.send(Event::Frames(chunk)).map_err(|_unsent| Gone)?;
        }
        match self.dropped.take() {
            Some(gap) => self.events.send(Event::Lost(gap)).map_err(|_unsent| Gone),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Journal, JournalSettings};
    use pw_model::{Origin, SensorId};
    use pw_wire::StreamInfo;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_live_feed_counts_what_finds_no_room() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let stream = StreamInfo { name: String::new(), origin: Origin::Live };
        let directory = folder.path().join("journal");
        let journal =
            Journal::open(JournalSettings::new(directory, SensorId([1; 16]), stream)).expect("new");
        let counter = journal.radio_counter(0).expect("radio 0");
        let (events, queue) = sync_channel(2);
        let mut feed = Feed::new(RadioId(0), events, counter.clone(), true);
        for at in 0..1000 {
            let meta = FrameMeta {
                time: Timestamp::from_unix_secs(at),
                link_type: LinkType::Ieee80211,
                original_len: 1,
                frequency_mhz: None,
                position: None,
            };
            feed.push(meta, &[at as u8]).expect("a pipeline");
        }
        let mut handed = 0;
        let mut stated = 0;
        let mut take = |event| match event {
            Event::Frames(chunk) => {
                for (meta, data) in chunk.frames() {
                    assert_eq!(data, [(meta.time.unix_ns() / 1_000_000_000) as u8]);
                    handed += 1;
                }
            }
            Event::Lost(gap) => stated += gap.frames.unwrap_or(0),
            other => panic!("{other:?}"),
        };
        while let Ok(event) = queue.try_recv() {
            take(event);
        }
        let rest = std::thread::spawn(move || feed.finish());
        while let Ok(event) = queue.recv() {
            take(event);
        }
        rest.join().expect("no panic").expect("a pipeline");
        assert!(stated > 0, "two chunks of room for four");
        assert_eq!(handed + stated, 1000);
        assert_eq!(counter.total(), 1000);
    }

    fn counter(folder: &std::path::Path) -> RadioCounter {
        let stream = StreamInfo { name: String::new(), origin: Origin::Replay };
        let settings = JournalSettings::new(folder.join("journal"), SensorId([1; 16]), stream);
        Journal::open(settings).expect("new").radio_counter(0).expect("radio 0")
    }

    const META: FrameMeta = FrameMeta {
        time: Timestamp::from_unix_ns(0),
        link_type: LinkType::Ieee80211,
        original_len: 4,
        frequency_mhz: None,
        position: None,
    };

    #[test]
    fn a_feed_that_waits_fills_the_same_chunks_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (events, queue) = sync_channel(512);
        let mut feed = Feed::new(RadioId(0), events, counter(folder.path()), false);
        let frames = 100 * WAITING_CHUNK_FRAMES as u32 + 7;
        let source = std::thread::spawn(move || {
            (0..frames).try_for_each(|at| feed.push(META, &at.to_le_bytes()))?;
            feed.finish()
        });
        let mut memory = std::collections::BTreeSet::new();
        let mut next = 0_u32;
        while let Ok(event) = queue.recv() {
            let Event::Frames(chunk) = event else { panic!("{event:?}") };
            for (_, data) in chunk.frames() {
                assert_eq!(data, next.to_le_bytes());
                next += 1;
            }
            memory.insert(chunk.bytes.as_ptr());
            chunk.give_back();
        }
        source.join().expect("no panic").expect("a pipeline");
        assert_eq!(next, frames, "every frame, in order");
        assert!(memory.len() <= WAITING_CHUNKS, "{} pieces of memory", memory.len());
    }

    #[test]
    fn a_feed_that_waits_ends_with_the_pipeline() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (events, queue) = sync_channel(512);
        let mut feed = Feed::new(RadioId(0), events, counter(folder.path()), false);
        let source = std::thread::spawn(move || {
            std::iter::repeat(()).try_for_each(|()| feed.push(META, &[0; 4]))
        });
        let Ok(Event::Frames(chunk)) = queue.recv() else { panic!("frames come first") };
        drop(queue);
        drop(chunk);
        assert_eq!(source.join().expect("no panic"), Err(Gone), "and does not wait for ever");
    }
}
