//! Signed heads, read ahead and opened on other threads: a signature costs as much as the hashes of a hundred records.

use std::collections::VecDeque;

use ed25519_dalek::VerifyingKey;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet, spawn_blocking},
};

use crate::{
    ledger::Checkpoint,
    store::{Store, StoreError},
};

/// Heads read at once.
const PAGE: u64 = 256;
/// Pages under way.
const AHEAD: usize = 2;

/// A head as it is stored.
pub(super) struct Head {
    /// Over so many entries.
    pub(super) size: u64,
    /// The root stored beside it.
    pub(super) root: Vec<u8>,
    /// What it says, if the ledger's key signed it.
    pub(super) signed: Option<Checkpoint>,
}

type Page = JoinHandle<Result<Vec<Head>, StoreError>>;

/// The heads that come next.
pub(super) struct Heads {
    more: mpsc::Receiver<Page>,
    next: VecDeque<Head>,
}

impl Heads {
    /// Begins to read heads over at most so many entries.
    pub(super) fn read(store: &Store, until: u64, key: VerifyingKey, tasks: &mut JoinSet<()>) -> Self {
        let (pages, more) = mpsc::channel(AHEAD);
        let store = store.clone();
        tasks.spawn(async move {
            let mut asked = 0;
            while asked < until {
                let read = store.ledger_checkpoints(asked, PAGE).await;
                let last = read.as_ref().ok().and_then(|rows| rows.last());
                asked = last.map_or(until, |(size, ..)| *size);
                let page = spawn_blocking(move || {
                    let rows = read?.into_iter().filter(|(size, ..)| *size <= until);
                    Ok(rows.map(|(size, root, note)| Head { size, root, signed: Checkpoint::open(&note, &key) }).collect())
                });
                if pages.send(page).await.is_err() {
                    return;
                }
            }
        });
        Self { more, next: VecDeque::new() }
    }

    /// The next, if it is over at most so many entries.
    pub(super) async fn up_to(&mut self, size: u64) -> Result<Option<Head>, StoreError> {
        self.fill().await?;
        Ok(self.next.pop_front_if(|head| head.size <= size))
    }

    /// Over how many entries the next is.
    pub(super) async fn next_size(&mut self) -> Result<Option<u64>, StoreError> {
        self.fill().await?;
        Ok(self.next.front().map(|head| head.size))
    }

    /// Sees that one is at hand if there is one.
    async fn fill(&mut self) -> Result<(), StoreError> {
        while self.next.is_empty()
            && let Some(page) = self.more.recv().await
        {
            self.next.extend(page.await.map_err(|_| StoreError::Closed)??);
        }
        Ok(())
    }
}
