//! A list of 50 leads, ten fields each, with its record and without: everything between the request's bytes having been read and
//! the answer's being sent. Without means that the benchmark leaves the last step out; no server can.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Request, Variables,
    parser::{parse_query, types::ExecutableDocument},
};
use leadkeep::{
    app::{
        Core, Op,
        seal::{self, Outcome},
    },
    audit::record::{Decision, OperationKind},
    domain::{Client, Field, Id, LeadValues, Subject, normal, words},
    graphql::{self, LeadkeepSchema},
    policy::{Level, Marking, Permission},
    store::{StoreError, leads::NewLead},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Failed,
    append::middle,
    clients::{self, Went},
    fill::{YearClock, person},
    founded,
};

const DOCUMENT: &str = "query Leads($first: Int!) { leads(first: $first) { edges { node { id firstName lastName emails company title stage \
                        score dealValue createdAt } } pageInfo { hasNextPage endCursor } } }";
const CALLERS: usize = 32;
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(3);

struct Asking {
    core: Arc<Core>,
    schema: LeadkeepSchema,
    document: ExecutableDocument,
    variables: String,
}

/// Measures both, in turn.
pub(super) async fn run(database_url: Option<String>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let core = founded::core(folder.path(), database_url, Arc::new(YearClock::default()), founded::BATCH).await?;
    insert(&core).await?;
    let schema = graphql::builder().finish();
    // Read once: a server remembers documents that it has met.
    let (document, variables) = (parse_query(DOCUMENT)?, json!({ "first": 50 }).to_string());
    let asking = Arc::new(Asking { core: Arc::clone(&core), schema, document, variables });
    println!("an answer of {} bytes, {CALLERS} callers, {ROUNDS} rounds of {TURN:?}", asking.ask(true).await?);
    let (mut rates, mut most) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut went: Vec<(bool, Went, Went)> = Vec::new();
        for recorded in if round % 2 == 0 { [false, true] } else { [true, false] } {
            let full = asked(&asking, recorded, None).await?;
            // Half of what this one can.
            let half = asked(&asking, recorded, Some(full.rate / 2.0)).await?;
            println!("{}: {full}; at half load {half}", if recorded { "with the record" } else { "without" });
            went.push((recorded, full, half));
        }
        went.sort_unstable_by_key(|(recorded, ..)| *recorded);
        let (without, with) = (&went[0], &went[1]);
        rates.push(with.1.rate / without.1.rate);
        most.push(with.2.below(990).as_secs_f64() / without.2.below(990).as_secs_f64());
    }
    println!("throughput with for without, median of rounds: {:.2}; p99 at half load: {:.2}", middle(&mut rates), middle(&mut most));
    core.recorder.stop().await;
    Ok(())
}

async fn asked(asking: &Arc<Asking>, recorded: bool, rate: Option<f64>) -> Result<Went, Failed> {
    let asking = Arc::clone(asking);
    let act = move |_, _| {
        let asking = Arc::clone(&asking);
        async move { asking.ask(recorded).await.map(drop).map_err(|error| error.to_string()) }
    };
    clients::call(CALLERS, TURN, rate, act).await
}

impl Asking {
    /// Asks once; returns the length of the answer.
    async fn ask(&self, recorded: bool) -> Result<usize, Failed> {
        let subject = Subject { person: Some(Id(person(0))), session: Some(Id(1 << 60)), ..Subject::ANONYMOUS };
        let client = Client { ip: Some("192.0.2.7".into()), user_agent: Some("leadview/4.2".into()) };
        let op = Arc::new(Op::open(Arc::clone(&self.core), subject, client, None).await.map_err(|error| error.to_string())?);
        let variables = Variables::from_json(serde_json::from_str(&self.variables)?);
        let mut request = Request::new(String::new()).variables(variables).data(Arc::clone(&op));
        request.set_parsed_query(self.document.clone());
        let answer = self.schema.execute(request).await;
        if !answer.errors.is_empty() {
            return Err(format!("{:?}", answer.errors).into());
        }
        let body = serde_json::to_vec(&answer.data)?;
        if recorded {
            let outcome = Outcome {
                kind: OperationKind::Query,
                name: Some("Leads".into()),
                document: Some(DOCUMENT.into()),
                variables: Some(self.variables.clone()),
                decision: Decision::Allowed,
                response: Some(Sha256::digest(&body).into()),
                notice: true,
                duration: 900,
            };
            let receipt = seal::seal(&op, outcome).await?;
            std::hint::black_box(receipt);
        }
        Ok(body.len())
    }
}

/// A thousand leads of the first person and their team.
async fn insert(core: &Core) -> Result<(), Failed> {
    let lead = |number: i64| {
        let mut values = LeadValues::default();
        for (field, text) in [
            (Field::Company, format!("Company {}", number % 97)),
            (Field::Stage, "Qualified".to_owned()),
            (Field::FirstName, format!("First{number}")),
            (Field::LastName, format!("Last{number}")),
            (Field::Title, "Buyer".to_owned()),
            (Field::Emails, format!("lead{number}@company.example")),
        ] {
            values.set_text(field, text);
        }
        let numbers =
            [(Field::DealValue, number * 1_000), (Field::Score, number % 100), (Field::CreatedAt, number), (Field::UpdatedAt, number)];
        for (field, value) in numbers.into_iter().chain([(Field::Archived, 0), (Field::Owner, person(0)), (Field::Team, 11)]) {
            values.set_integer(field, value);
        }
        let finders = (normal::keys(&values), words::index(&values));
        NewLead { id: Id(1 << 50 | number), marking: Marking::new(Level::Confidential, 0), values, finders }
    };
    let leads: Vec<_> = (1..=1_000).map(lead).collect();
    let snapshot = core.current.fresh(&core.store, &*core.clock).await?;
    let scope =
        snapshot.rights(&Subject::OPERATOR, None, core.now()).leads(Permission::LeadCreate).map_err(|refusal| format!("{refusal:?}"))?;
    let written = core.store.write(move |tx| Box::pin(async move { tx.insert_leads(&scope, &leads).await }));
    Ok(written.await.map_err(|error: StoreError| error.to_string())?)
}
