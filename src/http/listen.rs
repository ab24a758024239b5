//! Connections: as many as are allowed, each with a limit on how long it may take to say what it wants and to take the answer.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch},
};

use super::{Settings, patient::Patient};

/// How long to wait when the system gives no more connections: it has run out of files, which takes a while to change.
const OUT_OF_FILES: Duration = Duration::from_millis(100);

/// Answers on `listener` until `stop` fires or is dropped, then finishes what is under way.
pub async fn serve(listener: TcpListener, routes: Router, settings: Settings, mut stop: oneshot::Receiver<()>) {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(settings.header_time));
    let routes = TowerToHyperService::new(routes);
    let answer_time = Duration::from_secs(settings.answer_time);
    let slots = Arc::new(Semaphore::new(settings.connections));
    let stopping = watch::Sender::new(());
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            _ = &mut stop => break,
        };
        let (stream, peer, slot) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(OUT_OF_FILES).await;
                continue;
            }
        };
        let slot = Slot { _permit: Arc::new(slot) };
        let service = Named { routes: routes.clone(), peer, slot: slot.clone() };
        let connection = protocol.serve_connection(TokioIo::new(Patient::new(stream, answer_time)), service);
        let mut told = stopping.subscribe();
        tokio::spawn(async move {
            let mut connection = pin!(connection.with_upgrades());
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = told.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            // A connection that breaks off is its caller's affair.
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(slot);
        });
    }
    drop(listener);
    stopping.send_replace(());
    // Each connection holds a receiver as long as it lasts.
    stopping.closed().await;
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // Closed never: nobody closes it.
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are written in one piece; waiting for more would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, slot))
}

/// One of the connections that may be open; a WebSocket keeps it when HTTP is through with it.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The routes, with the peer's address and the connection's slot put into each request.
struct Named {
    routes: TowerToHyperService<Router>,
    peer: SocketAddr,
    slot: Slot,
}

impl Service<Request<Incoming>> for Named {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(self.slot.clone());
        self.routes.call(request)
    }
}
