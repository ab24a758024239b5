//! What a witness only says, without a head that the log's own key has signed, is told of and stops nothing.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use leadkeep::{
    app::anchor,
    audit,
    ledger::{Checkpoint, LedgerKey, WitnessKey, checkpoint, cosignature, witness::Submission},
};
use serde_json::json;

use crate::{
    ASK, log_key, metric, on_both, put_key, status,
    support::{Backend, World, company, process},
    text,
};

const NAME: &str = "witness.example/liar";
const PATIENCE: Duration = Duration::from_secs(20);

/// What it answers to a submission.
#[derive(Clone, Copy)]
enum Says {
    Cosigned,
    Conflict(u64),
    Inconsistent,
}

/// That, and what it shows as the head that it cosigned last.
type Inside = Arc<Mutex<(Says, Option<String>)>>;

/// A witness that says what it is told to.
struct Liar {
    url: String,
    inside: Inside,
}

fn own() -> LedgerKey {
    LedgerKey::from_seed(&[8; 32])
}

impl Liar {
    fn start() -> Self {
        let inside = Arc::new(Mutex::new((Says::Cosigned, None)));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/add-checkpoint", post(answer)).route("/{log}/checkpoint", get(show));
        let routes = routes.with_state(Arc::clone(&inside));
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, inside }
    }

    fn says(&self, says: Says, shown: Option<String>) {
        *self.inside.lock().unwrap() = (says, shown);
    }
}

async fn answer(State(inside): State<Inside>, body: String) -> Response {
    match inside.lock().unwrap().0 {
        Says::Cosigned => {
            let note = Submission::parse(&body).unwrap().note;
            let head = Checkpoint::open(&note, &log_key().public()).unwrap();
            cosignature::cosign(&head.body(), NAME, &own(), 1_700_000_000).into_response()
        }
        Says::Conflict(size) => (StatusCode::CONFLICT, [(CONTENT_TYPE, "text/x.tlog.size")], format!("{size}\n")).into_response(),
        Says::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

async fn show(State(inside): State<Inside>) -> Response {
    let shown = inside.lock().unwrap().1.clone();
    shown.map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

async fn what_a_witness_only_says_stops_nothing(backend: Backend) {
    let liar = Liar::start();
    let key = WitnessKey::new(NAME, own().public()).to_string();
    let world = World::with(backend, |settings| {
        put_key(settings);
        settings.ledger.witnesses = vec![audit::Witness { key, url: liar.url.clone() }];
        // Asked by the test alone.
        settings.ledger.witness_every = 100_000;
    })
    .await;
    let rep = world.caller(company::REP).await;
    let ask = async || {
        rep.graphql(ASK, json!({})).await.data();
        world.core.recorder.fold_now().await.unwrap();
        anchor::ask_witnesses(&world.core, PATIENCE).await;
        (status(&world).await["attesters"][0].clone(), world.anonymous().get("/readyz").await.status)
    };
    let (told, ready) = ask().await;
    assert!(told["size"].as_u64() > Some(0) && told["unproven"].is_null() && ready == 200, "{told}");

    let origin = checkpoint::default_origin(&log_key().public());
    let signed = |origin: &str, key: &LedgerKey| Checkpoint { origin: origin.to_owned(), size: 999_999, root: [9; 32] }.sign(key);
    let own_head = world.anonymous().get("/ledger/checkpoint").await.text;
    let shown = [
        ("nothing", None),
        ("nonsense", Some("a head\n".to_owned())),
        ("a head that another key signed", Some(signed(&origin, &LedgerKey::from_seed(&[9; 32])))),
        ("a head of another log", Some(signed("another/log", &log_key()))),
        ("a head that is this log's", Some(own_head)),
    ];
    for (what, shown) in shown {
        for says in [Says::Conflict(999_999), Says::Inconsistent] {
            liar.says(says, shown.clone());
            let (told, ready) = ask().await;
            assert!(told["unproven"].as_str().unwrap().starts_with("the log ") && !told["failingSince"].is_null(), "{what}: {told}");
            assert_eq!(ready, 200, "{what}");
        }
    }
    assert_eq!(metric(&world, "leadkeep_ledger_disputed{").await, format!("leadkeep_ledger_disputed{{name=\"{NAME}\"}} 1"));
    assert_eq!(metric(&world, "leadkeep_ledger_halted ").await, "leadkeep_ledger_halted 0");
    let said = process::run(&world.home, &["ledger", "status"]);
    assert!(said.status.success() && text(&said).contains("SAYS WITHOUT PROOF"), "{}", text(&said));
    // To acknowledge it would be to believe whatever it says next.
    let refused = process::run(&world.home, &["ledger", "acknowledge", "--reason", "It says so"]);
    assert_eq!(refused.status.code(), Some(4), "{}", text(&refused));

    // While it is not reached, what it said still stands.
    liar.says(Says::Conflict(0), None);
    let (told, _) = ask().await;
    assert!(!told["unproven"].is_null(), "{told}");
    liar.says(Says::Cosigned, None);
    let (told, _) = ask().await;
    assert!(told["unproven"].is_null() && told["failingSince"].is_null(), "{told}");
    assert_eq!(metric(&world, "leadkeep_ledger_disputed{").await, format!("leadkeep_ledger_disputed{{name=\"{NAME}\"}} 0"));

    // What the log's own key has signed is no mere word.
    liar.says(Says::Conflict(999_999), Some(signed(&origin, &log_key())));
    rep.graphql(ASK, json!({})).await.data();
    anchor::ask_witnesses(&world.core, PATIENCE).await;
    let ready = world.anonymous().get("/readyz").await;
    assert!(ready.status == 503 && ready.text.contains("not the one that was seen before"), "{}", ready.text);
}

on_both! {
    what_a_witness_only_says_stops_nothing
}
