//! `/metrics` in the OpenMetrics text format: how many, how long, how busy; never who or what.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::{Gate, caller};
use crate::{
    app::{Core, anchor},
    audit::record::{Decision, OperationKind},
    domain::Timestamp,
};

/// Upper bounds of the latency buckets in seconds.
const BUCKETS: [f64; 14] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    decision: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outside {
    name: String,
}

/// What is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    ended: Family<Ended, Counter>,
    seconds: Histogram,
    unrecorded: Counter,
    throttled: Counter,
    under_way: Gauge<i64, AtomicI64>,
    waiting: Gauge<i64, AtomicI64>,
    tree_size: Gauge<i64, AtomicI64>,
    refused: Gauge<i64, AtomicI64>,
    disk_full: Gauge<i64, AtomicI64>,
    subscriptions: Gauge<i64, AtomicI64>,
    halted: Gauge<i64, AtomicI64>,
    attested: Family<Outside, Gauge<i64, AtomicI64>>,
    unattested: Family<Outside, Gauge<i64, AtomicI64>>,
    disputed: Family<Outside, Gauge<i64, AtomicI64>>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("leadkeep");
        let (ended, seconds) = (Family::default(), Histogram::new(BUCKETS));
        let (unrecorded, throttled) = (Counter::default(), Counter::default());
        let (under_way, waiting) = (Gauge::default(), Gauge::default());
        registry.register("operations", "Operations by kind and how they ended", Family::clone(&ended));
        registry.register_with_unit("operation_duration", "From the first byte read to the answer", Unit::Seconds, seconds.clone());
        registry.register("unrecorded", "Answers withheld because their record could not be made durable", unrecorded.clone());
        registry.register("throttled", "Attempts to sign in that were slowed down", throttled.clone());
        registry.register("under_way", "Requests being answered", under_way.clone());
        registry.register("records_waiting", "Access records that wait to be written", waiting.clone());
        let (tree_size, refused, disk_full) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("disk_full", "1 if the disk is full, so that leads are neither read nor changed; 0 if not", disk_full.clone());
        registry.register("ledger_tree_size", "Records that have their place in the tree", tree_size.clone());
        let help = "1 if the ledger holds what is not as it was written, or nothing gets a place in the tree; 0 if all is well";
        registry.register("ledger_refused", help, refused.clone());
        let subscriptions = Gauge::default();
        registry.register("subscriptions", "Subscriptions that are open", subscriptions.clone());
        let (halted, attested) = (Gauge::default(), Family::default());
        let (unattested, disputed) = (Family::default(), Family::default());
        let help = "1 if nothing is recorded because the ledger is not the one that was seen before; 0 if all is well";
        registry.register("ledger_halted", help, halted.clone());
        let help = "Records under the tree head that a witness or time stamping authority attested last";
        registry.register("ledger_attested", help, Family::clone(&attested));
        let help = "Since when (seconds since 1970) a witness or time stamping authority attests nothing; 0 if all is well";
        registry.register("ledger_unattested_since", help, Family::clone(&unattested));
        let help = "1 if a witness says, without proof, that the ledger is not the one it has seen; 0 if all is well";
        registry.register("ledger_disputed", help, Family::clone(&disputed));
        Self {
            registry,
            ended,
            seconds,
            unrecorded,
            throttled,
            under_way,
            waiting,
            tree_size,
            refused,
            disk_full,
            subscriptions,
            halted,
            attested,
            unattested,
            disputed,
        }
    }

    /// Looks how it stands with those outside whom the settings name.
    async fn anchors(&self, core: &Core) {
        match anchor::status(&core.store, core.recorder.settings()).await {
            Ok(status) => {
                for (source, last) in
                    status.anchors.into_iter().filter(|anchor| anchor.named).filter_map(|one| Some((one.source, one.last?)))
                {
                    let name = Outside { name: source };
                    self.attested.get_or_create(&name).set(last.size as i64);
                    self.unattested.get_or_create(&name).set(last.failing_since.map_or(0, Timestamp::unix_seconds));
                    self.disputed.get_or_create(&name).set(last.claim.is_some().into());
                }
            }
            Err(error) => tracing::warn!(%error, "how it stands with witnesses could not be read"),
        }
    }

    /// Counts an operation that was answered.
    pub(super) fn ended(&self, kind: OperationKind, decision: Decision, duration: Duration) {
        let kind = match kind {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Token => "token",
            OperationKind::Command => "command",
            OperationKind::Unknown => "unknown",
            OperationKind::Subscription => "subscription",
        };
        let decision = match decision {
            Decision::Allowed => "allowed",
            Decision::Denied => "denied",
            Decision::Invalid => "invalid",
            Decision::Failed => "failed",
        };
        self.ended.get_or_create(&Ended { kind, decision }).inc();
        self.seconds.observe(duration.as_secs_f64());
    }

    /// Counts an answer that was withheld.
    pub(super) fn unrecorded(&self) {
        self.unrecorded.inc();
    }

    /// Counts an attempt that was slowed down.
    pub(super) fn throttled(&self) {
        self.throttled.inc();
    }

    /// Counts a request as under way until the guard is dropped.
    pub(super) fn begin(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }
}

/// A request under way.
#[derive(Debug)]
pub(super) struct UnderWay(Gauge<i64, AtomicI64>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The metrics, for the addresses that `http.metrics_from` names; for others there is no such page.
pub(super) async fn metrics(State(gate): State<Arc<Gate>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    let address = caller::address(&gate.settings, peer, &headers);
    if !gate.settings.metrics || !gate.settings.metrics_from.contains(&address) {
        return StatusCode::NOT_FOUND.into_response();
    }
    gate.metrics.waiting.set(gate.core.recorder.waiting().0 as i64);
    gate.metrics.disk_full.set(gate.core.recorder.is_disk_full().into());
    gate.metrics.subscriptions.set(gate.places.open() as i64);
    let standing = gate.core.recorder.standing();
    gate.metrics.tree_size.set(standing.size as i64);
    gate.metrics.refused.set((!standing.is_sound()).into());
    gate.metrics.halted.set(gate.core.recorder.halted().is_some().into());
    gate.metrics.anchors(&gate.core).await;
    let mut text = String::with_capacity(4_096);
    if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &gate.metrics.registry) {
        tracing::error!(%error, "could not write the metrics");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}
