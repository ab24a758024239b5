//! Four mistakes that companies make when somebody leaves, found in the text of a task, with why it is one. It reads English
//! words, not meanings: what it lets pass still needs a reader.

use super::Refusal;

/// What must not be demanded of somebody who leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A personal account on a network, or its password.
    PersonalAccount,
    /// That connections be removed.
    Connections,
    /// Personal business cards.
    BusinessCards,
    /// A ban on talking to customers at all.
    CustomerBan,
}

impl Mistake {
    /// Why it is one, and what to do instead.
    pub const fn why(self) -> &'static str {
        match self {
            Self::PersonalAccount => {
                "A personal account belongs to the person, by the network's own terms, and so does its password: demand neither. Take back \
                 the company's seats, pages and mailboxes, hand the relationship over to the brand and a successor, and keep the proof."
            }
            Self::Connections => {
                "Connections on a personal account are not the company's to remove, and removing them tells the contacts that something is \
                 wrong. What is the company's is the contact in its list, with its origin: hand that over instead."
            }
            Self::BusinessCards => {
                "Personal business cards are personal. Ask for the company's records, and say so: cards that were collected for the company."
            }
            Self::CustomerBan => {
                "Nobody can be forbidden to talk to a customer at all; a blanket ban does not stand and costs credit where it counts. Remind \
                 them of confidentiality: what they know from the company's list is not to be used."
            }
        }
    }
}

/// Refuses a task that demands one of the four, saying why.
pub fn refuse(task: &str) -> Result<(), Refusal> {
    match find(task) {
        None => Ok(()),
        Some(mistake) => Err(Refusal::bad_input(format!("This is not to be demanded. {}", mistake.why()))),
    }
}

/// The first of the four that the text demands.
pub fn find(task: &str) -> Option<Mistake> {
    sentences(task).iter().find_map(|words| {
        let said = Said(words);
        // `Do not ask for …` is no demand; `do not talk to …` is.
        let demands = !said.follows(&["not", "don't", "never", "without", "nobody"], ASKING);
        match () {
            () if demands && said.connections() => Some(Mistake::Connections),
            () if demands && said.personal_account() => Some(Mistake::PersonalAccount),
            () if demands && said.cards() => Some(Mistake::BusinessCards),
            () if said.customer_ban() => Some(Mistake::CustomerBan),
            () => None,
        }
    })
}

const ASKING: &[&str] = &["ask", "asking", "demand", "demanding", "request", "require", "insist", "take", "touch", "want"];
const NETWORKS: &[&str] = &["linkedin", "xing", "facebook", "instagram", "twitter", "x.com", "tiktok", "whatsapp", "social"];
const ACCOUNTS: &[&str] = &["account", "accounts", "profile", "profiles", "login", "logins", "mailbox", "gmail"];
const SECRETS: &[&str] =
    &["password", "passwords", "credentials", "credential", "passcode", "login", "logins", "log-in", "2fa", "recovery", "access"];
const TAKING: &[&str] = &[
    "hand",
    "give",
    "surrender",
    "return",
    "transfer",
    "disclose",
    "reveal",
    "provide",
    "submit",
    "obtain",
    "collect",
    "get",
    "take",
    "delete",
    "close",
    "deactivate",
    "demand",
    "ask",
    "require",
    "request",
    "recover",
    "reset",
    "seize",
    "claim",
    "turn",
    "share",
    "change",
    "must",
];
const OWN: &[&str] = &["personal", "private", "own"];
const WHOSE: &[&str] = &["personal", "private", "own", "their", "his", "her", "your", "employee's", "person's", "leaver's", "them"];
const COMPANY_THINGS: &[&str] = &["page", "pages", "seat", "seats", "handle", "handles", "brand", "navigator", "recruiter"];
const CONNECTIONS: &[&str] = &["connection", "connections", "follower", "followers", "friends"];
const REMOVING: &[&str] = &[
    "remove",
    "removes",
    "removing",
    "removed",
    "delete",
    "deletes",
    "deleting",
    "deleted",
    "disconnect",
    "unlink",
    "drop",
    "purge",
    "sever",
    "cut",
    "erase",
    "clear",
    "block",
];
const UNFRIENDING: &[&str] = &["unfriend", "unfollow", "unconnect", "disconnect"];
const CARDS: &[&str] = &["card", "cards", "rolodex"];
const NOT: &[&str] = &[
    "not",
    "never",
    "no",
    "don't",
    "cannot",
    "can't",
    "mustn't",
    "without",
    "forbid",
    "forbids",
    "forbidden",
    "forbidding",
    "prohibit",
    "prohibited",
    "ban",
    "bans",
    "banned",
    "refrain",
    "stop",
    "cease",
    "avoid",
    "barred",
    "block",
    "blocked",
    "nobody",
];
const TALKING: &[&str] = &[
    "talk",
    "talks",
    "talking",
    "speak",
    "speaking",
    "contact",
    "contacts",
    "contacting",
    "communicate",
    "communicating",
    "communication",
    "call",
    "calling",
    "write",
    "writing",
    "meet",
    "meeting",
    "approach",
    "approaching",
    "deal",
    "dealing",
    "reach",
    "email",
    "e-mail",
    "conversation",
    "conversations",
    "contacted",
];
const CUSTOMERS: &[&str] = &[
    "customer",
    "customers",
    "client",
    "clients",
    "lead",
    "leads",
    "prospect",
    "prospects",
    "buyer",
    "buyers",
    "customer's",
    "clients'",
    "customers'",
];
/// With one of these it is about what may be told, not about talking.
const CONFIDENCE: &[&str] =
    &["confidential", "confidentiality", "secret", "secrets", "disclose", "disclosing", "use", "using", "reveal", "revealing", "share"];

struct Said<'t>(&'t [String]);

impl Said<'_> {
    fn any(&self, of: &[&str]) -> bool {
        self.0.iter().any(|word| of.contains(&word.as_str()))
    }

    /// Whether one of `then` comes within four words behind one of `first`.
    fn follows(&self, first: &[&str], then: &[&str]) -> bool {
        let near = |at: usize| self.0[at + 1..].iter().take(4).any(|word| then.contains(&word.as_str()));
        self.0.iter().enumerate().any(|(at, word)| first.contains(&word.as_str()) && near(at))
    }

    /// Whether what is spoken of is said to be the company's: `the company's seat`, `a company page`, `collected for the company`.
    fn of_the_company(&self, things: &[&str]) -> bool {
        self.any(&["company's", "companys", "brand", "corporate"]) || self.any(COMPANY_THINGS) || self.follows(&["company"], things)
    }

    fn personal_account(&self) -> bool {
        let network = self.any(NETWORKS);
        let thing = self.any(ACCOUNTS) || self.any(SECRETS);
        let owned = self.follows(OWN, ACCOUNTS) || self.follows(OWN, NETWORKS) || self.follows(OWN, SECRETS);
        let whose = network && (thing || self.follows(WHOSE, NETWORKS));
        let wanted = self.any(TAKING) || self.any(SECRETS);
        wanted && (owned && (network || thing) || whose && !self.of_the_company(ACCOUNTS))
    }

    fn connections(&self) -> bool {
        let contacts = self.any(NETWORKS) && self.any(&["contact", "contacts", "network"]);
        self.any(REMOVING) && (self.any(CONNECTIONS) || contacts) || self.any(UNFRIENDING) && (self.any(CUSTOMERS) || self.any(NETWORKS))
    }

    fn cards(&self) -> bool {
        let business = self.follows(&["business", "visiting", "calling"], CARDS) || self.any(&["rolodex"]);
        let theirs = self.follows(OWN, CARDS) || self.follows(OWN, &["rolodex"]);
        let for_the_company = self.follows(&["for"], &["company", "us", "work"]) || self.any(&["company's"]);
        theirs || business && !for_the_company
    }

    fn customer_ban(&self) -> bool {
        let banned = self.follows(NOT, TALKING) && (self.follows(TALKING, CUSTOMERS) || self.follows(CUSTOMERS, TALKING));
        banned && !self.any(CONFIDENCE)
    }
}

/// The words of each sentence, in lower case.
fn sentences(text: &str) -> Vec<Vec<String>> {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let words = |sentence: &str| {
        let cut = sentence.split(|letter: char| !(letter.is_alphanumeric() || "'-.".contains(letter)));
        cut.map(|word| word.trim_matches(['.', '-', '\'']).to_owned()).filter(|word| !word.is_empty()).collect::<Vec<_>>()
    };
    text.split(". ").flat_map(|part| part.split([';', '!', '?'])).map(words).filter(|words| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::table;

    #[test]
    fn each_mistake_is_found_however_it_is_said() {
        let found = [
            (
                Mistake::PersonalAccount,
                &[
                    "Hand over the password of your LinkedIn account",
                    "Get the LinkedIn login from them",
                    "Surrender the personal LinkedIn profile to the company",
                    "They must give us their Facebook credentials.",
                    "Transfer their private X account to marketing",
                    "Collect laptop and phone. Ask for the password of her personal mailbox.",
                    "Have them delete their own LinkedIn profile",
                ][..],
            ),
            (
                Mistake::Connections,
                &[
                    "Remove all connections with customers on LinkedIn",
                    "Make them delete their LinkedIn contacts",
                    "Watch them unfriend the customers",
                    "Followers are to be removed",
                ],
            ),
            (
                Mistake::BusinessCards,
                &[
                    "Collect all business cards",
                    "Ask for their personal business cards",
                    "Turn in your own Rolodex",
                    "Surrender visiting cards",
                ],
            ),
            (
                Mistake::CustomerBan,
                &[
                    "They must not talk to any customer",
                    "No contact with clients for two years",
                    "Forbid them to call customers",
                    "Never speak with a lead again!",
                    "Customers must not be contacted",
                    "Stop all communication with our clients",
                ],
            ),
        ];
        for (mistake, texts) in found {
            for text in texts {
                assert_eq!(find(text), Some(mistake), "{text}");
            }
            assert!(refuse(texts[0]).unwrap_err().message.contains(mistake.why()));
        }
    }

    #[test]
    fn what_is_right_passes() {
        let right = [
            "Take back the company's LinkedIn seat",
            "Change the password of the company page on LinkedIn",
            "Do not ask for their LinkedIn password.",
            "Do not demand that connections be removed",
            "Ask for business cards that they collected for the company",
            "Remind them not to use what is confidential when they talk to customers",
            "Introduce the successor to each customer by telephone",
            "Collect laptop, phone and access card",
            "Tell customers who looks after them now",
            "Revoke the app's access",
        ];
        for text in right.iter().chain(table::CHECKLIST) {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
