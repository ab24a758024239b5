//! A day of everybody: ordinary work, and what is not.

use super::{
    Deed, Event, Job, LAST_DAYS, Leaving, Person, Plot, Size,
    calendar::{begins_month, is_quarter_end, is_working, weekday, working_day_until},
    dice::Dice,
    list, names,
};
use crate::domain::{
    Timestamp,
    clock::{DAY, SECOND},
};

/// Days in which a new colleague learns the list.
const LEARNING: i64 = 21;
/// Days after which those who were there from the beginning accept the agreements again.
const RENEWAL: i64 = 345;
/// Days that a campaign lasts.
const CAMPAIGN: i64 = 7;
/// Campaigns in a year.
const CAMPAIGNS: usize = 3;
/// Leads that a thief gets through in one sitting, roughly.
const SITTING: usize = 450;

pub(super) fn events(plot: &Plot, day: i64) -> Vec<Event> {
    let people = plot.cast.people.iter().enumerate();
    let mut events: Vec<Event> = people.flat_map(|(number, person)| Diary::of(plot, number, person, day).events).collect();
    if is_working(day) && (plot.size.pace > Size::SMALL.pace || weekday(day) == 0) {
        let at = Timestamp(day * DAY + 3 * 3_600 * SECOND);
        events.push(Event { at, who: None, from: std::net::Ipv4Addr::new(203, 0, 113, 20), deed: Deed::TakeIn });
    }
    events.sort_by_key(|event| (event.at, event.who));
    for at in 1..events.len() {
        // Nobody types in the same microsecond as somebody else.
        events[at].at = events[at].at.max(Timestamp(events[at - 1].at.0 + 1));
    }
    events
}

/// A person's day.
struct Diary<'p> {
    plot: &'p Plot,
    number: usize,
    person: &'p Person,
    day: i64,
    dice: Dice,
    at_home: bool,
    events: Vec<Event>,
}

impl<'p> Diary<'p> {
    fn of(plot: &'p Plot, number: usize, person: &'p Person, day: i64) -> Self {
        let mut dice = Dice::of(plot.seed, "day", [number, day as usize]);
        let at_home = dice.percent(person.habits.home);
        let mut this = Self { plot, number, person, day, dice, at_home, events: Vec::new() };
        if person.is_there(day) {
            this.turns();
        }
        if person.works(day) && day >= person.signs {
            this.ordinary();
            this.unusual();
        }
        this.leaving();
        this
    }

    /// So many minutes after midnight, give or take half a minute.
    fn add(&mut self, minute: i64, deed: Deed) {
        let at = Timestamp(self.day * DAY + minute * 60 * SECOND + self.dice.between(0, 30 * SECOND));
        self.events.push(Event { at, who: Some(self.number), from: self.person.address(self.at_home), deed });
    }

    /// Some time of the working day.
    fn minute(&mut self) -> i64 {
        let habits = &self.person.habits;
        if self.dice.percent(habits.evenings) {
            return self.dice.between(19 * 60, 22 * 60);
        }
        self.dice.between(habits.begins, habits.begins + habits.lasts)
    }

    /// What the company does about them, and what only happens once.
    fn turns(&mut self) {
        let person = self.person;
        if person.joins == self.day {
            self.add(7 * 60, Deed::Join);
            // Before anything is signed the list stays closed.
            if person.signs > person.joins {
                self.add(person.habits.begins + 30, Deed::Own { first: 20, pages: 1 });
            }
        }
        if person.signs == self.day && person.joins >= self.plot.first {
            self.add(7 * 60 + 5, Deed::Sign);
        }
        if self.day == self.plot.first + RENEWAL + (self.number % 14) as i64 && person.joins < self.plot.first {
            // What was accepted holds for a year.
            self.add(person.habits.begins, Deed::Sign);
        }
        if let Some((day, team)) = person.moves
            && day == self.day
        {
            self.add(6 * 60, Deed::Move { team });
        }
        if person.gives_notice(self.plot.first) == Some(self.day) {
            self.add(17 * 60, Deed::Notice);
        }
        if person.leaves.is_some_and(|(last, _)| last == self.day) {
            self.add(23 * 60, Deed::Leave);
        }
    }

    /// As many requests as they usually make, more at the end of a quarter.
    fn ordinary(&mut self) {
        let season = if is_quarter_end(self.day) { 1.7 } else { 1.0 };
        let requests = self.dice.times(self.plot.size.pace * self.person.habits.tempo * season);
        for _ in 0..requests {
            let (minute, deed) = (self.minute(), self.request());
            self.add(minute, deed);
        }
    }

    fn request(&mut self) -> Deed {
        let (chance, page) = (self.dice.below(100), self.person.habits.page);
        match self.person.job {
            Job::Rep => match chance {
                0..28 => Deed::Own { first: page, pages: if is_quarter_end(self.day) { 2 } else { 1 } },
                28..60 => Deed::Look { which: self.dice.below(60) },
                60..74 => self.search(),
                74..90 => Deed::Update { which: self.dice.below(60), stage: self.dice.pick(&names::STAGES) },
                90..96 => Deed::All { industry: Some(self.dice.pick(&names::INDUSTRIES)), first: page, pages: 1 },
                96..98 => Deed::Count { by: "STAGE" },
                98 => Deed::Export { stage: Some(self.dice.pick(&names::STAGES)), own: true, purpose: "SALES; letter to these" },
                _ => Deed::Stray,
            },
            Job::Manager => match chance {
                0..30 => Deed::All { industry: None, first: 50, pages: 1 },
                30..60 => Deed::Look { which: self.dice.below(60) },
                60..80 => self.search(),
                _ => Deed::Count { by: self.dice.pick(&["STAGE", "COUNTRY", "INDUSTRY"]) },
            },
            Job::Analyst => match chance {
                0..80 => Deed::Count { by: self.dice.pick(&["STAGE", "COUNTRY", "INDUSTRY"]) },
                _ => Deed::All { industry: Some(self.dice.pick(&names::INDUSTRIES)), first: 100, pages: 1 },
            },
            Job::Auditor | Job::Admin => Deed::Review,
        }
    }

    /// For a company that may well be in the list.
    fn search(&mut self) -> Deed {
        let leads = self.plot.size.leads_each * self.plot.cast.people.len();
        let company = list::company(self.plot.seed, self.dice.below(leads));
        let words: Vec<&str> = company.split(' ').take(2).collect();
        Deed::Search { text: words.join(" ") }
    }

    /// Honest days with more than usual.
    fn unusual(&mut self) {
        let person = self.person;
        let (page, pace) = (person.habits.page, self.plot.size.pace);
        match person.job {
            Job::Rep => {
                if self.day < person.joins + LEARNING && self.dice.percent(60) && self.dice.often(pace) {
                    // A new colleague learns the list.
                    let (minute, pages) = (self.minute(), self.dice.between(1, 4) as u32);
                    self.add(minute, Deed::All { industry: None, first: 50, pages });
                }
                if self.campaign() && self.dice.percent(50) && self.dice.often(pace) {
                    let (minute, industry) = (self.minute(), Some(self.dice.pick(&names::INDUSTRIES)));
                    self.add(minute, Deed::All { industry, first: 50, pages: 2 });
                }
                if weekday(self.day) == 0 && self.dice.percent(25) && self.dice.often(pace) {
                    // The week is planned over the whole own list.
                    let minute = self.minute();
                    self.add(minute, Deed::Own { first: page.max(40), pages: 3 });
                }
            }
            Job::Manager => {
                if weekday(self.day) == 0 {
                    let minute = self.minute();
                    self.add(minute, Deed::All { industry: None, first: 150, pages: 2 });
                }
                if begins_month(self.day) {
                    let minute = self.minute();
                    self.add(minute, Deed::Export { stage: Some("Negotiation"), own: false, purpose: "REVIEW; monthly report" });
                }
            }
            Job::Auditor | Job::Admin => {
                // The week's log, the accounts; always on the same day.
                let usual = (self.number % 4) as i64;
                if weekday(self.day) == usual + i64::from(person.habits.off == Some(usual)) {
                    let minute = self.minute();
                    self.add(minute, Deed::Review);
                }
            }
            Job::Analyst => {}
        }
    }

    /// Whether the team is in a campaign.
    fn campaign(&self) -> bool {
        let mut dice = Dice::of(self.plot.seed, "campaigns", [0, 0]);
        let team = self.person.team_on(self.day);
        (0..CAMPAIGNS).any(|_| {
            let (begins, whose) = (self.plot.first + dice.between(30, 330), 1 + dice.below(self.plot.cast.teams.len() - 1));
            team == Some(whose) && (begins..begins + CAMPAIGN).contains(&self.day)
        })
    }

    /// The last weeks of those who go.
    fn leaving(&mut self) {
        let Some((last, leaving)) = self.person.leaves else { return };
        let left = last - self.day;
        match leaving {
            Leaving::Honest { report } => {
                // What is handed over is gone through together.
                if (0..7).contains(&left) && self.person.works(self.day) && self.dice.percent(40) {
                    let minute = self.minute();
                    self.add(minute, Deed::Own { first: 50, pages: 2 });
                }
                if report && working_day_until(last - 3) == self.day {
                    self.add(
                        15 * 60,
                        Deed::Export { stage: None, own: true, purpose: "REVIEW; hand-over report, agreed with the manager" },
                    );
                }
            }
            Leaving::Thief => {
                if (0..LAST_DAYS).contains(&left) && self.is_sitting(left) {
                    // In the evening, or at the weekend.
                    self.at_home = true;
                    let minute =
                        if weekday(self.day) < 5 { self.dice.between(19 * 60, 21 * 60) } else { self.dice.between(10 * 60, 16 * 60) };
                    let pages = SITTING.div_ceil(50) as i64;
                    let pages = self.dice.between(pages - 2, pages + 4) as u32;
                    self.add(minute, Deed::Copy { pages });
                }
                if left == 1 {
                    self.add(18 * 60 + 30, Deed::Export { stage: None, own: true, purpose: "SALES; list of my customers" });
                }
            }
        }
    }

    /// On which of the last nine days the thief sits down: on as many as the list in sight takes.
    fn is_sitting(&self, left: i64) -> bool {
        let team = self.person.team_on(self.day).unwrap_or_default();
        let in_sight = self.plot.cast.reps_of(team, self.day).count() * self.plot.size.leads_each;
        let sittings = in_sight.div_ceil(SITTING).clamp(1, LAST_DAYS as usize);
        let mut days: Vec<i64> = (0..LAST_DAYS).collect();
        Dice::of(self.plot.seed, "sittings", [self.number, 0]).shuffle(&mut days);
        days.into_iter().take(sittings).any(|day| day == left)
    }
}
