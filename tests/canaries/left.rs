//! What the keeper is told when somebody leaves, and what nobody else is told then.

use std::{
    fs::File,
    io::{Cursor, Read},
};

use serde_json::{Value, json};

use crate::{
    canaries,
    files::{content, export},
    granted, ids, keeper, leads, plant,
    support::{World, company, on_both_backends, process},
    trapped,
};

const ONE: &str = "query($id: ID!) { lead(id: $id) { id emails } }";
const REPORT: &str = "query($id: ID!) { departureReport(departureId: $id, days: 30) { distinctLeads canaries {
    shown shownAlone changed files lastAt canary { leadId name email reader { id } } } } }";

/// Begins the departure of the rep; its id.
async fn begin(world: &World) -> Value {
    let begin = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) { departure { id } } }";
    let day = leadkeep::domain::Clock::now(&*world.clock).plus_seconds(7 * 86_400).to_string();
    let input = json!({ "personId": company::REP.id.to_string(), "lastDay": day, "reason": "Gave notice", "access": "KEEP" });
    let begun = world.caller(company::ADMIN).await.graphql(begin, json!({ "input": input })).await;
    begun.data()["beginDeparture"]["departure"]["id"].clone()
}

on_both_backends!(the_keeper_reads_what_a_leaver_did_with_theirs, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let rita = world.caller(company::REP).await;
    let own = canaries(&keeper, Some(company::REP)).await;
    leads(&rita, Value::Null).await;
    let opened = &own[1]["leadId"];
    rita.graphql(ONE, json!({ "id": opened })).await.data();
    let update = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { company } } }";
    rita.graphql(update, json!({ "input": { "id": opened, "values": { "stage": "Called" } } })).await.data();
    let file = content(&export(&rita, json!({})).await);
    let id = begin(&world).await;
    // Those who run departures or read the log see no difference to somebody without canaries.
    for member in [company::ADMIN, company::AUDITOR] {
        let report = world.caller(member).await.graphql(REPORT, json!({ "id": id })).await;
        assert_eq!(report.data()["departureReport"]["canaries"], Value::Null, "{}", member.name);
    }
    assert_eq!(keeper.graphql(REPORT, json!({ "id": id })).await.code(), Some("FORBIDDEN"), "the keeper alone runs no departure");
    granted(&world, company::AUDITOR, "trap-keeper").await.data();
    let report = world.caller(company::AUDITOR).await.graphql(REPORT, json!({ "id": id })).await;
    let told = report.data()["departureReport"]["canaries"].as_array().unwrap().clone();
    let now = canaries(&keeper, Some(company::REP)).await;
    assert_eq!(
        told.iter().map(|met| &met["canary"]["leadId"]).collect::<Vec<_>>(),
        now.iter().map(|canary| &canary["leadId"]).collect::<Vec<_>>()
    );
    assert_eq!(told.len(), 4, "three, and the file's own");
    for met in &told {
        let lead = met["canary"]["leadId"].as_str().unwrap();
        assert!(file.contains(lead) && met["files"].as_array().unwrap().len() == 1 && !met["lastAt"].is_null(), "{met}");
        let alone = u64::from(met["canary"]["leadId"] == *opened);
        // Opened, and shown as what the change left.
        assert_eq!((&met["shownAlone"], &met["changed"]), (&json!(2 * alone), &json!(alone)), "{met}");
        let listed = u64::from(own.iter().any(|canary| canary["leadId"] == met["canary"]["leadId"]));
        assert_eq!(met["shown"], json!(listed + 2 * alone), "{met}");
    }
});

on_both_backends!(no_evidence_file_and_no_question_tells_which_they_are, settings | settings | { trapped(settings) }, |world| async {
    let keeper = keeper(&world).await;
    plant(&keeper).await;
    let rita = world.caller(company::REP).await;
    let shown = leads(&rita, Value::Null).await;
    export(&rita, json!({})).await.data();
    begin(&world).await;
    // An auditor who has ids from the log is answered of a canary as of a lead.
    let auditor = world.caller(company::AUDITOR).await;
    let own = ids(&canaries(&keeper, Some(company::REP)).await, "leadId");
    let could = "query($input: WhoCouldSeeInput!) { whoCouldSee(input: $input) { exact subjects { subject { id } } } }";
    for lead in &shown {
        let answer = auditor.graphql(could, json!({ "input": { "lead": lead["id"] } })).await;
        let subjects = answer.data()["whoCouldSee"]["subjects"].as_array().unwrap().clone();
        let seen_by = |member: company::Member| subjects.iter().any(|could| could["subject"]["id"] == json!(member.id.to_string()));
        assert!(seen_by(company::REP), "{} {}", own.contains(lead["id"].as_str().unwrap()), answer.text);
    }
    let out = world.home.folder().join("evidence.zip");
    let at = |seconds: i64| leadkeep::domain::Clock::now(&*world.clock).plus_seconds(seconds).to_string();
    let (from, to) = (at(-86_400), at(0));
    let done = process::run(&world.home, &["evidence", "--from", &from, "--to", &to, "--out", out.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let mut bytes = Vec::new();
    File::open(&out).unwrap().read_to_end(&mut bytes).unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let secrets: Vec<String> = canaries(&keeper, None)
        .await
        .iter()
        .flat_map(|canary| ["name", "company", "email"].map(|key| canary[key].as_str().unwrap().to_owned()))
        .collect();
    for number in 0..zip.len() {
        let mut part = zip.by_index(number).unwrap();
        let (name, mut content) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut content).unwrap();
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "a canary's name stands in {name}");
        // That a file got one is in the log, not which lead it is.
        assert!(!text.contains("\"canary\"") || own.iter().all(|lead| !text.contains(&format!("\"kind\":\"canary\",\"item\":\"{lead}\""))));
    }
});
