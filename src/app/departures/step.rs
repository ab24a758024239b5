//! What the acts of departures write.

use serde_json::json;

use super::{Departure, tasks};
use crate::{
    app::{
        Error, Op,
        revise::{Basis, author},
    },
    domain::{DepartureAccess, DepartureState, Id, Timestamp},
    policy::{Account, Act, Acting, ByTwo, HoldOn, LegalHold, Permit, Refusal, Snapshot},
    store::{Change, Task, Tx, sessions::SessionsOf},
};

/// What is written.
pub(in crate::app) enum Step {
    Begin { departure: Departure, tasks: Vec<Task>, hold: LegalHold, apps: Vec<Id> },
    Cancel { departure: Departure, unlock: bool },
    Rehire { departure: Departure, password: String },
}

/// What an act changes, as records and lists of proposals have it.
pub(in crate::app) fn changes(op: &Op, act: &Act) -> Vec<Change> {
    match act {
        Act::BeginDeparture { departure, hold, person, last_day, known_at, access, lock_apps, reason } => {
            let after = json!({
                "state": DepartureState::Open.name(),
                "person": Id(*person).to_string(),
                "lastDay": Timestamp(*last_day).to_string(),
                "knownAt": Timestamp(*known_at).to_string(),
                "access": access.name(),
                "lockApps": lock_apps,
                "reason": reason,
                "legalHold": Id(*hold).to_string(),
            });
            let on = json!({ "on": { "subject": Id(*person).to_string() }, "reason": held_for(Id(*departure)) });
            let mut changes = vec![
                Change { kind: "departure", item: Id(*departure).to_string(), before: None, after: Some(after.to_string()) },
                Change { kind: "legalHold", item: Id(*hold).to_string(), before: None, after: Some(on.to_string()) },
            ];
            let open = op.snapshot.accounts.get(&Id(*person)).is_some_and(|account| !account.locked);
            changes.extend((*access == DepartureAccess::Lock && open).then(|| locked("person", Id(*person), true)));
            changes
        }
        Act::CancelDeparture { departure, person, unlocks, reason } => {
            let after = json!({ "state": DepartureState::Cancelled.name(), "reason": reason });
            let mut changes = vec![moved(Id(*departure), DepartureState::Open, &after)];
            changes.extend(unlocks.then(|| locked("person", Id(*person), false)));
            changes
        }
        Act::Rehire { departure, person, reason } => {
            let after = json!({ "state": DepartureState::Rehired.name(), "reason": reason });
            let password = Some(r#"{"password":"replaced"}"#.into());
            let replaced = Change { kind: "person", item: Id(*person).to_string(), before: None, after: password };
            vec![moved(Id(*departure), DepartureState::Closed, &after), locked("person", Id(*person), false), replaced]
        }
        _ => Vec::new(),
    }
}

/// A departure that leaves this state, as the record has it.
pub(super) fn moved(id: Id, from: DepartureState, after: &serde_json::Value) -> Change {
    let before = json!({ "state": from.name() }).to_string();
    Change { kind: "departure", item: id.to_string(), before: Some(before), after: Some(after.to_string()) }
}

/// An account that is locked, or let in again.
pub(super) fn locked(kind: &'static str, id: Id, now: bool) -> Change {
    let state = |locked: bool| Some(json!({ "locked": locked }).to_string());
    Change { kind, item: id.to_string(), before: state(!now), after: state(now) }
}

fn held_for(departure: Id) -> String {
    format!("Departure {departure}")
}

/// Whether somebody's departure can be begun: they have an account, do not leave already, and somebody else can manage.
pub(super) fn may_begin(op: &Op, snapshot: &Snapshot, act: &Act) -> Result<Account, Refusal> {
    let Act::BeginDeparture { person, access, .. } = act else { return Err(Refusal::not_found()) };
    let known = snapshot.accounts.get(&Id(*person)).filter(|account| !account.is_app && !account.erased);
    let account = known.ok_or_else(Refusal::not_found)?.clone();
    if author(op) == Some(Id(*person)) {
        return Err(Refusal::forbidden("It is about you; somebody else must begin it."));
    }
    if let Some(departing) = account.departing {
        let what = if departing.left { "They have left" } else { "They are leaving" };
        return Err(Refusal::conflict(format!("{what}, by the departure {}.", departing.departure)));
    }
    if *access != DepartureAccess::Keep {
        someone_manages(op, snapshot, Id(*person))?;
    }
    Ok(account)
}

/// Refuses to take the access of the last admin, except to the operator, who can appoint another.
pub(super) fn someone_manages(op: &Op, snapshot: &Snapshot, person: Id) -> Result<(), Refusal> {
    let acting = Acting { by: author(op), now: op.core.now(), accounts: &snapshot.accounts };
    if acting.by.is_some() && snapshot.document.admins(&acting).into_iter().eq([person]) {
        return Err(Refusal::conflict("Nobody would be left to manage the policy; another admin must stand first."));
    }
    Ok(())
}

impl Step {
    /// What an act of a departure writes; `None` if it is no such act.
    pub(in crate::app) async fn of(op: &Op, basis: &Basis, act: &Act, sealed: Option<&[u8]>, agreed: ByTwo) -> Result<Option<Self>, Error> {
        let (permit, store) = (basis.permit, &op.core.store);
        let standing = async |id: i64, state: DepartureState| {
            let found = store.departure(permit, Id(id)).await?.ok_or_else(Refusal::not_found)?;
            if found.state == state {
                Ok::<_, Error>(found)
            } else {
                Err(Refusal::conflict("The departure does not stand so any more.").into())
            }
        };
        Ok(Some(match act {
            Act::BeginDeparture { .. } => Self::begin(op, basis, act, agreed).await?,
            Act::CancelDeparture { departure, unlocks, reason, .. } => {
                let mut departure = standing(*departure, DepartureState::Open).await?;
                if unlocks_by_cancelling(&departure, agreed.at) != *unlocks {
                    return Err(Refusal::conflict("Their access has ended meanwhile; ask for it again.").into());
                }
                departure.state = DepartureState::Cancelled;
                (departure.ended_at, departure.ended_by, departure.end_reason) = (Some(agreed.at), agreed.by, Some(reason.clone()));
                departure.version += 1;
                Self::Cancel { departure, unlock: *unlocks }
            }
            Act::Rehire { departure, person, .. } => {
                let mut departure = standing(*departure, DepartureState::Closed).await?;
                if basis.snapshot.accounts.get(&Id(*person)).is_none_or(|account| account.erased) {
                    return Err(Refusal::not_found().into());
                }
                departure.state = DepartureState::Rehired;
                (departure.rehired_at, departure.rehired_by) = (Some(agreed.at), agreed.by);
                departure.version += 1;
                let hash = sealed.and_then(|sealed| String::from_utf8(sealed.to_vec()).ok());
                let lost = || Refusal::conflict("What it is about is no longer kept; ask for it again.");
                Self::Rehire { departure, password: hash.ok_or_else(lost)? }
            }
            _ => return Ok(None),
        }))
    }

    async fn begin(op: &Op, basis: &Basis, act: &Act, agreed: ByTwo) -> Result<Self, Error> {
        let account = may_begin(op, &basis.snapshot, act)?;
        let Act::BeginDeparture { departure, hold, person, last_day, known_at, access, lock_apps, reason } = act else {
            return Err(Refusal::not_found().into());
        };
        let (permit, store, at) = (basis.permit, &op.core.store, agreed.at);
        // What waited longer than until the last day.
        let access = if *last_day <= at.0 { DepartureAccess::Lock } else { *access };
        let by_two = basis.snapshot.document.is_executive(Id(*person), at) && agreed.asked_by != agreed.by;
        let was_locked = if account.locked { store.person(permit, Id(*person)).await?.and_then(|person| person.locked_at) } else { None };
        let departure = Departure {
            id: Id(*departure),
            person: Id(*person),
            last_day: Timestamp(*last_day),
            reason: reason.clone(),
            access,
            state: DepartureState::Open,
            known_at: Timestamp(*known_at),
            begun_at: at,
            begun_by: if by_two { agreed.asked_by } else { agreed.by },
            approved_by: agreed.by.filter(|_| by_two),
            limited_at: (access != DepartureAccess::Keep).then_some(at),
            locked_at: was_locked.or_else(|| (access == DepartureAccess::Lock).then_some(at)),
            locked_before: account.locked,
            sessions: 0,
            delegations: 0,
            hold: Id(*hold),
            certificate: None,
            ended_at: None,
            ended_by: None,
            end_reason: None,
            rehired_at: None,
            rehired_by: None,
            version: 1,
        };
        let apps = store.apps_of(permit, Id(*person)).await?;
        let accounts = store.company_accounts_of(permit, Id(*person)).await?;
        let tasks = tasks::of(op, &basis.snapshot, &departure, &apps, &accounts);
        let set = ByTwo { asked_by: departure.begun_by, ..agreed };
        let on = HoldOn::Subject { id: *person };
        let hold = LegalHold { id: Id(*hold), on, reason: held_for(departure.id), set, lifted: None };
        let open = |app: &Id| basis.snapshot.accounts.get(app).is_some_and(|account| !account.locked);
        let apps = if *lock_apps { apps.into_iter().filter(open).collect() } else { Vec::new() };
        Ok(Self::Begin { departure, tasks, hold, apps })
    }

    /// What it changes besides what the act names.
    pub(in crate::app) fn further_changes(&self) -> Vec<Change> {
        match self {
            Self::Begin { apps, .. } => apps.iter().map(|app| locked("app", *app, true)).collect(),
            Self::Cancel { .. } | Self::Rehire { .. } => Vec::new(),
        }
    }

    /// Writes it.
    pub(in crate::app) async fn write(&self, tx: Tx<'_>, permit: Permit, at: Timestamp) -> Result<(), Error> {
        match self {
            Self::Begin { departure, tasks, hold, apps } => {
                let mut departure = departure.clone();
                if departure.access == DepartureAccess::Lock {
                    end_access(tx, permit, &mut departure, at).await?;
                }
                for app in apps {
                    tx.set_locked(permit, *app, Some(at)).await?;
                    tx.end_sessions(SessionsOf::Subject(*app), at, "departure").await?;
                }
                tx.put_departure(permit, &departure, tasks).await?;
                tx.put_hold(permit, hold).await?;
            }
            Self::Cancel { departure, unlock } => {
                changed(tx.change_departure(permit, departure).await?)?;
                if *unlock {
                    tx.set_locked(permit, departure.person, None).await?;
                }
            }
            Self::Rehire { departure, password } => {
                changed(tx.change_departure(permit, departure).await?)?;
                tx.set_password(departure.person, password, true, at).await?;
                tx.end_sessions(SessionsOf::Subject(departure.person), at, "rehired").await?;
                tx.set_locked(permit, departure.person, None).await?;
            }
        }
        Ok(())
    }
}

/// Whether a locked account is let in again when the departure is cancelled at `now`.
pub(super) fn unlocks_by_cancelling(departure: &Departure, now: Timestamp) -> bool {
    !departure.locked_before && (departure.locked_at.is_some() || departure.last_day <= now)
}

/// Locks the account and ends its sessions, which the departure then tells.
pub(super) async fn end_access(tx: Tx<'_>, permit: Permit, departure: &mut Departure, at: Timestamp) -> Result<(), Error> {
    let (sessions, delegations) = tx.open_sessions_of(departure.person, at).await?;
    departure.access = DepartureAccess::Lock;
    departure.limited_at = departure.limited_at.or(Some(at));
    departure.locked_at = departure.locked_at.or(Some(at));
    (departure.sessions, departure.delegations) = (sessions, delegations);
    if !departure.locked_before {
        tx.set_locked(permit, departure.person, Some(at)).await?;
    }
    tx.end_sessions(SessionsOf::Subject(departure.person), at, "departure").await?;
    Ok(())
}

/// Refuses what somebody else was faster with.
pub(super) fn changed(there: bool) -> Result<(), Error> {
    if there { Ok(()) } else { Err(crate::app::revise::overtaken()) }
}
