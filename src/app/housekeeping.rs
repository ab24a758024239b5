//! What is out of date is forgotten: nothing that a record needs, nothing that anybody could still use.

use std::{sync::Weak, time::Duration};

use super::{Core, Error};
use crate::{domain::Timestamp, store::sessions::Outdated};

/// How often a server looks.
const EVERY: Duration = Duration::from_hours(1);
/// Rows of one kind that go in one transaction, so that nobody waits long.
const AT_ONCE: u64 = 500;

/// Forgets sessions that ended `auth.keep_sessions_seconds` ago, refresh tokens whose time is over, spent or not, the
/// hashes of proposals that nobody approved in time, and orders of evidence files that nobody fetched; how many.
pub async fn forget(core: &Core) -> Result<u64, Error> {
    let (now, settings) = (core.now(), &core.auth.settings);
    let ago = |seconds: i64| Timestamp(now.0).plus_seconds(-seconds);
    let (sessions, refresh_tokens) = (ago(settings.keep_sessions_seconds), ago(settings.refresh_token_seconds));
    let outdated = Outdated { sessions, refresh_tokens, most: AT_ONCE };
    let unseal = core.store.write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.unseal_expired_proposals(now).await?) }));
    let orders = core.store.write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.forget_evidence_orders(now).await?) }));
    let mut all = unseal.await? + orders.await?;
    loop {
        let forget = core.store.write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.forget_sessions(outdated).await?) }));
        let gone = forget.await?;
        if gone == 0 {
            return Ok(all);
        }
        all += gone;
    }
}

/// Forgets now and every hour, as long as there is a `core`.
pub async fn keep_house(core: Weak<Core>) {
    let mut hours = tokio::time::interval(EVERY);
    loop {
        hours.tick().await;
        let Some(core) = core.upgrade() else {
            return;
        };
        match forget(&core).await {
            Ok(gone) => tracing::debug!(gone, "sessions and tokens out of date were forgotten"),
            Err(error) => tracing::warn!(%error, "sessions and tokens out of date could not be forgotten"),
        }
    }
}
