//! A target for each family of elements.

use crate::frames;
use pw_dissect::describe::elements::heads;

/// Elements of one family: a byte that chooses one, a byte of length, and the bytes of its body,
/// again and again.
fn family(name: &str, mut data: &[u8]) {
    let heads: Vec<Vec<u8>> =
        heads().filter(|(own, _)| *own == name).map(|(_, head)| head).collect();
    assert!(!heads.is_empty(), "there is no family {name}");
    let mut elements = Vec::new();
    while let [choice, length, rest @ ..] = data {
        let head = heads.get(usize::from(*choice) % heads.len()).expect("a remainder is in range");
        let room = 255 - (head.len() - 2);
        let (body, rest) = rest.split_at(usize::from(*length).min(room).min(rest.len()));
        data = rest;
        let start = elements.len();
        elements.extend(head);
        elements.extend(body);
        elements[start + 1] = u8::try_from(head.len() - 2 + body.len()).expect("bounded above");
    }
    frames::elements(&elements);
}

macro_rules! families {
    ($($name:ident),* $(,)?) => {
        $(pub(crate) fn $name(data: &[u8]) {
            family(stringify!($name), data);
        })*
    };
}

families! {
    alliance, channel_switch, drone_id, eht, extended_capabilities, fast_transition, he, he_operation, ht, identity, interworking, load, makers, measurement, mesh, multi_link, multiple_bssid, neighbour, open_drone_id, others, p2p, rates, regulatory, rsn, twt, vht, wmm, wps,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    #[test]
    fn every_family_has_a_target() {
        for (name, _) in heads() {
            let target = format!("elements_{name}");
            assert!(TARGETS.iter().any(|(known, _)| *known == target), "no target {target}");
        }
    }
}
