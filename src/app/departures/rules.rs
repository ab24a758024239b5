//! What departures go by.

use crate::{
    app::{
        Error, Op,
        proposals::{Asked, revise_or_ask},
    },
    domain::Id,
    policy::{Acting, DepartureRules, Permission, PolicyDocument, Refusal},
};

/// The checklist, and for whom it takes two.
pub fn rules(op: &Op) -> Result<DepartureRules, Error> {
    op.rights.permit(Permission::PolicyRead).or_else(|_| op.rights.permit(Permission::DepartureManage))?;
    Ok(op.snapshot.document.departure_rules())
}

/// Sets it: `edit` makes it of what it is. To take somebody off the executives takes another admin. `expected` is the policy
/// revision the caller has seen.
pub async fn set_rules(
    op: &Op,
    expected: Option<i64>,
    edit: impl Fn(DepartureRules) -> DepartureRules + Send + Sync,
) -> Result<Asked<DepartureRules>, Error> {
    let set = |document: &mut PolicyDocument, acting: &Acting<'_>| {
        let rules = edit(document.departure_rules());
        let person = |id: &i64| acting.accounts.get(&Id(*id)).is_some_and(|account| !account.is_app);
        if !rules.executives.iter().all(person) {
            return Err(Refusal::bad_input("There is no such person."));
        }
        document.set_departure_rules(rules)
    };
    revise_or_ask(op, expected, set, |document| Ok(document.departure_rules())).await
}
