//! Tests of the rules of change.

mod proposals;
mod rules;
mod sequences;

use std::collections::HashMap;

use crate::{
    domain::{Id, Timestamp, clock::SECOND},
    policy::{Account, Acting, GrantWish, PolicyDocument, Refusal, table},
};

/// People 1 to 5 and app 9.
pub(super) fn accounts() -> HashMap<Id, Account> {
    let account = |id: i64| (Id(id), Account { name: format!("Subject {id}"), is_app: id == 9, ..Account::default() });
    [1, 2, 3, 4, 5, 9].map(account).into()
}

pub(super) const fn at(second: i64) -> Timestamp {
    Timestamp(second * SECOND)
}

pub(super) fn acting(accounts: &HashMap<Id, Account>, by: Option<i64>, second: i64) -> Acting<'_> {
    Acting { by: by.map(Id), now: at(second), accounts }
}

pub(super) fn wish(document: &PolicyDocument, subject: i64, role: &str) -> GrantWish {
    let (role, _) = document.role_named(role).unwrap();
    GrantWish { subject: Id(subject), role, team: None, compartments: Vec::new(), reason: "a test".into(), expires_at: None }
}

/// What ships, with a first admin (person 1) whom the operator appointed at second 1; their grant is 100.
pub(super) fn founded(accounts: &HashMap<Id, Account>) -> PolicyDocument {
    let mut document = table::initial();
    give(&mut document, 100, 1, "admin", &acting(accounts, None, 1), &acting(accounts, None, 1)).unwrap();
    document
}

pub(super) fn give(
    document: &mut PolicyDocument,
    grant: i64,
    subject: i64,
    role: &str,
    by: &Acting<'_>,
    approved_by: &Acting<'_>,
) -> Result<(), Refusal> {
    let wish = wish(document, subject, role);
    document.request_grant(Id(grant), &wish, by)?;
    document.approve_grant(Id(grant), approved_by)
}
