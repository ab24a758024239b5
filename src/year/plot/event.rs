//! What happens in the year.

use std::net::Ipv4Addr;

use crate::domain::Timestamp;

/// Something that somebody does.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it begins.
    pub at: Timestamp,
    /// Who, by the number in the cast; of what is done for the company by its admins, whom it is about. The app has none.
    pub who: Option<usize>,
    /// From where.
    pub from: Ipv4Addr,
    /// What.
    pub deed: Deed,
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Looks through the own leads, page by page.
    Own {
        /// Leads on a page.
        first: u32,
        /// Pages at most.
        pages: u32,
    },
    /// Looks through all leads in sight, page by page.
    All {
        /// Only of this line of business.
        industry: Option<&'static str>,
        /// Leads on a page.
        first: u32,
        /// Pages at most.
        pages: u32,
    },
    /// Looks up one of the leads seen lately.
    Look {
        /// Which, counted around.
        which: usize,
    },
    /// Searches for words.
    Search {
        /// The words.
        text: String,
    },
    /// Notes how a deal stands, on one of the own leads seen lately.
    Update {
        /// Which, counted around.
        which: usize,
        /// The new stage.
        stage: &'static str,
    },
    /// Takes leads out as a file.
    Export {
        /// Only where the deal stands here.
        stage: Option<&'static str>,
        /// Only the own ones.
        own: bool,
        /// `CODE; text`.
        purpose: &'static str,
    },
    /// Counts leads.
    Count {
        /// By what, in GraphQL.
        by: &'static str,
    },
    /// Asks for something that is not theirs to see.
    Stray,
    /// Reads what is new in the access log.
    Review,
    /// The app takes in what has changed.
    TakeIn,
    /// Goes on copying the list where the last sitting ended.
    Copy {
        /// Pages at most.
        pages: u32,
    },
    /// Is taken on: account, grant, and some leads of colleagues.
    Join,
    /// Accepts the agreements.
    Sign,
    /// Is given a grant for another team in place of the one so far.
    Move {
        /// The team.
        team: usize,
    },
    /// Gives notice.
    Notice,
    /// Goes, and is locked out.
    Leave,
}
