//! Where each batch stands: what a reader needs to find the batches of a stretch of time.

use crate::losses::Losses;
use crate::received::Received;
use crate::store::segments::Place;
use crate::tracker::Mark;
use pw_model::{Advertisement, AdvertisementId, MacAddr, RadioId, SensorId, TimeRange, Timestamp};
use pw_wire::BatchId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A stored batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct BatchEntry {
    pub(crate) id: BatchId,
    pub(crate) place: Place,
    pub(crate) len: u32,
    pub(crate) range: Option<TimeRange>,
    pub(crate) observations: u32,
}

/// Radios of every stream with what is known of their hardware.
pub(crate) type Radios = BTreeMap<SensorId, BTreeMap<RadioId, (Timestamp, String)>>;

/// What readers share with the writer, or gather themselves where there is none in their process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    /// In the order they were stored.
    pub(crate) batches: Vec<BatchEntry>,
    /// Every advertisement that observations may refer to.
    pub(crate) advertisements: Arc<HashMap<AdvertisementId, Arc<Advertisement>>>,
    /// What the person wrote.
    pub(crate) marks: BTreeMap<MacAddr, Mark>,
    /// Which batches are held.
    pub(crate) received: Received,
    /// Which were held and are lost.
    pub(crate) losses: Losses,
    /// Radios, which are named once when listening begins.
    pub(crate) radios: Radios,
    /// Revision of the survey.
    pub(crate) revision: u64,
}
