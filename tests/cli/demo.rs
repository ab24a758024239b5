//! `leadkeep demo`, twice on one folder.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::run::{leadkeep, run};
use crate::support::Caller;

/// A demo under way; told to stop when dropped.
struct Demo(Child);

impl Demo {
    /// Starts one and reads what it prints until it serves.
    fn start(folder: &Path) -> (Self, String) {
        Self::start_as(folder, &[], "# 4.")
    }

    /// Starts one with more arguments and reads what it prints up to the line with `last`.
    fn start_as(folder: &Path, more: &[&str], last: &str) -> (Self, String) {
        let mut command = leadkeep();
        // Somebody else's database, which a demo leaves alone.
        command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/other");
        command.args(["demo", "--port", "0", "--data"]).arg(folder).args(more).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut printed = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while !printed.contains(last) {
            assert!(lines.read_line(&mut printed).unwrap() > 0, "the demo ended: {printed}");
        }
        (Self(child), printed)
    }

    /// Stops it as Ctrl-C would.
    fn stop(mut self) {
        // The shell's own, since a bare machine has no other.
        let stopped = Command::new("sh").args(["-c", &format!("kill -INT {}", self.0.id())]).status().unwrap();
        assert!(stopped.success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn card(folder: &Path) -> Value {
    let file = folder.join("demo.json");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

async fn sign_in(card: &Value, who: &str) -> Caller {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let person = &card["people"][who];
    Caller::anonymous(&text(&card["url"])).sign_in(&text(&person["email"]), &text(&person["password"])).await
}

#[tokio::test]
async fn a_second_run_finds_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("demo");
    let (first, printed) = Demo::start(&folder);
    assert!(printed.contains("1,000 invented leads") && printed.contains("rita@demo.example"), "{printed}");
    let made = card(&folder);
    let manager = sign_in(&made, "manager").await;
    let stage = "{ leads(first: 1) { nodes { id version stage } totalCount } }";
    let answer = manager.graphql(stage, json!({})).await;
    let lead = answer.data()["leads"]["nodes"][0].clone();
    assert_eq!(answer.data()["leads"]["totalCount"], 950, "all but those of no team");
    let change = "mutation($input: UpdateLeadInput!) { updateLead(input: $input) { lead { stage } } }";
    let input = json!({ "id": lead["id"], "expectedVersion": lead["version"], "values": { "stage": "Changed by a test" } });
    manager.graphql(change, json!({ "input": input })).await.data();
    let auditor = sign_in(&made, "auditor").await;
    assert_eq!(auditor.graphql(stage, json!({})).await.code(), Some("FORBIDDEN"));
    let newcomer = sign_in(&made, "newcomer").await;
    assert_eq!(newcomer.graphql(stage, json!({})).await.code(), Some("AGREEMENT_REQUIRED"));
    let app = Caller::anonymous(made["url"].as_str().unwrap());
    let app = app.client_credentials(made["app"]["clientId"].as_str().unwrap(), made["app"]["clientSecret"].as_str().unwrap()).await;
    app.graphql(stage, json!({})).await.data();
    first.stop();

    let (second, printed) = Demo::start(&folder);
    assert!(printed.contains("as you left it"), "{printed}");
    let found = card(&folder);
    assert_ne!(found["url"], made["url"], "the address is the one of this run");
    assert_eq!(found["people"], made["people"]);
    let lookup = "query($id: ID!) { lead(id: $id) { stage } }";
    let answer = sign_in(&found, "manager").await.graphql(lookup, json!({ "id": lead["id"] })).await;
    assert_eq!(answer.data()["lead"]["stage"], "Changed by a test");
    second.stop();
}

#[test]
fn a_demo_that_was_made_in_part_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo.unfinished"), "").unwrap();
    let done = run(&["demo", "--port", "0", "--data", folder.path().to_str().unwrap()], "");
    assert!(done.code == 1 && done.err.contains("interrupted") && done.err.contains("run again"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tour_of_a_year_names_the_one_who_copied_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("demo");
    let year = ["--year", "--people", "15", "--seed", "3", "--last-day", "2026-11-21"];
    let (demo, printed) = Demo::start_as(&folder, &year, "departures(");
    assert!(printed.contains("after a year"), "{printed}");
    // How often each rule was right, and that nobody was wronged by a canary.
    let row = |rule: &str| printed.lines().find(|line| line.starts_with(rule)).unwrap().split_whitespace().collect::<Vec<_>>();
    assert!(row("MORE_THAN_USUAL")[1].parse::<u64>().unwrap() > 0 && row("EXPORT_BEFORE_LEAVING").len() == 4, "{printed}");
    assert_eq!(row("CANARY_TOUCHED"), ["CANARY_TOUCHED", "0", "0", "0.0000"]);
    // As somebody would who pastes them.
    let (_, commands) = printed.split_once("one after the other:").unwrap();
    let script = format!("{commands}\necho \"WHO $WHO WHEN $WHEN\"");
    let shell = Command::new("bash").args(["-c", &script]).output().unwrap();
    let (told, aside) = (String::from_utf8(shell.stdout).unwrap(), String::from_utf8(shell.stderr).unwrap());
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("year.json")).unwrap()).unwrap();
    let [id, name, day] = ["id", "name", "day"].map(|field| truth["thief"][field].as_str().unwrap());
    assert!(told.contains(&format!("WHO {id} WHEN 2026-")) && aside.contains(name), "{told}{aside}");
    assert!(told.contains(&format!("{{\"exposure\":{{\"subject\":{{\"name\":\"{name}\"}}")), "{told}{aside}");
    // The alarm is from their last nine days, and the departure was known.
    let day_of = |text: &str| leadkeep::year::plot::calendar::day_of(&text[..10]).unwrap();
    let when = told.split("WHEN ").nth(1).unwrap();
    assert!((0..9).contains(&(day_of(day) - day_of(when))), "{told}{aside}");
    assert!(told.contains(&format!("\"lastDay\":\"{}", &day[..10])), "{told}{aside}");
    demo.stop();
}
