//! The composition root: from settings to a running server. Tests and the command line build the inside the same way.
//!
//! The two ways in are boxed here: the compiler generates an `async fn` anew in every crate that awaits it, with all that it calls,
//! and a server is nearly everything there is.

use std::{net::SocketAddr, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    app::{
        Core,
        alarms::{self, Alarms},
        anchor, canaries,
        current::Current,
        deliveries, departures, erasure, housekeeping,
        quota::Quotas,
        reminder::Reminders,
        reviews,
    },
    audit::{self, Recorder},
    auth::{Auth, AuthError},
    config::Settings,
    courier::Web,
    domain::{Clock, IdMaker, Random},
    http,
    store::{Location, Store, StoreError, archive::Archive},
};

/// How long a start, or a command, waits for the witnesses.
const FIRST_ROUND: Duration = Duration::from_secs(5);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The databases could not be opened, or would not keep what was promised.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The databases are empty or of an older version.
    #[error(
        "the databases lack {0} steps of this version's schema; run `leadkeep init` for a new installation, `leadkeep migrate` after an update"
    )]
    Schema(usize),
    /// The signing keys could not be read or made.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The address could not be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The folder of trusted documents could not be read.
    #[error("trusted documents in {0:?}: {1}")]
    Documents(PathBuf, std::io::Error),
}

/// A start under way.
pub type Starting<'s, T> = Pin<Box<dyn Future<Output = Result<T, StartError>> + Send + 's>>;

/// Where these settings put the databases.
pub fn location(settings: &Settings) -> Location {
    match &settings.database_url {
        Some(url) => Location::Postgres(url.expose().to_owned()),
        None => Location::Folder(settings.data.clone()),
    }
}

/// The databases, with the archive if one is set.
pub async fn open_store(settings: &Settings, connections: u32) -> Result<Store, StoreError> {
    let store = Store::open(&location(settings), connections).await?;
    if let Some(url) = &settings.ledger.archive.url {
        store.attach(Archive::open(url)?);
    }
    Ok(store)
}

/// The inside, ready for use; the databases must be of the current schema ([`Store::migrate`]).
pub fn build_core(settings: &Settings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Starting<'_, Arc<Core>> {
    Box::pin(build(settings, clock, random))
}

async fn build(settings: &Settings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Arc<Core>, StartError> {
    let store = open_store(settings, settings.database_connections).await?;
    let lacking = store.pending().await?;
    if lacking > 0 {
        return Err(StartError::Schema(lacking));
    }
    let current = Current::load(&store, &*clock).await?;
    let keys = settings.data.join("keys");
    let auth = Auth::open(settings.auth.clone(), settings.issuer(), &keys, Arc::clone(&clock), Arc::clone(&random))?;
    let key = audit::key::load_or_create(&settings.data, &store, &*random).await?;
    let memory = anchor::file(&settings.data);
    let found = anchor::examine(&store, &key.public(), &memory, clock.now()).await?;
    let breach = found.as_ref().map(|found| found.breach);
    let recorder = Recorder::start_unless(breach, &store, key, &settings.ledger, Arc::clone(&clock), Arc::clone(&random)).await?;
    if let Some(found) = &found {
        recorder.writer().note_breach(found).await?;
    }
    let outside = anchor::Outside::new(&settings.ledger, memory, Arc::new(Web::default()));
    let (limits, access_log) = (settings.limits.clone(), settings.access_log);
    let quotas = Quotas::new(settings.quotas);
    let alarms = Alarms::new(settings.alarms.clone());
    let ids = IdMaker::default();
    let (agreements, reminders) = (settings.agreements, Reminders::default());
    let secret = canaries::key::load_or_create(&settings.data, &store, &*random).await?;
    let trap = canaries::Trap::new(secret, settings.canaries.clone());
    let core = Core {
        store,
        recorder,
        current,
        clock,
        random,
        access_log,
        quotas,
        alarms,
        outside,
        agreements,
        reminders,
        ids,
        auth,
        limits,
        trap,
    };
    let core = Arc::new(core);
    // What was found before, here or by another server, and perhaps acknowledged.
    let mut open = anchor::look(&core).await?;
    if open.is_empty() {
        // Before anything is recorded; one that is not reached is asked again and again.
        anchor::ask_witnesses(&core, FIRST_ROUND).await;
        open = anchor::look(&core).await?;
    }
    if open.is_empty() {
        core.recorder.recover().await?;
    }
    Ok(core)
}

/// Takes a free port if none is set, before anything is built: tokens name the address. A port in use is told at once.
pub fn settle_port(settings: &mut Settings) -> Result<(), StartError> {
    let wanted = SocketAddr::new(settings.address, settings.port);
    let found = std::net::TcpListener::bind(wanted).and_then(|listener| listener.local_addr());
    settings.port = found.map_err(|error| StartError::Listen(wanted, error))?.port();
    Ok(())
}

/// A server that answers.
#[derive(Debug)]
pub struct RunningServer {
    /// Where.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    /// What goes on beside the requests.
    duties: Vec<JoinHandle<()>>,
    grace: Duration,
    recorder: Recorder,
    gate: Arc<http::Gate>,
    anchoring: Vec<JoinHandle<()>>,
}

/// Starts to answer requests.
pub fn start(core: Arc<Core>, settings: &Settings) -> Starting<'_, RunningServer> {
    Box::pin(listen(core, settings))
}

async fn listen(core: Arc<Core>, settings: &Settings) -> Result<RunningServer, StartError> {
    let wanted = SocketAddr::new(settings.address, settings.port);
    let refused = |error| StartError::Listen(wanted, error);
    let listener = TcpListener::bind(wanted).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let recorder = core.recorder.clone();
    let anchoring = anchor::keep(&core);
    recorder.serve();
    let unreadable = |error| StartError::Documents(settings.documents.clone().unwrap_or_default(), error);
    let (http, subscriptions) = (settings.http.clone(), settings.subscriptions.clone());
    let gate = http::Gate::new(Arc::clone(&core), http, subscriptions, settings.documents.as_deref()).await.map_err(unreadable)?;
    let gate = Arc::new(gate);
    let duties = vec![
        tokio::spawn(housekeeping::keep_house(Arc::downgrade(&core))),
        tokio::spawn(erasure::keep_on(Arc::downgrade(&core))),
        tokio::spawn(alarms::keep_watch(Arc::downgrade(&core))),
        tokio::spawn(deliveries::keep_delivering(Arc::downgrade(&core))),
        tokio::spawn(departures::keep_on(Arc::downgrade(&core))),
        tokio::spawn(reviews::keep_on(Arc::downgrade(&core))),
        tokio::spawn(canaries::keep_planted(Arc::downgrade(&core))),
        tokio::spawn(canaries::keep_telling(Arc::downgrade(&core))),
    ];
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(http::listen::serve(listener, http::router::router(Arc::clone(&gate)), settings.http.clone(), stopped));
    if settings.auth.issuer.is_none() && !address.ip().is_loopback() {
        tracing::warn!(issuer = settings.issuer(), "auth.issuer is not set: tokens and published endpoints name the address listened on");
    }
    tracing::info!(%address, "listening");
    let grace = Duration::from_secs(settings.http.shutdown_grace);
    Ok(RunningServer { address, stop, serving, duties, grace, recorder, gate, anchoring })
}

impl RunningServer {
    /// Stops accepting, finishes what is under way and seals its records, at most as long as the setting
    /// `http.shutdown_grace` says.
    pub async fn shutdown(self) {
        let Self { stop, serving, duties, grace, recorder, gate, anchoring, .. } = self;
        duties.iter().for_each(JoinHandle::abort);
        let _ = stop.send(());
        gate.stop();
        // Changes are seen through even if their caller has hung up, so the connections alone do not tell.
        let finished = async { (serving.await, gate.idle().await) };
        if tokio::time::timeout(grace, finished).await.is_err() {
            tracing::warn!("requests were still under way when the grace ended");
        }
        anchoring.iter().for_each(JoinHandle::abort);
        recorder.stop().await;
        if recorder.halted().is_none()
            && let Err(error) = anchor::remember(&gate.core, None).await
        {
            tracing::warn!(%error, "the newest tree head could not be remembered");
        }
    }
}
