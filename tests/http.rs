//! GraphQL over HTTP: what is accepted, how it is answered, what is refused before it costs anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::format_collect, clippy::print_stdout, reason = "a test may panic and report")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Backend, Caller, World, company, on_both_backends};

async fn post(caller: &Caller, accept: &str, body: &str) -> Answer {
    let request = caller.request(Method::POST, "/graphql").header("content-type", "application/json").header("accept", accept);
    caller.send(request.body(body.to_owned())).await
}

const RESPONSE: &str = "application/graphql-response+json";

on_both_backends!(answers_are_marked_and_never_stored, |world| async {
    let rep = world.caller(company::REP).await;
    let answer = rep.graphql("{__typename}", Value::Null).await;
    assert_eq!(answer.text.split(",\"extensions\"").next(), Some(r#"{"data":{"__typename":"Query"}"#));
    assert_eq!(answer.header("x-confidentiality"), Some("PUBLIC"));
    assert_eq!(answer.json["extensions"]["confidentiality"]["banner"], "PUBLIC");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(13));
    assert_eq!(answer.header("server"), None);
    let receipt = answer.receipt();
    assert!(receipt["rseq"].as_u64().is_some() && receipt["epoch"].as_str().is_some_and(|epoch| epoch.len() == 13), "{receipt}");
    assert!(receipt["leafHash"].as_str().is_some_and(|hash| hash.len() == 44), "{receipt}");
    assert!(receipt["signature"].as_str().is_some_and(|signature| signature.len() == 88), "{receipt}");
});

on_both_backends!(leads_asked_for_twice_are_merged, |world| async {
    let rep = world.caller(company::REP).await;
    let once = rep.graphql("{leads(first:3){nodes{id company} totalCount}}", Value::Null).await;
    let twice = "query($n:Int){leads(first:$n){nodes{id}} ...F} fragment F on Query{...{leads(first:$n){nodes{company} totalCount}}}";
    let twice = rep.graphql(twice, json!({ "n": 3 })).await;
    assert_eq!(once.text.split(r#","extensions""#).next(), twice.text.split(r#","extensions""#).next());
    assert!(once.data()["leads"]["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()), "{}", once.text);
    let conditional = rep.graphql("{leads(first:3){nodes{id}} leads(first:3)@skip(if:false){nodes{company}}}", Value::Null).await;
    assert_eq!((conditional.status, conditional.code()), (400, Some("BAD_USER_INPUT")));
    let different = rep.graphql("{leads(first:3){nodes{id}} leads(first:2){nodes{company}}}", Value::Null).await;
    assert_eq!(different.code(), Some("BAD_USER_INPUT"));
});

on_both_backends!(
    a_document_that_passed_is_checked_with_other_variables,
    settings | settings | {
        settings.limits.complexity = 100;
    },
    |world| async {
        let rep = world.caller(company::REP).await;
        let document = "query($id:ID!,$first:Int,$say:String,$filter:LeadFilter){lead(id:$id){id} leads(first:$first,search:$say,filter:$filter){nodes{id}}}";
        let passing = json!({ "id": "a", "first": 3, "say": "acme", "filter": { "stage": { "eq": "New Lead" } } });
        let with = |name: &str, value: Value| {
            let mut variables = passing.clone();
            variables[name] = value;
            variables
        };
        for variables in [passing.clone(), passing.clone(), with("id", json!("b")), with("say", json!("another"))] {
            let passed = rep.graphql(document, variables).await;
            assert_eq!((passed.status, passed.code()), (200, None), "{}", passed.text);
        }
        let wrong =
            json!([["id", null], ["id", ["a"]], ["id", { "a": "a" }], ["first", "3"], ["first", 500], ["say", 3], ["filter", { "a": 1 }]]);
        for (number, wrong) in wrong.as_array().unwrap().iter().enumerate() {
            let (name, value) = (wrong[0].as_str().unwrap(), wrong[1].clone());
            let again = rep.graphql(document, with(name, value.clone())).await;
            // A text that was never sent before is another document.
            let anew = rep.graphql(&format!("{document} #{number}"), with(name, value)).await;
            assert!(anew.code().is_some_and(|code| ["BAD_USER_INPUT", "TOO_COMPLEX"].contains(&code)), "{name}: {}", anew.text);
            assert_eq!((again.status, &again.json["errors"]), (anew.status, &anew.json["errors"]), "{name}");
        }
    }
);

on_both_backends!(a_field_that_failed_is_null, |world| async {
    let auditor = world.caller(company::AUDITOR).await;
    let answer = auditor.graphql("{a:__typename leads(first:1){nodes{id}} b:__typename}", Value::Null).await;
    assert!(answer.text.starts_with(r#"{"data":{"a":"Query","leads":null,"b":"Query"},"errors":[{"message""#), "{}", answer.text);
    let alone = auditor.graphql("{leads(first:1){nodes{id}}}", Value::Null).await;
    assert!(alone.text.starts_with(r#"{"data":{"leads":null},"errors""#), "{}", alone.text);
    assert_eq!((alone.status, alone.code()), (200, Some("FORBIDDEN")));
});

on_both_backends!(an_answer_that_cannot_be_recorded_does_not_leave, |world| async {
    let rep = world.caller(company::REP).await;
    world.core.recorder.kill();
    for document in ["{__typename}", "{nothing}", "{", "{leads(first:1){nodes{id}}}"] {
        let answer = rep.graphql(document, Value::Null).await;
        assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")), "{document}");
        assert!(answer.json.get("data").is_none() && answer.header("retry-after").is_some());
    }
    assert_eq!(rep.get("/readyz").await.status, 503);
    assert_eq!(rep.get("/healthz").await.status, 200);
});

#[tokio::test(flavor = "multi_thread")]
async fn strangers_may_only_sign_in() {
    let world = World::start(Backend::Sqlite).await;
    let stranger = world.anonymous();
    for document in [
        "{viewer{__typename}}",
        "{__schema{types{name}}}",
        "{",
        "{...F} fragment F on Query{__typename}",
        "{x:__type(name:\"Lead\"){name}}",
    ] {
        let answer = stranger.graphql(document, Value::Null).await;
        assert_eq!((answer.status, answer.code()), (401, Some("UNAUTHENTICATED")), "{document}: {}", answer.text);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert!(answer.json.get("data").is_none());
    }
    assert_eq!(stranger.graphql("{__typename}", Value::Null).await.status, 200);
    let long = format!("{{__typename #{}\n}}", "x".repeat(5_000));
    assert_eq!(stranger.graphql(&long, Value::Null).await.status, 413);
    let forged = stranger.with_token("eyJhbGciOiJFZERTQSJ9.e30.AAAA").graphql("{__typename}", Value::Null).await;
    assert_eq!((forged.status, forged.code()), (401, Some("UNAUTHENTICATED")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_follows_the_specification() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let cases = [
        (r#"{"query":"{__typename}"}"#, 200, 200),
        (r#"{"query":"{"}"#, 400, 200),
        (r#"{"query":"{nothing}"}"#, 400, 200),
        (r#"{"query":"query($x:ID!){__typename}","variables":{"x":null}}"#, 400, 200),
        (r#"{"query":"query A{__typename} query B{__typename}"}"#, 400, 200),
        (r#"{"query":"{__typename}","operationName":"C"}"#, 400, 200),
        (r#"{"query":"subscription{x}"}"#, 400, 200),
        (r#"{"query":0}"#, 400, 400),
        (r#"{"variables":{}}"#, 400, 400),
        (r#"{"query":"{__typename}","variables":"x"}"#, 400, 400),
        (r#"{"query":"{__typename}","extensions":[]}"#, 400, 400),
        (r#"{"query":"{__typename}","variables":null,"operationName":null,"extensions":null}"#, 200, 200),
        ("{", 400, 400),
        ("", 400, 400),
        ("[]", 400, 400),
    ];
    for (body, response, json) in cases {
        let found = post(&rep, RESPONSE, body).await;
        assert_eq!(found.status, response, "{body}: {}", found.text);
        assert_eq!(found.header("content-type"), Some("application/graphql-response+json; charset=utf-8"));
        assert_eq!(post(&rep, "application/json", body).await.status, json, "{body}");
        if response == 400 {
            assert!(found.json.get("data").is_none() && found.code() == Some("BAD_USER_INPUT"), "{body}: {}", found.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_type_is_negotiated() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let json = "application/json; charset=utf-8";
    let response = "application/graphql-response+json; charset=utf-8";
    let body = r#"{"query":"{__typename}"}"#;
    let cases = [
        ("*/*", json),
        ("application/json;q=0.5, application/graphql-response+json", response),
        ("application/graphql-response+json;q=0.1, application/json;q=0.9", json),
        ("text/html, application/json; charset=utf-8", json),
    ];
    for (accept, wanted) in cases {
        assert_eq!(post(&rep, accept, body).await.header("content-type"), Some(wanted), "{accept}");
    }
    assert_eq!(post(&rep, "text/html", body).await.status, 406);
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/graphql"] {
        let request = rep.request(Method::POST, "/graphql").header("content-type", media).body(body);
        assert_eq!(rep.send(request).await.status, 415, "{media}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn get_never_changes_anything() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let query = |document: &str| {
        format!("/graphql?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("query", document).finish())
    };
    assert!(rep.get(&query("query($n:String!){__type(name:$n){name}}")).await.json["errors"].is_array());
    let typed = format!("{}&variables=%7B%22n%22%3A%22Query%22%7D", query("query($n:String!){__type(name:$n){name}}"));
    assert_eq!(rep.get(&typed).await.data()["__type"]["name"], "Query");
    let refused = rep.get(&query("mutation{signOut{__typename}}")).await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    assert_eq!(rep.graphql("{__typename}", Value::Null).await.status, 200, "still signed in");
    assert_eq!(rep.send(rep.request(Method::PUT, "/graphql")).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_answer_one_by_one() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let answer = post(&rep, RESPONSE, r#"[{"query":"{__typename}"},{"query":"{nothing}"}]"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json[0]["data"]["__typename"], "Query");
    assert_eq!(answer.json[1]["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert!(answer.json[1].get("data").is_none());
    let many = format!("[{}]", [r#"{"query":"{__typename}"}"#; 11].join(","));
    assert_eq!(post(&rep, RESPONSE, &many).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_come_in_document_order() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let answer = rep
        .graphql(
            "{z:__typename ...{a:__type(name:\"Query\"){kind name} a:__type(name:\"Query\"){d:description}} b:__typename}",
            Value::Null,
        )
        .await;
    let data = answer.text.split(r#","extensions""#).next().unwrap().to_owned();
    let keys = [r#"{"data":{"z":"Query","a":{"kind":"OBJECT","name":"Query","d":"#, r#""},"b":"Query"}"#];
    assert!(data.starts_with(keys[0]) && data.ends_with(keys[1]), "{data}");
}

#[tokio::test(flavor = "multi_thread")]
async fn costly_documents_are_refused() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let aliases: String = (0..100).map(|number| format!("a{number}:__typename ")).collect();
    let bomb: String = (0..12).map(|level| format!("fragment F{level} on Query{{...F{next} ...F{next}}}", next = level + 1)).collect();
    let documents = [
        format!("{{x{{{aliases}}}}}"),
        format!("{{{aliases}}}"),
        format!("{{...F0}} {bomb} fragment F12 on Query{{__typename}}"),
        "{__schema{types".repeat(40) + &"}".repeat(80),
        format!("{{__typename {}}}", "@skip(if:false)".repeat(60)),
        format!("{{f(x:{})}}", "[".repeat(500)),
        format!("{{f(x:[{}])}}", "1 ".repeat(5_000)),
        format!("{{f(x:\"{}\")}}", "x".repeat(70_000)),
    ];
    for document in documents {
        let answer = rep.graphql(&document, Value::Null).await;
        assert_eq!((answer.status, answer.code()), (400, Some("TOO_COMPLEX")), "{:.60}: {}", document, answer.text);
    }
    let huge = rep.graphql(&" ".repeat(300_000), Value::Null).await;
    assert_eq!(huge.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn multipart_needs_the_preflight_header() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let form = |operations: &str| reqwest::multipart::Form::new().text("operations", operations.to_owned()).text("map", "{}");
    let send = async |caller: &Caller, header: bool, operations: &str| {
        let mut request = caller.request(Method::POST, "/graphql").multipart(form(operations));
        if header {
            request = request.header("graphql-require-preflight", "1");
        }
        caller.send(request).await
    };
    let operations = r#"{"query":"{__typename}"}"#;
    assert_eq!(send(&rep, false, operations).await.status, 400);
    assert_eq!(send(&rep, true, operations).await.data()["__typename"], "Query");
    assert_eq!(send(&world.anonymous(), true, operations).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_documents_if_there_is_a_folder_of_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("name.graphql"), "query Name{__typename}").unwrap();
    std::fs::write(
        folder.path().join("sign-in.graphql"),
        "mutation($input: SignInInput!) { signIn(input: $input) { accessToken refreshToken } }",
    )
    .unwrap();
    let world = World::with(Backend::Sqlite, |settings| settings.documents = Some(folder.path().to_owned())).await;
    let rep = world.caller(company::REP).await;
    assert_eq!(rep.graphql("query Name{__typename}", Value::Null).await.data()["__typename"], "Query");
    let refused = rep.graphql("query Name{ __typename }", Value::Null).await;
    assert_eq!((refused.status, refused.code()), (403, Some("FORBIDDEN")));
    let hash = "sha256:".to_owned() + &sha256("query Name{__typename}");
    let named = post(&rep, RESPONSE, &json!({ "documentId": hash }).to_string()).await;
    assert_eq!(named.data()["__typename"], "Query");
    let persisted = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": sha256("query Name{__typename}") } } });
    assert_eq!(post(&rep, RESPONSE, &persisted.to_string()).await.data()["__typename"], "Query");
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics() {
    let world = World::start(Backend::Sqlite).await;
    let stranger = world.anonymous();
    assert_eq!(stranger.get("/healthz").await.status, 200);
    assert_eq!(stranger.get("/readyz").await.status, 200);
    stranger.graphql("{__typename}", Value::Null).await;
    let metrics = stranger.get("/metrics").await;
    assert!(metrics.text.contains(r#"leadkeep_operations_total{kind="query",decision="allowed"} 1"#), "{}", metrics.text);
    let hidden = World::with(Backend::Sqlite, |settings| settings.http.metrics_from.clear()).await;
    assert_eq!(hidden.anonymous().get("/metrics").await.status, 404);
}

/// Runs `npm ci` in `tests/http-audits`, then the audits against a server of this process.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node and the npm registry; scripts/test runs it"]
async fn the_graphql_http_audits_pass() {
    let world = World::start(Backend::Sqlite).await;
    let rep = world.caller(company::REP).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http-audits");
    let run = async |command: &'static str, arguments: Vec<String>| {
        let work = move || std::process::Command::new(command).args(arguments).current_dir(folder).output().expect(command);
        let output = tokio::task::spawn_blocking(work).await.unwrap();
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{}", String::from_utf8_lossy(&output.stdout));
    };
    run("npm", ["ci", "--no-audit", "--no-fund"].map(str::to_owned).to_vec()).await;
    run("node", vec!["audit.mjs".into(), format!("{}/graphql", world.url), rep.token.clone().unwrap()]).await;
}

on_both_backends!(shutting_down_finishes_what_is_under_way, |world| async {
    let rep = world.caller(company::REP).await;
    let ask = || {
        let rep = rep.clone();
        tokio::spawn(async move { rep.graphql("{leads(first:50){nodes{id}}}", Value::Null).await })
    };
    // Once one is answered, others are under way.
    let (first, _, asking) = futures_util::future::select_all((0..20).map(|_| ask())).await;
    let url = world.url.clone();
    let _home = world.shutdown().await;
    let answered = futures_util::future::join_all(asking).await.into_iter().flatten();
    for answer in answered.chain(first) {
        assert!(answer.status == 200 && answer.receipt()["rseq"].is_u64(), "{}", answer.text);
    }
    assert!(reqwest::get(format!("{url}/healthz")).await.is_err());
});

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_addresses_are_believed_of_trusted_proxies_only() {
    let trusting = World::with(Backend::Sqlite, |settings| settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let plain = World::start(Backend::Sqlite).await;
    for (world, hidden) in [(&trusting, true), (&plain, false)] {
        let stranger = world.anonymous();
        let request = stranger.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.9");
        assert_eq!(stranger.send(request).await.status == 404, hidden);
    }
}
