//! A throwaway PostgreSQL cluster from the installed binaries: one per test process, started when first asked for.
//!
//! A shell holds the cluster and reads from a pipe that this process holds the other end of. When this process ends,
//! however it ends, the pipe closes, and the shell stops the server and removes the folder.

use std::{
    io::{BufRead, BufReader},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

const INSTALL: &str = "PostgreSQL's server binaries are missing; install them with: apt-get update && apt-get install -y postgresql";

/// $0 = binaries, $1 = folder. Says `ready` once connections are taken; `fsync` stays on, as in production.
/// After a crash the file system is synced once, not file by file: a slow disk would take minutes.
const KEEPER: &str = r#"
"$0/initdb" -D "$1/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$1/log" 2>&1 || { echo failed; exit 1; }
"$0/postgres" -D "$1/data" -k "$1" -c listen_addresses= -c max_connections=400 -c shared_buffers=64MB -c jit=off \
    -c fsync=on -c synchronous_commit=on -c recovery_init_sync_method=syncfs >>"$1/log" 2>&1 &
server=$!
until "$0/pg_isready" -q -h "$1" || ! kill -0 $server 2>/dev/null; do sleep 0.05; done
"$0/pg_isready" -q -h "$1" && echo ready || echo failed
read -r _
kill -QUIT $server
wait $server
rm -rf "$1"
"#;

struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    owner: Option<(u32, u32)>,
    databases: AtomicU32,
    /// Its standard input is the pipe that must stay open.
    _keeper: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();

/// The URL of a new, empty database.
pub fn new_database() -> String {
    let cluster = CLUSTER.get_or_init(start);
    let name = format!("test_{}", cluster.databases.fetch_add(1, Ordering::Relaxed));
    let mut create = cluster.command(&cluster.binaries.join("createdb"));
    let output = create.arg("-h").arg(&cluster.folder).args(["-U", "postgres", &name]).output().expect("createdb runs");
    assert!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
    url(&cluster.folder, &name)
}

/// Runs one SQL statement in the database that `url` names, as a superuser would behind Leadkeep's back; returns what
/// `psql` prints, one line per row.
pub fn psql(url: &str, sql: &str) -> Result<String, String> {
    let cluster = CLUSTER.get_or_init(start);
    let mut psql = cluster.command(&cluster.binaries.join("psql"));
    let output = psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output().expect("psql runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Everything in the database that `url` names, as SQL.
pub fn dump(url: &str) -> String {
    let cluster = CLUSTER.get_or_init(start);
    let output = cluster.command(&cluster.binaries.join("pg_dump")).args(["-d", url]).output().expect("pg_dump runs");
    assert!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Puts the database back to what [`dump`] gave.
pub fn restore(url: &str, dump: &str) {
    psql(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").expect("an empty database");
    let cluster = CLUSTER.get_or_init(start);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), dump).expect("the dump is written");
    let input = std::fs::File::open(file.path()).expect("the dump");
    let mut restore = cluster.command(&cluster.binaries.join("psql"));
    let output = restore.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]).stdin(input).output().expect("psql runs");
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres://postgres@localhost/{database}?host={}", folder.display())
}

impl Cluster {
    fn command(&self, program: &Path) -> Command {
        as_owner(program, self.owner, &self.folder)
    }
}

fn start() -> Cluster {
    let binaries = binaries().expect(INSTALL);
    let owner = unprivileged_user();
    // Not a guard that removes it: the keeper does, also when this process is killed.
    let folder = tempfile::Builder::new().prefix("leadkeep-pg-").tempdir().expect("a temporary folder").keep();
    if let Some((user, group)) = owner {
        chown(&folder, Some(user), Some(group)).expect("the cluster's folder changes hands");
    }
    let mut shell = as_owner(Path::new("/bin/sh"), owner, &folder);
    shell.args(["-c", KEEPER]).arg(&binaries).arg(&folder);
    // A group of its own: Ctrl-C stops the tests, and the keeper then notices by the pipe.
    let mut keeper = shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("sh runs");
    let mut said = String::new();
    BufReader::new(keeper.stdout.take().expect("piped")).read_line(&mut said).expect("the keeper says something");
    if said.trim() != "ready" {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("the PostgreSQL cluster did not start:\n{log}");
    }
    Cluster { binaries, folder, owner, databases: AtomicU32::new(0), _keeper: keeper }
}

fn as_owner(program: &Path, owner: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}

/// The newest server installed, or the one on `PATH`.
fn binaries() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let numbered = installed.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))));
    // Where only the client was installed, there is no server to start.
    let newest = numbered.filter(|(_, folder)| folder.join("initdb").exists()).max();
    let mut on_path = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>().into_iter();
    newest.map(|(_, folder)| folder).or_else(|| on_path.find(|folder| folder.join("initdb").exists()))
}

/// PostgreSQL refuses to run as root; then it runs as `postgres`, else as `nobody`.
fn unprivileged_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").expect("/proc is mounted").uid() != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let named = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map_while(|id| id.parse().ok());
        ids.next().zip(ids.next())
    };
    Some(named("postgres").or_else(|| named("nobody")).expect("a user `postgres` or `nobody`"))
}
