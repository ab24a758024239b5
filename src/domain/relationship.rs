//! Relationships: the colleagues and brand accounts that a lead knows, so that no lead hangs on one person alone.

use super::{AccountFacts, Id, Timestamp, coded::coded, linked};

coded! {
    /// How somebody stands to a lead.
    RelationshipRole {
        Owner = 1 "OWNER" "The person responsible for the lead.";
        Second = 2 "SECOND" "A colleague whom the lead knows, too.";
        Brand = 3 "BRAND" "An account of the company that the lead is connected with.";
    }
}

/// Who stands to a lead besides its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colleague {
    /// A person.
    Person(Id),
    /// An account of the company, as the register has it now.
    Account(AccountFacts),
}

/// One relationship of a lead besides that with its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relationship {
    /// Since when it is noted.
    pub since: Timestamp,
    /// Who.
    pub with: Colleague,
    /// Who noted it; `None` is the operator.
    pub by: Option<Id>,
}

impl Relationship {
    /// The relationships in what the database tells of a lead's, oldest first.
    pub fn all(told: &str) -> Vec<Self> {
        let mut all: Vec<Self> = linked::rows(told).filter_map(Self::read).collect();
        all.sort();
        all
    }

    fn read([role, who, since, by, account @ ..]: [&str; 10]) -> Option<Self> {
        let number = |cell: &str| cell.parse::<i64>().ok();
        let with = match RelationshipRole::from_number(number(role)?)? {
            RelationshipRole::Brand => Colleague::Account(AccountFacts::read(account)?),
            _ => Colleague::Person(Id(number(who)?)),
        };
        Some(Self { since: Timestamp(number(since)?), with, by: number(by).map(Id) })
    }
}

impl Colleague {
    /// The role it stands in.
    pub const fn role(&self) -> RelationshipRole {
        match self {
            Self::Person(_) => RelationshipRole::Second,
            Self::Account(_) => RelationshipRole::Brand,
        }
    }

    /// The id of the person or account.
    pub const fn id(&self) -> Id {
        match self {
            Self::Person(id) => *id,
            Self::Account(account) => account.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_tells_is_read() {
        let row = |cells: &[&str]| cells.join(linked::CELL);
        let brand = row(&["3", "6", "9", "", "6", "1", "1", "105", "1", "2"]);
        let second = row(&["2", "104", "5", "101", "", "", "", "", "", ""]);
        let [first, other] = Relationship::all(&[brand, second].join(linked::ROW)).try_into().unwrap();
        assert_eq!((first.with, first.by), (Colleague::Person(Id(104)), Some(Id(101))));
        assert_eq!((other.with.id(), other.with.role()), (Id(6), RelationshipRole::Brand));
    }
}
