//! `leadkeep serve`.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use leadkeep::{
    server,
    system::{SystemClock, SystemRandom},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, Failure, Global, logging};

const AFTER_HELP: &str = "\
The databases must be there and of this version's schema: run `leadkeep init` once, `leadkeep migrate` after an update. \
SIGTERM and Ctrl-C let requests under way finish and their records be written; then the server ends.

Examples:
  leadkeep serve
  leadkeep serve --address 0.0.0.0 --port 443 --data /var/lib/leadkeep
  leadkeep serve --documents ./documents       only the operations in ./documents/*.graphql";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Serve {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// Port to listen on; 0 takes a free one [default: 8080]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
    /// Execute only the documents found in this folder (*.graphql)
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
}

impl Serve {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let documents = self.documents.map(|documents| documents.display().to_string());
        let mut settings = global.settings(vec![("address", self.address), ("port", self.port), ("documents", documents)])?;
        logging::start(&settings.log)?;
        server::settle_port(&mut settings)?;
        let core = server::build_core(&settings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
        let running = server::start(core, &settings).await?;
        told_to_stop().await?;
        tracing::info!("stopping");
        running.shutdown().await;
        Ok(Exit::Done)
    }
}

/// Waits for SIGTERM or Ctrl-C.
pub(crate) async fn told_to_stop() -> Result<(), Failure> {
    let failed = |error| Failure::failed(format!("signals: {error}"));
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate()).map_err(failed)?, signal(SignalKind::interrupt()).map_err(failed)?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
