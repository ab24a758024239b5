//! A real SMTP server on loopback: aiosmtpd, from PyPI.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

const INSTALL: &str = "aiosmtpd, an SMTP server, could not be installed; install it with: \
    apt-get install -y python3-venv && python3 -m venv FOLDER && FOLDER/bin/pip install 'aiosmtpd==1.*'";

/// Says each message it takes as a line of JSON.
const SERVER: &str = r#"
import json, sys
from aiosmtpd.controller import Controller

class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "data": envelope.content.decode()}), flush=True)
        return "250 taken"

Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
print("ready", flush=True)
sys.stdin.read()
"#;

/// A running server; ends when dropped.
#[derive(Debug)]
pub struct Smtp {
    child: Child,
    said: BufReader<ChildStdout>,
    /// `smtp://127.0.0.1:port`.
    pub url: String,
}

impl Smtp {
    /// Starts one; waits until it takes connections.
    pub fn start() -> Self {
        // Several tests may be the first to ask for it.
        static PYTHON: OnceLock<PathBuf> = OnceLock::new();
        let install = || super::python::installed("aiosmtpd", "aiosmtpd", &["aiosmtpd==1.*"], INSTALL).with_file_name("python");
        let python = PYTHON.get_or_init(install);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut command = Command::new(python);
        command.args(["-c", SERVER, &port.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python starts");
        let said = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut server = Self { child, said, url: format!("smtp://127.0.0.1:{port}") };
        assert_eq!(server.line(), "ready");
        server
    }

    /// The next message: `from`, `to` and `data`.
    pub fn message(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("a message")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.said.read_line(&mut line).expect("a line") > 0, "aiosmtpd ended");
        line.trim_end().to_owned()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
