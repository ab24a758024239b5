//! Rules speak when they should, and above all are quiet when nothing is wrong.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicI64, Ordering},
};

use super::*;
use crate::domain::{
    Id, Timestamp,
    clock::{DAY, SECOND},
};

const RITA: Id = Id(7);
/// A Monday.
const MONDAY: i64 = 20_598;

fn fact(day: i64, second: i64) -> Fact {
    Fact {
        place: 0,
        at: Timestamp(day * DAY + second * SECOND),
        person: Some(RITA),
        app: None,
        ip: None,
        outcome: Outcome::Answered,
        leads: Vec::new(),
        leaving: None,
    }
}

/// So many leads that nothing else shows.
fn shown(day: i64, leads: u64) -> Fact {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let first = NEXT.fetch_add(leads as i64, Ordering::Relaxed);
    Fact { leads: (first..first + leads as i64).map(Id).collect(), ..fact(day, 36_000) }
}

fn from(second: i64, ip: &str) -> Fact {
    Fact { ip: Some(ip.parse().unwrap()), ..fact(MONDAY, second) }
}

/// What the rules say of facts of an account with this past before each day.
fn said(watch: &mut Watch, past: Past, facts: impl IntoIterator<Item = Fact>) -> Vec<(Rule, u64, u64)> {
    let mut findings = Vec::new();
    for fact in facts {
        for id in watch.unknown(&fact).collect::<Vec<_>>() {
            watch.meet(id, fact.at.day(), past);
        }
        findings.extend(watch.observe(&fact).into_iter().map(|finding| (finding.rule, finding.found, finding.against)));
    }
    findings
}

fn fresh() -> Watch {
    Watch::new(Rules::default())
}

/// An account in use: shown leads on so many days, so many a day, one day more.
fn used(days: u64, leads: u64, most: u64) -> Past {
    Past { made: Some(MONDAY - 300), last: Some(MONDAY - 1), days, leads: days * leads, most, leaving: false }
}

#[test]
fn far_more_than_usual_is_told_once_a_day() {
    let facts = [shown(MONDAY, 350), shown(MONDAY, 49), shown(MONDAY, 2), shown(MONDAY, 500), shown(MONDAY + 1, 300)];
    assert_eq!(said(&mut fresh(), used(20, 100, 150), facts), [(Rule::MoreThanUsual, 401, 400)]);
    assert_eq!(said(&mut fresh(), used(20, 100, 150), [shown(MONDAY, 1_000)]), [(Rule::MoreThanUsual, 1_000, 400)]);
}

#[test]
fn what_is_usual_or_little_is_not_told() {
    // A busy day, but not four times as busy; four times almost nothing; the monthly report, by half larger than last month's.
    for (past, leads) in [(used(20, 100, 150), 400), (used(20, 10, 20), 300), (used(20, 100, 5_000), 7_500)] {
        assert_eq!(said(&mut fresh(), past, [shown(MONDAY, leads)]), []);
    }
    // Somebody new, and somebody back from parental leave, have nothing usual yet.
    for days in 0..5 {
        assert_eq!(said(&mut fresh(), used(days, 10, 10), [shown(MONDAY, 2_000)]), []);
    }
}

#[test]
fn a_lead_that_is_shown_again_is_not_another() {
    let list = shown(MONDAY, 300);
    let again = |second: i64| Fact { leads: list.leads.clone(), ..fact(MONDAY, second) };
    // The own list gone through four times with a colleague, then exported.
    assert_eq!(said(&mut fresh(), used(20, 50, 100), (0..5).map(again)), []);
    assert_eq!(said(&mut fresh(), used(20, 50, 100), [again(0), again(1), shown(MONDAY, 1)]), [(Rule::MoreThanUsual, 301, 300)]);
}

#[test]
fn who_leaves_has_no_margin_and_need_not_be_known_for_long() {
    let leaving = |past: Past| Past { leaving: true, ..past };
    let day = || [shown(MONDAY, 401)];
    assert_eq!(said(&mut fresh(), used(20, 50, 300), day()), []);
    assert_eq!(said(&mut fresh(), leaving(used(20, 50, 300)), day()), [(Rule::MoreThanUsual, 401, 300)]);
    assert_eq!(said(&mut fresh(), leaving(used(3, 50, 60)), day()), [(Rule::MoreThanUsual, 401, 300)]);
    for usual in [used(20, 50, 401), used(20, 101, 150)] {
        assert_eq!(said(&mut fresh(), leaving(usual), day()), []);
    }
}

#[test]
fn an_account_that_nobody_used_is_dormant() {
    let past = |last: Option<i64>, made: i64| Past { made: Some(MONDAY - made), last: last.map(|days| MONDAY - days), ..Past::default() };
    assert_eq!(said(&mut fresh(), past(Some(60), 300), [fact(MONDAY, 1), fact(MONDAY, 2)]), [(Rule::DormantAccount, 60, 60)]);
    assert_eq!(said(&mut fresh(), past(None, 90), [fact(MONDAY, 1)]), [(Rule::DormantAccount, 90, 60)], "never used since it was made");
    // A long holiday, a new account, an account nobody knows the age of.
    for quiet in [past(Some(59), 300), past(None, 59), Past::default()] {
        assert_eq!(said(&mut fresh(), quiet, [fact(MONDAY, 1)]), []);
    }
}

#[test]
fn two_networks_in_turn_are_told() {
    let facts = [from(0, "198.51.100.7"), from(60, "203.0.113.9"), from(120, "198.51.100.8"), from(180, "203.0.113.9")];
    assert_eq!(said(&mut fresh(), Past::default(), facts), [(Rule::TwoPlaces, 3, 3)]);
    let v6 = ["2001:db8:1::1", "2001:db8:2::1"];
    let facts = (0..4).map(|turn| from(turn * 60, v6[usize::from(turn % 2 == 1)]));
    assert_eq!(said(&mut fresh(), Past::default(), facts), [(Rule::TwoPlaces, 3, 3)]);
}

#[test]
fn travelling_is_not_being_in_two_places() {
    let quiet: [&[(i64, &str)]; 6] = [
        // To the office, and home again in the evening.
        &[(0, "198.51.100.7"), (600, "203.0.113.9"), (36_000, "198.51.100.7"), (72_000, "203.0.113.9")],
        // By train: always somewhere new.
        &[(0, "198.51.100.7"), (60, "203.0.113.9"), (120, "192.0.2.1"), (180, "198.18.0.1"), (240, "100.64.0.1")],
        // One network with several addresses.
        &[(0, "198.51.100.7"), (1, "198.51.100.99"), (2, "198.51.100.7"), (3, "198.51.100.99"), (4, "198.51.100.7")],
        // A machine with both versions of IP uses them in turn.
        &[(0, "198.51.100.7"), (1, "2001:db8::1"), (2, "198.51.100.7"), (3, "2001:db8::1"), (4, "198.51.100.7"), (5, "2001:db8::1")],
        // The company's VPN beside the home network.
        &[(0, "192.0.2.5"), (1, "198.51.100.7"), (2, "192.0.2.5"), (3, "198.51.100.7"), (4, "192.0.2.5"), (5, "198.51.100.7")],
        // A network inside, or a proxy.
        &[(0, "10.1.2.3"), (1, "10.9.2.3"), (2, "10.1.2.3"), (3, "10.9.2.3"), (4, "127.0.0.1"), (5, "fd00::1")],
    ];
    let rules = Rules { own_networks: vec!["192.0.2.0/28".parse().unwrap()], ..Rules::default() };
    for facts in quiet {
        let facts = facts.iter().map(|(second, ip)| from(*second, ip));
        assert_eq!(said(&mut Watch::new(rules.clone()), Past::default(), facts), [], "a journey");
    }
    // An app's machines stand in several places.
    let apps = (0..6).map(|turn| Fact { app: Some(Id(9)), ..from(turn, if turn % 2 == 0 { "198.51.100.7" } else { "203.0.113.9" }) });
    assert_eq!(said(&mut fresh(), Past::default(), apps), []);
}

#[test]
fn refusals_in_a_row_are_told() {
    let refused = |second: i64| Fact { outcome: Outcome::Refused, ..fact(MONDAY, second) };
    assert_eq!(said(&mut fresh(), Past::default(), (0..10).map(refused)), [(Rule::DenialsInARow, 10, 10)]);
    // Nine; ten with an answer between; ten over a whole morning.
    assert_eq!(said(&mut fresh(), Past::default(), (0..9).map(refused)), []);
    let answered = (0..9).map(refused).chain([fact(MONDAY, 9)]).chain((10..19).map(refused));
    assert_eq!(said(&mut fresh(), Past::default(), answered), []);
    assert_eq!(said(&mut fresh(), Past::default(), (0..20).map(|number| refused(number * 100))), []);
    // A quota that is used up says nothing, however often.
    let other = (0..50).map(|second| Fact { outcome: Outcome::Other, ..fact(MONDAY, second) });
    assert_eq!(said(&mut fresh(), Past::default(), other), []);
}

/// A sales team over a quarter: weekends off, Mondays twice as busy, holidays, a report each month, a colleague who joins.
#[test]
fn an_ordinary_quarter_is_quiet() {
    let mut watch = fresh();
    let mut days: std::collections::BTreeMap<i64, u64> = std::collections::BTreeMap::new();
    for day in MONDAY..MONDAY + 91 {
        let weekday = (day - MONDAY) % 7;
        if weekday > 4 || (MONDAY + 40..MONDAY + 54).contains(&day) {
            continue;
        }
        let leads = if day == MONDAY + 30 || day == MONDAY + 60 { 380 } else { 120 + 120 * u64::from(weekday == 0) };
        let before = days.range(day - rules::LOOK_BACK..day);
        let past =
            before.fold(Past { made: Some(MONDAY), last: days.keys().next_back().copied(), ..Past::default() }, |past, (_, leads)| Past {
                days: past.days + 1,
                leads: past.leads + leads,
                most: past.most.max(*leads),
                ..past
            });
        assert_eq!(said(&mut watch, past, [shown(day, leads)]), [], "day {day}");
        days.insert(day, leads);
    }
}

#[test]
fn networks_are_read_and_written() {
    let hold = |network: &str, ip: &str| network.parse::<Network>().unwrap().holds(ip.parse::<IpAddr>().unwrap());
    assert!(hold("192.0.2.0/24", "192.0.2.200") && !hold("192.0.2.0/24", "192.0.3.1"));
    assert!(hold("0.0.0.0/0", "203.0.113.9") && !hold("0.0.0.0/0", "2001:db8::1"));
    assert!(hold("2001:db8::/32", "2001:db8:ffff::1") && !hold("2001:db8::/32", "2001:db9::1"));
    assert!(hold("192.0.2.7", "::ffff:192.0.2.7"), "one address, written as the other version");
    assert_eq!("192.0.2.77/24".parse::<Network>().unwrap().to_string(), "192.0.2.0/24");
    for wrong in ["", "192.0.2.0/33", "2001:db8::/129", "192.0.2/24", "example.com", "192.0.2.0/x"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
}

#[test]
fn who_leaves_and_took_leads_is_told_of_and_nobody_else() {
    let leaving = |taken| Fact { person: None, leaving: Some(Leaving { person: RITA, taken }), ..fact(MONDAY, 1) };
    assert_eq!(said(&mut fresh(), Past::default(), [leaving(312)]), [(Rule::ExportBeforeLeaving, 312, 30)]);
    assert_eq!(said(&mut fresh(), Past::default(), [leaving(0)]), []);
    let mut watch = fresh();
    assert_eq!(watch.observe(&leaving(1))[0].subject, RITA);
}
