//! The headless sensor: listens, dissects, journals, streams.

pub mod audit;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod clock_watch;
pub mod commands;
pub mod config;
pub mod control;
pub mod daemon;
pub mod gps;
pub mod guard_json;
pub mod health;
pub mod hop;
pub mod journal;
pub mod levels;
pub mod link;
pub mod machine;
pub mod pipeline;
pub mod privacy;
pub mod radio;
pub mod record_json;
pub mod seccomp;
pub mod service;
pub mod state_dir;
pub mod status_json;
pub mod status_sign;
