//! The pages behind the first: drawings and lists.

use crate::{
    domain::{Timestamp, clock::DAY},
    evidence::{
        block::Block,
        chart,
        facts::{Evidence, Reach},
        measures::{Finding, State},
        people::lasting,
        plot::Tone,
        texts::{counted, day, grouped, minute},
        weeks,
        who::Who,
    },
};

/// How many rows a list of the report has at most; the whole of it is in accesses.json.
const ROWS: usize = 60;
/// How many bars a drawing has at most.
const BARS: usize = 30;
const LEVELS: [&str; 4] = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "TRADE SECRET"];

/// Who could see, who did, marking, policy.
pub(super) fn pages(evidence: &Evidence) -> Vec<Block> {
    let mut blocks = vec![Block::Heading("Who could see leads".into())];
    could_see(evidence, &mut blocks);
    blocks.push(Block::Heading("Who did see leads".into()));
    did_see(evidence, &mut blocks);
    blocks.push(Block::Heading("How answers were marked".into()));
    marked(evidence, &mut blocks);
    signed(evidence, &mut blocks);
    left(evidence, &mut blocks);
    blocks.push(Block::Heading("The rules".into()));
    policy(evidence, &mut blocks);
    blocks
}

/// The table of measures.
pub(super) fn measures(findings: &[Finding]) -> Vec<Block> {
    let mut blocks = vec![Block::NewPage, Block::Heading("The measures, one by one".into())];
    blocks.push(Block::Small(
        "The law asks whether the owner has taken reasonable measures to keep the information secret (18 U.S.C. § 1839(3)), efforts \
         reasonable under the circumstances (UTSA § 1(4)(ii)), reasonable steps by the person lawfully in control (EU 2016/943 art. \
         2(1)(c)). The table lists what decided cases asked of a system like this one, and the places where leads live."
            .into(),
    ));
    let rows = findings.iter().map(|finding| {
        let held = finding.in_force.iter().map(|held| match &held.since {
            Some(since) => format!("{} (since {})", held.what, since.chars().take(10).collect::<String>()),
            None => held.what.clone(),
        });
        let held: Vec<String> = held.map(|line| format!("• {line}")).collect();
        let gaps: Vec<String> = finding.gaps.iter().map(|gap| format!("• {gap}")).collect();
        let state = match finding.state {
            State::InForce => "IN FORCE",
            State::Partly => "PARTLY",
            State::Gap => "GAP",
        };
        let none = |lines: Vec<String>| if lines.is_empty() { "none".to_owned() } else { lines.join("\n") };
        vec![format!("{}\n{}", finding.row.measure, finding.row.source), state.to_owned(), none(held), none(gaps)]
    });
    let columns = vec![("Measure and source", 0.28), ("State", 0.11), ("In force", 0.34), ("Gaps", 0.27)];
    blocks.push(Block::Table { columns, rows: rows.collect() });
    blocks
}

fn could_see(evidence: &Evidence, blocks: &mut Vec<Block>) {
    let could = &evidence.could_see;
    let series = [("own leads", Tone::Light), ("a team's", Tone::Middle), ("all, not in full", Tone::Dark), ("all in full", Tone::Alarm)];
    let points = could.over_time.iter().map(|(at, by)| {
        let numbers = Reach::ALL.iter().map(|reach| by.get(reach).copied().unwrap_or_default());
        (day(*at), numbers.collect())
    });
    let points: Vec<_> = points.collect();
    blocks.push(Block::Figure { title: "Accounts that could see leads, week by week".into(), plot: chart::columns(&series, &points) });
    blocks.push(Block::Small(
        "Counted from the policy: accounts with a grant in force whose role opens a window onto leads, by the farthest that any of their \
         windows reaches. An account that was locked counts until its grants ended."
            .into(),
    ));
    let rows = could.holders.iter().map(|holder| {
        let until = holder.until.map_or_else(|| "still".to_owned(), minute);
        vec![holder.who.text(), holder.reach.text().to_owned(), minute(holder.since), until]
    });
    table(blocks, vec![("Account", 0.42), ("Farthest reach", 0.26), ("Since", 0.16), ("Until", 0.16)], rows.collect());
}

fn did_see(evidence: &Evidence, blocks: &mut Vec<Block>) {
    let seen = &evidence.did_see;
    let series = [("answers that showed leads", Tone::Middle), ("files taken out", Tone::Dark), ("requests refused", Tone::Alarm)];
    let points = weeks::starts(evidence.about.from, evidence.about.to).map(|monday| {
        let week = seen.weeks.get(&monday).copied().unwrap_or_default();
        (day(Timestamp(monday * DAY)), vec![week.answers, week.files, week.denied])
    });
    let points: Vec<_> = points.collect();
    if !seen.weeks.is_empty() {
        blocks.push(Block::Figure { title: "Accesses per week (from Monday, UTC)".into(), plot: chart::columns(&series, &points) });
    }
    if seen.late > 0 {
        blocks.push(Block::Small(format!(
            "{} began before the range and came too late for the file before; they are counted here, in the first week.",
            counted(seen.late, "record")
        )));
    }
    let rows = seen.accounts.iter().map(|one| {
        vec![
            one.who.text(),
            grouped(one.answers),
            grouped(one.leads),
            grouped(one.files),
            grouped(one.leads_in_files),
            grouped(one.denied),
            format!("{}\n{}", minute(one.first), minute(one.last)),
        ]
    });
    let columns = vec![
        ("Account", 0.3),
        ("Answers", 0.1),
        ("Leads shown", 0.13),
        ("Files", 0.08),
        ("Leads in files", 0.14),
        ("Refused", 0.1),
        ("First and last", 0.15),
    ];
    table(blocks, columns, rows.collect());
    blocks.push(Block::Small(
        "A lead counts each time it was shown. What an app did on behalf of a person counts for both. No lead is named here; the records \
         in the folder `ledger` name them by id, with the fields that were shown."
            .into(),
    ));
}

fn marked(evidence: &Evidence, blocks: &mut Vec<Block>) {
    let marked = &evidence.marked;
    let tones = [Tone::Alarm, Tone::Light, Tone::Middle, Tone::Dark];
    let rows = (0..4).rev().map(|level| {
        let (answers, fields) = (marked.by_level[level], marked.field_rules[level]);
        (LEVELS[level].to_owned(), answers, format!("{} ({} so marked)", grouped(answers), counted(fields, "field")), tones[level])
    });
    let plot = chart::bars(&rows.collect::<Vec<_>>());
    blocks.push(Block::Figure { title: "Answers and files that showed leads, by the marking they bore".into(), plot });
    let mut told = format!(
        "{} bore compartments besides the level. The marking of an answer is the join of what it disclosed.",
        counted(marked.with_compartments, "answer")
    );
    if let Some(notice) = &marked.notice {
        told = format!("{told} The notice at the end of the range: “{notice}”");
    }
    blocks.push(Block::Small(told));
}

fn signed(evidence: &Evidence, blocks: &mut Vec<Block>) {
    let signed = &evidence.signed;
    if signed.agreements.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Who had signed".into()));
    let rows =
        signed.agreements.iter().map(|one| vec![one.kind.to_owned(), one.version.to_string(), minute(one.dated), one.sha256.clone()]);
    table(blocks, vec![("Agreement", 0.22), ("Version", 0.09), ("Dated", 0.17), ("SHA-256 of its text", 0.52)], rows.collect());
    let rows = signed.acceptances.iter().map(|one| {
        let who = one.who.as_ref().map_or_else(|| "another company".to_owned(), Who::text);
        let how = if one.paper_sha256.is_some() { "on paper" } else { "here" };
        let counts = if one.counts { "counts" } else { "no more" };
        vec![who, format!("{} {}", one.kind, one.version), minute(one.signed_at), how.to_owned(), counts.to_owned()]
    });
    table(blocks, vec![("Bound", 0.36), ("Agreement", 0.24), ("Signed", 0.17), ("How", 0.11), ("At the end", 0.12)], rows.collect());
    blocks.push(Block::Small(
        "The hashes of the texts and papers are in accesses.json; an access record names the acceptances that it went by.".into(),
    ));
}

fn left(evidence: &Evidence, blocks: &mut Vec<Block>) {
    let left = &evidence.left;
    if left.is_empty() {
        return;
    }
    blocks.push(Block::Heading("What was done when somebody left".into()));
    let bars: Vec<_> = left
        .iter()
        .filter_map(|one| {
            let lag = one.lag()?;
            let tone = if lag > DAY { Tone::Alarm } else { Tone::Middle };
            Some((one.who.text(), lag as u64, lasting(lag), tone))
        })
        .take(BARS)
        .collect();
    if !bars.is_empty() {
        blocks.push(Block::Figure { title: "From when the company knew until access ended".into(), plot: chart::bars(&bars) });
    }
    let perhaps = |at: Option<Timestamp>| at.map_or_else(|| "not yet".to_owned(), minute);
    let rows = left.iter().map(|one| {
        let over = match (one.over_at, one.called_off) {
            (Some(at), true) => format!("called off {}", minute(at)),
            (Some(at), false) => format!("closed {}", minute(at)),
            (None, _) => "open".to_owned(),
        };
        let shown = one.last_shown_at.map_or_else(|| "not in the range".to_owned(), minute);
        vec![one.who.text(), minute(one.known_at), minute(one.begun_at), perhaps(one.ended_at), shown, over]
    });
    let columns =
        vec![("Account", 0.28), ("Known", 0.14), ("Begun", 0.14), ("Access ended", 0.14), ("Last shown a lead", 0.15), ("Departure", 0.15)];
    table(blocks, columns, rows.collect());
}

fn policy(evidence: &Evidence, blocks: &mut Vec<Block>) {
    blocks.push(Block::Text(
        "Roles, grants, markings and requirements are one document; each change of it is a revision with a number and a hash, and every \
         access record names the revision that decided. The revision in force at the beginning and those made in the range:"
            .into(),
    ));
    let rows = evidence.policy.revisions.iter().map(|revision| {
        let changed: Vec<String> = revision.changed.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        vec![
            revision.number.to_string(),
            minute(revision.at),
            revision.by.text(),
            changed.join(", "),
            revision.sha256.chars().take(16).collect(),
        ]
    });
    table(blocks, vec![("No.", 0.07), ("Since", 0.17), ("By", 0.3), ("Items changed", 0.26), ("SHA-256 begins", 0.2)], rows.collect());
}

/// A table cut to what people read.
fn table(blocks: &mut Vec<Block>, columns: Vec<(&'static str, f32)>, mut rows: Vec<Vec<String>>) {
    let all = rows.len();
    if all == 0 {
        blocks.push(Block::Text("Nobody and nothing in this range.".into()));
        return;
    }
    rows.truncate(ROWS);
    blocks.push(Block::Table { columns, rows });
    if all > ROWS {
        blocks.push(Block::Small(format!("The first {ROWS} of {}; all of them are in accesses.json.", grouped(all as u64))));
    }
}
