//! A lead as JSON, following its plan.

use super::{
    custody, json,
    object::{Out, object},
    origin,
    plan::{LeadOut, MarkingOut, RedactionOut},
    reference::{ReferenceOut, named, person},
    relationship,
};
use crate::{
    app::leads::{Cell, LeadView},
    domain::{Custody, Field, Id, Origin, Timestamp, lead::FieldType},
    policy::{Disposition, Marking, Snapshot},
};

/// Writes the lead as an object.
pub(super) fn lead(out: &mut Vec<u8>, plan: &[Out<LeadOut>], view: &LeadView<'_>, snapshot: &Snapshot) {
    object(out, plan, |out, what| match what {
        LeadOut::Typename => json::text(out, "Lead"),
        LeadOut::Id => json::id(out, view.id()),
        LeadOut::Version => json::integer(out, view.version()),
        LeadOut::Name => name(out, view),
        LeadOut::Cell(field) => cell(out, *field, view.cell(*field)),
        LeadOut::Reference(field, plan) => reference(out, *field, plan, view, snapshot),
        LeadOut::Origins(plan) => json::option(out, linked(view, Field::Origins), |out, told| {
            json::array(out, Origin::all(&told).iter(), |out, of| origin::origin(out, plan, of, snapshot));
        }),
        LeadOut::Custody(at, plan) => json::option(out, linked(view, Field::Origins), |out, told| {
            custody::custody(out, plan, &Custody::of(&Origin::all(&told), *at), snapshot);
        }),
        LeadOut::Relationships(plan) => json::option(out, linked(view, Field::Relationships), |out, told| {
            let owner = match view.cell(Field::Owner) {
                Cell::Integer(owner) => Some(Id(owner)),
                _ => None,
            };
            relationship::relationships(out, plan, owner, &told, snapshot);
        }),
        LeadOut::Marking(plan) => marking(out, plan, view.marking(), snapshot),
        LeadOut::Redactions(plan) => {
            let redacted = Field::ALL.iter().copied().filter(|field| view.disposition(*field) != Disposition::Clear);
            json::array(out, redacted, |out, field| redaction(out, plan, field, view, snapshot));
        }
    });
}

fn cell(out: &mut Vec<u8>, field: Field, cell: Cell<'_>) {
    match (field.kind(), cell) {
        (_, Cell::Null) => json::null(out),
        (FieldType::List, Cell::Text(text)) => json::array(out, text.lines(), json::text),
        (_, Cell::Text(text)) => json::text(out, &text),
        (FieldType::Money, Cell::Integer(amount)) => json::money(out, amount),
        (FieldType::Time, Cell::Integer(time)) => json::text(out, &Timestamp(time).to_string()),
        (FieldType::Flag, Cell::Integer(flag)) => json::boolean(out, flag != 0),
        (_, Cell::Integer(number)) => json::integer(out, number),
    }
}

/// First and last name, as far as they are shown.
fn name(out: &mut Vec<u8>, view: &LeadView<'_>) {
    let part = |field| match view.cell(field) {
        Cell::Text(text) => Some(text),
        _ => None,
    };
    match (part(Field::FirstName), part(Field::LastName)) {
        (None, None) => json::null(out),
        (Some(one), None) | (None, Some(one)) => json::text(out, &one),
        (Some(first), Some(last)) => json::text(out, &format!("{first} {last}")),
    }
}

/// What is told of a linked field; `None` if it is hidden, empty if there is nothing.
fn linked<'v>(view: &LeadView<'v>, field: Field) -> Option<std::borrow::Cow<'v, str>> {
    match view.cell(field) {
        Cell::Text(told) => Some(told),
        _ => (view.disposition(field) == Disposition::Clear).then_some("".into()),
    }
}

fn reference(out: &mut Vec<u8>, field: Field, plan: &[Out<ReferenceOut>], view: &LeadView<'_>, snapshot: &Snapshot) {
    let Cell::Integer(number) = view.cell(field) else { return json::null(out) };
    match field {
        Field::Owner => person(out, plan, Id(number), snapshot),
        _ => named(out, plan, "TeamReference", Id(number), snapshot.document.teams.get(&number).map(|team| team.name.as_str())),
    }
}

fn marking(out: &mut Vec<u8>, plan: &[Out<MarkingOut>], marking: Marking, snapshot: &Snapshot) {
    let codes = &snapshot.document.compartments;
    object(out, plan, |out, what| match what {
        MarkingOut::Typename => json::text(out, "Marking"),
        MarkingOut::Level => json::text(out, marking.level.name()),
        MarkingOut::Banner => json::text(out, &marking.banner(codes)),
        MarkingOut::Compartments => {
            let held = codes.iter().enumerate().filter(|(bit, _)| marking.compartments >> bit & 1 == 1);
            json::array(out, held, |out, (_, code)| json::text(out, code));
        }
    });
}

fn redaction(out: &mut Vec<u8>, plan: &[Out<RedactionOut>], field: Field, view: &LeadView<'_>, snapshot: &Snapshot) {
    object(out, plan, |out, what| match what {
        RedactionOut::Typename => json::text(out, "Redaction"),
        RedactionOut::Field => json::text(out, field.name()),
        RedactionOut::Disposition => {
            json::text(out, if view.disposition(field) == Disposition::Masked { "MASKED" } else { "HIDDEN" });
        }
        RedactionOut::Marking(plan) => marking(out, plan, view.field_marking(field), snapshot),
    });
}
