//! Ends a test program that hangs, so that it is told which test it was, what it waited for and what had failed before.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    sync::{Once, mpsc},
    time::Duration,
};

/// Far longer than any test takes.
const LONGEST: Duration = Duration::from_mins(10);

/// Bites if it has not been dropped by then.
pub struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches the test of this name, from a thread of its own: the test's may be those that hang.
    pub fn start(test: &'static str) -> Self {
        tell_panics_at_once();
        let (alive, ended) = mpsc::channel();
        std::thread::spawn(move || {
            if ended.recv_timeout(LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
                say(&format!("{test} has not ended after {LONGEST:?}; what runs:\n{}", running()));
                std::process::abort();
            }
        });
        Self { _alive: alive }
    }
}

/// What a test prints is kept until all of its program have ended: what failed beside one that hangs would never be told.
fn tell_panics_at_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            say(&format!("{}: {panic}", std::thread::current().name().unwrap_or("a thread")));
            usual(panic);
        }));
    });
}

/// Not printed, for the same reason.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Every thread of every process: the process's command line, the thread's name, its state and what it waits for in the kernel.
fn running() -> String {
    let mut all = String::new();
    let read = |path: std::path::PathBuf| fs::read_to_string(path).unwrap_or_default();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let command = read(process.path().join("cmdline")).replace('\0', " ");
        for thread in fs::read_dir(process.path().join("task")).into_iter().flatten().flatten() {
            let about = |file| read(thread.path().join(file));
            let state = about("stat").rsplit(')').next().and_then(|rest| rest.trim().chars().next()).unwrap_or('?');
            let _ = writeln!(all, "{command:.100}: {} {state} {}", about("comm").trim_end(), about("wchan"));
        }
    }
    all
}
