//! Origins: through which channel, when and by whom a lead came to be known. A lead has as many as were noted, those that
//! contradict each other too; none replaces another.

use super::{Id, Timestamp, coded::coded, contact_account::AccountFacts, linked};

coded! {
    /// The way on which a contact came in.
    Channel {
        Crm = 1 "CRM" "Another list of the company's.";
        WebForm = 2 "WEB_FORM" "A form of the company's website.";
        BusinessCard = 3 "BUSINESS_CARD" "A business card, Rolodex or address book.";
        LinkedIn = 4 "LINKEDIN" "LinkedIn.";
        X = 5 "X" "X, once Twitter.";
        Facebook = 6 "FACEBOOK" "Facebook.";
        Email = 7 "EMAIL" "E-mail.";
        Event = 8 "EVENT" "A fair or another event.";
        Referral = 9 "REFERRAL" "Somebody's recommendation.";
        PurchasedList = 10 "PURCHASED_LIST" "A list that was bought.";
        Other = 11 "OTHER" "Another one, or nobody said which.";
    }
}

impl Channel {
    /// What to call it in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Crm => "the CRM",
            Self::WebForm => "a web form",
            Self::BusinessCard => "a business card or address book",
            Self::LinkedIn => "LinkedIn",
            Self::X => "X",
            Self::Facebook => "Facebook",
            Self::Email => "e-mail",
            Self::Event => "an event",
            Self::Referral => "a referral",
            Self::PurchasedList => "a purchased list",
            Self::Other => "another channel",
        }
    }
}

/// The file that an origin stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OriginFile {
    /// The import that read it.
    pub import: Id,
    /// The name it had.
    pub name: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// The line, or the number of the record, counted from 1.
    pub record: i64,
}

/// One origin of a lead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// When it was noted here.
    pub recorded_at: Timestamp,
    /// Tells it from the lead's other origins.
    pub source: Id,
    /// The channel.
    pub channel: Channel,
    /// When the contact came about, if the source says so.
    pub since: Option<Timestamp>,
    /// The person or app that noted it; `None` is the operator.
    pub by: Option<Id>,
    /// The account through which it came, as the register has it now.
    pub account: Option<AccountFacts>,
    /// The file it stands in; `None` if somebody typed it in.
    pub file: Option<OriginFile>,
}

impl Origin {
    /// The origins in what the database tells of a lead's, oldest first.
    pub fn all(told: &str) -> Vec<Self> {
        let mut origins: Vec<Self> = linked::rows(told).filter_map(Self::read).collect();
        origins.sort();
        origins
    }

    fn read([source, channel, since, recorded, by, import, record, name, sha256, account @ ..]: [&str; 15]) -> Option<Self> {
        let number = |cell: &str| cell.parse::<i64>().ok();
        let file = || Some(OriginFile { import: Id(number(import)?), name: name.into(), sha256: sha256.into(), record: number(record)? });
        Some(Self {
            source: Id(number(source)?),
            channel: Channel::from_number(number(channel)?)?,
            since: number(since).map(Timestamp),
            recorded_at: Timestamp(number(recorded)?),
            by: number(by).map(Id),
            account: AccountFacts::read(account),
            file: file(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_tells_is_read() {
        let row = |cells: &[&str]| cells.join(linked::CELL);
        let typed = row(&["9", "11", "", "5", "", "", "", "", "", "", "", "", "", "", ""]);
        let filed = row(&["7", "4", "3", "4", "105", "8", "12", "Connections.csv", "ab", "6", "1", "4", "105", "2", "2"]);
        let [first, second] = Origin::all(&[typed, filed].join(linked::ROW)).try_into().unwrap();
        assert_eq!((first.channel, first.since, first.by), (Channel::LinkedIn, Some(Timestamp(3)), Some(Id(105))));
        assert_eq!(first.file, Some(OriginFile { import: Id(8), name: "Connections.csv".into(), sha256: "ab".into(), record: 12 }));
        assert_eq!(first.account.map(|account| (account.id, account.confirmed_at)), Some((Id(6), Timestamp(2))));
        assert_eq!((second.channel, second.file, second.account, second.by), (Channel::Other, None, None, None));
        assert_eq!(Origin::all(""), []);
    }
}
