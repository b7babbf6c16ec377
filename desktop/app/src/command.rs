//! What views ask for: the only way in which a view changes anything.

use crate::views::packets::PacketsOrder;
use pw_engine::ReportSettings;
use pw_engine::exchange::ExportFormat;
use pw_model::{ChannelPlan, MacAddr, TimeRange};
use pw_survey::Filter;
use std::path::PathBuf;

/// A part of the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum View {
    /// Glance-able state while driving.
    Drive,
    /// Table of access points.
    #[default]
    Networks,
    /// Map.
    Map,
    /// Use of channels.
    Spectrum,
    /// Sensors and losses.
    Sensors,
    /// Packets of a capture.
    Packets,
}

impl View {
    /// All, in the order of the bar.
    pub const ALL: [Self; 6] =
        [Self::Drive, Self::Networks, Self::Map, Self::Spectrum, Self::Sensors, Self::Packets];

    /// Name in the bar.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drive => "Drive",
            Self::Networks => "Networks",
            Self::Map => "Map",
            Self::Spectrum => "Spectrum",
            Self::Sensors => "Sensors",
            Self::Packets => "Packets",
        }
    }
}

/// A dialog over the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DialogKind {
    New,
    Open,
    Import,
    Export,
    Report,
    Connect,
    Help,
    About,
    OnlineMap,
    Messages,
}

/// Asked for by a view or a dialog, carried out by the app after painting.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Command {
    Show(View),
    /// Choose an access point, here and on the map; `None` for none.
    Choose(Option<MacAddr>),
    /// Choose it, and bring it into sight on the map.
    ShowOnMap(MacAddr),
    Copy(String),
    OpenDialog(DialogKind),
    CloseDialog,
    /// Ask whether a pairing is to be forgotten.
    AskForget {
        sensor: String,
        address: String,
    },
    /// Write a file; where one is there already and nobody said yes to that, ask first.
    Write {
        path: PathBuf,
        /// The person agreed to its replacement already.
        may_replace: bool,
        order: Order,
    },
    NextTheme,
    SetOnlineTiles(bool),
    /// Open a file that was written with the program that the system has for it.
    OpenFile(PathBuf),
    Quit,
    /// Open a capture in the packet view.
    OpenCapture(PathBuf),
    /// Asked of the packet view.
    Packets(PacketsOrder),
    /// What closes the survey, after the person agreed that its recording ends.
    EndRecording(Order),
    /// Leave, after the person agreed that what is under way ends.
    Leave,
    /// Everything below goes to the engine.
    Engine(Order),
}

/// Asked of the engine; answered by events, jobs and new snapshots, never at once.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Order {
    Open {
        path: PathBuf,
    },
    New {
        path: PathBuf,
        name: String,
    },
    Close,
    /// Show only what was heard in this stretch of time; `None` for everything.
    Select(Option<TimeRange>),
    Note {
        bssid: MacAddr,
        text: String,
    },
    Known {
        bssid: MacAddr,
        known: bool,
    },
    Import {
        paths: Vec<PathBuf>,
    },
    Export {
        format: ExportFormat,
        path: PathBuf,
        filter: Filter,
    },
    /// Work out what a report would hold; the feed has it afterwards.
    Preview(ReportSettings),
    Report {
        path: PathBuf,
        settings: ReportSettings,
    },
    /// Listen for sensors on the local network; the feed has them afterwards.
    Discover,
    Pair {
        address: String,
        code: String,
    },
    Connect {
        sensor: String,
    },
    Disconnect {
        sensor: String,
    },
    /// Tell a sensor what to listen to: one radio by its number, or all that can.
    SetPlan {
        sensor: String,
        radio: Option<u8>,
        plan: ChannelPlan,
    },
    /// Forget a pairing.
    Forget {
        sensor: String,
    },
    /// Take that back.
    Remember {
        sensor: String,
    },
    Cancel {
        job: u64,
    },
    /// Ask the connected sensors for the levels of this moment of these transmitters; of none any
    /// more when it is empty.
    Watch(Vec<MacAddr>),
}
