//! Importing and exporting over HTTP and in the use case, on both back ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod support;

use std::{fmt::Write as _, io::Write};

use entity::change_detail;
use leadkeep::{
    app::{
        Op,
        import::{Counts, Report, Request, Watcher, import},
    },
    domain::{Client, Subject},
    import::Reject,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use support::{Answer, Caller, World, company, on_both_backends};

struct Silent;

impl Watcher for Silent {
    fn rejected(&mut self, _: &Reject) -> std::io::Result<()> {
        Ok(())
    }
}

async fn try_as(world: &World, subject: Subject, bytes: &[u8], request: Request) -> Result<Report, leadkeep::app::Error> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let op = Op::open(world.core.clone(), subject, Client::default(), None).await.unwrap();
    import(&op, file, Request { told: 100, ..request }, &mut Silent).await
}

async fn operator(world: &World, bytes: &[u8]) -> Report {
    try_as(world, Subject::OPERATOR, bytes, Request::default()).await.unwrap()
}

fn counts(report: &Report) -> [u64; 5] {
    let Counts { rows, created, merged, unchanged, rejected } = report.counts;
    [rows, created, merged, unchanged, rejected]
}

const IMPORT: &str = "mutation($input: ImportLeadsInput!) { importLeads(input: $input) {
    id dryRun rows created merged unchanged rejected encoding delimiter preset rejectsCsv
    rejects { line column reason } matches { line verdict leads fields } columns { name field } unknownNames { name rows } } }";

async fn upload(caller: &Caller, bytes: &[u8], input: Value) -> Answer {
    caller.upload(IMPORT, input, bytes).await
}

/// Rows of people, each listed once more with a variation of one kind.
fn varied(people: usize) -> String {
    let mut text = String::from("Index,Account Id,Lead Owner,First Name,Last Name,Company,Phone 1,Phone 2,Email 1,Email 2,Deal Stage\n");
    for turn in 0..2 {
        for n in 0..people {
            let (mut last, mut one, mut two) = (format!("Last{n}"), format!("one{n}@a.example"), format!("two{n}@b.example"));
            let (mut phone, mut other) = (format!("(425) 489-{n:04}"), format!("+1-206-555-{n:04}x12"));
            match (turn, n % 4) {
                (0, _) => {}
                (_, 0) => last = "L.".into(),
                (_, 1) => std::mem::swap(&mut one, &mut two),
                (_, 2) => one = format!("one{n}+news@A.example"),
                _ => std::mem::swap(&mut phone, &mut other),
            }
            writeln!(text, "{n},ACC{n:07}x,Nobody Here,First{n},{last},\"Firm, {n}\",{phone},{other},{one},{two},Won").unwrap();
        }
    }
    text
}

on_both_backends!(the_same_file_twice_adds_nothing, |world| async {
    let file = varied(700);
    let first = operator(&world, file.as_bytes()).await;
    assert_eq!(counts(&first), [1_400, 700, 0, 700, 0]);
    assert_eq!(first.unknown_places.get("Nobody Here"), Some(&1_400));
    let again = operator(&world, file.as_bytes()).await;
    assert_eq!(counts(&again), [1_400, 0, 0, 1_400, 0]);
});

on_both_backends!(a_dry_run_tells_and_writes_nothing, |world| async {
    let file = varied(600);
    let dry = Request { dry_run: true, ..Request::default() };
    for _ in 0..2 {
        let report = try_as(&world, Subject::OPERATOR, file.as_bytes(), dry.clone()).await.unwrap();
        assert_eq!(counts(&report), [1_200, 600, 0, 600, 0]);
    }
    // A lead of the list gains what it lacks: the preview names it and the fields.
    let row = b"First Name,Last Name,Reference,Email,Industry,City\nFirst0,Last0,REF-0,new@customer0.example,Mining,Bonn\n";
    let report = try_as(&world, Subject::OPERATOR, row, dry).await.unwrap();
    assert_eq!(counts(&report), [1, 0, 1, 0, 0]);
    let met = &report.preview[0];
    assert_eq!((met.line, met.leads[0].0), (2, 1_001));
    assert_eq!(met.fields.iter().map(leadkeep::domain::Field::name).collect::<Vec<_>>(), ["emails"]);
    assert_eq!(counts(&operator(&world, row).await), [1, 0, 1, 0, 0]);
    assert_eq!(counts(&operator(&world, row).await), [1, 0, 0, 1, 0]);
});

on_both_backends!(shared_telephones_merge_nobody, |world| async {
    let report = operator(&world, include_bytes!("data/shared-office.csv")).await;
    assert_eq!(counts(&report), [6, 5, 1, 0, 0]);
    let again = operator(&world, include_bytes!("data/shared-office.csv")).await;
    assert_eq!(again.counts.created, 0);
});

on_both_backends!(nobody_of_a_file_with_repetitions_stands_in_the_list_twice, |world| async {
    let file = include_bytes!("data/leads-duplicates.csv");
    let first = operator(&world, file).await;
    assert_eq!((first.counts.rows, first.counts.created), (1_000, 595), "{:?}", first.counts);
    assert_eq!(operator(&world, file).await.counts.created, 0);
});

on_both_backends!(a_ragged_row_is_rejected_by_its_line, |world| async {
    let report = operator(&world, include_bytes!("data/suitecrm-leads.csv")).await;
    assert_eq!(counts(&report), [2, 1, 0, 0, 1]);
    assert_eq!(report.rejects[0].line, 3);
});

on_both_backends!(sound_rows_of_broken_files_are_taken, |world| async {
    for (file, created, rejected) in [
        (&include_bytes!("data/broken/mark-and-padded-names.csv")[..], 1, 0),
        (include_bytes!("data/broken/windows-1252.csv"), 2, 0),
        (include_bytes!("data/broken/semicolons.csv"), 2, 0),
        (include_bytes!("data/broken/open-quotes.csv"), 3, 2),
        (include_bytes!("data/broken/ragged.csv"), 1, 4),
        (include_bytes!("data/broken/utf-16.csv"), 1, 0),
        (include_bytes!("data/suitecrm.csv"), 1, 2),
        (include_bytes!("data/hubspot.csv"), 1, 0),
        (include_bytes!("data/salesforce.csv"), 1, 0),
    ] {
        let report = operator(&world, file).await;
        assert_eq!((report.counts.created, report.counts.rejected), (created, rejected), "{:?}", report.rejects);
        assert_eq!(operator(&world, file).await.counts.created, 0);
    }
});

on_both_backends!(what_is_hidden_cannot_be_met, |world| async {
    // The manager sees all of Sales, but not lead 1004, which is nobody's.
    let manager = world.caller(company::MANAGER).await;
    let row = b"First Name,Last Name,Reference,Email,City\nFirst3,Last3,REF-3,lead3@customer3.example,Bonn\n";
    let answer = upload(&manager, row, json!({})).await;
    let payload = &answer.data()["importLeads"];
    assert_eq!((&payload["created"], &payload["matches"]), (&json!(1), &json!([])), "{}", answer.text);
    let visible = b"First Name,Last Name,Reference,Email,City\nFirst0,Last0,REF-0,extra@customer0.example,Bonn\n";
    let answer = upload(&manager, visible, json!({ "dryRun": true })).await;
    assert_eq!(answer.data()["importLeads"]["matches"][0]["fields"], json!(["emails"]), "{}", answer.text);
    let answer = upload(&manager, b"name,email\nZoe Zed,zoe@zed.example\n", json!({ "marking": { "level": "TRADE_SECRET" } })).await;
    assert_eq!(answer.data()["importLeads"]["created"], 1, "{}", answer.text);
    for member in [company::REP, company::ANALYST, company::AUDITOR, company::ADMIN] {
        let answer = upload(&world.caller(member).await, row, json!({})).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", member.role);
    }
});

on_both_backends!(an_upload_tells_every_row_it_did_not_take, |world| async {
    let manager = world.caller(company::MANAGER).await;
    let answer = upload(&manager, include_bytes!("data/broken/ragged.csv"), json!({ "saveMappingAs": "ragged" })).await;
    let payload = &answer.data()["importLeads"];
    assert_eq!((&payload["created"], &payload["rejected"]), (&json!(1), &json!(4)));
    assert_eq!(payload["rejects"][3], json!({ "line": 7, "column": "email", "reason": "email: not an e-mail address" }));
    let corrected = payload["rejectsCsv"].as_str().unwrap().replace("not an address", "max@frey.example");
    let answer = upload(&manager, corrected.as_bytes(), json!({ "savedMapping": "ragged" })).await;
    let payload = &answer.data()["importLeads"];
    assert_eq!((&payload["created"], &payload["rejected"]), (&json!(1), &json!(3)), "{}", answer.text);
    let answer = upload(&manager, b"a,b\n1,2\n", json!({})).await;
    assert_eq!(answer.code(), Some("BAD_USER_INPUT"));
    assert!(answer.message().unwrap().contains("--map"));
});

on_both_backends!(the_record_names_every_lead, |world| async {
    let mut file = String::from("First Name,Last Name,Reference,Email,City\nFirst0,Last0,REF-0,extra@customer0.example,Bonn\n");
    file.extend((0..600).map(|n| format!("New{n},Person{n},NEW-{n},new{n}@new.example,Bonn\n")));
    let answer = upload(&world.caller(company::MANAGER).await, file.as_bytes(), json!({})).await;
    let payload = &answer.data()["importLeads"];
    assert_eq!((&payload["created"], &payload["merged"]), (&json!(600), &json!(1)), "{}", answer.text);

    let database = world.home.connect().await;
    let query = change_detail::Entity::find().filter(change_detail::Column::Kind.is_in(["import", "lead"]));
    let rows = query.order_by_asc(change_detail::Column::Seq).all(&database).await.unwrap();
    assert_eq!(rows.len(), 2, "one row a chunk");
    let [first, second] = [0, 1].map(|n: usize| serde_json::from_str::<Value>(rows[n].after.as_ref().unwrap()).unwrap());
    let merged = &first["merged"][0];
    assert_eq!(merged["before"], json!({ "emails": "lead0@customer0.example" }));
    assert_eq!(merged["after"], json!({ "emails": "lead0@customer0.example\nextra@customer0.example" }));

    let auditor = world.caller(company::AUDITOR).await;
    let log = "query($filter: AccessLogFilter!) { accessLog(first: 50, filter: $filter) { edges { node {
        changed { kind item } changes { kind before after } } } } }";
    for lead in [&merged["lead"], &first["created"][0], second["created"].as_array().unwrap().last().unwrap()] {
        let answer = auditor.graphql(log, json!({ "filter": { "lead": lead, "kind": "MUTATION" } })).await;
        let edges = answer.data()["accessLog"]["edges"].as_array().unwrap();
        assert_eq!(edges.len(), 1, "{lead}");
        assert_eq!(edges[0]["node"]["changed"].as_array().unwrap().iter().filter(|changed| changed["kind"] == "lead").count(), 601);
        assert!(!answer.text.contains("customer0.example"), "an auditor sees no values of leads");
    }
});

const EXPORT: &str = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { fileName rows banner content } }";

on_both_backends!(an_export_is_marked_limited_and_recorded, |world| async {
    let rep = world.caller(company::REP).await;
    let without = rep.graphql(EXPORT, json!({ "input": {} })).await;
    assert_eq!(without.code(), Some("PURPOSE_REQUIRED"));
    let unknown = rep.graphql(EXPORT, json!({ "input": { "purpose": "CURIOSITY" } })).await;
    assert_eq!(unknown.code(), Some("PURPOSE_REQUIRED"));
    let answer = rep.graphql(EXPORT, json!({ "input": { "purpose": "ANALYSIS" } })).await;
    let payload = &answer.data()["exportLeads"];
    let content = payload["content"].as_str().unwrap();
    let lines: Vec<&str> = content.lines().collect();
    assert!(lines[0].starts_with("# Receipt: "), "{content}");
    assert_eq!(lines[1], format!("# Confidentiality: {}", payload["banner"].as_str().unwrap()));
    assert!(content.contains("# Exported by: Rita Rep\r\n") && content.contains("# Purpose: ANALYSIS\r\n"));
    let rows = lines.iter().filter(|line| !line.starts_with('#')).count() - 1;
    assert_eq!(payload["rows"], rows);
    // The team's contact data stays masked, the other team's leads stay out.
    assert!(content.contains("lead0@customer0.example") && content.contains("•••@"));
    assert!(!content.contains("lead1@customer1.example") && !content.contains("secret note 2"));
    let analyst = world.caller(company::ANALYST).await.graphql(EXPORT, json!({ "input": { "purpose": "X" } })).await;
    assert_eq!(analyst.code(), Some("FORBIDDEN"));
    // What was exported can be imported again and says nothing new; masked cells are told, not taken.
    let back = operator(&world, content.as_bytes()).await;
    assert_eq!(back.counts.created, 0, "{:?}", back.rejects);
    assert_eq!(back.counts.unchanged + back.counts.rejected, rows as u64, "{:?}", back.preview);
});
