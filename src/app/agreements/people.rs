//! Which law a person is under, and which other company they come from.

use serde_json::json;

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

/// Places a person; `expected` is the version that the caller has seen. Who comes under another law has to accept again, for
/// the text is another.
pub async fn place(op: &Op, id: Id, expected: i64, placed: &Placed) -> Result<PersonView, Error> {
    let permit = op.rights.permit(Permission::AccountsManage)?;
    let was = op.core.store.person(permit, id).await?.ok_or_else(Refusal::not_found)?;
    if was.version != expected {
        return Err(overtaken());
    }
    let jurisdiction = match placed.jurisdiction.as_deref().map(str::trim) {
        None => was.jurisdiction.clone(),
        Some("") => None,
        Some(code) if is_jurisdiction(code) => Some(code.to_owned()),
        Some(_) => return Err(no_jurisdiction().into()),
    };
    let company = match placed.company.as_deref() {
        None => was.company.clone(),
        Some(name) if name.trim().is_empty() => None,
        Some(name) => Some(company(name)?),
    };
    let described =
        |jurisdiction: &Option<String>, company: &Option<String>| json!({ "jurisdiction": jurisdiction, "company": company }).to_string();
    let (before, after) = (described(&was.jurisdiction, &was.company), described(&jurisdiction, &company));
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
