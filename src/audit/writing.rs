//! Group commit: one task per process hands what waits to *lanes*, each of which writes a chain, one commit after the other. What
//! comes during a commit waits for its end and shares the next; where the disk is slow and the database can sync several at
//! once, another lane takes what came meanwhile.

use std::{pin::pin, sync::Arc};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep},
};

use super::{inside::Inside, lane::Lane, pace::Pace, waiting::Waiting};

/// The task that hands records to the lanes.
pub(super) struct Writing {
    inside: Arc<Inside>,
    /// Dropped when the task ends, which the sequencer hears.
    _ended: oneshot::Sender<()>,
}

impl Writing {
    /// The task; `ended` is dropped with it.
    pub(super) const fn new(inside: Arc<Inside>, ended: oneshot::Sender<()>) -> Self {
        Self { inside, _ended: ended }
    }

    /// Writes until nobody can append any more, or until it is told to stop and nothing waits.
    pub(super) async fn run(self, mut queue: mpsc::Receiver<Waiting>, mut stop: watch::Receiver<bool>) {
        // The one that wrote last is taken first: what follows from an answer stands behind its record, mostly.
        let mut idle: Vec<_> = (0..self.inside.writer.at_once()).map(|_| Lane::new(Arc::clone(&self.inside))).collect();
        let mut busy = FuturesUnordered::new();
        let mut pace = Pace::default();
        // The commit begun last, until it is over or was waited for: those begun before it were.
        let mut awaited = None;
        let mut patience = pin!(sleep(pace.patience()));
        loop {
            let first = tokio::select! {
                biased;
                _ = stop.changed(), if !queue.is_closed() => { queue.close(); continue }
                Some((lane, begun, written)) = busy.next() => {
                    idle.push(lane);
                    awaited = awaited.filter(|awaited| *awaited != begun);
                    if written {
                        pace.took(Instant::elapsed(&begun));
                    }
                    continue
                }
                () = &mut patience, if awaited.is_some() && !idle.is_empty() => { awaited = None; continue }
                first = queue.recv(), if awaited.is_none() && !idle.is_empty() => first,
            };
            let (Some(first), Some(mut lane)) = (first, idle.pop()) else { break };
            let mut batch = vec![first];
            while batch.len() < self.inside.settings.batch
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            let begun = Instant::now();
            awaited = Some(begun);
            patience.as_mut().reset(begun + pace.patience());
            busy.push(async move {
                let written = lane.commit(batch).await;
                (lane, begun, written)
            });
        }
        while busy.next().await.is_some() {}
    }
}
