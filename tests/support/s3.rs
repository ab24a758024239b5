//! A real S3 server on loopback: moto, from PyPI, in a virtual environment beside the build; made when it is first asked for.

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use super::python;

const INSTALL: &str = "moto, a server that speaks S3, could not be installed; install it with: \
    apt-get install -y python3-venv && python3 -m venv FOLDER && FOLDER/bin/pip install 'moto[server]==5.*'";

/// A running server; ends when dropped.
#[derive(Debug)]
pub struct S3 {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub url: String,
}

impl S3 {
    /// Starts one; waits until it takes connections.
    pub fn start() -> Self {
        super::name_tls();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut command = Command::new(program());
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("moto starts");
        // It says so on standard error once it listens.
        let mut said = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut line = String::new();
        while !line.contains("Running on") {
            line.clear();
            assert!(said.read_line(&mut line).expect("a line") > 0, "moto ended");
        }
        // What it says from now on is read, so that it never waits for that.
        std::thread::spawn(move || said.lines().for_each(drop));
        TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// What a program finds in its environment to reach it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ]
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| python::installed("moto", "moto_server", &["moto[server]==5.*"], INSTALL)).clone()
}
