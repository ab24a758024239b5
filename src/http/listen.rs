//! Connections: as many as are allowed, each with a limit on how long it may take to say what it wants and to take the answer.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
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
    let graceful = GracefulShutdown::new();
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
        let connection = protocol.serve_connection(TokioIo::new(Patient::new(stream, answer_time)), Named { routes: routes.clone(), peer });
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks off is its caller's affair.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(slot);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // Closed never: nobody closes it.
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are written in one piece; waiting for more would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer, slot))
}

/// The routes, with the peer's address put into each request.
struct Named {
    routes: TowerToHyperService<Router>,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Named {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.routes.call(request)
    }
}
