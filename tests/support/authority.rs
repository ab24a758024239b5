//! A time stamping authority on loopback: OpenSSL's, behind a small server.

use std::{
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use tempfile::TempDir;

const INSTALL: &str = "OpenSSL's program is missing; install it with: apt-get update && apt-get install -y openssl";
const CONFIG: &str = "[ tsa ]\nserial = serial\nsigner_cert = tsa.pem\ncerts = tsa.pem\nsigner_key = tsa.key\nsigner_digest = sha256\n\
                      default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ntsa_name = yes\n";

/// An authority; its certificate is its own.
#[derive(Debug)]
pub struct Authority {
    /// Where it answers.
    pub url: String,
    inside: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    folder: TempDir,
    replays: AtomicBool,
}

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().expect(INSTALL);
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Authority {
    /// Starts one.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("tsa.cnf"), CONFIG).expect("its settings");
        std::fs::write(folder.path().join("serial"), "01\n").expect("its first number");
        let usage = ["-addext", "extendedKeyUsage=critical,timeStamping", "-addext", "keyUsage=critical,digitalSignature"];
        let made = ["req", "-x509", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", "tsa.key", "-out", "tsa.pem", "-days", "2"];
        openssl(folder.path(), &[&made[..], &["-subj", "/CN=Test authority"], &usage].concat());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener for the runtime");
        let url = format!("http://{}/", listener.local_addr().expect("its address"));
        let inside = Arc::new(Inside { folder, replays: AtomicBool::new(false) });
        let routes = Router::new().route("/", post(answer)).with_state(Arc::clone(&inside));
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, inside }
    }

    /// From now on it answers what it answered last.
    pub fn replays(&self) {
        self.inside.replays.store(true, Ordering::SeqCst);
    }

    /// Checks a stamp as anybody would who trusts the authority; fails the test if it does not hold.
    pub fn verifies(&self, data: &Path, stamp: &Path) {
        let folder = self.inside.folder.path();
        let (data, stamp) = (data.to_str().expect("text"), stamp.to_str().expect("text"));
        let output = openssl(folder, &["ts", "-verify", "-in", stamp, "-data", data, "-CAfile", "tsa.pem"]);
        let said = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains("Verification: OK"), "{}", String::from_utf8_lossy(&said));
    }
}

async fn answer(State(inside): State<Arc<Inside>>, query: Bytes) -> Vec<u8> {
    let folder = inside.folder.path();
    if !inside.replays.load(Ordering::SeqCst) {
        std::fs::write(folder.join("query"), &query).expect("the question");
        openssl(folder, &["ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query", "-out", "reply"]);
    }
    std::fs::read(folder.join("reply")).expect("the answer")
}
