//! Purposes, and what roles ask of their holders.

use super::{
    Error, Op,
    proposals::{Asked, revise_or_ask},
};
use crate::{
    domain::Id,
    policy::{Acting, Permission, PolicyDocument, Purpose, Refusal, Requirement},
};

/// A purpose with its code, and whether the caller may declare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurposeView {
    /// Its code.
    pub code: String,
    /// What it is.
    pub purpose: Purpose,
    /// Whether it opens any window of the caller's.
    pub yours: bool,
}

/// The purposes: for everybody with an account those that can be declared, with `retired` also those of the past, for which
/// `POLICY_READ` is needed.
pub fn list(op: &Op, retired: bool) -> Result<Vec<PurposeView>, Error> {
    if retired || op.subject.actor().is_none() {
        op.rights.permit(Permission::PolicyRead)?;
    }
    op.rights.own_password()?;
    let document = &op.snapshot.document;
    let wanted = document.purposes.iter().filter(|(_, purpose)| retired || !purpose.retired);
    let view = |(code, purpose): (&String, &Purpose)| PurposeView {
        yours: !purpose.retired && !op.snapshot.rights(&op.subject, Some(code), op.at).windows().is_empty(),
        code: code.clone(),
        purpose: purpose.clone(),
    };
    Ok(wanted.map(view).collect())
}

/// Registers a purpose. It takes another admin where it opens what is closed without it.
pub async fn add(op: &Op, code: &str, purpose: &Purpose) -> Result<Asked<Option<PurposeView>>, Error> {
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| document.add_purpose(code, purpose.clone());
    revise_or_ask(op, None, edit, |document| Ok(find(document, code).ok())).await
}

/// Changes a purpose: `edit` makes what it will be of what it is. What narrows less takes another admin. `expected` is the
/// policy revision the caller has seen.
pub async fn change(
    op: &Op,
    code: &str,
    expected: Option<i64>,
    edit: impl Fn(Purpose) -> Purpose + Send + Sync,
) -> Result<Asked<PurposeView>, Error> {
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| {
        let edited = edit(find(document, code)?.purpose);
        document.change_purpose(code, edited)
    };
    revise_or_ask(op, expected, edit, |document| find(document, code)).await
}

/// What a role asks of its holders.
pub fn requirement(op: &Op, role: Id) -> Result<Requirement, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    Ok(required(&op.snapshot.document, role)?)
}

/// Sets what a role asks of its holders: `edit` makes it of what it asks now. To ask for less takes another admin.
/// `expected` is the policy revision the caller has seen.
pub async fn require(
    op: &Op,
    role: Id,
    expected: Option<i64>,
    edit: impl Fn(Requirement) -> Requirement + Send + Sync,
) -> Result<Asked<Requirement>, Error> {
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| document.set_requirement(role, edit(required(document, role)?));
    revise_or_ask(op, expected, edit, |document| required(document, role)).await
}

fn find(document: &PolicyDocument, code: &str) -> Result<PurposeView, Refusal> {
    let purpose = document.purposes.get(code).cloned().ok_or_else(Refusal::not_found)?;
    Ok(PurposeView { code: code.to_owned(), purpose, yours: false })
}

fn required(document: &PolicyDocument, role: Id) -> Result<Requirement, Refusal> {
    if document.roles.contains_key(&role.0) { Ok(document.requirement(role)) } else { Err(Refusal::not_found()) }
}
