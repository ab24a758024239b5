//! A new installation: the policy that ships, and the first admin.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::{Error, Op, accounts, people, revise};
use crate::{
    domain::Id,
    policy::{Account, Acting, GrantWish, Permission, PolicyDocument, Refusal, table},
    store::NewPerson,
};

/// The first admin.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// Display name.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
    /// Whether they chose it; one that was made for them lets them do nothing but change it.
    pub own_password: bool,
}

/// Commits the policy that ships, with the starter texts of agreements published, as revision 1 and the first admin's grant,
/// which the operator approves, as revision 2. Refused with `CONFLICT` where there is a policy already.
pub async fn initialise(op: &Op, admin: &FirstAdmin) -> Result<Id, Error> {
    let permit = op.rights.permit(Permission::PolicyManage)?;
    let already = || Error::from(Refusal::conflict("This installation has a policy already."));
    if op.snapshot.revision != 0 {
        return Err(already());
    }
    let id = op.core.new_id();
    let new = NewPerson {
        id,
        name: accounts::name(&admin.name)?,
        email: accounts::email(&admin.email)?,
        password_hash: accounts::password_hash(op, &admin.password).await?,
        password_given: !admin.own_password,
        jurisdiction: None,
        company: None,
        at: op.core.now(),
    };
    let mut first = table::initial();
    let starters = table::starters(new.at);
    for (version, _) in &starters {
        first.publish_agreement(version.clone())?;
    }
    let mut second = first.clone();
    grant_admin(op, &mut second, &new)?;
    let (shipped, granted) = (PolicyDocument::default().changes_to(&first), first.changes_to(&second));
    let mut changes: Vec<_> = shipped.iter().chain(&granted).map(revise::recorded).collect();
    changes.push(people::added(&new));
    let revisions = [revise::settled(op, 1, &first, shipped), revise::settled(op, 2, &second, granted)];
    let written = op.commit(changes, move |tx| {
        Box::pin(async move {
            tx.bump_generation().await?;
            for revision in &revisions {
                tx.commit_policy(revision).await?;
            }
            for (_, text) in starters {
                tx.put_agreement_text(&Sha256::digest(text).into(), text).await?;
            }
            tx.add_person(permit, &new).await?;
            Ok(())
        })
    });
    match written.await {
        Err(Error::Store(error)) if error.is_unique_violation() => return Err(already()),
        written => written?,
    }
    Ok(id)
}

fn grant_admin(op: &Op, document: &mut PolicyDocument, admin: &NewPerson) -> Result<(), Error> {
    let (role, _) = document.role_named(table::ADMIN).ok_or_else(Refusal::not_found)?;
    let accounts = HashMap::from([(admin.id, Account { name: admin.name.clone(), ..Account::default() })]);
    let acting = Acting { by: revise::author(op), now: admin.at, accounts: &accounts };
    let reason = "First admin of a new installation.".into();
    let wish = GrantWish { subject: admin.id, role, team: None, compartments: Vec::new(), reason, expires_at: None };
    let grant = op.core.new_id();
    document.request_grant(grant, &wish, &acting)?;
    document.approve_grant(grant, &acting)?;
    Ok(())
}
