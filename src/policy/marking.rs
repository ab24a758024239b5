//! Markings: a level and compartments, ordered as a lattice.

use std::fmt;

/// How confidential something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// May be known to anyone.
    Public = 0,
    /// For the company's own people.
    Internal = 1,
    /// For those who work with it.
    Confidential = 2,
    /// Part of the trade secret.
    #[default]
    TradeSecret = 3,
}

impl Level {
    /// Every level, rising.
    pub const ALL: [Self; 4] = [Self::Public, Self::Internal, Self::Confidential, Self::TradeSecret];

    /// Its name in GraphQL, SQL and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Internal => "INTERNAL",
            Self::Confidential => "CONFIDENTIAL",
            Self::TradeSecret => "TRADE_SECRET",
        }
    }

    /// The level with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The level with this number; an unknown number is the highest.
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Public,
            1 => Self::Internal,
            2 => Self::Confidential,
            _ => Self::TradeSecret,
        }
    }
}

/// Level and compartments of a row, a field, a clearance or an answer.
///
/// Compartment *n* is bit *n*; there are at most [`Marking::COMPARTMENTS`], so that a row's fit one SQL integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marking {
    /// The level.
    pub level: Level,
    /// The compartments' bits.
    pub compartments: u64,
}

impl Marking {
    /// How many compartments there can be.
    pub const COMPARTMENTS: usize = 63;
    /// Nothing in it is confidential.
    pub const PUBLIC: Self = Self::new(Level::Public, 0);

    /// A marking of this level and these compartments.
    pub const fn new(level: Level, compartments: u64) -> Self {
        Self { level, compartments }
    }

    /// Level ≥ and compartments ⊇: the only comparison there is.
    pub fn dominates(self, other: Self) -> bool {
        self.level >= other.level && other.compartments & !self.compartments == 0
    }

    /// The least marking that dominates both: what holds both must bear it.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self::new(self.level.max(other.level), self.compartments | other.compartments)
    }

    /// The greatest marking that both dominate: what two clearances allow together.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        Self::new(self.level.min(other.level), self.compartments & other.compartments)
    }

    /// The banner, for example `TRADE SECRET//EMEA/APAC`; `codes[n]` is the code of compartment *n*.
    pub fn banner(self, codes: &[String]) -> String {
        let mut banner = self.level.name().replace('_', " ");
        let held = (0..Self::COMPARTMENTS).filter(|bit| self.compartments >> bit & 1 == 1);
        for (position, bit) in held.enumerate() {
            banner.push_str(if position == 0 { "//" } else { "/" });
            match codes.get(bit) {
                Some(code) => banner.push_str(code),
                None => banner.push_str("UNKNOWN"),
            }
        }
        banner
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
