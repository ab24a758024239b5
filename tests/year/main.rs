//! Years are played on the real inside: what the product says afterwards points to the one who copied the list, and to nobody else.
//! Prints how precise that is and how much of it is found.
//!
//! `TEST_YEARS=all` plays twenty years of a small company instead of two, and one of a company of 120 people; `TEST_YEARS=6,7` those of
//! these seeds in a small one, `TEST_YEARS=3:120` that of a seed in one of 120 people.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "tests may panic, and these tell figures"
)]

mod asked;
mod played;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use leadkeep::year::{Figures, Size, figures::CANARY_TOUCHED};

use asked::Answers;
use played::{Played, Year};

const EXPOSURE: &str = "exposure in the last nine days";

/// A year to play: the seed, and how large the company is.
type Wanted = (u64, Size);

/// The years that are played; the long ones first.
fn years() -> Vec<Wanted> {
    let small = |seed| (seed, Size::SMALL);
    let read = |text: &str| match text.split_once(':') {
        Some((seed, "120")) => (seed.parse().expect("a seed"), Size::COMPANY),
        _ => small(text.parse().expect("all, or years such as 3,7 or 3:120")),
    };
    match std::env::var("TEST_YEARS").as_deref() {
        Ok("all") => std::iter::once((1, Size::COMPANY)).chain((1..=20).map(small)).collect(),
        Ok(years) => years.split(',').map(read).collect(),
        Err(_) => vec![small(1), small(2)],
    }
}

/// How often an answer named the right one, somebody else, or not the right one.
#[derive(Debug, Default)]
struct Score {
    right: u64,
    wrong: u64,
    missed: u64,
}

impl Score {
    fn add(&mut self, named: &BTreeSet<String>, thief: &String) {
        let right = u64::from(named.contains(thief));
        self.right += right;
        self.wrong += named.len() as u64 - right;
        self.missed += 1 - right;
    }

    fn told(&self, what: &str) -> String {
        let Self { right, wrong, missed } = self;
        let of = |all: u64| *right as f64 / all.max(1) as f64;
        format!(
            "{what}: precision {:.3}, recall {:.3} ({right} right, {wrong} wrong, {missed} missed)",
            of(right + wrong),
            of(right + missed)
        )
    }

    fn is_perfect(&self) -> bool {
        self.right > 0 && self.wrong == 0 && self.missed == 0
    }
}

#[test]
fn the_answers_point_to_the_one_who_copied_and_to_nobody_else() {
    let years = years();
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get() + 2);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((seed, size)) = years.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = std::time::Instant::now();
                    let year = Year::play(*seed, *size);
                    let found = Answers::about(&year);
                    let people = size.people;
                    println!("seed {seed}, {people} people: {} requests in {:.1?}; {found}", year.requests, began.elapsed());
                    answers.lock().unwrap().push((people, found));
                }
            });
        }
    });
    let answers = answers.into_inner().unwrap();
    assert_eq!(answers.len(), years.len(), "a year ended early");
    for size in [Size::SMALL, Size::COMPANY] {
        let of_size: Vec<&Answers> = answers.iter().filter(|(people, _)| *people == size.people).map(|(_, found)| found).collect();
        if !of_size.is_empty() {
            weigh(size, &of_size);
        }
    }
}

/// Tells what the answers about years of one size come to, and fails unless they name the one, and nobody else, but for exposure in a large
/// company.
fn weigh(size: Size, answers: &[&Answers]) {
    let mut scores: [(&str, Score); 4] =
        ["alarms of the last nine days", "reports about those who left", EXPOSURE, "trace of the list found outside"]
            .map(|what| (what, Score::default()));
    let mut figures = Figures::default();
    for found in answers {
        for (named, (_, score)) in [&found.alarmed, &found.reported, &found.exposed, &found.traced].into_iter().zip(&mut scores) {
            score.add(named, &found.thief);
        }
        figures.add(&found.figures);
    }
    println!("\n{} years of {} people", answers.len(), size.people);
    for (what, score) in &scores {
        println!("{}", score.told(what));
    }
    println!("alarms in {:.0} person-months with {} departures:", figures.person_months, figures.departures);
    for [rule, right, wrong, rate] in figures.rows() {
        println!("{rule}: {right} about the one who copied, {wrong} about others: {rate} a person-month");
    }
    for (what, score) in scores {
        // Exposure counts lines, not leads: where many sell, somebody opens the same ones often at the end of a quarter.
        let is_right = score.is_perfect() || what == EXPOSURE && size == Size::COMPANY && score.missed == 0;
        assert!(is_right, "{what}: {score:?}");
    }
    assert_eq!(figures.rules[CANARY_TOUCHED].wrong, 0, "who only works with leads touches no canary");
}

#[test]
fn the_same_seed_writes_the_same_log() {
    let size = Size { people: 15, leads_each: 30, pace: 0.05 };
    let [one, again, other] = [5, 5, 6].map(|seed| Year::play(seed, size));
    let (entries, found) = (one.entries(), &one.found);
    assert!(entries.len() > 200 && !found.is_empty());
    let differs = entries.iter().zip(&again.entries()).position(|(one, other)| one != other);
    assert_eq!((entries.len(), differs), (again.entries().len(), None), "the first record that differs");
    assert_eq!((&again.found, &again.truth), (found, &one.truth));
    assert!(other.entries() != entries && other.found != *found);
}

#[test]
fn what_is_found_outside_was_shown_to_the_one_who_copied() {
    let Played { truth, found, .. } = &Year::play(3, Size { people: 15, leads_each: 30, pace: 0.05 }).played;
    let rows = found.lines().filter(|line| !line.starts_with("Name;") && !line.starts_with("company,")).count();
    assert!(rows * 100 >= truth.copied * 55 && rows <= truth.copied, "{rows} of {truth:?}");
    assert!(!found.contains('•'), "what was masked was not shown");
}
