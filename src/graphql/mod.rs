//! GraphQL: translation only, one file per noun. Each file gives a query and a mutation part; here they become one schema.

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

pub mod acceptance;
pub mod access_log;
pub mod access_log_filter;
pub mod access_record;
mod access_record_context;
pub mod access_review;
mod access_stats;
pub mod account;
pub mod agreement;
mod agreement_change;
pub mod alarm;
pub mod app;
pub mod canary;
pub mod canary_bulletin;
pub mod canary_touch;
pub mod channel;
pub mod contact_account;
pub mod custody;
mod delivery;
pub mod departure;
pub mod departure_change;
pub mod departure_report;
pub mod departure_rules;
pub mod departure_task;
pub mod departure_task_change;
pub mod erasure;
pub mod error;
pub mod evidence;
pub mod export;
mod exposure;
pub mod field_marking;
pub mod grant;
pub mod handover;
pub mod import;
mod lead;
pub mod leak;
mod ledger_status;
pub mod legal_hold;
pub mod live;
pub mod marking;
pub mod order;
mod page;
pub mod permission;
pub mod person;
pub mod policy_revision;
pub mod proof;
pub mod proposal;
pub mod purpose;
pub mod quota;
pub mod raw;
pub mod role;
pub mod role_change;
pub mod scalar;
pub mod session;
pub mod team;
pub mod upload;
pub mod viewer;
mod who_could_see;
mod who_saw;

// Parts stand in groups of a few, because the compiler counts how deep they are nested, and takes its time. A field is
// looked for from the last part to the first: what is asked most stands last.
/// The root of queries.
#[derive(Debug, Default, MergedObject)]
pub struct Query(DepartureQueries, WatchQueries, AgreementQueries, PolicyQueries, SubjectQueries, LogQueries, LeadQueries);

/// The root of mutations.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(DepartureMutations, WatchMutations, AgreementMutations, PolicyMutations, SubjectMutations, LeadMutations);

/// Queries about leads and where they come from.
#[derive(Debug, Default, MergedObject)]
pub struct LeadQueries(
    legal_hold::LegalHoldQuery,
    erasure::ErasureQuery,
    custody::CustodyQuery,
    contact_account::ContactAccountQuery,
    lead::LeadQuery,
);

/// Changes of leads, and what leaves with a file.
#[derive(Debug, Default, MergedObject)]
pub struct LeadMutations(
    legal_hold::LegalHoldMutation,
    erasure::ErasureMutation,
    contact_account::ContactAccountMutation,
    export::ExportMutation,
    import::ImportMutation,
    lead::RelationshipMutation,
    lead::OriginMutation,
    lead::LeadMutation,
);

/// Queries about what was seen.
#[derive(Debug, Default, MergedObject)]
pub struct LogQueries(
    access_log::AccessLogQuery,
    who_saw::WhoSawQuery,
    exposure::ExposureQuery,
    access_stats::AccessStatsQuery,
    proof::ProofQuery,
    ledger_status::LedgerStatusQuery,
);

/// Queries about who asks.
#[derive(Debug, Default, MergedObject)]
pub struct SubjectQueries(viewer::ViewerQuery, session::SessionQuery, person::PersonQuery, app::AppQuery);

/// Changes of who asks.
#[derive(Debug, Default, MergedObject)]
pub struct SubjectMutations(session::SessionMutation, person::PersonMutation, app::AppMutation);

/// Queries about who may see and do what.
#[derive(Debug, Default, MergedObject)]
pub struct PolicyQueries(
    team::TeamQuery,
    role_change::RoleQuery,
    grant::GrantQuery,
    field_marking::FieldMarkingQuery,
    policy_revision::PolicyRevisionQuery,
    proposal::ProposalQuery,
    purpose::PurposeQuery,
);

/// Changes of who may see and do what.
#[derive(Debug, Default, MergedObject)]
pub struct PolicyMutations(
    team::TeamMutation,
    role_change::RoleMutation,
    grant::GrantMutation,
    field_marking::FieldMarkingMutation,
    proposal::ProposalMutation,
    purpose::PurposeMutation,
);

/// Queries about what people signed.
#[derive(Debug, Default, MergedObject)]
pub struct AgreementQueries(agreement::AgreementQuery, acceptance::AcceptanceQuery);

/// Changes of what people sign, and the file that shows it.
#[derive(Debug, Default, MergedObject)]
pub struct AgreementMutations(agreement_change::AgreementMutation, evidence::EvidenceMutation);

/// Queries about limits, alarms, reviews and traps.
#[derive(Debug, Default, MergedObject)]
pub struct WatchQueries(
    quota::QuotaQuery,
    alarm::AlarmQuery,
    access_review::AccessReviewQuery,
    who_could_see::WhoCouldSeeQuery,
    canary::CanaryQuery,
    canary_touch::CanaryTouchQuery,
    canary_bulletin::BulletinQuery,
);

/// Changes of limits, alarms, reviews and traps.
#[derive(Debug, Default, MergedObject)]
pub struct WatchMutations(
    quota::QuotaMutation,
    alarm::AlarmMutation,
    access_review::AccessReviewMutation,
    canary::CanaryMutation,
    canary_bulletin::BulletinMutation,
    leak::LeakMutation,
);

/// Queries about people who leave.
#[derive(Debug, Default, MergedObject)]
pub struct DepartureQueries(
    departure::DepartureQuery,
    departure_rules::DepartureRulesQuery,
    handover::HandoverQuery,
    departure_report::DepartureReportQuery,
);

/// Changes about people who leave.
#[derive(Debug, Default, MergedObject)]
pub struct DepartureMutations(
    departure_change::DepartureMutation,
    departure_task_change::DepartureTaskMutation,
    departure_rules::DepartureRulesMutation,
    handover::HandoverMutation,
);

/// The root of subscriptions.
#[derive(Debug, Default, MergedSubscription)]
pub struct Subscription(access_log::AccessLogSubscription, alarm::AlarmSubscription, canary_bulletin::BulletinSubscription);

/// The schema.
pub type LeadkeepSchema = Schema<Query, Mutation, Subscription>;

/// The schema before limits are set; names are never suggested, a suggestion could tell of what is hidden.
pub fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default()).disable_suggestions()
}

/// The schema in the schema definition language: what `schema.graphql` holds.
pub fn sdl() -> String {
    builder().finish().sdl()
}
