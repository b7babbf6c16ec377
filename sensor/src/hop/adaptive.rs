//! Adaptive stays: longer where transmitters are heard that were not heard before.
//!
//! Radios go round their channels in one order. A round lasts as long as it would with equal stays
//! of the usual length; only how it is shared changes, within a shortest and a longest stay. So every
//! channel is visited once a round, whatever is heard elsewhere, and the time from the end of one
//! visit to the next is less than two rounds.

use std::time::Duration;

/// What one visit adds to the older ones: half, so that news of five visits ago hardly counts.
const MEMORY: f64 = 0.5;
/// So many new transmitters a visit count for every channel, so that none starves where there is
/// news everywhere else, and all are alike where there is none.
const BACKGROUND: f64 = 0.5;

/// Shares the time of a round by `news`, the new transmitters a visit of each channel.
pub(super) fn stays(
    news: &[f64],
    usual: Duration,
    shortest: Duration,
    longest: Duration,
) -> Vec<Duration> {
    let (shortest, longest) = (shortest.min(usual).as_secs_f64(), longest.max(usual).as_secs_f64());
    let mut stays = vec![shortest; news.len()];
    let mut left = (usual.as_secs_f64() - shortest) * news.len() as f64;
    let mut open: Vec<usize> = (0..news.len()).collect();
    // What is above the longest stay goes to the others: at most as many turns as channels.
    while left > 1e-9 && !open.is_empty() {
        let sum: f64 = open.iter().map(|at| news[*at] + BACKGROUND).sum();
        let mut rest = 0.0;
        for at in &open {
            let wanted = stays[*at] + left * (news[*at] + BACKGROUND) / sum;
            stays[*at] = wanted.min(longest);
            rest += wanted - stays[*at];
        }
        open.retain(|at| stays[*at] < longest);
        left = rest;
    }
    stays.into_iter().map(Duration::from_secs_f64).collect()
}

/// News of a channel after one more visit in which `new` transmitters were first heard.
pub(super) fn after_visit(news: f64, new: u32) -> f64 {
    news * MEMORY + f64::from(new) * (1.0 - MEMORY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_millis(220);
    const SHORTEST: Duration = Duration::from_millis(110);
    const LONGEST: Duration = Duration::from_secs(1);

    fn check(news: &[f64]) -> Vec<u128> {
        let stays = stays(news, USUAL, SHORTEST, LONGEST);
        let sum: Duration = stays.iter().sum();
        let round = USUAL * u32::try_from(news.len()).expect("few");
        assert!(sum <= round + Duration::from_millis(1), "{sum:?} of {round:?}");
        for stay in &stays {
            assert!((SHORTEST..=LONGEST).contains(stay), "{stay:?}");
        }
        stays.iter().map(Duration::as_millis).collect()
    }

    #[test]
    fn without_news_all_are_alike() {
        assert_eq!(check(&[0.0; 4]), [220; 4]);
        assert_eq!(check(&[3.0; 25]), [220; 25]);
        assert_eq!(check(&[]), [0_u128; 0]);
    }

    #[test]
    fn news_draw_time_within_bounds() {
        let stays = check(&[20.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(stays[0] > stays[3] && stays[3] > stays[1], "{stays:?}");
        assert!(stays[1] >= 110);
        // A flood of made-up transmitters on one channel cannot take more than the longest stay.
        let flooded = check(&[1e9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(flooded[0], 1000);
        assert!(flooded[1] > 110, "the rest goes to the others: {flooded:?}");
    }

    #[test]
    fn old_news_fade() {
        let mut news = after_visit(0.0, 40);
        assert!((news - 20.0).abs() < 1e-9);
        for _ in 0..8 {
            news = after_visit(news, 0);
        }
        assert!(news < 0.1);
    }
}
