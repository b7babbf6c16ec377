//! Promises that cross crates, one file each.

mod bad_input;
mod boundaries;
mod command_line;
mod credulous;
mod faults;
mod impostors;
mod kills;
mod live;
mod load;
mod pipeline;
mod plans;
mod privacy;
mod radios;
mod releases;
mod self_test;
mod silence;
mod strangers;
mod tidy;
