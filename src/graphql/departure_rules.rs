//! What departures go by: the checklist, and for whom it takes two.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    proposal::Proposal,
    scalar::id,
};
use crate::{
    app::{Op, departures},
    domain::Id,
    policy::{self, Refusal},
};

/// What departures go by, decided before anybody leaves.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct DepartureRules {
    /// What is to be done at each departure, besides what follows from the facts.
    checklist: Vec<String>,
    /// Names of the roles whose holders' departures take two.
    executive_roles: Vec<String>,
    #[graphql(skip)]
    executives: Vec<i64>,
}

#[ComplexObject]
impl DepartureRules {
    /// People whose departures take two.
    async fn executives(&self, ctx: &Context<'_>) -> Vec<AccountReference> {
        self.executives.iter().map(|person| AccountReference::of(op(ctx), Id(*person))).collect()
    }
}

impl DepartureRules {
    fn of(op: &Op, rules: policy::DepartureRules) -> Self {
        let roles = &op.snapshot.document.roles;
        let name = |role: &i64| roles.get(role).map_or_else(|| Id(*role).to_string(), |role| role.name.clone());
        Self { executive_roles: rules.executive_roles.iter().map(name).collect(), checklist: rules.checklist, executives: rules.executives }
    }
}

/// What to change of it; what is left out stays.
#[derive(Debug, InputObject)]
pub struct SetDepartureRulesInput {
    /// The whole checklist. What must not be demanded of somebody who leaves is refused, saying why.
    checklist: Option<Vec<String>>,
    /// Names of all roles whose holders' departures take two.
    executive_roles: Option<Vec<String>>,
    /// All people whose departures take two.
    executive_ids: Option<Vec<ID>>,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
}

/// What departures go by now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct SetDepartureRulesPayload {
    /// What they go by.
    departure_rules: DepartureRules,
    /// What waits for another admin, to take somebody off those for whom it takes two; null if it took hold.
    proposal: Option<Proposal>,
}

/// Queries about what departures go by.
#[derive(Debug, Default)]
pub struct DepartureRulesQuery;

#[Object]
impl DepartureRulesQuery {
    /// What departures go by. Needs `DEPARTURE_MANAGE` or `POLICY_READ`.
    async fn departure_rules(&self, ctx: &Context<'_>) -> Result<Option<DepartureRules>> {
        let op = op(ctx);
        let rules = departures::rules(op).outward(op)?;
        Ok(Some(DepartureRules::of(op, rules)))
    }
}

/// Changes of what departures go by.
#[derive(Debug, Default)]
pub struct DepartureRulesMutation;

#[Object]
impl DepartureRulesMutation {
    /// Sets what departures go by, for those that begin from now on. Needs `POLICY_MANAGE`.
    async fn set_departure_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: SetDepartureRulesInput,
    ) -> Result<Option<SetDepartureRulesPayload>> {
        let op = op(ctx);
        let document = &op.snapshot.document;
        let role = |name: &String| {
            let found = document.role_named(name).map(|(id, _)| id.0);
            found.ok_or_else(|| Refusal::bad_input(format!("There is no role `{name}`.")))
        };
        let roles = input.executive_roles.map(|names| names.iter().map(role).collect::<std::result::Result<Vec<_>, _>>());
        let roles = roles.transpose().outward(op)?;
        let people = input.executive_ids.map(|ids| ids.iter().map(|who| Ok(id(who)?.0)).collect::<std::result::Result<Vec<_>, Refusal>>());
        let people = people.transpose().outward(op)?;
        let edit = |rules: policy::DepartureRules| policy::DepartureRules {
            checklist: input.checklist.clone().unwrap_or(rules.checklist),
            executive_roles: roles.clone().unwrap_or(rules.executive_roles),
            executives: people.clone().unwrap_or(rules.executives),
        };
        let asked = departures::set_rules(op, input.expected_revision, edit).await.outward(op)?;
        Ok(Some(SetDepartureRulesPayload {
            departure_rules: DepartureRules::of(op, asked.value),
            proposal: asked.proposal.map(Proposal::from),
        }))
    }
}
