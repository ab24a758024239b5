//! Which law a person is under, and which other company they come from.

use serde_json::{Value, json};

use super::template::no_jurisdiction;
use crate::{
    app::{
        Error, Op,
        people::{PersonView, find},
        revise::overtaken,
    },
    domain::Id,
    policy::{Permission, Refusal, template::is_jurisdiction, text},
    store::Change,
};

const COMPANY: usize = 200;

/// Where a person stands; `None` stays as it is, an empty text takes it away.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// The jurisdiction whose agreements they accept, such as `US-CA` or `DE`.
    pub jurisdiction: Option<String>,
    /// The other company they come from.
    pub company: Option<String>,
}

impl Placed {
    /// Where somebody stands who stood there before, as it is kept.
    pub(in crate::app) fn over(&self, before: &Self) -> Result<Self, Refusal> {
        let jurisdiction = match self.jurisdiction.as_deref().map(str::trim) {
            None => before.jurisdiction.clone(),
            Some("") => None,
            Some(code) if is_jurisdiction(code) => Some(code.to_owned()),
            Some(_) => return Err(no_jurisdiction()),
        };
        let company = match self.company.as_deref() {
            None => before.company.clone(),
            Some(name) if name.trim().is_empty() => None,
            Some(name) => Some(company(name)?),
        };
        Ok(Self { jurisdiction, company })
    }

    /// What a record says of it.
    pub(in crate::app) fn told(&self) -> Value {
        json!({ "jurisdiction": self.jurisdiction, "company": self.company })
    }
}

/// Places a person; `expected` is the version that the caller has seen. Who comes under another law has to accept again, for
/// the text is another.
pub async fn place(op: &Op, id: Id, expected: i64, placed: &Placed) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let was = op.core.store.person(permit, id).await?.ok_or_else(Refusal::not_found)?;
    if was.version != expected {
        return Err(overtaken());
    }
    let before = Placed { jurisdiction: was.jurisdiction, company: was.company };
    let now = placed.over(&before)?;
    let (before, after) = (before.told().to_string(), now.told().to_string());
    let Placed { jurisdiction, company } = now;
    let changes = vec![Change { kind: "person", item: id.to_string(), before: Some(before), after: Some(after) }];
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            if !tx.place_person(permit, id, expected, jurisdiction.as_deref(), company.as_deref()).await? {
                return Err(overtaken());
            }
            tx.bump_generation().await?;
            Ok(())
        })
    });
    written.await?;
    find(op, id).await
}

/// A company's name in the form that it is found by: white space as one space.
pub(super) fn company(name: &str) -> Result<String, Refusal> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    text::line("The company's name", &name, COMPANY)
}
