//! People.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    page::{Asked, connection},
    proposal::Proposal,
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        agreements::Placed,
        people::{self, FirstPassword, PeopleFilter, PersonView, WithPassword},
    },
    domain::Id,
    policy,
};

/// A person with an account.
#[derive(Clone, Debug, SimpleObject)]
pub struct Person {
    /// Opaque id.
    id: ID,
    /// Display name.
    name: String,
    /// What they sign in with; null without `ACCOUNTS_MANAGE`.
    email: Option<String>,
    /// Whether the account is locked.
    locked: bool,
    /// Since when.
    locked_at: Option<DateTime>,
    /// When it was added.
    created_at: DateTime,
    /// Counts the account's changes; for `expectedVersion`.
    version: i64,
    /// The jurisdiction whose agreements they accept, such as `US-CA`; null if unknown or without `ACCOUNTS_MANAGE`.
    jurisdiction: Option<String>,
    /// The other company they come from, if they do.
    company: Option<String>,
    #[graphql(skip)]
    key: Id,
}

impl Person {
    const fn cursor(&self) -> Id {
        self.key
    }
}

impl From<PersonView> for Person {
    fn from(person: PersonView) -> Self {
        Self {
            id: opaque(person.id),
            name: person.name,
            email: person.email,
            locked: person.locked_at.is_some(),
            locked_at: person.locked_at.map(DateTime),
            created_at: DateTime(person.created_at),
            version: person.version,
            jurisdiction: person.jurisdiction,
            company: person.company,
            key: person.id,
        }
    }
}

connection!(PersonConnection "People, by the time they were added.", PersonEdge "A person and their place in the list.", Person, PeopleFilter, people::count);

/// Which people.
#[derive(Debug, Default, InputObject)]
pub struct PersonFilter {
    /// Only locked, or only open accounts.
    locked: Option<bool>,
}

/// A person to be added.
#[derive(Debug, InputObject)]
pub struct AddPersonInput {
    /// Display name.
    name: String,
    /// What they will sign in with.
    email: String,
    /// The jurisdiction whose agreements they accept: a country such as `DE`, or a part of one such as `US-CA`.
    jurisdiction: Option<String>,
    /// The other company they come from, if they do: then its non-disclosure agreement and their own are asked for.
    company: Option<String>,
}

/// What to change of a person; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangePersonInput {
    /// Who.
    id: ID,
    /// The version that was read; refused with `CONFLICT` if there is a newer one.
    expected_version: i64,
    /// Another display name.
    name: Option<String>,
    /// Another e-mail address.
    email: Option<String>,
}

/// Names a person.
#[derive(Debug, InputObject)]
pub struct PersonIdInput {
    /// Who.
    id: ID,
}

/// A person as they are now.
#[derive(Debug, SimpleObject)]
pub struct PersonPayload {
    /// The person.
    pub(super) person: Person,
}

/// A person as they are now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct UnlockPersonPayload {
    /// The person.
    person: Person,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A person with a password made for them.
#[derive(Debug, SimpleObject)]
pub struct PersonPasswordPayload {
    /// The person.
    person: Person,
    /// The password: shown this once. With it its owner can do nothing but set another.
    password: Option<String>,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

impl PersonPasswordPayload {
    fn of(made: WithPassword, proposal: Option<policy::Proposal>) -> Self {
        Self { person: made.person.into(), password: made.password, proposal: proposal.map(Proposal::from) }
    }
}

/// Queries about people.
#[derive(Debug, Default)]
pub struct PersonQuery;

#[Object]
impl PersonQuery {
    /// People, by the time they were added. Needs `DIRECTORY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which people.")] filter: Option<PersonFilter>,
        #[graphql(desc = "Part of the name or, with `ACCOUNTS_MANAGE`, of the e-mail address.")] search: Option<String>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<PersonConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = PeopleFilter { locked: filter.and_then(|filter| filter.locked), search };
        let found = people::list(op, &filter, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(PersonConnection::new(asked, filter, found.into_iter().map(Person::from))))
    }
}

/// Changes of people.
#[derive(Debug, Default)]
pub struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Adds a person. Needs `ACCOUNTS_MANAGE`, as do all changes of people.
    async fn add_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AddPersonInput,
    ) -> Result<Option<PersonPasswordPayload>> {
        let op = op(ctx);
        let placed = Placed { jurisdiction: input.jurisdiction, company: input.company };
        let made = people::add(op, &input.name, &input.email, &placed, FirstPassword::Made).await.outward(op)?;
        Ok(Some(PersonPasswordPayload::of(made, None)))
    }

    /// Gives a person another name or e-mail address.
    async fn change_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangePersonInput,
    ) -> Result<Option<PersonPayload>> {
        let op = op(ctx);
        let person = id(&input.id).outward(op)?;
        let changed = people::change(op, person, input.expected_version, input.name.as_deref(), input.email.as_deref()).await;
        Ok(Some(PersonPayload { person: changed.outward(op)?.into() }))
    }

    /// Locks a person out: their sessions end, their grants rest.
    async fn lock_person(&self, ctx: &Context<'_>, #[graphql(desc = "Who.")] input: PersonIdInput) -> Result<Option<PersonPayload>> {
        let op = op(ctx);
        let person = id(&input.id).outward(op)?;
        Ok(Some(PersonPayload { person: people::lock(op, person).await.outward(op)?.into() }))
    }

    /// Lets a locked person in again, once another admin has approved it.
    async fn unlock_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: PersonIdInput,
    ) -> Result<Option<UnlockPersonPayload>> {
        let op = op(ctx);
        let asked = people::unlock(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(UnlockPersonPayload { person: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Gives a person a password made for them and ends their sessions, once another admin has approved it. Of those who
    /// manage or review, only the operator can, on the command line.
    async fn set_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: PersonIdInput,
    ) -> Result<Option<PersonPasswordPayload>> {
        let op = op(ctx);
        let person = id(&input.id).outward(op)?;
        let asked = people::set_password(op, person).await.outward(op)?;
        Ok(Some(PersonPasswordPayload::of(asked.value, asked.proposal)))
    }
}
