//! What the tests of `suite` share: programs, folders, inputs, and honest skipping.

mod data;
mod journal;
mod namespaces;
mod paired;
mod process;
mod relay;
mod tap;

pub use data::{data_dir, lasting_source, skip, tool, workspace_root};
pub use journal::{in_half_seconds, journal_batches, segments};
pub use namespaces::Namespaces;
pub use paired::{Account, Paired};
pub use process::{Piwardrive, RunningSensor, free_port, program};
pub use relay::{Path, Relay};
pub use tap::Tap;
