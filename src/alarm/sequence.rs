//! What follows each other within a short time.

use std::net::IpAddr;

use super::Network;
use crate::domain::{Timestamp, clock::SECOND};

/// Moments within a span of time, at most so many.
#[derive(Debug, Default)]
pub(super) struct Streak(Vec<Timestamp>);

impl Streak {
    /// Adds a moment; how many there are within so many seconds before it. At `enough` it begins anew.
    pub(super) fn add(&mut self, at: Timestamp, seconds: u32, enough: u32) -> Option<u64> {
        let since = at.0.saturating_sub(i64::from(seconds) * SECOND);
        self.0.retain(|moment| moment.0 >= since);
        self.0.push(at);
        let found = self.0.len();
        if found < enough as usize {
            return None;
        }
        self.0.clear();
        Some(found as u64)
    }

    /// Begins anew.
    pub(super) fn end(&mut self) {
        self.0.clear();
    }
}

/// Where one person came from last, and where before; of one version of IP, because a machine that has both uses them in turn.
#[derive(Debug, Default)]
pub(super) struct Track {
    here: Option<Network>,
    there: Option<Network>,
    changes: Streak,
}

impl Track {
    /// Follows to this address; how often it has gone from one network to the other and back, if that is too often.
    pub(super) fn follow(&mut self, ip: IpAddr, at: Timestamp, seconds: u32, enough: u32) -> Option<u64> {
        let network = Network::near(ip);
        if self.here == Some(network) {
            return None;
        }
        let back = self.there == Some(network);
        let moved = self.here.is_some();
        self.there = self.here.replace(network);
        if !back {
            // Somewhere new is a journey, not a second place.
            self.changes.end();
        }
        if moved { self.changes.add(at, seconds, enough) } else { None }
    }
}
