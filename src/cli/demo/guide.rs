//! What the demo prints: who can sign in, and four commands to paste.

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

/// Four commands to paste into another terminal.
pub(super) fn commands(card: &Card) {
    let query = |who: &str, document: &str| {
        format!(
            "curl -s {}/graphql -H \"Authorization: Bearer ${who}\" -H 'Content-Type: application/json' \\\n  -d '{{\"query\":\"{document}\"}}'; echo",
            card.url
        )
    };
    output::line("\nPaste into another terminal, one after the other:\n\n# 1. Sign in, as the rep and as the auditor.");
    for (variable, who) in [("REP", "rep"), ("AUDITOR", "auditor")] {
        if let Some(sign_in) = card.people.get(who) {
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
    let leads = "{ leads(first: 5, orderBy: {field: LAST_NAME}) { nodes { lastName company emails notes marking { banner } } } }";
    let log = "{ accessLog(first: 5) { edges { node { at decision code subject { person { name } } disclosures { leads } } } } }";
    output::line("\n# 2. The rep sees leads: own ones in clear, the team's with e-mail addresses masked; marked, with a receipt.");
    output::line(query("REP", leads));
    output::line("\n# 3. The auditor sees none.");
    output::line(query("AUDITOR", leads));
    output::line("\n# 4. But the auditor sees who saw which.");
    output::line(query("AUDITOR", log));
}
