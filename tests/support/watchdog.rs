//! Ends a test program that hangs, so that it is told which test it was.

use std::{io::Write as _, sync::mpsc, time::Duration};

/// Far longer than any test takes.
const LONGEST: Duration = Duration::from_mins(20);

/// Bites if it has not been dropped by then.
pub struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches the test of this name, from a thread of its own: the test's may be those that hang.
    pub fn start(test: &'static str) -> Self {
        let (alive, ended) = mpsc::channel();
        std::thread::spawn(move || {
            if ended.recv_timeout(LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Not printed: what a test prints is kept until it ends.
                let _ = writeln!(std::io::stderr(), "{test} has not ended after {LONGEST:?}");
                std::process::abort();
            }
        });
        Self { _alive: alive }
    }
}
