//! `leadkeep witness` as a process of its own.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_leadkeep");

/// A running `leadkeep witness`; killed when dropped.
#[derive(Debug)]
pub struct WitnessProcess {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub url: String,
    /// The line to trust it by.
    pub key: String,
}

impl WitnessProcess {
    /// Witnesses these logs on a free port.
    pub fn start(folder: &Path, logs: &[&str]) -> Self {
        Self::start_at(folder, logs, "127.0.0.1:0")
    }

    /// The same at this address.
    pub fn start_at(folder: &Path, logs: &[&str], address: &str) -> Self {
        let mut command = witness(folder, logs, address);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut word = |name: &str| {
            let line = lines.next().expect("it says what it is").expect("text");
            line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).trim().to_owned()
        };
        let (key, url) = (word("key"), word("address"));
        Self { child, url, key }
    }

    /// What it says when it does not start.
    pub fn refused(folder: &Path, log: &str) -> String {
        let output = witness(folder, &[log], "127.0.0.1:0").output().expect("the program runs");
        assert!(!output.status.success(), "it started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for WitnessProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn witness(folder: &Path, logs: &[&str], address: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_remove("DATABASE_URL").arg("witness").arg(folder).args(["--address", address]);
    command.args(logs.iter().flat_map(|log| ["--log", log]));
    command
}
