//! What auditors ask: who saw a lead, what somebody was shown, the log in both orders, a record with what belongs to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{audit::index::keeper::Step, domain::Id};
use serde_json::{Value, json};
use support::{Answer, Caller, World, company, on_both_backends};

const LEAD: i64 = 1_001;

/// The rep looks at all their leads and at one of them for a purpose; the manager takes a file; the newcomer is refused.
async fn some_traffic(world: &World) {
    let rep = world.caller(company::REP).await;
    rep.graphql("query Mine { leads { nodes { id company emails } } }", json!({})).await.data();
    let one = "query One($id: ID!) { lead(id: $id) { id notes } }";
    let asked = rep.request(reqwest::Method::POST, "/graphql").header("x-access-purpose", "RENEWAL");
    rep.send(asked.json(&json!({ "query": one, "variables": { "id": Id(LEAD).to_string() } }))).await.data();
    let manager = world.caller(company::MANAGER).await;
    let input = json!({ "fields": ["reference", "company"], "purpose": "ANALYSIS" });
    let export = "mutation($input: ExportLeadsInput!) { exportLeads(input: $input) { rows } }";
    manager.graphql(export, json!({ "input": input })).await.data();
    let refused = world.caller(company::NEWCOMER).await.graphql("{ leads { nodes { id } } }", json!({})).await;
    assert_eq!(refused.code(), Some("FORBIDDEN"));
}

const SEEN: &str =
    "query Seen($lead: ID!, $field: String, $since: DateTime, $until: DateTime, $before: Int, $first: Int!, $after: String) {
    whoSaw(lead: $lead, field: $field, since: $since, until: $until, before: $before, first: $first, after: $after) {
        nodes { subject { kind person { id name } } times downloads clear masked first firstIndex last lastIndex roles purposes addresses }
        edges { cursor } pageInfo { hasNextPage endCursor } totalCount searchedBackTo } }";

async fn seen(auditor: &Caller, more: Value) -> Value {
    let mut variables = json!({ "lead": Id(LEAD).to_string(), "first": 50 });
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    auditor.graphql(SEEN, variables).await.data()["whoSaw"].clone()
}

fn people(seen: &Value) -> Vec<&str> {
    seen["nodes"].as_array().unwrap().iter().map(|node| node["subject"]["person"]["name"].as_str().unwrap()).collect()
}

on_both_backends!(
    who_saw_a_lead,
    settings | settings | {
        settings.ledger.index_segment = 4;
    },
    |world| async {
        some_traffic(&world).await;
        let auditor = world.caller(company::AUDITOR).await;
        let found = seen(&auditor, json!({})).await;
        assert_eq!(people(&found), ["Mona Manager", "Rita Rep"], "{found}");
        let (manager, rep) = (&found["nodes"][0], &found["nodes"][1]);
        assert_eq!((&manager["times"], &manager["downloads"]), (&json!(1), &json!(1)));
        assert_eq!(manager["clear"], json!(["company", "reference"]));
        assert_eq!((&rep["times"], &rep["downloads"]), (&json!(2), &json!(0)));
        let shown = |name: &str| rep["clear"].as_array().unwrap().iter().any(|field| field == name);
        assert!(shown("company") && shown("emails") && shown("notes") && !shown("reference"), "{rep}");
        assert_eq!((&rep["roles"], &rep["purposes"], &rep["addresses"]), (&json!(["rep"]), &json!(["RENEWAL"]), &json!(["127.0.0.1"])));
        assert!(rep["firstIndex"].as_u64() < rep["lastIndex"].as_u64() && rep["first"].as_str() <= rep["last"].as_str());
        assert_eq!((&found["totalCount"], &found["searchedBackTo"]), (&json!(2), &Value::Null));

        assert_eq!(people(&seen(&auditor, json!({ "field": "notes" })).await), ["Rita Rep"]);
        assert_eq!(people(&seen(&auditor, json!({ "field": "reference" })).await), ["Mona Manager"]);
        assert_eq!(people(&seen(&auditor, json!({ "since": manager["first"] })).await), ["Mona Manager"]);
        assert_eq!(people(&seen(&auditor, json!({ "until": manager["first"] })).await), ["Rita Rep"]);
        assert!(people(&seen(&auditor, json!({ "lead": Id(77).to_string() })).await).is_empty());

        // A list stays what it is while the log grows, and whoever indexes meanwhile changes nothing.
        let page = seen(&auditor, json!({ "first": 1 })).await;
        assert_eq!((people(&page), &page["pageInfo"]["hasNextPage"]), (vec!["Mona Manager"], &json!(true)));
        world.caller(company::MANAGER).await.graphql("{ leads { nodes { id } } }", json!({})).await.data();
        world.caller(company::ANALYST).await.graphql("{ leads { nodes { id company } } }", json!({})).await.data();
        while world.core.recorder.index_keeper().step().await.unwrap() == Step::Done {}
        let page = seen(&auditor, json!({ "first": 1, "after": page["pageInfo"]["endCursor"] })).await;
        assert_eq!((people(&page), &page["pageInfo"]["hasNextPage"]), (vec!["Rita Rep"], &json!(false)));
        assert_eq!(seen(&auditor, json!({})).await["totalCount"], json!(3));

        for member in [company::REP, company::MANAGER, company::ADMIN] {
            let refused = world.caller(member).await.graphql(SEEN, json!({ "lead": Id(LEAD).to_string(), "first": 5 })).await;
            assert_eq!(refused.code(), Some("FORBIDDEN"));
        }
        let wrong = auditor.graphql(SEEN, json!({ "lead": Id(LEAD).to_string(), "first": 0 })).await;
        assert_eq!(wrong.code(), Some("BAD_USER_INPUT"));
        let asked = seen_in_log(&auditor, json!({ "operationName": "Seen", "person": company::AUDITOR.id.to_string() })).await;
        assert!(asked.len() >= 9, "the auditor's questions are records like any others: {asked:?}");
    }
);

on_both_backends!(
    no_more_than_a_scan,
    settings | settings | {
        settings.access_log.scan = 3;
    },
    |world| async {
        let rep = world.caller(company::REP).await;
        for _ in 0..5 {
            rep.graphql("query One($id: ID!) { lead(id: $id) { id } }", json!({ "id": Id(LEAD).to_string() })).await.data();
        }
        let auditor = world.caller(company::AUDITOR).await;
        let found = seen(&auditor, json!({})).await;
        assert_eq!(found["nodes"][0]["times"], json!(3));
        let rest = seen(&auditor, json!({ "before": found["searchedBackTo"] })).await;
        assert_eq!((&rest["nodes"][0]["times"], &rest["searchedBackTo"]), (&json!(2), &Value::Null));
    }
);

const LOG: &str = "query Log($filter: AccessLogFilter, $first: Int!, $after: String, $order: AccessLogOrder!) {
    accessLog(filter: $filter, first: $first, after: $after, order: $order) {
        edges { node { index operationName documentSha256 } } pageInfo { hasNextPage endCursor } } }";

/// All pages of the log with this filter, in this order: index and name of each record.
async fn log(auditor: &Caller, filter: &Value, order: &str, first: u32) -> Vec<(u64, Option<String>)> {
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = auditor.graphql(LOG, json!({ "filter": filter, "first": first, "after": after, "order": order })).await;
        let page = &answer.data()["accessLog"];
        for edge in page["edges"].as_array().unwrap() {
            let node = &edge["node"];
            found.push((node["index"].as_u64().unwrap(), node["operationName"].as_str().map(str::to_owned)));
        }
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn seen_in_log(auditor: &Caller, filter: Value) -> Vec<(u64, Option<String>)> {
    log(auditor, &filter, "NEWEST_FIRST", 500).await
}

on_both_backends!(
    the_log_in_both_orders,
    settings | settings | {
        settings.ledger.index_segment = 4;
    },
    |world| async {
        some_traffic(&world).await;
        let auditor = world.caller(company::AUDITOR).await;
        while world.core.recorder.index_keeper().step().await.unwrap() == Step::Done {}
        let document = auditor.graphql(LOG, json!({ "filter": { "operationName": "Mine" }, "first": 1, "order": "OLDEST_FIRST" })).await;
        let document = &document.data()["accessLog"]["edges"][0]["node"]["documentSha256"];
        let before = log(&auditor, &json!({ "operationName": "Mine" }), "NEWEST_FIRST", 10).await;
        assert_eq!(before.len(), 1);
        let filters = [
            (json!({ "lead": Id(LEAD).to_string() }), 4),
            (json!({ "lead": Id(LEAD).to_string(), "kind": "QUERY" }), 2),
            (json!({ "person": company::REP.id.to_string(), "kind": "QUERY" }), 2),
            (json!({ "document": document }), 1),
            (json!({ "level": "TRADE_SECRET", "person": company::MANAGER.id.to_string() }), 2),
            (json!({ "purpose": "RENEWAL" }), 1),
            (json!({ "decision": "DENIED", "code": "FORBIDDEN" }), 1),
            (json!({ "address": "192.0.2.9" }), 0),
        ];
        for (filter, count) in filters {
            let newest = log(&auditor, &filter, "NEWEST_FIRST", 500).await;
            assert_eq!(newest.len(), count, "{filter}: {newest:?}");
            for first in [1, 2] {
                assert_eq!(log(&auditor, &filter, "NEWEST_FIRST", first).await, newest, "{filter}");
                let mut oldest = log(&auditor, &filter, "OLDEST_FIRST", first).await;
                oldest.reverse();
                assert_eq!(oldest, newest, "{filter}");
            }
        }
        // Of the whole log, which grows by each question: what was there is the same from both ends.
        let oldest = log(&auditor, &json!({}), "OLDEST_FIRST", 7).await;
        let mut newest = log(&auditor, &json!({}), "NEWEST_FIRST", 7).await;
        newest.reverse();
        assert!(oldest.len() > 10 && oldest.iter().map(|(index, _)| *index).eq(0..oldest.len() as u64), "{oldest:?}");
        let common = oldest.len().min(newest.len()).min(10);
        assert_eq!(newest[..common], oldest[..common]);
    }
);

on_both_backends!(the_log_by_compartment, |world| async {
    let (rep, auditor) = (world.caller(company::REP).await, world.caller(company::AUDITOR).await);
    rep.graphql("{ viewer { __typename } }", json!({})).await.data();
    rep.graphql("query Leads { leads(first: 500) { nodes { id } } }", json!({})).await.data();
    let document =
        "query Some($of: [String!]) { accessLog(filter: { compartments: $of }, first: 500) { edges { node { index banner } } } }";
    let banners = async |of: Value| -> Vec<(u64, String)> {
        let answer = auditor.graphql(document, json!({ "of": of })).await;
        let edges = answer.data()["accessLog"]["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]);
        edges.map(|node| (node["index"].as_u64().unwrap(), node["banner"].as_str().unwrap().to_owned())).collect()
    };
    let (all, some) = (banners(json!([])).await, banners(json!(["EMEA"])).await);
    let expected: Vec<_> = all.iter().filter(|(_, banner)| banner.contains("EMEA")).cloned().collect();
    assert!(!some.is_empty() && some.len() < all.len(), "{all:?}");
    assert_eq!(some, expected);
    assert_eq!(auditor.graphql(document, json!({ "of": ["NONE"] })).await.code(), Some("BAD_USER_INPUT"));
    // Whoever may not read the log does not learn which compartments there are.
    for of in ["EMEA", "NONE"] {
        assert_eq!(rep.graphql(document, json!({ "of": [of] })).await.code(), Some("FORBIDDEN"));
    }
});

const RECORD: &str = "query Record($index: Int!) { accessRecord(index: $index) { index document variables request context {
    receipt { epoch rseq leafHash signature } proof { index treeSize leafHash hashes root } numbers { account number before { records treeSize } } policy { number document }
    previous { index subject { person { id } } } next { index subject { person { id } } } } } }";

on_both_backends!(a_record_with_what_belongs_to_it, |world| async {
    let rep = world.caller(company::REP).await;
    let one = "query One($id: ID!) { lead(id: $id) { id company } }";
    let mut answers: Vec<Answer> = Vec::new();
    for _ in 0..3 {
        answers.push(rep.graphql(one, json!({ "id": Id(LEAD).to_string() })).await);
        // Others' records stand between.
        world.caller(company::OTHER_REP).await.graphql("{ leads(first: 2) { nodes { id } } }", json!({})).await.data();
    }
    let auditor = world.caller(company::AUDITOR).await;
    let own = seen_in_log(&auditor, json!({ "operationName": "One" })).await;
    let indexes: Vec<u64> = own.iter().rev().map(|(index, _)| *index).collect();
    let record = auditor.graphql(RECORD, json!({ "index": indexes[1] })).await;
    let record = &record.data()["accessRecord"];
    let context = &record["context"];
    assert_eq!(context["receipt"], *answers[1].receipt());
    let proof = &context["proof"];
    assert_eq!((&proof["leafHash"], proof["index"].as_u64()), (&context["receipt"]["leafHash"], Some(indexes[1])));
    let whole = "query Whole($size: Int!) { inclusionProof(index: 0, treeSize: $size) { root } }";
    let whole = auditor.graphql(whole, json!({ "size": proof["treeSize"] })).await;
    assert_eq!(proof["root"], whole.data()["inclusionProof"]["root"]);
    assert_eq!((&context["previous"]["index"], &context["next"]["index"]), (&json!(indexes[0]), &json!(indexes[2])));
    assert_eq!(context["previous"]["subject"]["person"]["id"], json!(company::REP.id.to_string()));
    assert!(
        record["document"].as_str().unwrap().contains("query One") && record["variables"].as_str().unwrap().contains(&Id(LEAD).to_string())
    );
    assert_eq!(context["policy"]["number"], json!(1));
    let policy = company::policy(leadkeep::domain::Timestamp(0)).json();
    let roles = |json: &str| serde_json::from_str::<Value>(json).unwrap()["roles"].clone();
    assert_eq!(roles(context["policy"]["document"].as_str().unwrap()), roles(&policy));
    let number = |index: usize| {
        let (auditor, index) = (&auditor, indexes[index]);
        async move {
            let answer = auditor.graphql(RECORD, json!({ "index": index })).await;
            let numbers = answer.data()["accessRecord"]["context"]["numbers"].clone();
            assert_eq!(numbers[0]["account"], json!(company::REP.id.to_string()));
            numbers[0]["number"].as_u64().unwrap()
        }
    };
    assert_eq!((number(1).await, number(2).await), (number(0).await + 1, number(0).await + 2));
    let first = auditor.graphql(RECORD, json!({ "index": 0 })).await;
    assert_eq!(first.data()["accessRecord"]["context"]["previous"], Value::Null);
});

const EXPOSED: &str = "query Exposed($subject: ID!, $since: DateTime!, $until: DateTime!) {
    exposure(subject: $subject, since: $since, until: $until) { subject { name } since until peerCount newAddresses clear masked
        days { day records leads clear masked } total { records views leads downloads downloadedLeads denied offHours }
        addresses { key records } purposes { key records } baseline { days leads } peers { days leads }
        leads(first: 2) { totalCount searchedBackTo pageInfo { hasNextPage } nodes { lead times downloads clear } } } }";
const COUNTED: &str =
    "query Counted($by: AccessStatsGroup!, $in: AccessStatsInterval!, $since: DateTime!, $until: DateTime!, $subject: ID) {
    accessStats(groupBy: $by, interval: $in, since: $since, until: $until, subject: $subject) { start key records leads denied } }";

on_both_backends!(
    what_somebody_was_shown,
    settings | settings | {
        settings.ledger.index_segment = 4;
    },
    |world| async {
        // Ten days ago the rep looked at the list once; today at the list and one lead.
        world.clock.advance_seconds(-10 * 86_400);
        let then_at = leadkeep::domain::Clock::now(&*world.clock).to_string();
        let rep = world.caller(company::REP).await;
        let then = rep.graphql("query Mine { leads { nodes { id company emails } } }", json!({})).await;
        let leads = then.data()["leads"]["nodes"].as_array().unwrap().len() as u64;
        world.clock.advance_seconds(10 * 86_400);
        some_traffic(&world).await;
        let now = leadkeep::domain::Clock::now(&*world.clock).to_string();
        let auditor = world.caller(company::AUDITOR).await;
        let exposed = async |subject: Id| {
            let answer = auditor.graphql(EXPOSED, json!({ "subject": subject.to_string(), "since": now, "until": now })).await;
            answer.data()["exposure"].clone()
        };
        for indexed in [false, true] {
            if indexed {
                while world.core.recorder.index_keeper().step().await.unwrap() == Step::Done {}
            }
            let rep = exposed(company::REP.id).await;
            assert_eq!((&rep["total"]["views"], &rep["total"]["leads"]), (&json!(2), &json!(leads + 1)), "{rep}");
            assert_eq!((&rep["total"]["downloads"], &rep["total"]["denied"]), (&json!(0), &json!(0)));
            assert_eq!((&rep["days"][0]["leads"], rep["days"].as_array().unwrap().len()), (&json!(leads + 1), 1));
            assert_eq!(
                (&rep["baseline"]["days"], &rep["baseline"]["leads"]),
                (&json!(1), &json!(f64::from(u32::try_from(leads).unwrap())))
            );
            assert_eq!((&rep["newAddresses"], &rep["addresses"][0]["key"]), (&json!([]), &json!("127.0.0.1")));
            assert_eq!(rep["purposes"][0], json!({ "key": "RENEWAL", "records": 1 }));
            assert!(rep["clear"].as_array().unwrap().contains(&json!("notes")));
            // Ten days ago it was a list of two fields.
            let ago =
                &auditor.graphql(EXPOSED, json!({ "subject": company::REP.id.to_string(), "since": then_at, "until": then_at })).await;
            let ago = &ago.data()["exposure"]["days"][0];
            assert_eq!((&ago["clear"], &ago["masked"]), (&json!(["company", "emails"]), &json!([])));
            assert_eq!((&rep["days"][0]["clear"], &rep["days"][0]["masked"]), (&rep["clear"], &rep["masked"]));
            assert_eq!((&rep["leads"]["totalCount"], &rep["leads"]["pageInfo"]["hasNextPage"]), (&json!(leads), &json!(true)));
            let manager = exposed(company::MANAGER.id).await;
            assert_eq!((&manager["total"]["views"], &manager["total"]["downloads"]), (&json!(0), &json!(1)));
            assert_eq!((&manager["newAddresses"], &manager["baseline"]["days"]), (&json!(["127.0.0.1"]), &json!(0)));
            let all = auditor
                .graphql(
                    COUNTED,
                    json!({ "by": "NOTHING", "in": "ALL", "since": now, "until": now, "subject": company::MANAGER.id.to_string() }),
                )
                .await;
            assert_eq!(all.data()["accessStats"][0]["records"], manager["total"]["records"]);
            assert_eq!(exposed(company::NEWCOMER.id).await["total"]["denied"], json!(1));
        }
        // Two who hold the same role for the same team are peers.
        let both = async |by: &str, interval: &str| {
            let answer = auditor
                .graphql(COUNTED, json!({ "by": by, "in": interval, "since": "2020-01-01T00:00:00Z", "until": "2020-01-01T00:00:00Z" }))
                .await;
            answer.data()["accessStats"].as_array().unwrap().len()
        };
        assert_eq!(both("DECISION", "DAY").await, 0);
        let counted = async |by: &str| {
            let answer = auditor.graphql(COUNTED, json!({ "by": by, "in": "MONTH", "since": now, "until": now })).await;
            answer.data()["accessStats"].as_array().unwrap().clone()
        };
        let purposes = counted("PURPOSE").await;
        assert!(purposes.iter().any(|stat| stat["key"] == json!("RENEWAL") && stat["records"] == json!(1)), "{purposes:?}");
        let denied = counted("DECISION").await.into_iter().find(|stat| stat["key"] == json!("DENIED")).unwrap();
        assert_eq!(denied["records"], json!(1));
        let subjects = counted("SUBJECT").await;
        assert!(subjects.iter().any(|stat| stat["key"] == json!(company::REP.id.to_string()) && stat["leads"] == json!(leads + 1)));
        let refused = world
            .caller(company::REP)
            .await
            .graphql(EXPOSED, json!({ "subject": company::REP.id.to_string(), "since": now, "until": now }))
            .await;
        assert_eq!(refused.code(), Some("FORBIDDEN"));
        let nobody = auditor.graphql(EXPOSED, json!({ "subject": Id(5).to_string(), "since": now, "until": now })).await;
        assert_eq!(nobody.code(), Some("NOT_FOUND"));
    }
);
