//! Reading the index.

use sea_orm::Value;

use super::{
    index::{BlockRow, DailyRow, SegmentRow},
    reach::unfolded,
};
use crate::store::{
    Store, StoreError,
    rows::{Row, Sql},
};

/// Of each segment the last block that may have the term, the newest segment first.
const FIND: &str = "\
SELECT s.id, (SELECT x.body FROM ledger_index_block x WHERE x.segment = s.id AND (x.term, x.entry) < ($1, $2)
    ORDER BY x.term DESC, x.entry DESC LIMIT 1) AS body
FROM ledger_index_segment s WHERE s.first < $2 AND s.until > $3 ORDER BY s.first DESC";
const BACK: &str = "\
SELECT body FROM ledger_index_block WHERE segment = $1 AND (term, entry) < ($2, $3) ORDER BY term DESC, entry DESC LIMIT $4";
const NEXT: &str = "\
SELECT term, entry, body FROM ledger_index_block WHERE segment = $1 AND (term, entry) > ($2, $3) ORDER BY term, entry LIMIT $4";
const BLOCK_AT: &str = "SELECT term, entry FROM ledger_index_block WHERE segment = $1 ORDER BY term, entry LIMIT 1 OFFSET $2";
const SEGMENTS: &str = "SELECT id, level, first, until FROM ledger_index_segment ORDER BY first";
const LISTED: &str = "SELECT 1 FROM ledger_index_segment WHERE id = $1";
const SEGMENT_OF_BLOCKS: &str = "SELECT MIN(segment) FROM ledger_index_block WHERE segment > $1";
const LAST_SEGMENT: &str = "\
SELECT COALESCE((SELECT MAX(segment) FROM ledger_index_block), 0), COALESCE((SELECT MAX(id) FROM ledger_index_segment), 0)";
/// A row without an account comes if there is nothing else, so that what it says of the ledger comes in any case.
const DAYS: Sql = Sql {
    sqlite: concat!(
        "\
SELECT COALESCE((SELECT MAX(until) FROM ledger_index_segment), 0),
    COALESCE((SELECT first_index + length FROM ledger_run ORDER BY first_index DESC LIMIT 1), 0),
    ",
        unfolded!(),
        ", d.counter, d.span, d.body
FROM (SELECT 1) LEFT JOIN (SELECT d.counter, d.span, d.body FROM json_each($1) w CROSS JOIN ledger_daily d
    WHERE d.counter = json_extract(w.value, '$[0]')
        AND d.span BETWEEN json_extract(w.value, '$[1]') AND json_extract(w.value, '$[2]')) d"
    ),
    postgres: concat!(
        "\
SELECT r.indexed, r.size, r.more, d.counter, d.span, d.body
FROM (SELECT COALESCE((SELECT MAX(until) FROM ledger_index_segment), 0) AS indexed,
    COALESCE((SELECT first_index + length FROM ledger_run ORDER BY first_index DESC LIMIT 1), 0) AS size,
    ",
        unfolded!(),
        " AS more) AS r
LEFT JOIN (SELECT d.counter, d.span, d.body FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS w(counter, first, last)
    JOIN ledger_daily d ON d.counter = w.counter AND d.span BETWEEN w.first AND w.last) AS d ON TRUE"
    ),
};
const ALL_DAYS: &str = "SELECT counter, span, body FROM ledger_daily WHERE (counter, span) > ($1, $2) ORDER BY counter, span LIMIT $3";
const SIZE: &str = "SELECT CAST(COALESCE(SUM(LENGTH(body) + 24), 0) AS BIGINT), COUNT(*) FROM ledger_index_block";

/// Spans of an account's days: the account, the first span, the last.
pub type Spans = (i64, i64, i64);

/// Days, and how far the ledger and its index had come at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaysThen {
    /// The first entry that had no segment.
    pub indexed: u64,
    /// How many entries the tree had.
    pub size: u64,
    /// Whether there were entries that had no place in it yet.
    pub more: bool,
    /// The days.
    pub rows: Vec<DailyRow>,
}

impl Store {
    /// The segments, rising.
    pub async fn index_segments(&self) -> Result<Vec<SegmentRow>, StoreError> {
        let row = |row: &dyn Row| {
            let [id, level, first, until] = [0, 1, 2, 3].map(|column| row.number(column));
            Ok(SegmentRow { id: id?, level: level?, first: first? as u64, until: until? as u64 })
        };
        self.0.entries.list(SEGMENTS, Vec::new(), row).await
    }

    /// Whether the segment is still listed.
    pub async fn index_lists(&self, segment: i64) -> Result<bool, StoreError> {
        Ok(!self.0.entries.list(LISTED, vec![segment.into()], |_| Ok(())).await?.is_empty())
    }

    /// Of each segment with entries from `from` to below `until` the block that may have the last posting of `term` below
    /// `until`; the newest segment first.
    pub async fn index_find(&self, term: i64, from: u64, until: u64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let values = vec![term.into(), (until as i64).into(), (from as i64).into()];
        // Where a segment has no such block, there is no body.
        let row = |row: &dyn Row| Ok((row.number(0)?, row.some_bytes(1)?.map(<[u8]>::to_vec)));
        let found = self.0.entries.list(FIND, values, row).await?;
        Ok(found.into_iter().filter_map(|(segment, body)| Some((segment, body?))).collect())
    }

    /// Blocks of a segment before the one that begins with this term and entry, the last first.
    pub async fn index_back(&self, segment: i64, term: i64, entry: u64, limit: i64) -> Result<Vec<Vec<u8>>, StoreError> {
        let values = vec![segment.into(), term.into(), (entry as i64).into(), limit.into()];
        self.0.entries.list(BACK, values, |row| Ok(row.bytes(0)?.to_vec())).await
    }

    /// Blocks of a segment after that place, rising.
    pub async fn index_blocks(&self, segment: i64, after: (i64, i64), limit: i64) -> Result<Vec<BlockRow>, StoreError> {
        let values = vec![segment.into(), after.0.into(), after.1.into(), limit.into()];
        let row = |row: &dyn Row| Ok(BlockRow { term: row.number(0)?, entry: row.number(1)? as u64, body: row.bytes(2)?.to_vec() });
        self.0.entries.list(NEXT, values, row).await
    }

    /// Term and entry of a segment's block by its number from 0, if it has as many.
    pub async fn index_block_at(&self, segment: i64, number: i64) -> Result<Option<(i64, i64)>, StoreError> {
        let found = self.0.entries.list(BLOCK_AT, vec![segment.into(), number.into()], |row| Ok((row.number(0)?, row.number(1)?))).await?;
        Ok(found.first().copied())
    }

    /// The number for a new segment.
    pub async fn index_next_segment(&self) -> Result<i64, StoreError> {
        let last = self.0.entries.list(LAST_SEGMENT, Vec::new(), |row| Ok(row.number(0)?.max(row.number(1)?))).await?;
        Ok(last.first().ok_or(StoreError::Closed)? + 1)
    }

    /// The first segment after `after` that has blocks, listed or not.
    pub async fn index_segment_of_blocks(&self, after: i64) -> Result<Option<i64>, StoreError> {
        let found = self.0.entries.list(SEGMENT_OF_BLOCKS, vec![after.into()], |row| row.integer(0)).await?;
        Ok(found.first().copied().flatten())
    }

    /// These spans of accounts' days, in no order, as far as there are any.
    pub async fn index_days(&self, wanted: &[Spans]) -> Result<DaysThen, StoreError> {
        let values = if self.0.entries.is_postgres() {
            let column = |of: fn(&Spans) -> i64| Value::from(wanted.iter().map(of).collect::<Vec<_>>());
            vec![column(|spans| spans.0), column(|spans| spans.1), column(|spans| spans.2)]
        } else {
            vec![serde_json::to_string(wanted).unwrap_or_default().into()]
        };
        let row = |row: &dyn Row| {
            let daily = match row.integer(3)? {
                Some(counter) => Some(DailyRow { counter, span: row.number(4)?, body: row.bytes(5)?.to_vec() }),
                None => None,
            };
            Ok((row.number(0)? as u64, row.number(1)? as u64, row.number(2)? > 0, daily))
        };
        let rows = self.0.entries.list(DAYS, values, row).await?;
        let (indexed, size, more, _) = *rows.first().ok_or(StoreError::Closed)?;
        Ok(DaysThen { indexed, size, more, rows: rows.into_iter().filter_map(|(.., daily)| daily).collect() })
    }

    /// Days of all accounts after this account and span, at most `limit` rows, rising.
    pub async fn index_all_days(&self, after: (i64, i64), limit: i64) -> Result<Vec<DailyRow>, StoreError> {
        let row = |row: &dyn Row| Ok(DailyRow { counter: row.number(0)?, span: row.number(1)?, body: row.bytes(2)?.to_vec() });
        self.0.entries.list(ALL_DAYS, vec![after.0.into(), after.1.into(), limit.into()], row).await
    }

    /// About how many bytes the blocks take, and how many there are.
    pub async fn index_size(&self) -> Result<(u64, u64), StoreError> {
        let size = self.0.entries.list(SIZE, Vec::new(), |row| Ok((row.number(0)? as u64, row.number(1)? as u64))).await?;
        size.first().copied().ok_or(StoreError::Closed)
    }
}
