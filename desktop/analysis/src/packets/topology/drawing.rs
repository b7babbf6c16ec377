//! Where the stations of the graph stand when it is drawn: those who talk stand near each other.
//!
//! Each connected part is laid out by forces (Fruchterman and Reingold 1991: neighbours attract, all
//! repel, steps get smaller), beginning from places that follow from the order alone, so that the same
//! graph is always drawn alike. The parts are then set beside each other, the largest first, each where it fits highest.

use super::Topology;
use pw_model::MacAddr;
use std::collections::HashMap;

/// Stations that are drawn at most: those with most frames.
pub const MOST_DRAWN: usize = 400;
/// Steps of the forces.
const STEPS: u32 = 150;
/// Room around each part. The distance of neighbours that the forces aim at is 1.
const MARGIN: f32 = 0.7;
/// Width of the drawing by its height.
const ASPECT: f32 = 1.7;

/// The graph as it is drawn. Lengths are in multiples of the distance that neighbours aim at.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Drawing {
    /// Stations with a relation.
    pub nodes: Vec<DrawnNode>,
    /// Relations between them.
    pub edges: Vec<DrawnEdge>,
    /// Right edge.
    pub width: f32,
    /// Lower edge.
    pub height: f32,
    /// Stations that have a relation and are not drawn, there being too many.
    pub left_out: usize,
    /// Stations without a relation.
    pub alone: usize,
}

/// A station in the drawing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DrawnNode {
    /// Its place in [`Topology::nodes`].
    pub node: usize,
    /// From the left edge.
    pub x: f32,
    /// From the upper edge.
    pub y: f32,
}

/// A relation in the drawing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DrawnEdge {
    /// Its place in [`Topology::edges`].
    pub edge: usize,
    /// Places of its ends in [`Drawing::nodes`].
    pub ends: [usize; 2],
}

impl Drawing {
    /// Draws a graph.
    #[must_use]
    pub fn of(topology: &Topology) -> Self {
        let places: HashMap<MacAddr, usize> =
            topology.nodes.iter().enumerate().map(|(at, node)| (node.address, at)).collect();
        let ends = |edge: &super::Edge| {
            let ends = [*places.get(&edge.source)?, *places.get(&edge.target)?];
            (ends[0] != ends[1]).then_some(ends)
        };
        let mut related: Vec<usize> = topology.edges.iter().filter_map(ends).flatten().collect();
        related.sort_unstable();
        related.dedup();
        let alone = topology.nodes.len() - related.len();
        let frames = |at: &usize| {
            topology.nodes.get(*at).map_or(0, |node| node.frames_sent + node.frames_received)
        };
        // Stable: of equals the first.
        related.sort_by_key(|at| std::cmp::Reverse(frames(at)));
        let left_out = related.len().saturating_sub(MOST_DRAWN);
        related.truncate(MOST_DRAWN);
        related.sort_unstable();
        let drawn: HashMap<usize, usize> =
            related.iter().enumerate().map(|(at, node)| (*node, at)).collect();
        let edges: Vec<DrawnEdge> = topology
            .edges
            .iter()
            .enumerate()
            .filter_map(|(at, edge)| {
                let [from, to] = ends(edge)?;
                Some(DrawnEdge { edge: at, ends: [*drawn.get(&from)?, *drawn.get(&to)?] })
            })
            .collect();
        let mut parts = parts(related.len(), &edges);
        parts.retain(|part| part.len() > 1);
        let mut at = vec![[0.0; 2]; related.len()];
        let (width, height) = set_beside(&mut parts, &edges, &mut at);
        // Whose only partner is left out stands alone too.
        let mut kept = vec![None; related.len()];
        let mut nodes = Vec::new();
        for member in parts.iter().flatten() {
            kept[*member] = Some(nodes.len());
            nodes.push(DrawnNode { node: related[*member], x: at[*member][0], y: at[*member][1] });
        }
        let edges = edges.into_iter().filter_map(|edge| {
            Some(DrawnEdge { ends: [kept[edge.ends[0]]?, kept[edge.ends[1]]?], ..edge })
        });
        let edges = edges.collect();
        let left_out = left_out + kept.iter().filter(|place| place.is_none()).count();
        Self { nodes, edges, width, height, left_out, alone }
    }
}

/// Members of each connected part, the largest part first.
fn parts(count: usize, edges: &[DrawnEdge]) -> Vec<Vec<usize>> {
    let mut above: Vec<usize> = (0..count).collect();
    let root = |above: &mut Vec<usize>, mut at: usize| {
        while above[at] != at {
            above[at] = above[above[at]];
            at = above[at];
        }
        at
    };
    for edge in edges {
        let (one, other) = (root(&mut above, edge.ends[0]), root(&mut above, edge.ends[1]));
        above[one.max(other)] = one.min(other);
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); count];
    for at in 0..count {
        let root = root(&mut above, at);
        parts[root].push(at);
    }
    parts.retain(|part| !part.is_empty());
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts
}

/// Lays out each part and sets them beside each other; width and height of all.
fn set_beside(parts: &mut [Vec<usize>], edges: &[DrawnEdge], at: &mut [[f32; 2]]) -> (f32, f32) {
    let mut boxes = Vec::new();
    for part in parts.iter() {
        forces(part, edges, at);
        let low = |axis: usize| part.iter().map(|n| at[*n][axis]).fold(f32::INFINITY, f32::min);
        let (left, top) = (low(0), low(1));
        for member in part {
            at[*member][0] += MARGIN - left;
            at[*member][1] += MARGIN - top;
        }
        let high = |axis: usize| part.iter().map(|n| at[*n][axis]).fold(0.0, f32::max) + MARGIN;
        boxes.push((high(0), high(1)));
    }
    let area: f32 = boxes.iter().map(|(width, height)| width * height).sum();
    let widest = boxes.iter().map(|(width, _)| *width).fold(0.0, f32::max);
    // Parts leave a fifth of the room empty between them.
    let room = (area * ASPECT * 1.4).sqrt().max(widest);
    // The lower edge of what stands above, from left to right: where it begins, and how low it is.
    let mut below: Vec<(f32, f32)> = vec![(0.0, 0.0)];
    let (mut width, mut height) = (0.0_f32, 0.0_f32);
    for (part, own) in parts.iter().zip(boxes) {
        let (x, y) = highest_place(&below, own.0, room);
        for member in part {
            at[*member][0] += x;
            at[*member][1] += y;
        }
        let right = x + own.0;
        let after =
            below.iter().rev().find(|(start, _)| *start <= right).map_or(0.0, |edge| edge.1);
        below.retain(|(start, _)| *start < x || *start > right);
        below.extend([(x, y + own.1), (right, after)]);
        below.sort_by(|one, other| one.0.total_cmp(&other.0));
        (width, height) = (width.max(right), height.max(y + own.1));
    }
    (width, height)
}

/// The highest place, of several the leftmost, where something of this width fits below what is there.
fn highest_place(below: &[(f32, f32)], width: f32, room: f32) -> (f32, f32) {
    let lowest_over = |from: f32| {
        let ends = below.iter().skip(1).map(|(start, _)| *start).chain([f32::INFINITY]);
        let over = below.iter().zip(ends);
        let over = over.filter(|((start, _), end)| *start < from + width && *end > from);
        over.map(|((_, low), _)| *low).fold(0.0, f32::max)
    };
    let fits = below.iter().map(|(start, _)| *start).filter(|start| start + width <= room + 0.001);
    let best = fits.map(|x| (x, lowest_over(x))).min_by(|one, other| one.1.total_cmp(&other.1));
    best.unwrap_or_else(|| (0.0, lowest_over(0.0)))
}

/// Moves the members of one part until neighbours are near and others are not.
fn forces(part: &[usize], edges: &[DrawnEdge], at: &mut [[f32; 2]]) {
    let count = part.len() as f32;
    for (number, member) in part.iter().enumerate() {
        // A spiral by the golden angle: evenly spread, and no two alike.
        let angle = number as f32 * 2.399_963;
        let radius = 0.6 * (number as f32 + 0.5).sqrt();
        at[*member] = [radius * angle.cos(), radius * angle.sin()];
    }
    let mut within: Vec<[usize; 2]> = Vec::new();
    let mut inside = vec![false; at.len()];
    part.iter().for_each(|member| inside[*member] = true);
    within.extend(edges.iter().map(|edge| edge.ends).filter(|ends| inside[ends[0]]));
    let mut moves = vec![[0.0_f32; 2]; at.len()];
    for step in 0..STEPS {
        part.iter().for_each(|member| moves[*member] = [0.0; 2]);
        for (number, one) in part.iter().enumerate() {
            for other in &part[number + 1..] {
                push(&mut moves, at, *one, *other, |distance| 1.0 / distance);
            }
        }
        for [one, other] in &within {
            push(&mut moves, at, *one, *other, |distance| -distance * distance);
        }
        let most = 0.15 * count.sqrt() * (1.0 - step as f32 / STEPS as f32) + 0.01;
        for member in part {
            let [x, y] = moves[*member];
            let length = x.hypot(y).max(f32::MIN_POSITIVE);
            let share = length.min(most) / length;
            at[*member][0] += x * share;
            at[*member][1] += y * share;
        }
    }
}

/// Adds a force between two along the line from the second to the first.
fn push(
    moves: &mut [[f32; 2]],
    at: &[[f32; 2]],
    one: usize,
    other: usize,
    force: impl Fn(f32) -> f32,
) {
    let (x, y) = (at[one][0] - at[other][0], at[one][1] - at[other][1]);
    let distance = x.hypot(y).max(0.01);
    let force = force(distance) / distance;
    moves[one][0] += x * force;
    moves[one][1] += y * force;
    moves[other][0] -= x * force;
    moves[other][1] -= y * force;
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, EdgeKind, Evidence, Node, Role, Traffic};
    use super::*;

    fn address(number: usize) -> MacAddr {
        MacAddr::from_u64(0x0200_5e00_0000 + number as u64)
    }

    fn node(number: usize) -> Node {
        Node {
            address: address(number),
            role: Role::Client,
            roles: Vec::new(),
            vendor: None,
            locally_administered: true,
            span: Default::default(),
            frames_sent: 1000 - number as u64,
            bytes_sent: 0,
            airtime_sent_us: None,
            retries_sent: 0,
            frames_received: 0,
            group_frames_sent: 0,
            frames_named: 0,
            networks: Vec::new(),
            multi_link_device: None,
            ip_addresses: Vec::new(),
            host_name: None,
            segment: 0,
        }
    }

    fn edge(source: usize, target: usize) -> Edge {
        Edge {
            source: address(source),
            target: address(target),
            kind: EdgeKind::Association,
            via: None,
            span: Default::default(),
            forward: Traffic::default(),
            backward: Traffic::default(),
            evidence: Evidence::default(),
        }
    }

    /// Stars of these sizes, and one station alone.
    fn stars(sizes: &[usize]) -> Topology {
        let mut topology = Topology::default();
        for size in sizes {
            let middle = topology.nodes.len();
            topology.nodes.extend((middle..=middle + size).map(node));
            topology.edges.extend((1..=*size).map(|leaf| edge(middle + leaf, middle)));
        }
        let last = topology.nodes.len();
        topology.nodes.push(node(last));
        topology
    }

    #[test]
    fn neighbours_stand_near_and_nobody_on_another() {
        let topology = stars(&[12, 3, 1, 1]);
        let drawing = Drawing::of(&topology);
        assert_eq!((drawing.nodes.len(), drawing.edges.len()), (21, 17));
        assert_eq!((drawing.alone, drawing.left_out), (1, 0));
        let distance =
            |one: &DrawnNode, other: &DrawnNode| (one.x - other.x).hypot(one.y - other.y);
        for (at, one) in drawing.nodes.iter().enumerate() {
            assert!((0.0..=drawing.width).contains(&one.x), "{one:?}");
            assert!((0.0..=drawing.height).contains(&one.y), "{one:?}");
            for other in &drawing.nodes[at + 1..] {
                assert!(distance(one, other) > 0.3, "{one:?} {other:?}");
            }
        }
        for edge in &drawing.edges {
            let [one, other] = edge.ends.map(|end| drawing.nodes[end]);
            assert!(distance(&one, &other) < 4.0, "{one:?} {other:?}");
            let ends = [one.node, other.node].map(|node| topology.nodes[node].address);
            let stated = &topology.edges[edge.edge];
            assert_eq!(ends, [stated.source, stated.target]);
        }
        assert_eq!(drawing, Drawing::of(&topology), "always alike");
    }

    #[test]
    fn of_too_many_the_most_active_are_drawn() {
        let topology = stars(&[MOST_DRAWN + 20]);
        let drawing = Drawing::of(&topology);
        assert_eq!((drawing.nodes.len(), drawing.left_out), (MOST_DRAWN, 21));
        assert!(drawing.nodes.iter().all(|drawn| drawn.node < MOST_DRAWN));
        let empty = Drawing::of(&Topology::default());
        assert_eq!(empty, Drawing::default());
    }
}
