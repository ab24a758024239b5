//! What every handler shares.

use std::{fmt, path::Path, sync::Arc};

use tokio::sync::{Semaphore, watch};

use super::{
    SubscriptionSettings,
    document::Bounds,
    graphql::{Documents, Engine, Places, PreparedDocuments},
    metrics::Metrics,
};
use crate::app::Core;

/// The state of the router.
pub struct Gate {
    /// The inside.
    pub core: Arc<Core>,
    /// What is trusted and shown.
    pub settings: super::Settings,
    /// How many subscriptions there may be.
    pub subscriptions: SubscriptionSettings,
    /// What executes documents.
    pub(super) engine: Engine,
    /// The documents that may be executed.
    pub(super) documents: Documents,
    /// What a document may cost.
    pub(super) bounds: Bounds,
    /// Documents that were sent before.
    pub(super) prepared: PreparedDocuments,
    /// What is counted.
    pub(super) metrics: Metrics,
    /// How many requests may be answered at once.
    pub(super) turns: Semaphore,
    /// How many requests with files may be taken in and answered at once.
    pub(super) uploads: Arc<Semaphore>,
    /// How many evidence files may be made at once.
    pub(super) evidence: Semaphore,
    /// The subscriptions that are open.
    pub(super) places: Arc<Places>,
    /// Tells subscriptions that the server stops; each of them, and each WebSocket, holds a receiver.
    pub(super) stopping: watch::Sender<bool>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Gate {
    /// The gate to `core`; with a folder of trusted `documents`, only those are executed.
    pub async fn new(
        core: Arc<Core>,
        settings: super::Settings,
        subscriptions: SubscriptionSettings,
        documents: Option<&Path>,
    ) -> std::io::Result<Self> {
        let documents = documents.map(Documents::read).transpose()?.unwrap_or_default();
        if let Some(count) = documents.count() {
            tracing::info!(count, "only trusted documents are executed");
        }
        // Depth and complexity are limited by the engine, everything else before the document reaches it.
        let limits = &core.limits;
        let engine = Engine::new(limits);
        let bounds = Bounds::of(engine.checking(), limits).await;
        let turns = Semaphore::new(limits.concurrency);
        let uploads = Arc::new(Semaphore::new(limits.uploads));
        let (prepared, evidence) = (PreparedDocuments::default(), Semaphore::new(limits.evidence_files));
        let (metrics, places, stopping) = (Metrics::new(), Arc::new(Places::new(&subscriptions)), watch::Sender::new(false));
        Ok(Self { core, settings, subscriptions, engine, documents, bounds, prepared, metrics, turns, uploads, evidence, places, stopping })
    }

    /// Completes every subscription, now and from now on.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns when no request is being answered and no subscription is open.
    pub async fn idle(&self) {
        self.stopping.closed().await;
        // Closed never: nobody closes it.
        let _every_turn = self.turns.acquire_many(self.core.limits.concurrency as u32).await;
    }
}
