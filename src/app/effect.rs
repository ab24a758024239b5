//! What a proposal does once it takes hold, and what the operator does with no other's leave.

use serde_json::json;

use super::{
    Error, Op, app_secrets,
    departures::{self, Step},
    holds::standing,
    revise::{Basis, author, recorded, settled},
};
use crate::{
    domain::{Id, Timestamp},
    policy::{Act, ByTwo, Decided, HoldOn, LegalHold, Permit, Proposal, Refusal},
    store::{AppSecret, Change, ErasedKind, Erasure, NewSecret, Settled, Tx, sessions::SessionsOf},
};

/// What is written.
enum Effect {
    Policy(Settled),
    Secret(NewSecret),
    Password(Id, String),
    Unlock(Id),
    Erase(Erasure),
    SetHold(LegalHold),
    LiftHold(Id, ByTwo, String),
    Departure(Box<Step>),
}

/// What an act changes, as records and lists of proposals have it.
pub fn changes(op: &Op, act: &Act) -> Vec<Change> {
    match act {
        Act::Policy { changes } => changes.iter().map(recorded).collect(),
        Act::AppSecret { app, secret, expires_at } => {
            vec![app_secrets::secret_change(&shown(*app, *secret, *expires_at, op.core.now()), true)]
        }
        Act::Password { person } => {
            vec![Change { kind: "person", item: Id(*person).to_string(), before: None, after: Some(r#"{"password":"replaced"}"#.into()) }]
        }
        Act::Unlock { account } => {
            let is_app = op.snapshot.accounts.get(&Id(*account)).is_some_and(|account| account.is_app);
            let state = |locked: bool| Some(json!({ "locked": locked }).to_string());
            let kind = if is_app { "app" } else { "person" };
            vec![Change { kind, item: Id(*account).to_string(), before: state(true), after: state(false) }]
        }
        Act::BeginDeparture { .. } | Act::CancelDeparture { .. } | Act::Rehire { .. } => departures::changes(op, act),
        Act::EraseLead { lead, reason } => erased(ErasedKind::Lead, Id(*lead), reason),
        Act::ErasePerson { person, reason } => erased(ErasedKind::Person, Id(*person), reason),
        Act::SetHold { hold, on, reason } => vec![Change {
            kind: "legalHold",
            item: Id(*hold).to_string(),
            before: None,
            after: Some(json!({ "on": held(on), "reason": reason }).to_string()),
        }],
        Act::LiftHold { hold, reason } => vec![Change {
            kind: "legalHold",
            item: Id(*hold).to_string(),
            before: Some(json!({ "lifted": false }).to_string()),
            after: Some(json!({ "lifted": true, "reason": reason }).to_string()),
        }],
    }
}

/// The thing by its kind, so that its records lead to this one, and the erasure, so that what is said of it stays.
fn erased(kind: ErasedKind, item: Id, reason: &str) -> Vec<Change> {
    let after = json!({ "erased": kind.name(), "reason": reason }).to_string();
    let gone = Change { kind: kind.name(), item: item.to_string(), before: None, after: None };
    vec![gone, Change { kind: "erasure", item: item.to_string(), before: None, after: Some(after) }]
}

fn held(on: &HoldOn) -> serde_json::Value {
    match on {
        HoldOn::Subject { id } => json!({ "subject": Id(*id).to_string() }),
        HoldOn::Lead { id } => json!({ "lead": Id(*id).to_string() }),
        HoldOn::Time { from, until } => json!({ "since": Timestamp(*from).to_string(), "until": Timestamp(*until).to_string() }),
    }
}

/// Makes an act take hold as decided on `basis`, and with it the proposal it comes from; `false`, and nothing done, if that
/// state has passed. `sealed` is the hash of the password or secret it is about.
pub(super) async fn take_hold(
    op: &Op,
    basis: &Basis,
    act: &Act,
    sealed: Option<Vec<u8>>,
    proposal: Option<(&Proposal, Decided)>,
) -> Result<bool, Error> {
    standing::admit(op, act).await?;
    let agreed = ByTwo { at: op.core.now(), asked_by: proposal.and_then(|(asked, _)| asked.requested_by), by: author(op) };
    let effect = match Step::of(op, basis, act, sealed.as_deref(), agreed).await? {
        Some(step) => Effect::Departure(Box::new(step)),
        None => Effect::of(op, basis, act, sealed, agreed)?,
    };
    let proposal = proposal.map(|(asked, end)| (asked.id, end));
    let mut changes = changes(op, act);
    if let Effect::Departure(step) = &effect {
        changes.extend(step.further_changes());
    }
    changes.extend(proposal.map(|(id, _)| decided(id, "APPROVED")));
    let note = op.note_change(changes);
    let (permit, generation, at, put) = (basis.permit, basis.snapshot.generation, op.core.now(), note.clone());
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.bump_generation_from(generation).await? {
                return Ok(false);
            }
            if let Some((id, decided)) = proposal
                && !tx.decide_proposal(permit, id, decided).await?
            {
                return Err(Refusal::conflict("Somebody has decided it already.").into());
            }
            effect.write(tx, permit, at).await?;
            tx.put_change(&put).await?;
            Ok::<_, Error>(true)
        })
    });
    let written = written.await?;
    if written {
        op.changed(&note);
        op.core.current.check(&op.core.store, &*op.core.clock).await?;
    }
    Ok(written)
}

/// The end of a proposal as the record has it.
pub(super) fn decided(id: Id, after: &str) -> Change {
    let state = |state: &str| Some(json!({ "state": state }).to_string());
    Change { kind: "proposal", item: id.to_string(), before: state("PENDING"), after: state(after) }
}

impl Effect {
    fn of(op: &Op, basis: &Basis, act: &Act, sealed: Option<Vec<u8>>, agreed: ByTwo) -> Result<Self, Error> {
        let known = |id: i64| basis.snapshot.accounts.get(&Id(id)).filter(|account| !account.erased);
        let account = |id: i64| known(id).map(|_| Id(id)).ok_or_else(Refusal::not_found);
        let erase = |kind, item: i64, reason: &String| {
            let (id, reason) = (op.core.new_id(), reason.clone());
            let (swept, details, documents, done_at) = (0, 0, 0, None);
            Self::Erase(Erasure { id, kind, item: Id(item), reason, agreed, request: op.request, swept, details, documents, done_at })
        };
        let unsealed = || Refusal::conflict("What it is about is no longer kept; ask for it again.");
        Ok(match act {
            Act::Policy { changes } => {
                let mut document = basis.snapshot.document.clone();
                document.carry_out(changes)?;
                Self::Policy(settled(op, basis.snapshot.revision + 1, &document, changes.clone()))
            }
            Act::AppSecret { app, secret, expires_at } => {
                let now = op.core.now();
                if expires_at.is_some_and(|end| end <= now.0) {
                    return Err(Refusal::bad_input("The secret would have expired already.").into());
                }
                let hash = sealed.and_then(|sealed| sealed.try_into().ok()).ok_or_else(unsealed)?;
                Self::Secret(NewSecret { secret: shown(account(*app)?.0, *secret, *expires_at, now), hash })
            }
            Act::Password { person } => {
                let hash = sealed.and_then(|sealed| String::from_utf8(sealed).ok()).ok_or_else(unsealed)?;
                Self::Password(account(*person)?, hash)
            }
            Act::Unlock { account: id } => Self::Unlock(account(*id)?),
            Act::EraseLead { lead, reason } => erase(ErasedKind::Lead, *lead, reason),
            Act::ErasePerson { person, reason } => {
                if !known(*person).is_none_or(|account| account.locked) {
                    return Err(Refusal::conflict("The account is not locked any more.").into());
                }
                erase(ErasedKind::Person, *person, reason)
            }
            Act::SetHold { hold, on, reason } => {
                Self::SetHold(LegalHold { id: Id(*hold), on: *on, reason: reason.clone(), set: agreed, lifted: None })
            }
            Act::LiftHold { hold, reason } => Self::LiftHold(Id(*hold), agreed, reason.clone()),
            // Taken before, because it asks the database.
            Act::BeginDeparture { .. } | Act::CancelDeparture { .. } | Act::Rehire { .. } => return Err(unsealed().into()),
        })
    }

    async fn write(&self, tx: Tx<'_>, permit: Permit, at: Timestamp) -> Result<(), Error> {
        match self {
            Self::Policy(revision) => tx.commit_policy(revision).await?,
            Self::Secret(new) => {
                app_secrets::room_for_secret(&tx.secrets_of(permit, new.secret.app).await?, at)?;
                tx.add_secret(permit, new).await?;
            }
            Self::Password(person, hash) => {
                tx.set_password(*person, hash, true, at).await?;
                tx.end_sessions(SessionsOf::Subject(*person), at, "password").await?;
            }
            Self::Unlock(account) => tx.set_locked(permit, *account, None).await?,
            Self::Erase(erasure) => {
                let traces = match erasure.kind {
                    ErasedKind::Lead => tx.erase_lead(permit, erasure.item).await?,
                    ErasedKind::Person => tx.erase_person(permit, erasure.item, at).await?,
                };
                tx.put_erasure(permit, erasure, &traces).await?;
            }
            Self::Departure(step) => step.write(tx, permit, at).await?,
            Self::SetHold(hold) => tx.put_hold(permit, hold).await?,
            Self::LiftHold(hold, agreed, reason) => {
                if !tx.lift_hold(permit, *hold, *agreed, reason).await? {
                    return Err(Refusal::conflict("It has been lifted already.").into());
                }
            }
        }
        Ok(())
    }
}

fn shown(app: i64, secret: i64, expires_at: Option<i64>, now: Timestamp) -> AppSecret {
    AppSecret { id: Id(secret), app: Id(app), created_at: now, expires_at: expires_at.map(Timestamp) }
}
