//! To whom the access log says that people were shown, and in which records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Origin, Showing, people::Person};
use crate::{
    app::{Error, Op, access_log},
    audit::record::{AccessRecord, OPERATOR, is_asked_export, is_export_file},
    domain::{FieldSet, Id},
    policy::Permit,
    store::ledger::Reach,
    trap::Candidate,
};

/// Records decoded together.
const AT_ONCE: usize = 1_000;
/// Receipts that are answered for one source at most.
const RECEIPTS: usize = 100;
/// Another round must give each lead this part of its share so far at least.
const MORE: usize = 4;
/// Readers of whom it is counted what they were shown in all; others are taken for having seen the whole list.
const READERS: usize = 20;

/// What a source was shown.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) candidate: Candidate,
    pub(super) records: u64,
    pub(super) showings: Vec<Showing>,
}

/// Every source that was shown some of them.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) sources: Vec<Source>,
    /// Whether every record was looked at.
    pub(super) complete: bool,
}

#[derive(Default)]
struct Seen {
    clear: HashMap<Id, FieldSet>,
    size: u64,
    records: u64,
    showings: Vec<Showing>,
}

/// The sources that were shown these people.
pub(super) async fn find(op: &Op, permit: Permit, people: &[Person]) -> Result<Found, Error> {
    let reach = access_log::now(op).await?;
    let wanted: HashSet<Id> = people.iter().flat_map(|person| &person.leads).copied().collect();
    let (places, complete) = places(op, &reach, &wanted).await?;
    let mut seen: BTreeMap<Origin, Seen> = BTreeMap::new();
    for places in places.chunks(AT_ONCE) {
        for entry in op.core.store.log_at(permit, places).await? {
            let logged = access_log::logged(entry)?;
            let record = &logged.entry.record;
            // The operation that asked for a file repeats what the file's own record says.
            if is_asked_export(record) {
                continue;
            }
            let mut met = 0;
            let source = seen.entry(origin(record)).or_default();
            for group in &record.disclosures {
                for lead in group.leads.iter().filter(|lead| wanted.contains(lead)) {
                    let clear = source.clear.entry(*lead).or_default();
                    *clear = clear.union(group.clear);
                    met += 1;
                }
            }
            if met > 0 {
                let (epoch, rseq) = (logged.entry.epoch, logged.entry.rseq);
                source.showings.push(Showing { index: logged.index, epoch, rseq, leaf: logged.leaf, at: record.at, people: met });
                source.records += 1;
                source.size = record.rows;
            }
        }
    }
    seen.retain(|_, source| source.records > 0);
    let mut sources: Vec<Source> = seen.into_iter().map(|(origin, seen)| told(origin, seen, people)).collect();
    let sized = sizes(op, permit, &reach, &mut sources).await?;
    Ok(Found { sources, complete: complete && sized })
}

/// The places of the records that name one of the leads, rising; and whether that is all of them. A record that shows many of them
/// counts once, and what leads that few saw leave over goes to those that many did: else whoever looked last would be all that is known.
async fn places(op: &Op, reach: &Reach, wanted: &HashSet<Id>) -> Result<(Vec<u64>, bool), Error> {
    let most = op.core.trap.settings.trace_records;
    let mut places = BTreeSet::new();
    let mut left: Vec<Id> = wanted.iter().copied().collect();
    let mut share = (most / left.len().max(1)).max(1);
    while !left.is_empty() {
        let mut cut = Vec::new();
        for lead in left {
            let some = op.core.recorder.index().entries_then(reach, lead.0, 0, reach.size, share + 1).await?;
            if some.len() > share {
                cut.push(lead);
            }
            places.extend(some.into_iter().take(share));
        }
        left = cut;
        let more = most.saturating_sub(places.len()) / left.len().max(1);
        // Not worth another round.
        if more < share.div_ceil(MORE) {
            break;
        }
        share += more;
    }
    Ok((places.into_iter().collect(), left.is_empty()))
}

fn origin(record: &AccessRecord) -> Origin {
    let subject = record.subject;
    let export = is_export_file(record).then_some(record.request);
    Origin { person: subject.person, app: subject.app, operator: subject.operator, export }
}

fn told(origin: Origin, mut seen: Seen, people: &[Person]) -> Source {
    let saw = |person: &Person| {
        let clear = |lead: &Id| seen.clear.get(lead).is_some_and(|clear| person.needs.minus(*clear).is_empty());
        person.leads.iter().any(clear)
    };
    let shown = (0..people.len()).filter(|at| saw(&people[*at])).collect();
    seen.showings.sort_by_key(|showing| (std::cmp::Reverse(showing.people), showing.index));
    seen.showings.truncate(RECEIPTS);
    // Of a file its record says how long it is.
    let size = if origin.export.is_some() { seen.size } else { u64::MAX };
    Source { origin, candidate: Candidate { shown, size }, records: seen.records, showings: seen.showings }
}

/// Counts what readers were shown in all, those who were shown most of the people first; whether all of it was looked at.
async fn sizes(op: &Op, permit: Permit, reach: &Reach, sources: &mut [Source]) -> Result<bool, Error> {
    let all = op.core.store.every_lead(permit).await?;
    let most = op.core.trap.settings.trace_records / READERS;
    let mut complete = true;
    let mut readers: Vec<&mut Source> = sources.iter_mut().filter(|source| source.origin.export.is_none()).collect();
    readers.sort_by_key(|source| std::cmp::Reverse(source.candidate.shown.len()));
    for (source, number) in readers.into_iter().zip(0..) {
        source.candidate.size = all;
        if number >= READERS {
            continue;
        }
        let counter = source.origin.person.or(source.origin.app).map_or(OPERATOR, |id| id.0);
        let places = op.core.recorder.index().entries_then(reach, counter, 0, reach.size, most + 1).await?;
        if places.len() > most {
            // Whoever was shown so much is taken for having seen everything.
            complete = false;
            continue;
        }
        let mut leads = HashSet::new();
        for places in places.chunks(AT_ONCE) {
            for entry in op.core.store.log_at(permit, places).await? {
                let record = access_log::logged(entry)?.entry.record;
                if !is_asked_export(&record) && origin(&record) == source.origin {
                    leads.extend(record.disclosures.into_iter().flat_map(|group| group.leads));
                }
            }
        }
        source.candidate.size = leads.len() as u64;
    }
    Ok(complete)
}
