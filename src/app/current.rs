//! What decides now: the policy as it stands, kept in memory and checked against the database.
//!
//! A change made by this process takes hold at once. A change made by another (a second server, the command line) bumps
//! the `rights` counter in the database; a snapshot older than [`FRESH_FOR`] is checked against it before it is used,
//! so that a revoked right is refused everywhere within one second.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use crate::{
    domain::{Clock, clock::SECOND},
    policy::Snapshot,
    store::{Store, StoreError},
};

/// How long a snapshot is believed without asking the database.
const FRESH_FOR: i64 = SECOND / 2;

/// The snapshot in force.
#[derive(Debug)]
pub struct Current {
    snapshot: RwLock<Arc<Snapshot>>,
    checked_at: AtomicI64,
    loading: tokio::sync::Mutex<()>,
}

impl Current {
    /// Loads the first snapshot.
    pub async fn load(store: &Store, clock: &dyn Clock) -> Result<Self, StoreError> {
        let snapshot = RwLock::new(Arc::new(store.snapshot().await?));
        Ok(Self { snapshot, checked_at: AtomicI64::new(clock.now().0), loading: tokio::sync::Mutex::default() })
    }

    /// The snapshot, at most half a second behind the database.
    pub async fn fresh(&self, store: &Store, clock: &dyn Clock) -> Result<Arc<Snapshot>, StoreError> {
        // A clock that was set back says nothing about how fresh the snapshot is.
        if !(0..=FRESH_FOR).contains(&(clock.now().0 - self.checked_at.load(Ordering::Acquire))) {
            self.check(store, clock).await?;
        }
        Ok(self.snapshot())
    }

    /// Asks the database for the counter and reloads if it moved; call after every change of policy, account or session.
    pub async fn check(&self, store: &Store, clock: &dyn Clock) -> Result<(), StoreError> {
        let _one_at_a_time = self.loading.lock().await;
        let asked_at = clock.now().0;
        if store.generation().await? != self.snapshot().generation {
            let fresh = Arc::new(store.snapshot().await?);
            *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        self.checked_at.store(asked_at, Ordering::Release);
        Ok(())
    }

    /// The snapshot as of now, for changes: they are decided on the state that they change.
    pub async fn latest(&self, store: &Store, clock: &dyn Clock) -> Result<Arc<Snapshot>, StoreError> {
        self.check(store, clock).await?;
        Ok(self.snapshot())
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }
}
