//! `leadkeep ledger status`: how the access log stands, without adding to it.

use std::{net::IpAddr, time::Duration};

use leadkeep::{
    config::Settings,
    server,
    store::{Store, StoreError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::outside;
use crate::cli::{Exit, Failure, Global, logging, output};

pub(crate) const HELP: &str = "\
Works beside a running server, without one, and on a full disk. It shows nothing of what the records say, and is not recorded.
The last two lines ask the server at `address` and `port` of the settings; witnesses and authorities are not asked.

Exit code 3: the log is not the one that was seen before, and nobody has acknowledged that.

Example:
  leadkeep ledger status --data /var/lib/leadkeep";

/// How long the server may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of its answer that are read.
const ANSWER: u64 = 256 * 1_024;

pub(crate) async fn run(global: &Global) -> Result<Exit, Failure> {
    let mut settings = global.settings(Vec::new())?;
    logging::only_warnings(&mut settings.log);
    logging::start(&settings.log)?;
    let disk = server::location(&settings).disk();
    let disk = match disk {
        Some(disk) if disk.is_full() => format!("full, {} bytes free, {} kept", disk.free, disk.reserve),
        Some(disk) => format!("{} bytes free, {} kept", disk.free, disk.reserve),
        None => "PostgreSQL's".to_owned(),
    };
    row("disk", &disk);
    let mut open = false;
    match log(&settings).await {
        Ok((rows, found)) => {
            for (name, text) in &rows {
                row(name, text);
            }
            open = found;
        }
        // The server may still be able to say something.
        Err(error) => row("log", &format!("cannot be read: {error}")),
    }
    let ready = ask(&settings, "/readyz").await;
    row("server", ready.as_deref().map_or("does not answer", str::trim_end));
    let waiting = ask(&settings, "/metrics").await.and_then(|text| {
        let number = text.lines().find_map(|line| line.strip_prefix("leadkeep_records_waiting "))?;
        Some(format!("{number} records wait to be written, {} may", settings.ledger.queue))
    });
    row("queue", waiting.as_deref().unwrap_or("unknown"));
    Ok(if open { Exit::NotVerified } else { Exit::Done })
}

/// Rows to show, and whether something was found of the log that nobody has acknowledged.
async fn log(settings: &Settings) -> Result<(Vec<(&'static str, String)>, bool), StoreError> {
    let store = Store::open(&server::location(settings), 2).await?;
    let signed = store.ledger_signed_at().await?;
    let signed = signed.map_or("nothing is signed yet".to_owned(), |(size, at)| format!("{size} records, signed {at}"));
    let owed = store.outbox_size().await?;
    let (outside, found) = outside::rows(&store, &settings.ledger).await?;
    let mut rows = vec![
        ("size", format!("{} records have their place in the tree", store.ledger_folded().await?)),
        ("checkpoint", signed),
        ("outbox", format!("{owed} changes wait for their record")),
    ];
    rows.extend(outside);
    Ok((rows, found))
}

fn row(name: &str, text: &str) {
    output::line(format!("{name:<12}{text}"));
}

/// What the server of these settings answers, whatever its status; `None` if there is none.
async fn ask(settings: &Settings, path: &str) -> Option<String> {
    let address = match settings.address {
        IpAddr::V4(all) if all.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(all) if all.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        one => one,
    };
    let asking = async {
        let mut stream = TcpStream::connect((address, settings.port)).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: leadkeep\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.take(ANSWER).read_to_string(&mut answer).await.ok()?;
        Some(answer.split_once("\r\n\r\n")?.1.to_owned())
    };
    tokio::time::timeout(PATIENCE, asking).await.ok()?
}
