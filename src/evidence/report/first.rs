//! The first page: who could see it, how it was marked, who had signed, what was done when they left.

use crate::{
    domain::clock::DAY,
    evidence::{
        block::Block,
        facts::{Evidence, Reach},
        measures::{Finding, State},
        people::{Leaver, lasting},
        texts::{counted, day, grouped, minute, of},
    },
};

/// The first page.
pub(super) fn page(evidence: &Evidence, findings: &[Finding]) -> Vec<Block> {
    let about = &evidence.about;
    let mut blocks = vec![Block::Title("How the lead list was kept secret".into())];
    let mut facts = Vec::new();
    if let Some(matter) = &about.matter {
        facts.push(("Matter".to_owned(), matter.clone()));
    }
    facts.push(("Range".into(), format!("{} up to and not including {}, UTC", minute(about.from), minute(about.to))));
    let log = &about.log;
    let records = format!(
        "{} in the range; the log is complete from record {} to {} under a head signed {}",
        counted(evidence.did_see.records, "record"),
        grouped(log.first),
        grouped(log.end.saturating_sub(1)),
        minute(log.signed_at)
    );
    facts.push(("Access log".into(), records));
    blocks.push(Block::Facts(facts));
    blocks.push(could_see(evidence));
    blocks.push(marked(evidence));
    blocks.push(signed(evidence));
    blocks.push(left(evidence));
    let states = |wanted| findings.iter().filter(|finding| finding.state == wanted).count();
    blocks.push(Block::Text(format!(
        "Of {} measures that courts and practice have asked for, {} can be shown in full for this range, {} in part, {} not at all; \
         each is listed with its gaps below.",
        findings.len(),
        states(State::InForce),
        states(State::Partly),
        states(State::Gap)
    )));
    blocks.push(Block::Small(
        "This file was written by Leadkeep, the program through which the company's people and apps look at its list of leads, from \
         its signed access log and its policy. It states facts; it is not legal advice, and whether measures were reasonable is for \
         the court. Every number about accesses can be counted again from the records in the folder `ledger`; the last page tells how \
         to check them without Leadkeep and without us."
            .into(),
    ));
    blocks
}

fn could_see(evidence: &Evidence) -> Block {
    let could = &evidence.could_see;
    let mut told = vec![format!(
        "{} could see leads at the end of the range; never more than {} at once.",
        counted(could.at_end(), "account"),
        grouped(could.most)
    )];
    let parts: Vec<String> = Reach::ALL
        .iter()
        .rev()
        .filter_map(|reach| could.at_end.get(reach).map(|count| format!("{} {}", grouped(*count), reach.text())))
        .collect();
    if !parts.is_empty() {
        told.push(format!("How far they reached: {}.", parts.join("; ")));
    }
    let saw = evidence.did_see.accounts.iter().filter(|seen| seen.answers + seen.files > 0).count() as u64;
    let answers: u64 = evidence.marked.shown();
    told.push(format!(
        "{} did see leads, in {}; {} refused.",
        counted(saw, "account"),
        counted(answers, "answer"),
        requests(evidence.did_see.denied)
    ));
    let mut gaps = Vec::new();
    if could.most_unrestricted > 0 {
        gaps.push(format!("Up to {} could see all leads in full.", counted(could.most_unrestricted, "account")));
    }
    if let Some(since) = evidence.about.log_since.filter(|since| *since > evidence.about.from) {
        gaps.push(format!("Before {} no access was recorded.", day(since)));
    }
    if evidence.about.log_since.is_none() {
        gaps.push("No access was recorded.".into());
    }
    Block::Answer { question: "Who could see it?", told, gaps }
}

fn requests(number: u64) -> String {
    if number == 1 { "1 request was".into() } else { format!("{} requests were", grouped(number)) }
}

fn marked(evidence: &Evidence) -> Block {
    let marked = &evidence.marked;
    let (shown, exports) = (marked.shown(), &evidence.exports);
    let [public, ..] = marked.by_level;
    let mut told = Vec::new();
    let mut gaps = Vec::new();
    if shown == 0 {
        told.push("No answer showed a lead in this range.".into());
    } else {
        told.push(format!(
            "Of {} that showed leads, {} bore a level above PUBLIC and {} the confidentiality notice.",
            counted(shown, "answer"),
            of(shown - public, shown),
            of(marked.with_notice, shown)
        ));
    }
    told.push(match exports.files {
        0 => "No file of leads was taken out.".into(),
        files => format!(
            "{} of leads taken out, {} leads in all, {} marked.",
            counted(files, "file"),
            grouped(exports.leads),
            of(exports.marked, files)
        ),
    });
    if public > 0 {
        gaps.push(format!("{} showed leads at PUBLIC.", counted(public, "answer")));
    }
    if marked.with_notice < shown {
        gaps.push(format!("{} went out without the notice.", counted(shown - marked.with_notice, "answer")));
    }
    if let Some(since) = marked.since.filter(|since| *since > evidence.about.from) {
        gaps.push(format!("Before {} no field was marked.", day(since)));
    }
    Block::Answer { question: "How was it marked?", told, gaps }
}

fn signed(evidence: &Evidence) -> Block {
    let signed = &evidence.signed;
    let (mut told, mut gaps) = (Vec::new(), Vec::new());
    if signed.agreements.is_empty() {
        gaps.push("No agreement had been published; who had signed what must be shown from elsewhere.".into());
        return Block::Answer { question: "Who had signed?", told, gaps };
    }
    told.push(format!(
        "Of {} who could see leads at the end of the range, {} bound by a confidentiality agreement that they had accepted.",
        people(signed.people),
        if signed.people_bound == 1 { "1 was".into() } else { format!("{} were", grouped(signed.people_bound)) }
    ));
    told.push(format!(
        "Of {} that showed leads, {} name in their record the acceptance under which they were given.",
        counted(signed.shown, "answer"),
        of(signed.shown_under, signed.shown)
    ));
    told.push(format!(
        "{} of {} on file, each with the hash of its text.",
        counted(signed.acceptances.len() as u64, "acceptance"),
        counted(signed.agreements.len() as u64, "version")
    ));
    if signed.unbound() > 0 {
        gaps.push(format!("{} could see leads and had accepted no confidentiality agreement that counted.", people(signed.unbound())));
    }
    if signed.shown_under < signed.shown {
        gaps.push(format!("{} showed leads without an accepted agreement.", counted(signed.shown - signed.shown_under, "answer")));
    }
    Block::Answer { question: "Who had signed?", told, gaps }
}

fn people(number: u64) -> String {
    if number == 1 { "1 person".into() } else { format!("{} people", grouped(number)) }
}

fn left(evidence: &Evidence) -> Block {
    let (mut told, mut gaps) = (Vec::new(), Vec::new());
    let left: Vec<&Leaver> = evidence.left.iter().filter(|one| !one.called_off).collect();
    if left.is_empty() {
        told.push("Nobody's departure was recorded in this range.".into());
        return Block::Answer { question: "What was done when they left?", told, gaps };
    }
    let mut lags: Vec<i64> = left.iter().filter_map(|one| one.lag()).collect();
    lags.sort_unstable();
    told.push(format!(
        "{} left or were leaving; the access of {} had ended by the end of the range.",
        people(left.len() as u64),
        grouped(lags.len() as u64)
    ));
    if let (Some(longest), Some(middle)) = (lags.last(), lags.get(lags.len() / 2)) {
        told.push(format!(
            "From when the company knew until access ended: {} in the middle, {} at the longest.",
            lasting(*middle),
            lasting(*longest)
        ));
    }
    let after = left.iter().filter(|one| one.shown_after()).count() as u64;
    if after > 0 {
        gaps.push(format!(
            "{} shown leads after their access had ended.",
            if after == 1 { "1 person was".into() } else { format!("{after} people were") }
        ));
    } else if !lags.is_empty() {
        told.push("None of them was shown a lead after that.".into());
    }
    let open = (left.len() - lags.len()) as u64;
    if open > 0 {
        gaps.push(format!("The access of {} had not ended yet.", people(open)));
    }
    let late = lags.iter().filter(|lag| **lag > DAY).count() as u64;
    if late > 0 {
        gaps.push(format!("For {} it took longer than a day.", people(late)));
    }
    Block::Answer { question: "What was done when they left?", told, gaps }
}
