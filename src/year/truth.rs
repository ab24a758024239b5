//! What really happened in a year: what the product's answers are held against. The product never reads it.

use serde::Serialize;

use super::plot::{Leaving, Plot};
use crate::domain::{Timestamp, clock::DAY};

/// The truth about a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// The seed it follows from.
    pub seed: u64,
    /// The first day, RFC 3339.
    pub begins: String,
    /// How many people worked there.
    pub people: usize,
    /// Who copied the list.
    pub thief: Option<Told>,
    /// How many different leads they had then.
    pub copied: usize,
    /// Who left honestly.
    pub honest: Vec<Told>,
    /// Who came in the year.
    pub joined: Vec<Told>,
    /// Who changed teams.
    pub moved: Vec<Told>,
}

/// Somebody, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Their number in the cast.
    pub number: usize,
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// The day on which it happened, RFC 3339: the last one of a leaver, the first one of somebody new.
    pub day: String,
}

impl Truth {
    pub(super) fn of(plot: &Plot, id: impl Fn(usize) -> String, copied: usize) -> Self {
        let people = || plot.cast.people.iter().enumerate();
        let moment = |day: i64| Timestamp(day * DAY).to_string();
        let told = |number: usize, day: i64| {
            let person = &plot.cast.people[number];
            Told { number, id: id(number), name: person.name.clone(), email: person.email.clone(), day: moment(day) }
        };
        let left = |wanted: fn(Leaving) -> bool| {
            let leaving = people().filter_map(|(number, person)| Some((number, person.leaves?)));
            leaving.filter(|(_, (_, how))| wanted(*how)).map(|(number, (last, _))| told(number, last)).collect::<Vec<_>>()
        };
        Self {
            seed: plot.seed,
            begins: moment(plot.first),
            people: plot.cast.people.len(),
            thief: left(|how| how == Leaving::Thief).pop(),
            copied,
            honest: left(|how| how != Leaving::Thief),
            joined: people().filter(|(_, person)| person.joins >= plot.first).map(|(number, person)| told(number, person.joins)).collect(),
            moved: people().filter_map(|(number, person)| Some(told(number, person.moves?.0))).collect(),
        }
    }
}
