//! The keeper is told once a day, by each way out, whether there is something to tell or not; and nobody else can see whether there was.

use leadkeep::{
    app::{alarms, canaries as trap, deliveries::deliver},
    config::Settings,
    domain::{
        Clock, Id, Timestamp,
        clock::{DAY, HOUR},
    },
    notify::Hidden,
};
use serde_json::{Value, json};

use crate::{
    canaries,
    clients::Events,
    ids, keeper, leads, plant,
    support::{Backend, Caller, TestClock, World, company, hook::Receiver, name_tls, on_both_backends, process, smtp::Smtp},
    trapped,
};

const BULLETINS: &str = "{ canaryBulletins { totalCount nodes { day madeAt acknowledgedAt acknowledgedBy { name }
    touches { kind leadId by { name } } deliveries { channel state attempts lastError } } } }";
const ACKNOWLEDGE: &str =
    "mutation($day: DateTime!) { acknowledgeCanaryBulletin(input: { day: $day }) { bulletin { acknowledgedBy { name } } } }";
const RESEND: &str = "mutation($day: DateTime!) { resendCanaryBulletin(input: { day: $day }) { bulletin { day } } }";
const WATCH: &str = "subscription($after: DateTime) { newCanaryBulletins(after: $after) { day touches { kind by { name } } } }";
const ONE: &str = "query($id: ID!) { lead(id: $id) { id } }";
/// So long that an hour of the bulletin lies within it.
const A_DAY: i64 = 86_400;

/// Settings under which the hour of the bulletin is half a day away, at whatever time the test runs: none comes by itself before a day passes.
fn set(settings: &mut Settings) {
    trapped(settings);
    let now = leadkeep::system::SystemClock.now();
    settings.canaries.keeper.hour = u8::try_from((now.0.rem_euclid(DAY) / HOUR + 12) % 24).unwrap();
}

async fn bulletins(keeper: &Caller) -> Vec<Value> {
    let answer = keeper.graphql(BULLETINS, json!({})).await;
    let nodes = answer.data()["canaryBulletins"]["nodes"].as_array().unwrap().clone();
    assert_eq!(answer.data()["canaryBulletins"]["totalCount"], nodes.len());
    nodes
}

/// A day later.
async fn next_day(world: &World) -> Caller {
    alarms::watch(&world.core).await.unwrap();
    world.clock.advance_seconds(A_DAY);
    trap::tell(&world.core).await.unwrap();
    world.caller(company::NEWCOMER).await
}

/// Ralf asks for what Rita alone sees.
async fn touch(world: &World, keeper: &Caller) {
    let of_rita = canaries(keeper, Some(company::REP)).await;
    let asked = world.caller(company::OTHER_REP).await.graphql(ONE, json!({ "id": of_rita[0]["leadId"] })).await;
    assert_eq!(asked.data()["lead"], Value::Null);
}

on_both_backends!(once_a_day_whether_something_was_touched_or_not, settings | settings | { set(settings) }, |world| async {
    let keeper = keeper(&world).await;
    // Without canaries there is nothing to tell, whatever the hour.
    assert!(!trap::tell(&world.core).await.unwrap());
    plant(&keeper).await;
    assert!(!trap::tell(&world.core).await.unwrap(), "there were none at the hour of today's");
    touch(&world, &keeper).await;
    let keeper = next_day(&world).await;
    let first = bulletins(&keeper).await;
    let told = json!([{ "kind": "LOOKED_FOR", "leadId": first[0]["touches"][0]["leadId"], "by": { "name": company::OTHER_REP.name } }]);
    assert_eq!((first.len(), &first[0]["touches"]), (1, &told));
    // The same day has one, whoever tries; so has the next, though nothing was touched.
    assert!(!trap::tell(&world.core).await.unwrap());
    assert_eq!(bulletins(&keeper).await, first);
    let keeper = next_day(&world).await;
    let second = bulletins(&keeper).await;
    assert_eq!((second.len(), &second[0]["touches"], &second[1]), (2, &json!([]), &first[0]));
    // Of three days on which no server ran, and on the last of which something was touched, one tells it all.
    world.clock.advance_seconds(2 * A_DAY);
    let again = world.caller(company::NEWCOMER).await;
    let of_rita = canaries(&again, Some(company::REP)).await;
    world.caller(company::OTHER_REP).await.graphql(ONE, json!({ "id": of_rita[1]["leadId"] })).await.data();
    let keeper = next_day(&world).await;
    let third = bulletins(&keeper).await;
    assert_eq!((third.len(), third[0]["touches"].as_array().unwrap().len()), (3, 1), "{third:?}");
    // Acknowledged once, by the keeper or the operator.
    let day = json!({ "day": third[0]["day"] });
    let acknowledged = keeper.graphql(ACKNOWLEDGE, day.clone()).await;
    assert_eq!(acknowledged.data()["acknowledgeCanaryBulletin"]["bulletin"]["acknowledgedBy"]["name"], company::NEWCOMER.name);
    assert_eq!(keeper.graphql(ACKNOWLEDGE, day).await.code(), Some("CONFLICT"));
    assert_eq!(keeper.graphql(ACKNOWLEDGE, json!({ "day": "2001-01-01T00:00:00Z" })).await.code(), Some("NOT_FOUND"));
    let date = second[0]["day"].as_str().unwrap()[..10].to_owned();
    let done = process::run(&world.home, &["canary", "acknowledge", &date]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done = process::run(&world.home, &["canary", "bulletins"]);
    let told = String::from_utf8(done.stdout).unwrap();
    let of_day = told.lines().find(|line| line.starts_with(&date)).unwrap();
    assert!(told.lines().count() >= 4 && of_day.ends_with("(operator)"), "{told}");
});

on_both_backends!(two_servers_make_one, settings | settings | { set(settings) }, |world| async {
    let sibling = world.sibling().await;
    plant(&keeper(&world).await).await;
    world.clock.advance_seconds(A_DAY);
    let (one, other) = tokio::join!(trap::tell(&world.core), trap::tell(&sibling.core));
    assert!(!(one.unwrap() && other.unwrap()), "not both");
    let keeper = world.caller(company::NEWCOMER).await;
    assert_eq!(bulletins(&keeper).await.len(), 1);
    sibling.core.recorder.fold_now().await.unwrap();
    let named = "{ accessLog(first: 50, filter: { operationName: \"canary bulletin\" }) { edges { node { changed { item } } } } }";
    let log = world.caller(company::AUDITOR).await.graphql(named, json!({})).await;
    assert_eq!(log.data()["accessLog"]["edges"].as_array().unwrap().len(), 1, "and one record: {}", log.text);
});

on_both_backends!(it_comes_as_an_event_and_to_nobody_else, settings | settings | { set(settings) }, |world| async {
    let caller = keeper(&world).await;
    plant(&caller).await;
    touch(&world, &caller).await;
    let before = json!({ "after": "2001-01-01T00:00:00Z" });
    let keeper = next_day(&world).await;
    let mut events = Events::open(&keeper, WATCH, before.clone()).await;
    let event = events.event().await["data"]["newCanaryBulletins"].clone();
    assert_eq!(event["touches"], json!([{ "kind": "LOOKED_FOR", "by": { "name": company::OTHER_REP.name } }]));
    next_day(&world).await;
    let keeper = world.caller(company::NEWCOMER).await;
    let mut events = Events::open(&keeper, WATCH, json!({ "after": event["day"] })).await;
    let next = events.event().await["data"]["newCanaryBulletins"].clone();
    assert_eq!(next["touches"], json!([]), "an event comes for nothing as well");
    for member in [company::AUDITOR, company::ADMIN, company::MANAGER, company::REP] {
        let caller = world.caller(member).await;
        for (document, variables) in
            [(BULLETINS, json!({})), (ACKNOWLEDGE, json!({ "day": event["day"] })), (RESEND, json!({ "day": event["day"] }))]
        {
            assert_eq!(caller.graphql(document, variables).await.code(), Some("FORBIDDEN"), "{}", member.name);
        }
        let mut events = Events::open(&caller, WATCH, before.clone()).await;
        assert_eq!(events.event().await["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }
});

async fn goes_out_to_the_keeper_alone(backend: Backend) {
    name_tls();
    let (mut hook, mut everybody, mut smtp) = (Receiver::start().await, Receiver::start().await, Smtp::start());
    let server = smtp.url.clone();
    let world = World::with(backend, |settings| {
        set(settings);
        settings.alarms.webhook = everybody.settings();
        let keeper = &mut settings.canaries.keeper;
        keeper.webhook = hook.settings();
        keeper.mail.server = Some(Hidden::new(server));
        keeper.mail.from = Some("Leadkeep <keep@company.example>".into());
        keeper.mail.to = vec!["kim@company.example".into()];
        keeper.link = Some("https://intern.example/trap/{day}".into());
    })
    .await;
    let caller = keeper(&world).await;
    plant(&caller).await;
    touch(&world, &caller).await;
    // The first time the webhook does not take it.
    hook.answers.store(500, std::sync::atomic::Ordering::SeqCst);
    let keeper = next_day(&world).await;
    let stands = async |wanted: [&str; 2]| loop {
        deliver(&world.core).await.unwrap();
        let found = bulletins(&keeper).await[0]["deliveries"].clone();
        if found[0]["state"] == wanted[0] && found[1]["state"] == wanted[1] && (wanted[1] != "PENDING" || found[1]["lastError"].is_string())
        {
            return;
        }
    };
    stands(["DELIVERED", "PENDING"]).await;
    let (id, _) = hook.next().await;
    hook.answers.store(204, std::sync::atomic::Ordering::SeqCst);
    world.clock.advance_seconds(6);
    stands(["DELIVERED", "DELIVERED"]).await;
    let (again, body) = hook.next().await;
    let day = bulletins(&keeper).await[0]["day"].as_str().unwrap()[..10].to_owned();
    assert_eq!((&id, &body["type"]), (&again, &json!("canary.bulletin")));
    // How much, and where to look: neither who nor which.
    assert_eq!(body["data"], json!({ "day": day, "touched": 1, "link": format!("https://intern.example/trap/{day}") }));
    let message = smtp.message();
    let text = message["data"].as_str().unwrap();
    assert_eq!(message["to"], json!(["kim@company.example"]));
    for told in ["Subject: ALARM: a canary was touched", "Touched: 1", "https://intern.example/trap/", &id] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("Ralf") && !text.contains(&company::OTHER_REP.id.to_string()), "{text}");
    assert!(everybody.got.try_recv().is_err(), "who is told of alarms is told nothing");
    let day = json!({ "day": bulletins(&keeper).await[0]["day"] });
    assert_eq!(keeper.graphql(RESEND, day).await.code(), Some("CONFLICT"), "nothing was given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_out_to_the_keeper_alone_sqlite() {
    goes_out_to_the_keeper_alone(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_out_to_the_keeper_alone_postgres() {
    goes_out_to_the_keeper_alone(Backend::Postgres).await;
}

/// Everything an auditor and whoever reads metrics can see of days on which somebody asked for a lead that they do not see: a canary
/// of another's, or a lead of another's.
struct Views {
    /// Each record of the log, ids, times and hashes aside.
    log: Vec<String>,
    /// What the API answers an auditor.
    api: Vec<Value>,
    /// Numbers of `/metrics`, times aside.
    metrics: Vec<String>,
    /// What an evidence file says of those days beside the log.
    evidence: Vec<Value>,
}

impl Views {
    async fn of(backend: Backend, is_canary: bool) -> Self {
        // A file about days that are to come is none.
        let clock = TestClock::running();
        clock.advance_seconds(-5 * A_DAY);
        let world = World::at(backend, clock, set).await;
        let caller = keeper(&world).await;
        plant(&caller).await;
        let of_rita = canaries(&caller, Some(company::REP)).await;
        let real = leads(&world.caller(company::MANAGER).await, Value::Null).await;
        let ralf = world.caller(company::OTHER_REP).await;
        let seen = ids(&leads(&ralf, Value::Null).await, "id");
        let is_real = |lead: &&Value| !lead["emails"].to_string().contains("trap.example");
        let hidden = real.iter().filter(is_real).find(|lead| !seen.contains(lead["id"].as_str().unwrap())).unwrap();
        let wanted = if is_canary { &of_rita[0]["leadId"] } else { &hidden["id"] };
        ralf.graphql(ONE, json!({ "id": wanted })).await.data();
        let keeper = next_day(&world).await;
        // The keeper looks, is told, sees to it.
        let told = bulletins(&keeper).await;
        assert_eq!(told[0]["touches"].as_array().unwrap().len(), usize::from(is_canary));
        keeper.graphql("{ canaryTouches { totalCount nodes { record } } }", json!({})).await.data();
        Events::open(&keeper, WATCH, json!({ "after": "2001-01-01T00:00:00Z" })).await.event().await;
        keeper.graphql(ACKNOWLEDGE, json!({ "day": told[0]["day"] })).await.data();
        Self::seen(&world).await
    }

    async fn seen(world: &World) -> Self {
        let auditor = world.caller(company::AUDITOR).await;
        let log = "{ accessLog(first: 200) { edges { node { kind decision code reasons rows operationName variables banner notice reminder
            disclosures { leads } changed { kind item } changes { kind item before after } subject { person { name } } } } } }";
        let alarms = "{ alarms { totalCount nodes { rule } } }";
        let stats =
            "query($since: DateTime!, $until: DateTime!) { accessStats(groupBy: SUBJECT, interval: MONTH, since: $since, until: $until) {
            records views leads denied } }";
        let day = |days: i64| Timestamp((world.clock.now().day() + days) * DAY).to_string();
        let range = json!({ "since": day(-3), "until": day(0) });
        let mut api = Vec::new();
        for (document, variables) in [(log, json!({})), (alarms, json!({})), (stats, range)] {
            let mut answer = auditor.graphql(document, variables).await.data().clone();
            blur(&mut answer);
            api.push(answer);
        }
        let lines = api[0]["accessLog"]["edges"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["node"]["operationName"] == "canary bulletin"), "{lines:?}");
        world.core.recorder.fold_now().await.unwrap();
        let (entries, _) = world.core.store.log_from(0, &[], 10_000).await.unwrap();
        let told = |body: &Vec<u8>| {
            let mut json = Vec::new();
            leadkeep::audit::codec::decode(body).unwrap().write_json(&mut json);
            let mut record: Value = serde_json::from_slice(&json).unwrap();
            blur(&mut record);
            record.to_string()
        };
        let mut log: Vec<String> = entries.iter().map(|entry| told(&entry.body)).collect();
        log.sort_unstable();
        let metrics = world.anonymous().get("/metrics").await.text;
        let counted = ["leadkeep_operations_total", "leadkeep_ledger_tree_size", "leadkeep_operation_duration_seconds_count"];
        let is_counted = |line: &&str| counted.iter().any(|counted| line.starts_with(counted));
        let mut metrics: Vec<String> = metrics.lines().filter(is_counted).map(str::to_owned).collect();
        metrics.sort_unstable();
        // A head signed after the days that the file is about, which are over by then.
        let range = [day(-3), day(1)].map(|day| day[..10].to_owned());
        world.clock.advance_seconds(2 * A_DAY);
        world.caller(company::ADMIN).await;
        world.core.recorder.fold_now().await.unwrap();
        let file = world.home.folder().join("evidence.zip");
        let out = file.to_str().unwrap();
        let done = process::run(&world.home, &["evidence", "--from", &range[0], "--to", &range[1], "--out", out]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
        let mut part = |name: &str| {
            let mut part: Value = serde_json::from_reader(zip.by_name(name).unwrap()).unwrap();
            blur(&mut part);
            part
        };
        let evidence = vec![part("measures.json"), part("accesses.json")];
        Self { log, api, metrics, evidence }
    }
}

/// Puts a word in the place of everything that is another in each installation: ids, times, hashes.
fn blur(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key.contains("uration") || key == "at" {
                    *value = Value::Null;
                }
                blur(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blur),
        Value::String(text) => {
            let word = |word: &str| {
                if word.parse::<Id>().is_ok() && word.len() == 13 {
                    return "an id".to_owned();
                }
                let is_hash =
                    [43, 44, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
                // Dates and times of day in sentences, microseconds since 1970 in JSON.
                let digits = word.bytes().filter(u8::is_ascii_digit).count();
                let is_time = digits == 16
                    || [5, 10].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit() || b":-".contains(&byte));
                if is_hash || is_time || Timestamp::parse(word).is_some() { "something".to_owned() } else { word.to_owned() }
            };
            *text = text
                .split_inclusive([' ', '"', ','])
                .map(|part| {
                    let bare = part.trim_end_matches([' ', '"', ',']);
                    word(bare) + &part[bare.len()..]
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

async fn nobody_else_can_see_whether_something_was_touched(backend: Backend) {
    let (touched, untouched) = tokio::join!(Box::pin(Views::of(backend, true)), Box::pin(Views::of(backend, false)));
    assert_eq!(touched.log, untouched.log);
    assert_eq!(touched.api, untouched.api);
    assert_eq!(touched.metrics, untouched.metrics);
    assert_eq!(touched.evidence, untouched.evidence);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_see_whether_something_was_touched_sqlite() {
    nobody_else_can_see_whether_something_was_touched(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_can_see_whether_something_was_touched_postgres() {
    nobody_else_can_see_whether_something_was_touched(Backend::Postgres).await;
}
