//! Asking for an evidence file.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    app::{Core, Error, Op},
    domain::{Id, Subject, Timestamp, clock::DAY},
    evidence::Profile,
    policy::{Permission, Permit, Refusal, Rights},
    store::{Change, EvidenceOrder, StoreError},
};

/// The longest range (days).
const LONGEST: i64 = 3_660;
/// Longest name of a matter, in characters.
const MATTER: usize = 300;
/// How many people can be named.
const NAMED: usize = 50;
/// How long an order can be fetched (s).
const FETCHED_WITHIN: i64 = 3_600;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The first moment.
    pub from: Timestamp,
    /// The first that does not belong to it any more; not in the future.
    pub to: Timestamp,
    /// What it is for.
    pub matter: Option<String>,
    /// For whom.
    pub profile: Profile,
    /// Accounts that are called by their names; everybody else appears by role and id.
    pub named: Vec<Id>,
}

impl Order {
    /// A name for the file.
    pub fn file_name(&self) -> String {
        let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
        let redacted = match self.profile {
            Profile::Court => "",
            Profile::OpposingCounsel => "-opposing-counsel",
        };
        format!("evidence-{}-{}{redacted}.zip", day(self.from), day(self.to))
    }
}

/// An order that can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub id: Id,
    /// Until when.
    pub expires_at: Timestamp,
}

/// An order as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    from: i64,
    to: i64,
    matter: Option<String>,
    profile: String,
    named: Vec<i64>,
}

/// Keeps an order, to be fetched by whoever gave it, once.
pub async fn place(op: &Op, wanted: Order) -> Result<Placed, Error> {
    let wanted = order(op, wanted)?;
    let Permits { policy: permit } = permits(&op.rights, &wanted)?;
    let kept = Kept {
        from: wanted.from.0,
        to: wanted.to.0,
        matter: wanted.matter,
        profile: wanted.profile.name().to_owned(),
        named: wanted.named.iter().map(|id| id.0).collect(),
    };
    let placed = EvidenceOrder {
        id: op.core.new_id(),
        person: op.subject.person,
        app: op.subject.app,
        request: op.request,
        // Plain data with string keys, which cannot fail; an empty text would be refused on reading.
        wanted: serde_json::to_string(&kept).unwrap_or_default(),
        expires_at: op.at.plus_seconds(FETCHED_WITHIN),
    };
    let (id, expires_at) = (placed.id, placed.expires_at);
    let after = Some(json!({ "from": wanted.from.to_string(), "to": wanted.to.to_string() }).to_string());
    let change = Change { kind: "evidenceOrder", item: id.to_string(), before: None, after };
    let put = op.commit(vec![change], move |tx| {
        Box::pin(async move {
            tx.put_evidence_order(permit, &placed).await?;
            Ok(())
        })
    });
    put.await?;
    Ok(Placed { id, expires_at })
}

/// What the subject ordered under this id, and the operation that did; not found if it is another's, fetched or too old.
pub async fn placed(core: &Core, subject: &Subject, id: Id) -> Result<(Order, Id), Error> {
    let found = core.store.evidence_order(subject, id, core.now()).await?.ok_or_else(Refusal::not_found)?;
    let corrupt = || StoreError::Corrupt(format!("the order {id} of an evidence file"));
    let kept: Kept = serde_json::from_str(&found.wanted).map_err(|_| corrupt())?;
    let wanted = Order {
        from: Timestamp(kept.from),
        to: Timestamp(kept.to),
        matter: kept.matter,
        profile: Profile::from_name(&kept.profile).ok_or_else(corrupt)?,
        named: kept.named.into_iter().map(Id).collect(),
    };
    Ok((wanted, found.request))
}

/// The file of this order leaves: nobody can fetch it again. Not found if somebody was faster.
pub async fn take(core: &Core, id: Id) -> Result<(), Error> {
    let taken = core.store.write(move |tx| Box::pin(async move { Ok::<_, Error>(tx.take_evidence_order(id).await?) }));
    if taken.await? { Ok(()) } else { Err(Refusal::not_found().into()) }
}

/// What whoever makes a file must be allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permits {
    pub(super) policy: Permit,
}

/// Refuses an order that makes no sense or is not for the caller to give.
pub fn order(op: &Op, order: Order) -> Result<Order, Error> {
    permits(&op.rights, &order)?;
    if order.from >= order.to || order.to > op.at {
        return Err(Refusal::bad_input("`from` lies before `to`, and `to` not in the future.").into());
    }
    if order.to.0 - order.from.0 > LONGEST * DAY {
        return Err(Refusal::bad_input(format!("A range has at most {LONGEST} days.")).into());
    }
    let fits = |matter: &String| matter.chars().count() <= MATTER && !matter.chars().any(char::is_control) && !matter.trim().is_empty();
    if !order.matter.as_ref().is_none_or(fits) {
        return Err(Refusal::bad_input(format!("A matter is one line of at most {MATTER} characters.")).into());
    }
    if order.named.len() > NAMED || order.named.iter().any(|id| !op.snapshot.accounts.contains_key(id)) {
        return Err(Refusal::bad_input(format!("Those who are named are accounts, at most {NAMED}.")).into());
    }
    if !order.named.is_empty() && order.profile == Profile::OpposingCounsel {
        return Err(Refusal::bad_input("Nobody is named in a file for opposing counsel.").into());
    }
    let mut order = order;
    order.named.sort_unstable();
    order.named.dedup();
    Ok(order)
}

/// Log, policy and register, all of them, and the directory if anybody is named.
pub(super) fn permits(rights: &Rights, order: &Order) -> Result<Permits, Refusal> {
    if !order.named.is_empty() {
        rights.permit(Permission::DirectoryRead)?;
    }
    rights.permit(Permission::LogRead)?;
    rights.permit(Permission::RegisterRead)?;
    Ok(Permits { policy: rights.permit(Permission::PolicyRead)? })
}
