//! What `leadkeep departure` prints.

use std::path::PathBuf;

use leadkeep::{
    app::{
        Op,
        access_log::Baseline,
        departures::{self, Planned, Report, seconds},
    },
    domain::{DepartureState, Id, TaskKind, TaskState, Timestamp, clock::DAY},
};
use serde_json::json;

use crate::cli::{Failure, operator::Operator, output};

/// A departure with what hangs on the person and what is to be done.
pub(super) async fn departure(operator: &Operator, id: Id) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let found = departures::find(op, id).await?;
        let name = op.snapshot.name(found.person).unwrap_or("?").to_owned();
        let hangs = departures::consequences(op, found.person).await?;
        let apps: Vec<String> = hangs.apps.iter().map(|app| op.snapshot.name(*app).unwrap_or("?").to_owned()).collect();
        let tasks = departures::tasks(op, &found).await?;
        let handovers = departures::handovers(op, &found).await?;
        Ok((found, name, hangs, apps, tasks, handovers))
    };
    let (found, name, hangs, apps, tasks, handovers) = operator.act("departure show", json!({ "id": id.to_string() }), work).await?;
    output::line(format!("{name} leaves: {} ({})", found.reason, found.state.name()));
    output::line(format!("Last day ends {}. Access: {}.", found.last_day, found.access.name()));
    if let Some(locked) = found.locked_at {
        let waited = seconds(found.known_at, locked);
        output::line(format!("Access ended {locked}, {waited} s after the company knew."));
        output::line(format!("Ended with it: {} sessions, {} of them of apps.", found.sessions, found.delegations));
    }
    output::line(format!("Legal hold {}.", found.hold));
    output::line(format!(
        "Theirs: {} leads, {} company accounts, apps: {}. Waiting for others' approval: {}.",
        hangs.leads,
        hangs.contact_accounts,
        if apps.is_empty() { "none".to_owned() } else { apps.join(", ") },
        hangs.waiting
    ));
    if hangs.sole_admin {
        output::line("They are the only one who manages the policy: appoint another.");
    }
    for handover in handovers {
        let undone = handover.undone_at.map(|at| format!(", taken back {at}")).unwrap_or_default();
        output::line(format!("Handover {} of {}: {} relationships{undone}.", handover.id, handover.at, handover.relationships));
    }
    let rows: Vec<_> = tasks
        .into_iter()
        .map(|view| {
            let how = if view.is_open() { how(id, view.task.id, view.task.kind) } else { view.task.note.unwrap_or_default() };
            [view.task.id.to_string(), view.state.name().to_owned(), view.task.text, how]
        })
        .collect();
    output::table(["TASK", "STATE", "WHAT", "HOW, OR THE NOTE"], &rows);
    if found.state == DepartureState::Open && rows.iter().all(|[_, state, ..]| state != TaskState::Open.name()) {
        output::line(format!("Nothing is left to do: leadkeep departure close {id}"));
    }
    Ok(())
}

/// What is to be done so that a task is no longer open.
fn how(id: Id, task: Id, kind: TaskKind) -> String {
    match kind {
        TaskKind::Manual => format!("leadkeep departure task done {task}"),
        TaskKind::Access => format!("by itself after the last day, or leadkeep departure restrict {id} lock"),
        TaskKind::Handover => format!("leadkeep departure hand-over {id} --preview"),
        TaskKind::App => "leadkeep app change (another person), add-secret, revoke-secret".into(),
        TaskKind::ContactAccount => "changeContactAccount (another custodian), or leadkeep contact-account retire".into(),
        TaskKind::Certificate => format!("leadkeep departure certificate {id} accepted|refused --note …"),
    }
}

/// What they were shown and took.
pub(super) async fn report(operator: &Operator, id: Id, days: u32) -> Result<(), Failure> {
    let work = async |op: &Op| {
        let report = departures::report(op, id, days).await?;
        let name = op.snapshot.name(report.departure.person).unwrap_or("?").to_owned();
        Ok((report, name))
    };
    let (report, name) = operator.act("departure report", json!({ "id": id.to_string(), "days": days }), work).await?;
    let (total, sum) = (&report.exposure.total, &report.exposure.total.sum);
    output::line(format!("{name}, the last {days} days, as of {}.", report.made_at));
    if let Some(locked) = report.departure.locked_at {
        output::line(format!("From when the company knew until access ended: {} s.", seconds(report.departure.known_at, locked)));
    }
    output::line(format!(
        "{} different leads in {} views; {} files with {} leads; {} denied; {} records off-hours.",
        report.leads,
        sum.views,
        sum.downloads,
        sum.downloaded,
        sum.denied(),
        total.off_hours
    ));
    let usual = |what: &str, usual: Baseline| {
        let Baseline { active_days, views, leads, downloaded, denied, off_hours } = usual;
        let number = |number: f64| format!("{number:.1}");
        [what.to_owned(), active_days.to_string(), number(views), number(leads), number(downloaded), number(denied), number(off_hours)]
    };
    let rows = [usual("before", report.exposure.before), usual("peers", report.exposure.peers.usual)];
    output::table(["A DAY", "DAYS", "VIEWS", "LEADS", "IN FILES", "DENIED", "OFF-HOURS"], &rows);
    shown(&report);
    let purposes: Vec<_> = sum.purposes.iter().map(|(code, records)| format!("{code} ({records})")).collect();
    output::line(format!("Purposes: {}.", if purposes.is_empty() { "none".to_owned() } else { purposes.join(", ") }));
    let addresses: Vec<_> = report.exposure.new_addresses.iter().cloned().collect();
    output::line(format!("New addresses: {}.", if addresses.is_empty() { "none".to_owned() } else { addresses.join(", ") }));
    let accepted: Vec<_> = report.agreements.iter().map(|one| format!("{} {} ({})", one.kind.name(), one.version, one.signed_at)).collect();
    output::line(format!("Accepted: {}.", if accepted.is_empty() { "nothing".to_owned() } else { accepted.join(", ") }));
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| {
            let off_hours = if file.off_hours { "off-hours" } else { "" };
            [
                file.at.to_string(),
                file.leads.to_string(),
                file.purpose.clone().unwrap_or_default(),
                file.address.clone().unwrap_or_default(),
                off_hours.to_owned(),
            ]
        })
        .collect();
    output::table(["FILE", "LEADS", "PURPOSE", "ADDRESS", ""], &files);
    let devices: Vec<_> = report
        .devices
        .iter()
        .map(|device| {
            let new = match device.new {
                Some(true) => "new",
                Some(false) => "",
                None => "?",
            };
            [device.name.clone(), device.records.to_string(), device.last.to_string(), new.to_owned()]
        })
        .collect();
    output::table(["DEVICE", "RECORDS", "LAST", ""], &devices);
    if report.cut_before.is_some() {
        output::note("There are more records than are looked at; ask for fewer days.");
    }
    Ok(())
}

fn shown(report: &Report) {
    let day = |day: i64| Timestamp(day * DAY).to_string().get(..10).unwrap_or_default().to_owned();
    let rows: Vec<_> = report
        .by_day
        .iter()
        .flat_map(|shown| {
            let row = |one: &departures::FieldShown| {
                [day(shown.day), shown.leads.to_string(), one.field.name().to_owned(), one.clear.to_string(), one.masked.to_string()]
            };
            shown.fields.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    output::table(["DAY", "LEADS", "FIELD", "CLEAR", "MASKED"], &rows);
}

/// A row of a preview.
pub(super) fn planned(op: &Op, one: &Planned) -> [String; 4] {
    let successor = one.successor.map(|who| op.snapshot.name(who).unwrap_or("?").to_owned()).unwrap_or_default();
    [one.lead.to_string(), one.role.name().to_owned(), successor, one.why.name().to_owned()]
}

/// What departures go by; set first, if a checklist is given.
pub(super) async fn rules(operator: &Operator, checklist: Option<PathBuf>) -> Result<(), Failure> {
    let checklist = match &checklist {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
            Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>())
        }
        None => None,
    };
    let work = async |op: &Op| match &checklist {
        Some(tasks) => {
            let set = |mut rules: leadkeep::policy::DepartureRules| {
                rules.checklist.clone_from(tasks);
                rules
            };
            Ok(departures::set_rules(op, None, set).await?.value)
        }
        None => departures::rules(op),
    };
    let rules = operator.act("departure rules", json!({ "checklist": checklist }), work).await?;
    for task in rules.checklist {
        output::line(task);
    }
    Ok(())
}
