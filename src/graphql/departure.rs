//! Departures: who leaves, how far their access goes, what is still to be done.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    departure_task::DepartureTask,
    error::{Outward, op},
    handover::Handover,
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::departures::{self, Certificate, Departure as Whole, DepartureFilter as Wanted, seconds},
    domain::{CertificateOutcome, DepartureAccess, DepartureState, Id},
};

/// How far the access of somebody who leaves goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "DepartureAccess", remote = "DepartureAccess")]
pub enum AccessName {
    /// As before, until their last day ends.
    Keep,
    /// Only to read their own leads: no file, no change, nobody else's leads, nothing to manage.
    Limit,
    /// None at all: sessions, tokens, and what apps do for them have ended.
    Lock,
}

/// Where a departure stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "DepartureState", remote = "DepartureState")]
pub enum DepartureStateName {
    /// Something is still to be done.
    Open,
    /// They have left.
    Closed,
    /// It was a mistake, or they stay.
    Cancelled,
    /// They had left, and have been taken on again.
    Rehired,
}

/// What became of an exit certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CertificateOutcome", remote = "CertificateOutcome")]
pub enum OutcomeName {
    /// They accepted it.
    Accepted,
    /// They refused to, or could not be asked.
    Refused,
}

/// Somebody who leaves.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Departure {
    /// Opaque id.
    id: ID,
    /// Where it stands.
    state: DepartureStateName,
    /// When their last day ends, and with it their access at the latest.
    last_day: DateTime,
    /// Why they leave.
    reason: String,
    /// How far their access goes.
    access: AccessName,
    /// Since when the company knows.
    known_at: DateTime,
    /// When it was begun.
    begun_at: DateTime,
    /// When their access was limited; null if it never was.
    limited_at: Option<DateTime>,
    /// When their access ended; null if it has not.
    access_ended_at: Option<DateTime>,
    /// Seconds from `knownAt` until their access was limited, or ended if it was not limited before.
    seconds_to_limit: Option<i64>,
    /// Seconds from `knownAt` until their access ended.
    seconds_to_end: Option<i64>,
    /// How many sessions of theirs ended with it.
    sessions_ended: u64,
    /// In how many of them an app acted for them.
    delegations_ended: u64,
    /// The legal hold that it placed; two lift it.
    legal_hold_id: ID,
    /// When it was closed or cancelled.
    ended_at: Option<DateTime>,
    /// Why it was cancelled.
    end_reason: Option<String>,
    /// When they were taken on again.
    rehired_at: Option<DateTime>,
    #[graphql(skip)]
    whole: Whole,
}

/// What hangs on somebody who leaves, as of now.
#[derive(Clone, Debug, SimpleObject)]
pub struct DepartureConsequences {
    /// Apps they answer for: whoever knows a secret of one can still act as it.
    apps: Vec<AccountReference>,
    /// Names of teams whose leads nobody else can assign: a manager who leaves leaves them without one.
    teams: Vec<String>,
    /// Proposals and grants that they asked for and that wait; nobody can approve them once their access is limited or has ended.
    waiting: usize,
    /// Whether nobody else manages the policy.
    sole_admin: bool,
    /// How many accounts of the company's they answer for.
    contact_accounts: usize,
    /// How many leads are theirs.
    leads: u64,
}

/// What became of the exit certificate.
#[derive(Clone, Debug, SimpleObject)]
pub struct ExitCertificate {
    /// Accepted or refused.
    outcome: OutcomeName,
    /// When that was recorded.
    at: DateTime,
    /// Who recorded it; null is the operator.
    by: Option<AccountReference>,
    /// What they say of it.
    note: String,
}

#[ComplexObject]
impl Departure {
    /// Who leaves.
    async fn person(&self, ctx: &Context<'_>) -> AccountReference {
        AccountReference::of(op(ctx), self.whole.person)
    }

    /// Who began it, or asked for it; null is the operator.
    async fn begun_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.begun_by.map(|by| AccountReference::of(op(ctx), by))
    }

    /// Who approved it, if that was needed.
    async fn approved_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.approved_by.map(|by| AccountReference::of(op(ctx), by))
    }

    /// Who closed or cancelled it; with `endedAt`, null is the operator.
    async fn ended_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.ended_by.map(|by| AccountReference::of(op(ctx), by))
    }

    /// What became of the exit certificate; null as long as nothing is recorded.
    async fn certificate(&self, ctx: &Context<'_>) -> Option<ExitCertificate> {
        let told = |certificate: Certificate| ExitCertificate {
            outcome: certificate.outcome.into(),
            at: DateTime(certificate.at),
            by: certificate.by.map(|by| AccountReference::of(op(ctx), by)),
            note: certificate.note,
        };
        self.whole.certificate.clone().map(told)
    }

    /// When they accepted the exit certificate by themselves (`acceptAgreement`), or on a paper that was imported, since it began.
    async fn certificate_accepted_at(&self, ctx: &Context<'_>) -> Option<DateTime> {
        departures::certificate_accepted(op(ctx), &self.whole).map(DateTime)
    }

    /// What is to be done before it is closed.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn tasks(&self, ctx: &Context<'_>) -> Result<Option<Vec<DepartureTask>>> {
        let op = op(ctx);
        let found = departures::tasks(op, &self.whole).await.outward(op)?;
        Ok(Some(found.into_iter().map(DepartureTask::from).collect()))
    }

    /// What was handed over, in its order.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn handovers(&self, ctx: &Context<'_>) -> Result<Option<Vec<Handover>>> {
        let op = op(ctx);
        let found = departures::handovers(op, &self.whole).await.outward(op)?;
        Ok(Some(found.into_iter().map(Handover::from).collect()))
    }

    /// What hangs on them now.
    #[graphql(complexity = "20 + child_complexity")]
    async fn consequences(&self, ctx: &Context<'_>) -> Result<Option<DepartureConsequences>> {
        let op = op(ctx);
        let found = departures::consequences(op, self.whole.person).await.outward(op)?;
        let name = |team: &Id| op.snapshot.document.teams.get(&team.0).map_or_else(|| team.to_string(), |row| row.name.clone());
        Ok(Some(DepartureConsequences {
            apps: found.apps.into_iter().map(|app| AccountReference::of(op, app)).collect(),
            teams: found.teams.iter().map(name).collect(),
            waiting: found.waiting,
            sole_admin: found.sole_admin,
            contact_accounts: found.contact_accounts,
            leads: found.leads,
        }))
    }
}

impl Departure {
    const fn cursor(&self) -> Id {
        self.whole.id
    }
}

impl From<Whole> for Departure {
    fn from(departure: Whole) -> Self {
        let since = |moment: crate::domain::Timestamp| seconds(departure.known_at, moment);
        Self {
            id: opaque(departure.id),
            state: departure.state.into(),
            last_day: DateTime(departure.last_day),
            reason: departure.reason.clone(),
            access: departure.access.into(),
            known_at: DateTime(departure.known_at),
            begun_at: DateTime(departure.begun_at),
            limited_at: departure.limited_at.map(DateTime),
            access_ended_at: departure.locked_at.map(DateTime),
            seconds_to_limit: departure.limited_at.map(since),
            seconds_to_end: departure.locked_at.map(since),
            sessions_ended: departure.sessions,
            delegations_ended: departure.delegations,
            legal_hold_id: opaque(departure.hold),
            ended_at: departure.ended_at.map(DateTime),
            end_reason: departure.end_reason.clone(),
            rehired_at: departure.rehired_at.map(DateTime),
            whole: departure,
        }
    }
}

connection!(
    DepartureConnection "Departures, by the time they were asked for.",
    DepartureEdge "A departure and its place in the list.",
    Departure,
    Counted,
    count
);

/// Which departures a page and its count are about.
#[derive(Clone, Copy, Debug)]
struct Counted(Wanted);

async fn count(op: &crate::app::Op, counted: &Counted) -> std::result::Result<u64, crate::app::Error> {
    departures::count(op, counted.0).await
}

/// Which departures.
#[derive(Debug, Default, InputObject)]
pub struct DepartureFilter {
    /// Only those that stand here.
    state: Option<DepartureStateName>,
    /// Only this person's.
    person_id: Option<ID>,
}

/// Queries about departures.
#[derive(Debug, Default)]
pub struct DepartureQuery;

#[Object]
impl DepartureQuery {
    /// A departure. Needs `DEPARTURE_MANAGE` or `LOG_READ`.
    async fn departure(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] id: ID) -> Result<Option<Departure>> {
        let op = op(ctx);
        let which = super::scalar::id(&id).outward(op)?;
        Ok(Some(departures::find(op, which).await.outward(op)?.into()))
    }

    /// Departures, by the time they were asked for. Needs `DEPARTURE_MANAGE` or `LOG_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn departures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which departures.")] filter: Option<DepartureFilter>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<DepartureConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = filter.unwrap_or_default();
        let person = filter.person_id.as_ref().map(id).transpose().outward(op)?;
        let wanted = Wanted { state: filter.state.map(DepartureState::from), person };
        let found = departures::list(op, wanted, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(DepartureConnection::new(asked, Counted(wanted), found.into_iter().map(Departure::from))))
    }
}
