//! Who talks to whom as a drawing: stations by role, lines by relation and load.

use super::columns::{relation_words, role_words};
use super::{Shown, order};
use crate::command::Command;
use crate::style::Palette;
use crate::views::packets::PacketsOrder;
use crate::views::packets::columns::named;
use crate::words;
use egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, Vec2, vec2,
};
use pw_engine::capture_file::analysed::{DrawnNode, Edge, EdgeKind, Node, Role};

/// Least and greatest points between neighbours.
const SCALE: (f32, f32) = (6.0, 220.0);
/// Points between neighbours from which on names are written.
const NAMES_FROM: f32 = 46.0;

/// What is in sight of the drawing.
#[derive(Debug, Default)]
pub(super) struct GraphState {
    /// Points between neighbours; `None` for the whole drawing.
    scale: Option<f32>,
    /// The point of the drawing in the middle of the view.
    middle: Vec2,
}

/// How the drawing lies on the screen.
struct Lie {
    view: Rect,
    scale: f32,
    middle: Vec2,
}

impl Lie {
    fn at(&self, node: &DrawnNode) -> Pos2 {
        self.view.center() + (vec2(node.x, node.y) - self.middle) * self.scale
    }

    fn radius(&self, role: Role) -> f32 {
        let most = if role == Role::AccessPoint { 9.0 } else { 6.0 };
        (self.scale * 0.16).clamp(2.0, most)
    }
}

/// Paints the drawing; the station that was chosen, by its place, and kept.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut GraphState,
    chosen: &mut Option<usize>,
    shown: &Shown<'_>,
    commands: &mut Vec<Command>,
) {
    let palette = shown.palette;
    let (topology, drawing) = (&shown.data.report.topology, &shown.data.drawing);
    legend(ui, shown);
    let view = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(view);
    let response = ui.interact(view, ui.scope_id().with("graph"), Sense::click_and_drag());
    response.widget_info(|| {
        let words = format!(
            "graph of {} and {}",
            words::counted(drawing.nodes.len() as u64, "station", "stations"),
            words::counted(drawing.edges.len() as u64, "relation", "relations")
        );
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, words)
    });
    let lie = look(ui, state, &response, view, vec2(drawing.width, drawing.height));
    let painter = ui.painter().with_clip_rect(view.intersect(ui.clip_rect()));
    painter.rect_filled(view, 0.0, palette.card);
    let pointer = response.hover_pos();
    let near = |at: Pos2| pointer.is_some_and(|pointer| pointer.distance(at) < 10.0);
    let hovered = drawing.nodes.iter().find(|node| near(lie.at(node)));
    let lit = hovered.map(|drawn| drawn.node).or(*chosen);
    let mut beside = vec![false; topology.nodes.len()];
    for drawn in &drawing.edges {
        let [Some(from), Some(to)] = drawn.ends.map(|end| drawing.nodes.get(end)) else { continue };
        let Some(edge) = topology.edges.get(drawn.edge) else { continue };
        let is_lit = lit.is_some_and(|node| node == from.node || node == to.node);
        if is_lit {
            beside[from.node] = true;
            beside[to.node] = true;
        }
        line(&painter, edge, [lie.at(from), lie.at(to)], is_lit, palette);
    }
    for drawn in &drawing.nodes {
        let Some(node) = topology.nodes.get(drawn.node) else { continue };
        let at = lie.at(drawn);
        mark(&painter, node.role, at, lie.radius(node.role), palette);
        if *chosen == Some(drawn.node) {
            painter.circle_stroke(
                at,
                lie.radius(node.role) + 4.0,
                Stroke::new(2.0, palette.accent),
            );
        }
        let network = node.role == Role::AccessPoint && lie.scale >= NAMES_FROM;
        if network || beside[drawn.node] || lit == Some(drawn.node) {
            let below = at + vec2(0.0, lie.radius(node.role) + 3.0);
            name(&painter, node, below, lit == Some(drawn.node), palette);
        }
    }
    if response.clicked() {
        *chosen = hovered.map(|drawn| drawn.node);
    }
    let Some(node) = hovered.and_then(|drawn| topology.nodes.get(drawn.node)) else { return };
    if response.double_clicked() {
        commands.push(order(PacketsOrder::Follow(node.address)));
    }
    response.on_hover_ui_at_pointer(|ui| told(ui, node, topology.edges.iter(), palette));
}

/// Takes drag and wheel; where the drawing lies then.
fn look(ui: &Ui, state: &mut GraphState, response: &egui::Response, view: Rect, size: Vec2) -> Lie {
    let whole = (view.width() / size.x.max(1.0)).min(view.height() / size.y.max(1.0));
    let whole = whole.clamp(SCALE.0, SCALE.1 / 2.0);
    let mut scale = state.scale.unwrap_or(whole);
    if state.scale.is_none() {
        state.middle = size / 2.0;
    }
    if response.dragged() {
        state.middle -= response.drag_delta() / scale;
        state.scale = Some(scale);
    }
    if let Some(pointer) = response.hover_pos() {
        let (wheel, pinch) = ui.input(|input| (input.smooth_scroll_delta.y, input.zoom_delta()));
        let factor = (wheel * 0.004).exp() * pinch;
        let wanted = (scale * factor).clamp(SCALE.0, SCALE.1);
        if wanted != scale {
            // What is under the pointer stays there.
            let under = state.middle + (pointer - view.center()) / scale;
            state.middle = under - (pointer - view.center()) / wanted;
            (scale, state.scale) = (wanted, Some(wanted));
        }
    }
    Lie { view, scale, middle: state.middle }
}

impl GraphState {
    /// Shows all of it again.
    pub(super) fn show_whole(&mut self) {
        self.scale = None;
    }
}

fn color(role: Role, palette: &Palette) -> Color32 {
    match role {
        Role::AccessPoint => palette.accent,
        Role::Client => palette.good,
        Role::Mesh | Role::Ibss | Role::MultiLinkDevice => palette.warn,
        Role::DistributionSide | Role::Unknown => palette.weak,
    }
}

/// The shape says the role as the colour does: a disc, a ring, a square, a dot.
fn mark(painter: &Painter, role: Role, at: Pos2, radius: f32, palette: &Palette) {
    let color = color(role, palette);
    match role {
        Role::AccessPoint => {
            painter.circle_filled(at, radius, color);
        }
        Role::Client => {
            painter.circle(at, radius, palette.card, Stroke::new(1.8, color));
        }
        Role::Mesh | Role::Ibss | Role::MultiLinkDevice => {
            painter.rect_filled(Rect::from_center_size(at, Vec2::splat(radius * 1.8)), 1.0, color);
        }
        Role::DistributionSide => {
            let side = Rect::from_center_size(at, Vec2::splat(radius * 1.6));
            painter.rect(
                side,
                1.0,
                palette.card,
                Stroke::new(1.5, color),
                egui::StrokeKind::Inside,
            );
        }
        Role::Unknown => {
            painter.circle_filled(at, radius * 0.6, color);
        }
    }
}

/// Thicker with more bytes; broken for probes, which carry nothing.
fn line(painter: &Painter, edge: &Edge, ends: [Pos2; 2], is_lit: bool, palette: &Palette) {
    let bytes = edge.forward.bytes + edge.backward.bytes;
    let width = (0.8 + (bytes.max(1) as f32).log10() * 0.35).min(4.0);
    let color = if is_lit { palette.strong } else { palette.weak.gamma_multiply(0.55) };
    let stroke = Stroke::new(width, color);
    if edge.kind == EdgeKind::Probe {
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, color), 4.0, 4.0));
    } else {
        painter.line_segment(ends, stroke);
    }
}

fn name(painter: &Painter, node: &Node, at: Pos2, is_lit: bool, palette: &Palette) {
    let words = match node.networks.first() {
        Some(network) if node.role == Role::AccessPoint && !network.is_empty() => network.clone(),
        // The last three octets tell the stations of a maker apart.
        _ => node.address.to_string().get(9..).unwrap_or_default().to_owned(),
    };
    let words: String = words.chars().take(20).collect();
    let color = if is_lit { palette.strong } else { palette.text };
    painter.text(at, Align2::CENTER_TOP, words, FontId::proportional(11.5), color);
}

/// Who it is, and its relations.
fn told<'a>(ui: &mut Ui, node: &Node, edges: impl Iterator<Item = &'a Edge>, palette: &Palette) {
    ui.label(RichText::new(named(node.address)).family(crate::fonts::bold()).color(palette.strong));
    let mut facts = role_words(node.role).to_owned();
    if !node.networks.is_empty() {
        facts.push_str(&format!(": {}", node.networks.join(", ")));
    }
    ui.label(facts);
    ui.label(format!(
        "{} sent, {} received",
        words::counted(node.frames_sent, "frame", "frames"),
        words::count(node.frames_received)
    ));
    let own = edges.filter(|edge| edge.source == node.address || edge.target == node.address);
    let mut own: Vec<&Edge> = own.collect();
    own.sort_by_key(|edge| std::cmp::Reverse(edge.forward.bytes + edge.backward.bytes));
    for edge in own.iter().take(6) {
        let other = if edge.source == node.address { edge.target } else { edge.source };
        let frames = words::counted(edge.forward.frames + edge.backward.frames, "frame", "frames");
        let line = format!("{} with {other}, {frames}", relation_words(edge.kind));
        ui.label(RichText::new(line).color(palette.weak));
    }
    if own.len() > 6 {
        let more = words::counted(own.len() as u64 - 6, "more relation", "more relations");
        ui.label(RichText::new(format!("and {more}")).color(palette.weak));
    }
}

/// What the marks mean, and who is not drawn.
fn legend(ui: &mut Ui, shown: &Shown<'_>) {
    let (palette, drawing) = (shown.palette, &shown.data.drawing);
    ui.horizontal_wrapped(|ui| {
        ui.add_space(6.0);
        let roles = &shown.data.report.topology;
        for role in [
            Role::AccessPoint,
            Role::Client,
            Role::Mesh,
            Role::Ibss,
            Role::MultiLinkDevice,
            Role::DistributionSide,
            Role::Unknown,
        ] {
            if drawing.nodes.iter().any(|d| roles.nodes.get(d.node).is_some_and(|n| n.role == role))
            {
                let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
                mark(ui.painter(), role, rect.center(), 5.0, palette);
                ui.label(RichText::new(role_words(role)).size(12.0).color(palette.text));
            }
        }
        let mut left = Vec::new();
        if drawing.alone > 0 {
            let stations = words::counted(drawing.alone as u64, "station", "stations");
            left.push(format!("{stations} without a relation are not drawn"));
        }
        if drawing.left_out > 0 {
            let stations = words::counted(drawing.left_out as u64, "station", "stations");
            left.push(format!("{stations} with fewer frames are left out"));
        }
        left.push("broken lines: probes only".to_owned());
        ui.label(RichText::new(left.join("; ")).size(12.0).color(palette.weak));
    });
}
