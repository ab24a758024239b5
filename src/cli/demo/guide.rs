//! What the demo prints: who can sign in, and commands to paste.

use std::path::Path;

use super::{
    card::Card,
    company::{ADA, APP, STAFF},
};
use crate::cli::output;

/// The table of sign-ins.
pub(super) fn sign_ins(card: &Card) {
    let people = std::iter::once(ADA).chain(STAFF).filter_map(|member| {
        let key = member.key?;
        let sign_in = card.people.get(key)?;
        Some([key.to_owned(), sign_in.email.clone(), sign_in.password.clone(), member.may.to_owned()])
    });
    let app = ["app".into(), format!("{} (client id)", card.app.client_id), card.app.client_secret.clone(), may_app()];
    output::table(["WHO", "SIGNS IN AS", "PASSWORD OR SECRET", "MAY"], &people.chain([app]).collect::<Vec<_>>());
}

fn may_app() -> String {
    format!("the {} system: see all leads at CONFIDENTIAL, contacts masked", APP.0)
}

/// A command that asks as somebody who has signed in.
fn query(card: &Card, who: &str, document: &str) -> String {
    format!(
        "curl -s {}/graphql -H \"Authorization: Bearer ${who}\" -H 'Content-Type: application/json' \\\n  -d '{{\"query\":\"{document}\"}}'; echo",
        card.url
    )
}

/// Commands that sign people in, each into a variable.
fn sign_in(card: &Card, people: &[(&str, &str)]) {
    for (variable, who) in people {
        if let Some(sign_in) = card.people.get(*who) {
            let document = format!(
                r#"mutation {{ signIn(input: {{email: \"{}\", password: \"{}\"}}) {{ accessToken }} }}"#,
                sign_in.email, sign_in.password
            );
            output::line(format!(
                "{variable}=$(curl -s {}/graphql -H 'Content-Type: application/json' \\\n  -d '{{\"query\":\"{document}\"}}' | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')",
                card.url
            ));
        }
    }
}

/// Four commands to paste into another terminal.
pub(super) fn commands(card: &Card) {
    output::line("\nPaste into another terminal, one after the other:\n\n# 1. Sign in, as the rep and as the auditor.");
    sign_in(card, &[("REP", "rep"), ("AUDITOR", "auditor")]);
    let leads = "{ leads(first: 5, orderBy: {field: LAST_NAME}) { nodes { lastName company emails notes marking { banner } } } }";
    let log = "{ accessLog(first: 5) { edges { node { at decision code subject { person { name } } disclosures { leads } } } } }";
    output::line("\n# 2. The rep sees leads: own ones in clear, the team's with e-mail addresses masked; marked, with a receipt.");
    output::line(query(card, "REP", leads));
    output::line("\n# 3. The auditor sees none.");
    output::line(query(card, "AUDITOR", leads));
    output::line("\n# 4. But the auditor sees who saw which.");
    output::line(query(card, "AUDITOR", log));
}

/// Commands that find the one who copied the list, with the product's own answers.
pub(super) fn tour(card: &Card, found: &Path) {
    output::line(
        "\nA list was found outside. Paste into another terminal, one after the other:\n\n# 1. Sign in, as the auditor and as an admin.",
    );
    sign_in(card, &[("AUDITOR", "auditor"), ("ADMIN", "admin")]);
    let trace = "mutation($file: Upload!) { traceLeak(input: {file: $file}) { identified \
        sources { origin { subject { person { id name } } exportRequest } probability explains canaries } } }";
    output::line("\n# 2. Where does it come from? WHO is the first of the sources.");
    output::line(format!(
        "WHO=$(curl -s {}/graphql -H \"Authorization: Bearer $AUDITOR\" -H 'GraphQL-Require-Preflight: 1' \\\n  \
         -F operations='{{\"query\":\"{trace}\",\"variables\":{{\"file\":null}}}}' \\\n  \
         -F map='{{\"0\":[\"variables.file\"]}}' -F 0=@{} | tee /dev/stderr | sed 's/.*\"sources\":[^}}]*\"id\":\"\\([^\"]*\\)\".*/\\1/'); echo",
        card.url,
        found.display()
    ));
    let alarms = r#"{ alarms(filter: {subject: \"'$WHO'\"}) { nodes { rule summary at } } }"#;
    output::line("\n# 3. Did they raise an alarm at the time? WHEN is the last of them.");
    let asked = query(card, "AUDITOR", alarms);
    let asked = asked.strip_suffix("; echo").unwrap_or(&asked);
    output::line(format!("WHEN=$({asked} | tee /dev/stderr | sed 's/.*\"at\":\"\\([^\"]*\\)\".*/\\1/'); echo"));
    let exposure = r#"{ exposure(subject: \"'$WHO'\", since: \"'$WHEN'\", until: \"'$WHEN'\") { subject { name } days { day leads downloadedLeads offHours } baseline { leads } peers { leads } newAddresses } }"#;
    output::line("\n# 4. What were they shown that day, beside what is usual for them and for their peers?");
    output::line(query(card, "AUDITOR", exposure));
    let departures = r#"{ departures(filter: {personId: \"'$WHO'\"}) { nodes { lastDay reason accessEndedAt } } }"#;
    output::line("\n# 5. Had they given notice?");
    output::line(query(card, "ADMIN", departures));
}
