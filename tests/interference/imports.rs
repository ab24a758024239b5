//! Importing tells nothing of what is hidden: neither whether somebody stands in the list already, nor what a hidden cell of
//! a lead holds. Two imports of one file into lists that differ only in that answer alike, and leave the same to be seen.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::json;

use crate::{
    Stage,
    case::{Case, Held, changed, held},
    comparable, put, run,
    support::{Answer, Backend},
};

/// A file, and whether it is only looked at.
#[derive(Clone, Debug)]
struct Import {
    rows: Vec<(Held, Option<&'static str>)>,
    dry_run: bool,
}

const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) { dryRun rows created merged unchanged rejected \
    rejects { line column reason } rejectsCsv matches { line verdict leads fields } unknownNames { name rows } } }";
/// By what no import changes, so that the new leads of both come in the same order.
const SEEN: &str = "{ leads(first: 100) { totalCount nodes { name company city country stage emails phones tags reference \
    origins { channel file { sha256 record } } custody { strength } redactions { field disposition } } } }";

fn import() -> impl Strategy<Value = Import> {
    let first_name = option::of(select(vec!["Ann", "Bob"]));
    (vec((held(), first_name), 1..6), any::<bool>()).prop_map(|(rows, dry_run)| Import { rows, dry_run })
}

fn csv(import: &Import) -> Vec<u8> {
    let mut text = String::from("First Name,Last Name,Company,City,Country,Stage,Email,Phone,Tags,Reference\n");
    for (row, first_name) in &import.rows {
        let phone = row.tag.map(|_| "+1 202 555 0100");
        let cells =
            [*first_name, row.last_name, Some(row.company), row.country, row.country, row.stage, row.email, phone, row.tag, row.reference];
        text += &cells.map(Option::unwrap_or_default).join(",");
        text.push('\n');
    }
    text.into_bytes()
}

/// The new leads have other ids.
fn seen(answer: &Answer) -> (u16, serde_json::Value) {
    (answer.status, answer.json["data"].clone())
}

async fn same_imports(stage: &Stage, case: Case<Import>) -> Result<(), TestCaseError> {
    let (scope, originals) = stage.set(&case).await;
    let (world, caller) = (&stage.world, stage.caller(&case));
    for import in &case.acts {
        let file = csv(import);
        let input = || json!({ "dryRun": import.dry_run });
        put(world, originals.clone()).await;
        let first = (caller.upload(IMPORT, input(), &file).await, caller.graphql(SEEN, json!({})).await);
        put(world, changed(&case, scope.as_ref())).await;
        let second = (caller.upload(IMPORT, input(), &file).await, caller.graphql(SEEN, json!({})).await);
        prop_assert_eq!(comparable(&first.0), comparable(&second.0), "{}", String::from_utf8_lossy(&file));
        prop_assert_eq!(seen(&first.1), seen(&second.1), "after {}", String::from_utf8_lossy(&file));
        prop_assert!(first.0.code() != Some("INTERNAL"), "{}", first.0.text);
    }
    Ok(())
}

#[test]
fn sqlite_imports_the_same() {
    run(Backend::Sqlite, 60, vec(import(), 2), same_imports);
}

#[test]
fn postgres_imports_the_same() {
    run(Backend::Postgres, 40, vec(import(), 2), same_imports);
}
