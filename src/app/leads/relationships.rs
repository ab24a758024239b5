//! Relationships: who else a lead knows besides its owner.

use serde_json::json;

use super::{
    changed::{Changed, changeable, changed_meanwhile, seen, write_beside},
    noted_by, read,
};
use crate::{
    app::{Error, Op, contact_accounts},
    domain::{AccountKind, Colleague, Field, Id, Relationship},
    policy::{Permission, Refusal},
    store::{Change, leads::NewRelationship},
};

/// How many relationships a lead can have besides that with its owner.
const MOST: usize = 50;
/// How often a change is decided again because somebody else was faster.
const ATTEMPTS: usize = 8;

/// Whom a lead knows, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A person of the company.
    Person(Id),
    /// An account of the company's in the register.
    Account(Id),
}

/// Notes that a lead knows a colleague or brand account besides its owner (`there`), or takes that back. What is so already
/// stays as it is.
pub async fn relate(op: &Op, lead: Id, expected: Option<i64>, whom: Whom, there: bool) -> Result<Changed, Error> {
    let scope = op.rights.leads(Permission::LeadUpdate)?;
    read::require_clear(&scope, [Field::Relationships].into_iter().collect())?;
    let visible = read::readable(op)?;
    read::note_grants(op, &scope);
    if there {
        may_be_related(op, whom).await?;
    }
    for _ in 0..ATTEMPTS {
        let (now, told) = changeable(op, &scope, &visible, lead, expected, Field::Relationships).await?;
        let before = Relationship::all(&told);
        let known = before.iter().any(|one| Whom::from(one.with) == whom);
        if known == there {
            return Ok(seen(op, now));
        }
        if there && before.len() >= MOST {
            return Err(Refusal::bad_input(format!("A lead has at most {MOST} relationships besides that with its owner.")).into());
        }
        let mut after: Vec<Whom> = before.iter().map(|one| one.with.into()).filter(|one| *one != whom).collect();
        after.extend(there.then_some(whom));
        let was: Vec<Whom> = before.iter().map(|one| one.with.into()).collect();
        let change = Change { kind: "lead", item: lead.to_string(), before: Some(described(&was)), after: Some(described(&after)) };
        let relationship = NewRelationship { lead, whom: (whom.role(), whom.id()), since: op.at, by: noted_by(op) };
        let allowed = scope.clone();
        let written = write_beside(op, &scope, now, change, move |tx| {
            Box::pin(async move {
                if there {
                    tx.add_relationship(&allowed, &relationship).await
                } else {
                    tx.remove_relationship(&allowed, &relationship).await
                }
            })
        });
        if let Some(changed) = written.await? {
            return Ok(changed);
        }
    }
    Err(changed_meanwhile().into())
}

/// Refuses strangers: people who do not work here, accounts that are not the company's.
async fn may_be_related(op: &Op, whom: Whom) -> Result<(), Error> {
    match whom {
        Whom::Person(id) => match op.snapshot.accounts.get(&id) {
            Some(account) if account.works_here() => Ok(()),
            _ => Err(Refusal::bad_input("The colleague must be a person whose account is not locked.").into()),
        },
        Whom::Account(id) => match contact_accounts::usable(op, id).await?.kind {
            AccountKind::PersonalProfile => {
                Err(Refusal::bad_input("A brand account is one of the company's, not a personal profile.").into())
            }
            _ => Ok(()),
        },
    }
}

fn described(all: &[Whom]) -> String {
    let names = all.iter().map(|whom| json!({ "role": whom.role().name(), "id": whom.id().to_string() }));
    json!({ "relationships": names.collect::<Vec<_>>() }).to_string()
}

impl Whom {
    const fn id(self) -> Id {
        match self {
            Self::Person(id) | Self::Account(id) => id,
        }
    }

    const fn role(self) -> crate::domain::RelationshipRole {
        match self {
            Self::Person(_) => crate::domain::RelationshipRole::Second,
            Self::Account(_) => crate::domain::RelationshipRole::Brand,
        }
    }
}

impl From<Colleague> for Whom {
    fn from(colleague: Colleague) -> Self {
        match colleague {
            Colleague::Person(id) => Self::Person(id),
            Colleague::Account(account) => Self::Account(account.id),
        }
    }
}
