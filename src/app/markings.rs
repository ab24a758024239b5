//! Compartments, field markings, the marking of leads that come in without one, the notice.

use super::{
    Error, Op,
    proposals::{Asked, revise_or_ask},
    revise::revise,
};
use crate::{
    domain::Field,
    policy::{Acting, Marking, Permission, PolicyDocument, document::MarkingText},
};

/// A marking with its banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The marking.
    pub marking: Marking,
    /// Codes of its compartments.
    pub compartments: Vec<String>,
    /// As it is printed.
    pub banner: String,
}

/// What is said of every lead, whoever it is shown to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The notice that goes out with every answer.
    pub notice: String,
    /// The reminder of confidentiality.
    pub reminder: String,
    /// The marking of a lead that comes in without one.
    pub lead_marking: Marked,
}

/// The codes of every compartment, by bit.
pub fn compartments(op: &Op) -> Result<Vec<String>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    Ok(op.snapshot.document.compartments.clone())
}

/// The company-wide marking of every lead field.
pub fn fields(op: &Op) -> Result<Vec<(Field, Marked)>, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let document = &op.snapshot.document;
    Ok(Field::ALL.iter().map(|field| (*field, marked(&document.compartments, document.field_marking(*field)))).collect())
}

/// Notice, reminder and default marking.
pub fn defaults(op: &Op) -> Result<Defaults, Error> {
    op.rights.permit(Permission::PolicyRead)?;
    let document = &op.snapshot.document;
    let lead_marking = marked(&document.compartments, document.default_lead_marking());
    Ok(Defaults { notice: document.notice.clone(), reminder: document.reminder.clone(), lead_marking })
}

/// Adds a compartment, for good. Answers every code.
pub async fn add_compartment(op: &Op, code: &str) -> Result<Vec<String>, Error> {
    revise(op, None, |document, _| {
        document.add_compartment(code)?;
        Ok(document.compartments.clone())
    })
    .await
}

/// Sets the marking of a field; `expected` is the policy revision the caller has seen. To lower it takes another admin.
pub async fn set_field(op: &Op, field: Field, marking: &MarkingText, expected: Option<i64>) -> Result<Asked<Marked>, Error> {
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| document.set_field_marking(field, marking.clone());
    revise_or_ask(op, expected, edit, |document| Ok(marked(&document.compartments, document.field_marking(field)))).await
}

/// Sets the marking of a lead that comes in without one; `expected` is the policy revision the caller has seen. To lower it
/// takes another admin.
pub async fn set_default(op: &Op, marking: &MarkingText, expected: Option<i64>) -> Result<Asked<Marked>, Error> {
    let edit = |document: &mut PolicyDocument, _: &Acting<'_>| document.set_default_lead_marking(marking.clone());
    revise_or_ask(op, expected, edit, |document| Ok(marked(&document.compartments, document.default_lead_marking()))).await
}

/// Sets the notice; `expected` is the policy revision the caller has seen. Answers it as it is kept.
pub async fn set_notice(op: &Op, notice: &str, expected: Option<i64>) -> Result<String, Error> {
    revise(op, expected, |document, _| {
        document.set_notice(notice)?;
        Ok(document.notice.clone())
    })
    .await
}

/// A marking in words. Bits that stand for compartments made later have no code yet and are left out of the list.
pub(super) fn marked(codes: &[String], marking: Marking) -> Marked {
    let known = (0..Marking::COMPARTMENTS).filter(|bit| marking.compartments >> bit & 1 == 1).filter_map(|bit| codes.get(bit).cloned());
    let compartments: Vec<String> = known.collect();
    let bits = marking.compartments & ((1_u64 << codes.len()) - 1);
    Marked { compartments, banner: Marking::new(marking.level, bits).banner(codes), marking }
}
