//! How far the ledger has come, settled by one statement.

use crate::{
    domain::Timestamp,
    store::{Store, StoreError, rows::Row},
};

/// How many epochs have entries that have no place in the tree yet.
macro_rules! unfolded {
    () => {
        "\
(SELECT COUNT(*) FROM ledger_open o WHERE
        COALESCE((SELECT x.rseq + 1 FROM ledger_entry x WHERE x.epoch = o.epoch ORDER BY x.rseq DESC LIMIT 1), 0)
      > COALESCE((SELECT r.first_rseq + r.length FROM ledger_run r WHERE r.epoch = o.epoch ORDER BY r.first_rseq DESC LIMIT 1), 0))"
    };
}
pub(super) use unfolded;

/// `$1` and `$2` are the two moments.
const REACH: &str = concat!(
    "\
SELECT COALESCE((SELECT size FROM ledger_checkpoint WHERE at < $1 ORDER BY at DESC LIMIT 1), 0),
    (SELECT size FROM ledger_checkpoint WHERE at >= $2 ORDER BY at LIMIT 1),
    COALESCE((SELECT MAX(until) FROM ledger_index_segment), 0),
    COALESCE((SELECT first_index + length FROM ledger_run ORDER BY first_index DESC LIMIT 1), 0),
    ",
    unfolded!()
);

/// The ledger at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Every entry below this index was in the tree before the first moment that was asked about.
    pub floor: u64,
    /// Every entry from this index on came into the tree after the second; `None` if there is none yet.
    pub ceiling: Option<u64>,
    /// The first entry that has no segment of the index.
    pub indexed: u64,
    /// How many entries the tree has.
    pub size: u64,
    /// Whether there are entries that have no place in it yet.
    pub more: bool,
}

impl Store {
    /// How far the ledger has come, and where what came into the tree between two moments lies.
    pub async fn ledger_reach(&self, since: Timestamp, until: Timestamp) -> Result<Reach, StoreError> {
        let row = |row: &dyn Row| {
            let ceiling = row.integer(1)?.map(|size| size as u64);
            let [floor, indexed, size, more] = [0, 2, 3, 4].map(|column| row.number(column));
            Ok(Reach { floor: floor? as u64, ceiling, indexed: indexed? as u64, size: size? as u64, more: more? > 0 })
        };
        let found = self.0.entries.list(REACH, vec![since.0.into(), until.0.into()], row).await?;
        found.first().copied().ok_or(StoreError::Closed)
    }

    /// The first entry that has no segment, and the first that has no place in the tree.
    pub async fn index_ends(&self) -> Result<(u64, u64), StoreError> {
        let reach = self.ledger_reach(Timestamp(i64::MIN), Timestamp(i64::MAX)).await?;
        Ok((reach.indexed, reach.size))
    }
}
