//! What a server does about the world outside while it runs.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{asking, memory};
use crate::{
    app::Core,
    domain::{clock::SECOND, clock::random_bytes},
    ledger::Breach,
    store::{
        StoreError,
        ledger::outside::{Attester, FoundBreach},
    },
};

/// So often the newest head is remembered, and looked at what others have found or acknowledged.
const LOOK: Duration = Duration::from_secs(1);
/// After the first failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longer than this nobody is left unasked.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Begins; the tasks end with the inside, or when they are aborted.
pub fn keep(core: &Arc<Core>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![tokio::spawn(watch(Arc::downgrade(core)))];
    let everybody = core.outside.everybody().len();
    tasks.extend((0..everybody).map(|number| tokio::spawn(ask(Arc::downgrade(core), number))));
    tasks
}

async fn watch(core: Weak<Core>) {
    let (mut last, mut failing) = (None, false);
    loop {
        let Some(here) = core.upgrade() else { return };
        let looked = async {
            look(&here).await?;
            // A history that nobody has acknowledged is not what is to be compared with next time.
            if here.recorder.halted().is_some() {
                return Ok(());
            }
            let key = here.recorder.key().public();
            match memory::examine(&here.store, &key, &here.outside.memory, here.now()).await? {
                Some(found) => {
                    here.recorder.writer().note_breach(&found).await?;
                    look(&here).await?;
                }
                None => last = memory::remember(&here, last).await?,
            }
            Ok::<_, StoreError>(())
        };
        match looked.await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "the newest tree head could not be remembered or compared");
                }
                failing = true;
            }
        }
        drop(here);
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks at which breaches were found and which acknowledged, by whomever, and halts the recorder or lets it go on.
pub async fn look(core: &Core) -> Result<Vec<FoundBreach>, StoreError> {
    let found = core.store.breaches().await?;
    let acknowledged: Vec<Breach> = core.store.acknowledged().await?.into_iter().map(|known| known.breach).collect();
    let open = |found: &FoundBreach| !acknowledged.iter().any(|known| known.covers(&found.breach));
    let open: Vec<FoundBreach> = found.into_iter().filter(open).collect();
    core.recorder.breached(open.first().map(|found| found.breach), acknowledged);
    Ok(open)
}

/// Asks one of those outside about each newest head, with pauses that grow while it does not answer.
async fn ask(core: Weak<Core>, number: usize) {
    let (mut done, mut failures) = (0, 0_u32);
    let mut first = true;
    loop {
        let Some(here) = core.upgrade() else { return };
        let outside = &here.outside;
        let Some(one) = outside.everybody().get(number).copied() else { return };
        let every = if one.kind() == Attester::Witness { outside.witness_every } else { outside.timestamp_every };
        let size = here.recorder.standing().size;
        let early = if std::mem::take(&mut first) && one.kind() == Attester::Authority {
            since_last(&here, one.source(), every).await
        } else {
            None
        };
        let pause = if let Some(rest) = early {
            rest
        } else if here.recorder.halted().is_some() || (size == done && failures == 0) {
            LOOK
        } else if asking::ask(&here, outside, one).await {
            (done, failures) = (size, 0);
            every
        } else {
            failures += 1;
            pause_after(failures, u16::from_be_bytes(random_bytes(&*here.random)))
        };
        drop(here);
        tokio::time::sleep(pause).await;
    }
}

/// The rest of the time until it is to be asked again, if it was asked not long ago by the process before.
async fn since_last(core: &Core, source: &str, every: Duration) -> Option<Duration> {
    let anchors = core.store.anchors().await.unwrap_or_default();
    let last = anchors.into_iter().find(|anchor| anchor.source == source && anchor.failing_since.is_none())?.tried_at;
    let since = u64::try_from((core.now().0 - last.0) / SECOND).ok()?;
    every.checked_sub(Duration::from_secs(since)).filter(|rest| !rest.is_zero())
}

/// Doubled each time, of which at least half is waited, so that many servers do not come at once.
fn pause_after(failures: u32, random: u16) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    whole / 2 + whole.mul_f64(f64::from(random) / f64::from(u16::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ_within_bounds() {
        assert_eq!(pause_after(1, 0), Duration::from_secs(1));
        assert_eq!(pause_after(1, u16::MAX), Duration::from_secs(2));
        assert_eq!(pause_after(3, 0), Duration::from_secs(4));
        assert_eq!(pause_after(u32::MAX, u16::MAX), LONGEST_PAUSE);
        assert!(pause_after(5, 1_000) < pause_after(5, 2_000));
    }
}
