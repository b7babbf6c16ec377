//! The packets of an open capture analysed together: who talks to whom, flows, anomalies.

use super::Shared;
use super::selection::each;
use super::work::{Progress, WorkError};
use pw_analysis::packets::{
    Classified, Drawing, Packet, PacketAnalysis, PacketReport, PacketSettings,
};
use pw_dissect::capture::CapturedFrame;
use pw_model::MacAddr;
use std::collections::HashMap;

/// An analysed capture.
#[derive(Clone, PartialEq, Debug)]
pub struct CaptureAnalysis {
    /// The results.
    pub report: PacketReport,
    /// Beside each flow of the report: the conversation that it is one direction of.
    conversations: Vec<Option<usize>>,
    /// The graph of who talks to whom, drawn.
    pub drawing: Drawing,
}

impl CaptureAnalysis {
    /// With each flow's conversation.
    #[must_use]
    pub fn of(report: PacketReport) -> Self {
        let conversations = conversations(&report);
        let drawing = Drawing::of(&report.topology);
        Self { report, conversations, drawing }
    }

    /// What the traffic of the flow at `at` looks like, told from both of its directions; `None` where
    /// its conversation is not kept, or the flow does not name both ends.
    #[must_use]
    pub fn classified(&self, at: usize) -> Option<&Classified> {
        let conversation = self.conversations.get(at).copied().flatten()?;
        Some(&self.report.conversations.get(conversation)?.classified)
    }
}

/// For each flow, the place of the conversation between the same two in the same BSS under way when
/// the flow began.
fn conversations(report: &PacketReport) -> Vec<Option<usize>> {
    let ends = |one: MacAddr, other: MacAddr, bssid| (one.min(other), one.max(other), bssid);
    let mut known: HashMap<(MacAddr, MacAddr, Option<MacAddr>), Vec<usize>> = HashMap::new();
    for (at, conversation) in report.conversations.iter().enumerate() {
        let key = ends(conversation.a, conversation.b, conversation.bssid);
        known.entry(key).or_default().push(at);
    }
    let first = |at: usize| report.conversations.get(at).and_then(|one| one.span.first);
    for among in known.values_mut() {
        among.sort_by_key(|at| first(*at));
    }
    // Of the same two there is one at a time: the last that had begun when the flow did.
    let of_flow = |flow: &pw_analysis::packets::Flow| {
        let among = known.get(&ends(flow.source?, flow.destination?, flow.bssid))?;
        let begun = among.partition_point(|at| first(*at) <= flow.span.first);
        let at = among.get(begun.checked_sub(1)?).copied()?;
        let last = report.conversations.get(at)?.span.last;
        (flow.span.first <= last).then_some(at)
    };
    report.flows.iter().map(of_flow).collect()
}

/// Analyses all packets.
pub(super) fn run(
    shared: &Shared,
    settings: PacketSettings,
    progress: &Progress,
) -> Result<CaptureAnalysis, WorkError> {
    let mut analysis = PacketAnalysis::new(settings);
    let mut take = |number: u32, captured: &CapturedFrame<'_>| {
        analysis.add(&Packet::from_captured(captured));
        progress.step(number)
    };
    match each(shared, &mut take) {
        Ok(true) => Ok(CaptureAnalysis::of(analysis.finish())),
        Ok(false) => Err(WorkError::Cancelled),
        Err(error) => Err(WorkError::Failed(error.to_string())),
    }
}
