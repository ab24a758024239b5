//! The tiles of the tree, full and partial, and entries that came when nobody expected them any more.

use std::collections::BTreeSet;

use entity::{ledger_checkpoint, ledger_edge, ledger_tile};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, Statement};

use super::digests;
use crate::{
    domain::{Digest, Id, Timestamp},
    ledger::{Growth, growth::edge_index, proof::Tiles},
    store::{Store, StoreError, rows::Row},
};

/// Epochs that are closed and yet have entries without a place: epoch and the first such number.
const LATE: &str = "\
SELECT id, folded FROM (
    SELECT e.id AS id,
        COALESCE((SELECT r.first_rseq + r.length FROM ledger_run r WHERE r.epoch = e.id ORDER BY r.first_rseq DESC LIMIT 1), 0) AS folded,
        COALESCE((SELECT x.rseq + 1 FROM ledger_entry x WHERE x.epoch = e.id ORDER BY x.rseq DESC LIMIT 1), 0) AS total
    FROM ledger_epoch e WHERE NOT EXISTS (SELECT 1 FROM ledger_open o WHERE o.epoch = e.id)
) AS epochs WHERE total > folded ORDER BY id LIMIT 64";

const BOTTOM: &str = "SELECT number, hashes FROM ledger_tile WHERE level = 0 AND number >= $1 ORDER BY number LIMIT $2";

impl Store {
    /// Those of the wanted tiles (level, index) that the tree has, each with all the hashes it has by now.
    pub async fn ledger_tiles(&self, wanted: &BTreeSet<(u8, u64)>) -> Result<Tiles, StoreError> {
        let (mut tiles, mut missing) = (Tiles::default(), wanted.clone());
        // The edge is looked at after the full tiles, so what has become full meanwhile is found the second time.
        for _ in 0..2 {
            let any = missing.iter().map(|(level, number)| {
                let level = ledger_tile::Column::Level.eq(i64::from(*level));
                level.and(ledger_tile::Column::Number.eq(i64::try_from(*number).unwrap_or(i64::MAX)))
            });
            let any = any.fold(Condition::any(), Condition::add);
            for row in ledger_tile::Entity::find().filter(any).all(&self.0.ledger).await? {
                let (level, index) = (row.level as u8, row.number as u64);
                missing.remove(&(level, index));
                tiles.put(level, index, digests(&row.hashes)?);
            }
            if missing.is_empty() {
                break;
            }
            let edge = self.ledger_edge().await?;
            for (level, hashes) in edge.partial().iter().enumerate() {
                let level = level as u8;
                let index = edge_index(level, edge.size());
                if !hashes.is_empty() && missing.remove(&(level, index)) {
                    tiles.put(level, index, hashes.clone());
                }
            }
            if missing.is_empty() {
                break;
            }
        }
        Ok(tiles)
    }

    /// Number and hashes, one after another, of the full tiles of level 0 from number `from` on, at most `limit`, rising.
    pub async fn ledger_bottom_tiles(&self, from: u64, limit: u32) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let row = |row: &dyn Row| Ok((row.number(0)? as u64, row.bytes(1)?.to_vec()));
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        self.0.entries.list(BOTTOM, vec![from.into(), i64::from(limit).into()], row).await
    }

    /// The right edge of the tree.
    pub async fn ledger_edge(&self) -> Result<Growth, StoreError> {
        let mut levels: Vec<Vec<Digest>> = Vec::new();
        for row in ledger_edge::Entity::find().order_by_asc(ledger_edge::Column::Level).all(&self.0.ledger).await? {
            levels.resize_with(levels.len().max(row.level as usize), Vec::new);
            levels.push(digests(&row.hashes)?);
        }
        Growth::from_partial(levels).ok_or_else(|| StoreError::Corrupt("the ledger's edge is none".into()))
    }

    /// Size and note of the smallest checkpoint of at least `size` entries, or of the largest there is.
    pub async fn ledger_checkpoint(&self, size: Option<u64>) -> Result<Option<(u64, String)>, StoreError> {
        let all = ledger_checkpoint::Entity::find();
        let query = match size {
            Some(size) => {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                all.filter(ledger_checkpoint::Column::Size.gte(size)).order_by_asc(ledger_checkpoint::Column::Size)
            }
            None => all.order_by_desc(ledger_checkpoint::Column::Size),
        };
        Ok(query.one(&self.0.ledger).await?.map(|row| (row.size as u64, row.note)))
    }

    /// The smallest checkpoint that was signed at this moment or later: size, note, when. Once there is one it stays the same,
    /// however far the tree grows.
    pub async fn ledger_signed_since(&self, moment: Timestamp) -> Result<Option<(u64, String, Timestamp)>, StoreError> {
        let later = ledger_checkpoint::Entity::find().filter(ledger_checkpoint::Column::At.gte(moment.0));
        let row = later.order_by_asc(ledger_checkpoint::Column::Size).one(&self.0.ledger).await?;
        Ok(row.map(|row| (row.size as u64, row.note, Timestamp(row.at))))
    }

    /// The size of the largest checkpoint that is smaller than this; 0 if there is none.
    pub async fn ledger_signed_below(&self, size: u64) -> Result<u64, StoreError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let smaller = ledger_checkpoint::Entity::find().filter(ledger_checkpoint::Column::Size.lt(size));
        let row = smaller.order_by_desc(ledger_checkpoint::Column::Size).one(&self.0.ledger).await?;
        Ok(row.map_or(0, |row| row.size as u64))
    }

    /// When the first checkpoint was signed.
    pub async fn ledger_first_signed(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = ledger_checkpoint::Entity::find().order_by_asc(ledger_checkpoint::Column::Size).one(&self.0.ledger).await?;
        Ok(first.map(|row| Timestamp(row.at)))
    }

    /// In each closed epoch the first entry that has no place in the tree: epoch and number; of the first 64 such epochs.
    pub async fn ledger_late(&self) -> Result<Vec<(Id, u64)>, StoreError> {
        let statement = Statement::from_string(self.0.ledger.get_database_backend(), LATE);
        let rows = self.0.ledger.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok((Id(row.try_get_by_index(0)?), row.try_get_by_index::<i64>(1)? as u64))).collect()
    }
}
