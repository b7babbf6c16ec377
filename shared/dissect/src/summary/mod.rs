//! Counts over a whole capture.

use crate::capture::CapturedFrame;

/// Counts over the frames of a capture.
#[derive(Debug, Default)]
pub struct Summary {
    frames: u64,
}

impl Summary {
    /// Adds one frame.
    pub fn add(&mut self, _frame: &CapturedFrame<'_>) {
        self.frames = self.frames.saturating_add(1);
    }

    /// The counts under the names of the truth files' `wlan` object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "wlan_frames": self.frames })
    }
}
