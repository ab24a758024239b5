//! The report as data.

use serde::Serialize;

use super::{
    facts::{About, CouldSee, DidSee, Evidence, Marked, Reach, Week},
    measures::Finding,
    people::{Leaver, Signed},
    rules::{Exports, Policy, Register},
    texts::day,
    weeks,
};
use crate::domain::{Timestamp, clock::DAY};

const NOT_ADVICE: &str = "Facts for a court to weigh; not legal advice.";

/// `measures.json`.
pub fn measures(evidence: &Evidence, findings: &[Finding]) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Told<'t> {
        format: &'static str,
        remark: &'static str,
        about: &'t About,
        measures: &'t [Finding],
    }
    written(&Told { format: "leadkeep-measures/v1", remark: NOT_ADVICE, about: &evidence.about, measures: findings })
}

/// `accesses.json`.
pub fn accesses(evidence: &Evidence) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Told<'t> {
        format: &'static str,
        remark: &'static str,
        about: &'t About,
        could_see: &'t CouldSee,
        could_see_over_time: Vec<Could>,
        did_see: &'t DidSee,
        did_see_by_week: Vec<ByWeek>,
        marked: &'t Marked,
        exports: &'t Exports,
        policy: &'t Policy,
        sole_admin_periods: Vec<[String; 2]>,
        register: &'t Register,
        signed: &'t Signed,
        left: &'t [Leaver],
    }
    #[derive(Serialize)]
    struct Could {
        at: String,
        by: std::collections::BTreeMap<Reach, u64>,
    }
    #[derive(Serialize)]
    struct ByWeek {
        monday: String,
        #[serde(flatten)]
        week: Week,
    }
    let over_time = evidence.could_see.over_time.iter().map(|(at, by)| Could { at: at.to_string(), by: by.clone() });
    let by_week = weeks::starts(evidence.about.from, evidence.about.to).map(|monday| ByWeek {
        monday: day(Timestamp(monday * DAY)),
        week: evidence.did_see.weeks.get(&monday).copied().unwrap_or_default(),
    });
    written(&Told {
        format: "leadkeep-accesses/v1",
        remark: NOT_ADVICE,
        about: &evidence.about,
        could_see: &evidence.could_see,
        could_see_over_time: over_time.collect(),
        did_see: &evidence.did_see,
        did_see_by_week: by_week.collect(),
        marked: &evidence.marked,
        exports: &evidence.exports,
        policy: &evidence.policy,
        sole_admin_periods: evidence.policy.sole_admin.iter().map(|(from, to)| [from.to_string(), to.to_string()]).collect(),
        register: &evidence.register,
        signed: &evidence.signed,
        left: &evidence.left,
    })
}

/// JSON for people too; of plain data with string keys, which cannot fail.
fn written<T: Serialize>(told: &T) -> String {
    let mut text = serde_json::to_string_pretty(told).unwrap_or_default();
    text.push('\n');
    text
}
