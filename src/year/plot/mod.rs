//! The plot of a year: who comes, who goes, who asks for what, when and from where. Pure: it follows from seed, size and first day
//! alone, and knows nothing of what the product will say to it.

pub mod calendar;
mod cast;
mod day;
mod dice;
mod event;
mod list;
mod names;
#[cfg(test)]
mod tests;

pub use cast::{Cast, DAYS, Job, LAST_DAYS, Leaving, Person};
pub(in crate::year) use dice::Dice;
pub use event::{Deed, Event};

/// How large the company is, and how busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Everybody who works there at any time of the year.
    pub people: usize,
    /// Leads of each rep at the beginning.
    pub leads_each: usize,
    /// Requests of somebody on an ordinary day.
    pub pace: f64,
}

impl Size {
    /// The company of `leadkeep demo --year`.
    pub const COMPANY: Self = Self { people: 120, leads_each: 100, pace: 0.8 };
    /// One for tests of the same code.
    pub const SMALL: Self = Self { people: 15, leads_each: 100, pace: 0.5 };
}

/// A year.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Everything follows from it.
    pub seed: u64,
    /// How large the company is.
    pub size: Size,
    /// The first day, counted from 1970-01-01.
    pub first: i64,
    /// Who works there.
    pub cast: Cast,
}

impl Plot {
    /// The year of this seed that begins on this day.
    pub fn new(seed: u64, size: Size, first: i64) -> Self {
        Self { seed, size, first, cast: Cast::of(seed, size, first) }
    }

    /// The days of the year.
    pub fn days(&self) -> std::ops::Range<i64> {
        self.first..self.first + DAYS
    }

    /// What happens on a day, in the order of time; no two events begin at the same moment.
    pub fn day(&self, day: i64) -> Vec<Event> {
        day::events(self, day)
    }

    /// Everything that happens, in the order of time.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        self.days().flat_map(|day| self.day(day))
    }

    /// The list at the beginning, as CSV.
    pub fn sheet(&self) -> String {
        list::sheet(&self.cast, self.seed, self.size, self.first)
    }
}
