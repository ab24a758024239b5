//! The command line, for operators.

use leadkeep::domain::Id;
use serde_json::{Value, json};

use crate::support::{
    World,
    company::{ADMIN, AUDITOR, MANAGER, REP},
    on_both_backends, process,
};

/// What a command prints that has to work.
fn say(world: &World, arguments: &[&str]) -> String {
    let arguments: Vec<&str> = ["departure"].iter().chain(arguments).copied().collect();
    let done = process::run(&world.home, &arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    // What another process did is known here within half a second.
    world.clock.advance_seconds(1);
    String::from_utf8(done.stdout).unwrap()
}

on_both_backends!(an_operator_runs_one, |world| async {
    let rita = world.caller(REP).await;
    rita.graphql("{ leads(first: 10) { nodes { company } } }", json!({})).await.data();
    let begun =
        say(&world, &["begin", REP.email, "--last-day", "2020-01-31", "--access", "keep", "--reason", "Gave notice", "--lock-apps"]);
    let id = begun.split_whitespace().nth(1).unwrap().to_owned();
    assert!(begun.contains("Access ended") && begun.contains(REP.name), "{begun}");
    assert!(begun.contains("Ended with it: 1 sessions"), "{begun}");
    assert_eq!(rita.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert!(say(&world, &["list"]).contains(&id));
    let report = say(&world, &["report", &id, "--days", "7"]);
    assert!(report.contains("company") && report.contains("1 views"), "{report}");
    let preview = say(&world, &["hand-over", &id, "--preview"]);
    assert!(preview.contains(MANAGER.name) && preview.contains("MANAGER") && preview.contains(&Id(1_001).to_string()), "{preview}");
    let handed = say(&world, &["hand-over", &id, "--successor", MANAGER.email]);
    assert!(handed.contains("4 handed over, 0 left"), "{handed}");
    let handover = handed.split_whitespace().nth(1).unwrap().trim_end_matches(':').to_owned();
    assert!(say(&world, &["undo", &handover]).contains("4 taken back"));
    assert!(say(&world, &["certificate", &id, "refused", "--note", "Did not come"]).contains("REFUSED"));
    let shown = say(&world, &["show", &id]);
    let task = shown.lines().find(|line| line.contains("Remind them")).unwrap().split_whitespace().next().unwrap().to_owned();
    // What is open says how it is done.
    for how in [format!("departure task done {task}"), format!("departure hand-over {id} --preview")] {
        assert!(shown.contains(&how), "{how} in {shown}");
    }
    assert!(!shown.contains("departure certificate"), "that is done: {shown}");
    say(&world, &["task", "done", &task]);
    let early = process::run(&world.home, &["departure", "close", &id]);
    assert_eq!(early.status.code(), Some(4), "{}", String::from_utf8_lossy(&early.stderr));
    say(&world, &["cancel", &id, "--reason", "She stays"]);
    assert!(!say(&world, &["list"]).contains(&id) && say(&world, &["list", "--all"]).contains(&id));
    world.caller(REP).await.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.data();
    let log = world.caller(AUDITOR).await;
    let log = log.graphql("{ accessLog(filter: { kind: COMMAND }, first: 50) { edges { node { operationName } } } }", json!({})).await;
    for command in ["departure begin", "departure report", "departure hand-over", "departure undo", "departure cancel"] {
        assert!(log.text.contains(command), "{command} in {}", log.text);
    }
});

on_both_backends!(the_words_go_when_the_person_is_erased, |world| async {
    let ada = world.caller(ADMIN).await;
    let begun = say(&world, &["begin", REP.email, "--last-day", "2020-01-31", "--access", "lock", "--reason", "Unmistakable.Words"]);
    let id = begun.split_whitespace().nth(1).unwrap().to_owned();
    say(&world, &["certificate", &id, "refused", "--note", "Unmistakable.Words again"]);
    let hold = ada.graphql("{ legalHolds(standing: true) { nodes { id } } }", json!({})).await;
    let hold = hold.data()["legalHolds"]["nodes"][0]["id"].clone();
    let erase = "mutation($input: EraseInput!) { erasePerson(input: $input) { proposal { id } } }";
    let lift = "mutation($input: LiftLegalHoldInput!) { liftLegalHold(input: $input) { proposal { id } } }";
    let abel = world.caller(crate::support::company::SECOND_ADMIN).await;
    for (document, name, input) in [
        (lift, "liftLegalHold", json!({ "id": hold, "reason": "Settled" })),
        (erase, "erasePerson", json!({ "id": REP.id.to_string(), "reason": "Asked to" })),
    ] {
        let asked = ada.graphql(document, json!({ "input": input })).await;
        crate::approve(&abel, &asked.data()[name]["proposal"]["id"]).await.data();
    }
    let shown =
        ada.graphql("query($id: ID!) { departure(id: $id) { reason certificate { note } person { name } } }", json!({ "id": id })).await;
    let expected = json!({ "reason": "(erased)", "certificate": { "note": "(erased)" }, "person": { "name": "(erased)" } });
    assert_eq!(shown.data()["departure"], expected);
    let rehire = "mutation($input: DepartureReasonInput!) { rehire(input: $input) { password } }";
    let nobody = ada.graphql(rehire, json!({ "input": { "id": id, "reason": "?" } })).await;
    assert_eq!((nobody.code(), &nobody.json["data"]["rehire"]), (Some("CONFLICT"), &Value::Null));
});
