//! The files beside report and log: the revisions of the policy, keys, how to read it all.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{order::Order, rules::Rules};
use crate::{
    domain::hex,
    evidence::{Evidence, Profile},
};

const README: &str = include_str!("readme.txt");

/// Name and content of each.
pub(super) fn files(order: &Order, rules: &Rules, evidence: &Evidence, public_pem: &str, verifier_key: &str) -> Vec<(String, String)> {
    let mut files = vec![
        ("README.txt".to_owned(), README.to_owned()),
        ("keys/ledger.pub".to_owned(), public_pem.to_owned()),
        ("keys/ledger.vkey".to_owned(), format!("{verifier_key}\n")),
    ];
    let revisions = json!({ "format": "leadkeep-revisions/v1", "revisions": evidence.policy.revisions });
    files.push(("policy/revisions.json".to_owned(), format!("{revisions:#}\n")));
    if order.profile == Profile::OpposingCounsel {
        return files;
    }
    if let Some((entry, document)) = &rules.base {
        files.push((format!("policy/{:06}.json", entry.number), document.clone()));
    }
    if let Some((entry, _)) = rules.made.last() {
        files.push((format!("policy/{:06}.json", entry.number), rules.document.json()));
    }
    let mut changes = String::new();
    for (entry, changed) in &rules.made {
        for change in changed {
            let value = |text: &Option<String>| text.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
            let (before, after) = (value(&change.before), value(&change.after));
            let line = json!({
                "revision": entry.number, "sha256": hex(&entry.sha256), "kind": change.kind, "item": change.item,
                "before": before, "after": after,
            });
            // Writing to a string does not fail.
            let _ = writeln!(changes, "{line}");
        }
    }
    files.push(("policy/changes.jsonl".to_owned(), changes));
    files
}
