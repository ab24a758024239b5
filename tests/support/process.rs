//! The real program as a process of its own, for tests that kill it.

use std::{
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use super::{Caller, Home, PATIENCE, faulty_disk::FaultyDisk};

const PROGRAM: &str = env!("CARGO_BIN_EXE_leadkeep");

/// A running `leadkeep serve`; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub url: String,
}

impl Process {
    /// Serves these databases; waits until it is ready.
    pub async fn serve(home: &Home) -> Self {
        Self::start(home, Command::new(PROGRAM)).await
    }

    /// The same with these variables in its environment.
    pub async fn serve_with(home: &Home, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.envs(variables.iter().copied());
        Self::start(home, command).await
    }

    /// The same on a disk that may misbehave.
    pub async fn serve_on(home: &Home, disk: &FaultyDisk, variables: &[(&str, &str)]) -> Self {
        let mut command = disk.command(PROGRAM);
        command.envs(variables.iter().copied());
        Self::start(home, command).await
    }

    /// The same, with no file growing beyond `kilobytes`: as if the disk were full from there on.
    pub async fn serve_with_little_disk(home: &Home, kilobytes: u64) -> Self {
        let mut shell = Command::new("/bin/bash");
        // Without the trap, the signal that goes with the limit would end the process instead of failing the write.
        shell.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &kilobytes.to_string(), PROGRAM]);
        Self::start(home, shell).await
    }

    /// The same, but waits only until it answers at all.
    pub async fn alive_on(home: &Home, disk: &FaultyDisk, variables: &[(&str, &str)]) -> Self {
        let mut command = disk.command(PROGRAM);
        command.envs(variables.iter().copied());
        Self::start_until(home, command, "/healthz").await
    }

    async fn start(home: &Home, command: Command) -> Self {
        Self::start_until(home, command, "/readyz").await
    }

    async fn start_until(home: &Home, mut command: Command, path: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        command.args(["serve", "--port", &port.to_string()]);
        let child = at_home(&mut command, home).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut process = Self { child, url: format!("http://127.0.0.1:{port}") };
        let caller = Caller::anonymous(&process.url);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(ended) = process.child.try_wait().expect("its state") {
                panic!("the server ended before it was ready: {ended}");
            }
            let asked = caller.request(reqwest::Method::GET, path).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the server did not become ready");
    }

    /// How much memory it has in use (KiB).
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("/proc is mounted");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process of ours");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the program to its end, on a disk that may misbehave.
pub fn run_on(home: &Home, disk: &FaultyDisk, arguments: &[&str]) -> Output {
    at_home(disk.command(PROGRAM).args(arguments), home).output().expect("the program runs")
}

/// Runs a command of the program to its end.
pub fn run(home: &Home, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    at_home(command.args(arguments), home).output().expect("the program runs")
}

fn at_home<'c>(command: &'c mut Command, home: &Home) -> &'c mut Command {
    command.env_remove("DATABASE_URL").env("LEADKEEP_DATA", home.folder());
    if let Some(url) = &home.database_url {
        command.env("DATABASE_URL", url);
    }
    command
}
