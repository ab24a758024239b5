//! What an auditor sees of texts that may hold lead data: their shape, never their values. An auditor has no window onto
//! leads, and what somebody typed into a filter or a new lead is lead data as much as the lead itself.

use serde_json::{Map, Value};

use super::access_log::ChangeShown;
use crate::{domain::Id, store::LoggedChange};

/// What stands in the place of a hidden value.
const HIDDEN: &str = "•••";

/// The kinds of things whose before and after an auditor sees; of all others, leads first of all, only field names.
const SHOWN: &[&str] = &[
    "compartment",
    "fieldMarking",
    "team",
    "role",
    "requirement",
    "agreement",
    "acceptance",
    "purpose",
    "quota",
    "quotaLift",
    "alarm",
    "accessReview",
    "grant",
    "setting",
    "person",
    "app",
    "appSecret",
    "session",
    "proposal",
    "contactAccount",
    "erasure",
    "legalHold",
    "departure",
    "departureTask",
    "departureHandover",
    "ledgerSegment",
];

/// A document with every string, number and comment hidden; ids stay, they name what was asked for and tell no more.
pub fn literals(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    let mut in_name = false;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            '"' => {
                let (text, length) = string(rest);
                out.push('"');
                out.push_str(if is_id(text) { text } else { HIDDEN });
                out.push('"');
                length
            }
            '0'..='9' | '-' if !in_name => {
                out.push_str(HIDDEN);
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len())
            }
            _ => {
                out.push(next);
                next.len_utf8()
            }
        };
        in_name = next.is_ascii_alphanumeric() || next == '_';
        rest = &rest[length..];
    }
    out
}

/// Whether somebody wrote texts into a document, or comments, instead of handing them over as variables.
pub fn has_texts(document: &str) -> bool {
    document.contains('#') || literals(document).contains(&format!("\"{HIDDEN}\""))
}

/// The string at the beginning of `text`: what stands between its quotes, and its whole length with them.
fn string(text: &str) -> (&str, usize) {
    // In a block string only `\"""` is an escape, in any other a backslash takes the next character with it.
    let (quotes, escapes): (&str, &[&str]) = if text.starts_with("\"\"\"") { ("\"\"\"", &["\\\"\"\""]) } else { ("\"", &["\\\\", "\\\""]) };
    let body = &text[quotes.len()..];
    let mut at = 0;
    while let Some(letter) = body[at..].chars().next() {
        if body[at..].starts_with(quotes) {
            return (&body[..at], quotes.len() * 2 + at);
        }
        let escape = escapes.iter().find(|escape| body[at..].starts_with(**escape));
        at += escape.map_or(letter.len_utf8(), |escape| escape.len());
    }
    ("", text.len())
}

/// JSON with every string and number hidden, except ids; keys, truth values and null stay.
pub fn values(value: Value) -> String {
    hidden(value).to_string()
}

fn hidden(value: Value) -> Value {
    match value {
        Value::String(text) if is_id(&text) => Value::String(text),
        Value::String(_) | Value::Number(_) => Value::String(HIDDEN.into()),
        Value::Array(items) => Value::Array(items.into_iter().map(hidden).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(key, value)| (key, hidden(value))).collect()),
        Value::Null | Value::Bool(_) => value,
    }
}

/// Whether a text is an id. One of digits alone could as well be a telephone number.
fn is_id(text: &str) -> bool {
    text.parse::<Id>().is_ok() && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A change as an auditor sees it.
pub fn change(change: LoggedChange) -> ChangeShown {
    let fields = differing(change.before.as_deref(), change.after.as_deref());
    let shown = SHOWN.contains(&change.kind.as_str());
    ChangeShown {
        kind: change.kind,
        item: change.item,
        fields,
        before: change.before.filter(|_| shown),
        after: change.after.filter(|_| shown),
    }
}

/// The keys at which two JSON objects differ; nothing if one is there and is no object.
fn differing(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    let object = |json: Option<&str>| json.map_or(Some(Map::new()), |json| serde_json::from_str(json).ok());
    let (Some(before), Some(after)) = (object(before), object(after)) else {
        return Vec::new();
    };
    let mut keys: Vec<_> = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key)).cloned().collect();
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_shape() {
        let document = r#"query Q2($n: Int = 5) { # who is anna@example.com?
  leads(first: 50, filter: {emails: {eq: "anna\"@example.com"}, note: """a "b" \""" c""", score: {gt: -1.5e3}}) { nodes { id2 } }
  lead(id: "0a1b2c3d4e5f6") { id } again: lead(id: "4917612345678") { id } }"#;
        let shown = literals(document);
        for secret in ["anna", "example", "50", "1.5", "4917612345678", "= 5", " c"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for kept in ["query Q2($n: Int = •••)", "0a1b2c3d4e5f6", "id2", "{emails: {eq: \"•••\"}", "score: {gt: •••}}"] {
            assert!(shown.contains(kept), "{kept} in {shown}");
        }
    }

    #[test]
    fn broken_documents_hide_what_is_left() {
        assert_eq!(literals("{ a(b: \"anna"), "{ a(b: \"•••\"");
        assert_eq!(literals("{ a(b: \"anna\\"), "{ a(b: \"•••\"");
        assert_eq!(literals(r#"{ a(b: """x\\""" anna """) }"#), "{ a(b: \"•••\") }");
    }

    #[test]
    fn variables_keep_keys_and_ids() {
        let json = r#"{"input":{"emails":["anna@example.com"],"dealValue":12,"archived":true,"team":null},"id":"0a1b2c3d4e5f6"}"#;
        let shown = r#"{"id":"0a1b2c3d4e5f6","input":{"archived":true,"dealValue":"•••","emails":["•••"],"team":null}}"#;
        assert_eq!(values(serde_json::from_str(json).unwrap()), shown);
    }

    #[test]
    fn of_leads_only_names_of_fields() {
        let logged = |kind: &str| LoggedChange {
            kind: kind.into(),
            item: "0a1b2c3d4e5f6".into(),
            before: Some(r#"{"city":"Ulm","stage":"new"}"#.into()),
            after: Some(r#"{"city":"Bonn","stage":"new"}"#.into()),
        };
        let lead = change(logged("lead"));
        assert_eq!((lead.fields, lead.before, lead.after), (vec!["city".to_owned()], None, None));
        assert!(change(logged("grant")).before.is_some());
        assert!(change(logged("something new")).after.is_none());
    }
}
