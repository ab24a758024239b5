//! Beginning a departure: one operation, and what it decides has taken hold when it is answered.

use super::Departure;
use crate::{
    app::{Error, Op, proposals::do_or_ask},
    domain::{DepartureAccess, Id, Timestamp, clock::DAY},
    policy::{Act, Permission, Proposal, Refusal, text},
};

/// How long ago (µs) a company can have come to know.
const KNOWN: i64 = 366 * DAY;
/// How far off (µs) a last day can lie.
const AHEAD: i64 = 2 * 366 * DAY;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who leaves.
    pub person: Id,
    /// When their last day ends.
    pub last_day: Timestamp,
    /// Why.
    pub reason: String,
    /// How far their access goes from now on.
    pub access: DepartureAccess,
    /// Since when the company knows; `None` is now.
    pub known_at: Option<Timestamp>,
    /// Whether the apps that they answer for are locked, too.
    pub lock_apps: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The departure; `None` until another approves it.
    pub departure: Option<Departure>,
    /// What waits for another; `None` if it took hold.
    pub proposal: Option<Proposal>,
}

/// Begins somebody's departure, for an executive once another agrees. When their last day is over already their access ends,
/// whatever was wished for.
pub async fn begin(op: &Op, wish: Wish) -> Result<Begun, Error> {
    let permit = op.rights.permit(Permission::DepartureManage)?;
    let known_at = wish.known_at.unwrap_or(op.at);
    if known_at > op.at || known_at.0 < op.at.0 - KNOWN {
        return Err(Refusal::bad_input("The company knows since some moment of the last year, not of the future.").into());
    }
    if wish.last_day.0 > op.at.0 + AHEAD {
        return Err(Refusal::bad_input("The last day lies more than two years ahead; begin the departure later.").into());
    }
    let act = Act::BeginDeparture {
        departure: op.core.new_id().0,
        hold: op.core.new_id().0,
        person: wish.person.0,
        last_day: wish.last_day.0,
        known_at: known_at.0,
        access: if wish.last_day <= op.at { DepartureAccess::Lock } else { wish.access },
        lock_apps: wish.lock_apps,
        reason: text::line("The reason", &wish.reason, text::REASON)?,
    };
    super::step::may_begin(op, &op.snapshot, &act)?;
    let id = if let Act::BeginDeparture { departure, .. } = &act { Id(*departure) } else { Id(0) };
    let proposal = do_or_ask(op, act, None).await?;
    Ok(Begun { departure: op.core.store.departure(permit, id).await?, proposal })
}
