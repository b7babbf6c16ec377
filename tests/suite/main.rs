//! Promises that cross crates, one file each.

mod bad_input;
mod boundaries;
mod command_line;
mod credulous;
mod faults;
mod impostors;
mod kills;
mod levels;
mod live;
mod load;
mod motion;
mod pipeline;
mod plans;
mod privacy;
mod radios;
mod releases;
mod self_test;
mod silence;
mod strangers;
mod thinning;
mod tidy;
