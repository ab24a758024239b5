//! Entries of JSON archives: whom an X account follows or is followed by, and friends of a Facebook export. Such a file is
//! read as a whole, so it has a largest size; its entries are taken one by one.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    vec::IntoIter,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    format::Format,
    item::{Item, Unreadable},
    rejects::{Problem, Reject},
    row::{self, Draft},
    target::Target,
};
use crate::domain::{Field, Timestamp, clock::SECOND};

/// Largest file of this kind, in bytes.
pub const LARGEST: u64 = 64 * 1024 * 1024;

/// The entries of one file.
pub(super) struct Entries {
    rest: IntoIter<Box<RawValue>>,
    format: Format,
    region: String,
    read: u64,
}

#[derive(Deserialize)]
struct Follow {
    #[serde(alias = "follower")]
    following: XAccount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct XAccount {
    account_id: String,
}

#[derive(Deserialize)]
struct Friend {
    name: String,
    timestamp: Option<i64>,
}

impl Entries {
    /// Reads the whole file.
    pub(super) fn read(input: impl Read, format: Format, region: String) -> Result<Self, Unreadable> {
        let mut text = String::new();
        let got = input.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Unreadable::Content("this is not UTF-8, as such a file is".into()),
            _ => Unreadable::Io(error),
        })?;
        if got as u64 > LARGEST {
            return Err(Unreadable::Content(format!("a file of this kind may have {} MiB", LARGEST / 1024 / 1024)));
        }
        let no_list = |what: &str| Unreadable::Content(format!("this is no {what}"));
        let entries: Vec<Box<RawValue>> = if format == Format::X {
            // `window.YTD.following.part0 = […]`.
            let list = text.find('[').map(|at| text[at..].trim_end().trim_end_matches(';'));
            let list = list.and_then(|list| serde_json::from_str(list).ok());
            list.ok_or_else(|| no_list("following.js or follower.js of an X archive"))?
        } else {
            let whole: Option<BTreeMap<String, Box<RawValue>>> = serde_json::from_str(&text).ok();
            let friends = whole.and_then(|mut whole| whole.remove("friends_v2").or_else(|| whole.remove("friends")));
            let list = friends.and_then(|friends| serde_json::from_str(friends.get()).ok());
            list.ok_or_else(|| no_list("friends_v2 file of a Facebook export"))?
        };
        Ok(Self { rest: entries.into_iter(), format, region, read: 0 })
    }

    /// The next entry; `None` behind the last.
    pub(super) fn next(&mut self) -> Option<Item> {
        let entry = self.rest.next()?;
        self.read += 1;
        let line = self.read;
        // On one line, as a cell of the rejects file.
        let raw = format!("\"{}\"", entry.get().split_whitespace().collect::<Vec<_>>().join(" ").replace('"', "\"\""));
        let draft = match self.format {
            Format::X => follow(entry.get(), line, raw.clone(), &self.region),
            _ => friend(entry.get(), line, raw.clone(), &self.region),
        };
        Some(match draft.map_err(|reason| Reject { line, problems: vec![Problem { column: None, reason }], raw }) {
            Ok(draft) => match row::settled(draft, Vec::new()) {
                Ok(draft) => Item::Row(Box::new(draft)),
                Err(reject) => Item::Rejected(reject),
            },
            Err(reject) => Item::Rejected(reject),
        })
    }
}

/// An X archive names accounts by their numbers alone.
fn follow(entry: &str, line: u64, raw: String, region: &str) -> Result<Draft, String> {
    let follow: Follow = serde_json::from_str(entry).map_err(|_| "no entry with an accountId")?;
    let id = follow.following.account_id;
    if id.is_empty() || id.len() > 20 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("accountId: not the number of an account".into());
    }
    let mut draft = Draft::new(line, raw);
    row::cell(&mut draft, Target::Field(Field::LastName), &format!("X user {id}"), region)?;
    row::cell(&mut draft, Target::Field(Field::Reference), &format!("https://x.com/i/user/{id}"), region)?;
    Ok(draft)
}

fn friend(entry: &str, line: u64, raw: String, region: &str) -> Result<Draft, String> {
    let friend: Friend = serde_json::from_str(entry).map_err(|_| "no entry with a name")?;
    let mut draft = Draft::new(line, raw);
    let name = mended(&friend.name);
    if !name.trim().is_empty() {
        row::cell(&mut draft, Target::FullName, &name, region)?;
    }
    draft.since = friend.timestamp.filter(|seconds| *seconds > 0).map(|seconds| Timestamp(seconds.saturating_mul(SECOND)));
    Ok(draft)
}

/// Facebook writes the bytes of UTF-8 as letters of Latin-1: `ZoÃ«` is Zoë.
fn mended(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(text: &str, format: Format) -> Vec<Item> {
        let mut entries = Entries::read(text.as_bytes(), format, "US".into()).unwrap();
        std::iter::from_fn(|| entries.next()).collect()
    }

    fn draft(item: &Item) -> &Draft {
        match item {
            Item::Row(draft) => draft,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_x_archive() {
        let text =
            "window.YTD.follower.part0 = [ { \"follower\" : { \"accountId\" : \"42\", \"userLink\" : \"x\" } }, { \"follower\": {} } ]";
        let found = items(text, Format::X);
        assert_eq!(draft(&found[0]).values.text(Field::Reference), Some("https://x.com/i/user/42"));
        assert!(matches!(&found[1], Item::Rejected(reject) if reject.line == 2));
    }

    #[test]
    fn friends_of_a_facebook_export() {
        let text = r#"{"friends_v2": [{"name": "Zo\u00c3\u00ab van Dyck", "timestamp": 1700000000}, {"name": " "}, 7]}"#;
        let found = items(text, Format::Facebook);
        assert_eq!(draft(&found[0]).values.text(Field::FirstName), Some("Zoë van"));
        assert_eq!(draft(&found[0]).since, Some(Timestamp(1_700_000_000_000_000)));
        assert!(found[1..].iter().all(|item| matches!(item, Item::Rejected(_))));
        assert_eq!(mended("Zoë"), "Zoë");
        assert!(matches!(Entries::read(&b"{}"[..], Format::Facebook, "US".into()), Err(Unreadable::Content(_))));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}", list in "[\\[\\]{}\":, a-z0-9]{0,60}") {
            for text in [text, format!("window.YTD.x = [{list}]"), format!("{{\"friends_v2\":[{list}]}}")] {
                for format in [Format::X, Format::Facebook] {
                    if let Ok(mut entries) = Entries::read(text.as_bytes(), format, "US".into()) {
                        while entries.next().is_some() {}
                    }
                }
            }
        }
    }
}
