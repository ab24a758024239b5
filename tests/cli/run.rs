//! Runs the binary.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::support::Home;

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    /// Expects success; what was printed.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }
}

/// The binary with nothing of this environment's settings.
pub fn leadkeep() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leadkeep"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("LEADKEEP_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it to its end.
pub fn run(arguments: &[&str], input: &str) -> Done {
    finish(leadkeep().args(arguments), input)
}

/// Runs it on a home's databases.
pub fn run_in(home: &Home, arguments: &[&str], input: &str) -> Done {
    let mut command = leadkeep();
    command.current_dir(home.folder()).args(arguments).arg("--data").arg(home.folder());
    if let Some(url) = &home.database_url {
        command.env("DATABASE_URL", url);
    }
    finish(&mut command, input)
}

fn finish(command: &mut Command, input: &str) -> Done {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads no input may have closed it already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}
