//! The register of contact accounts.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{
        Op,
        contact_accounts::{self, AcceptedPolicy, AccountEdit, NewAccount},
    },
    domain::{AccountKind, CredentialsHolder, Id, Platform, Timestamp, clock::SECOND},
};

/// Where an account is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Platform", remote = "Platform")]
pub enum PlatformName {
    /// LinkedIn.
    #[graphql(name = "LINKEDIN")]
    LinkedIn,
    /// X, once Twitter.
    X,
    /// Facebook.
    Facebook,
    /// A mailbox.
    Email,
    /// Any other.
    Other,
}

/// Whose an account is, by its nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ContactAccountKind", remote = "AccountKind")]
pub enum AccountKindName {
    /// A page or brand handle of the company.
    CompanyPage,
    /// A seat the company pays for, on a profile that belongs to a person.
    CompanySeat,
    /// An account of the company, whose credentials it holds.
    CompanyCredentials,
    /// A personal profile, declared by its owner.
    PersonalProfile,
}

/// Who can sign in to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CredentialsHolder", remote = "CredentialsHolder")]
pub enum CredentialsHolderName {
    /// The company.
    Company,
    /// The custodian alone.
    Custodian,
    /// The company and the custodian.
    Both,
    /// Nobody any more.
    Nobody,
}

/// An account through which leads come to be known. Nothing of it is a secret: who signs in with what is kept elsewhere.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactAccount {
    /// Opaque id.
    id: ID,
    /// Where it is kept.
    platform: PlatformName,
    /// Whose it is.
    kind: AccountKindName,
    /// Its name on the platform.
    handle: String,
    /// Who answers for it; of a personal profile its owner.
    custodian_id: ID,
    /// Their display name.
    custodian_name: Option<String>,
    /// Who can sign in to it.
    credentials: CredentialsHolderName,
    /// Name and version of the policy that the custodian has accepted for it.
    policy_name: Option<String>,
    /// When.
    policy_accepted_at: Option<DateTime>,
    /// When it was entered.
    created_at: DateTime,
    /// When somebody last confirmed that all of this is so.
    confirmed_at: DateTime,
    /// Who; null is the operator.
    confirmed_by: Option<ID>,
    /// When it has to be confirmed again.
    confirm_by: DateTime,
    /// Whether that is over.
    overdue: bool,
    /// Since when it is out of use.
    retired_at: Option<DateTime>,
    /// Counts its changes; for `expectedVersion`.
    version: i64,
    #[graphql(skip)]
    key: Id,
}

impl ContactAccount {
    const fn cursor(&self) -> Id {
        self.key
    }

    fn new(op: &Op, account: contact_accounts::ContactAccount) -> Self {
        let facts = account.facts;
        Self {
            id: opaque(facts.id),
            platform: facts.platform.into(),
            kind: facts.kind.into(),
            handle: account.handle,
            custodian_id: opaque(facts.custodian),
            custodian_name: op.snapshot.name(facts.custodian).map(str::to_owned),
            credentials: facts.credentials.into(),
            policy_name: account.policy,
            policy_accepted_at: account.policy_accepted_at.map(DateTime),
            created_at: DateTime(account.created_at),
            confirmed_at: DateTime(facts.confirmed_at),
            confirmed_by: account.confirmed_by.map(opaque),
            confirm_by: DateTime(facts.confirmed_at.plus_seconds(crate::domain::AccountFacts::CONFIRMED_FOR / SECOND)),
            overdue: facts.is_overdue(op.at),
            retired_at: account.retired_at.map(DateTime),
            version: account.version,
            key: facts.id,
        }
    }
}

async fn count(op: &Op, filter: &contact_accounts::ContactAccountFilter) -> std::result::Result<u64, crate::app::Error> {
    contact_accounts::count(op, *filter).await
}

connection!(
    ContactAccountConnection "Accounts of the register, by the time they were entered.", ContactAccountEdge "An account and its place in the list.",
    ContactAccount, contact_accounts::ContactAccountFilter, count
);

/// Which accounts of the register.
#[derive(Debug, Default, InputObject)]
pub struct ContactAccountFilter {
    /// Only those of one kind.
    kind: Option<AccountKindName>,
    /// Only those that one person answers for.
    custodian_id: Option<ID>,
    /// Only those whose last confirmation is older than a year.
    #[graphql(default)]
    overdue: bool,
    /// Those out of use too.
    #[graphql(default)]
    retired: bool,
}

/// A personal profile of the caller's own. There is no field for a password, and what looks like one is refused.
#[derive(Debug, InputObject)]
pub struct DeclareContactAccountInput {
    /// Where it is kept.
    platform: PlatformName,
    /// Its name or address on the platform.
    account_handle: String,
    /// Name and version of the policy for personal profiles that the caller has accepted.
    policy_name: Option<String>,
    /// When.
    policy_accepted_at: Option<DateTime>,
}

/// An account of the company's. There is no field for a password, and what looks like one is refused.
#[derive(Debug, InputObject)]
pub struct AddContactAccountInput {
    /// Where it is kept.
    platform: PlatformName,
    /// Whose it is; a PERSONAL_PROFILE is declared by its owner instead.
    kind: AccountKindName,
    /// Its name or address on the platform.
    account_handle: String,
    /// Who answers for it.
    custodian_id: ID,
    /// Who can sign in to it.
    credentials: CredentialsHolderName,
    /// Name and version of the policy that the custodian has accepted for it.
    policy_name: Option<String>,
    /// When.
    policy_accepted_at: Option<DateTime>,
}

/// What to change of an account; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangeContactAccountInput {
    /// Which account.
    id: ID,
    /// Refuse if the account is no longer at this version.
    expected_version: Option<i64>,
    /// Another name or address on the platform.
    account_handle: Option<String>,
    /// Who answers for it from now on; the policy has to be accepted anew.
    custodian_id: Option<ID>,
    /// Who can sign in to it.
    credentials: Option<CredentialsHolderName>,
    /// Name and version of the policy that the custodian has accepted.
    policy_name: Option<String>,
    /// When.
    policy_accepted_at: Option<DateTime>,
    /// Whether it is out of use.
    retired: Option<bool>,
}

/// Names an account of the register.
#[derive(Debug, InputObject)]
pub struct ConfirmContactAccountInput {
    /// Which account.
    id: ID,
}

/// An account of the register as it is now.
#[derive(Debug, SimpleObject)]
pub struct ContactAccountPayload {
    /// The account.
    account: ContactAccount,
}

/// Queries about the register.
#[derive(Debug, Default)]
pub struct ContactAccountQuery;

#[Object]
impl ContactAccountQuery {
    /// The register of accounts through which leads come to be known: all of it with `REGISTER_READ`, else those that the
    /// caller answers for.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn contact_accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which accounts.")] filter: Option<ContactAccountFilter>,
        #[graphql(desc = "How many; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<ContactAccountConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let filter = filter.unwrap_or_default();
        let wanted = contact_accounts::ContactAccountFilter {
            kind: filter.kind.map(Into::into),
            custodian: filter.custodian_id.as_ref().map(id).transpose().outward(op)?,
            confirmed_before: filter.overdue.then(|| Timestamp(op.at.0.saturating_sub(crate::domain::AccountFacts::CONFIRMED_FOR))),
            retired: filter.retired,
        };
        let found = contact_accounts::list(op, wanted, asked.after, asked.fetch() as u64).await.outward(op)?;
        let nodes = found.into_iter().map(|account| ContactAccount::new(op, account)).collect::<Vec<_>>();
        Ok(Some(ContactAccountConnection::new(asked, wanted, nodes)))
    }
}

/// Changes of the register.
#[derive(Debug, Default)]
pub struct ContactAccountMutation;

#[Object]
impl ContactAccountMutation {
    /// Enters a personal profile of the caller's own, as a declaration. Only its owner can; nobody is to be asked for
    /// its password or for the profile itself.
    async fn declare_contact_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The profile.")] input: DeclareContactAccountInput,
    ) -> Result<Option<ContactAccountPayload>> {
        let op = op(ctx);
        let policy = accepted(input.policy_name, input.policy_accepted_at);
        let account = contact_accounts::declare(op, input.platform.into(), &input.account_handle, policy).await.outward(op)?;
        Ok(Some(ContactAccountPayload { account: ContactAccount::new(op, account) }))
    }

    /// Enters an account of the company's. Needs `REGISTER_MANAGE`.
    async fn add_contact_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account.")] input: AddContactAccountInput,
    ) -> Result<Option<ContactAccountPayload>> {
        let op = op(ctx);
        let new = NewAccount {
            platform: input.platform.into(),
            kind: input.kind.into(),
            handle: input.account_handle,
            custodian: id(&input.custodian_id).outward(op)?,
            credentials: input.credentials.into(),
            policy: accepted(input.policy_name, input.policy_accepted_at),
        };
        let account = contact_accounts::add(op, new).await.outward(op)?;
        Ok(Some(ContactAccountPayload { account: ContactAccount::new(op, account) }))
    }

    /// Changes an account: one of the company's with `REGISTER_MANAGE`, a personal profile by its owner alone.
    async fn change_contact_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: ChangeContactAccountInput,
    ) -> Result<Option<ContactAccountPayload>> {
        let op = op(ctx);
        let says_policy = input.policy_name.is_some() || input.policy_accepted_at.is_some();
        let edit = AccountEdit {
            handle: input.account_handle,
            custodian: input.custodian_id.as_ref().map(id).transpose().outward(op)?,
            credentials: input.credentials.map(Into::into),
            policy: says_policy.then(|| accepted(input.policy_name, input.policy_accepted_at)),
            retired: input.retired,
        };
        let which = id(&input.id).outward(op)?;
        let account = contact_accounts::change(op, which, input.expected_version, edit).await.outward(op)?;
        Ok(Some(ContactAccountPayload { account: ContactAccount::new(op, account) }))
    }

    /// Confirms that what the register says of an account is so. Due every year: an account of the company's that nobody has
    /// confirmed for longer no longer counts as in its custody.
    async fn confirm_contact_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: ConfirmContactAccountInput,
    ) -> Result<Option<ContactAccountPayload>> {
        let op = op(ctx);
        let account = contact_accounts::confirm(op, id(&input.id).outward(op)?).await.outward(op)?;
        Ok(Some(ContactAccountPayload { account: ContactAccount::new(op, account) }))
    }
}

fn accepted(name: Option<String>, at: Option<DateTime>) -> AcceptedPolicy {
    AcceptedPolicy { name, at: at.map(|at| at.0) }
}
