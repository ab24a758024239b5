//! Callers who ask again as soon as they are answered, or at a steady rate.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::Failed;

/// How it went.
#[derive(Clone, Debug)]
pub(super) struct Went {
    /// Answers a second.
    pub(super) rate: f64,
    took: Vec<Duration>,
}

impl Went {
    /// Below this the time of so many per mille of the answers lies.
    pub(super) fn below(&self, per_mille: usize) -> Duration {
        self.took.get(self.took.len() * per_mille / 1_000).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Went {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [half, most] = [500, 990].map(|per_mille| self.below(per_mille).as_secs_f64() * 1_000.0);
        write!(f, "{:.0}/s, p50 {half:.2} ms, p99 {most:.2} ms", self.rate)
    }
}

/// So many callers for so long; at most `rate` times a second together, if that is given. `act` gets the caller and a number that
/// no other act has.
pub(super) async fn call<F>(
    callers: usize,
    duration: Duration,
    rate: Option<f64>,
    act: impl Fn(usize, u64) -> F + Send + Sync + 'static,
) -> Result<Went, Failed>
where
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let (act, next, began) = (Arc::new(act), Arc::new(AtomicU64::new(0)), Instant::now());
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (act, next) = (Arc::clone(&act), Arc::clone(&next));
            tokio::spawn(async move {
                let mut took = Vec::new();
                while began.elapsed() < duration {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let mut from = Instant::now();
                    if let Some(rate) = rate {
                        // Counted from when it should have begun: whoever waits for a slow answer is late for the next.
                        from = began + Duration::from_secs_f64(number as f64 / rate);
                        tokio::time::sleep_until(from.into()).await;
                    }
                    act(caller, number).await?;
                    took.push(from.elapsed());
                }
                Ok::<_, String>(took)
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    let rate = took.len() as f64 / began.elapsed().as_secs_f64();
    took.sort_unstable();
    Ok(Went { rate, took })
}
