//! From `init` to `ledger verify` on both back ends.

use super::run::{Done, run_in};
use crate::support::{Backend, Home, Table};

#[tokio::test]
async fn an_installation_on_sqlite() {
    installation(Backend::Sqlite).await;
}

#[tokio::test]
async fn an_installation_on_postgresql() {
    installation(Backend::Postgres).await;
}

async fn installation(backend: Backend) {
    let home = Home::empty(backend);
    let leadkeep = |arguments: &[&str]| run_in(&home, arguments, "");
    let made = leadkeep(&["init", "--email", "ada@example.com"]).ok();
    assert!(made.contains("shown this once"), "{made}");
    let again = leadkeep(&["init", "--email", "ada@example.com"]);
    assert_eq!(again.code, 4, "{again:?}");
    assert!(leadkeep(&["migrate"]).ok().contains("nothing to do"));

    let add = ["person", "add", "--name", "Rita", "--email", "rita@example.com", "--password-stdin"];
    let added = run_in(&home, &add, "a long enough password\n").ok();
    assert!(added.contains("rita@example.com") && !added.contains("a long enough password"), "{added}");
    assert_eq!(run_in(&home, &add, "a long enough password\n").code, 4, "the address is taken");
    assert_eq!(run_in(&home, &add, "").code, 2, "no password came");
    assert!(leadkeep(&["person", "list", "--search", "rita"]).ok().contains("Rita"));
    assert_eq!(leadkeep(&["person", "lock", "nobody@example.com"]).code, 4);
    leadkeep(&["person", "lock", "rita@example.com"]).ok();
    leadkeep(&["person", "unlock", "rita@example.com"]).ok();

    teams_and_compartments(&leadkeep);

    let grant = ["grant", "add", "--to", "rita@example.com", "--role", "analyst", "--reason", "Counts", "--approve"];
    assert!(leadkeep(&grant).ok().contains("in effect"));
    let grants = leadkeep(&["grant", "list", "--of", "rita@example.com"]).ok();
    assert!(grants.contains("analyst") && grants.contains("ACTIVE"), "{grants}");
    let id = grants.lines().nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    leadkeep(&["grant", "revoke", &id]).ok();

    let role = leadkeep(&["role", "show", "analyst"]).ok().replace("\"analyst\"", "\"intern\"");
    std::fs::write(home.folder().join("intern.json"), role).unwrap();
    leadkeep(&["role", "add", "intern.json"]).ok();
    assert!(leadkeep(&["role", "list"]).ok().contains("intern"));
    let app = leadkeep(&["app", "add", "--name", "Figures", "--responsible", "ada@example.com", "--client-id", "figures"]).ok();
    assert!(app.contains("Client secret:"), "{app}");
    assert!(leadkeep(&["app", "list"]).ok().contains("figures"));
    assert!(leadkeep(&["keys", "rotate"]).ok().contains("signs"));

    leads(&home);
    verify(&home).await;
}

fn teams_and_compartments(leadkeep: &impl Fn(&[&str]) -> Done) {
    leadkeep(&["team", "add", "Sales"]).ok();
    leadkeep(&["team", "add", "EMEA", "--parent", "Sales"]).ok();
    assert_eq!(leadkeep(&["team", "add", "Nowhere", "--parent", "Nothing"]).code, 4);
    assert_eq!(leadkeep(&["team", "remove", "Sales"]).code, 4, "a team is below it");
    leadkeep(&["team", "rename", "EMEA", "Europe"]).ok();
    let teams = leadkeep(&["team", "list"]).ok();
    assert!(teams.lines().any(|line| line.contains("Europe") && line.ends_with("Sales")), "{teams}");
    leadkeep(&["team", "remove", "Europe"]).ok();
    leadkeep(&["compartment", "add", "MERGER"]).ok();
    assert_eq!(leadkeep(&["compartment", "add", "MERGER"]).code, 4);
    assert!(leadkeep(&["compartment", "list"]).ok().contains("MERGER"));
}

fn leads(home: &Home) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/leads-1000.csv");
    let rejects = home.folder().join("rejects.csv");
    let import = |file: &str| run_in(home, &["import", file, "--rejects", rejects.to_str().unwrap()], "");
    let first = import(file).ok();
    assert!(first.contains("1000"), "{first}");
    import(file).ok();
    let out = home.folder().join("export.csv");
    run_in(home, &["export", "--purpose", "MIGRATION", "--out", out.to_str().unwrap()], "").ok();
    let exported = std::fs::read_to_string(&out).unwrap();
    assert_eq!(exported.lines().filter(|line| line.contains('@')).count(), 1_000, "the same file twice added nothing");
    let broken = home.folder().join("broken.csv");
    std::fs::write(&broken, "First Name,Last Name,Email\nIda,Ink,ida@example.com\nJo,Jar\n").unwrap();
    let rejected = import(broken.to_str().unwrap());
    assert_eq!(rejected.code, 5, "{rejected:?}");
    assert!(std::fs::read_to_string(&rejects).unwrap().contains("Jo,Jar"));
}

async fn verify(home: &Home) {
    let verified = run_in(home, &["ledger", "verify"], "");
    assert_eq!(verified.code, 0, "{verified:?}");
    for line in ["size ", "root ", "signed as leadkeep/"] {
        assert!(verified.out.lines().any(|said| said.starts_with(line)), "{verified:?}");
    }
    let triggers = match home.backend {
        Backend::Sqlite => "DROP TRIGGER ledger_entry_no_update",
        Backend::Postgres => "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    };
    home.tamper(Table::Ledger, triggers).await.unwrap();
    home.tamper(Table::Ledger, "UPDATE ledger_entry SET leaf = body WHERE rseq = 0").await.unwrap();
    let wrong = run_in(home, &["ledger", "verify"], "");
    assert_eq!(wrong.code, 3, "{wrong:?}");
}
