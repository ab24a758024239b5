//! How long a commit is waited for before another lane takes what came meanwhile.

use std::time::Duration;

/// A disk that took at least so long for the quickest commit lately is slow: a commit that is waited for costs more than one more.
const SLOW: Duration = Duration::from_micros(1_500);
/// What is waited on a slow disk.
const SOON: Duration = Duration::from_millis(1);
/// What is waited on a quick one, where commits take long as there is much to do, and larger batches are less of it; then it
/// hangs on something else.
const STUCK: Duration = Duration::from_millis(10);
/// The quickest commit is forgotten by this part with each other.
const FORGOTTEN: u32 = 64;

/// The pace of the disk.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// What the quickest commit lately took.
    quickest: Option<Duration>,
}

impl Pace {
    /// Notes that a commit took so long.
    pub(super) fn took(&mut self, time: Duration) {
        let quickest = self.quickest.map_or(time, |quickest| quickest.saturating_add(quickest / FORGOTTEN));
        self.quickest = Some(quickest.min(time));
    }

    /// How long the next is waited for.
    pub(super) fn patience(&self) -> Duration {
        if self.quickest.is_some_and(|quickest| quickest >= SLOW) { SOON } else { STUCK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pace: &mut Pace, micros: &[u64]) -> Duration {
        for micros in micros {
            pace.took(Duration::from_micros(*micros));
        }
        pace.patience()
    }

    #[test]
    fn only_a_slow_disk_is_gone_around_soon() {
        let mut pace = Pace::default();
        assert_eq!(pace.patience(), STUCK);
        assert_eq!(after(&mut pace, &[9_000, 2_300, 4_000, 2_100]), SOON);
        // Among commits that take long one that does not shows that the disk is quick.
        assert_eq!(after(&mut pace, &[4_000, 600, 4_000, 3_000]), STUCK);
        // A disk that has become slow is found out.
        assert_eq!(after(&mut pace, &[2_200; 50]), STUCK);
        assert_eq!(after(&mut pace, &[2_200; 50]), SOON);
    }
}
