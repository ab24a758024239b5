//! What an evidence file stands on: the part of the log, the signed head, what the databases tell besides.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    left,
    order::{Order, Permits},
    promised,
    rules::{self, Change},
};
use crate::{
    app::{Core, Error, Op, bundle::Plan, contact_accounts, departures::Departure, proofs::Head},
    domain::{AccountKind, Timestamp, clock::SECOND},
    evidence::{About, Register, Roots},
    ledger::{Checkpoint, checkpoint, key},
    policy::Refusal,
    store::{AcceptanceRow, ContactAccountFilter, StoreError},
};

/// How far the clocks of two servers may lie apart (µs).
const CLOCK_SKEW: i64 = 300 * SECOND;
/// Accounts of the register read at once.
const PAGE: u64 = 500;

/// All of it; from here on nothing is asked but the entries.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) about: About,
    pub(super) plan: Plan,
    /// How many records the log had at the head of the beginning.
    pub(super) before: u64,
    pub(super) revisions: Vec<Change>,
    pub(super) register: Register,
    /// Acceptances of agreements.
    pub(super) accepted: Vec<AcceptanceRow>,
    /// Texts of agreements by their hash.
    pub(super) texts: BTreeMap<String, String>,
    /// Of those who left.
    pub(super) departures: Vec<Departure>,
    pub(super) public_pem: String,
    pub(super) verifier_key: String,
}

/// Gathers it.
pub(super) async fn ground(op: &Op, permits: Permits, order: &Order) -> Result<Ground, Error> {
    let core = &op.core;
    core.recorder.fold_now().await?;
    let signed = core.store.ledger_signed_since(order.to).await?;
    let Some((size, note, signed_at)) = signed else {
        return Err(Refusal::conflict("The log has not been signed since the end of the range; try again in a moment.").into());
    };
    let public = core.recorder.key().public();
    let opened = Checkpoint::open(&note, &public);
    let head = opened.ok_or_else(|| StoreError::Corrupt("a checkpoint is not signed by this ledger's key".into()))?;
    let (first, before) = beginning(core, order.from).await?;
    let first = first.min(size);
    let about = About {
        from: order.from,
        to: order.to,
        matter: order.matter.clone(),
        profile: order.profile,
        version: env!("CARGO_PKG_VERSION"),
        log_since: core.store.ledger_first_signed().await?,
        log: Roots { origin: head.origin.clone(), first, end: size, signed_at, root: STANDARD.encode(head.root), key: key::id(&public) },
    };
    let revisions = rules::read(op, permits.policy, order.to).await?;
    let accepted = promised::read(op, order.to).await?;
    let verifier_key = checkpoint::verifier_key(&head.origin, &public);
    Ok(Ground {
        about,
        plan: Plan::of(core, Head { checkpoint: head, note }, first, size).await?,
        before,
        register: register(op, order.to).await?,
        departures: left::read(op, order).await?,
        texts: promised::texts(op, order, &accepted, &revisions).await?,
        revisions,
        accepted,
        public_pem: key::public_pem(&public).map_err(|error| StoreError::Unsafe(error.to_string()))?,
        verifier_key,
    })
}

/// The index of the first record, a little too early rather than too late; and the size of the head at the beginning.
async fn beginning(core: &Core, from: Timestamp) -> Result<(u64, u64), Error> {
    let store = &core.store;
    let early = store.ledger_signed_since(Timestamp(from.0.saturating_sub(CLOCK_SKEW))).await?;
    let first = store.ledger_signed_below(early.map_or(u64::MAX, |(size, ..)| size)).await?;
    let at = store.ledger_signed_since(from).await?;
    Ok((first, at.map_or(u64::MAX, |(size, ..)| size)))
}

async fn register(op: &Op, to: Timestamp) -> Result<Register, Error> {
    let every = ContactAccountFilter { retired: true, ..ContactAccountFilter::default() };
    let (mut register, mut after) = (Register { entered: BTreeMap::new(), ..Register::default() }, None);
    loop {
        let page = contact_accounts::list(op, every, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(register) };
        after = Some(last.facts.id);
        for account in page.iter().filter(|account| account.created_at < to && account.facts.kind != AccountKind::PersonalProfile) {
            *register.entered.entry(account.facts.kind.name()).or_default() += 1;
            register.since = Some(register.since.map_or(account.created_at, |since| since.min(account.created_at)));
        }
    }
}
