//! Watching: facts in, findings out.

use std::collections::{HashMap, HashSet};

use super::{
    Fact, Finding, Leaving, Outcome, Past, Rule, Rules,
    network::is_inside,
    sequence::{Streak, Track},
};
use crate::domain::Id;

/// What is known of the accounts as far as the facts have been watched.
#[derive(Debug)]
pub struct Watch {
    rules: Rules,
    accounts: HashMap<Id, Seen>,
    /// The latest day that anybody was met on.
    day: i64,
}

#[derive(Debug, Default)]
struct Seen {
    /// The day that the numbers are of.
    day: i64,
    past: Option<Past>,
    /// The leads of that day, each once: whoever opens one again has not taken another.
    leads: HashSet<Id>,
    denials: Streak,
    tracks: [Track; 2],
}

impl Watch {
    /// Nothing watched yet.
    pub fn new(rules: Rules) -> Self {
        Self { rules, accounts: HashMap::new(), day: i64::MIN }
    }

    /// The accounts of a fact whose [`Past`] before its day has to be told first ([`Watch::meet`]).
    pub fn unknown(&self, fact: &Fact) -> impl Iterator<Item = Id> {
        let day = fact.at.day();
        fact.accounts().filter(move |id| self.accounts.get(id).is_none_or(|seen| seen.day < day || seen.past.is_none()))
    }

    /// Tells what an account did before this day.
    pub fn meet(&mut self, account: Id, day: i64, past: Past) {
        if day > self.day {
            self.day = day;
            // Not those of the day before: what began before midnight may come later.
            self.accounts.values_mut().filter(|seen| seen.day < day - 1).for_each(|seen| seen.leads = HashSet::new());
        }
        let seen = self.accounts.entry(account).or_default();
        (seen.day, seen.past, seen.leads) = (day, Some(past), HashSet::new());
    }

    /// Watches a fact. The same finding comes once for each rule, account and day, or once for each time a rule begins anew.
    pub fn observe(&mut self, fact: &Fact) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(Leaving { person, taken }) = fact.leaving.filter(|leaving| leaving.taken > 0) {
            let (rule, against) = (Rule::ExportBeforeLeaving, self.rules.leaving_days.into());
            findings.push(Finding { rule, subject: person, place: fact.place, at: fact.at, found: taken, against });
        }
        for id in fact.accounts() {
            let seen = self.accounts.entry(id).or_default();
            let found = |rule, found, against| Finding { rule, subject: id, place: fact.place, at: fact.at, found, against };
            if let Some((days, against)) = seen.dormant(&self.rules, fact) {
                findings.push(found(Rule::DormantAccount, days, against));
            }
            if let Some((leads, against)) = seen.more_than_usual(&self.rules, fact) {
                findings.push(found(Rule::MoreThanUsual, leads, against));
            }
            if let Some(denials) = seen.denied(&self.rules, fact) {
                findings.push(found(Rule::DenialsInARow, denials, self.rules.denials.into()));
            }
            // An app's address is that of its machines.
            if fact.app.is_none()
                && let Some(changes) = seen.moved(&self.rules, fact)
            {
                findings.push(found(Rule::TwoPlaces, changes, self.rules.switches.into()));
            }
        }
        findings
    }
}

impl Seen {
    /// After how many days it is used again, and how many are too many; told once a day.
    fn dormant(&mut self, rules: &Rules, fact: &Fact) -> Option<(u64, u64)> {
        let past = self.past.as_mut().filter(|_| self.day == fact.at.day())?;
        let since = past.last.or(past.made)?;
        past.last = Some(self.day);
        let days = self.day - since;
        (days >= i64::from(rules.dormant_days)).then_some((days as u64, rules.dormant_days.into()))
    }

    /// How many different leads it was shown today, and how many would not be too many; told when that is passed.
    fn more_than_usual(&mut self, rules: &Rules, fact: &Fact) -> Option<(u64, u64)> {
        let past = self.past.filter(|_| self.day == fact.at.day() && !fact.leads.is_empty())?;
        let before = self.leads.len() as u64;
        self.leads.extend(&fact.leads);
        let now = self.leads.len() as u64;
        let allowed = rules.allowed(&past)?;
        (before <= allowed && now > allowed).then_some((now, allowed))
    }

    fn denied(&mut self, rules: &Rules, fact: &Fact) -> Option<u64> {
        match fact.outcome {
            Outcome::Answered => self.denials.end(),
            Outcome::Refused => return self.denials.add(fact.at, rules.denials_seconds, rules.denials),
            Outcome::Other => {}
        }
        None
    }

    fn moved(&mut self, rules: &Rules, fact: &Fact) -> Option<u64> {
        let ip = fact.ip.filter(|ip| !is_inside(*ip) && !rules.own_networks.iter().any(|own| own.holds(*ip)))?;
        let track = &mut self.tracks[usize::from(ip.to_canonical().is_ipv4())];
        track.follow(ip, fact.at, rules.switches_seconds, rules.switches)
    }
}
