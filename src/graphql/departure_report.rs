//! What somebody who leaves was shown and took.

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::{
    access_record::names,
    agreement::KindName as AgreementKindName,
    canary::{Canary, canary},
    departure::Departure,
    error::{Outward, op},
    exposure::{Exposure, moment},
    scalar::{DateTime, id},
};
use crate::{
    app::{
        Op,
        departures::{self, CanaryMet, DayFields, DeviceUsed, FileTaken, Met},
    },
    policy::Acceptance,
};

/// How many days a report looks back unless said otherwise.
const DAYS: i32 = 90;

/// What somebody who leaves was shown and took, for those who speak with them.
#[derive(SimpleObject)]
pub struct DepartureReport {
    /// The departure, with the time from when the company knew until access ended.
    departure: Departure,
    /// When this was made.
    made_at: DateTime,
    /// In numbers by day: views, leads, files, off-hours, purposes, new addresses, beside what was usual for them and for their peers.
    /// The leads one by one need `LOG_READ`.
    exposure: Exposure,
    /// What was shown by day and field; days on which nothing was are left out.
    shown: Vec<ShownOnDay>,
    /// How many different leads were shown in all of these days.
    distinct_leads: u64,
    /// The files they took, the latest last, at most 1000.
    exports: Vec<ExportTaken>,
    /// What they asked with, by name.
    devices: Vec<ExposureDevice>,
    /// What they accepted and no later acceptance replaced.
    agreements: Vec<ReportedAgreement>,
    /// Null if every record was looked at; else fields, exports and devices of those that are older than the one with this index are
    /// missing: ask for fewer days.
    searched_back_to: Option<u64>,
    /// Their canaries, and what they did with them in these days. Null without `TRAP_KEEP`, whether or not there are any; show it to
    /// nobody else.
    canaries: Option<Vec<ReportedCanary>>,
}

/// A canary of somebody who leaves, and what they did with it.
#[derive(SimpleObject)]
pub struct ReportedCanary {
    /// The canary.
    canary: Canary,
    /// Answers on a screen that showed it.
    shown: u64,
    /// Of those, that showed no other lead.
    shown_alone: u64,
    /// How often they changed it.
    changed: u64,
    /// Indexes in the access log of the files that it stands in.
    files: Vec<u64>,
    /// When they met it last.
    last_at: Option<DateTime>,
}

impl ReportedCanary {
    fn of(op: &Op, met: CanaryMet) -> Self {
        let CanaryMet { canary: view, met: Met { shown, alone, changed, files, last } } = met;
        Self { canary: canary(op, view), shown, shown_alone: alone, changed, files, last_at: last.map(DateTime) }
    }
}

/// An agreement that they accepted.
#[derive(SimpleObject)]
pub struct ReportedAgreement {
    /// Its kind.
    kind: AgreementKindName,
    /// Which version.
    version: u32,
    /// When they signed it.
    signed_at: DateTime,
    /// Whether on paper.
    paper: bool,
}

impl From<Acceptance> for ReportedAgreement {
    fn from(accepted: Acceptance) -> Self {
        let Acceptance { kind, version, signed_at, paper, .. } = accepted;
        Self { kind: kind.into(), version, signed_at: DateTime(signed_at), paper }
    }
}

/// What was shown on a day.
#[derive(SimpleObject)]
pub struct ShownOnDay {
    /// Its beginning (UTC).
    day: DateTime,
    /// How many different leads.
    distinct_leads: u64,
    /// By field.
    fields: Vec<FieldShown>,
}

/// A field on a day.
#[derive(SimpleObject)]
pub struct FieldShown {
    /// Its name.
    field: &'static str,
    /// Leads that showed it as it is, each as often as they did.
    clear: u64,
    /// Leads that showed it masked, each as often as they did.
    masked: u64,
}

/// A file of leads.
#[derive(SimpleObject)]
pub struct ExportTaken {
    /// Index of its record in the access log.
    index: u64,
    /// When.
    at: DateTime,
    /// How many leads.
    leads: u64,
    /// Names of its fields.
    fields: Vec<&'static str>,
    /// The purpose code that was declared.
    purpose: Option<String>,
    /// The internet address it went to.
    address: Option<String>,
    /// Whether outside of the working hours that are set, or on a Saturday or Sunday (UTC).
    off_hours: bool,
}

/// Something that was used to ask.
#[derive(SimpleObject)]
pub struct ExposureDevice {
    /// What it calls itself (`User-Agent`); empty if it does not.
    name: String,
    /// In how many records.
    records: u64,
    /// When first.
    first: DateTime,
    /// When last.
    last: DateTime,
    /// Whether it was not used in the days before; null if not all records of these were looked at.
    new: Option<bool>,
}

impl From<DayFields> for ShownOnDay {
    fn from(shown: DayFields) -> Self {
        let field = |one: departures::FieldShown| FieldShown { field: one.field.name(), clear: one.clear, masked: one.masked };
        Self { day: moment(shown.day), distinct_leads: shown.leads, fields: shown.fields.into_iter().map(field).collect() }
    }
}

impl From<FileTaken> for ExportTaken {
    fn from(file: FileTaken) -> Self {
        let FileTaken { index, at, leads, fields, purpose, address, off_hours } = file;
        Self { index, at: DateTime(at), leads, fields: names(fields), purpose, address, off_hours }
    }
}

impl From<DeviceUsed> for ExposureDevice {
    fn from(device: DeviceUsed) -> Self {
        let DeviceUsed { name, records, first, last, new } = device;
        Self { name, records, first: DateTime(first), last: DateTime(last), new }
    }
}

/// The query.
#[derive(Debug, Default)]
pub struct DepartureReportQuery;

#[Object]
impl DepartureReportQuery {
    /// What somebody who leaves was shown and took, in the days up to now. Needs `DEPARTURE_MANAGE` or `LOG_READ`; asking is recorded.
    #[graphql(complexity = "500 + child_complexity")]
    async fn departure_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The departure.")] departure_id: ID,
        #[graphql(desc = "How many days, today included, 1 to 366; 90 unless said otherwise.")] days: Option<i32>,
    ) -> Result<Option<DepartureReport>> {
        let op = op(ctx);
        let departure = id(&departure_id).outward(op)?;
        let days = u32::try_from(days.unwrap_or(DAYS)).unwrap_or(0);
        let report = departures::report(op, departure, days).await.outward(op)?;
        Ok(Some(DepartureReport {
            departure: report.departure.into(),
            made_at: DateTime(report.made_at),
            exposure: Exposure::of(op, report.exposure),
            shown: report.by_day.into_iter().map(ShownOnDay::from).collect(),
            distinct_leads: report.leads,
            exports: report.files.into_iter().map(ExportTaken::from).collect(),
            devices: report.devices.into_iter().map(ExposureDevice::from).collect(),
            agreements: report.agreements.into_iter().map(ReportedAgreement::from).collect(),
            searched_back_to: report.cut_before,
            canaries: report.canaries.map(|met| met.into_iter().map(|met| ReportedCanary::of(op, met)).collect()),
        }))
    }
}
