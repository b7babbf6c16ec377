//! Sharing the channels of a plan among radios.

use std::collections::BTreeSet;

/// Gives each wanted channel (centre in MHz, weight) to exactly one of the radios that can hear it,
/// so that the heaviest load is small. What no radio can hear is left out.
///
/// A radio that goes away without a channel, because there are too few or others cover all that it
/// hears, listens to everything wanted that it can hear: a second ear hears more than an idle one.
#[must_use]
pub fn split(wanted: &[(u16, u32)], radios: &[BTreeSet<u16>]) -> Vec<Vec<u16>> {
    let able = |mhz: u16| {
        let hears = move |(_, radio): &(usize, &BTreeSet<u16>)| radio.contains(&mhz);
        radios.iter().enumerate().filter(hears).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let mut channels: Vec<(u16, u64, Vec<usize>)> =
        wanted.iter().map(|(mhz, weight)| (*mhz, u64::from(*weight), able(*mhz))).collect();
    channels.retain(|(_, _, able)| !able.is_empty());
    channels.sort_by_key(|(mhz, _, _)| *mhz);
    channels.dedup_by_key(|(mhz, _, _)| *mhz);
    // Those with the least choice first, then the heaviest, while the loads can still be evened out.
    channels.sort_by_key(|(mhz, weight, able)| (able.len(), std::cmp::Reverse(*weight), *mhz));
    let mut loads = vec![0_u64; radios.len()];
    let mut owners = Vec::with_capacity(channels.len());
    for (_, weight, able) in &channels {
        let owner = able.iter().copied().min_by_key(|at| (loads[*at], *at)).unwrap_or(0);
        loads[owner] += weight;
        owners.push(owner);
    }
    even_out(&channels, &mut owners, &mut loads);
    let mut shares = vec![Vec::new(); radios.len()];
    for ((mhz, _, _), owner) in channels.iter().zip(&owners) {
        shares[*owner].push(*mhz);
    }
    for (share, radio) in shares.iter_mut().zip(radios) {
        if share.is_empty() {
            share.extend(channels.iter().map(|(mhz, _, _)| *mhz).filter(|mhz| radio.contains(mhz)));
        }
        share.sort_unstable();
    }
    shares
}

/// Moves single channels to less loaded radios as long as that makes the two loads more even. Each
/// move lessens the sum of the squares of the loads, so it ends.
fn even_out(channels: &[(u16, u64, Vec<usize>)], owners: &mut [usize], loads: &mut [u64]) {
    loop {
        let better = channels.iter().enumerate().find_map(|(at, (_, weight, able))| {
            let from = owners[at];
            let to = able.iter().copied().min_by_key(|to| (loads[*to], *to))?;
            (to != from && loads[to] + weight < loads[from]).then_some((at, from, to, *weight))
        });
        let Some((at, from, to, weight)) = better else { return };
        loads[from] -= weight;
        loads[to] += weight;
        owners[at] = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::weight;

    fn set(frequencies: &[u16]) -> BTreeSet<u16> {
        frequencies.iter().copied().collect()
    }

    fn bands() -> (Vec<u16>, Vec<u16>, Vec<u16>) {
        (
            (1..=13).map(|n| 2407 + 5 * n).collect(),
            (36..=64).step_by(4).chain((100..=144).step_by(4)).map(|n| 5000 + 5 * n).collect(),
            (1..=233).step_by(4).map(|n| 5950 + 5 * n).collect(),
        )
    }

    /// Every channel that somebody hears is with exactly one radio, which hears it; gives the loads.
    fn check(radios: &[&[&[u16]]]) -> Vec<u32> {
        let radios: Vec<BTreeSet<u16>> = radios.iter().map(|bands| set(&bands.concat())).collect();
        let (low, middle, high) = bands();
        let wanted: Vec<(u16, u32)> =
            [low, middle, high].concat().iter().map(|mhz| (*mhz, weight(*mhz))).collect();
        let shares = split(&wanted, &radios);
        for (mhz, _) in &wanted {
            let owners = shares.iter().filter(|share| share.contains(mhz)).count();
            let heard = radios.iter().any(|radio| radio.contains(mhz));
            assert_eq!(owners, usize::from(heard), "{mhz} MHz");
        }
        for (share, radio) in shares.iter().zip(&radios) {
            assert!(share.iter().all(|mhz| radio.contains(mhz)), "{share:?}");
        }
        shares.iter().map(|share| share.iter().map(|mhz| weight(*mhz)).sum()).collect()
    }

    #[test]
    fn each_channel_to_one_radio_in_even_shares() {
        let (low, middle, high) = bands();
        let alike =
            check(&[&[&low, &middle, &high], &[&low, &middle, &high], &[&low, &middle, &high]]);
        assert!(
            alike
                .iter()
                .max()
                .zip(alike.iter().min())
                .is_some_and(|(most, least)| most - least <= 1),
            "{alike:?}"
        );
        let one = check(&[&[&low, &middle]]);
        assert_eq!(one.len(), 1);
        // The radio that hears 2.4 GHz alone takes all of that; the others share the rest.
        let mixed = check(&[&[&low], &[&low, &middle], &[&low, &middle, &high]]);
        assert_eq!(mixed[0], low.iter().map(|mhz| weight(*mhz)).sum::<u32>());
        let nobody = check(&[&[&low], &[&low]]);
        assert!(nobody[0].abs_diff(nobody[1]) <= 1, "5 and 6 GHz are left out: {nobody:?}");
    }

    #[test]
    fn a_radio_that_goes_leaves_its_channels_to_the_others() {
        let (low, middle, _) = bands();
        let wanted: Vec<(u16, u32)> =
            [low.clone(), middle.clone()].concat().iter().map(|mhz| (*mhz, weight(*mhz))).collect();
        let both = set(&[low, middle].concat());
        let two = split(&wanted, &[both.clone(), both.clone()]);
        let one = split(&wanted, &[both]);
        assert_eq!(two[0].len() + two[1].len(), one[0].len());
        assert_eq!(one[0].len(), wanted.len());
    }

    #[test]
    fn spare_radios_listen_as_well() {
        let shares = split(&[(2437, 4)], &[set(&[2412, 2437]), set(&[2412, 2437]), set(&[5180])]);
        assert_eq!(shares, [vec![2437], vec![2437], vec![]]);
        assert_eq!(split(&[], &[set(&[2412])]), [Vec::<u16>::new()]);
        assert!(split(&[(2412, 1)], &[]).is_empty());
    }
}
