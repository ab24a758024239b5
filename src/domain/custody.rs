//! Custody: how much of its own hold on a lead a company can show, from the lead's origins and the register of accounts.
//! It is a reading of what was noted, told with its reasons; what a court makes of it is for the court.

use super::{AccountKind, Channel, CredentialsHolder, Id, Origin, Timestamp, coded::coded, contact_account::AccountFacts};

coded! {
    /// How strong the company's own hold is.
    Strength {
        Unknown = 1 "UNKNOWN" "Nothing noted says whose the contact is.";
        Personal = 2 "PERSONAL" "It came through personal profiles only.";
        Shared = 3 "SHARED" "It came through what a company and a person hold together.";
        Company = 4 "COMPANY" "It came through a channel or an account of the company's own.";
    }
}

/// Why one origin counts as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The channel is the company's own.
    Channel(Channel),
    /// The account is the company's, and the company can sign in to it.
    Account(AccountKind),
    /// A seat that the company pays for, on a person's profile.
    Seat,
    /// The company's account, but only its custodian can sign in to it.
    CustodianAlone,
    /// The company's account, but nobody has confirmed it for a year.
    Overdue,
    /// A personal profile.
    Personal,
    /// An account that nobody can sign in to any more.
    Lost,
    /// A channel on which everything depends on whose account it was, and nobody said.
    Unnamed(Channel),
    /// Nobody said how the contact came about.
    Unsaid,
    /// There is no origin.
    NoOrigin,
}

/// The custody of a lead at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// How strong it is: that of the strongest origin.
    pub strength: Strength,
    /// Why, the strongest first, each once.
    pub reasons: Vec<Reason>,
    /// Who alone knows it: the one person through whose profiles it came, if its custody is personal.
    pub only_by: Option<Id>,
}

impl Custody {
    /// The custody that follows from the origins noted by `at`: what was noted later shows nothing of the time before.
    pub fn of(origins: &[Origin], at: Timestamp) -> Self {
        let noted = || origins.iter().filter(|origin| origin.recorded_at <= at);
        let mut holds: Vec<(Strength, Reason)> = noted().map(|origin| hold(origin.channel, origin.account.as_ref(), at)).collect();
        if holds.is_empty() {
            holds.push((Strength::Unknown, Reason::NoOrigin));
        }
        holds.sort_by_key(|(strength, reason)| (std::cmp::Reverse(*strength), *reason));
        holds.dedup();
        let strength = holds.first().map_or(Strength::Unknown, |(strength, _)| *strength);
        let mut owners: Vec<Id> =
            noted().filter_map(|origin| origin.account).filter(is_personal).map(|account| account.custodian).collect();
        owners.sort_unstable();
        owners.dedup();
        let only_by = match (strength, owners.as_slice()) {
            (Strength::Personal, [owner]) => Some(*owner),
            _ => None,
        };
        Self { strength, reasons: holds.into_iter().map(|(_, reason)| reason).collect(), only_by }
    }
}

fn is_personal(account: &AccountFacts) -> bool {
    account.kind == AccountKind::PersonalProfile
}

/// What one origin says.
fn hold(channel: Channel, account: Option<&AccountFacts>, at: Timestamp) -> (Strength, Reason) {
    let Some(account) = account else {
        return match channel {
            Channel::LinkedIn | Channel::X | Channel::Facebook | Channel::Email => (Strength::Unknown, Reason::Unnamed(channel)),
            Channel::Other => (Strength::Unknown, Reason::Unsaid),
            _ => (Strength::Company, Reason::Channel(channel)),
        };
    };
    match (account.kind, account.credentials) {
        (AccountKind::PersonalProfile, _) => (Strength::Personal, Reason::Personal),
        (_, CredentialsHolder::Nobody) => (Strength::Unknown, Reason::Lost),
        // LinkedIn's terms: the profile belongs to the member; whoever pays controls the seat.
        (AccountKind::CompanySeat, _) => (Strength::Shared, Reason::Seat),
        (_, CredentialsHolder::Custodian) => (Strength::Shared, Reason::CustodianAlone),
        _ if account.is_overdue(at) => (Strength::Shared, Reason::Overdue),
        (kind, _) => (Strength::Company, Reason::Account(kind)),
    }
}

impl Reason {
    /// One sentence for people.
    pub fn sentence(self) -> String {
        match self {
            Self::Channel(channel) => format!("Came in through a channel of the company's own: {}.", channel.words()),
            Self::Account(AccountKind::CompanyPage) => "Came in through a page of the company, which can sign in to it.".into(),
            Self::Account(_) => "Came in through an account whose credentials the company holds.".into(),
            Self::Seat => "Came in through a seat that the company pays for, on a profile that belongs to a person.".into(),
            Self::CustodianAlone => "Came in through an account of the company that only its custodian can sign in to.".into(),
            Self::Overdue => "Came in through an account of the company that nobody has confirmed for a year.".into(),
            Self::Personal => "Came in through a personal profile.".into(),
            Self::Lost => "Came in through an account that nobody can sign in to any more.".into(),
            Self::Unnamed(channel) => format!("Came in through {}; nobody said through whose account.", channel.words()),
            Self::Unsaid => "Nobody said how the contact came about.".into(),
            Self::NoOrigin => "No origin was noted.".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Platform;

    fn account(kind: AccountKind, credentials: CredentialsHolder, custodian: i64) -> AccountFacts {
        AccountFacts { id: Id(1), platform: Platform::LinkedIn, kind, custodian: Id(custodian), credentials, confirmed_at: Timestamp(0) }
    }

    fn origin(channel: Channel, account: Option<AccountFacts>, recorded: i64) -> Origin {
        Origin { recorded_at: Timestamp(recorded), source: Id(recorded), channel, since: None, by: None, account, file: None }
    }

    fn strength(channel: Channel, account: Option<AccountFacts>) -> Strength {
        Custody::of(&[origin(channel, account, 1)], Timestamp(1)).strength
    }

    #[test]
    fn each_channel_and_kind_of_account() {
        use AccountKind::{CompanyCredentials, CompanyPage, CompanySeat, PersonalProfile};
        use CredentialsHolder::{Both, Company, Custodian, Nobody};
        for channel in [Channel::Crm, Channel::WebForm, Channel::BusinessCard, Channel::Event, Channel::Referral, Channel::PurchasedList] {
            assert_eq!(strength(channel, None), Strength::Company);
        }
        for channel in [Channel::LinkedIn, Channel::X, Channel::Facebook, Channel::Email, Channel::Other] {
            assert_eq!(strength(channel, None), Strength::Unknown);
        }
        for (kind, credentials, wanted) in [
            (CompanyPage, Company, Strength::Company),
            (CompanyCredentials, Both, Strength::Company),
            (CompanyPage, Custodian, Strength::Shared),
            (CompanySeat, Company, Strength::Shared),
            (CompanyCredentials, Nobody, Strength::Unknown),
            (PersonalProfile, Custodian, Strength::Personal),
            (PersonalProfile, Company, Strength::Personal),
        ] {
            assert_eq!(strength(Channel::LinkedIn, Some(account(kind, credentials, 5))), wanted, "{kind:?} {credentials:?}");
        }
        let late = Timestamp(AccountFacts::CONFIRMED_FOR + 1);
        let page = origin(Channel::X, Some(account(CompanyPage, Company, 5)), 1);
        assert_eq!(Custody::of(&[page], late).reasons, [Reason::Overdue]);
    }

    #[test]
    fn who_alone_knows_a_lead() {
        let of = |person| origin(Channel::LinkedIn, Some(account(AccountKind::PersonalProfile, CredentialsHolder::Custodian, person)), 1);
        let at = Timestamp(9);
        assert_eq!(Custody::of(&[of(5), of(5)], at).only_by, Some(Id(5)));
        assert_eq!(Custody::of(&[of(5), of(6)], at).only_by, None);
        assert_eq!(Custody::of(&[of(5), origin(Channel::Other, None, 2)], at).only_by, Some(Id(5)));
        let held = Custody::of(&[of(5), origin(Channel::Crm, None, 8)], at);
        assert_eq!((held.strength, held.only_by, held.reasons.len()), (Strength::Company, None, 2));
        // Before the CRM had it, the company could not have shown it.
        assert_eq!(Custody::of(&[of(5), origin(Channel::Crm, None, 8)], Timestamp(7)).only_by, Some(Id(5)));
        assert_eq!(Custody::of(&[], at).reasons, [Reason::NoOrigin]);
    }

    proptest! {
        /// Another origin never weakens the company's hold, and what is noted later changes nothing of before.
        #[test]
        fn more_origins_never_weaken(channels in proptest::collection::vec((0..11_usize, 1..20_i64), 0..6), at in 1..20_i64) {
            let all: Vec<Origin> = channels.iter().map(|(channel, when)| origin(Channel::ALL[*channel], None, *when)).collect();
            for count in 0..all.len() {
                let (fewer, more) = (Custody::of(&all[..count], Timestamp(at)), Custody::of(&all[..=count], Timestamp(at)));
                prop_assert!(more.strength >= fewer.strength);
                prop_assert!(all[count].recorded_at.0 <= at || more == fewer);
            }
        }
    }
}
