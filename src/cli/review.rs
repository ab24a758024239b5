//! `leadkeep review`.

use clap::{Args, Subcommand};
use leadkeep::{
    app::reviews::{self, AccessReview, ReviewAnswer, Scope},
    domain::{Id, Timestamp},
};
use serde_json::json;

use super::{
    Exit, Failure,
    find::{self, PAGE},
    operator::Operator,
    output,
};

const AFTER_HELP: &str = "\
Managers answer over the API, each for the grants of their team. What nobody answers for by the date ends then, within a minute \
of a server that runs.

Examples:
  leadkeep review start --name '2026, third quarter' --due 2026-10-31
  leadkeep review list
  leadkeep review show ID
  leadkeep review confirm ID GRANT
  leadkeep review withdraw ID GRANT";

/// Begin access reviews, and answer for grants in them
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Review {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a review of the grants that are active now
    Start {
        /// What it is called
        #[arg(long, value_name = "TEXT")]
        name: String,
        /// Until when grants can be confirmed, like 2027-01-31 or 2027-01-31T18:00:00Z
        #[arg(long, value_name = "MOMENT", value_parser = find::moment)]
        due: Timestamp,
        /// Only grants for this team and the teams below it
        #[arg(long, value_name = "TEAM")]
        team: Option<String>,
        /// Only grants of this role
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
    },
    /// List reviews
    List,
    /// Show what became of each grant
    Show {
        /// Id of the review
        review: Id,
    },
    /// Say that a grant is still needed
    Confirm {
        /// Id of the review
        review: Id,
        /// Id of the grant
        grant: Id,
    },
    /// End a grant
    Withdraw {
        /// Id of the review
        review: Id,
        /// Id of the grant
        grant: Id,
    },
}

impl Review {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        match self.command {
            Command::Start { name, due, team, role } => {
                let arguments = json!({ "name": name, "due": due.to_string(), "team": team, "role": role });
                let start = async |op: &leadkeep::app::Op| {
                    let team = team.as_deref().map(|team| find::team(op, team)).transpose()?;
                    let role = role.as_deref().map(|role| find::role(op, role)).transpose()?;
                    reviews::start(op, &name, due, Scope { team, role }).await
                };
                let review = operator.act("review start", arguments, start).await?;
                output::line(format!("The review {} runs until {}.", review.id, review.due_at));
            }
            Command::List => list(operator).await?,
            Command::Show { review } => show(operator, review).await?,
            Command::Confirm { review, grant } => answer(operator, review, grant, ReviewAnswer::Confirmed).await?,
            Command::Withdraw { review, grant } => answer(operator, review, grant, ReviewAnswer::Withdrawn).await?,
        }
        Ok(Exit::Done)
    }
}

async fn answer(operator: &Operator, review: Id, grant: Id, answer: ReviewAnswer) -> Result<(), Failure> {
    let arguments = json!({ "review": review.to_string(), "grant": grant.to_string(), "answer": answer.name() });
    operator.act("review answer", arguments, async |op| reviews::answer(op, review, grant, answer).await).await?;
    output::line(format!("The grant {grant} is {}.", answer.name().to_lowercase()));
    Ok(())
}

async fn list(operator: &Operator) -> Result<(), Failure> {
    let read = async |op: &leadkeep::app::Op| {
        find::every(async |last: Option<&AccessReview>| reviews::list(op, last.map(|review| review.id), PAGE).await).await
    };
    let reviews = operator.act("review list", json!({}), read).await?;
    let rows = reviews.into_iter().map(|review| {
        let state = if review.closed_at.is_some() { "closed" } else { "open" };
        [review.id.to_string(), state.into(), review.due_at.to_string(), review.name]
    });
    output::table(["ID", "STATE", "DUE", "NAME"], &rows.collect::<Vec<_>>());
    Ok(())
}

async fn show(operator: &Operator, review: Id) -> Result<(), Failure> {
    let read = async |op: &leadkeep::app::Op| {
        let items = reviews::items(op, review).await?;
        let row = |(item, grant): reviews::Reviewed| {
            let answer = item.answer.map_or("OPEN", |(answer, ..)| answer.name());
            let who = grant.as_ref().and_then(|grant| op.snapshot.name(Id(grant.row.subject))).unwrap_or_default().to_owned();
            let role = grant.as_ref().and_then(|grant| grant.role.clone()).unwrap_or_default();
            let team = grant.and_then(|grant| grant.team).unwrap_or_default();
            [item.grant.to_string(), answer.into(), who, role, team]
        };
        Ok(items.into_iter().map(row).collect::<Vec<_>>())
    };
    let rows = operator.act("review show", json!({ "review": review.to_string() }), read).await?;
    output::table(["GRANT", "ANSWER", "WHO", "ROLE", "TEAM"], &rows);
    Ok(())
}
