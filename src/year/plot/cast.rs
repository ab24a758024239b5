//! Who works in the company, how, and what becomes of each in the year.

use std::{collections::HashSet, net::Ipv4Addr, ops::RangeInclusive};

use super::{
    Size,
    calendar::{is_working, working_day_until},
    dice::Dice,
    names,
};

/// Days that are played.
pub const DAYS: i64 = 365;
/// How long before the last day a leaver gives notice.
const NOTICE: i64 = 28;
/// The last days in which a thief copies the list.
pub const LAST_DAYS: i64 = 9;
/// The address that the office has to the outside (RFC 5737).
const OFFICE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// What somebody is employed as; the role of their grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Manages accounts and roles.
    Admin,
    /// Reads the access log.
    Auditor,
    /// Leads a team, or all of Sales.
    Manager,
    /// Counts.
    Analyst,
    /// Sells.
    Rep,
}

impl Job {
    /// How busy such a job is with the list, beside selling; admins and auditors only look once a week.
    const fn busy(self) -> f64 {
        match self {
            Self::Admin | Self::Auditor => 0.0,
            Self::Analyst => 0.5,
            Self::Manager | Self::Rep => 1.0,
        }
    }

    /// The built-in role.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Manager => "manager",
            Self::Analyst => "analyst",
            Self::Rep => "rep",
        }
    }
}

/// How a leaver leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Hands over, and goes.
    Honest {
        /// Takes a report of the own leads along, as agreed.
        report: bool,
    },
    /// Copies the list in the last nine days.
    Thief,
}

/// What is usual for somebody.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Habits {
    /// Requests a day beside those of others.
    pub(super) tempo: f64,
    /// Leads on a page.
    pub(super) page: u32,
    /// Minutes after midnight (UTC) at which the day begins.
    pub(super) begins: i64,
    /// Minutes that it lasts.
    pub(super) lasts: i64,
    /// In how many of a hundred evenings they work on.
    pub(super) evenings: usize,
    /// How many of a hundred days they work from home.
    pub(super) home: usize,
    /// The weekday on which they never work.
    pub(super) off: Option<i64>,
    /// Holidays.
    pub(super) away: [RangeInclusive<i64>; 2],
}

/// Somebody of the company.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Nobody else is called so.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// What they are employed as.
    pub job: Job,
    /// The team of their grant, by its place in [`Cast::teams`]; 0 is all of Sales.
    pub team: Option<usize>,
    /// The first day; the one before the year for those who were there.
    pub joins: i64,
    /// The day on which they sign the agreements.
    pub signs: i64,
    /// The day from which they are of another team.
    pub moves: Option<(i64, usize)>,
    /// The last day, and how they leave.
    pub leaves: Option<(i64, Leaving)>,
    /// Their network at home (RFC 2544's, which nobody has).
    pub(super) home: Ipv4Addr,
    pub(super) habits: Habits,
}

impl Person {
    /// The team on a day.
    pub fn team_on(&self, day: i64) -> Option<usize> {
        self.moves.filter(|(from, _)| *from <= day).map_or(self.team, |(_, team)| Some(team))
    }

    /// The day on which they give notice.
    pub fn gives_notice(&self, first: i64) -> Option<i64> {
        self.leaves.map(|(last, _)| working_day_until(last - NOTICE).max(first))
    }

    /// Whether they are employed on a day.
    pub(super) fn is_there(&self, day: i64) -> bool {
        self.joins <= day && self.leaves.is_none_or(|(last, _)| day <= last)
    }

    /// Whether they work on a day.
    pub(super) fn works(&self, day: i64) -> bool {
        let leaving = self.leaves.is_some_and(|(last, _)| day > last - NOTICE);
        let away =
            !leaving && (self.habits.off == Some(super::calendar::weekday(day)) || self.habits.away.iter().any(|away| away.contains(&day)));
        self.is_there(day) && is_working(day) && !away
    }

    /// From where they work when they are at home, or not.
    pub(in crate::year) const fn address(&self, at_home: bool) -> Ipv4Addr {
        if at_home { self.home } else { OFFICE }
    }
}

/// The company.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    /// Everybody who works there at any time of the year.
    pub people: Vec<Person>,
    /// Names of the teams; the first is above all others.
    pub teams: Vec<&'static str>,
}

impl Cast {
    /// The number of the one who copies the list.
    pub fn thief(&self) -> Option<usize> {
        self.people.iter().position(|person| person.leaves.is_some_and(|(_, leaving)| leaving == Leaving::Thief))
    }

    /// The numbers of the reps of a team on a day.
    pub(in crate::year) fn reps_of(&self, team: usize, day: i64) -> impl Iterator<Item = usize> {
        let is = move |person: &Person| person.job == Job::Rep && person.is_there(day) && person.team_on(day) == Some(team);
        (0..).zip(&self.people).filter(move |(_, person)| is(person)).map(|(number, _)| number)
    }

    /// The number of the one who leads a team.
    pub(in crate::year) fn manager_of(&self, team: usize) -> Option<usize> {
        self.people.iter().position(|person| person.job == Job::Manager && person.team == Some(team))
    }

    /// A company of this size in the year from this day.
    pub(super) fn of(seed: u64, size: Size, first: i64) -> Self {
        let mut dice = Dice::of(seed, "cast", [0, 0]);
        let teams = 1 + (size.people / 12).clamp(1, names::TEAMS.len());
        let jobs = jobs(size.people, teams);
        let mut taken = HashSet::new();
        let mut people: Vec<Person> =
            jobs.into_iter().enumerate().map(|(number, (job, team))| person(&mut dice, &mut taken, number, (job, team), first)).collect();
        fates(&mut dice, &mut people, teams, first);
        Self { people, teams: std::iter::once("Sales").chain(names::TEAMS).take(teams).collect() }
    }
}

/// Two admins, an auditor, the head of Sales, a manager for each team, an analyst for each thirty, and reps.
fn jobs(people: usize, teams: usize) -> Vec<(Job, Option<usize>)> {
    let few = [(Job::Admin, None), (Job::Admin, None), (Job::Auditor, None)];
    let managers = (0..teams).map(|team| (Job::Manager, Some(team)));
    let analysts = (0..people.div_ceil(30)).map(|_| (Job::Analyst, None));
    let reps = (1..teams).cycle().map(|team| (Job::Rep, Some(team)));
    few.into_iter().chain(managers).chain(analysts).chain(reps).take(people).collect()
}

fn person(dice: &mut Dice, taken: &mut HashSet<String>, number: usize, (job, team): (Job, Option<usize>), first: i64) -> Person {
    let mut name = format!("{} {}", dice.pick(&names::FIRST), dice.pick(&names::LAST));
    while !taken.insert(name.clone()) {
        name = format!("{} {}", dice.pick(&names::FIRST), dice.pick(&names::LAST));
    }
    let email = format!("{}@demo.example", name.to_lowercase().replace(' ', "."));
    let mut away = |days: i64| {
        let begins = first + dice.between(0, DAYS - 1);
        begins..=begins + days
    };
    let habits = Habits {
        away: [away(14), away(9)],
        tempo: dice.factor().clamp(0.7, 2.5) * job.busy(),
        page: dice.pick(&[20, 25, 25, 30, 50]),
        begins: dice.between(7 * 60, 9 * 60 + 30),
        lasts: dice.between(7 * 60, 9 * 60),
        evenings: dice.pick(&[0, 0, 2, 5, 15]),
        home: dice.pick(&[0, 10, 20, 40, 100]),
        off: if dice.percent(12) { Some(dice.between(0, 4)) } else { None },
    };
    let network = 198 << 24 | 18 << 16 | (number as u32 & 0x1ff) << 8 | dice.between(2, 250) as u32;
    let joins = first - 1;
    Person { name, email, job, team, joins, signs: joins, moves: None, leaves: None, home: Ipv4Addr::from_bits(network), habits }
}

/// One copies the list, two leave honestly, some come, some change teams; always reps.
fn fates(dice: &mut Dice, people: &mut [Person], teams: usize, first: i64) {
    let mut reps: Vec<usize> = (0..people.len()).filter(|number| people[*number].job == Job::Rep).collect();
    dice.shuffle(&mut reps);
    let mut reps = reps.into_iter();
    let leavings = [(Leaving::Thief, 150), (Leaving::Honest { report: true }, 60), (Leaving::Honest { report: false }, 60)];
    for ((leaving, from), number) in leavings.into_iter().zip(&mut reps) {
        let last = working_day_until(first + dice.between(from, DAYS - 15));
        people[number].leaves = Some((last, leaving));
    }
    let joining = (people.len() / 12).max(2);
    for number in reps.by_ref().take(joining) {
        let joins = working_day_until(first + dice.between(20, DAYS - 40));
        let late = dice.pick(&[0, 0, 1, 2, 5]);
        (people[number].joins, people[number].signs) = (joins, joins + late);
        people[number].habits.off = None;
    }
    for number in reps.take((people.len() / 20).max(1)) {
        let day = working_day_until(first + dice.between(40, DAYS - 40));
        let was = people[number].team.unwrap_or(1);
        // Where there is one team, nobody can move.
        people[number].moves = (teams > 2).then_some((day, 1 + was % (teams - 1)));
    }
}
