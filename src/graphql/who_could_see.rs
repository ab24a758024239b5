//! Need-to-know, for any past moment.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    marking::MarkingInput,
    scalar::{DateTime, id, opaque},
    viewer::RowsName,
};
use crate::{
    app::{
        Op,
        who_could_see::{self, CouldSee, Question, Reach},
    },
    domain::{Field, FieldSet},
    policy::{Level, Refusal, document::MarkingText},
};

/// What it is about: a lead, leads so marked, a field; with several, what is all of it.
#[derive(Debug, InputObject)]
pub struct WhoCouldSeeInput {
    /// Who could see this lead, by its owner, team and marking of then.
    lead: Option<ID>,
    /// Who could see leads with this marking.
    marking: Option<MarkingInput>,
    /// Who could see this field of them, as it is or masked; its name.
    field: Option<String>,
}

/// Somebody who could see it.
#[derive(Debug, SimpleObject)]
pub struct CouldSeeIt {
    /// Who.
    subject: AccountReference,
    /// The grants whose windows opened it.
    grants: Vec<ID>,
    /// Which leads those windows were about.
    rows: Vec<RowsName>,
    /// Names of the fields they could see as they are.
    clear: Vec<&'static str>,
    /// Names of the fields they could see masked.
    masked: Vec<&'static str>,
    /// Whether one of these windows kept nothing back: every lead, every compartment, every field as it is.
    unrestricted: bool,
}

/// Who could see something at a moment: by the policy of then, for any purpose they could have declared. What agreements they had
/// accepted is not considered; locks that were lifted since are not known.
#[derive(Debug, SimpleObject)]
pub struct WhoCouldSee {
    /// The moment.
    at: DateTime,
    /// The policy revision in force then.
    policy_revision: i64,
    /// Whether what the lead was then is known for sure: not if what lies beside a change since was erased.
    exact: bool,
    /// Everybody who could, by id.
    subjects: Vec<CouldSeeIt>,
    /// Everybody whose access was unrestricted then, whatever was asked.
    unrestricted: Vec<AccountReference>,
}

/// Queries about need-to-know.
#[derive(Debug, Default)]
pub struct WhoCouldSeeQuery;

#[Object]
impl WhoCouldSeeQuery {
    /// Who could see a lead, a marking or a field at a past moment. Needs `POLICY_READ`; tells no value of any lead.
    #[graphql(complexity = "500 + 50 * child_complexity")]
    async fn who_could_see(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is about.")] input: WhoCouldSeeInput,
        #[graphql(desc = "When; now unless said otherwise.")] at: Option<DateTime>,
    ) -> Result<Option<WhoCouldSee>> {
        let op = op(ctx);
        let question = input.read(at.map_or(op.at, |at| at.0)).outward(op)?;
        let reach = who_could_see::who_could_see(op, &question).await.outward(op)?;
        let Reach { revision, exact, subjects, unrestricted } = reach;
        Ok(Some(WhoCouldSee {
            at: DateTime(question.at),
            policy_revision: revision,
            exact,
            subjects: subjects.into_iter().map(|could| shown(op, could)).collect(),
            unrestricted: unrestricted.into_iter().map(|id| AccountReference::of(op, id)).collect(),
        }))
    }
}

impl WhoCouldSeeInput {
    fn read(self, at: crate::domain::Timestamp) -> std::result::Result<Question, Refusal> {
        let no_field = || Refusal::bad_input("There is no such field.");
        Ok(Question {
            lead: self.lead.as_ref().map(id).transpose()?,
            marking: self
                .marking
                .map(|marking| MarkingText { level: Level::from(marking.level).name().into(), compartments: marking.compartments }),
            field: self.field.map(|name| Field::from_name(&name).ok_or_else(no_field)).transpose()?,
            at,
        })
    }
}

fn shown(op: &Op, could: CouldSee) -> CouldSeeIt {
    let names = |fields: FieldSet| fields.iter().map(Field::name).collect();
    CouldSeeIt {
        subject: AccountReference::of(op, could.subject),
        grants: could.grants.into_iter().map(opaque).collect(),
        rows: could.rows.into_iter().map(RowsName::from).collect(),
        clear: names(could.clear),
        masked: names(could.masked),
        unrestricted: could.unrestricted,
    }
}
