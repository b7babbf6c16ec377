//! What the tests of `suite` share: programs, folders, inputs, and honest skipping.

mod data;
mod process;
mod tap;

pub use data::{data_dir, skip, tool, workspace_root};
pub use process::{Piwardrive, RunningSensor, free_port, program};
pub use tap::Tap;
