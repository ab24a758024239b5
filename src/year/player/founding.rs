//! The company before the first day: accounts, teams, grants, the app, the list.

use std::net::Ipv4Addr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Stage, YearError, input, text};
use crate::{
    app::{
        agreements::Placed,
        canaries, command, grants,
        people::{self, FirstPassword},
        setup,
    },
    domain::{Subject, clock::random_bytes},
    policy::{GrantWish, Refusal},
    year::{door::Caller, plot::Job},
};

const ADD_TEAM: &str = "mutation AddTeam($input: AddTeamInput!) { addTeam(input: $input) { team { id } } }";
const ROLES: &str = "query Roles { roles { id name } }";
pub(super) const REQUEST: &str = "mutation Request($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
pub(super) const APPROVE: &str = "mutation Approve($input: GrantIdInput!) { approveGrant(input: $input) { grant { id } } }";
const ADD_APP: &str = "mutation AddApp($input: AddAppInput!) { addApp(input: $input) { app { id } clientSecret } }";
const IMPORT: &str =
    "mutation Import($input: ImportLeadsInput!) { importLeads(input: $input) { rows created rejected unknownNames { name } } }";
/// The first and the second admin.
pub(super) const ADMINS: [usize; 2] = [0, 1];
/// The app: name and client id.
const APP: (&str, &str) = ("Warehouse", "warehouse");

impl Stage<'_> {
    /// Makes the company: the operator makes two admins and the accounts, one admin asks for every grant, the other approves it.
    pub(super) async fn found(&mut self) -> Result<(), YearError> {
        self.first_admin().await?;
        let there: Vec<usize> = (1..self.players.len()).filter(|who| self.plot.cast.people[*who].joins < self.plot.first).collect();
        for who in &there {
            self.account(*who).await?;
        }
        self.second_admin().await?;
        self.teams_and_roles().await?;
        for who in there.iter().filter(|who| !ADMINS.contains(who)) {
            let team = self.plot.cast.people[*who].team;
            self.grant(*who, team).await?;
        }
        self.trap_keeper().await?;
        self.found_app().await?;
        for who in there.into_iter().chain([0]) {
            self.sign(who, self.plot.cast.people[who].address(false)).await?;
        }
        self.import().await?;
        canaries::plant(self.core).await?;
        Ok(())
    }

    fn password(&mut self, who: usize) -> String {
        let password = URL_SAFE_NO_PAD.encode(random_bytes::<15>(self.secrets));
        self.players[who].password.clone_from(&password);
        password
    }

    async fn first_admin(&mut self) -> Result<(), YearError> {
        let person = &self.plot.cast.people[ADMINS[0]];
        let password = self.password(ADMINS[0]);
        let first = setup::FirstAdmin { name: person.name.clone(), email: person.email.clone(), password, own_password: true };
        let arguments = json!({ "email": person.email });
        let made = command::run(self.core, Subject::OPERATOR, "init", arguments, async |op| setup::initialise(op, &first).await).await?;
        self.players[ADMINS[0]].id = made.to_string();
        Ok(())
    }

    /// An account whose password its owner has set already.
    async fn account(&mut self, who: usize) -> Result<(), YearError> {
        let person = &self.plot.cast.people[who];
        let password = self.password(who);
        let arguments = json!({ "name": person.name, "email": person.email });
        let add = async |op: &crate::app::Op| {
            people::add(op, &person.name, &person.email, &Placed::default(), FirstPassword::Own(password)).await
        };
        let made = command::run(self.core, Subject::OPERATOR, "person add", arguments, add).await?;
        self.players[who].id = made.person.id.to_string();
        Ok(())
    }

    /// Whom the operator approves: from then on there are two.
    async fn second_admin(&self) -> Result<(), YearError> {
        let (email, id) = (&self.plot.cast.people[ADMINS[1]].email, &self.players[ADMINS[1]].id);
        let give = async |op: &crate::app::Op| {
            let (role, _) = op.snapshot.document.role_named("admin").ok_or_else(Refusal::not_found)?;
            let subject = id.parse().map_err(|_| Refusal::not_found())?;
            let reason = "Two admins from the first day.".into();
            grants::give(op, &GrantWish { subject, role, team: None, compartments: Vec::new(), reason, expires_at: None }).await
        };
        let arguments = json!({ "to": email, "role": "admin", "approve": true });
        command::run(self.core, Subject::OPERATOR, "grant add", arguments, give).await?;
        Ok(())
    }

    async fn teams_and_roles(&mut self) -> Result<(), YearError> {
        for name in &self.plot.cast.teams {
            let parent = self.teams.first().cloned();
            let made = self.must(ADMINS[0], ADD_TEAM, input(json!({ "name": name, "parentId": parent })), "addTeam").await?;
            self.teams.push(text(&made["team"]["id"]));
        }
        let roles = self.must(ADMINS[0], ROLES, json!({}), "roles").await?;
        let roles = roles.as_array().into_iter().flatten();
        self.roles = roles.map(|role| (text(&role["name"]), text(&role["id"]))).collect();
        Ok(())
    }

    fn role(&self, name: &str) -> Option<&String> {
        self.roles.iter().find(|(known, _)| known == name).map(|(_, id)| id)
    }

    /// The grant of a job: one admin asks, the other approves.
    pub(super) async fn grant(&mut self, who: usize, team: Option<usize>) -> Result<(), YearError> {
        let role = self.role(self.plot.cast.people[who].job.role()).cloned();
        let team = team.and_then(|team| self.teams.get(team)).cloned();
        let wish = json!({ "subject": self.players[who].id, "role": role, "team": team, "reason": "Their job." });
        let grant = self.ask_and_approve(wish).await?;
        self.players[who].grant = grant;
        Ok(())
    }

    async fn ask_and_approve(&mut self, wish: Value) -> Result<String, YearError> {
        let asked = self.must(ADMINS[0], REQUEST, input(wish), "requestGrant").await?;
        let id = text(&asked["grant"]["id"]);
        self.must(ADMINS[1], APPROVE, input(json!({ "id": id })), "approveGrant").await?;
        Ok(id)
    }

    /// The auditor keeps the trap as well.
    async fn trap_keeper(&mut self) -> Result<(), YearError> {
        let Some(auditor) = self.plot.cast.people.iter().position(|person| person.job == Job::Auditor) else { return Ok(()) };
        let wish = json!({ "subject": self.players[auditor].id, "role": self.role("trap-keeper"), "reason": "Keeps the trap." });
        self.ask_and_approve(wish).await.map(|_| ())
    }

    async fn found_app(&mut self) -> Result<(), YearError> {
        let responsible = &self.players[ADMINS[0]].id;
        let wanted = input(json!({ "name": APP.0, "clientId": APP.1, "responsible": responsible }));
        let made = self.must(ADMINS[0], ADD_APP, wanted, "addApp").await?;
        self.app = (APP.1.to_owned(), text(&made["clientSecret"]), None);
        let wish = json!({ "subject": made["app"]["id"], "role": self.role("app-reader"), "reason": "Stock is planned by it." });
        self.ask_and_approve(wish).await.map(|_| ())
    }

    /// The head of Sales brings in the list.
    async fn import(&mut self) -> Result<(), YearError> {
        let Some(head) = self.plot.cast.manager_of(0) else { return Ok(()) };
        let from: Ipv4Addr = self.plot.cast.people[head].address(false);
        let token = self.token(head, from).await?;
        let answer = self.door.upload(Caller { from, token: Some(&token) }, IMPORT, json!({}), &self.plot.sheet()).await?;
        let report = &answer.data().map_err(|_| answer.unexpected("the import"))?["importLeads"];
        let taken = report["rows"] == report["created"] && report["unknownNames"].as_array().is_some_and(Vec::is_empty);
        if taken { Ok(()) } else { Err(answer.unexpected("the import")) }
    }
}
