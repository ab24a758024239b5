//! Counting what an operation is about to show, or refusing it.

use super::{count::Used, lift};
use crate::{
    app::{Error, Op},
    domain::{Id, Subject, Timestamp},
    policy::{QuotaKind, Quotas, Refusal},
};

/// The kinds that are counted; the other limits each file.
const COUNTED: [QuotaKind; 4] = [QuotaKind::LeadsPerHour, QuotaKind::LeadsPerDay, QuotaKind::NewLeadsPerDay, QuotaKind::ExportRowsPerDay];

/// What an operation was counted for.
#[derive(Clone, Debug, Default)]
pub struct Charge {
    /// Leads shown.
    pub leads: u64,
    /// Leads in a file.
    exported: u64,
    /// Leads that were new to a subject.
    new: Vec<(Id, Id)>,
}

impl Charge {
    /// Adds another's.
    pub fn absorb(&mut self, other: Self) {
        self.leads += other.leads;
        self.exported += other.exported;
        self.new.extend(other.new);
    }
}

/// How somebody stands with one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which quota.
    pub kind: QuotaKind,
    /// How much is allowed, a lift included.
    pub limit: u32,
    /// Whether somebody has lifted it.
    pub lifted: bool,
    /// How much was used; `None` of a quota for each single file.
    pub used: Option<u64>,
    /// When the count begins anew, and a lift ends.
    pub resets_at: Timestamp,
}

/// Who is counted, with the limits of their own roles.
type Limits = Vec<(Id, Quotas)>;

/// What would pass a limit.
struct Over {
    kind: QuotaKind,
    limit: u64,
    used: u64,
    more: u64,
}

/// Counts the leads this operation is about to show, or refuses and takes back that it shows any. To be called when
/// everything has been resolved and before the record is made. An app that acts for a person uses up the quota of both.
/// With `exported` the leads leave in a file.
///
/// A refused operation is recorded as denied with no disclosure, for nothing was disclosed; the reason says how many
/// leads it would have shown. What a mutation changed stays changed and recorded.
pub async fn charge(op: &Op, exported: bool) -> Result<(), Error> {
    let (leads, shown) = {
        let trace = op.trace();
        let leads = trace.leads_once();
        // What an export has counted already is not counted again by the operation that asked for it.
        let shown = (leads.len() as u64).saturating_sub(trace.charged.leads);
        (leads, shown)
    };
    if shown == 0 || op.subject.operator {
        return Ok(());
    }
    let file = if exported { shown } else { 0 };
    let mut limits = limits(op);
    if let Err(cause) = known(op, &limits).await {
        // Not knowing what was used today is no reason to show more.
        op.trace().withhold("quota-unknown");
        return Err(cause);
    }
    let mut taken = take(op, &limits, &leads, shown, file);
    if taken.is_err() {
        match lifted(op, &mut limits).await {
            Ok(false) => {}
            Ok(true) => taken = take(op, &limits, &leads, shown, file),
            Err(cause) => {
                op.trace().withhold("quota-unknown");
                return Err(cause);
            }
        }
    }
    let Over { kind, limit, used, more } = match taken {
        Ok(charge) => {
            op.trace().charged.absorb(charge);
            return Ok(());
        }
        Err(over) => over,
    };
    let changed = !op.trace().changed.is_empty();
    op.trace().withhold(format!("quota: {more} more than {used} of {limit} {}", kind.name()));
    let what = if changed { "The change was made, but its result is not shown: it" } else { "This answer" };
    let (_, resets_at) = kind.period(op.at);
    let message = format!("{what} would pass the {limit} {}; {used} are used, until {resets_at}.", kind.what());
    Err(Refusal::over_quota(message, resets_at).into())
}

/// Gives back what [`charge`] counted, because the answer did not leave.
pub fn refund(op: &Op) {
    let charge = std::mem::take(&mut op.trace().charged);
    let mut used = op.core.quotas.of_day(op.at.day());
    for id in [op.subject.person, op.subject.app].into_iter().flatten() {
        let new: Vec<Id> = charge.new.iter().filter(|(subject, _)| *subject == id).map(|(_, lead)| *lead).collect();
        used.take_back(id, op.at, charge.leads, charge.exported, &new);
    }
}

/// How many leads one file may have, and when a lift of that would end.
pub async fn export_limit(op: &Op) -> Result<Option<(u32, Timestamp)>, Error> {
    let kind = QuotaKind::RowsPerExport;
    let mut limits = limits(op);
    lifted(op, &mut limits).await?;
    let limit = limits.iter().filter_map(|(_, quotas)| quotas.get(kind)).min();
    Ok(limit.map(|limit| (limit, kind.period(op.at).1)))
}

/// How the caller stands with each quota that they have: by the count that leaves least.
pub async fn standings(op: &Op) -> Result<Vec<Standing>, Error> {
    let before = limits(op);
    known(op, &before).await?;
    let mut limits = before.clone();
    lifted(op, &mut limits).await?;
    let used = op.core.quotas.of_day(op.at.day());
    let mut standings = Vec::new();
    for kind in QuotaKind::ALL {
        let each = limits.iter().zip(&before).filter_map(|((id, quotas), (_, before))| {
            let counted = (kind != QuotaKind::RowsPerExport).then(|| used.used(*id, kind, op.at));
            let limit = quotas.get(kind)?;
            Some(Standing { kind, limit, lifted: before.get(kind) != Some(limit), used: counted, resets_at: kind.period(op.at).1 })
        });
        standings.extend(each.min_by_key(|one| u64::from(one.limit).saturating_sub(one.used.unwrap_or(0))));
    }
    Ok(standings)
}

/// Whose counts this operation uses, with the limits of each one's own roles.
fn limits(op: &Op) -> Limits {
    let Subject { person, app, .. } = op.subject;
    let limits = |subject: Subject| op.snapshot.rights(&subject, op.purpose_code(), op.at).quotas();
    let person = person.map(|id| (id, limits(Subject { person, ..Subject::ANONYMOUS })));
    let app = app.map(|id| (id, limits(Subject { app, ..Subject::ANONYMOUS })));
    person.into_iter().chain(app).collect()
}

/// Makes sure that what was used is known, as far as there are limits.
async fn known(op: &Op, limits: &Limits) -> Result<(), Error> {
    if limits.iter().all(|(_, quotas)| quotas.is_unlimited()) {
        return Ok(());
    }
    op.core.quotas.refresh(&op.core).await?;
    for (id, _) in limits.iter().filter(|(_, quotas)| quotas.new_leads_per_day.is_some()) {
        op.core.quotas.learn(&op.core, *id, op.at.day()).await?;
    }
    Ok(())
}

/// Raises the limits that somebody has lifted; whether there are any.
async fn lifted(op: &Op, limits: &mut Limits) -> Result<bool, Error> {
    let lifts = lift::standing(op, &limits.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    for (id, quotas) in limits.iter_mut() {
        let kinds: Vec<QuotaKind> = lifts.iter().filter(|(subject, _)| subject == id).map(|(_, kind)| *kind).collect();
        *quotas = quotas.lifted(&kinds);
    }
    Ok(!lifts.is_empty())
}

/// Checks and counts in one step.
fn take(op: &Op, limits: &Limits, leads: &[Id], shown: u64, exported: u64) -> Result<Charge, Over> {
    let mut used = op.core.quotas.of_day(op.at.day());
    for (id, quotas) in limits {
        let over = COUNTED.into_iter().find_map(|kind| over(&used, op.at, *id, kind, *quotas, leads, shown, exported));
        if let Some(over) = over {
            return Err(over);
        }
    }
    let mut new = Vec::new();
    for (id, _) in limits {
        new.extend(used.add(*id, op.at, shown, exported, leads).into_iter().map(|lead| (*id, lead)));
    }
    Ok(Charge { leads: shown, exported, new })
}

fn over(used: &Used, at: Timestamp, id: Id, kind: QuotaKind, quotas: Quotas, leads: &[Id], shown: u64, exported: u64) -> Option<Over> {
    let limit = u64::from(quotas.get(kind)?);
    let more = match kind {
        QuotaKind::NewLeadsPerDay => used.new_to(id, leads).len() as u64,
        QuotaKind::ExportRowsPerDay => exported,
        _ => shown,
    };
    let used = used.used(id, kind, at);
    (more > 0 && used + more > limit).then_some(Over { kind, limit, used, more })
}
