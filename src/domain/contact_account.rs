//! Accounts on platforms through which a company and its people come to know leads, as the register has them. There is no
//! place for a password or any other secret of theirs.

use super::{Id, Timestamp, clock::DAY, coded::coded};

coded! {
    /// Where an account is kept.
    Platform {
        LinkedIn = 1 "LINKEDIN" "LinkedIn.";
        X = 2 "X" "X, once Twitter.";
        Facebook = 3 "FACEBOOK" "Facebook.";
        Email = 4 "EMAIL" "A mailbox.";
        Other = 5 "OTHER" "Any other.";
    }
}

coded! {
    /// Whose an account is, by its nature.
    AccountKind {
        CompanyPage = 1 "COMPANY_PAGE" "A page or brand handle of the company.";
        CompanySeat = 2 "COMPANY_SEAT" "A seat the company pays for, on a profile that belongs to a person.";
        CompanyCredentials = 3 "COMPANY_CREDENTIALS" "An account of the company, whose credentials it holds.";
        PersonalProfile = 4 "PERSONAL_PROFILE" "A personal profile, declared by its owner.";
    }
}

coded! {
    /// Who can sign in to an account.
    CredentialsHolder {
        Company = 1 "COMPANY" "The company.";
        Custodian = 2 "CUSTODIAN" "The custodian alone.";
        Both = 3 "BOTH" "The company and the custodian.";
        Nobody = 4 "NOBODY" "Nobody any more.";
    }
}

/// What the register says of an account, as far as custody follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountFacts {
    /// Its id in the register.
    pub id: Id,
    /// Where it is kept.
    pub platform: Platform,
    /// Whose it is.
    pub kind: AccountKind,
    /// Who answers for it; of a personal profile its owner.
    pub custodian: Id,
    /// Who can sign in to it.
    pub credentials: CredentialsHolder,
    /// When somebody last said that all of this is so.
    pub confirmed_at: Timestamp,
}

impl AccountFacts {
    /// What these cells tell, in the order of the fields; `None` if they are empty.
    pub(super) fn read([id, platform, kind, custodian, credentials, confirmed]: [&str; 6]) -> Option<Self> {
        let number = |cell: &str| cell.parse::<i64>().ok();
        Some(Self {
            id: Id(number(id)?),
            platform: Platform::from_number(number(platform)?)?,
            kind: AccountKind::from_number(number(kind)?)?,
            custodian: Id(number(custodian)?),
            credentials: CredentialsHolder::from_number(number(credentials)?)?,
            confirmed_at: Timestamp(number(confirmed)?),
        })
    }

    /// How long a confirmation holds.
    pub const CONFIRMED_FOR: i64 = 365 * DAY;

    /// Whether what the register says of it was too old at this moment.
    pub const fn is_overdue(&self, at: Timestamp) -> bool {
        at.0 > self.confirmed_at.0.saturating_add(Self::CONFIRMED_FOR)
    }
}
