//! Those who come, change teams and go.

use std::net::Ipv4Addr;

use serde_json::json;

use super::{Stage, YearError, founding::ADMINS, input, text};
use crate::{
    app::departures,
    domain::{
        Clock, Timestamp,
        clock::{DAY, SECOND},
    },
    year::{
        door::Caller,
        plot::{Dice, Job},
    },
};

const AGREEMENT: &str = "query Text { agreementText(kind: CONFIDENTIALITY) { agreement { version } text sha256 } }";
const ACCEPT: &str = "mutation Accept($input: AcceptAgreementInput!) { acceptAgreement(input: $input) { acceptance { id } } }";
const ADD_PERSON: &str = "mutation AddPerson($input: AddPersonInput!) { addPerson(input: $input) { person { id } password } }";
const OWN_PASSWORD: &str = "mutation OwnPassword($input: ChangePasswordInput!) { changePassword(input: $input) { changed } }";
const REVOKE: &str = "mutation Revoke($input: GrantIdInput!) { revokeGrant(input: $input) { grant { id } } }";
const BEGIN_DEPARTURE: &str =
    "mutation Begin($input: BeginDepartureInput!) { beginDeparture(input: $input) { departure { id } proposal { id } } }";
const APPROVE_PROPOSAL: &str = "mutation ApproveProposal($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { id } } }";
/// The hour at which the last day of somebody ends.
const LAST_HOUR: i64 = 23;
const LEADS_OF: &str = "query LeadsOf($filter: LeadFilter, $first: Int) { leads(filter: $filter, first: $first) { nodes { id } } }";
const ASSIGN: &str = "mutation Assign($input: AssignLeadInput!) { assignLead(input: $input) { lead { id } } }";
/// Leads that a new colleague is given, and that go from a leaver to each of some colleagues.
const GIVEN: u32 = 6;
/// Colleagues who take over.
const SUCCESSORS: usize = 3;

impl Stage<'_> {
    /// Takes somebody on: an account with a password made for them, which they change, a grant, and some leads of a colleague.
    pub(super) async fn join(&mut self, who: usize) -> Result<(), YearError> {
        let person = &self.plot.cast.people[who];
        let wanted = input(json!({ "name": person.name, "email": person.email }));
        let made = self.must(ADMINS[0], ADD_PERSON, wanted, "addPerson").await?;
        self.players[who].id = text(&made["person"]["id"]);
        self.players[who].password = text(&made["password"]);
        let team = person.team;
        let from = person.address(false);
        let token = self.token(who, from).await?;
        let own = format!("{}-{}", text(&made["password"]), "own");
        let change = input(json!({ "currentPassword": made["password"], "newPassword": own }));
        let answer = self.door.graphql(Caller { from, token: Some(&token) }, OWN_PASSWORD, &change).await?;
        answer.data().map_err(|_| answer.unexpected("an own password"))?;
        self.players[who].password = own;
        self.grant(who, team).await?;
        let Some(team) = team else { return Ok(()) };
        for colleague in self.colleagues(who, team) {
            self.pass_on(colleague, who, team).await?;
        }
        Ok(())
    }

    /// Some reps of a team beside somebody.
    fn colleagues(&self, who: usize, team: usize) -> Vec<usize> {
        let there = self.plot.cast.reps_of(team, self.clock.now().day());
        let mut colleagues: Vec<usize> = there.filter(|other| *other != who && !self.players[*other].id.is_empty()).collect();
        Dice::of(self.plot.seed, "colleagues", [who, team]).shuffle(&mut colleagues);
        colleagues.truncate(SUCCESSORS);
        colleagues
    }

    /// The team's manager gives some leads of one rep to another.
    async fn pass_on(&mut self, from: usize, to: usize, team: usize) -> Result<(), YearError> {
        let Some(manager) = self.plot.cast.manager_of(team) else { return Ok(()) };
        let filter = json!({ "owner": { "eq": self.players[from].id } });
        let leads = self.must(manager, LEADS_OF, json!({ "filter": filter, "first": GIVEN }), "leads").await?;
        let ids: Vec<String> = leads["nodes"].as_array().into_iter().flatten().map(|lead| text(&lead["id"])).collect();
        for id in ids {
            let owner = self.players[to].id.clone();
            self.must(manager, ASSIGN, input(json!({ "id": id, "owner": owner })), "assignLead").await?;
        }
        Ok(())
    }

    /// Reads and accepts what the way to the leads hangs on. Admins see none, but the one who answers for the app accepts for it.
    pub(super) async fn sign(&mut self, who: usize, from: Ipv4Addr) -> Result<(), YearError> {
        let person = &self.plot.cast.people[who];
        if !matches!(person.job, Job::Rep | Job::Manager | Job::Analyst) && who != ADMINS[0] {
            return Ok(());
        }
        let answer = self.ask(who, from, AGREEMENT, json!({})).await?;
        let shown = &answer.data().map_err(|_| answer.unexpected("an agreement"))?["agreementText"];
        let accepted = json!({
            "kind": "CONFIDENTIALITY",
            "version": shown["agreement"]["version"],
            "sha256": shown["sha256"],
            "typedName": person.name,
        });
        let answer = self.ask(who, from, ACCEPT, input(accepted)).await?;
        answer.data().map(|_| ()).map_err(|_| answer.unexpected("accepting"))
    }

    /// Another team: the old grant ends, a new one is asked for and approved.
    pub(super) async fn transfer(&mut self, who: usize, team: usize) -> Result<(), YearError> {
        let grant = self.players[who].grant.clone();
        self.must(ADMINS[0], REVOKE, input(json!({ "id": grant })), "revokeGrant").await?;
        self.grant(who, Some(team)).await
    }

    /// Somebody gives notice.
    pub(super) async fn notice(&mut self, who: usize) -> Result<(), YearError> {
        let Some((last, _)) = self.plot.cast.people[who].leaves else { return Ok(()) };
        let departure = json!({
            "personId": self.players[who].id,
            "lastDay": Timestamp(last * DAY + LAST_HOUR * 3_600 * SECOND).to_string(),
            "reason": "They gave notice.",
            "access": "KEEP",
        });
        let begun = self.must(ADMINS[0], BEGIN_DEPARTURE, input(departure), "beginDeparture").await?;
        if begun["departure"].is_null() {
            self.must(ADMINS[1], APPROVE_PROPOSAL, input(json!({ "id": begun["proposal"]["id"] })), "approveProposal").await?;
        }
        Ok(())
    }

    /// Somebody goes: the departure locks them out, colleagues take over some leads.
    pub(super) async fn leave(&mut self, who: usize) -> Result<(), YearError> {
        departures::sweep(self.core).await?;
        self.players[who].session = None;
        let today = self.clock.now().day();
        let Some(team) = self.plot.cast.people[who].team_on(today) else { return Ok(()) };
        for colleague in self.colleagues(who, team) {
            self.pass_on(who, colleague, team).await?;
        }
        Ok(())
    }
}
