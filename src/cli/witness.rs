//! `leadkeep witness`.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use leadkeep::{
    http,
    ledger::{
        checkpoint,
        key::{self, Public},
    },
    system::{SystemClock, SystemRandom},
    witness::{Memory, Witness as Server, router},
};
use tokio::{net::TcpListener, sync::oneshot};

use super::{Exit, Failure, Global, logging, output, serve::told_to_stop};

const AFTER_HELP: &str = "\
Runs on a host of the security team, out of reach of whoever runs Leadkeep and its database. It keeps the last signed head of each log \
in DIR, and signs a new one only if the log has grown from there (C2SP tlog-witness). So nobody can cut the log back or rewrite it \
without this host's keeping the proof, and shows that head to anybody, so that a server started on another history notices.

The first start makes a key and prints it; put that line and this host's address into `ledger.witnesses` of the servers. Keep DIR: a \
witness that has lost its memory is to be replaced by a new one with an empty folder.

Other logs that speak the protocol may be named as well. Put a proxy with TLS in front on open networks.

Example:
  leadkeep witness /var/lib/witness --log \"$(leadkeep ledger key | tail -1)\" --address 0.0.0.0:8090";

/// Witness a log on another host: cosign its heads as long as it only grows
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Witness {
    /// The folder with its key and memory; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A log to witness: the last line of `leadkeep ledger key` there; may be repeated
    #[arg(long = "log", value_name = "KEY", required = true, value_parser = log_key)]
    logs: Vec<(String, Public)>,
    /// Name in its cosignatures, mostly its address without a scheme [default: leadkeep-witness/ and the id of its key]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
    address: SocketAddr,
}

fn log_key(text: &str) -> Result<(String, Public), &'static str> {
    checkpoint::parse_verifier_key(text).ok_or("must be name+id+key, as `leadkeep ledger key` prints it in its last line")
}

fn name(text: &str) -> Result<String, &'static str> {
    checkpoint::is_origin(text).then(|| text.to_owned()).ok_or("must be without white space and plus signs")
}

impl Witness {
    pub(crate) async fn run(self, global: &Global) -> Result<Exit, Failure> {
        let settings = global.own_settings(Vec::new())?;
        logging::start(&settings.log)?;
        let (memory, own) = Memory::open(&self.folder, &SystemRandom)?;
        let name = self.name.unwrap_or_else(|| format!("leadkeep-witness/{}", key::id(&own.public())));
        let witness = Server::new(&name, own, self.logs, memory, Arc::new(SystemClock));
        let refused = |error| Failure::failed(format!("cannot listen on {}: {error}", self.address));
        let listener = TcpListener::bind(self.address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        output::line(format!("key      {}", witness.public()));
        output::line(format!("address  http://{address}"));
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(http::listen::serve(listener, router(Arc::new(witness)), settings.http, stopped));
        told_to_stop().await?;
        // It may have ended by itself, then it is stopped already.
        let _ = stop.send(());
        serving.await.map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Exit::Done)
    }
}
