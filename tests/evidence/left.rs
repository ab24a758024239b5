//! Those who left, and those who may no longer have the file while it is made.

use std::{collections::HashSet, sync::Arc};

use leadkeep::{
    app::evidence::{self, Maker, Order},
    audit::record::{Decision, OperationKind},
    domain::{Client, Clock as _, Id, Subject},
    evidence::Profile,
    policy::Code,
};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};

use super::{days, make, named_in, past};
use crate::support::{Caller, World, company, ledger::LedgerCopy, on_both_backends};

on_both_backends!(what_was_done_when_somebody_left_is_told, |world| async {
    past(&world).await;
    let at = |seconds: i64| world.clock.now().plus_seconds(seconds).to_string();
    let admin = world.caller(company::ADMIN).await;
    let begin = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) { departure { id accessEndedAt } } }";
    let input = json!({ "personId": company::REP.id.to_string(), "lastDay": at(7 * 86_400), "reason": "Unmistakable words", "access": "LOCK",
        "knownAt": at(-3 * 86_400) });
    let begun = admin.graphql(begin, json!({ "input": input })).await.data()["beginDeparture"]["departure"].clone();
    let [from, to] = days(&world);
    let range = ["--from", &from, "--to", &to];
    let file = make(&world, "left.zip", &range);
    let left = file.json("accesses.json")["left"].as_array().unwrap().clone();
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0]["endedAt"], &left[0]["overAt"]), (&begun["accessEndedAt"], &Value::Null));
    assert!(left[0]["lastShownAt"].as_str().unwrap() < left[0]["endedAt"].as_str().unwrap());
    let first = file.pdf_text(world.home.folder()).split('\u{c}').next().unwrap().to_owned();
    for told in ["3 days 0 h at the longest", "None of them was shown a lead after that", "longer than a day"] {
        assert!(first.contains(told), "{told} is not in {first}");
    }
    assert!(named_in(&file, world.home.folder()).is_empty());
    assert!(file.parts.values().all(|part| !String::from_utf8_lossy(part).contains("Unmistakable words")));
    // What is done about it later is another file's.
    let cancel = "mutation($input: DepartureReasonInput!) { cancelDeparture(input: $input) { proposal { id } } }";
    let asked = admin.graphql(cancel, json!({ "input": { "id": begun["id"], "reason": "She stays" } })).await;
    let approve = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state } } }";
    let proposal = json!({ "input": { "id": asked.data()["cancelDeparture"]["proposal"]["id"] } });
    world.caller(company::SECOND_ADMIN).await.graphql(approve, proposal).await.data();
    assert!(make(&world, "later.zip", &range).bytes == file.bytes);
});

const APPROVE: &str = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state } } }";

// Somebody leaves, is taken on again and is shown a lead: nothing is wrong with that.
on_both_backends!(who_comes_back_was_not_shown_leads_after_leaving, |world| async {
    past(&world).await;
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let send = async |document: &str, input: Value| ada.graphql(document, json!({ "input": input })).await.data().clone();
    let begin = "mutation($input: BeginDepartureInput!) { beginDeparture(input: $input) { departure { id tasks { id kind state } } } }";
    let day = world.clock.now().plus_seconds(7 * 86_400).to_string();
    let leaving = json!({ "personId": company::REP.id.to_string(), "lastDay": day, "reason": "Gave notice", "access": "LOCK" });
    let begun = send(begin, leaving).await["beginDeparture"]["departure"].clone();
    let settle = "mutation($input: SettleDepartureTaskInput!) { settleDepartureTask(input: $input) { departure { id } } }";
    for task in begun["tasks"].as_array().unwrap().iter().filter(|task| task["state"] == "OPEN" && task["kind"] != "CERTIFICATE") {
        let state = if task["kind"] == "MANUAL" { "DONE" } else { "WAIVED" };
        send(settle, json!({ "id": task["id"], "state": state, "note": "seen to" })).await;
    }
    let certify = "mutation($input: RecordExitCertificateInput!) { recordExitCertificate(input: $input) { departure { id } } }";
    send(certify, json!({ "departureId": begun["id"], "outcome": "REFUSED", "note": "Did not come" })).await;
    let id = json!({ "id": begun["id"] });
    send("mutation($input: DepartureIdInput!) { closeDeparture(input: $input) { departure { id } } }", id).await;
    let rehire = "mutation($input: DepartureReasonInput!) { rehire(input: $input) { password proposal { id } } }";
    let asked = send(rehire, json!({ "id": begun["id"], "reason": "Came back" })).await["rehire"].clone();
    abel.graphql(APPROVE, json!({ "input": { "id": asked["proposal"]["id"] } })).await.data();
    let request = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let analyst = leadkeep::policy::table::initial().role_named("analyst").unwrap().0.to_string();
    let grant = send(request, json!({ "subject": company::REP.id.to_string(), "role": analyst, "reason": "Counts" })).await;
    let approve = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { id } } }";
    abel.graphql(approve, json!({ "input": { "id": grant["requestGrant"]["grant"]["id"] } })).await.data();
    let password = asked["password"].as_str().unwrap();
    let rita = world.anonymous().sign_in(company::REP.email, password).await;
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    let own = json!({ "input": { "currentPassword": password, "newPassword": "a password of my own" } });
    rita.graphql(change, own).await.data();
    rita.graphql("{ leads(first: 2) { nodes { company } } }", json!({})).await.data();
    let [from, to] = days(&world);
    let file = make(&world, "back.zip", &["--from", &from, "--to", &to]);
    let left = file.json("accesses.json")["left"][0].clone();
    assert!(left["lastShownAt"].as_str().unwrap() < left["endedAt"].as_str().unwrap(), "{left}");
    assert!(!file.text("measures.json").contains("Shown leads after"), "{}", file.text("measures.json"));
});

/// Makes a file as the auditor, while something happens; what it came to.
async fn make_while(world: &World, auditor: &Caller, named: Vec<Id>, happens: impl Future<Output = ()> + Send) -> Result<u64, String> {
    // What is recorded after the range lets the log be signed after it.
    let to = world.clock.now();
    let session = auditor.graphql("{ viewer { sessionId } }", json!({})).await.data()["viewer"]["sessionId"].clone();
    let session = session.as_str().unwrap().parse().ok();
    let subject = Subject { person: Some(company::AUDITOR.id), app: None, session, operator: false };
    let maker = Maker { subject, client: Client { ip: None, user_agent: None }, asked: Id(1), kind: OperationKind::Query };
    let order = Order { from: to.plus_seconds(-86_400), to, matter: None, profile: Profile::Court, named };
    let mut happens = Some(Box::pin(happens));
    let mut progress = |_: u64, _: u64| {
        if let Some(happens) = happens.take() {
            block_in_place(|| Handle::current().block_on(happens));
        }
    };
    let core = Arc::clone(&world.core);
    loop {
        let made = evidence::make(&core, maker.clone(), order.clone(), None, &mut progress).await;
        match made.map_err(|error| error.code().name().to_owned()) {
            // The log has not been signed since the end of the range: in a moment it will have been.
            Err(code) if code == "CONFLICT" => tokio::task::yield_now().await,
            made => return made.map(|made| made.records),
        }
    }
}

on_both_backends!(no_file_leaves_that_its_maker_may_no_longer_have, |world| async {
    past(&world).await;
    let admin = world.caller(company::ADMIN).await;
    let auditor = world.caller(company::AUDITOR).await;
    assert!(make_while(&world, &auditor, Vec::new(), async {}).await.is_ok_and(|records| records > 0));
    let ended = make_while(&world, &auditor, Vec::new(), async {
        auditor.graphql("mutation { signOut { __typename } }", json!({})).await.data();
    });
    assert_eq!(ended.await, Err("UNAUTHENTICATED".into()));
    let auditor = world.caller(company::AUDITOR).await;
    let locked = make_while(&world, &auditor, Vec::new(), async {
        let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
        admin.graphql(lock, json!({ "input": { "id": company::AUDITOR.id.to_string() } })).await.data();
    });
    assert_eq!(locked.await, Err("FORBIDDEN".into()));
    // The log says that none of the two left.
    world.core.recorder.fold_now().await.unwrap();
    let copy = LedgerCopy::read(&world.home).await;
    let files = copy.entries().filter(|entry| entry.record.operation.name.as_deref() == Some("evidence file"));
    let denied: HashSet<_> = files.filter(|entry| entry.record.decision == Decision::Denied).map(|entry| entry.record.code).collect();
    assert!(denied.contains(&Some(Code::Unauthenticated)) && denied.contains(&Some(Code::Forbidden)), "{denied:?}");
});
