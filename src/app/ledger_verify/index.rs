//! The index against the entries: the same postings, the same days.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    days::CountedPacked,
    product::{Product, Secret},
};
use crate::{
    audit::{
        daily::spans,
        index::{Gathered, Only, Postings, each_term},
        record::Entry,
    },
    store::{Store, StoreError},
};

/// How often it is begun anew because segments were merged meanwhile.
const TRIES: u32 = 16;
/// Days read at once.
const PAGE: i64 = 1_000;

/// What the index has to come to. Of postings only their product under a secret made for this run.
pub(super) struct Expected {
    /// The first entry that had no segment when this began.
    until: u64,
    secret: Secret,
    /// What the postings of entries that were examined come to.
    product: Mutex<Product>,
}

impl Expected {
    pub(super) async fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self { until: store.index_ends().await?.0, secret: Secret::draw(), product: Mutex::default() })
    }

    /// Whether the entry in this place has to be in the index.
    pub(super) const fn has(&self, index: u64) -> bool {
        index < self.until
    }

    /// Takes the postings of entries with their places in the tree in; of which, and when, makes no difference.
    pub(super) fn take<'e>(&self, entries: impl Iterator<Item = (u64, &'e Entry)>) {
        let mut product = Product::default();
        for (index, entry) in entries.filter(|(index, _)| self.has(*index)) {
            each_term(entry, |term| product.posting(self.secret.term(term), index));
        }
        self.product.lock().unwrap_or_else(PoisonError::into_inner).all(product);
    }

    /// What the postings that are stored come to; `None`: segments went while they were read, each time.
    pub(super) async fn stored(self: Arc<Self>, store: Store) -> Result<Option<Product>, StoreError> {
        for _ in 0..TRIES {
            let product = self.stored_product(&store).await?;
            if product.is_some() {
                return Ok(product);
            }
        }
        Ok(None)
    }

    /// Whether the index, of whose postings `stored` is told, says the same as the entries that were taken in and these days of
    /// theirs.
    pub(super) async fn fits(&self, store: &Store, stored: Option<Product>, mut days: CountedPacked) -> Result<bool, StoreError> {
        if stored.is_some_and(|stored| stored != *self.product.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(false);
        }
        let mut until = self.until;
        for _ in 0..TRIES {
            let now = store.index_ends().await?.0;
            if now != until {
                // Segments came since: their days are counted in already.
                let mut since = Gathered::at(until, Only::All);
                since.read_on(store, now).await?;
                days.add(since.days);
                until = now;
            }
            let fit = days_fit(&mut days, store).await?;
            if store.index_ends().await?.0 == until {
                return Ok(fit);
            }
        }
        Ok(true)
    }

    /// `None`: a segment went while it was read.
    async fn stored_product(&self, store: &Store) -> Result<Option<Product>, StoreError> {
        let mut product = Product::default();
        let mut last = (0, self.secret.term(0));
        for segment in store.index_segments().await? {
            let mut postings = Postings::of(segment.id);
            let mut add = |term, entry| {
                if entry < self.until {
                    // They come sorted.
                    if term != last.0 {
                        last = (term, self.secret.term(term));
                    }
                    product.posting(last.1, entry);
                }
            };
            while postings.read_on(store, &mut add).await? {}
            if !store.index_lists(segment.id).await? {
                return Ok(None);
            }
        }
        Ok(Some(product))
    }
}

async fn days_fit(days: &mut CountedPacked, store: &Store) -> Result<bool, StoreError> {
    let (mut after, mut found, all) = ((i64::MIN, i64::MIN), 0, days.finish());
    loop {
        let rows = store.index_all_days(after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(found == all) };
        after = (last.counter, last.span);
        for row in rows {
            let Ok(stored) = spans::unpack(row.span, &row.body, false) else { return Ok(false) };
            found += stored.len();
            if stored.iter().any(|(day, stored)| !days.is((row.counter, *day), stored)) {
                return Ok(false);
            }
        }
    }
}
