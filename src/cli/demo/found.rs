//! Founds the demo's company through the use cases of the API, so that its policy history and its access log read like
//! those of a real one: the operator makes two admins, one asks for every grant, the other approves it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Seek},
    path::Path,
    sync::Arc,
};

use leadkeep::{
    app::{
        Core, Error, Op,
        agreements::{self, Placed},
        apps, grants,
        import::{self, Request, Watcher},
        markings,
        people::{self, FirstPassword},
        sessions, setup, teams,
    },
    domain::{Id, Subject, hex},
    import::{Options, Reject},
    policy::{AgreementKind, GrantWish, document::MarkingText},
    store::private,
};
use serde_json::{Value, json};

use super::{
    Failure,
    card::{AppSignIn, Card, SignIn},
    company::{ADA, APP, BEN, COMPARTMENT, LEADS, Member, SHARES, STAFF, Share, TEAMS},
};
use crate::cli::{find, operator::act_as, output, password};

/// Stands in the folder while the company is being made, and after a run that was interrupted then.
const UNFINISHED: &str = "demo.unfinished";

/// Refuses a company that an interrupted run has made in part: nobody knows its passwords.
pub(super) fn refuse_half_made(folder: &Path) -> Result<(), Failure> {
    if !folder.join(UNFINISHED).exists() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the last run was interrupted while it made the demo; remove {} (and the PostgreSQL database, if it used one) and run again",
        folder.display()
    )))
}

/// Says that the company is whole and its sign-ins are written.
pub(super) fn finished(folder: &Path) -> Result<(), Failure> {
    let file = folder.join(UNFINISHED);
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::failed(format!("{}: {error}", file.display()))),
        _ => Ok(()),
    }
}

/// Refuses to begin where there is an installation, and marks the folder until [`finished`].
pub(super) async fn begin(core: &Core, folder: &Path) -> Result<(), Failure> {
    if core.current.fresh(&core.store, &*core.clock).await?.revision != 0 {
        let message =
            format!("{} is no demo: it holds an installation, but no demo.json; name another folder with --data", folder.display());
        return Err(Failure::failed(message));
    }
    Ok(private::write_file(&folder.join(UNFINISHED), b"")?)
}

/// Makes the company; its sign-ins, without an address yet.
pub(super) async fn found(core: &Arc<Core>, folder: &Path) -> Result<Card, Failure> {
    begin(core, folder).await?;
    output::note("Making a company with 1,000 leads …");
    let mut founding = Founding { core, passwords: BTreeMap::new() };
    founding.admins().await?;
    let (ada, ben) = (founding.sign_in(ADA).await?, founding.sign_in(BEN).await?);
    founding.staff(ada, ben).await?;
    let client_secret = founding.app(ada, ben).await?;
    founding.accept(ADA, ada).await?;
    for admin in [ada, ben] {
        act_as(core, admin, "sign out", json!({}), async |op| sessions::sign_out(op).await).await?;
    }
    for (number, share) in SHARES.iter().enumerate() {
        founding.leads(number, share).await?;
    }
    let people = [ADA, BEN].into_iter().chain(STAFF).filter_map(|member| {
        let password = founding.passwords.get(member.email)?.clone();
        Some((member.key?.to_owned(), SignIn { email: member.email.into(), password }))
    });
    Ok(Card { url: String::new(), people: people.collect(), app: AppSignIn { client_id: APP.1.into(), client_secret } })
}

struct Founding<'c> {
    core: &'c Arc<Core>,
    /// By e-mail address.
    passwords: BTreeMap<&'static str, String>,
}

impl Founding<'_> {
    async fn operator<T>(&self, command: &str, arguments: Value, work: impl AsyncFnOnce(&Op) -> Result<T, Error>) -> Result<T, Failure> {
        act_as(self.core, Subject::OPERATOR, command, arguments, work).await
    }

    fn password(&mut self, member: Member) -> String {
        let made = password::generate(&*self.core.random);
        self.passwords.insert(member.email, made.clone());
        made
    }

    /// The first admin bootstraps alone; the operator approves the second, and no grant after that.
    async fn admins(&mut self) -> Result<(), Failure> {
        let first = setup::FirstAdmin { name: ADA.name.into(), email: ADA.email.into(), password: self.password(ADA), own_password: true };
        self.operator("init", json!({ "email": ADA.email }), async |op| setup::initialise(op, &first).await).await?;
        let ben = self.person(BEN).await?;
        let give = async |op: &Op| grants::give(op, &wish(op, ben, BEN.role, None, false)?).await;
        self.operator("grant add", json!({ "to": BEN.email, "role": BEN.role, "approve": true }), give).await?;
        Ok(())
    }

    async fn person(&mut self, member: Member) -> Result<Id, Failure> {
        let password = self.password(member);
        let add = async |op: &Op| people::add(op, member.name, member.email, &Placed::default(), FirstPassword::Own(password)).await;
        let added = self.operator("person add", json!({ "name": member.name, "email": member.email }), add).await?;
        Ok(added.person.id)
    }

    async fn sign_in(&self, member: Member) -> Result<Subject, Failure> {
        let password = self.passwords.get(member.email).cloned().unwrap_or_default();
        let sign_in = async |op: &Op| {
            let tokens = sessions::sign_in(op, member.email, password).await?;
            sessions::authenticate(&op.core, &tokens.access_token).await
        };
        act_as(self.core, Subject::ANONYMOUS, "sign in", json!({ "email": member.email }), sign_in).await
    }

    async fn staff(&mut self, ada: Subject, ben: Subject) -> Result<(), Failure> {
        for (name, parent) in TEAMS {
            let add = async |op: &Op| teams::add(op, name, parent.map(|parent| find::team(op, parent)).transpose()?).await;
            act_as(self.core, ada, "team add", json!({ "name": name, "parent": parent }), add).await?;
        }
        let compartment = async |op: &Op| markings::add_compartment(op, COMPARTMENT).await;
        act_as(self.core, ada, "compartment add", json!({ "code": COMPARTMENT }), compartment).await?;
        for member in STAFF {
            let person = self.person(member).await?;
            self.grant(ada, ben, person, member.role, member.team, member.insider).await?;
            if member.accepts {
                let subject = self.sign_in(member).await?;
                self.accept(member, subject).await?;
                act_as(self.core, subject, "sign out", json!({}), async |op| sessions::sign_out(op).await).await?;
            }
        }
        Ok(())
    }

    /// Reads and accepts what their access hangs on, as a person does over the API.
    async fn accept(&self, member: Member, subject: Subject) -> Result<(), Failure> {
        let kind = AgreementKind::Confidentiality;
        let arguments = json!({ "kind": kind });
        let shown = act_as(self.core, subject, "agreement text", arguments.clone(), async |op| agreements::text(op, kind).await);
        let shown = shown.await?;
        let accept = async |op: &Op| agreements::accept(op, kind, shown.version.version, &hex(&shown.sha256), member.name).await;
        act_as(self.core, subject, "agreement accept", arguments, accept).await?;
        Ok(())
    }

    /// One admin asks, the other approves.
    async fn grant(&self, ada: Subject, ben: Subject, to: Id, role: &str, team: Option<&str>, insider: bool) -> Result<(), Failure> {
        let ask = async |op: &Op| grants::request(op, &wish(op, to, role, team, insider)?).await;
        let arguments = json!({ "to": to.to_string(), "role": role, "team": team });
        let grant = act_as(self.core, ada, "grant add", arguments, ask).await?.id;
        let approve = async |op: &Op| grants::approve(op, grant).await;
        act_as(self.core, ben, "grant approve", json!({ "id": grant.to_string() }), approve).await?;
        Ok(())
    }

    async fn app(&self, ada: Subject, ben: Subject) -> Result<String, Failure> {
        let add = async |op: &Op| apps::add(op, APP.0, find::person(op, ADA.email).await?.id, Some(APP.1)).await;
        let (app, made) = act_as(self.core, ada, "app add", json!({ "name": APP.0, "clientId": APP.1 }), add).await?;
        self.grant(ada, ben, app.id, "app-reader", None, false).await?;
        Ok(made.text)
    }

    async fn leads(&self, number: usize, share: &Share) -> Result<(), Failure> {
        let file = rows_of(number).map_err(|error| Failure::failed(format!("the demo's leads: {error}")))?;
        let compartments = if share.insiders_only { vec![COMPARTMENT.to_owned()] } else { Vec::new() };
        let marking = MarkingText { level: share.level.into(), compartments };
        let take = async |op: &Op| {
            let owner = match share.owner {
                Some(owner) => Some(find::person(op, owner.email).await?.id),
                None => None,
            };
            let team = share.team.map(|team| find::team(op, team)).transpose()?;
            let options = Options { mapping: ignoring_owner(), ..Options::default() };
            let request = Request { options, owner, team, marking: Some(find::marking(op, &marking)?), ..Request::default() };
            import::import(op, file, request, &mut Silent).await
        };
        let report = self.operator("import", json!({ "file": "leads-1000.csv", "share": number }), take).await?;
        if report.counts.rejected == 0 { Ok(()) } else { Err(Failure::failed("the demo's leads were not all taken")) }
    }
}

/// Who owned the leads in the sample set is nobody here.
fn ignoring_owner() -> Vec<(String, leadkeep::import::Target)> {
    vec![("Lead Owner".into(), leadkeep::import::Target::Ignored)]
}

fn wish(op: &Op, subject: Id, role: &str, team: Option<&str>, insider: bool) -> Result<GrantWish, Error> {
    let team = team.map(|team| find::team(op, team)).transpose()?;
    let compartments = if insider { vec![COMPARTMENT.to_owned()] } else { Vec::new() };
    Ok(GrantWish { subject, role: find::role(op, role)?, team, compartments, reason: "Their job.".into(), expires_at: None })
}

/// The rows of a share as a file of its own: of every twenty, those whose turn it is.
fn rows_of(number: usize) -> Result<File, Box<dyn std::error::Error>> {
    let before: usize = SHARES.iter().take(number).map(|share| share.of_twenty).sum();
    let mine = before..before + SHARES.get(number).map_or(0, |share| share.of_twenty);
    let mut rows = csv::Reader::from_reader(LEADS);
    let mut out = csv::Writer::from_writer(tempfile::tempfile()?);
    out.write_byte_record(rows.byte_headers()?)?;
    for (row, turn) in rows.byte_records().zip((0..20).cycle()) {
        if mine.contains(&turn) {
            out.write_byte_record(&row?)?;
        }
    }
    let mut file = out.into_inner()?;
    file.rewind()?;
    Ok(file)
}

/// Looks on without a word.
struct Silent;

impl Watcher for Silent {
    fn rejected(&mut self, _: &Reject) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_the_whole_set() {
        assert_eq!(SHARES.iter().map(|share| share.of_twenty).sum::<usize>(), 20);
        let rows = |number| csv::Reader::from_reader(rows_of(number).unwrap()).byte_records().count();
        assert_eq!((0..SHARES.len()).map(rows).sum::<usize>(), 1_000);
    }
}
