//! The secret of the trap and what follows from it.
//!
//! Everything about an invented person is a draw: the first eight bytes, most significant first, of HMAC-SHA256 (RFC 2104) keyed
//! with the secret over `leadkeep-canary/v1`, a newline, the name of the draw, a newline and the 13 letters of the lead's id; modulo
//! the length of the list it chooses from. So whoever has the secret can tell for any id whether a name or address belongs to it,
//! and nobody else can.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::names::{AREAS, FIRST, LAST, NOTES, PLACE, TRADE};
use crate::domain::{Digest, Id, hex, unhex};

/// 32 unpredictable bytes.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Who an invented lead is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invented {
    /// First name.
    pub first_name: &'static str,
    /// Last name.
    pub last_name: &'static str,
    /// The company.
    pub company: String,
    /// What stands before the `@`.
    pub mailbox: String,
}

/// A numbering plan with ranges that its authority keeps free for fiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// 555-0100 to 555-0199 in any area code (NANPA).
    NorthAmerica,
    /// 020 7946 0000 to 0999 (Ofcom).
    Britain,
    /// 030 23125 000 to 999 (Bundesnetzagentur).
    Germany,
    /// 01 99 00 00 00 to 99 99 (Arcep).
    France,
}

impl Plan {
    /// The plan that a number in E.164 belongs to; the first for all others.
    pub fn of(number: Option<&str>) -> Self {
        match number.unwrap_or_default() {
            number if number.starts_with("+44") => Self::Britain,
            number if number.starts_with("+49") => Self::Germany,
            number if number.starts_with("+33") => Self::France,
            _ => Self::NorthAmerica,
        }
    }
}

impl Secret {
    /// This secret.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads what [`Secret::to_text`] wrote; `None` if it is something else.
    pub fn from_text(text: &str) -> Option<Self> {
        unhex(text.trim()).map(Self)
    }

    /// 64 hexadecimal digits and a newline: the content of the key file.
    pub fn to_text(&self) -> String {
        hex(&self.0) + "\n"
    }

    /// The whole of a draw.
    pub fn digest(&self, lead: Id, what: &str) -> Digest {
        // RFC 2104 fills a key up to SHA-256's block with zeros.
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mac = Hmac::<Sha256>::new(&block.into());
        mac.chain_update(format!("leadkeep-canary/v1\n{what}\n{lead}")).finalize().into_bytes().into()
    }

    /// The same in hexadecimal.
    pub fn hex(&self, lead: Id, what: &str) -> String {
        hex(&self.digest(lead, what))
    }

    /// The file that these leads come in with: CSV (RFC 4180), by rising id. The draw `reference` in it keeps its SHA-256 from being
    /// found by trying all names.
    pub fn file(&self, mut leads: Vec<Id>) -> String {
        leads.sort_unstable();
        let row = |lead: Id| {
            let Invented { first_name, last_name, company, .. } = self.invent(lead);
            format!("{},{first_name},{last_name},{company}\r\n", self.hex(lead, "reference"))
        };
        leads.into_iter().map(row).fold("Reference,First Name,Last Name,Company\r\n".to_owned(), |file, row| file + &row)
    }

    /// A number below `below`, which is not 0.
    pub fn draw(&self, lead: Id, what: &str, below: usize) -> usize {
        let number = self.digest(lead, what).iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        (number % (below.max(1) as u64)) as usize
    }

    fn pick<'l, T: ?Sized>(&self, lead: Id, what: &str, of: &[&'l T]) -> &'l T {
        of[self.draw(lead, what, of.len())]
    }

    /// Who the lead with this id is, if it is invented.
    pub fn invent(&self, lead: Id) -> Invented {
        let first_name = self.pick(lead, "first name", &FIRST);
        let last_name = self.pick(lead, "last name", &LAST);
        let company = format!("{} {}", self.pick(lead, "place", &PLACE), self.pick(lead, "trade", &TRADE));
        let (first, last) = (first_name.to_lowercase(), last_name.to_lowercase());
        let initial = &first[..1];
        let mut mailbox = match self.draw(lead, "mailbox", 4) {
            0 => format!("{initial}.{last}"),
            1 => format!("{initial}{last}"),
            2 => format!("{last}.{first}"),
            _ => format!("{first}.{last}"),
        };
        if self.draw(lead, "numbered", 3) == 0 {
            mailbox += &(self.draw(lead, "number", 90) + 10).to_string();
        }
        Invented { first_name, last_name, company, mailbox }
    }

    /// The e-mail address at one of the company's domains; `None` if it has none.
    pub fn email(&self, lead: Id, domains: &[String]) -> Option<String> {
        let domain = domains.get(self.draw(lead, "domain", domains.len()))?;
        Some(format!("{}@{}", self.invent(lead).mailbox, domain.to_lowercase()))
    }

    /// The digits of a telephone number that nobody has: country code and national number.
    pub fn phone(&self, lead: Id, plan: Plan) -> (&'static str, String) {
        let number = self.draw(lead, "phone", 10_000);
        match plan {
            Plan::NorthAmerica => ("1", format!("{}55501{:02}", self.pick(lead, "area", &AREAS), number % 100)),
            Plan::Britain => ("44", format!("2079460{:03}", number % 1_000)),
            Plan::Germany => ("49", format!("3023125{:03}", number % 1_000)),
            Plan::France => ("33", format!("19900{number:04}")),
        }
    }

    /// What a colleague could have written about somebody.
    pub fn note(&self, lead: Id) -> &'static str {
        self.pick(lead, "note", &NOTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::normal;

    #[test]
    fn what_follows_from_the_secret_never_changes() {
        let secret = Secret::new([7; 32]);
        let told = secret.invent(Id(1 << 60));
        let domains = ["Mail.Example".to_owned(), "post.example".to_owned()];
        let whole = format!("{told:?} {:?} {:?}", secret.email(Id(1 << 60), &domains), secret.phone(Id(1 << 60), Plan::NorthAmerica));
        assert_eq!(whole, PINNED);
        assert_ne!(told, Secret::new([8; 32]).invent(Id(1 << 60)));
        assert_ne!(told, secret.invent(Id((1 << 60) + 1)));
        assert_eq!(secret.email(Id(1), &[]), None);
    }

    const PINNED: &str = "Invented { first_name: \"Cecilia\", last_name: \"Delaney\", company: \"Hawk Components\", \
        mailbox: \"delaney.cecilia\" } Some(\"delaney.cecilia@post.example\") (\"1\", \"3025550151\")";

    #[test]
    fn its_text_is_read_back_and_nothing_else_is() {
        let secret = Secret::new([0xA5; 32]);
        assert_eq!(Secret::from_text(&secret.to_text()).map(|read| read.0), Some(secret.0));
        for wrong in ["", "a5", &"g".repeat(64), &"a".repeat(66)] {
            assert!(Secret::from_text(wrong).is_none(), "{wrong}");
        }
        assert!(!format!("{secret:?}").contains("a5"));
    }

    #[test]
    fn a_file_has_four_plain_columns_in_the_order_of_the_ids() {
        let secret = Secret::new([7; 32]);
        let all: Vec<Id> = (1..2_000).map(Id).collect();
        let file = secret.file(all.iter().rev().copied().collect());
        assert!(file.lines().all(|line| line.matches(',').count() == 3 && !line.contains('"')), "nothing needs quotes");
        let references: Vec<&str> = file.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(references, all.iter().map(|lead| secret.hex(*lead, "reference")).collect::<Vec<_>>());
        assert_eq!(secret.file(vec![]).lines().count(), 1);
    }

    #[test]
    fn addresses_and_numbers_are_in_normal_form() {
        let (secret, domains) = (Secret::new([1; 32]), ["mail.example".to_owned()]);
        for lead in (1..500).map(Id) {
            let email = secret.email(lead, &domains).unwrap();
            assert_eq!(normal::email(&email), Some(email));
            for plan in [Plan::NorthAmerica, Plan::Britain, Plan::Germany, Plan::France] {
                let (country, national) = secret.phone(lead, plan);
                let number = format!("+{country}{national}");
                assert_eq!((normal::phone(&number), Plan::of(Some(&number))), (Some(number.clone()), plan));
            }
        }
    }
}
