//! The register of contact accounts: whose they are, who answers for them, who can sign in to them. No secret of theirs has
//! a place here, and what looks like one is refused.

use serde_json::json;

use super::{Error, Op, leads::noted_by, revise::overtaken};
pub use crate::store::{ContactAccount, ContactAccountFilter};
use crate::{
    domain::{AccountFacts, AccountKind, CredentialsHolder, Id, Platform, Timestamp, secrets::looks_like_secret},
    policy::{Account, Permission, Refusal, RegisterScope, text},
    store::{Change, StoreError},
};

/// Longest handle, in characters.
const HANDLE: usize = 300;
/// Longest name of a policy.
const POLICY: usize = 300;

/// What is said of an account's policy.
#[derive(Clone, Debug, Default)]
pub struct AcceptedPolicy {
    /// Its name and version.
    pub name: Option<String>,
    /// When the custodian has accepted it.
    pub at: Option<Timestamp>,
}

/// An account of the company's.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Where it is kept.
    pub platform: Platform,
    /// Whose it is; not a personal profile.
    pub kind: AccountKind,
    /// Its name on the platform.
    pub handle: String,
    /// Who answers for it.
    pub custodian: Id,
    /// Who can sign in to it.
    pub credentials: CredentialsHolder,
    /// The policy accepted for it.
    pub policy: AcceptedPolicy,
}

/// What to change of an account; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountEdit {
    /// Another name on the platform.
    pub handle: Option<String>,
    /// Another custodian.
    pub custodian: Option<Id>,
    /// Who can sign in to it now.
    pub credentials: Option<CredentialsHolder>,
    /// The policy accepted now.
    pub policy: Option<AcceptedPolicy>,
    /// Whether it is out of use.
    pub retired: Option<bool>,
}

/// At most `first` accounts by rising id, those behind `after`.
pub async fn list(op: &Op, filter: ContactAccountFilter, after: Option<Id>, first: u64) -> Result<Vec<ContactAccount>, Error> {
    Ok(op.core.store.contact_accounts(op.rights.register(&op.subject)?, filter, after, first).await?)
}

/// How many there are.
pub async fn count(op: &Op, filter: ContactAccountFilter) -> Result<u64, Error> {
    Ok(op.core.store.count_contact_accounts(op.rights.register(&op.subject)?, filter).await?)
}

/// Enters a personal profile of the caller's own. Nobody else can.
pub async fn declare(op: &Op, platform: Platform, handle: &str, policy: AcceptedPolicy) -> Result<ContactAccount, Error> {
    let scope = op.rights.register(&op.subject)?;
    let Some(owner) = scope.person() else {
        return Err(Refusal::forbidden("A personal profile is declared by its owner, signed in as themselves.").into());
    };
    let new = NewAccount {
        platform,
        kind: AccountKind::PersonalProfile,
        handle: handle.to_owned(),
        custodian: owner,
        credentials: CredentialsHolder::Custodian,
        policy,
    };
    enter(op, scope, new).await
}

/// Enters an account of the company's.
pub async fn add(op: &Op, new: NewAccount) -> Result<ContactAccount, Error> {
    op.rights.permit(Permission::RegisterManage)?;
    if new.kind == AccountKind::PersonalProfile {
        return Err(Refusal::bad_input("A personal profile is declared by its owner; ask them to, if they agree to it.").into());
    }
    enter(op, op.rights.register(&op.subject)?, new).await
}

async fn enter(op: &Op, scope: RegisterScope, new: NewAccount) -> Result<ContactAccount, Error> {
    custodian(op, new.custodian)?;
    let facts = AccountFacts {
        id: op.core.new_id(),
        platform: new.platform,
        kind: new.kind,
        custodian: new.custodian,
        credentials: new.credentials,
        confirmed_at: op.at,
    };
    let mut account = ContactAccount {
        facts,
        handle: said("The handle", &new.handle, HANDLE)?,
        policy: None,
        policy_accepted_at: None,
        created_at: op.at,
        created_by: noted_by(op),
        confirmed_by: noted_by(op),
        retired_at: None,
        version: 1,
    };
    accept(op, &mut account, new.policy)?;
    let after = Some(described(&account));
    let change = Change { kind: KIND, item: account.facts.id.to_string(), before: None, after };
    let row = account.clone();
    let written = op.commit(vec![change], move |tx| Box::pin(async move { Ok(tx.add_contact_account(scope, &row).await?) }));
    written.await.map_err(taken)?;
    Ok(account)
}

/// Changes an account: the company's with `REGISTER_MANAGE`, a personal profile by its owner alone.
pub async fn change(op: &Op, id: Id, expected: Option<i64>, edit: AccountEdit) -> Result<ContactAccount, Error> {
    let closes = edit.retired == Some(true) && edit.handle.is_none() && edit.policy.is_none();
    revise(op, id, expected, closes, |account| {
        let personal = account.facts.kind == AccountKind::PersonalProfile;
        if personal && (edit.custodian.is_some() || edit.credentials.is_some()) {
            return Err(Refusal::bad_input("A personal profile stays its owner's."));
        }
        if let Some(handle) = &edit.handle {
            account.handle = said("The handle", handle, HANDLE)?;
        }
        if let Some(other) = edit.custodian {
            custodian(op, other)?;
            account.facts.custodian = other;
            // What one custodian has accepted binds no other.
            (account.policy, account.policy_accepted_at) = (None, None);
        }
        account.facts.credentials = edit.credentials.unwrap_or(account.facts.credentials);
        if let Some(policy) = edit.policy.clone() {
            accept(op, account, policy)?;
        }
        if let Some(retired) = edit.retired {
            account.retired_at = retired.then(|| account.retired_at.unwrap_or(op.at));
        }
        Ok(())
    })
    .await
}

/// Says that what the register has of an account is so: due every year.
pub async fn confirm(op: &Op, id: Id) -> Result<ContactAccount, Error> {
    revise(op, id, None, false, |account| {
        account.facts.confirmed_at = op.at;
        account.confirmed_by = noted_by(op);
        Ok(())
    })
    .await
}

/// An account through which leads may come in: one that the caller sees and that is in use.
pub(super) async fn usable(op: &Op, id: Id) -> Result<AccountFacts, Error> {
    let found = op.core.store.contact_account(op.rights.register(&op.subject)?, id).await?;
    let in_use = found.filter(|account| account.retired_at.is_none());
    Ok(in_use.ok_or_else(|| Refusal::bad_input("There is no such account in use in the register, or you may not see it."))?.facts)
}

const KIND: &str = "contactAccount";

async fn revise(
    op: &Op,
    id: Id,
    expected: Option<i64>,
    closes: bool,
    edit: impl FnOnce(&mut ContactAccount) -> Result<(), Refusal>,
) -> Result<ContactAccount, Error> {
    let scope = op.rights.register(&op.subject)?;
    let before = op.core.store.contact_account(scope, id).await?.ok_or_else(Refusal::not_found)?;
    let own = scope.person() == Some(before.facts.custodian);
    match before.facts.kind {
        AccountKind::PersonalProfile if !own && !closes => {
            return Err(Refusal::forbidden("Only its owner changes a personal profile; others can take it out of use.").into());
        }
        AccountKind::PersonalProfile if own => {}
        _ => drop(op.rights.permit(Permission::RegisterManage)?),
    }
    if expected.is_some_and(|version| version != before.version) {
        return Err(overtaken());
    }
    let mut account = before.clone();
    edit(&mut account)?;
    account.version += 1;
    let (was, is) = (Some(described(&before)), Some(described(&account)));
    let row = account.clone();
    let written = op.commit(vec![Change { kind: KIND, item: id.to_string(), before: was, after: is }], move |tx| {
        Box::pin(async move { if tx.change_contact_account(scope, &row).await? { Ok(()) } else { Err(overtaken()) } })
    });
    written.await.map_err(taken)?;
    Ok(account)
}

/// Free text of the register: one line in which nothing looks like a secret.
fn said(what: &str, value: &str, most: usize) -> Result<String, Refusal> {
    let value = text::line(what, value, most)?;
    match looks_like_secret(&value) {
        None => Ok(value),
        Some(kind) => Err(Refusal::bad_input(format!(
            "{what} looks like {kind}. The register keeps no secrets: leave it out, and change it if it was sent by mistake."
        ))),
    }
}

fn accept(op: &Op, account: &mut ContactAccount, policy: AcceptedPolicy) -> Result<(), Refusal> {
    if policy.at.is_some_and(|at| at > op.at) {
        return Err(Refusal::bad_input("A policy cannot have been accepted in the future."));
    }
    if policy.name.is_none() && policy.at.is_some() {
        return Err(Refusal::bad_input("Say which policy was accepted."));
    }
    account.policy = policy.name.as_deref().map(|name| said("The policy", name, POLICY)).transpose()?;
    account.policy_accepted_at = policy.at;
    Ok(())
}

fn custodian(op: &Op, who: Id) -> Result<(), Refusal> {
    let works_here = op.snapshot.accounts.get(&who).is_some_and(Account::works_here);
    if works_here { Ok(()) } else { Err(Refusal::bad_input("The custodian must be a person whose account is not locked.")) }
}

fn described(account: &ContactAccount) -> String {
    let ContactAccount { facts, handle, policy, policy_accepted_at, retired_at, .. } = account;
    json!({
        "platform": facts.platform.name(),
        "kind": facts.kind.name(),
        "handle": handle,
        "custodian": facts.custodian.to_string(),
        "credentials": facts.credentials.name(),
        "policy": policy,
        "policyAcceptedAt": policy_accepted_at.map(|at| at.to_string()),
        "confirmedAt": facts.confirmed_at.to_string(),
        "retiredAt": retired_at.map(|at| at.to_string()),
    })
    .to_string()
}

fn taken(error: Error) -> Error {
    match error {
        Error::Store(error) if StoreError::is_unique_violation(&error) => {
            Refusal::conflict("This account stands in the register for this custodian already.").into()
        }
        other => other,
    }
}
