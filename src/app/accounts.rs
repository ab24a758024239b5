//! What people and apps have in common: how they are named, locked and unlocked.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{
    Error, Op,
    proposals::do_or_ask,
    revise::{ATTEMPTS, Basis, overtaken},
};
use crate::{
    auth::PasswordPolicy,
    domain::{Id, clock::random_bytes, subject::account_email},
    policy::{Act, Permission, Proposal, Refusal, Snapshot, text},
    store::{AccountFilter, Change, sessions::SessionsOf},
};

const NAME: usize = 100;
/// RFC 5321 § 4.5.3.1.3 allows a path of 256 octets with its brackets.
const EMAIL: usize = 254;

/// Which people, or which apps, a list shows.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only locked or only open accounts.
    pub locked: Option<bool>,
    /// Only those whose name contains this; for those who manage accounts also the e-mail address or client id.
    pub search: Option<String>,
}

impl Wanted {
    /// The same for the store.
    pub(super) fn by(&self, op: &Op) -> AccountFilter {
        AccountFilter { locked: self.locked, search: self.search.clone(), search_address: are_managed_by(op) }
    }
}

/// Whether whoever asks manages accounts, and so sees what they sign in with.
pub(super) fn are_managed_by(op: &Op) -> bool {
    op.rights.permissions().contains(Permission::AccountsManage)
}

/// A display name.
pub(super) fn name(value: &str) -> Result<String, Refusal> {
    text::line("The name", value, NAME)
}

/// An e-mail address in the form that accounts are found by: no white space around it, lower case.
pub(super) fn email(value: &str) -> Result<String, Refusal> {
    let value = account_email(&text::line("The e-mail address", value, EMAIL)?);
    let (local, domain) = value.rsplit_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() || value.chars().any(char::is_whitespace) {
        return Err(Refusal::bad_input("This is no e-mail address."));
    }
    Ok(value)
}

/// The PHC string of a password that is good enough.
pub(super) async fn password_hash(op: &Op, password: &str) -> Result<String, Error> {
    PasswordPolicy::check(password).map_err(|poor| Refusal::bad_input(poor.to_string()))?;
    Ok(op.core.auth.passwords.hash(password.to_owned()).await?)
}

/// A password of 120 random bits, to be shown once and changed by its owner.
pub(super) fn one_time_password(op: &Op) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<15>(&*op.core.random))
}

/// Locks an account of this kind and ends what it holds. One that is locked already stays as it is.
///
/// The last admin cannot be locked, except by the operator, who can appoint another.
pub(super) async fn lock(op: &Op, id: Id, app: bool) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, Permission::AccountsManage).await?;
        if is_locked(&basis.snapshot, id, app)? {
            return Ok(());
        }
        let acting = basis.acting();
        if acting.by.is_some() && basis.snapshot.document.admins(&acting).into_iter().eq([id]) {
            return Err(Refusal::conflict("Nobody would be left to manage the policy; another admin must stand first.").into());
        }
        let (permit, generation, at) = (basis.permit, basis.snapshot.generation, op.core.now());
        let state = |locked: bool| Some(json!({ "locked": locked }).to_string());
        let kind = if app { "app" } else { "person" };
        let note = op.note_change(vec![Change { kind, item: id.to_string(), before: state(false), after: state(true) }]);
        let put = note.clone();
        let written = op.core.store.write(move |tx| {
            Box::pin(async move {
                if !tx.bump_generation_from(generation).await? {
                    return Ok(false);
                }
                tx.set_locked(permit, id, Some(at)).await?;
                // An account that is unlocked later must not find its old sessions open.
                tx.end_sessions(SessionsOf::Subject(id), at, "locked").await?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(true)
            })
        });
        if written.await? {
            op.changed(&note);
            op.core.current.check(&op.core.store, &*op.core.clock).await?;
            return Ok(());
        }
    }
    Err(overtaken())
}

/// Lets a locked account of this kind in again, which takes another admin. One that is open already stays as it is.
pub(super) async fn unlock(op: &Op, id: Id, app: bool) -> Result<Option<Proposal>, Error> {
    let basis = Basis::of(op, Permission::AccountsManage).await?;
    if !is_locked(&basis.snapshot, id, app)? {
        return Ok(None);
    }
    do_or_ask(op, Act::Unlock { account: id.0 }, None).await
}

fn is_locked(snapshot: &Snapshot, id: Id, app: bool) -> Result<bool, Refusal> {
    let account = snapshot.accounts.get(&id).filter(|account| account.is_app == app && !account.erased).ok_or_else(Refusal::not_found)?;
    Ok(account.locked)
}
