//! The headless sensor: listens, dissects, journals, streams.

pub mod audit;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod control;
pub mod daemon;
pub mod gps;
pub mod health;
pub mod hop;
pub mod journal;
pub mod link;
pub mod pipeline;
pub mod radio;
pub mod record_json;
pub mod service;
pub mod state_dir;
pub mod status_json;
