//! What holds for every plot.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{calendar::day_of, *};
use crate::domain::{Timestamp, clock::DAY};

fn plot(seed: u64, size: Size) -> Plot {
    Plot::new(seed, size, day_of("2025-11-22").unwrap() + (seed % 365) as i64)
}

/// When somebody is employed, in days.
fn employed(plot: &Plot, number: usize) -> std::ops::RangeInclusive<i64> {
    let person = &plot.cast.people[number];
    person.joins..=person.leaves.map_or(i64::MAX, |(last, _)| last)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_same_seed_is_the_same_year(seed in 0..100_000_u64) {
        let events = |seed| plot(seed, Size::SMALL).events().collect::<Vec<_>>();
        prop_assert_eq!(events(seed), events(seed));
        prop_assert_ne!(events(seed), events(seed + 1));
        prop_assert_eq!(plot(seed, Size::SMALL).sheet(), plot(seed, Size::SMALL).sheet());
    }

    #[test]
    fn time_goes_on_and_nobody_acts_who_is_not_there(seed in 0..100_000_u64) {
        let plot = plot(seed, Size::SMALL);
        let mut before = Timestamp(plot.first * DAY - 1);
        for event in plot.events() {
            prop_assert!(event.at > before, "{event:?}");
            before = event.at;
            prop_assert!(plot.days().contains(&event.at.day()));
            if let Some(who) = event.who {
                prop_assert!(employed(&plot, who).contains(&event.at.day()), "{event:?}");
            }
        }
    }

    #[test]
    fn one_copies_two_leave_some_come(seed in 0..100_000_u64) {
        let plot = plot(seed, Size::SMALL);
        let leaving = |wanted: fn(Leaving) -> bool| {
            plot.cast.people.iter().filter(|person| person.leaves.is_some_and(|(_, how)| wanted(how))).count()
        };
        prop_assert_eq!((leaving(|how| how == Leaving::Thief), leaving(|how| how != Leaving::Thief)), (1, 2));
        let thief = plot.cast.thief().unwrap();
        let last = plot.cast.people[thief].leaves.unwrap().0;
        let copying: Vec<Event> = plot.events().filter(|event| matches!(event.deed, Deed::Copy { .. })).collect();
        prop_assert!(!copying.is_empty());
        for event in copying {
            prop_assert!(event.who == Some(thief) && (last - LAST_DAYS + 1..=last).contains(&event.at.day()), "{event:?}");
        }
        let late = plot.cast.people.iter().filter(|person| person.joins >= plot.first);
        prop_assert!(late.count() >= 2);
        let names: HashSet<&String> = plot.cast.people.iter().map(|person| &person.name).collect();
        prop_assert_eq!(names.len(), Size::SMALL.people);
    }

    #[test]
    fn nobody_is_in_the_list_twice(seed in 0..100_000_u64) {
        let sheet = plot(seed, Size::SMALL).sheet();
        let column = |at: usize| sheet.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().to_owned()).collect::<Vec<_>>();
        for unique in [0, 10, 11] {
            let all = column(unique);
            prop_assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        }
        prop_assert!(column(0).len() >= 5 * Size::SMALL.leads_each);
    }
}

#[test]
fn a_company_of_120_is_busy_in_office_hours() {
    let plot = plot(1, Size::COMPANY);
    assert_eq!(plot.cast.people.len(), 120);
    let events: Vec<Event> = plot.events().collect();
    let requests = events.len();
    assert!((20_000..90_000).contains(&requests), "{requests}");
    let weekend = events.iter().filter(|event| calendar::weekday(event.at.day()) > 4 && event.who.is_some()).count();
    assert!(weekend * 100 < requests, "{weekend} of {requests}");
    let evening = events.iter().filter(|event| event.who.is_some() && event.at.0.rem_euclid(DAY) > DAY / 24 * 19).count();
    assert!((1..requests / 10).contains(&evening), "{evening} of {requests}");
}
