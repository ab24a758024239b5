//! What the nastiest kilobytes cost before any data is touched: `cargo bench --bench documents`.
//! Against: the goal of 5 ms each. Ends with an error if one takes longer.
#![allow(clippy::print_stdout, reason = "a report")]
// The schema is one future inside of another for every type; so deep the compiler looks only when told.
#![recursion_limit = "256"]

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use async_graphql::Request;
use leadkeep::{app::Limits, graphql, http::document};

mod nasty;

const GOAL: Duration = Duration::from_millis(5);
const SHOWN: usize = 40;

fn main() -> std::io::Result<ExitCode> {
    let limits = Limits::default();
    let schema = graphql::builder().limit_depth(limits.depth).limit_complexity(limits.complexity).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let bounds = runtime.block_on(document::Bounds::of(&schema, &limits));
    let mut measured = Vec::new();
    for (name, text) in nasty::documents() {
        let mut outcome = "";
        let once = |_| {
            let began = Instant::now();
            outcome = "refused";
            if let Ok(mut parsed) = document::read(&text, &limits)
                && document::bound(&mut parsed, None, &bounds).is_ok()
            {
                let mut request = Request::new("");
                request.set_parsed_query(parsed);
                let response = runtime.block_on(schema.execute(request));
                outcome = if response.is_ok() { "answered" } else { "invalid" };
            }
            began.elapsed()
        };
        let fastest = (0..20).map(once).min().unwrap_or_default();
        measured.push((fastest, name, text.len(), outcome));
    }
    measured.sort_by(|one, other| other.cmp(one));
    let answered = measured.iter().filter(|(.., outcome)| *outcome == "answered").count();
    println!("{} documents, {answered} answered; the slowest:", measured.len());
    for (time, name, bytes, outcome) in measured.iter().take(SHOWN) {
        println!("{:>9.1} µs  {bytes:>4} bytes  {outcome:<8}  {name}", time.as_secs_f64() * 1e6);
    }
    // `cargo test` runs this too, without optimisation; then it only has to work.
    let slow = std::env::args().any(|argument| argument == "--bench") && measured.first().is_some_and(|(time, ..)| *time > GOAL);
    Ok(if slow { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
